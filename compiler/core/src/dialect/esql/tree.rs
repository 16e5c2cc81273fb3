//! An ES|QL query as a tree: a source and the commands that its rows pass through. What the printer prints is decided here;
//! nothing is text but names and values.

use crate::dialect::elasticsearch::lucene::Pattern;
use crate::plan::{Arithmetic, Cidr, Glob, Logic, Number, Order};

/// A query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// Index patterns.
    pub index: Vec<String>,
    /// Whether the rows carry `_id`, `_index` and `_version`, by which Kibana tells that an event has alerted before:
    /// <https://www.elastic.co/docs/solutions/security/detect-and-alert/esql>
    pub identified: bool,
    /// The commands, in order.
    pub steps: Vec<Step>,
}

/// A command, with what it does in words.
#[derive(Debug, Clone, PartialEq)]
pub struct Step {
    /// The comment above it, one line; may be empty.
    pub comment: String,
    /// The command.
    pub command: Command,
}

/// A processing command.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// `WHERE`: the rows for which the condition is true; not those for which it is null.
    Where(Condition),
    /// `STATS … BY …`: a row for each group.
    Stats(Vec<Measure>, Vec<String>),
    /// `INLINE STATS … BY …`: the same as columns of every row of the group.
    InlineStats(Vec<Measure>, Vec<String>),
    /// `MV_EXPAND`: a row for each value of a column.
    Expand(String),
    /// `KEEP`: these columns only.
    Keep(Vec<String>),
}

/// A column that is computed over the rows of a group.
#[derive(Debug, Clone, PartialEq)]
pub struct Measure {
    /// The column's name.
    pub name: String,
    /// How.
    pub of: Aggregate,
    /// The rows that count; all of them if true.
    pub filter: Condition,
}

/// An aggregate function of a column. Null values are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Aggregate {
    /// `COUNT(*)`
    Count,
    /// `COALESCE(MV_COUNT(VALUES(c)), 0)`: exact, which `COUNT_DISTINCT` is not.
    /// <https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/aggregation-functions#esql-count_distinct>
    Distinct(String),
    /// `SUM(c)`
    Sum(String),
    /// `MIN(c)`
    Min(String),
    /// `MAX(c)`
    Max(String),
    /// `AVG(c)`
    Average(String),
    /// `VALUES(c)`: each value once.
    Values(String),
}

/// A condition on one row.
pub type Condition = Logic<Test>;

/// A test. It is null, and neither true nor false, where a value that it reads is null.
#[derive(Debug, Clone, PartialEq)]
pub enum Test {
    /// `x IS NOT NULL`
    NotNull(Scalar),
    /// `x == y`, `x < y`, …
    Compare(Scalar, Order, Scalar),
    /// `x != ""`
    NotEmpty(Scalar),
    /// `x IN (…)`: equal to any of these. At least one.
    In(Scalar, Vec<Scalar>),
    /// `x LIKE (…)`: over the whole value, case counts. At least one.
    Like(Scalar, Vec<Glob>),
    /// `x RLIKE (…)`: over the whole value, case counts. At least one.
    Matches(Scalar, Vec<Pattern>),
    /// `CIDR_MATCH(x, …)`. At least one.
    Cidr(Scalar, Vec<Cidr>),
    /// `MV_CONTAINS(x, v)`: the value is among those of a column that holds several.
    Contains(Scalar, Scalar),
    /// `COALESCE(t, FALSE)`: false where the test is null.
    Decided(Box<Test>),
}

/// A value of one row.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    /// A column.
    Column(String),
    /// A text.
    Text(String),
    /// A number.
    Number(Number),
    /// `TRUE` or `FALSE`
    Bool(bool),
    /// A moment, in milliseconds since 1970: `TO_DATETIME("…")`.
    Moment(i64),
    /// A span of time in milliseconds, beside `+` or `-` of a moment: `10 minutes`.
    Span(i64),
    /// `NOW()`: when the query began.
    Now,
    /// `TO_LOWER(x)`
    Lower(Box<Scalar>),
    /// `TO_LONG(x)`: of a moment, the milliseconds since 1970.
    Long(Box<Scalar>),
    /// `TO_DOUBLE(x)`
    Double(Box<Scalar>),
    /// Arithmetic. Of two whole numbers `/` is whole, and what overflows or divides by zero is null.
    Binary(Box<Scalar>, Arithmetic, Box<Scalar>),
}

impl Scalar {
    /// A column of this name.
    #[must_use]
    pub fn column(name: &str) -> Self {
        Self::Column(name.to_owned())
    }

    /// `self - span`
    #[must_use]
    pub fn before(self, milliseconds: i64) -> Self {
        Self::Binary(Box::new(self), Arithmetic::Sub, Box::new(Self::Span(milliseconds)))
    }
}
