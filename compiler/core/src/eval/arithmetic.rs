//! Computed values and their comparison: fields of one event, or aggregates of a window.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::text::fold_char;
use super::value::{Float, Scalar, Value, compare, float};
use crate::plan::{self, Arithmetic, Comparison, Expr, ExprKind, Number, Type};

/// The greatest whole number that every target holds exactly.
const EXACT: i64 = 1 << 53;
/// Nanoseconds of a millisecond.
const MILLISECOND: i64 = 1_000_000;

/// A value in a comparison.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quantity<'t> {
    /// A Boolean.
    Bool(bool),
    /// An int or port.
    Int(i64),
    /// A float.
    Float(f64),
    /// A duration in nanoseconds.
    Duration(i64),
    /// A moment in milliseconds.
    Time(i64),
    /// An address.
    Ip(IpAddr),
    /// Text.
    Text(&'t str),
}

impl<'t> Quantity<'t> {
    /// A field's value.
    pub fn of(scalar: Scalar<'t>, ty: &Type) -> Self {
        match scalar {
            Scalar::Bool(b) => Self::Bool(b),
            Scalar::Int(i) if *ty.scalar() == Type::Duration => Self::Duration(i),
            Scalar::Int(i) => Self::Int(i),
            Scalar::Float(x) => Self::Float(x),
            Scalar::Time(t) => Self::Time(t),
            Scalar::Ip(ip) => Self::Ip(ip),
            Scalar::Text(text) => Self::Text(text),
        }
    }

    /// A kept value.
    pub fn of_value(value: &'t Value, ty: &Type) -> Self {
        match value {
            Value::Bool(b) => Self::Bool(*b),
            Value::Int(i) if *ty.scalar() == Type::Duration => Self::Duration(*i),
            Value::Int(i) => Self::Int(*i),
            Value::Float(x) => Self::Float(x.0),
            Value::Time(t) => Self::Time(*t),
            Value::Ip(ip) => Self::Ip(*ip),
            Value::Text(text) => Self::Text(text),
        }
    }

    /// A constant; none if it takes no part in comparisons.
    fn constant(value: &'t plan::Value) -> Option<Self> {
        match value {
            plan::Value::Bool(b) => Some(Self::Bool(*b)),
            plan::Value::Int(i) => Some(Self::Int(*i)),
            plan::Value::Port(port) => Some(Self::Int(i64::from(*port))),
            plan::Value::Float(x) => Some(Self::Float(*x)),
            plan::Value::Duration(d) => Some(Self::Duration(*d)),
            plan::Value::Datetime(t) => Some(Self::Time(*t)),
            plan::Value::Ip(ip) => Some(Self::Ip(*ip)),
            plan::Value::String(text) => Some(Self::Text(text)).filter(|_| !text.is_empty()),
            plan::Value::Cidr(_)
            | plan::Value::Host(_)
            | plan::Value::Glob(_)
            | plan::Value::Regex(_)
            | plan::Value::List(_)
            | plan::Value::Ports(_)
            | plan::Value::Record(_) => None,
        }
    }

    /// The value, to keep.
    pub fn to_value(self) -> Value {
        match self {
            Self::Bool(b) => Value::Bool(b),
            Self::Int(i) | Self::Duration(i) => Value::Int(i),
            Self::Float(x) => Value::Float(Float(x)),
            Self::Time(t) => Value::Time(t),
            Self::Ip(ip) => Value::Ip(ip),
            Self::Text(text) => Value::Text(text.into()),
        }
    }

    fn number(self) -> Option<Number> {
        match self {
            Self::Int(i) | Self::Duration(i) | Self::Time(i) => Some(Number::Int(i)),
            Self::Float(x) => Some(Number::Float(x)),
            Self::Bool(_) | Self::Ip(_) | Self::Text(_) => None,
        }
    }
}

/// A whole number if it can be held exactly.
pub fn exact(n: i128) -> Option<i64> {
    i64::try_from(n).ok().filter(|n| (-EXACT..=EXACT).contains(n))
}

/// The same comparison over other leaves.
pub fn map_comparison<L, M>(comparison: &Comparison<L>, leaf: &mut impl FnMut(&L) -> M) -> Comparison<M> {
    let left = map_leaves(&comparison.left, leaf);
    let right = map_leaves(&comparison.right, leaf);
    Comparison { op: comparison.op, cased: comparison.cased, left, right }
}

fn map_leaves<L, M>(expr: &Expr<L>, leaf: &mut impl FnMut(&L) -> M) -> Expr<M> {
    let kind = match &expr.kind {
        ExprKind::Leaf(l) => ExprKind::Leaf(leaf(l)),
        ExprKind::Const(value) => ExprKind::Const(value.clone()),
        ExprKind::Binary(left, op, right) => {
            let left = map_leaves(left, leaf);
            ExprKind::Binary(Box::new(left), *op, Box::new(map_leaves(right, leaf)))
        }
    };
    Expr { kind, ty: expr.ty.clone() }
}

