"""Agreement: whether what an engine alerts on is what the evaluator alerts on, as far as the fidelity promises it."""

from collections.abc import Iterable
from dataclasses import dataclass

from .engines import Engine
from .jobs import Job, Tuple

TIES = "ties"
"""The loss of events in the same millisecond that an engine puts in another order. It is accepted everywhere."""


@dataclass(frozen=True)
class Difference:
    """What an engine got otherwise than it must."""

    missing: frozenset[Tuple]
    """Tuples that the evaluator alerts on and the engine does not, although nothing allows it to miss them."""
    more: frozenset[Tuple]
    """Tuples that only the engine alerts on, although nothing allows it to."""

    def __bool__(self) -> bool:
        return bool(self.missing or self.more)


def difference(job: Job, engine: Engine, raised: Iterable[Tuple]) -> Difference:
    """What is not as it must be. An approximation may miss or alert more as its directions say."""
    kept = carried(job)
    expected = {only(values, kept) for values in job.alerts}
    raised = {only(named(values, job.names), kept) for values in raised}
    ties_count = engine.orders_ties and has_ties(job)
    directions = {loss["direction"] for loss in job.losses if (ties_count if loss["name"] == TIES else counts(job, loss["name"]))}
    may_miss = any("may miss" in direction for direction in directions)
    may_alert_more = any("may alert more" in direction for direction in directions)
    missing = frozenset() if may_miss else frozenset(expected - raised)
    more = frozenset() if may_alert_more else frozenset(raised - expected)
    return Difference(missing, more)


def counts(job: Job, loss: str) -> bool:
    """Whether a loss lets whole alerts differ. That an alert carries fewer fields does not: the others must agree."""
    return loss != "entity beyond group-by" or not carried(job)


def carried(job: Job) -> list[int]:
    """The places in the entity whose fields every rule's result carries."""
    count = len(job.rules[0].reads)
    return [place for place in range(count) if all(rule.reads[place].column is not None for rule in job.rules)]


def only(values: Tuple, places: list[int]) -> Tuple:
    """The values at these places."""
    return tuple(values[place] for place in places)


def named(values: Tuple, names: dict[str, str]) -> Tuple:
    """A tuple with identities under the names that the case gives them."""
    return tuple(names.get(value, value) if value is not None else None for value in values)


def has_ties(job: Job) -> bool:
    """Whether two events of the case are of the same millisecond."""
    times = [event["@timestamp"] for event in job.canonical]
    return len(set(times)) < len(times)
