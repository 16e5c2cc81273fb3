//! A detection as it is at a site: tests of fields that the site's events never have, or always have with one text, are
//! decided there, and reading a field may lose something.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::capability::{Loss, Support};
use crate::dialect::same_text;
use crate::plan::{
    Column, Detection, Event, EventId, Field, Key, Logic, Pattern, PatternKind, Pred, Test, TestKind, TextOp, TextTest,
};
use crate::source::Span;
use crate::target::{Access, ClassBinding, FieldBinding, Profile};

/// The detection with every test decided that can be: a missing field satisfies none, a constant is equal or is not.
#[must_use]
pub fn at_site<'a>(detection: &'a Detection, profile: &Profile) -> Cow<'a, Detection> {
    let mut changed = Cow::Borrowed(detection);
    for (index, event) in detection.events.iter().enumerate() {
        let Some(class) = profile.classes.get(&event.class.name) else { continue };
        let mut any = false;
        event.predicate.for_each(&mut |test| any |= decision_in(class, test).is_some());
        if any && let Some(changed) = changed.to_mut().events.get_mut(index) {
            let predicate = decided(&event.predicate, &|test| decision_in(class, test));
            let (name, doc, class) = (event.name.clone(), event.doc.clone(), event.class.clone());
            *changed = Arc::new(Event { name, doc, class, predicate, span: event.span });
        }
    }
    changed
}

/// Whether a test holds for every event or for none; nothing where the events differ.
pub fn decision(profile: &Profile, event: &Event, test: &Test) -> Option<bool> {
    decision_in(profile.classes.get(&event.class.name)?, test)
}

/// The same, of events of a class there.
fn decision_in(class: &ClassBinding, test: &Test) -> Option<bool> {
    let mut decision = None;
    test.for_each_field(&mut |field| match class.field(&field.name).map(|binding| &binding.access) {
        Some(Access::Missing(_)) => decision = Some(false),
        Some(Access::Constant(text)) => decision = decision.or_else(|| equality(test, text)),
        Some(Access::Native(_) | Access::Derived(_) | Access::Join(_) | Access::Absent(_)) | None => {}
    });
    decision
}

/// Whether a test that asks for texts alone holds of this one.
fn equality(test: &Test, text: &str) -> Option<bool> {
    match &test.kind {
        TestKind::Text(TextTest { op: TextOp::Equals(values), cased, .. }) => {
            Some(values.value.iter().any(|value| same_text(value, text, *cased)))
        }
        _ => None,
    }
}

/// The predicate with the tests decided that can be.
fn decided(pred: &Pred, decision: &dyn Fn(&Test) -> Option<bool>) -> Pred {
    match pred {
        Logic::Const(value) => Logic::Const(*value),
        Logic::Not(inner) => Logic::not(decided(inner, decision)),
        Logic::And(parts) => Logic::and(parts.iter().map(|p| decided(p, decision))),
        Logic::Or(parts) => Logic::or(parts.iter().map(|p| decided(p, decision))),
        Logic::Atom(test) => decision(test).map_or_else(|| Logic::Atom(test.clone()), Logic::Const),
    }
}

/// Refuses a detection with an event that nothing at the site can be.
pub fn impossible<'a>(detection: &'a Detection, profile: &Profile) -> Option<(Support, &'a Event)> {
    let never = detection.events.iter().find(|event| event.predicate == Logic::Const(false))?;
    let reason =
        format!("with profile `{}` no event can be `{}`: what it asks for is never there", profile.id, never.name);
    Some((Support::no(&reason), never))
}

/// What is lost by reading the detection's fields at the site, and where the source reads them.
#[must_use]
pub fn losses(detection: &Detection, profile: &Profile) -> Vec<(Loss, Span)> {
    let mut found = Vec::new();
    let mut read = |event: &Event, field: &Field, span: Span| {
        let loss = binding(profile, event, field).and_then(|binding| binding.loss.as_deref());
        found.extend(loss.map(|loss| (loss.clone(), span)));
    };
    let lossy = |event: &Event| any_field(profile, event, |binding| binding.loss.is_some());
    if !detection.events.iter().any(|event| lossy(event)) {
        return found;
    }
    for event in &detection.events {
        event.predicate.for_each(&mut |test| test.for_each_field(&mut |field| read(event, field, test.call)));
    }
    for (id, field) in columns(detection) {
        if let Some(event) = detection.event(id) {
            read(event, &field, event.span);
        }
    }
    found
}

/// The fields that rows and alerts are made of.
fn columns(detection: &Detection) -> BTreeSet<(EventId, Field)> {
    let mut all = Vec::new();
    of_pattern(&detection.pattern, &mut all);
    all.extend(detection.entity.iter().map(|entity| &entity.column));
    let fields = all.into_iter().filter_map(|column| Some((column.event, column.as_field()?.clone())));
    fields.chain(aggregated(&detection.pattern)).collect()
}

fn of_pattern<'a>(pattern: &'a Pattern, out: &mut Vec<&'a Column>) {
    let keys = |keys: &'a [Key]| keys.iter().flat_map(|key| &key.columns);
    match &pattern.kind {
        PatternKind::Event(_) => {}
        PatternKind::Grouped(group) => out.extend(&group.keys),
        PatternKind::Then(join) | PatternKind::With(join) => out.extend(keys(&join.keys)),
        PatternKind::NotFollowed(negation) | PatternKind::NotPreceded(negation) => out.extend(keys(&negation.keys)),
    }
    pattern.operands().into_iter().for_each(|operand| of_pattern(operand, out));
}

