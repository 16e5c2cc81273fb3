//! Reads a detection and names its features, each with the place in the source that needs it.

use std::collections::{BTreeMap, BTreeSet};

use super::Feature;
use crate::plan::facts::{self, Equalities};
use crate::plan::{
    Aggregate, Arithmetic, Column, ColumnValue, Detection, EventId, ExprKind, Group, Join, Key, Logic, Negation, Order,
    Pattern, PatternKind, Type,
};
use crate::source::Span;

/// The features of a detection, each once, with the first place that needs it.
#[must_use]
pub fn features(detection: &Detection) -> BTreeMap<Feature, Span> {
    let mut reader = Reader { detection, found: BTreeMap::new() };
    let above = facts::entity_columns(detection);
    reader.pattern(&detection.pattern, &above, None);
    reader.entity();
    for id in bound_events(&detection.pattern) {
        if let Some(event) = detection.event(id) {
            super::predicates::of_predicate(&event.predicate, &mut |feature, span| reader.note(feature, span));
        }
    }
    reader.found
}

/// Every event a pattern mentions, absent operands included.
fn bound_events(pattern: &Pattern) -> Vec<EventId> {
    match &pattern.kind {
        PatternKind::Event(id) => vec![*id],
        PatternKind::Grouped(group) => vec![group.event],
        PatternKind::Then(_) | PatternKind::With(_) | PatternKind::NotFollowed(_) | PatternKind::NotPreceded(_) => {
            pattern.operands().into_iter().flat_map(bound_events).collect()
        }
    }
}

/// Where a pattern stands.
#[derive(Clone, Copy)]
struct Outer<'a> {
    /// The keys of the operator around it.
    keys: &'a [Key],
    /// Which of its operands it is.
    index: usize,
}

struct Reader<'a> {
    detection: &'a Detection,
    found: BTreeMap<Feature, Span>,
}

