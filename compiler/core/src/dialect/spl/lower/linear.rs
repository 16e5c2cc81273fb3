//! The linear forms: one sort and one running maximum for each direction in time.
//!
//! The latest earlier time of a step decides whether there is one within the window, so a running maximum (minimum, for
//! what comes after) over rows in time order answers it without ever pairing events.

use std::collections::BTreeMap;

use super::super::ast::{AggregateFunction, Command, Compare, Direction, Expr, Name};
use super::form::{Node, Overlap, held_by, kept_lists, key_equal_to};
use super::rows::{NEVER, RowSet, Rows, aggregate, count, distinct};
use crate::plan::{Join, Negation, PatternKind};

/// Where in time something is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// Before a row, or at its time.
    Back,
    /// After a row, or at its time.
    Ahead,
}

impl Look {
    const fn direction(self) -> Direction {
        match self {
            Self::Back => Direction::Ascending,
            Self::Ahead => Direction::Descending,
        }
    }

    const fn nearest(self) -> AggregateFunction {
        match self {
            Self::Back => AggregateFunction::Max,
            Self::Ahead => AggregateFunction::Min,
        }
    }

    const fn none(self) -> Expr {
        match self {
            Self::Back => Expr::Int(0),
            Self::Ahead => Expr::Int(NEVER),
        }
    }

    const fn prefix(self) -> &'static str {
        match self {
            Self::Back => "last",
            Self::Ahead => "next",
        }
    }

    /// Whether the nearest time lies within the window of a row.
    fn within(self, t: Expr, nearest: &Name, window: &Expr) -> Expr {
        let nearest = Expr::field(nearest);
        let gap = match self {
            Self::Back => t.minus(nearest),
            Self::Ahead => nearest.minus(t),
        };
        gap.compare(Compare::Le, window.clone())
    }
}

/// `then`, keeping the rows of its first or last operand. The latest start is carried from step to step; the window is
/// tested once, at the end.
pub fn chain(
    rows: &mut Rows<'_>,
    node: &Node<'_>,
    join: &Join,
    operands: Vec<RowSet>,
    kept: usize,
    overlap: Overlap,
) -> RowSet {
    let refs: Vec<&RowSet> = operands.iter().collect();
    let keys = rows.keys(node.id, &node.keys, &refs);
    let look = if kept == 0 { Look::Ahead } else { Look::Back };
    let mut order: Vec<&RowSet> = operands.iter().collect();
    if look == Look::Ahead {
        order.reverse();
    }
    let tags: Vec<&str> = order.iter().map(|o| o.tag.as_str()).collect();
    let window = rows.site.window(&join.within);
    let condition = match (tags.as_slice(), overlap) {
        ([source, _], Overlap::Possible) => near_or_beside(rows, source, &keys, look, &window),
        _ => carried(rows, &tags, &keys, look, &window),
    };
    let (last, before) = tags.split_last().map_or(("", &[][..]), |(last, before)| (*last, before));
    rows.keep(last, condition, before);
    result(node, join, kept, operands)
}

/// The kept operand's rows under the columns that are asked of the operator.
fn result(node: &Node<'_>, join: &Join, kept: usize, operands: Vec<RowSet>) -> RowSet {
    let mut out = RowSet { tag: String::new(), columns: BTreeMap::new(), ids: BTreeMap::new() };
    if let (Some(rows), Some(operand)) = (operands.into_iter().nth(kept), node.operands.get(kept)) {
        for slot in &node.asked {
            if let Some(held) = held_by(node.pattern, join, operand, kept, slot) {
                out.columns.insert(slot.clone(), rows.column(&held));
            }
        }
        out.tag = rows.tag;
        out.ids = rows.ids;
    }
    out
}

