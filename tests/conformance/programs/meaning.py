"""The meaning of a program, read literally: every choice of events is tried.

Written from the language's reference (`docs/language.md`) alone, and slow on purpose. It shares nothing with the compiler's
own evaluator.
"""
from __future__ import annotations

import datetime
import ipaddress
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, field as member
from typing import Any

from . import model
from .vocabulary import CLASSES, scalar

Tuple = tuple[Any, ...]
"""The values of an alert: text, numbers, Booleans, None for a missing one."""

NANOS = 1_000_000
"""Nanoseconds in a millisecond: durations of fields are nanoseconds, moments milliseconds."""


# ---- values


def values(event: model.Event, name: str) -> list[Any]:
    """The values of a field, read as its declared type. `null`, `[]`, `""` and what cannot be read are none."""
    if name == "@timestamp":
        return [event.time]
    raw = event.fields.get(name)
    listed = raw if isinstance(raw, list) else [raw]
    kind = scalar(CLASSES[event.kind][name])
    read = (as_type(kind, one) for one in listed if one is not None and one != "")
    return [one for one in read if one is not None]


def as_type(kind: str, value: Any) -> Any:
    """One value as a type; None if it cannot be."""
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    match kind:
        case "string":
            return json_text(value)
        case "ip":
            return address_text(value) if isinstance(value, str) else None
        case "bool":
            return value if isinstance(value, bool) else None
        case "int" | "port" | "duration" | "float":
            number = value if is_number else decimal(value) if isinstance(value, str) else None
            if number is None or (kind == "float"):
                return None if number is None else float(number)
            if number != int(number) or (kind == "port" and not 0 <= number <= 65535):
                return None
            return int(number)
        case "datetime":
            return moment(value) if isinstance(value, str) else None
    raise ValueError(kind)


def json_text(value: Any) -> str:
    """A number or Boolean as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else repr(value)


def decimal(text: str) -> int | float | None:
    """The number that a decimal text is."""
    if not re.fullmatch(r"-?\d+(\.\d+)?", text, re.ASCII):
        return None
    return float(text) if "." in text else int(text)


def address_text(text: str) -> str:
    """RFC 5952; `::ffff:a.b.c.d` is `a.b.c.d`. What is no address stays text."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return text
    mapped = getattr(found, "ipv4_mapped", None)
    return str(mapped or found)


