//! The explanation for people.

use std::fmt::Write as _;

use detc_core::attack::{Standing, standing};
use detc_core::compile::{Outcome, Status, fidelity_word, loss_lines, schedule};
use detc_core::plan::{Analytic, Class, Parameter, Strategy, Unit};
use detc_core::sema::literals::print_duration;

use serde_json::Value as Json;

use super::json::{kind, value};
use super::{Subject, data, parameters};

/// Everything about the subject, a strategy after the other.
pub fn render(subject: &Subject<'_>) -> String {
    let texts = subject.strategies().map(|(s, analytics)| strategy(subject, s, &analytics));
    texts.collect::<Vec<_>>().join("\n")
}

/// An event class and its fields.
pub fn class(class: &Class) -> String {
    let mut text = format!("{}\n", class.name);
    push_block(&mut text, "  ", &class.doc);
    text.push('\n');
    let width = class.fields.keys().map(String::len).max().unwrap_or(0);
    for (name, (field, doc)) in &class.fields {
        let line = format!("  {name:width$}  {:<14}  {}", field.ty.to_string(), doc.lines().next().unwrap_or_default());
        push(&mut text, format_args!("{}\n", line.trim_end()));
    }
    text
}

fn strategy(subject: &Subject<'_>, strategy: &Strategy, analytics: &[&Analytic]) -> String {
    let mut text = format!("{}: {}\n", strategy.id, strategy.title);
    push_block(&mut text, "", &strategy.description);
    let facts = [
        ("ATT&CK", attack(subject, strategy)),
        ("techniques", strategy.techniques.clone()),
        ("tactics", strategy.tactics.clone()),
        ("references", strategy.references.clone()),
    ];
    for (name, list) in facts.iter().filter(|(_, list)| !list.is_empty()) {
        push(&mut text, format_args!("{name}: {}\n", list.join(", ")));
    }
    let parameters = parameters(strategy, analytics);
    if !parameters.is_empty() {
        text.push_str("\nparameters\n");
    }
    for parameter in parameters {
        push_parameter(&mut text, parameter);
    }
    for analytic in analytics {
        push_analytic(&mut text, subject, strategy, analytic);
    }
    text
}

/// The version that the strategy is of, and what it was held against.
pub fn attack(subject: &Subject<'_>, strategy: &Strategy) -> Vec<String> {
    let held = subject.bundle.version.as_ref().filter(|_| standing(strategy, &subject.bundle) == Standing::Held);
    let held = held.map_or_else(|| "held against none".to_owned(), |version| format!("held against {version}"));
    strategy.attack_version().map(str::to_owned).into_iter().chain([held]).collect()
}

/// A list that takes more characters is shown with an entry a line.
const SHORT: usize = 80;

/// Text without quotes, anything else as JSON.
fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The value in force, and where it comes from if not from the source.
fn push_parameter(text: &mut String, parameter: &Parameter) {
    let (name, kind, ty) = (&parameter.name, kind(parameter.kind), &parameter.ty);
    push(text, format_args!("  {kind} {name}: {ty} = "));
    match (value(&parameter.value), value(&parameter.value).to_string()) {
        (Json::Array(entries), short) if short.len() > SHORT => {
            push(text, format_args!("{} entries\n", entries.len()));
            entries.iter().for_each(|entry| push(text, format_args!("      - {}\n", plain(entry))));
        }
        (one, _) => push(text, format_args!("{}\n", plain(&one))),
    }
    push_block(text, "      ", &parameter.doc);
    for layer in &parameter.layers {
        let expires = layer.expires.as_ref().map(|day| format!(", until {day}")).unwrap_or_default();
        let (action, name, owner, reason) = (&layer.action, &layer.name, &layer.owner, &layer.reason);
        push(text, format_args!("      {action} by {name} ({owner}{expires}): {reason}\n"));
    }
}

