"""What came of a run: for each detection on each site, what parsed and what ran it, and with what result."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from .jobs import Job

Key = tuple[str, str, str, str]
"""Strategy, detection, target, profile."""


@dataclass
class Result:
    """A detection on a site."""

    status: str
    fidelity: str
    dialect: str
    losses: dict[str, str]
    """Name and direction."""
    rejected: list[str] = field(default_factory=list)
    """What parsers said."""
    cases: int = 0
    """Cases of the detection."""
    agreed: Counter[str] = field(default_factory=Counter)
    """By engine: cases in which it alerted as it must."""
    excused: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By engine and exception: cases in which it did not, and is known to be wrong."""
    not_run: Counter[tuple[str, str]] = field(default_factory=Counter)
    """By engine and reason: cases that it did not run."""


@dataclass
class Packed:
    """A rule as a pack deploys it."""

    every: int
    """Minutes from one run to the next."""
    period: int
    """Minutes that a run reads."""
    cases: int = 0
    """Cases that it was played over."""
    agreed: int = 0
    """Cases in which its runs together alerted as they must, with events at once and late."""


class Results:
    """All of a run, and what failed."""

    def __init__(self) -> None:
        self.packed: dict[tuple[str, str, str], Packed] = {}
        """By strategy, detection and site."""
        self.by_key: dict[Key, Result] = {}
        self.failures: list[str] = []

    def of(self, job: Job) -> Result:
        """The result that a job adds to."""
        key = (job.strategy, job.detection, job.site.target, job.site.profile)
        losses = {loss["name"]: loss["direction"] for loss in job.losses}
        return self.by_key.setdefault(key, Result(job.status, job.fidelity, job.site.dialect, losses))

    def sorted(self) -> Iterator[tuple[Key, Result]]:
        """In a fixed order."""
        yield from sorted(self.by_key.items(), key=lambda item: item[0])
