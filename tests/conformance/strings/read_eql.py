"""Reads the literals of EQL queries with Elastic's own parser: JSON list of queries in, JSON list of lists of [kind, value] out."""
import json
import sys

from eql import ast, parser


def nodes(node):
    """A node and all below it."""
    yield node
    for slot in getattr(node, "__slots__", ()):
        value = getattr(node, slot, None)
        for below in value if isinstance(value, (list, tuple)) else [value]:
            if isinstance(below, ast.BaseNode):
                yield from nodes(below)


def read(query):
    """The literals of a query, or why it does not parse."""
    try:
        with parser.elasticsearch_syntax, parser.allow_negation, parser.allow_runs, parser.skip_optimizations:
            tree = parser.parse_query(query, implied_any=False)
    except Exception as error:
        return {"error": str(error)}
    found = [node for node in nodes(tree) if isinstance(node, ast.Literal)]
    return [["text" if isinstance(node.value, str) else "number", node.value] for node in found]


print(json.dumps([read(query) for query in json.load(sys.stdin)]))
