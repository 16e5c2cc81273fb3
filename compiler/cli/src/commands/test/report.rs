//! The report on tests.

use anyhow::Result;
use detc_core::cases::{Outcome, Verdict};
use detc_core::diagnostics::Diagnostic;
use detc_core::diagnostics::render::junit::{self, Case, Failure, Suite};
use detc_core::diagnostics::render::{human, json, sarif};
use detc_core::source::Sources;
use serde_json::json;

use super::Tested;
use crate::args::ReportFormat;
use crate::console::Console;
use crate::load::Loaded;

/// Prints the report. What is wrong with the strategies themselves goes to standard error, or into the report where that
/// has a place for it.
pub fn print(format: ReportFormat, tested: &[Tested], loaded: &Loaded, console: &Console) -> Result<()> {
    let (sources, others) = (&loaded.input.sources, &loaded.input.diagnostics);
    match format {
        ReportFormat::Human => {
            console.report(sources, others);
            console.print(&for_people(tested, sources, console))?;
        }
        ReportFormat::Json => {
            console.report(sources, others);
            console.print(&for_programs(tested, sources))?;
        }
        ReportFormat::Sarif => {
            let all: Vec<Diagnostic> = others.iter().cloned().chain(failures(tested)).collect();
            console.print(&sarif::render(sources, &all, env!("CARGO_PKG_VERSION")))?;
        }
        ReportFormat::Junit => console.print(&junit::render(&suites(tested, loaded)))?,
    }
    let count = |passed: bool| tested.iter().flat_map(|t| &t.outcomes).filter(|o| o.passed() == passed).count();
    console.say(&format!("{} passed, {} failed", count(true), count(false)));
    Ok(())
}

fn failures(tested: &[Tested]) -> impl Iterator<Item = Diagnostic> {
    tested.iter().flat_map(|t| &t.outcomes).flat_map(Outcome::diagnostics)
}

/// A line for each case, then what is wrong.
fn for_people(tested: &[Tested], sources: &Sources, console: &Console) -> String {
    let mut text = String::new();
    for Tested { name, outcomes } in tested {
        text.push_str(&format!("{name}\n"));
        for outcome in outcomes {
            text.push_str(&format!("  {:<6}  {}\n", word(outcome), outcome.name));
        }
        text.push('\n');
    }
    text + &human::render(sources, &failures(tested).collect::<Vec<_>>(), console.results)
}

/// `{"file":…,"case":…,"verdict":"passed"|"failed"|"broken","diagnostics":[…]}`, one a line.
fn for_programs(tested: &[Tested], sources: &Sources) -> String {
    let line = |name: &str, outcome: &Outcome| {
        let diagnostics = json::objects(sources, &outcome.diagnostics());
        let verdict = word(outcome);
        let object = json!({ "file": name, "case": outcome.name, "verdict": verdict, "diagnostics": diagnostics });
        format!("{object}\n")
    };
    tested.iter().flat_map(|t| t.outcomes.iter().map(|outcome| line(&t.name, outcome))).collect()
}

/// A suite for each test file, and one for the strategies if anything is wrong with them.
fn suites(tested: &[Tested], loaded: &Loaded) -> Vec<Suite> {
    let (sources, others) = (&loaded.input.sources, &loaded.input.diagnostics);
    let case = |name: &str, outcome: &Outcome| Case {
        name: outcome.name.clone(),
        class: name.to_owned(),
        failures: outcome.diagnostics().iter().map(|d| Failure::of(sources, d)).collect(),
        output: String::new(),
    };
    let suite = |t: &Tested| Suite {
        name: t.name.clone(),
        cases: t.outcomes.iter().map(|outcome| case(&t.name, outcome)).collect(),
    };
    let files: Vec<_> = loaded.files.iter().map(|file| file.id).collect();
    let checked = (!others.is_empty()).then(|| junit::check(sources, &files, others));
    checked.into_iter().chain(tested.iter().map(suite)).collect()
}

/// The word for how a case ended.
pub const fn word(outcome: &Outcome) -> &'static str {
    match &outcome.verdict {
        Verdict::Passed => "passed",
        Verdict::Failed(_) => "failed",
        Verdict::Broken(_) => "broken",
    }
}
