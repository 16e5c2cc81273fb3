//! Values of the language as they stand in YAML, and back.
//!
//! Numbers and Booleans are themselves; everything else is text in the language's notation, without its quotes. An entry
//! of a list of ports is a number, `8000..8010`, or a mapping `{ ports: …, label: … }`.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Value as Json, json};

use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::plan::{PortRange, Type, Value};
use crate::sema::literals;
use crate::source::Span;
use crate::yaml::{Node, Shape};

/// Reads a value of type `ty`. A record must have all of its fields.
///
/// # Errors
/// E0201 for a value of another type, E0203 for a text that is no such value, each at its place.
pub fn from_yaml(ty: &Type, node: &Node<'_>) -> Result<Value, Vec<Diagnostic>> {
    match (ty, node.value()) {
        (Type::Bool, Json::Bool(value)) => Ok(Value::Bool(*value)),
        (Type::Int, Json::Number(number)) => {
            number.as_i64().map(Value::Int).ok_or_else(|| vec![wrong(ty, node, "it is not a whole number")])
        }
        (Type::Float, Json::Number(number)) => {
            number.as_f64().map(Value::Float).ok_or_else(|| vec![wrong(ty, node, "it is not a finite number")])
        }
        (Type::Port, Json::Number(number)) => text(ty, &number.to_string(), node.place()),
        (Type::Ports, Json::Array(_)) => {
            collect(node.items().map(|item| ports(&item))).map(|all| Value::Ports(all.concat()))
        }
        (Type::List(inner), Json::Array(_)) => {
            collect(node.items().map(|item| from_yaml(inner, &item))).map(Value::List)
        }
        (Type::Record(types), Json::Object(_)) => whole_record(types, node),
        (scalar, Json::String(written)) if is_text(scalar) => text(ty, written, node.place()),
        _ => Err(vec![mismatch(ty, node)]),
    }
}

/// Reads some fields of a record.
///
/// # Errors
/// As [`from_yaml`]; E0101 for a field that the record does not have.
pub fn fields_from_yaml(
    types: &BTreeMap<String, Type>,
    node: &Node<'_>,
) -> Result<BTreeMap<String, Value>, Vec<Diagnostic>> {
    let field = |(name, value): (&str, Node<'_>)| match types.get(name) {
        Some(ty) => from_yaml(ty, &value).map(|value| (name.to_owned(), value)),
        None => Err(vec![
            Diagnostic::new(Code::UnknownField, format!("the record has no field `{name}`"), value.name_place())
                .maybe_help(suggest::did_you_mean(name, types.keys().map(String::as_str)))
                .help(format!("its fields are {}", types.keys().cloned().collect::<Vec<_>>().join(", "))),
        ]),
    };
    collect(node.entries().map(field)).map(|fields: Vec<_>| fields.into_iter().collect())
}

/// A value as JSON (and so as YAML); [`from_yaml`] reads it back.
#[must_use]
pub fn to_json(value: &Value) -> Json {
    serde_json::to_value(Written(value)).unwrap_or_default()
}

/// A value as it is written in JSON and YAML.
pub struct Written<'v>(pub &'v Value);

impl Serialize for Written<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Bool(value) => out.serialize_bool(*value),
            Value::Int(value) => out.serialize_i64(*value),
            Value::Float(value) => out.serialize_f64(*value),
            Value::String(text) => out.serialize_str(text),
            Value::Duration(nanoseconds) => out.serialize_str(&literals::print_duration(*nanoseconds)),
            Value::Datetime(milliseconds) => out.serialize_str(&literals::print_datetime(*milliseconds)),
            Value::Ip(address) => out.collect_str(address),
            Value::Cidr(network) => out.collect_str(network),
            Value::Host(host) => out.collect_str(host),
            Value::Port(port) => out.serialize_u16(*port),
            Value::Glob(glob) => out.collect_str(glob),
            Value::Regex(regex) => out.serialize_str(&regex.source),
            Value::List(values) => out.collect_seq(values.iter().map(Written)),
            Value::Ports(ranges) => out.collect_seq(ranges.iter().map(WrittenRange)),
            Value::Record(fields) => out.collect_map(fields.iter().map(|(name, value)| (name, Written(value)))),
        }
    }
}

