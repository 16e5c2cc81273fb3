//! The lock: what the last release of a pack held. It lies beside `pack.yaml`, under version control, and only
//! `detc pack --update-lock` writes it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::content::{Content, content};
use super::difference::Change;
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{Strategy, Unit};

/// The form of the file. A newer one is refused.
pub const FORMAT: u32 = 1;

/// The first version of a pack.
const FIRST: Version = Version { major: 1, minor: 0, patch: 0 };

/// What the last release held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The form of the file.
    pub format: u32,
    /// The version of the pack.
    pub version: Version,
    /// The version of the compiler that made it.
    pub compiler: String,
    /// Every rule by its UUID.
    pub rules: BTreeMap<String, Locked>,
    /// What each release changed, the latest first.
    pub history: Vec<Release>,
}

/// A rule as it was released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Locked {
    /// Such as `AN1496/abnormal_session`.
    pub name: String,
    /// Its version.
    pub version: u32,
    /// Its status.
    pub status: String,
    /// The hash of what decides its alerts.
    pub logic: String,
    /// The hash of what it says of itself.
    pub text: String,
    /// The parameters that it reads: type, and hash of default and bounds.
    pub parameters: BTreeMap<String, (String, String)>,
}

/// A release.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Release {
    /// The version of the pack.
    pub version: Version,
    /// What it changed.
    pub changes: Vec<Change>,
}

/// A version of a pack, by the rules of semantic versioning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Version {
    /// Rises when something that a site relies on is gone or has another type.
    pub major: u32,
    /// Rises with new rules, new parameters and changed logic.
    pub minor: u32,
    /// Rises with changed words.
    pub patch: u32,
}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

impl From<Version> for String {
    fn from(version: Version) -> Self {
        version.to_string()
    }
}

impl TryFrom<String> for Version {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        match parts.as_deref() {
            Some([major, minor, patch]) => Ok(Self { major: *major, minor: *minor, patch: *patch }),
            _ => Err(format!("`{text}` is no version such as 1.2.0")),
        }
    }
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// E0701 if it is none, or one of a newer form.
    pub fn read(path: &str, text: &str) -> Result<Self, Diagnostic> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let bad = |e: serde_json::Error| {
            Diagnostic::bare(Code::BadPackFile, format!("`{path}` is no lock: {e}"))
                .help("take it from the version control; `detc pack --update-lock` alone may write it")
        };
        let head: Head = serde_json::from_str(text).map_err(bad)?;
        if head.format > FORMAT {
            let title = format!("`{path}` has format {}, and this detc reads format {FORMAT}", head.format);
            return Err(Diagnostic::bare(Code::BadPackFile, title).help("a newer detc wrote it: use that"));
        }
        serde_json::from_str(text).map_err(bad)
    }

    /// The lock of the next release, given what it changes; of the first if there is no lock.
    #[must_use]
    pub fn next(before: Option<&Self>, strategies: &[Strategy], changes: Vec<Change>, compiler: &str) -> Self {
        let version = before.map_or(FIRST, |lock| super::difference::next_version(lock.version, &changes));
        let mut history = before.map(|lock| lock.history.clone()).unwrap_or_default();
        history.insert(0, Release { version, changes });
        let rules =
            strategies.iter().flat_map(Strategy::units).map(|unit| (unit.detection.id.clone(), Locked::of(unit)));
        Self { format: FORMAT, version, compiler: compiler.to_owned(), rules: rules.collect(), history }
    }
}

impl Locked {
    /// The rule as it stands in the sources.
    #[must_use]
    pub fn of(unit: Unit<'_>) -> Self {
        let Content { logic, text, parameters } = content(unit);
        let release = unit.detection.release;
        Self {
            name: format!("{}/{}", unit.analytic.id, unit.detection.name),
            version: release.version,
            status: release.status.as_str().to_owned(),
            logic,
            text,
            parameters: parameters.into_iter().map(|(name, p)| (name, (p.ty, p.value))).collect(),
        }
    }
}
