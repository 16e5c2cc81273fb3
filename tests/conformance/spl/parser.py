"""Pieces to tree. What is not in the subset is refused by name.

`AND` beside `OR` without parentheses is refused: Splunk documents one precedence for the base search and the reverse
for `where` (https://docs.splunk.com/Documentation/Splunk/9.4.0/Search/Booleanexpressions).
"""
from __future__ import annotations

from . import tree
from .functions import FUNCTIONS
from .lexer import Token, pipeline, tokens, unquoted, with_macros, without_comments
from .values import Unknown

COMPARE = ("=", "==", "!=", "<", "<=", ">", ">=")
AGGREGATES = ("count", "max", "min", "sum", "values")


class Cursor:
    """A place in a list of tokens."""

    def __init__(self, source: str, in_eval: bool) -> None:
        self.source, self.tokens, self.at = source, tokens(source, in_eval), 0

    @property
    def token(self) -> Token:
        """The next token."""
        return self.tokens[self.at]

    def take(self) -> Token:
        """The next token, and steps over it."""
        self.at += 1
        return self.tokens[self.at - 1]

    def is_sign(self, *signs: str) -> bool:
        """Whether one of these signs is next."""
        return self.token.kind == "sign" and self.token.value in signs

    def is_word(self, *words: str) -> bool:
        """Whether one of these words is next; operators are upper-case."""
        return self.token.kind == "word" and self.token.value in words

    def need(self, sign: str) -> None:
        """Steps over a sign that must be there."""
        if not self.is_sign(sign):
            raise self.unknown(f"`{sign}` is missing")
        self.take()

    def end(self) -> None:
        """Nothing may be left."""
        if self.token.kind != "end":
            raise self.unknown("more than is known")

    def unknown(self, why: str) -> Unknown:
        """An error at this place."""
        rest = " ".join(t.value for t in self.tokens[self.at : self.at + 6])
        return Unknown(f"{why} at `{rest}` in `{self.source[:120]}`")

    def name(self) -> str:
        """A field's name, quoted or not."""
        token = self.take()
        if token.kind == "word":
            return token.value
        if token.kind == "text":
            return unquoted(token.value)
        if token.kind == "quoted":
            return token.value[1:-1]
        self.at -= 1
        raise self.unknown("a field's name is missing")

    def names(self) -> tuple[str, ...]:
        """Names with commas between."""
        found = [self.name()]
        while self.is_sign(","):
            self.take()
            found.append(self.name())
        return tuple(found)


# ---- expressions


def expression(cursor: Cursor) -> tree.Expr:
    """An `eval` expression."""
    parts, words = [negation(cursor)], set()
    while cursor.is_word("AND", "OR"):
        words.add(cursor.take().value)
        parts.append(negation(cursor))
    if len(words) > 1:
        raise cursor.unknown("AND beside OR without parentheses")
    return tree.Logic(words.pop(), tuple(parts)) if words else parts[0]


def negation(cursor: Cursor) -> tree.Expr:
    """`NOT` and what is below it. It binds the next term only, so a bare comparison after it is refused."""
    if not cursor.is_word("NOT"):
        return comparison(cursor)
    cursor.take()
    inner = primary(cursor)
    if cursor.is_sign(*COMPARE, "+", "-", "*", "/", "."):
        raise cursor.unknown("NOT before a term without parentheses")
    return tree.Not(inner)


def comparison(cursor: Cursor) -> tree.Expr:
    """A comparison or a value."""
    left = arithmetic(cursor)
    if not cursor.is_sign(*COMPARE):
        return left
    sign = cursor.take().value.replace("==", "=")
    right = arithmetic(cursor)
    if cursor.is_sign(*COMPARE):
        raise cursor.unknown("a comparison of a comparison")
    return tree.Compare(left, sign, right)


def arithmetic(cursor: Cursor) -> tree.Expr:
    """Sums and products. How `.` binds beside others is not documented, so it stands with its like only."""
    left = product(cursor)
    signs = set()
    while cursor.is_sign("+", "-", "."):
        sign = cursor.take().value
        signs.add("." if sign == "." else "+")
        before = cursor.at
        right = product(cursor)
        is_product = any(token in (Token("sign", "*"), Token("sign", "/")) for token in top_level(cursor, before))
        if len(signs) > 1 or (sign == "." and is_product):
            raise cursor.unknown("`.` beside another operator without parentheses")
        left = tree.Arithmetic(left, sign, right)
    return left


