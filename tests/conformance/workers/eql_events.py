"""Conditions of EQL on one document, over Elastic's parser, with the meaning that Elasticsearch gives them.

The parser's package has an engine of its own, which is not that of Elasticsearch: there `==` ignores case, `:` knows no `?`, and
lists never match. Elasticsearch's rules: <https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax>.

- A test of a field with several values holds if it holds for one of them; `!=` if `==` holds for none.
- `==`, `like`, `regex` and `in` mind case, `:`, `like~`, `regex~` and `in~` do not. `:`, `like` and `like~` take `*` and `?`.
- A test of a missing field does not hold; `not` of it does (two-valued, for every field that the index maps).
- Regular expressions are Lucene's: they match the whole value, and `.` matches a line break too.
"""

import ipaddress
import operator
import re
from collections.abc import Callable
from typing import Any

from eql import ast
from eql import parser as elastic
from eql.errors import EqlError
from eql.parser import allow_negation, allow_runs, elasticsearch_syntax, skip_optimizations

Document = dict[str, Any]
Test = Callable[[Document], bool]


class SyntaxProblem(Exception):
    """Elastic's parser does not take the query."""


class Unsupported(Exception):
    """A part of EQL that this engine does not know: an error of the harness, since detc does not write it."""


class _Parser(elastic.LarkToEQL):
    """Elastic's parser, which forgets which of its string operators was written: here it is kept in the function's name."""

    def string_predicate(self, node: Any) -> Any:
        info = super().string_predicate(node)
        info.node.name = f"op {node['STRING_PREDICATE']}"
        return info

    def in_set(self, node: Any) -> Any:
        info = super().in_set(node)
        if isinstance(info.node, ast.InSet):
            word = "in~" if node.get("IN") == "in~" else "in"
            arguments = [info.node.expression, *info.node.container]
            info.node = ast.FunctionCall(f"op {word}", arguments)
        return info


def parsed(text: str) -> ast.PipedQuery:
    """The tree of a query."""
    before, elastic.LarkToEQL = elastic.LarkToEQL, _Parser
    try:
        with elasticsearch_syntax, allow_negation, allow_runs, skip_optimizations:
            return elastic.parse_query(text, implied_any=False)
    except EqlError as error:
        raise SyntaxProblem(str(error)) from error
    finally:
        elastic.LarkToEQL = before


def values(document: Document, path: str) -> list[Any]:
    """The values of a field by its dotted name, without nulls."""
    found: list[Any] = [document]
    for part in path.split("."):
        found = [v for d in found if isinstance(d, dict) and part in d for v in _listed(d[part])]
    return [value for value in found if value is not None]


def as_text(value: Any) -> str:
    """A value as an alert shows it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def event_filter(query: ast.EventQuery) -> Test:
    """Whether a document is of the query's category and satisfies its condition."""
    holds = condition(query.query)
    if query.event_type == "any":
        return holds
    return lambda document: query.event_type in values(document, "event.category") and holds(document)


def field_path(node: Any) -> str:
    """The dotted name of a field."""
    if not isinstance(node, ast.Field):
        raise Unsupported(f"not a field: {node}")
    return ".".join(str(part) for part in [node.base, *node.path])


def condition(node: Any) -> Test:
    """The meaning of a condition."""
    match node:
        case ast.Boolean():
            return lambda _: node.value
        case ast.And():
            parts = [condition(term) for term in node.terms]
            return lambda document: all(part(document) for part in parts)
        case ast.Or():
            parts = [condition(term) for term in node.terms]
            return lambda document: any(part(document) for part in parts)
        case ast.Not():
            inner = condition(node.term)
            return lambda document: not inner(document)
        case ast.IsNull():
            path = field_path(node.expr)
            return lambda document: not values(document, path)
        case ast.IsNotNull():
            path = field_path(node.expr)
            return lambda document: bool(values(document, path))
        case ast.Comparison():
            return _comparison(node)
        case ast.FunctionCall():
            return _function(node)
        case _:
            raise Unsupported(f"{type(node).__name__}: {node}")


ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}


def _comparison(node: ast.Comparison) -> Test:
    path, right = field_path(node.left), constant(node.right)
    if node.comparator == "==":
        return lambda document: any(_equal(value, right) for value in values(document, path))
    if node.comparator == "!=":
        return lambda document: not any(_equal(value, right) for value in values(document, path))
    order = ORDERS[node.comparator]
    return lambda document: any(_comparable(value, right) and order(value, right) for value in values(document, path))


def constant(node: ast.BaseNode) -> Any:
    """A literal's value. The parser reads a negative number as a subtraction from 0."""
    if isinstance(node, ast.MathOperation) and node.operator == "-" and node.left == ast.Number(0):
        return -constant(node.right)
    return node.value


def _comparable(left: Any, right: Any) -> bool:
    return isinstance(left, str) == isinstance(right, str) and isinstance(left, bool) == isinstance(right, bool)


def _equal(left: Any, right: Any) -> bool:
    return _comparable(left, right) and bool(left == right)


def _function(node: ast.FunctionCall) -> Test:
    path = field_path(node.arguments[0])
    literals = [constant(argument) for argument in node.arguments[1:]]
    test = _value_test(node.name, literals)
    return lambda document: any(test(value) for value in values(document, path))


def _value_test(name: str, literals: list[Any]) -> Callable[[Any], bool]:
    if name == "cidrMatch":
        networks = [ipaddress.ip_network(literal, strict=False) for literal in literals]
        return lambda value: _in_network(value, networks)
    word = name.removeprefix("op ")
    folds = word.endswith("~") or word == ":"
    match word.rstrip("~"):
        case "in":
            return lambda value: any(_same(value, literal, folds) for literal in literals)
        case ":" | "like":
            patterns = [_wildcard(literal, folds) for literal in literals]
        case "regex":
            patterns = [lucene(literal, folds) for literal in literals]
        case _:
            raise Unsupported(f"function `{name}`")
    return lambda value: isinstance(value, str) and any(pattern.fullmatch(value) for pattern in patterns)


def _same(value: Any, literal: Any, folds: bool) -> bool:
    if folds and isinstance(value, str) and isinstance(literal, str):
        return re.fullmatch(re.escape(literal), value, re.IGNORECASE) is not None
    return _equal(value, literal)


def _wildcard(text: str, folds: bool) -> re.Pattern[str]:
    pieces = {"*": ".*", "?": "."}
    pattern = "".join(pieces.get(c, re.escape(c)) for c in text)
    return re.compile(pattern, re.DOTALL | (re.IGNORECASE if folds else re.NOFLAG))


def lucene(text: str, folds: bool) -> re.Pattern[str]:
    """A regular expression of Lucene as one of Python: its operators `~ & < > @ #` must be escaped by whoever means the
    characters. <https://www.elastic.co/docs/reference/query-languages/query-dsl/regexp-syntax>"""
    pattern, position, in_class = "", 0, False
    while position < len(text):
        c = text[position]
        if c == "\\":
            pattern += re.escape(text[position + 1])
            position += 2
            continue
        if c == "[":
            in_class = True
        elif c == "]":
            in_class = False
        elif not in_class and c in "~&<>@#\"":
            raise Unsupported(f"Lucene's operator `{c}` in `{text}`")
        elif not in_class and c in "^$":
            c = re.escape(c)
        pattern += c
        position += 1
    return re.compile(pattern, re.DOTALL | (re.IGNORECASE if folds else re.NOFLAG))


def _in_network(value: Any, networks: list[Any]) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in network for network in networks if network.version == (mapped or address).version)
