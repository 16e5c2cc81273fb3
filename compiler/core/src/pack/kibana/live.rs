//! What keeps a rule with an absence honest when it runs again and again.
//!
//! Kibana runs a query over the events of its look-back, and drops an alert whose events it has seen before. For events that
//! are there that is enough. An absence is another matter: at the beginning of the look-back nothing is known of what came
//! before, and at its end nothing of what will come. So the event that is kept is hidden by a filter, of which Kibana allows
//! any number beside a query, unless it is old enough for what may follow it and young enough for what may precede it.

use serde_json::{Value as Json, json};

use super::span;
use crate::dialect::Schedule;
use crate::pack::format::Rule;
use crate::plan::{Event, Pattern, PatternKind};

/// The filters of a rule. The dialect refuses an absence whose two events are of one class, so that a filter can tell them.
#[must_use]
pub fn filters(rule: &Rule<'_>, schedule: Schedule, wait: i64) -> Vec<Json> {
    let (PatternKind::NotFollowed(negation) | PatternKind::NotPreceded(negation)) = &rule.detection().pattern.kind
    else {
        return Vec::new();
    };
    let event = |pattern: &Pattern| pattern.row_events().first().and_then(|id| rule.detection().event(*id));
    let Some(kept) = event(&negation.kept) else { return Vec::new() };
    let youngest = wait.saturating_add(schedule.delay);
    let oldest = youngest.saturating_add(schedule.every);
    let age = |milliseconds: i64| format!("now-{}", span(milliseconds));
    let mut terms: Vec<Json> =
        class(rule, kept).into_iter().map(|(name, values)| json!({ "terms": { name: values } })).collect();
    terms.push(json!({ "bool": { "should": [
        { "range": { "@timestamp": { "gt": age(youngest) } } },
        { "range": { "@timestamp": { "lte": age(oldest) } } },
    ], "minimum_should_match": 1 } }));
    let meta = json!({ "alias": "Events that this run cannot judge", "disabled": false, "negate": true });
    vec![json!({ "meta": meta, "query": { "bool": { "filter": terms } } })]
}

/// The fields and values by which the events of a class are told from others.
fn class(rule: &Rule<'_>, event: &Event) -> Vec<(String, Json)> {
    let Some(binding) = rule.outcome.profile.classes.get(&event.class.name) else { return Vec::new() };
    let conditions = binding.source.get("where").and_then(Json::as_object).into_iter().flatten();
    let mut all: Vec<(String, Json)> = conditions.map(|(name, values)| (name.clone(), values.clone())).collect();
    if let Some(category) = binding.source.get("category").and_then(Json::as_str).filter(|c| *c != "any") {
        all.push(("event.category".to_owned(), json!([category])));
    }
    all
}
