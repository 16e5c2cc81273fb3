//! `then` and `with`.
//!
//! Where only one operand is needed above, the others are asked only whether they are there: the first and last time of
//! each of their buckets tells. Else the tables are joined pair by pair, left to right, within two or three buckets.

use std::collections::BTreeSet;

use super::reach::Reach;
use super::rows::{self, KeyColumn, Place, Rows, Use};
use super::{Context, constants, reach};
use crate::dialect::kql::ast::{BinaryOp, Expr, JoinKind, Pipeline, Step};
use crate::plan::{EventId, Join, Pattern};

/// Whether times go in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrangement {
    /// `then`
    InOrder,
    /// `with`
    Any,
}

/// The rows of a join.
pub fn rows(
    cx: &mut Context<'_>,
    join: &Join,
    arrangement: Arrangement,
    need: &BTreeSet<String>,
    place: Place,
) -> Rows {
    let clashes = all_clashes(cx, join);
    match kept(cx, join, arrangement, need, place).filter(|_| clashes.is_empty()) {
        Some((kept, other)) => semi(cx, join, arrangement, [kept, other], need, place),
        None => pairs(cx, join, arrangement, need, place, &clashes),
    }
}

/// Events of different operands that one event could be both of.
fn all_clashes(cx: &Context<'_>, join: &Join) -> Vec<(EventId, EventId)> {
    let mut clashes = Vec::new();
    for (i, a) in join.operands.iter().enumerate() {
        for b in join.operands.iter().skip(i + 1) {
            clashes.extend(rows::clashes(cx, a, b));
        }
    }
    clashes
}

/// Which of two operands has everything that is needed above, and which is the other. The row time is the last
/// operand's in a `then`; of no one operand in a `with`.
fn kept(
    cx: &Context<'_>,
    join: &Join,
    arrangement: Arrangement,
    need: &BTreeSet<String>,
    place: Place,
) -> Option<(usize, usize)> {
    let [left, right] = join.operands.as_slice() else { return None };
    let gives = |p: &Pattern, index| {
        let given = cx.columns.given_joined(p, &join.keys, index);
        need.iter().all(|name| given.contains(name.as_str()))
    };
    match (arrangement, place) {
        (_, Place::Result) if gives(right, 1) => Some((1, 0)),
        (_, Place::Result) if gives(left, 0) => Some((0, 1)),
        (Arrangement::InOrder, Place::Operand) if gives(right, 1) => Some((1, 0)),
        (Arrangement::InOrder | Arrangement::Any, Place::Result | Place::Operand) => None,
    }
}

/// One operand's rows for which the other has one.
fn semi(
    cx: &mut Context<'_>,
    join: &Join,
    arrangement: Arrangement,
    [kept, other]: [usize; 2],
    need: &BTreeSet<String>,
    place: Place,
) -> Rows {
    let label = label(cx, join, arrangement);
    let mut tables = Vec::new();
    for (index, pattern) in join.operands.iter().enumerate() {
        let above = if index == kept { need.clone() } else { BTreeSet::new() };
        let needed = rows::needed(cx, pattern, &join.keys, index, &above, std::iter::empty());
        tables.push(rows::operand(cx, pattern, &needed, Use::Once, |_, rows| rows));
    }
    let window = window(cx, join);
    let look = match (arrangement, kept) {
        (Arrangement::Any, _) => Reach::Around,
        (Arrangement::InOrder, 0) => Reach::After,
        (Arrangement::InOrder, _) => Reach::Before,
    };
    let (Some(left), Some(right)) = (tables.get(kept).cloned(), tables.get(other).cloned()) else {
        return Rows { pipeline: Pipeline::of(""), label, time: String::new(), first: String::new() };
    };
    let (own_keys, other_keys) = (key_columns(cx, join, kept), key_columns(cx, join, other));
    let (pipeline, keys) = rows::keyed(cx, left.pipeline.clone(), own_keys);
    let pipeline = exists(cx, pipeline, &keys, &left.time, look, &window, right, other_keys);
    let pipeline = match place {
        Place::Result => pipeline,
        Place::Operand => {
            let columns = [left.time.clone(), left.first.clone()].into_iter().chain(need.iter().cloned());
            pipeline.then(rows::narrowed(cx, columns))
        }
    };
    Rows { pipeline, label, time: left.time, first: left.first }
}

