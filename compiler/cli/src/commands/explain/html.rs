//! The explanation as one page: no scripts are needed to read it, and nothing is loaded from outside.

use anyhow::{Context, Result};
use detc_core::compile::{Outcome, Status, artifacts, fidelity_word, loss_lines, schedule};
use detc_core::plan::{Analytic, ParamBound, Parameter, Strategy, Unit, Value};
use detc_core::sema::literals::print_duration;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{Environment, UndefinedBehavior};
use serde_json::{Value as Json, json};

use super::json::{kind, value};
use super::text::{attack, push_block};
use super::{Subject, data, parameters};
use crate::commands::test::CaseVerdict;

/// The page's template. Its name makes minijinja escape every value for HTML.
const PAGE: &str = include_str!("page.html");

/// The page about the subject.
pub fn render(subject: &Subject<'_>, verdicts: &[CaseVerdict]) -> Result<String> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("page.html", PAGE)?;
    let mut strategies = Vec::new();
    for (strategy, analytics) in subject.strategies() {
        strategies.push(self::strategy(subject, strategy, &analytics)?);
    }
    let context = json!({
        "title": strategies.first().map_or_else(|| json!("detc"), |s| json!(format!("{}: {}", text(s, "id"), text(s, "title")))),
        "version": env!("CARGO_PKG_VERSION"),
        "strategies": strategies,
        "tests": tests(verdicts),
    });
    environment.get_template("page.html")?.render(Serde(context)).context("the page does not render")
}

fn text<'j>(object: &'j Json, key: &str) -> &'j str {
    object.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// The paragraphs of a documentation comment, each on one line.
fn paragraphs(text: &str) -> Vec<String> {
    let one_line = |paragraph: &str| paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    text.split("\n\n").map(one_line).filter(|paragraph| !paragraph.is_empty()).collect()
}

/// The cases by file, with the number that passed.
fn tests(verdicts: &[CaseVerdict]) -> Vec<Json> {
    let mut files: Vec<(&str, Vec<&CaseVerdict>)> = Vec::new();
    for verdict in verdicts {
        match files.last_mut() {
            Some((file, cases)) if *file == verdict.file => cases.push(verdict),
            _ => files.push((&verdict.file, vec![verdict])),
        }
    }
    let case = |c: &&CaseVerdict| json!({ "name": c.case, "verdict": c.verdict });
    let file = |(name, cases): &(&str, Vec<&CaseVerdict>)| {
        let passed = cases.iter().filter(|c| c.verdict == "passed").count();
        json!({ "name": name, "passed": passed, "cases": cases.iter().map(case).collect::<Vec<_>>() })
    };
    files.iter().map(file).collect()
}

fn strategy(subject: &Subject<'_>, strategy: &Strategy, analytics: &[&Analytic]) -> Result<Json> {
    let analytics = analytics.iter().map(|a| analytic(subject, strategy, a)).collect::<Result<Vec<_>>>()?;
    let shown: Vec<&Analytic> =
        strategy.analytics.iter().filter(|a| analytics.iter().any(|j| text(j, "id") == a.id)).collect();
    Ok(json!({
        "id": strategy.id,
        "title": strategy.title,
        "description": paragraphs(&strategy.description),
        "attack": attack(subject, strategy).join(", "),
        "techniques": strategy.techniques,
        "tactics": strategy.tactics,
        "references": strategy.references,
        "parameters": parameters(strategy, &shown).into_iter().map(parameter).collect::<Vec<_>>(),
        "analytics": analytics,
    }))
}

fn parameter(parameter: &Parameter) -> Json {
    let bounds = parameter.bounds.iter().map(|(field, bound)| in_words(field, bound)).collect::<Vec<_>>().join("; ");
    let is_list = value(&parameter.value).is_array();
    let lines = match value(&parameter.value) {
        Json::Array(entries) => entries.iter().map(one_line).collect(),
        Json::Object(fields) => fields.iter().map(|(name, v)| format!("{name}: {}", one_line(v))).collect(),
        one => vec![one_line(&one)],
    };
    let layers = parameter.layers.iter().map(|layer| {
        json!({
            "name": layer.name, "action": layer.action, "owner": layer.owner, "reason": layer.reason,
            "expires": layer.expires,
        })
    });
    json!({
        "name": parameter.name,
        "kind": kind(parameter.kind),
        "analytic": parameter.analytic,
        "doc": paragraphs(&parameter.doc),
        "type": parameter.ty.to_string(),
        "bounds": bounds,
        "value": lines,
        "is_list": is_list,
        "layers": layers.collect::<Vec<_>>(),
    })
}

