//! `detc compile`: the rules of strategies for targets.

use std::mem::ManuallyDrop;
use std::path::PathBuf;

use anyhow::{Result, bail};
use detc_core::attack::Bundle;
use detc_core::compile::{self, Artifact, Outcome, Status as Done, Uncovered};
use detc_core::diagnostics::{Code, Diagnostic};
use detc_core::plan::{Strategy, Unit};
use detc_core::target::Registry;
use serde_json::json;

use crate::args::{Format, Sources};
use crate::attack::Against;
use crate::console::Console;
use crate::input::{Input, display};
use crate::output::{Stale, Written, write_folder};
use crate::parallel;
use crate::selection::Selection;
use crate::sites;
use crate::status::Status;

/// The report on every detection, beside the rules.
const REPORT: &str = "fidelity.json";

/// More bytes than a detection has in the report, as a rule.
const ENTRY: usize = 2048;

/// Arguments of `detc compile`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("target", |target| target.required(true)), after_help = "\
The rules go to DIR/<target>/<profile>/<strategy>/, and what was lost or refused to DIR/fidelity.json. A second run \
replaces the files of the first and removes those it does not make again; other files in DIR are never touched. Without \
-o, the rules of a single detection on a single target and profile go to standard output.

A detection that a target cannot express, or only approximately and the source does not accept that, is an error: the \
others are written all the same, and the status is 1. Each analytic is compiled for the profiles that serve its platform: \
the target's default ones, or those named with --profile.

Examples:
  detc compile strategies --target all -o rules
  detc compile strategies --target splunk,elastic --tuning org.yaml --tuning site.yaml -o rules
  detc compile strategies --target sentinel --only AN1496/abnormal_session
  detc compile strategies --target splunk --profile sysmon-zeek --profile my-linux.yaml -o rules")]
pub struct Args {
    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    sites: sites::Choice,

    #[command(flatten)]
    against: Against,

    #[command(flatten)]
    selection: Selection,

    /// The folder to write into; made if it is not there
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,

    /// The form of the summary and of diagnostics
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    // What is needed to the end of the process is not taken apart: that would cost as much as some detections.
    let mut registry = ManuallyDrop::new(Registry::embedded());
    let mut loaded = ManuallyDrop::new(args.sites.load(&registry, &args.sources));
    let bundle = args.against.hold(&mut loaded);
    let chosen = sites::choose(&args.sites, &mut registry, &mut loaded);
    let Some(chosen) = chosen.filter(|_| loaded.status() != Status::Failed) else {
        console.report(&loaded.input.sources, &loaded.input.diagnostics);
        return Ok(loaded.status());
    };
    let strategies = ManuallyDrop::new(std::mem::take(&mut loaded.strategies));
    loaded.forget_trees();
    args.selection.check(&strategies, loaded.status())?;
    let sites = sites::resolve(&registry, &chosen);
    let wanted = |unit: Unit<'_>| args.selection.wants(unit);
    if args.output.is_none() {
        let units = strategies.iter().flat_map(Strategy::units).filter(|unit| wanted(*unit));
        let places = units.map(|unit| sites.iter().filter(|site| site.serves(unit)).count()).collect::<Vec<_>>();
        fits_standard_output(&places)?;
    }
    let outcomes = sites::compile(&strategies, &sites, None, &wanted, &mut loaded.input.diagnostics, console);
    let outcomes = ManuallyDrop::new(outcomes);
    let uncovered = compile::uncovered(&strategies, &sites::targets_of(&sites), &outcomes, &wanted);
    if let (true, Some(first)) = (outcomes.is_empty(), uncovered.first()) {
        bail!("there is nothing to compile: {}", first.reason());
    }
    deliver(args, Report { outcomes: &outcomes, uncovered: &uncovered, bundle: &bundle }, &mut loaded.input, console)
}

/// Says what came of it all, and writes the rules.
fn deliver(args: &Args, report: Report<'_>, input: &mut Input, console: &Console) -> Result<Status> {
    let outcomes = report.outcomes;
    let ((found, artifacts, summary), described) = parallel::both(
        || (sites::findings(outcomes), compile::artifacts(outcomes), summary(report)),
        || report.artifact(),
    );
    let described = described?;
    input.diagnostics.extend(found);
    let mut artifacts = artifacts.unwrap_or_else(|error| {
        let title = format!("a template of target `{}` does not render: {}", error.target, error.message);
        input.diagnostics.push(Diagnostic::bare(Code::BadTargetData, title));
        Vec::new()
    });
    let status = input.status();
    console.report(&input.sources, &input.diagnostics);
    let summary = match args.format {
        Format::Human => summary,
        Format::Json => String::from_utf8_lossy(&described.bytes).into_owned(),
    };
    match &args.output {
        // A run that came to nothing leaves the report of an earlier one.
        Some(_) if outcomes.is_empty() && status != Status::Clean => console.print(&summary)?,
        Some(folder) => {
            let stale = if status == Status::Clean { Stale::Remove } else { Stale::Keep };
            artifacts.push(described);
            let written = write_folder(folder, &artifacts, stale)?;
            console.print(&summary)?;
            console.say(&in_words(&written, &display(folder)));
        }
        None => {
            console.say(summary.trim_end());
            console.print(&rules(args.format, report, &artifacts)?)?;
        }
    }
    Ok(status)
}