impl Reader<'_> {
    fn note(&mut self, feature: Feature, span: Span) {
        self.found.entry(feature).or_insert(span);
    }

    fn entity(&mut self) {
        for entry in &self.detection.entity {
            match &entry.column.value {
                ColumnValue::Field(field) if field.ty.is_list() => self.note(Feature::ListEntity, entry.span),
                ColumnValue::Field(_) => {}
                ColumnValue::Aggregate(_) => self.note(Feature::AggregateColumn, entry.span),
            }
        }
    }

    /// `above`: the columns of this pattern's rows that are needed outside it.
    fn pattern(&mut self, pattern: &Pattern, above: &BTreeSet<Column>, outer: Option<Outer<'_>>) {
        match &pattern.kind {
            PatternKind::Event(_) => {
                if outer.is_none() {
                    self.note(Feature::SingleEvent, pattern.span);
                }
            }
            PatternKind::Then(join) => self.join(pattern, join, above, outer),
            PatternKind::With(join) => self.join(pattern, join, above, outer),
            PatternKind::NotFollowed(n) => self.negation(pattern, n, above, outer),
            PatternKind::NotPreceded(n) => self.negation(pattern, n, above, outer),
            PatternKind::Grouped(group) => self.group(pattern, group, above, outer),
        }
    }

    fn join(&mut self, pattern: &Pattern, join: &Join, above: &BTreeSet<Column>, outer: Option<Outer<'_>>) {
        let ordered = matches!(pattern.kind, PatternKind::Then(_));
        let steps = join.operands.len();
        let by_key = self.within_key(pattern, &join.keys, above);
        self.note(
            match (ordered, by_key) {
                (true, true) => Feature::Then,
                (true, false) => Feature::ThenBeyondKey,
                (false, true) => Feature::With(steps),
                (false, false) => Feature::WithBeyondKey(steps),
            },
            pattern.span,
        );
        self.note(Feature::Steps(steps), pattern.span);
        if ordered {
            self.note(Feature::EqualTimes, pattern.span);
        }
        self.window(join.within.value, pattern.span);
        self.keys(&join.keys);
        self.overlaps(&join.operands, if ordered { Feature::OverlapInThen } else { Feature::OverlapInWith });
        self.nesting(pattern, &join.keys, outer);
        self.operands(&join.operands.iter().collect::<Vec<_>>(), &join.keys, above);
        for operand in &join.operands {
            if matches!(operand.kind, PatternKind::NotFollowed(_) | PatternKind::NotPreceded(_)) {
                self.note(Feature::NegationAsStep, operand.span);
            }
        }
    }

    fn negation(&mut self, pattern: &Pattern, n: &Negation, above: &BTreeSet<Column>, outer: Option<Outer<'_>>) {
        if matches!(pattern.kind, PatternKind::NotFollowed(_)) {
            self.note(Feature::NotFollowed, pattern.span);
            self.note(Feature::EqualTimes, pattern.span);
            self.note(Feature::LateJudgement, pattern.span);
        } else {
            self.note(Feature::NotPreceded, pattern.span);
        }
        self.window(n.within.value, pattern.span);
        self.keys(&n.keys);
        self.nesting(pattern, &n.keys, outer);
        match n.kept.kind {
            PatternKind::Event(_) | PatternKind::Grouped(_) => {}
            PatternKind::Then(_) | PatternKind::With(_) | PatternKind::NotFollowed(_) | PatternKind::NotPreceded(_) => {
                self.note(Feature::NegationAfterChain, n.kept.span);
            }
        }
        match n.absent.kind {
            PatternKind::Event(_) => {}
            PatternKind::Grouped(_)
            | PatternKind::Then(_)
            | PatternKind::With(_)
            | PatternKind::NotFollowed(_)
            | PatternKind::NotPreceded(_) => self.note(Feature::NegationOfPattern, n.absent.span),
        }
        self.overlaps(&[(*n.kept).clone(), (*n.absent).clone()], Feature::SelfJoin);
        self.operands(&[&n.kept, &n.absent], &n.keys, above);
    }

    fn group(&mut self, pattern: &Pattern, group: &Group, above: &BTreeSet<Column>, outer: Option<Outer<'_>>) {
        let by_key = above.iter().all(|c| group.keys.contains(c) || matches!(c.value, ColumnValue::Aggregate(_)));
        self.note(having(group, by_key), pattern.span);
        self.window(group.over.value, pattern.span);
        for column in &group.keys {
            self.key_column(column, pattern.span);
        }
        if outer.is_some() {
            self.note(Feature::GroupAsStep, pattern.span);
        }
        if above.iter().any(|c| matches!(c.value, ColumnValue::Aggregate(_))) {
            self.note(Feature::AggregateColumn, pattern.span);
        }
        if let Some(outer) = outer
            && !group.keys.iter().all(|c| outer.keys.iter().any(|k| k.columns.get(outer.index) == Some(c)))
        {
            self.note(Feature::ChangingKeys, pattern.span);
        }
    }

    /// Whether all columns needed above are equal to a column of the operator's key.
    fn within_key(&self, pattern: &Pattern, keys: &[Key], above: &BTreeSet<Column>) -> bool {
        let equal = Equalities::of(pattern);
        above.iter().all(|need| keys.iter().flat_map(|k| &k.columns).any(|column| equal.equal(need, column)))
    }

    fn window(&mut self, milliseconds: i64, span: Span) {
        if milliseconds % 1000 != 0 {
            self.note(Feature::SubSecondWindow, span);
        }
    }

    fn keys(&mut self, keys: &[Key]) {
        for key in keys {
            let names: BTreeSet<_> = key.columns.iter().map(|c| &c.value).collect();
            if names.len() > 1 {
                self.note(Feature::RenamedKey, key.span);
            }
            for column in &key.columns {
                self.key_column(column, key.span);
            }
        }
    }

    fn key_column(&mut self, column: &Column, span: Span) {
        match &column.value {
            ColumnValue::Aggregate(_) => self.note(Feature::AggregateColumn, span),
            ColumnValue::Field(field) => {
                if field.ty.is_list() {
                    self.note(Feature::ListKey, span);
                }
                if !field.ty.is_text() {
                    self.note(Feature::TypedKey, span);
                }
            }
        }
    }

    fn overlaps(&mut self, operands: &[Pattern], flat: Feature) {
        for (i, a) in operands.iter().enumerate() {
            for b in operands.iter().skip(i + 1) {
                if !facts::patterns_overlap(self.detection, a, b) {
                    continue;
                }
                let nested = !matches!((&a.kind, &b.kind), (PatternKind::Event(_), PatternKind::Event(_)));
                self.note(if nested { Feature::OverlapAcrossLevels } else { flat }, b.span);
                if self.same_event(a, b) {
                    self.note(Feature::SelfJoin, b.span);
                }
            }
        }
    }

    fn same_event(&self, a: &Pattern, b: &Pattern) -> bool {
        let event = |p: &Pattern| match p.kind {
            PatternKind::Event(id) => self.detection.event(id),
            PatternKind::Then(_)
            | PatternKind::With(_)
            | PatternKind::NotFollowed(_)
            | PatternKind::NotPreceded(_)
            | PatternKind::Grouped(_) => None,
        };
        matches!((event(a), event(b)), (Some(x), Some(y)) if x.class == y.class && x.predicate == y.predicate)
    }

    /// How an operator inside another joins: on the same key, or on another.
    fn nesting(&mut self, pattern: &Pattern, keys: &[Key], outer: Option<Outer<'_>>) {
        let Some(outer) = outer else { return };
        self.note(Feature::TwoWindows, pattern.span);
        let equal = Equalities::of(pattern);
        let inner: Vec<&Column> = keys.iter().filter_map(|k| k.columns.first()).collect();
        let outer: Vec<&Column> = outer.keys.iter().filter_map(|k| k.columns.get(outer.index)).collect();
        let within = |a: &[&Column], b: &[&Column]| a.iter().all(|x| b.iter().any(|y| equal.equal(x, y)));
        if !within(&inner, &outer) || !within(&outer, &inner) {
            self.note(Feature::ChangingKeys, pattern.span);
        }
    }

    fn operands(&mut self, operands: &[&Pattern], keys: &[Key], above: &BTreeSet<Column>) {
        for (index, operand) in operands.iter().enumerate() {
            let needed = facts::needed_of_operand(operand, index, keys, above);
            self.pattern(operand, &needed, Some(Outer { keys, index }));
        }
    }
}

