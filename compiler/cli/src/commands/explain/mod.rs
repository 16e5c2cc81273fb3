//! `detc explain`: the page of a diagnostic code, or what a strategy is and how well each target can say it.

mod data;
mod html;
mod json;
mod text;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::ValueEnum;
use detc_core::attack::Bundle;
use detc_core::compile::{self, Outcome};
use detc_core::diagnostics::{Code, render, suggest};
use detc_core::plan::{Analytic, Parameter, Strategy, Unit};
use detc_core::source::Sources;
use detc_core::target::Registry;

use super::test;
use crate::args::{Format, Tuning};
use crate::console::Console;
use crate::input::display;
use crate::load::{Loaded, load};
use crate::page;
use crate::selection::names;
use crate::sites::{self, Site};
use crate::status::Status;

/// Where strategies are looked for if no path is given: here if it is there, else in the current folder.
const USUAL_PLACE: &str = "strategies";

/// Arguments of `detc explain`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  detc explain E0301                              the page of a diagnostic code
  detc explain library_load                       the fields of an event class
  detc explain strategies/DET0543                 a strategy: parameters, analytics, detections
  detc explain AN1496/candidate --target all      how well each target can say a detection
  detc explain AN1497 --target elastic --profile defend
                                                  what runs there, what is lost, what must be collected
  detc explain strategies/DET0543 --target all -o report.html
                                                  one page for people: values, fidelity, rules, test verdicts
  detc explain AN1496 my/strategies --tuning site.yaml")]
pub struct Args {
    /// A code such as E0301, a strategy file or folder, or the name of an event class, strategy, analytic or detection
    #[arg(value_name = "CODE|PATH|NAME")]
    what: String,

    /// Where to look for a name [default: the folder `strategies`, else the current one]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    tuning: Tuning,

    #[command(flatten)]
    sites: sites::Choice,

    /// A file to write the explanation to; `.html` makes it a page and `.json` an object
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The form of the explanation [default: by the output file's name, else human]
    #[arg(long, value_enum)]
    format: Option<Form>,
}

/// The form of an explanation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For a terminal
    Human,
    /// For programs
    Json,
    /// One page without outside resources
    Html,
}

impl Args {
    fn form(&self) -> Form {
        let ending = self.output.as_deref().and_then(Path::extension).map(|e| e.to_string_lossy().to_lowercase());
        self.format.unwrap_or(match ending.as_deref() {
            Some("html" | "htm") => Form::Html,
            Some("json") => Form::Json,
            _ => Form::Human,
        })
    }

    /// The form of diagnostics.
    pub fn format(&self) -> Format {
        if self.form() == Form::Json { Format::Json } else { Format::Human }
    }
}

/// What there is to explain.
struct Subject<'a> {
    sources: &'a Sources,
    strategies: &'a [Strategy],
    sites: Vec<Site<'a>>,
    /// What ATT&CK says.
    bundle: Bundle,
    /// What becomes of each detection at each site that serves its platform.
    outcomes: Vec<Outcome<'a>>,
    /// Which detections, by one of their names; none for all.
    name: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// What ATT&CK says of an analytic, in its own words.
    fn official(&self, analytic: &Analytic) -> Option<&str> {
        self.bundle.analytic(&analytic.id).map(|theirs| theirs.description.as_str()).filter(|text| !text.is_empty())
    }

    /// The outcomes of a detection, one for each site that serves its platform.
    fn outcomes_of(&self, unit: Unit<'_>) -> impl Iterator<Item = &Outcome<'a>> {
        self.outcomes.iter().filter(move |outcome| std::ptr::eq(outcome.unit.detection, unit.detection))
    }

    fn is_about(&self, unit: Unit<'_>) -> bool {
        self.name.is_none_or(|name| names(name, unit))
    }

    /// The detections of an analytic that this is about.
    fn units<'s>(&self, strategy: &'s Strategy, analytic: &'s Analytic) -> Vec<Unit<'s>> {
        let units = analytic.detections.iter().map(|detection| Unit { strategy, analytic, detection });
        units.filter(|unit| self.is_about(*unit)).collect()
    }

    /// The strategies and analytics that this is about.
    fn strategies(&self) -> impl Iterator<Item = (&Strategy, Vec<&Analytic>)> {
        self.strategies.iter().filter_map(|strategy| {
            let all = self.name.is_none_or(|name| strategy.id.eq_ignore_ascii_case(name));
            let about = |analytic: &&Analytic| all || !self.units(strategy, analytic).is_empty();
            let analytics: Vec<&Analytic> = strategy.analytics.iter().filter(about).collect();
            (all || !analytics.is_empty()).then_some((strategy, analytics))
        })
    }
}