/// Several detections on standard output could not be told apart. `places` says of each on how many targets and profiles
/// it is compiled.
fn fits_standard_output(places: &[usize]) -> Result<()> {
    if places.iter().sum::<usize>() > 1 {
        let (detections, most) = (places.len(), places.iter().max().copied().unwrap_or_default());
        bail!(
            "standard output takes a single detection on a single target and profile, and here are {detections} on \
             {most}: name a folder with -o, or choose with --only, --target and --profile"
        );
    }
    Ok(())
}

/// What came of it all.
#[derive(Clone, Copy)]
struct Report<'a> {
    outcomes: &'a [Outcome<'a>],
    uncovered: &'a [Uncovered<'a>],
    bundle: &'a Bundle,
}

impl Report<'_> {
    fn to_json(self) -> impl serde::Serialize {
        compile::fidelity_report(self.outcomes, self.uncovered, self.bundle)
    }

    /// The file with the report.
    fn artifact(self) -> Result<Artifact> {
        // Of a corpus it is long: a buffer that grows would hold it twice.
        let mut bytes = Vec::with_capacity(self.outcomes.len() * ENTRY);
        serde_json::to_writer_pretty(&mut bytes, &self.to_json())?;
        bytes.push(b'\n');
        Ok(Artifact { path: REPORT.to_owned(), bytes })
    }
}

/// What came of each detection, for people: a line, with its losses below.
fn summary(report: Report<'_>) -> String {
    let left_out = |u: &Uncovered<'_>| format!("{} on {}: not compiled: {}\n", u.analytic.id, u.target.id, u.reason());
    report.outcomes.iter().map(lines).chain(report.uncovered.iter().map(left_out)).collect()
}

fn lines(outcome: &Outcome<'_>) -> String {
    let name = format!("{}/{}", outcome.unit.analytic.id, outcome.unit.detection.name);
    let site = format!("{}/{}", outcome.target.id, outcome.profile.id);
    let fidelity = compile::fidelity_word(&outcome.fidelity);
    let (done, details) = match &outcome.status {
        Done::Compiled { .. } => {
            let schedules = outcome.queries.iter().filter_map(compile::schedule);
            (String::new(), compile::loss_lines(&outcome.fidelity).into_iter().chain(schedules).collect())
        }
        Done::AcceptedUnsupported(reason) => (format!(", left out: {reason}"), Vec::new()),
        Done::NotNeeded => (", not needed: one above it was compiled".to_owned(), Vec::new()),
        Done::Failed => (", no rule".to_owned(), Vec::new()),
    };
    let details: String = details.iter().map(|line| format!("    {line}\n")).collect();
    format!("{name} on {site}: {fidelity}{done}\n{details}")
}

/// The rules of the one detection, or an object with them.
fn rules(format: Format, report: Report<'_>, artifacts: &[Artifact]) -> Result<String> {
    let texts = artifacts.iter().map(|a| (a.path.as_str(), String::from_utf8_lossy(&a.bytes)));
    match format {
        Format::Human => Ok(texts.map(|(_, text)| text.into_owned()).collect::<Vec<_>>().join("\n")),
        Format::Json => {
            let rules: Vec<_> = texts.map(|(path, text)| json!({ "path": path, "text": text })).collect();
            let object = json!({ "rules": rules, "fidelity": report.to_json() });
            Ok(serde_json::to_string_pretty(&object)? + "\n")
        }
    }
}

fn in_words(written: &Written, folder: &str) -> String {
    let Written { files, same, removed, kept } = *written;
    let word = if files == 1 { "file" } else { "files" };
    let mut text = format!("{files} {word} written to {folder}");
    if same > 0 {
        text.push_str(&format!(", {same} there already"));
    }
    if removed > 0 {
        text.push_str(&format!(", {removed} of an earlier run removed"));
    }
    if kept > 0 {
        text.push_str(&format!(", {kept} of an earlier run kept because of the errors above"));
    }
    text
}
