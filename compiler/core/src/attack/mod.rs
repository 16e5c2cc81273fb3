//! What ATT&CK says of detection strategies, and whether a source says the same.
//!
//! ATT&CK names a strategy's analytics, their log sources and their mutable elements; types, bounds and values are the
//! source's. [`check()`] holds one against the other, so that neither can drift unseen.

mod check;
mod read;

#[cfg(test)]
mod tests;

pub use check::{Standing, check, standing};

use std::collections::BTreeMap;

/// The objects of ATT&CK that come with the compiler; `attack/README.md` has their licence.
const EMBEDDED: &str = include_str!("../../../../attack/enterprise-attack-18.1.json");

/// The part of an ATT&CK bundle that is about detection.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Such as `18.1`; none if the bundle does not say.
    pub version: Option<String>,
    /// The strategies by id, such as `DET0543`. Revoked and deprecated ones are left out.
    pub strategies: BTreeMap<String, DetectionStrategy>,
}

/// A detection strategy as ATT&CK has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DetectionStrategy {
    /// Its name.
    pub name: String,
    /// The techniques it detects, such as `T1573.002`.
    pub techniques: Vec<String>,
    /// Its analytics by id, such as `AN1496`.
    pub analytics: BTreeMap<String, Analytic>,
}

/// An analytic as ATT&CK has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Analytic {
    /// What it looks for.
    pub description: String,
    /// At most one today, such as `Network Devices`.
    pub platforms: Vec<String>,
    /// The log sources it needs.
    pub sources: Vec<LogSource>,
    /// What a site is expected to set.
    pub mutable_elements: Vec<MutableElement>,
}

/// A log source of an analytic.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct LogSource {
    /// The data component's id, such as `DC0016`; its STIX id if the bundle does not have it.
    pub component: String,
    /// Such as `WinEventLog:Sysmon`.
    pub name: String,
    /// Free text, such as `EventCode=7`; may be empty.
    pub channel: String,
}

/// A mutable element: ATT&CK has a name and a description, and neither type nor value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MutableElement {
    /// Such as `AllowedCryptoProcesses`.
    pub name: String,
    /// What it is for.
    pub description: String,
}

impl Bundle {
    /// The bundle that comes with the compiler.
    ///
    /// # Errors
    /// Says what is wrong with it; a test holds that nothing is.
    pub fn embedded() -> Result<Self, String> {
        Self::read(EMBEDDED)
    }

    /// Reads a STIX 2.1 bundle of ATT&CK 18 or later. Unknown objects and properties are passed over, and so is what a
    /// later version may leave out.
    ///
    /// # Errors
    /// Says why the text is no such bundle: no JSON, no list of objects, or no detection strategy among them.
    pub fn read(text: &str) -> Result<Self, String> {
        read::bundle(text)
    }

    /// The analytic of any strategy with this id.
    #[must_use]
    pub fn analytic(&self, id: &str) -> Option<&Analytic> {
        self.strategies.values().find_map(|strategy| strategy.analytics.get(id))
    }
}
