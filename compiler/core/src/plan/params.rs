//! Which parameters the values of a plan come from.

use std::collections::BTreeSet;

use super::{Detection, Expr, ExprKind, ParamRef, Pattern, PatternKind, Test, TestKind, TextOp};

/// The parameters of a test, in order.
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

fn constants<'a, L>(expr: &'a Expr<L>, found: &mut Vec<&'a ParamRef>) {
    match &expr.kind {
        ExprKind::Leaf(_) => {}
        ExprKind::Const(value) => found.extend(&value.param),
        ExprKind::Binary(left, _, right) => {
            constants(left, found);
            constants(right, found);
        }
    }
}

impl Detection {
    /// The parameters that its predicates, windows and conditions take their values from, in the order of their
    /// declaration.
    #[must_use]
    pub fn parameters(&self) -> BTreeSet<&ParamRef> {
        let mut found = Vec::new();
        for event in &self.events {
            event.predicate.for_each(&mut |test| found.extend(of(test)));
        }
        of_pattern(&self.pattern, &mut found);
        found.extend(self.suppress.iter().filter_map(|s| s.param.as_ref()));
        found.into_iter().collect()
    }
}

fn of_pattern<'a>(pattern: &'a Pattern, found: &mut Vec<&'a ParamRef>) {
    match &pattern.kind {
        PatternKind::Event(_) => {}
        PatternKind::Then(join) | PatternKind::With(join) => found.extend(&join.within.param),
        PatternKind::NotFollowed(negation) | PatternKind::NotPreceded(negation) => {
            found.extend(&negation.within.param);
        }
        PatternKind::Grouped(group) => {
            found.extend(&group.over.param);
            group.having.for_each(&mut |comparison| {
                constants(&comparison.left, found);
                constants(&comparison.right, found);
            });
        }
    }
    pattern.operands().into_iter().for_each(|operand| of_pattern(operand, found));
}
