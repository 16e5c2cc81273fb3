//! An ATT&CK Navigator layer of the techniques that a pack detects:
//! <https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md>

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value as Json, json};

use super::Request;
use super::attack::Attack;
use crate::compile::{Outcome, Status};

/// The rules of a technique under one of its tactics.
#[derive(Default)]
struct Cell<'a> {
    rules: BTreeSet<String>,
    strategies: BTreeSet<&'a str>,
    targets: BTreeSet<&'a str>,
}

/// The layer. A technique's score is the number of its rules.
#[must_use]
pub fn layer(request: &Request<'_>, attack: &Attack) -> Json {
    let mut cells = BTreeMap::<(&str, &str), Cell<'_>>::new();
    let mut platforms = BTreeSet::new();
    for outcome in request.outcomes.iter().filter(|o| matches!(o.status, Status::Compiled { .. })) {
        let strategy = outcome.unit.strategy;
        platforms.insert(platform(&outcome.unit.analytic.platform));
        for technique in &strategy.techniques {
            for tactic in tactics(attack, outcome, technique) {
                let cell = cells.entry((technique, tactic)).or_default();
                cell.rules.insert(format!("{}/{}", outcome.unit.analytic.id, outcome.unit.detection.name));
                cell.strategies.insert(&strategy.id);
                cell.targets.insert(&outcome.target.id);
            }
        }
    }
    let most = cells.values().map(|cell| cell.rules.len()).max().unwrap_or(1).max(1);
    json!({
        "name": format!("{} {}", request.project.title, request.lock.version),
        "versions": { "attack": major(&attack.version), "navigator": "5.1.0", "layer": "4.5" },
        "domain": attack.domain,
        "description": "Techniques with a rule in the pack; the score is the number of rules.",
        "filters": { "platforms": platforms },
        "sorting": 3,
        "layout": { "layout": "side", "showName": true, "showID": true, "expandedSubtechniques": "annotated" },
        "hideDisabled": false,
        "techniques": cells.iter().map(|((technique, tactic), cell)| entry(technique, tactic, cell)).collect::<Vec<_>>(),
        "gradient": { "colors": ["#ffffff", "#66b1ff"], "minValue": 0, "maxValue": most },
        "legendItems": [],
    })
}

/// The tactics of the strategy that the technique has; all of the strategy's if it has none of them.
fn tactics<'a>(attack: &Attack, outcome: &Outcome<'a>, technique: &str) -> Vec<&'a str> {
    let of_strategy: Vec<&str> = outcome.unit.strategy.tactics.iter().map(String::as_str).collect();
    let known = attack.techniques.get(technique).map(|t| &t.tactics);
    let own: Vec<&str> =
        of_strategy.iter().copied().filter(|t| known.is_some_and(|k| k.iter().any(|k| k == t))).collect();
    if own.is_empty() { of_strategy } else { own }
}

fn entry(technique: &str, tactic: &str, cell: &Cell<'_>) -> Json {
    let join = |words: &mut dyn Iterator<Item = &str>| words.collect::<Vec<_>>().join(", ");
    let links = cell
        .strategies
        .iter()
        .map(|id| json!({ "label": id, "url": format!("https://attack.mitre.org/detectionstrategies/{id}") }));
    json!({
        "techniqueID": technique,
        "tactic": tactic,
        "score": cell.rules.len(),
        "comment": join(&mut cell.rules.iter().map(String::as_str)),
        "enabled": true,
        "metadata": [
            { "name": "strategies", "value": join(&mut cell.strategies.iter().copied()) },
            { "name": "products", "value": join(&mut cell.targets.iter().copied()) },
        ],
        "links": links.collect::<Vec<_>>(),
        "showSubtechniques": technique.contains('.'),
    })
}

/// A platform as ATT&CK writes it.
fn platform(id: &str) -> String {
    match id {
        "macos" => "macOS".to_owned(),
        "esxi" => "ESXi".to_owned(),
        "iaas" | "saas" => id.replacen("aas", "aaS", 1).replacen('i', "I", 1).replacen('s', "S", 1),
        _ => {
            let words = id.replace('_', " ");
            let mut letters = words.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        }
    }
}

/// The Navigator knows whole versions of ATT&CK.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or(version)
}
