//! What a profile must be beyond its form: its classes and fields are the language's, its words those of the fields.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value as Json;

use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::dialect::DIALECTS;
use crate::plan::{Class, Type};
use crate::sema::literals;
use crate::yaml::{Document, Node, Schema, embedded_schema};

/// The JSON Schema of `target.yaml`.
#[must_use]
pub fn target_schema() -> Json {
    let mut schema = embedded_schema("target").unwrap_or_default();
    if let Some(dialect) = schema.pointer_mut("/properties/dialect").and_then(Json::as_object_mut) {
        dialect.insert("enum".to_owned(), DIALECTS.iter().map(|d| d.id()).collect());
    }
    schema
}

/// The JSON Schema of a profile for a target that speaks `dialect`; of one for any target if none is given.
#[must_use]
pub fn profile_schema(dialect: Option<&str>) -> Json {
    let mut schema = embedded_schema("profile").unwrap_or_default();
    let source = dialect.and_then(|dialect| embedded_schema(&format!("source-{dialect}")));
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

/// A compiled schema of this crate's own.
pub fn schema_of(json: Json) -> Result<Schema, Vec<Diagnostic>> {
    Schema::new(json).map_err(|e| vec![Diagnostic::bare(Code::BadTargetData, format!("the schema is broken: {e}"))])
}

/// Holds a profile's names and words against the event classes.
pub fn check_profile(document: &Document, classes: &BTreeMap<String, Arc<Class>>, out: &mut Vec<Diagnostic>) {
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
    }
}

fn check_field(class: &Class, name: &str, binding: &Node<'_>, out: &mut Vec<Diagnostic>) {
    let Some((field, _)) = class.fields.get(name) else {
        let title = format!("event class `{}` has no field `{name}`", class.name);
        out.push(
            Diagnostic::new(Code::UnknownField, title, binding.name_place())
                .maybe_help(suggest::did_you_mean(name, class.fields.keys().map(String::as_str))),
        );
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
