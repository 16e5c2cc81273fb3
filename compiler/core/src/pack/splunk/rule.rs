//! A rule as a stanza of `savedsearches.conf`.
//!
//! A run reads from `dispatch.earliest_time` to now; the search itself drops the rows that the run before has judged.
//! Scheduling is continuous (`realtime_schedule = 0`): a run that was skipped is made up for, or its rows would be lost.
//! Results are throttled one by one on the entity, for the rule's `suppress` and for as long as a row can be judged twice.
//! <https://help.splunk.com/en/splunk-enterprise/alert-and-respond/alerting-manual/9.4/manage-alert-trigger-conditions-and-throttling/throttle-alerts>

use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::{Settings, conf};
use crate::diagnostics::{Code, Diagnostic};
use crate::dialect::{Query, Schedule};
use crate::pack::format::{Part, Rule, Site};
use crate::pack::words::{in_full, one_line};
use crate::plan::{PatternKind, RuleStatus};

/// What a severity is in the product.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Severity {
    /// `alert.severity`: 1 to 6.
    alert: u8,
    /// The score of a risk object: 1 to 100.
    score: u8,
}

/// What fields of an alert are to risk-based alerting.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RiskField {
    /// Fields by ECS name.
    fields: Vec<String>,
    /// The type of the object that gets the score: `system`, `user` or `other`.
    object: Option<String>,
    /// The type of the threat object.
    threat: Option<String>,
}

/// A stanza. Every text is a value of a conf file.
#[derive(Debug, Serialize)]
pub struct Search {
    /// Its name: of the analytic and the detection, which do not change.
    pub stanza: String,
    search: String,
    title: String,
    description: String,
    cron: String,
    earliest: String,
    alert_severity: u8,
    severity: &'static str,
    suppress_fields: String,
    suppress_period: String,
    domain: String,
    annotations: String,
    metadata: String,
    message: String,
    fields: String,
    drilldown: String,
    /// The risk objects as JSON; empty for none.
    risk: String,
}

/// The stanza of a rule's query.
///
/// # Errors
/// E0703 if its name is too long or a text cannot stand in a conf file.
pub fn search(site: &Site<'_>, settings: &Settings, rule: &Rule<'_>, part: &Part<'_>) -> Result<Search, Diagnostic> {
    let limit = |what: String| rule.error(Code::PackLimit, &what);
    let unit = rule.outcome.unit;
    let of_part = part.query.part.as_ref().map(|p| format!(" {p}")).unwrap_or_default();
    let stanza = format!("{} - {} {}{of_part} - Rule", settings.domain, unit.analytic.id, unit.detection.name);
    let length = stanza.chars().count();
    if length > settings.name_characters {
        let most = settings.name_characters;
        return Err(limit(format!("its search is called `{stanza}`, {length} characters of {most}")));
    }
    let severity = unit.detection.severity.as_str();
    let scale = settings.severities.get(severity);
    let scale = scale.ok_or_else(|| site.broken(&format!("`pack.settings.severities` has no `{severity}`")))?;
    let schedule = rule.schedule.ok_or_else(|| site.broken("a search needs a schedule"))?;
    let value = |text: &str| conf::value(text).map_err(limit);
    let tokens: Vec<String> = part.query.columns.iter().map(|c| format!("{} = ${}$", c.entity, c.name)).collect();
    Ok(Search {
        search: value(&part.query.text)?,
        title: value(&one_line(&part.title))?,
        description: value(&in_full(rule, part))?,
        cron: cron(schedule.every, &part.id).ok_or_else(|| site.broken("a schedule has no cron expression"))?,
        earliest: format!("-{}m@m", minutes(span(part.query, schedule)) + 1),
        alert_severity: scale.alert,
        severity,
        suppress_fields: part.query.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(","),
        suppress_period: format!("{}s", seconds(quiet(rule, part.query, schedule))),
        domain: settings.domain.to_lowercase(),
        annotations: annotations(rule).to_string(),
        metadata: metadata(site, rule, part).to_string(),
        message: value(&one_line(&format!("{}: {}", part.title, tokens.join(", "))))?,
        fields: part.query.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(","),
        drilldown: drilldown(part.query).to_string(),
        risk: risk(settings, part.query, scale.score).map(|risk| risk.to_string()).unwrap_or_default(),
        stanza,
    })
}

/// How far back a run reads, in milliseconds: what the rows need that no run has judged.
const fn span(query: &Query, schedule: Schedule) -> i64 {
    query.look_back.saturating_add(query.wait).saturating_add(schedule.every).saturating_add(schedule.delay)
}