fn push_analytic(text: &mut String, subject: &Subject<'_>, strategy: &Strategy, analytic: &Analytic) {
    push(text, format_args!("\n{} on {}: {}\n", analytic.id, analytic.platform, analytic.title));
    push_block(text, "  ", &analytic.description);
    if let Some(official) = subject.official(analytic) {
        push_block(text, "  ATT&CK says: ", &wrapped(official, 100));
    }
    for source in &analytic.sources {
        let classes = source.classes.join(", ");
        push(text, format_args!("  {} {} {} -> {classes}\n", source.component, source.name, source.channel));
    }
    let units = subject.units(strategy, analytic);
    for site in &subject.sites {
        push_data(text, &format!("{}/{}", site.target.id, site.profile.id), &data::needed(&units, *site));
    }
    for unit in units {
        push_detection(text, subject, unit);
    }
}

/// What must be collected at a site, each with a query that shows whether it arrives.
fn push_data(text: &mut String, site: &str, data: &[data::ClassData<'_>]) {
    if data.is_empty() {
        return;
    }
    push(text, format_args!("\n  to collect on {site}\n"));
    for class in data {
        match class.collect {
            Some(collect) => push_block(text, &format!("    {}: ", class.class), &wrapped(collect, 100)),
            None => push(text, format_args!("    {}: not there\n", class.class)),
        }
        for check in &class.checks {
            push_block(text, "        ", check);
        }
    }
}

/// The text in lines of about so many characters.
fn wrapped(text: &str, width: usize) -> String {
    let (mut out, mut line) = (String::new(), 0);
    for word in text.split_whitespace() {
        if line > 0 && line + word.chars().count() >= width {
            out.push('\n');
            line = 0;
        } else if line > 0 {
            out.push(' ');
        }
        line += word.chars().count() + 1;
        out.push_str(word);
    }
    out
}

fn push_detection(text: &mut String, subject: &Subject<'_>, unit: Unit<'_>) {
    let detection = unit.detection;
    let otherwise = if detection.otherwise { ", only where none above it can be compiled" } else { "" };
    let (name, severity, title) = (&detection.name, detection.severity.as_str(), &detection.title);
    push(text, format_args!("\n  {}/{name} ({severity}{otherwise}): {title}\n", unit.analytic.id));
    push_block(text, "    ", &detection.description);
    push_block(text, "    pattern  ", subject.sources.slice(detection.pattern.span));
    let entity: Vec<&str> = detection.entity.iter().map(|column| column.name.as_str()).collect();
    push(text, format_args!("    entity   {}\n", entity.join(", ")));
    if let Some(suppress) = &detection.suppress {
        let time = print_duration(suppress.value.saturating_mul(1_000_000));
        push(text, format_args!("    suppress {time}\n"));
    }
    for outcome in subject.outcomes_of(unit) {
        push_outcome(text, outcome);
    }
}

/// How well a site says the detection, what that loses, and what its rule needs.
fn push_outcome(text: &mut String, outcome: &Outcome<'_>) {
    let (target, profile) = (&outcome.target.id, &outcome.profile.id);
    let status = match &outcome.status {
        Status::Compiled { accepted: None } | Status::Failed => String::new(),
        Status::Compiled { accepted: Some(reason) } => format!(", accepted: {reason}"),
        Status::AcceptedUnsupported(reason) => format!(", left out: {reason}"),
        Status::NotNeeded => ", not needed: one above it is compiled".to_owned(),
    };
    push(text, format_args!("    {target}/{profile}: {}{status}\n", fidelity_word(&outcome.fidelity)));
    for line in loss_lines(&outcome.fidelity).into_iter().chain(outcome.queries.iter().filter_map(schedule)) {
        push(text, format_args!("        {line}\n"));
    }
}

/// Lines behind a prefix, the later ones behind as many blanks. What all later lines are indented by in common goes.
pub fn push_block(text: &mut String, prefix: &str, block: &str) {
    let later = || block.lines().skip(1).filter(|line| !line.trim().is_empty());
    let common = later().map(|line| line.len() - line.trim_start().len()).min().unwrap_or_default();
    for (index, line) in block.lines().enumerate() {
        let blanks = " ".repeat(prefix.chars().count());
        let (prefix, line) =
            if index == 0 { (prefix, line) } else { (&*blanks, line.get(common..).unwrap_or_default()) };
        push(text, format_args!("{}\n", format!("{prefix}{line}").trim_end()));
    }
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = text.write_fmt(arguments);
}
