//! Events written in a test file, as the lines of JSON that the evaluator reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json, json};

use super::BASE_TIME;
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::plan::Class;
use crate::sema::literals;
use crate::yaml::Node;

/// Fields by dotted name, with where each is written.
pub type Fields<'d> = BTreeMap<String, Node<'d>>;

/// Keys of an event that are no fields of its class.
const OWN_KEYS: [&str; 3] = ["class", "at", "@timestamp"];

/// The fields of a mapping by dotted name: nested mappings are followed, dotted keys are taken as written.
///
/// # Errors
/// A field that is written twice.
pub fn flatten<'d>(mapping: &Node<'d>) -> Result<Fields<'d>, Vec<Diagnostic>> {
    let (mut fields, mut errors) = (Fields::new(), Vec::new());
    collect("", mapping, &mut fields, &mut errors);
    if errors.is_empty() { Ok(fields) } else { Err(errors) }
}

fn collect<'d>(prefix: &str, mapping: &Node<'d>, fields: &mut Fields<'d>, errors: &mut Vec<Diagnostic>) {
    for (key, node) in mapping.entries() {
        let name = format!("{prefix}{key}");
        if node.value().is_object() {
            collect(&format!("{name}."), &node, fields, errors);
        } else if let Some(first) = fields.insert(name.clone(), node.clone()) {
            errors.push(
                Diagnostic::new(Code::Duplicate, format!("field `{name}` stands twice"), node.name_place())
                    .label("again here")
                    .also(first.name_place(), "first here"),
            );
        }
    }
}

/// Default fields that no event class has.
pub fn check_defaults(defaults: &Fields<'_>, classes: &BTreeMap<String, Arc<Class>>, errors: &mut Vec<Diagnostic>) {
    for (name, node) in defaults {
        if !classes.values().any(|class| class.fields.contains_key(name)) {
            let known = classes.values().flat_map(|class| class.fields.keys());
            errors.push(
                Diagnostic::new(Code::UnknownField, format!("no event class has a field `{name}`"), node.name_place())
                    .maybe_help(suggest::did_you_mean(name, known.map(String::as_str))),
            );
        }
    }
}

/// An event as a line of JSON. Fields it does not write come from the first of `defaults` that has them, if its class
/// declares them.
///
/// # Errors
/// A class that does not exist, a field that it does not declare, a time that is none; each at its place.
pub fn line(
    event: &Node<'_>,
    defaults: &[&Fields<'_>],
    classes: &BTreeMap<String, Arc<Class>>,
) -> Result<String, Vec<Diagnostic>> {
    let name = event.text("class").unwrap_or_default();
    let Some(class) = classes.get(name) else {
        let place = event.get("class").map_or_else(|| event.place(), |class| class.place());
        return Err(vec![
            Diagnostic::new(Code::UnknownClass, format!("there is no event class `{name}`"), place)
                .maybe_help(suggest::did_you_mean(name, classes.keys().map(String::as_str))),
        ]);
    };
    let mut written = flatten(event)?;
    let mut errors = Vec::new();
    let time = time(event).unwrap_or_else(|error| {
        errors.push(error);
        String::new()
    });
    written.retain(|name, _| !OWN_KEYS.contains(&name.as_str()));
    for (name, node) in &written {
        check_field(class, name, node, &mut errors);
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    for (name, node) in defaults.iter().flat_map(|fields| fields.iter()) {
        if class.fields.contains_key(name) && !OWN_KEYS.contains(&name.as_str()) {
            written.entry(name.clone()).or_insert_with(|| node.clone());
        }
    }
    let mut object = Map::from_iter([("class".to_owned(), json!(name)), ("@timestamp".to_owned(), json!(time))]);
    for (name, node) in &written {
        insert(&mut object, name, node).map_err(|e| vec![e])?;
    }
    Ok(Json::Object(object).to_string())
}

/// The event's time in ISO 8601.
fn time(event: &Node<'_>) -> Result<String, Diagnostic> {
    let Some(at) = event.get("at") else {
        let Some(node) = event.get("@timestamp") else { return Ok(String::new()) };
        let text = node.value().as_str().unwrap_or_default();
        let moment = literals::parse_datetime(text).map_err(|e| Diagnostic::new(Code::BadEvent, e, node.place()))?;
        return Ok(literals::print_datetime(moment));
    };
    let text = at.value().as_str().unwrap_or_default();
    let (sign, length) = text.strip_prefix('-').map_or((1, text), |length| (-1, length));
    let nanoseconds = literals::parse_duration(length).map_err(|e| Diagnostic::new(Code::BadEvent, e, at.place()))?;
    Ok(literals::print_datetime(BASE_TIME + sign * (nanoseconds / 1_000_000)))
}

/// A field that the event's class does not declare; of a list of objects, each member's fields.
fn check_field(class: &Class, name: &str, node: &Node<'_>, errors: &mut Vec<Diagnostic>) {
    if class.fields.contains_key(name) {
        return;
    }
    let members: Vec<Node<'_>> = node.items().collect();
    if !members.is_empty() && members.iter().all(|member| member.value().is_object()) {
        for member in members {
            match flatten(&member) {
                Ok(fields) => fields.iter().for_each(|(inner, node)| {
                    check_field(class, &format!("{name}.{inner}"), node, errors);
                }),
                Err(wrong) => errors.extend(wrong),
            }
        }
        return;
    }
    let title = format!("event class `{}` has no field `{name}`", class.name);
    errors.push(
        Diagnostic::new(Code::UnknownField, title, node.name_place())
            .maybe_help(suggest::did_you_mean(name, class.fields.keys().map(String::as_str))),
    );
}

/// Puts a field into nested objects.
fn insert(object: &mut Map<String, Json>, name: &str, node: &Node<'_>) -> Result<(), Diagnostic> {
    put(object, name, nested(node)?).map_err(|reason| Diagnostic::new(Code::BadEvent, reason, node.name_place()))
}

fn put(object: &mut Map<String, Json>, name: &str, value: Json) -> Result<(), String> {
    let Some((head, rest)) = name.split_once('.') else {
        object.insert(name.to_owned(), value);
        return Ok(());
    };
    let inner = object.entry(head.to_owned()).or_insert_with(|| Json::Object(Map::new()));
    match inner.as_object_mut() {
        Some(inner) => put(inner, rest, value),
        None => Err(format!("`{head}` has a value, so that it cannot have a field `{rest}`")),
    }
}

/// A value with the dotted names of objects in its lists made nested ones.
fn nested(node: &Node<'_>) -> Result<Json, Diagnostic> {
    match node.value() {
        Json::Array(_) => node.items().map(|item| nested(&item)).collect(),
        Json::Object(_) => {
            let mut object = Map::new();
            for (name, entry) in node.entries() {
                insert(&mut object, name, &entry)?;
            }
            Ok(Json::Object(object))
        }
        other => Ok(other.clone()),
    }
}
