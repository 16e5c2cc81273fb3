//! Test cases beside a strategy: events, perhaps a tuning, and the entity tuples that its detections must raise.
//!
//! [`load()`] reads a file and holds its events against the event classes: a field that an event's class does not have is
//! an error, so that a slip cannot make a test of silence pass. A [`Runner`] evaluates cases one by one; what it needs
//! from outside (the strategies under a tuning, the contents of event files, the time a case takes) is the caller's.

mod events;
mod load;
mod replay;
mod run;

pub use load::load;
pub use replay::Site;
pub use run::{Analysed, Failure, Outcome, Runner, Tuple, Verdict};

use serde_json::Value as Json;

use crate::source::{Span, Spanned};
use crate::tuning::TuningFile;
use crate::yaml::embedded_schema;

/// The moment from which relative times of inline events count: 2026-01-01T00:00:00Z, in milliseconds since 1970.
pub const BASE_TIME: i64 = 1_767_225_600_000;

/// A file of test cases.
#[derive(Debug, Clone)]
pub struct TestFile {
    /// The strategy under test; none if the names of the analytics say it.
    pub strategy: Option<Spanned<String>>,
    /// The cases, in order.
    pub cases: Vec<Case>,
}

/// A test case.
#[derive(Debug, Clone)]
pub struct Case {
    /// What it shows, in one line.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// The tuning in force, that of the file first; empty for the defaults.
    pub tuning: Vec<TuningFile>,
    /// The events.
    pub events: Events,
    /// What each detection must raise.
    pub expectations: Vec<Expectation>,
}

/// Where a case's events come from.
#[derive(Debug, Clone)]
pub enum Events {
    /// Written in the case: lines of JSON, in order.
    Inline(Vec<String>),
    /// In a file, named relative to the test file.
    File(Spanned<String>),
}

/// What a detection must raise: just this set of entity tuples.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// The detection, as `AN1496/abnormal_session`.
    pub detection: Spanned<String>,
    /// The tuples; none for silence.
    pub tuples: Vec<Spanned<Tuple>>,
}

impl TestFile {
    /// The event files that its cases need, named relative to it, each once.
    #[must_use]
    pub fn event_files(&self) -> Vec<&Spanned<String>> {
        let mut files: Vec<&Spanned<String>> = Vec::new();
        for case in &self.cases {
            if let Events::File(file) = &case.events
                && !files.contains(&file)
            {
                files.push(file);
            }
        }
        files
    }
}

/// The JSON Schema of test files (draft 2020-12).
#[must_use]
pub fn schema() -> Json {
    let mut schema = embedded_schema("tests").unwrap_or_default();
    let tuning = embedded_schema("tuning").unwrap_or_default();
    let defs = schema.get_mut("$defs").and_then(Json::as_object_mut);
    if let (Some(defs), Some(shared)) = (defs, tuning.get("$defs").and_then(Json::as_object)) {
        defs.extend(shared.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
    schema
}

#[cfg(test)]
mod tests;
