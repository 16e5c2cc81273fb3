//! Patterns as rules: a detection rule for each event, correlations over them.
//!
//! Three habits without which engines differ: every rule has an `id`; every temporal correlation says how many of its rules
//! must fire; every base rule asks that the key is there.

use std::collections::BTreeSet;

use super::detection::detection;
use super::predicate::{self, words};
use super::source::{self, Place};
use super::tree::{Body, Correlation, CorrelationKind, Document, Head, Item, Modifier};
use crate::capability::{Direction, Findings, Support};
use crate::dialect::threshold::{Threshold, number, threshold, whole};
use crate::dialect::{Request, ResultColumn, keys, part_id};
use crate::plan::facts::Equalities;
use crate::plan::{
    Column, Detection, EntityColumn, Event, EventId, Field, Group, Logic, Number, Order, Pattern, PatternKind, Type,
    Window,
};
use crate::source::Span;

/// The documents that together say the detection's pattern, base rules first; what cannot be said goes to `findings`.
pub fn documents(request: &Request<'_>, findings: &mut Findings) -> Vec<Document> {
    let pattern = &request.unit.detection.pattern;
    let mut lowering = Lowering { request, findings, documents: Vec::new(), key: Vec::new() };
    match &pattern.kind {
        PatternKind::Event(id) => {
            lowering.rule(*id, Role::Alert, Logic::Const(true));
        }
        PatternKind::Grouped(group) => {
            lowering.key = group.keys.iter().map(|column| vec![column.clone()]).collect();
            lowering.group(group, Role::Alert, pattern.span);
        }
        PatternKind::Then(_) | PatternKind::With(_) => lowering.chain(pattern),
        PatternKind::NotFollowed(_) | PatternKind::NotPreceded(_) => {
            lowering.refuse(super::support::no_absence(), pattern.span);
        }
    }
    lowering.documents
}

/// What a rule is for.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Role {
    /// It raises the detection's alert.
    Alert,
    /// A correlation is made over it.
    Part(String),
}

struct Lowering<'r, 'a: 'r> {
    request: &'r Request<'a>,
    findings: &'r mut Findings,
    documents: Vec<Document>,
    /// The key: for each component a column of every event.
    key: Vec<Vec<Column>>,
}

