//! YAML with places: every value and key of a document knows where it was written.
//!
//! After [`Document::parse`] a text is one JSON value without duplicate keys, tags or values that JSON cannot hold, aliases
//! and merge keys are replaced by what they stand for, and [`Document::root`] walks it with a [`Span`] for each node. What is wrong is reported where it stands:
//! [`Document::validate`] holds a document against a JSON Schema and says in plain words what does not fit.

mod describe;
mod merge;
mod node;
mod places;
mod schema;

pub use node::{Node, Shape};
pub use schema::{Schema, embedded_schema};

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::diagnostics::{Code, Diagnostic};
use crate::source::{SourceId, Sources, Span};
use places::Places;

/// A YAML document: its value, and where its parts stand.
#[derive(Debug, Clone)]
pub struct Document {
    value: Json,
    places: Places,
}

impl Document {
    /// Reads the one document of a source.
    ///
    /// # Errors
    /// E0001 where the text is no YAML or uses what has no meaning here, E0106 at a key that stands twice, E0004 where
    /// it is nested too deeply or its aliases repeat too much.
    pub fn parse(sources: &Sources, id: SourceId) -> Result<Self, Diagnostic> {
        let text = sources.get(id).map_or("", |source| &*source.text);
        // A byte order mark is three bytes; three line breaks in its place leave all offsets as they are.
        let text = text.strip_prefix('\u{feff}').map_or(Cow::Borrowed(text), |rest| format!("\n\n\n{rest}").into());
        let places = Places::find(&text, id)?;
        let value: Json = serde_yaml::from_str(&text).map_err(|e| unreadable(&e, &text, id))?;
        let mut document = Self { value, places };
        document.check_nulls(&text)?;
        merge::merge("", &mut document.value, &mut document.places)?;
        Ok(document)
    }

    /// The document's value.
    #[must_use]
    pub const fn value(&self) -> &Json {
        &self.value
    }

    /// The top of the document.
    #[must_use]
    pub fn root(&self) -> Node<'_> {
        Node::root(self)
    }

    /// The value at a JSON pointer.
    #[must_use]
    pub fn at(&self, pointer: &str) -> Option<Node<'_>> {
        Node::at(self, pointer)
    }

    /// Where the value at a JSON pointer stands: the first line of it, if it spans several. Inside an alias: the alias.
    #[must_use]
    pub fn place(&self, pointer: &str) -> Span {
        self.places.value(pointer)
    }

    /// Where the key of the value at a JSON pointer stands; the value itself if it has no key.
    #[must_use]
    pub fn name_place(&self, pointer: &str) -> Span {
        self.places.key(pointer)
    }

    /// What does not fit a schema, as diagnostics of `code` in the order of their places.
    #[must_use]
    pub fn validate(&self, schema: &Schema, code: Code) -> Vec<Diagnostic> {
        let errors = schema.errors(&self.value);
        let mut all: Vec<_> = errors.flat_map(|error| describe::describe(self, schema, &error, code)).collect();
        all.sort_by_key(|d| d.primary.as_ref().map(|p| p.span));
        all
    }

    /// JSON has neither infinity nor NaN: what YAML reads as one would be null.
    fn check_nulls(&self, text: &str) -> Result<(), Diagnostic> {
        let mut found = None;
        self.root().walk(&mut |node| {
            let place = node.place();
            let written = text.get(place.range()).unwrap_or_default().trim_start_matches(['+', '-']);
            let number = written.starts_with(|c: char| c == '.' || c.is_ascii_digit());
            if found.is_none() && node.value().is_null() && number {
                found = Some((written.to_owned(), place));
            }
        });
        match found {
            Some((written, place)) => {
                Err(Diagnostic::new(Code::Syntax, format!("`{written}` is not a finite number"), place))
            }
            None => Ok(()),
        }
    }
}

/// A text that the value reader refuses.
fn unreadable(error: &serde_yaml::Error, text: &str, id: SourceId) -> Diagnostic {
    let at = error.location().map_or(text.len(), |l| l.index());
    let message = error.to_string();
    let message = message.split(" at line ").next().unwrap_or_default();
    Diagnostic::new(Code::Syntax, format!("this is not YAML: {message}"), places::point(text, id, at))
}

#[cfg(test)]
mod tests;
