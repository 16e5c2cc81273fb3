//! `detc test`: the test files beside strategies.

mod export;
mod report;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use detc_core::cases::{self, Analysed, Outcome, Runner, TestFile};
use detc_core::diagnostics::{Code, Diagnostic};
use detc_core::sema;
use detc_core::source::SourceId;
use detc_core::tuning::TuningFile;

use crate::args::{Day, ReportFormat, Tuning};
use crate::clock::today;
use crate::console::Console;
use crate::input::{display, read_bytes, without_repeats};
use crate::load::{Loaded, load};
use crate::progress::Progress;
use crate::sites::Choice;
use crate::status::Status;

/// Arguments of `detc test`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The test files of a strategy are `tests/*.yaml` beside it. A test fails if a detection does not raise just the entity \
tuples it must.

Examples:
  detc test strategies                                    every test of every strategy below a folder
  detc test strategies/DET0543/tests/an1496.yaml          one test file
  detc test strategies --format junit > tests.xml
  detc test strategies --export jobs.jsonl --target splunk   the cases as Splunk's events, with the rules to run over them")]
pub struct Args {
    /// Strategy files, folders that are searched for `*.det`, or test files
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    #[command(flatten)]
    day: Day,

    /// Write the cases for replay in products as well: an object a line with the rules, the events as the site has them, and
    /// the entities to alert on
    #[arg(long, value_name = "FILE", requires = "target")]
    export: Option<PathBuf>,

    #[command(flatten)]
    sites: Choice,

    /// The form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub format: ReportFormat,
}

/// A test file with what its cases need.
struct Tests {
    name: String,
    file: TestFile,
    event_files: BTreeMap<String, Vec<u8>>,
}

/// What came of a test file.
struct Tested {
    name: String,
    outcomes: Vec<Outcome>,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    let (mut strategies, mut named) = (Vec::new(), Vec::new());
    for path in &args.paths {
        if is_test_file(path) {
            strategies.push(folder_above(path));
            named.push(path.clone());
        } else {
            strategies.push(path.clone());
        }
    }
    let mut loaded = load(&strategies, &Tuning::default());
    let tests = read(find(&mut loaded, named, console), &mut loaded);
    let tested = run_all(&tests, &mut loaded, &today(&args.day), console);
    if let Some(file) = &args.export {
        export::run(file, &args.sites, &tests, &mut loaded, &today(&args.day))?;
    }
    report::print(args.format, &tested, &loaded, console)?;
    let failed = tested.iter().flat_map(|t| &t.outcomes).filter(|outcome| !outcome.passed()).count();
    Ok(loaded.status().max(Status::of(failed)))
}

/// A test case and how it ended.
#[derive(Debug)]
pub struct CaseVerdict {
    /// The test file.
    pub file: String,
    /// The case.
    pub case: String,
    /// `passed`, `failed` or `broken`.
    pub verdict: &'static str,
}

/// How the test cases beside the strategies at `paths` end.
pub fn verdicts(paths: &[PathBuf], day: &Day, console: &Console) -> Vec<CaseVerdict> {
    let mut loaded = load(paths, &Tuning::default());
    let files = loaded.files.iter().flat_map(|strategy| beside(&strategy.path)).collect();
    let known = loaded.input.diagnostics.len();
    let tests = read(without_repeats(files), &mut loaded);
    console.report(&loaded.input.sources, loaded.input.diagnostics.get(known..).unwrap_or_default());
    let verdict = |file: &str, outcome: &Outcome| CaseVerdict {
        file: file.to_owned(),
        case: outcome.name.clone(),
        verdict: report::word(outcome),
    };
    let tested = run_all(&tests, &mut loaded, &today(day), console);
    tested.iter().flat_map(|t| t.outcomes.iter().map(|outcome| verdict(&t.name, outcome))).collect()
}

