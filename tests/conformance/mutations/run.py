"""Makes each mistake in rules of random programs, and looks for the run that notices it.

A mistake counts as noticed if a parser rejects the rule, or an engine that agreed before no longer does.
"""
from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness import engines
from harness.compare import difference
from harness.worker import Refused, WorkerError
from programs import batch
from programs.judge import listed, without_empty_texts
from programs.runners import excused, known, native

from .catalogue import Mutation

TRIES = 100
"""How many rules a mistake is made in before it counts as not noticed."""



@dataclass(frozen=True)
class Notice:
    """How a mistake was noticed."""

    run: batch.Run
    engine: str
    text: str


def with_mistake(run: batch.Run, mutation: Mutation) -> batch.Run | None:
    """The run with the mistake in its rules; None if there is no place for it."""
    rules = [dataclasses.replace(rule, text=mutation.apply(rule.text)) for rule in run.job.rules]
    if rules == run.job.rules:
        return None
    return dataclasses.replace(run, job=dataclasses.replace(run.job, rules=rules))


class Hunt:
    """Looks for runs that notice mistakes, among the runs of some programs."""

    def __init__(self, runs: Sequence[batch.Run], asked: engines.Engines, targets: Sequence[str]) -> None:
        self.asked, self.runners = asked, known(targets).runners
        self.runs = runs
        self.sound: dict[tuple[str, str, str, str, str], bool] = {}

    def notice(self, mutation: Mutation) -> Notice | None:
        """How the mistake is noticed; None if it is not."""
        tried = 0
        for run, mistaken in self.places(mutation):
            found = self.judged(mistaken) if self.is_sound(run) else None
            if found:
                return found
            tried += 1
            if tried == TRIES:
                break
        return None

    def places(self, mutation: Mutation) -> Iterator[tuple[batch.Run, batch.Run]]:
        """Runs with rules in which the mistake can be made, and the same with it."""
        for run in self.runs:
            mistaken = with_mistake(run, mutation) if run.job.site.dialect == mutation.dialect else None
            if mistaken:
                yield run, mistaken

    def is_sound(self, run: batch.Run) -> bool:
        """Whether the rules as written are not noticed."""
        job = run.job
        key = (job.site.target, job.site.dialect, job.strategy, job.case, job.file)
        if key not in self.sound:
            self.sound[key] = self.judged(run) is None
        return self.sound[key]

    def judged(self, run: batch.Run) -> Notice | None:
        """What an engine has against the rules: how they read, what they alert on."""
        job = run.job
        for engine in self.runners.get(job.site.dialect, []):
            if excused(job, engine):
                continue
            try:
                found = self.asked.run(engine, job.rules, native(job, engine), job.site)
            except Refused as error:
                if job.site.dialect in ("spl", "esql"):
                    return Notice(run, engine.name, str(error))
                continue
            except WorkerError as error:
                return Notice(run, engine.name, last_line(str(error)))
            told = listed(difference(job, engine, without_empty_texts(found)))
            if told:
                return Notice(run, engine.name, told)
        return None


def last_line(text: str) -> str:
    """The last line of a report, which says what is wrong."""
    return re.sub(r"\s+", " ", text.strip().splitlines()[-1])[:200]


def first_event(hunt: Hunt, mutation: Mutation, notice: Notice) -> str:
    """The event at which the mistake shows: with it and all before it, the alerts are wrong for the first time."""
    program = notice.run.program
    if program is None:
        return notice.text
    stream = sorted(program.streams[notice.run.stream], key=lambda event: event.time)
    prefixes = [stream[: count + 1] for count in range(len(stream))]
    one = dataclasses.replace(program, streams=prefixes)
    runs = sorted(batch.export([one], [notice.run.job.site.target]), key=lambda run: run.stream)
    for run in runs:
        mistaken = with_mistake(run, mutation)
        found = hunt.judged(mistaken) if mistaken else None
        if found:
            return f"{batch.one_line(stream[run.stream])}\n{found.text}"
    return notice.text