impl<'r, 'a> Lowering<'r, 'a> {
    /// The event by its id. Plans hold no other ids; a stray one is refused.
    fn event(&mut self, id: EventId) -> Option<&'a Event> {
        let detection = self.request.unit.detection;
        let event = detection.event(id);
        if event.is_none() {
            let refusal = Support::no("the pattern names an event that the detection does not define");
            self.refuse(refusal, detection.pattern.span);
        }
        event
    }

    fn refuse(&mut self, refusal: Support, span: Span) {
        self.findings.note(refusal, span);
    }

    /// The name by which correlations call a rule of this detection.
    fn name(&self, part: Option<&str>) -> String {
        let unit = self.request.unit;
        let parts = [Some(unit.analytic.id.as_str()), Some(unit.detection.name.as_str()), part];
        parts.into_iter().flatten().map(words).collect::<Vec<_>>().join("_")
    }

    fn head(&self, role: &Role, description: &str) -> Head {
        let unit = self.request.unit;
        let detection = unit.detection;
        let line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        let deployment = self.request.deployment;
        let written = unit.strategy.authors.clone();
        let authors =
            if written.is_empty() { deployment.iter().map(|d| d.author.to_owned()).collect() } else { written };
        let common = Head {
            status: detection.release.status.as_str(),
            license: deployment.map(|d| d.license.to_owned()),
            authors,
            date: unit.strategy.date.clone(),
            version: deployment.map(|_| detection.release.version),
            ..Head::default()
        };
        match role {
            Role::Alert => Head {
                title: self.title(&line(&detection.title), None),
                id: detection.id.clone(),
                name: self.name(None),
                description: line(if detection.description.is_empty() {
                    &detection.title
                } else {
                    &detection.description
                }),
                references: unit.strategy.references.clone(),
                tags: tags(self.request),
                false_positives: detection.false_positives.iter().map(|f| line(f)).collect(),
                level: detection.severity.as_str(),
                ..common
            },
            Role::Part(part) => Head {
                title: self.title(&line(&detection.title), Some(&part.replace(['_', '-'], " "))),
                id: part_id(&detection.id, part),
                name: self.name(Some(part)),
                description: line(&format!(
                    "{} A part of the correlation `{}`, not an alert.",
                    sentence(description),
                    self.name(None)
                )),
                level: "informational",
                ..common
            },
        }
    }

    /// A title; in a pack in the community's style, with capitals and of 120 characters at most:
    /// <https://github.com/SigmaHQ/sigma-specification/blob/main/sigmahq/sigmahq-title-convention.md>
    fn title(&self, title: &str, part: Option<&str>) -> String {
        let part = part.map(|part| format!(" - {part}")).unwrap_or_default();
        let whole = format!("{title}{part}");
        if self.request.deployment.is_none() {
            return whole;
        }
        let unit = self.request.unit;
        let short = || format!("{} {}{part}", unit.analytic.id, unit.detection.name.replace('_', " "));
        capitals(&if whole.chars().count() > 120 { short() } else { whole })
    }

    /// Adds the rule of an event, with its key present and `more` true, and returns its name.
    fn rule(&mut self, id: EventId, role: Role, more: Logic<Item>) -> Option<String> {
        let event = self.event(id)?;
        let source = match source::log_source(self.request, event) {
            Ok(source) => source,
            Err(refusal) => {
                self.refuse(refusal, event.span);
                return None;
            }
        };
        let own = predicate::condition(self.request, event, self.findings);
        let guards = self.guards(id, event);
        let condition = Logic::and([source.condition, own, more].into_iter().chain(guards));
        let Some(present) = any_field(self.request, event) else {
            self.refuse(Support::no("the profile has no field of the class, and a rule must test one"), event.span);
            return None;
        };
        let fields = if role == Role::Alert { self.entity_fields() } else { Vec::new() };
        let head = self.head(&role, &event.doc);
        let name = head.name.clone();
        let body = Body::Detection { log_source: source.keys, detection: detection(condition, present), fields };
        self.documents.push(Document { head, body });
        Some(name)
    }

    /// That the event's key is there: engines differ in what they group a missing one with.
    fn guards(&mut self, id: EventId, event: &Event) -> Vec<Logic<Item>> {
        let columns: Vec<Column> = self.key.iter().flatten().filter(|c| c.event == id).cloned().collect();
        let mut guards = Vec::new();
        for field in columns.iter().filter_map(Column::as_field) {
            if let Ok(Place::Column { binding, .. }) = source::place(self.request, event, field)
                && !binding.always
            {
                guards.extend(predicate::exists(self.request, event, field).ok());
            }
        }
        guards
    }

    /// The fields of the entity, for an alert that is one event.
    fn entity_fields(&mut self) -> Vec<String> {
        let mut fields = Vec::new();
        for entity in &self.request.unit.detection.entity {
            fields.extend(self.column_name(&entity.column, entity.span));
        }
        fields
    }

    /// A column's name in the log source.
    fn column_name(&mut self, column: &Column, span: Span) -> Option<String> {
        let event = self.event(column.event)?;
        let refusal = match column.as_field().map(|field| (field, source::place(self.request, event, field))) {
            None => Support::no("Sigma has no fields that are aggregates"),
            Some((_, Ok(Place::Column { name, .. }))) => return Some(name.to_owned()),
            Some((field, Ok(Place::Constant(_)))) => {
                Support::no(&format!("`{}` is a constant in the profile, so no alert carries it", field.name))
            }
            Some((field, Ok(Place::FileName(path)))) => Support::no_but(
                &format!("`{}` is a part of `{path}` in the profile, so no alert carries it", field.name),
                "name the whole path in its place",
            ),
            Some((_, Err(refusal))) => refusal,
        };
        self.refuse(refusal, span);
        None
    }

    /// Adds the rules of a group and returns the name of the last.
    fn group(&mut self, group: &Group, role: Role, span: Span) -> Option<String> {
        let event = self.event(group.event)?;
        let known = threshold(group);
        let (kind, bound) = match &known {
            Some(Threshold::Count(1)) => return self.rule(group.event, role, Logic::Const(true)),
            Some(Threshold::OneEvent(field, order, value)) => {
                let Some(number) = number(value) else {
                    self.refuse(Support::no("Sigma has no comparison of dates"), span);
                    return None;
                };
                let more = self.answer(predicate::comparison(self.request, event, field, *order, number), span)?;
                return self.rule(group.event, role, more);
            }
            Some(Threshold::Count(n)) => (CorrelationKind::EventCount, Some((Modifier::AtLeast, *n))),
            Some(Threshold::Distinct(field, n)) => {
                (CorrelationKind::ValueCount(self.field_name(event, field, span)?), Some((Modifier::AtLeast, *n)))
            }
            Some(Threshold::Sum(field, order, number)) => {
                let whole_values = matches!(field.ty.scalar(), Type::Int | Type::Port | Type::Duration);
                let bound = whole_bound(*order, *number, whole_values);
                (CorrelationKind::ValueSum(self.field_name(event, field, span)?), bound)
            }
            Some(Threshold::Average(field, order, number)) => (
                CorrelationKind::ValueAverage(self.field_name(event, field, span)?),
                whole_bound(*order, *number, false),
            ),
            None => {
                self.refuse(super::support::one_aggregate_only(), span);
                return None;
            }
        };
        let Some(bound) = bound else {
            self.refuse(Support::no("a correlation compares with a whole number, from below"), span);
            return None;
        };
        let counted = match &known {
            Some(Threshold::Distinct(field, _)) => predicate::exists(self.request, event, field).ok(),
            _ => None,
        };
        let base = self.rule(group.event, Role::Part(event.name.clone()), counted.unwrap_or(Logic::Const(true)))?;
        self.correlate(kind, vec![(base, vec![group.event])], &group.over, bound, (role, span))
    }

    fn field_name(&mut self, event: &Event, field: &Field, span: Span) -> Option<String> {
        let place = self.answer(source::place(self.request, event, field), span)?;
        match place {
            Place::Column { name, .. } => Some(name.to_owned()),
            Place::Constant(_) | Place::FileName(_) => {
                self.refuse(Support::no(&format!("`{}` is no field of its own in the profile", field.name)), span);
                None
            }
        }
    }

    fn answer<T>(&mut self, answer: Result<T, Support>, span: Span) -> Option<T> {
        match answer {
            Ok(value) => Some(value),
            Err(refusal) => {
                self.refuse(refusal, span);
                None
            }
        }
    }

    fn chain(&mut self, pattern: &Pattern) {
        let Some(key) = keys::one_key(pattern) else {
            self.refuse(super::support::one_key_only(), pattern.span);
            return;
        };
        self.key = key;
        self.step(pattern, Role::Alert, &mut 0);
    }

    /// Adds the rules of an operand and returns the name of the last. `number` counts the inner correlations.
    fn step(&mut self, pattern: &Pattern, role: Role, number: &mut usize) -> Option<String> {
        let (join, kind) = match &pattern.kind {
            PatternKind::Event(id) => {
                let event = self.event(*id)?;
                return self.rule(*id, Role::Part(event.name.clone()), Logic::Const(true));
            }
            PatternKind::Grouped(group) => return self.counted(group, pattern.span, number),
            PatternKind::Then(join) => (join, CorrelationKind::TemporalOrdered),
            PatternKind::With(join) => (join, CorrelationKind::Temporal),
            PatternKind::NotFollowed(_) | PatternKind::NotPreceded(_) => {
                self.refuse(super::support::no_absence(), pattern.span);
                return None;
            }
        };
        let mut rules = Vec::new();
        for operand in &join.operands {
            let role = Role::Part(inner_name(number, operand));
            rules.push((self.step(operand, role, number)?, operand.row_events()));
        }
        let enough = (Modifier::AtLeast, i64::try_from(rules.len()).unwrap_or(i64::MAX));
        self.correlate(kind, rules, &join.within, enough, (role, pattern.span))
    }

    /// A count as a step of another correlation. Of other aggregates it is not known when their alert is dated.
    fn counted(&mut self, group: &Group, span: Span, number: &mut usize) -> Option<String> {
        if !matches!(threshold(group), Some(Threshold::Count(_))) {
            self.refuse(Support::no("of the aggregates only a count can be a step of a correlation"), span);
            return None;
        }
        *number += 1;
        self.group(group, Role::Part(format!("count_{number}")), span)
    }

    /// Adds a correlation over rules, each with the events behind it, and returns its name.
    fn correlate(
        &mut self,
        kind: CorrelationKind,
        rules: Vec<(String, Vec<EventId>)>,
        within: &Window,
        threshold: (Modifier, i64),
        (role, span): (Role, Span),
    ) -> Option<String> {
        let timespan = within.value / 1000;
        if within.value % 1000 != 0 || timespan < 1 {
            self.refuse(super::support::whole_seconds_only(), span);
        }
        let (group_by, aliases) = self.grouping(&rules, span)?;
        let head = self.head(&role, "");
        let name = head.name.clone();
        let rules = rules.into_iter().map(|(rule, _)| rule).collect();
        let body = Body::Correlation(Correlation { kind, rules, group_by, timespan, aliases, threshold });
        self.documents.push(Document { head, body });
        Some(name)
    }

    /// The fields of `group-by`, and the aliases that stand for fields of different names.
    #[expect(clippy::type_complexity, reason = "the two parts of a correlation, taken apart at once")]
    fn grouping(
        &mut self,
        rules: &[(String, Vec<EventId>)],
        span: Span,
    ) -> Option<(Vec<String>, Vec<(String, Vec<(String, String)>)>)> {
        let (mut group_by, mut aliases) = (Vec::new(), Vec::new());
        for component in self.key.clone() {
            let mut names = Vec::new();
            for (rule, events) in rules {
                let columns: Vec<&Column> = component.iter().filter(|c| events.contains(&c.event)).collect();
                for column in columns {
                    names.push((rule.clone(), self.column_name(column, span)?));
                }
            }
            let different: BTreeSet<&String> = names.iter().map(|(_, field)| field).collect();
            match different.first() {
                Some(one) if different.len() == 1 => group_by.push((*one).clone()),
                _ if rules.iter().any(|(_, events)| events.len() > 1) => {
                    self.refuse(
                        Support::no("a correlation over correlations needs the same field names on every step"),
                        span,
                    );
                    return None;
                }
                _ => {
                    let alias = alias(&component, group_by.len() + 1);
                    group_by.push(alias.clone());
                    aliases.push((alias, names));
                }
            }
        }
        Some((group_by, aliases))
    }
}

