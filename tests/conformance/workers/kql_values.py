"""The values that packed rules read of functions and watchlists, computed by the engine and given as literals of KQL.

duckdb-kql knows no functions of a workspace whose columns have a type, no watchlists and no `column_ifexists`: watchlists and
functions become tables, and a column of a site's settings is there if the function that the pack ships has it.
"""

import datetime
import json
import re
from typing import Any

WATCHLIST = re.compile(r'_GetWatchlist\("([^"]+)"\)')
IF_EXISTS = re.compile(r'column_ifexists\("(\w+)", ')


def values(connection: Any, to_sql: Any, functions: dict[str, str], watchlists: dict[str, list[str]]) -> dict[str, dict[str, str]]:
    """The literal of each column of each function. `connection` is used up."""
    for alias, keys in watchlists.items():
        connection.execute(f'CREATE TABLE "{table(alias)}" (SearchKey VARCHAR)')
        connection.executemany(f'INSERT INTO "{table(alias)}" VALUES (?)', [[key] for key in keys])
    found: dict[str, dict[str, str]] = {}
    for name, query in sorted(functions.items(), key=lambda function: reads_another(function[1])):
        query = WATCHLIST.sub(lambda listed: table(listed[1]), query)
        for other, columns in found.items():
            if f"{other}()" in query:
                query = existing(query, columns).replace(f"{other}()", other)
        connection.execute(f'CREATE TABLE "{name}" AS {to_sql(query)}')
        result = connection.execute(f'SELECT * FROM "{name}"')
        names, rows = [column[0] for column in result.description], result.fetchall()
        found[name] = {column: literal(value) for column, value in zip(names, rows[0], strict=True)}
    return found


def reads_another(query: str) -> bool:
    """Whether a function reads another: those come after."""
    return "_Settings()" in query


def existing(query: str, columns: dict[str, str]) -> str:
    """The query with each `column_ifexists("X", d)` as `X` or as `d`."""
    while (found := IF_EXISTS.search(query)) is not None:
        depth, end = 1, found.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(query[end], 0)
            end += 1
        said = found[1] if found[1] in columns else query[found.end() : end - 1]
        query = query[: found.start()] + said + query[end:]
    return query


def table(alias: str) -> str:
    """The table that stands for a watchlist."""
    return alias.replace("-", "_")


def literal(value: Any) -> str:
    """A value as a literal: <https://learn.microsoft.com/kusto/query/scalar-data-types/>"""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.timedelta):
        return f"{value // datetime.timedelta(milliseconds=1)}ms"
    if isinstance(value, list):
        return f"dynamic({json.dumps(value, ensure_ascii=False)})"
    if isinstance(value, str):
        return f"dynamic({value})" if is_array(value) else json.dumps(value, ensure_ascii=False)
    return repr(value)


def is_array(text: str) -> bool:
    """Whether a text is an array of JSON, as the engine holds a dynamic."""
    try:
        return isinstance(json.loads(text), list)
    except ValueError:
        return False