/// How long a tuple stays quiet: the rule's own time, and at least as long as a row can be judged twice.
fn quiet(rule: &Rule<'_>, query: &Query, schedule: Schedule) -> i64 {
    let slack = match &rule.detection().pattern.kind {
        PatternKind::Then(join) | PatternKind::With(join) => join.within.value,
        PatternKind::Event(_) | PatternKind::Grouped(_) | PatternKind::NotFollowed(_) | PatternKind::NotPreceded(_) => {
            0
        }
    };
    let twice = schedule.every.saturating_add(schedule.delay).saturating_add(query.wait).saturating_add(slack);
    rule.detection().suppress.as_ref().map_or(0, |s| s.value).max(twice)
}

const fn minutes(milliseconds: i64) -> i64 {
    (milliseconds + 59_999) / 60_000
}

const fn seconds(milliseconds: i64) -> i64 {
    (milliseconds + 999) / 1000
}

/// A cron expression for every so many milliseconds; rules start at minutes of their own, so that they do not all run at
/// once. None for a period that cron cannot keep.
fn cron(every: i64, id: &str) -> Option<String> {
    let every = u64::try_from(every).ok().filter(|ms| ms % 60_000 == 0)? / 60_000;
    let spread = id.bytes().fold(0_u64, |all, byte| all.wrapping_mul(31).wrapping_add(u64::from(byte)));
    match every {
        1..60 if 60 % every == 0 => Some(format!("{}-59/{every} * * * *", spread % every)),
        60 => Some(format!("{} * * * *", spread % 60)),
        120..1440 if 1440 % every == 0 && every % 60 == 0 => Some(format!("{} */{} * * *", spread % 60, every / 60)),
        1440 => Some(format!("{} {} * * *", spread % 60, spread % 24)),
        _ => None,
    }
}

fn annotations(rule: &Rule<'_>) -> Json {
    let unit = rule.outcome.unit;
    let sources: Vec<String> = unit.analytic.sources.iter().map(|s| format!("{} {}", s.name, s.channel)).collect();
    json!({
        "analytic_story": [format!("{} {}", unit.strategy.id, unit.strategy.title)],
        "mitre_attack": unit.strategy.techniques,
        "data_source": sources,
    })
}

fn metadata(site: &Site<'_>, rule: &Rule<'_>, part: &Part<'_>) -> Json {
    let release = &rule.detection().release;
    let deprecated = if release.status == RuleStatus::Deprecated { "1" } else { "0" };
    json!({
        "deprecated": deprecated, "detection_id": part.id, "detection_version": release.version.to_string(),
        "publish_time": site.epoch,
    })
}

/// The events that the search reads, around the time of an alert.
fn drilldown(query: &Query) -> Json {
    let sources =
        query.held.iter().filter(|held| held.param.is_none() && query.text.contains(&format!("`{}`", held.name)));
    let sources: Vec<String> = sources
        .filter(|held| !held.name.ends_with("_filter") && !held.name.ends_with("_recent"))
        .map(|held| format!("(`{}`)", held.name))
        .collect();
    json!([{
        "name": "Events that the rule reads", "search": sources.join(" OR "),
        "earliest_offset": "$info_min_time$", "latest_offset": "$info_max_time$",
    }])
}

/// The objects of an alert for risk-based alerting; none if nothing of it can get a score.
fn risk(settings: &Settings, query: &Query, score: u8) -> Option<Json> {
    let mut objects = Vec::new();
    for column in &query.columns {
        let known = settings.risk.iter().find(|known| known.fields.contains(&column.entity));
        if let Some(object) = known.and_then(|known| known.object.as_ref()) {
            let object = json!({ "risk_object_field": column.name, "risk_object_type": object, "risk_score": score });
            objects.push(object);
        }
        if let Some(threat) = known.and_then(|known| known.threat.as_ref()) {
            objects.push(json!({ "threat_object_field": column.name, "threat_object_type": threat }));
        }
    }
    objects.iter().any(|object| object.get("risk_object_field").is_some()).then_some(Json::Array(objects))
}

#[cfg(test)]
mod tests {
    use super::cron;

    #[test]
    fn a_period_has_a_cron_expression_or_none() {
        let minute = 60_000;
        assert_eq!(cron(15 * minute, "a").as_deref(), Some("7-59/15 * * * *"));
        assert_eq!(cron(60 * minute, "a").as_deref(), Some("37 * * * *"));
        assert_eq!(cron(240 * minute, "a").as_deref(), Some("37 */4 * * *"));
        assert_eq!(cron(1440 * minute, "a").as_deref(), Some("37 1 * * *"));
        assert_eq!(cron(7 * minute, "a"), None);
        assert_eq!(cron(30_000, "a"), None);
    }
}