/// The parameters that some analytics of a strategy see.
fn parameters<'s>(strategy: &'s Strategy, analytics: &[&Analytic]) -> Vec<&'s Parameter> {
    let seen = |p: &&Parameter| p.analytic.as_ref().is_none_or(|id| analytics.iter().any(|a| a.id == *id));
    strategy.parameters.iter().filter(seen).collect()
}

/// What becomes of the detections at the sites.
fn outcomes<'a>(strategies: &'a [Strategy], sites: &[Site<'a>]) -> Vec<Outcome<'a>> {
    let at = |strategy: &'a Strategy, site: &Site<'a>| {
        compile::run(strategy, site.target, site.profile, &|unit| site.serves(unit)).outcomes
    };
    strategies.iter().flat_map(|strategy| sites.iter().flat_map(move |site| at(strategy, site))).collect()
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    if let Some(code) = Code::parse(&args.what) {
        return explain_code(code, args, console);
    }
    let is_path = Path::new(&args.what).exists();
    let mut loaded = load(&places(args, is_path)?, &args.tuning);
    if !is_path && let Some(class) = loaded.classes.get(&args.what) {
        let text = match args.form() {
            Form::Human | Form::Html => text::class(class),
            Form::Json => json::class(class)?,
        };
        return show(&text, args, console).map(|()| Status::Clean);
    }
    let mut registry = Registry::embedded();
    let chosen = sites::choose(&args.sites, &mut registry, &mut loaded);
    console.report(&loaded.input.sources, &loaded.input.diagnostics);
    let Some(chosen) = chosen.filter(|_| loaded.status() != Status::Failed) else { return Ok(loaded.status()) };
    let name = (!is_path).then_some(args.what.as_str());
    let sites = sites::resolve(&registry, &chosen);
    let bundle = Bundle::embedded().unwrap_or_default();
    let verdicts = match args.form() {
        Form::Html => test::verdicts(&places(args, is_path)?, &args.tuning.day, console),
        Form::Human | Form::Json => Vec::new(),
    };
    let outcomes = outcomes(&loaded.strategies, &sites);
    let subject =
        Subject { sources: &loaded.input.sources, strategies: &loaded.strategies, sites, bundle, outcomes, name };
    if subject.strategies().next().is_none() && loaded.status() == Status::Clean {
        bail!(nothing_called(&args.what, &loaded));
    }
    let text = match args.form() {
        Form::Human => text::render(&subject),
        Form::Json => json::render(&subject)?,
        Form::Html => html::render(&subject, &verdicts)?,
    };
    show(&text, args, console)?;
    Ok(loaded.status())
}

/// Prints the explanation, or writes it to the output file.
fn show(text: &str, args: &Args, console: &Console) -> Result<()> {
    let Some(file) = &args.output else { return console.print(text) };
    fs::write(file, text).with_context(|| format!("cannot write {}", display(file)))?;
    console.say(&format!("{} written", display(file)));
    Ok(())
}

fn explain_code(code: Code, args: &Args, console: &Console) -> Result<Status> {
    console.print(&match args.form() {
        Form::Human | Form::Html => page::render(code.page(), console.results),
        Form::Json => {
            let title = render::sarif::headline(code);
            let severity = render::json::severity(code.severity());
            let object = serde_json::json!({
                "code": code.as_str(), "severity": severity, "title": title, "page": code.page(),
            });
            format!("{object}\n")
        }
    })?;
    Ok(Status::Clean)
}

/// Where the strategies are.
fn places(args: &Args, is_path: bool) -> Result<Vec<PathBuf>> {
    if is_path {
        return Ok(std::iter::once(PathBuf::from(&args.what)).chain(args.paths.iter().cloned()).collect());
    }
    if !args.paths.is_empty() {
        return Ok(args.paths.clone());
    }
    let usual = Path::new(USUAL_PLACE);
    let here = Path::new(".");
    if args.what.contains(['.', '\\']) {
        bail!("`{}` is no diagnostic code and no file or folder", args.what);
    }
    Ok(vec![if usual.is_dir() { usual } else { here }.to_owned()])
}

fn nothing_called(name: &str, loaded: &Loaded) -> String {
    let units = loaded.strategies.iter().flat_map(Strategy::units);
    let known = units.flat_map(crate::selection::names_of);
    let known: Vec<String> =
        known.chain(loaded.classes.keys().cloned()).chain(Code::ALL.iter().map(|code| code.to_string())).collect();
    let hint = suggest::did_you_mean(name, known.iter().map(String::as_str));
    let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
    format!("no diagnostic code, path, event class, strategy, analytic or detection is called `{name}`{hint}")
}
