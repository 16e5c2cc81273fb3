"""Runs Sigma rules on SQLite (PyPI pysigma-backend-sqlite), correlations included.

The backend does not look at log sources: a pipeline adds them to every rule as conditions on columns of ours.
"""

import json
import re
import sqlite3
from collections.abc import Iterator
from typing import Any

from serve import Refused, serve
from sigma.backends.sqlite import sqliteBackend
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sigma.processing.conditions import LogsourceCondition
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import AddConditionTransformation
from sigma.rule import SigmaDetection, SigmaRule

PARTS = ("category", "product", "service")


def pipeline(collection: SigmaCollection) -> ProcessingPipeline:
    """Asks of every rule's events that they are of its log source."""
    items = []
    sources = {rule.logsource for rule in collection.rules if isinstance(rule, SigmaRule)}
    for source in sorted(sources, key=str):
        named = {part: getattr(source, part) for part in PARTS if getattr(source, part)}
        items.append(
            ProcessingItem(
                AddConditionTransformation({f"detc_{part}": value for part, value in named.items()}),
                rule_conditions=[LogsourceCondition(**named)],
            )
        )
    return ProcessingPipeline(items=items)


def fields(detection: SigmaDetection) -> Iterator[str]:
    """The fields that a selection names."""
    for item in detection.detection_items:
        if isinstance(item, SigmaDetection):
            yield from fields(item)
        elif item.field is not None:
            yield item.field


def named_fields(collection: SigmaCollection) -> set[str]:
    """The fields that the rules and correlations name: the table must have them all."""
    named: set[str] = set()
    for rule in collection.rules:
        if isinstance(rule, SigmaRule):
            named |= {name for detection in rule.detection.detections.values() for name in fields(detection)}
        else:
            named |= set(rule.group_by or [])
    return named


def connect(rows: list[dict[str, Any]], collection: SigmaCollection) -> sqlite3.Connection:
    """The events in a table that has every column of theirs and every field that the rules name."""
    # SQLite takes names that differ only in case as one.
    rows = [{column.lower(): value for column, value in row.items()} for row in rows]
    columns = sorted({column for row in rows for column in row} | {name.lower() for name in named_fields(collection)})
    connection = sqlite3.connect(":memory:")
    connection.create_function("regexp", 2, matches)
    typed = {c: "TEXT COLLATE NOCASE" if all(isinstance(r.get(c, ""), str) for r in rows) else "" for c in columns}
    declared = ", ".join(f"`{column}` {kind}" for column, kind in typed.items())
    connection.execute(f"CREATE TABLE logs ({declared})")
    marks = ", ".join("?" * len(typed))
    values = [[as_stored(row.get(column)) for column in typed] for row in rows]
    connection.executemany(f"INSERT INTO logs VALUES ({marks})", values)
    return connection


def matches(pattern: str, value: Any) -> bool:
    """SQLite leaves the meaning of REGEXP to its user."""
    return value is not None and re.search(pattern, str(value)) is not None


def as_stored(value: Any) -> Any:
    """SQLite has no Booleans: the backend compares with the words."""
    return str(value).lower() if isinstance(value, bool) else value


def run(rules: list[dict[str, Any]], events: list[dict[str, Any]], site: dict[str, Any]) -> list[list[str | None]]:
    """The entity tuples in the results of the rules."""
    del site
    rows = []
    for event in events:
        parts = dict(zip((f"detc_{part}" for part in PARTS), event["place"].split("/"), strict=True))
        rows.append({**parts, **event["row"]})
    found: set[tuple[str | None, ...]] = set()
    for rule in rules:
        found |= entities(rule, rows)
    return [list(values) for values in found]


def keys_by_case(column: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The values of a key by their form in lower case, which is all that the backend tells of them."""
    as_held: dict[str, Any] = {}
    # An alias is no field of the events: its values are those of several fields.
    is_alias = all(column not in row for row in rows)
    values = [value for row in rows for name, value in row.items() if is_alias or name == column]
    for held in values:
        if held is not None and as_held.setdefault(str(held).lower(), held) != held:
            raise Refused("it takes keys that differ only in case as one, and the case has such keys")
    return as_held


def entities(rule: dict[str, Any], rows: list[dict[str, Any]]) -> set[tuple[str | None, ...]]:
    """The entity tuples of one rule file: those of its last document, which is the alert."""
    collection = SigmaCollection.from_yaml(rule["text"])
    try:
        queries = sqliteBackend(pipeline(collection)).convert(collection)
    except SigmaError as error:
        raise Refused(f"{type(error).__name__}: {error}") from error
    connection = connect(rows, collection)
    cursor = connection.execute(queries[-1])
    cursor.row_factory = sqlite3.Row
    found = {tuple(value(result, read["column"], rows) for read in rule["reads"]) for result in cursor}
    connection.close()
    return found


def value(result: sqlite3.Row, column: str | None, rows: list[dict[str, Any]]) -> str | None:
    """A value of a result as text. The keys of correlations come in lower case: the events have them as they are."""
    if column is None:
        return None
    if "group_keys" not in result.keys():  # noqa: SIM118  (a row is searched by its values)
        # A field that no event of the case has is no column.
        held = result[column] if column.lower() in result.keys() else None  # noqa: SIM118
    else:
        key = json.loads(result["group_keys"])[column]
        held = keys_by_case(column, rows).get(str(key).lower(), key)
    return None if held is None or held == "" else str(as_stored(held))


if __name__ == "__main__":
    serve({"run": run})
