"""The mistakes: what a wrong compiler would have written instead.

Each is a rewrite of a rule's text. The pattern is a place that the right compiler writes in every rule of that form, the
replacement what the named bug would leave there.
"""
from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Union

Replacement = Union[str, Callable[[re.Match[str]], str]]


@dataclass(frozen=True)
class Mutation:
    """A mistake in rules of a dialect."""

    dialect: str
    bug: str
    """The mistake, as a sentence about the compiler."""
    pattern: str
    replacement: Replacement
    everywhere: bool = False
    """Whether every such place is rewritten, not just the first."""

    def apply(self, rule: str) -> str:
        """The rule with the mistake; the same rule where the mistake does not apply."""
        return re.sub(self.pattern, self.replacement, rule, count=0 if self.everywhere else 1, flags=re.M)


UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


def longer(by: int) -> Callable[[re.Match[str]], str]:
    """A span of time, in groups `head`, `size` and `unit`, made longer by so many milliseconds."""
    return lambda m: f"{m['head']}{int(m['size']) * UNITS[m['unit']] + by}ms"


def plus(by: int) -> Callable[[re.Match[str]], str]:
    """A number, in groups `head` and `size`, made greater."""
    return lambda m: f"{m['head']}{int(m['size']) + by}"


SPL = [
    ("a window is a millisecond too long", r"(?P<head>-(?:t|last_\w+|left_first_time)<=)(?P<size>\d+)", plus(1)),
    ("a window is a millisecond too short", r"(?P<head>-(?:t|last_\w+|left_first_time)<=)(?P<size>\d+)", plus(-1)),
    ("a window is strict at its end", r"(-(?:t|last_\w+|left_first_time))<=", r"\1<"),
    ("a window is turned around", r"t-(last_\w+)<=", r"\1-t<="),
    ("rows are read in the wrong direction", r"sort 0 -t", "sort 0 t"),
    ("ties are read in the wrong order", r"(rank=case\(step=\"\w+\", )(\d)(, 1=1, )(\d)\)", r"\1\4\3\2)"),
    ("a key is dropped", r"(streamstats window=0 m\w+\(\w+\) as \w+ by \w+), \w+", r"\1"),
    ("all keys are dropped", r"(streamstats window=0 m\w+\(\w+\) as \w+) by .*", r"\1"),
    ("a parenthesis is lost", r" AND \(([^()]* OR [^()]*)\)", r" AND \1"),
    ("the negation of an absence is lost", r"AND NOT \(", "AND ("),
    ("a negation is lost", r"isnull\(mvfind", "isnotnull(mvfind"),
    ("text is compared with case", r"\(\?is\)", "(?s)", True),
    ("cased text is compared without case", r"\"\(\?s\)(?=\\A|\w|\\x)", '"(?is)', True),
    ("a quote is not escaped", r"\\x22", '"'),
    ("a dot is not escaped", r"\\\.", "."),
    ("a star is not escaped", r"\\x2A", "*"),
    ("a backslash is not escaped", r"\\x5C", r"\\"),
    ("equality looks anywhere in the text", r"\\A([^\"]*)\\z", r"\1", True),
    ("the end of a text is open", r"\\z\"", '"', True),
    ("an empty key joins", r"^\| where \w+!=\"\"(?: AND \w+!=\"\")*$\n", ""),
    ("an event is its own partner", r"(_beside)-\w+_itself>0", r"\1>0"),
    ("a count is off by one", r"(window_count)>=(?P<size>\d)", lambda m: f"window_count>={int(m['size']) + 1}"),
    ("a count is strict", r"(window_count)>=", r"\1>"),
    ("events leave a group a millisecond early", r"(?P<head>t\+case\(leaves=\"1\", )(?P<size>\d+)", plus(-1)),
    ("events leave a group a millisecond late", r"(?P<head>t\+case\(leaves=\"1\", )(?P<size>\d+)", plus(1)),
    ("a missing value is left null", r"=coalesce\((\w+), \"\"\)", r"=\1"),
    ("the base search asks for too much", r"=\"\*([^\"*]+)\*\"", r'="\1"'),
    ("the base search reads events of all classes at once", r"\) OR \(", ") AND ("),
    ("a list is not expanded", r"^\| mvexpand (?!step|leaves|bucket|parcels|probe)\w+\n", ""),
    ("a field of the entity is dropped", r"(stats min\(t\) as first_seen, max\(t\) as last_seen by \w+), \w+", r"\1"),
    ("rows are cut off", r"sort 0 ", "sort "),
    ("a number is compared strictly", r"(tonumber\(\w+\))>=", r"\1>"),
    ("a number is compared with the other end", r"(mvfilter\(tonumber\(\w+\))<=?", r"\1>"),
    ("the classes of rows are not told apart", r"=case\(sourcetype=\"\w+\" AND ", "=case("),
    ("networks of one version only", r"cidrmatch\(\"([^\":]*)\", (\w+)\)\s+OR\s+cidrmatch\(\"[^\"]*:[^\"]*\", \w+\)", r'cidrmatch("\1", \2)'),
    ("the order of pairs is lost", r"t>=left_time AND ", ""),
]

