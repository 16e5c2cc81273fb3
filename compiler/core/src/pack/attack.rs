//! The names that ATT&CK gives to tactics and techniques, which products show beside an alert.

use std::collections::BTreeMap;

use serde::Deserialize;

/// ATT&CK, as far as a pack names it.
#[derive(Debug, Clone, Deserialize)]
pub struct Attack {
    /// The version, such as `18.1`.
    pub version: String,
    /// The domain, such as `enterprise-attack`.
    pub domain: String,
    /// Tactics by short name, such as `command-and-control`.
    pub tactics: BTreeMap<String, Tactic>,
    /// Techniques by id, such as `T1573.002`; none that is revoked or deprecated.
    pub techniques: BTreeMap<String, Technique>,
}

/// A tactic.
#[derive(Debug, Clone, Deserialize)]
pub struct Tactic {
    /// Such as `TA0011`.
    pub id: String,
    /// Such as `Command and Control`.
    pub name: String,
}

/// A technique or sub-technique.
#[derive(Debug, Clone, Deserialize)]
pub struct Technique {
    /// Such as `Asymmetric Cryptography`.
    pub name: String,
    /// The short names of its tactics.
    pub tactics: Vec<String>,
}

impl Attack {
    /// The version that the compiler brings along.
    ///
    /// # Errors
    /// If the embedded data are damaged.
    pub fn embedded() -> Result<Self, String> {
        serde_json::from_str(include_str!("../../data/attack-18.1.json")).map_err(|e| e.to_string())
    }
}

/// The techniques of a strategy under one of its tactics: each technique with the sub-techniques that the strategy names.
pub type Nested<'a> = BTreeMap<&'a str, Vec<&'a str>>;

impl Attack {
    /// The techniques among `ids` that belong under the tactic.
    ///
    /// # Errors
    /// What ATT&CK does not have: a tactic or technique.
    pub fn under<'a>(&self, tactic: &str, ids: &'a [String]) -> Result<Nested<'a>, String> {
        let unknown = |what: String| format!("ATT&CK {} has no {what}", self.version);
        if !self.tactics.contains_key(tactic) {
            return Err(unknown(format!("tactic `{tactic}`")));
        }
        let mut nested = Nested::new();
        for id in ids {
            let technique = self.techniques.get(id).ok_or_else(|| unknown(format!("technique `{id}`")))?;
            if technique.tactics.iter().any(|known| known == tactic) {
                let below = nested.entry(parent(id)).or_default();
                if id.contains('.') {
                    below.push(id.as_str());
                }
            }
        }
        Ok(nested)
    }
}

/// The technique that a sub-technique belongs to; a technique is its own.
#[must_use]
pub fn parent(technique: &str) -> &str {
    technique.split('.').next().unwrap_or(technique)
}

/// The page of a tactic.
#[must_use]
pub fn tactic_page(id: &str) -> String {
    format!("https://attack.mitre.org/tactics/{id}/")
}

/// The page of a technique or sub-technique.
#[must_use]
pub fn technique_page(id: &str) -> String {
    format!("https://attack.mitre.org/techniques/{}/", id.replace('.', "/"))
}
