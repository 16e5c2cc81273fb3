//! What a rule returns: one row for each tuple of the entity, with the first and last time it was seen and whatever the
//! product asks of a result.

use std::collections::BTreeSet;

use super::constants::{self, TICKS};
use super::names::pascal;
use super::rows::{self, Place, Rows};
use super::{Context, event, field};
use crate::dialect::ResultColumn;
use crate::dialect::kql::ast::{Assign, BinaryOp, Expr, Pipeline, Step};
use crate::plan::facts::Equalities;
use crate::plan::{Column, ColumnValue, EventId, PatternKind};

/// The columns of every result.
const FIRST_SEEN: &str = "FirstSeen";
const LAST_SEEN: &str = "LastSeen";

/// The column of a result that holds an entity column of this name.
#[must_use]
pub fn entity_column(name: &str) -> String {
    let column = pascal(name);
    if column == FIRST_SEEN || column == LAST_SEEN || column.is_empty() { format!("Entity{column}") } else { column }
}

/// The event of a row that gives the columns that the product wants in a result.
pub struct Anchor {
    /// The time column of the result, and the rest; empty if nothing but a time is wanted.
    carried: Vec<String>,
}

/// Chooses the event whose columns the result carries: the one that most of the entity can be read from, of several the
/// last. None, with a finding, if no event has them all.
pub fn anchor(cx: &mut Context<'_>) -> Option<Anchor> {
    let wanted = &cx.settings.result;
    if wanted.carry.is_empty() {
        return Some(Anchor { carried: Vec::new() });
    }
    let detection = cx.detection();
    let equal = Equalities::of(&detection.pattern);
    let has = |cx: &Context<'_>, id: EventId| {
        cx.source(id).is_some_and(|s| wanted.carry.iter().all(|c| s.source.carries.contains(c)))
    };
    let told = |id: EventId| {
        let of_event = |c: &Column| cx.columns.of(id).any(|own| equal.equal(own, c));
        detection.entity.iter().filter(|e| e.column.event == id || of_event(&e.column)).count()
    };
    let candidates = detection.pattern.row_events().into_iter().filter(|id| has(cx, *id));
    let Some(event) = candidates.max_by_key(|id| told(*id)) else {
        let reason = format!("a result must carry `{}`, which no event of the pattern has", wanted.carry.join("`, `"));
        cx.refuse(&reason, detection.span);
        return None;
    };
    let time = cx.source(event).map(|s| s.source.time).unwrap_or_default();
    let mut carried = Vec::new();
    for (name, column) in wanted.time.map(|t| (t, time)).into_iter().chain(wanted.carry.iter().map(|c| (*c, *c))) {
        cx.columns.carry(event, name, column);
        carried.push(name.to_owned());
    }
    Some(Anchor { carried })
}

/// The final expression, and the columns of the entity in it.
pub fn body(cx: &mut Context<'_>, anchor: &Anchor) -> (Pipeline, Vec<ResultColumn>) {
    let detection = cx.detection();
    let names = detection.entity.iter().map(|e| cx.columns.name_in(&detection.pattern, &e.column));
    let names: Vec<String> = names.collect();
    let need: BTreeSet<String> = names.iter().chain(&anchor.carried).cloned().collect();
    let mut rows = rows::rows(cx, &detection.pattern, &need, Place::Result);
    drop_old(cx, &mut rows);
    let mut taken: BTreeSet<String> = [FIRST_SEEN, LAST_SEEN].map(str::to_owned).into();
    taken.extend(cx.settings.result.names().map(str::to_owned));
    let (mut by, mut columns) = (Vec::new(), Vec::new());
    for (entry, name) in detection.entity.iter().zip(names) {
        let value = one_value(cx, &mut rows.pipeline, &entry.column, name);
        let mut column = entity_column(&entry.name);
        while !taken.insert(column.clone()) {
            column = format!("Entity{column}");
        }
        columns.push(ResultColumn::named(&entry.name, &column));
        by.push((column, value));
    }
    (summary(cx, rows, anchor, by), columns)
}

/// Drops the rows that an earlier run has judged. A join's row may bear the time of an operand, up to a window before its
/// own. A row that is judged twice is grouped with its entity; one that is dropped too early would be lost.
fn drop_old(cx: &mut Context<'_>, rows: &mut Rows) {
    let Some(schedule) = cx.request.deployment.and_then(|deployment| deployment.schedule) else { return };
    let pattern = &cx.detection().pattern;
    let late = schedule.every.saturating_add(schedule.delay).saturating_add(pattern.wait());
    let mut from = Expr::Call("ago", vec![Expr::Timespan(late.saturating_mul(TICKS))]);
    if let PatternKind::Then(join) | PatternKind::With(join) = &pattern.kind {
        let window = constants::window(cx, &join.within, "within");
        from = Expr::binary(from, BinaryOp::Subtract, window);
    }
    let new = Expr::binary(Expr::name(&rows.time), BinaryOp::Greater, from);
    rows.pipeline.steps.push(Step::Where(new));
}

/// An entity column; a field with several values has a row for each, and one row if it has none. A key has its one value.
fn one_value(cx: &mut Context<'_>, rows: &mut Pipeline, column: &Column, name: String) -> Expr {
    let ColumnValue::Field(field) = &column.value else { return Expr::Name(name) };
    let span = cx.detection().span;
    if !field.ty.is_list() || cx.columns.value_name(column) == Some(&name) {
        return Expr::Name(name);
    }
    match field::access(cx, column.event, field, &field::Derived::new(), span) {
        Some(access) if access.list => {
            let array = field::Access { expr: Expr::name(&name), ..access };
            let value = cx.names.fresh_column(&format!("{name}_entity"));
            let ty = array.member(&value).native;
            let array = event::never_empty(array.members());
            rows.steps.push(Step::MvExpand { name: value.clone(), value: array, ty });
            Expr::Name(value)
        }
        _ => Expr::Name(name),
    }
}

fn summary(cx: &Context<'_>, rows: Rows, anchor: &Anchor, by: Vec<Assign>) -> Pipeline {
    let of = |function, column: &str| Expr::Call(function, vec![Expr::name(column)]);
    let mut columns = Vec::new();
    if let (Some(time), true) = (cx.settings.result.time, anchor.carried.is_empty()) {
        columns.push((Some(time.to_owned()), of("max", &rows.time)));
    }
    columns.push((Some(FIRST_SEEN.to_owned()), of("min", &rows.first)));
    columns.push((Some(LAST_SEEN.to_owned()), of("max", &rows.time)));
    if !anchor.carried.is_empty() {
        columns.push((None, Expr::Call("arg_max", anchor.carried.iter().map(Expr::name).collect())));
    }
    rows.pipeline.then(Step::Summarize { columns, by })
}