KQL = [
    ("a window is a millisecond too long", r"(?P<head>let \w+_(?:within|over) = )(?P<size>\d+)(?P<unit>ms|s|m)", longer(1)),
    ("a window is a millisecond too short", r"(?P<head>let \w+_(?:within|over) = )(?P<size>\d+)(?P<unit>s|m)", longer(-1)),
    ("a window is strict at its end", r"(\w+ - \w+) <= (\w+_(?:within|over))", r"\1 < \2"),
    ("a window is strict at its start", r"(\w+_last) >= (\w+ - \w+_within)", r"\1 > \2"),
    ("a window is turned around", r"(\w+_last) >= (\w+) - (\w+_within)", r"\1 >= \2 + \3"),
    ("the order of steps is lost", r"where \w+ <= \w+\s+and (\w+ - \w+ <= \w+_within)", r"where \1"),
    ("the order of steps is strict", r"where (\w+_time) <= (\w+_time)(\s+and)", r"where \1 < \2\3"),
    ("an absence counts the same moment", r"(\w+_first) < (\w+_time)", r"\1 <= \2"),
    ("the bucket before is forgotten", r",\s+bin\((\w+), (\w+)\) - \2\s*\)", ")"),
    ("a key is dropped", r"^(\s*\) on )\w+, (\w+, Bucket)", r"\1\2"),
    ("a parenthesis is lost", r"\b(and|or)\s+\(((?:[^()]|\([^()]*\))* (?:or|and) (?:[^()]|\([^()]*\))*)\)", r"\1 \2"),
    ("an absence is read as a presence", r"kind=leftanti", "kind=leftsemi"),
    ("a negation is lost", r"not\(", "("),
    ("text is compared with case", r"=~", "==", True),
    ("lists are compared with case", r" in~ ", " in ", True),
    ("patterns are compared with case", r"\(\?is\)", "(?s)", True),
    ("cased text is compared without case", r"\(\?s\)", "(?is)", True),
    ("a part of a text is compared with case", r" (contains|startswith|endswith) \"", r' \1_cs "', True),
    ("a quote is not escaped", r"\\\"", '"'),
    ("a dot of a pattern is not escaped", r"\\\.", ".", True),
    ("the end of a pattern is open", r"\$\"", '"', True),
    ("a missing key joins", r"^\s*\| where isnot(?:empty|null)\(\w+\);?$\n", ""),
    ("an event is its own partner", r"^\s*\| where \w+_id != \w+_id$\n", ""),
    ("a count is off by one", r"(?P<head>\| where Events >= )(?P<size>\d)", plus(1)),
    ("a count is strict", r"\| where Events >= ", "| where Events > "),
    ("an aggregate of nothing counts", r"iff\(\w+Of > 0, (\w+), \w+\(null\)\)", r"\1"),
    ("a number is compared strictly", r"(\b[A-Z]\w+) >= (-?\d)", r"\1 > \2"),
    ("an upper bound is a lower one", r"(\b[A-Z]\w+) < (-?\d)", r"\1 > \2"),
    ("the first and the last are confused", r"(\w+_last) = max", r"\1 = min"),
    ("the start of a list is lost", r"in~ \(\"[^\"]*\", ", "in~ ("),
    ("an ending is looked for anywhere", r" endswith ", " contains "),
    ("a value is taken as present", r"\| where isnotempty\((\w+)\)\n\s*(\| where \1 !)", r"\2"),
]