/// A bound of a value, or of a field of a record, in words.
fn in_words(field: &str, bound: &ParamBound) -> String {
    let end = |end: &Option<Value>| end.as_ref().map(|v| one_line(&value(v))).unwrap_or_default();
    let what = match (field, bound.length) {
        ("", true) => "entries ".to_owned(),
        ("", false) => String::new(),
        (field, true) => format!("{field}: entries "),
        (field, false) => format!("{field}: "),
    };
    format!("{what}{}..{}", end(&bound.low), end(&bound.high))
}

/// Text without quotes, a port range with its label, anything else as JSON.
fn one_line(value: &Json) -> String {
    if let (Some(low), Some(high)) = (value.get("low"), value.get("high")) {
        let range = if low == high { low.to_string() } else { format!("{low}..{high}") };
        return format!("{range} {}", text(value, "label")).trim_end().to_owned();
    }
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn analytic(subject: &Subject<'_>, strategy: &Strategy, analytic: &Analytic) -> Result<Json> {
    let units = subject.units(strategy, analytic);
    let sources = analytic
        .sources
        .iter()
        .map(|s| json!({ "component": s.component, "name": s.name, "channel": s.channel, "classes": s.classes }));
    let sites: Vec<_> = subject.sites.iter().filter(|site| units.iter().any(|unit| site.serves(*unit))).collect();
    let class = |c: data::ClassData<'_>| json!({ "class": c.class, "collect": c.collect, "checks": c.checks });
    let collect = sites.iter().map(|site| {
        let classes: Vec<Json> = data::needed(&units, **site).into_iter().map(class).collect();
        json!({ "name": format!("{}/{}", site.target.id, site.profile.id), "title": site.profile.title, "classes": classes })
    });
    Ok(json!({
        "id": analytic.id,
        "title": analytic.title,
        "description": paragraphs(&analytic.description),
        "official": subject.official(analytic),
        "platform": analytic.platform,
        "sources": sources.collect::<Vec<_>>(),
        "sites": collect.collect::<Vec<_>>(),
        "detections": units.into_iter().map(|unit| detection(subject, unit)).collect::<Result<Vec<_>>>()?,
    }))
}

fn detection(subject: &Subject<'_>, unit: Unit<'_>) -> Result<Json> {
    let detection = unit.detection;
    let outcomes = subject.outcomes_of(unit).map(outcome).collect::<Result<Vec<_>>>()?;
    let mut pattern = String::new();
    push_block(&mut pattern, "", subject.sources.slice(detection.pattern.span));
    Ok(json!({
        "name": detection.name,
        "anchor": format!("{}-{}", unit.analytic.id, detection.name),
        "title": detection.title,
        "description": paragraphs(&detection.description),
        "severity": detection.severity.as_str(),
        "otherwise": detection.otherwise,
        "false_positives": detection.false_positives,
        "pattern": pattern.trim_end(),
        "entity": detection.entity.iter().map(|column| &column.name).collect::<Vec<_>>(),
        "suppress": detection.suppress.as_ref().map(|s| print_duration(s.value.saturating_mul(1_000_000))),
        "outcomes": outcomes,
    }))
}

/// What became of a detection at a site, with its rules.
fn outcome(outcome: &Outcome<'_>) -> Result<Json> {
    let files = artifacts(std::slice::from_ref(outcome));
    let files =
        files.map_err(|e| anyhow::anyhow!("a template of target `{}` does not render: {}", e.target, e.message))?;
    let rule = |file: &detc_core::compile::Artifact| json!({ "name": file.path, "text": String::from_utf8_lossy(&file.bytes).trim_end() });
    let (state, note) = match &outcome.status {
        Status::Compiled { accepted } => (fidelity_word(&outcome.fidelity), accepted.clone()),
        Status::AcceptedUnsupported(reason) => ("unsupported", Some(reason.clone())),
        Status::NotNeeded => ("not needed", Some("a detection above it is compiled".to_owned())),
        Status::Failed => ("unsupported", None),
    };
    Ok(json!({
        "site": format!("{}/{}", outcome.target.id, outcome.profile.id),
        "state": state,
        "note": note,
        "details": if outcome.status == Status::NotNeeded { Vec::new() } else { loss_lines(&outcome.fidelity) },
        "schedule": outcome.queries.iter().filter_map(schedule).collect::<Vec<_>>(),
        "rules": files.iter().map(rule).collect::<Vec<_>>(),
    }))
}
