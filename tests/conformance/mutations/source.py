"""Mistakes in the compiler's own source. All are built at once, into a copy of the last commit; the environment says which is made.

The text of each must stand in its file exactly once, so that a change of the source turns no mistake into nothing unnoticed.
"""
from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness import engines
from harness.paths import INSTALLED, ROOT
from programs import batch
from programs.__main__ import judged
from programs.judge import Judge, Problem
from programs.runners import known

CORE = "compiler/core/src/"
CHOICE = "DETC_MISTAKE"
"""The variable of the environment that holds the number of the mistake."""
FUNCTION = f"""
/// Whether the mistake of this number is made.
pub fn mistake(number: u32) -> bool {{
    std::env::var("{CHOICE}").is_ok_and(|chosen| chosen == number.to_string())
}}
"""


@dataclass(frozen=True)
class SourceMutation:
    """A mistake in a file. In what stands in place of the sound text, `MISTAKE` is true if it is made; a text without that word is
    an expression, and stands beside the sound one."""

    target: str
    bug: str
    file: str
    old: str
    new: str

    def text(self, number: int) -> str:
        """What stands in place of the sound text."""
        made = f"crate::mistake({number})"
        if "MISTAKE" in self.new:
            return self.new.replace("MISTAKE", made)
        return f"(if {made} {{ {self.new} }} else {{ {self.old} }})"


def mistakes(target: str, folder: str, *listed: tuple[str, str, str, str]) -> list[SourceMutation]:
    """Mistakes in a dialect."""
    return [SourceMutation(target, bug, f"{CORE}{folder}/{file}", old, new) for bug, file, old, new in listed]


CATALOGUE = [
    *mistakes(
        "splunk",
        "dialect/spl",
        ("a window is strict at its end", "lower/linear.rs", "gap.compare(Compare::Le, window.clone())", "gap.compare(Compare::Lt, window.clone())"),
        ("a window is turned around", "lower/linear.rs", "Self::Ahead => nearest.minus(t)", "Self::Ahead if MISTAKE => t.minus(nearest),\n            Self::Ahead => nearest.minus(t)"),
        ("keys are dropped", "lower/linear.rs", "vec![aggregate(look.nearest(), &at, &name)], keys.to_vec()));\n        start", "vec![aggregate(look.nearest(), &at, &name)], if MISTAKE { Vec::new() } else { keys.to_vec() }));\n        start"),
        ("a parenthesis is lost", "print/expr.rs", "out.part(tightness(node) < least,", "out.part(!MISTAKE && tightness(node) < least,"),
        ("a negation is lost", "lower/pred.rs", "Expr::Not(Box::new(other))", "other"),
        ("an operator minds case", "lower/pred.rs", "Case::of(test.cased)", "Case::of(!test.cased)"),
        ("a quote is not escaped", "print/names.rs", "matches!(b, b'\\\\' | b'\"')", "(b == b'\\\\' || (b == b'\"' && !MISTAKE))"),
    ),
    *mistakes(
        "sentinel",
        "dialect/kql",
        ("a window is turned around", "lower/reach.rs", "[compare(first, BinaryOp::LessOrEqual, time), compare(last, BinaryOp::GreaterOrEqual, early)]", "[compare(first, BinaryOp::LessOrEqual, time), compare(last, BinaryOp::GreaterOrEqual, late)]"),
        ("a key is dropped", "lower/rows.rs", "left.iter().cloned().zip(right.iter().cloned())", "left.iter().cloned().zip(right.iter().cloned()).skip(usize::from(MISTAKE))"),
        ("a parenthesis is lost", "print/expr.rs", "level(value) < least", "level(value) < least && false"),
        ("a negation is lost", "lower/pred.rs", "Expr::not(predicate(cx, scope, inner, Nulls::Counted))", "predicate(cx, scope, inner, Nulls::Counted)"),
        ("an absence is read as a presence", "lower/negation.rs", "JoinKind::LeftAnti", "JoinKind::Inner"),
        ("an operator minds case", "lower/text.rs", "match (anchor, cased)", "match (anchor, cased || MISTAKE)"),
        ("a quote is not escaped", "literal.rs", "c == '\\\\' || c == quote || is_special(c)", "c == '\\\\' || (c == quote && !MISTAKE) || is_special(c)"),
        ("a key has all its values above its join", "lower/columns.rs", ".filter(|_| has_one_value(pattern, column))", ".filter(|_| has_one_value(pattern, column) && !MISTAKE)"),
    ),
    *mistakes(
        "elastic",
        "dialect/eql",
        ("a window is turned into the one beside it", "print.rs", "print_span(within)", "print_span(within + 1)"),
        ("keys are dropped", "print.rs", "print_fields(out, by)?", "print_fields(out, if MISTAKE { by.get(..1).unwrap_or_default() } else { by })?"),
        ("an absence stands on the wrong side", "pattern.rs", "vec![missing, kept]", "vec![kept, missing]"),
        ("a parenthesis is lost", "print.rs", "compound && matches!(parent, Logic::Not(_) | Logic::And(_) | Logic::Or(_))", "compound && matches!(parent, Logic::Or(_))"),
        ("a negation is lost", "predicate.rs", "Logic::not(walk(request, event, inner, flipped, findings))", "walk(request, event, inner, flipped, findings)"),
        ("an operator minds case", "print.rs", "*case == Case::Counts { \" in \"", "(*case == Case::Counts || MISTAKE) { \" in \""),
        ("a quote is not escaped", "print.rs", "'\"' => out.write_str(\"\\\\\\\"\")", "'\"' => out.write_str(if MISTAKE { \"\\\"\" } else { \"\\\\\\\"\" })"),
    ),
    *mistakes(
        "sigma",
        "dialect/sigma",
        ("a window is a second longer", "print.rs", "print_timespan(correlation.timespan)", "print_timespan(correlation.timespan + 1)"),
        ("keys are dropped", "print.rs", "texts(&correlation.group_by)", "texts(correlation.group_by.get(..1).unwrap_or_default())"),
        ("a parenthesis is lost", "print.rs", "compound && matches!(parent, Logic::Not(_) | Logic::And(_) | Logic::Or(_))", "compound && matches!(parent, Logic::Or(_))"),
        ("a negation is lost", "print.rs", 'format!("not {}", part(inner))', "part(inner)"),
        ("an operator forgets case", "predicate.rs", "around.into_iter().chain(cased.then_some(Modifier::Cased)).collect()", "around.into_iter().collect()"),
        ("a quote is not escaped", "yaml.rs", "if n == 0 { \"'\" } else { \"''\" }", "if n == 0 || MISTAKE { \"'\" } else { \"''\" }"),
    ),
    *mistakes(
        "sentinel",
        "plan",
        ("two tests are thought to exclude each other that do not", "facts.rs", "(Logic::Const(false), _) | (_, Logic::Const(false)) => true,", "(Logic::Const(false), _) | (_, Logic::Const(false)) => true,\n        (Logic::Atom(_), Logic::Atom(_)) if MISTAKE => true,"),
    ),
]


