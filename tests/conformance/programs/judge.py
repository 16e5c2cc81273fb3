"""Judges a run: do the evaluator, the brute force and every engine of the site agree?

What agreement means for an approximation, and for events at the same time, is in `harness/compare.py`.
"""
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness import engines, jobs
from harness.compare import Difference, difference
from harness.worker import Refused, WorkerError

from .batch import Run
from .runners import excused, native

Tuples = set[jobs.Tuple]


@dataclass(frozen=True)
class Problem:
    """A disagreement: who disagrees with the brute force, and how."""

    run: Run
    engine: str
    kind: str
    """`tuples`, `refused` or `broken`"""
    text: str

    @property
    def sign(self) -> tuple[str, str, str]:
        """What stays the same while a failure is shrunk."""
        return (self.run.job.site.target, self.engine, self.kind)


class Judge:
    """Judges runs, and counts what was judged."""

    def __init__(self, runners: dict[str, list[engines.Engine]], asked: engines.Engines) -> None:
        self.runners, self.asked = runners, asked
        self.counts: dict[str, int] = {}

    def count(self, what: str) -> None:
        """One more of something."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def evaluator(self, run: Run) -> Problem | None:
        """Whether the evaluator agrees with the brute force."""
        self.count("evaluator and brute force")
        told = differs(run.wanted, set(run.job.alerts))
        return Problem(run, "evaluator", "tuples", told) if told else None

    def site(self, run: Run) -> list[Problem]:
        """Whether the engines of the site agree with the evaluator."""
        job = run.job
        if not job.rules:
            return []
        if job.unwritten:
            self.count(f"{job.site.target}: events that the site cannot hold")
            return []
        problems = (self.engine(run, engine) for engine in self.runners.get(job.site.dialect, []))
        return [problem for problem in problems if problem]

    def engine(self, run: Run, engine: engines.Engine) -> Problem | None:
        """Whether one engine agrees, as far as the fidelity promises."""
        job = run.job
        excuse = excused(job, engine)
        if excuse:
            self.count(f"{job.site.target}: not asked of {engine.name}: {excuse}")
            return None
        try:
            found = self.asked.run(engine, job.rules, native(job, engine), job.site)
        except Refused as error:
            if job.site.dialect == "spl":  # ours: what it refuses, a search must not say
                return Problem(run, engine.name, "refused", str(error))
            self.count(f"{job.site.target}: refused by {engine.name}: {str(error).splitlines()[0][:60]}")
            return None
        except WorkerError as error:
            return Problem(run, engine.name, "broken", str(error))
        self.count(f"{job.site.target}: {job.fidelity} on {engine.name}")
        told = listed(difference(job, engine, without_empty_texts(found)))
        return Problem(run, engine.name, "tuples", told) if told else None


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