/// Keeps the rows in whose reach the other table has a row of the same key.
#[expect(clippy::too_many_arguments, reason = "the two tables, their keys and times, and the reach")]
pub fn exists(
    cx: &mut Context<'_>,
    rows: Pipeline,
    keys: &[String],
    time: &str,
    look: Reach,
    window: &Expr,
    other: Rows,
    other_keys: Vec<KeyColumn>,
) -> Pipeline {
    let first = cx.names.fresh_column(&format!("{}_first", other.label));
    let last = cx.names.fresh_column(&format!("{}_last", other.label));
    let bucket = cx.bucket();
    let (right, right_keys) = rows::keyed(cx, other.pipeline, other_keys);
    let time_of = |function| Expr::Call(function, vec![Expr::name(&other.time)]);
    let mut groups = rows::same(right_keys.iter().cloned());
    groups.push((bucket.clone(), reach::bucket(&other.time, window)));
    let right = right.then(Step::Summarize {
        columns: vec![(Some(first.clone()), time_of("min")), (Some(last.clone()), time_of("max"))],
        by: groups,
    });
    let on = rows::on(keys, &right_keys, &bucket);
    rows.then(reach::buckets(look, &bucket, time, window))
        .then(Step::Join { kind: JoinKind::Inner, right, on })
        .filter(reach::touches(look, time, &first, &last, window))
}

/// All operands' rows, joined pair by pair.
fn pairs(
    cx: &mut Context<'_>,
    join: &Join,
    arrangement: Arrangement,
    need: &BTreeSet<String>,
    place: Place,
    clashes: &[(EventId, EventId)],
) -> Rows {
    let label = label(cx, join, arrangement);
    let ids: BTreeSet<EventId> = clashes.iter().flat_map(|(a, b)| [*a, *b]).collect();
    let mut tables = Vec::new();
    for (index, pattern) in join.operands.iter().enumerate() {
        let own = pattern.row_events();
        let ids = ids.iter().copied().filter(|id| own.contains(id));
        let needed = rows::needed(cx, pattern, &join.keys, index, need, ids);
        tables.push(rows::operand(cx, pattern, &needed, Use::Once, |_, rows| rows));
    }
    let window = window(cx, join);
    let mut tables = tables.into_iter();
    let first = tables.next();
    let Some(first) = first else {
        return Rows { pipeline: Pipeline::of(""), label, time: String::new(), first: String::new() };
    };
    let first_keys = key_columns(cx, join, 0);
    let (pipeline, keys) = rows::keyed(cx, first.pipeline.clone(), first_keys);
    let given = |cx: &Context<'_>, operand: &Pattern, index: usize| -> BTreeSet<String> {
        cx.columns.given_joined(operand, &join.keys, index).into_iter().map(str::to_owned).collect()
    };
    let mut chain = Chain {
        arrangement,
        pipeline,
        keys,
        start: first.time.clone(),
        end: first.time.clone(),
        given: join.operands.first().map(|p| given(cx, p, 0)).unwrap_or_default(),
        events: join.operands.first().map(Pattern::row_events).unwrap_or_default(),
    };
    let count = join.operands.len();
    for (index, (pattern, table)) in join.operands.iter().zip(std::iter::once(first).chain(tables)).enumerate().skip(1)
    {
        let given = given(cx, pattern, index);
        chain.add(cx, &label, table, key_columns(cx, join, index), &window, pattern, clashes);
        chain.given.extend(given.iter().cloned());
        let last = index + 1 == count;
        if !(last && place == Place::Result) {
            let later: BTreeSet<String> =
                clashes.iter().flat_map(|(a, b)| [*a, *b]).map(|id| cx.columns.id(id)).collect();
            let wanted = need.iter().cloned().chain(if last { BTreeSet::new() } else { later });
            chain.trim(cx, wanted.collect(), !last, &given);
        }
    }
    Rows { pipeline: chain.pipeline, label, time: chain.end, first: chain.start }
}

/// A chain of joins while it grows.
struct Chain {
    arrangement: Arrangement,
    pipeline: Pipeline,
    /// The first operand's key columns.
    keys: Vec<String>,
    /// The column of the earliest time.
    start: String,
    /// The column of the latest time.
    end: String,
    /// The columns it has.
    given: BTreeSet<String>,
    /// The events it has.
    events: Vec<EventId>,
}