/// The name of an operand that becomes a correlation of its own. Events are named by themselves.
fn inner_name(number: &mut usize, operand: &Pattern) -> String {
    match operand.kind {
        PatternKind::Then(_) | PatternKind::With(_) => {
            *number += 1;
            format!("step_{number}")
        }
        _ => String::new(),
    }
}

/// The text with a full stop, where it is not empty and ends in a letter or digit.
fn sentence(text: &str) -> String {
    let text = text.trim_end();
    let stop = if text.ends_with(char::is_alphanumeric) { "." } else { "" };
    format!("{text}{stop}")
}

/// A bound from below as the whole number that a correlation takes. Of whole values a fraction can be rounded up.
fn whole_bound(order: Order, number: Number, whole_values: bool) -> Option<(Modifier, i64)> {
    let modifier = match order {
        Order::Ge => Modifier::AtLeast,
        Order::Gt => Modifier::Greater,
        Order::Eq | Order::Lt | Order::Le => return None,
    };
    match number {
        Number::Int(i) => Some((modifier, i)),
        Number::Float(f) if f.fract() == 0.0 => Some((modifier, whole(f)?)),
        Number::Float(f) if whole_values => Some((Modifier::AtLeast, whole(f.ceil())?)),
        Number::Float(_) => None,
    }
}

