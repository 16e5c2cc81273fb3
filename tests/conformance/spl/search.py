"""The base search: which events come in.

https://docs.splunk.com/Documentation/Splunk/9.4.0/SearchReference/Search
https://docs.splunk.com/Documentation/Splunk/9.4.0/Search/Wildcards
"""
from __future__ import annotations

import ipaddress
import random

from . import tree
from .values import Row, Single, Undocumented, number, several, text


def matches(node: tree.Base, row: Row, rng: random.Random) -> bool:
    """Whether an event comes in. Any value of a field may match; case is ignored; `*` is any run."""
    match node:
        case tree.Search(word=word, parts=parts):
            found = [matches(part, row, rng) for part in parts]
            return all(found) if word == "AND" else any(found)
        case tree.Term(field=field, value=value):
            pattern = checked(value)
            return any(is_like(text(one), pattern) for one in several(row.get(field)))
        case tree.Order(field=field, sign=sign, value=value):
            return any(in_order(one, sign, value, rng) for one in several(row.get(field)))


def checked(value: str) -> str:
    """The value, if it has only what the documentation is clear about."""
    inner = value[1:-1] if len(value) > 1 else ""
    if "*" in inner:
        raise Undocumented(f"a wildcard inside a value: {value!r}")
    if not value.isascii():
        raise Undocumented(f"case beyond ASCII in the base search: {value!r}")
    if "/" in value:
        try:
            ipaddress.ip_network(value, strict=False)
        except ValueError:
            return value
        raise Undocumented(f"{value!r} is looked for as a network")
    return value


def is_like(value: str, pattern: str) -> bool:
    """Whether the value is the pattern, in which `*` stands at the ends only."""
    if pattern == "*":
        return value != ""
    core, value = pattern.strip("*").lower(), value.lower()
    match (pattern.startswith("*"), pattern.endswith("*")):
        case (True, True):
            return core in value
        case (True, False):
            return value.endswith(core)
        case (False, True):
            return value.startswith(core)
    return value == core


def in_order(value: Single, sign: str, bound: float, rng: random.Random) -> bool:
    """A comparison with a number. A value that is no number is compared as text, with either result here."""
    found = number(value)
    if found is None:
        return rng.random() < 0.5
    return {"<": found < bound, "<=": found <= bound, ">": found > bound, ">=": found >= bound}[sign]
