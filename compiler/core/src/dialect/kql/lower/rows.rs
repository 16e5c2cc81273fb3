//! The rows of a pattern as a table with a time, and a column for everything that something above needs.

use std::collections::BTreeSet;

use super::columns::is_list;
use super::reach::Reach;
use super::{Context, event, field, group, join, negation};
use crate::dialect::kql::ast::{Assign, Expr, LetValue, Pipeline, Step};
use crate::plan::facts::may_overlap;
use crate::plan::{Column, EventId, Key, Pattern, PatternKind};

/// The rows of a pattern.
#[derive(Debug, Clone)]
pub struct Rows {
    /// The table.
    pub pipeline: Pipeline,
    /// What it may be called.
    pub label: String,
    /// The column of the row's time.
    pub time: String,
    /// The column of the earliest time that is known of the row.
    pub first: String,
}

/// Where rows are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// By the result, which needs no row time.
    Result,
    /// By another operator, which needs it.
    Operand,
}

/// A table that is not bound to a name.
pub fn rows(cx: &mut Context<'_>, pattern: &Pattern, need: &BTreeSet<String>, place: Place) -> Rows {
    match &pattern.kind {
        PatternKind::Event(id) => {
            let time = cx.columns.time(*id);
            let pipeline = event::pipeline(cx, *id, need);
            Rows { pipeline, label: cx.event_name(*id).to_owned(), first: time.clone(), time }
        }
        PatternKind::Then(inner) => join::rows(cx, inner, join::Arrangement::InOrder, need, place),
        PatternKind::With(inner) => join::rows(cx, inner, join::Arrangement::Any, need, place),
        PatternKind::NotFollowed(inner) => negation::rows(cx, inner, Reach::After, need),
        PatternKind::NotPreceded(inner) => negation::rows(cx, inner, Reach::StrictlyBefore, need),
        PatternKind::Grouped(inner) => group::rows(cx, inner, need),
    }
}

/// How often a table is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Once.
    Once,
    /// Several times: it is evaluated once.
    Often,
}

/// The rows of an operand, bound to a name, with what `finish` adds to them.
pub fn operand(
    cx: &mut Context<'_>,
    pattern: &Pattern,
    need: &BTreeSet<String>,
    uses: Use,
    finish: impl FnOnce(&mut Context<'_>, Rows) -> Rows,
) -> Rows {
    let unbound = rows(cx, pattern, need, Place::Operand);
    let rows = finish(cx, unbound);
    let comment = match &pattern.kind {
        PatternKind::Event(id) => cx.event(*id).and_then(|e| e.doc.lines().next()).unwrap_or_default().to_owned(),
        PatternKind::Then(_)
        | PatternKind::With(_)
        | PatternKind::NotFollowed(_)
        | PatternKind::NotPreceded(_)
        | PatternKind::Grouped(_) => rows.label.replace('_', " "),
    };
    let value = match uses {
        Use::Once => LetValue::Rows(rows.pipeline),
        Use::Often => LetValue::Materialized(rows.pipeline),
    };
    let pipeline = cx.bind(&rows.label, &comment, value);
    Rows { pipeline, ..rows }
}

/// Pairs of an event of one and an event of the other pattern that one event of the site could be both of.
pub fn clashes(cx: &Context<'_>, a: &Pattern, b: &Pattern) -> Vec<(EventId, EventId)> {
    let right = b.row_events();
    let pairs = a.row_events().into_iter().flat_map(|x| right.iter().map(move |y| (x, *y)));
    let overlap = |(x, y): &(EventId, EventId)| match (cx.event(*x), cx.event(*y)) {
        (Some(x), Some(y)) => may_overlap(x, y),
        _ => false,
    };
    pairs.filter(overlap).collect()
}

/// A column of a key, and its name in the rows that are joined.
pub type KeyColumn = (Column, String);

/// The key columns of an operand.
pub fn key_columns(cx: &Context<'_>, operand: &Pattern, keys: &[Key], index: usize) -> Vec<KeyColumn> {
    let columns = keys.iter().filter_map(|key| key.columns.get(index));
    columns.map(|column| (column.clone(), cx.columns.name_in(operand, column))).collect()
}

/// What an operand must carry: what is needed of it above, its key columns, and the ids of events that must differ.
pub fn needed(
    cx: &Context<'_>,
    operand: &Pattern,
    keys: &[Key],
    index: usize,
    above: &BTreeSet<String>,
    ids: impl Iterator<Item = EventId>,
) -> BTreeSet<String> {
    let given = cx.columns.given(operand);
    let own = key_columns(cx, operand, keys, index).into_iter().map(|(_, name)| name);
    above
        .iter()
        .filter(|name| given.contains(name.as_str()))
        .cloned()
        .chain(own)
        .chain(ids.map(|id| cx.columns.id(id)))
        .collect()
}

/// A table with its key columns ready to be joined on, and their names. A field with several values has a row for each.
pub fn keyed(cx: &mut Context<'_>, rows: Pipeline, columns: Vec<KeyColumn>) -> (Pipeline, Vec<String>) {
    let mut rows = rows;
    let mut names = Vec::new();
    for (column, name) in columns {
        match expansion(cx, &column, &name) {
            Some((value, steps)) => {
                rows.steps.extend(steps);
                names.push(value);
            }
            None => names.push(name),
        }
    }
    (rows, names)
}

/// One row for each value of a column with several; none for any other column, and where it has its one value already.
fn expansion(cx: &mut Context<'_>, column: &Column, name: &str) -> Option<(String, Vec<Step>)> {
    let field = column.as_field().filter(|_| is_list(column))?;
    let span = cx.event(column.event)?.span;
    let access = field::access(cx, column.event, field, &field::Derived::new(), span)?;
    let value = cx.columns.value_name(column).filter(|value| *value != name)?.clone();
    let array = field::Access { expr: Expr::name(name), ..access.clone() };
    let member = access.member(&value);
    let guard = event::present(cx, &member, span);
    let expand = Step::MvExpand { name: value.clone(), value: array.members(), ty: member.native };
    Some((value, vec![expand, Step::Where(guard)]))
}

/// Each once, in order.
pub fn each_once<T: PartialEq>(items: impl IntoIterator<Item = T>) -> Vec<T> {
    let mut seen: Vec<T> = Vec::new();
    for item in items {
        if !seen.contains(&item) {
            seen.push(item);
        }
    }
    seen
}

/// Nothing but these columns, each row once where the product can tell rows apart: it cannot by a dynamic column, and a
/// row that stands twice changes no result.
pub fn narrowed(cx: &Context<'_>, columns: impl IntoIterator<Item = String>) -> Step {
    let columns = each_once(columns);
    if columns.iter().any(|column| cx.columns.holds_several(column)) {
        Step::Project(same(columns))
    } else {
        Step::Distinct(columns)
    }
}

/// What two tables are joined on: their keys and the bucket.
pub fn on(left: &[String], right: &[String], bucket: &str) -> Vec<(String, String)> {
    let keys = left.iter().cloned().zip(right.iter().cloned());
    each_once(keys.chain([(bucket.to_owned(), bucket.to_owned())]))
}

/// The columns as they are.
pub fn same(columns: impl IntoIterator<Item = String>) -> Vec<Assign> {
    each_once(columns).into_iter().map(|c| (c.clone(), Expr::Name(c))).collect()
}