/// Carries the best start through the steps, in the order in which they are met; the condition on the last step's rows.
fn carried(rows: &mut Rows<'_>, tags: &[&str], keys: &[Name], look: Look, window: &Expr) -> Expr {
    let ranks: Vec<(&str, Expr)> = tags.iter().copied().zip((1..).map(Expr::Int)).collect();
    let rank = if tags.len() == 2 { vec![(tags.first().copied().unwrap_or_default(), Expr::Int(1))] } else { ranks };
    let other = Expr::Int(if tags.len() == 2 { 2 } else { 0 });
    let rank = (rows.rank.clone(), rows.by_step(&rank, other));
    let mut start: Option<Name> = None;
    for (i, tag) in tags.iter().take(tags.len().saturating_sub(1)).enumerate() {
        let at = rows.fresh(&format!("{tag}_{}", if i == 0 { "time" } else { "start" }));
        let value = start.as_ref().map_or_else(|| rows.time(), Expr::field);
        let carried = (at.clone(), rows.by_step(&[(tag, value)], look.none()));
        if i == 0 {
            rows.eval(vec![carried, rank.clone()]);
            rows.sort(look.direction());
        } else {
            rows.eval(vec![carried]);
        }
        let name = rows.fresh(&format!("{}_{tag}{}", look.prefix(), if i == 0 { "" } else { "_start" }));
        rows.push(Command::Streamstats(vec![aggregate(look.nearest(), &at, &name)], keys.to_vec()));
        start = Some(name);
    }
    start.map_or_else(Expr::never, |start| look.within(rows.time(), &start, window))
}

/// Which rows come first among those of one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum First {
    /// Those looked for, so that they count.
    Source,
    /// Those that look, so that nothing of their time counts.
    Others,
}

/// Whether a row of the source step lies within the window of a row.
fn near(rows: &mut Rows<'_>, source: &str, keys: &[Name], look: Look, window: &Expr, first: First) -> Expr {
    let at = rows.fresh(&format!("{source}_time"));
    let (rank, others) = match first {
        First::Source => (1, 2),
        First::Others => (2, 1),
    };
    rows.eval(vec![
        (at.clone(), rows.by_step(&[(source, rows.time())], look.none())),
        (rows.rank.clone(), rows.by_step(&[(source, Expr::Int(rank))], Expr::Int(others))),
    ]);
    rows.sort(look.direction());
    let name = rows.fresh(&format!("{}_{source}", look.prefix()));
    rows.push(Command::Streamstats(vec![aggregate(look.nearest(), &at, &name)], keys.to_vec()));
    look.within(rows.time(), &name, window)
}

/// The same where one event may stand in both steps: an event does not find itself, and other events of its millisecond
/// are counted.
fn near_or_beside(rows: &mut Rows<'_>, source: &str, keys: &[Name], look: Look, window: &Expr) -> Expr {
    let beside = beside(rows, source, keys);
    Expr::or([beside, near(rows, source, keys, look, window, First::Others)])
}

/// Whether another event of the source step has the row's key and millisecond.
fn beside(rows: &mut Rows<'_>, source: &str, keys: &[Name]) -> Expr {
    let one = rows.fresh(&format!("is_{source}_row"));
    let (all, own) = (rows.fresh(&format!("{source}_beside")), rows.fresh(&format!("{source}_itself")));
    rows.eval(vec![(one.clone(), rows.by_step(&[(source, Expr::Int(1))], Expr::Int(0)))]);
    let with = |name: &Name| keys.iter().chain([name]).cloned().collect::<Vec<_>>();
    rows.push(Command::Eventstats(vec![aggregate(AggregateFunction::Sum, &one, &all)], with(&rows.t)));
    rows.push(Command::Eventstats(vec![aggregate(AggregateFunction::Sum, &one, &own)], with(&rows.event)));
    Expr::field(&all).minus(Expr::field(&own)).compare(Compare::Gt, Expr::Int(0))
}

