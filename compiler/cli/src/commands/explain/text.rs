//! The explanation for people.

use std::fmt::Write as _;

use detc_core::attack::{Standing, standing};
use detc_core::compile::{fidelity_word, loss_lines};
use detc_core::plan::{Analytic, Class, Parameter, Strategy, Unit};
use detc_core::sema::literals::print_duration;

use serde_json::Value as Json;

use super::json::{kind, value};
use super::{Subject, fidelity, parameters};

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
fn attack(subject: &Subject<'_>, strategy: &Strategy) -> Vec<String> {
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
    for source in &analytic.sources {
        let classes = source.classes.join(", ");
        push(text, format_args!("  {} {} {} -> {classes}\n", source.component, source.name, source.channel));
    }
    for unit in subject.units(strategy, analytic) {
        push_detection(text, subject, unit);
    }
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
    for site in &subject.sites {
        if let Some(fidelity) = fidelity(*site, unit) {
            push(text, format_args!("    {}/{}: {}\n", site.target.id, site.profile.id, fidelity_word(&fidelity)));
            for line in loss_lines(&fidelity) {
                push(text, format_args!("        {line}\n"));
            }
        }
    }
}

/// Lines behind a prefix, the later ones behind as many blanks. What all later lines are indented by in common goes.
fn push_block(text: &mut String, prefix: &str, block: &str) {
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
