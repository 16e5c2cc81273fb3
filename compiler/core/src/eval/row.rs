//! Rows: the choices of events that a pattern denotes, and what can be asked of them.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::VecDeque;
use std::rc::Rc;

use super::value::Value;
use crate::plan::{EventId, Pattern};

/// An event that satisfied some predicate, with the fields that patterns and entities read.
#[derive(Debug)]
pub struct Event {
    /// Milliseconds since 1970.
    pub time: i64,
    /// The line it stood on.
    pub line: u64,
    /// Which event it is: equal lines are two events.
    pub id: u64,
    /// By the position of the field among the class's kept ones; empty for a missing field.
    pub values: Box<[Values]>,
}

/// The values of a field. Nearly every field has one.
#[derive(Debug)]
pub enum Values {
    /// One.
    One(Value),
    /// None, or several.
    Several(Box<[Value]>),
}

impl Values {
    /// The values, in order.
    pub fn as_slice(&self) -> &[Value] {
        match self {
            Self::One(value) => std::slice::from_ref(value),
            Self::Several(values) => values,
        }
    }
}

/// A row of a pattern.
#[derive(Debug)]
pub struct Row {
    /// The time of its last event.
    pub time: i64,
    /// The time of its earliest event; for `grouped` of the window's.
    pub first: i64,
    /// What it is made of.
    pub kind: RowKind,
    /// Columns that hold one given value in this row, by number: aggregates, and of a key field with several values the
    /// one that the operands have in common.
    pub bound: Vec<(usize, Value)>,
    /// The names that its events answer to, those that other rows bind them by included.
    pub names: Names,
    /// Whether one of its events answers to more than one name of the detection, so that another row could bind it too.
    pub shared: bool,
}

/// A set of event names of a detection. From the 64th name on all count as one: two sets may then seem to meet that do
/// not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Names(u64);

impl Names {
    /// One name.
    pub fn one(event: EventId) -> Self {
        Self(1 << event.0.min(63))
    }

    /// The names that a pattern's rows bind.
    pub fn of(pattern: &Pattern) -> Self {
        pattern.row_events().into_iter().fold(Self::default(), |all, event| all.union(Self::one(event)))
    }

    /// The names in either.
    pub const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether a name is in both.
    pub const fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What a row is made of.
#[derive(Debug)]
pub enum RowKind {
    /// One event.
    Event(Rc<Event>),
    /// One event of `grouped`, with the log of its group; the window begins at the row's `first`.
    Window(Rc<Event>, Rc<Log>),
    /// One row of each operand.
    Joined(Vec<Rc<Row>>),
}

/// Times and lines of a group's events, oldest first. The group forgets its oldest entries once no row can ask for them.
pub type Log = RefCell<VecDeque<(i64, u64)>>;

/// Where a column of a pattern's rows is found.
#[derive(Debug, Clone, Default)]
pub struct Place {
    /// From the row down through the operands.
    pub path: Vec<usize>,
    /// The field among the kept ones of its event's class; none for an aggregate.
    pub kept: Option<usize>,
    /// The column's number.
    pub column: usize,
}

impl Row {
    /// A row of one event.
    pub fn of_event(event: Rc<Event>, names: Names, shared: bool) -> Self {
        Self { time: event.time, first: event.time, kind: RowKind::Event(event), bound: Vec::new(), names, shared }
    }

    /// A row of one row of each operand.
    pub fn of_rows(parts: Vec<Rc<Self>>, bound: Vec<(usize, Value)>) -> Self {
        let time = parts.iter().map(|part| part.time).max().unwrap_or_default();
        let first = parts.iter().map(|part| part.first).min().unwrap_or_default();
        let names = parts.iter().fold(Names::default(), |all, part| all.union(part.names));
        let shared = parts.iter().any(|part| part.shared);
        Self { time, first, kind: RowKind::Joined(parts), bound, names, shared }
    }

    /// The values of a column; none if it is missing.
    pub fn values(&self, place: &Place) -> &[Value] {
        self.lookup(&place.path, place)
    }

    fn lookup(&self, path: &[usize], place: &Place) -> &[Value] {
        if let Some((_, value)) = self.bound.iter().find(|(column, _)| *column == place.column) {
            return std::slice::from_ref(value);
        }
        match &self.kind {
            RowKind::Event(event) | RowKind::Window(event, _) => {
                place.kept.and_then(|kept| event.values.get(kept)).map_or(&[], Values::as_slice)
            }
            RowKind::Joined(parts) => {
                let part = path.split_first().and_then(|(first, rest)| Some((parts.get(*first)?, rest)));
                part.map_or(&[], |(part, rest)| part.lookup(rest, place))
            }
        }
    }

    /// Calls `visit` on each event that the row binds, in the pattern's order.
    pub fn for_each_event(&self, visit: &mut impl FnMut(&Event)) {
        match &self.kind {
            RowKind::Event(event) | RowKind::Window(event, _) => visit(event),
            RowKind::Joined(parts) => parts.iter().for_each(|part| part.for_each_event(visit)),
        }
    }

    /// The events that the row binds, by number.
    pub fn ids(&self) -> Vec<u64> {
        let mut ids = Vec::new();
        self.for_each_event(&mut |event| ids.push(event.id));
        ids
    }

    /// Whether the two bind an event in common.
    pub fn shares_event(&self, other: &Self) -> bool {
        if !(self.shared && other.shared) {
            return false;
        }
        let ids = self.ids();
        let mut found = false;
        other.for_each_event(&mut |event| found |= ids.contains(&event.id));
        found
    }

    /// The lines of its events, for `grouped` of the whole window; ascending.
    pub fn lines(&self) -> Vec<u64> {
        let mut lines = Vec::new();
        self.add_lines(&mut lines);
        lines.sort_unstable();
        lines.dedup();
        lines
    }

    fn add_lines(&self, lines: &mut Vec<u64>) {
        match &self.kind {
            RowKind::Event(event) => lines.push(event.line),
            RowKind::Window(_, log) => {
                let log = log.borrow();
                let start = log.partition_point(|(time, _)| *time < self.first);
                lines.extend(log.iter().skip(start).take_while(|(time, _)| *time <= self.time).map(|(_, line)| *line));
            }
            RowKind::Joined(parts) => parts.iter().for_each(|part| part.add_lines(lines)),
        }
    }
}

/// Rows go by time; at the same time by their operands' rows in this same order, left to right, and rows of one event
/// by its line; and of the same events by the values of a key with several values.
impl Ord for Row {
    fn cmp(&self, other: &Self) -> Ordering {
        self.time.cmp(&other.time).then_with(|| self.kind.cmp(&other.kind)).then_with(|| self.bound.cmp(&other.bound))
    }
}

impl Ord for RowKind {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Joined(a), Self::Joined(b)) => a.cmp(b),
            (Self::Joined(_), Self::Event(_) | Self::Window(..)) => Ordering::Greater,
            (Self::Event(_) | Self::Window(..), Self::Joined(_)) => Ordering::Less,
            (Self::Event(a) | Self::Window(a, _), Self::Event(b) | Self::Window(b, _)) => {
                (a.time, a.line, a.id).cmp(&(b.time, b.line, b.id))
            }
        }
    }
}

impl PartialOrd for Row {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Row {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Row {}

impl PartialOrd for RowKind {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for RowKind {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for RowKind {}