EQL = [
    ("a window is a millisecond too long", r"(?P<head>maxspan=)(?P<size>\d+)(?P<unit>ms|s|m)", longer(1)),
    ("a window is a millisecond too short", r"(?P<head>maxspan=)(?P<size>\d+)(?P<unit>s|m)", longer(-1)),
    ("the steps stand in the wrong order", r"(\n  // \w+\n)(  \[[^\]]*\])(\n  // \w+\n)(  \[[^\]]*\])", r"\1\4\3\2"),
    ("a key is dropped", r"sequence by ([\w.?]+), [\w.]+", r"sequence by \1"),
    ("all keys are dropped", r"sequence by [\w., ]+ with", "sequence with"),
    ("an absence is read as a presence", r"!\[", "["),
    ("a negation is lost", r"\bnot \(", "("),
    ("lists are compared with case", r" in~ ", " in ", True),
    ("a part of a text is compared with case", r" : (\(?\"(?!\?\*\"))", r" like \1", True),
    ("cased text is compared without case", r" like ", " : ", True),
    ("a pattern is compared with case", r" regex~ ", " regex ", True),
    ("a pattern is compared without case", r" regex (?=[\"(])", " regex~ ", True),
    ("a parenthesis is lost", r"and\s+\(((?:[^()]|\([^()]*\))* or (?:[^()]|\([^()]*\))*)\)", r"and \1"),
    ("a quote is not escaped", r"\\\"", '"'),
    ("an empty key joins", r" and\s+\??[\w.]+ : \"\?\*\"(?=\])", "", True),
    ("a count is off by one", r"(?P<head>with runs=)(?P<size>\d+)", plus(1)),
    ("a test of a missing value is true", r"\?[\w.]+ != null and(\s+not)", r"true and\1"),
    ("an open end is closed", r"\"\*(\w)", r'"\1'),
    ("the classes of events are not told apart", r"event\.dataset == \"\w+\"", "true", True),
    ("a number is compared strictly", r">= ", "> "),
    ("an upper bound is a lower one", r" < (-?\d)", r" > \1"),
    ("a network is forgotten", r"(cidrMatch\(\?[\w.]+, )\"[^\"]*\", ", r"\1"),
]

SIGMA = [
    ("a window is a second too long", r"(?P<head>timespan: )(?P<size>\d+)s", lambda m: f"{m['head']}{int(m['size']) + 1}s"),
    ("a window is a second too short", r"(?P<head>timespan: )(?P<size>[2-9]|\d\d+)s", lambda m: f"{m['head']}{int(m['size']) - 1}s"),
    ("the order of steps is lost", r"type: temporal_ordered", "type: temporal"),
    ("an order is made up", r"type: temporal$", "type: temporal_ordered"),
    ("a key is dropped", r"(group-by:\n +- \w+\n) +- \w+\n", r"\1"),
    ("a negation is lost", r"\bnot (filter_\w+)", r"\1"),
    ("cased text is compared without case", r"\|cased", "", True),
    ("text is compared with case", r"^(\s+\w+)(: ')(?!\?\*')", r"\1|cased\2", True),
    ("an ending is taken for the whole", r"\|endswith", "", True),
    ("a start is taken for the whole", r"\|startswith", "", True),
    ("a part is taken for the whole", r"\|contains", "", True),
    ("a literal wildcard is not escaped", r"\\([*?])", r"\1"),
    ("a quote is not escaped", r"(?<=[^\s:'\-])''(?=[^\s'])", "'"),
    ("a parenthesis is lost", r"and \((\w+ or [^()]*)\)", r"and \1"),
    ("an empty key joins", r"^\s+\w+: '\?\*'\n", ""),
    ("a conjunction is read as a choice", r"(condition: \w+) and ", r"\1 or "),
    ("a choice is read as a conjunction", r"(condition: \w+) or ", r"\1 and "),
    ("a count is off by one", r"(?P<head>event_count\n(?:.*\n)*?\s+gte: )(?P<size>\d+)", plus(1)),
    ("different values are counted as events", r"type: value_count", "type: event_count"),
    ("a pattern is compared with case", r"\|re\|i", "|re", True),
    ("a pattern is compared without case", r"\|re:", "|re|i:", True),
    ("the first of several values is lost", r"(:\n)\s+- '[^\n]*'\n(\s+- ')", r"\1\2"),
    ("a number is compared strictly", r"\|gte", "|gt"),
    ("an upper bound is a lower one", r"\|lt:", "|gt:"),
]

