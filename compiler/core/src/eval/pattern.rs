//! Patterns, compiled to a tree of operators that rows flow through.
//!
//! Every operator keeps one promise: after `advance(now, …)`, where `now` says that all events before it are known, it has
//! given every row with a time before `now - wait`, in row order, and each once. Rows that mean the same to everything above may be
//! left out for the first of them (see [`super::join`]).

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::rc::Rc;

use super::decode::Schema;
use super::group::Group;
use super::join::Join;
use super::negation::{NotFollowed, NotPreceded};
use super::record::Slot;
use super::row::{Names, Place, Row};
use super::value::Reads;
use crate::plan::{Column, ColumnValue, Detection, EventId, Field, Key, Pattern, PatternKind};

/// An operator.
#[derive(Debug)]
pub enum Node {
    /// A row for each event of this name.
    Event(EventId),
    /// `grouped`
    Group(Box<Group>),
    /// `then`, `with`
    Join(Box<Join>),
    /// `not followed by`
    NotFollowed(Box<NotFollowed>),
    /// `not preceded by`
    NotPreceded(Box<NotPreceded>),
}

/// New events of one and the same time, in order, as rows of the names they answer to.
pub type Tick = [(EventId, Rc<Row>)];

/// What stands above an operator.
#[derive(Debug, Clone)]
pub struct Above {
    /// The columns it reads: keys and the entity.
    pub needed: BTreeSet<Column>,
    /// The names of events in the rows that its rows meet there, which must be of other events.
    pub others: Names,
    /// For how long after its time a row may still be waiting to become part of an alert, in milliseconds.
    pub lasts: i64,
}

impl Node {
    /// Compiles a pattern.
    pub fn new(pattern: &Pattern, above: &Above, layout: &mut Layout<'_>) -> Self {
        match &pattern.kind {
            PatternKind::Event(id) => Self::Event(*id),
            PatternKind::Grouped(group) => Self::Group(Box::new(Group::new(pattern, group, above, layout))),
            PatternKind::Then(join) | PatternKind::With(join) => {
                Self::Join(Box::new(Join::new(pattern, join, above, layout)))
            }
            PatternKind::NotFollowed(n) => Self::NotFollowed(Box::new(NotFollowed::new(n, above, layout))),
            PatternKind::NotPreceded(n) => Self::NotPreceded(Box::new(NotPreceded::new(n, above, layout))),
        }
    }

    /// Takes in new events; `now` is past their time, and no earlier event will come. Adds the rows certain by then.
    pub fn advance(&mut self, now: i64, tick: &Tick, rows: &mut Vec<Rc<Row>>) {
        let start = rows.len();
        match self {
            Self::Event(id) => {
                rows.extend(tick.iter().filter(|(event, _)| event == id).map(|(_, row)| Rc::clone(row)));
            }
            Self::Group(group) => group.advance(now, tick, rows),
            Self::Join(join) => join.advance(now, tick, rows),
            Self::NotFollowed(n) => n.advance(now, tick, rows),
            Self::NotPreceded(n) => n.advance(now, tick, rows),
        }
        if let Some(new) = rows.get_mut(start..) {
            new.sort_unstable();
        }
    }
}

/// The rows of an operator's operands, merged by time.
#[derive(Debug)]
pub struct Inputs {
    operands: Vec<Node>,
    waiting: Vec<VecDeque<Rc<Row>>>,
    /// A buffer for the rows of one operand.
    rows: Vec<Rc<Row>>,
    /// The longest that an operand waits.
    wait: i64,
}

impl Inputs {
    /// The operands and their patterns.
    pub fn new(operands: Vec<Node>, patterns: &[&Pattern]) -> Self {
        let wait = patterns.iter().map(|pattern| pattern.wait()).max().unwrap_or(0);
        Self { waiting: operands.iter().map(|_| VecDeque::new()).collect(), operands, rows: Vec::new(), wait }
    }

    /// Takes in new events; the time before which all rows of all operands are known now.
    pub fn advance(&mut self, now: i64, tick: &Tick) -> i64 {
        for (operand, waiting) in self.operands.iter_mut().zip(&mut self.waiting) {
            operand.advance(now, tick, &mut self.rows);
            waiting.extend(self.rows.drain(..));
        }
        before(now, self.wait)
    }

    /// The next row with a time before `limit`, and its operand; of several with one time the leftmost operand's.
    pub fn next_before(&mut self, limit: i64) -> Option<(usize, Rc<Row>)> {
        let fronts = self.waiting.iter().enumerate().filter_map(|(i, rows)| Some((rows.front()?.time, i)));
        let (_, operand) = fronts.min().filter(|(time, _)| *time < limit)?;
        Some((operand, self.waiting.get_mut(operand)?.pop_front()?))
    }
}

/// The time `wait` before `now`; at the end of the stream there is nothing to wait for.
pub const fn before(now: i64, wait: i64) -> i64 {
    if now == i64::MAX { now } else { now.saturating_sub(wait) }
}

/// Where the columns of a detection's rows are found.
#[derive(Debug)]
pub struct Layout<'c> {
    detection: &'c Detection,
    schema: &'c mut Schema,
    kept: &'c mut Kept,
    columns: BTreeMap<Column, usize>,
}

/// The slots whose values are kept of an event, by class.
pub type Kept = BTreeMap<String, Vec<Slot>>;

impl<'c> Layout<'c> {
    /// The layout of a detection's rows.
    pub const fn new(detection: &'c Detection, schema: &'c mut Schema, kept: &'c mut Kept) -> Self {
        Self { detection, schema, kept, columns: BTreeMap::new() }
    }

    /// Where a column is found in the rows of a pattern.
    pub fn place(&mut self, pattern: &Pattern, column: &Column) -> Place {
        let next = self.columns.len();
        let number = *self.columns.entry(column.clone()).or_insert(next);
        let kept = match &column.value {
            ColumnValue::Field(field) => self.kept(column.event, field),
            ColumnValue::Aggregate(_) => None,
        };
        Place { path: path(pattern, column.event).unwrap_or_default(), kept, column: number }
    }

    /// Where the key columns of operand `index` are found in its rows.
    pub fn key_places(&mut self, keys: &[Key], index: usize, operand: &Pattern) -> Vec<Place> {
        keys.iter().filter_map(|key| key.columns.get(index)).map(|column| self.place(operand, column)).collect()
    }

    /// A field among those kept of its event.
    pub fn kept(&mut self, event: EventId, field: &Field) -> Option<usize> {
        let class = &self.detection.event(event)?.class.name;
        let slot = self.schema.slot(class, &field.name, Reads::of(&field.ty));
        let slots = self.kept.entry(class.clone()).or_default();
        Some(slots.iter().position(|kept| *kept == slot).unwrap_or_else(|| {
            slots.push(slot);
            slots.len() - 1
        }))
    }
}

/// The way from a pattern's row to the part that binds the event.
fn path(pattern: &Pattern, event: EventId) -> Option<Vec<usize>> {
    match &pattern.kind {
        PatternKind::Event(id) => (*id == event).then(Vec::new),
        PatternKind::Grouped(group) => (group.event == event).then(Vec::new),
        PatternKind::NotFollowed(n) | PatternKind::NotPreceded(n) => path(&n.kept, event),
        PatternKind::Then(join) | PatternKind::With(join) => {
            join.operands.iter().enumerate().find_map(|(i, operand)| {
                let below = path(operand, event)?;
                Some(std::iter::once(i).chain(below).collect())
            })
        }
    }
}
