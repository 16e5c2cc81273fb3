"""Regular expressions of PCRE, as far as detc and the profiles write them, read into Python's.

https://docs.splunk.com/Documentation/Splunk/9.4.0/Search/SPLandregularexpressions
"""
from __future__ import annotations

import functools
import re

from .values import Unknown

ESCAPE = re.compile(r"\\(x\{(?P<long>[0-9A-Fa-f]+)\}|x(?P<short>[0-9A-Fa-f]{2})|(?P<one>.))", re.S)


def translated(match: re.Match[str]) -> str:
    """One escape. `\\z` is the very end in PCRE, which Python calls `\\Z`."""
    code = match["long"] or match["short"]
    if code:
        return f"\\U{int(code, 16):08X}"
    one = match["one"]
    if one == "z":
        return r"\Z"
    if one in "AdDsSwW123456789" or not (one.isalnum() or one == "_"):
        return "\\" + one
    raise Unknown(f"`\\{one}` in a regular expression")


@functools.lru_cache(maxsize=4096)
def pcre(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled. `$` is the end, or the place before a last line break, in both."""
    classes = re.search(r"\\[dDsSwW]", pattern)
    if classes and "(?i" in pattern:
        raise Unknown("classes beside letters without case: what is a letter differs")
    try:
        return re.compile(ESCAPE.sub(translated, pattern), re.ASCII if classes else re.NOFLAG)
    except re.error as error:
        raise Unknown(f"the regular expression `{pattern}`: {error}") from error
