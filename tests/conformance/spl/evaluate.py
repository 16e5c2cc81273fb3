"""Expressions over one row, under one of three readings of null.

Splunk says little of null in conditions. A search must mean the same under each of these:

| reading | comparison with null | `AND`, `OR`, `NOT` |
| --- | --- | --- |
| THREE_VALUED | null | as in SQL: `null AND false` is false |
| FALSE | false | two-valued, so its `NOT` is true |
| CONTAGIOUS | null | null with any null part |
"""
from __future__ import annotations

import enum

from . import tree
from .functions import FUNCTIONS
from .values import LIKE_A_NUMBER, Row, Undocumented, Unknown, Value, number, packed, several, single, text


class Reading(enum.Enum):
    """What null does in a condition."""

    THREE_VALUED = enum.auto()
    FALSE = enum.auto()
    CONTAGIOUS = enum.auto()


class Evaluator:
    """Evaluates expressions; `now` is the time of the run in seconds since 1970."""

    def __init__(self, reading: Reading, now: float) -> None:
        self.reading, self.now = reading, now

    def value(self, node: tree.Expr, row: Row) -> Value:
        """The value of an expression. Conditions give True, False or None."""
        match node:
            case tree.Text(value=value) | tree.Number(value=value):
                return value
            case tree.Field(name=name):
                return row.get(name)
            case tree.Not(inner=inner):
                found = self.condition(inner, row)
                return None if found is None else not found
            case tree.Logic():
                return self.logic(node, row)
            case tree.Compare():
                return self.compare(self.value(node.left, row), node.sign, self.value(node.right, row))
            case tree.Arithmetic():
                return arithmetic(self.value(node.left, row), node.sign, self.value(node.right, row))
            case tree.Call():
                return self.call(node, row)

    def condition(self, node: tree.Expr, row: Row) -> bool | None:
        """The truth of an expression; a value that is no truth is refused."""
        found = self.value(node, row)
        if found is not None and not isinstance(found, bool):
            raise Undocumented(f"{found!r} as a condition")
        return found

    def logic(self, node: tree.Logic, row: Row) -> bool | None:
        """`AND`, `OR`."""
        parts = [self.condition(part, row) for part in node.parts]
        if self.reading is Reading.CONTAGIOUS and None in parts:
            return None
        decisive = node.word == "OR"
        if decisive in parts:
            return decisive
        return None if None in parts else not decisive

    def compare(self, left: Value, sign: str, right: Value) -> bool | None:
        """A comparison: of numbers if both sides are numbers, else of texts, of which only equality is used."""
        if left is None or right is None:
            return False if self.reading is Reading.FALSE else None
        if isinstance(left, list) or isinstance(right, list):
            raise Undocumented(f"a comparison of several values: {left!r} {sign} {right!r}")
        if sign in ("=", "!="):
            return equal(left, right) == (sign == "=")
        x, y = number(left), number(right)
        if x is None or y is None:
            if x is None and y is None or isinstance(left, str) and isinstance(right, str):
                raise Undocumented(f"the order of texts: {left!r} {sign} {right!r}")
            raise Undocumented(f"the order of a text and a number: {left!r} {sign} {right!r}")
        return {"<": x < y, "<=": x <= y, ">": x > y, ">=": x >= y}[sign]

    def call(self, node: tree.Call, row: Row) -> Value:
        """A function call."""
        function, arguments = FUNCTIONS[node.name], node.arguments
        match node.name:
            case "case":
                return self.case(arguments, row)
            case "if":
                condition, then, otherwise = arguments
                return self.case((condition, then, tree.Call("true", ()), otherwise), row)
            case "mvfilter":
                return self.each(arguments[0], arguments[0], row, keep=True)
            case "mvmap":
                return self.each(arguments[0], arguments[1], row, keep=False)
            case "in":
                return self.is_in(arguments, row)
            case "now":
                return self.now
        values = [self.value(argument, row) for argument in arguments]
        if any(isinstance(value, bool) for value in values) and node.name not in ("isnull", "isnotnull"):
            raise Undocumented(f"{node.name} of a condition")
        if None in values and not function.takes_null:
            is_test = node.name in ("cidrmatch", "like", "match")
            return False if is_test and self.reading is Reading.FALSE else None
        assert function.apply
        found = function.apply(*values)
        return False if found is None and node.name == "cidrmatch" and self.reading is Reading.FALSE else found

    def case(self, arguments: tuple[tree.Expr, ...], row: Row) -> Value:
        """The value of the first condition that is true."""
        for condition, value in zip(arguments[::2], arguments[1::2]):
            if self.condition(condition, row) is True:
                return self.value(value, row)
        return None

    def is_in(self, arguments: tuple[tree.Expr, ...], row: Row) -> bool | None:
        """Whether the first is one of the others."""
        first, *others = (self.value(argument, row) for argument in arguments)
        found = [self.compare(first, "=", other) for other in others]
        return True if True in found else None if None in found else False

    def each(self, over: tree.Expr, body: tree.Expr, row: Row, keep: bool) -> Value:
        """`mvfilter`, `mvmap`: the body for each value of the one field that it names."""
        names = fields(over)
        if len(names) != 1 or (not keep and (not isinstance(over, tree.Field) or not fields(body) <= names)):
            raise Unknown("mvfilter and mvmap are about one field")
        name, out = names.pop(), []
        for value in several(row.get(name)):
            one: Row = {**row, name: value}
            if keep and self.condition(body, one) is True:
                out.append(value)
            if not keep:
                out.extend(several(self.value(body, one)))
        return packed(out)


def equal(left: str | int | float, right: str | int | float) -> bool:
    """Equality. Two texts that are equal as numbers and not as texts may be either to Splunk."""
    if isinstance(left, str) and isinstance(right, str):
        if left != right and LIKE_A_NUMBER.match(left) and LIKE_A_NUMBER.match(right) and number(left) == number(right):
            raise Undocumented(f"whether {left!r} equals {right!r}")
        return left == right
    x, y = number(left), number(right)
    if x is None or y is None:
        return text(left) == text(right)
    return x == y


def arithmetic(left: Value, sign: str, right: Value) -> Value:
    """`.` joins texts; the others take numbers. With null the result is null."""
    if left is None or right is None:
        return None
    a, b = single(left, sign), single(right, sign)
    if sign == ".":
        return text(a) + text(b)
    x, y = number(a), number(b)
    if x is None or y is None:
        raise Undocumented(f"arithmetic with text: {left!r} {sign} {right!r}")
    if sign == "/":
        if y == 0:
            raise Undocumented("division by zero")
        return x / y
    found = {"+": lambda: x + y, "-": lambda: x - y, "*": lambda: x * y}[sign]()
    return float(found) if isinstance(found, int) and abs(found) > 2**53 else found


def fields(node: tree.Expr) -> set[str]:
    """The fields an expression reads."""
    match node:
        case tree.Field(name=name):
            return {name}
        case tree.Not(inner=inner):
            return fields(inner)
        case tree.Logic(parts=parts) | tree.Call(arguments=parts):
            return set().union(*map(fields, parts))
        case tree.Compare(left=left, right=right) | tree.Arithmetic(left=left, right=right):
            return fields(left) | fields(right)
    return set()
