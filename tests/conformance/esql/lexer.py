"""Tokens of ES|QL: <https://www.elastic.co/docs/reference/query-languages/esql/esql-syntax>."""
from __future__ import annotations

import re
from dataclasses import dataclass

from .values import Refused


@dataclass(frozen=True)
class Token:
    """A token: its kind (`name`, `text`, `number` or `sign`) and its value."""

    kind: str
    value: str
    quoted: bool = False
    """Of a name: whether a part of it stood in backticks, and so is no keyword."""


PART = r"(?:@?[A-Za-z_][A-Za-z0-9_]*|`(?:[^`]|``)+`)"
TOKENS = re.compile(
    rf"""
    (?P<blank>\s+|//[^\n]*\n?)
  | (?P<raw>\"\"\"(?:.|\n)*?\"\"\")
  | (?P<text>"(?:[^"\\\r\n]|\\["\\nrt])*")
  | (?P<number>\d+\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?)
  | (?P<name>{PART}(?:\.{PART})*)
  | (?P<sign>==|!=|<=|>=|[|,()<>=+\-*/])
    """,
    re.VERBOSE,
)
INDEX = re.compile(r"\s*(?:,\s*)?(?P<index>[A-Za-z0-9_.*-]+|\"[^\"]*\")")
ESCAPES = {'"': '"', "\\": "\\", "n": "\n", "r": "\r", "t": "\t"}


def tokens(text: str) -> list[Token]:
    """The tokens of a text."""
    found, position = [], 0
    while position < len(text):
        match = TOKENS.match(text, position)
        if match is None or not match.group():
            raise Refused(f"no token of ES|QL: `{text[position:position + 20]}`")
        position = match.end()
        if match.lastgroup != "blank":
            found.append(_token(str(match.lastgroup), match.group()))
    return found


def indices(text: str) -> tuple[list[str], str]:
    """The index patterns after `FROM`, and the rest of the text."""
    found: list[str] = []
    while match := INDEX.match(text):
        if found and "," not in text[: match.start("index")]:
            break
        found.append(match["index"].strip('"'))
        text = text[match.end() :]
    return found, text


def _token(kind: str, text: str) -> Token:
    match kind:
        case "raw":
            return Token("text", text[3:-3])
        case "text":
            return Token("text", re.sub(r"\\(.)", lambda escape: ESCAPES[escape[1]], text[1:-1]))
        case "name":
            parts = re.findall(PART, text)
            plain = [part[1:-1].replace("``", "`") if part[0] == "`" else part for part in parts]
            return Token("name", ".".join(plain), "`" in text)
    return Token(kind, text)
