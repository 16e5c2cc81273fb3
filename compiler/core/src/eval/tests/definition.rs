//! The definition of patterns, read literally: every choice of events is tried. Nothing here is clever, and nothing is
//! shared with the evaluator but the plan and the notation of times.

use std::collections::BTreeSet;

use serde_json::{Number as JsonNumber, Value as Json};

use super::build::Said;
use crate::plan::*;

/// An event as the definition sees it.
pub struct Seen {
    pub time: i64,
    pub line: u64,
    pub json: Json,
}

/// A row: events by name, the row's time, where its window begins, its lines, and columns with one given value.
#[derive(Debug, Clone)]
struct Row {
    events: Vec<(EventId, usize)>,
    time: i64,
    first: i64,
    lines: BTreeSet<u64>,
    bound: Vec<(Column, Json)>,
    order: Order,
}

/// By time; then by the operands' rows from left to right, one event by its line; then by the values of the key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Order {
    One(i64, u64, Vec<String>),
    Many(i64, Vec<Order>, Vec<String>),
}

/// The alerts of a detection over the events.
pub fn alerts(detection: &Detection, events: &[Seen]) -> Vec<Said> {
    let mut rows = rows(detection, &detection.pattern, events);
    rows.sort_by(|a, b| a.order.cmp(&b.order));
    let mut alerts: Vec<Said> = Vec::new();
    for row in rows {
        for entity in tuples(&row, &detection.entity, events) {
            let quiet = detection.suppress.as_ref().map_or(i64::MAX / 2, |suppress| suppress.value);
            if !alerts.iter().any(|alert| alert.entity == entity && row.time <= alert.last + quiet) {
                let lines = row.lines.iter().copied().collect();
                alerts.push(Said { entity, first: row.first, last: row.time, lines });
            }
        }
    }
    alerts
}

fn rows(detection: &Detection, pattern: &Pattern, events: &[Seen]) -> Vec<Row> {
    match &pattern.kind {
        PatternKind::Event(id) => {
            let name = &detection.events[id.0].name;
            let matching = events.iter().enumerate().filter(|(_, e)| e.json[name.as_str()] == Json::Bool(true));
            matching.map(|(index, event)| single(*id, index, event)).collect()
        }
        PatternKind::Then(join) => joined(detection, join, events, true),
        PatternKind::With(join) => joined(detection, join, events, false),
        PatternKind::NotFollowed(n) => without(detection, n, events, |a, b| (a..=a + n.within.value).contains(&b)),
        PatternKind::NotPreceded(n) => without(detection, n, events, |a, b| (a - n.within.value..a).contains(&b)),
        PatternKind::Grouped(group) => groups(detection, group, events),
    }
}

fn single(id: EventId, index: usize, event: &Seen) -> Row {
    Row {
        events: vec![(id, index)],
        time: event.time,
        first: event.time,
        lines: BTreeSet::from([event.line]),
        bound: Vec::new(),
        order: Order::One(event.time, event.line, Vec::new()),
    }
}

fn joined(detection: &Detection, join: &Join, events: &[Seen], in_order: bool) -> Vec<Row> {
    let mut choices: Vec<Vec<Row>> = vec![Vec::new()];
    for operand in &join.operands {
        let operand_rows = rows(detection, operand, events);
        choices = choices
            .iter()
            .flat_map(|chosen| operand_rows.iter().map(|row| [chosen.as_slice(), std::slice::from_ref(row)].concat()))
            .filter(|chosen| different(chosen))
            .collect();
    }
    choices.retain(|chosen| {
        let times: Vec<i64> = chosen.iter().map(|row| row.time).collect();
        (!in_order || times.is_sorted())
            && times.iter().max().unwrap() - times.iter().min().unwrap() <= join.within.value
    });
    choices
        .iter()
        .flat_map(|chosen| common_keys(join, chosen, events).into_iter().map(|key| combine(join, chosen, &key)))
        .collect()
}

