//! What a rule says, as two hashes: one over what decides its alerts, one over what it says of itself.
//!
//! They are taken from the sources alone. A site's tuning, the target, the places in a file and the way it is laid out make
//! no difference.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::hash::sha256;
use crate::plan::print::{Printer, entity, value};
use crate::plan::{ParamRef, Parameter, Unit};

/// What a rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// Of its events, pattern, entity, severity and quiet time.
    pub logic: String,
    /// Of its titles, descriptions, status, references and mappings.
    pub text: String,
    /// The parameters that it reads.
    pub parameters: BTreeMap<String, Declared>,
}

/// A parameter as it is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// Its type.
    pub ty: String,
    /// A hash of its default and bounds.
    pub value: String,
}

/// The content of a detection. Parameters must have their values from the source.
#[must_use]
pub fn content(unit: Unit<'_>) -> Content {
    let names = |_: String, param: &ParamRef| parameter(unit, param);
    let printer = Printer { value_of: &names };
    let detection = unit.detection;
    let mut logic = String::new();
    for event in &detection.events {
        let _ = writeln!(logic, "event {} = {} where {}", event.name, event.class.name, printer.pred(&event.predicate));
    }
    let quiet = detection.suppress.as_ref().map(|s| match &s.param {
        Some(param) => parameter(unit, param),
        None => s.value.to_string(),
    });
    let _ = writeln!(logic, "pattern {}", printer.pattern(detection, &detection.pattern));
    let _ = writeln!(logic, "entity {}", entity(detection));
    let _ = writeln!(logic, "severity {} suppress {quiet:?}", detection.severity.as_str());
    Content { logic: sha256(logic.as_bytes()), text: sha256(text(unit).as_bytes()), parameters: parameters(unit) }
}

fn parameter(unit: Unit<'_>, param: &ParamRef) -> String {
    let name = unit.strategy.parameter(param).map_or("?", |p| &p.name);
    match &param.field {
        None => format!("${name}"),
        Some(field) => format!("${name}.{field}"),
    }
}

/// What a rule says of itself.
fn text(unit: Unit<'_>) -> String {
    let (strategy, analytic, detection) = (unit.strategy, unit.analytic, unit.detection);
    let events: Vec<&str> = detection.events.iter().map(|e| e.doc.as_str()).collect();
    let sources: Vec<_> = analytic.sources.iter().map(|s| (&s.component, &s.name, &s.channel)).collect();
    format!(
        "{:?}",
        (
            (&strategy.id, &strategy.title, &strategy.attack_version(), &strategy.techniques, &strategy.tactics),
            (&strategy.references, &strategy.authors, &strategy.date),
            (&analytic.id, &analytic.title, &analytic.platform, sources),
            (&detection.title, &detection.description, detection.release.status.as_str()),
            (&detection.false_positives, events, detection.otherwise),
        )
    )
}

fn parameters(unit: Unit<'_>) -> BTreeMap<String, Declared> {
    let found = unit.detection.parameters();
    let all = found.into_iter().filter_map(|param| unit.strategy.parameter(param));
    all.map(|p| (p.name.clone(), declared(p))).collect()
}

fn declared(parameter: &Parameter) -> Declared {
    let bounds: Vec<String> = parameter
        .bounds
        .iter()
        .map(|(field, b)| {
            format!("{field} {} {:?} {:?}", b.length, b.low.as_ref().map(value), b.high.as_ref().map(value))
        })
        .collect();
    let written = format!("{} {bounds:?} {}", value(&parameter.default), parameter.doc);
    Declared { ty: parameter.ty.to_string(), value: sha256(written.as_bytes()) }
}
