"""Judges Sigma rules by the specification's schemas and by `sigma check` (PyPI sigma-cli) with the validators that need no network.

Usage: python sigma_check.py DATA, the folder with the schemas and `validators.yml`.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator, FormatChecker
from serve import serve
from sigma.cli.check import check


def schema_problems(text: str) -> Iterator[str]:
    """What the schemas say against the documents of a rule file."""
    for number, document in enumerate(yaml.safe_load_all(text), 1):
        kind = "correlation" if "correlation" in document else "rule"
        for error in SCHEMAS[kind].iter_errors(document):
            yield f"schema of a {kind}, document {number}, {error.json_path}: {error.message}"


def check_problems(rules: list[dict[str, Any]], site: dict[str, Any]) -> Iterator[str]:
    """What `sigma check` says against rule files."""
    del site
    with tempfile.TemporaryDirectory() as folder:
        for number, rule in enumerate(rules):
            Path(folder, f"detc_rule_{number}.yml").write_text(rule["text"], encoding="utf-8")
        arguments = ["--validation-config", str(DATA / "validators.yml"), "--fail-on-error", "--fail-on-issues", folder]
        result = CliRunner().invoke(check, arguments)
    if result.exit_code != 0:
        yield f"sigma check, status {result.exit_code}:\n{result.output}{result.exception or ''}"


def parse(rules: list[dict[str, Any]], site: dict[str, Any]) -> list[str]:
    """Everything that is wrong with the rules."""
    found = [problem for rule in rules for problem in schema_problems(rule["text"])]
    return found + list(check_problems(rules, site))


if __name__ == "__main__":
    DATA = Path(sys.argv[1])
    SCHEMAS = {
        kind: Draft202012Validator(
            json.loads((DATA / f"{kind}.schema.json").read_text(encoding="utf-8")), format_checker=FormatChecker()
        )
        for kind in ("rule", "correlation")
    }
    serve({"parse": parse})
