"""Generates values, writes them into strategies, compiles those for every target, and looks for the values in the rules."""
from __future__ import annotations

import dataclasses
import json
import random
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from programs import det, model, sites
from programs.generate import ADDRESSES, FRACTIONS, NETWORKS, NUMBERS, PIECES, START, Maker
from programs.meaning import moment, regex_found
from programs.streams import sample

from . import decode
from .readers import Literals, read

NANOS = 1_000_000


@dataclass(frozen=True)
class Check:
    """A test with a parameter, in a strategy of its own."""

    number: int
    test: model.Atom

    @property
    def given(self) -> model.Given:
        """The parameter's type and value."""
        return self.test.given  # type: ignore[union-attr]

    @property
    def kind(self) -> str:
        """The class of its event."""
        if self.test.field.startswith("process."):  # type: ignore[union-attr]
            return "process_start"
        is_session = self.test.field.startswith(("tls.", "event.duration_"))  # type: ignore[union-attr]
        return "tls_session" if is_session else "network_connection"

    def program(self) -> model.Program:
        """The strategy: one event, one test."""
        parameter = model.Parameter("Value", self.given.type, self.given.value)
        field = "process.entity_id"
        return model.Program(
            (model.Name("alpha", self.kind, self.test),), model.One("alpha"), (model.Column("alpha", field),), (parameter,)
        )


def text(rng: random.Random) -> str:
    """A text of what is easily misread, beside anything else."""
    pieces = [*PIECES, "\r", "\x1f", "\u2028", "''", '"""', "```", "*/", "--", "%s", "\\u0041", "&&", "\ud7ff", "\U0001f600"]
    return "".join(rng.choice(pieces) for _ in range(rng.randint(1, 6)))


def glob(maker: Maker) -> model.Glob:
    """A glob that asks for some text: `*` alone is written as `exists`."""
    found = maker.glob()
    return found if any(isinstance(part, str) for part in found.segments) else glob(maker)


def tests(rng: random.Random) -> list[model.Atom]:
    """One test of every type and operator, with values at random."""
    maker = Maker(rng)
    maker.wild = True

    def given(kind: str, value: Any) -> model.Given:
        return model.Given(kind, value, "Value")

    texts = tuple(text(rng) for _ in range(rng.randint(1, 3)))
    found: list[model.Atom] = [
        model.TextTest("process.name", op, given("string", text(rng)), cased)
        for op in ("==", "!=", "contains", "startswith", "endswith")
        for cased in (False, True)
    ]
    found += [
        model.TextTest("process.name", op, given("list<string>", texts), rng.random() < 0.3)
        for op in ("in", "contains", "startswith", "endswith")
    ]
    found += [
        model.TextTest("process.name", "in", given("list<string>", ("Cmd.exe", "web"))),
        model.AddressTest("destination.ip", "in", given("list<cidr>", ("10.0.0.0/8", "2001:db8::/32"))),
        model.TextTest("process.args", "in", given("list<string>", texts)),
        model.TextTest("process.name", "like", given("glob", glob(maker))),
        model.TextTest("process.name", "like", given("list<glob>", (glob(maker), glob(maker))), True),
        *(model.Matches("process.name", given("regex", maker.regex()), nocase) for nocase in (False, True)),
        model.ValueTest("process.pid", "==", given("int", rng.choice(NUMBERS))),
        *(model.ValueTest("process.pid", op, given("int", rng.choice(NUMBERS))) for op in ("!=", "<", "<=", ">", ">=")),
        model.ValueTest("process.pid", "in", given("list<int>", tuple(rng.sample(NUMBERS, 2)))),
        model.ValueTest("event.duration_seconds", ">", given("float", rng.choice(FRACTIONS))),
        model.ValueTest("event.duration", ">=", given("duration", rng.choice((1, 1500, 60_000, 86_400_000)))),
        model.ValueTest("tls.server.not_after", "<", given("datetime", START + rng.randint(0, 10**9))),
        model.ValueTest("process.code_signature.trusted", "==", given("bool", rng.random() < 0.5)),
        model.ValueTest("destination.port", "==", given("port", rng.randint(0, 65535))),
        model.ValueTest("destination.port", "in", given("ports", ((rng.randint(0, 99), rng.randint(100, 999)), (443, 443)))),
        model.AddressTest("destination.ip", "==", given("ip", rng.choice(ADDRESSES))),
        model.AddressTest("destination.ip", "in", given("list<cidr>", tuple(rng.sample(NETWORKS, 2)))),
    ]
    return found


