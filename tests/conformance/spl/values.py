"""Values of SPL: nothing, text, numbers, and several of these in one field."""
from __future__ import annotations

import re
from typing import Union

Single = Union[str, int, float]
Value = Union[None, Single, "list[Single]"]
Row = dict[str, Value]


class Refused(Exception):
    """The evaluator will not run this."""


class Unknown(Refused):
    """A command, function, option or spelling that is not in the subset."""


class Undocumented(Refused):
    """The result would depend on what Splunk's documentation does not say."""


DECIMAL = re.compile(r"-?\d+(\.\d+)?\Z", re.ASCII)
LIKE_A_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*\Z|\s*0x[0-9a-f]+\s*\Z|[-+]?(inf|infinity|nan)\Z", re.I)


def several(value: Value) -> list[Single]:
    """All values of a field."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def packed(values: list[Single]) -> Value:
    """A field with these values; none is null, one stands alone."""
    if not values:
        return None
    return values[0] if len(values) == 1 else values


def number(value: Value) -> int | float | None:
    """The number that a value is or is written as; None for none."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, list):
        raise Undocumented(f"several values as a number: {value!r}")
    if DECIMAL.match(value):
        return float(value) if "." in value else int(value)
    if LIKE_A_NUMBER.match(value):
        raise Undocumented(f"whether {value!r} is a number")
    return None


def text(value: Single) -> str:
    """How a value is written. The documentation does not say how many digits of a fraction are."""
    if isinstance(value, str):
        return value
    if float(value) == int(value):
        if abs(value) > 2**53:
            raise Undocumented(f"the text of a number beyond 2^53: {value!r}")
        return str(int(value))
    written = repr(float(value))
    if "e" in written or len(written.lstrip("-").replace(".", "")) > 15:
        raise Undocumented(f"the digits of {value!r}")
    return written


def single(value: Value, what: str) -> Single:
    """The one value of an argument that is not null."""
    if isinstance(value, list):
        raise Undocumented(f"{what} of several values")
    assert value is not None
    return value
