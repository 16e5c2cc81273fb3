"""The conformance run: engines that others wrote judge every rule that detc writes and run it over every test case."""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mutations.__main__ import main as mutations
from packed import pack
from packed import runs as packed
from programs.__main__ import run as programs
from programs.tally import Tally
from strings.__main__ import main as strings

from . import detc, environments, report
from .engines import Engines
from .exceptions import Exceptions
from .jobs import Job
from .judge import Judge
from .paths import ROOT
from .results import Results

STRATEGIES = ("strategies", "examples/quickstart")
"""What is judged: every strategy with test cases beside it."""

STAGES: dict[str, Callable[[list[str]], tuple[int, Tally | None]]] = {
    "strings": lambda line: (strings(line), None),
    "programs": programs,
    "mutations": lambda line: (mutations(line), None),
}
"""What a whole run does before the cases: each takes a command line and gives a status, and what CONFORMANCE.md tells of it."""

PACKED = "sentinel"
"""The target whose packed rules are run: its functions and watchlists are queries and rows that the engine knows."""

CASES = "cases"
"""The stage that judges the rules over the test cases, and writes CONFORMANCE.md."""


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="tests/conformance/run", description=__doc__)
    parser.add_argument("paths", nargs="*", default=STRATEGIES, help="strategies, with their test cases [default: all]")
    parser.add_argument("--target", default="all", help="targets, with commas between them [default: all]")
    parser.add_argument("--only", metavar="TEXT", help="only detections whose name contains this")
    parser.add_argument(
        "--stages",
        type=lambda text: text.split(","),
        default=[CASES, *STAGES],
        help=f"parts of the run, with commas between them: {CASES}, {', '.join(STAGES)} [default: all]",
    )
    parser.add_argument("--install-only", action="store_true", help="install the engines and stop")
    parser.add_argument("--write", action="store_true", help="write CONFORMANCE.md rather than compare it")
    parser.add_argument("--failures", type=int, default=5, help="how many failures to print in full [default: 5]")
    options = parser.parse_args()
    unknown = set(options.stages) - {CASES, *STAGES}
    if unknown:
        parser.error(f"no such stage: {', '.join(sorted(unknown))}")
    return options


def main() -> int:
    """Runs the stages; 1 if something failed."""
    options = arguments()
    try:
        for name in environments.names():
            environments.ensure(name)
        if options.install_only:
            return 0
        binary = detc.build()
        failures, tallies = [], []
        for name in filter(STAGES.__contains__, options.stages):
            passed, tally = passes(name)
            failures += [] if passed else [f"{name} failed: see above"]
            tallies += [tally] if tally else []
        failures += cases(options, binary, next(iter(tallies), None)) if CASES in options.stages else []
    except (environments.InstallError, detc.DetcError) as error:
        print(error, file=sys.stderr)
        return 1
    return conclude(failures, options.failures)


def cases(options: argparse.Namespace, binary: Path, tally: Tally | None) -> list[str]:
    """What is wrong with the rules over the test cases, and with CONFORMANCE.md if every one was judged."""
    exceptions, results = Exceptions(), Results()
    exported = detc.export(binary, options.paths, options.target)
    jobs = [job for job in exported if not options.only or options.only in job.detection]
    judge(jobs, exceptions, results)
    if any(job.site.target == PACKED for job in jobs):
        with Engines() as engines:
            packed.judge(engines, pack.make(binary, PACKED), jobs, results)
    results.failures.sort()
    if options.target == "all" and not options.only and tuple(options.paths) == STRATEGIES:
        results.failures += exceptions.needless()
        results.failures += report.write_or_compare(ROOT / "CONFORMANCE.md", results, exceptions, tally, options.write)
    return results.failures


def passes(name: str) -> tuple[bool, Tally | None]:
    """Runs a stage, and says how long it took."""
    begun = time.monotonic()
    status, tally = STAGES[name]([])
    print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return status == 0, tally


def judge(jobs: Iterable[Job], exceptions: Exceptions, results: Results) -> None:
    """Parses every rule and runs every case, the languages side by side: each has engines of its own."""
    begun = time.monotonic()
    by_dialect: dict[str, list[Job]] = {}
    for job in jobs:
        results.of(job)
        by_dialect.setdefault(job.site.dialect, []).append(job)
    with Engines() as engines, ThreadPoolExecutor() as threads:
        done = [threads.submit(judge_all, engines, own, exceptions, results) for own in by_dialect.values()]
        for part in done:
            part.result()
    count = sum(map(len, by_dialect.values()))
    print(f"{count} cases on sites judged in {time.monotonic() - begun:.0f} s", file=sys.stderr)


def judge_all(engines: Engines, jobs: Iterable[Job], exceptions: Exceptions, results: Results) -> None:
    """Judges jobs one after the other."""
    judge = Judge(engines, exceptions, results)
    for job in jobs:
        judge.parse(job)
        judge.run(job)


def conclude(failures: list[str], most: int) -> int:
    """Prints the failures, the first of them in full."""
    for failure in failures[:most]:
        print(failure, end="\n\n")
    for failure in failures[most:]:
        print(failure.partition("\n")[0])
    print(f"{len(failures)} failures" if failures else "conformance: everything agrees", file=sys.stderr)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
