"""Random programs: see `--help`."""
import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence

from harness import engines
from harness.paths import CONFORMANCE

from . import batch, det, edges, generate, model, shrink, streams
from .runners import known
from .tally import Tally
from .judge import Judge, Problem

CASES = CONFORMANCE / "cases"
"""Failures that were found, made small: a strategy and its test case each. They are run again every time."""

BATCH = 40


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the kept cases and random ones; 1 if an engine disagrees anywhere, or judges too few."""
    return run(arguments)[0]


def run(arguments: Sequence[str] | None = None) -> tuple[int, Tally]:
    """The same, and what was judged."""
    options = parsed(arguments)
    with engines.Engines() as asked:
        judge = Judge(known(options.targets), asked)
        problems = [problem for run in kept_cases(options.targets) for problem in judged(judge, run)]
        for problem in problems:
            print(told(problem), file=sys.stderr)
        found: dict[tuple[str, str, str], Problem] = {}
        for programs in batches(options):
            for problem in first_of_each(judge, programs, options.targets):
                if options.until_first:
                    print(told(problem), file=sys.stderr)
                    return 1, judge.tally
                if problem.sign not in found:
                    found[problem.sign] = small(judge, problem, options)
                    print(told(found[problem.sign]), file=sys.stderr, flush=True)
    print("\n".join(judge.tally.lines()))
    too_little = judge.tally.too_little()
    print("\n".join(too_little), file=sys.stderr)
    return (1 if problems or found or too_little else 0), judge.tally


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python3 -m programs", description=__doc__)
    parser.add_argument("--programs", type=int, default=400, help="how many programs, with four streams each [400]")
    parser.add_argument("--minutes", type=float, help="go on for so long instead")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--targets", type=lambda text: tuple(text.split(",")), default=batch.TARGETS)
    parser.add_argument("--shrink", type=float, default=60, help="seconds to make a failure small [60]")
    parser.add_argument("--until-first", action="store_true", help="stop at the first failure, as it is")
    parser.add_argument("--keep", action="store_true", help="write failures to cases/")
    return parser.parse_args(arguments)


def kept_cases(targets: Sequence[str]) -> Iterator[batch.Run]:
    """The cases in the folder."""
    if any(CASES.glob("*/strategy.det")):
        yield from batch.kept(CASES, targets)


def batches(options: argparse.Namespace) -> Iterator[list[batch.Program]]:
    """The edges, then programs at random in batches, until there are enough or time is up."""
    end = time.monotonic() + 60 * options.minutes if options.minutes else None
    made = 0
    yield [batch.Program(number, program, [events]) for number, (program, events) in enumerate(edges.edges(), 1)]
    while time.monotonic() < end if end else made < options.programs:
        yield [a_program(options.seed * 1_000_000 + made + i, i + 1) for i in range(BATCH)]
        made += BATCH


def a_program(seed: int, number: int) -> batch.Program:
    """A program with four streams; the last has lists where single values are declared."""
    program = generate.program(seed)
    maker = streams.Streams(program, random.Random(seed))
    return batch.Program(number, program, [maker.stream(loose=i == 3) for i in range(4)])


def is_loose(run: batch.Run) -> bool:
    """Whether a stream has several values where a class declares one: products have no such events."""
    return run.program is not None and len(run.program.streams) == 4 and run.stream == 3


def judged(judge: Judge, run: batch.Run) -> list[Problem]:
    """What is wrong with a run."""
    problem = judge.evaluator(run)
    if problem:
        return [problem]
    return [] if is_loose(run) else judge.site(run)


def first_of_each(judge: Judge, programs: Sequence[batch.Program], targets: Sequence[str]) -> Iterator[Problem]:
    """The problems of a batch."""
    for run in batch.export(programs, targets):
        yield from judged(judge, run)


def small(judge: Judge, problem: Problem, options: argparse.Namespace) -> Problem:
    """The problem, made small."""
    program, target = problem.run.program, problem.run.job.site.target
    assert program
    quiet = Judge(judge.known, judge.asked)

    def again(less: model.Program, events: list[model.Event]) -> Problem | None:
        try:
            runs = list(batch.export([batch.Program(program.number, less, [events])], [target]))
        except (batch.Rejected, StopIteration, KeyError, IndexError):
            return None
        return next((one for run in runs for one in judged(quiet, run) if one.sign == problem.sign), None)

    events = list(program.streams[problem.run.stream])
    less, fewer = shrink.shrink(
        program.program, events, lambda p, e: again(p, e) is not None, options.shrink
    )
    found = again(less, fewer) or problem
    if options.keep:
        keep(found, less, fewer)
    return found


def keep(problem: Problem, program: model.Program, events: list[model.Event]) -> None:
    """Writes a case, under a name that says where it was found; a better name is for people to give."""
    home = CASES / f"{problem.run.job.site.target}-{int(time.time())}"
    (home / "tests").mkdir(parents=True)
    number = 9000 + len(list(CASES.glob("*/strategy.det")))
    (home / "strategy.det").write_text(det.strategy(program, number), encoding="utf-8")
    (home / "tests" / "case.yaml").write_text(det.cases(program, number, [events]), encoding="utf-8")


def told(problem: Problem) -> str:
    """A problem for people: the program, the events in order, the rules, and who says what."""
    job = problem.run.job
    lines = [f"=== {problem.engine} on {job.site.target} ({job.fidelity}; {job.file}, {job.case})"]
    if problem.run.program:
        program = problem.run.program
        lines.append(det.strategy(program.program, program.number))
        stream = sorted(program.streams[problem.run.stream], key=lambda event: event.time)
        lines += map(batch.one_line, stream)
    if problem.engine != "evaluator":
        lines += [rule.text for rule in job.rules]
    return "\n".join([*lines, problem.text, ""])


if __name__ == "__main__":
    sys.exit(main())
