//! Plans and events by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Value as Json, json};

use crate::eval::{Alert, Evaluator, EventError, Options};
use crate::plan::*;
use crate::source::{SourceId, Span};

pub fn span() -> Span {
    Span::new(SourceId(0), 0..0)
}

pub fn list(ty: Type) -> Type {
    Type::List(Box::new(ty))
}

pub fn field(name: &str, ty: Type) -> Field {
    Field { name: name.into(), ty }
}

pub fn text(name: &str) -> Field {
    field(name, Type::String)
}

pub fn class(name: &str) -> Arc<Class> {
    Arc::new(Class { name: name.to_owned(), doc: String::new(), fields: BTreeMap::new() })
}

pub fn atom(kind: TestKind) -> Pred {
    Logic::Atom(Test { kind, span: span(), call: span() })
}

/// Events of class `e` in which the Boolean field `name` is true.
pub fn event(name: &str) -> Event {
    let flag = TestKind::Bool { field: field(name, Type::Bool), value: Operand::literal(true) };
    event_where(name, "e", atom(flag))
}

pub fn event_where(name: &str, of: &str, predicate: Pred) -> Event {
    Event { name: name.to_owned(), doc: String::new(), class: class(of), predicate, span: span() }
}

pub fn pattern(kind: PatternKind) -> Pattern {
    Pattern { kind, span: span() }
}

pub fn one(id: usize) -> Pattern {
    pattern(PatternKind::Event(EventId(id)))
}

pub fn column(event: usize, field: Field) -> Column {
    Column::field(EventId(event), field)
}

pub fn key(columns: impl IntoIterator<Item = Column>) -> Key {
    Key { columns: columns.into_iter().collect(), span: span() }
}

/// `by k`, the text field, of these events.
pub fn by_k(events: &[usize]) -> Vec<Key> {
    vec![key(events.iter().map(|event| column(*event, text("k"))))]
}

fn join(operands: Vec<Pattern>, within: i64, keys: Vec<Key>) -> Join {
    Join { operands, within: Operand::literal(within), keys }
}

pub fn then(operands: Vec<Pattern>, within: i64, keys: Vec<Key>) -> Pattern {
    pattern(PatternKind::Then(join(operands, within, keys)))
}

pub fn with(operands: Vec<Pattern>, within: i64, keys: Vec<Key>) -> Pattern {
    pattern(PatternKind::With(join(operands, within, keys)))
}

fn negation(kept: Pattern, absent: Pattern, within: i64, keys: Vec<Key>) -> Negation {
    Negation { kept: Box::new(kept), absent: Box::new(absent), within: Operand::literal(within), keys }
}

pub fn not_followed(kept: Pattern, absent: Pattern, within: i64, keys: Vec<Key>) -> Pattern {
    pattern(PatternKind::NotFollowed(negation(kept, absent, within, keys)))
}

pub fn not_preceded(kept: Pattern, absent: Pattern, within: i64, keys: Vec<Key>) -> Pattern {
    pattern(PatternKind::NotPreceded(negation(kept, absent, within, keys)))
}

pub fn grouped(event: usize, keys: Vec<Column>, over: i64, having: Having, named: &[(&str, Aggregate)]) -> Pattern {
    let named = named.iter().map(|(name, aggregate)| ((*name).to_owned(), aggregate.clone())).collect();
    pattern(PatternKind::Grouped(Group { event: EventId(event), keys, over: Operand::literal(over), having, named }))
}

/// `aggregate op value`
pub fn having(aggregate: Aggregate, ty: Type, op: Order, value: Value) -> Having {
    let constant = Expr { kind: ExprKind::Const(Operand::literal(value)), ty: ty.clone() };
    let left = Expr { kind: ExprKind::Leaf(aggregate), ty };
    Logic::Atom(Comparison { op, cased: false, left, right: constant })
}

pub fn at_least(count: i64) -> Having {
    having(Aggregate::Count, Type::Int, Order::Ge, Value::Int(count))
}