def run(count: int, seed: int, detc: Path) -> list[str]:
    """Makes so many rounds of tests, and gives what was not read back."""
    rng = random.Random(seed)
    checks = [Check(number, test) for number, test in enumerate((t for _ in range(count) for t in tests(rng)), 1)]
    problems = exceptions()
    for target, (dialect, _) in sites.TARGETS.items():
        rules = compiled(checks, target, detc)
        macros = sites.macros() if dialect == "spl" else {}
        numbers = sorted(rules)
        literals = read(dialect, [rules[number] for number in numbers], macros)
        excused = 0
        for number, found in zip(numbers, literals):
            problem = missed(checks[number - 1], found, dialect)
            if problem and excuse(dialect, found, rules[number]):
                excused += 1
            elif problem:
                problems.append(f"{target}: {problem}\n{rules[number]}")
        print(f"{target}: {len(rules) - excused} values read back" + (f", {excused} excused" if excused else ""))
        if len(rules) < len(checks) // 3:
            problems.append(f"{target}: only {len(rules)} of {len(checks)} strategies were compiled")
    return problems


def excuse(dialect: str, found: Literals, rule: str) -> bool:
    """Whether the parser is wrong and not the rule, as `exceptions` says."""
    return dialect == "eql" and isinstance(found, str) and found.startswith("invalid literal for int()") and "\\u{" in rule


def exceptions() -> list[str]:
    """Exceptions that are no longer needed.

    2026-11: Elastic's parser for Python (PyPI `eql` 1.0.1) reads `\\u{2028}` up to the last brace of the text. The product's
    grammar ends it at the first: https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax#eql-syntax-escape-characters
    """
    probe = read("eql", ['any where f == "\\u{2028}}"'], {})[0]
    return [] if isinstance(probe, str) else ["Elastic's parser now ends \\u{…} at the first brace: drop the exception"]


