//! What changed since the last release, whether the versions say so, and which version the pack has then.

use serde::{Deserialize, Serialize};

use super::lock::{Lock, Locked, Version};
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{RuleStatus, Strategy, Unit};

/// One change of a release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The rule, such as `AN1496/abnormal_session`; none for the pack as a whole.
    pub rule: Option<String>,
    /// What kind of change it is.
    pub kind: Kind,
    /// What changed, in words.
    pub what: String,
}

/// Kinds of change, in the order of a changelog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A new rule, or a new parameter of one.
    Added,
    /// Other events raise an alert, or an alert says something else.
    Logic,
    /// Another default or bound of a parameter.
    Tuning,
    /// Another type of a parameter, or a parameter that is gone: a site's value no longer fits.
    Breaking,
    /// The rule leaves with a later release.
    Deprecated,
    /// The rule is gone.
    Removed,
    /// Other words.
    Text,
}

/// The version of the release with these changes.
#[must_use]
pub fn next_version(before: Version, changes: &[Change]) -> Version {
    let Version { major, minor, patch } = before;
    let any = |kinds: &[Kind]| changes.iter().any(|change| kinds.contains(&change.kind));
    if any(&[Kind::Breaking, Kind::Removed]) {
        Version { major: major.saturating_add(1), minor: 0, patch: 0 }
    } else if any(&[Kind::Added, Kind::Logic, Kind::Tuning, Kind::Deprecated]) {
        Version { major, minor: minor.saturating_add(1), patch: 0 }
    } else if changes.is_empty() {
        before
    } else {
        Version { major, minor, patch: patch.saturating_add(1) }
    }
}

/// What the sources change since the lock; nothing but additions if there is none.
///
/// # Errors
/// E0702 for every rule whose version does not go with its content, whose name changed, or that is gone without having been
/// deprecated; E0704 for every rule without an id of its own.
pub fn compare(lock: Option<&Lock>, strategies: &[Strategy], compiler: &str) -> Result<Vec<Change>, Vec<Diagnostic>> {
    let (mut changes, mut errors) = (Vec::new(), Vec::new());
    let units: Vec<Unit<'_>> = strategies.iter().flat_map(Strategy::units).collect();
    for (i, unit) in units.iter().enumerate() {
        let now = Locked::of(*unit);
        let of_same_id = |other: &&Unit<'_>| other.detection.id == unit.detection.id;
        if !unit.detection.release.own_id {
            errors.push(without_id(*unit, &now.name));
        } else if let Some(first) = units.iter().take(i).find(of_same_id) {
            let what = format!("`{}` has the id of another rule", now.name);
            errors.push(
                Diagnostic::new(Code::NoRuleId, what, unit.detection.span).also(first.detection.span, "this one"),
            );
        }
        match lock.and_then(|lock| lock.rules.get(&unit.detection.id)) {
            None => match renumbered(lock, &now, *unit) {
                Some(error) => errors.push(error),
                None => changes.push(change(&now, Kind::Added, "new rule")),
            },
            Some(before) => match of_rule(before, &now, *unit) {
                Ok(found) => changes.extend(found),
                Err(error) => errors.push(error),
            },
        }
    }
    for (id, before) in lock.into_iter().flat_map(|lock| &lock.rules) {
        if !units.iter().any(|unit| unit.detection.id == *id) {
            match gone(before) {
                Ok(change) => changes.push(change),
                Err(error) => errors.push(error),
            }
        }
    }
    if let Some(lock) = lock.filter(|lock| lock.compiler != compiler) {
        let what = format!("compiled by detc {compiler}, before by {}", lock.compiler);
        changes.push(Change { rule: None, kind: Kind::Text, what });
    }
    if errors.is_empty() { Ok(changes) } else { Err(errors) }
}

fn change(rule: &Locked, kind: Kind, what: impl Into<String>) -> Change {
    Change { rule: Some(rule.name.clone()), kind, what: what.into() }
}

