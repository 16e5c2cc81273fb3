"""Runs SPL on the evaluator in `spl/`, and judges it by the commands, functions and argument counts that Splunk documents."""

import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import spl
import spl.parser
from serve import Refused, serve


def parse(rules: list[dict[str, Any]], site: dict[str, Any]) -> list[str]:
    """What is not as Splunk's documentation has it."""
    problems = []
    for rule in rules:
        try:
            spl.parser.query(rule["text"], site["settings"]["macros"])
        except spl.Refused as error:
            problems.append(f"{type(error).__name__}: {error}")
    return problems


def run(rules: list[dict[str, Any]], events: list[dict[str, Any]], site: dict[str, Any]) -> list[list[str | None]]:
    """The entity tuples in the results of the searches."""
    rows = [event["row"] for event in events]
    found = set()
    for rule in rules:
        try:
            results = spl.run(rule["text"], rows, site["settings"]["macros"])
        except spl.Refused as error:
            raise Refused(f"{type(error).__name__}: {error}") from error
        found |= {tuple(result.get(read["column"]) for read in rule["reads"]) for result in results}
    return [list(values) for values in found]


if __name__ == "__main__":
    serve({"parse": parse, "run": run})
