//! What a profile must be beyond its form: its classes and fields are the language's, its words those of the fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use super::LogSource;
use super::include::{Include, included};
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::dialect::{DIALECTS, Dialect};
use crate::plan::{Class, Type};
use crate::sema::literals;
use crate::source::Span;
use crate::yaml::{Document, Node, Schema, embedded_schema};

/// The JSON Schema of `target.yaml`.
#[must_use]
pub fn target_schema() -> Json {
    let mut schema = embedded_schema("target").unwrap_or_default();
    if let Some(dialect) = schema.pointer_mut("/properties/dialects/items").and_then(Json::as_object_mut) {
        dialect.insert("enum".to_owned(), DIALECTS.iter().map(|d| d.id()).collect());
    }
    schema
}

/// The JSON Schema of a profile for a target that speaks `dialect`; of one for any target if none is given.
#[must_use]
pub fn profile_schema(dialect: Option<&str>) -> Json {
    let mut schema = embedded_schema("profile").unwrap_or_default();
    let form = dialect.and_then(crate::dialect::dialect).map(Dialect::source_form);
    let source = form.and_then(|form| embedded_schema(&format!("source-{form}")));
    let defs = schema.get_mut("$defs").and_then(Json::as_object_mut);
    if let (Some(defs), Some(Json::Object(mut source))) = (defs, source) {
        source.remove("$schema");
        if let Some(Json::Object(inner)) = source.remove("$defs") {
            defs.extend(inner);
        }
        defs.insert("source".to_owned(), Json::Object(source));
    }
    schema
}

/// The JSON Schema of a log source of a target that speaks `dialect`.
#[must_use]
pub fn source_schema(dialect: &str) -> Json {
    let mut schema = profile_schema(Some(dialect));
    if let Some(properties) = schema.get_mut("properties").and_then(Json::as_object_mut) {
        properties.retain(|name, _| name == "title" || name == "classes");
    }
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("title".to_owned(), "A log source: event classes that profiles may include".into());
        schema.insert("required".to_owned(), json!(["title", "classes"]));
    }
    schema
}

/// A compiled schema of this crate's own.
pub fn schema_of(json: Json) -> Result<Schema, Vec<Diagnostic>> {
    Schema::new(json).map_err(|e| vec![Diagnostic::bare(Code::BadTargetData, format!("the schema is broken: {e}"))])
}

/// Holds the names and words of a profile's or source's classes against the event classes.
pub fn check_classes(document: &Document, classes: &BTreeMap<String, Arc<Class>>, out: &mut Vec<Diagnostic>) {
    let Some(bindings) = document.root().get("classes") else { return };
    for (name, binding) in bindings.entries() {
        let Some(class) = classes.get(name) else {
            out.push(
                Diagnostic::new(Code::UnknownClass, format!("there is no event class `{name}`"), binding.name_place())
                    .maybe_help(suggest::did_you_mean(name, classes.keys().map(String::as_str))),
            );
            continue;
        };
        for (name, binding) in binding.get("fields").into_iter().flat_map(|fields| fields.entries()) {
            check_field(class, name, &binding, out);
        }
        check_absent(class, &binding, out);
    }
}

/// The fields listed as absent: of the class, and each just once.
fn check_absent(class: &Class, binding: &Node<'_>, out: &mut Vec<Diagnostic>) {
    let bound = binding.get("fields").into_iter().flat_map(|fields| fields.entries());
    let mut places: BTreeMap<&str, Span> = bound.map(|(name, node)| (name, node.name_place())).collect();
    let entries = binding.get("absent").into_iter().flat_map(|absent| absent.items());
    for field in entries.filter_map(|entry| entry.get("fields")).flat_map(|fields| fields.items()) {
        let Some(name) = field.value().as_str() else { continue };
        if !class.fields.contains_key(name) {
            out.push(unknown_field(class, name, field.place()));
        } else if let Some(first) = places.insert(name, field.place()) {
            let title = format!("`{name}` is bound twice");
            out.push(Diagnostic::new(Code::BadTargetData, title, field.place()).also(first, "here too"));
        }
    }
}

/// Holds what a profile includes against the log sources of its target.
pub fn check_includes(document: &Document, sources: &BTreeMap<String, LogSource>, out: &mut Vec<Diagnostic>) {
    let own = document.root().get("classes");
    let own = |class: &str| own.as_ref().is_some_and(|own| own.get(class).is_some());
    let entries = document.root().get("include");
    let mut before = Vec::new();
    for entry in entries.into_iter().flat_map(|entries| entries.items()) {
        let Some(text) = entry.value().as_str() else { continue };
        let mut all = before.clone();
        all.push(Include::from(text.to_owned()));
        match included(&all, sources, own) {
            Ok(_) => before = all,
            Err(reason) => out.push(Diagnostic::new(Code::BadTargetData, reason, entry.place())),
        }
    }
}

fn unknown_field(class: &Class, name: &str, place: Span) -> Diagnostic {
    Diagnostic::new(Code::UnknownField, format!("event class `{}` has no field `{name}`", class.name), place)
        .maybe_help(suggest::did_you_mean(name, class.fields.keys().map(String::as_str)))
}

fn check_field(class: &Class, name: &str, binding: &Node<'_>, out: &mut Vec<Diagnostic>) {
    let Some((field, _)) = class.fields.get(name) else {
        out.push(unknown_field(class, name, binding.name_place()));
        return;
    };
    let ty = field.ty.scalar();
    if let (Some(constant), Some(text)) = (binding.get("constant"), binding.text("constant"))
        && let Err(reason) = literals::parse_text_as(ty, text)
    {
        out.push(Diagnostic::new(Code::WrongType, format!("`{name}` is `{ty}`: {reason}"), constant.place()));
    }
    if let Some(values) = binding.get("values") {
        check_words(name, ty, &values, out);
    }
}

/// The words of a table of values must be those the field can have.
fn check_words(name: &str, ty: &Type, values: &Node<'_>, out: &mut Vec<Diagnostic>) {
    for (word, entry) in values.entries() {
        if let Err(reason) = literals::parse_text_as(ty, word) {
            out.push(Diagnostic::new(Code::WrongType, format!("`{name}` is `{ty}`: {reason}"), entry.name_place()));
        }
    }
}
