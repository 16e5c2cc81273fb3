//! `then` and `with`: one row of each operand with equal keys, first to last within the window.
//!
//! The rows of a product are too many to name when all that matters is which entities alert. Two rows of an operand are
//! *alike* if they have the same values in every column that is read above the join, and no event of theirs could also
//! stand in a row that they are joined with further up: what becomes of them there depends on their times alone. Of
//! rows alike the first that fits does for all. A joined row's time is that of its last part, whichever rows alike the
//! others are chosen from; rows of the same time go by their operands from left to right, so the earliest choice gives
//! the first row; and an early choice on the left leaves the most choice on the right. So the first row of every alert
//! is found as if all rows had been.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use super::bucket::{Buckets, Key, keys};
use super::pattern::{Above, Inputs, Layout, Node, Tick};
use super::row::{Names, Place, Row};
use super::value::Value;
use crate::plan::{self, Column, Pattern, PatternKind};

/// A join.
#[derive(Debug)]
pub struct Join {
    order: Times,
    within: i64,
    inputs: Inputs,
    operands: Vec<Operand>,
    /// The names of the events that the joined rows must not share above.
    others: Names,
    buckets: Buckets<Key, Vec<Alike>>,
}

/// Whether the operands' times must be in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Times {
    InOrder,
    Any,
}

#[derive(Debug)]
struct Operand {
    keys: Vec<Place>,
    /// The columns that are read above, its keys left out.
    read: Vec<Place>,
}

/// An operand's rows of one key, in row order, those together that are alike: by the values that are read above, and by
/// their events where they could be shared there.
type Alike = BTreeMap<(Vec<Box<[Value]>>, Vec<u64>), VecDeque<Rc<Row>>>;

impl Join {
    /// Compiles a join.
    pub fn new(pattern: &Pattern, join: &plan::Join, above: &Above, layout: &mut Layout<'_>) -> Self {
        let mut needed = above.needed.clone();
        needed.extend(join.keys.iter().flat_map(|key| key.columns.iter().cloned()));
        let lasts = above.lasts.saturating_add(join.within.value);
        let nodes = join.operands.iter().enumerate().map(|(index, operand)| {
            let siblings = join.operands.iter().enumerate().filter(|(other, _)| *other != index);
            let others = siblings.fold(above.others, |names, (_, sibling)| names.union(Names::of(sibling)));
            Node::new(operand, &Above { needed: needed.clone(), others, lasts }, layout)
        });
        let nodes = nodes.collect();
        let operands = join.operands.iter().enumerate().map(|(index, operand)| {
            let own: Vec<&Column> = join.keys.iter().filter_map(|key| key.columns.get(index)).collect();
            let events = operand.row_events();
            let read = above.needed.iter().filter(|c| events.contains(&c.event) && !own.contains(c));
            Operand {
                read: read.map(|column| layout.place(operand, column)).collect(),
                keys: layout.key_places(&join.keys, index, operand),
            }
        });
        Self {
            order: if matches!(pattern.kind, PatternKind::Then(_)) { Times::InOrder } else { Times::Any },
            within: join.within.value,
            operands: operands.collect(),
            others: above.others,
            inputs: Inputs::new(nodes, &join.operands.iter().collect::<Vec<_>>()),
            buckets: Buckets::default(),
        }
    }

    /// See [`Node::advance`].
    pub fn advance(&mut self, now: i64, tick: &Tick, rows: &mut Vec<Rc<Row>>) {
        let limit = self.inputs.advance(now, tick);
        while let Some((index, row)) = self.inputs.next_before(limit) {
            self.arrive(index, &row, rows);
        }
        let oldest = limit.saturating_sub(self.within);
        self.buckets.sweep(|bucket| bucket.iter_mut().map(|alike| prune(alike, oldest)).sum());
    }

