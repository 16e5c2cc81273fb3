"""Programs and streams at the edges, made by rule and not at random: every form of pattern with every distance around its
window, and every test with every value around its own. What is at which edge shows in the entity.
"""
from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

from . import model
from .generate import START
from .streams import hints

WINDOW = 5000
OFF = 3000
"""How far into a bucket of the clock: what comes a little before is in the same bucket."""
FAR = 100_000_000
"""Between the hosts of a stream: no window reaches from one to the next."""

Edge = tuple[model.Program, list[model.Event]]


def tested(test: model.Atom, kind: str) -> Edge:
    """One test, and an event for every value at or near its own."""
    test = dataclasses.replace(test, given=dataclasses.replace(test.given, parameter=None))  # type: ignore[union-attr]
    program = model.Program(
        (model.Name("alpha", kind, test),), model.One("alpha"), (model.Column("alpha", "process.entity_id"),)
    )
    field = next(iter(hints(program)), None)
    values = [variant for value in hints(program).get(field or "", []) for variant in variants(value)]
    values = [None, "", *dict.fromkeys(values)] if all(isinstance(v, str) for v in values) else [None, *values]
    always = {"destination.port": 443} if kind == "network_connection" else {}
    events = []
    for place, value in enumerate(values):
        fields: dict[str, Any] = {"process.entity_id": f"e{place}", **always}
        if field and value is not None:
            fields[field] = value
        events.append(model.Event(kind, START + place, fields))
    return program, events


def variants(value: Any) -> list[Any]:
    """A value and those near it."""
    if not isinstance(value, str):
        return [value]
    marks = [value[:i] + "Q" + value[i + 1 :] for i, c in enumerate(value) if not c.isalnum()]
    ends = ["x" + value, value + "x", value + "\n", value[1:], value[:-1]]
    return [value, value.swapcase(), value.upper(), *ends, *marks]


# ---- patterns

ALPHA, BETA, GAMMA = "alpha", "beta", "gamma"
KINDS = {ALPHA: "process_start", BETA: "network_connection", GAMMA: "tls_session"}


def key(field: str, *names: str) -> model.Key:
    """One field of all."""
    return model.Key(tuple(model.Column(name, field) for name in names))


def entity(*columns: str) -> tuple[model.Column, ...]:
    """Columns, each as `name field`."""
    return tuple(model.Column(*column.split(" ")) for column in columns)


def names(*declared: str, self_join: bool = False) -> tuple[model.Name, ...]:
    """Names of the usual classes; for a self join all of one."""
    first = declared[0]
    found = [model.Name(name, KINDS[first if self_join else name], None) for name in declared]
    return tuple(found)


def joined(word: str, *parts: model.Pattern, fields: Sequence[str] = ("host.name",), within: int = WINDOW) -> model.Join:
    """`then` or `with` of single events on these keys."""
    own = [model.row_names(part)[0] for part in parts]
    return model.Join(word, parts, within, tuple(key(field, *own) for field in fields))


def programs() -> list[model.Program]:
    """A program of every form."""
    a, b, c = model.One(ALPHA), model.One(BETA), model.One(GAMMA)
    host = entity("alpha host.name")
    two, three = names(ALPHA, BETA), names(ALPHA, BETA, GAMMA)
    both = ("host.name", "process.entity_id")
    keys = (key("host.name", ALPHA, BETA),)
    found = [
        model.Program(declared, joined(word, a, b, fields=fields), shown)
        for word in ("then", "with")
        for declared in (two, names(ALPHA, BETA, self_join=True))
        for fields in (("host.name",), both)
        for shown in (host, entity("alpha process.pid", "beta host.name"), entity("alpha process.pid", "beta process.pid"))
    ]
    found += [
        model.Program(declared, model.Without(word, a, b, WINDOW, keys), host)
        for word in ("followed", "preceded")
        for declared in (two, names(ALPHA, BETA, self_join=True))
    ]
    found += [model.Program(three, joined(word, a, b, c), host) for word in ("then", "with")]
    inner = joined("then", a, b)
    outer = model.Join("with", (inner, c), 2000, (model.Key((model.Column(BETA, "process.pid"), model.Column(GAMMA, "process.pid"))),))
    found.append(model.Program(three, outer, host))
    for function, bound, op in (("count", 2, ">="), ("distinct", 2, ">="), ("sum", 3, ">="), ("max", 2, "<"), ("avg", 2, ">=")):
        field = {"count": None, "distinct": "process.entity_id"}.get(function, "process.pid")
        having = model.Compare(model.Leaf("total"), op, model.Constant("int", bound))
        group = model.Grouped(ALPHA, ("host.name",), WINDOW, having, (model.Aggregate("total", function, field),))
        found.append(model.Program(names(ALPHA), group, host))
    return found


