"""Judges ES|QL by the parser with which Elastic checks its own rules (PyPI detection-rules-esql-py): syntax, names of functions and
commands, and what the stack's version has. It asks for Python 3.12 and runs on 3.11."""

from typing import Any

import esql
from serve import serve

STACK = "9.3.0"
"""The first version that has all that the rules say: `docs/import/elastic.md`."""


def faults(text: str) -> str | None:
    """The first fault of a query; none if it is sound."""
    try:
        tree = esql.parse_query(text)
        esql.check_catalog_names(tree)
        esql.verify_features(tree, STACK)
    except (esql.EsqlError, ValueError) as error:
        return f"{type(error).__name__}: {error}"
    return None


def parse(rules: list[dict[str, Any]], site: dict[str, Any]) -> list[str]:
    """What the parser says against the queries."""
    return [fault for fault in (faults(rule["text"]) for rule in rules) if fault]


if __name__ == "__main__":
    serve({"parse": parse})
