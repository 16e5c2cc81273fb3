"""The commands of the pipeline, over rows.

Refused: a null where rows are grouped, sorted, expanded or aggregated; several values in a group's key; a condition that
is stored; text among numbers. Rows that `sort` finds equal come out in any order.
"""
from __future__ import annotations

import random
from collections.abc import Callable

from . import tree
from .evaluate import Evaluator
from .values import Row, Undocumented, Value, number, packed, several, text

COMMAND_PAGES = "https://docs.splunk.com/Documentation/Splunk/9.4.0/SearchReference/"
"""Each command has a page of its name here: Eval, Where, Fields, Sort, Stats, Eventstats, Streamstats, Mvexpand, Rename."""


def run_command(node: tree.Command, rows: list[Row], evaluator: Evaluator, rng: random.Random) -> list[Row]:
    """The rows after a command."""
    match node:
        case tree.Eval(assignments=assignments):
            return [evaluated(row, assignments, evaluator) for row in rows]
        case tree.Where(condition=condition):
            return [row for row in rows if evaluator.condition(condition, row) is True]
        case tree.Fields(names=names, remove=remove):
            return [chosen(row, names, remove) for row in rows]
        case tree.Sort(keys=keys):
            return in_order(rows, keys, rng)
        case tree.Stats(command="stats"):
            return grouped(node, rows)
        case tree.Stats(command="eventstats"):
            return beside(node, rows)
        case tree.Stats():
            return running(node, rows)
        case tree.Mvexpand(field=field):
            return [{**row, field: value} for row in rows for value in several(present(row, field, "mvexpand"))]
        case tree.Rename(pairs=pairs):
            return [renamed(row, dict(pairs)) for row in rows]


def evaluated(row: Row, assignments: tuple[tuple[str, tree.Expr], ...], evaluator: Evaluator) -> Row:
    """`eval`: each assignment sees those before it."""
    row = dict(row)
    for name, expression in assignments:
        value = evaluator.value(expression, row)
        if isinstance(value, bool):
            raise Undocumented(f"a condition stored in `{name}`")
        if value is None:
            row.pop(name, None)
        else:
            row[name] = value
    return row


def chosen(row: Row, names: tuple[str, ...], remove: bool) -> Row:
    """`fields`: `_time` and `_raw` stay unless they are removed by name."""
    if any("*" in name for name in names):
        raise Undocumented("a wildcard in `fields`")
    if remove:
        return {name: value for name, value in row.items() if name not in names}
    return {name: value for name, value in row.items() if name in names or name.startswith("_")}


def renamed(row: Row, names: dict[str, str]) -> Row:
    """`rename`. A name that is taken already is refused."""
    taken = [new for old, new in names.items() if old in row and new in row and new not in names]
    if taken:
        raise Undocumented(f"rename to a name that is taken: {taken}")
    return {names.get(name, name): value for name, value in row.items()}


def present(row: Row, name: str, where: str) -> Value:
    """A field that must not be null."""
    value = row.get(name)
    if value is None:
        raise Undocumented(f"null in `{name}` for {where}")
    return value


def sort_key(row: Row, name: str) -> float:
    """The number that a row is sorted by."""
    value = present(row, name, "sort")
    found = number(value)
    if found is None:
        raise Undocumented(f"sort by the text {value!r} in `{name}`")
    return found


def in_order(rows: list[Row], keys: tuple[tuple[str, bool], ...], rng: random.Random) -> list[Row]:
    """`sort 0`. The order of equal rows is not said, so it is any."""
    rows = list(rows)
    rng.shuffle(rows)
    for name, descending in reversed(keys):
        rows.sort(key=lambda row: sort_key(row, name), reverse=descending)
    return rows


# ---- aggregates


def group_of(row: Row, by: tuple[str, ...]) -> tuple[str, ...]:
    """The group of a row. Case counts, as in everything that is grouped."""
    values = [present(row, name, "by") for name in by]
    if any(isinstance(value, list) for value in values):
        raise Undocumented(f"several values in a `by` field: {values!r}")
    return tuple(text(value) for value in values)  # type: ignore[arg-type]


def measured(row: Row, aggregate: tree.Aggregate) -> list[float]:
    """The numbers that a row adds to an aggregate."""
    assert aggregate.field
    found = [number(value) for value in several(present(row, aggregate.field, aggregate.function))]
    if None in found:
        raise Undocumented(f"{aggregate.function} over text in `{aggregate.field}`")
    return found  # type: ignore[return-value]


def aggregated(aggregate: tree.Aggregate, rows: list[Row]) -> Value:
    """An aggregate over rows; there is at least one."""
    if aggregate.function == "count":
        return len(rows)
    if aggregate.function == "values":
        assert aggregate.field
        found = {text(v) for row in rows for v in several(present(row, aggregate.field, "values"))}
        return packed(sorted(found))
    choose: dict[str, Callable[[list[float]], float]] = {"max": max, "min": min, "sum": sum}
    return choose[aggregate.function]([x for row in rows for x in measured(row, aggregate)])


def in_groups(rows: list[Row], by: tuple[str, ...]) -> dict[tuple[str, ...], list[Row]]:
    """Rows by their group."""
    groups: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        groups.setdefault(group_of(row, by), []).append(row)
    return groups


def grouped(node: tree.Stats, rows: list[Row]) -> list[Row]:
    """`stats`: a row for each group."""
    out = []
    for members in in_groups(rows, node.by).values():
        row: Row = {name: members[0][name] for name in node.by}
        row.update((aggregate.name, aggregated(aggregate, members)) for aggregate in node.aggregates)
        out.append(row)
    return out


def beside(node: tree.Stats, rows: list[Row]) -> list[Row]:
    """`eventstats`: each row with the aggregates of its group."""
    found = {
        group: {aggregate.name: aggregated(aggregate, members) for aggregate in node.aggregates}
        for group, members in in_groups(rows, node.by).items()
    }
    return [{**row, **found[group_of(row, node.by)]} for row in rows]


def running(node: tree.Stats, rows: list[Row]) -> list[Row]:
    """`streamstats window=0`: each row with the aggregates of its group up to and with it."""
    so_far: dict[tuple[tuple[str, ...], str], Value] = {}
    out = []
    for row in rows:
        group, row = group_of(row, node.by), dict(row)
        for aggregate in node.aggregates:
            slot = (group, aggregate.name)
            row_value = 1 if aggregate.function == "count" else aggregated(aggregate, [row])
            so_far[slot] = row_value if slot not in so_far else together(aggregate.function, so_far[slot], row_value)
        row.update((aggregate.name, so_far[group, aggregate.name]) for aggregate in node.aggregates)
        out.append(row)
    return out


def together(function: str, before: Value, now: Value) -> Value:
    """What an aggregate so far and one row's give."""
    if function == "values":
        return packed(sorted({text(value) for value in [*several(before), *several(now)]}))
    assert isinstance(before, (int, float)) and isinstance(now, (int, float))
    if function == "max":
        return max(before, now)
    return min(before, now) if function == "min" else before + now
