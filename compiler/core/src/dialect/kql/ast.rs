//! The tree of a KQL query. Names are plain text here; quoting, escaping and parentheses belong to [`super::print`].
//!
//! Language reference: <https://learn.microsoft.com/kusto/query/>

/// A whole query: `let` statements and the expression that they serve.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// One line above all of it; empty for none.
    pub heading: String,
    /// In order; each may use those before it.
    pub lets: Vec<Let>,
    /// One line above the final expression.
    pub comment: String,
    /// The final expression.
    pub body: Pipeline,
}

/// `let name = value;`
#[derive(Debug, Clone, PartialEq)]
pub struct Let {
    /// One line above it; empty for none.
    pub comment: String,
    /// The name it introduces.
    pub name: String,
    /// What it stands for.
    pub value: LetValue,
}

/// What a `let` binds.
#[derive(Debug, Clone, PartialEq)]
pub enum LetValue {
    /// A scalar.
    Scalar(Expr),
    /// A table, evaluated at each use.
    Rows(Pipeline),
    /// A table that is evaluated once, however often it is used.
    Materialized(Pipeline),
}

/// A source and the operators applied to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// Where the rows come from.
    pub source: Source,
    /// The operators, in order.
    pub steps: Vec<Step>,
}

/// Where rows come from.
#[derive(Debug, Clone, PartialEq)]
pub enum Source {
    /// A table or a `let`.
    Name(String),
    /// A profile's own query, printed as it stands.
    Raw(String),
    /// A function that gives a table.
    Call(String, Vec<Expr>),
    /// `print`: one row of these.
    Print(Vec<Assign>),
}

/// `name = value`; printed as the name alone if the value is that name.
pub type Assign = (String, Expr);

/// An operator after a `|`.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// `where`
    Where(Expr),
    /// `extend`
    Extend(Vec<Assign>),
    /// `project`
    Project(Vec<Assign>),
    /// `distinct`
    Distinct(Vec<String>),
    /// `summarize … by …`
    Summarize {
        /// Aggregates; may be empty. One without a name keeps the columns it names itself, as `arg_max` does.
        columns: Vec<(Option<String>, Expr)>,
        /// Groups.
        by: Vec<Assign>,
    },
    /// `mv-expand name = value to typeof(type)`: one row per member.
    MvExpand {
        /// The new column.
        name: String,
        /// A dynamic array.
        value: Expr,
        /// The type of its members.
        ty: Scalar,
    },
    /// `mv-apply name = value to typeof(type) on (summarize flag = countif(test) > 0, …)`
    MvApply {
        /// The column that holds one member in the tests.
        name: String,
        /// A dynamic array.
        value: Expr,
        /// The type of its members.
        ty: Scalar,
        /// A Boolean column for each test: whether any member passes.
        tests: Vec<Assign>,
    },
    /// `join kind=… (right) on …`
    Join {
        /// Which rows are kept.
        kind: JoinKind,
        /// The other table.
        right: Pipeline,
        /// Columns of the left and of the right that must be equal.
        on: Vec<(String, String)>,
    },
    /// `serialize name = row_number()`
    RowNumber(String),
}

/// The kinds of join in use. The default, `innerunique`, drops rows of the left and is never wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinKind {
    /// All pairs.
    Inner,
    /// All pairs, and the left rows without a partner.
    LeftOuter,
    /// The left rows without a partner.
    LeftAnti,
}

/// A scalar type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scalar {
    /// `string`; never null, a missing one is `""`.
    Text,
    /// `int`, 32 bits.
    Int,
    /// `long`, 64 bits.
    Long,
    /// `real`
    Real,
    /// `bool`
    Bool,
    /// `datetime`, in ticks of 100 ns.
    Datetime,
    /// `timespan`, in ticks of 100 ns.
    Timespan,
    /// `dynamic`: an array, a bag or a scalar.
    Dynamic,
    /// `guid`
    Guid,
}

impl Scalar {
    /// The keyword.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "string",
            Self::Int => "int",
            Self::Long => "long",
            Self::Real => "real",
            Self::Bool => "bool",
            Self::Datetime => "datetime",
            Self::Timespan => "timespan",
            Self::Dynamic => "dynamic",
            Self::Guid => "guid",
        }
    }

    /// The type of this name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        const ALL: [Scalar; 9] = [
            Scalar::Text,
            Scalar::Int,
            Scalar::Long,
            Scalar::Real,
            Scalar::Bool,
            Scalar::Datetime,
            Scalar::Timespan,
            Scalar::Dynamic,
            Scalar::Guid,
        ];
        ALL.into_iter().find(|ty| ty.as_str() == name)
    }
}

/// A scalar expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A column or a `let`.
    Name(String),
    /// A profile's own expression, printed as it stands, in parentheses where it is part of a larger one.
    Raw(String),
    /// A string.
    Text(String),
    /// A whole number.
    Long(i64),
    /// A double; never NaN or infinite.
    Real(f64),
    /// A Boolean.
    Bool(bool),
    /// A span of time in ticks of 100 ns.
    Timespan(i64),
    /// A moment in milliseconds since 1970.
    Datetime(i64),
    /// The null of a type.
    Null(Scalar),
    /// `dynamic([…])` of literals.
    List(Vec<Expr>),
    /// `f(a, b)`
    Call(&'static str, Vec<Expr>),
    /// `a op b`
    Binary(Box<Expr>, BinaryOp, Box<Expr>),
    /// `a in (b, c)` and its kin.
    In(Box<Expr>, InOp, Vec<Expr>),
    /// `a between (b .. c)`, both ends included.
    Between(Box<Expr>, Box<Expr>, Box<Expr>),
    /// All of these; at least two.
    And(Vec<Expr>),
    /// Any of these; at least two.
    Or(Vec<Expr>),
    /// `toscalar(…)`: the first column of a table's first row.
    ToScalar(Box<Pipeline>),
}

