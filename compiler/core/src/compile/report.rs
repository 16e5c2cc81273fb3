//! The fidelity report: what was compiled, what was lost, what was refused. Stable JSON.

use serde_json::{Value, json};

use super::{Outcome, Status, fidelity_word};
use crate::capability::{Fidelity, Loss};

/// The report as JSON: one entry for each detection, target and profile, in that order.
#[must_use]
pub fn fidelity_report(outcomes: &[Outcome<'_>]) -> Value {
    json!({ "version": 1, "detections": outcomes.iter().map(entry).collect::<Vec<_>>() })
}

fn entry(outcome: &Outcome<'_>) -> Value {
    let unit = outcome.unit;
    let (losses, reasons) = match &outcome.fidelity {
        Fidelity::Exact { losses } | Fidelity::Approximate { losses } => {
            (losses.iter().map(loss).collect(), Vec::new())
        }
        Fidelity::Unsupported { reasons } => {
            (Vec::new(), reasons.iter().map(|r| json!({ "reason": r.reason, "help": r.help })).collect())
        }
    };
    let (status, accepted) = match &outcome.status {
        Status::Compiled { accepted } => ("compiled", accepted.clone()),
        Status::AcceptedUnsupported(reason) => ("left out", Some(reason.clone())),
        Status::NotNeeded => ("not needed", None),
        Status::Failed => ("failed", None),
    };
    json!({
        "strategy": unit.strategy.id,
        "analytic": unit.analytic.id,
        "detection": unit.detection.name,
        "id": unit.detection.id,
        "target": outcome.target.id,
        "profile": outcome.profile.id,
        "fidelity": fidelity_word(&outcome.fidelity),
        "status": status,
        "accepted": accepted,
        "losses": Value::Array(losses),
        "reasons": Value::Array(reasons),
        "rules": outcome.queries.len(),
    })
}

fn loss(loss: &Loss) -> Value {
    json!({ "name": loss.name, "direction": loss.direction.as_str(), "note": loss.note })
}