def run(batches: Iterator[list[batch.Program]]) -> int:
    """Builds all mistakes and makes each; gives how many were not noticed."""
    batch.DETC = build()
    programs = list(batches)
    os.environ.pop(CHOICE, None)
    missed = 0
    with engines.Engines() as asked:
        sound = sorted({mutation.target for mutation in CATALOGUE})
        found = noticed(sound, programs, Judge(known(sound), asked))
        if found:
            raise SystemExit(f"the compiler without mistakes does not agree:\n{found}")
        for number, mutation in enumerate(CATALOGUE):
            os.environ[CHOICE] = str(number)
            problem = noticed([mutation.target], programs, Judge(known([mutation.target]), asked))
            missed += problem is None
            where = f"{mutation.target}: {mutation.bug} ({mutation.file.removeprefix(CORE)})"
            print(f"noticed      {where}\n{problem}" if problem else f"NOT NOTICED  {where}", flush=True)
    del os.environ[CHOICE]
    print(f"{missed} of {len(CATALOGUE)} mistakes in the source were not noticed")
    return missed


def build() -> Path:
    """The compiler with all mistakes."""
    target = INSTALLED / "mutants"
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place) / "copy"
        git("worktree", "add", "--detach", "--quiet", str(copy), "HEAD")
        try:
            for number, mutation in enumerate(CATALOGUE):
                plant(copy, mutation, number)
            library = copy / CORE / "lib.rs"
            library.write_text(library.read_text(encoding="utf-8") + FUNCTION, encoding="utf-8")
            command = ["cargo", "build", "--quiet", "--locked", "-p", "detc"]
            environment = {**os.environ, "CARGO_TARGET_DIR": str(target), "RUSTFLAGS": "-Awarnings"}
            if subprocess.run(command, cwd=copy, env=environment, check=False).returncode:
                raise SystemExit("the mistakes do not build: mend the catalogue")
        finally:
            git("worktree", "remove", "--force", str(copy))
    return target / "debug" / "detc"


def plant(copy: Path, mutation: SourceMutation, number: int) -> None:
    """Puts a mistake into the copy."""
    sound = text_around(copy, mutation)
    (copy / mutation.file).write_text(sound.replace(mutation.old, mutation.text(number)), encoding="utf-8")


def check() -> None:
    """Ends the run where a mistake has no place in the source any more."""
    for mutation in CATALOGUE:
        text_around(ROOT, mutation)


def text_around(copy: Path, mutation: SourceMutation) -> str:
    """The file in which the text of a mistake stands, just once."""
    sound = (copy / mutation.file).read_text(encoding="utf-8")
    if sound.count(mutation.old) != 1:
        raise SystemExit(f"`{mutation.old}` does not stand once in {mutation.file}: mend the catalogue")
    return sound


def noticed(targets: list[str], batches: list[list[batch.Program]], judge: Judge) -> str | None:
    """What shows that the chosen mistake was made; None if nothing does."""
    for programs in batches:
        for one in batch.export(programs, targets):
            problem = next(iter(judged(judge, one)), None)
            if problem:
                return first_event(problem, judge)
    return None


def first_event(problem: Problem, judge: Judge) -> str:
    """The event at which a mistake shows: with it and all before it, the alerts are wrong for the first time."""
    program = problem.run.program
    if program is None or problem.kind == "rejected":
        return short(problem.text)
    stream = sorted(program.streams[problem.run.stream], key=lambda event: event.time)
    prefixes = [stream[: count + 1] for count in range(len(stream))]
    one = batch.Program(program.number, program.program, prefixes)
    runs = sorted(batch.export([one], [problem.run.job.site.target]), key=lambda run: run.stream)
    found = ((run, judge.site(run)) for run in runs)
    run, told = next(((run, told[0].text) for run, told in found if told), (None, problem.text))
    return short(f"{batch.one_line(stream[run.stream])}\n{told}" if run else told)


def short(text: str) -> str:
    """The first lines, a little to the right."""
    lines = (" ".join(line.split())[:200] for line in text.strip().splitlines()[:3])
    return "\n".join(f"    {line}" for line in lines)


def git(*arguments: str) -> None:
    """Runs git in the repository."""
    subprocess.run(["git", *arguments], cwd=ROOT, check=True)
