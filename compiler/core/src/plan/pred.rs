//! Predicates: conditions on one event, two-valued throughout (LANGUAGE: a comparison on a missing field is false).
//!
//! Names are resolved, predicates are expanded, parameters are bound. What stands here is already in normal form:
//! `f != x` is `And[exists f, Not(f == x)]`, `missing f` is `Not(exists f)`, a list of one is a list.

use std::net::IpAddr;
use std::sync::Arc;

use super::{Cidr, Glob, Number, ParamRef, PortRange, Regex, Type, Value};
use crate::source::Span;

/// A Boolean tree over atoms `A`.
#[derive(Debug, Clone, PartialEq)]
pub enum Logic<A> {
    /// Always true or always false.
    Const(bool),
    /// True where the inner is false.
    Not(Box<Logic<A>>),
    /// All of them; at least two.
    And(Vec<Logic<A>>),
    /// Any of them; at least two.
    Or(Vec<Logic<A>>),
    /// A test.
    Atom(A),
}

/// A condition on one event.
pub type Pred = Logic<Test>;

impl<A> Logic<A> {
    /// The conjunction, flattened, with constants folded.
    #[must_use]
    pub fn and(parts: impl IntoIterator<Item = Self>) -> Self {
        let parts = parts.into_iter();
        let mut all = Vec::with_capacity(parts.size_hint().0);
        for part in parts {
            match part {
                Self::Const(true) => {}
                Self::Const(false) => return Self::Const(false),
                Self::And(inner) => all.extend(inner),
                other => all.push(other),
            }
        }
        all.shrink_to_fit();
        if all.len() > 1 { Self::And(all) } else { all.pop().unwrap_or(Self::Const(true)) }
    }

    /// The disjunction, flattened, with constants folded.
    #[must_use]
    pub fn or(parts: impl IntoIterator<Item = Self>) -> Self {
        let parts = parts.into_iter();
        let mut any = Vec::with_capacity(parts.size_hint().0);
        for part in parts {
            match part {
                Self::Const(false) => {}
                Self::Const(true) => return Self::Const(true),
                Self::Or(inner) => any.extend(inner),
                other => any.push(other),
            }
        }
        any.shrink_to_fit();
        if any.len() > 1 { Self::Or(any) } else { any.pop().unwrap_or(Self::Const(false)) }
    }

    /// The negation; a double one goes away.
    #[must_use]
    #[expect(clippy::should_implement_trait, reason = "a constructor beside `and` and `or`")]
    pub fn not(inner: Self) -> Self {
        match inner {
            Self::Const(b) => Self::Const(!b),
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    /// Calls `visit` on every atom, left to right.
    pub fn for_each<'a>(&'a self, visit: &mut impl FnMut(&'a A)) {
        match self {
            Self::Const(_) => {}
            Self::Not(inner) => inner.for_each(visit),
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|p| p.for_each(visit)),
            Self::Atom(atom) => visit(atom),
        }
    }
}

/// A field of an event class. `@timestamp` is one too.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field {
    /// The dotted ECS name.
    pub name: Arc<str>,
    /// The declared type; `List` if the field may hold several values.
    pub ty: Type,
}

/// A value in a predicate and the parameter it came from, so that a target can keep it tunable.
#[derive(Debug, Clone)]
pub struct Operand<T> {
    /// The value in force.
    pub value: T,
    /// The parameter it is the value of; none for a literal or a let.
    pub param: Option<ParamRef>,
}

impl<T: PartialEq> PartialEq for Operand<T> {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value && self.param == other.param
    }
}

impl<T> Operand<T> {
    /// A value that is no parameter's.
    pub const fn literal(value: T) -> Self {
        Self { value, param: None }
    }
}

/// One test of an event.
#[derive(Debug, Clone)]
pub struct Test {
    /// What is tested.
    pub kind: TestKind,
    /// Where it was written (for a predicate of the library: inside the library).
    pub span: Span,
    /// Where the outermost predicate call that brought it here was written; else the same as `span`.
    pub call: Span,
}

