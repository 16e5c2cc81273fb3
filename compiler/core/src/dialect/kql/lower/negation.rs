//! `not followed by` and `not preceded by`: the rows of one operand, less those for which the other has a row.
//!
//! What takes a row away is found by its key, its time and, where one event could stand on both sides, the ids of its
//! events; these are never null, for a null joins nothing and the row would stay.

use std::collections::BTreeSet;

use super::reach::{self, Reach};
use super::rows::{self, KeyColumn, Rows, Use};
use super::{Context, constants, join};
use crate::dialect::kql::ast::{BinaryOp, Expr, JoinKind, Pipeline, Step};
use crate::plan::{EventId, Negation};

/// The rows of a negation.
pub fn rows(cx: &mut Context<'_>, negation: &Negation, look: Reach, need: &BTreeSet<String>) -> Rows {
    let clashes = clashes(cx, negation, look);
    let (mine, theirs): (Vec<EventId>, Vec<EventId>) = clashes.iter().copied().unzip();
    let wanted = rows::needed(cx, &negation.kept, &negation.keys, 0, need, mine.iter().copied());
    let key_columns = rows::key_columns(cx, &negation.kept, &negation.keys, 0);
    let absent_label = label(cx, negation);
    let window = constants::window(cx, &negation.within, &format!("{absent_label}_within"));
    let mut marks = Vec::new();
    let kept = rows::operand(cx, &negation.kept, &wanted, Use::Often, |cx, kept| {
        let kept = wait(cx, kept, negation, look, &window);
        let (kept, names) = mark(cx, kept, &key_columns);
        marks = names;
        kept
    });
    let other_need = rows::needed(cx, &negation.absent, &negation.keys, 1, &BTreeSet::new(), theirs.iter().copied());
    let other = rows::operand(cx, &negation.absent, &other_need, Use::Once, |_, rows| rows);

    let (bad, keys) = rows::keyed(cx, kept.pipeline.clone(), key_columns);
    let absent_keys = rows::key_columns(cx, &negation.absent, &negation.keys, 1);
    let bad = if clashes.is_empty() {
        join::exists(cx, bad, &keys, &kept.time, look, &window, other, absent_keys)
    } else {
        other_than(cx, bad, &keys, &kept.time, look, &window, other, absent_keys, &clashes)
    };
    let ids = mine.iter().map(|id| cx.columns.id(*id));
    let same: BTreeSet<String> = std::iter::once(kept.time.clone()).chain(marks).chain(ids).collect();
    let bad = bad.then(Step::Distinct(same.iter().cloned().collect()));
    let on = same.into_iter().map(|c| (c.clone(), c)).collect();
    let pipeline = kept.pipeline.clone().then(Step::Join { kind: JoinKind::LeftAnti, right: bad, on });
    let label = format!("{}_without_{absent_label}", kept.label);
    Rows { pipeline, label, time: kept.time, first: kept.first }
}

/// Events of both sides that one event could be. What comes strictly before a single event's row has no event of it.
fn clashes(cx: &Context<'_>, negation: &Negation, look: Reach) -> Vec<(EventId, EventId)> {
    let alone = negation.kept.row_events().len() == 1;
    if alone && look == Reach::StrictlyBefore {
        return Vec::new();
    }
    rows::clashes(cx, &negation.kept, &negation.absent)
}

/// Rows too young to be judged wait: what they must not be followed by may still come, and the product may get it late.
fn wait(cx: &Context<'_>, kept: Rows, negation: &Negation, look: Reach, window: &Expr) -> Rows {
    if look != Reach::After {
        return kept;
    }
    let mut latest = Expr::binary(Expr::Call("now", Vec::new()), BinaryOp::Subtract, window.clone());
    let delay = cx.request.deployment.and_then(|deployment| deployment.schedule).map_or(0, |schedule| schedule.delay);
    let more = negation.absent.wait().saturating_add(delay);
    if more > 0 {
        latest = Expr::binary(latest, BinaryOp::Subtract, Expr::Timespan(more.saturating_mul(constants::TICKS)));
    }
    let judged = Expr::binary(Expr::name(&kept.time), BinaryOp::LessOrEqual, latest);
    Rows { pipeline: kept.pipeline.filter(judged), ..kept }
}

/// Columns that hold the key of a row, one value each: a field with several values as text.
fn mark(cx: &mut Context<'_>, kept: Rows, keys: &[KeyColumn]) -> (Rows, Vec<String>) {
    let mut names = Vec::new();
    let mut texts = Vec::new();
    for (_, name) in keys {
        if cx.columns.holds_several(name) {
            let text = cx.names.fresh_column(&format!("{name}_all"));
            texts.push((text.clone(), Expr::Call("tostring", vec![Expr::name(name)])));
            names.push(text);
        } else {
            names.push(name.clone());
        }
    }
    if texts.is_empty() {
        return (kept, names);
    }
    (Rows { pipeline: kept.pipeline.then(Step::Extend(texts)), ..kept }, names)
}

/// Keeps the rows in whose reach the other table has a row of the same key and of other events.
#[expect(clippy::too_many_arguments, reason = "the two tables, their keys and times, the reach and what must differ")]
fn other_than(
    cx: &mut Context<'_>,
    rows: Pipeline,
    keys: &[String],
    time: &str,
    look: Reach,
    window: &Expr,
    other: Rows,
    other_keys: Vec<KeyColumn>,
    clashes: &[(EventId, EventId)],
) -> Pipeline {
    let bucket = cx.bucket();
    let (right, right_keys) = rows::keyed(cx, other.pipeline, other_keys);
    let right = right.then(Step::Extend(vec![(bucket.clone(), reach::bucket(&other.time, window))]));
    let on = rows::on(keys, &right_keys, &bucket);
    let differ = clashes
        .iter()
        .map(|(a, b)| Expr::binary(Expr::Name(cx.columns.id(*a)), BinaryOp::NotEqual, Expr::Name(cx.columns.id(*b))));
    let condition = Expr::and(std::iter::once(reach::holds(look, time, &other.time, window)).chain(differ));
    rows.then(reach::buckets(look, &bucket, time, window))
        .then(Step::Join { kind: JoinKind::Inner, right, on })
        .filter(condition)
}

/// What the absent rows may be called.
fn label(cx: &Context<'_>, negation: &Negation) -> String {
    let names: Vec<&str> = negation.absent.row_events().into_iter().map(|id| cx.event_name(id)).collect();
    names.join("_")
}