/// `with` that keeps only the keys: at the row of its last event every step's latest time is within the window.
pub fn together(rows: &mut Rows<'_>, node: &Node<'_>, join: &Join, operands: &[RowSet]) -> RowSet {
    let refs: Vec<&RowSet> = operands.iter().collect();
    let each = rows.each_key(node.id, &node.keys, &refs);
    let keys = distinct(&each);
    let window = rows.site.window(&join.within);
    let (mut times, mut latest, mut conditions) = (Vec::new(), Vec::new(), Vec::new());
    for operand in operands {
        let (at, last) = (rows.fresh(&format!("{}_time", operand.tag)), rows.fresh(&format!("last_{}", operand.tag)));
        times.push((at.clone(), rows.by_step(&[(&operand.tag, rows.time())], Expr::Int(0))));
        latest.push(aggregate(AggregateFunction::Max, &at, &last));
        conditions.push(Look::Back.within(rows.time(), &last, &window));
    }
    rows.eval(times);
    rows.push(Command::Sort(vec![(Direction::Ascending, rows.t.clone())]));
    rows.push(Command::Streamstats(latest, keys.clone()));
    let tags: Vec<&str> = operands.iter().map(|o| o.tag.as_str()).collect();
    let condition = Expr::and(conditions);
    let others: Vec<&str> = rows.live.iter().map(String::as_str).filter(|tag| !tags.contains(tag)).collect();
    let pass = (!others.is_empty()).then(|| rows.is_step(&others));
    let test = Expr::or(pass.into_iter().chain([condition]));
    rows.push(Command::Where(test));
    let tag = tags.join("_with_");
    let renamed =
        rows.by_step(&tags.iter().map(|old| (*old, Expr::text(&tag))).collect::<Vec<_>>(), Expr::field(&rows.step));
    rows.eval(vec![(rows.step.clone(), renamed)]);
    rows.live.retain(|live| !tags.contains(&live.as_str()));
    rows.live.push(tag.clone());
    rows.guarded.extend(keys.iter().map(|key| (tag.clone(), key.clone())));
    let columns = node.asked.iter().filter_map(|slot| {
        let key = each.get(key_equal_to(node.pattern, &join.keys, slot)?)?;
        Some((slot.clone(), key.clone()))
    });
    RowSet { tag: tag.clone(), columns: columns.collect(), ids: BTreeMap::new() }
}

/// `with` of two or three, keeping one operand's rows.
pub fn around(
    rows: &mut Rows<'_>,
    node: &Node<'_>,
    join: &Join,
    operands: Vec<RowSet>,
    kept: usize,
    overlap: Overlap,
) -> RowSet {
    let refs: Vec<&RowSet> = operands.iter().collect();
    let keys = rows.keys(node.id, &node.keys, &refs);
    let target = operands.get(kept).map(|o| o.tag.clone()).unwrap_or_default();
    let others: Vec<String> = operands.iter().map(|o| o.tag.clone()).filter(|tag| *tag != target).collect();
    let others: Vec<&str> = others.iter().map(String::as_str).collect();
    let window = &rows.site.window(&join.within);
    let condition = match (others.as_slice(), overlap) {
        ([source], Overlap::Excluded) => {
            let before = near(rows, source, &keys, Look::Back, window, First::Source);
            Expr::or([before, near(rows, source, &keys, Look::Ahead, window, First::Source)])
        }
        ([source], Overlap::Possible) => {
            let beside = beside(rows, source, &keys);
            let before = near(rows, source, &keys, Look::Back, window, First::Others);
            Expr::or([beside, before, near(rows, source, &keys, Look::Ahead, window, First::Others)])
        }
        (several, _) => around_three(rows, several, &keys, window),
    };
    rows.keep(&target, condition, &others);
    result(node, join, kept, operands)
}

