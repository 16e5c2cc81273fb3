//! STIX bundles of ATT&CK, read leniently: only what is needed, and nothing that is missing is an error by itself.
//!
//! The objects: <https://github.com/mitre-attack/attack-data-model>, specification 3.3.0.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::{Analytic, Bundle, DetectionStrategy, LogSource, MutableElement};

/// The objects in force, by STIX id.
type Objects<'j> = BTreeMap<&'j str, &'j Json>;

/// Reads the text of a bundle.
pub fn bundle(text: &str) -> Result<Bundle, String> {
    let json: Json = serde_json::from_str(text).map_err(|e| format!("it is no JSON: {e}"))?;
    let all = json.get("objects").and_then(Json::as_array).ok_or("it is no STIX bundle: it has no `objects`")?;
    let in_force = all.iter().filter(|o| !is_true(o, "revoked") && !is_true(o, "x_mitre_deprecated"));
    let objects: Objects<'_> = in_force.filter_map(|o| Some((string(o, "id")?, o))).collect();
    let of_type = |ty: &'static str| objects.values().copied().filter(move |o| string(o, "type") == Some(ty));
    let version = of_type("x-mitre-collection").find_map(|o| string(o, "x_mitre_version")).map(str::to_owned);
    let mut strategies = BTreeMap::new();
    for object in of_type("x-mitre-detection-strategy") {
        if let Some(id) = external_id(object) {
            strategies.insert(id.to_owned(), strategy(object, &objects));
        }
    }
    for relation in of_type("relationship").filter(|o| string(o, "relationship_type") == Some("detects")) {
        let find = |name: &str| string(relation, name).and_then(|id| objects.get(id)).and_then(|o| external_id(o));
        if let (Some(source), Some(technique)) = (find("source_ref"), find("target_ref"))
            && let Some(strategy) = strategies.get_mut(source)
        {
            strategy.techniques.push(technique.to_owned());
        }
    }
    if strategies.is_empty() {
        return Err("it has no detection strategy: ATT&CK has them since version 18".to_owned());
    }
    Ok(Bundle { version, strategies })
}

fn strategy(object: &Json, objects: &Objects<'_>) -> DetectionStrategy {
    let analytics = strings(object, "x_mitre_analytic_refs").filter_map(|id| objects.get(id));
    DetectionStrategy {
        name: text(object, "name"),
        techniques: Vec::new(),
        analytics: analytics.filter_map(|a| Some((external_id(a)?.to_owned(), analytic(a, objects)))).collect(),
    }
}

fn analytic(object: &Json, objects: &Objects<'_>) -> Analytic {
    let source = |reference: &Json| {
        let component = text(reference, "x_mitre_data_component_ref");
        let id = objects.get(component.as_str()).and_then(|o| external_id(o)).map(str::to_owned);
        LogSource {
            component: id.unwrap_or(component),
            name: text(reference, "name"),
            channel: text(reference, "channel"),
        }
    };
    let element =
        |element: &Json| MutableElement { name: text(element, "field"), description: text(element, "description") };
    Analytic {
        description: text(object, "description"),
        platforms: strings(object, "x_mitre_platforms").map(str::to_owned).collect(),
        sources: items(object, "x_mitre_log_source_references").map(source).collect(),
        mutable_elements: items(object, "x_mitre_mutable_elements")
            .map(element)
            .filter(|e| !e.name.is_empty())
            .collect(),
    }
}

/// The id that people use: of the first reference to ATT&CK itself.
fn external_id(object: &Json) -> Option<&str> {
    let own = |r: &&Json| string(r, "source_name").is_some_and(|name| name.starts_with("mitre-attack"));
    items(object, "external_references").find(own).and_then(|r| string(r, "external_id"))
}

fn is_true(object: &Json, name: &str) -> bool {
    object.get(name).and_then(Json::as_bool).unwrap_or_default()
}

fn string<'j>(object: &'j Json, name: &str) -> Option<&'j str> {
    object.get(name)?.as_str()
}

fn text(object: &Json, name: &str) -> String {
    string(object, name).unwrap_or_default().to_owned()
}

fn items<'j>(object: &'j Json, name: &str) -> impl Iterator<Item = &'j Json> {
    object.get(name).and_then(Json::as_array).into_iter().flatten()
}

fn strings<'j>(object: &'j Json, name: &str) -> impl Iterator<Item = &'j str> {
    items(object, name).filter_map(Json::as_str)
}
