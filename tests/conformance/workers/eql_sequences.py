"""Sequences of EQL as Elasticsearch finds them: a port of the logic of its `SequenceMatcher`.

<https://github.com/elastic/elasticsearch/tree/main/x-pack/plugin/eql/src/main/java/org/elasticsearch/xpack/eql/execution>

- Documents are in order of time, then of the tiebreaker; a step is strictly after the one before.
- For each key, a step takes the latest partial sequence before it, and consumes it with all that are older.
- `maxspan` counts from the first event and includes its end.
- A missing event (`![…]`) is looked for by time alone, strictly before or after, and only the nearest one is compared with
  `maxspan`.
"""

import datetime
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import eql_events
from eql import ast
from eql_events import Document

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Step:
    """A term of the sequence; one that runs stands several times."""

    matches: Callable[[Document], bool]
    keys: Callable[[Document], list[Key]]
    missing: bool


@dataclass(frozen=True)
class Hit:
    """A document at its place in the order."""

    time: float
    place: int
    document: Document


def run(text: str, documents: list[Document], tiebreaker: str | None) -> list[list[Document]]:
    """What a query finds: the events of each sequence, or single events."""
    query = eql_events.parsed(text)
    if query.pipes:
        raise eql_events.Unsupported("pipes")
    hits = _ordered(documents, tiebreaker)
    if isinstance(query.first, ast.EventQuery):
        matches = eql_events.event_filter(query.first)
        return [[hit.document] for hit in hits if matches(hit.document)]
    if not isinstance(query.first, ast.Sequence) or query.first.close:
        raise eql_events.Unsupported(type(query.first).__name__)
    span = query.first.max_span.as_milliseconds() if query.first.max_span else None
    steps = [step for term in query.first.queries for step in _steps(term)]
    return [[hit.document for hit in found] for found in _sequences(steps, hits, span)]


def _ordered(documents: list[Document], tiebreaker: str | None) -> list[Hit]:
    def order(numbered: tuple[int, Document]) -> tuple[float, Any, int]:
        number, document = numbered
        tie = eql_events.values(document, tiebreaker) if tiebreaker else []
        return (milliseconds(document["@timestamp"]), tie[0] if tie else 0, number)

    numbered = sorted(enumerate(documents), key=order)
    return [Hit(milliseconds(document["@timestamp"]), place, document) for place, (_, document) in enumerate(numbered)]


def milliseconds(text: str) -> float:
    """A moment in milliseconds since 1970."""
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


def _steps(term: ast.SubqueryBy) -> list[Step]:
    options = term.params.kv if term.params else {}
    missing = bool(options.get("is_negated") and options["is_negated"].value)
    runs = options["runs"].value if options.get("runs") else 1
    step = Step(eql_events.event_filter(term.query), _keys([eql_events.field_path(v) for v in term.join_values]), missing)
    return [step] * runs


def _keys(paths: list[str]) -> Callable[[Document], list[Key]]:
    """The keys of a document: one for every choice of values; none if one is missing."""

    def keys(document: Document) -> list[Key]:
        found: list[Key] = [()]
        for path in paths:
            found = [(*before, value) for before in found for value in eql_events.values(document, path)]
        return found

    return keys


def _sequences(steps: list[Step], hits: list[Hit], span: float | None) -> list[list[Hit]]:
    present = [index for index, step in enumerate(steps) if not step.missing]
    partial: list[dict[Key, list[list[Hit]]]] = [{} for _ in present]
    whole: list[tuple[Key, list[Hit]]] = []
    for stage, index in enumerate(present):
        step = steps[index]
        for hit in hits:
            if not step.matches(hit.document):
                continue
            for key in step.keys(hit.document):
                found = [hit] if stage == 0 else _extended(partial[stage - 1].get(key, []), hit, span)
                if found is None:
                    continue
                if stage == len(present) - 1:
                    whole.append((key, found))
                else:
                    partial[stage].setdefault(key, []).append(found)
    return [found for key, found in whole if _nothing_between(steps, present, key, found, hits, span)]


def _extended(partials: list[list[Hit]], hit: Hit, span: float | None) -> list[Hit] | None:
    """The latest partial sequence before the hit, and the hit. It and all older ones are used up."""
    before = [number for number, partial in enumerate(partials) if partial[-1].place < hit.place]
    if not before:
        return None
    partial = partials[before[-1]]
    del partials[: before[-1] + 1]
    if span is not None and hit.time - partial[0].time > span:
        return None
    return [*partial, hit]


def _nothing_between(
    steps: list[Step], present: list[int], key: Key, found: list[Hit], hits: list[Hit], span: float | None
) -> bool:
    """Whether the missing events are missing."""
    first, last = found[0].time, found[-1].time
    leading: list[float] = []
    trailing: list[float] = []
    for index, step in enumerate(steps):
        if not step.missing:
            continue
        times = [hit.time for hit in hits if step.matches(hit.document) and key in step.keys(hit.document)]
        before = [stage for stage, place in enumerate(present) if place < index]
        after = [stage for stage, place in enumerate(present) if place > index]
        if before and after:
            low, high = found[before[-1]].time, found[after[0]].time
            if any(low < time < high for time in times):
                return False
        elif after:
            leading += [time for time in times if time < first]
        else:
            trailing += [time for time in times if time > last]
    return _outside(max(leading, default=None), min(trailing, default=None), (steps[0].missing, steps[-1].missing), first, last, span)


def _outside(
    lead: float | None, trail: float | None, open_ends: tuple[bool, bool], first: float, last: float, span: float | None
) -> bool:
    """Whether the nearest events that should be missing lie beyond `maxspan`."""

    def exceeds(start: float | None, end: float | None) -> bool:
        return start is None or end is None or (span is not None and end - start > span)

    match open_ends:
        case (True, True):
            return exceeds(lead, trail)
        case (True, False):
            return exceeds(lead, last)
        case (False, True):
            return exceeds(first, trail)
        case _:
            return True
