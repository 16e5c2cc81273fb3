//! Arithmetic and comparisons over leaves: fields of an event, aggregates of a group, or nothing but constants.
//!
//! Constants are computed here; what has a leaf becomes a tree of the plan.

use std::convert::Infallible;
use std::sync::Arc;

use super::literals::{self, MAX_INT};
use super::table::Table;
use super::values::{self, Const, cast};
use super::{Env, bounds};
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{Arithmetic, Comparison, Expr, ExprKind, Logic, Operand, Order, Type, Value};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, BinaryOp};

/// One side of a comparison.
pub(super) enum Side<L> {
    /// Known now.
    Const(Const),
    /// Known with the event or group.
    Tree(Expr<L>),
}

impl<L> Side<L> {
    /// Its type as arithmetic sees it: of one value, ports as numbers, words as text.
    fn ty(&self) -> Type {
        match self {
            Self::Const(value) => general(&value.ty),
            Self::Tree(tree) => tree.ty.clone(),
        }
    }

    fn into_tree(self) -> Expr<L> {
        match self {
            Self::Tree(tree) => tree,
            Self::Const(value) => Expr {
                ty: general(&value.ty),
                kind: ExprKind::Const(Operand { value: Arc::unwrap_or_clone(value.value), param: value.param }),
            },
        }
    }
}

/// The type of one value of `ty` in an [`Expr`].
pub(super) fn general(ty: &Type) -> Type {
    match ty.scalar() {
        Type::Port => Type::Int,
        Type::Enum(_) => Type::String,
        other => other.clone(),
    }
}

/// What names and calls mean in an expression.
pub(super) trait Leaves {
    /// A field or an aggregate.
    type Leaf;

    /// The meaning of a name, a call, or a named aggregate.
    fn leaf(&self, table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr) -> Option<Side<Self::Leaf>>;
}

/// Nothing but constants.
struct Constants;

impl Leaves for Constants {
    type Leaf = Infallible;

    fn leaf(&self, table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr) -> Option<Side<Infallible>> {
        match &expr.kind {
            ast::ExprKind::Name(_) => values::infer(table, env, expr).map(Side::Const),
            _ => table.fail(Diagnostic::new(Code::WrongType, "a constant is needed here", expr.span)),
        }
    }
}

/// The value of an expression without leaves.
pub(super) fn constant(table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr) -> Option<Const> {
    match side(table, env, &Constants, expr)? {
        Side::Const(value) => Some(value),
        // Only a leaf makes a tree, and there is none.
        Side::Tree(_) => None,
    }
}

/// The meaning of an expression that is a value.
pub(super) fn side<S: Leaves>(table: &Table<'_>, env: &Env<'_>, leaves: &S, expr: &ast::Expr) -> Option<Side<S::Leaf>> {
    use ast::ExprKind as Kind;
    match &expr.kind {
        Kind::Paren(inner) => side(table, env, leaves, inner),
        Kind::Name(_) | Kind::Call(..) | Kind::Named(..) => leaves.leaf(table, env, expr),
        Kind::Unary(ast::UnaryOp::Neg, inner) => {
            let inner = side(table, env, leaves, inner)?;
            let zero = match inner.ty() {
                Type::Duration => (Value::Duration(0), Type::Duration),
                _ => (Value::Int(0), Type::Int),
            };
            let zero = Side::Const(Const::literal(zero.0, zero.1, expr.span));
            combine(table, zero, Spanned::new(Arithmetic::Sub, expr.span), inner, expr.span)
        }
        Kind::Binary(binary) if arithmetic(binary.op.value).is_some() => chain(table, env, leaves, expr),
        Kind::Binary(_) | Kind::Unary(..) => {
            table.fail(Diagnostic::new(Code::WrongType, "a value is needed here, and this is a condition", expr.span))
        }
        Kind::Bool(_)
        | Kind::Int(_)
        | Kind::Float(_)
        | Kind::String(_)
        | Kind::Duration(_)
        | Kind::List(_)
        | Kind::Record(_)
        | Kind::Range(..) => values::infer(table, env, expr).map(Side::Const),
    }
}

/// The arithmetic operator that `op` is.
const fn arithmetic(op: BinaryOp) -> Option<Arithmetic> {
    match op {
        BinaryOp::Add => Some(Arithmetic::Add),
        BinaryOp::Sub => Some(Arithmetic::Sub),
        BinaryOp::Mul => Some(Arithmetic::Mul),
        BinaryOp::Div => Some(Arithmetic::Div),
        BinaryOp::Or
        | BinaryOp::And
        | BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::In
        | BinaryOp::Like
        | BinaryOp::Contains
        | BinaryOp::StartsWith
        | BinaryOp::EndsWith
        | BinaryOp::Matches => None,
    }
}