def moment(text: str) -> int | None:
    """ISO 8601 in milliseconds since 1970; UTC where it is bare."""
    try:
        found = datetime.datetime.fromisoformat(text.upper())
    except ValueError:
        return None
    if found.tzinfo is None:
        found = found.replace(tzinfo=datetime.UTC)
    return (found - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(milliseconds=1)


def folded(text: str) -> str:
    """Unicode's simple case folding, character by character."""
    return "".join(map(folded_character, text))


def folded_character(c: str) -> str:
    """A character folded to one character; where folding would need several, its small letter, if that is one."""
    fold, small = c.casefold(), c.lower()
    return fold if len(fold) == 1 else small if len(small) == 1 else c


# ---- predicates


def holds(pred: model.Pred | None, event: model.Event) -> bool:
    """Whether an event satisfies a condition."""
    match pred:
        case None:
            return True
        case model.Not(inner=inner):
            return not holds(inner, event)
        case model.And(parts=parts):
            return all(holds(part, event) for part in parts)
        case model.Or(parts=parts):
            return any(holds(part, event) for part in parts)
        case model.Exists(field=name, missing=missing):
            return bool(values(event, name)) != missing
        case model.Compare(left=model.Leaf(name=a), op="!=", right=model.Leaf(name=b), cased=cased):
            same = model.Compare(model.Leaf(a), "==", model.Leaf(b), cased)
            return bool(values(event, a)) and bool(values(event, b)) and not holds(same, event)
        case model.Compare():
            return compare(pred, lambda leaf: one_value(event, leaf), is_text(event, pred))
        case model.Matches(field=name, given=given, nocase=nocase):
            return any(
                regex_found(regex, value, nocase) for regex in listed(given.value) for value in values(event, name)
            )
        case model.TextTest(field=name, op=op, given=given, cased=cased):
            return any_of(op, values(event, name), lambda value, op: text_test(value, op, given.value, cased))
        case model.ValueTest(field=name, op=op, given=given):
            return any_of(op, values(event, name), lambda value, op: value_test(value, op, given))
        case model.AddressTest(field=name, op=op, given=given):
            return any_of(op, values(event, name), lambda value, _: any(is_in(value, one) for one in listed(given.value)))


def any_of(op: str, found: list[Any], test: Any) -> bool:
    """Whether any value passes; `!=` is: there is a value, and none is equal."""
    if op == "!=":
        return bool(found) and not any(test(value, "==") for value in found)
    return any(test(value, op) for value in found)


def listed(value: Any) -> Sequence[Any]:
    """A list as it is, anything else alone."""
    return value if isinstance(value, tuple) else (value,)


def text_test(value: str, op: str, wanted: Any, cased: bool) -> bool:
    """One value against any of the texts or globs."""
    fold = (lambda text: text) if cased else folded
    value = fold(value)
    for one in listed(wanted):
        if op == "like":
            found = glob_matches(one, value, fold)
        else:
            text = fold(one)
            found = {
                "==": text != "" and value == text,
                "in": text != "" and value == text,
                "contains": text in value,
                "startswith": value.startswith(text),
                "endswith": value.endswith(text),
            }[op]
        if found:
            return True
    return False


def glob_matches(glob: model.Glob, value: str, fold: Any) -> bool:
    """Whether the whole value is of the glob's form."""
    form = ""
    for segment in glob.segments:
        form += re.escape(fold(segment)) if isinstance(segment, str) else ".*" if segment is model.ANY or segment.sign == "*" else "."
    return re.fullmatch(form, value, re.S) is not None


def regex_found(regex: model.Regex, value: str, nocase: bool) -> bool:
    """Whether the expression is found in the text."""
    return re.search(python_regex(regex), value, re.I if nocase else 0) is not None


def python_regex(regex: model.Regex) -> str:
    """The expression as Python writes it."""
    match regex:
        case model.Char(value=c):
            return re.escape(c)
        case model.Dot():
            return r"[^\n]"
        case model.Edge(sign=sign):
            return r"\A" if sign == "^" else r"\Z"
        case model.Set(letter=letter, ranges=ranges, negated=negated):
            inside = {"d": "0-9", "w": "A-Za-z0-9_", "s": r" \t\n\r\f\v"}.get(letter) or "".join(
                re.escape(low) if low == high else f"{re.escape(low)}-{re.escape(high)}" for low, high in ranges
            )
            return f"[{'^' if negated else ''}{inside}]"
        case model.Concat(parts=parts):
            return "".join(map(python_regex, parts))
        case model.Either(parts=parts):
            return "(?:" + "|".join(map(python_regex, parts)) + ")"
        case model.Repeat(part=part, least=least, most=most):
            return f"(?:{python_regex(part)}){{{least},{'' if most is None else most}}}"


def value_test(value: Any, op: str, given: model.Given) -> bool:
    """One value against a constant, or any of several."""
    if op == "in" and given.type == "ports":
        return any(low <= value <= high for low, high in given.value)
    if op == "in":
        return any(value == one for one in listed(given.value))
    return ordered(value, op, given.value * NANOS if given.type == "duration" else given.value)


def ordered(left: Any, op: str, right: Any) -> bool:
    """A comparison of two values."""
    return {
        "==": left == right,
        "!=": left != right,
        "<": left < right,
        "<=": left <= right,
        ">": left > right,
        ">=": left >= right,
    }[op]


def is_in(value: str, wanted: str) -> bool:
    """Whether an address is the wanted one or lies in the wanted network. A value that is no address is in none."""
    if "/" not in wanted:
        return value == address_text(wanted)
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def one_value(event: model.Event, name: str) -> tuple[str, Any] | None:
    """The type and value of a field in a comparison of fields; a field with several values is missing."""
    found = values(event, name)
    kind = "datetime" if name == "@timestamp" else scalar(CLASSES[event.kind][name])
    return (kind, found[0]) if len(found) == 1 else None


def is_text(event: model.Event, compare_node: model.Compare) -> bool:
    """Whether a comparison is of texts."""
    return any(
        name != "@timestamp" and scalar(CLASSES[event.kind][name]) in ("string", "ip")
        for side in (compare_node.left, compare_node.right)
        for name in model.leaves(side)
    )


def compare(node: model.Compare, leaf: Any, texts: bool) -> bool:
    """A comparison of expressions: false if a part is missing."""
    left, right = computed(node.left, leaf), computed(node.right, leaf)
    if left is None or right is None:
        return False
    a, b = left[1], right[1]
    if texts and not node.cased and left[0] != "ip":
        a, b = folded(a), folded(b)
    return ordered(a, node.op, b)


def computed(expr: model.Expr, leaf: Any) -> tuple[str, Any] | None:
    """The type and value of an expression."""
    match expr:
        case model.Leaf(name=name):
            return leaf(name)
        case model.Constant(type=kind, value=value):
            return (kind, value * NANOS if kind == "duration" else value)
        case model.Binary(left=left, op=op, right=right):
            a, b = computed(left, leaf), computed(right, leaf)
            return None if a is None or b is None else arithmetic(a, op, b)


def arithmetic(left: tuple[str, Any], op: str, right: tuple[str, Any]) -> tuple[str, Any] | None:
    """Arithmetic with types: times differ by durations; division is real, and by zero gives nothing."""
    (x, a), (y, b) = left, right
    if op == "/":
        if b == 0:
            return None
        return ("float", a / b) if x == y or x != "duration" else ("duration", int(a / b))
    found = a - b if op == "-" else a + b if op == "+" else a * b
    match (x, y):
        case ("datetime", "datetime"):
            return ("duration", found * NANOS)
        case ("datetime", "duration"):
            return ("datetime", (a * NANOS - b) // NANOS if op == "-" else (a * NANOS + b) // NANOS)
        case ("duration", "datetime"):
            return ("datetime", (a + b * NANOS) // NANOS)
        case ("duration", "duration"):
            return ("duration", found)
        case ("duration", _) | (_, "duration"):
            return ("duration", int(found))
    return ("float" if "float" in (x, y) else "int", found)


# ---- patterns


@dataclass(frozen=True)
class Row:
    """A row: the event (by its place) of each name, the row's time, and columns that a key has given one value."""

    bound: dict[str, int]
    time: int
    given: dict[model.Column, Any] = member(default_factory=dict)

    def overlaps(self, other: "Row") -> bool:
        """Whether the two share an event."""
        return bool(set(self.bound.values()) & set(other.bound.values()))


class Meaning:
    """A program over events."""

    def __init__(self, program: model.Program, events: Sequence[model.Event]) -> None:
        self.program, self.events = program, events

    def is_one(self, name: str, event: model.Event) -> bool:
        """Whether an event is of a name."""
        declared = self.program.named(name)
        narrowed = any(one.name == declared.base for one in self.program.names)
        is_base = self.is_one(declared.base, event) if narrowed else event.kind == declared.base
        return is_base and holds(declared.where, event)

    def column(self, row: Row, column: model.Column) -> list[Any]:
        """The different values of a column in a row."""
        if column in row.given:
            value = row.given[column]
            return [] if value is None else [value]
        found = values(self.events[row.bound[column.event]], column.field)
        return list(dict.fromkeys(found))

    def rows(self, pattern: model.Pattern) -> list[Row]:
        """The rows of a pattern."""
        match pattern:
            case model.One(name=name):
                return [
                    Row({name: place}, event.time) for place, event in enumerate(self.events) if self.is_one(name, event)
                ]
            case model.Join():
                return self.joined(pattern)
            case model.Without():
                return self.without(pattern)
            case model.Grouped():
                return self.grouped(pattern)

    def joined(self, join: model.Join) -> list[Row]:
        """Every choice of rows that are of different events, near each other, in order for `then`, with equal keys."""
        out = []
        for chosen in itertools.product(*map(self.rows, join.operands)):
            times = [row.time for row in chosen]
            in_order = join.word == "with" or times == sorted(times)
            apart = not any(a.overlaps(b) for a, b in itertools.combinations(chosen, 2))
            if not (in_order and apart and max(times) - min(times) <= join.within):
                continue
            for key in itertools.product(*(self.common(key, chosen) for key in join.keys)):
                given = {column: value for row in chosen for column, value in row.given.items()}
                for one, value in zip(join.keys, key):
                    given.update(dict.fromkeys(one.columns, value))
                bound = {name: place for row in chosen for name, place in row.bound.items()}
                out.append(Row(bound, max(times), given))
        return out

    def common(self, key: model.Key, chosen: Sequence[Row]) -> list[Any]:
        """The values that all operands have in common."""
        first, *others = (self.column(row, column) for row, column in zip(chosen, key.columns))
        return [value for value in first if all(value in other for other in others)]

    def without(self, node: model.Without) -> list[Row]:
        """The kept rows near which no absent row has the key."""
        absent, out = self.rows(node.absent), []
        for row in self.rows(node.kept):
            has_key = all(self.column(row, key.columns[0]) for key in node.keys)
            if has_key and not any(self.is_beside(node, row, other) for other in absent):
                out.append(row)
        return out

    def is_beside(self, node: model.Without, row: Row, other: Row) -> bool:
        """Whether an absent row counts against a kept one."""
        ahead = other.time - row.time
        near = 0 <= ahead <= node.within if node.word == "followed" else 0 < -ahead <= node.within
        return near and not row.overlaps(other) and all(self.common(key, (row, other)) for key in node.keys)

    def grouped(self, node: model.Grouped) -> list[Row]:
        """Each event, for each of its keys, whose window satisfies the condition."""
        members, out = self.rows(model.One(node.event)), []
        columns = [model.Column(node.event, name) for name in node.keys]
        for row in members:
            for key in itertools.product(*(self.column(row, column) for column in columns)):
                window = [
                    self.events[other.bound[node.event]]
                    for other in members
                    if row.time - node.over <= other.time <= row.time
                    and all(value in self.column(other, column) for column, value in zip(columns, key))
                ]
                found = {one.name: aggregated(one, window) for one in node.aggregates}
                if having(node.having, found):
                    shown = {model.Column(node.event, name): found[name][1] if found[name] else None for name in node.shown}
                    out.append(Row(row.bound, row.time, {**dict(zip(columns, key)), **shown}))
        return out

    def alerts(self) -> set[Tuple]:
        """The entity tuples; a missing value is None, several values give a tuple each."""
        found: set[Tuple] = set()
        for row in self.rows(self.program.pattern):
            columns = [self.column(row, column) or [None] for column in self.program.entity]
            found.update(itertools.product(*columns))
        return found


def as_text(value: Any) -> str | None:
    """A value of an alert as text."""
    if isinstance(value, float) and value == int(value):
        value = int(value)
    return None if value is None else json_text(value)


def aggregated(aggregate: model.Aggregate, window: Sequence[model.Event]) -> tuple[str, Any] | None:
    """An aggregate of a window: every value of every event counts, missing ones do not."""
    if aggregate.function == "count":
        return ("int", len(window))
    assert aggregate.field
    found = [value for event in window for value in values(event, aggregate.field)]
    if aggregate.function == "distinct":
        return ("int", len(set(found)))
    if not found:
        return None
    compute = {"sum": sum, "min": min, "max": max, "avg": lambda x: sum(x) / len(x)}[aggregate.function]
    return ("float" if aggregate.function == "avg" else "int", compute(found))


def having(pred: model.Pred, found: dict[str, Any]) -> bool:
    """Whether the aggregates satisfy a condition."""
    match pred:
        case model.Not(inner=inner):
            return not having(inner, found)
        case model.And(parts=parts):
            return all(having(part, found) for part in parts)
        case model.Or(parts=parts):
            return any(having(part, found) for part in parts)
        case model.Compare():
            return compare(pred, lambda name: found[name], texts=False)
    raise ValueError(pred)


def alerts(program: model.Program, events: Sequence[model.Event]) -> set[Tuple]:
    """What a program must alert on."""
    return Meaning(program, events).alerts()
