"""Runs KQL on DuckDB (PyPI duckdb-kql), which refuses what it does not know rather than guess.

Usage: python kql_duckdb.py TABLES.json…, files as for `kql_binder.js`.

The functions on networks, `set_difference` and `take_anyif` are added to it, after Kusto's documentation; `kql_rewrite` says in other words what
else it lacks.
"""

import datetime
import functools
import ipaddress
import json
import re
import sys
from pathlib import Path
from typing import Any

import duckdb_kql
import duckdb_kql.engine
import pyarrow
from duckdb_kql.translate import functions
from kql_rewrite import ROW, rewritten
from kql_values import values as computed
from serve import Refused, serve

ARROW = {
    "bool": pyarrow.bool_(), "boolean": pyarrow.bool_(), "datetime": pyarrow.timestamp("us"),
    "date/time": pyarrow.timestamp("us"), "int": pyarrow.int32(), "integer": pyarrow.int32(), "long": pyarrow.int64(),
    "bigint": pyarrow.int64(), "real": pyarrow.float64(), "double": pyarrow.float64(),
}
"""Types of columns; all others are text, and `dynamic` is text of JSON."""


NOW = '(SELECT "Now" FROM "DetcNow")'
"""What stands for the moment of a run, so that a query is prepared once for all of them."""

NUMBERS = {"int": int, "integer": int, "long": int, "bigint": int, "real": float, "double": float}
"""What a number in a column is, where the row has its text."""


def in_range(version: int, address: str | None, network: str | None) -> bool | None:
    """`ipv4_is_in_range`, `ipv6_is_in_range`: null where one of them is no address of that version.

    <https://learn.microsoft.com/kusto/query/ipv4-is-in-range-function>; the IPv6 one takes IPv4 too, mapped into IPv6:
    <https://learn.microsoft.com/kusto/query/ipv6-is-in-range-function>.
    """
    try:
        host, net = ipaddress.ip_address(address or ""), ipaddress.ip_network(network or "", strict=False)
    except ValueError:
        return None
    if version == 6:
        host, net = _as_v6(host), _net_as_v6(net)
    return host in net if host.version == net.version == version else None


def _as_v6(host: Any) -> Any:
    return ipaddress.IPv6Address(f"::ffff:{host}") if host.version == 4 else host


def _net_as_v6(net: Any) -> Any:
    if net.version == 6:
        return net
    return ipaddress.ip_network(f"::ffff:{net.network_address}/{96 + net.prefixlen}")


def in_any_range(version: int, address: str | None, networks: str | None) -> bool | None:
    """`ipv4_is_in_any_range`, `ipv6_is_in_any_range`, over an array."""
    listed = json.loads(networks) if networks and networks.startswith("[") else [networks]
    answers = [in_range(version, address, network) for network in listed]
    return None if all(answer is None for answer in answers) else any(answers)


def set_difference(array: str | None, others: str | None) -> str | None:
    """`set_difference`: the different values of an array that another has not; null where one of them is no array.

    <https://learn.microsoft.com/kusto/query/set-difference-function>
    """
    listed = [json.loads(one) if one else None for one in (array, others)]
    if not all(isinstance(one, list) for one in listed):
        return None
    return json.dumps(list(dict.fromkeys(value for value in listed[0] if value not in listed[1])))


SCALARS = {
    "regex_quote": ("regexp_escape({0})", 1),
    "range": ("to_json(generate_series({0}, {1}, {2}))", 3),
}
"""<https://learn.microsoft.com/kusto/query/regex-quote-function>, <https://learn.microsoft.com/kusto/query/range-function>"""

AGGREGATES = {"take_anyif": "any_value({0}) FILTER (WHERE {1})"}
"""<https://learn.microsoft.com/kusto/query/take-anyif-aggregation-function>"""


