"""Judges SPL by a parser that the community wrote (PyPI tachtech-panther-sdk). It knows the syntax, but takes any command and any
function: `data/spl/commands.toml` has those."""

import re
from typing import Any

from panther_sdk.converters.splunk.parser import SPLParser
from serve import serve


QUOTED = r'"(?:\\.|[^"\\])*"'
IN = re.compile(rf"""((?:[\w.{{}}]+|{QUOTED})) IN \(((?:{QUOTED}|[^()"])*)\)""")


def without_in(search: str) -> str:
    """The search with every `f IN (a, b)` as `(f=a OR f=b)`, which Splunk documents as the same and which the parser
    knows inside of parentheses: <https://docs.splunk.com/Documentation/Splunk/9.4.0/SearchReference/Search>."""

    def either(match: re.Match[str]) -> str:
        values = re.findall(rf"{QUOTED}|[^\s,]+", match[2])
        return "(" + " OR ".join(f"{match[1]}={value}" for value in values) + ")"

    return IN.sub(either, search)


def on_one_line(search: str) -> str:
    """The search with a blank for each line break outside of quotes: to Splunk they are the same, the parser takes a line
    break inside of parentheses for their end."""
    return re.sub(rf"({QUOTED})|\n", lambda found: found[1] or " ", search)


def without_signs(search: str) -> str:
    """A search without the signs of the numbers that its first line compares fields with: Splunk documents any number there, and the
    parser knows none below zero."""
    base, line_break, rest = search.partition("\n")
    return re.sub(rf"({QUOTED})|([<>=])-(?=\d)", lambda found: found[1] or found[2], base) + line_break + rest


def parse(rules: list[dict[str, Any]], site: dict[str, Any]) -> list[str]:
    """What the parser says against the searches. Splunk puts the definitions of macros in their places before it parses:
    <https://docs.splunk.com/Documentation/Splunk/9.4.0/Knowledge/Usesearchmacros>."""
    macros = site["settings"]["macros"]
    problems = []
    for rule in rules:
        text = re.sub(r"`(\w+)`", lambda name: macros.get(name[1], name[0]), rule["text"])
        try:
            SPLParser.from_source(on_one_line(without_in(without_signs(text)))).parse()
        except Exception as error:  # noqa: BLE001  (whatever it raises, it does not take the search)
            problems.append(f"{type(error).__name__}: {error}")
    return problems


if __name__ == "__main__":
    serve({"parse": parse})
