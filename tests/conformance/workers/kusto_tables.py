"""Writes the tables of Sentinel and Defender XDR with their columns, as the package pysigma-backend-kusto lists them.

Usage: python kusto_tables.py FILE
"""

import importlib
import json
import pkgutil
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from sigma import pipelines

# The package's modules and the target whose tables each lists.
TARGETS = {"azuremonitor": "sentinel", "sentinelasim": "sentinel", "microsoftxdr": "defender"}


def mappings(module: ModuleType) -> Iterator[dict[str, dict[str, Any]]]:
    """Every `{table: {column: …}}` of a module."""
    for value in vars(module).values():
        if isinstance(value, dict) and value and all(isinstance(columns, dict) for columns in value.values()):
            yield value


def column_type(column: Any) -> str:
    """A column's type: the package writes it alone or in a record."""
    return str(column.get("data_type", "string") if isinstance(column, dict) else column)


def tables() -> dict[str, dict[str, dict[str, str]]]:
    """The tables by target."""
    found: dict[str, dict[str, dict[str, str]]] = {target: {} for target in TARGETS.values()}
    for info in pkgutil.walk_packages(pipelines.__path__, "sigma.pipelines."):
        package = info.name.split(".")[2]
        if package not in TARGETS or not info.name.endswith(".tables"):
            continue
        for mapping in mappings(importlib.import_module(info.name)):
            for table, columns in mapping.items():
                found[TARGETS[package]][table] = {name: column_type(c) for name, c in columns.items()}
    if not all(found.values()):
        raise SystemExit(f"tables are missing: {({target: len(t) for target, t in found.items()})}")
    return found


if __name__ == "__main__":
    with open(sys.argv[1], "w", encoding="utf-8") as file:
        json.dump(tables(), file, sort_keys=True)