def stream(program: model.Program, whole: bool = False) -> list[model.Event]:
    """For every distance around the windows a host with two events, of which the entity tells which; then broken keys.

    Engines for Sigma know whole seconds only, or fold the case of keys: for them the stream is `whole`.
    """
    kinds = [program.kind(name) for name in dict.fromkeys(model.all_names(program.pattern))]
    kinds = kinds if len(kinds) > 1 else kinds * 2
    edges = sorted({0, 1, WINDOW // 2, *(w + d for w in (WINDOW, 2000) for d in (-1, 0, 1))})
    if whole:
        edges = sorted({0, 1000, *(w + d for w in (WINDOW, 2000) for d in (-1000, 0, 1000))})
    events: list[model.Event] = []
    for place, gap in enumerate([*edges, *(-edge for edge in edges)]):
        events += pair(kinds, place, gap, f"h{place}", f"h{place}")
    gap = 1000 if whole else 1
    events += [] if whole else pair(kinds, 50, gap, "h50", "H50")
    events += pair(kinds, 51, gap, None, None)
    events += pair(kinds, 52, gap, "", "")
    events += pair(kinds, 53, gap, "h53", "h53", process="other")
    # The first of two is too old, the second is not.
    events += pair(kinds[:1], 54, 0, "h54", "h54")
    late = pair(kinds, 54, WINDOW - gap, "h54", "h54")
    events += [dataclasses.replace(event, time=event.time + 2 * gap) for event in late]
    return events


def logic() -> list[Edge]:
    """Conditions of three tests in every nesting, over events that pass any of them."""
    x, y, z = (
        model.TextTest(field, "==", model.Given("string", "yes"))
        for field in ("process.name", "process.executable", "user.name")
    )
    conditions: list[model.Pred] = [
        model.And((model.Or((x, y)), z)),
        model.Or((model.And((x, y)), z)),
        model.And((model.Not(x), y)),
        model.Not(model.And((x, model.Or((y, z))))),
        model.And((z, model.Not(model.Or((x, y))))),
        model.Or((model.Not(x), model.And((y, model.Not(z))))),
    ]
    fields = ("process.name", "process.executable", "user.name")
    events = []
    for place in range(27):
        words = [("yes", "no", None)[place // 3**i % 3] for i in range(3)]
        given = {name: word for name, word in zip(fields, words) if word}
        events.append(model.Event("process_start", START + place, {"process.entity_id": f"e{place}", **given}))
    shown = (model.Column(ALPHA, "process.entity_id"),)
    return [
        (model.Program((model.Name(ALPHA, "process_start", where),), model.One(ALPHA), shown), events)
        for where in conditions
    ]


def pair(
    kinds: Sequence[str], place: int, gap: int, first: str | None, second: str | None, process: str = "p"
) -> list[model.Event]:
    """An event of each class, so far apart each from the one before."""
    out = []
    for step, kind in enumerate(kinds):
        fields: dict[str, Any] = {
            "host.name": second if step else first,
            "process.entity_id": process if step else "p",
            "process.pid": place + 1,
        }
        if kind == "network_connection":
            fields["destination.port"] = 443
        time = START + FAR * (place + 1) + OFF + gap * step
        out.append(model.Event(kind, time, {name: value for name, value in fields.items() if value is not None}))
    return out


def edges() -> list[Edge]:
    """Every form of pattern over the stream of its edges, and every nesting of conditions."""
    return [*((program, stream(program, whole)) for whole in (False, True) for program in programs()), *logic()]
