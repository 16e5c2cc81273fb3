//! Small plans for the tests of dialects.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value as Json};

use super::{Dialect, Extent, Query, Request};
use crate::capability::Findings;
use crate::native::ClassWrite;
use crate::plan::{
    Aggregate, AlertSeverity, Analytic, Class, Column, Comparison, Detection, EntityColumn, Event, EventId, Expr,
    ExprKind, Field, Group, Join, Key, Logic, Negation, Operand, Order, ParamRef, Parameter, ParameterKind, Pattern,
    PatternKind, Pred, Strategy, Test, TestKind, TextOp, TextTest, Type, Unit, Value,
};
use crate::source::{SourceId, Span};
use crate::target::{Access, ClassBinding, FieldBinding, Limits, Profile, Target, Text};

/// Some place.
pub fn span() -> Span {
    Span::new(SourceId(0), 0..1)
}

/// A text field.
pub fn text(name: &str) -> Field {
    Field { name: name.into(), ty: Type::String }
}

/// A field of a type.
pub fn field(name: &str, ty: Type) -> Field {
    Field { name: name.into(), ty }
}

/// A test.
pub fn test(kind: TestKind) -> Pred {
    Logic::Atom(Test { kind, span: span(), call: span() })
}

/// `name in values`, case ignored.
pub fn is(name: &str, values: &[&str]) -> Pred {
    let values = Operand::literal(values.iter().map(|v| (*v).to_owned()).collect());
    test(TestKind::Text(TextTest { field: text(name), op: TextOp::Equals(values), cased: false }))
}

/// A pattern of this form.
pub fn pattern(kind: PatternKind) -> Pattern {
    Pattern { kind, span: span() }
}

/// The event with this number.
pub fn event(n: usize) -> Pattern {
    pattern(PatternKind::Event(EventId(n)))
}

/// A key of these text fields, one for each event in order.
pub fn key(columns: &[(usize, &str)]) -> Key {
    let columns = columns.iter().map(|(n, name)| Column::field(EventId(*n), text(name))).collect();
    Key { columns, span: span() }
}

/// Operands within so many milliseconds.
pub fn join(operands: Vec<Pattern>, within: i64, keys: Vec<Key>) -> Join {
    Join { operands, within: Operand::literal(within), keys }
}

/// The first event without the second within so many milliseconds.
pub fn negation(within: i64, keys: Vec<Key>) -> Negation {
    Negation { kept: Box::new(event(0)), absent: Box::new(event(1)), within: Operand::literal(within), keys }
}

/// The first event grouped by a text field, an aggregate against a number.
pub fn group(by: &str, over: i64, aggregate: Aggregate, op: Order, number: i64) -> Pattern {
    let side = |kind| Expr { kind, ty: Type::Int };
    let comparison = Comparison {
        op,
        cased: false,
        left: side(ExprKind::Leaf(aggregate)),
        right: side(ExprKind::Const(Operand::literal(Value::Int(number)))),
    };
    pattern(PatternKind::Grouped(Group {
        event: EventId(0),
        keys: vec![Column::field(EventId(0), text(by))],
        over: Operand::literal(over),
        having: Logic::Atom(comparison),
        named: Vec::new(),
    }))
}

/// The field names that a profile binds natively, each to its own name, with the types given by `type_of`.
fn profile(source: &Json, events: &[(&str, Pred)], natives: &[(&str, FieldBinding)]) -> Profile {
    let fields: BTreeMap<Text, Arc<FieldBinding>> =
        natives.iter().map(|(name, b)| ((*name).to_owned().into(), Arc::new(b.clone()))).collect();
    let source_of = |name: &str| -> Map<String, Json> {
        serde_json::from_str(&source.to_string().replace("$class", name)).unwrap_or_default()
    };
    let class = |name: &str| {
        (
            name.to_owned(),
            ClassBinding {
                source: source_of(name),
                fields: fields.clone(),
                collect: Text::default(),
                evidence: Text::default(),
                write: ClassWrite::default(),
            },
        )
    };
    Profile {
        id: "site".to_owned(),
        title: String::new(),
        description: String::new(),
        settings: Map::new(),
        platforms: Vec::new(),
        classes: events.iter().map(|(name, _)| class(name)).map(|(name, class)| (name, class.into())).collect(),
        narrow: BTreeMap::new(),
    }
}

/// A field under its own name.
pub fn native(name: &str, native_type: &str) -> FieldBinding {
    let access = Access::Native(name.to_owned().into());
    FieldBinding { native_type: native_type.to_owned().into(), ..access.into() }
}

