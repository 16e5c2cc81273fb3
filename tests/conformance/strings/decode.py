"""From what stands in a rule back to the text or glob that was meant: the inverse of each product's notation.

A reading is a tuple of segments: texts, `ANY` and `ONE`, without `ANY` at its ends, since an open end may be said by
another operator.
"""
from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from programs.model import ANY, ONE, Wild

Segments = tuple["str | Wild", ...]

ANCHOR = re.compile(r"\\A|\\z|\^|\$|\(\?[is]+\)")
ESCAPE = re.compile(r"\\x([0-9A-Fa-f]{2})|\\x\{([0-9A-Fa-f]+)\}|\\n|\\r|\\t|\\(.)", re.S)


def normal(segments: list["str | Wild"]) -> Segments:
    """Texts joined, `?` before `*`, open ends cut off."""
    out: list[str | Wild] = []
    for one in segments:
        last = out[-1] if out else None
        if one == "" or (one == ANY and last == ANY):
            continue
        if isinstance(one, str) and isinstance(last, str):
            out[-1] = last + one
        elif one == ONE and last == ANY:
            out[-1:] = [ONE, ANY]
        else:
            out.append(one)
    while out and out[0] == ANY:
        out.pop(0)
    while out and out[-1] == ANY:
        out.pop()
    return tuple(out)


def readings(literal: tuple[str, Any]) -> Iterator[Segments]:
    """What a literal may mean: the text itself, a text with wildcards, the alternatives of a regular expression."""
    kind, value = literal
    if kind == "wild":
        yield normal([part if isinstance(part, str) else (ANY if part == [1] else ONE) for part in value])
    if kind == "text":
        yield normal([value])
        yield normal([{"*": ANY, "?": ONE}.get(c, c) for c in value])
        for alternative in alternatives(value):
            found = regex_segments(alternative)
            if found is not None:
                yield found


def alternatives(pattern: str) -> list[str]:
    """The alternatives of a regular expression at its top, or in its one group."""
    pattern = re.sub(r"^\(\?[is]+\)", "", pattern)
    grouped = re.fullmatch(r"(\\A|\^)?\(\?:(.*)\)(\\z|\$)?", pattern, re.S)
    if grouped:
        pattern = grouped[2]
    parts, depth, at = [""], 0, 0
    while at < len(pattern):
        piece = pattern[at : at + 2] if pattern[at] == "\\" else pattern[at]
        depth += (piece == "(") - (piece == ")")
        if piece == "|" and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
        at += len(piece)
    return parts


def regex_segments(pattern: str) -> Segments | None:
    """A regular expression that is only texts and wildcards; None for any other."""
    out: list[str | Wild] = []
    at = 0
    while at < len(pattern):
        escape, anchor = ESCAPE.match(pattern, at), ANCHOR.match(pattern, at)
        if anchor:
            at = anchor.end()
        elif escape:
            out.append(escaped(escape))
            at = escape.end()
        elif pattern.startswith(".*", at):
            out.append(ANY)
            at += 2
        elif pattern[at] == ".":
            out.append(ONE)
            at += 1
        elif pattern[at] in "*+?()[]{}|":
            return None
        else:
            out.append(pattern[at])
            at += 1
    return normal(out)


def escaped(match: re.Match[str]) -> str:
    """The character that an escape means."""
    code = match[1] or match[2]
    if code:
        return chr(int(code, 16))
    return {"\\n": "\n", "\\r": "\r", "\\t": "\t"}.get(match[0]) or match[3]