/// Whether a comparison holds; it does not if a side is missing.
pub fn compares<'t, L>(comparison: &'t Comparison<L>, leaf: &mut impl FnMut(&'t L) -> Option<Quantity<'t>>) -> bool {
    let Some(left) = evaluate(&comparison.left, leaf) else { return false };
    let Some(right) = evaluate(&comparison.right, leaf) else { return false };
    if let (Some(a), Some(b)) = (left.number(), right.number()) {
        return comparison.op.holds(compare(a, b));
    }
    match (left, right) {
        (Quantity::Bool(a), Quantity::Bool(b)) => comparison.op.holds(a.cmp(&b)),
        (Quantity::Ip(a), Quantity::Ip(b)) => comparison.op.holds(a.cmp(&b)),
        (Quantity::Text(a), Quantity::Text(b)) => comparison.op.holds(compare_text(a, b, comparison.cased)),
        (Quantity::Ip(ip), Quantity::Text(text)) => {
            comparison.op.holds(compare_text(&ip.to_string(), text, comparison.cased))
        }
        (Quantity::Text(text), Quantity::Ip(ip)) => {
            comparison.op.holds(compare_text(text, &ip.to_string(), comparison.cased))
        }
        _ => false,
    }
}

fn compare_text(a: &str, b: &str, cased: bool) -> Ordering {
    if cased { a.cmp(b) } else { a.chars().map(fold_char).cmp(b.chars().map(fold_char)) }
}

/// The value of an expression; none if it is missing.
fn evaluate<'t, L>(expr: &'t Expr<L>, leaf: &mut impl FnMut(&'t L) -> Option<Quantity<'t>>) -> Option<Quantity<'t>> {
    match &expr.kind {
        ExprKind::Leaf(l) => leaf(l),
        ExprKind::Const(operand) => Quantity::constant(&operand.value),
        ExprKind::Binary(left, op, right) => {
            let left = evaluate(left, leaf)?;
            let right = evaluate(right, leaf)?;
            combine(left, *op, right, &expr.ty)
        }
    }
}

/// `left op right`. Overflow and division by zero are missing: a number past 2^53, a duration or moment past 64 bits, a
/// double that is none.
fn combine<'t>(left: Quantity<'t>, op: Arithmetic, right: Quantity<'t>, ty: &Type) -> Option<Quantity<'t>> {
    use Quantity::{Duration, Int, Time};
    match (left, op, right) {
        (Time(a), Arithmetic::Sub, Time(b)) => a.checked_sub(b)?.checked_mul(MILLISECOND).map(Duration),
        (Time(t), Arithmetic::Add, Duration(d)) | (Duration(d), Arithmetic::Add, Time(t)) => shift(t, i128::from(d)),
        (Time(t), Arithmetic::Sub, Duration(d)) => shift(t, -i128::from(d)),
        (Duration(a), Arithmetic::Add, Duration(b)) => a.checked_add(b).map(Duration),
        (Duration(a), Arithmetic::Sub, Duration(b)) => a.checked_sub(b).map(Duration),
        (Duration(a), Arithmetic::Mul, Int(b)) | (Int(a), Arithmetic::Mul, Duration(b)) => {
            a.checked_mul(b).map(Duration)
        }
        (Int(a), Arithmetic::Add, Int(b)) => exact(i128::from(a) + i128::from(b)).map(Int),
        (Int(a), Arithmetic::Sub, Int(b)) => exact(i128::from(a) - i128::from(b)).map(Int),
        (Int(a), Arithmetic::Mul, Int(b)) => exact(i128::from(a) * i128::from(b)).map(Int),
        _ => real(left.number()?.as_f64(), op, right.number()?.as_f64(), ty),
    }
}

/// A moment moved by nanoseconds, to the millisecond it then lies in.
fn shift<'t>(time: i64, by: i128) -> Option<Quantity<'t>> {
    let moved = i128::from(time) * i128::from(MILLISECOND) + by;
    i64::try_from(moved.div_euclid(i128::from(MILLISECOND))).ok().map(Quantity::Time)
}

/// Arithmetic in doubles; a duration is cut to whole nanoseconds.
fn real<'t>(a: f64, op: Arithmetic, b: f64, ty: &Type) -> Option<Quantity<'t>> {
    let result = float(match op {
        Arithmetic::Add => a + b,
        Arithmetic::Sub => a - b,
        Arithmetic::Mul => a * b,
        Arithmetic::Div if b == 0.0 => return None,
        Arithmetic::Div => a / b,
    })?;
    match ty {
        Type::Duration => super::value::whole(result.trunc()).map(Quantity::Duration),
        _ => Some(Quantity::Float(result)),
    }
}