/// What a dialect makes of a detection over events, each of a class of its own name, whose fields are bound as given.
pub struct Sample<'a> {
    /// The dialect.
    pub dialect: &'a dyn Dialect,
    /// The source of every class; `$class` stands for its name.
    pub source: Json,
    /// Names and predicates.
    pub events: Vec<(&'a str, Pred)>,
    /// The pattern.
    pub pattern: Pattern,
    /// The entity: event and text field.
    pub entity: Vec<(usize, &'a str)>,
    /// The profile's fields.
    pub fields: Vec<(&'a str, FieldBinding)>,
}

impl Sample<'_> {
    /// The queries and what was found on the way.
    pub fn lower(&self) -> (Vec<Query>, Findings) {
        let event = |(name, predicate): &(&str, Pred)| {
            let fields = self.fields.iter().map(|(f, _)| ((*f).to_owned(), (text(f), String::new()))).collect();
            let class = Arc::new(Class { name: (*name).to_owned(), doc: String::new(), fields });
            Event { name: (*name).to_owned(), doc: String::new(), class, predicate: predicate.clone(), span: span() }
        };
        let entity = |(n, name): &(usize, &str)| EntityColumn {
            column: Column::field(EventId(*n), text(name)),
            name: (*name).to_owned(),
            span: span(),
        };
        let detection = Detection {
            name: "candidate".to_owned(),
            id: "afec8de5-7569-455a-8063-394fe2c431cb".to_owned(),
            title: "Crypto library and connection".to_owned(),
            description: "For hunting.".to_owned(),
            release: Default::default(),
            severity: AlertSeverity::Low,
            otherwise: false,
            false_positives: vec!["Agents".to_owned()],
            accepts: Vec::new(),
            events: self.events.iter().map(event).map(Arc::new).collect(),
            pattern: self.pattern.clone(),
            entity: self.entity.iter().map(entity).collect(),
            suppress: None,
            span: span(),
        };
        let analytic = Analytic {
            id: "AN1496".to_owned(),
            title: String::new(),
            description: String::new(),
            platform: "windows".to_owned(),
            sources: Vec::new(),
            detections: vec![detection.clone()],
            span: span(),
        };
        let strategy = Strategy {
            id: "DET0543".to_owned(),
            title: String::new(),
            description: String::new(),
            attack: None,
            techniques: vec!["T1573.002".to_owned()],
            tactics: vec!["command-and-control".to_owned()],
            references: Vec::new(),
            authors: Vec::new(),
            date: None,
            parameters: vec![parameter("AllowedProcesses")],
            analytics: Vec::new(),
            classes: BTreeMap::new(),
            span: span(),
        };
        let profile = profile(&self.source, &self.events, &self.fields);
        let target = Target {
            id: "product".to_owned(),
            title: String::new(),
            dialects: vec![self.dialect.id().to_owned()],
            default_profile: BTreeMap::new(),
            limits: Limits::default(),
            settings: Map::new(),
            templates: BTreeMap::new(),
            sources: BTreeMap::new(),
            profiles: BTreeMap::new(),
            pack: None,
        };
        let unit = Unit { strategy: &strategy, analytic: &analytic, detection: &detection };
        let mut findings = Findings::default();
        let queries = self.dialect.lower(
            &Request { unit, target: &target, profile: &profile, deployment: None, extent: Extent::Rules },
            &mut findings,
        );
        (queries, findings)
    }

    /// All queries as one text, nothing having been refused.
    pub fn text(&self) -> String {
        let (queries, findings) = self.lower();
        assert_eq!(findings.refusals, Vec::new(), "refused");
        queries.iter().map(|q| q.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// The reasons of the refusals.
    pub fn refusals(&self) -> Vec<String> {
        self.lower().1.refusals.into_iter().map(|r| r.reason).collect()
    }
}

/// A parameter that lists globs.
fn parameter(name: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        kind: ParameterKind::Mutable,
        analytic: None,
        doc: String::new(),
        ty: Type::List(Box::new(Type::Glob)),
        bounds: BTreeMap::new(),
        default: Arc::new(Value::List(Vec::new())),
        value: Arc::new(Value::List(Vec::new())),
        layers: Vec::new(),
        span: span(),
    }
}

/// The first parameter.
pub fn allowed() -> Option<ParamRef> {
    Some(ParamRef { index: 0, field: None })
}