    /// Joins a row with what came before it, and keeps it for what comes after. Each joined row is found when the last of
    /// its parts arrives; of rows with the same time, a left operand's come before a right one's. So with `then` it is
    /// the last operand's row that arrives last, and nothing comes after it.
    fn arrive(&mut self, index: usize, row: &Rc<Row>, rows: &mut Vec<Rc<Row>>) {
        let Some(operand) = self.operands.get(index) else { return };
        let in_order = self.order == Times::InOrder;
        let is_last = index + 1 == self.operands.len();
        for key in keys(row, &operand.keys) {
            if (is_last || !in_order)
                && let Some(bucket) = self.buckets.get(&key)
            {
                let arrival = Arrival { index, row, order: self.order, oldest: row.time.saturating_sub(self.within) };
                arrival.complete(bucket, &mut Vec::new(), &mut |parts| {
                    let bound = bind(&self.operands, &key, &parts);
                    rows.push(Rc::new(Row::of_rows(parts, bound)));
                });
            }
            if !(is_last && in_order) {
                let bucket = self.buckets.add(&key, || self.operands.iter().map(|_| Alike::new()).collect());
                if let Some(alike) = bucket.get_mut(index) {
                    let read = operand.read.iter().map(|place| row.values(place).into()).collect();
                    let events = if row.names.meet(self.others) { row.ids() } else { Vec::new() };
                    alike.entry((read, events)).or_default().push_back(Rc::clone(row));
                }
            }
        }
    }
}

/// A row that has just come in.
struct Arrival<'r> {
    index: usize,
    row: &'r Rc<Row>,
    order: Times,
    /// What is older lies outside the window.
    oldest: i64,
}

impl Arrival<'_> {
    /// Calls `found` with the first joined row that has the new row in its place, for every choice of rows alike in the
    /// other places.
    fn complete<'b>(
        &self,
        bucket: &'b [Alike],
        chosen: &mut Vec<Option<&'b VecDeque<Rc<Row>>>>,
        found: &mut impl FnMut(Vec<Rc<Row>>),
    ) {
        let Some(alike) = bucket.get(chosen.len()) else {
            let mut parts = Vec::with_capacity(chosen.len());
            if self.first(chosen, &mut parts) {
                found(parts);
            }
            return;
        };
        let is_new = chosen.len() == self.index;
        let mut next = |rows| {
            chosen.push(rows);
            self.complete(bucket, chosen, found);
            chosen.pop();
        };
        if is_new {
            next(None);
        } else {
            let in_window = |rows: &&VecDeque<Rc<Row>>| rows.back().is_some_and(|row| row.time >= self.oldest);
            alike.values().filter(in_window).for_each(|rows| next(Some(rows)));
        }
    }

    /// Finds the first choice of one row from each of `choices` (the new row where there is none), left to right, with
    /// different events. No row there is later than the new one.
    fn first(&self, choices: &[Option<&VecDeque<Rc<Row>>>], parts: &mut Vec<Rc<Row>>) -> bool {
        let Some((rows, choices)) = choices.split_first() else { return true };
        let Some(rows) = rows else {
            parts.push(Rc::clone(self.row));
            let found = self.first(choices, parts);
            if !found {
                parts.pop();
            }
            return found;
        };
        let from = match (self.order, parts.last()) {
            (Times::InOrder, Some(previous)) => previous.time.max(self.oldest),
            (Times::InOrder, None) | (Times::Any, _) => self.oldest,
        };
        for row in rows.range(rows.partition_point(|row| row.time < from)..) {
            if row.shares_event(self.row) || parts.iter().any(|part| part.shares_event(row)) {
                continue;
            }
            parts.push(Rc::clone(row));
            if self.first(choices, parts) {
                return true;
            }
            parts.pop();
            // Where this row's events stood in nobody's way, a later row does no better.
            if !row.shared {
                return false;
            }
        }
        false
    }
}

/// The key columns that have several values hold in the joined row the one they have in common.
fn bind(operands: &[Operand], key: &Key, parts: &[Rc<Row>]) -> Vec<(usize, Value)> {
    let mut bound = Vec::new();
    for (operand, part) in operands.iter().zip(parts) {
        for (place, value) in operand.keys.iter().zip(key.iter()) {
            if part.values(place).len() > 1 {
                bound.push((place.column, value.clone()));
            }
        }
    }
    bound
}

/// Forgets rows older than this; how many are left.
fn prune(alike: &mut Alike, oldest: i64) -> usize {
    let mut left = 0;
    alike.retain(|_, rows| {
        rows.drain(..rows.partition_point(|row| row.time < oldest));
        left += rows.len();
        !rows.is_empty()
    });
    left
}
