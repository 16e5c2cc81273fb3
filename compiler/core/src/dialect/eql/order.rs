//! The orders in which the events of a pattern can come.
//!
//! A sequence has one order. `then` fixes it, `with` leaves it open, and an operand of several events leaves open how its
//! events mix with those before it: only its last event is placed. Each order is a rule of its own. A counted group is so
//! many events of one kind.

use crate::dialect::threshold::{Threshold, threshold};
use crate::plan::{EventId, Pattern, PatternKind};

/// The most rules that one detection may become: the orders of three events.
pub const MOST_RULES: usize = 6;

/// Every order, or why there are none.
///
/// # Errors
/// The reason, as a clause.
pub fn orders(pattern: &Pattern) -> Result<Vec<Vec<EventId>>, String> {
    match &pattern.kind {
        PatternKind::Event(id) => Ok(vec![vec![*id]]),
        PatternKind::Grouped(group) => match threshold(group) {
            Some(Threshold::Count(n @ 1..=100)) => {
                Ok(vec![std::iter::repeat_n(group.event, usize::try_from(n).unwrap_or(1)).collect()])
            }
            Some(Threshold::Count(_)) => Err("EQL counts to 100 at most".to_owned()),
            _ => Err("only a count can be a step of a sequence".to_owned()),
        },
        PatternKind::Then(join) => mixed(&join.operands, Last::OfTheSecond),
        PatternKind::With(join) => mixed(&join.operands, Last::OfEither),
        PatternKind::NotFollowed(_) | PatternKind::NotPreceded(_) => {
            Err("an absence inside a sequence is measured from another event than its own".to_owned())
        }
    }
}

/// From the first event of a row to its last, at most, in milliseconds.
#[must_use]
pub fn span(pattern: &Pattern) -> i64 {
    match &pattern.kind {
        PatternKind::Event(_) | PatternKind::NotFollowed(_) | PatternKind::NotPreceded(_) => 0,
        PatternKind::Grouped(group) => group.over.value,
        PatternKind::Then(join) => {
            // The last operand's row time is the row's, so its own events lie no further back than its own span.
            let (last, before) =
                join.operands.split_last().map_or((0, join.operands.as_slice()), |(l, b)| (span(l), b));
            join.within.value.saturating_add(before.iter().map(span).max().unwrap_or(0)).max(last)
        }
        PatternKind::With(join) => join.within.value.saturating_add(join.operands.iter().map(span).max().unwrap_or(0)),
    }
}

/// Whose last event comes last when two orders are mixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Last {
    OfTheSecond,
    OfEither,
}

fn mixed(operands: &[Pattern], last: Last) -> Result<Vec<Vec<EventId>>, String> {
    let mut all = vec![Vec::new()];
    for operand in operands {
        let next = orders(operand)?;
        let mut mixes = Vec::new();
        for first in &all {
            for second in &next {
                mix(first, second, last, &mut Vec::new(), &mut mixes)?;
            }
        }
        all = mixes;
    }
    Ok(all)
}

/// Adds every mix of two orders to `out`; `done` is what has been placed.
fn mix(
    first: &[EventId],
    second: &[EventId],
    last: Last,
    done: &mut Vec<EventId>,
    out: &mut Vec<Vec<EventId>>,
) -> Result<(), String> {
    if first.is_empty() || second.is_empty() {
        if second.is_empty() && !first.is_empty() && last == Last::OfTheSecond {
            return Ok(());
        }
        if out.len() == MOST_RULES {
            return Err(format!("its events can come in more than {MOST_RULES} orders, and each is a rule of its own"));
        }
        out.push(done.iter().chain(first).chain(second).copied().collect());
        return Ok(());
    }
    for (from, is_first) in [(first, true), (second, false)] {
        let Some((next, rest)) = from.split_first() else { continue };
        done.push(*next);
        let (a, b) = if is_first { (rest, second) } else { (first, rest) };
        mix(a, b, last, done, out)?;
        done.pop();
    }
    Ok(())
}