def add_functions() -> None:
    """Tells duckdb-kql of the functions. Its tables of them are no public part of it: its version is pinned."""
    table = next(v for v in vars(functions).values() if isinstance(v, dict) and "strlen" in v)
    for version in (4, 6):
        for name in ("in_range", "in_any_range"):
            call = f"detc_{name}_{version}(CAST({{0}} AS VARCHAR), CAST({{1}} AS VARCHAR))"
            kql = f"ipv{version}_is_{name}"
            table[kql] = functions.FunctionSpec(kql, "template", call, (2,))
    call = "CAST(detc_set_difference(CAST({0} AS VARCHAR), CAST({1} AS VARCHAR)) AS JSON)"
    table["set_difference"] = functions.FunctionSpec("set_difference", "template", call, (2,))
    for kql, (call, arity) in SCALARS.items():
        table[kql] = functions.FunctionSpec(kql, "template", call, (arity,))
    for kql, call in AGGREGATES.items():
        functions.AGGREGATE_FUNCTIONS[kql] = functions.AggregateSpec(kql, call, (2,))


def connect() -> Any:
    """A connection that has the functions."""
    connection = duckdb_kql.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for version in (4, 6):
        for function in (in_range, in_any_range):
            connection.create_function(
                f"detc_{function.__name__}_{version}", functools.partial(function, version), ["VARCHAR", "VARCHAR"],
                "BOOLEAN", null_handling="special",
            )
    connection.create_function(
        "detc_set_difference", set_difference, ["VARCHAR", "VARCHAR"], "VARCHAR", null_handling="special"
    )
    return connection


def tables_of(files: list[str]) -> dict[str, dict[str, dict[str, str]]]:
    """The tables by target."""
    products: dict[str, dict[str, dict[str, str]]] = {}
    for file in files:
        for target, tables in json.loads(Path(file).read_text(encoding="utf-8")).items():
            products.setdefault(target, {}).update(tables)
    return products


def cell(value: Any, kind: str) -> Any:
    """A value for a column. Text is never null in Kusto:
    <https://learn.microsoft.com/kusto/query/scalar-data-types/null-values>"""
    if kind == "dynamic":
        return None if value is None else json.dumps(value)
    if kind not in ARROW:
        text = json.dumps(value) if isinstance(value, dict | list) else str(value)
        return "" if value is None else text
    if kind in ("datetime", "date/time") and value is not None:
        return datetime.datetime.fromisoformat(value.replace("Z", "+00:00")).replace(tzinfo=None)
    if kind in NUMBERS and isinstance(value, str):
        return NUMBERS[kind](value)
    return value


