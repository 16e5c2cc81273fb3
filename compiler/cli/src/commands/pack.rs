//! `detc pack`: the rules of strategies as files that products import.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use detc_core::compile::Artifact;
use detc_core::diagnostics::{Code, Diagnostic};
use detc_core::dialect::Deployment;
use detc_core::pack::{self, difference, hash, json, lock::Lock, project::Project, provenance::Material};
use detc_core::plan::Strategy;
use detc_core::target::Registry;

use crate::args::{Format, Sources, Tuning};
use crate::clock;
use crate::console::Console;
use crate::input::display;
use crate::load::{Loaded, load};
use crate::output;
use crate::signature::Signer;
use crate::sites::{self, Chosen};
use crate::status::Status;

/// The head of a pack, beside the strategies.
const HEAD: &str = "pack.yaml";

/// What the last release held, beside the head.
const LOCK: &str = "pack.lock.json";

/// The time of a pack whose maker gives none: 1980-01-01, the first that a zip archive can hold.
const NO_EPOCH: u64 = 315_532_800;

/// The version of this compiler.
const COMPILER: &str = env!("CARGO_PKG_VERSION");

/// Arguments of `detc pack`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
The files of each product go to DIR/<target>/, and beside them what says what they are: pack.json, an ATT&CK Navigator layer, a \
changelog, hashes and provenance; pack.json has for each product how it imports the pack, and a later version so that a site's \
tuning stays. A pack is whole or is not written: one rule that cannot be packed stops it. DIR must be \
empty, or hold an earlier pack and nothing else, which is then replaced.

`pack.yaml` says what the pack is called, and `pack.lock.json` which rules it held when it was last released; both lie in \
the first folder of strategies. A rule that changed needs a higher version in its source, and the lock an update.

The same sources, tuning and SOURCE_DATE_EPOCH give the same bytes, but for the signature. The password of a signing key \
is read from the environment variable DETC_KEY_PASSWORD.

Examples:
  detc pack strategies --target all -o dist
  detc pack strategies --target elastic --tuning org.yaml --tuning site.yaml -o dist
  detc pack strategies --target all -o dist --sign-with pack.key
  detc pack strategies --update-lock")]
pub struct Args {
    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    sites: sites::Choice,

    /// The folder to write into; made if it is not there
    #[arg(short, long, value_name = "DIR", required_unless_present = "update_lock")]
    output: Option<PathBuf>,

    /// The head of the pack [default: pack.yaml in the first PATH]
    #[arg(long, value_name = "FILE")]
    pack: Option<PathBuf>,

    /// Write the lock of the next release, and no pack
    #[arg(long, conflicts_with_all = ["output", "target", "profile", "files", "sign_with"])]
    update_lock: bool,

    /// Sign the pack with this minisign secret key
    #[arg(long, value_name = "FILE")]
    sign_with: Option<PathBuf>,

    /// The form of diagnostics
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    let mut loaded = load(&args.sources.paths, &Tuning::default());
    let project = project(args, &mut loaded);
    let lock = lock(args, &mut loaded);
    let released = (loaded.status() == Status::Clean).then(|| {
        difference::compare(lock.as_ref(), &loaded.strategies, COMPILER).map_err(|errors| {
            loaded.input.diagnostics.extend(errors);
        })
    });
    let (Some(project), Some(Ok(changes))) = (project, released) else {
        console.report(&loaded.input.sources, &loaded.input.diagnostics);
        return Ok(loaded.status());
    };
    if args.update_lock {
        return update(args, &loaded.strategies, lock.as_ref(), changes, console);
    }
    let Some(lock) = lock.filter(|_| changes.is_empty()) else {
        loaded.input.diagnostics.push(behind(args, &changes));
        console.report(&loaded.input.sources, &loaded.input.diagnostics);
        return Ok(loaded.status());
    };
    write(args, &project, &lock, console)
}

/// Compiles, packs, signs and writes.
fn write(args: &Args, project: &Project, lock: &Lock, console: &Console) -> Result<Status> {
    let epoch = clock::epoch().unwrap_or(NO_EPOCH);
    let signer = args.sign_with.as_deref().map(Signer::load).transpose()?;
    let mut registry = Registry::embedded();
    let mut loaded = args.sites.load(&registry, &args.sources);
    let chosen = sites::choose(&args.sites, &mut registry, &mut loaded);
    let Some(chosen) = chosen.filter(|_| loaded.status() == Status::Clean) else {
        console.report(&loaded.input.sources, &loaded.input.diagnostics);
        return Ok(loaded.status());
    };
    loaded.forget_trees();
    let materials = materials(args, &loaded);
    let Some(mut files) = make(&mut loaded, &registry, &chosen, console, project, &|outcomes| {
        pack::make(&pack::Request { project, lock, compiler: COMPILER, epoch, materials: &materials, outcomes })
    }) else {
        console.report(&loaded.input.sources, &loaded.input.diagnostics);
        return Ok(loaded.status());
    };
    if let Some(signer) = &signer {
        let sums = files.iter().find(|f| f.path == pack::SUMS).context("a pack has hashes")?;
        let comment = format!("{} {}", project.name, lock.version);
        let signature = signer.sign(&sums.bytes, &comment)?;
        files.push(Artifact { path: pack::SIGNATURE.to_owned(), bytes: signature.into_bytes() });
    }
    console.report(&loaded.input.sources, &loaded.input.diagnostics);
    let folder = args.output.as_deref().context("a folder to write into")?;
    output::publish(folder, &files)?;
    console.say(&format!("{} {}: {} files written to {}", project.name, lock.version, files.len(), display(folder)));
    Ok(Status::Clean)
}