/// The fields that are counted or summed.
fn aggregated(pattern: &Pattern) -> Vec<(EventId, Field)> {
    let mut found: Vec<(EventId, Field)> = pattern.operands().into_iter().flat_map(aggregated).collect();
    if let PatternKind::Grouped(group) = &pattern.kind {
        group.having.for_each(&mut |comparison| {
            let mut leaf = |aggregate: &crate::plan::Aggregate| {
                found.extend(aggregate.field().map(|field| (group.event, field.clone())));
            };
            comparison.left.for_each_leaf(&mut leaf);
            comparison.right.for_each_leaf(&mut leaf);
        });
    }
    found
}

/// Whether the site reads any field of the event's class in this way.
fn any_field(profile: &Profile, event: &Event, way: impl Fn(&FieldBinding) -> bool) -> bool {
    profile.classes.get(&event.class.name).is_some_and(|class| class.fields.values().any(|field| way(field)))
}

fn binding<'p>(profile: &'p Profile, event: &Event, field: &Field) -> Option<&'p FieldBinding> {
    profile.classes.get(&event.class.name)?.field(&field.name)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::capability::{Direction, Fidelity};
    use crate::compile::{fidelity_word, loss_lines, run};
    use crate::source::Sources;
    use crate::target::Registry;

    /// The fidelity of a detection of connections with this condition, grouped by host, at a site with Sysmon whose field
    /// `process.pid` loses something.
    fn fidelity(condition: &str) -> (String, Vec<String>) {
        let text = format!(
            "strategy DET0001 {{ technique T1059 tactic execution analytic AN0001 on windows {{\n\
             event e = network_connection where {condition}\n\
             detect d {{ severity low pattern e grouped by host.name over 1m having count() > 1 entity host.name }} }} }}"
        );
        let mut sources = Sources::default();
        let id = sources.add("test.det", text.as_str());
        let (file, errors) = crate::syntax::parse(&sources, id);
        assert!(errors.is_empty(), "{errors:#?}");
        let analysis = crate::sema::analyse(&mut sources, &[file], &[]);
        let registry = Registry::embedded();
        let target = registry.get("splunk").unwrap();
        let mut profile = target.profile("sysmon-zeek").unwrap().clone();
        let class = Arc::make_mut(profile.classes.get_mut("network_connection").unwrap());
        let loss =
            Loss { name: "reuse".into(), direction: Direction::Over, note: "numbers come again".into(), span: None };
        Arc::make_mut(class.fields.get_mut("process.pid").unwrap()).loss = Some(Box::new(loss));
        let outcomes = run(&analysis.strategies[0], target, &profile, &|_| true).outcomes;
        let fidelity: &Fidelity = &outcomes[0].fidelity;
        (fidelity_word(fidelity).to_owned(), loss_lines(fidelity))
    }

    #[test]
    fn a_test_of_a_field_that_events_never_have_is_decided() {
        assert_eq!(
            fidelity("destination.port == 443 and (syscall.exit in [0, -115] or missing syscall.exit)").0,
            "exact"
        );
        let (word, reasons) = fidelity("destination.port == 443 and syscall.exit == 0");
        assert_eq!(
            (&*word, &*reasons),
            (
                "unsupported",
                &["with profile `sysmon-zeek` no event can be `e`: what it asks for is never there".to_owned()][..]
            )
        );
    }

    #[test]
    fn a_test_of_a_constant_is_decided() {
        let sessions = |condition: &str| {
            let text = format!(
                "strategy DET0001 {{ technique T1059 tactic execution analytic AN0001 on windows {{\n\
                event e = tls_session where {condition}\n detect d {{ severity low pattern e entity source.ip }} }} }}"
            );
            let mut sources = Sources::default();
            let id = sources.add("test.det", text.as_str());
            let (file, _) = crate::syntax::parse(&sources, id);
            let analysis = crate::sema::analyse(&mut sources, &[file], &[]);
            let registry = Registry::embedded();
            let target = registry.get("splunk").unwrap();
            let outcomes =
                run(&analysis.strategies[0], target, target.profile("sysmon-zeek").unwrap(), &|_| true).outcomes;
            outcomes[0].queries.first().map(|query| query.text.lines().take(2).collect::<Vec<_>>().join("\n"))
        };
        let plain = sessions("destination.port == 443");
        assert!(plain.is_some());
        assert_eq!(sessions("destination.port == 443 and network.protocol in [\"quic\", \"TLS\"]"), plain);
        assert_eq!(sessions("destination.port == 443 and network.protocol cased == \"TLS\""), None);
    }

    #[test]
    fn reading_a_field_names_what_is_lost_by_it() {
        let lossy = ("approximate".to_owned(), vec!["reuse (may alert more): numbers come again".to_owned()]);
        assert_eq!(fidelity("process.pid == 4"), lossy);
        assert_eq!(fidelity("destination.port == 443"), ("exact".to_owned(), Vec::new()));
    }
}