/// A detection over these events; its entity's columns are named after their fields.
pub fn detection(events: Vec<Event>, pattern: Pattern, entity: Vec<Column>, suppress: Option<i64>) -> Detection {
    let name = |column: &Column| match &column.value {
        ColumnValue::Field(field) => format!("{}.{}", column.event.0, field.name),
        ColumnValue::Aggregate(name) => name.clone(),
    };
    let entity = entity.into_iter().map(|c| EntityColumn { name: name(&c), column: c, span: span() }).collect();
    Detection {
        name: "d".to_owned(),
        id: String::new(),
        title: String::new(),
        description: String::new(),
        release: Default::default(),
        severity: AlertSeverity::High,
        otherwise: false,
        false_positives: Vec::new(),
        accepts: Vec::new(),
        events: events.into_iter().map(Arc::new).collect(),
        pattern,
        entity,
        suppress: suppress.map(Operand::literal),
        span: span(),
    }
}

pub fn strategy(detections: Vec<Detection>) -> Strategy {
    let analytic = Analytic {
        id: "AN0001".to_owned(),
        title: String::new(),
        description: String::new(),
        platform: String::new(),
        sources: Vec::new(),
        detections,
        span: span(),
    };
    Strategy {
        id: "DET0001".to_owned(),
        title: String::new(),
        description: String::new(),
        attack: None,
        techniques: Vec::new(),
        tactics: Vec::new(),
        references: Vec::new(),
        authors: Vec::new(),
        date: None,
        parameters: Vec::new(),
        analytics: vec![analytic],
        classes: BTreeMap::new(),
        span: span(),
    }
}

/// An event of class `e` this many milliseconds after 2026-01-01, with these fields and flags.
pub fn at(time: i64, flags: &str, fields: Json) -> String {
    let mut event = json!({"class": "e", "@timestamp": super::super::time::format(1_767_225_600_000 + time)});
    let object = event.as_object_mut().unwrap();
    object.extend(flags.chars().map(|flag| (flag.to_string(), Json::Bool(true))));
    object.extend(fields.as_object().cloned().unwrap_or_default());
    event.to_string()
}

/// An event with the key `k`.
pub fn k(time: i64, flags: &str, key: &str) -> String {
    at(time, flags, json!({"k": key}))
}

/// What an alert says, times relative to 2026-01-01.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    pub entity: Vec<Json>,
    pub first: i64,
    pub last: i64,
    pub lines: Vec<u64>,
}

/// The alerts of a strategy's detections over the lines, and the errors by line.
pub fn run(strategy: &Strategy, lines: &[String], slack: Option<i64>) -> (Vec<Said>, Vec<(u64, EventError)>) {
    let mut evaluator = Evaluator::new(strategy.units().collect(), Options { slack });
    let (mut alerts, mut errors) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(lines) {
        if let Err(error) = evaluator.push_line(number, line.as_bytes(), &mut alerts) {
            errors.push((number, error));
        }
    }
    evaluator.finish(&mut alerts);
    (alerts.into_iter().map(said).collect(), errors)
}

fn said(alert: Alert<'_>) -> Said {
    let start = 1_767_225_600_000;
    let entity = alert.entity.into_iter().map(|(_, value)| value).collect();
    Said { entity, first: alert.first - start, last: alert.last - start, lines: alert.lines }
}

/// The lines of each alert of one detection over the events, in any order allowed.
pub fn alert_lines(detection: Detection, lines: &[String]) -> Vec<Vec<u64>> {
    let (alerts, errors) = run(&strategy(vec![detection]), lines, None);
    assert_eq!(errors, [], "every line of a test is valid");
    alerts.into_iter().map(|said| said.lines).collect()
}

/// Whether one event of class `e` with these fields satisfies the predicate.
pub fn satisfies(predicate: Pred, fields: Json) -> bool {
    let detection = detection(vec![event_where("x", "e", predicate)], one(0), vec![column(0, text("id"))], None);
    !alert_lines(detection, &[at(0, "", fields)]).is_empty()
}
