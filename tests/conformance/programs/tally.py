"""How many runs each engine judged, and why it did not judge the others."""
from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

LEAST = {
    ("sigma", "pySigma on SQLite"): 55,
    ("sigma", "rsigma"): 50,
}
"""The least share of a site's runs, in percent, that an engine must judge. Both engines for Sigma fall short of the
specification in ways that `runners.py` names."""
LEAST_ELSEWHERE = 95

JUDGED = ""
"""The reason of runs that were judged."""


class Tally:
    """The runs by target, engine and reason."""

    def __init__(self) -> None:
        self.evaluator = 0
        """Runs for which the evaluator was held against brute force."""
        self.parsed: Counter[tuple[str, str]] = Counter()
        """Rules that were parsed, by target and parser."""
        self.runs: Counter[tuple[str, str, str, str]] = Counter()
        """Runs by target, engine, fidelity, and why they were not judged."""

    def judged(self, target: str, engine: str, fidelity: str) -> None:
        """One more run that an engine judged."""
        self.runs[target, engine, fidelity, JUDGED] += 1

    def passed_over(self, target: str, engine: str, fidelity: str, reason: str) -> None:
        """One more run that it did not."""
        self.runs[target, engine, fidelity, reason] += 1

    def lines(self) -> Iterator[str]:
        """All counts, for people."""
        yield f"{self.evaluator:7} evaluator against brute force"
        for (target, engine), count in sorted(self.parsed.items()):
            yield f"{count:7} {target}: rules read by {engine}"
        for (target, engine, fidelity, reason), count in sorted(self.runs.items()):
            yield f"{count:7} {target}: {engine}, {fidelity}" + (f", not judged: {reason}" if reason else "")
        for target, engine in self.sites():
            yield f"{self.share(target, engine):6}% {target}: judged by {engine}"

    def sites(self) -> list[tuple[str, str]]:
        """Every target with each of its engines."""
        return sorted({(target, engine) for target, engine, _, _ in self.runs})

    def of(self, target: str, engine: str) -> Counter[str]:
        """The runs of an engine by reason."""
        found: Counter[str] = Counter()
        for (one, other, _, reason), count in self.runs.items():
            if (one, other) == (target, engine):
                found[reason] += count
        return found

    def share(self, target: str, engine: str) -> int:
        """How many of a hundred runs the engine judged."""
        counts = self.of(target, engine)
        return 100 * counts[JUDGED] // max(1, counts.total())

    def too_little(self) -> list[str]:
        """Engines that judged less than they must."""
        found = []
        for target, engine in self.sites():
            least, share = LEAST.get((target, engine), LEAST_ELSEWHERE), self.share(target, engine)
            if share < least:
                found.append(f"{engine} judged {share} % of the runs on {target}, and must judge {least} %")
        return found

    def table(self) -> Iterator[str]:
        """For CONFORMANCE.md, in whole parts of a hundred, so that it stays as it is while little changes."""
        yield "| target | engine | judged | not judged, and why |"
        yield "| --- | --- | --- | --- |"
        for target, engine in self.sites():
            counts = self.of(target, engine)
            reasons = [(reason, count) for reason, count in sorted(counts.items()) if reason != JUDGED]
            why = "; ".join(f"{-(-100 * count // counts.total())} % {reason}" for reason, count in reasons)
            yield f"| {target} | {engine} | {self.share(target, engine)} % | {why} |"