def top_level(cursor: Cursor, start: int) -> list[Token]:
    """The tokens from `start` up to here that no parentheses surround."""
    depth, found = 0, []
    for token in cursor.tokens[start : cursor.at]:
        depth -= token == Token("sign", ")")
        if depth == 0:
            found.append(token)
        depth += token == Token("sign", "(")
    return found


def product(cursor: Cursor) -> tree.Expr:
    """`*` and `/`, to the left."""
    left = primary(cursor)
    while cursor.is_sign("*", "/"):
        sign = cursor.take().value
        left = tree.Arithmetic(left, sign, primary(cursor))
        if cursor.is_sign("."):
            raise cursor.unknown("`.` beside another operator without parentheses")
    return left


def primary(cursor: Cursor) -> tree.Expr:
    """A literal, a field, a call or a parenthesis."""
    if cursor.is_sign("("):
        cursor.take()
        inner = expression(cursor)
        cursor.need(")")
        return inner
    if cursor.is_sign("-"):
        cursor.take()
        value = literal_number(cursor)
        return tree.Number(-value)
    token = cursor.take()
    if token.kind == "number":
        cursor.at -= 1
        return tree.Number(literal_number(cursor))
    if token.kind == "text":
        return tree.Text(unquoted(token.value))
    if token.kind == "quoted":
        return tree.Field(token.value[1:-1])
    if token.kind == "word":
        return call(cursor, token.value) if cursor.is_sign("(") else field(cursor, token.value)
    cursor.at -= 1
    raise cursor.unknown("a value is missing")


def literal_number(cursor: Cursor) -> int | float:
    """A number as written."""
    token = cursor.take()
    if token.kind != "number":
        cursor.at -= 1
        raise cursor.unknown("a number is missing")
    return float(token.value) if "." in token.value else int(token.value)


def field(cursor: Cursor, name: str) -> tree.Field:
    """A field; words of the language are none."""
    if name.upper() in ("AND", "OR", "NOT", "XOR", "IN", "LIKE", "BY", "AS", "TRUE", "FALSE", "NULL"):
        cursor.at -= 1
        raise cursor.unknown(f"`{name}` is no field")
    return tree.Field(name)


def call(cursor: Cursor, name: str) -> tree.Call:
    """A call of a known function with a known number of arguments."""
    cursor.need("(")
    arguments: list[tree.Expr] = []
    while not cursor.is_sign(")"):
        if arguments:
            cursor.need(",")
        arguments.append(expression(cursor))
    cursor.need(")")
    known = FUNCTIONS.get(name)
    if known is None:
        raise cursor.unknown(f"no function `{name}`")
    if not known.takes(len(arguments)):
        raise cursor.unknown(f"`{name}` does not take {len(arguments)} arguments")
    return tree.Call(name, tuple(arguments))


# ---- base search


def base_search(source: str) -> tree.Base:
    """The search before the first `|`."""
    cursor = Cursor(source, in_eval=False)
    found = base_terms(cursor)
    cursor.end()
    return found


def base_terms(cursor: Cursor) -> tree.Base:
    """Terms with one operator between them. Terms side by side are joined by AND."""
    parts, words = [base_term(cursor)], set()
    while cursor.token.kind != "end" and not cursor.is_sign(")"):
        words.add(cursor.take().value if cursor.is_word("AND", "OR") else "AND")
        parts.append(base_term(cursor))
    if len(words) > 1:
        raise cursor.unknown("AND beside OR without parentheses")
    return tree.Search(words.pop() if words else "AND", tuple(parts))


def base_term(cursor: Cursor) -> tree.Base:
    """A parenthesis or a test of a field."""
    if cursor.is_sign("("):
        cursor.take()
        inner = base_terms(cursor)
        cursor.need(")")
        return inner
    name = cursor.name()
    if cursor.is_word("IN"):
        cursor.take()
        cursor.need("(")
        values = [base_value(cursor)]
        while cursor.is_sign(","):
            cursor.take()
            values.append(base_value(cursor))
        cursor.need(")")
        return tree.Search("OR", tuple(tree.Term(name, value) for value in values))
    if cursor.is_sign("="):
        cursor.take()
        return tree.Term(name, base_value(cursor))
    if cursor.is_sign("<", "<=", ">", ">="):
        sign = cursor.take().value
        negative = cursor.is_sign("-") and bool(cursor.take())
        value = literal_number(cursor)
        return tree.Order(name, sign, -value if negative else value)
    raise cursor.unknown("no known test of a field")


def base_value(cursor: Cursor) -> str:
    """The value looked for, wildcards and all."""
    token = cursor.take()
    if token.kind == "text":
        return unquoted(token.value)
    if token.kind in ("word", "number") or token == Token("sign", "*"):
        return token.value
    cursor.at -= 1
    raise cursor.unknown("a value is missing")


