//! Kibana: detection rules as lines of JSON, twice, for an import does one thing to a rule that is new and another to one
//! that is there.
//!
//! `install.ndjson` brings rules that are switched off, and an empty list of exceptions for each. `upgrade.ndjson` has neither
//! the switch nor the lists, so that an import with `overwrite=true` leaves both as the site has them; the rules name their
//! lists all the same, or the import would unlink them.
//! <https://www.elastic.co/docs/api/doc/kibana/operation/operation-importrules>

mod live;
mod needs;
mod threat;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::format::{Format, Made, Part, Placed, Rule, Site};
use super::json;
use super::words::summary;
use crate::compile::{Artifact, fidelity_word, loss_lines};
use crate::diagnostics::{Code, Diagnostic};

/// The format.
pub struct KibanaRules;

/// `pack.settings` of a target with this format.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// How many objects one import takes.
    objects: usize,
    /// How large an import may be, in bytes.
    file_bytes: usize,
    /// How many alerts one run raises.
    max_signals: u32,
    /// For each severity of the language, the product's own and its risk score.
    severities: BTreeMap<String, Severity>,
    /// The `maturity` of a rule in the detection-rules repository, by the rule's status.
    maturity: BTreeMap<String, String>,
    /// By how many fields alerts are suppressed.
    suppression_fields: usize,
    /// The packages whose data streams start with a prefix.
    integrations: Vec<needs::Integration>,
}

/// A severity as the product has it.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Severity {
    severity: String,
    risk_score: u8,
}

/// How a rule is tied to its exceptions.
#[derive(Debug, Serialize)]
struct ExceptionList {
    list_id: String,
    name: String,
    description: String,
}

impl Format for KibanaRules {
    fn id(&self) -> &'static str {
        "kibana-rules"
    }

    fn make(&self, site: &Site<'_>) -> Result<Made, Vec<Diagnostic>> {
        let settings: Settings = site.settings().map_err(|e| vec![e])?;
        let (mut made, mut errors) = (Made::default(), Vec::new());
        let (mut install, mut upgrade) = (Vec::new(), Vec::new());
        for rule in &site.rules {
            for part in rule.parts() {
                match one(site, &settings, rule, &part) {
                    Ok(lines) => {
                        made.placed.push(placed(rule, &part, &lines.list));
                        made.artifacts.push(lines.toml);
                        install.extend(lines.install);
                        upgrade.push(lines.upgrade);
                    }
                    Err(error) => errors.push(error),
                }
            }
        }
        for (name, lines) in [("install.ndjson", install), ("upgrade.ndjson", upgrade)] {
            let bytes = json::lines(&lines);
            errors.extend(over(site, &settings, name, lines.len(), bytes.len()));
            made.artifacts.push(Artifact { path: name.to_owned(), bytes });
        }
        if errors.is_empty() { Ok(made) } else { Err(errors) }
    }
}

/// What one query becomes.
struct Lines {
    install: Vec<Json>,
    upgrade: Json,
    toml: Artifact,
    list: String,
}

fn one(site: &Site<'_>, settings: &Settings, rule: &Rule<'_>, part: &Part<'_>) -> Result<Lines, Diagnostic> {
    let unit = rule.outcome.unit;
    let short = format!("{}-{}", unit.analytic.id, unit.detection.name).to_lowercase().replace('_', "-");
    let part_name = part.query.part.as_ref().map(|p| format!("-{p}")).unwrap_or_default();
    let list = ExceptionList {
        list_id: format!("{}-{short}", site.project.name).replace('_', "-"),
        name: format!("{}: exceptions", unit.detection.title),
        description: format!("What a site excepts from {}. An upgrade of the pack leaves it alone.", rule.name()),
    };
    let mut context = context(site, settings, rule, part, &list)?;
    let mut line = |install: bool| {
        if let Some(context) = context.as_object_mut() {
            context.insert("install".to_owned(), Json::Bool(install));
        }
        site.json("rule.json.j2", &context)
    };
    let (installed, upgrade) = (line(true)?, line(false)?);
    let toml = site.text("rule.toml.j2", &context)?;
    let mut install = vec![installed];
    // The rules of one detection share a list.
    if part.query.part.is_none() || part.query.part.as_deref() == first_part(rule) {
        install.push(site.json("exceptions.json.j2", &list)?);
    }
    let toml = Artifact { path: format!("rules/{short}{part_name}.toml"), bytes: toml.into_bytes() };
    Ok(Lines { install, upgrade, toml, list: list.list_id })
}

fn first_part<'r>(rule: &'r Rule<'_>) -> Option<&'r str> {
    rule.outcome.queries.first()?.part.as_deref()
}

