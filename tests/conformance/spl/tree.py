"""The tree of a search."""
from __future__ import annotations

from dataclasses import dataclass
from typing import Union


@dataclass(frozen=True)
class Text:
    """A quoted text."""

    value: str


@dataclass(frozen=True)
class Number:
    """A number."""

    value: int | float


@dataclass(frozen=True)
class Field:
    """A field's name."""

    name: str


@dataclass(frozen=True)
class Call:
    """A function call."""

    name: str
    arguments: tuple["Expr", ...]


@dataclass(frozen=True)
class Not:
    """`NOT`"""

    inner: "Expr"


@dataclass(frozen=True)
class Logic:
    """`AND` or `OR` of at least two."""

    word: str
    parts: tuple["Expr", ...]


@dataclass(frozen=True)
class Compare:
    """A comparison: `=`, `!=`, `<`, `<=`, `>`, `>=`."""

    left: "Expr"
    sign: str
    right: "Expr"


@dataclass(frozen=True)
class Arithmetic:
    """`+ - * /`, or `.` for text."""

    left: "Expr"
    sign: str
    right: "Expr"


Expr = Union[Text, Number, Field, Call, Not, Logic, Compare, Arithmetic]


# ---- base search


@dataclass(frozen=True)
class Term:
    """`field=value`: the text with its wildcards."""

    field: str
    value: str


@dataclass(frozen=True)
class Order:
    """`field>number`"""

    field: str
    sign: str
    value: float


@dataclass(frozen=True)
class Search:
    """`AND` or `OR` of terms; one part for a parenthesis."""

    word: str
    parts: tuple["Base", ...]


Base = Union[Term, Order, Search]


# ---- commands


@dataclass(frozen=True)
class Eval:
    """`eval`"""

    assignments: tuple[tuple[str, Expr], ...]


@dataclass(frozen=True)
class Where:
    """`where`"""

    condition: Expr


@dataclass(frozen=True)
class Fields:
    """`fields`, or `fields -`"""

    names: tuple[str, ...]
    remove: bool


@dataclass(frozen=True)
class Sort:
    """`sort 0`: names, and whether the greatest come first."""

    keys: tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class Aggregate:
    """`function(field) as name`; no field for `count`."""

    function: str
    field: str | None
    name: str


@dataclass(frozen=True)
class Stats:
    """`stats`, `eventstats` or `streamstats window=0`"""

    command: str
    aggregates: tuple[Aggregate, ...]
    by: tuple[str, ...]


@dataclass(frozen=True)
class Mvexpand:
    """`mvexpand`"""

    field: str


@dataclass(frozen=True)
class Rename:
    """`rename`: from, to."""

    pairs: tuple[tuple[str, str], ...]


Command = Union[Eval, Where, Fields, Sort, Stats, Mvexpand, Rename]


@dataclass(frozen=True)
class Query:
    """A base search and the commands after it."""

    base: Base
    commands: tuple[Command, ...]
