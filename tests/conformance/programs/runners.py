"""The engines that run rules of the synthetic sites: those of the harness, with the tables that these sites have."""
from __future__ import annotations

import copy
import dataclasses
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness import engines, environments
from harness.engines import Engine
from harness.jobs import Job, NativeEvent
from harness.paths import INSTALLED, WORKERS

from . import sites
from .vocabulary import CLASSES


@dataclass(frozen=True)
class Known:
    """What reads and what runs rules, by dialect."""

    parsers: dict[str, list[Engine]]
    runners: dict[str, list[Engine]]


def known(targets: Sequence[str]) -> Known:
    """The engines of the targets. Those for KQL know the tables of the synthetic sites."""
    wanted = {dialect for target in targets for dialect in (sites.TARGETS[target][0], *sites.FURTHER.get(target, ()))}
    binder = lambda: ["node", WORKERS / "kql_binder.js", environments.ensure("node"), tables()]
    duckdb = lambda: [environments.python("kql"), WORKERS / "kql_duckdb.py", tables()]
    return Known(*(
        {dialect: with_command(listed, command if dialect == "kql" else None) for dialect, listed in all_of.items() if dialect in wanted}
        for all_of, command in ((engines.PARSERS, binder), (engines.RUNNERS, duckdb))
    ))


def with_command(listed: Sequence[Engine], command: Callable[[], Sequence[str | Path]] | None) -> list[Engine]:
    """The engines, started by another command if there is one."""
    return [dataclasses.replace(engine, command=command) if command else engine for engine in listed]


def tables() -> Path:
    """A file of the tables of the synthetic sites: target, table, column, type."""
    found: dict[str, dict[str, dict[str, str]]] = {}
    for target, (dialect, _) in sites.TARGETS.items():
        if dialect != "kql":
            continue
        for one in sites.profile(target)["classes"].values():
            source = one["source"]
            columns = {field["native"]: field["type"] for field in one["fields"].values()}
            carried = source.get("carries", [])
            columns |= {"EventId": "string"} | {name: "long" if name == "ReportId" else "string" for name in carried}
            found.setdefault(target, {})[source["table"]] = columns
    INSTALLED.mkdir(parents=True, exist_ok=True)
    path = INSTALLED / "synthetic-tables.json"
    path.write_text(json.dumps(found), encoding="utf-8")
    return path


def excused(job: Job, engine: Engine) -> str | None:
    """Why an engine is not asked: it is known to read the product's language otherwise. Found 2026-11.

    rsigma counts a correlation's `timespan` in whole seconds, so an event a millisecond past it still counts. The
    specification does not say that parts of a second are ignored:
    https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-correlation-rules-specification.md
    rsigma's wildcards match no line break; in the specification `*` is any run of characters and `?` any one:
    https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-rules-specification.md
    pySigma's SQLite backend puts keys in small letters before it groups by them; the specification does not.
    Neither engine gives an alert for each value of a field with several, and SQLite has no arrays at all.
    """
    is_correlation = correlates(job)
    in_fractions = any(not event["@timestamp"].endswith(".000Z") for event in job.canonical)
    if engine.name == "rsigma" and is_correlation and in_fractions:
        return "it counts windows in whole seconds"
    if engine.name == "rsigma" and has_line_break(job) and any(re.search("[*?]", rule.text) for rule in job.rules):
        return "its wildcards match no line break"
    columns = named(job) if "SQLite" in engine.name else {read.column for rule in job.rules for read in rule.reads}
    if job.site.dialect == "sigma" and any(isinstance(event.row.get(c), list) for event in job.events for c in columns):
        return "several values in one field"
    if "SQLite" in engine.name and is_correlation and any(has_cases(job, column) for column in columns):
        return "keys of different case are one key to it"
    return None


def correlates(job: Job) -> bool:
    """Whether a rule of Sigma counts or orders events."""
    return any("\ncorrelation:" in rule.text for rule in job.rules)


def has_line_break(job: Job) -> bool:
    """Whether a column that the rules name has a text of several lines."""
    return any("\n" in str(event.row.get(column, "")) for event in job.events for column in named(job))


def has_cases(job: Job, column: str) -> bool:
    """Whether two values of a column differ in case only."""
    found = {event.row[column] for event in job.events if isinstance(event.row.get(column), str)}
    return len({value.lower() for value in found}) < len(found)


def named(job: Job) -> set[str]:
    """The words of the rules."""
    return {word for rule in job.rules for word in re.findall(r"\w+", rule.text)}


def native(job: Job, engine: Engine) -> list[NativeEvent]:
    """The events with the columns that tell each from all others, which the strategy's events have no field for.

    SQLite has no arrays, so columns that no rule names go where it runs them. Where rsigma would refuse parts of a second, a rule
    of single events does not look at the time.
    """
    out = []
    for number, event in enumerate(job.events):
        row = {**copy.deepcopy(event.row), **IDENTITIES.get(job.site.target, lambda _: {})(number)}
        put_empty_texts(row, job.canonical[number], job.site.target)
        if "SQLite" in engine.name:
            row = {column: value for column, value in row.items() if not isinstance(value, list)}
        if engine.name == "rsigma" and not correlates(job):
            row["timestamp"] = f"{row['timestamp'][:19]}.000Z"
        out.append(dataclasses.replace(event, row=row))
    return out


def put_empty_texts(row: dict[str, Any], canonical: dict[str, Any], target: str) -> None:
    """Puts `""` where the event has it: a product may hold it, and it must count as missing there too. `detc` leaves it out."""
    for field, declared in CLASSES[canonical["class"]].items():
        value: Any = canonical
        for part in field.split("."):
            value = value.get(part) if isinstance(value, dict) else None
        if value != "" or declared != "string" or target in ("sentinel", "defender"):
            continue
        if target == "elastic":
            *outer, last = field.split(".")
            place = row
            for part in outer:
                place = place.setdefault(part, {})
            place[last] = ""
        else:
            row[sites.TARGETS[target][1](field, declared)["native"]] = ""


IDENTITIES: dict[str, Callable[[int], dict[str, Any]]] = {
    "sentinel": lambda number: {"EventId": f"event {number}"},
    "defender": lambda number: {"ReportId": number, "DeviceId": "device"},
}
"""The columns of an event's identity, by target."""
