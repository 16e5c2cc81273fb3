//! The tree of a Splunk search.
//!
//! Text stands in three positions that quote differently, so there are three types: a [`Search`] (the base search, where
//! `*` is a wildcard), an [`Expr`] (`eval` and `where`), and a [`Pcre`] (a regular expression inside an `Expr`). Nothing in
//! the tree is escaped; the printer does that once.

use std::sync::Arc;

/// A field's name, unquoted. Shared, since most stand in many places of a search.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(pub Arc<str>);

impl Name {
    /// A name.
    pub fn new(text: impl Into<Arc<str>>) -> Self {
        Self(text.into())
    }
}

/// A whole search: a base search and the commands after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What is read from the indexes.
    pub base: Search,
    /// The pipeline.
    pub lines: Vec<Line>,
}

/// One command, with a comment above it.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Plain words for whoever reviews the rule.
    pub comment: Option<String>,
    /// The command.
    pub command: Command,
}

/// A condition of the base search.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Search {
    /// A macro without arguments.
    Macro(String),
    /// The field has a value that matches these pieces, ignoring case.
    Like(Name, Vec<Piece>),
    /// The field compares so with a number in decimal notation.
    Number(Name, Compare, String),
    /// All of them.
    And(Vec<Search>),
    /// Any of them.
    Or(Vec<Search>),
}

/// A part of a base search's value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Piece {
    /// This text. It holds no `*`: the base search cannot escape one.
    Literal(String),
    /// Any run of characters.
    Any,
}

/// A command of the pipeline.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// `eval`: assignments, each seeing those before it.
    Eval(Vec<(Name, Expr)>),
    /// `where`
    Where(Expr),
    /// `fields`: only these (and the internal ones).
    Fields(Vec<Name>),
    /// `fields -`: all but these.
    FieldsRemove(Vec<Name>),
    /// `sort 0`: all rows, by these.
    Sort(Vec<(Direction, Name)>),
    /// `streamstats window=0`: over this row and all before it.
    Streamstats(Vec<Aggregate>, Vec<Name>),
    /// `eventstats`: over all rows.
    Eventstats(Vec<Aggregate>, Vec<Name>),
    /// `stats`
    Stats(Vec<Aggregate>, Vec<Name>),
    /// `mvexpand`: a row for each value.
    Mvexpand(Name),
    /// `rename`: from, to.
    Rename(Vec<(Name, Name)>),
    /// `lookup`: the row of a table whose `entry` matches the field gives the output its `listed`.
    Lookup {
        /// The table's definition in `transforms.conf`.
        table: String,
        /// The field looked up.
        field: Name,
        /// The field that gets `listed`.
        output: Name,
    },
    /// `addinfo`: the ends of the time that the search covers, in seconds.
    Addinfo,
    /// A macro that is a command or several.
    Macro(String),
}

/// The direction of a sort key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    Descending,
}

/// An aggregate with the name of its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aggregate {
    /// Which.
    pub function: AggregateFunction,
    /// Over this field; none for `count`.
    pub of: Option<Name>,
    /// The result's name.
    pub name: Name,
}

/// Aggregate functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AggregateFunction {
    /// Rows.
    Count,
    /// The greatest number.
    Max,
    /// The smallest number.
    Min,
    /// The sum.
    Sum,
    /// All different values, as a multivalue field.
    Values,
}

/// An `eval` expression.
#[derive(Debug, Clone, PartialEq)]
pub enum Expr {
    /// A field.
    Field(Name),
    /// Text.
    Text(String),
    /// A regular expression.
    Pattern(Pcre),
    /// A whole number.
    Int(i64),
    /// A fraction; finite.
    Float(f64),
    /// A function call.
    Call(Function, Vec<Expr>),
    /// An expression of the profile, verbatim. It stands only where no parentheses can be needed: as an argument or as
    /// the whole right side of an assignment.
    Native(String),
    /// `NOT`
    Not(Box<Expr>),
    /// `AND`, of at least two, which differ.
    And(Vec<Expr>),
    /// `OR`, of at least two, which differ.
    Or(Vec<Expr>),
    /// A comparison.
    Compare(Box<Expr>, Compare, Box<Expr>),
    /// `in(field, …)`, over texts.
    In(Name, Vec<String>),
    /// Arithmetic and concatenation.
    Binary(Box<Expr>, Binary, Box<Expr>),
    /// A macro that stands for an expression, with the fields that it is about.
    Macro(String, Vec<Name>),
}

/// A regular expression of PCRE, built so that it holds neither a quote nor two backslashes in a row: every character
/// that is no ASCII letter, digit, `_` or space, and not beyond ASCII, is `\xNN`. So Splunk's unescaping of strings
/// before PCRE sees them changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pcre(pub String);

