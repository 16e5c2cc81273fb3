//! How far in time an operator looks from a row, by buckets as wide as its window.
//!
//! A window of that width touches the row's own bucket and a neighbour. Whether an event lies in it can be told from the
//! first and last event of each bucket alone: in the row's bucket all are near enough, in the neighbour all are on the
//! right side.

use crate::dialect::kql::ast::{BinaryOp, Expr, Scalar, Step};

/// The direction in which an operator looks, and whether it sees its own moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// `[t − W, t]`
    Before,
    /// `[t − W, t)`
    StrictlyBefore,
    /// `[t, t + W]`
    After,
    /// `[t − W, t + W]`
    Around,
}

/// The bucket of a time.
pub fn bucket(time: &str, window: &Expr) -> Expr {
    Expr::Call("bin", vec![Expr::name(time), window.clone()])
}

/// One row for every bucket that the reach of `time` touches.
pub fn buckets(reach: Reach, name: &str, time: &str, window: &Expr) -> Step {
    let own = bucket(time, window);
    let before = Expr::binary(own.clone(), BinaryOp::Subtract, window.clone());
    let after = Expr::binary(own.clone(), BinaryOp::Add, window.clone());
    let touched = match reach {
        Reach::Before | Reach::StrictlyBefore => vec![own, before],
        Reach::After => vec![own, after],
        Reach::Around => vec![before, own, after],
    };
    Step::MvExpand { name: name.to_owned(), value: Expr::Call("pack_array", touched), ty: Scalar::Datetime }
}

/// Whether a bucket whose first and last times are these has a time in the reach of `time`.
pub fn touches(reach: Reach, time: &str, first: &str, last: &str, window: &Expr) -> Expr {
    let time = Expr::name(time);
    let early = Expr::binary(time.clone(), BinaryOp::Subtract, window.clone());
    let late = Expr::binary(time.clone(), BinaryOp::Add, window.clone());
    let (first, last) = (Expr::name(first), Expr::name(last));
    Expr::and(match reach {
        Reach::Before => [compare(first, BinaryOp::LessOrEqual, time), compare(last, BinaryOp::GreaterOrEqual, early)],
        Reach::StrictlyBefore => [compare(first, BinaryOp::Less, time), compare(last, BinaryOp::GreaterOrEqual, early)],
        Reach::After => [compare(first, BinaryOp::LessOrEqual, late), compare(last, BinaryOp::GreaterOrEqual, time)],
        Reach::Around => [compare(first, BinaryOp::LessOrEqual, late), compare(last, BinaryOp::GreaterOrEqual, early)],
    })
}

/// Whether `other` lies in the reach of `time`.
pub fn holds(reach: Reach, time: &str, other: &str, window: &Expr) -> Expr {
    match reach {
        Reach::Before => in_order(BinaryOp::LessOrEqual, other, time, window),
        Reach::StrictlyBefore => in_order(BinaryOp::Less, other, time, window),
        Reach::After => in_order(BinaryOp::LessOrEqual, time, other, window),
        Reach::Around => touches(reach, time, other, other, window),
    }
}

/// `earlier` before `later`, no further apart than the window.
fn in_order(op: BinaryOp, earlier: &str, later: &str, window: &Expr) -> Expr {
    let apart = Expr::binary(Expr::name(later), BinaryOp::Subtract, Expr::name(earlier));
    Expr::and([
        compare(Expr::name(earlier), op, Expr::name(later)),
        compare(apart, BinaryOp::LessOrEqual, window.clone()),
    ])
}

fn compare(left: Expr, op: BinaryOp, right: Expr) -> Expr {
    Expr::binary(left, op, right)
}
