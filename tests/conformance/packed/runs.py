"""The runs of a rule's schedule over a case's events."""

import dataclasses
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from harness.compare import Difference, difference
from harness.engines import RUNNERS, Engines
from harness.jobs import Job, NativeEvent, Tuple
from harness.judge import report
from harness.results import Packed, Results

from .pack import Pack, Rule

ENGINE = RUNNERS["kql"][0]
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)
"""A moment at which every schedule runs."""

TIMES = ("TimeGenerated", "ts_t", "Timestamp")
"""Columns that hold the time of an event."""

READ = re.compile(r"^let (\w+) = toscalar\((\w+)\(\) \| project (\w+)\);$", re.MULTILINE)
"""How a rule reads a value."""


class Runs:
    """Plays packed rules over cases."""

    def __init__(self, engines: Engines, pack: Pack) -> None:
        self._engines = engines
        self._pack = pack
        self._values = engines.ask(ENGINE, "values", functions=pack.functions, watchlists=pack.watchlists)

    def judges(self, job: Job) -> bool:
        """Whether the case is one for a packed rule: at its site, with the values that the pack ships."""
        profile = self._pack.profiles.get(job.detection)
        return profile == job.site.profile and not job.tuned and not job.unwritten and bool(job.rules)

    def difference(self, job: Job, late: bool) -> tuple[Difference, set[Tuple]]:
        """What all runs together get otherwise than they must, and what they alert on. `late` has every event come as late
        as it may."""
        rule = self._pack.rules[job.detection]
        delay = self._pack.delays[job.detection] if late else timedelta()
        query = self.with_values(rule.query)
        raised: set[Tuple] = set()
        for now in runs(rule, [time_of(event) for event in job.events], self._pack.delays[job.detection]):
            seen = [event for event in job.events if now - rule.period <= time_of(event) <= now - delay]
            if seen:
                moment = now.replace(tzinfo=None).isoformat(sep=" ")
                site = dataclasses.replace(job.site, settings={**job.site.settings, "now": moment})
                raised |= self._engines.run(ENGINE, [dataclasses.replace(job.rules[0], text=query)], seen, site)
        return difference(job, ENGINE, raised), raised

    def with_values(self, query: str) -> str:
        """The query with the values that its functions give: the engine has computed each of them from the functions."""
        return READ.sub(lambda found: f"let {found[1]} = {self._values[found[2]][found[3]]};", query)


def runs(rule: Rule, times: list[datetime], delay: timedelta) -> Iterator[datetime]:
    """The runs that see an event for as long as its rows may be judged: those of an absence wait, all others do not."""
    waits = rule.period if "now()" in rule.query else rule.every + delay
    count = waits // rule.every + 2
    first = {first_run(rule, moment) for moment in times}
    yield from sorted({run + number * rule.every for run in first for number in range(count)})


def first_run(rule: Rule, moment: datetime) -> datetime:
    """The first run at or after a moment."""
    return EPOCH + -((EPOCH - moment) // rule.every) * rule.every


def time_of(event: NativeEvent) -> datetime:
    """When an event happened."""
    text = next(event.row[column] for column in TIMES if column in event.row)
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def judge(engines: Engines, pack: Pack, jobs: Iterable[Job], results: Results) -> None:
    """Plays every packed rule over every case of its detection that it can have."""
    played = Runs(engines, pack)
    for job in filter(played.judges, jobs):
        rule = pack.rules[job.detection]
        tally = results.packed.setdefault((job.strategy, job.detection, f"{job.site.target}/{job.site.profile}"), Packed(
            every=minutes(rule.every), period=minutes(rule.period)
        ))
        tally.cases += 1
        found = [(late, *played.difference(job, late)) for late in (False, True)]
        wrong = [(late, differs, raised) for late, differs, raised in found if differs]
        tally.agreed += not wrong
        for late, differs, raised in wrong[:1]:
            told = f"PACKED, its events {'late' if late else 'at once'}"
            results.failures.append(f"{told}: {report(job, ENGINE, raised, differs)}\npacked rule:\n{rule.query}")


def minutes(span: timedelta) -> int:
    """A span in whole minutes."""
    return span // timedelta(minutes=1)