SPANS = {"millisecond": 1, "second": 1000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
BACK = r"(?P<head>window_end - )(?P<size>\d+) (?P<unit>[a-z]+)"


def reaching(by: int) -> Callable[[re.Match[str]], str]:
    """How far a window reaches back, in groups `head`, `size` and `unit`, made longer by so many milliseconds."""
    return lambda m: f"{m['head']}{int(m['size']) * SPANS[m['unit'].removesuffix('s')] + by} milliseconds"


ESQL = [
    ("a window is a millisecond too long", BACK, reaching(1)),
    ("a window is a millisecond too short", BACK, reaching(-1)),
    ("a window is strict at its end", r"@timestamp <= window_end", "@timestamp < window_end"),
    ("a window is strict at its start", r">= window_end -", "> window_end -"),
    ("a window has no end", r"@timestamp <= window_end AND ", ""),
    ("a key is dropped", r"BY [\w.@]+, (?=.*window_end$)", "BY ", True),
    ("an empty key counts", r"^\s+AND [\w.@]+ (?:!= \"\"|IS NOT NULL)$\n", "", True),
    ("a negation is lost", r"\bNOT \(", "("),
    ("a test of a missing value is null", r"[\w.@]+ IS NOT NULL\s+AND ", "", True),
    ("text is compared with case", r"TO_LOWER\(([\w.@]+)\)", r"\1", True),
    ("cased text is compared without case", r"(?<![\w.(@])([\w.@]+) (==|LIKE) (\"(?!\")[^\"]*[A-Z])", r"TO_LOWER(\1) \2 \3", True),
    ("a quote is not escaped", r"\\\"", '"'),
    ("a literal wildcard is not escaped", r"\\+([*?])", r"\1"),
    ("a backslash is not escaped in a pattern", r"(LIKE \"\"\"[^\"]*?)\\\\", r"\1\\"),
    ("an open end is closed", r"\"\*(\w)", r'"\1'),
    ("a parenthesis is lost", r"AND\s+\(((?:[^()]|\([^()]*\))* OR (?:[^()]|\([^()]*\))*)\)", r"AND \1"),
    ("a sum is an average", r"= SUM\(", "= AVG("),
    ("events are counted for different values", r"COALESCE\(MV_COUNT\(VALUES\([^)]*\)\), 0\)", "COUNT(*)"),
    ("a condition of a group is strict", r"^(\| WHERE [a-z_]+) >= ", r"\1 > "),
    ("any event of a window stands for its last", r"@timestamp == window_end AND ", ""),
    ("a number is compared strictly", r"([a-z.]+) >= (-?\d)", r"\1 > \2"),
    ("an upper bound is a lower one", r"([a-z._]+) < (-?\d)", r"\1 > \2"),
    ("networks are forgotten", r"(CIDR_MATCH\(\s*[\w.]+,\s*\"[^\"]*\")(?:,\s*\"[^\"]*\")+", r"\1", True),
]

CATALOGUE: list[Mutation] = [
    Mutation(dialect, *entry)
    for dialect, entries in (("spl", SPL), ("kql", KQL), ("eql", EQL), ("esql", ESQL), ("sigma", SIGMA))
    for entry in entries
]
"""All mistakes."""