/// `a + b - c …`: down the left spine without recursion, then up again.
fn chain<S: Leaves>(table: &Table<'_>, env: &Env<'_>, leaves: &S, expr: &ast::Expr) -> Option<Side<S::Leaf>> {
    let mut steps = Vec::new();
    let mut first = expr;
    while let ast::ExprKind::Binary(binary) = &first.kind {
        let Some(op) = arithmetic(binary.op.value) else { break };
        steps.push((Spanned::new(op, binary.op.span), &binary.right));
        first = &binary.left;
    }
    let mut total = side(table, env, leaves, first);
    for (op, right) in steps.into_iter().rev() {
        let span = first.span.to(right.span);
        let right = side(table, env, leaves, right);
        total = match (total, right) {
            (Some(left), Some(right)) => combine(table, left, op, right, span),
            _ => None,
        };
    }
    total
}

fn combine<L>(
    table: &Table<'_>,
    left: Side<L>,
    op: Spanned<Arithmetic>,
    right: Side<L>,
    span: Span,
) -> Option<Side<L>> {
    let (left, right) = (soften(table, left, &right.ty())?, right);
    let right = soften(table, right, &left.ty())?;
    let (a, b) = (left.ty(), right.ty());
    let Some(ty) = result(&a, op.value, &b) else {
        let title = format!("`{a}` {} `{b}` has no meaning", symbol(op.value));
        return table.fail(Diagnostic::new(Code::BadOperator, title, op.span));
    };
    match (left, right) {
        (Side::Const(left), Side::Const(right)) => match fold(&left.value, op.value, &right.value, &ty) {
            Ok(value) => {
                let soft = left.soft && right.soft;
                Some(Side::Const(Const { soft, ..Const::literal(value, ty, span) }))
            }
            Err(message) => table.fail(Diagnostic::new(Code::BadLiteral, message, span)),
        },
        (left, right) => {
            let kind = ExprKind::Binary(Box::new(left.into_tree()), op.value, Box::new(right.into_tree()));
            Some(Side::Tree(Expr { kind, ty }))
        }
    }
}

/// A literal text beside a moment, address or word is read as one.
fn soften<L>(table: &Table<'_>, side: Side<L>, other: &Type) -> Option<Side<L>> {
    match side {
        Side::Const(value) if value.soft && value.ty == Type::String && matches!(other, Type::Datetime | Type::Ip) => {
            cast(table, &value, other).map(Side::Const)
        }
        side => Some(side),
    }
}

const fn symbol(op: Arithmetic) -> &'static str {
    match op {
        Arithmetic::Add => "+",
        Arithmetic::Sub => "-",
        Arithmetic::Mul => "*",
        Arithmetic::Div => "/",
    }
}

/// The type of `a op b`, if it has a meaning.
fn result(a: &Type, op: Arithmetic, b: &Type) -> Option<Type> {
    use Arithmetic::{Add, Div, Mul, Sub};
    match (a, op, b) {
        (Type::Int, Add | Sub | Mul, Type::Int) => Some(Type::Int),
        (Type::Int | Type::Float, _, Type::Int | Type::Float) => Some(Type::Float),
        (Type::Duration, Add | Sub, Type::Duration)
        | (Type::Duration, Mul | Div, Type::Int | Type::Float)
        | (Type::Int | Type::Float, Mul, Type::Duration)
        | (Type::Datetime, Sub, Type::Datetime) => Some(Type::Duration),
        (Type::Duration, Div, Type::Duration) => Some(Type::Float),
        (Type::Datetime, Add | Sub, Type::Duration) | (Type::Duration, Add, Type::Datetime) => Some(Type::Datetime),
        _ => None,
    }
}

/// Nanoseconds in a millisecond.
const MILLISECOND: i64 = 1_000_000;

/// `a op b` for constants, of type `ty`.
fn fold(a: &Value, op: Arithmetic, b: &Value, ty: &Type) -> Result<Value, String> {
    let too_large = || "the result is too large".to_owned();
    match ty {
        Type::Int => {
            let exact = whole(a).zip(whole(b)).and_then(|(a, b)| match op {
                Arithmetic::Add => a.checked_add(b),
                Arithmetic::Sub => a.checked_sub(b),
                Arithmetic::Mul => a.checked_mul(b),
                Arithmetic::Div => None,
            });
            exact.filter(|n| n.unsigned_abs() <= MAX_INT.unsigned_abs()).map(Value::Int).ok_or_else(too_large)
        }
        Type::Datetime => {
            let (moment, span) = match (a, b) {
                (Value::Datetime(moment), Value::Duration(span)) if op == Arithmetic::Sub => {
                    (moment, -i128::from(*span))
                }
                (Value::Datetime(moment), Value::Duration(span)) | (Value::Duration(span), Value::Datetime(moment)) => {
                    (moment, i128::from(*span))
                }
                _ => return Err(too_large()),
            };
            if span % i128::from(MILLISECOND) != 0 {
                return Err("a moment is exact to the millisecond, and this is finer".to_owned());
            }
            let moment = i128::from(*moment) + span / i128::from(MILLISECOND);
            i64::try_from(moment).map(Value::Datetime).map_err(|_| too_large())
        }
        Type::Duration => fold_duration(a, op, b).map(Value::Duration).ok_or_else(too_large),
        _ => {
            let (Some(a), Some(b)) = (double(a), double(b)) else { return Err(too_large()) };
            if op == Arithmetic::Div && b == 0.0 {
                return Err("division by zero".to_owned());
            }
            let x = apply(a, op, b);
            if x.is_finite() { Ok(Value::Float(x)) } else { Err(too_large()) }
        }
    }
}

