"""Runs ES|QL on the evaluator in `esql/`, and judges it by the grammar, the functions and the columns that are known there."""

import itertools
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import esql
from esql.values import every, text
from serve import Refused, serve


def parse(rules: list[dict[str, Any]], site: dict[str, Any]) -> list[str]:
    """What is not as Elasticsearch's documentation has it."""
    problems = []
    for rule in rules:
        try:
            esql.run(rule["text"], [], site["settings"]["mapping"])
        except esql.Refused as error:
            problems.append(str(error))
    return problems


def run(rules: list[dict[str, Any]], events: list[dict[str, Any]], site: dict[str, Any]) -> list[list[str | None]]:
    """The entity tuples in the rows of the queries: one for each value of a field with several. `""` is a missing value."""
    documents = [(event["place"], event["row"]) for event in events]
    found = set()
    for rule in rules:
        try:
            rows = esql.run(rule["text"], documents, site["settings"]["mapping"])
        except esql.Refused as error:
            raise Refused(str(error)) from error
        for row in rows:
            columns = [every(row.get(read["column"])) or [None] for read in rule["reads"]]
            found |= {tuple(None if one in (None, "") else text(one) for one in values) for values in itertools.product(*columns)}
    return [list(values) for values in found]


if __name__ == "__main__":
    serve({"parse": parse, "run": run})
