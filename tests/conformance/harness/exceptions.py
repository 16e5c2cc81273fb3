"""Exceptions: where an engine is wrong and the rule is right, each with the vendor's documentation and a date."""

import re
import tomllib
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from .paths import DATA


@dataclass
class Excuse:
    """One exception of `data/exceptions.toml`."""

    id: str
    engine: str
    stage: str
    reason: str
    evidence: str
    found: date
    detection: str = ".*"
    case: str = ".*"
    problem: str = ".*"
    needed: int = field(default=0)
    """How often it was needed in this run."""


class Exceptions:
    """All of them, and which were needed."""

    def __init__(self, path: Path = DATA / "exceptions.toml") -> None:
        listed: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("exception", [])
        self.all = [Excuse(**entry) for entry in listed]

    def excuse(self, stage: str, engine: str, detection: str, case: str = "", problem: str = "") -> Excuse | None:
        """The exception that holds for a problem or a case; notes that it was needed."""
        for entry in self.all:
            if (entry.stage, entry.engine) != (stage, engine):
                continue
            told = [(entry.detection, detection), (entry.case, case), (entry.problem, problem)]
            if re.fullmatch(entry.detection, detection) and all(re.search(a, b, re.DOTALL) for a, b in told[1:]):
                entry.needed += 1
                return entry
        return None

    def needless(self) -> list[str]:
        """The exceptions that nothing needed."""
        return [f"exception `{entry.id}` is needed no more: take it out of data/exceptions.toml" for entry in self.all if not entry.needed]
