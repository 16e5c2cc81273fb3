//! `not followed by` and `not preceded by`: the rows of one operand without a row of another near them.
//!
//! At the same time a kept row goes before an absent one: `[A, A + W]` includes A's own time, `[A − W, A)` does not.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::bucket::{Buckets, Key, keys};
use super::pattern::{Above, Inputs, Layout, Node, Tick, before};
use super::row::{Names, Place, Row};
use crate::plan::Negation;

/// What the two forms have in common.
#[derive(Debug)]
struct Sides {
    inputs: Inputs,
    /// Of the kept and of the absent operand.
    keys: [Vec<Place>; 2],
    within: i64,
}

/// Which operand a row is of.
enum Side {
    Kept(Rc<Row>),
    Absent(Rc<Row>),
}

impl Sides {
    fn new(n: &Negation, above: &Above, layout: &mut Layout<'_>) -> Self {
        let columns = |index: usize| n.keys.iter().filter_map(move |key| key.columns.get(index)).cloned();
        let mut kept = above.clone();
        kept.needed.extend(columns(0));
        kept.others = kept.others.union(Names::of(&n.absent));
        let absent = Above { needed: columns(1).collect(), others: Names::of(&n.kept), lasts: above.lasts };
        let nodes = vec![Node::new(&n.kept, &kept, layout), Node::new(&n.absent, &absent, layout)];
        Self {
            inputs: Inputs::new(nodes, &[&n.kept, &n.absent]),
            keys: [layout.key_places(&n.keys, 0, &n.kept), layout.key_places(&n.keys, 1, &n.absent)],
            within: n.within.value,
        }
    }

    /// The next row before `limit`, with its keys. A row without a key is no row here.
    fn next_before(&mut self, limit: i64) -> Option<(Side, Vec<Key>)> {
        loop {
            let (index, row) = self.inputs.next_before(limit)?;
            let keys = self.keys.get(index).map(|places| keys(&row, places)).unwrap_or_default();
            if !keys.is_empty() {
                return Some((if index == 0 { Side::Kept(row) } else { Side::Absent(row) }, keys));
            }
        }
    }
}

/// `A not followed by B within W by K`. A row waits until its window is over.
#[derive(Debug)]
pub struct NotFollowed {
    sides: Sides,
    /// Oldest first.
    waiting: VecDeque<Rc<Waiting>>,
    buckets: Buckets<Key, Vec<Rc<Waiting>>>,
}

#[derive(Debug)]
struct Waiting {
    row: Rc<Row>,
    followed: Cell<bool>,
}

impl NotFollowed {
    /// Compiles a negation.
    pub fn new(n: &Negation, above: &Above, layout: &mut Layout<'_>) -> Self {
        Self { sides: Sides::new(n, above, layout), waiting: VecDeque::new(), buckets: Buckets::default() }
    }

    /// See [`Node::advance`].
    pub fn advance(&mut self, now: i64, tick: &Tick, rows: &mut Vec<Rc<Row>>) {
        let limit = self.sides.inputs.advance(now, tick);
        while let Some((side, keys)) = self.sides.next_before(limit) {
            match side {
                Side::Kept(row) => self.wait_for(row, &keys),
                Side::Absent(row) => self.follow(&row, &keys),
            }
        }
        let certain = before(limit, self.sides.within);
        while let Some(waiting) = self.waiting.pop_front_if(|waiting| waiting.row.time < certain) {
            if !waiting.followed.replace(true) {
                rows.push(Rc::clone(&waiting.row));
            }
        }
        self.buckets.sweep(|bucket| {
            bucket.retain(|waiting| !waiting.followed.get());
            bucket.len()
        });
    }

    fn wait_for(&mut self, row: Rc<Row>, keys: &[Key]) {
        let waiting = Rc::new(Waiting { row, followed: Cell::new(false) });
        for key in keys {
            self.buckets.add(key, Vec::new).push(Rc::clone(&waiting));
        }
        self.waiting.push_back(waiting);
    }

    /// Every row of the key that waits is followed, but for those whose window is over and those that share an event.
    fn follow(&mut self, row: &Row, keys: &[Key]) {
        for key in keys {
            let Some(bucket) = self.buckets.get(key) else { continue };
            let oldest = row.time.saturating_sub(self.sides.within);
            bucket.retain(|waiting| {
                if waiting.row.time >= oldest && !waiting.row.shares_event(row) {
                    waiting.followed.set(true);
                }
                waiting.row.time >= oldest && !waiting.followed.get()
            });
        }
    }
}

/// `A not preceded by B within W by K`.
#[derive(Debug)]
pub struct NotPreceded {
    sides: Sides,
    /// How long a kept row may be.
    span: i64,
    /// The absent rows of each key, oldest first.
    buckets: Buckets<Key, VecDeque<Rc<Row>>>,
}

impl NotPreceded {
    /// Compiles a negation.
    pub fn new(n: &Negation, above: &Above, layout: &mut Layout<'_>) -> Self {
        Self { sides: Sides::new(n, above, layout), span: n.kept.horizon(), buckets: Buckets::default() }
    }

    /// See [`Node::advance`].
    pub fn advance(&mut self, now: i64, tick: &Tick, rows: &mut Vec<Rc<Row>>) {
        let limit = self.sides.inputs.advance(now, tick);
        while let Some((side, keys)) = self.sides.next_before(limit) {
            match side {
                Side::Kept(row) => {
                    if !keys.iter().any(|key| self.is_preceded(&row, key)) {
                        rows.push(row);
                    }
                }
                Side::Absent(row) => {
                    let (within, span) = (self.sides.within, self.span);
                    for key in keys {
                        let bucket = self.buckets.add(&key, VecDeque::new);
                        bucket.push_back(Rc::clone(&row));
                        forget(bucket, row.time, within, span);
                    }
                }
            }
        }
        let (within, span) = (self.sides.within, self.span);
        self.buckets.sweep(|bucket| {
            forget(bucket, limit, within, span);
            bucket.len()
        });
    }

    fn is_preceded(&mut self, row: &Row, key: &Key) -> bool {
        let oldest = row.time.saturating_sub(self.sides.within);
        let Some(bucket) = self.buckets.get(key) else { return false };
        // The latest are the likeliest.
        let earlier = bucket.iter().rev().skip_while(|absent| absent.time >= row.time);
        earlier.take_while(|absent| absent.time >= oldest).any(|absent| !absent.shares_event(row))
    }
}

/// Forgets absent rows that no kept row from `now` on asks for: those before its window, and of those too old to share
/// an event with it all but the latest, which stands for the others.
fn forget(bucket: &mut VecDeque<Rc<Row>>, now: i64, within: i64, span: i64) {
    let oldest = now.saturating_sub(within);
    let apart = now.saturating_sub(span);
    let latest_apart = bucket.partition_point(|row| row.time < apart).saturating_sub(1);
    bucket.drain(..latest_apart.max(bucket.partition_point(|row| row.time < oldest)));
}
