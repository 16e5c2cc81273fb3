"""Values: null is `None`, several values are a list of at least two. A column has a type, by which its values are read."""
from __future__ import annotations

import datetime
import ipaddress
import struct
from typing import Any

Row = dict[str, Any]

LONGEST = 2**63
"""What a `long` stays below."""

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class Refused(Exception):
    """What the query says is unknown here, undocumented, or not allowed by its types."""


class Moment(int):
    """Milliseconds since 1970: a value of type `date`."""


def moment(text: str) -> Moment:
    """A moment from ISO 8601."""
    at = datetime.datetime.fromisoformat(text)
    return Moment((at - EPOCH) // datetime.timedelta(milliseconds=1))


def written(at: Moment) -> str:
    """A moment as Elasticsearch writes it."""
    whole, rest = divmod(int(at), 1000)
    return (EPOCH + datetime.timedelta(seconds=whole)).strftime("%Y-%m-%dT%H:%M:%S") + f".{rest:03}Z"


def address(text: str) -> Any:
    """An address; an IPv4 address that is mapped into IPv6 is the same as the IPv4 address."""
    found = ipaddress.ip_address(text)
    return getattr(found, "ipv4_mapped", None) or found


def _float(value: Any) -> float:
    return struct.unpack("f", struct.pack("f", float(value)))[0]


READERS: dict[str, Any] = {
    "long": int, "integer": int, "double": float, "float": _float, "boolean": bool, "ip": address, "date": moment,
    **dict.fromkeys(("keyword", "text", "match_only_text", "wildcard", "constant_keyword"), str),
}


def read(document: Any, mapping: dict[str, str]) -> Row:
    """A document as a row of the columns that the index maps."""
    return {name: _column(_values(document, name), kind) for name, kind in mapping.items()}


def _values(document: Any, name: str) -> list[Any]:
    found = [document]
    for part in name.split("."):
        inner = [d[part] for d in found if isinstance(d, dict) and part in d]
        found = [v for value in inner for v in (value if isinstance(value, list) else [value])]
    return [value for value in found if value is not None]


def _column(values: list[Any], kind: str) -> Any:
    if kind not in READERS:
        raise Refused(f"a column of type `{kind}`")
    return collapsed([value for value in (_value(value, kind) for value in values) if value is not None])


def _value(value: Any, kind: str) -> Any:
    """A value as the column holds it; none for what is no address, which a data stream of logs leaves out of the column:
    <https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/ignore-malformed>."""
    try:
        return READERS[kind](value)
    except ValueError:
        if kind == "ip":
            return None
        raise


def collapsed(values: list[Any]) -> Any:
    """Values as one: null, a single value, or a list."""
    return (values or [None])[0] if len(values) < 2 else values


def every(value: Any) -> list[Any]:
    """The values of a value: none of null."""
    return value if isinstance(value, list) else [] if value is None else [value]


def kind(value: Any) -> str:
    """The kind of a value, as far as it decides what it compares with."""
    match value:
        case bool():
            return "boolean"
        case Moment():
            return "date"
        case int() | float():
            return "number"
        case str():
            return "keyword"
    return "ip"


def text(value: Any) -> str:
    """A single value as an alert shows it."""
    match value:
        case bool():
            return "true" if value else "false"
        case Moment():
            return written(value)
    return str(value)
