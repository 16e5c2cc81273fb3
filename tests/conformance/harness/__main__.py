"""The command: see `run --help`."""

import argparse
import sys

from . import environments


def main() -> int:
    """Runs the stages that were asked for; 1 if one found something."""
    parser = argparse.ArgumentParser(prog="tests/conformance/run", description=__doc__)
    parser.add_argument("--install-only", action="store_true", help="install the engines and stop")
    arguments = parser.parse_args()
    try:
        for name in environments.names():
            environments.ensure(name)
    except environments.InstallError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