/// Whether the events of the rows are pairwise different.
fn different(rows: &[Row]) -> bool {
    let all: Vec<usize> = rows.iter().flat_map(|row| row.events.iter().map(|(_, index)| *index)).collect();
    all.iter().collect::<BTreeSet<_>>().len() == all.len()
}

/// For each key component the values that all operands have in common; every choice of one each.
fn common_keys(join: &Join, chosen: &[Row], events: &[Seen]) -> Vec<Vec<Json>> {
    let mut keys: Vec<Vec<Json>> = vec![Vec::new()];
    for key in &join.keys {
        let mut columns = key.columns.iter().zip(chosen).map(|(column, row)| values(row, column, events));
        let mut common = columns.next().unwrap();
        columns.for_each(|other| common.retain(|value| other.contains(value)));
        keys = keys
            .iter()
            .flat_map(|k| common.iter().map(|value| [k.as_slice(), std::slice::from_ref(value)].concat()))
            .collect();
    }
    keys
}

fn combine(join: &Join, chosen: &[Row], key: &[Json]) -> Row {
    let time = chosen.iter().map(|row| row.time).max().unwrap();
    let keys = join.keys.iter().zip(key).flat_map(|(k, value)| k.columns.iter().map(|c| (c.clone(), value.clone())));
    Row {
        events: chosen.iter().flat_map(|row| row.events.clone()).collect(),
        time,
        first: chosen.iter().map(|row| row.first).min().unwrap(),
        lines: chosen.iter().flat_map(|row| row.lines.clone()).collect(),
        bound: keys.chain(chosen.iter().flat_map(|row| row.bound.clone())).collect(),
        order: Order::Many(time, chosen.iter().map(|row| row.order.clone()).collect(), words(key)),
    }
}

fn without(detection: &Detection, n: &Negation, events: &[Seen], near: impl Fn(i64, i64) -> bool) -> Vec<Row> {
    let absent = rows(detection, &n.absent, events);
    let mut kept = rows(detection, &n.kept, events);
    kept.retain(|a| {
        let key = |row: &Row, index: usize| -> Vec<Vec<Json>> {
            n.keys.iter().map(|key| values(row, &key.columns[index], events)).collect()
        };
        let ours = key(a, 0);
        let equal = |theirs: Vec<Vec<Json>>| ours.iter().zip(theirs).all(|(x, y)| x.iter().any(|v| y.contains(v)));
        let there =
            absent.iter().any(|b| near(a.time, b.time) && equal(key(b, 1)) && different(&[a.clone(), b.clone()]));
        ours.iter().all(|values| !values.is_empty()) && !there
    });
    kept
}

fn groups(detection: &Detection, group: &Group, events: &[Seen]) -> Vec<Row> {
    let all = rows(detection, &pattern_of(group.event), events);
    let mut found = Vec::new();
    for row in &all {
        let mut keys: Vec<Vec<Json>> = vec![Vec::new()];
        for column in &group.keys {
            let values = values(row, column, events);
            keys = keys
                .iter()
                .flat_map(|k| values.iter().map(|v| [k.as_slice(), std::slice::from_ref(v)].concat()))
                .collect();
        }
        for key in keys {
            let in_window = |other: &&Row| {
                let equal = group.keys.iter().zip(&key).all(|(column, v)| values(other, column, events).contains(v));
                equal && (row.time - group.over.value..=row.time).contains(&other.time)
            };
            let window: Vec<&Row> = all.iter().filter(in_window).collect();
            let members: Vec<&Json> = window.iter().map(|other| &events[other.events[0].1].json).collect();
            if holds(&group.having, &members) {
                let mut row = row.clone();
                row.first = window.iter().map(|other| other.time).min().unwrap();
                row.lines = window.iter().flat_map(|other| other.lines.clone()).collect();
                row.order = Order::One(row.time, events[row.events[0].1].line, words(&key));
                row.bound.extend(group.keys.iter().cloned().zip(key));
                for (name, aggregate) in &group.named {
                    let column = Column { event: group.event, value: ColumnValue::Aggregate(name.clone()) };
                    let value = aggregated(aggregate, &members).and_then(to_json).unwrap_or(Json::Null);
                    row.bound.push((column, value));
                }
                found.push(row);
            }
        }
    }
    found
}

