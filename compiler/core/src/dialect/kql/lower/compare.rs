//! Comparisons of fields, of aggregates, and their arithmetic. A missing part makes a comparison false; Kusto's nulls
//! travel through arithmetic, so that only division by zero needs a guard.

use super::Context;
use super::constants::constant;
use super::event::Scope;
use super::field::{self, Derived};
use super::pred::{Nulls, order, ticks, two_valued};
use crate::dialect::kql::ast::{BinaryOp, Expr};
use crate::plan::{self, Arithmetic, Comparison, EventId, ExprKind, Field, Order, Type, Value};
use crate::source::Span;

/// A comparison of fields of one event.
pub fn fields(
    cx: &mut Context<'_>,
    scope: &Scope<'_>,
    comparison: &Comparison<Field>,
    nulls: Nulls,
    span: Span,
) -> Expr {
    let mut leaf = |cx: &mut Context<'_>, field: &Field| one(cx, scope.event, &scope.derived, field, span);
    compare(cx, comparison, &mut leaf, nulls, span)
}

/// A field that holds one value.
fn one(cx: &mut Context<'_>, event: EventId, derived: &Derived, field: &Field, span: Span) -> Expr {
    let Some(access) = field::access(cx, event, field, derived, span) else { return Expr::Bool(false) };
    if access.list {
        let reason = format!("`{}` may hold several values, which cannot be told from one in a comparison", field.name);
        cx.refuse(&reason, span);
    }
    field::value(cx, &access, span).unwrap_or(Expr::Bool(false))
}

/// A comparison over leaves of any kind.
pub fn compare<L>(
    cx: &mut Context<'_>,
    comparison: &Comparison<L>,
    leaf: &mut impl FnMut(&mut Context<'_>, &L) -> Expr,
    nulls: Nulls,
    span: Span,
) -> Expr {
    let mut divisors = Vec::new();
    let left = side(cx, &comparison.left, leaf, &mut divisors, span);
    let right = side(cx, &comparison.right, leaf, &mut divisors, span);
    if comparison.left.ty.scalar().is_text() {
        return texts(left, right, comparison.cased);
    }
    let compared = Expr::binary(left, order(comparison.op), right);
    // `==` of two nulls is null, so even equality needs its guard here.
    let constant = |e: &plan::Expr<L>| matches!(e.kind, ExprKind::Const(_));
    let never_null = comparison.op == Order::Eq && (constant(&comparison.left) || constant(&comparison.right));
    let compared = if never_null { compared } else { two_valued(compared, nulls) };
    let nonzero = divisors.into_iter().map(|(divisor, zero)| Expr::binary(divisor, BinaryOp::NotEqual, zero));
    Expr::and(nonzero.chain([compared]).collect::<Vec<_>>())
}

/// Two texts: one is present, and so is the other if they are equal.
fn texts(left: Expr, right: Expr, cased: bool) -> Expr {
    let op = if cased { BinaryOp::Equal } else { BinaryOp::EqualNoCase };
    let present = match (&left, &right) {
        (Expr::Text(text), _) | (_, Expr::Text(text)) => Expr::Bool(!text.is_empty()),
        _ => Expr::Call("isnotempty", vec![left.clone()]),
    };
    Expr::and([present, Expr::binary(left, op, right)])
}

fn side<L>(
    cx: &mut Context<'_>,
    expr: &plan::Expr<L>,
    leaf: &mut impl FnMut(&mut Context<'_>, &L) -> Expr,
    divisors: &mut Vec<(Expr, Expr)>,
    span: Span,
) -> Expr {
    match &expr.kind {
        ExprKind::Leaf(l) => leaf(cx, l),
        ExprKind::Const(operand) => {
            let value = literal(&operand.value).unwrap_or_else(|reason| {
                cx.refuse(&reason, span);
                Expr::Bool(false)
            });
            constant(cx, operand.param.as_ref(), "Value", value)
        }
        ExprKind::Binary(left, op, right) => {
            let zero = if right.ty == Type::Duration { Expr::Timespan(0) } else { Expr::Long(0) };
            // Kusto cuts the quotient of two whole numbers.
            let whole = *op == Arithmetic::Div && is_whole(&left.ty) && is_whole(&right.ty);
            let mut a = side(cx, left, leaf, divisors, span);
            let b = side(cx, right, leaf, divisors, span);
            if whole {
                a = Expr::Call("todouble", vec![a]);
            }
            if *op == Arithmetic::Div && !is_nonzero(right) {
                divisors.push((b.clone(), zero));
            }
            Expr::binary(a, arithmetic(*op), b)
        }
    }
}

const fn arithmetic(op: Arithmetic) -> BinaryOp {
    match op {
        Arithmetic::Add => BinaryOp::Add,
        Arithmetic::Sub => BinaryOp::Subtract,
        Arithmetic::Mul => BinaryOp::Multiply,
        Arithmetic::Div => BinaryOp::Divide,
    }
}

fn is_whole(ty: &Type) -> bool {
    matches!(ty, Type::Int | Type::Port)
}

/// Whether it is a constant other than zero.
fn is_nonzero<L>(expr: &plan::Expr<L>) -> bool {
    match &expr.kind {
        ExprKind::Const(operand) => match operand.value {
            Value::Int(n) | Value::Duration(n) => n != 0,
            Value::Float(x) => x != 0.0,
            _ => false,
        },
        ExprKind::Leaf(_) | ExprKind::Binary(..) => false,
    }
}

fn literal(value: &Value) -> Result<Expr, String> {
    match value {
        Value::Bool(b) => Ok(Expr::Bool(*b)),
        Value::Int(n) => Ok(Expr::Long(*n)),
        Value::Float(x) => Ok(Expr::Real(*x)),
        Value::String(text) => Ok(Expr::Text(text.clone())),
        Value::Duration(nanoseconds) => ticks(*nanoseconds),
        Value::Datetime(milliseconds) => Ok(Expr::Datetime(*milliseconds)),
        Value::Ip(address) => Ok(Expr::Text(address.to_string())),
        Value::Port(port) => Ok(Expr::Long(i64::from(*port))),
        Value::Cidr(_)
        | Value::Host(_)
        | Value::Glob(_)
        | Value::Regex(_)
        | Value::List(_)
        | Value::Ports(_)
        | Value::Record(_) => Err("this value has no place in a comparison".to_owned()),
    }
}
