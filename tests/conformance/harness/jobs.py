"""Jobs: a detection's rules on one site, with a case's events as that site has them and what the evaluator alerts on.

`detc test --export FILE` writes them, one object a line.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

Tuple = tuple[str | None, ...]
"""An entity tuple: the values in the order of the detection's entity, as text; `None` where one is missing."""


@dataclass(frozen=True)
class Site:
    """A target with a profile."""

    target: str
    profile: str
    dialect: str
    settings: dict[str, Any]
    """What a runner needs of the profile: Splunk's macros, Elasticsearch's tiebreaker."""

    def as_json(self) -> dict[str, Any]:
        """For workers."""
        return asdict(self)


@dataclass(frozen=True)
class Read:
    """Where a rule's result holds a field of the entity."""

    field: str
    """The field's name in the entity."""
    column: str | None
    """The column or field; `None` if the result does not carry it, which the fidelity says."""
    step: str | None
    """Of a sequence, the name of the step whose event holds it."""


@dataclass(frozen=True)
class Rule:
    """One of a detection's rules on a site. Together they must alert on the detection's entities."""

    part: str | None
    text: str
    reads: list[Read]

    def as_json(self) -> dict[str, Any]:
        """For workers."""
        return asdict(self)


@dataclass(frozen=True)
class NativeEvent:
    """An event as the product holds it."""

    place: str
    """The table, index pattern, macro or log source."""
    row: dict[str, Any]
    """The columns, fields or nested document."""

    def as_json(self) -> dict[str, Any]:
        """For workers."""
        return asdict(self)


@dataclass(frozen=True)
class Job:
    """A detection of a case, on a site."""

    file: str
    case: str
    strategy: str
    detection: str
    """Such as `AN1496/candidate`."""
    site: Site
    status: str
    """`compiled`, `accepted`, `not needed` or `failed`, as in `fidelity.json`."""
    fidelity: str
    """`exact`, `approximate` or `unsupported`."""
    losses: list[dict[str, str]]
    rules: list[Rule]
    canonical: list[dict[str, Any]]
    """The case's events in the language's form."""
    events: list[NativeEvent]
    unwritten: list[str]
    """Why events of the case cannot be had on this site; then the case is not run there."""
    names: dict[str, str]
    """What the site calls an identity, and what the case calls it."""
    alerts: list[Tuple]
    """What the evaluator alerts on."""
    tuned: bool = False
    """Whether the case has values of its own, and not those that the strategy comes with."""


def read(path: Path) -> Iterator[Job]:
    """The jobs of an export."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield _job(json.loads(line))


def _job(value: dict[str, Any]) -> Job:
    value["site"] = Site(**value["site"])
    value["rules"] = [
        Rule(rule["part"], rule["text"], [Read(**read) for read in rule["reads"]]) for rule in value["rules"]
    ]
    value["events"] = [NativeEvent(**event) for event in value["events"]]
    value["alerts"] = [tuple(values) for values in value["alerts"]]
    return Job(**value)