fn context(
    site: &Site<'_>,
    settings: &Settings,
    rule: &Rule<'_>,
    part: &Part<'_>,
    list: &ExceptionList,
) -> Result<Json, Diagnostic> {
    let unit = rule.outcome.unit;
    let (strategy, detection) = (unit.strategy, unit.detection);
    let schedule = rule.schedule.ok_or_else(|| site.broken("`pack.schedules` is empty"))?;
    let severity = settings.severities.get(detection.severity.as_str());
    let severity =
        severity.ok_or_else(|| site.broken(&format!("no severity for `{}`", detection.severity.as_str())))?;
    let status = detection.release.status.as_str();
    let maturity = settings.maturity.get(status).ok_or_else(|| site.broken(&format!("no maturity for `{status}`")))?;
    let single = part.query.look_back == 0;
    let entities: Vec<&str> = part.query.columns.iter().map(|column| column.name.as_str()).collect();
    let (suppression, repeats) = suppression(settings, rule, &entities);
    let integrations = needs::integrations(rule, &settings.integrations);
    let setup = rule.collected();
    Ok(json!({
        "pack": site.context(),
        "rule": {
            "id": part.id, "name": part.title, "description": summary(rule), "version": detection.release.version,
            "language": part.query.dialect, "severity": severity.severity, "risk_score": severity.risk_score, "query": part.query.text.trim_end(),
            "maturity": maturity,
        },
        "analytic": { "id": unit.analytic.id, "platform": unit.analytic.platform },
        "strategy": { "id": strategy.id },
        "authors": if strategy.authors.is_empty() { std::slice::from_ref(&site.project.author) } else { &strategy.authors },
        "references": strategy.references,
        "false_positives": detection.false_positives,
        "threat": threat::threat(site.attack, rule)?,
        "tags": tags(site, rule),
        "index": needs::indices(rule),
        "required_fields": needs::fields(rule),
        "related_integrations": integrations,
        "setup": setup,
        "losses": loss_lines(&rule.outcome.fidelity),
        "fidelity": fidelity_word(&rule.outcome.fidelity),
        "filters": live::filters(rule, schedule, part.query.wait),
        "interval": span(schedule.every),
        "from": format!("now-{}", span(schedule.look_back)),
        "timestamp_override": single.then_some("event.ingested"),
        "tiebreaker_field": rule.outcome.profile.settings.get("tiebreaker_field").filter(|_| !single),
        "suppression": suppression,
        "repeats": repeats,
        "max_signals": settings.max_signals,
        "exceptions": list,
    }))
}

/// How alerts of one entity are kept quiet; or, if the product cannot, a line that says so.
fn suppression(settings: &Settings, rule: &Rule<'_>, entities: &[&str]) -> (Option<Json>, Option<String>) {
    let Some(quiet) = &rule.detection().suppress else { return (None, None) };
    let (most, count) = (settings.suppression_fields, entities.len());
    if count > most {
        let line = "Kibana suppresses alerts by so many fields at most";
        return (None, Some(format!("{line}: {most}. This rule has {count}: alerts of one entity repeat.")));
    }
    let duration = duration(quiet.value).filter(|_| count > 0);
    (duration.map(|duration| json!({ "group_by": entities, "duration": duration })), None)
}

fn tags(site: &Site<'_>, rule: &Rule<'_>) -> Vec<String> {
    let unit = rule.outcome.unit;
    let tactics = unit.strategy.tactics.iter().filter_map(|t| site.attack.tactics.get(t));
    let mut tags = vec![
        format!("Pack: {}", site.project.title),
        format!("Strategy: {}", unit.strategy.id),
        format!("Analytic: {}", unit.analytic.id),
        format!("Platform: {}", unit.analytic.platform),
    ];
    tags.extend(tactics.map(|tactic| format!("Tactic: {}", tactic.name)));
    tags
}

/// A span of time in one unit, as date math takes it; rounded up to a second.
fn span(milliseconds: i64) -> String {
    let seconds = milliseconds.saturating_add(999) / 1000;
    match seconds {
        s if s % 3600 == 0 => format!("{}h", s / 3600),
        s if s % 60 == 0 => format!("{}m", s / 60),
        s => format!("{s}s"),
    }
}

/// A time as suppression takes it: a number of hours, minutes or seconds. None if it is not a whole number of seconds.
fn duration(milliseconds: i64) -> Option<Json> {
    let units = [("h", 3_600_000), ("m", 60_000), ("s", 1000)];
    let (unit, size) = units.into_iter().find(|(_, size)| milliseconds % size == 0)?;
    Some(json!({ "value": milliseconds / size, "unit": unit }))
}

fn placed(rule: &Rule<'_>, part: &Part<'_>, list: &str) -> Placed {
    let mut placed = rule.place(part, part.id.clone(), "install.ndjson".to_owned());
    placed.prerequisites.push(format!("what the site excepts goes into the list {list}"));
    placed
}

/// What one import does not take.
fn over(site: &Site<'_>, settings: &Settings, name: &str, objects: usize, bytes: usize) -> Vec<Diagnostic> {
    let product = &site.target.title;
    let mut errors = Vec::new();
    if objects > settings.objects {
        let title = format!("`{name}` has {objects} objects, and one import of {product} takes {}", settings.objects);
        errors.push(Diagnostic::bare(Code::PackLimit, title).help("make several packs"));
    }
    if bytes > settings.file_bytes {
        let title = format!("`{name}` has {bytes} bytes, and one import of {product} takes {}", settings.file_bytes);
        errors.push(Diagnostic::bare(Code::PackLimit, title).help("make several packs"));
    }
    errors
}
