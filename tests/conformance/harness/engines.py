"""Engines, by dialect: what parses a rule and what runs it.

    with Engines() as engines:
        for engine in PARSERS["kql"]:
            problems = engines.parse(engine, rules, site)
        for engine in RUNNERS["kql"]:
            tuples = engines.run(engine, rules, events, site)
"""

import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from . import environments
from .jobs import NativeEvent, Rule, Site, Tuple
from .paths import DATA, WORKERS
from .worker import Worker


@dataclass(frozen=True)
class Engine:
    """A program that judges or runs rules of one dialect."""

    name: str
    """As reports name it."""
    command: Callable[[], Sequence[str | Path]]
    """What starts its worker; installs what that needs."""
    orders_ties: bool = False
    """Whether it puts events of the same millisecond in an order of its own: then the loss *ties* counts for it."""


def _python(environment: str, worker: str, *arguments: Path) -> Callable[[], Sequence[str | Path]]:
    """A worker that sees the packages of its environment alone, and none of this folder by the same name."""
    return lambda: [environments.python(environment), "-EB", WORKERS / worker, *arguments]


def _tables() -> list[Path]:
    """The files with the tables of Kusto products: of a package, and ours."""
    folder = environments.ensure("kusto-schemas")
    listed = folder / "tables.json"
    if not listed.exists():
        command = [folder / "bin" / "python", WORKERS / "kusto_tables.py", listed]
        subprocess.run(command, check=True)
    return [listed, *sorted((DATA / "tables").glob("*.json"))]


def _kql_binder() -> Sequence[str | Path]:
    return ["node", WORKERS / "kql_binder.js", environments.ensure("node"), *_tables()]


def _kql_duckdb() -> Sequence[str | Path]:
    return [environments.python("kql"), WORKERS / "kql_duckdb.py", *_tables()]


def _rsigma() -> Sequence[str | Path]:
    return [environments.ensure("rsigma") / "bin" / "rsigma-worker"]


def _spl_evaluator() -> Sequence[str | Path]:
    return [sys.executable, WORKERS / "spl_evaluator.py"]


def _esql_evaluator() -> Sequence[str | Path]:
    return [sys.executable, WORKERS / "esql_evaluator.py"]


PARSERS: dict[str, list[Engine]] = {
    "eql": [Engine("Elastic's parser", _python("eql", "eql_engine.py"))],
    "esql": [
        Engine("Elastic's parser of ES|QL", _python("esql", "esql_parser.py")),
        Engine("ES|QL's documented commands and functions", _esql_evaluator),
    ],
    "kql": [Engine("Microsoft's parser and binder", _kql_binder)],
    "sigma": [Engine("sigma check, JSON schemas", _python("sigma", "sigma_check.py", DATA / "sigma"))],
    "spl": [
        Engine("panther-sdk's parser", _python("spl", "spl_parser.py")),
        Engine("Splunk's documented commands and functions", _spl_evaluator),
    ],
}
"""What says whether a rule is well formed. A worker answers `parse` with a list of problems."""

RUNNERS: dict[str, list[Engine]] = {
    "eql": [Engine("Elasticsearch's matcher, ported", _python("eql", "eql_engine.py"), orders_ties=True)],
    "esql": [Engine("ES|QL evaluator, ours", _esql_evaluator)],
    "kql": [Engine("duckdb-kql", _kql_duckdb)],
    "sigma": [
        Engine("pySigma on SQLite", _python("sigma-sqlite", "sigma_sqlite.py"), orders_ties=True),
        Engine("rsigma", _rsigma),
    ],
    "spl": [Engine("SPL evaluator, ours", _spl_evaluator)],
}
"""What runs rules over native events. A worker answers `run` with a list of entity tuples."""


class Engines:
    """The workers of a run, started when they are first asked."""

    def __init__(self) -> None:
        self._workers: dict[str, Worker] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers.values():
            worker.close()

    def parse(self, engine: Engine, rules: Sequence[Rule], site: Site) -> list[str]:
        """What a parser finds wrong with the rules."""
        request = {"rules": [rule.as_json() for rule in rules], "site": site.as_json()}
        problems: list[str] = self._ask(engine, "parse", request)
        return problems

    def run(self, engine: Engine, rules: Sequence[Rule], events: Sequence[NativeEvent], site: Site) -> set[Tuple]:
        """The entity tuples that the rules together raise over the events. Raises `Refused` if the engine cannot."""
        request = {
            "rules": [rule.as_json() for rule in rules],
            "events": [event.as_json() for event in events],
            "site": site.as_json(),
        }
        return {tuple(values) for values in self._ask(engine, "run", request)}

    def ask(self, engine: Engine, operation: str, **request: Any) -> Any:
        """The answer of an engine to an operation of its own."""
        return self._ask(engine, operation, request)

    def _ask(self, engine: Engine, operation: str, request: dict[str, Any]) -> Any:
        if engine.name not in self._workers:
            self._workers[engine.name] = Worker(engine.command())
        return self._workers[engine.name].ask(op=operation, **request)
