"""Mistakes in the compiler's own source, built in a copy of the repository: slower, and nearer to what happens.

Each is one replacement in one file. Its text must stand there exactly once, so that a change of the source does not turn a
mistake into nothing unnoticed.
"""
from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.paths import INSTALLED, ROOT

CORE = "compiler/core/src/"


@dataclass(frozen=True)
class SourceMutation:
    """A mistake in a file."""

    bug: str
    file: str
    old: str
    new: str


DIALECTS = CORE + "dialect/"
CATALOGUE = [
    SourceMutation(
        "SPL: the window of a chain is strict",
        DIALECTS + "spl/lower/linear.rs",
        "gap.compare(Compare::Le, Expr::Int(window))",
        "gap.compare(Compare::Lt, Expr::Int(window))",
    ),
    SourceMutation(
        "SPL: parentheses are set where they are not needed and not where they are",
        DIALECTS + "spl/print.rs",
        "if tightness(node) < least {",
        "if tightness(node) > least {",
    ),
    SourceMutation(
        "KQL: a step may be older than the window",
        DIALECTS + "kql/lower/reach.rs",
        "Reach::Before => [compare(first, BinaryOp::LessOrEqual, time), compare(last, BinaryOp::GreaterOrEqual, early)],",
        "Reach::Before => [compare(first, BinaryOp::LessOrEqual, time), compare(first, BinaryOp::LessOrEqual, time)],",
    ),
    SourceMutation(
        "KQL: what is absent is taken as what must be there",
        DIALECTS + "kql/lower/negation.rs",
        "kind: JoinKind::LeftAnti, right: bad, on",
        "kind: JoinKind::LeftSemi, right: bad, on",
    ),
    SourceMutation(
        "EQL: an absence stands on the wrong side",
        DIALECTS + "eql/pattern.rs",
        "Side::Before => vec![missing, kept],",
        "Side::Before => vec![kept, missing],",
    ),
    SourceMutation(
        "Sigma: `cased` is forgotten",
        DIALECTS + "sigma/predicate.rs",
        "around.into_iter().chain(cased.then_some(Modifier::Cased)).collect()",
        "around.into_iter().chain((cased && around.is_none()).then_some(Modifier::Cased)).collect()",
    ),
    SourceMutation(
        "every dialect: two tests are thought to exclude each other that do not",
        CORE + "plan/facts.rs",
        "(Logic::Const(false), _) | (_, Logic::Const(false)) => true,",
        "(Logic::Const(false), _) | (_, Logic::Const(false)) | (Logic::Atom(_), Logic::Atom(_)) => true,",
    ),
]


def run() -> int:
    """Makes, builds and runs each; gives how many were not noticed."""
    missed = 0
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "copy"
        git("worktree", "add", "--detach", "--quiet", str(copy), "HEAD")
        try:
            for mutation in CATALOGUE:
                noticed = is_noticed(copy, mutation)
                missed += not noticed
                print(f"{'noticed     ' if noticed else 'NOT NOTICED '} {mutation.bug}", flush=True)
        finally:
            git("worktree", "remove", "--force", str(copy))
    return missed


def is_noticed(copy: Path, mutation: SourceMutation) -> bool:
    """Whether the compiler with the mistake does not build or fails the random programs."""
    file = copy / mutation.file
    sound = file.read_text(encoding="utf-8")
    if sound.count(mutation.old) != 1:
        raise SystemExit(f"`{mutation.old}` does not stand once in {mutation.file}: mend the catalogue")
    file.write_text(sound.replace(mutation.old, mutation.new), encoding="utf-8")
    try:
        target = INSTALLED / "mutants"
        build = ["cargo", "build", "--quiet", "--locked", "-p", "detc"]
        built = subprocess.run(build, cwd=copy, env={**os.environ, "CARGO_TARGET_DIR": str(target)}, check=False)
        if built.returncode:
            raise SystemExit(f"{mutation.bug}: it does not build: mend the catalogue")
        command = [sys.executable, "-m", "programs", "--programs", "120", "--shrink", "0", "--until-first"]
        environment = {**os.environ, "DETC": str(target / "debug" / "detc")}
        return subprocess.run(command, env=environment, capture_output=True, check=False).returncode == 1
    finally:
        file.write_text(sound, encoding="utf-8")


def git(*arguments: str) -> None:
    """Runs git in the repository."""
    subprocess.run(["git", *arguments], cwd=ROOT, check=True)
