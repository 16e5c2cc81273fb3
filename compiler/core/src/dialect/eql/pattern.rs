//! Patterns as sequences.
//!
//! A sequence keeps, for each key and step, the latest events that lead there. The latest start dominates every other, so
//! for each key a sequence matches if and only if the language has a row; it does not report every row of the key.

use super::order;
use super::predicate;
use super::source::{self, Kind, Place};
use super::tree::{Condition, Filter, Presence, Query, Term};
use crate::capability::{Direction, Findings, Support};
use crate::dialect::threshold::{Threshold, threshold};
use crate::dialect::{Request, keys};
use crate::plan::facts::may_overlap;
use crate::plan::{Column, Event, EventId, Group, Logic, Negation, Pattern, PatternKind};
use crate::source::Span;

/// The queries that together say the detection's pattern; what cannot be said goes to `findings`.
pub fn queries(request: &Request<'_>, findings: &mut Findings) -> Vec<Query> {
    let pattern = &request.unit.detection.pattern;
    let mut lowering = Lowering { request, findings };
    match &pattern.kind {
        PatternKind::Event(id) => vec![Query::Event(lowering.filter(*id, &[]))],
        PatternKind::Grouped(group) => lowering.group(group, pattern.span).into_iter().collect(),
        PatternKind::Then(_) | PatternKind::With(_) => lowering.chain(pattern),
        PatternKind::NotFollowed(negation) => {
            lowering.negation(negation, pattern.span, Side::After).into_iter().collect()
        }
        PatternKind::NotPreceded(negation) => {
            lowering.negation(negation, pattern.span, Side::Before).into_iter().collect()
        }
    }
}

/// On which side of the kept event another must be missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Before,
    After,
}

struct Lowering<'r, 'a> {
    request: &'r Request<'a>,
    findings: &'r mut Findings,
}

