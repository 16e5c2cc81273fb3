//! The explanation for programs.

use anyhow::Result;
use detc_core::attack::{Standing, standing};
use detc_core::compile::{fidelity_word, loss_lines};
use detc_core::plan::{Analytic, Class, Field, Parameter, ParameterKind, Strategy, Unit, Value};
use detc_core::sema::literals::{print_datetime, print_duration};
use serde_json::{Map, Value as Json, json};

use super::{Subject, data, parameters};

/// Everything about the subject as one object.
pub fn render(subject: &Subject<'_>) -> Result<String> {
    let strategies: Vec<Json> = subject.strategies().map(|(s, analytics)| strategy(subject, s, &analytics)).collect();
    Ok(serde_json::to_string_pretty(&json!({ "version": 1, "strategies": strategies }))? + "\n")
}

/// An event class and its fields as one object.
pub fn class(class: &Class) -> Result<String> {
    let field = |(name, (field, doc)): (&String, &(Field, String))| json!({ "name": name, "type": field.ty.to_string(), "description": doc });
    let fields: Vec<Json> = class.fields.iter().map(field).collect();
    let object = json!({ "version": 1, "class": class.name, "description": class.doc, "fields": fields });
    Ok(serde_json::to_string_pretty(&object)? + "\n")
}

fn strategy(subject: &Subject<'_>, strategy: &Strategy, analytics: &[&Analytic]) -> Json {
    let held = subject.bundle.version.as_ref().filter(|_| standing(strategy, &subject.bundle) == Standing::Held);
    json!({
        "id": strategy.id,
        "title": strategy.title,
        "description": strategy.description,
        "attack": strategy.attack_version(),
        "held_against": held,
        "techniques": strategy.techniques,
        "tactics": strategy.tactics,
        "references": strategy.references,
        "parameters": parameters(strategy, analytics).into_iter().map(parameter).collect::<Vec<_>>(),
        "analytics": analytics.iter().map(|a| analytic(subject, strategy, a)).collect::<Vec<_>>(),
    })
}

fn parameter(parameter: &Parameter) -> Json {
    let layers = parameter.layers.iter().map(|layer| {
        json!({
            "layer": layer.name, "action": layer.action, "owner": layer.owner, "reason": layer.reason,
            "expires": layer.expires,
        })
    });
    json!({
        "name": parameter.name,
        "kind": kind(parameter.kind),
        "analytic": parameter.analytic,
        "doc": parameter.doc,
        "type": parameter.ty.to_string(),
        "default": value(&parameter.default),
        "value": value(&parameter.value),
        "layers": layers.collect::<Vec<_>>(),
    })
}

/// The word for a parameter's kind.
pub const fn kind(kind: ParameterKind) -> &'static str {
    match kind {
        ParameterKind::Mutable => "mutable",
        ParameterKind::Tunable => "tunable",
    }
}

fn analytic(subject: &Subject<'_>, strategy: &Strategy, analytic: &Analytic) -> Json {
    let sources = analytic.sources.iter().map(|source| {
        json!({
            "component": source.component, "name": source.name, "channel": source.channel, "classes": source.classes,
        })
    });
    json!({
        "id": analytic.id,
        "title": analytic.title,
        "description": analytic.description,
        "official": subject.official(analytic),
        "platform": analytic.platform,
        "sources": sources.collect::<Vec<_>>(),
        "collect": collected(subject, &subject.units(strategy, analytic)),
        "detections": subject.units(strategy, analytic).into_iter().map(|u| detection(subject, u)).collect::<Vec<_>>(),
    })
}

/// What must be collected at each site.
fn collected(subject: &Subject<'_>, units: &[Unit<'_>]) -> Vec<Json> {
    let class = |c: data::ClassData<'_>| json!({ "class": c.class, "collect": c.collect, "checks": c.checks });
    let at = |site: &crate::sites::Site<'_>| {
        let classes: Vec<Json> = data::needed(units, *site).into_iter().map(class).collect();
        json!({ "target": site.target.id, "profile": site.profile.id, "classes": classes })
    };
    subject.sites.iter().map(at).collect()
}

fn detection(subject: &Subject<'_>, unit: Unit<'_>) -> Json {
    let detection = unit.detection;
    let targets = subject.outcomes_of(unit).map(|outcome| {
        json!({
            "target": outcome.target.id,
            "profile": outcome.profile.id,
            "fidelity": fidelity_word(&outcome.fidelity),
            "notes": loss_lines(&outcome.fidelity),
        })
    });
    json!({
        "name": detection.name,
        "id": detection.id,
        "title": detection.title,
        "description": detection.description,
        "severity": detection.severity.as_str(),
        "otherwise": detection.otherwise,
        "pattern": subject.sources.slice(detection.pattern.span),
        "entity": detection.entity.iter().map(|column| &column.name).collect::<Vec<_>>(),
        "suppress_ms": detection.suppress.as_ref().map(|suppress| suppress.value),
        "targets": targets.collect::<Vec<_>>(),
    })
}

/// A value as JSON: durations, moments, addresses, globs and regular expressions as the text they are written as.
pub fn value(value: &Value) -> Json {
    match value {
        Value::Bool(b) => json!(b),
        Value::Int(i) => json!(i),
        Value::Float(f) => json!(f),
        Value::String(text) => json!(text),
        Value::Duration(nanoseconds) => json!(print_duration(*nanoseconds)),
        Value::Datetime(milliseconds) => json!(print_datetime(*milliseconds)),
        Value::Ip(address) => json!(address.to_string()),
        Value::Cidr(network) => json!(network.to_string()),
        Value::Host(host) => json!(host.to_string()),
        Value::Port(port) => json!(port),
        Value::Glob(glob) => json!(glob.to_string()),
        Value::Regex(regex) => json!(regex.source),
        Value::List(values) => Json::Array(values.iter().map(self::value).collect()),
        Value::Ports(ranges) => {
            let range = |r: &detc_core::plan::PortRange| json!({ "low": r.low, "high": r.high, "label": r.label });
            Json::Array(ranges.iter().map(range).collect())
        }
        Value::Record(fields) => {
            Json::Object(fields.iter().map(|(name, v)| (name.clone(), self::value(v))).collect::<Map<_, _>>())
        }
    }
}
