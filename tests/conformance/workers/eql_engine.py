"""Judges EQL with Elastic's own parser (PyPI eql) and runs it as Elasticsearch does: see `eql_events.py` and `eql_sequences.py`."""

from typing import Any

import eql_events
import eql_sequences
from serve import serve


def parse(rules: list[dict[str, Any]], site: dict[str, Any]) -> list[str]:
    """What Elastic's parser says against the rules."""
    del site
    problems = []
    for rule in rules:
        try:
            eql_events.parsed(rule["text"])
        except eql_events.SyntaxProblem as problem:
            problems.append(str(problem))
    return problems


def run(rules: list[dict[str, Any]], events: list[dict[str, Any]], site: dict[str, Any]) -> list[list[str | None]]:
    """The entities of the sequences and events that the rules find."""
    documents = [event["row"] for event in events]
    tiebreaker = site["settings"].get("tiebreaker_field")
    found = set()
    for rule in rules:
        for match in eql_sequences.run(rule["text"], documents, tiebreaker):
            found |= set(entities(rule["reads"], match))
    return [list(values) for values in found]


def entities(reads: list[dict[str, Any]], match: list[dict[str, Any]]) -> list[tuple[str | None, ...]]:
    """The entity tuples of a match: one for every choice of values of fields with several."""
    tuples: list[tuple[str | None, ...]] = [()]
    for read in reads:
        document = match[read["step"]]
        values = [eql_events.as_text(value) for value in eql_events.values(document, read["column"])] or [None]
        tuples = [(*before, value) for before in tuples for value in values]
    return tuples


if __name__ == "__main__":
    serve({"parse": parse, "run": run})