fn without_id(unit: Unit<'_>, name: &str) -> Diagnostic {
    let title = format!("`{name}` has no id, and a rule in a pack needs one that outlives its name");
    Diagnostic::new(Code::NoRuleId, title, unit.detection.span).help(format!("write: id \"{}\"", unit.detection.id))
}

/// The error for a rule whose name the lock knows under another id.
fn renumbered(lock: Option<&Lock>, now: &Locked, unit: Unit<'_>) -> Option<Diagnostic> {
    let (id, _) = lock?.rules.iter().find(|(_, before)| before.name == now.name)?;
    let title = format!("the id of `{}` changed, and products know it by that", now.name);
    Some(Diagnostic::new(Code::BadVersion, title, unit.detection.span).help(format!("write: id \"{id}\"")))
}

/// What changed of a rule.
fn of_rule(before: &Locked, now: &Locked, unit: Unit<'_>) -> Result<Vec<Change>, Diagnostic> {
    let refuse =
        |title: String, help: String| Err(Diagnostic::new(Code::BadVersion, title, unit.detection.span).help(help));
    let Locked { name, version, .. } = now;
    if before.name != *name {
        return refuse(
            format!("`{name}` was released as `{}`, and Splunk knows a rule by its name", before.name),
            "keep the name; or deprecate the old rule, and give the new one an id of its own".to_owned(),
        );
    }
    let changes = changes(before, now);
    let raise = before.version.saturating_add(1);
    match (version.cmp(&before.version), changes.is_empty()) {
        (std::cmp::Ordering::Less, _) => refuse(
            format!("`{name}` has version {version}, and version {} was released", before.version),
            format!("write: version {}", if changes.is_empty() { before.version } else { raise }),
        ),
        (std::cmp::Ordering::Equal, false) => {
            let what: Vec<&str> = changes.iter().map(|c| c.what.as_str()).collect();
            refuse(
                format!("`{name}` changed and its version is still {version}: {}", what.join(", ")),
                format!("write: version {raise}; then run `detc pack PATH --update-lock`"),
            )
        }
        (std::cmp::Ordering::Greater, true) => refuse(
            format!("`{name}` has version {version}, and nothing of it changed since version {}", before.version),
            format!("write: version {}", before.version),
        ),
        _ => Ok(changes),
    }
}

fn changes(before: &Locked, now: &Locked) -> Vec<Change> {
    let mut found = Vec::new();
    if before.logic != now.logic {
        found.push(change(now, Kind::Logic, "its logic changed"));
    }
    for (name, (ty, value)) in &now.parameters {
        match before.parameters.get(name) {
            None => found.push(change(now, Kind::Added, format!("new parameter {name}: {ty}"))),
            Some((old, _)) if old != ty => {
                found.push(change(now, Kind::Breaking, format!("parameter {name} is {ty}, and was {old}")));
            }
            Some((_, old)) if old != value => {
                found.push(change(now, Kind::Tuning, format!("another default, bound or description of {name}")));
            }
            Some(_) => {}
        }
    }
    for name in before.parameters.keys().filter(|name| !now.parameters.contains_key(*name)) {
        found.push(change(now, Kind::Breaking, format!("parameter {name} is gone")));
    }
    let deprecated = RuleStatus::Deprecated.as_str();
    if before.status != now.status && now.status == deprecated {
        found.push(change(now, Kind::Deprecated, "it leaves with a later release"));
    } else if before.status != now.status {
        found.push(change(now, Kind::Text, format!("its status is {}, and was {}", now.status, before.status)));
    } else if before.text != now.text {
        found.push(change(now, Kind::Text, "its words or mappings changed"));
    }
    found
}

/// A rule that is in the lock and not in the sources.
fn gone(before: &Locked) -> Result<Change, Diagnostic> {
    if before.status == RuleStatus::Deprecated.as_str() {
        return Ok(change(before, Kind::Removed, "removed"));
    }
    let title = format!("`{}` is gone without having been deprecated", before.name);
    let help =
        "bring it back with `status deprecated` for one release; or pack all the strategies of the lock together";
    Err(Diagnostic::bare(Code::BadVersion, title).help(help))
}
