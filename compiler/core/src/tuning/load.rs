//! Reading tuning files.

use std::sync::Arc;

use super::{Action, Entry, TuningFile};
use crate::diagnostics::{Code, Diagnostic};
use crate::sema::literals;
use crate::source::{SourceId, Sources, Spanned};
use crate::yaml::{Document, Node, Schema, embedded_schema};

/// What entries have that do not say it themselves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Defaults<'a> {
    /// Who answers for them; none if each must say so.
    pub owner: Option<&'a str>,
    /// Why they are there; none if each must say so.
    pub reason: Option<&'a str>,
    /// The last day on which they apply, with its place.
    pub expires: Option<&'a Node<'a>>,
}

/// Reads a tuning file.
///
/// # Errors
/// E0401 for what has the wrong form, an entry without owner or reason, and a day that does not exist; the errors of
/// [`Document::parse`] for what is no YAML. Each at its place.
pub fn load(sources: &Sources, id: SourceId) -> Result<TuningFile, Vec<Diagnostic>> {
    let document = Arc::new(Document::parse(sources, id).map_err(|e| vec![e])?);
    let schema = Schema::new(embedded_schema("tuning").unwrap_or_default())
        .map_err(|e| vec![Diagnostic::bare(Code::BadTuning, format!("the schema is broken: {e}"))])?;
    let errors = document.validate(&schema, Code::BadTuning);
    if !errors.is_empty() {
        return Err(errors);
    }
    let root = document.root();
    let name = sources.get(id).map(|s| s.name.to_string()).unwrap_or_default();
    let expires = root.get("expires");
    let defaults = Defaults { owner: root.text("owner"), reason: root.text("reason"), expires: expires.as_ref() };
    let entries = load_entries(&document, "/parameters", defaults)?;
    Ok(TuningFile { layer: root.text("layer").map_or(name, str::to_owned), entries })
}

/// Reads the list of entries at a place in a document that has the form of `schemas/tuning.json`.
///
/// # Errors
/// E0401 for an entry without owner or reason, and for a day that does not exist.
pub fn load_entries(
    document: &Arc<Document>,
    pointer: &str,
    defaults: Defaults<'_>,
) -> Result<Vec<Entry>, Vec<Diagnostic>> {
    let list = document.at(pointer);
    let (mut entries, mut errors) = (Vec::new(), Vec::new());
    for node in list.iter().flat_map(Node::items) {
        match entry(document, &node, defaults) {
            Ok(entry) => entries.extend(entry),
            Err(wrong) => errors.extend(wrong),
        }
    }
    if errors.is_empty() { Ok(entries) } else { Err(errors) }
}

/// One entry; none if it has not the form, which the schema has said before.
fn entry(document: &Arc<Document>, node: &Node<'_>, defaults: Defaults<'_>) -> Result<Option<Entry>, Vec<Diagnostic>> {
    let action = Action::ALL.into_iter().find(|action| node.get(action.as_str()).is_some());
    let (Some(name), Some(place), Some(action)) = (node.text("parameter"), node.get("parameter"), action) else {
        return Ok(None);
    };
    let mut errors = Vec::new();
    let mut answer = |key: &str, default: Option<&str>| {
        let given = node.text(key).or(default).map(str::to_owned);
        if given.is_none() {
            errors.push(
                Diagnostic::new(Code::BadTuning, format!("the change of `{name}` has no `{key}`"), place.place())
                    .help(format!("write `{key}` in the entry, or at the head of the file for all of them")),
            );
        }
        given.unwrap_or_default()
    };
    let (owner, reason) = (answer("owner", defaults.owner), answer("reason", defaults.reason));
    let expires = node.get("expires").or_else(|| defaults.expires.cloned());
    let day = expires.as_ref().and_then(|day| day.value().as_str());
    if let (Some(node), Some(Err(reason))) = (&expires, day.map(literals::parse_datetime)) {
        errors.push(Diagnostic::new(Code::BadTuning, reason, node.place()));
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    Ok(Some(Entry {
        parameter: Spanned::new(name.to_owned(), place.place()),
        action,
        owner,
        reason,
        expires: day.map(str::to_owned),
        expires_place: expires.map_or(place.place(), |node| node.place()),
        document: Arc::clone(document),
        pointer: node.pointer().to_owned(),
    }))
}
