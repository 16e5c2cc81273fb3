"""The value of an expression on a row. A condition is true, false or null (`None`)."""
from __future__ import annotations

import operator
import re
from functools import cache
from typing import Any

from .functions import AGGREGATES, SCALARS
from .values import LONGEST, Moment, Refused, Row, every, kind

ORDERS = {
    "==": operator.eq, "!=": operator.ne, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge,
}


def value(expression: tuple, row: Row, now: int | None) -> Any:
    """The value of an expression on a row."""
    name, *arguments = expression
    match name:
        case "constant":
            return arguments[0]
        case "column":
            if arguments[0] not in row:
                raise Refused(f"unknown column [{arguments[0]}]")
            return row[arguments[0]]
        case "NOW":
            if now is None:
                raise Refused("NOW() without a time of the run")
            return Moment(now)
        case "and" | "or":
            return _joined([value(part, row, now) for part in arguments], decides=name == "or")
        case "not":
            inner = value(arguments[0], row, now)
            return None if inner is None else not inner
        case "is null" | "is not null":
            return (value(arguments[0], row, now) is None) == (name == "is null")
        case "+" | "-" if arguments[1][0] == "span":
            return _moved(value(arguments[0], row, now), name, arguments[1][1])
    values = [value(argument, row, now) for argument in arguments]
    known = SCALARS.get(name)
    if known is not None and known.raw:
        return known.call(*values)
    if any(one is None or isinstance(one, list) for one in values):
        return None
    return known.call(*values) if known is not None else _operation(name, values)


def over(expression: tuple, rows: list[Row], now: int | None) -> Any:
    """The value of an expression with aggregates over rows."""
    name, *arguments = expression
    if name == "COUNT":
        return len(rows)
    if name in AGGREGATES:
        found = [one for row in rows for one in every(value(arguments[0], row, now))]
        return AGGREGATES[name].call(found) if found else None
    if name == "constant":
        return arguments[0]
    if name in SCALARS and SCALARS[name].raw:
        return SCALARS[name].call(*(over(argument, rows, now) for argument in arguments))
    raise Refused(f"`{name}` around an aggregate")


def _joined(parts: list[Any], decides: bool) -> Any:
    """Three-valued: one part that decides is enough, and null is neither."""
    if any(part is decides for part in parts):
        return decides
    return None if None in parts else not decides


def _moved(at: Any, sign: str, span: int) -> Any:
    if at is None or isinstance(at, list):
        return None
    if not isinstance(at, Moment):
        raise Refused("a span of time beside something that is no moment")
    return Moment(at + span if sign == "+" else at - span)


def _operation(name: str, values: list[Any]) -> Any:
    if name in ORDERS:
        left, right = values
        if kind(left) != kind(right) or (kind(left) in ("boolean", "ip") and name not in ("==", "!=")):
            raise Refused(f"`{name}` of {kind(left)} and {kind(right)}")
        return ORDERS[name](left, right)
    if name == "in":
        return any(_operation("==", [values[0], one]) for one in values[1:])
    if name in ("like", "rlike"):
        if any(kind(one) != "keyword" for one in values):
            raise Refused(f"`{name}` of something that is no text")
        pattern = wildcard if name == "like" else lucene
        return any(pattern(one).fullmatch(values[0]) is not None for one in values[1:])
    if name in "+-*/":
        return _arithmetic(name, *values)
    raise Refused(f"operator `{name}`")


def _arithmetic(sign: str, left: Any, right: Any) -> Any:
    if kind(left) != "number" or kind(right) != "number":
        raise Refused(f"`{sign}` of {kind(left)} and {kind(right)}")
    whole = isinstance(left, int) and isinstance(right, int)
    if sign == "/":
        if right == 0:
            return None
        quotient = abs(left) // abs(right) * (1 if (left < 0) == (right < 0) else -1) if whole else left / right
        return quotient
    found = {"+": operator.add, "-": operator.sub, "*": operator.mul}[sign](left, right)
    if whole:
        return found if -LONGEST <= found < LONGEST else None
    return found if abs(found) < float("inf") else None


@cache
def wildcard(text: str) -> re.Pattern[str]:
    """A pattern of `LIKE`: `*` is any run, `?` one character, and a backslash takes the next character as itself."""
    pattern, rest = "", iter(text)
    for c in rest:
        if c == "\\":
            pattern += re.escape(next(rest))
        else:
            pattern += {"*": ".*", "?": "."}.get(c, re.escape(c))
    return re.compile(pattern, re.DOTALL)


@cache
def lucene(text: str) -> re.Pattern[str]:
    """A regular expression of Lucene, which matches whole values. Its operators `~ & < > @ # "` are not known here.
    <https://www.elastic.co/docs/reference/query-languages/query-dsl/regexp-syntax>"""
    pattern, position, in_class = "", 0, False
    while position < len(text):
        c = text[position]
        if c == "\\":
            pattern += re.escape(text[position + 1])
            position += 2
            continue
        in_class = c == "[" or (in_class and c != "]")
        if not in_class and c in '~&<>@#"':
            raise Refused(f"Lucene's operator `{c}` in `{text}`")
        pattern += re.escape(c) if not in_class and c in "^$" else c
        position += 1
    return re.compile(pattern, re.DOTALL)
