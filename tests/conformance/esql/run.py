"""The rows that a query gives over documents."""
from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from .expressions import over, value
from .parser import Command, query
from .values import Refused, Row, every, read

METADATA = {"_id", "_index", "_version"}


def run(text: str, documents: list[tuple[str, Any]], mapping: dict[str, str], now: int | None = None) -> list[Row]:
    """The rows of a query over documents, each with the index pattern that holds it. `mapping` has the type of every column.
    `now`, in milliseconds since 1970, is when the query runs."""
    asked = query(text)
    if not set(asked.metadata) <= METADATA:
        raise Refused(f"metadata {asked.metadata}")
    rows = []
    for number, (place, document) in enumerate(documents):
        if place in asked.sources:
            identity = {"_id": str(number), "_index": place, "_version": 1}
            rows.append({**read(document, mapping), **{name: identity[name] for name in asked.metadata}})
    columns = {*mapping, *asked.metadata}
    for command in asked.commands:
        rows, columns = COMMANDS[command.name](command, rows, columns, now)
    return rows


def _known(names: list[str], columns: set[str]) -> None:
    for name in names:
        if name not in columns:
            raise Refused(f"unknown column [{name}]")


def _check(expression: Any, columns: set[str]) -> None:
    """Elasticsearch refuses a query that names an unknown column, whether there are rows or none."""
    if expression[0] == "column":
        _known([expression[1]], columns)
    for part in expression[1:]:
        if isinstance(part, tuple):
            _check(part, columns)


def _where(command: Command, rows: list[Row], columns: set[str], now: int | None) -> tuple[list[Row], set[str]]:
    _check(command.condition, columns)
    return [row for row in rows if value(command.condition, row, now) is True], columns


def _keep(command: Command, rows: list[Row], columns: set[str], now: int | None) -> tuple[list[Row], set[str]]:
    _known(command.columns, columns)
    return [{name: row[name] for name in command.columns} for row in rows], set(command.columns)


def _expand(command: Command, rows: list[Row], columns: set[str], now: int | None) -> tuple[list[Row], set[str]]:
    """A row for each value; null stays one row."""
    _known(command.columns, columns)
    [name] = command.columns
    return [{**row, name: one} for row in rows for one in every(row[name]) or [None]], columns


def _measured(command: Command, columns: set[str]) -> None:
    _known(command.columns, columns)
    for _, expression, condition in command.measures:
        _check(expression, columns)
        if condition is not None:
            _check(condition, columns)


def _measures(command: Command, rows: list[Row], now: int | None) -> Row:
    found = {}
    for name, expression, condition in command.measures:
        counted = rows if condition is None else [row for row in rows if value(condition, row, now) is True]
        found[name] = over(expression, counted, now)
    return found


def _stats(command: Command, rows: list[Row], columns: set[str], now: int | None) -> tuple[list[Row], set[str]]:
    """A row for each group; a row with several values in a key is in each of their groups, one with null in a group of null."""
    _measured(command, columns)
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        for key in itertools.product(*(every(row[name]) or [None] for name in command.columns)):
            groups.setdefault(key, []).append(row)
    made = [{**_measures(command, own, now), **dict(zip(command.columns, key))} for key, own in groups.items()]
    return made, {name for name, *_ in command.measures} | set(command.columns)


def _inline_stats(command: Command, rows: list[Row], columns: set[str], now: int | None) -> tuple[list[Row], set[str]]:
    """Every row with what is computed over its group. The documentation does not say what a null or several values in a key do."""
    _measured(command, columns)
    groups: dict[tuple, list[Row]] = {}
    for row in rows:
        key = tuple(row[name] for name in command.columns)
        if any(part is None or isinstance(part, list) for part in key):
            raise Refused(f"INLINE STATS by {command.columns}, which are {key}")
        groups.setdefault(key, []).append(row)
    made = [{**row, **found} for own in groups.values() for found in [_measures(command, own, now)] for row in own]
    return made, columns | {name for name, *_ in command.measures}


COMMANDS: dict[str, Callable[[Command, list[Row], set[str], int | None], tuple[list[Row], set[str]]]] = {
    "where": _where,
    "keep": _keep,
    "mv_expand": _expand,
    "stats": _stats,
    "inline stats": _inline_stats,
}