fn pattern_of(event: EventId) -> Pattern {
    super::build::one(event.0)
}

/// Conditions of the tests: comparisons of an aggregate with a number.
fn holds(having: &Having, window: &[&Json]) -> bool {
    match having {
        Logic::Const(value) => *value,
        Logic::Not(inner) => !holds(inner, window),
        Logic::And(parts) => parts.iter().all(|part| holds(part, window)),
        Logic::Or(parts) => parts.iter().any(|part| holds(part, window)),
        Logic::Atom(Comparison { op, left, right, .. }) => {
            let (ExprKind::Leaf(aggregate), ExprKind::Const(constant)) = (&left.kind, &right.kind) else {
                panic!("the tests compare an aggregate with a constant")
            };
            let (Value::Int(right), Some(left)) = (&constant.value, aggregated(aggregate, window)) else {
                return false;
            };
            op.holds(left.partial_cmp(&(*right as f64)).unwrap())
        }
    }
}

fn aggregated(aggregate: &Aggregate, window: &[&Json]) -> Option<f64> {
    let all = |field: &Field| window.iter().flat_map(|json| read(json, field)).collect::<Vec<Json>>();
    let numbers = |field: &Field| all(field).iter().filter_map(Json::as_f64).collect::<Vec<f64>>();
    let some = |numbers: Vec<f64>| Some(numbers).filter(|numbers| !numbers.is_empty());
    match aggregate {
        Aggregate::Count => Some(window.len() as f64),
        Aggregate::Distinct(field) => {
            let mut different: Vec<Json> = Vec::new();
            all(field).into_iter().for_each(|v| {
                if !different.contains(&v) {
                    different.push(v)
                }
            });
            Some(different.len() as f64)
        }
        Aggregate::Sum(field) => some(numbers(field)).map(|n| n.iter().sum()),
        Aggregate::Avg(field) => some(numbers(field)).map(|n| n.iter().sum::<f64>() / n.len() as f64),
        Aggregate::Min(field) => numbers(field).into_iter().reduce(f64::min),
        Aggregate::Max(field) => numbers(field).into_iter().reduce(f64::max),
    }
}

fn to_json(number: f64) -> Option<Json> {
    JsonNumber::from_f64(number).map(Json::Number)
}

/// The values of a column of a row.
fn values(row: &Row, column: &Column, events: &[Seen]) -> Vec<Json> {
    if let Some((_, value)) = row.bound.iter().find(|(bound, _)| bound == column) {
        return if value.is_null() { Vec::new() } else { vec![value.clone()] };
    }
    let event = row.events.iter().find(|(id, _)| *id == column.event).map(|(_, index)| &events[*index].json);
    column.as_field().zip(event).map_or_else(Vec::new, |(field, json)| read(json, field))
}

/// The values of a top-level field, `null`, `[]` and `""` being none; each different one once is not asked for here.
fn read(json: &Json, field: &Field) -> Vec<Json> {
    let there = |value: &Json| !value.is_null() && *value != Json::String(String::new());
    let mut values = match &json[&*field.name] {
        Json::Array(members) => members.clone(),
        other => vec![other.clone()],
    };
    values.retain(there);
    values
}

fn tuples(row: &Row, entity: &[EntityColumn], events: &[Seen]) -> Vec<Vec<Json>> {
    let mut tuples: Vec<Vec<Json>> = vec![Vec::new()];
    for column in entity {
        let mut values = values(row, &column.column, events);
        if values.is_empty() {
            values.push(Json::Null);
        }
        tuples = tuples
            .iter()
            .flat_map(|t| values.iter().map(|v| [t.as_slice(), std::slice::from_ref(v)].concat()))
            .collect();
    }
    tuples
}

fn words(key: &[Json]) -> Vec<String> {
    key.iter().map(|value| value.as_str().unwrap_or_default().to_owned()).collect()
}
