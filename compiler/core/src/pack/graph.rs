//! Microsoft Graph: custom detection rules of Defender XDR, one request body a file.
//!
//! <https://learn.microsoft.com/graph/api/resources/security-detectionrule>

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::format::{Format, Made, Part, Placed, Rule, Site};
use super::json;
use super::words::{summary, within};
use crate::compile::Artifact;
use crate::diagnostics::{Code, Diagnostic};
use crate::sema::literals::print_span;

/// The format.
pub struct GraphDetections;

/// `pack.settings` of a target with this format.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// The longest name of a rule, in characters.
    name_characters: usize,
    /// The columns that every result must carry.
    required_columns: Vec<String>,
    /// Columns, any of which names an entity that an alert can be about.
    entity_columns: Vec<String>,
    /// The severities of the language that the product calls otherwise.
    severities: BTreeMap<String, String>,
    /// The tactics as the product writes them, by their short names.
    tactics: BTreeMap<String, String>,
    /// Kinds of entities, and for each of their properties the column that holds it.
    entities: BTreeMap<String, BTreeMap<String, String>>,
}

impl Format for GraphDetections {
    fn id(&self) -> &'static str {
        "graph-detections"
    }

    fn make(&self, site: &Site<'_>) -> Result<Made, Vec<Diagnostic>> {
        let settings: Settings = site.settings().map_err(|e| vec![e])?;
        let (mut made, mut errors, mut index) = (Made::default(), Vec::new(), Vec::new());
        for rule in &site.rules {
            for part in rule.parts() {
                match body(site, &settings, rule, &part) {
                    Ok(body) => {
                        let path = format!("rules/{}.json", file_name(rule, &part));
                        index.push(json!({ "id": part.id, "file": path, "version": rule.detection().release.version }));
                        made.placed.push(placed(rule, &part, &path));
                        made.artifacts.push(Artifact { path, bytes: json::file(&body) });
                    }
                    Err(error) => errors.push(error),
                }
            }
        }
        let index = json!({ "pack": site.project.name, "version": site.version, "rules": index });
        made.artifacts.push(Artifact { path: "index.json".to_owned(), bytes: json::file(&index) });
        if errors.is_empty() { Ok(made) } else { Err(errors) }
    }
}

fn file_name(rule: &Rule<'_>, part: &Part<'_>) -> String {
    let short = format!("{}-{}", rule.outcome.unit.analytic.id, rule.detection().name);
    let part = part.query.part.as_ref().map(|p| format!("-{p}")).unwrap_or_default();
    format!("{short}{part}").to_lowercase().replace('_', "-")
}

fn body(site: &Site<'_>, settings: &Settings, rule: &Rule<'_>, part: &Part<'_>) -> Result<Json, Diagnostic> {
    let unit = rule.outcome.unit;
    let detection = unit.detection;
    let schedule = rule.schedule.ok_or_else(|| site.broken("`pack.schedules` is empty"))?;
    let name = format!("{}: {}", rule.name(), part.title);
    within(rule, "characters in its name", name.chars().count(), settings.name_characters)?;
    let columns = columns(site, part);
    if let Some(missing) = settings.required_columns.iter().find(|c| !columns.contains(c)) {
        return Err(
            rule.error(Code::PackLimit, &format!("its result does not carry `{missing}`, which an alert needs"))
        );
    }
    if !settings.entity_columns.iter().any(|column| columns.contains(&column)) {
        let known = settings.entity_columns.join("`, `");
        return Err(rule.error(Code::PackLimit, &format!("its result has no column for an entity: one of `{known}`")));
    }
    let severity = detection.severity.as_str();
    let context = json!({
        "pack": site.context(),
        "id": part.id,
        "name": name,
        "title": part.title,
        "description": description(rule),
        "query": part.query.text.trim_end(),
        "frequency": iso(schedule.every),
        "severity": settings.severities.get(severity).map_or(severity, String::as_str),
        "tactics": tactics(site, settings, rule)?,
        "entities": entities(settings, &columns),
        "actions": actions(rule),
    });
    site.json("rule.json.j2", &context)
}

/// The columns of the result: of the entity, and those that the product asks for.
fn columns<'s>(site: &'s Site<'_>, part: &'s Part<'_>) -> Vec<&'s String> {
    let asked = site.target.settings.get("result");
    let time = asked.and_then(|r| r.get("time")).into_iter();
    let carried = asked.and_then(|r| r.get("carry")).and_then(Json::as_array).into_iter().flatten();
    let asked = time.chain(carried).filter_map(|name| match name {
        Json::String(name) => Some(name),
        _ => None,
    });
    asked.chain(part.query.columns.iter().map(|c| &c.name)).collect()
}

fn description(rule: &Rule<'_>) -> String {
    format!("{} ({}, version {})", summary(rule), rule.name(), rule.detection().release.version)
}

/// What whoever gets an alert should look at.
fn actions(rule: &Rule<'_>) -> String {
    let detection = rule.detection();
    let lines = detection.false_positives.iter().map(|text| format!("Not malicious: {text}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Tactics with the techniques that ATT&CK puts under them, and their sub-techniques:
/// <https://learn.microsoft.com/graph/api/resources/security-mitretechnique>
fn tactics(site: &Site<'_>, settings: &Settings, rule: &Rule<'_>) -> Result<Vec<Json>, Diagnostic> {
    let strategy = rule.outcome.unit.strategy;
    let mut found = Vec::new();
    for (short, tactic) in strategy.tactics.iter().zip(rule.tactics(&settings.tactics)?) {
        let nested = site.attack.under(short, &strategy.techniques);
        let nested = nested.map_err(|e| rule.error(Code::UnknownName, &e))?;
        let techniques: Vec<Json> =
            nested.iter().map(|(id, below)| json!({ "technique": id, "subTechniques": below })).collect();
        found.push(json!({ "tactic": tactic, "techniques": techniques }));
    }
    Ok(found)
}

/// Every kind of entity that the result has a column for.
fn entities(settings: &Settings, columns: &[&String]) -> Json {
    let mut kinds = Map::new();
    for (kind, properties) in &settings.entities {
        let present: Map<String, Json> = properties
            .iter()
            .filter(|(_, column)| columns.contains(column))
            .map(|(property, column)| (property.clone(), json!(column)))
            .collect();
        if !present.is_empty() {
            kinds.insert(kind.clone(), json!([present]));
        }
    }
    Json::Object(kinds)
}

/// A span of time in ISO 8601: whole hours, else minutes.
fn iso(milliseconds: i64) -> String {
    let minutes = milliseconds / 60_000;
    if minutes % 60 == 0 { format!("PT{}H", minutes / 60) } else { format!("PT{minutes}M") }
}

fn placed(rule: &Rule<'_>, part: &Part<'_>, path: &str) -> Placed {
    let mut placed = rule.place(part, part.id.clone(), path.to_owned());
    if let Some(schedule) = rule.schedule {
        let (every, look_back) = (print_span(schedule.every), print_span(schedule.look_back));
        placed
            .prerequisites
            .push(format!("a rule that runs every {every} reads the last {look_back}: the product decides that"));
    }
    placed
}