fn is_test_file(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// The folder whose strategies a test file is about: the one that holds `tests`.
fn folder_above(test_file: &Path) -> PathBuf {
    let folder = test_file.parent().unwrap_or(Path::new(""));
    match folder.parent() {
        Some(above) if !above.as_os_str().is_empty() => above.to_owned(),
        Some(_) => PathBuf::from("."),
        None => PathBuf::from(".."),
    }
}

/// The test files: those named, else those beside each strategy. Those of a strategy with an error are not run.
fn find(loaded: &mut Loaded, named: Vec<PathBuf>, console: &Console) -> Vec<PathBuf> {
    let errors = loaded.input.diagnostics.iter().filter(|d| d.is_error());
    let wrong: BTreeSet<SourceId> = errors.filter_map(|d| Some(d.primary.as_ref()?.span.source)).collect();
    let mut found = Vec::new();
    let asked_for = |path: &PathBuf| named.is_empty() || named.contains(path);
    for strategy in &loaded.files {
        let tests = beside(&strategy.path);
        if !tests.is_empty() && wrong.contains(&strategy.id) {
            console.say(&format!("the tests of {} are not run: it has errors", display(&strategy.path)));
        } else {
            found.extend(tests.into_iter().filter(asked_for));
        }
    }
    let strays = named.iter().filter(|path| !loaded.files.iter().any(|s| beside(&s.path).contains(path)));
    found.extend(strays.cloned().collect::<Vec<_>>());
    if found.is_empty() && loaded.status() == Status::Clean {
        let title = "there is no test file: they are `tests/*.yaml` beside a strategy";
        loaded.input.refuse(Diagnostic::bare(Code::Unreadable, title));
    }
    without_repeats(found)
}

/// The test files beside a strategy, in the order of their names.
fn beside(strategy: &Path) -> Vec<PathBuf> {
    let folder = strategy.with_file_name("tests");
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<PathBuf> = paths.filter(|path| is_test_file(path) && path.is_file()).collect();
    files.sort();
    files
}

/// Reads test files and the event files they name.
fn read(paths: Vec<PathBuf>, loaded: &mut Loaded) -> Vec<Tests> {
    let mut tests = Vec::new();
    for path in paths {
        let Some(id) = loaded.input.read(&path) else { continue };
        match cases::load(&loaded.input.sources, id, &loaded.classes) {
            Ok(file) => {
                let content = |name: &str| read_bytes(&path.with_file_name(name)).ok();
                let names = file.event_files().into_iter().map(|name| name.value.clone());
                let event_files = names.filter_map(|name| Some((name.clone(), content(&name)?))).collect();
                tests.push(Tests { name: display(&path), file, event_files });
            }
            Err(errors) => loaded.input.diagnostics.extend(errors),
        }
    }
    tests
}

/// Runs every case.
fn run_all(tests: &[Tests], loaded: &mut Loaded, today: &str, console: &Console) -> Vec<Tested> {
    let total = tests.iter().map(|t| t.file.cases.len()).sum();
    let mut progress = Progress::steps(console, "testing", total);
    let mut analyse = analyser(loaded, today);
    let mut runner = Runner::new(&mut analyse);
    let mut run = |tests: &Tests| {
        let cases = tests.file.cases.iter().map(|case| {
            progress.add(1);
            runner.run(&tests.file, case, &tests.event_files)
        });
        Tested { name: tests.name.clone(), outcomes: cases.collect() }
    };
    tests.iter().map(&mut run).collect()
}

/// What analyses the strategies under a tuning.
fn analyser<'l>(loaded: &'l mut Loaded, today: &'l str) -> impl FnMut(&[TuningFile]) -> Analysed + 'l {
    let Loaded { input, trees, .. } = loaded;
    let (known, sources) = (&input.diagnostics, &mut input.sources);
    move |tuning: &[TuningFile]| {
        let layers: Vec<TuningFile> = tuning.iter().map(|layer| layer.without_expired(today)).collect();
        let analysis = sema::analyse(sources, trees, &layers);
        // What is wrong without the tuning too was said once, and concerns other strategies.
        let diagnostics = analysis.diagnostics.into_iter().filter(|d| !known.contains(d)).collect();
        Analysed { strategies: analysis.strategies, diagnostics }
    }
}