/// Operators with two sides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `==`: case counts; false if one side is null.
    Equal,
    /// `!=`: true if one side is null.
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `=~`: equal but for case.
    EqualNoCase,
    /// `!~`
    NotEqualNoCase,
    /// `contains`: ignores case.
    Contains,
    /// `!contains`
    NotContains,
    /// `contains_cs`
    ContainsCased,
    /// `!contains_cs`
    NotContainsCased,
    /// `startswith`: ignores case.
    StartsWith,
    /// `!startswith`
    NotStartsWith,
    /// `startswith_cs`
    StartsWithCased,
    /// `!startswith_cs`
    NotStartsWithCased,
    /// `endswith`: ignores case.
    EndsWith,
    /// `!endswith`
    NotEndsWith,
    /// `endswith_cs`
    EndsWithCased,
    /// `!endswith_cs`
    NotEndsWithCased,
    /// `matches regex`: unanchored, case counts.
    Matches,
    /// `+`
    Add,
    /// `-`
    Subtract,
    /// `*`
    Multiply,
    /// `/`: cuts whole numbers.
    Divide,
}

/// Membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InOp {
    /// `in`
    In,
    /// `in~`: ignores case.
    InNoCase,
    /// `!in~`
    NotInNoCase,
}

fn add_once(list: &mut Vec<Expr>, one: Expr) {
    if !list.contains(&one) {
        list.push(one);
    }
}

impl Expr {
    /// A name.
    pub fn name(name: impl Into<String>) -> Self {
        Self::Name(name.into())
    }

    /// `left op right`
    #[must_use]
    pub fn binary(left: Self, op: BinaryOp, right: Self) -> Self {
        Self::Binary(Box::new(left), op, Box::new(right))
    }

    /// All of them, flattened; `true` for none.
    #[must_use]
    pub fn and(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for part in parts {
            match part {
                Self::Bool(true) => {}
                Self::Bool(false) => return Self::Bool(false),
                Self::And(inner) => all.extend(inner),
                other => all.push(other),
            }
        }
        if all.len() > 1 { Self::And(all) } else { all.pop().unwrap_or(Self::Bool(true)) }
    }

    /// Any of them, flattened, each once; `false` for none.
    #[must_use]
    pub fn or(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Vec::new();
        for part in parts {
            match part {
                Self::Bool(false) => {}
                Self::Bool(true) => return Self::Bool(true),
                Self::Or(inner) => inner.into_iter().for_each(|one| add_once(&mut any, one)),
                other => add_once(&mut any, other),
            }
        }
        if any.len() > 1 { Self::Or(any) } else { any.pop().unwrap_or(Self::Bool(false)) }
    }

    /// The negation of an expression that is never null. Uses the opposite operator where strings have one; the others
    /// keep `not(…)`, since `!=` and `!in` are true for null.
    #[must_use]
    pub fn not(inner: Self) -> Self {
        match inner {
            Self::Bool(b) => Self::Bool(!b),
            Self::Call("not", mut args) if args.len() == 1 => args.pop().unwrap_or(Self::Bool(true)),
            Self::Call("isnotempty", args) => Self::Call("isempty", args),
            Self::Call("isnotnull", args) => Self::Call("isnull", args),
            Self::In(value, InOp::InNoCase, list) => Self::In(value, InOp::NotInNoCase, list),
            Self::Binary(left, op, right) => match op.opposite() {
                Some(opposite) => Self::Binary(left, opposite, right),
                None => Self::Call("not", vec![Self::Binary(left, op, right)]),
            },
            other => Self::Call("not", vec![other]),
        }
    }
}

impl BinaryOp {
    /// The opposite of an operator on strings.
    const fn opposite(self) -> Option<Self> {
        match self {
            Self::EqualNoCase => Some(Self::NotEqualNoCase),
            Self::Contains => Some(Self::NotContains),
            Self::ContainsCased => Some(Self::NotContainsCased),
            Self::StartsWith => Some(Self::NotStartsWith),
            Self::StartsWithCased => Some(Self::NotStartsWithCased),
            Self::EndsWith => Some(Self::NotEndsWith),
            Self::EndsWithCased => Some(Self::NotEndsWithCased),
            Self::NotEqualNoCase => Some(Self::EqualNoCase),
            Self::NotContains => Some(Self::Contains),
            Self::NotContainsCased => Some(Self::ContainsCased),
            Self::NotStartsWith => Some(Self::StartsWith),
            Self::NotStartsWithCased => Some(Self::StartsWithCased),
            Self::NotEndsWith => Some(Self::EndsWith),
            Self::NotEndsWithCased => Some(Self::EndsWithCased),
            Self::Equal
            | Self::NotEqual
            | Self::Less
            | Self::LessOrEqual
            | Self::Greater
            | Self::GreaterOrEqual
            | Self::Matches
            | Self::Add
            | Self::Subtract
            | Self::Multiply
            | Self::Divide => None,
        }
    }
}

impl Query {
    /// The rows alone.
    #[must_use]
    pub const fn of(body: Pipeline) -> Self {
        Self { heading: String::new(), lets: Vec::new(), comment: String::new(), body }
    }
}

impl Pipeline {
    /// The rows of a table or `let`.
    pub fn of(name: impl Into<String>) -> Self {
        Self { source: Source::Name(name.into()), steps: Vec::new() }
    }

    /// With one more operator.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }

    /// With `where`, unless the condition is `true`.
    #[must_use]
    pub fn filter(self, condition: Expr) -> Self {
        if condition == Expr::Bool(true) { self } else { self.then(Step::Where(condition)) }
    }
}
