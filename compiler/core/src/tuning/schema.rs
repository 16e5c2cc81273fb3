//! The JSON Schema of tuning files for a given set of strategies: an editor completes names, types, bounds and words.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::convert::to_json;
use super::names;
use crate::plan::{ParamBound, Parameter, Strategy, Type, Value};
use crate::sema::literals;
use crate::yaml::embedded_schema;

/// The schema of a tuning file for these strategies (draft 2020-12).
#[must_use]
pub fn schema(strategies: &[Strategy]) -> Json {
    let mut schema = embedded_schema("tuning").unwrap_or_default();
    let entry = entry_schema(strategies);
    if let Some(defs) = schema.get_mut("$defs").and_then(Json::as_object_mut) {
        defs.insert("entry".to_owned(), entry);
    }
    schema
}

/// The schema of one entry. It refers to `owner`, `reason` and `expires` of the definitions around it.
#[must_use]
pub fn entry_schema(strategies: &[Strategy]) -> Json {
    let schema = embedded_schema("tuning").unwrap_or_default();
    let mut entry = schema.pointer("/$defs/entry").cloned().unwrap_or_default();
    let all: Vec<(&str, &Parameter)> =
        strategies.iter().flat_map(|s| s.parameters.iter().map(|p| (s.id.as_str(), p))).collect();
    let mut choices = Vec::new();
    let mut forms = Vec::new();
    for (strategy, parameter) in &all {
        let named = written_names(strategy, parameter, &all);
        choices.extend(named.iter().map(|name| json!({ "const": name, "description": about(parameter) })));
        forms.push(json!({
            "if": { "properties": { "parameter": { "enum": named } }, "required": ["parameter"] },
            "then": { "properties": operands(parameter) },
        }));
    }
    if let Some(entry) = entry.as_object_mut() {
        if let Some(name) = entry.get_mut("properties").and_then(|p| p.get_mut("parameter")?.as_object_mut()) {
            name.insert("anyOf".to_owned(), Json::Array(choices));
        }
        entry.insert("allOf".to_owned(), Json::Array(forms));
    }
    entry
}

/// Every name that means this parameter and no other, shortest first.
fn written_names(strategy: &str, parameter: &Parameter, all: &[(&str, &Parameter)]) -> Vec<String> {
    let name = &parameter.name;
    let mut written = vec![name.clone(), names::qualified(strategy, parameter), format!("{strategy}.{name}")];
    written.extend(parameter.analytic.iter().map(|analytic| format!("{strategy}.{analytic}.{name}")));
    written.dedup();
    written.retain(|written| all.iter().filter(|(id, p)| names::means(written, id, p)).count() == 1);
    written
}

/// What an editor shows beside a parameter's name.
fn about(parameter: &Parameter) -> String {
    let doc = if parameter.doc.is_empty() { String::new() } else { format!("{}\n\n", parameter.doc) };
    format!("{doc}{}. Default: {}", described(&parameter.ty, parameter.bounds.get("")), to_json(&parameter.default))
}

/// The schemas of `set`, `extend` and `remove`.
fn operands(parameter: &Parameter) -> Json {
    let whole = of_parameter(parameter);
    match &parameter.ty {
        Type::List(_) | Type::Ports => {
            let part = |what: &str| {
                let mut schema = of_type(&parameter.ty, parameter.bounds.get("").filter(|bound| !bound.length));
                if let Some(schema) = schema.as_object_mut() {
                    schema.insert("minItems".to_owned(), json!(1));
                    schema.insert("description".to_owned(), json!(what));
                }
                schema
            };
            json!({ "set": whole, "extend": part("What is added."), "remove": part("What is taken away.") })
        }
        _ => json!({ "set": whole, "extend": false, "remove": false }),
    }
}

