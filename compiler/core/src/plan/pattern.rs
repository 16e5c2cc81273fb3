//! Patterns: sets of rows in time (the language reference, "Patterns"). Every event of a row is an index into
//! [`super::Detection::events`]; every key has one column for each operand.

use super::{Comparison, Field, Logic, Operand};
use crate::source::Span;

/// An event of a detection: an index into its `events`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub usize);

/// A window in whole milliseconds, at least 1.
pub type Window = Operand<i64>;

/// A pattern.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// Its form.
    pub kind: PatternKind,
    /// Where it stands; equality ignores nothing here, so compare `kind` to ignore it.
    pub span: Span,
}

/// The forms of a pattern. In the `not …` forms the second operand's events are not part of the row.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "a detection has a handful of patterns")]
pub enum PatternKind {
    /// One row per event of the class that satisfies the predicate.
    Event(EventId),
    /// Rows of all operands with equal keys, times in operand order (equal allowed), last − first ≤ window.
    Then(Join),
    /// The same in any order.
    With(Join),
    /// Rows of the first operand for which no row of the second has the key and a time in `[A, A + W]`.
    NotFollowed(Negation),
    /// Rows of the first operand for which no row of the second has the key and a time in `[A − W, A)`.
    NotPreceded(Negation),
    /// One row per event at `t` where the events with its key in `[t − W, t]` satisfy the condition.
    Grouped(Group),
}

/// Operands joined by key and window.
#[derive(Debug, Clone, PartialEq)]
pub struct Join {
    /// At least two.
    pub operands: Vec<Pattern>,
    /// First to last.
    pub within: Window,
    /// At least one.
    pub keys: Vec<Key>,
}

/// A pattern without another.
#[derive(Debug, Clone, PartialEq)]
pub struct Negation {
    /// Whose rows are kept.
    pub kept: Box<Pattern>,
    /// Whose rows must not be there.
    pub absent: Box<Pattern>,
    /// How far it is looked for.
    pub within: Window,
    /// At least one; each has two columns, of the kept and of the absent operand.
    pub keys: Vec<Key>,
}

/// Events counted or summed over a sliding window.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// The event.
    pub event: EventId,
    /// The fields whose values make a group; at least one.
    pub keys: Vec<Column>,
    /// The window.
    pub over: Window,
    /// The condition.
    pub having: Having,
    /// Aggregates that become fields of the row, by name.
    pub named: Vec<(String, Aggregate)>,
}

/// A key component: one column for each operand, in their order, all of one type.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// The columns.
    pub columns: Vec<Column>,
    /// Where it was written.
    pub span: Span,
}

/// A column of a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Column {
    /// The event it belongs to.
    pub event: EventId,
    /// Which of its values.
    pub value: ColumnValue,
}

/// What a column holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ColumnValue {
    /// A field of the event.
    Field(Field),
    /// An aggregate of the `grouped` pattern the event stands in, by its name.
    Aggregate(String),
}

impl Column {
    /// A field of an event.
    #[must_use]
    pub const fn field(event: EventId, field: Field) -> Self {
        Self { event, value: ColumnValue::Field(field) }
    }

    /// The field, if the column is one.
    #[must_use]
    pub const fn as_field(&self) -> Option<&Field> {
        match &self.value {
            ColumnValue::Field(field) => Some(field),
            ColumnValue::Aggregate(_) => None,
        }
    }
}

/// The condition of a `grouped` pattern.
pub type Having = Logic<Comparison<Aggregate>>;

/// An aggregate over the events of a window. Over no value `count` and `distinct` are 0, the others missing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aggregate {
    /// `count()`: events.
    Count,
    /// `distinct(f)`: different values, compared exactly.
    Distinct(Field),
    /// `sum(f)`: of all values of all events.
    Sum(Field),
    /// `min(f)`
    Min(Field),
    /// `max(f)`
    Max(Field),
    /// `avg(f)`
    Avg(Field),
}

impl Aggregate {
    /// The field aggregated, if there is one.
    #[must_use]
    pub const fn field(&self) -> Option<&Field> {
        match self {
            Self::Count => None,
            Self::Distinct(f) | Self::Sum(f) | Self::Min(f) | Self::Max(f) | Self::Avg(f) => Some(f),
        }
    }
}

impl Pattern {
    /// The operands, in order; empty for an event or group.
    #[must_use]
    pub fn operands(&self) -> Vec<&Self> {
        match &self.kind {
            PatternKind::Event(_) | PatternKind::Grouped(_) => Vec::new(),
            PatternKind::Then(join) | PatternKind::With(join) => join.operands.iter().collect(),
            PatternKind::NotFollowed(n) | PatternKind::NotPreceded(n) => vec![&n.kept, &n.absent],
        }
    }

    /// The events that its rows bind, in order; those of absent operands are not among them.
    #[must_use]
    pub fn row_events(&self) -> Vec<EventId> {
        match &self.kind {
            PatternKind::Event(id) => vec![*id],
            PatternKind::Grouped(group) => vec![group.event],
            PatternKind::Then(join) | PatternKind::With(join) => {
                join.operands.iter().flat_map(Self::row_events).collect()
            }
            PatternKind::NotFollowed(n) | PatternKind::NotPreceded(n) => n.kept.row_events(),
        }
    }

    /// How far back from a row's time a run must look to find it whole, in milliseconds.
    #[must_use]
    pub fn horizon(&self) -> i64 {
        let inner = |p: &[Self]| p.iter().map(Self::horizon).max().unwrap_or(0);
        match &self.kind {
            PatternKind::Event(_) => 0,
            PatternKind::Grouped(group) => group.over.value,
            PatternKind::Then(join) | PatternKind::With(join) => {
                join.within.value.saturating_add(inner(&join.operands))
            }
            PatternKind::NotFollowed(n) | PatternKind::NotPreceded(n) => {
                n.within.value.saturating_add(n.kept.horizon().max(n.absent.horizon()))
            }
        }
    }

    /// How long after a row's time a run must wait to be sure of it, in milliseconds: the windows of `not followed by`.
    #[must_use]
    pub fn wait(&self) -> i64 {
        let most = |p: Vec<&Self>| p.into_iter().map(Self::wait).max().unwrap_or(0);
        match &self.kind {
            PatternKind::NotFollowed(n) => n.within.value.saturating_add(n.kept.wait().max(n.absent.wait())),
            _ => most(self.operands()),
        }
    }
}
