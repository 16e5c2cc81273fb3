"""Queries as trees: a source and its commands. Expressions are tuples, the operator or function first."""
from __future__ import annotations

import re
from dataclasses import dataclass, field

from .functions import AGGREGATES, SCALARS
from .lexer import Token, indices, tokens
from .values import Refused

Expression = tuple  # ("column", name) | ("constant", value) | ("span", milliseconds) | (function or operator, argument, …)

UNITS = {"millisecond": 1, "second": 1_000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
COMPARISONS = {"==", "!=", "<", "<=", ">", ">="}


@dataclass(frozen=True)
class Command:
    """A command: `where`, `stats`, `inline stats`, `mv_expand` or `keep`."""

    name: str
    condition: Expression | None = None
    measures: list[tuple[str, Expression, Expression | None]] = field(default_factory=list)
    """Each with its name, what it is, and which rows count."""
    columns: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Query:
    """A query."""

    sources: list[str]
    metadata: list[str]
    commands: list[Command]
    texts: list[str]
    """The text literals, in order."""


def query(text: str) -> Query:
    """Reads a query."""
    text = re.sub(r"\A(?:\s|//[^\n]*\n)*", "", text)
    head, rest = text[:5], text[5:]
    if head.upper() != "FROM ":
        raise Refused("a query begins with FROM")
    sources, rest = indices(rest)
    parser = _Parser(tokens(rest))
    metadata = parser.names() if parser.take("METADATA") else []
    commands = []
    while parser.take("|"):
        commands.append(parser.command())
    parser.end()
    return Query(sources, metadata, commands, [token.value for token in parser.tokens if token.kind == "text"])


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        self.tokens = found
        self.position = 0

    def peek(self, ahead: int = 0) -> Token:
        """The next token."""
        place = self.position + ahead
        return self.tokens[place] if place < len(self.tokens) else Token("end", "")

    def next(self) -> Token:
        token = self.peek()
        self.position += 1
        return token

    def is_next(self, word: str, ahead: int = 0) -> bool:
        token = self.peek(ahead)
        return (token.kind == "sign" and token.value == word) or (
            token.kind == "name" and not token.quoted and token.value.upper() == word
        )

    def take(self, word: str) -> bool:
        """Passes over a keyword or sign, if it is next."""
        found = self.is_next(word)
        self.position += found
        return found

    def must(self, word: str) -> None:
        if not self.take(word):
            raise Refused(f"`{word}` expected, not `{self.peek().value}`")

    def end(self) -> None:
        if self.peek().kind != "end":
            raise Refused(f"the query does not end before `{self.peek().value}`")

    def name(self) -> str:
        token = self.next()
        if token.kind != "name":
            raise Refused(f"a name expected, not `{token.value}`")
        return token.value

    def names(self) -> list[str]:
        found = [self.name()]
        while self.take(","):
            found.append(self.name())
        return found

    def command(self) -> Command:
        if self.take("WHERE"):
            return Command("where", condition=self.condition())
        if self.take("STATS"):
            return self.groups("stats")
        if self.take("INLINE"):
            self.must("STATS")
            return self.groups("inline stats")
        if self.take("MV_EXPAND"):
            return Command("mv_expand", columns=[self.name()])
        if self.take("KEEP"):
            return Command("keep", columns=self.names())
        raise Refused(f"command `{self.peek().value}`")

    def groups(self, name: str) -> Command:
        measures = [self.measure()]
        while self.take(","):
            measures.append(self.measure())
        columns = self.names() if self.take("BY") else []
        return Command(name, measures=measures, columns=columns)

    def measure(self) -> tuple[str, Expression, Expression | None]:
        name = self.name()
        self.must("=")
        value = self.sum()
        return name, value, self.condition() if self.take("WHERE") else None

    def condition(self) -> Expression:
        """`OR` binds loosest, `NOT` tightest."""
        return self.joined("OR", lambda: self.joined("AND", self.negation))

    def joined(self, word: str, part) -> Expression:
        parts = [part()]
        while self.take(word):
            parts.append(part())
        return (word.lower(), *parts) if len(parts) > 1 else parts[0]

    def negation(self) -> Expression:
        return ("not", self.negation()) if self.take("NOT") else self.test()

    def test(self) -> Expression:
        left = self.sum()
        sign = self.peek().value
        if self.peek().kind == "sign" and sign in COMPARISONS:
            self.next()
            return (sign, left, self.sum())
        if self.take("IS"):
            negated = self.take("NOT")
            self.must("NULL")
            return ("is not null" if negated else "is null", left)
        if self.take("IN"):
            self.must("(")
            return ("in", left, *self.listed())
        for word in ("LIKE", "RLIKE"):
            if self.take(word):
                patterns = self.listed() if self.take("(") else [self.primary()]
                return (word.lower(), left, *patterns)
        return left

    def listed(self) -> list[Expression]:
        """The rest of a list in parentheses."""
        found = [self.condition()]
        while self.take(","):
            found.append(self.condition())
        self.must(")")
        return found

    def sum(self) -> Expression:
        left = self.product()
        while self.peek().kind == "sign" and self.peek().value in "+-":
            left = (self.next().value, left, self.product())
        return left

    def product(self) -> Expression:
        left = self.primary()
        while self.peek().kind == "sign" and self.peek().value in "*/":
            left = (self.next().value, left, self.primary())
        return left

    def primary(self) -> Expression:
        if self.take("("):
            inner = self.condition()
            self.must(")")
            return inner
        if self.take("-"):
            operator, value = self.primary()
            if operator != "constant" or isinstance(value, str):
                raise Refused("`-` before something other than a number")
            return ("constant", -value)
        token = self.next()
        if token.kind == "text":
            return ("constant", token.value)
        if token.kind == "number":
            return self.number(token.value)
        if token.kind != "name":
            raise Refused(f"a value expected, not `{token.value}`")
        if not token.quoted and token.value.upper() in ("TRUE", "FALSE"):
            return ("constant", token.value.upper() == "TRUE")
        return self.call(token.value.upper()) if self.take("(") else ("column", token.value)

    def number(self, text: str) -> Expression:
        unit = self.peek().value.lower().removesuffix("s")
        if self.peek().kind == "name" and unit in UNITS and text.isdigit():
            self.next()
            return ("span", int(text) * UNITS[unit])
        return ("constant", int(text) if text.isdigit() else float(text))

    def call(self, function: str) -> Expression:
        if function == "COUNT" and self.take("*"):
            self.must(")")
            return ("COUNT",)
        arguments = [] if self.take(")") else self.listed()
        known = SCALARS.get(function) or AGGREGATES.get(function)
        if known is None:
            raise Refused(f"function `{function}`")
        least, most = known.arguments
        if not least <= len(arguments) <= most:
            raise Refused(f"`{function}` takes {least} to {most} arguments, not {len(arguments)}")
        return (function, *arguments)