/// The presence of some field of the event: of its entity if it can be, else of the first that the profile has.
fn any_field(request: &Request<'_>, event: &Event) -> Option<Item> {
    let entity = request.unit.detection.entity.iter().filter_map(|e| e.column.as_field());
    let all = event.class.fields.values().map(|(field, _)| field);
    entity.chain(all).find_map(|field| match predicate::exists(request, event, field) {
        Ok(Logic::Atom(item)) => Some(item),
        _ => None,
    })
}

/// Every word with a capital.
fn capitals(text: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_uppercase().chain(letters).collect::<String>()).unwrap_or_default()
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

/// ATT&CK's tactics and techniques as tags.
fn tags(request: &Request<'_>) -> Vec<String> {
    let strategy = request.unit.strategy;
    strategy.tactics.iter().chain(&strategy.techniques).map(|t| format!("attack.{}", t.to_lowercase())).collect()
}

/// Where an alert holds the columns of the entity: in a field of its event, or among the `group-by` fields of a correlation.
pub fn columns(request: &Request<'_>) -> Vec<ResultColumn> {
    let detection = request.unit.detection;
    let equal = Equalities::of(&detection.pattern);
    let name = |column: &Column| {
        let place = source::place(request, detection.event(column.event)?, column.as_field()?).ok()?;
        match place {
            Place::Column { name, .. } => Some(name.to_owned()),
            Place::Constant(_) | Place::FileName(_) => None,
        }
    };
    let components: Vec<Vec<Column>> = match &detection.pattern.kind {
        PatternKind::Grouped(group) => group.keys.iter().map(|column| vec![column.clone()]).collect(),
        _ => keys::one_key(&detection.pattern).unwrap_or_default(),
    };
    let correlated = correlated(detection).is_some();
    let read = |column: &Column| {
        if !correlated {
            return name(column);
        }
        let (number, component) =
            (1..).zip(&components).find(|(_, columns)| columns.iter().any(|key| equal.equal(key, column)))?;
        let names: BTreeSet<String> = component.iter().filter_map(name).collect();
        if names.len() > 1 { Some(alias(component, number)) } else { names.into_iter().next() }
    };
    let column = |e: &EntityColumn| Some(ResultColumn::named(&e.name, &read(&e.column)?));
    detection.entity.iter().filter_map(column).collect()
}

