"""Prints a program in the language, and its events as a test case."""
from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from typing import Any

from . import meaning, model
from .vocabulary import CLASSES

TARGETS = ("splunk", "sentinel", "defender", "elastic", "sigma")


# ---- literals


def quoted(text: str) -> str:
    """A text between quotes, with escapes."""
    out = ""
    for c in text:
        if c in '"\\':
            out += "\\" + c
        elif c in "\n\r\t":
            out += {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[c]
        elif ord(c) < 32 or ord(c) == 127:
            out += f"\\u{{{ord(c):x}}}"
        else:
            out += c
    return f'"{out}"'


def glob(value: model.Glob) -> str:
    """A glob in its notation: a literal `*` or `?` stands in brackets."""
    parts = (
        "".join(f"[{c}]" if c in "*?" else c for c in segment) if isinstance(segment, str) else segment.sign
        for segment in value.segments
    )
    return "".join(parts)


def regex(node: model.Regex, inside: str = "") -> str:
    """A regular expression; `inside` says what stands around it, so that it gets a group where it needs one."""
    match node:
        case model.Char(value=c):
            return regex_character(c)
        case model.Dot():
            return "."
        case model.Edge(sign=sign):
            return sign
        case model.Set(letter=letter, negated=negated) if letter:
            return "\\" + (letter.upper() if negated else letter)
        case model.Set(ranges=ranges, negated=negated):
            ends = [(regex_character(low), regex_character(high)) for low, high in ranges]
            body = "".join(low if low == high else f"{low}-{high}" for low, high in ends)
            return f"[{'^' if negated else ''}{body}]"
        case model.Concat(parts=parts):
            body = "".join(regex(part, "concat") for part in parts)
            return f"({body})" if inside == "repeat" else body
        case model.Either(parts=parts):
            body = "|".join(regex(part, "either") for part in parts)
            return f"(?:{body})" if inside else body
        case model.Repeat(part=part, least=least, most=most):
            sign = {(0, None): "*", (1, None): "+", (0, 1): "?"}.get((least, most))
            counted = f"{{{least},{'' if most is None else most}}}"
            body = regex(part, "repeat") + (sign or counted)
            return f"(?:{body})" if inside == "repeat" else body


def regex_character(c: str) -> str:
    """A character that means itself."""
    if c == "\n":
        return "\\n"
    return "\\" + c if c in r"\.+*?()|[]{}^$#&-~" else c


def duration(milliseconds: int) -> str:
    """A span of time."""
    for unit, size in (("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if milliseconds and milliseconds % size == 0:
            return f"{milliseconds // size}{unit}"
    return f"{milliseconds}ms"


def moment(milliseconds: int) -> str:
    """A time in ISO 8601."""
    epoch = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=milliseconds)
    return epoch.strftime("%Y-%m-%dT%H:%M:%S.") + f"{epoch.microsecond // 1000:03}Z"


def literal(kind: str, value: Any) -> str:
    """A value of a type."""
    if kind == "ports":
        ranges = (str(low) if low == high else f"{low}..{high}" for low, high in value)
        return f"[{', '.join(ranges)}]"
    if isinstance(value, tuple):
        return f"[{', '.join(literal(kind[5:-1] if kind.startswith('list<') else kind, one) for one in value)}]"
    match kind:
        case "string" | "ip" | "cidr" | "host":
            return quoted(value)
        case "glob":
            return quoted(glob(value))
        case "regex":
            return quoted(regex(value))
        case "duration":
            return duration(value)
        case "datetime":
            return quoted(moment(value))
        case "bool":
            return "true" if value else "false"
    return repr(value)


def given(value: model.Given) -> str:
    """A value in a condition."""
    return value.parameter or literal(value.type, value.value)


# ---- conditions


def condition(pred: model.Pred, leaf: Any = lambda name: name, tight: int = 0) -> str:
    """A condition; in parentheses if it binds looser than `tight`: 0 or, 1 and, 2 not."""
    match pred:
        case model.Or(parts=parts):
            text, own = " or ".join(condition(part, leaf, 1) for part in parts), 0
        case model.And(parts=parts):
            text, own = " and ".join(condition(part, leaf, 2) for part in parts), 1
        case model.Not(inner=inner):
            text, own = f"not {condition(inner, leaf, 2)}", 2
        case model.Compare(left=left, op=op, right=right, cased=cased):
            word = f"cased {op}" if cased else op
            text, own = f"{expression(left, leaf)} {word} {expression(right, leaf)}", 2
        case _:
            text, own = test(pred), 2
    return f"({text})" if own < tight else text


def test(atom: model.Atom) -> str:
    """A test of one field."""
    match atom:
        case model.Exists(field=field, missing=missing):
            return f"{'missing' if missing else 'exists'} {field}"
        case model.TextTest(field=field, op=op, given=value, cased=cased):
            return f"{field} {'cased ' if cased else ''}{op} {given(value)}"
        case model.Matches(field=field, given=value, nocase=nocase):
            return f"{field} matches {'nocase ' if nocase else ''}{given(value)}"
        case model.ValueTest(field=field, op=op, given=value) | model.AddressTest(field=field, op=op, given=value):
            return f"{field} {op} {given(value)}"
    raise ValueError(atom)


def expression(expr: model.Expr, leaf: Any, inside: str = "") -> str:
    """Arithmetic, with parentheses wherever operators meet."""
    match expr:
        case model.Leaf(name=name):
            return leaf(name)
        case model.Constant(type=kind, value=value):
            return literal(kind, value)
        case model.Binary(left=left, op=op, right=right):
            text = f"{expression(left, leaf, op)} {op} {expression(right, leaf, op)}"
            return f"({text})" if inside else text


# ---- patterns


def pattern(program: model.Program, node: model.Pattern, inside: bool = False) -> str:
    """A pattern; operands that are operators stand in parentheses."""
    match node:
        case model.One(name=name):
            return name
        case model.Join(word=word, operands=parts, within=within, keys=keys):
            steps = f" {word} ".join(pattern(program, part, True) for part in parts)
        case model.Without(word=word, kept=kept, absent=absent, within=within, keys=keys):
            steps = f"{pattern(program, kept, True)} not {word} by {pattern(program, absent, True)}"
        case model.Grouped():
            text = grouped(node)
            return f"({text})" if inside else text
    keys_text = ", ".join(key(program, one, model.operands(node)) for one in keys)
    text = f"{steps} within {duration(within)} by {keys_text}"
    return f"({text})" if inside else text


def key(program: model.Program, one: model.Key, parts: Sequence[model.Pattern]) -> str:
    """A key: the bare field where each operand has just one event with it."""
    names = {column.field for column in one.columns}
    if len(names) == 1:
        field = names.pop()
        holders = [[n for n in model.row_names(part) if field in CLASSES[program.kind(n)]] for part in parts]
        if all(len(held) == 1 for held in holders):
            return field
    return " = ".join(f"{column.event}.{column.field}" for column in one.columns)


def grouped(node: model.Grouped) -> str:
    """`e grouped by K over W having C`; an aggregate that is shown gets its name where it stands first."""
    named: set[str] = set()

    def leaf(name: str) -> str:
        one = next(a for a in node.aggregates if a.name == name)
        text = f"{one.function}({one.field or ''})"
        if name in node.shown and name not in named:
            named.add(name)
            return f"{text} as {name}"
        return text

    keys = ", ".join(node.keys)
    return f"{node.event} grouped by {keys} over {duration(node.over)} having {condition(node.having, leaf)}"


def column(one: model.Column) -> str:
    """A column of the entity."""
    return f"{one.event}.{one.field}" if "." in one.field or one.field.startswith("@") else one.field


def identity(number: int) -> str:
    """The strategy's id, which no strategy of ATT&CK bears: those are held against ATT&CK."""
    return f"DET9{number:05}"


def strategy(program: model.Program, number: int) -> str:
    """The whole file. Whatever a target refuses or approximates is accepted, so that the others are written."""
    lines = [
        "/// A program made at random",
        f"strategy {identity(number)} {{",
        "    technique T1071.001",
        "    tactic command-and-control",
        "    date 2026-11-26",
        "    /// A program made at random",
        f"    analytic AN{number:04} on windows {{",
        f'        sources {{ DC0032 "any" "any" -> {", ".join(CLASSES)} }}',
    ]
    lines += [f"        tunable {p.name}: {p.type} = {literal(p.type, p.value)}" for p in program.parameters]
    for name in program.names:
        where = f" where {condition(name.where)}" if name.where else ""
        lines.append(f"        event {name.name} = {name.base}{where}")
    targets = ", ".join(TARGETS)
    lines += [
        "        /// A program made at random",
        "        detect it {",
        "            severity low",
        f"            pattern {pattern(program, program.pattern)}",
        f"            entity {', '.join(map(column, program.entity))}",
        f'            accept approximate on {targets} "compared as what it says"',
        f'            accept unsupported on {targets} "left out"',
        "        }",
        "    }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def entity_names(program: model.Program) -> list[str]:
    """The names that the entity's fields bear in an alert: without the event where that is unique."""
    fields = [one.field for one in program.entity]
    return [one.field if fields.count(one.field) == 1 else column(one) for one in program.entity]


def cases(program: model.Program, number: int, streams: Sequence[Sequence[model.Event]]) -> str:
    """The test cases beside a strategy, as JSON, which is YAML. They expect what the program means."""
    names = entity_names(program)
    found = [
        {
            "name": f"stream {place}",
            "detection": f"AN{number:04}/it",
            "events": [{"class": e.kind, "@timestamp": moment(e.time), **e.fields} for e in stream],
            "expect": [dict(zip(names, values)) for values in meaning.alerts(program, stream)],
        }
        for place, stream in enumerate(streams)
    ]
    return json.dumps({"strategy": identity(number), "cases": found}, ensure_ascii=False, indent=1)
