//! Which parameters a test's values come from.

use crate::plan::{ExprKind, ParamRef, Test, TestKind, TextOp};

/// The parameters, in order.
#[must_use]
pub fn of(test: &Test) -> Vec<&ParamRef> {
    let mut found = Vec::new();
    match &test.kind {
        TestKind::Exists(_) => {}
        TestKind::Text(text) => match &text.op {
            TextOp::Equals(o) | TextOp::Contains(o) | TextOp::StartsWith(o) | TextOp::EndsWith(o) => {
                found.extend(&o.param);
            }
            TextOp::Like(o) => found.extend(&o.param),
        },
        TestKind::Matches { patterns, .. } => found.extend(&patterns.param),
        TestKind::Number { value, .. } => found.extend(&value.param),
        TestKind::NumberIn { values, .. } => found.extend(&values.param),
        TestKind::PortIn { ranges, .. } => found.extend(&ranges.param),
        TestKind::Bool { value, .. } => found.extend(&value.param),
        TestKind::Time { value, .. } => found.extend(&value.param),
        TestKind::Address { param, .. } => found.extend(param),
        TestKind::Compare(comparison) => {
            constants(&comparison.left, &mut found);
            constants(&comparison.right, &mut found);
        }
    }
    found
}

fn constants<'a, L>(expr: &'a crate::plan::Expr<L>, found: &mut Vec<&'a ParamRef>) {
    match &expr.kind {
        ExprKind::Leaf(_) => {}
        ExprKind::Const(value) => found.extend(&value.param),
        ExprKind::Binary(left, _, right) => {
            constants(left, found);
            constants(right, found);
        }
    }
}
