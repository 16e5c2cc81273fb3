"""Makes programs at random: every operator, type, pattern form and kind of key."""
from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from . import model
from .vocabulary import CLASSES, JOINING, NAMES, scalar

WINDOWS = (1000, 2000, 5000, 10_000, 60_000, 300_000, 500, 1)
DAY = 86_400_000
START = 1_767_225_600_000
"""2026-01-01, the time around which events happen."""

PIECES = (
    *("a", "b", "A", "x.exe", "cmd", "C:\\x\\", "\\", "*", "?", '"', "'", "%", "_", "$", "$1", "^", "[", "]", "(", ")"),
    *("{", "}", "|", "`", "~", "#", "@", "&", "<", ">", "/", "//", ";", ",", ":", "=", "!", "+", "-", ".", " ", "\n", "\t"),
    *("é", "É", "ß", "日本", "😀", "K", "ſ", "${x}", "%TEMP%", "{0}", "\\n", "\\\\", "-enc", "10.0.0.0/8", "0", "true", "null"),
)
PLAIN = ("a", "b", "A", "x.exe", "cmd", "C:\\x\\", "-enc", "web", ".", " ", "0")
ADDRESSES = ("10.0.0.1", "10.0.0.2", "10.0.1.1", "192.168.0.1", "8.8.8.8", "2001:db8::1", "2001:db8::2", "fe80::1", "::1")
NETWORKS = ("10.0.0.0/8", "10.0.0.0/31", "192.168.0.0/16", "0.0.0.0/0", "8.8.8.8/32", "2001:db8::/32", "::/0", "fe80::/10")
NUMBERS = (0, 1, 2, 5, 10, 80, 443, 1000, -1, 65535)
FRACTIONS = (0.5, 1.5, 2.0, 0.25, 10.0, 0.0)


