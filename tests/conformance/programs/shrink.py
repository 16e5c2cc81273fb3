"""Makes a failing program and stream small: whatever can be left out while the same engine still disagrees is left out."""
from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

from . import model

Failing = Callable[[model.Program, list[model.Event]], bool]


def shrink(
    program: model.Program, events: list[model.Event], failing: Failing, seconds: float = 60
) -> tuple[model.Program, list[model.Event]]:
    """The smallest program and events found that still fail, in so much time."""
    end = time.monotonic() + seconds
    progress = True
    while progress and time.monotonic() < end:
        progress = False
        for fewer in smaller_streams(events):
            if time.monotonic() < end and failing(program, fewer):
                events, progress = fewer, True
                break
        for less in smaller_programs(program):
            if time.monotonic() < end and failing(less, events):
                program, progress = less, True
                break
    return program, events


def smaller_streams(events: list[model.Event]) -> Iterator[list[model.Event]]:
    """Half of the events, one event less, one field less, one value of a list less."""
    half = len(events) // 2
    if half > 1:
        yield events[:half]
        yield events[half:]
    for i in range(len(events)):
        yield events[:i] + events[i + 1 :]
    for i, event in enumerate(events):
        for name, value in event.fields.items():
            rest = {k: v for k, v in event.fields.items() if k != name}
            yield [*events[:i], dataclasses.replace(event, fields=rest), *events[i + 1 :]]
            for shorter in shorter_values(value):
                changed = dataclasses.replace(event, fields={**event.fields, name: shorter})
                yield [*events[:i], changed, *events[i + 1 :]]


def shorter_values(value: Any) -> Iterator[Any]:
    """A list with one value less, or its one value; a text with one character less."""
    if isinstance(value, list):
        for i in range(len(value)):
            yield value[:i] + value[i + 1 :]
    if isinstance(value, str) and len(value) > 1 and not value[0].isdigit():
        for i in range(len(value)):
            yield value[:i] + value[i + 1 :]


def smaller_programs(program: model.Program) -> Iterator[model.Program]:
    """A smaller pattern, fewer entity fields, simpler conditions; unused names and parameters go with them."""
    for pattern in smaller_patterns(program.pattern):
        names = model.row_names(pattern)
        entity = tuple(column for column in program.entity if column.event in names)
        if entity:
            yield tidy(dataclasses.replace(program, pattern=pattern, entity=entity))
    for i in range(len(program.entity)):
        if len(program.entity) > 1:
            yield dataclasses.replace(program, entity=program.entity[:i] + program.entity[i + 1 :])
    for i, name in enumerate(program.names):
        for where in [None, *smaller_conditions(name.where)] if name.where else []:
            names = (*program.names[:i], dataclasses.replace(name, where=where), *program.names[i + 1 :])
            yield tidy(dataclasses.replace(program, names=names))
        if name.base != program.kind(name.name):
            base = program.named(name.base)
            where = base.where if name.where is None else name.where
            names = (*program.names[:i], model.Name(name.name, base.base, where), *program.names[i + 1 :])
            yield tidy(dataclasses.replace(program, names=names))


def tidy(program: model.Program) -> model.Program:
    """Without the names and parameters that nothing uses."""
    used = set(model.all_names(program.pattern))
    for name in reversed(program.names):
        if name.name in used:
            used.add(name.base)
    names = tuple(name for name in program.names if name.name in used)
    given = (getattr(atom, "given", None) for name in names for atom in model.atoms(name.where))
    asked = {one.parameter for one in given if one}
    return dataclasses.replace(
        program, names=names, parameters=tuple(one for one in program.parameters if one.name in asked)
    )


def smaller_patterns(pattern: model.Pattern) -> Iterator[model.Pattern]:
    """An operand in place of the operator, an operand or a key less, a smaller operand."""
    parts = model.operands(pattern)
    yield from parts
    match pattern:
        case model.Join(operands=found, keys=keys):
            if len(found) > 2:
                for i in range(len(found)):
                    fewer = tuple(model.Key(key.columns[:i] + key.columns[i + 1 :]) for key in keys)
                    yield dataclasses.replace(pattern, operands=found[:i] + found[i + 1 :], keys=fewer)
            for i, part in enumerate(found):
                for less in smaller_patterns(part):
                    if keeps(less, [key.columns[i] for key in keys]):
                        yield dataclasses.replace(pattern, operands=(*found[:i], less, *found[i + 1 :]))
        case model.Without(kept=kept, absent=absent, keys=keys):
            for less in smaller_patterns(kept):
                if keeps(less, [key.columns[0] for key in keys]):
                    yield dataclasses.replace(pattern, kept=less)
            for less in smaller_patterns(absent):
                if keeps(less, [key.columns[1] for key in keys]):
                    yield dataclasses.replace(pattern, absent=less)
        case model.Grouped(event=event, keys=keys, shown=shown):
            yield model.One(event)
            if shown:
                yield dataclasses.replace(pattern, shown=())
            for less in smaller_conditions(pattern.having):
                yield dataclasses.replace(pattern, having=less)
    keys = getattr(pattern, "keys", ())
    for i in range(len(keys)):
        if len(keys) > 1:
            yield dataclasses.replace(pattern, keys=keys[:i] + keys[i + 1 :])


def keeps(pattern: model.Pattern, columns: list[model.Column]) -> bool:
    """Whether the pattern's rows still have these columns."""
    names = model.row_names(pattern)
    return all(column.event in names for column in columns)


def smaller_conditions(pred: model.Pred) -> Iterator[Any]:
    """A part in place of the whole, a part less, a smaller part, a shorter list of values."""
    match pred:
        case model.Not(inner=inner):
            yield inner
            for less in smaller_conditions(inner):
                yield model.Not(less)
        case model.And(parts=parts) | model.Or(parts=parts):
            yield from parts
            for i, part in enumerate(parts):
                if len(parts) > 2:
                    yield dataclasses.replace(pred, parts=parts[:i] + parts[i + 1 :])
                for less in smaller_conditions(part):
                    yield dataclasses.replace(pred, parts=(*parts[:i], less, *parts[i + 1 :]))
        case _:
            given = getattr(pred, "given", None)
            if given is None:
                return
            if given.parameter:
                yield dataclasses.replace(pred, given=dataclasses.replace(given, parameter=None))
                return
            for value in smaller_values(given.value):
                yield dataclasses.replace(pred, given=dataclasses.replace(given, value=value))


def smaller_values(value: Any) -> Iterator[Any]:
    """A list with one less; a text, glob or expression with a part less."""
    match value:
        case tuple() if len(value) > 1:
            for i in range(len(value)):
                yield value[:i] + value[i + 1 :]
        case tuple():
            for one in smaller_values(value[0]):
                yield (one,)
        case str() if len(value) > 1 and not value[0].isdigit():
            for i in range(len(value)):
                yield value[:i] + value[i + 1 :]
        case model.Glob(segments=segments) if len(segments) > 1:
            for i in range(len(segments)):
                yield model.Glob(segments[:i] + segments[i + 1 :])
        case model.Concat(parts=parts) | model.Either(parts=parts):
            yield from parts
            if len(parts) > 2:
                for i in range(len(parts)):
                    yield dataclasses.replace(value, parts=parts[:i] + parts[i + 1 :])
            for i, part in enumerate(parts):
                for less in smaller_values(part):
                    yield dataclasses.replace(value, parts=(*parts[:i], less, *parts[i + 1 :]))
        case model.Repeat(part=part):
            yield part
            for less in smaller_values(part):
                yield dataclasses.replace(value, part=less)
