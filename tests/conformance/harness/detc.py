"""`detc`: built once a run, asked for jobs."""

import os
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from . import jobs
from .paths import INSTALLED, ROOT


class DetcError(Exception):
    """`detc` failed."""


def build() -> Path:
    """Builds the command and gives its path."""
    _run(["cargo", "build", "--quiet", "--locked", "--bin", "detc"])
    return Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "debug" / "detc"


def export(detc: Path, paths: Sequence[Path | str], targets: str = "all") -> Iterator[jobs.Job]:
    """The jobs of the test cases beside the strategies at `paths`, on every profile of the targets."""
    INSTALLED.mkdir(parents=True, exist_ok=True)
    file = INSTALLED / "jobs.jsonl"
    arguments = ["--export", str(file), "--target", targets, "--profile", "all"]
    _run([str(detc), "test", *map(str, paths), *arguments])
    yield from jobs.read(file)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise DetcError(f"`{' '.join(command)}` failed with status {done.returncode}:\n{done.stdout}{done.stderr}")
