"""Runs a search over events, under every reading that the documentation leaves open."""
from __future__ import annotations

import functools
import random
from collections.abc import Sequence
from typing import Any

from . import tree
from .commands import run_command
from .evaluate import Evaluator, Reading
from .parser import query
from .search import matches
from .values import Row, Undocumented, Value, packed, text

LATER = 4_102_444_800.0
"""2100-01-01: a run long after all events, so that no row waits."""

Result = dict[str, "str | None"]
"""A row of the result: each column as text, None for a missing value."""


@functools.lru_cache(maxsize=256)
def parsed(search: str, macros: tuple[tuple[str, str], ...]) -> tree.Query:
    """The tree of a search; each is read once."""
    return query(search, dict(macros))


def run(
    search: str,
    events: Sequence[dict[str, Any]],
    macros: dict[str, str],
    readings: Sequence[Reading] = tuple(Reading),
    seed: int = 0,
) -> list[Result]:
    """The rows that the search ends with.

    `events` are flat: a field's text, number or list of texts by its name, `_time` in seconds. `macros` are definitions
    by name. Each reading of null is run with its own order of events and of ties; the entities that come out must be
    the same, or the search leans on what is not documented.

    Raises `Refused`.
    """
    rows = [native(event) for event in events]
    found: dict[frozenset[tuple[tuple[str, str | None], ...]], tuple[Reading, list[Result]]] = {}
    for place, reading in enumerate(readings):
        result = [shown(row) for row in run_once(search, rows, macros, reading, seed + place)]
        found.setdefault(frozenset(tuple(sorted(row.items())) for row in result), (reading, result))
    if len(found) > 1:
        told = ", ".join(f"{reading.name}: {len(result)} rows" for reading, result in found.values())
        raise Undocumented(f"the result depends on how null is read, or on the order of ties ({told})")
    return next(iter(found.values()))[1]


def run_once(search: str, events: Sequence[Row], macros: dict[str, str], reading: Reading, seed: int) -> list[Row]:
    """The rows under one reading; `seed` chooses the order of events and of ties."""
    node = parsed(search, tuple(sorted(macros.items())))
    rng, evaluator = random.Random(seed), Evaluator(reading, LATER)
    rows = [dict(event) for event in events if matches(node.base, event, rng)]
    rng.shuffle(rows)
    for command in node.commands:
        rows = run_command(command, rows, evaluator, rng)
    return rows


def native(event: dict[str, Any]) -> Row:
    """An event as Splunk holds it: text, or several texts; the time alone is a number."""
    row: Row = {}
    for name, value in event.items():
        values = [one for one in (value if isinstance(value, list) else [value]) if one is not None]
        held = packed(values if name == "_time" else [written(one) for one in values])
        if held is not None:
            row[name] = held
    row.setdefault("index", "main")
    return row


def written(value: Any) -> str:
    """A value as it stands in the event."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else text(value)


def shown(row: Row) -> Result:
    """A row as an alert shows it. The times of its first and last event are compared by nobody."""
    return {name: shown_value(value) for name, value in row.items() if name not in ("first_seen", "last_seen")}


def shown_value(value: Value) -> str | None:
    """A value of an alert."""
    if isinstance(value, list):
        raise Undocumented(f"several values in an alert: {value!r}")
    return None if value is None or value == "" else text(value)
