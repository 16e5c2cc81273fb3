//! `detc pack`: the rules of strategies as files that products import.

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use detc_core::pack::{self, project::Project};
use detc_core::target::Registry;

use crate::args::{Format, Sources};
use crate::console::Console;
use crate::input::display;
use crate::load::Loaded;
use crate::output::{Stale, write_folder};
use crate::sites;
use crate::status::Status;

/// The head of a pack, beside the strategies.
const HEAD: &str = "pack.yaml";

/// The first version of a pack.
const FIRST: &str = "1.0.0";

/// The time of a pack whose maker gives none: 1980-01-01, the first that a zip archive can hold.
const NO_EPOCH: u64 = 315_532_800;

/// Arguments of `detc pack`.
#[derive(Debug, clap::Args)]
#[command(mut_arg("target", |target| target.required(true)), after_help = "\
The files of each product go to DIR/<target>/. A pack is whole or is not written: one rule that cannot be packed \
stops it.

`pack.yaml` says what the pack is called; it lies in the first folder of strategies.

Examples:
  detc pack strategies --target all -o dist
  detc pack strategies --target elastic --tuning org.yaml --tuning site.yaml -o dist")]
pub struct Args {
    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    sites: sites::Choice,

    /// The folder to write into; made if it is not there
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,

    /// The head of the pack [default: pack.yaml in the first PATH]
    #[arg(long, value_name = "FILE")]
    pack: Option<PathBuf>,

    /// The form of diagnostics
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    let epoch = epoch()?;
    let mut loaded = Loaded::new(&args.sources);
    let mut registry = Registry::embedded();
    let chosen = sites::choose(&args.sites, &mut registry, &mut loaded);
    let project = project(args, &mut loaded);
    let (Some(chosen), Some(project), Status::Clean) = (chosen, project, loaded.status()) else {
        console.report(&loaded.input.sources, &loaded.input.diagnostics);
        return Ok(loaded.status());
    };
    let strategies = std::mem::take(&mut loaded.strategies);
    loaded.trees.clear();
    let sites = sites::resolve(&registry, &chosen);
    let outcomes = sites::compile(&strategies, &sites, &|_| true, &mut loaded.input.diagnostics, console);
    let mut files = Vec::new();
    if loaded.status() == Status::Clean {
        let request = pack::Request { project: &project, version: FIRST, epoch, outcomes: &outcomes };
        match pack::make(&request) {
            Ok(made) => files = made,
            Err(errors) => loaded.input.diagnostics.extend(errors),
        }
    }
    console.report(&loaded.input.sources, &loaded.input.diagnostics);
    if loaded.status() == Status::Clean {
        let written = write_folder(&args.output, &files, Stale::Remove)?;
        console.say(&format!("{} files written to {}", written.files, display(&args.output)));
    }
    Ok(loaded.status())
}

/// The head of the pack; none, and diagnostics, if there is none or it is wrong.
fn project(args: &Args, loaded: &mut Loaded) -> Option<Project> {
    let beside = || args.sources.paths.first().map(|path| folder(path).join(HEAD));
    let path = args.pack.clone().or_else(beside)?;
    let source = loaded.input.read(&path)?;
    match Project::load(&loaded.input.sources, source) {
        Ok(project) => Some(project),
        Err(errors) => {
            loaded.input.diagnostics.extend(errors);
            None
        }
    }
}

/// The folder that a path names or lies in.
fn folder(path: &Path) -> &Path {
    if path.is_dir() { path } else { path.parent().unwrap_or(path) }
}

/// The time that stands in files which need one: <https://reproducible-builds.org/specs/source-date-epoch/>.
fn epoch() -> Result<u64> {
    match std::env::var("SOURCE_DATE_EPOCH") {
        Ok(text) => match text.parse() {
            Ok(seconds) => Ok(seconds),
            Err(_) => bail!("SOURCE_DATE_EPOCH is `{text}`, which is no number of seconds"),
        },
        Err(_) => Ok(NO_EPOCH),
    }
}
