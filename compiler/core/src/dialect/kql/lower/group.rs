//! `grouped`: for every key and moment, the aggregates over the events of the window before it.

use std::collections::BTreeSet;

use super::columns::{Cell, aggregates};
use super::compare;
use super::names::pascal;
use super::pred::Nulls;
use super::reach::{self, Reach};
use super::rows::{self, Rows};
use super::{Context, constants, event, field};
use crate::dialect::kql::ast::{Assign, BinaryOp, Expr, JoinKind, LetValue, Pipeline, Scalar, Step};
use crate::plan::{Aggregate, Column, Comparison, EventId, Field, Group, Having, Logic, Type};
use crate::source::Span;

/// The rows of a group.
pub fn rows(cx: &mut Context<'_>, group: &Group, need: &BTreeSet<String>) -> Rows {
    let id = group.event;
    let name = cx.event_name(id).to_owned();
    let given: BTreeSet<String> = fields_given(cx, id);
    let window = constants::window(cx, &group.over, &format!("{name}_over"));
    let wanted = wanted(cx, group, need, &given);
    let time = cx.columns.time(id);

    let unbound = event::pipeline(cx, id, &wanted);
    let keys = group.keys.iter().map(|key| (key.clone(), cx.columns.name(key))).collect();
    let (unbound, keys) = rows::keyed(cx, unbound, keys);
    let keys = rows::each_once(keys);
    let comment = cx.event(id).and_then(|e| e.doc.lines().next()).unwrap_or_default().to_owned();
    let events = cx.bind(&name, &comment, LetValue::Materialized(unbound));

    let windows = Windows { cx, group, keys: &keys, time: &time, window: &window, events: &events };
    let (mut pipeline, first) = windows.rows(&name);
    // Key and moment make the row; other columns and ids come from the events themselves.
    let beyond: Vec<String> = need.iter().filter(|c| given.contains(*c) && !keys.contains(c)).cloned().collect();
    if !beyond.is_empty() {
        let on = keys.iter().chain([&time]).map(|c| (c.clone(), c.clone())).collect();
        pipeline = pipeline.then(Step::Join { kind: JoinKind::Inner, right: events, on });
    }
    let pipeline = pipeline.filter(late_guards(cx, group, id));
    Rows { pipeline, label: format!("{name}_windows"), time, first }
}

/// What the event's table, and not its windows, gives.
fn fields_given(cx: &Context<'_>, id: EventId) -> BTreeSet<String> {
    let own = cx.columns.cells(id).iter().filter(|(_, cell)| !matches!(cell, Cell::Aggregate(_)));
    own.map(|(name, _)| name.clone()).collect()
}

/// What the event's table must carry.
fn wanted(cx: &Context<'_>, group: &Group, need: &BTreeSet<String>, given: &BTreeSet<String>) -> BTreeSet<String> {
    let columns = all_aggregates(group)
        .into_iter()
        .filter_map(|a| a.field().map(|f| cx.columns.name(&Column::field(group.event, f.clone()))));
    let keys = group.keys.iter().map(|k| cx.columns.name(k));
    need.intersection(given).cloned().chain(columns).chain(keys).collect()
}

/// The aggregates of the condition and of the row, each once.
fn all_aggregates(group: &Group) -> Vec<Aggregate> {
    let mut all = aggregates(&group.having);
    for (_, aggregate) in &group.named {
        if !all.contains(aggregate) {
            all.push(aggregate.clone());
        }
    }
    all
}

/// Keys of the operators around the group that are not the group's own.
fn late_guards(cx: &mut Context<'_>, group: &Group, id: EventId) -> Expr {
    let columns: Vec<Column> = cx.columns.required_late(id).filter(|c| !group.keys.contains(c)).cloned().collect();
    let span = cx.event(id).map_or(cx.detection().span, |e| e.span);
    let mut guards = Vec::new();
    for column in columns {
        let name = cx.columns.name(&column);
        let guard = match column.as_field() {
            None => Expr::Call("isnotnull", vec![Expr::Name(name)]),
            Some(field) => late_guard(cx, id, field, name, span),
        };
        guards.push(guard);
    }
    Expr::and(guards)
}