impl<'a> Lowering<'_, 'a> {
    /// The event by its id. Plans hold no other ids; a stray one is refused.
    fn event(&mut self, id: EventId, span: Span) -> Option<&'a Event> {
        let event = self.request.unit.detection.event(id);
        if event.is_none() {
            self.findings.note(Support::no("the pattern names an event that the detection does not define"), span);
        }
        event
    }

    /// All events of an event's class.
    fn class(&mut self, id: EventId, span: Span) -> Option<Filter> {
        let event = self.event(id, span)?;
        source::class_filter(self.request, event).ok()
    }

    /// The events of the class that satisfy the predicate and have these columns.
    fn filter(&mut self, id: EventId, present: &[&Column]) -> Filter {
        let nothing = Filter { category: None, condition: Logic::Const(false) };
        let Some(event) = self.event(id, self.request.unit.detection.pattern.span) else { return nothing };
        let class = match source::class_filter(self.request, event) {
            Ok(class) => class,
            Err(refusal) => {
                self.findings.note(refusal, event.span);
                return nothing;
            }
        };
        let own = predicate::condition(self.request, event, self.findings);
        let guards = present.iter().filter_map(|column| self.guard(event, column)).collect::<Vec<_>>();
        let condition = Logic::and([class.condition, own].into_iter().chain(guards));
        Filter { category: class.category, condition: without_repetition(condition) }
    }

    /// That a key holds text. A sequence drops events whose key is null by itself, but keeps those whose key is `""`.
    fn guard(&self, event: &Event, column: &Column) -> Option<Condition> {
        match source::place(self.request, event, column.as_field()?) {
            Ok(Place::Column(c)) if c.kind == Kind::Keyword && !c.binding.always => Some(source::exists(&c)),
            _ => None,
        }
    }

    /// The names of key columns in the index.
    fn key_names(&mut self, columns: &[&Column], span: Span) -> Vec<String> {
        columns.iter().filter_map(|column| self.key_name(column, span)).collect()
    }

    fn key_name(&mut self, column: &Column, span: Span) -> Option<String> {
        let event = self.event(column.event, span)?;
        let Some(field) = column.as_field() else {
            self.findings.note(Support::no("an aggregate cannot be a key of a sequence"), span);
            return None;
        };
        let refusal = match source::place(self.request, event, field) {
            Ok(Place::Column(column)) if column.binding.values.is_empty() => return Some(column.name.to_owned()),
            Ok(Place::Column(_)) => {
                Support::no(&format!("`{}` has words of its own in the profile and cannot be a key", field.name))
            }
            Ok(Place::Constant(_)) => {
                Support::no(&format!("`{}` is a constant in the profile and cannot be a key", field.name))
            }
            Err(refusal) => refusal,
        };
        self.findings.note(refusal, span);
        None
    }

    /// A step with its keys.
    fn term(&mut self, id: EventId, columns: &[&Column], presence: Presence, span: Span) -> Term {
        let label = self.event(id, span).map(|event| event.name.clone()).unwrap_or_default();
        let by = self.key_names(columns, span);
        let filter = match presence {
            Presence::Present => self.filter(id, columns),
            Presence::Missing => self.filter(id, &[]),
        };
        Term { label, presence, filter, by, runs: 1 }
    }

    fn group(&mut self, group: &Group, span: Span) -> Option<Query> {
        let keys: Vec<&Column> = group.keys.iter().collect();
        let single = |lowering: &mut Self, more: Condition| {
            lowering.key_names(&keys, span);
            let mut filter = lowering.filter(group.event, &keys);
            let nulls = keys.iter().filter_map(|key| lowering.not_null(key));
            let condition = Logic::and(
                [std::mem::replace(&mut filter.condition, Logic::Const(true)), more].into_iter().chain(nulls),
            );
            Query::Event(Filter { category: filter.category, condition: without_repetition(condition) })
        };
        match threshold(group) {
            Some(Threshold::Count(1)) => Some(single(self, Logic::Const(true))),
            Some(Threshold::Count(n @ 2..=100)) => {
                let mut term = self.term(group.event, &keys, Presence::Present, span);
                term.runs = usize::try_from(n).unwrap_or(1);
                Some(Query::Sequence { within: group.over.value, terms: vec![term] })
            }
            Some(Threshold::OneEvent(field, order, value)) => {
                let event = self.event(group.event, span)?;
                match predicate::comparison(self.request, event, &field, order, &value) {
                    Ok(more) => Some(single(self, more)),
                    Err(refusal) => {
                        self.findings.note(refusal, span);
                        None
                    }
                }
            }
            _ => {
                let refusal =
                    Support::no("EQL counts up to 100 events and compares one event with a constant, no more");
                self.findings.note(refusal, span);
                None
            }
        }
    }

    /// That a key is there, for single events, which no sequence drops. Text has its own guard.
    fn not_null(&self, column: &Column) -> Option<Condition> {
        let event = self.request.unit.detection.event(column.event)?;
        match source::place(self.request, event, column.as_field()?) {
            Ok(Place::Column(c)) if c.kind != Kind::Keyword && !c.binding.always => Some(source::exists(&c)),
            _ => None,
        }
    }

    fn negation(&mut self, negation: &Negation, span: Span, side: Side) -> Option<Query> {
        let (PatternKind::Event(kept), PatternKind::Event(absent)) = (&negation.kept.kind, &negation.absent.kind)
        else {
            let reason = "a sequence measures an absence from its first event, so both sides must be single events";
            self.findings.note(Support::no(reason), span);
            return None;
        };
        if self.class(*kept, span) == self.class(*absent, span) {
            let reason = "a run cannot tell an event that lies outside its look-back from one that never was: a filter must \
                          hide the kept events at its edge, and here it would hide those that refute them too";
            self.findings.note(Support::no_but(reason, "use a target that cuts rows by their time"), span);
            return None;
        }
        let column = |index: usize| negation.keys.iter().filter_map(|k| k.columns.get(index)).collect::<Vec<_>>();
        let kept = self.term(*kept, &column(0), Presence::Present, span);
        let missing = self.term(*absent, &column(1), Presence::Missing, span);
        let terms = match side {
            Side::Before => vec![missing, kept],
            Side::After => vec![kept, missing],
        };
        Some(Query::Sequence { within: negation.within.value, terms })
    }

    fn chain(&mut self, pattern: &Pattern) -> Vec<Query> {
        let orders = match order::orders(pattern) {
            Ok(orders) => orders,
            Err(reason) => {
                self.findings.note(Support::no(&reason), pattern.span);
                return Vec::new();
            }
        };
        let Some(columns) = self.chain_keys(pattern) else { return Vec::new() };
        self.shared_events(pattern);
        let within = order::span(pattern);
        orders
            .into_iter()
            .map(|order| Query::Sequence { within, terms: self.steps(&order, &columns, pattern.span) })
            .collect()
    }

    /// Names the loss of a counted group whose events another step could take: in a sequence each event is one step's.
    fn shared_events(&mut self, pattern: &Pattern) {
        let detection = self.request.unit.detection;
        let counted = groups(pattern);
        let shared = counted.iter().any(|id| {
            let others = pattern.row_events().into_iter().filter(|other| other != id);
            others
                .filter_map(|other| detection.event(other))
                .any(|other| detection.event(*id).is_some_and(|group| may_overlap(group, other)))
        });
        if shared {
            let note = "an event that is a step and is counted as well is taken only once";
            self.findings.note(Support::lossy("shared events", Direction::Under, note), pattern.span);
        }
    }

    /// The steps of one order, equal neighbours as one step that runs.
    fn steps(&mut self, order: &[EventId], keys: &[Vec<Column>], span: Span) -> Vec<Term> {
        let mut terms: Vec<Term> = Vec::new();
        let mut before = None;
        for id in order {
            match terms.last_mut() {
                Some(term) if before == Some(*id) => term.runs += 1,
                _ => {
                    let own: Vec<&Column> = keys.iter().flatten().filter(|c| c.event == *id).collect();
                    terms.push(self.term(*id, &own, Presence::Present, span));
                }
            }
            before = Some(*id);
        }
        terms
    }

    /// The one key of a chain, which is all that a sequence has.
    fn chain_keys(&mut self, pattern: &Pattern) -> Option<Vec<Vec<Column>>> {
        let key = keys::one_key(pattern);
        if key.is_none() {
            self.findings.note(super::support::one_key_only(), pattern.span);
        }
        key
    }
}

/// The events of the groups in a pattern.
fn groups(pattern: &Pattern) -> Vec<EventId> {
    match &pattern.kind {
        PatternKind::Grouped(group) => vec![group.event],
        _ => pattern.operands().into_iter().flat_map(groups).collect(),
    }
}

/// The condition without parts of its top level that stand there before.
fn without_repetition(condition: Condition) -> Condition {
    let Logic::And(parts) = condition else { return condition };
    let mut kept: Vec<Condition> = Vec::new();
    for part in parts {
        if !kept.contains(&part) {
            kept.push(part);
        }
    }
    Logic::and(kept)
}
