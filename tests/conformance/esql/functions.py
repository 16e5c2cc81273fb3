"""Functions: <https://www.elastic.co/docs/reference/query-languages/esql/esql-functions-operators>. Nulls and several values do
not reach those of one value: they are null then, as the documentation says."""
from __future__ import annotations

import ipaddress
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .values import LONGEST, Moment, Refused, address, collapsed, every, kind, moment

MANY = 100_000


@dataclass(frozen=True)
class Function:
    """A function, and how many arguments it takes."""

    call: Callable[..., Any]
    arguments: tuple[int, int]
    raw: bool = False
    """Whether it takes nulls and several values as they are."""


def to_long(value: Any) -> Any:
    """A moment's milliseconds, or a whole number."""
    if kind(value) not in ("date", "number") or isinstance(value, float):
        raise Refused(f"TO_LONG of {value!r}")
    return int(value)


def to_double(value: Any) -> Any:
    if kind(value) != "number":
        raise Refused(f"TO_DOUBLE of {value!r}")
    return float(value)


def to_lower(value: Any) -> Any:
    if kind(value) != "keyword":
        raise Refused(f"TO_LOWER of {value!r}")
    return value.lower()


def cidr_match(value: Any, *networks: str) -> bool:
    if kind(value) != "ip":
        raise Refused(f"CIDR_MATCH of {value!r}")
    blocks = [ipaddress.ip_network(network) for network in networks]
    return any(value in block for block in blocks if block.version == value.version)


def mv_contains(superset: Any, subset: Any) -> bool:
    return all(value in every(superset) for value in every(subset))


def coalesce(*values: Any) -> Any:
    return next((value for value in values if value is not None), None)


def mv_count(value: Any) -> Any:
    return len(every(value)) or None


SCALARS = {
    "TO_LONG": Function(to_long, (1, 1)),
    "TO_DOUBLE": Function(to_double, (1, 1)),
    "TO_LOWER": Function(to_lower, (1, 1)),
    "TO_DATETIME": Function(moment, (1, 1)),
    "CIDR_MATCH": Function(cidr_match, (2, MANY)),
    "MV_CONTAINS": Function(mv_contains, (2, 2), raw=True),
    "MV_COUNT": Function(mv_count, (1, 1), raw=True),
    "COALESCE": Function(coalesce, (1, MANY), raw=True),
    "NOW": Function(lambda: None, (0, 0)),
}


def total(values: list[Any]) -> Any:
    """Whole numbers stay whole; a sum that is too large is null."""
    numbers(values)
    if any(isinstance(value, float) for value in values):
        return math.fsum(values)
    found = sum(values)
    return found if -LONGEST <= found < LONGEST else None


def numbers(values: list[Any]) -> None:
    if any(kind(value) != "number" for value in values):
        raise Refused("a sum of what are no numbers")


def average(values: list[Any]) -> Any:
    numbers(values)
    return math.fsum(values) / len(values)


def ordered(values: list[Any]) -> None:
    if {kind(value) for value in values} - {"number"} and {kind(value) for value in values} - {"date"}:
        raise Refused("an extremum of neither numbers nor moments")


def least(values: list[Any]) -> Any:
    ordered(values)
    return min(values)


def greatest(values: list[Any]) -> Any:
    ordered(values)
    return max(values)


AGGREGATES = {
    "COUNT": Function(len, (0, 0)),
    "SUM": Function(total, (1, 1)),
    "AVG": Function(average, (1, 1)),
    "MIN": Function(least, (1, 1)),
    "MAX": Function(greatest, (1, 1)),
    "VALUES": Function(lambda values: collapsed(list(dict.fromkeys(values))), (1, 1)),
}
"""Of the values that are there; of none they are null, but for `COUNT(*)`, which counts rows."""

__all__ = ["AGGREGATES", "SCALARS", "Function", "Moment", "address"]