/// The schema of a parameter's value; of a record's, fields may be left out.
fn of_parameter(parameter: &Parameter) -> Json {
    let mut schema = match &parameter.ty {
        Type::Record(types) => of_record(types, &parameter.bounds),
        ty => of_type(ty, parameter.bounds.get("")),
    };
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), json!(about(parameter)));
        schema.insert("default".to_owned(), to_json(&parameter.default));
    }
    schema
}

fn of_record(types: &BTreeMap<String, Type>, bounds: &BTreeMap<String, ParamBound>) -> Json {
    let fields: Map<String, Json> =
        types.iter().map(|(name, ty)| (name.clone(), of_type(ty, bounds.get(name)))).collect();
    json!({ "type": "object", "additionalProperties": false, "properties": fields })
}

/// The schema of values of a type, within a bound.
fn of_type(ty: &Type, bound: Option<&ParamBound>) -> Json {
    let mut schema = match ty {
        Type::Bool => json!({ "type": "boolean" }),
        Type::Int => json!({ "type": "integer" }),
        Type::Float => json!({ "type": "number" }),
        Type::Port => json!({ "type": "integer", "minimum": 0, "maximum": u16::MAX }),
        Type::Enum(words) => json!({ "enum": words }),
        Type::Duration => json!({ "type": "string", "pattern": "^([0-9]+(w|d|h|m|s|ms|us|ns))+$" }),
        Type::Datetime => json!({ "type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}" }),
        Type::String | Type::Ip | Type::Cidr | Type::Host | Type::Glob | Type::Regex => json!({ "type": "string" }),
        Type::List(inner) => {
            json!({ "type": "array", "items": of_type(inner, bound.filter(|b| !b.length)) })
        }
        Type::Ports => json!({ "type": "array", "items": port_entry() }),
        Type::Record(types) => {
            let mut schema = of_record(types, &BTreeMap::new());
            if let Some(schema) = schema.as_object_mut() {
                schema.insert("required".to_owned(), types.keys().cloned().collect());
            }
            schema
        }
    };
    if let Some(schema) = schema.as_object_mut() {
        schema.entry("description").or_insert_with(|| json!(described(ty, bound)));
        limit(schema, ty, bound);
    }
    schema
}

/// An entry of a list of ports.
fn port_entry() -> Json {
    let ports = json!([
        { "type": "integer", "minimum": 0, "maximum": u16::MAX },
        { "type": "string", "pattern": "^[0-9]+( *\\.\\. *[0-9]+)?$" },
    ]);
    let mut forms = ports.as_array().cloned().unwrap_or_default();
    forms.push(json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["ports"],
        "properties": { "ports": { "anyOf": ports }, "label": { "type": "string" } },
    }));
    json!({ "anyOf": forms })
}

/// Adds what of a bound JSON Schema can say.
fn limit(schema: &mut Map<String, Json>, ty: &Type, bound: Option<&ParamBound>) {
    let Some(bound) = bound else { return };
    let keys = match (bound.length, ty) {
        (true, Type::List(_) | Type::Ports) => ("minItems", "maxItems"),
        (true, Type::String) => ("minLength", "maxLength"),
        (false, Type::Int | Type::Float | Type::Port) => ("minimum", "maximum"),
        _ => return,
    };
    for (key, end) in [(keys.0, &bound.low), (keys.1, &bound.high)] {
        if let Some(end) = end {
            schema.insert(key.to_owned(), to_json(end));
        }
    }
}

/// A type in words, with its bound.
fn described(ty: &Type, bound: Option<&ParamBound>) -> String {
    let Some(bound) = bound else { return ty.to_string() };
    let end = |value: &Option<Value>| match value {
        None => String::new(),
        Some(Value::Duration(nanoseconds)) => literals::print_duration(*nanoseconds),
        Some(other) => to_json(other).as_str().map_or_else(|| to_json(other).to_string(), str::to_owned),
    };
    let word = if bound.length { "with len" } else { "in" };
    format!("{ty} {word} {}..{}", end(&bound.low), end(&bound.high))
}
