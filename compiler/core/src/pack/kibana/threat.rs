//! A rule's place in ATT&CK, as Kibana nests it: sub-techniques in techniques in tactics.

use serde_json::{Value as Json, json};

use crate::diagnostics::{Code, Diagnostic};
use crate::pack::attack::{Attack, tactic_page, technique_page};
use crate::pack::format::Rule;

/// One entry for each tactic. A technique stands under the tactics that ATT&CK gives it.
///
/// # Errors
/// E0103 for a tactic or technique that ATT&CK does not have.
pub fn threat(attack: &Attack, rule: &Rule<'_>) -> Result<Vec<Json>, Diagnostic> {
    let strategy = rule.outcome.unit.strategy;
    let mut entries = Vec::new();
    for short in &strategy.tactics {
        let nested = attack.under(short, &strategy.techniques);
        let nested = nested.map_err(|e| rule.error(Code::UnknownName, &e))?;
        let Some(tactic) = attack.tactics.get(short) else { continue };
        entries.push(json!({
            "framework": "MITRE ATT&CK",
            "tactic": { "id": tactic.id, "name": tactic.name, "reference": tactic_page(&tactic.id) },
            "technique": nested.iter().map(|(id, below)| technique(attack, id, below)).collect::<Vec<_>>(),
        }));
    }
    Ok(entries)
}

fn technique(attack: &Attack, id: &str, below: &[&str]) -> Json {
    let mut entry = named(attack, id);
    if let (Some(entry), false) = (entry.as_object_mut(), below.is_empty()) {
        let below = below.iter().map(|id| named(attack, id)).collect();
        entry.insert("subtechnique".to_owned(), Json::Array(below));
    }
    entry
}

fn named(attack: &Attack, id: &str) -> Json {
    let name = attack.techniques.get(id).map_or(id, |technique| &technique.name);
    json!({ "id": id, "name": name, "reference": technique_page(id) })
}
