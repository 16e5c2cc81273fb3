//! Packs: rules as files that products import, with everything that says what they are and where they come from.
//!
//! | stage | module | what is true after it |
//! | --- | --- | --- |
//! | rules | [`deploy`] | each compiled detection has a schedule, and its queries are those that run on it |
//! | versions | [`lock`], [`difference`] | every rule's version goes with its content, and the pack's with what changed |
//! | files | [`mod@format`] | each product has the files that it imports |
//! | a pack | [`manifest`], [`changelog`], [`provenance`] | it says what it holds, what changed, and where it comes from |
//! | checked | [`verify`] | a folder is what was published |
//!
//! All of it is pure: what a pack holds depends on the sources, the tuning, `pack.yaml`, the lock and the time it is given.

pub mod archive;
pub mod attack;
pub mod changelog;
pub mod content;
pub mod deploy;
pub mod difference;
pub mod format;
mod graph;
pub mod hash;
pub mod json;
mod kibana;
mod layer;
pub mod lock;
pub mod manifest;
pub mod project;
pub mod provenance;
mod sentinel;
mod sigma;
mod splunk;
mod sums;
pub mod verify;
mod words;

use std::collections::BTreeMap;

use crate::compile::{Artifact, Outcome};
use crate::diagnostics::{Code, Diagnostic};
use attack::Attack;
use format::{Format, Rule, Site};
use lock::Lock;
use manifest::Product;
use project::Project;
use provenance::Material;

/// Every format.
pub const FORMATS: &[&dyn Format] =
    &[&graph::GraphDetections, &kibana::KibanaRules, &sentinel::SentinelArm, &sigma::SigmaRules, &splunk::SplunkApp];

/// The names of a pack's own files.
pub const MANIFEST: &str = "pack.json";
/// What each release changed.
pub const CHANGELOG: &str = "CHANGELOG.md";
/// The techniques it detects.
pub const LAYER: &str = "attack-layer.json";
/// Where it comes from.
pub const PROVENANCE: &str = "provenance.intoto.json";
/// The hashes of all other files but the signature.
pub const SUMS: &str = "SHA256SUMS";
/// The signature of [`SUMS`].
pub const SIGNATURE: &str = "SHA256SUMS.minisig";

/// What a pack is made of.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The head of the pack.
    pub project: &'a Project,
    /// The release, which holds every rule of the outcomes.
    pub lock: &'a Lock,
    /// The version of the compiler.
    pub compiler: &'a str,
    /// `SOURCE_DATE_EPOCH`, in seconds since 1970.
    pub epoch: u64,
    /// The files that it is made from.
    pub materials: &'a [Material],
    /// What came of each detection, target by target and profile by profile.
    pub outcomes: &'a [Outcome<'a>],
}

/// The files of a pack: those of each product in a folder of its target's name, and its own. All but the signature.
///
/// # Errors
/// Every rule that cannot be packed, and what is wrong with the data. Then there is no pack.
pub fn make(request: &Request<'_>) -> Result<Vec<Artifact>, Vec<Diagnostic>> {
    let attack = Attack::embedded().map_err(|e| vec![Diagnostic::bare(Code::BadTargetData, e)])?;
    let (mut products, mut errors) = (Vec::new(), Vec::new());
    for outcomes in by_target(request.outcomes).into_values() {
        match product(request, &attack, &outcomes) {
            Ok(made) => products.extend(made),
            Err(wrong) => errors.extend(wrong),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let mut files = Vec::new();
    for Product { target, made, .. } in &mut products {
        let below = |file: Artifact| Artifact { path: format!("{target}/{}", file.path), ..file };
        files.extend(std::mem::take(&mut made.artifacts).into_iter().map(below));
    }
    files.sort_by(|a: &Artifact, b| a.path.cmp(&b.path));
    let own = |path: &str, bytes: Vec<u8>| Artifact { path: path.to_owned(), bytes };
    let manifest = json::file(&manifest::manifest(request, &attack, &products, &files));
    files.push(own(MANIFEST, manifest));
    files.push(own(LAYER, json::file(&layer::layer(request, &attack))));
    files.push(own(CHANGELOG, changelog::changelog(request.project, request.lock).into_bytes()));
    files.push(own(PROVENANCE, json::file(&provenance::provenance(request, &files))));
    files.push(own(SUMS, sums::sums(&files).into_bytes()));
    Ok(files)
}

/// The outcomes of each target.
fn by_target<'a, 'o>(outcomes: &'o [Outcome<'a>]) -> BTreeMap<&'a str, Vec<&'o Outcome<'a>>> {
    let mut targets = BTreeMap::<&str, Vec<&Outcome<'a>>>::new();
    for outcome in outcomes {
        targets.entry(&outcome.target.id).or_default().push(outcome);
    }
    targets
}

/// What the format of a target makes of its rules.
fn product<'a>(
    request: &Request<'a>,
    attack: &Attack,
    outcomes: &[&Outcome<'a>],
) -> Result<Option<Product<'a>>, Vec<Diagnostic>> {
    let Some(target) = outcomes.first().map(|outcome| outcome.target) else { return Ok(None) };
    let unpacked = |what: &str| vec![Diagnostic::bare(Code::BadTargetData, format!("target `{}` {what}", target.id))];
    let packing = target.pack.as_ref().ok_or_else(|| unpacked("says nothing of how rules are packed for it"))?;
    let format = FORMATS.iter().find(|f| f.id() == packing.format);
    let format =
        format.ok_or_else(|| unpacked(&format!("names a pack format that does not exist: `{}`", packing.format)))?;
    let (mut rules, mut errors) = (Vec::<Rule<'_>>::new(), Vec::new());
    for outcome in outcomes {
        match deploy::deploy(outcome, packing, request.project) {
            Ok(Some(rule)) => match rules.iter().find(|r| r.detection().id == rule.detection().id) {
                Some(first) => errors.push(twice(first, &rule)),
                None => rules.push(rule),
            },
            Ok(None) => {}
            Err(wrong) => errors.push(wrong),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let version = request.lock.version.to_string();
    let Request { project, epoch, .. } = *request;
    let site = Site { project, version: &version, epoch, attack, target, rules };
    let made = format.make(&site)?;
    let scheduled = site.rules.iter().filter_map(|r| Some((r.detection().id.clone(), r.schedule?)));
    Ok(Some(Product { target: &target.id, packing, schedules: scheduled.collect(), made }))
}

/// A product knows a rule by its id, so that two of one id would replace each other.
fn twice(first: &Rule<'_>, second: &Rule<'_>) -> Diagnostic {
    let (a, b) = (&first.outcome.profile.id, &second.outcome.profile.id);
    if a == b {
        let what = format!("`{}` has the same id", first.name());
        return second.error(Code::NoRuleId, &what).also(first.detection().span, "first here");
    }
    let what = format!("a pack holds a rule once, and here it is for the profiles `{a}` and `{b}`");
    second.error(Code::PackLimit, &what).help("make a pack for each, or choose one with --profile")
}

#[cfg(test)]
mod tests;
