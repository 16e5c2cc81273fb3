//! Runs Sigma rules with rsigma (<https://crates.io/crates/rsigma-eval>): requests as in `harness/worker.py`.

use std::collections::BTreeSet;
use std::io::{BufRead, Write};

use rsigma_eval::event::JsonEvent;
use rsigma_eval::logsource::LogSourceExtractor;
use rsigma_eval::{CorrelationConfig, CorrelationEngine};
use rsigma_parser::parse_sigma_yaml;
use serde_json::{Value, json};

/// The fields in which an event says what log source it is of.
const LOG_SOURCE: [&str; 3] = ["detc_category", "detc_product", "detc_service"];

type Tuple = Vec<Option<String>>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    for line in std::io::stdin().lock().lines() {
        let request: Value = serde_json::from_str(&line?)?;
        let answer = match run(&request) {
            _ if sub_second(&request) => json!({ "refused": "it counts in whole seconds, and the case has milliseconds" }),
            Ok(tuples) => json!({ "ok": tuples }),
            Err(reason) => json!({ "failed": reason }),
        };
        let mut out = std::io::stdout();
        writeln!(out, "{answer}")?;
        out.flush()?;
    }
    Ok(())
}

/// Whether an event is not at a whole second: the engine takes times in seconds.
fn sub_second(request: &Value) -> bool {
    let time = |event: &Value| event["row"]["timestamp"].as_str().unwrap_or_default().to_owned();
    list(&request["events"]).iter().any(|event| !time(event).ends_with(".000Z"))
}

/// The entity tuples that the rules raise.
fn run(request: &Value) -> Result<BTreeSet<Tuple>, String> {
    let mut events: Vec<(i64, Value)> =
        list(&request["events"]).iter().map(event).collect::<Result<_, String>>()?;
    events.sort_by_key(|(time, _)| *time);
    let mut tuples = BTreeSet::new();
    for rule in list(&request["rules"]) {
        tuples.extend(raised(rule, &events)?);
    }
    Ok(tuples)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// An event with its time in milliseconds and its log source. A part that the log source lacks is `-`, so that no rule that
/// names one takes the event.
fn event(native: &Value) -> Result<(i64, Value), String> {
    let mut row = native["row"].clone();
    let place = native["place"].as_str().unwrap_or_default();
    let object = row.as_object_mut().ok_or("an event is an object")?;
    for (field, part) in LOG_SOURCE.iter().zip(place.split('/')) {
        object.insert((*field).to_owned(), json!(if part.is_empty() { "-" } else { part }));
    }
    let time = object.get("timestamp").and_then(Value::as_str).unwrap_or_default();
    let time = chrono::DateTime::parse_from_rfc3339(time).map_err(|e| e.to_string())?;
    Ok((time.timestamp_millis(), row))
}

/// What the documents of one rule file raise: the one that is not a part of another.
fn raised(rule: &Value, events: &[(i64, Value)]) -> Result<BTreeSet<Tuple>, String> {
    let collection = parse_sigma_yaml(rule["text"].as_str().unwrap_or_default()).map_err(|e| e.to_string())?;
    let correlated = !collection.correlations.is_empty();
    let last = collection.correlations.last().map(|c| c.title.clone());
    let mut engine = CorrelationEngine::new(CorrelationConfig::default());
    let [category, product, service] = LOG_SOURCE;
    engine.set_logsource_extractor(Some(LogSourceExtractor::new().with_field_names(product, service, category)));
    engine.add_collection(&collection).map_err(|e| e.to_string())?;
    let mut tuples = BTreeSet::new();
    for (time, row) in events {
        for result in engine.process_event_at(&JsonEvent::borrow(row), time.div_euclid(1000)) {
            match result.as_correlation() {
                Some(found) if last.as_ref() == Some(&result.header.rule_title) => {
                    let key: Vec<(&str, Value)> =
                        found.group_key.iter().map(|(name, value)| (name.as_str(), json!(value))).collect();
                    tuples.insert(tuple(rule, |name| key.iter().find(|(k, _)| *k == name).map(|(_, v)| v)));
                }
                None if !correlated => {
                    tuples.insert(tuple(rule, |name| row.get(name)));
                }
                _ => {}
            }
        }
    }
    Ok(tuples)
}

/// The entity's values.
fn tuple<'v>(rule: &'v Value, value: impl Fn(&str) -> Option<&'v Value>) -> Tuple {
    let text = |value: &Value| match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()).filter(|text| !text.is_empty()),
        other => Some(other.to_string()),
    };
    list(&rule["reads"]).iter().map(|read| read["column"].as_str().and_then(&value).and_then(text)).collect()
}
