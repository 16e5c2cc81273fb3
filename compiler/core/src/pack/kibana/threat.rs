//! A rule's place in ATT&CK, as Kibana nests it: sub-techniques in techniques in tactics.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::diagnostics::{Code, Diagnostic};
use crate::pack::attack::{Attack, parent, tactic_page, technique_page};
use crate::pack::format::Rule;

/// One entry for each tactic. A technique stands under the tactics that ATT&CK gives it.
///
/// # Errors
/// E0103 for a tactic or technique that ATT&CK does not have.
pub fn threat(attack: &Attack, rule: &Rule<'_>) -> Result<Vec<Json>, Diagnostic> {
    let strategy = rule.outcome.unit.strategy;
    let unknown = |what: &str| rule.error(Code::UnknownName, &format!("ATT&CK {} has no {what}", attack.version));
    let mut entries = Vec::new();
    for short in &strategy.tactics {
        let tactic = attack.tactics.get(short).ok_or_else(|| unknown(&format!("tactic `{short}`")))?;
        let mut techniques = BTreeMap::<&str, Vec<Json>>::new();
        for id in &strategy.techniques {
            let technique = attack.techniques.get(id).ok_or_else(|| unknown(&format!("technique `{id}`")))?;
            if technique.tactics.contains(short) {
                let below = techniques.entry(parent(id)).or_default();
                if id.contains('.') {
                    below.push(named(id, &technique.name));
                }
            }
        }
        let mut nested = Vec::new();
        for (id, below) in techniques {
            let technique = attack.techniques.get(id).ok_or_else(|| unknown(&format!("technique `{id}`")))?;
            let mut entry = named(id, &technique.name);
            if let (Some(entry), false) = (entry.as_object_mut(), below.is_empty()) {
                entry.insert("subtechnique".to_owned(), Json::Array(below));
            }
            nested.push(entry);
        }
        entries.push(json!({
            "framework": "MITRE ATT&CK",
            "tactic": { "id": tactic.id, "name": tactic.name, "reference": tactic_page(&tactic.id) },
            "technique": nested,
        }));
    }
    Ok(entries)
}

fn named(id: &str, name: &str) -> Json {
    json!({ "id": id, "name": name, "reference": technique_page(id) })
}