/// The feature of a group's condition.
fn having(group: &Group, by_key: bool) -> Feature {
    let Logic::Atom(comparison) = &group.having else { return Feature::AggregateArithmetic };
    let sides = (&comparison.left.kind, &comparison.right.kind);
    let (aggregate, op, constant) = match sides {
        (ExprKind::Leaf(aggregate), ExprKind::Const(value)) => (aggregate, comparison.op, value),
        (ExprKind::Const(value), ExprKind::Leaf(aggregate)) => (aggregate, comparison.op.flipped(), value),
        (ExprKind::Leaf(_) | ExprKind::Const(_) | ExprKind::Binary(..), _) => return arithmetic(comparison),
    };
    match (aggregate, op) {
        (Aggregate::Count, Order::Ge | Order::Gt) => match count_bound(&constant.value, op) {
            Some(n) if by_key => Feature::Count(n),
            Some(n) => Feature::CountBeyondKey(n),
            None => Feature::AggregateArithmetic,
        },
        (Aggregate::Distinct(_), Order::Ge | Order::Gt) => Feature::Distinct,
        (Aggregate::Sum(_) | Aggregate::Avg(_), Order::Lt | Order::Le | Order::Gt | Order::Ge) => Feature::SumOrAverage,
        (Aggregate::Max(_), Order::Ge | Order::Gt) | (Aggregate::Min(_), Order::Lt | Order::Le) => {
            if by_key {
                Feature::Extremum
            } else {
                Feature::ExtremumBeyondKey
            }
        }
        (Aggregate::Max(_), Order::Lt | Order::Le) | (Aggregate::Min(_), Order::Gt | Order::Ge) => {
            Feature::ExtremumOfAll
        }
        (Aggregate::Count | Aggregate::Distinct(_), Order::Eq | Order::Lt | Order::Le)
        | (Aggregate::Sum(_) | Aggregate::Avg(_) | Aggregate::Max(_) | Aggregate::Min(_), Order::Eq) => {
            Feature::AggregateArithmetic
        }
    }
}

/// The least whole count that satisfies `count() op value`.
fn count_bound(value: &crate::plan::Value, op: Order) -> Option<i64> {
    match value {
        crate::plan::Value::Int(n) => Some(if op == Order::Gt { n.saturating_add(1) } else { *n }),
        _ => None,
    }
}

/// Arithmetic of aggregates; of extrema it needs all pairs of events on some dialects.
fn arithmetic(comparison: &crate::plan::Comparison<Aggregate>) -> Feature {
    let mut extrema = false;
    for side in [&comparison.left, &comparison.right] {
        side.for_each_leaf(&mut |a| extrema |= matches!(a, Aggregate::Min(_) | Aggregate::Max(_)));
    }
    if extrema { Feature::AggregateOfExtrema } else { Feature::AggregateArithmetic }
}

/// Whether an expression has arithmetic in it.
pub(super) fn is_arithmetic<L>(kind: &ExprKind<L>) -> bool {
    match kind {
        ExprKind::Leaf(_) | ExprKind::Const(_) => false,
        ExprKind::Binary(_, Arithmetic::Add | Arithmetic::Sub | Arithmetic::Mul | Arithmetic::Div, _) => true,
    }
}

/// Whether values of the type are compared as text.
pub(super) fn compares_as_text(ty: &Type) -> bool {
    ty.is_text()
}
