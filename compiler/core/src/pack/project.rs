//! `pack.yaml`: what a pack is called and who stands for it.

use serde::Deserialize;

use crate::diagnostics::{Code, Diagnostic};
use crate::source::{SourceId, Sources};
use crate::yaml::{Document, Schema, embedded_schema};

/// The head of a pack.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Project {
    /// Its name in file names and ids: lower case letters, digits and `_`, at most 40 characters. Never change it: what was
    /// imported before would stand beside the new.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What is in it, in one or two sentences.
    pub description: String,
    /// Who publishes it.
    pub author: String,
    /// The SPDX identifier of the rules' licence.
    pub license: String,
    /// Where it is published.
    #[serde(default)]
    pub homepage: Option<String>,
}

impl Project {
    /// Reads a `pack.yaml`.
    ///
    /// # Errors
    /// E0701, everything that is wrong with it, at its place.
    pub fn load(sources: &Sources, source: SourceId) -> Result<Self, Vec<Diagnostic>> {
        let document = Document::parse(sources, source).map_err(|e| vec![e])?;
        let schema = Schema::new(embedded_schema("pack").unwrap_or_default());
        let schema = schema.map_err(|e| vec![Diagnostic::bare(Code::BadPackFile, e)])?;
        let errors = document.validate(&schema, Code::BadPackFile);
        if !errors.is_empty() {
            return Err(errors);
        }
        let broken = |e: serde_json::Error| vec![Diagnostic::new(Code::BadPackFile, e.to_string(), document.place(""))];
        serde_json::from_value(document.value().clone()).map_err(broken)
    }
}