fn late_guard(cx: &mut Context<'_>, id: EventId, field: &Field, name: String, span: Span) -> Expr {
    let Some(access) = field::access(cx, id, field, &field::Derived::new(), span) else { return Expr::Bool(true) };
    if access.list {
        let array = field::Access { expr: Expr::Name(name), ..access };
        return event::present(cx, &array, span);
    }
    if access.always {
        return Expr::Bool(true);
    }
    let function = if access.value_type() == Scalar::Text { "isnotempty" } else { "isnotnull" };
    Expr::Call(function, vec![Expr::Name(name)])
}

/// What the windows of a group are made of.
struct Windows<'c, 'a, 'g> {
    cx: &'c mut Context<'a>,
    group: &'g Group,
    keys: &'g [String],
    time: &'g str,
    window: &'g Expr,
    events: &'g Pipeline,
}

impl Windows<'_, '_, '_> {
    /// One row for every key and moment whose window satisfies the condition, and the column of the window's first time.
    fn rows(self, name: &str) -> (Pipeline, String) {
        let Windows { cx, group, keys, time, window, events } = self;
        let (earlier, first) =
            (cx.names.fresh_column(&format!("{name}_earlier")), cx.names.fresh_column(&format!("{name}_first")));
        let bucket = cx.bucket();
        let all = all_aggregates(group);
        let span = cx.event(group.event).map_or(cx.detection().span, |e| e.span);
        let mut summary = Summary { columns: Vec::new(), fixes: Vec::new(), names: Vec::new() };
        for aggregate in &all {
            summary.add(cx, group, aggregate, span);
        }
        let values = all.iter().filter_map(|a| a.field());
        let values: Vec<String> = values.map(|f| cx.columns.name(&Column::field(group.event, f.clone()))).collect();
        let mut carried = rows::same(keys.iter().cloned().chain(values));
        carried.push((bucket.clone(), reach::bucket(time, window)));
        carried.push((earlier.clone(), Expr::name(time)));
        let right = events.clone().then(Step::Project(carried));
        let on = rows::on(keys, keys, &bucket);
        let moments = keys.iter().cloned().chain([time.to_owned()]).collect();
        let mut columns = vec![(Some(first.clone()), Expr::Call("min", vec![Expr::name(&earlier)]))];
        columns.extend(summary.columns.iter().map(|(name, value)| (Some(name.clone()), value.clone())));
        let by = rows::same(keys.iter().cloned().chain([time.to_owned()]));
        let mut rows = events
            .clone()
            .then(Step::Distinct(moments))
            .then(reach::buckets(Reach::Before, &bucket, time, window))
            .then(Step::Join { kind: JoinKind::Inner, right, on })
            .filter(reach::holds(Reach::Before, time, &earlier, window))
            .then(Step::Summarize { columns, by });
        if !summary.fixes.is_empty() {
            rows = rows.then(Step::Extend(summary.fixes.clone()));
        }
        let condition = having(cx, &summary.names, &group.having, Nulls::Dropped, span);
        (rows.filter(condition), first)
    }
}

/// The aggregate columns of a group.
struct Summary {
    /// Those that `summarize` computes.
    columns: Vec<Assign>,
    /// Those that are null where there was no value; Kusto's own results of nothing differ by function.
    fixes: Vec<Assign>,
    /// The name of each aggregate.
    names: Vec<(Aggregate, String)>,
}