class Product:
    """The tables of a product, and the queries that were prepared for them. Preparing takes most of the time, and a query runs
    over the events of many cases."""

    def __init__(self, schema: dict[str, dict[str, str]]) -> None:
        self._schema = schema
        self._connection = connect()
        self._tables: set[str] = set()
        self._filled: set[str] = set()
        self._prepared: dict[str, str] = {}

    def load(self, rows: dict[str, list[dict[str, Any]]]) -> None:
        """Replaces the events in all tables."""
        for name in self._filled:
            self._connection.execute(f'DELETE FROM "{name}"')
        self._filled = set(rows)
        for name, held in rows.items():
            self._ensure(name)
            self._connection.register("incoming", self._arrow(name, held))
            self._connection.execute(f'INSERT INTO "{name}" SELECT * FROM incoming')
            self._connection.unregister("incoming")

    def set_now(self, now: str | None) -> None:
        """Sets the moment of the runs that follow; without one, it is that of each run."""
        moment = "now() AT TIME ZONE 'UTC'" if now is None else f"TIMESTAMP '{now}'"
        self._connection.execute(f'CREATE TABLE IF NOT EXISTS "DetcNow" AS SELECT {moment} AS "Now"')
        self._connection.execute(f'UPDATE "DetcNow" SET "Now" = {moment}')

    def _typed(self, name: str) -> dict[str, str]:
        return {column: kind.lower() for column, kind in self._schema[name].items()} | {ROW: "long"}

    def _ensure(self, name: str) -> None:
        if name in self._tables:
            return
        self._tables.add(name)
        dynamic = [f'CAST("{c}" AS JSON) AS "{c}"' for c, kind in self._typed(name).items() if kind == "dynamic"]
        replace = f" REPLACE ({', '.join(dynamic)})" if dynamic else ""
        self._connection.register("incoming", self._arrow(name, []))
        self._connection.execute(f'CREATE TABLE "{name}" AS SELECT *{replace} FROM incoming')
        self._connection.unregister("incoming")

    def _arrow(self, name: str, rows: list[dict[str, Any]]) -> pyarrow.Table:
        """Rows as a table. One with a column that the table lacks is an error of the profile."""
        typed = self._typed(name)
        unknown = {column for row in rows for column in row} - typed.keys()
        if unknown:
            raise ValueError(f"table `{name}` has no columns {sorted(unknown)}")
        return pyarrow.table({
            column: pyarrow.array([cell(row.get(column), kind) for row in rows], ARROW.get(kind, pyarrow.string()))
            for column, kind in typed.items()
        })

    def entities(self, rule: dict[str, Any]) -> set[tuple[str | None, ...]]:
        """The entity tuples in the result of a rule."""
        text = rewritten(rule["text"])
        if text not in self._prepared:
            self._prepared[text] = self._prepare(text)
        result = self._connection.execute(f"EXECUTE {self._prepared[text]}")
        names, rows = [column[0] for column in result.description], result.fetchall()
        places = [names.index(read["column"]) for read in rule["reads"]]
        return {tuple(as_text(row[place]) for place in places) for row in rows}

    def _prepare(self, text: str) -> str:
        for name in self._schema.keys() & set(re.findall(r"\w+", text)):
            self._ensure(name)
        try:
            sql = duckdb_kql.to_sql(text, duckdb_kql.engine.schema(self._connection))
        except duckdb_kql.KqlUnsupportedError as error:
            raise Refused(str(error)) from error
        sql = sql.replace("now() AT TIME ZONE 'UTC'", NOW)
        name = f"query_{len(self._prepared)}"
        self._connection.execute(f"PREPARE {name} AS {sql}")
        return name


OPEN: dict[str, Product] = {}
"""The products in use, by target and the tables that a site adds."""


def run(rules: list[dict[str, Any]], events: list[dict[str, Any]], site: dict[str, Any]) -> list[list[str | None]]:
    """The entity tuples in the results of the rules."""
    added = site["settings"].get("columns", {})
    key = json.dumps([site["target"], added], sort_keys=True)
    if key not in OPEN:
        OPEN[key] = Product(PRODUCTS[site["target"]] | added)
    rows: dict[str, list[dict[str, Any]]] = {}
    for number, event in enumerate(events):
        rows.setdefault(event["place"], []).append({**event["row"], ROW: number})
    OPEN[key].load(rows)
    OPEN[key].set_now(site["settings"].get("now"))
    found: set[tuple[str | None, ...]] = set()
    for rule in rules:
        found |= OPEN[key].entities(rule)
    return [list(values) for values in found]


def values(functions: dict[str, str], watchlists: dict[str, list[str]]) -> dict[str, dict[str, str]]:
    """What functions of a workspace give, as literals."""
    connection = connect()
    to_sql = lambda query: duckdb_kql.to_sql(query, duckdb_kql.engine.schema(connection))
    return computed(connection, to_sql, functions, watchlists)


def as_text(value: Any) -> str | None:
    """A value of a result; text that is empty is missing."""
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat(timespec="milliseconds") + "Z"
    text = str(value)
    return json.loads(text) if text.startswith('"') and text.endswith('"') and len(text) > 1 else text


if __name__ == "__main__":
    PRODUCTS = tables_of(sys.argv[1:])
    add_functions()
    serve({"run": run, "values": values})
