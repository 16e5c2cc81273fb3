"""Judges a run: do the evaluator, the brute force and every engine of the site agree?

What agreement means for an approximation, and for events at the same time, is in `harness/compare.py`.
"""
from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from harness import engines, jobs
from harness.compare import Difference, difference
from harness.worker import Refused, WorkerError

from .batch import Run
from .runners import Known, excused, native
from .tally import Tally

Tuples = set[jobs.Tuple]


@dataclass(frozen=True)
class Problem:
    """A disagreement: who disagrees with the brute force, and how."""

    run: Run
    engine: str
    kind: str
    """`rejected` by a parser, `tuples`, `refused` or `broken`"""
    text: str

    @property
    def sign(self) -> tuple[str, str, str]:
        """What stays the same while a failure is shrunk."""
        return (self.run.job.site.target, self.engine, self.kind)


class Judge:
    """Judges runs, and counts what was judged."""

    def __init__(self, known: Known, asked: engines.Engines) -> None:
        self.known, self.asked, self.tally = known, asked, Tally()
        self.read: dict[tuple[str, str, str], str | None] = {}
        """What a parser says against a rule, by target, parser and text."""

    def evaluator(self, run: Run) -> Problem | None:
        """Whether the evaluator agrees with the brute force."""
        self.tally.evaluator += 1
        told = differs(run.wanted, set(run.job.alerts))
        return Problem(run, "evaluator", "tuples", told) if told else None

    def site(self, run: Run) -> list[Problem]:
        """Whether the parsers take the rules, and the engines of the site agree with the evaluator."""
        dialect = run.job.site.dialect
        rejected = [self.parser(run, parser) for parser in self.known.parsers.get(dialect, [])]
        found = rejected if any(rejected) else [self.engine(run, engine) for engine in self.known.runners.get(dialect, [])]
        return [problem for problem in found if problem]

    def parser(self, run: Run, parser: engines.Engine) -> Problem | None:
        """Whether a parser takes the rules; each text is shown to it once."""
        job, told = run.job, []
        for rule in job.rules:
            key = (job.site.target, parser.name, rule.text)
            if key not in self.read:
                self.tally.parsed[job.site.target, parser.name] += 1
                self.read[key] = "\n".join(self.asked.parse(parser, [rule], job.site)) or None
            told += [self.read[key]] if self.read[key] else []
        return Problem(run, parser.name, "rejected", "\n".join(filter(None, told))) if told else None

    def engine(self, run: Run, engine: engines.Engine) -> Problem | None:
        """Whether one engine agrees, as far as the fidelity promises."""
        job = run.job
        if not job.rules:
            return None
        place = (job.site.target, engine.name, job.fidelity)
        excuse = "the site cannot hold the events" if job.unwritten else excused(job, engine)
        if excuse:
            self.tally.passed_over(*place, excuse)
            return None
        try:
            found = self.asked.run(engine, job.rules, native(job, engine), job.site)
        except Refused as error:
            if job.site.dialect in ("spl", "esql"):  # ours: what it refuses, a rule must not say
                return Problem(run, engine.name, "refused", str(error))
            self.tally.passed_over(*place, f"refused: {short(str(error))}")
            return None
        except WorkerError as error:
            return Problem(run, engine.name, "broken", str(error))
        self.tally.judged(*place)
        told = listed(difference(job, engine, without_empty_texts(found)))
        return Problem(run, engine.name, "tuples", told) if told else None


def short(reason: str) -> str:
    """The first words of a reason, without the place in the rule."""
    return re.sub(r" at \d+:\d+.*| \(.*", "", reason.splitlines()[0])[:60]


def without_empty_texts(found: Tuples) -> Tuples:
    """The tuples with None for `""`, which is missing in entities as everywhere, however a product shows it."""
    return {tuple(value or None for value in values) for values in found}


def differs(wanted: Tuples, found: Tuples) -> str | None:
    """What is not the same in two sets of tuples; None if all is."""
    return listed(Difference(frozenset(wanted - found), frozenset(found - wanted)))


def listed(found: Difference) -> str | None:
    """A difference, a tuple a line; None if there is none."""
    told = [f"  + {line(values)}  not expected" for values in sorted(found.more, key=str)]
    told += [f"  - {line(values)}  missing" for values in sorted(found.missing, key=str)]
    return "\n".join(told) or None


def line(values: Sequence[str | None]) -> str:
    """A tuple in one line."""
    return "(" + ", ".join("-" if value is None else repr(value) for value in values) + ")"