struct WrittenRange<'v>(&'v PortRange);

impl Serialize for WrittenRange<'_> {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        let PortRange { low, high, label } = self.0;
        let ports = if low == high { json!(low) } else { json!(format!("{low}..{high}")) };
        if label.is_empty() {
            return ports.serialize(out);
        }
        json!({ "ports": ports, "label": label }).serialize(out)
    }
}

/// All values, or all errors.
fn collect<T>(results: impl Iterator<Item = Result<T, Vec<Diagnostic>>>) -> Result<Vec<T>, Vec<Diagnostic>> {
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(wrong) => errors.extend(wrong),
        }
    }
    if errors.is_empty() { Ok(values) } else { Err(errors) }
}

fn whole_record(types: &BTreeMap<String, Type>, node: &Node<'_>) -> Result<Value, Vec<Diagnostic>> {
    let fields = fields_from_yaml(types, node)?;
    let missing: Vec<&str> = types.keys().filter(|name| !fields.contains_key(*name)).map(String::as_str).collect();
    if missing.is_empty() {
        return Ok(Value::Record(fields));
    }
    let title = format!("the record lacks {}", missing.join(", "));
    Err(vec![Diagnostic::new(Code::WrongType, title, node.place())])
}

/// An entry of a list of ports.
fn ports(node: &Node<'_>) -> Result<Vec<PortRange>, Vec<Diagnostic>> {
    let labelled = node.get("ports");
    let label = node.text("label").unwrap_or_default();
    let known = node.entries().all(|(key, value)| key == "ports" || (key == "label" && value.value().is_string()));
    let written = match labelled.as_ref().unwrap_or(node).value() {
        Json::Number(number) => number.to_string(),
        Json::String(text) => text.clone(),
        _ => return Err(vec![no_ports(node)]),
    };
    let place = labelled.as_ref().unwrap_or(node).place();
    match text(&Type::Ports, &written, place)? {
        Value::Ports(ranges) if known => {
            Ok(ranges.into_iter().map(|range| PortRange { label: label.to_owned(), ..range }).collect())
        }
        _ => Err(vec![no_ports(node)]),
    }
}

fn no_ports(node: &Node<'_>) -> Diagnostic {
    let title = format!("{} is no entry of a list of ports", Shape::of(node.value()));
    Diagnostic::new(Code::WrongType, title, node.place())
        .help("write `443`, `8000..8010`, or `{ ports: 443, label: HTTPS }`")
}

/// Whether values of a type are written as text.
const fn is_text(ty: &Type) -> bool {
    match ty {
        Type::String
        | Type::Duration
        | Type::Datetime
        | Type::Ip
        | Type::Cidr
        | Type::Host
        | Type::Glob
        | Type::Regex
        | Type::Enum(_) => true,
        Type::Bool | Type::Int | Type::Float | Type::Port | Type::Ports | Type::List(_) | Type::Record(_) => false,
    }
}

fn text(ty: &Type, written: &str, place: Span) -> Result<Value, Vec<Diagnostic>> {
    literals::parse_text_as(ty, written).map_err(|reason| vec![Diagnostic::new(Code::BadLiteral, reason, place)])
}

fn wrong(ty: &Type, node: &Node<'_>, reason: &str) -> Diagnostic {
    Diagnostic::new(Code::WrongType, format!("`{ty}` is needed: {reason}"), node.place())
}

/// A value of another type than the parameter's.
fn mismatch(ty: &Type, node: &Node<'_>) -> Diagnostic {
    let title = format!("`{ty}` is needed, not {}", Shape::of(node.value()));
    let help = match (ty, node.value()) {
        (Type::Duration, Json::Number(_)) => Some("give it a unit, as in `10s`".to_owned()),
        (ty, Json::Number(_) | Json::Bool(_)) if is_text(ty) => Some("put it in quotes".to_owned()),
        (Type::Bool | Type::Int | Type::Float | Type::Port, Json::String(_)) => {
            Some("write it without quotes".to_owned())
        }
        (Type::List(_) | Type::Ports, _) => Some("write a list, as in `[a, b]`".to_owned()),
        _ => None,
    };
    Diagnostic::new(Code::WrongType, title, node.place()).maybe_help(help)
}
