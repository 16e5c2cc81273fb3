"""The literals of rules, read by each product's parser.

| dialect | parser |
| --- | --- |
| KQL | Microsoft's, npm `@kusto/language-service-next` |
| EQL | Elastic's, PyPI `eql` |
| Sigma | PyYAML, which reads YAML 1.1, and pySigma |
| ES\|QL | ours (`esql/`); there is no other |
| SPL | ours (`spl/`); no other reads what stands in an expression |
"""
from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Union

import esql
from harness import environments
from spl import Refused, tree
from spl.parser import query

Literal = tuple[str, Any]
"""A kind (`text`, `wild`, `number`, …) and a value."""
Literals = Union[list[Literal], str]
"""The literals of a rule; a text says why it cannot be read."""

HERE = Path(__file__).resolve().parent


def read(dialect: str, rules: Sequence[str], macros: dict[str, str]) -> list[Literals]:
    """The literals of each rule."""
    match dialect:
        case "spl":
            return [read_spl(rule, macros) for rule in rules]
        case "esql":
            return [read_esql(rule) for rule in rules]
        case "kql":
            found = ask(["node", str(in_node_folder())], rules)
        case "eql":
            found = ask([str(environments.python("eql")), str(HERE / "read_eql.py")], rules)
        case _:
            found = ask([str(environments.python("sigma")), str(HERE / "read_sigma.py")], rules)
    return [one["error"] if isinstance(one, dict) else [tuple(literal) for literal in one] for one in found]


def read_esql(rule: str) -> Literals:
    """The literals of the conditions of queries."""
    found: list[Literal] = []
    try:
        for command in esql.query(rule).commands:
            if command.condition is not None:
                esql_literals(command.condition, found)
    except esql.Refused as error:
        return str(error)
    return found


def esql_literals(node: tuple[Any, ...], found: list[Literal]) -> None:
    """Adds the literals below a node."""
    name, *parts = node
    for number, part in enumerate(parts):
        pattern = name in ("like", "rlike") and number > 0
        if isinstance(part, tuple) and not pattern:
            esql_literals(part, found)
        elif pattern:
            found.append(("text", part[1]) if name == "rlike" else ("wild", wildcards(part[1])))
        elif name == "constant":
            found.append(("text" if isinstance(part, str) else "number", part))


def wildcards(pattern: str) -> list[Any]:
    """A pattern of `LIKE` as texts, `[1]` for any run and `[0]` for one character."""
    parts: list[Any] = []
    rest = iter(pattern)
    for c in rest:
        parts.append({"*": [1], "?": [0]}.get(c, next(rest) if c == "\\" else c))
    return parts


def in_node_folder() -> Path:
    """The script beside the modules that it needs: Node looks for them from there."""
    folder = environments.ensure("node")
    return Path(shutil.copy(HERE / "read_kql.js", folder / "read_kql.js"))


def ask(command: Sequence[str], rules: Sequence[str]) -> list[Any]:
    """Runs a reader over all rules."""
    environment = {**os.environ, "PYTHONPATH": ""}
    done = subprocess.run(
        command, input=json.dumps(list(rules)), capture_output=True, text=True, check=True, env=environment
    )
    return json.loads(done.stdout)


def read_spl(rule: str, macros: dict[str, str]) -> Literals:
    """The literals of the expressions of a search. Those of its base search are allowed to ask for less."""
    try:
        commands = query(rule, macros).commands
    except Refused as error:
        return str(error)
    found: list[Literal] = []
    for command in commands:
        expressions = [command.condition] if isinstance(command, tree.Where) else []
        expressions += [value for _, value in command.assignments] if isinstance(command, tree.Eval) else []
        for expression in expressions:
            literals(expression, found)
    return found


def literals(node: tree.Expr, found: list[Literal]) -> None:
    """Adds the literals below a node."""
    match node:
        case tree.Text(value=value):
            found.append(("text", value))
        case tree.Number(value=value):
            found.append(("number", value))
        case tree.Not(inner=inner):
            literals(inner, found)
        case tree.Logic(parts=parts) | tree.Call(arguments=parts):
            for part in parts:
                literals(part, found)
        case tree.Compare(left=left, right=right) | tree.Arithmetic(left=left, right=right):
            literals(left, found)
            literals(right, found)
