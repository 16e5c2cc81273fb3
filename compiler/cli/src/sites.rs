//! `--target` and `--profile`: which products, and which sites that run them; and compiling for those.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use detc_core::compile::{self, Compiler, Outcome};
use detc_core::diagnostics::{Code, Diagnostic};
use detc_core::dialect::Deployment;
use detc_core::plan::{Class, Strategy, Unit};
use detc_core::target::{Context, Profile, Registry, Target, TargetFile};

use crate::args;
use crate::console::Console;
use crate::input::{Input, display};
use crate::load::{Loaded, load_beside};
use crate::parallel;
use crate::progress::Progress;

/// Which products, and which sites that run them.
#[derive(Debug, clap::Args)]
pub struct Choice {
    /// Targets, or `all`
    #[arg(long, value_delimiter = ',', value_name = "TARGET")]
    pub target: Vec<String>,

    /// Profiles of the targets, `TARGET/PROFILE` for one target's, a YAML file of your own (`TARGET=FILE` where there are
    /// several targets), or `all`; may be given several times [default: for each platform the target's own choice]
    #[arg(long, value_delimiter = ',', value_name = "PROFILE")]
    pub profile: Vec<String>,

    #[command(flatten)]
    pub own: OwnTargets,
}

impl Choice {
    /// Reads the strategies; the data of the targets meanwhile.
    pub fn load(&self, registry: &Registry, sources: &args::Sources) -> Loaded {
        let read = |word: &String| match word.as_str() {
            "all" => registry.ids().for_each(|id| drop(registry.get(id))),
            id => drop(registry.get(id)),
        };
        load_beside(&sources.paths, &sources.tuning, || self.target.iter().for_each(read))
    }
}

/// Target data of the user's own.
#[derive(Debug, Default, clap::Args)]
pub struct OwnTargets {
    /// A folder of targets of your own, laid over those that detc brings along
    #[arg(long = "targets-dir", value_name = "DIR")]
    folder: Option<PathBuf>,
}

impl OwnTargets {
    /// Lays the files of the folder, if one was named, over the registry; what is wrong with them goes to `input`.
    pub fn lay_over(&self, registry: &mut Registry, input: &mut Input, classes: &BTreeMap<String, Arc<Class>>) {
        let Some(folder) = &self.folder else { return };
        let files: Vec<TargetFile> = input
            .all_files(folder)
            .into_iter()
            .filter_map(|path| {
                let source = input.read(&path)?;
                Some(TargetFile { path: display(path.strip_prefix(folder).unwrap_or(&path)), source })
            })
            .collect();
        let context = Context { sources: &input.sources, classes };
        let (changed, found) = std::mem::take(registry).with_overrides(&files, context);
        *registry = changed;
        input.diagnostics.extend(found);
    }
}

/// A product at a site.
#[derive(Debug, Clone, Copy)]
pub struct Site<'a> {
    /// The product.
    pub target: &'a Target,
    /// The site.
    pub profile: &'a Profile,
    /// Whether the profile was asked for. If not, it stands in for a choice, on the platforms it is the default of.
    asked_for: bool,
}

impl Site<'_> {
    /// Whether the detection is to be compiled here: its platform is one of this site.
    pub fn serves(&self, unit: Unit<'_>) -> bool {
        let platform = &unit.analytic.platform;
        let default = self.target.default_profile.get(platform);
        self.profile.serves(platform) && (self.asked_for || default == Some(&self.profile.id))
    }
}

/// A target and one of its profiles.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Chosen {
    target: String,
    profile: String,
    asked_for: bool,
}

/// Finds what was asked for; a profile from a file is added to the registry. None, and diagnostics, if something of it does
/// not exist or is wrong: then nothing is compiled, for a default instead of it was not asked for.
pub fn choose(choice: &Choice, registry: &mut Registry, loaded: &mut Loaded) -> Option<Vec<Chosen>> {
    let before = loaded.input.diagnostics.len();
    choice.own.lay_over(registry, &mut loaded.input, &loaded.classes);
    let targets = targets(&choice.target, registry, loaded);
    let mut chosen = Vec::new();
    for word in &choice.profile {
        if let Some((target, file)) = word.split_once('=').filter(|(_, file)| is_file(file)) {
            if asked_for(target, word, &targets, loaded) {
                chosen.extend(from_file(file, &[target.to_owned()], registry, loaded));
            }
        } else if is_file(word) {
            chosen.extend(from_file(word, &targets, registry, loaded));
        } else if let Some((target, profile)) = word.split_once('/') {
            if asked_for(target, word, &targets, loaded) {
                chosen.extend(profiles(target, profile, registry, loaded));
            }
        } else {
            for target in &targets {
                chosen.extend(profiles(target, word, registry, loaded));
            }
        }
    }
    for target in targets {
        if !chosen.iter().any(|c| c.target == target) {
            let found = noted(registry.get(&target), loaded);
            let defaults = found.into_iter().flat_map(|found| found.default_profile.values().cloned());
            chosen.extend(defaults.map(|profile| Chosen { target: target.clone(), profile, asked_for: false }));
        }
    }
    chosen.sort();
    chosen.dedup();
    (loaded.input.diagnostics.len() == before).then_some(chosen)
}

