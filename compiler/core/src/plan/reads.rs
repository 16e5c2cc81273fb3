//! What a detection reads: parameters and fields.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{
    Column, Detection, Event, EventId, Expr, ExprKind, Field, ParamRef, Pattern, PatternKind, Test, TestKind, TextOp,
};

/// The parameters of a test, in order.
pub fn parameters_of(test: &Test) -> impl Iterator<Item = &ParamRef> {
    let mut of_comparison = Vec::new();
    if let TestKind::Compare(comparison) = &test.kind {
        constants(&comparison.left, &mut of_comparison);
        constants(&comparison.right, &mut of_comparison);
    }
    parameter_of(&test.kind).into_iter().chain(of_comparison)
}

/// The one parameter of a test that holds a field against values.
#[must_use]
pub fn parameter_of(kind: &TestKind) -> Option<&ParamRef> {
    match kind {
        TestKind::Text(text) => match &text.op {
            TextOp::Equals(o) | TextOp::Contains(o) | TextOp::StartsWith(o) | TextOp::EndsWith(o) => o.param.as_ref(),
            TextOp::Like(o) => o.param.as_ref(),
        },
        TestKind::Matches { patterns, .. } => patterns.param.as_ref(),
        TestKind::Number { value, .. } => value.param.as_ref(),
        TestKind::NumberIn { values, .. } => values.param.as_ref(),
        TestKind::PortIn { ranges, .. } => ranges.param.as_ref(),
        TestKind::Bool { value, .. } => value.param.as_ref(),
        TestKind::Time { value, .. } => value.param.as_ref(),
        TestKind::Address { param, .. } => param.as_ref(),
        TestKind::Exists(_) | TestKind::Compare(_) => None,
    }
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
            event.predicate.for_each(&mut |test| found.extend(parameters_of(test)));
        }
        of_pattern(&self.pattern, &mut found);
        found.extend(self.suppress.iter().filter_map(|s| s.param.as_ref()));
        found.into_iter().collect()
    }

    /// Its events with their ids.
    pub fn events_with_ids(&self) -> impl Iterator<Item = (EventId, &Event)> {
        (0..).map(EventId).zip(self.events.iter().map(Arc::as_ref))
    }

    /// The fields of an event that its predicate, the pattern's keys and aggregates, and the entity read.
    #[must_use]
    pub fn fields_of(&self, id: EventId) -> BTreeSet<&Field> {
        let mut found = BTreeSet::new();
        if let Some(event) = self.event(id) {
            event.predicate.for_each(&mut |test| {
                test.for_each_field(&mut |field| {
                    found.insert(field);
                });
            });
        }
        fields_of_pattern(&self.pattern, id, &mut found);
        found.extend(self.entity.iter().filter_map(|e| of_event(&e.column, id)));
        found
    }
}

fn of_event(column: &Column, id: EventId) -> Option<&Field> {
    column.as_field().filter(|_| column.event == id)
}

fn fields_of_pattern<'a>(pattern: &'a Pattern, id: EventId, found: &mut BTreeSet<&'a Field>) {
    match &pattern.kind {
        PatternKind::Event(_) => {}
        PatternKind::Then(join) | PatternKind::With(join) => {
            found.extend(join.keys.iter().flat_map(|key| &key.columns).filter_map(|column| of_event(column, id)));
        }
        PatternKind::NotFollowed(negation) | PatternKind::NotPreceded(negation) => {
            found.extend(negation.keys.iter().flat_map(|key| &key.columns).filter_map(|column| of_event(column, id)));
        }
        PatternKind::Grouped(group) => {
            found.extend(group.keys.iter().filter_map(|column| of_event(column, id)));
            if group.event == id {
                group.having.for_each(&mut |comparison| {
                    for side in [&comparison.left, &comparison.right] {
                        side.for_each_leaf(&mut |aggregate| found.extend(aggregate.field()));
                    }
                });
            }
        }
    }
    pattern.operands().into_iter().for_each(|operand| fields_of_pattern(operand, id, found));
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