def compiled(checks: Sequence[Check], target: str, detc: Path) -> dict[int, str]:
    """The rules of a target in its first dialect, by the number of the check. What it cannot say in that is left out."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        profile = sites.write(place, target)
        (place / "in").mkdir()
        for check in checks:
            source = det.strategy(check.program(), check.number)
            (place / "in" / f"{check.number:04}.det").write_text(source, encoding="utf-8")
        name, options = sites.asked(target, place)
        command = [detc, "compile", place / "in", "--target", name, "--profile", profile, "-o", place / "out", *options]
        done = subprocess.run([*map(str, command), "--format", "json"], capture_output=True, text=True, check=False)
        if done.returncode:
            errors = [line for line in done.stderr.split("\n") if '"severity":"error"' in line]
            raise SystemExit("\n".join(errors) or done.stderr)
        dialect = sites.TARGETS[target][0]
        ending = "yml" if dialect == "sigma" else dialect
        rules: dict[int, str] = {}
        by_identity = {det.identity(check.number): check.number for check in checks}
        for file in sorted((place / "out" / name).glob(f"*/DET*/*.{ending}")):
            number = by_identity[file.parent.name]
            rules[number] = rules.get(number, "") + file.read_bytes().decode()
        return rules


# ---- what must be found


def missed(check: Check, found: Literals, dialect: str) -> str | None:
    """What of the value is not among the literals of its rule."""
    shown = f"{check.given.type} {det.literal(check.given.type, check.given.value)}"
    if isinstance(found, str):
        return f"{shown}: the rule does not parse: {found}"
    for one in wanted(check.given):
        if not any(is_read(spelled, literal) for spelled in spellings(one, dialect) for literal in found):
            return f"{shown}: {one!r} is not among {json.dumps(found, ensure_ascii=False)}"
    return None


def wanted(given: model.Given) -> list[tuple[str, Any]]:
    """The values that must be read back, each with its type."""
    if given.type == "ports":
        return [("port", end) for low, high in given.value for end in (low, high)]
    if given.type.startswith("list<"):
        return [(given.type[5:-1], value) for value in given.value]
    return [(given.type, given.value)]


def spellings(value: tuple[str, Any], dialect: str) -> list[tuple[str, Any]]:
    """A value as it may stand in a rule: in ES|QL texts without regard to case are compared in small letters."""
    kind, meant = value
    if dialect != "esql" or kind not in ("string", "glob"):
        return [value]
    if kind == "string":
        return [value, (kind, meant.lower())]
    small = [part.lower() if isinstance(part, str) else part for part in meant.segments]
    return [value, (kind, dataclasses.replace(meant, segments=type(meant.segments)(small)))]


def is_read(value: tuple[str, Any], literal: tuple[str, Any]) -> bool:
    """Whether a literal is the value."""
    kind, meant = value
    match kind:
        case "string":
            return decode.normal([meant]) in decode.readings(literal)
        case "glob":
            return decode.normal(list(meant.segments)) in decode.readings(literal)
        case "ip":
            network = f"{meant}/{128 if ':' in meant else 32}"
            return any(one in ((meant,), (network,)) for one in decode.readings(literal))
        case "cidr":
            return (meant,) in decode.readings(literal)
        case "regex":
            return literal[0] == "text" and same_regex(meant, literal[1])
        case "bool":
            return literal[1] in (meant, str(meant).lower()) or (str(meant).lower(),) in decode.readings(literal)
        case "datetime":
            return moment_of(literal) == meant
        case "duration":
            return span_of(literal) == meant * NANOS
    # The sign of a number is an operator to some parsers.
    return number_of(literal) in (meant, -meant if meant < 0 else meant)


def number_of(literal: tuple[str, Any]) -> float | None:
    """The number that a literal is."""
    try:
        return float(literal[1])
    except (TypeError, ValueError):
        return None


def span_of(literal: tuple[str, Any]) -> float | None:
    """The nanoseconds of a literal: a number, or a time span of KQL."""
    match = re.fullmatch(r"(\d+)(ms|s|m|h|d)", str(literal[1]))
    units = {"ms": NANOS, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86400 * 10**9}
    return int(match[1]) * units[match[2]] if match else number_of(literal)


def moment_of(literal: tuple[str, Any]) -> float | None:
    """The milliseconds of a literal: a number, `datetime(…)`, or ISO 8601."""
    found = re.search(r"\d{4}-\d\d-\d\dT[\d:.]+Z", str(literal[1]))
    return moment(found[0]) if found else number_of(literal)


def same_regex(meant: model.Regex, pattern: str) -> bool:
    """Whether a pattern finds what is meant, in texts that it finds and in others near them."""
    core = sample(meant)
    samples = {core, core.upper(), core.lower(), "x" + core, core + "x", core + "\n", core[1:], core[:-1], "", "a", "\n"}
    python = re.sub(r"\\z|(?<!\\)\$$", r"\\Z", re.sub(r"\\x\{([0-9A-Fa-f]+)\}", lambda m: f"\\U{int(m[1], 16):08X}", pattern))
    results = []
    for whole in (False, True):
        # What matches the whole text is Lucene's, whose dot takes a line's end too.
        flags = re.DOTALL if whole else re.NOFLAG
        try:
            compiled = re.compile(python, flags)
        except re.error:
            return False
        found = compiled.fullmatch if whole else compiled.search
        for nocase in (False, True):
            results.append(all(bool(found(one)) == (one != "" and regex_found(meant, one, nocase)) for one in samples if one))
            flagged = re.compile(python, flags | re.I)
            found_flagged = flagged.fullmatch if whole else flagged.search
            results.append(all(bool(found_flagged(one)) == regex_found(meant, one, nocase) for one in samples if one))
    return any(results)