impl PartialEq for Test {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// The kinds of test. On a field with several values a test is true if any value satisfies it.
#[derive(Debug, Clone, PartialEq)]
pub enum TestKind {
    /// The field has a value that is not `""`.
    Exists(Field),
    /// A test of a text field against texts; an `ip` field only with [`TextOp::Equals`] on its canonical text, cased.
    Text(TextTest),
    /// `matches`: unanchored.
    Matches {
        /// The field, text.
        field: Field,
        /// Any of these.
        patterns: Operand<Vec<Regex>>,
        /// Whether case counts (it does unless `nocase`).
        cased: bool,
    },
    /// A number, port or duration (nanoseconds) against one constant.
    Number {
        /// The field.
        field: Field,
        /// `Eq` or an order; never `Ne`.
        op: Order,
        /// The constant.
        value: Operand<Number>,
    },
    /// A number field equal to any of these.
    NumberIn {
        /// The field.
        field: Field,
        /// The numbers.
        values: Operand<Vec<Number>>,
    },
    /// A port or int field in any of these ranges.
    PortIn {
        /// The field.
        field: Field,
        /// The ranges.
        ranges: Operand<Vec<PortRange>>,
    },
    /// A Boolean field equal to this.
    Bool {
        /// The field.
        field: Field,
        /// The value.
        value: Operand<bool>,
    },
    /// A datetime field against a moment in milliseconds.
    Time {
        /// The field.
        field: Field,
        /// `Eq` or an order.
        op: Order,
        /// Milliseconds since 1970.
        value: Operand<i64>,
    },
    /// An `ip` field equal to any of these addresses, or in any of these networks.
    Address {
        /// The field.
        field: Field,
        /// Single addresses (`==`, or `in` a list of `ip`).
        addresses: Vec<IpAddr>,
        /// Networks.
        networks: Vec<Cidr>,
        /// The parameter the whole list is the value of.
        param: Option<ParamRef>,
    },
    /// Two fields, or arithmetic: false if any part is missing or holds several values.
    Compare(Comparison<Field>),
}

/// A test of a text field.
#[derive(Debug, Clone, PartialEq)]
pub struct TextTest {
    /// The field.
    pub field: Field,
    /// The operator.
    pub op: TextOp,
    /// Whether case counts.
    pub cased: bool,
}

/// Operators on text. Each list is "any of these"; an empty text in `Equals` is never equal, in the others the test is
/// `exists`.
#[derive(Debug, Clone, PartialEq)]
pub enum TextOp {
    /// `==`, `in`
    Equals(Operand<Vec<String>>),
    /// `contains`
    Contains(Operand<Vec<String>>),
    /// `startswith`
    StartsWith(Operand<Vec<String>>),
    /// `endswith`
    EndsWith(Operand<Vec<String>>),
    /// `like`
    Like(Operand<Vec<Glob>>),
}

/// A comparison operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Order {
    /// `==`
    Eq,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl Order {
    /// Whether `left op right` holds for sides that compare so.
    #[must_use]
    pub const fn holds(self, ordering: std::cmp::Ordering) -> bool {
        match self {
            Self::Eq => ordering.is_eq(),
            Self::Lt => ordering.is_lt(),
            Self::Le => ordering.is_le(),
            Self::Gt => ordering.is_gt(),
            Self::Ge => ordering.is_ge(),
        }
    }

    /// The operator with its sides swapped.
    #[must_use]
    pub const fn flipped(self) -> Self {
        match self {
            Self::Eq => Self::Eq,
            Self::Lt => Self::Gt,
            Self::Le => Self::Ge,
            Self::Gt => Self::Lt,
            Self::Ge => Self::Le,
        }
    }
}

/// `left op right` over leaves `L`: fields of an event, or aggregates of a group. `!=` is `Not(Eq)` with its guard beside
/// it (see the module).
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison<L> {
    /// The operator.
    pub op: Order,
    /// For text operands (only `Eq`): whether case counts.
    pub cased: bool,
    /// Left side.
    pub left: Expr<L>,
    /// Right side.
    pub right: Expr<L>,
}

/// A value computed from leaves `L`.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr<L> {
    /// How.
    pub kind: ExprKind<L>,
    /// Of this type: `Int`, `Float`, `Duration` (nanoseconds), `Datetime` (milliseconds), `String`, `Ip`, `Bool`.
    pub ty: Type,
}

/// The ways to compute a value.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind<L> {
    /// A field or aggregate; missing if it is.
    Leaf(L),
    /// A constant.
    Const(Operand<Value>),
    /// Arithmetic; missing if a side is, on overflow, and on division by zero. `Div` is real division.
    Binary(Box<Expr<L>>, Arithmetic, Box<Expr<L>>),
}

/// Arithmetic operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Arithmetic {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`: real division
    Div,
}

impl<L> Expr<L> {
    /// Calls `visit` on every leaf, left to right.
    pub fn for_each_leaf<'a>(&'a self, visit: &mut impl FnMut(&'a L)) {
        match &self.kind {
            ExprKind::Leaf(leaf) => visit(leaf),
            ExprKind::Const(_) => {}
            ExprKind::Binary(left, _, right) => {
                left.for_each_leaf(visit);
                right.for_each_leaf(visit);
            }
        }
    }
}

impl Test {
    /// Every field the test reads.
    pub fn for_each_field<'a>(&'a self, visit: &mut impl FnMut(&'a Field)) {
        match &self.kind {
            TestKind::Exists(field)
            | TestKind::Text(TextTest { field, .. })
            | TestKind::Matches { field, .. }
            | TestKind::Number { field, .. }
            | TestKind::NumberIn { field, .. }
            | TestKind::PortIn { field, .. }
            | TestKind::Bool { field, .. }
            | TestKind::Time { field, .. }
            | TestKind::Address { field, .. } => visit(field),
            TestKind::Compare(comparison) => {
                comparison.left.for_each_leaf(visit);
                comparison.right.for_each_leaf(visit);
            }
        }
    }
}