/// Two steps around a third: the span of the nearest ones before, after, or on both sides.
fn around_three(rows: &mut Rows<'_>, sources: &[&str], keys: &[Name], window: &Expr) -> Expr {
    use super::super::ast::Function::{Max, Min};
    let [back, ahead] = [Look::Back, Look::Ahead].map(|look| {
        let (mut times, mut aggregates, mut names) = (Vec::new(), Vec::new(), Vec::new());
        for source in sources {
            let at = rows.fresh(&format!("{source}_time"));
            let name = rows.fresh(&format!("{}_{source}", look.prefix()));
            times.push((at.clone(), rows.by_step(&[(source, rows.time())], look.none())));
            aggregates.push(aggregate(look.nearest(), &at, &name));
            names.push(Expr::field(&name));
        }
        let ranks: Vec<(&str, Expr)> = sources.iter().map(|s| (*s, Expr::Int(1))).collect();
        times.push((rows.rank.clone(), rows.by_step(&ranks, Expr::Int(2))));
        rows.eval(times);
        rows.sort(look.direction());
        rows.push(Command::Streamstats(aggregates, keys.to_vec()));
        names
    });
    let fits = |late: Expr, early: Expr| late.minus(early).compare(Compare::Le, window.clone());
    let mut conditions =
        vec![fits(rows.time(), Expr::Call(Min, back.clone())), fits(Expr::Call(Max, ahead.clone()), rows.time())];
    if let ([a0, b0], [a1, b1]) = (back.as_slice(), ahead.as_slice()) {
        conditions.push(fits(b1.clone(), a0.clone()));
        conditions.push(fits(a1.clone(), b0.clone()));
    }
    Expr::or(conditions)
}

/// The `not …` forms: the kept rows without a row of the other side within the window. `not followed by` judges a row
/// only when its window has passed.
pub fn absent(
    rows: &mut Rows<'_>,
    node: &Node<'_>,
    negation: &Negation,
    sides: [RowSet; 2],
    overlap: Overlap,
) -> RowSet {
    let [kept, absent] = sides;
    let row = expand_keys(rows, node);
    let keys = rows.keys(node.id, &node.keys, &[&kept, &absent]);
    let window = &rows.site.window(&negation.within);
    let followed = matches!(node.pattern.kind, PatternKind::NotFollowed(_));
    let found = match (followed, overlap) {
        (false, _) => near(rows, &absent.tag, &keys, Look::Back, window, First::Others),
        (true, Overlap::Excluded) => near(rows, &absent.tag, &keys, Look::Ahead, window, First::Source),
        (true, Overlap::Possible) => near_or_beside(rows, &absent.tag, &keys, Look::Ahead, window),
    };
    let mut conditions = match row {
        Some(row) => no_copy(rows, &kept.tag, found, row),
        None => vec![Expr::Not(Box::new(found))],
    };
    if followed {
        conditions.push(rows.time().compare(Compare::Le, rows.judged_until(node.pattern)));
    }
    rows.keep(&kept.tag, Expr::and(conditions), &[&absent.tag]);
    kept
}

/// A row for each value of the kept side's keys with several, under one number, which is returned.
pub fn expand_keys(rows: &mut Rows<'_>, node: &Node<'_>) -> Option<Name> {
    let lists: Vec<Name> = kept_lists(node).iter().filter_map(|slot| rows.slots.get(slot).cloned()).collect();
    if lists.is_empty() {
        return None;
    }
    let row = rows.fresh("row");
    rows.push(Command::Streamstats(vec![count(&row)], Vec::new()));
    distinct(&lists).into_iter().for_each(|list| rows.push(Command::Mvexpand(list)));
    Some(row)
}

/// Nothing is found for any value of a row's keys; of its copies the first stays.
fn no_copy(rows: &mut Rows<'_>, kept: &str, found: Expr, row: Name) -> Vec<Expr> {
    let hit = rows.by_step(&[(kept, Expr::flag(found))], Expr::Int(0));
    no_hit(rows, hit, row).into()
}

/// Counts the hits of all rows of one number: there is none, and the row is the first of them.
pub fn no_hit(rows: &mut Rows<'_>, value: Expr, row: Name) -> [Expr; 2] {
    let (hit, hits, nth) = (rows.fresh("hit"), rows.fresh("hits"), rows.fresh("nth"));
    rows.eval(vec![(hit.clone(), value)]);
    rows.push(Command::Eventstats(vec![aggregate(AggregateFunction::Sum, &hit, &hits)], vec![row.clone()]));
    rows.push(Command::Streamstats(vec![count(&nth)], vec![row]));
    let is = |name: &Name, n| Expr::field(name).compare(Compare::Eq, Expr::Int(n));
    [is(&hits, 0), is(&nth, 1)]
}
