"""Deliberate mistakes: see `--help`."""
import argparse
import random
import sys
from collections.abc import Sequence

from harness import engines
from programs import batch, edges
from programs.__main__ import a_program, is_loose
from strings.check import Check, tests

from . import source
from .catalogue import CATALOGUE, Mutation
from .run import Hunt, first_event

DIALECTS = {"spl": "splunk", "kql": "sentinel", "eql": "elastic", "esql": "esql", "sigma": "sigma"}
"""The target whose rules get the mistakes of a dialect."""

SHARE = 120
"""How many programs a mistake in the source is shown at a time."""

ROUNDS = 8
"""How many values of each test."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes every mistake; 1 if one is not noticed."""
    parser = argparse.ArgumentParser(prog="python3 -m mutations", description=__doc__)
    parser.add_argument("--programs", type=int, default=80, help="how many random programs beside the edges [80]")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dialects", type=lambda text: text.split(","), default=list(DIALECTS))
    parser.add_argument("--explain", action="store_true", help="show the first event at which each mistake shows")
    parser.add_argument("--source", action="store_true", help="make mistakes in the compiler's source instead, and build it")
    options = parser.parse_args(arguments)
    source.check()
    if options.source:
        programs = corpus(options.programs, options.seed)
        batches = (programs[at : at + SHARE] for at in range(0, len(programs), SHARE))
        return 1 if source.run(batches) else 0
    targets = [DIALECTS[dialect] for dialect in options.dialects]
    programs = corpus(options.programs, options.seed)
    runs = [run for run in batch.export(programs, targets) if run.job.rules and not run.job.unwritten]
    with engines.Engines() as asked:
        hunt = Hunt([run for run in runs if not is_loose(run)], asked, targets)
        missed = sum(not shown(hunt, mutation, options.explain) for mutation in CATALOGUE if mutation.dialect in options.dialects)
    print(f"{missed} mistakes were not noticed")
    return 1 if missed else 0


def corpus(count: int, seed: int) -> list[batch.Program]:
    """Every pattern and test at its edges, and random programs."""
    rng = random.Random(seed)
    made = edges.edges()
    for _ in range(ROUNDS):
        made += [edges.tested(test, Check(1, test).kind) for test in tests(rng)]
    programs = [batch.Program(number, program, [stream]) for number, (program, stream) in enumerate(made, 1)]
    first = len(programs) + 1
    return programs + [a_program(seed * 1_000_000 + i, first + i) for i in range(count)]


def shown(hunt: Hunt, mutation: Mutation, explain: bool) -> bool:
    """Makes a mistake and says how it was noticed."""
    notice = hunt.notice(mutation)
    if notice is None:
        print(f"NOT NOTICED  {mutation.dialect}: {mutation.bug}", flush=True)
        return False
    told = first_event(hunt, mutation, notice) if explain else notice.text.splitlines()[0].strip()
    print(f"noticed      {mutation.dialect}: {mutation.bug}: {notice.engine}: {told}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
