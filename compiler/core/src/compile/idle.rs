//! Lists with entries of which none can match: names where the detection reads addresses, or values for a field that the
//! site's events never have. Whoever wrote them believes that they do something.

use std::collections::{BTreeMap, BTreeSet};

use super::{Outcome, Status, at_site};
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::reads::parameters_of;
use crate::plan::{ParamRef, Parameter, Test, TestKind, TextOp, Type, Value};

/// Where no entry of a list can match.
#[derive(Default)]
struct Idle<'a> {
    detections: BTreeSet<String>,
    sites: BTreeSet<String>,
    parameter: Option<&'a Parameter>,
}

/// A warning for each list in force of which no entry can match in a detection that was compiled, with the detections and
/// the sites. An empty list is meant.
#[must_use]
pub fn idle_values(outcomes: &[Outcome<'_>]) -> Vec<Diagnostic> {
    let mut found: BTreeMap<(&str, usize), Idle<'_>> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|outcome| matches!(outcome.status, Status::Compiled { .. })) {
        let unit = outcome.unit;
        for reference in idle_in(outcome) {
            let parameter = unit.strategy.parameter(reference);
            let Some(parameter) = parameter.filter(|parameter| has_entries(&parameter.value)) else { continue };
            let idle = found.entry((&unit.strategy.id, reference.index)).or_default();
            idle.parameter = Some(parameter);
            idle.detections.insert(format!("{}/{}", unit.analytic.id, unit.detection.name));
            idle.sites.insert(format!("{}/{}", outcome.target.id, outcome.profile.id));
        }
    }
    found.into_values().filter_map(|idle| warning(&idle)).collect()
}

/// The parameters of which every test in the detection is idle at the site.
fn idle_in<'a>(outcome: &Outcome<'a>) -> impl Iterator<Item = &'a ParamRef> {
    let mut parameters: BTreeMap<&ParamRef, bool> = BTreeMap::new();
    for event in &outcome.unit.detection.events {
        event.predicate.for_each(&mut |test| {
            let mut tested = parameters_of(test).peekable();
            if tested.peek().is_some() {
                let idle = is_idle(test) || at_site::decision(outcome.profile, event, test) == Some(false);
                tested.for_each(|parameter| *parameters.entry(parameter).or_insert(true) &= idle);
            }
        });
    }
    parameters.into_iter().filter_map(|(parameter, idle)| idle.then_some(parameter))
}

fn has_entries(value: &Value) -> bool {
    match value {
        Value::List(entries) => !entries.is_empty(),
        Value::Ports(ranges) => !ranges.is_empty(),
        _ => false,
    }
}

/// Whether no event can satisfy a test with the values that it has: the entries of a list of hosts are divided among its
/// tests, addresses and networks to one, names to the other.
fn is_idle(test: &Test) -> bool {
    match &test.kind {
        TestKind::Address { addresses, networks, .. } => addresses.is_empty() && networks.is_empty(),
        TestKind::Text(text) => match &text.op {
            TextOp::Equals(texts) => texts.value.is_empty(),
            TextOp::Like(globs) => globs.value.is_empty(),
            TextOp::Contains(_) | TextOp::StartsWith(_) | TextOp::EndsWith(_) => false,
        },
        TestKind::Exists(_)
        | TestKind::Matches { .. }
        | TestKind::Number { .. }
        | TestKind::NumberIn { .. }
        | TestKind::PortIn { .. }
        | TestKind::Bool { .. }
        | TestKind::Time { .. }
        | TestKind::Compare(_) => false,
    }
}

fn warning(idle: &Idle<'_>) -> Option<Diagnostic> {
    let parameter = idle.parameter?;
    let list = |names: &BTreeSet<String>| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    let title = format!("no entry of `{}` can match in {}", parameter.name, list(&idle.detections));
    let what = if *parameter.ty.scalar() == Type::Host {
        "its entries are all names where these read addresses, or the reverse: add the other kind"
    } else {
        "the events there never have the field that it is held against"
    };
    let warning = Diagnostic::new(Code::IdleValues, title, parameter.span);
    Some(warning.help(format!("on {}: {what}", list(&idle.sites))))
}
