"""Engines, by dialect: what parses a rule and what runs it.

    with Engines() as engines:
        for problem in engines.parse("kql", job.rules, job.site): …
        tuples = engines.run("kql", rules, events, site)["duckdb-kql"]
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from . import environments
from .jobs import NativeEvent, Rule, Site, Tuple
from .paths import WORKERS
from .worker import Worker


@dataclass(frozen=True)
class Engine:
    """A program that judges or runs rules of one dialect."""

    name: str
    """As reports name it, with its version."""
    command: Callable[[], Sequence[str | Path]]
    """What starts its worker; installs what that needs."""


def _python(environment: str, worker: str) -> Callable[[], Sequence[str | Path]]:
    return lambda: [environments.python(environment), WORKERS / worker]


PARSERS: dict[str, list[Engine]] = {}
"""What says whether a rule is well formed. A worker answers `parse(rules, site)` with a list of problems."""

RUNNERS: dict[str, list[Engine]] = {}
"""What runs rules over native events. A worker answers `run(rules, events, site)` with a list of entity tuples."""


class Engines:
    """The workers of a run, started when they are first asked."""

    def __init__(self) -> None:
        self._workers: dict[str, Worker] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.close()

    def parse(self, dialect: str, rules: Sequence[Rule], site: Site) -> list[str]:
        """What the parsers of the dialect find wrong with the rules; each problem begins with the parser's name."""
        request = {"rules": [rule.as_json() for rule in rules], "site": site.as_json()}
        found = []
        for engine in PARSERS.get(dialect, []):
            found += [f"{engine.name}: {problem}" for problem in self._ask(engine, "parse", request)]
        return found

    def run(
        self, engine: Engine, rules: Sequence[Rule], events: Sequence[NativeEvent], site: Site
    ) -> set[Tuple]:
        """The entity tuples that the rules together raise over the events. Raises `Refused` if the engine cannot."""
        request = {
            "rules": [rule.as_json() for rule in rules],
            "events": [event.as_json() for event in events],
            "site": site.as_json(),
        }
        return {tuple(values) for values in self._ask(engine, "run", request)}

    def _ask(self, engine: Engine, operation: str, request: dict[str, Any]) -> Any:
        if engine.name not in self._workers:
            self._workers[engine.name] = Worker(engine.command())
        return self._workers[engine.name].ask(op=operation, **request)