/// The name that stands for the fields of a key component that have different names.
fn alias(component: &[Column], number: usize) -> String {
    let ecs = component.first().and_then(Column::as_field).map(|f| words(&f.name)).unwrap_or_default();
    format!("{ecs}_{number}")
}

/// The keys of the correlation that says the detection; none if it is a rule of single events.
fn correlated(detection: &Detection) -> Option<Vec<&Column>> {
    match &detection.pattern.kind {
        PatternKind::Then(join) | PatternKind::With(join) => Some(join.keys.iter().flat_map(|k| &k.columns).collect()),
        PatternKind::Grouped(group)
            if !matches!(threshold(group), Some(Threshold::Count(1) | Threshold::OneEvent(..))) =>
        {
            Some(group.keys.iter().collect())
        }
        _ => None,
    }
}

/// Names the entity fields that an alert of a correlation does not carry; refuses it where it carries none.
pub fn lost_fields(request: &Request<'_>, findings: &mut Findings) {
    let detection = request.unit.detection;
    let Some(keys) = correlated(detection) else { return };
    let equal = Equalities::of(&detection.pattern);
    let carried = |e: &&EntityColumn| keys.iter().any(|key| equal.equal(key, &e.column));
    let (kept, lost): (Vec<&EntityColumn>, Vec<&EntityColumn>) = detection.entity.iter().partition(carried);
    let Some(first) = lost.first() else { return };
    if kept.is_empty() {
        let reason = "an alert of a correlation carries its `group-by` fields only, and the entity has none of them";
        findings.note(Support::no_but(reason, "take a key field into the entity"), first.span);
        return;
    }
    let names = lost.iter().map(|e| format!("`{}`", e.name)).collect::<Vec<_>>().join(", ");
    let note = format!("not in the alert: {names}");
    findings.note(Support::lossy(super::support::BEYOND_GROUP_BY, Direction::Under, &note), first.span);
}