class Maker:
    """Makes one program from a source of randomness."""

    def __init__(self, rng: random.Random) -> None:
        self.rng, self.parameters, self.names = rng, [], []
        self.wild = rng.random() < 0.5
        """Whether its texts hold what is easily misread."""
        self.modest = rng.random() < 0.45
        """Whether it stays with what every product can say: one key, whole seconds, single values."""

    def program(self) -> model.Program:
        """A program."""
        pattern = self.pattern(self.rng.choice((0, 1, 1, 1) if self.modest else (0, 1, 1, 2, 2, 3)))
        names = tuple(self.names)
        program = model.Program(names, pattern, (), tuple(self.parameters))
        return model.Program(names, pattern, self.entity(program), tuple(self.parameters))

    def chance(self, share: float) -> bool:
        """True so often."""
        return self.rng.random() < share

    # ---- values

    def text(self, most: int = 3) -> str:
        """A text, now and then with everything that is easily misread."""
        pieces = PIECES if self.wild and self.chance(0.7) else PLAIN
        return "".join(self.rng.choice(pieces) for _ in range(self.rng.randint(1, most)))

    def glob(self) -> model.Glob:
        """A glob, with a wildcard as a rule."""
        segments: list[str | model.Wild] = []
        for _ in range(self.rng.randint(1, 4)):
            last = segments[-1] if segments else None
            if self.chance(0.45):
                wild = model.ANY if self.chance(0.7) else model.ONE
                if isinstance(last, str) and last.endswith("[") or last == model.ANY:
                    continue
                segments.append(wild)
            elif not isinstance(last, str):
                segments.append(self.text(2))
        return model.Glob(tuple(segments) or (self.text(1),))

    def regex(self, depth: int = 2) -> model.Regex:
        """A regular expression of the portable subset."""
        if depth == 0 or self.chance(0.35):
            return self.regex_leaf()
        form = self.rng.randrange(4)
        if form == 0:
            return model.Either(tuple(self.regex(depth - 1) for _ in range(2)))
        if form == 1:
            least = self.rng.choice((0, 1, 1, 2))
            most = self.rng.choice((None, max(least, 1), least + 2))
            return model.Repeat(self.regex(depth - 1), least, most)
        parts = [self.regex(depth - 1) for _ in range(self.rng.randint(2, 3))]
        if depth == 2 and self.chance(0.25):
            parts.insert(0, model.Edge("^"))
        if depth == 2 and self.chance(0.25):
            parts.append(model.Edge("$"))
        return model.Concat(tuple(parts))

    def regex_leaf(self) -> model.Regex:
        """A character or a class."""
        form = self.rng.randrange(6)
        if form == 0:
            return model.Dot()
        if form == 1:
            return model.Set((), self.chance(0.2), self.rng.choice("dws"))
        if form == 2:
            ranges = self.rng.sample((("a", "c"), ("0", "9"), ("A", "Z"), ("x", "x"), (".", "."), ("-", "-")), 2)
            return model.Set(tuple(ranges), self.chance(0.3))
        return model.Char(self.rng.choice(self.text(1)))

    def given(self, kind: str, value: Any) -> model.Given:
        """A value as it is, or as a parameter."""
        if self.chance(0.35) and kind not in ("number",):
            name = f"Value{len(self.parameters) + 1}"
            self.parameters.append(model.Parameter(name, kind, value))
            return model.Given(kind, value, name)
        return model.Given(kind, value)

    def some(self, make: Any, least: int = 1, most: int = 3) -> tuple[Any, ...]:
        """A few values."""
        return tuple(make() for _ in range(self.rng.randint(least, most)))

    # ---- predicates

    def pred(self, kind: str, depth: int) -> model.Pred:
        """A condition on events of a class."""
        if depth == 0 or self.chance(0.4):
            return self.atom(kind)
        form = self.rng.randrange(3)
        if form == 0:
            return model.Not(self.pred(kind, depth - 1))
        parts = tuple(self.pred(kind, depth - 1) for _ in range(self.rng.randint(2, 3)))
        return model.And(parts) if form == 1 else model.Or(parts)

    def atom(self, kind: str) -> model.Atom:
        """A test."""
        if self.chance(0.02 if self.modest else 0.12):
            found = self.comparison(kind)
            if found:
                return found
        field = self.rng.choice([field for field in CLASSES[kind] if not self.modest or self.is_plain(kind, field)])
        if self.chance(0.12):
            return model.Exists(field, self.chance(0.5))
        match scalar(CLASSES[kind][field]):
            case "string":
                return self.text_test(field)
            case "ip":
                return self.address_test(field)
            case "bool":
                return model.ValueTest(field, self.rng.choice(("==", "!=")), self.given("bool", self.chance(0.5)))
            case other:
                return self.value_test(field, other)

    def is_plain(self, kind: str, field: str) -> bool:
        """Whether the field has one value, which is no time."""
        return not CLASSES[kind][field].startswith("list<") and CLASSES[kind][field] != "datetime"

    def text_test(self, field: str) -> model.Atom:
        """A test of a text."""
        if self.chance(0.15):
            nocase = self.chance(0.5)
            if self.chance(0.3):
                return model.Matches(field, self.given("list<regex>", self.some(self.regex, 1, 2)), nocase)
            return model.Matches(field, self.given("regex", self.regex()), nocase)
        op = self.rng.choice(("==", "==", "!=", "in", "in", "contains", "startswith", "endswith", "like", "like"))
        cased = self.chance(0.25)
        make = self.glob if op == "like" else self.text
        kind = "glob" if op == "like" else "string"
        if op == "in" or (op not in ("==", "!=") and self.chance(0.4)):
            return model.TextTest(field, op, self.given(f"list<{kind}>", self.some(make)), cased)
        return model.TextTest(field, op, self.given(kind, make()), cased)

    def address_test(self, field: str) -> model.Atom:
        """A test of an address."""
        if self.chance(0.3):
            op = self.rng.choice(("==", "!="))
            return model.AddressTest(field, op, self.given("ip", self.rng.choice(ADDRESSES)))
        pool, kind = (ADDRESSES, "list<ip>") if self.chance(0.3) else (NETWORKS, "list<cidr>")
        return model.AddressTest(field, "in", self.given(kind, self.some(lambda: self.rng.choice(pool))))

    def value_test(self, field: str, kind: str) -> model.Atom:
        """A test of a number, a duration or a time."""
        make = {
            "int": lambda: self.rng.choice(NUMBERS),
            "port": lambda: max(0, self.rng.choice(NUMBERS)),
            "float": lambda: self.rng.choice(FRACTIONS),
            "duration": lambda: self.rng.choice((1, 500, 1000, 60_000)),
            "datetime": lambda: START + self.rng.choice((-1, 0, 1)) * self.rng.choice((0, 1, DAY)),
        }[kind]
        if kind == "port" and self.chance(0.35):
            ranges = self.some(lambda: self.rng.choice(((80, 80), (443, 443), (1000, 2000), (0, 1023))), 1, 2)
            return model.ValueTest(field, "in", self.given("ports", ranges))
        if kind in ("int", "port", "float") and self.chance(0.3):
            return model.ValueTest(field, "in", self.given(f"list<{kind}>", self.some(make)))
        op = self.rng.choice(("==", "!=", "<", "<=", ">", ">="))
        return model.ValueTest(field, op, self.given(kind, make()))

    def comparison(self, kind: str) -> model.Compare | None:
        """Fields against fields."""
        fields = CLASSES[kind]
        of = {t: [f for f in fields if fields[f] == t] for t in ("string", "int", "port", "datetime", "ip")}
        form = self.rng.randrange(4)
        if form == 0 and len(of["string"]) > 1:
            a, b = self.rng.sample(of["string"], 2)
            return model.Compare(model.Leaf(a), self.rng.choice(("==", "!=")), model.Leaf(b), self.chance(0.3))
        if form == 1 and len(of["datetime"]) > 1:
            a, b = self.rng.sample([*of["datetime"], "@timestamp"], 2)
            span = model.Constant("duration", self.rng.choice((0, 1, 1000, DAY)))
            return model.Compare(model.Binary(model.Leaf(a), "-", model.Leaf(b)), self.order(), span)
        numbers = of["int"]
        if form == 2 and len(numbers) > 1:
            a, b = self.rng.sample(numbers, 2)
            return model.Compare(model.Leaf(a), self.order(), model.Leaf(b))
        if form == 3 and len(numbers) > 1:
            a, b = self.rng.sample(numbers, 2)
            op = self.rng.choice(("+", "-", "*", "/"))
            value = model.Constant("int", self.rng.choice((0, 1, 2, 10)))
            return model.Compare(model.Binary(model.Leaf(a), op, model.Leaf(b)), self.order(), value)
        return None

    def order(self) -> str:
        """A comparison of numbers."""
        return self.rng.choice(("<", "<=", ">", ">=", "==", "!="))

    # ---- patterns

    def name(self, like: str | None = None) -> str:
        """A new name of events: of a class, or of an earlier name."""
        name = NAMES[len(self.names)]
        known = [one.name for one in self.names]
        if known and self.chance(0.2):
            base = like or self.rng.choice(known)
            where = self.pred(self.kind(base), 1) if self.chance(0.4) else None
        else:
            base = self.kind(like) if like else self.rng.choice(list(CLASSES))
            where = self.pred(base, self.rng.choice((0, 1, 1, 2))) if self.chance(0.75) else None
        self.names.append(model.Name(name, base, where))
        return name

    def kind(self, name: str) -> str:
        """The class of a name."""
        base = next(one.base for one in self.names if one.name == name)
        return base if base in CLASSES else self.kind(base)

    def pattern(self, depth: int) -> model.Pattern:
        """A pattern of so many levels."""
        if depth == 0 or len(self.names) > 3:
            share = 0.04 if self.modest else 0.15
            return self.grouped() if self.chance(share) else model.One(self.name())
        for _ in range(20):
            names, parameters = list(self.names), list(self.parameters)
            found = self.operator(depth)
            if found:
                return found
            self.names, self.parameters = names, parameters
        return model.One(self.name())

    def operator(self, depth: int) -> model.Pattern | None:
        """An operator over operands that can be joined."""
        word = self.rng.choice(("then", "then", "then", "with", "with", "followed", "preceded", "grouped"))
        word = "then" if word == "grouped" and self.names else word
        window = self.window()
        if word == "grouped":
            return self.grouped()
        count = 3 if word in ("then", "with") and len(self.names) < 2 and self.chance(0.25) else 2
        parts = [self.pattern(self.rng.randint(0, depth - 1)) for _ in range(count)]
        if word in ("followed", "preceded") and isinstance(parts[0], model.One) and self.chance(0.15):
            parts[1] = parts[0]  # first seen
        keys = self.keys(parts)
        if not keys:
            return None
        if word in ("then", "with"):
            return model.Join(word, tuple(parts), window, keys)
        return model.Without(word, parts[0], parts[1], window, keys)

    def window(self) -> int:
        """A window."""
        return self.rng.choice([w for w in WINDOWS if not self.modest or w % 1000 == 0])

    def keys(self, parts: Sequence[model.Pattern]) -> tuple[model.Key, ...]:
        """Keys that link all operands: one field for all where there is one, or fields of one type."""
        found: dict[tuple[model.Column, ...], model.Key] = {}
        for _ in range(self.rng.choice((1, 1, 2, 2, 3))):
            same = self.same_field(parts) if self.chance(0.95 if self.modest else 0.75) else None
            columns = same or self.same_type(parts)
            if columns and not any(self.is_list(column) for key in found for column in key if column in columns):
                found[columns] = model.Key(columns)
        return tuple(found.values())

    def is_list(self, column: model.Column) -> bool:
        """Whether a column may hold several values. One of two keys at once would say nothing clear of its value."""
        return CLASSES[self.kind(column.event)][column.field].startswith("list<")

    def columns(self, part: model.Pattern) -> list[tuple[model.Column, str]]:
        """The columns of an operand that may join, with their types."""
        found = []
        for name in model.row_names(part):
            fields = CLASSES[self.kind(name)]
            joining = (field for field in fields if field in JOINING)
            plain = (field for field in joining if not self.modest or self.is_plain(self.kind(name), field))
            found += [(model.Column(name, field), scalar(fields[field])) for field in plain]
        return found

    def same_field(self, parts: Sequence[model.Pattern]) -> tuple[model.Column, ...] | None:
        """One field that every operand has."""
        columns = [self.columns(part) for part in parts]
        common = set.intersection(*({column.field for column, _ in own} for own in columns))
        if not common:
            return None
        field = self.rng.choice(sorted(common))
        return tuple(self.rng.choice([c for c, _ in own if c.field == field]) for own in columns)

    def same_type(self, parts: Sequence[model.Pattern]) -> tuple[model.Column, ...] | None:
        """A column of each operand, all of one type."""
        columns = [self.columns(part) for part in parts]
        common = set.intersection(*({kind for _, kind in own} for own in columns))
        if not common:
            return None
        kind = self.rng.choice(sorted(common))
        return tuple(self.rng.choice([c for c, k in own if k == kind]) for own in columns)

    def grouped(self) -> model.Grouped:
        """A group with a condition."""
        name = self.name()
        fields = CLASSES[self.kind(name)]
        joining = [column.field for column, _ in self.columns(model.One(name))]
        keys = tuple(self.rng.sample(joining, self.rng.choice((1, 1, 2))))
        aggregates: list[model.Aggregate] = []
        having = self.having(fields, aggregates)
        shown = tuple(a.name for a in aggregates if a.function != "avg" and self.chance(0.15))
        return model.Grouped(name, keys, self.window(), having, tuple(aggregates), shown)

    def having(self, fields: dict[str, str], aggregates: list[model.Aggregate]) -> model.Pred:
        """A condition on aggregates."""
        if self.chance(0.05 if self.modest else 0.2):
            parts = (self.having_atom(fields, aggregates), self.having_atom(fields, aggregates))
            return model.And(parts) if self.chance(0.5) else model.Or(parts)
        found = self.having_atom(fields, aggregates)
        return model.Not(found) if self.chance(0.1) else found

    def having_atom(self, fields: dict[str, str], aggregates: list[model.Aggregate]) -> model.Compare:
        """A comparison of an aggregate, or of two of them computed, with a constant."""
        if self.modest and self.chance(0.85):
            function = self.rng.choice(("count", "count", "count", "distinct", "sum", "avg", "max"))
            leaf = model.Leaf(self.aggregate(fields, aggregates, function))
            return model.Compare(leaf, ">=", model.Constant("int", self.rng.choice((1, 2, 2, 3))))
        left: model.Expr = model.Leaf(self.aggregate(fields, aggregates))
        if self.chance(0.05 if self.modest else 0.2):
            left = model.Binary(left, self.rng.choice("+-*/"), model.Leaf(self.aggregate(fields, aggregates)))
        op = self.rng.choice((">=", ">=", ">", "<", "<=", "==", "!="))
        return model.Compare(left, op, model.Constant("int", self.rng.choice((0, 1, 2, 2, 3, 10))))

    def aggregate(self, fields: dict[str, str], aggregates: list[model.Aggregate], function: str = "") -> str:
        """An aggregate; the same one again under its first name."""
        numbers = [field for field in fields if fields[field] == "int"]
        function = function or self.rng.choice(("count", "count", "distinct", "sum", "min", "max", "avg"))
        texts = [field for field in fields if scalar(fields[field]) in ("string", "ip", "port")]
        field = None if function == "count" else self.rng.choice(texts if function == "distinct" else numbers)
        for known in aggregates:
            if (known.function, known.field) == (function, field):
                return known.name
        aggregates.append(model.Aggregate(f"total{len(self.names)}_{len(aggregates)}", function, field))
        return aggregates[-1].name

    # ---- entity

    def entity(self, program: model.Program) -> tuple[model.Column, ...]:
        """A few columns of the rows, those of keys more often."""
        columns = [column for column, _ in self.columns(program.pattern)]
        if isinstance(program.pattern, model.Grouped):
            columns += [model.Column(program.pattern.event, name) for name in program.pattern.shown]
        keys = [column for key in getattr(program.pattern, "keys", ()) if isinstance(key, model.Key) for column in key.columns]
        keys = [column for column in keys if column in columns]
        if isinstance(program.pattern, model.Grouped):
            keys = [model.Column(program.pattern.event, field) for field in program.pattern.keys]
        if keys and self.chance(0.85 if self.modest else 0.5):
            columns = keys
        columns = list(dict.fromkeys(columns))
        return tuple(self.rng.sample(columns, min(len(columns), self.rng.choice((1, 2, 2, 3)))))


def program(seed: int) -> model.Program:
    """The program of a seed."""
    return Maker(random.Random(seed)).program()
