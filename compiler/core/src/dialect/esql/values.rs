//! Comparisons of computed values: of fields of one event, or of aggregates over many.

use super::tree::{Scalar, Test};
use crate::capability::Support;
use crate::plan::{Arithmetic, Comparison, Expr, ExprKind, Number, Order, Type, Value};

/// Nanoseconds in a millisecond: durations are in the former, moments of Elasticsearch in the latter.
const NANOSECONDS: i64 = 1_000_000;

/// A comparison, its leaves turned into columns by `leaf`.
///
/// # Errors
/// The refusal of what ES|QL does not compute, or of a leaf.
pub fn comparison<L>(
    comparison: &Comparison<L>,
    leaf: &mut impl FnMut(&L) -> Result<Scalar, Support>,
) -> Result<Test, Support> {
    let (left, right, order) = (&comparison.left, &comparison.right, comparison.op);
    if let Some(test) = apart(left, order, right, leaf).or_else(|| apart(right, order.flipped(), left, leaf)) {
        return test;
    }
    Ok(Test::Compare(scalar(left, leaf)?, order, scalar(right, leaf)?))
}

/// `a - b > 398d` as `a > b + 398 days`: how far two moments are apart, against a constant; none if it is something else.
fn apart<L>(
    difference: &Expr<L>,
    order: Order,
    constant: &Expr<L>,
    leaf: &mut impl FnMut(&L) -> Result<Scalar, Support>,
) -> Option<Result<Test, Support>> {
    let ExprKind::Binary(a, Arithmetic::Sub, b) = &difference.kind else { return None };
    let milliseconds = whole_milliseconds(constant)?;
    if a.ty != Type::Datetime || b.ty != Type::Datetime {
        return None;
    }
    let mut side = |expr: &Expr<L>| scalar(expr, leaf);
    let test = side(a).and_then(|a| {
        let span = Scalar::Span(milliseconds);
        let reach = Scalar::Binary(Box::new(side(b)?), Arithmetic::Add, Box::new(span));
        Ok(Test::Compare(a, order, reach))
    });
    Some(test)
}

/// A constant duration in milliseconds, if it is a whole number of them and not negative.
fn whole_milliseconds<L>(expr: &Expr<L>) -> Option<i64> {
    match &expr.kind {
        ExprKind::Const(constant) => match constant.value {
            Value::Duration(n) if n >= 0 && n % NANOSECONDS == 0 => Some(n / NANOSECONDS),
            _ => None,
        },
        ExprKind::Leaf(_) | ExprKind::Binary(..) => None,
    }
}

/// A computed value. Durations are whole numbers of nanoseconds.
fn scalar<L>(expr: &Expr<L>, leaf: &mut impl FnMut(&L) -> Result<Scalar, Support>) -> Result<Scalar, Support> {
    match &expr.kind {
        ExprKind::Leaf(of) => leaf(of),
        ExprKind::Const(constant) => self::constant(&constant.value),
        ExprKind::Binary(left, operator, right) => binary(left, *operator, right, leaf),
    }
}

fn binary<L>(
    left: &Expr<L>,
    operator: Arithmetic,
    right: &Expr<L>,
    leaf: &mut impl FnMut(&L) -> Result<Scalar, Support>,
) -> Result<Scalar, Support> {
    let boxed = |a, b| Scalar::Binary(Box::new(a), operator, Box::new(b));
    match (&left.ty, &right.ty) {
        (Type::Datetime, Type::Datetime) => {
            let long = |scalar| Scalar::Long(Box::new(scalar));
            let difference = boxed(long(scalar(left, leaf)?), long(scalar(right, leaf)?));
            let factor = Scalar::Number(Number::Int(NANOSECONDS));
            Ok(Scalar::Binary(Box::new(difference), Arithmetic::Mul, Box::new(factor)))
        }
        (Type::Datetime, _) | (_, Type::Datetime) => {
            let (moment, span) = if left.ty == Type::Datetime { (left, right) } else { (right, left) };
            let span = whole_milliseconds(span).ok_or_else(|| {
                Support::no("ES|QL adds to a moment only a constant span of whole milliseconds, no computed one")
            })?;
            let moment = scalar(moment, leaf)?;
            Ok(if span == 0 { moment } else { boxed(moment, Scalar::Span(span)) })
        }
        _ => {
            let (left, right) = (scalar(left, leaf)?, scalar(right, leaf)?);
            // Of two whole numbers the quotient would be whole.
            let left = if operator == Arithmetic::Div { Scalar::Double(Box::new(left)) } else { left };
            Ok(boxed(left, right))
        }
    }
}

/// A constant of the language.
///
/// # Errors
/// The refusal of one that is no single value.
pub fn constant(value: &Value) -> Result<Scalar, Support> {
    match value {
        Value::Bool(b) => Ok(Scalar::Bool(*b)),
        Value::Int(n) | Value::Duration(n) => Ok(Scalar::Number(Number::Int(*n))),
        Value::Float(f) => Ok(Scalar::Number(Number::Float(*f))),
        Value::Port(p) => Ok(Scalar::Number(Number::Int(i64::from(*p)))),
        Value::String(text) => Ok(Scalar::Text(text.clone())),
        Value::Ip(address) => Ok(Scalar::Text(address.to_string())),
        Value::Datetime(milliseconds) => Ok(Scalar::Moment(*milliseconds)),
        Value::Cidr(_)
        | Value::Host(_)
        | Value::Glob(_)
        | Value::Regex(_)
        | Value::List(_)
        | Value::Ports(_)
        | Value::Record(_) => Err(Support::no("a comparison of computed values takes single values only")),
    }
}
