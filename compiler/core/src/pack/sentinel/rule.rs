//! A rule in the terms of Microsoft Sentinel.
//!
//! A run reads `queryPeriod` and the query itself drops the rows that the run before has judged, so each row of the pattern
//! raises an alert in one run. The product's own suppression silences the whole rule and not one entity, so it is never
//! used: alerts of one entity within the rule's `suppress` go to one incident instead.
//! <https://learn.microsoft.com/azure/sentinel/scheduled-rules-overview>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::Settings;
use crate::diagnostics::{Code, Diagnostic};
use crate::pack::attack::parent;
use crate::pack::format::{Part, Rule, Site};
use crate::pack::words::{in_full, within};
use crate::plan::AlertSeverity;

/// What a field of an alert is to the product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entity {
    /// The field by ECS name.
    field: String,
    /// The kind of entity, such as `Host`.
    entity: String,
    /// Its identifier, such as `HostName`; it must be one that identifies the entity alone.
    identifier: String,
}

/// The shortest and the longest time for which alerts go to one incident, in milliseconds.
const GROUPING: (i64, i64) = (300_000, 7 * 86_400_000);

/// The columns of every result that say when it was seen.
const TIMES: [&str; 2] = ["FirstSeen", "LastSeen"];

/// What the templates are told of a rule.
///
/// # Errors
/// E0703 for what is over a limit, E0503 for data that lack something.
pub fn facts(site: &Site<'_>, settings: &Settings, rule: &Rule<'_>, part: &Part<'_>) -> Result<Json, Diagnostic> {
    let limits = &settings.limits;
    let unit = rule.outcome.unit;
    let name = format!("{}: {}", rule.name(), part.title);
    let description = in_full(rule, part);
    let query = part.query.text.trim_end();
    within(rule, "characters in its name", name.chars().count(), limits.name_characters)?;
    within(rule, "characters in its description", description.chars().count(), limits.description_characters)?;
    let schedule = rule.schedule.ok_or_else(|| site.broken("`pack.schedules` is empty"))?;
    let needed = part.query.look_back.saturating_add(part.query.wait).saturating_add(schedule.delay);
    let period = minutes(needed.saturating_add(schedule.every));
    let (entities, mut details) = columns(settings, rule, part)?;
    let told_apart_by: Vec<String> = details.keys().cloned().collect();
    details.extend(TIMES.map(|name| (name.to_owned(), name.to_owned())));
    within(rule, "custom details", details.len(), limits.details)?;
    let mut kinds: Vec<&Json> = entities.iter().filter_map(|entity| entity.get("entityType")).collect();
    kinds.sort_by_key(|kind| kind.as_str().unwrap_or_default().to_owned());
    kinds.dedup();
    let grouped = unit.detection.suppress.as_ref().map_or(schedule.every, |s| s.value);
    let version = format!("1.0.{}", unit.detection.release.version);
    Ok(json!({
        "pack": site.context(),
        "id": part.id,
        "name": name,
        "description": description,
        "severity": severity(unit.detection.severity),
        "query": query,
        "frequency": minutes(schedule.every),
        "period": period,
        "tactics": rule.tactics(&settings.tactics)?,
        "techniques": unit.strategy.techniques,
        "parents": parents(rule),
        "entities": entities,
        "details": details,
        "kinds": kinds,
        "told_apart_by": told_apart_by,
        "grouping": minutes(grouped.clamp(GROUPING.0, GROUPING.1)),
        "display": display(&part.title, part),
        "version": version,
        "connectors": connectors(settings, query),
        "tags": [unit.strategy.id, unit.analytic.id],
    }))
}

const fn severity(severity: AlertSeverity) -> &'static str {
    match severity {
        AlertSeverity::Informational => "Informational",
        AlertSeverity::Low => "Low",
        AlertSeverity::Medium => "Medium",
        AlertSeverity::High | AlertSeverity::Critical => "High",
    }
}

/// Whole minutes that hold the time.
const fn minutes(milliseconds: i64) -> i64 {
    (milliseconds + 59_999) / 60_000
}

/// The techniques without sub-techniques, which the stable interface does not take, each once.
fn parents<'a>(rule: &'a Rule<'_>) -> Vec<&'a str> {
    let mut all: Vec<&str> = rule.outcome.unit.strategy.techniques.iter().map(|t| parent(t)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The entity mappings, and as custom details whatever is no entity, or is one of a kind that has a column already.
fn columns(
    settings: &Settings,
    rule: &Rule<'_>,
    part: &Part<'_>,
) -> Result<(Vec<Json>, BTreeMap<String, String>), Diagnostic> {
    let limits = &settings.limits;
    let (mut entities, mut details) = (Vec::new(), BTreeMap::new());
    for column in &part.query.columns {
        match settings.entities.iter().find(|known| known.field == column.entity) {
            Some(known) => entities.push(json!({
                "entityType": known.entity,
                "fieldMappings": [{ "identifier": known.identifier, "columnName": column.name }],
            })),
            None => {
                within(
                    rule,
                    "characters in the name of a detail",
                    column.name.chars().count(),
                    limits.detail_characters,
                )?;
                details.insert(column.name.clone(), column.name.clone());
            }
        }
    }
    let most = entities.iter().filter_map(|e| e.get("fieldMappings")?.as_array().map(Vec::len)).max().unwrap_or(0);
    within(rule, "identifiers in an entity mapping", most, limits.identifiers)?;
    within(rule, "entity mappings", entities.len(), limits.entities)?;
    if entities.is_empty() {
        let what = "its result has no column that the product knows as an entity";
        return Err(rule.error(Code::PackLimit, what).help("give the detection an entity such as `host.name`"));
    }
    Ok((entities, details))
}

/// The name of an alert: the title and its first column.
fn display(title: &str, part: &Part<'_>) -> String {
    let on = part.query.columns.first().map(|column| format!(" on {{{{{}}}}}", column.name)).unwrap_or_default();
    let title: String = title.chars().filter(|c| !matches!(c, '{' | '}')).take(200).collect();
    format!("{title}{on}")
}

/// The connectors that fill the tables of the query.
fn connectors(settings: &Settings, query: &str) -> Vec<Json> {
    let words: Vec<&str> = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let mut found: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (table, connector) in settings.connectors.iter().filter(|(table, _)| words.contains(&table.as_str())) {
        found.entry(connector).or_default().push(table);
    }
    found.into_iter().map(|(connector, tables)| json!({ "connectorId": connector, "dataTypes": tables })).collect()
}