impl Chain {
    /// Joins one more operand.
    #[expect(clippy::too_many_arguments, reason = "the operand, its keys, the window and what must differ")]
    fn add(
        &mut self,
        cx: &mut Context<'_>,
        label: &str,
        table: Rows,
        key_columns: Vec<KeyColumn>,
        window: &Expr,
        pattern: &Pattern,
        clashes: &[(EventId, EventId)],
    ) {
        let bucket = cx.bucket();
        let look = match self.arrangement {
            Arrangement::InOrder => Reach::Before,
            Arrangement::Any => Reach::Around,
        };
        let (right, right_keys) = rows::keyed(cx, table.pipeline, key_columns);
        let right = right.then(reach::buckets(look, &bucket, &table.time, window));
        let on = rows::on(&self.keys, &right_keys, &bucket);
        let rows = std::mem::replace(&mut self.pipeline, Pipeline::of(""));
        let rows = rows.then(Step::Extend(vec![(bucket, reach::bucket(&self.start, window))])).then(Step::Join {
            kind: JoinKind::Inner,
            right,
            on,
        });
        self.pipeline = self.in_window(cx, rows, label, &table.time, window);
        let new = pattern.row_events();
        let differ = clashes.iter().filter(|(a, b)| self.events.contains(a) && new.contains(b));
        let differ = differ.map(|(a, b)| {
            Expr::binary(Expr::Name(cx.columns.id(*a)), BinaryOp::NotEqual, Expr::Name(cx.columns.id(*b)))
        });
        let condition = Expr::and(differ.collect::<Vec<_>>());
        self.pipeline = std::mem::replace(&mut self.pipeline, Pipeline::of("")).filter(condition);
        self.events.extend(new);
    }

    /// Keeps the pairs whose times are in order, if they must be, and near enough.
    fn in_window(&mut self, cx: &mut Context<'_>, rows: Pipeline, label: &str, time: &str, window: &Expr) -> Pipeline {
        let apart = |start: &str, end: &str| {
            let apart = Expr::binary(Expr::name(end), BinaryOp::Subtract, Expr::name(start));
            Expr::binary(apart, BinaryOp::LessOrEqual, window.clone())
        };
        match self.arrangement {
            Arrangement::InOrder => {
                let order = Expr::binary(Expr::name(&self.end), BinaryOp::LessOrEqual, Expr::name(time));
                let condition = Expr::and([order, apart(&self.start, time)]);
                time.clone_into(&mut self.end);
                rows.filter(condition)
            }
            Arrangement::Any => {
                let of = |function, a: &str| Expr::Call(function, vec![Expr::name(a), Expr::name(time)]);
                let (low, high) = (of("min_of", &self.start), of("max_of", &self.end));
                if self.start == self.end {
                    self.start = cx.names.fresh_column(&format!("{label}_start"));
                    self.end = cx.names.fresh_column(&format!("{label}_end"));
                }
                let span = vec![(self.start.clone(), low), (self.end.clone(), high)];
                rows.then(Step::Extend(span)).filter(apart(&self.start, &self.end))
            }
        }
    }

    /// Drops what nothing needs any more. In a `then` the latest start serves for all others with the same columns.
    fn trim(&mut self, cx: &Context<'_>, wanted: BTreeSet<String>, keys: bool, newest: &BTreeSet<String>) {
        let rows = std::mem::replace(&mut self.pipeline, Pipeline::of(""));
        let keys = if keys { self.keys.clone() } else { Vec::new() };
        let columns: Vec<String> = wanted.into_iter().filter(|c| self.given.contains(c)).collect();
        let of_newest = columns.iter().all(|c| newest.contains(c) || self.keys.contains(c));
        let groups = !columns.iter().any(|c| cx.columns.holds_several(c));
        if self.arrangement == Arrangement::InOrder && of_newest && groups {
            let by = rows::same(std::iter::once(self.end.clone()).chain(keys).chain(columns));
            let start = (Some(self.start.clone()), Expr::Call("max", vec![Expr::name(&self.start)]));
            self.pipeline = rows.then(Step::Summarize { columns: vec![start], by });
        } else {
            let times = [self.start.clone(), self.end.clone()];
            self.pipeline = rows.then(Step::Project(rows::same(times.into_iter().chain(keys).chain(columns))));
        }
    }
}

/// The key columns of an operand.
fn key_columns(cx: &Context<'_>, join: &Join, index: usize) -> Vec<KeyColumn> {
    join.operands.get(index).map(|operand| rows::key_columns(cx, operand, &join.keys, index)).unwrap_or_default()
}

fn window(cx: &mut Context<'_>, join: &Join) -> Expr {
    let last = join.operands.last().map(|p| label_of(cx, p)).unwrap_or_default();
    constants::window(cx, &join.within, &format!("{last}_within"))
}

/// What the rows may be called.
fn label(cx: &Context<'_>, join: &Join, arrangement: Arrangement) -> String {
    let word = match arrangement {
        Arrangement::InOrder => "_then_",
        Arrangement::Any => "_with_",
    };
    join.operands.iter().map(|p| label_of(cx, p)).collect::<Vec<_>>().join(word)
}

/// The names of a pattern's events; of many, the first and the last.
fn label_of(cx: &Context<'_>, pattern: &Pattern) -> String {
    let names: Vec<&str> = pattern.row_events().into_iter().map(|id| cx.event_name(id)).collect();
    match names.as_slice() {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first, second] => format!("{first}_{second}"),
        [first, .., last] => format!("{first}_to_{last}"),
    }
}
