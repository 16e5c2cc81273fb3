r"""Says in other words what duckdb-kql does not know, where Kusto's documentation says that the words mean the same.

- `mv-apply X = A to typeof(T) on (summarize …)` answers, for each row, with the row and the aggregates over its members:
  <https://learn.microsoft.com/kusto/query/mv-apply-operator>. So do `mv-expand` and `summarize … by` a row's number.
- `row_number()` over all rows only tells rows apart in what detc writes: a number that the rows have from the start does.
- `\uFFFF` in a text is that character: <https://learn.microsoft.com/kusto/query/scalar-data-types/string>.
- `count_distinctif` is the exact count of what `dcountif` estimates, and duckdb-kql's `dcountif` is exact:
  <https://learn.microsoft.com/kusto/query/count-distinctif-aggregation-function>.
"""

import re

from serve import Refused

ROW = "DetcRow"
"""The column that numbers the rows of all tables."""

NUMBERED = re.compile(r"\bserialize (\w+) = row_number\(\)")
SKIPPED = re.compile(r'//[^\n]*|@"(?:[^"]|"")*"|@\'(?:[^\']|\'\')*\'|"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'')
"""What stands in comments and strings."""


def rewritten(query: str) -> str:
    """The query in words that duckdb-kql knows."""
    query = NUMBERED.sub(rf"extend \1 = {ROW}", query)
    query = SKIPPED.sub(lambda found: with_characters(found.group()), query)
    query = outside_strings(query, "count_distinctif(", "dcountif(")
    while (start := place(query, "| mv-apply ", 0)) is not None:
        query = expanded(query, start)
    return query


def expanded(query: str, start: int) -> str:
    """The query with the `mv-apply` that begins at a place said as `mv-expand` and `summarize`."""
    body = place(query, " on (", start)
    if body is None:
        raise Refused("`mv-apply` without `on (…)`")
    end = closing(query, body + len(" on ("))
    head = query[start + len("| mv-apply ") : body]
    step = query[body + len(" on (") : end].strip()
    if not step.startswith("summarize ") and not step.startswith("summarize\n"):
        raise Refused("`mv-apply` with another step than `summarize`")
    step = step.removeprefix("summarize").strip()
    said = f"| mv-expand {head} | summarize arg_max({ROW}, *), {step} by {ROW}_ = {ROW} | project-away {ROW}_"
    return query[:start] + said + query[end + 1 :]


def with_characters(text: str) -> str:
    """A text literal with the characters that it gives by number; a verbatim one and a comment as they are."""
    if text.startswith(("@", "//")):
        return text
    return re.sub(r"\\(u([0-9a-fA-F]{4})|.)", lambda found: chr(int(found[2], 16)) if found[2] else found[0], text)


def outside_strings(query: str, word: str, other: str) -> str:
    """The query with another word for one, wherever it is no part of a string or comment."""
    parts, last = [], 0
    for found in SKIPPED.finditer(query):
        parts += [query[last : found.start()].replace(word, other), found.group()]
        last = found.end()
    return "".join([*parts, query[last:].replace(word, other)])


def place(query: str, words: str, start: int) -> int | None:
    """Where words stand first from a place on, outside of strings and comments."""
    found = re.compile(f"{SKIPPED.pattern}|({re.escape(words)})").finditer(query, start)
    return next((one.start() for one in found if one.group(1)), None)


def closing(query: str, start: int) -> int:
    """Where the parenthesis that is open at a place closes."""
    depth = 1
    for found in re.compile(rf"{SKIPPED.pattern}|[()]").finditer(query, start):
        depth += {"(": 1, ")": -1}.get(found.group(), 0)
        if depth == 0:
            return found.start()
    raise Refused("a parenthesis is not closed")
