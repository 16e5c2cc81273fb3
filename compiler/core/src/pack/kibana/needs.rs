//! What a rule needs at a site: indices, fields and integrations.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use crate::pack::format::Rule;
use crate::plan::{Event, Field};
use crate::target::{Access, ClassBinding};

/// A package that fills data streams.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Integration {
    /// What the names of its data streams start with.
    prefix: String,
    /// The package.
    package: String,
    /// The versions of it that do, as a range.
    version: String,
}

/// An integration as a rule names it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Related {
    package: String,
    version: String,
}

/// A field that must be mapped.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RequiredField {
    name: String,
    #[serde(rename = "type")]
    ty: String,
    ecs: bool,
}

/// The site's binding of an event's class.
fn binding<'a>(rule: &Rule<'a>, event: &Event) -> Option<&'a ClassBinding> {
    rule.outcome.profile.classes.get(&event.class.name).map(AsRef::as_ref)
}

/// The index patterns that hold the rule's events.
#[must_use]
pub fn indices(rule: &Rule<'_>) -> BTreeSet<String> {
    let of_event = |event| binding(rule, event).and_then(|b| b.source.get("index")).and_then(Json::as_array);
    let all = rule.detection().events.iter().map(AsRef::as_ref).filter_map(of_event).flatten();
    all.filter_map(Json::as_str).map(str::to_owned).collect()
}

/// The integrations that bring those events.
#[must_use]
pub fn integrations(rule: &Rule<'_>, known: &[Integration]) -> BTreeSet<Related> {
    let indices = indices(rule);
    let brings = |i: &&Integration| indices.iter().any(|index| index.starts_with(&i.prefix));
    known.iter().filter(brings).map(|i| Related { package: i.package.clone(), version: i.version.clone() }).collect()
}

/// The fields that the query reads: of its predicates, keys and entity, and those by which a class is told from others.
#[must_use]
pub fn fields(rule: &Rule<'_>) -> BTreeSet<RequiredField> {
    let mut found = BTreeMap::new();
    let detection = rule.detection();
    for (id, event) in detection.events_with_ids() {
        let Some(binding) = binding(rule, event) else { continue };
        for name in binding.source.get("where").and_then(Json::as_object).into_iter().flat_map(|w| w.keys()) {
            found.insert(name.clone(), ("keyword".to_owned(), true));
        }
        for field in detection.fields_of(id) {
            if let Some((name, ty)) = native(binding, field) {
                found.entry(name.to_owned()).or_insert((ty.to_owned(), *name == *field.name));
            }
        }
    }
    found.into_iter().map(|(name, (ty, ecs))| RequiredField { name, ty, ecs }).collect()
}

/// A field's name and type in the index.
fn native<'b>(binding: &'b ClassBinding, field: &Field) -> Option<(&'b str, &'b str)> {
    let bound = binding.field(&field.name)?;
    match &bound.access {
        Access::Native(name) => Some((name, if bound.native_type.is_empty() { "keyword" } else { &bound.native_type })),
        Access::Derived(_) | Access::Constant(_) | Access::Join(_) | Access::Absent(_) | Access::Missing(_) => None,
    }
}
