"""Text to pieces: comments, macros, the pipeline, and the words of a command.

https://docs.splunk.com/Documentation/Splunk/9.4.0/Search/Comments
https://docs.splunk.com/Documentation/Splunk/9.4.0/Knowledge/Usesearchmacros
"""
from __future__ import annotations

import re
from dataclasses import dataclass

from .values import Unknown

WORD = re.compile(
    r"""\s*(?:
      (?P<number>\d+(?:\.\d+)?)(?![\w.])
    | (?P<text>"(?:\\.|[^"\\])*")
    | (?P<quoted>'[^']*')
    | (?P<word>[A-Za-z_][\w.{}]*)
    | (?P<sign>==|!=|<=|>=|[-+*/.(),=<>])
    )""",
    re.X | re.S | re.ASCII,
)
# In `eval`, a dot joins texts and does not belong to a name.
EVAL_WORD = re.compile(WORD.pattern.replace(r"[\w.{}]*", r"\w*"), re.X | re.S | re.ASCII)


@dataclass(frozen=True)
class Token:
    """A word of a command: `kind` is number, text, quoted, word, sign or end."""

    kind: str
    value: str


def tokens(source: str, in_eval: bool) -> list[Token]:
    """The words of a command's arguments."""
    pattern, found, at = EVAL_WORD if in_eval else WORD, [], 0
    while source[at:].strip():
        match = pattern.match(source, at)
        if not match:
            raise Unknown(f"cannot read `{source[at:at + 40].strip()}`")
        kind = match.lastgroup
        assert kind
        found.append(Token(kind, match.group(kind)))
        at = match.end()
    return [*found, Token("end", "")]


def unquoted(literal: str) -> str:
    r"""The text between double quotes: `\"` and `\\` lose their backslash, any other backslash stands."""
    return re.sub(r'\\(["\\])', r"\1", literal[1:-1])


def without_comments(source: str) -> str:
    """The search without its ``` comments; backticks inside quotes are text."""
    out, at = [], 0
    while at < len(source):
        if source.startswith("```", at):
            end = source.find("```", at + 3)
            if end < 0:
                raise Unknown("a comment has no end")
            at = end + 3
            out.append(" ")
            continue
        piece = quoted_at(source, at)
        out.append(piece)
        at += len(piece)
    return "".join(out)


def quoted_at(source: str, at: int) -> str:
    """The quoted text that begins here, or the one character."""
    mark = source[at]
    if mark not in "\"'":
        return mark
    end = at + 1
    while end < len(source) and source[end] != mark:
        end += 2 if source[end] == "\\" and mark == '"' else 1
    if end >= len(source):
        raise Unknown(f"a quote has no end: {source[at:at + 40]}")
    return source[at : end + 1]


def with_macros(source: str, macros: dict[str, str]) -> str:
    """The search with each macro's definition in its place. Only macros without arguments are known.

    A definition replaces the name as it stands, with no parentheses of its own.
    """
    out, at = [], 0
    while at < len(source):
        if source[at] == "`":
            end = source.find("`", at + 1)
            name = source[at + 1 : end] if end > 0 else ""
            if name not in macros:
                raise Unknown(f"no macro `{name}`")
            out.append(macros[name])
            at = end + 1
            continue
        piece = quoted_at(source, at)
        out.append(piece)
        at += len(piece)
    return "".join(out)


def pipeline(source: str) -> list[str]:
    """The parts between the `|` that stand outside quotes."""
    parts, at = [""], 0
    while at < len(source):
        piece = quoted_at(source, at)
        at += len(piece)
        if piece == "|":
            parts.append("")
        else:
            parts[-1] += piece
    return [part.strip() for part in parts]