fn fold_duration(a: &Value, op: Arithmetic, b: &Value) -> Option<i64> {
    match (a, op, b) {
        (Value::Datetime(a), _, Value::Datetime(b)) => a.checked_sub(*b)?.checked_mul(MILLISECOND),
        (Value::Duration(a), Arithmetic::Add, Value::Duration(b)) => a.checked_add(*b),
        (Value::Duration(a), Arithmetic::Sub, Value::Duration(b)) => a.checked_sub(*b),
        (Value::Duration(a), Arithmetic::Mul, Value::Int(b)) | (Value::Int(b), Arithmetic::Mul, Value::Duration(a)) => {
            a.checked_mul(*b)
        }
        _ => {
            let x = apply(double(a)?, op, double(b)?).round();
            #[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
            (x.abs() < 9.0e18).then_some(x as i64)
        }
    }
}

fn apply(a: f64, op: Arithmetic, b: f64) -> f64 {
    match op {
        Arithmetic::Add => a + b,
        Arithmetic::Sub => a - b,
        Arithmetic::Mul => a * b,
        Arithmetic::Div => a / b,
    }
}

const fn whole(value: &Value) -> Option<i64> {
    match value {
        Value::Int(n) => Some(*n),
        Value::Port(p) => Some(*p as i64),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "integers of the language are exact to 2^53")]
const fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) | Value::Duration(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        Value::Port(p) => Some(*p as f64),
        _ => None,
    }
}

/// A comparison operator of the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CompareOp {
    /// One that the plan has.
    Order(Order),
    /// `!=`
    Ne,
}

impl CompareOp {
    /// The comparison that `op` is.
    pub const fn of(op: BinaryOp) -> Option<Self> {
        match op {
            BinaryOp::Eq => Some(Self::Order(Order::Eq)),
            BinaryOp::Ne => Some(Self::Ne),
            BinaryOp::Lt => Some(Self::Order(Order::Lt)),
            BinaryOp::Le => Some(Self::Order(Order::Le)),
            BinaryOp::Gt => Some(Self::Order(Order::Gt)),
            BinaryOp::Ge => Some(Self::Order(Order::Ge)),
            BinaryOp::Or
            | BinaryOp::And
            | BinaryOp::In
            | BinaryOp::Like
            | BinaryOp::Contains
            | BinaryOp::StartsWith
            | BinaryOp::EndsWith
            | BinaryOp::Matches
            | BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div => None,
        }
    }

    /// The operator with its sides swapped.
    pub const fn flipped(self) -> Self {
        match self {
            Self::Order(order) => Self::Order(order.flipped()),
            Self::Ne => Self::Ne,
        }
    }
}

/// `left op right`; for `!=` the bare negation of `==`, whose guard is the caller's. Two constants are compared now.
pub(super) fn compare<L>(
    table: &Table<'_>,
    left: Side<L>,
    op: Spanned<CompareOp>,
    cased: bool,
    right: Side<L>,
) -> Option<Logic<Comparison<L>>> {
    let left = soften(table, left, &right.ty())?;
    let right = soften(table, right, &left.ty())?;
    let (a, b) = (left.ty(), right.ty());
    let same = a == b || (a.is_number() && b.is_number());
    let ordered = a.is_number() || matches!(a, Type::Duration | Type::Datetime);
    let equality = matches!(op.value, CompareOp::Ne | CompareOp::Order(Order::Eq));
    if !same {
        let title = format!("a value of type `{a}` cannot be compared with one of type `{b}`");
        return table.fail(Diagnostic::new(Code::WrongType, title, op.span));
    }
    if !(ordered || equality && matches!(a, Type::String | Type::Ip | Type::Bool)) {
        return table.fail(Diagnostic::new(
            Code::BadOperator,
            format!("values of type `{a}` cannot be compared so"),
            op.span,
        ));
    }
    let (order, negated) = match op.value {
        CompareOp::Order(order) => (order, false),
        CompareOp::Ne => (Order::Eq, true),
    };
    let result = match (left, right) {
        (Side::Const(left), Side::Const(right)) => Logic::Const(holds(&left.value, order, cased, &right.value)),
        (left, right) => {
            // Addresses are compared by their canonical text, which has one case.
            let cased = cased || a == Type::Ip;
            Logic::Atom(Comparison { op: order, cased, left: left.into_tree(), right: right.into_tree() })
        }
    };
    Some(if negated { Logic::not(result) } else { result })
}

fn holds(left: &Value, order: Order, cased: bool, right: &Value) -> bool {
    match (left, right) {
        (Value::String(a), Value::String(b)) if !cased => literals::fold(a) == literals::fold(b),
        _ => match bounds::compare(left, right) {
            Some(ordering) => order.holds(ordering),
            None => left == right,
        },
    }
}
