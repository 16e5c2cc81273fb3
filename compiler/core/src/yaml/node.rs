//! A cursor over a document.

use serde_json::Value as Json;

use super::{Document, places};
use crate::source::Span;

/// A value in a document, with its place.
#[derive(Debug, Clone)]
pub struct Node<'d> {
    document: &'d Document,
    value: &'d Json,
    pointer: String,
}

/// The shape of a value, in words for messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape(&'static str);

impl std::fmt::Display for Shape {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

impl Shape {
    /// The shape of a value.
    #[must_use]
    pub const fn of(value: &Json) -> Self {
        Self(match value {
            Json::Null => "nothing",
            Json::Bool(_) => "`true` or `false`",
            Json::Number(_) => "a number",
            Json::String(_) => "text",
            Json::Array(_) => "a list",
            Json::Object(_) => "a mapping",
        })
    }
}

impl<'d> Node<'d> {
    pub(super) const fn root(document: &'d Document) -> Self {
        Self { document, value: &document.value, pointer: String::new() }
    }

    pub(super) fn at(document: &'d Document, pointer: &str) -> Option<Self> {
        let value = document.value.pointer(pointer)?;
        Some(Self { document, value, pointer: pointer.to_owned() })
    }

    /// Its JSON pointer.
    #[must_use]
    pub fn pointer(&self) -> &str {
        &self.pointer
    }

    /// The value.
    #[must_use]
    pub const fn value(&self) -> &'d Json {
        self.value
    }

    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Span {
        self.document.place(&self.pointer)
    }

    /// Where its key stands; where itself does if it has none.
    #[must_use]
    pub fn name_place(&self) -> Span {
        self.document.name_place(&self.pointer)
    }

    /// The value under a key of a mapping.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Self> {
        self.value.as_object()?.get(key).map(|value| self.child(value, key))
    }

    /// The text under a key of a mapping, if it is text.
    #[must_use]
    pub fn text(&self, key: &str) -> Option<&'d str> {
        self.value.as_object()?.get(key)?.as_str()
    }

    /// The entries of a list; none of anything else.
    pub fn items(&self) -> impl Iterator<Item = Self> + use<'d> {
        let (document, pointer) = (self.document, self.pointer.clone());
        let items = self.value.as_array().map(Vec::as_slice).unwrap_or_default();
        items.iter().enumerate().map(move |(i, value)| Self { document, value, pointer: format!("{pointer}/{i}") })
    }

    /// The keys and values of a mapping, as written; none of anything else.
    pub fn entries(&self) -> impl Iterator<Item = (&'d str, Self)> + use<'d> {
        let parent = self.clone();
        let entries = self.value.as_object().into_iter().flatten();
        entries.map(move |(key, value)| (key.as_str(), parent.child(value, key)))
    }

    fn child(&self, value: &'d Json, key: &str) -> Self {
        Self { document: self.document, value, pointer: format!("{}/{}", self.pointer, places::segment(key)) }
    }

    /// Visits this node and all below it.
    pub fn walk(&self, visit: &mut impl FnMut(&Self)) {
        visit(self);
        for item in self.items() {
            item.walk(visit);
        }
        for (_, entry) in self.entries() {
            entry.walk(visit);
        }
    }
}
