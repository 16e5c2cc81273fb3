//! Packs: rules as files that products import, with everything that says what they are and where they come from.
//!
//! | stage | module | what is true after it |
//! | --- | --- | --- |
//! | rules | [`deploy`] | each compiled detection has a schedule, and its queries are those that run on it |
//! | files | [`format`] | each product has the files that it imports |
//!
//! All of it is pure: what a pack holds depends on the sources, the tuning, `pack.yaml`, the lock and the time it is given.

pub mod archive;
pub mod attack;
pub mod deploy;
pub mod format;
pub mod hash;
pub mod json;
pub mod project;
mod sigma;

use std::collections::BTreeMap;

use crate::compile::{Artifact, Outcome};
use crate::diagnostics::{Code, Diagnostic};
use attack::Attack;
use format::{Format, Made, Rule, Site};
use project::Project;

/// Every format.
pub const FORMATS: &[&dyn Format] = &[&sigma::SigmaRules];

/// What a pack is made of.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The head of the pack.
    pub project: &'a Project,
    /// The version of the pack.
    pub version: &'a str,
    /// `SOURCE_DATE_EPOCH`, in seconds since 1970.
    pub epoch: u64,
    /// What came of each detection, target by target and profile by profile.
    pub outcomes: &'a [Outcome<'a>],
}

/// The files of a pack, with paths below its folder: `<target>/…` for each product.
///
/// # Errors
/// Every rule that cannot be packed, and what is wrong with the data. Then there is no pack.
pub fn make(request: &Request<'_>) -> Result<Vec<Artifact>, Vec<Diagnostic>> {
    let attack = Attack::embedded().map_err(|e| vec![Diagnostic::bare(Code::BadTargetData, e)])?;
    let (mut files, mut errors) = (Vec::new(), Vec::new());
    for (id, outcomes) in by_target(request.outcomes) {
        match product(request, &attack, &outcomes) {
            Ok(made) => {
                let below = |file: Artifact| Artifact { path: format!("{id}/{}", file.path), ..file };
                files.extend(made.artifacts.into_iter().map(below));
            }
            Err(wrong) => errors.extend(wrong),
        }
    }
    files.sort_by(|a: &Artifact, b| a.path.cmp(&b.path));
    if errors.is_empty() { Ok(files) } else { Err(errors) }
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
fn product<'a>(request: &Request<'a>, attack: &Attack, outcomes: &[&Outcome<'a>]) -> Result<Made, Vec<Diagnostic>> {
    let Some(target) = outcomes.first().map(|outcome| outcome.target) else { return Ok(Made::default()) };
    let unpacked = |what: &str| vec![Diagnostic::bare(Code::BadTargetData, format!("target `{}` {what}", target.id))];
    let packing = target.pack.as_ref().ok_or_else(|| unpacked("says nothing of how rules are packed for it"))?;
    let format = FORMATS.iter().find(|f| f.id() == packing.format);
    let format =
        format.ok_or_else(|| unpacked(&format!("names a pack format that does not exist: `{}`", packing.format)))?;
    let (mut rules, mut errors) = (Vec::<Rule<'_>>::new(), Vec::new());
    for outcome in outcomes {
        match deploy::deploy(outcome, packing) {
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
    let Request { project, version, epoch, .. } = *request;
    format.make(&Site { project, version, epoch, attack, target, rules })
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
