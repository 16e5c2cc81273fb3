"""Batches: programs and streams written to a folder, and what `detc` makes of them for every site in one run."""
from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import jobs
from harness.paths import ROOT

from . import det, meaning, model, sites

DETC = Path(os.environ.get("DETC", ROOT / "target" / "debug" / "detc"))
"""The compiler; another one if the environment says so."""
TARGETS = tuple(sites.TARGETS)


@dataclass(frozen=True)
class Program:
    """A program with a number that names its strategy, and its streams."""

    number: int
    program: model.Program
    streams: Sequence[Sequence[model.Event]]

    def expected(self, stream: int) -> set[jobs.Tuple]:
        """What the program must alert on, as text."""
        found = meaning.alerts(self.program, self.streams[stream])
        return {tuple(meaning.as_text(value) for value in values) for values in found}


@dataclass(frozen=True)
class Run:
    """One case at one site: the job, what must be alerted on, and the program it is of, unless it is a kept case."""

    job: jobs.Job
    wanted: set[jobs.Tuple]
    program: Program | None = None
    stream: int = 0


class Rejected(Exception):
    """`detc` does not take a strategy; the text says why."""


def export(programs: Sequence[Program], targets: Sequence[str] = TARGETS) -> Iterator[Run]:
    """The rules, native events and the evaluator's alerts for every stream of every program at every site."""
    numbered = {det.identity(one.number): one for one in programs}
    expected: dict[tuple[int, int], set[jobs.Tuple]] = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        for one in programs:
            home = folder / "in" / f"{one.number:04}"
            (home / "tests").mkdir(parents=True)
            (home / "strategy.det").write_text(det.strategy(one.program, one.number), encoding="utf-8")
            (home / "tests" / "streams.yaml").write_text(
                det.cases(one.program, one.number, one.streams), encoding="utf-8"
            )
        for job in replays(folder / "in", targets):
            program, stream = numbered[job.strategy], int(job.case.rpartition(" ")[2])
            place = (program.number, stream)
            if place not in expected:
                expected[place] = program.expected(stream)
            yield Run(job, expected[place], program, stream)


def kept(folder: Path, targets: Sequence[str] = TARGETS) -> Iterator[Run]:
    """The kept cases below a folder. The evaluator must alert on what they expect; a strategy accepts as unsupported or approximate
    on which targets it may be so, and a case of it is an error elsewhere."""
    done = subprocess.run([str(DETC), "test", str(folder)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Rejected(done.stdout + done.stderr)
    for job in replays(folder, targets):
        yield Run(job, set(job.alerts))


def replays(folder: Path, targets: Sequence[str]) -> Iterator[jobs.Job]:
    """What `detc test --export` writes for the strategies below a folder, on the synthetic sites."""
    together = [target for target in targets if target != "esql"]
    for group in ([together] if together else []) + [[target] for target in targets if target == "esql"]:
        yield from replays_of(folder, group)


def replays_of(folder: Path, targets: Sequence[str]) -> Iterator[jobs.Job]:
    """The same of targets that one run of `detc` takes."""
    with tempfile.TemporaryDirectory() as place:
        asked = {target: sites.asked(target, Path(place)) for target in targets}
        profiles = ",".join(f"{name}={sites.write(Path(place), target)}" for target, (name, _) in asked.items())
        found = Path(place) / "jobs.jsonl"
        command = [DETC, "test", folder, "--format", "json", "--export", found]
        command += ["--target", ",".join(name for name, _ in asked.values()), "--profile", profiles]
        command += [option for _, options in asked.values() for option in options]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
        errors = [line for line in done.stderr.split("\n") if '"severity":"error"' in line]
        if errors or not found.exists():
            raise Rejected("\n".join(errors[:5]) or done.stderr[-2000:])
        yield from jobs.read(found)


def one_line(event: model.Event) -> str:
    """An event as a line of JSON."""
    return json.dumps({"class": event.kind, "@timestamp": det.moment(event.time), **event.fields}, ensure_ascii=False)