# ---- commands


def command(source: str) -> tree.Command:
    """One command of the pipeline."""
    name, *arguments = source.split(maxsplit=1)
    rest = "".join(arguments)
    parse = COMMANDS.get(name)
    if parse is None:
        raise Unknown(f"no command `{name}`")
    return parse(name, rest.strip())


def eval_command(_: str, rest: str) -> tree.Command:
    """`eval name=expression, …`"""
    cursor, assignments = Cursor(rest, in_eval=True), []
    while True:
        name = cursor.name()
        cursor.need("=")
        assignments.append((name, expression(cursor)))
        if not cursor.is_sign(","):
            break
        cursor.take()
    cursor.end()
    return tree.Eval(tuple(assignments))


def where_command(_: str, rest: str) -> tree.Command:
    """`where expression`"""
    cursor = Cursor(rest, in_eval=True)
    found = tree.Where(expression(cursor))
    cursor.end()
    return found


def fields_command(_: str, rest: str) -> tree.Command:
    """`fields a, b` and `fields - a, b`"""
    cursor = Cursor(rest, in_eval=False)
    remove = cursor.is_sign("-")
    if remove:
        cursor.take()
    found = tree.Fields(cursor.names(), remove)
    cursor.end()
    return found


def sort_command(_: str, rest: str) -> tree.Command:
    """`sort 0 a, -b`; without the 0, all but 10,000 rows are dropped."""
    cursor = Cursor(rest, in_eval=False)
    if cursor.take() != Token("number", "0"):
        raise Unknown("`sort` without 0 keeps 10,000 rows")
    keys = []
    while True:
        descending = cursor.is_sign("-") and bool(cursor.take())
        keys.append((cursor.name(), descending))
        if not cursor.is_sign(","):
            break
        cursor.take()
    cursor.end()
    return tree.Sort(tuple(keys))


def stats_command(name: str, rest: str) -> tree.Command:
    """`stats`, `eventstats`, `streamstats window=0`: aggregates with a name each, and `by`."""
    cursor = Cursor(rest, in_eval=False)
    if name == "streamstats":
        if [t.value for t in cursor.tokens[:3]] != ["window", "=", "0"]:
            raise Unknown("`streamstats` without window=0 may forget rows")
        cursor.at = 3
    aggregates = [aggregate(cursor)]
    while cursor.is_sign(","):
        cursor.take()
        aggregates.append(aggregate(cursor))
    by: tuple[str, ...] = ()
    if cursor.is_word("by"):
        cursor.take()
        by = cursor.names()
    cursor.end()
    return tree.Stats(name, tuple(aggregates), by)


def aggregate(cursor: Cursor) -> tree.Aggregate:
    """`max(field) as name`"""
    function = cursor.name()
    if function not in AGGREGATES:
        raise cursor.unknown(f"no aggregate `{function}`")
    of = None
    if cursor.is_sign("("):
        cursor.take()
        of = cursor.name()
        cursor.need(")")
    if (of is None) != (function == "count"):
        raise cursor.unknown(f"`{function}` with or without a field")
    if not cursor.is_word("as"):
        raise cursor.unknown("an aggregate without a name")
    cursor.take()
    return tree.Aggregate(function, of, cursor.name())


def mvexpand_command(_: str, rest: str) -> tree.Command:
    """`mvexpand field`"""
    cursor = Cursor(rest, in_eval=False)
    found = tree.Mvexpand(cursor.name())
    cursor.end()
    return found


def rename_command(_: str, rest: str) -> tree.Command:
    """`rename a as "b", …`"""
    cursor, pairs = Cursor(rest, in_eval=False), []
    while True:
        before = cursor.name()
        if not cursor.is_word("as"):
            raise cursor.unknown("`as` is missing")
        cursor.take()
        pairs.append((before, cursor.name()))
        if not cursor.is_sign(","):
            break
        cursor.take()
    cursor.end()
    return tree.Rename(tuple(pairs))


COMMANDS = {
    "eval": eval_command,
    "where": where_command,
    "fields": fields_command,
    "sort": sort_command,
    "stats": stats_command,
    "eventstats": stats_command,
    "streamstats": stats_command,
    "mvexpand": mvexpand_command,
    "rename": rename_command,
}


def query(source: str, macros: dict[str, str]) -> tree.Query:
    """A whole search, macros resolved."""
    base, *rest = pipeline(with_macros(without_comments(source), macros))
    return tree.Query(base_search(base), tuple(command(part) for part in rest))
