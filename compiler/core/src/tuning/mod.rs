//! Tuning: what a site changes in the parameters of its strategies, in layers.
//!
//! [`load()`] reads a file, [`check_names`] holds its names against all strategies of a run, and [`apply()`] changes the
//! parameters of one. After that a parameter's `value` is the one in force, within its bounds, and its `layers` say which
//! files made it so. A change with an error is left out, so that the value before it stays.
//!
//! An entry applies up to and including the day it `expires`. From the next day on it no longer applies and is warned
//! about ([`expired`], [`TuningFile::without_expired`]): an exception that nobody renews ends by itself, visibly.

mod apply;
mod convert;
mod load;
mod names;
mod schema;

pub use apply::apply;
pub use convert::{Written, from_yaml, to_json};
pub use load::{Defaults, load, load_entries};
pub use names::check_names;
pub use schema::{entry_schema, schema};

use std::sync::Arc;

use crate::diagnostics::{Code, Diagnostic};
use crate::source::{Span, Spanned};
use crate::yaml::{Document, Node};

/// A tuning file, or the tuning of a test case.
#[derive(Debug, Clone)]
pub struct TuningFile {
    /// What the layer is called in reports.
    pub layer: String,
    /// The changes, in order.
    pub entries: Vec<Entry>,
}

/// One change of one parameter.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The parameter as written: its name, perhaps behind that of its strategy or analytic.
    pub parameter: Spanned<String>,
    /// What is done to it.
    pub action: Action,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The last day on which it applies, ISO 8601.
    pub expires: Option<String>,
    expires_place: Span,
    document: Arc<Document>,
    pointer: String,
}

/// What an entry does to its parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Gives it a value; a record may be given some of its fields.
    Set,
    /// Adds to a list.
    Extend,
    /// Takes from a list.
    Remove,
}

impl Action {
    /// Every action.
    pub const ALL: [Self; 3] = [Self::Set, Self::Extend, Self::Remove];

    /// The key in a tuning file.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Set => "set",
            Self::Extend => "extend",
            Self::Remove => "remove",
        }
    }
}

impl Entry {
    /// The value that is set, added or removed.
    fn operand(&self) -> Option<Node<'_>> {
        self.document.at(&self.pointer)?.get(self.action.as_str())
    }

    /// Whether it no longer applies on a day, given in ISO 8601.
    fn is_expired(&self, today: &str) -> bool {
        self.expires.as_deref().is_some_and(|day| day < today)
    }
}

impl TuningFile {
    /// A text that two files share only if they change the same parameters in the same way.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let line = |entry: &Entry| {
            let operand = entry.operand().map(|node| node.value().to_string()).unwrap_or_default();
            format!("{:?} {} {operand}\n", entry.parameter.value, entry.action.as_str())
        };
        self.entries.iter().map(line).collect()
    }

    /// The file without the entries that no longer apply on a day, given as `2026-12-31`.
    #[must_use]
    pub fn without_expired(&self, today: &str) -> Self {
        let entries = self.entries.iter().filter(|entry| !entry.is_expired(today)).cloned().collect();
        Self { layer: self.layer.clone(), entries }
    }
}

/// A warning for each entry that no longer applies on a day, given as `2026-12-31`.
#[must_use]
pub fn expired(files: &[TuningFile], today: &str) -> Vec<Diagnostic> {
    let entries = files.iter().flat_map(|file| &file.entries).filter(|entry| entry.is_expired(today));
    let warn = |entry: &Entry| {
        let day = entry.expires.as_deref().unwrap_or_default();
        let name = &entry.parameter.value;
        let title = format!("the change of `{name}` expired on {day} and no longer applies");
        Diagnostic::new(Code::ExpiredTuning, title, entry.expires_place)
            .help(format!("{} answers for it: renew it or take it out", entry.owner))
    };
    entries.map(warn).collect()
}

#[cfg(test)]
mod tests;
