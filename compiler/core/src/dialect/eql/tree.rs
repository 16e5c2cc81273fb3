//! An EQL query as a tree. What the printer prints is decided here; nothing is text but names and values.

pub use crate::dialect::elasticsearch::Case;
use crate::dialect::elasticsearch::lucene::Pattern;
use crate::plan::{Cidr, Glob, Logic, Order, Segment};

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub enum Query {
    /// Single events.
    Event(Filter),
    /// A sequence of events.
    Sequence {
        /// From the first event to the last, in milliseconds; at least 1.
        within: i64,
        /// At least two, or one that is repeated.
        terms: Vec<Term>,
    },
}

/// `category where condition`
#[derive(Debug, Clone, PartialEq)]
pub struct Filter {
    /// The value of `event.category`; none for `any`.
    pub category: Option<String>,
    /// Which events.
    pub condition: Condition,
}

/// One step of a sequence.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// The event's name in the source, for the comment above the step.
    pub label: String,
    /// Whether such an event must be missing: `![…]`.
    pub presence: Presence,
    /// Which events.
    pub filter: Filter,
    /// The fields that are equal in all steps; the same number in every step.
    pub by: Vec<String>,
    /// How many such events in a row: 1 to 100.
    pub runs: usize,
}

/// Whether a step's event must be there or must not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// `[…]`
    Present,
    /// `![…]`
    Missing,
}

/// A condition on one event.
pub type Condition = Logic<Test>;

/// A test of one field.
#[derive(Debug, Clone, PartialEq)]
pub struct Test {
    /// The field.
    pub field: FieldName,
    /// What is asked of it.
    pub kind: TestKind,
}

/// A field's name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldName {
    /// The dotted name in the index.
    pub name: String,
    /// `?name`: the query is not refused where no index maps the field; there it is null.
    /// <https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax#eql-syntax-optional-fields>
    pub optional: bool,
}

/// The tests of a field.
#[derive(Debug, Clone, PartialEq)]
pub enum TestKind {
    /// `f != null`
    NotNull,
    /// `f == v`, `f < v`, …
    Compare(Order, Literal),
    /// `f in (…)`, or `f in~ (…)`: equal to any of these, verbatim. At least one.
    In(Vec<Literal>, Case),
    /// `f like (…)`, or `f : (…)`. At least one.
    Like(Vec<Wildcard>, Case),
    /// `f regex (…)`, or `f regex~ (…)`: over the whole value. At least one.
    Regex(Vec<Pattern>, Case),
    /// `cidrMatch(f, …)`. At least one.
    Cidr(Vec<Cidr>),
}

/// A constant.
#[derive(Debug, Clone, PartialEq)]
pub enum Literal {
    /// Text.
    Text(String),
    /// A whole number.
    Int(i64),
    /// A double.
    Float(f64),
    /// `true` or `false`
    Bool(bool),
}

/// A wildcard pattern over the whole value. EQL cannot escape `*` and `?`, so no literal part holds one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wildcard(Glob);

impl Wildcard {
    /// The pattern; none if a literal part holds `*` or `?`.
    #[must_use]
    pub fn new(glob: Glob) -> Option<Self> {
        let plain = |s: &Segment| match s {
            Segment::Literal(text) => !text.contains(['*', '?']),
            Segment::Any | Segment::One => true,
        };
        glob.segments.iter().all(plain).then_some(Self(glob))
    }

    /// Any text of at least one character: what a field holds that is not missing.
    #[must_use]
    pub fn something() -> Self {
        Self(Glob { segments: vec![Segment::One, Segment::Any] })
    }

    /// Its parts.
    #[must_use]
    pub fn segments(&self) -> &[Segment] {
        &self.0.segments
    }
}

/// The number, from 0, of the last event that the step of this label takes among those that a sequence gives.
#[must_use]
pub fn last_event_of(terms: &[Term], label: &str) -> Option<usize> {
    let mut count = 0;
    let mut found = None;
    for term in terms.iter().filter(|term| term.presence == Presence::Present) {
        count += term.runs;
        if term.label == label {
            found = Some(count - 1);
        }
    }
    found
}
