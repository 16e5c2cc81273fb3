"""Values in, values out: see `--help`."""
import argparse
import sys
from collections.abc import Sequence

from harness.paths import ROOT

from .check import run


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes values, and reads them back; 1 if one is not what was put in."""
    parser = argparse.ArgumentParser(prog="python3 -m strings", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="values of each type and operator [20]")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    problems = run(options.rounds, options.seed, ROOT / "target" / "debug" / "detc")
    for problem in problems[:20]:
        print(problem, file=sys.stderr)
    print(f"{len(problems)} values were not read back")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
