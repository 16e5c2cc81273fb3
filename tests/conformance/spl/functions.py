"""The functions of `eval` that are known, each with the page that describes it.

A function gets values that are not null, unless its page says what null does. What a page leaves open (a list where one
value is meant, half a unit in `round`) is refused.
"""
from __future__ import annotations

import datetime
import ipaddress
import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from .pcre import pcre
from .values import Undocumented, Unknown, Value, number, packed, several, single, text

PAGES = "https://docs.splunk.com/Documentation/Splunk/9.4.0/SearchReference/"
MULTIVALUE = PAGES + "MultivalueEvalFunctions"
CONDITIONAL = PAGES + "ConditionalFunctions"
CONVERSION = PAGES + "ConversionFunctions"
TIMES = PAGES + "DateandTimeFunctions"
INFORMATIONAL = PAGES + "InformationalFunctions"
MATHEMATICAL = PAGES + "MathematicalFunctions"
STATISTICAL = PAGES + "StatisticalFunctions"
TEXTS = PAGES + "TextFunctions"


@dataclass(frozen=True)
class Function:
    """A function: how many arguments it takes, where it is described, and what it does.

    Without `apply` the evaluator itself does it, since the arguments are not all looked at (`case`, `mvfilter`, …).
    """

    least: int
    most: int
    page: str
    apply: Callable[..., Value] | None = None
    takes_null: bool = False
    pairs: bool = False

    def takes(self, count: int) -> bool:
        """Whether it may be called with so many arguments."""
        return self.least <= count <= self.most and not (self.pairs and count % 2)


def numeric(value: Value, what: str) -> int | float:
    """The argument as a number."""
    found = number(single(value, what))
    if found is None:
        raise Undocumented(f"{what} of the text {value!r}")
    return found


def cidrmatch(network: Value, address: Value) -> Value:
    """Whether the address lies in the network, IPv4 or IPv6; null for what is no address, which is nowhere described."""
    try:
        inside = ipaddress.ip_network(str(single(network, "cidrmatch")), strict=False)
    except ValueError as error:
        raise Unknown(f"cidrmatch: {error}") from error
    try:
        return ipaddress.ip_address(str(single(address, "cidrmatch"))) in inside
    except ValueError:
        return None


def rounded(value: Value, digits: Value = 0) -> Value:
    """To the nearest; which way a half goes is not said."""
    exact, places = numeric(value, "round"), int(numeric(digits, "round"))
    scaled = exact * 10**places
    if abs(scaled - math.floor(scaled) - 0.5) < 1e-6:
        raise Undocumented(f"round of the half {exact!r}")
    whole = math.floor(scaled + 0.5)
    return whole if places == 0 else whole / 10**places


def mvindex(values: Value, start: Value, end: Value = None) -> Value:
    """The value at a place, or those from one place to another; negative places count from the end."""
    if values is None or start is None:
        return None
    found, first = several(values), int(numeric(start, "mvindex"))
    if end is None:
        return found[first] if -len(found) <= first < len(found) else None
    last = int(numeric(end, "mvindex"))
    first, last = (place + len(found) if place < 0 else place for place in (first, last))
    return packed(found[first : last + 1])


def mvfind(values: Value, pattern: Value) -> Value:
    """The place of the first value in which the pattern is found; null if there is none."""
    found = pcre(str(single(pattern, "mvfind")))
    places = (i for i, value in enumerate(several(values)) if found.search(text(value)))
    return next(places, None)


def substr(value: Value, start: Value, length: Value = None) -> Value:
    """From a place, counted from 1, so many characters."""
    whole, first = text(single(value, "substr")), int(numeric(start, "substr"))
    if first < 1:
        raise Undocumented(f"substr from {first}")
    end = None if length is None else first - 1 + int(numeric(length, "substr"))
    return whole[first - 1 : end]


def split(value: Value, separator: Value) -> Value:
    """The pieces between the separators."""
    return packed(list(text(single(value, "split")).split(str(single(separator, "split")))))


def strftime(value: Value, form: Value) -> Value:
    """The moment, in seconds since 1970, in the one form that is known."""
    if form != "%Y-%m-%dT%H:%M:%S.%3Q%z":
        raise Unknown(f"strftime with {form!r}")
    moment = datetime.datetime.fromtimestamp(0, datetime.UTC)
    moment += datetime.timedelta(milliseconds=round(numeric(value, "strftime") * 1000))
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03}+0000"


def strptime(value: Value, form: Value) -> Value:
    """The moment that a text in one of the known forms names; null if it has another form."""
    forms = {"%Y-%m-%dT%H:%M:%S.%Q%Z": "%Y-%m-%dT%H:%M:%S.%f%z", "%Y-%m-%dT%H:%M:%S%Z": "%Y-%m-%dT%H:%M:%S%z"}
    if form not in forms:
        raise Unknown(f"strptime with {form!r}")
    try:
        return datetime.datetime.strptime(text(single(value, "strptime")), forms[str(form)]).timestamp()
    except ValueError:
        return None