/// Comparison operators of `eval` and the base search.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compare {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

/// Binary operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Binary {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `.`
    Concat,
}

/// Functions of `eval`, by Splunk's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Function {
    Case,
    Ceiling,
    Cidrmatch,
    Coalesce,
    Floor,
    Isnotnull,
    Isnull,
    Len,
    Lower,
    Max,
    Min,
    Mvcount,
    Mvdedup,
    Mvfilter,
    Mvfind,
    Mvindex,
    Mvjoin,
    Mvmap,
    Now,
    Pow,
    Round,
    Split,
    Strftime,
    Strptime,
    Substr,
    Tonumber,
    Tostring,
}

fn add_once<T: PartialEq>(list: &mut Vec<T>, one: T) {
    if !list.contains(&one) {
        list.push(one);
    }
}

/// Adds those that are not there yet, of several that differ from each other.
fn add_different<T: PartialEq>(list: &mut Vec<T>, several: Vec<T>) {
    let before = list.len();
    for one in several {
        if !list.iter().take(before).any(|known| *known == one) {
            list.push(one);
        }
    }
}

impl Expr {
    /// A field.
    pub fn field(name: &Name) -> Self {
        Self::Field(name.clone())
    }

    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A call.
    pub fn call(function: Function, arguments: impl IntoIterator<Item = Self>) -> Self {
        Self::Call(function, arguments.into_iter().collect())
    }

    /// `self op other`
    #[must_use]
    pub fn compare(self, op: Compare, other: Self) -> Self {
        Self::Compare(Box::new(self), op, Box::new(other))
    }

    /// `self op other`
    #[must_use]
    pub fn binary(self, op: Binary, other: Self) -> Self {
        Self::Binary(Box::new(self), op, Box::new(other))
    }

    /// `self - other`
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        self.binary(Binary::Sub, other)
    }

    /// `self . other`
    #[must_use]
    pub fn concat(self, other: Self) -> Self {
        self.binary(Binary::Concat, other)
    }

    /// The conjunction, flattened, each part once; one part stands alone.
    pub fn and(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut all = Vec::new();
        for part in parts {
            match part {
                Self::And(inner) if all.is_empty() => all = inner,
                Self::And(inner) => add_different(&mut all, inner),
                other => add_once(&mut all, other),
            }
        }
        if all.len() > 1 { Self::And(all) } else { all.pop().unwrap_or_else(Self::always) }
    }

    /// The disjunction, flattened, each part once; one part stands alone.
    pub fn or(parts: impl IntoIterator<Item = Self>) -> Self {
        let mut any = Vec::new();
        for part in parts {
            match part {
                Self::Or(inner) if any.is_empty() => any = inner,
                Self::Or(inner) => add_different(&mut any, inner),
                other => add_once(&mut any, other),
            }
        }
        if any.len() > 1 { Self::Or(any) } else { any.pop().unwrap_or_else(Self::never) }
    }

    /// A condition that holds.
    pub fn always() -> Self {
        Self::Int(1).compare(Compare::Eq, Self::Int(1))
    }

    /// A condition that does not hold.
    pub fn never() -> Self {
        Self::Int(1).compare(Compare::Eq, Self::Int(0))
    }

    /// `case(condition, then, 1=1, otherwise)`: unlike `if`, its documentation says that only a condition that is true
    /// counts, so an unknown one is as good as false.
    #[must_use]
    pub fn choose(condition: Self, then: Self, otherwise: Self) -> Self {
        Self::call(Function::Case, [condition, then, Self::always(), otherwise])
    }

    /// 1 where the condition is true, else 0.
    #[must_use]
    pub fn flag(condition: Self) -> Self {
        Self::choose(condition, Self::Int(1), Self::Int(0))
    }
}

impl Search {
    /// The conjunction, flattened; one part stands alone.
    pub fn and(parts: Vec<Self>) -> Option<Self> {
        let mut all = Vec::new();
        for part in parts {
            match part {
                Self::And(inner) => all.extend(inner),
                other => all.push(other),
            }
        }
        if all.len() > 1 { Some(Self::And(all)) } else { all.pop() }
    }

    /// The disjunction, flattened, each part once; one part stands alone.
    pub fn or(parts: Vec<Self>) -> Option<Self> {
        let mut any = Vec::new();
        for part in parts {
            match part {
                Self::Or(inner) => inner.into_iter().for_each(|one| add_once(&mut any, one)),
                other => add_once(&mut any, other),
            }
        }
        if any.len() > 1 { Some(Self::Or(any)) } else { any.pop() }
    }
}
