"""A strategy as a value: what the generator makes, `det` prints and `meaning` evaluates.

Times and windows are milliseconds. A field's value in an event is a list of what JSON can hold; a missing field is not
there.
"""
from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Union

Row = dict[str, Any]


@dataclass(frozen=True)
class Event:
    """An event: its class, its time, its fields by ECS name."""

    kind: str
    time: int
    fields: Row


@dataclass(frozen=True)
class Given:
    """A value in a condition: written in place, or a parameter of this name."""

    type: str
    value: Any
    parameter: str | None = None


# ---- regular expressions


@dataclass(frozen=True)
class Char:
    """A character."""

    value: str


@dataclass(frozen=True)
class Dot:
    """Any character but a newline."""


@dataclass(frozen=True)
class Edge:
    """`^` or `$`"""

    sign: str


@dataclass(frozen=True)
class Set:
    """A class: `d`, `w`, `s`, or ranges of characters."""

    ranges: tuple[tuple[str, str], ...]
    negated: bool
    letter: str = ""


@dataclass(frozen=True)
class Concat:
    """One after the other."""

    parts: tuple["Regex", ...]


@dataclass(frozen=True)
class Either:
    """One of them."""

    parts: tuple["Regex", ...]


@dataclass(frozen=True)
class Repeat:
    """So many times; no `most` for any number."""

    part: "Regex"
    least: int
    most: int | None


Regex = Union[Char, Dot, Edge, Set, Concat, Either, Repeat]


# ---- globs


@dataclass(frozen=True)
class Glob:
    """Literal texts with `*` (Any) and `?` (One) between: a list of texts, `ANY` and `ONE`."""

    segments: tuple["str | Wild", ...]


@dataclass(frozen=True)
class Wild:
    """`*` or `?`"""

    sign: str


ANY, ONE = Wild("*"), Wild("?")


# ---- predicates


@dataclass(frozen=True)
class Exists:
    """`exists f`, or `missing f`"""

    field: str
    missing: bool = False


@dataclass(frozen=True)
class TextTest:
    """`f op texts`: `==`, `!=`, `in`, `contains`, `startswith`, `endswith`, `like`."""

    field: str
    op: str
    given: Given
    cased: bool = False


@dataclass(frozen=True)
class Matches:
    """`f matches regexes`"""

    field: str
    given: Given
    nocase: bool = False


@dataclass(frozen=True)
class ValueTest:
    """A number, bool, time or duration against a constant: `== != < <= > >= in`."""

    field: str
    op: str
    given: Given


@dataclass(frozen=True)
class AddressTest:
    """An address against addresses or networks: `==`, `!=`, `in`."""

    field: str
    op: str
    given: Given


@dataclass(frozen=True)
class Leaf:
    """A field or an aggregate in arithmetic."""

    name: str


@dataclass(frozen=True)
class Constant:
    """A constant in arithmetic, of a type."""

    type: str
    value: int | float


@dataclass(frozen=True)
class Binary:
    """`+ - * /`"""

    left: "Expr"
    op: str
    right: "Expr"


Expr = Union[Leaf, Constant, Binary]


@dataclass(frozen=True)
class Compare:
    """Two expressions of fields (or aggregates) compared; `cased` for texts."""

    left: Expr
    op: str
    right: Expr
    cased: bool = False


@dataclass(frozen=True)
class Not:
    """`not`"""

    inner: "Pred"


@dataclass(frozen=True)
class And:
    """`and`"""

    parts: tuple["Pred", ...]


@dataclass(frozen=True)
class Or:
    """`or`"""

    parts: tuple["Pred", ...]


Atom = Union[Exists, TextTest, Matches, ValueTest, AddressTest, Compare]
Pred = Union[Atom, Not, And, Or]


# ---- patterns


@dataclass(frozen=True)
class Name:
    """An event's name in a program: its class, or another name that it narrows, and a condition."""

    name: str
    base: str
    where: Pred | None


@dataclass(frozen=True)
class Column:
    """A field of a named event, or an aggregate's name."""

    event: str
    field: str


@dataclass(frozen=True)
class Key:
    """What must be equal: a column of each operand."""

    columns: tuple[Column, ...]


@dataclass(frozen=True)
class One:
    """The events of a name."""

    name: str


@dataclass(frozen=True)
class Join:
    """`then` or `with`"""

    word: str
    operands: tuple["Pattern", ...]
    within: int
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class Without:
    """`not followed by` or `not preceded by`"""

    word: str
    kept: "Pattern"
    absent: "Pattern"
    within: int
    keys: tuple[Key, ...]


@dataclass(frozen=True)
class Aggregate:
    """`count()`, `distinct(f)`, `sum(f)`, `min(f)`, `max(f)`, `avg(f)`, under a name"""

    name: str
    function: str
    field: str | None


@dataclass(frozen=True)
class Grouped:
    """`e grouped by K over W having C`; leaves of the condition are names of the aggregates."""

    event: str
    keys: tuple[str, ...]
    over: int
    having: Pred
    aggregates: tuple[Aggregate, ...]
    shown: tuple[str, ...] = ()


Pattern = Union[One, Join, Without, Grouped]


@dataclass(frozen=True)
class Parameter:
    """A tunable with its value."""

    name: str
    type: str
    value: Any


@dataclass(frozen=True)
class Program:
    """A strategy of one detection."""

    names: tuple[Name, ...]
    pattern: Pattern
    entity: tuple[Column, ...]
    parameters: tuple[Parameter, ...] = ()

    def named(self, name: str) -> Name:
        """The declaration of an event's name."""
        return next(one for one in self.names if one.name == name)

    def kind(self, name: str) -> str:
        """The class of an event's name."""
        base = self.named(name).base
        return self.kind(base) if any(one.name == base for one in self.names) else base


def operands(pattern: Pattern) -> tuple[Pattern, ...]:
    """The operands of an operator."""
    match pattern:
        case Join(operands=found):
            return found
        case Without(kept=kept, absent=absent):
            return (kept, absent)
    return ()


def row_names(pattern: Pattern) -> list[str]:
    """The names that the rows of a pattern bind."""
    match pattern:
        case One(name=name) | Grouped(event=name):
            return [name]
        case Without(kept=kept):
            return row_names(kept)
        case Join(operands=parts):
            return [name for part in parts for name in row_names(part)]


def all_names(pattern: Pattern) -> list[str]:
    """All names in a pattern, those that must be absent too."""
    match pattern:
        case One(name=name) | Grouped(event=name):
            return [name]
    return [name for part in operands(pattern) for name in all_names(part)]


def atoms(pred: Pred | None) -> Iterator[Atom]:
    """The tests of a condition."""
    match pred:
        case None:
            return
        case Not(inner=inner):
            yield from atoms(inner)
        case And(parts=parts) | Or(parts=parts):
            for part in parts:
                yield from atoms(part)
        case _:
            yield pred


def leaves(expr: Expr) -> Iterator[str]:
    """The fields in an expression."""
    match expr:
        case Leaf(name=name):
            yield name
        case Binary(left=left, right=right):
            yield from leaves(left)
            yield from leaves(right)


def windows(pattern: Pattern) -> list[int]:
    """All windows of a pattern."""
    own = {Join: "within", Without: "within", Grouped: "over"}.get(type(pattern))
    found = [getattr(pattern, own)] if own else []
    return found + [window for part in operands(pattern) for window in windows(part)]