type Packed = Result<Vec<Artifact>, Vec<Diagnostic>>;

/// The files of the pack; none, and diagnostics, if a rule cannot be compiled or packed.
fn make(
    loaded: &mut Loaded,
    registry: &Registry,
    chosen: &[Chosen],
    console: &Console,
    project: &Project,
    pack: &dyn Fn(&[detc_core::compile::Outcome<'_>]) -> Packed,
) -> Option<Vec<Artifact>> {
    let deployment = Deployment { schedule: None, author: &project.author, license: &project.license };
    let strategies = std::mem::take(&mut loaded.strategies);
    let sites = sites::resolve(registry, chosen);
    let outcomes =
        sites::compile(&strategies, &sites, Some(deployment), &|_| true, &mut loaded.input.diagnostics, console);
    loaded.input.diagnostics.extend(sites::findings(&outcomes));
    if loaded.status() != Status::Clean {
        return None;
    }
    pack(&outcomes).map_err(|errors| loaded.input.diagnostics.extend(errors)).ok()
}

/// Writes the lock of the next release.
fn update(
    args: &Args,
    strategies: &[Strategy],
    lock: Option<&Lock>,
    changes: Vec<difference::Change>,
    console: &Console,
) -> Result<Status> {
    let path = head_of(args)?.with_file_name(LOCK);
    if let Some(lock) = lock.filter(|_| changes.is_empty()) {
        console.say(&format!("nothing changed since version {}", lock.version));
        return Ok(Status::Clean);
    }
    let lines: String =
        changes.iter().map(|c| format!("{}: {}\n", c.rule.as_deref().unwrap_or("pack"), c.what)).collect();
    let next = Lock::next(lock, strategies, changes, COMPILER);
    output::write_file(&path, &json::file(&next))?;
    console.print(&lines)?;
    console.say(&format!("{}: version {}", display(&path), next.version));
    Ok(Status::Clean)
}

/// The error for sources that the lock does not know yet.
fn behind(args: &Args, changes: &[difference::Change]) -> Diagnostic {
    let paths: Vec<String> = args.sources.paths.iter().map(|path| display(path)).collect();
    let what = match changes {
        [] => "there is no lock yet".to_owned(),
        [only] => {
            format!("the lock does not know of a change: {}: {}", only.rule.as_deref().unwrap_or("pack"), only.what)
        }
        [first, ..] => format!(
            "the lock does not know of {} changes, such as {}: {}",
            changes.len(),
            first.rule.as_deref().unwrap_or("pack"),
            first.what
        ),
    };
    Diagnostic::bare(Code::BadVersion, what).help(format!("run: detc pack {} --update-lock", paths.join(" ")))
}

/// Where the head of the pack is.
fn head_of(args: &Args) -> Result<PathBuf> {
    let beside = || args.sources.paths.first().map(|path| folder(path).join(HEAD));
    args.pack.clone().or_else(beside).context("there is no path")
}

/// The head of the pack; none, and diagnostics, if there is none or it is wrong.
fn project(args: &Args, loaded: &mut Loaded) -> Option<Project> {
    let path = head_of(args).ok()?;
    if !path.exists() {
        let title = format!("there is no `{}`, which says what the pack is called", display(&path));
        let help = "`detc explain E0701` shows one; --pack names another place";
        loaded.input.diagnostics.push(Diagnostic::bare(Code::BadPackFile, title).help(help));
        return None;
    }
    let source = loaded.input.read(&path)?;
    Project::load(&loaded.input.sources, source).map_err(|errors| loaded.input.diagnostics.extend(errors)).ok()
}

/// The lock; none if there is none, and diagnostics if it is wrong.
fn lock(args: &Args, loaded: &mut Loaded) -> Option<Lock> {
    let path = head_of(args).ok()?.with_file_name(LOCK);
    if !path.exists() {
        return None;
    }
    let source = loaded.input.read(&path)?;
    let text = loaded.input.sources.get(source).map(|s| s.text.to_string()).unwrap_or_default();
    Lock::read(&display(&path), &text).map_err(|error| loaded.input.diagnostics.push(error)).ok()
}

/// The folder that a path names or lies in.
fn folder(path: &Path) -> &Path {
    if path.is_dir() { path } else { path.parent().unwrap_or(path) }
}

/// What the pack is made from, with paths below the folders that were named: no part of a machine's own folders.
fn materials(args: &Args, loaded: &Loaded) -> Vec<Material> {
    let below = |path: &Path| {
        let roots = args.sources.paths.iter().map(|root| folder(root));
        let inside = roots.filter_map(|root| path.strip_prefix(root).ok()).next();
        let name = inside.unwrap_or_else(|| Path::new(path.file_name().unwrap_or_default()));
        name.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    };
    let text = |name: &str| loaded.input.sources.iter().find(|(_, s)| *s.name == *name).map(|(_, s)| s.text.clone());
    let strategies = loaded.files.iter().map(|file| &file.path);
    let mut found: Vec<Material> = strategies
        .chain(&args.sources.tuning.files)
        .filter_map(|path| {
            let sha256 = hash::sha256(text(&display(path))?.as_bytes());
            Some(Material { name: below(path), sha256 })
        })
        .collect();
    found.sort_by(|a, b| (&a.name, &a.sha256).cmp(&(&b.name, &b.sha256)));
    found.dedup();
    found
}
