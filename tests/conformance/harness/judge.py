"""The two stages of a run: every rule is parsed, every case is run."""

import json
from collections.abc import Iterable

from .compare import Difference, difference
from .engines import PARSERS, RUNNERS, Engine, Engines
from .exceptions import Exceptions
from .jobs import Job, Rule, Tuple
from .results import Results
from .worker import Refused


class Judge:
    """Judges jobs and collects the results."""

    def __init__(self, engines: Engines, exceptions: Exceptions, results: Results) -> None:
        self._engines = engines
        self._exceptions = exceptions
        self._results = results
        self._parsed: set[tuple[str, str, str]] = set()

    def parse(self, job: Job) -> None:
        """Has the job's rules parsed, each text once for a site."""
        rules = [rule for rule in job.rules if self._is_new(job, rule.text)]
        if not rules:
            return
        for engine in PARSERS[job.site.dialect]:
            for problem in self._engines.parse(engine, rules, job.site):
                if self._exceptions.excuse("parse", engine.name, job.detection, problem=problem) is None:
                    self._reject(job, f"{engine.name}: {problem}", rules)

    def _reject(self, job: Job, problem: str, rules: list[Rule]) -> None:
        self._results.of(job).rejected.append(problem)
        texts = "\n".join(rule.text for rule in rules)
        self._results.failures.append(f"REJECTED {where(job)}\n{problem}\n{texts}")

    def _is_new(self, job: Job, text: str) -> bool:
        key = (job.site.target, job.site.profile, text)
        new = key not in self._parsed
        self._parsed.add(key)
        return new

    def run(self, job: Job) -> None:
        """Has the job's rules run by every engine of the dialect."""
        result = self._results.of(job)
        result.cases += 1
        if not job.rules:
            return
        for engine in RUNNERS[job.site.dialect]:
            if job.unwritten:
                result.not_run[engine.name, reason(job)] += 1
                continue
            try:
                raised = self._engines.run(engine, job.rules, job.events, job.site)
            except Refused as refusal:
                result.not_run[engine.name, f"refused: {str(refusal).splitlines()[0]}"] += 1
                continue
            self._hold(job, engine, raised)

    def _hold(self, job: Job, engine: Engine, raised: set[Tuple]) -> None:
        """Holds what an engine raised against what it must."""
        result = self._results.of(job)
        found = difference(job, engine, raised)
        if not found:
            result.agreed[engine.name] += 1
            return
        excuse = self._exceptions.excuse("run", engine.name, job.detection, case=job.case)
        if excuse is not None:
            result.excused[engine.name, excuse.id] += 1
            return
        self._results.failures.append(report(job, engine, raised, found))


def reason(job: Job) -> str:
    """Why a case's events cannot be had on a site: the first reason, without the event's number."""
    return job.unwritten[0].partition(": ")[2]


def where(job: Job) -> str:
    """The detection, its site and its case."""
    return f"{job.strategy} {job.detection} on {job.site.target}/{job.site.profile}, case `{job.case}` ({job.file})"


def report(job: Job, engine: Engine, raised: Iterable[Tuple], found: Difference) -> str:
    """A failure as people read it: the tuples that differ, the case's events, the native events, the rules."""
    fields = [read.field for read in job.rules[0].reads]
    lines = [f"DIFFERS {where(job)}", f"engine: {engine.name}; fidelity: {job.fidelity}", f"entity: {', '.join(fields)}"]
    lines += [f"  - not alerted: {show(values)}" for values in sorted(found.missing, key=str)]
    lines += [f"  + alerted, and must not: {show(values)}" for values in sorted(found.more, key=str)]
    lines += [f"  it alerts on: {', '.join(map(show, sorted(raised, key=str))) or 'nothing'}", "events of the case:"]
    lines += [f"  {number}: {json.dumps(event)}" for number, event in enumerate(job.canonical, 1)]
    lines += ["as the site has them:"]
    lines += [f"  {event.place}: {json.dumps(event.row)}" for event in job.events]
    for rule in job.rules:
        lines += [f"rule {rule.part or ''}".rstrip() + ":", rule.text]
    return "\n".join(lines)


def show(values: Tuple) -> str:
    """A tuple on one line."""
    return "(" + ", ".join("null" if value is None else value for value in values) + ")"