def extreme(choose: Callable[..., float]) -> Callable[..., Value]:
    """`max` and `min` of numbers. Beside text, text counts as greater, which nothing here leans on."""
    return lambda *values: choose(numeric(value, "max or min") for value in values)


def like(value: Value, pattern: Value) -> Value:
    """Whether the text is of the form: `%` any run, `_` one character."""
    form = str(single(pattern, "like"))
    if "\\" in form:
        raise Undocumented("a backslash in the pattern of like")
    parts = ("(?s:.*)" if c == "%" else "(?s:.)" if c == "_" else f"\\x{ord(c):02X}" if ord(c) < 128 else c for c in form)
    return pcre("\\A" + "".join(parts) + "\\z").search(text(single(value, "like"))) is not None


def replace(value: Value, pattern: Value, new: Value) -> Value:
    """Every match of the pattern made into the new text, which "can also reference groups that are matched in the regex"
    (`\\1`); a group that took no part is empty."""
    put = str(single(new, "replace"))
    if re.search(r"\\(?![1-9])", put):
        raise Unknown("a backslash in the new text of replace that is no group")

    def new_text(match: re.Match[str]) -> str:
        return re.sub(r"\\([1-9])", lambda group: match[int(group[1])] or "", put)

    return pcre(str(single(pattern, "replace"))).sub(new_text, text(single(value, "replace")))


def match(value: Value, pattern: Value) -> Value:
    """Whether the pattern is found anywhere in the text."""
    return pcre(str(single(pattern, "match"))).search(text(single(value, "match"))) is not None


def lower(value: Value) -> Value:
    """In small letters."""
    return text(single(value, "lower")).lower()


EAGER: dict[str, tuple[int, int, str, Callable[..., Value]]] = {
    "ceiling": (1, 1, MATHEMATICAL, lambda x: math.ceil(numeric(x, "ceiling"))),
    "cidrmatch": (2, 2, CONDITIONAL, cidrmatch),
    "floor": (1, 1, MATHEMATICAL, lambda x: math.floor(numeric(x, "floor"))),
    "len": (1, 1, TEXTS, lambda x: len(text(single(x, "len")))),
    "like": (2, 2, CONDITIONAL, like),
    "lower": (1, 1, TEXTS, lower),
    "match": (2, 2, CONDITIONAL, match),
    "max": (1, 99, STATISTICAL, extreme(max)),
    "min": (1, 99, STATISTICAL, extreme(min)),
    "mvdedup": (1, 1, MULTIVALUE, lambda x: packed(list(dict.fromkeys(several(x))))),
    "mvjoin": (2, 2, MULTIVALUE, lambda x, by: str(single(by, "mvjoin")).join(text(v) for v in several(x))),
    "now": (0, 0, TIMES, lambda: 0),
    "pow": (2, 2, MATHEMATICAL, lambda x, y: float(numeric(x, "pow")) ** numeric(y, "pow")),
    "replace": (3, 3, TEXTS, replace),
    "round": (1, 2, MATHEMATICAL, rounded),
    "split": (2, 2, MULTIVALUE, split),
    "strftime": (2, 2, TIMES, strftime),
    "strptime": (2, 2, TIMES, strptime),
    "substr": (2, 3, TEXTS, substr),
    "tonumber": (1, 1, CONVERSION, lambda x: number(single(x, "tonumber"))),
    "tostring": (1, 1, CONVERSION, lambda x: text(single(x, "tostring"))),
    "trim": (1, 2, TEXTS, lambda x, chars=" \t": text(single(x, "trim")).strip(str(chars))),
}

FUNCTIONS: dict[str, Function] = {
    **{name: Function(least, most, page, apply) for name, (least, most, page, apply) in EAGER.items()},
    # "mvcount … If the field has no values, this function returns NULL."
    "mvcount": Function(1, 1, MULTIVALUE, lambda x: len(several(x)) or None, takes_null=True),
    "mvfind": Function(2, 2, MULTIVALUE, mvfind, takes_null=True),
    "mvindex": Function(2, 3, MULTIVALUE, mvindex, takes_null=True),
    # "takes one or more values and returns the first value that is not NULL"
    "coalesce": Function(1, 99, CONDITIONAL, lambda *v: next((x for x in v if x is not None), None), takes_null=True),
    "isnotnull": Function(1, 1, INFORMATIONAL, lambda x: x is not None, takes_null=True),
    "isnull": Function(1, 1, INFORMATIONAL, lambda x: x is None, takes_null=True),
    # Pairs of a condition and a value: the value of the first condition that is true; null if none is.
    "case": Function(2, 999, CONDITIONAL, pairs=True),
    "if": Function(3, 3, CONDITIONAL),
    "in": Function(2, 99_999, CONDITIONAL),
    "mvfilter": Function(1, 1, MULTIVALUE),
    "mvmap": Function(2, 2, MULTIVALUE),
    "true": Function(0, 0, CONDITIONAL, lambda: True),
}
