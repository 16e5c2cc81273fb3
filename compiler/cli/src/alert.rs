//! Alerts as JSON, one a line.

use detc_core::eval::Alert;
use detc_core::sema::literals::print_datetime;
use serde_json::{Map, Value as Json, json};

/// An alert as one line of JSON.
///
/// `{"strategy":"DET0543","analytic":"AN1496","detection":"candidate","severity":"low","entity":{…},
/// "first":"2026-01-01T10:00:00.000Z","last":"…","lines":[3,7]}`
pub fn line(alert: &Alert<'_>) -> String {
    let entity: Map<String, Json> =
        alert.entity.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let object = json!({
        "strategy": alert.unit.strategy.id,
        "analytic": alert.unit.analytic.id,
        "detection": alert.unit.detection.name,
        "severity": alert.unit.detection.severity.as_str(),
        "entity": entity,
        "first": print_datetime(alert.first),
        "last": print_datetime(alert.last),
        "lines": alert.lines,
    });
    format!("{object}\n")
}