/// The targets and profiles of a choice.
pub fn resolve<'a>(registry: &'a Registry, chosen: &[Chosen]) -> Vec<Site<'a>> {
    let site = |chosen: &Chosen| {
        let target = registry.get(&chosen.target).ok()?;
        Some(Site { target, profile: target.profile(&chosen.profile).ok()?, asked_for: chosen.asked_for })
    };
    chosen.iter().filter_map(site).collect()
}

/// The targets of these sites, each once.
pub fn targets_of<'a>(sites: &[Site<'a>]) -> Vec<&'a Target> {
    let mut targets: Vec<&Target> = sites.iter().map(|site| site.target).collect();
    targets.dedup_by(|a, b| a.id == b.id);
    targets
}

/// The ids of the targets that `words` name.
fn targets(words: &[String], registry: &Registry, loaded: &mut Loaded) -> Vec<String> {
    let mut ids = Vec::new();
    for word in words {
        if word == "all" {
            ids.extend(registry.ids().map(str::to_owned));
            continue;
        }
        ids.extend(noted(registry.get(word).map(|target| target.id.clone()), loaded));
    }
    ids.sort();
    ids.dedup();
    ids
}

/// Whether the target that a word names was asked for; noted as an error if not.
fn asked_for(target: &str, word: &str, targets: &[String], loaded: &mut Loaded) -> bool {
    let found = targets.iter().any(|t| t == target);
    if !found {
        let title = format!("`{word}` names target `{target}`, which was not asked for");
        loaded.input.refuse(Diagnostic::bare(Code::UnknownTarget, title));
    }
    found
}

/// A profile of a target, or all of them.
fn profiles(target: &str, profile: &str, registry: &Registry, loaded: &mut Loaded) -> Vec<Chosen> {
    let Some(found) = noted(registry.get(target), loaded) else { return Vec::new() };
    let chosen = |profile: &Profile| Chosen { target: target.to_owned(), profile: profile.id.clone(), asked_for: true };
    match profile {
        "all" => found.profiles.values().map(chosen).collect(),
        id => noted(found.profile(id), loaded).map(chosen).into_iter().collect(),
    }
}

/// What was found; what was not is noted as an error of the command line.
fn noted<T>(found: Result<T, Diagnostic>, loaded: &mut Loaded) -> Option<T> {
    found.map_err(|error| loaded.input.refuse(error)).ok()
}

fn is_file(word: &str) -> bool {
    Path::new(word).extension().is_some_and(|e| e.eq_ignore_ascii_case("yaml") || e.eq_ignore_ascii_case("yml"))
}

/// A profile from a file: which target it is for follows from `--target`, of which there must be just one.
fn from_file(path: &str, targets: &[String], registry: &mut Registry, loaded: &mut Loaded) -> Option<Chosen> {
    let path = Path::new(path);
    let [target] = targets else {
        let title = format!("the profile `{}` needs a single --target", path.display());
        let help = format!("or say whose it is: --profile TARGET={}", path.display());
        loaded.input.refuse(Diagnostic::bare(Code::UnknownProfile, title).help(help));
        return None;
    };
    let id = path.file_stem()?.to_string_lossy().into_owned();
    let source = loaded.input.read(path)?;
    let context = Context { sources: &loaded.input.sources, classes: &loaded.classes };
    match registry.add_profile(target, &id, source, context) {
        Ok(()) => Some(Chosen { target: target.clone(), profile: id, asked_for: true }),
        Err(errors) => {
            loaded.input.diagnostics.extend(errors);
            None
        }
    }
}

/// Compiles every strategy for every site; with a deployment, as a pack holds the rules.
pub fn compile<'a>(
    strategies: &'a [Strategy],
    sites: &[Site<'a>],
    deployment: Option<Deployment<'a>>,
    wanted: &(dyn Fn(Unit<'a>) -> bool + Sync),
    diagnostics: &mut Vec<Diagnostic>,
    console: &Console,
) -> Vec<Outcome<'a>> {
    let compilers: Vec<Compiler<'a>> = strategies.iter().map(Compiler::new).collect();
    let jobs: Vec<(&Compiler<'a>, &Site<'a>)> =
        compilers.iter().flat_map(|compiler| sites.iter().map(move |site| (compiler, site))).collect();
    let progress = Mutex::new(Progress::steps(console, "compiling", jobs.len()));
    let compilations = parallel::map(&jobs, |(compiler, site)| {
        let wanted = |unit| wanted(unit) && site.serves(unit);
        let compilation = compiler.run(site.target, site.profile, deployment, &wanted);
        if let Ok(mut progress) = progress.lock() {
            progress.add(1);
        }
        compilation
    });
    let mut outcomes = Vec::new();
    for compilation in compilations {
        outcomes.extend(compilation.outcomes);
        diagnostics.extend(compilation.diagnostics);
    }
    outcomes
}

/// Warnings that take the outcomes of all sites.
pub fn findings(outcomes: &[Outcome<'_>]) -> Vec<Diagnostic> {
    let mut found = compile::needless_acceptances(outcomes);
    found.extend(compile::idle_values(outcomes));
    found
}