impl Summary {
    fn add(&mut self, cx: &mut Context<'_>, group: &Group, aggregate: &Aggregate, span: Span) {
        let (function, field) = match aggregate {
            Aggregate::Count => ("count", None),
            Aggregate::Distinct(f) => ("count_distinctif", Some(f)),
            Aggregate::Sum(f) => ("sum", Some(f)),
            Aggregate::Min(f) => ("min", Some(f)),
            Aggregate::Max(f) => ("max", Some(f)),
            Aggregate::Avg(f) => ("avg", Some(f)),
        };
        let name = name(cx, group, aggregate);
        self.names.push((aggregate.clone(), name.clone()));
        let Some(field) = field else {
            self.columns.push((name, Expr::Call(function, Vec::new())));
            return;
        };
        let Some(access) = field::access(cx, group.event, field, &field::Derived::new(), span) else { return };
        if access.list {
            let reason = format!("`{}` may hold several values, which are not aggregated here", field.name);
            cx.refuse(&reason, span);
            return;
        }
        let column = Expr::Name(cx.columns.name(&Column::field(group.event, field.clone())));
        let there = match access.value_type() {
            Scalar::Text => "isnotempty",
            Scalar::Int
            | Scalar::Long
            | Scalar::Real
            | Scalar::Bool
            | Scalar::Datetime
            | Scalar::Timespan
            | Scalar::Dynamic
            | Scalar::Guid => "isnotnull",
        };
        let present = Expr::Call(there, vec![column.clone()]);
        if let Aggregate::Distinct(_) = aggregate {
            self.columns.push((name, Expr::Call(function, vec![column, present])));
            return;
        }
        let count = cx.names.fresh_column(&format!("{name}Of"));
        self.columns.push((name.clone(), Expr::Call(function, vec![column])));
        self.columns.push((count.clone(), Expr::Call("countif", vec![present])));
        let some = Expr::binary(Expr::Name(count), BinaryOp::Greater, Expr::Long(0));
        let null = Expr::Null(result_type(aggregate, &field.ty, access.value_type()));
        self.fixes.push((name.clone(), Expr::Call("iff", vec![some, Expr::Name(name), null])));
    }
}

/// The type of an aggregate of values of this type: whole numbers become `long`, averages of numbers `real`.
fn result_type(aggregate: &Aggregate, declared: &Type, native: Scalar) -> Scalar {
    match (aggregate, native) {
        (Aggregate::Avg(_), Scalar::Int | Scalar::Long | Scalar::Real) => Scalar::Real,
        (Aggregate::Sum(_), Scalar::Int | Scalar::Long) => Scalar::Long,
        (Aggregate::Min(_) | Aggregate::Max(_), _) if *declared.scalar() == Type::Float => native,
        (_, native) => native,
    }
}

/// The name of an aggregate's column: the row's, if the row has it.
fn name(cx: &mut Context<'_>, group: &Group, aggregate: &Aggregate) -> String {
    let named = group.named.iter().filter(|(_, a)| a == aggregate).find_map(|(name, _)| {
        let column = Column { event: group.event, value: crate::plan::ColumnValue::Aggregate(name.clone()) };
        Some(cx.columns.name(&column)).filter(|n| !n.is_empty())
    });
    if let Some(named) = named {
        return named;
    }
    let (word, field) = match aggregate {
        Aggregate::Count => ("Events", None),
        Aggregate::Distinct(f) => ("Distinct", Some(f)),
        Aggregate::Sum(f) => ("Sum", Some(f)),
        Aggregate::Min(f) => ("Min", Some(f)),
        Aggregate::Max(f) => ("Max", Some(f)),
        Aggregate::Avg(f) => ("Average", Some(f)),
    };
    let wanted = format!("{word}{}", field.map(|f| pascal(&f.name)).unwrap_or_default());
    cx.names.fresh_column(&wanted)
}

/// The condition over the aggregates.
fn having(cx: &mut Context<'_>, names: &[(Aggregate, String)], having: &Having, nulls: Nulls, span: Span) -> Expr {
    let part = |cx: &mut Context<'_>, p: &Having, nulls| self::having(cx, names, p, nulls, span);
    match having {
        Logic::Const(b) => Expr::Bool(*b),
        Logic::Not(inner) => Expr::not(part(cx, inner, Nulls::Counted)),
        Logic::And(parts) => Expr::and(parts.iter().map(|p| part(cx, p, nulls)).collect::<Vec<_>>()),
        Logic::Or(parts) => Expr::or(parts.iter().map(|p| part(cx, p, Nulls::Counted)).collect::<Vec<_>>()),
        Logic::Atom(comparison) => atom(cx, names, comparison, nulls, span),
    }
}

fn atom(
    cx: &mut Context<'_>,
    names: &[(Aggregate, String)],
    comparison: &Comparison<Aggregate>,
    nulls: Nulls,
    span: Span,
) -> Expr {
    let mut leaf = |_: &mut Context<'_>, aggregate: &Aggregate| {
        names.iter().find(|(a, _)| a == aggregate).map_or(Expr::Bool(false), |(_, name)| Expr::name(name))
    };
    compare::compare(cx, comparison, &mut leaf, nulls, span)
}
