//! The conditions of `grouped` that dialects without free aggregation can say: one aggregate against one constant.

use crate::plan::{Aggregate, Comparison, ExprKind, Field, Group, Logic, Number, Order, Value};

/// A condition of a group in its simplest terms.
#[derive(Debug, Clone, PartialEq)]
pub enum Threshold {
    /// `count() >= n`, `n` at least 1. A condition that always holds is `n = 1`: a row needs its own event.
    Count(i64),
    /// `distinct(field) >= n`, `n` at least 1.
    Distinct(Field, i64),
    /// `sum(field)` against a constant.
    Sum(Field, Order, Number),
    /// `avg(field)` against a constant.
    Average(Field, Order, Number),
    /// `max(field) >= c`, `min(field) < c`: one event whose field compares so is enough.
    OneEvent(Field, Order, Value),
}

/// The condition as a threshold; none if it is of another shape.
#[must_use]
pub fn threshold(group: &Group) -> Option<Threshold> {
    if !group.named.is_empty() {
        return None;
    }
    match &group.having {
        Logic::Const(true) => Some(Threshold::Count(1)),
        Logic::Atom(comparison) => of_comparison(comparison),
        Logic::Const(false) | Logic::Not(_) | Logic::And(_) | Logic::Or(_) => None,
    }
}

fn of_comparison(comparison: &Comparison<Aggregate>) -> Option<Threshold> {
    let (aggregate, order, value) = match (&comparison.left.kind, &comparison.right.kind) {
        (ExprKind::Leaf(aggregate), ExprKind::Const(c)) => (aggregate, comparison.op, &c.value),
        (ExprKind::Const(c), ExprKind::Leaf(aggregate)) => (aggregate, comparison.op.flipped(), &c.value),
        _ => return None,
    };
    match (aggregate, order) {
        (Aggregate::Count, _) => Some(Threshold::Count(at_least(order, number(value)?)?.max(1))),
        (Aggregate::Distinct(field), _) => match at_least(order, number(value)?)? {
            n if n >= 1 => Some(Threshold::Distinct(field.clone(), n)),
            _ => None,
        },
        (Aggregate::Sum(field), _) => Some(Threshold::Sum(field.clone(), order, number(value)?)),
        (Aggregate::Avg(field), _) => Some(Threshold::Average(field.clone(), order, number(value)?)),
        (Aggregate::Max(field), Order::Ge | Order::Gt) | (Aggregate::Min(field), Order::Le | Order::Lt) => {
            Some(Threshold::OneEvent(field.clone(), order, value.clone()))
        }
        (Aggregate::Max(_), Order::Eq | Order::Le | Order::Lt)
        | (Aggregate::Min(_), Order::Eq | Order::Ge | Order::Gt) => None,
    }
}

/// The constant as a number; a duration counts its nanoseconds.
#[must_use]
pub fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Int(i) | Value::Duration(i) => Some(Number::Int(*i)),
        Value::Float(f) => Some(Number::Float(*f)),
        Value::Port(p) => Some(Number::Int(i64::from(*p))),
        _ => None,
    }
}

/// The least whole number that `order number` allows; none if it bounds from above.
fn at_least(order: Order, number: Number) -> Option<i64> {
    match (order, number) {
        (Order::Ge, Number::Int(i)) => Some(i),
        (Order::Gt, Number::Int(i)) => i.checked_add(1),
        (Order::Ge, Number::Float(f)) => whole(f.ceil()),
        (Order::Gt, Number::Float(f)) => whole(f.floor())?.checked_add(1),
        (Order::Eq | Order::Lt | Order::Le, _) => None,
    }
}

/// A double without a fraction as an integer, within the language's exact range.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
pub fn whole(f: f64) -> Option<i64> {
    (f.fract() == 0.0 && f.abs() <= 9_007_199_254_740_992.0).then_some(f as i64)
}
