"""Makes event streams for a program that crowd its boundaries: windows, ties, missing values, its own texts and near ones."""
from __future__ import annotations

import random
from typing import Any

from . import meaning, model
from .det import moment
from .generate import ADDRESSES, DAY, FRACTIONS, NUMBERS, START
from .vocabulary import ALWAYS, CLASSES, JOINING, NARROW, scalar

NANOS = 1_000_000


class Streams:
    """Makes streams for a program."""

    def __init__(self, program: model.Program, rng: random.Random) -> None:
        self.program, self.rng = program, rng
        self.hints = hints(program)
        self.names = list(dict.fromkeys(model.all_names(program.pattern)))
        self.windows = sorted(set(model.windows(program.pattern))) or [1000]
        self.judge = meaning.Meaning(program, [])
        self.simple = False
        """Whether a stream stays with what every engine tells apart: whole seconds, and keys of one case."""

    def stream(self, loose: bool = False) -> list[model.Event]:
        """Some events. A `loose` one also has lists where a class declares a single value."""
        self.simple = self.rng.random() < 0.4
        count = self.rng.choice((1, 2, 3, 4, 5, 6, 8, 10))
        times = self.times(count)
        events = [self.event(time, loose) for time in times]
        if self.rng.random() < 0.25:
            twin = self.rng.choice(events)
            events.append(model.Event(twin.kind, twin.time, dict(twin.fields)))
        self.rng.shuffle(events)
        return events

    def times(self, count: int) -> list[int]:
        """Times at and beside the windows' edges, counted from earlier ones; now and then whole seconds only."""
        if self.simple or self.rng.random() < 0.1:
            edges = [0, 0, *(window // 1000 for window in self.windows), *(window // 1000 + 1 for window in self.windows)]
            return [START + 1000 * (self.rng.choice(edges) + self.rng.choice((0, 0, 1, 10))) for _ in range(count)]
        found = [START + self.rng.choice((0, 1, 999, 500))]
        while len(found) < count:
            window = self.rng.choice(self.windows)
            step = self.rng.choice((0, 0, window, window, window + 1, window - 1, window // 2, 1, window // 3))
            found.append(self.rng.choice((found[-1], found[-1], self.rng.choice(found))) + step)
        return found

    def event(self, time: int, loose: bool) -> model.Event:
        """An event that, as a rule, satisfies one of the program's names."""
        name = self.rng.choice(self.names)
        wanted = self.rng.random() < 0.85
        for _ in range(12 if wanted else 1):
            event = self.any_event(self.program.kind(name), time, loose)
            if self.judge.is_one(name, event):
                return event
        return event

    def any_event(self, kind: str, time: int, loose: bool) -> model.Event:
        """An event of a class."""
        fields: dict[str, Any] = {}
        for field, declared in CLASSES[kind].items():
            is_list = declared.startswith("list<")
            if is_list or (loose and field not in ALWAYS.get(kind, ()) and self.rng.random() < 0.15):
                count = self.rng.choice((0, 1, 2, 2, 3))
                value: Any = [self.value(kind, field) for _ in range(count)]
            else:
                value = self.value(kind, field)
            if value is not None or self.rng.random() < 0.5:
                fields[field] = value
        return model.Event(kind, time, {f: v for f, v in fields.items() if v is not None})

    def value(self, kind: str, field: str) -> Any:
        """A value of a field: missing, joining, from the program's own conditions, or near those."""
        rng = self.rng
        type_name = scalar(CLASSES[kind][field])
        chance = 1.0 if field in ALWAYS.get(kind, ()) else rng.random()
        if chance < 0.08:
            return None
        if chance < 0.12 and type_name in ("string", "ip"):
            return ""
        known = self.hints.get(field, [])
        if known and rng.random() < (0.35 if field in JOINING else 0.8):
            value = rng.choice(known)
            value = self.near(value) if type_name == "string" and rng.random() < 0.3 else value
            if value != "":
                return value
        return self.plain(type_name, field)

    def plain(self, type_name: str, field: str) -> Any:
        """A value that no condition asks for."""
        rng = self.rng
        match type_name:
            case "string":
                return rng.choice(NARROW["simple" if self.simple else "string"])
            case "ip":
                return rng.choice(NARROW["ip"] if rng.random() < 0.7 else ADDRESSES)
            case "bool":
                return rng.random() < 0.5
            case "port":
                return rng.choice((443, 443, 80, 1000, 2000, 1023))
            case "int":
                return rng.choice((1, 1, 2)) if field in JOINING else rng.choice(NUMBERS)
            case "float":
                return rng.choice(FRACTIONS)
            case "duration":
                return rng.choice((1, 500, 1000)) * NANOS
        return moment(START + rng.choice((-1, 0, 1)) * rng.choice((0, 1, DAY)))

    def near(self, text: str) -> str:
        """A text that is almost the one asked for."""
        rng = self.rng
        return rng.choice(
            (text.upper(), text.lower(), text.swapcase(), "x" + text, text + "x", text[:-1], text[1:], text + "\n", text * 2)
        )


def hints(program: model.Program) -> dict[str, list[Any]]:
    """Values for each field that the program's conditions are about."""
    found: dict[str, list[Any]] = {}
    for name in program.names:
        for atom in model.atoms(name.where):
            match atom:
                case model.TextTest(field=field, given=given):
                    found.setdefault(field, []).extend(map(as_text, meaning.listed(given.value)))
                case model.Matches(field=field, given=given):
                    found.setdefault(field, []).extend(sample(one) for one in meaning.listed(given.value))
                case model.ValueTest(field=field, given=given):
                    found.setdefault(field, []).extend(numbers(given))
                case model.AddressTest(field=field, given=given):
                    found.setdefault(field, []).extend(one.partition("/")[0] for one in meaning.listed(given.value))
    return {field: [value for value in values if value != ""] for field, values in found.items()}


def as_text(value: str | model.Glob) -> str:
    """A text that matches."""
    if isinstance(value, str):
        return value
    return "".join(part if isinstance(part, str) else "ab" if part.sign == "*" else "a" for part in value.segments)


def sample(node: model.Regex) -> str:
    """A text that the expression is found in, as a rule."""
    match node:
        case model.Char(value=c):
            return c
        case model.Set(letter=letter, ranges=ranges):
            return {"d": "7", "w": "w", "s": " "}.get(letter) or ranges[0][0]
        case model.Concat(parts=parts):
            return "".join(map(sample, parts))
        case model.Either(parts=parts):
            return sample(parts[-1])
        case model.Repeat(part=part, least=least):
            return sample(part) * max(least, 1)
        case model.Dot():
            return "."
    return ""


def numbers(given: model.Given) -> list[Any]:
    """The constant, and its neighbours, as an event holds them."""
    if given.type == "ports":
        return [min(max(p, 0), 65535) for low, high in given.value for p in (low, high, low - 1, high + 1)]
    found: list[Any] = []
    for value in meaning.listed(given.value):
        match given.type:
            case "bool":
                found.append(value)
            case "duration":
                found += [value * NANOS, value * NANOS + 1, value * NANOS - 1]
            case "datetime":
                found += [moment(value), moment(value + 1), moment(value - 1)]
            case "float" | "list<float>":
                found += [value, value + 0.5]
            case "port" | "list<port>":
                found += [min(max(value + d, 0), 65535) for d in (-1, 0, 1)]
            case _:
                found += [value, value + 1, value - 1]
    return found
