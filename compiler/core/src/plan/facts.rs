//! Facts about a plan that decide how a dialect can say it.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    Aggregate, Column, Detection, Event, Field, Key, Logic, Pattern, PatternKind, Pred, Test, TestKind, TextOp,
};

/// Whether one event could satisfy both. `false` only where that is proven: the classes differ, or a conjunct of one
/// contradicts a conjunct of the other.
#[must_use]
pub fn may_overlap(a: &Event, b: &Event) -> bool {
    if a.class.name != b.class.name {
        return false;
    }
    let (left, right) = (conjuncts(&a.predicate), conjuncts(&b.predicate));
    !left.iter().any(|x| right.iter().any(|y| contradict(x, y)))
}

/// The parts of a conjunction; a predicate that is none is its own only part.
fn conjuncts(pred: &Pred) -> Vec<&Pred> {
    match pred {
        Logic::And(parts) => parts.iter().collect(),
        other => vec![other],
    }
}

/// Whether two predicates can be seen to exclude each other.
fn contradict(a: &Pred, b: &Pred) -> bool {
    match (a, b) {
        (Logic::Const(false), _) | (_, Logic::Const(false)) => true,
        (Logic::Not(inner), other) | (other, Logic::Not(inner)) => &**inner == other,
        (Logic::Atom(x), Logic::Atom(y)) => tests_contradict(x, y),
        _ => false,
    }
}

/// Equalities of one single-valued field with disjoint values. Texts are compared without case, the safe side.
fn tests_contradict(a: &Test, b: &Test) -> bool {
    let same = |f: &Field, g: &Field| f == g && !f.ty.is_list();
    match (&a.kind, &b.kind) {
        (TestKind::Text(x), TestKind::Text(y)) if same(&x.field, &y.field) => match (&x.op, &y.op) {
            (TextOp::Equals(p), TextOp::Equals(q)) => {
                !p.value.iter().any(|v| q.value.iter().any(|w| v.to_lowercase() == w.to_lowercase()))
            }
            _ => false,
        },
        (TestKind::Bool { field: f, value: v }, TestKind::Bool { field: g, value: w }) if same(f, g) => {
            v.value != w.value
        }
        (TestKind::NumberIn { field: f, values: v }, TestKind::NumberIn { field: g, values: w }) if same(f, g) => {
            !v.value.iter().any(|x| w.value.iter().any(|y| x.as_f64() == y.as_f64()))
        }
        _ => false,
    }
}

/// Whether an event of `a`'s rows could also stand in a row of `b`.
#[must_use]
pub fn patterns_overlap(detection: &Detection, a: &Pattern, b: &Pattern) -> bool {
    let events = |p: &Pattern| p.row_events().into_iter().filter_map(|id| detection.event(id)).collect::<Vec<_>>();
    let right = events(b);
    events(a).into_iter().any(|x| right.iter().any(|y| may_overlap(x, y)))
}

/// The columns of operand `index` that are needed outside it: by the keys of the operator around it, and by everything
/// `above` that operator (outer keys, the entity).
#[must_use]
pub fn needed_of_operand(operand: &Pattern, index: usize, keys: &[Key], above: &BTreeSet<Column>) -> BTreeSet<Column> {
    let events = operand.row_events();
    let own_keys = keys.iter().filter_map(|key| key.columns.get(index));
    own_keys.chain(above).filter(|c| events.contains(&c.event)).cloned().collect()
}

/// The columns of the whole pattern's rows that the alert needs.
#[must_use]
pub fn entity_columns(detection: &Detection) -> BTreeSet<Column> {
    detection.entity.iter().map(|e| e.column.clone()).collect()
}

/// Which columns of a row are equal because keys make them so.
#[derive(Debug, Default, Clone)]
pub struct Equalities<'a> {
    classes: Vec<Vec<&'a Column>>,
}

impl<'a> Equalities<'a> {
    /// The equalities that hold in the rows of `pattern`: its own keys and those of its operands, transitively. Keys of
    /// absent operands say nothing about the row.
    #[must_use]
    pub fn of(pattern: &'a Pattern) -> Self {
        let mut all = Self::default();
        all.collect(pattern);
        all
    }

    fn collect(&mut self, pattern: &'a Pattern) {
        match &pattern.kind {
            PatternKind::Event(_) => {}
            PatternKind::Grouped(group) => group.keys.iter().for_each(|column| self.link([column])),
            PatternKind::Then(join) | PatternKind::With(join) => {
                join.operands.iter().for_each(|p| self.collect(p));
                join.keys.iter().for_each(|k| self.link(&k.columns));
            }
            PatternKind::NotFollowed(n) | PatternKind::NotPreceded(n) => {
                self.collect(&n.kept);
                n.keys.iter().for_each(|k| self.link(k.columns.first()));
            }
        }
    }

    /// Makes all these columns one class, with those of every class that one of them is in.
    fn link(&mut self, columns: impl IntoIterator<Item = &'a Column>) {
        let mut linked: Vec<&Column> = columns.into_iter().collect();
        let touches = |class: &mut Vec<&Column>| class.iter().any(|column| linked.contains(column));
        let touching: Vec<&Column> = self.classes.extract_if(.., touches).flatten().collect();
        linked.extend(touching);
        self.classes.push(linked);
    }

    /// Whether the two are always equal in a row.
    #[must_use]
    pub fn equal(&self, a: &Column, b: &Column) -> bool {
        a == b || self.classes.iter().any(|class| class.contains(&a) && class.contains(&b))
    }
}

/// The fields that a detection reads, by class: in predicates, keys, aggregates and its entity.
#[must_use]
pub fn fields_read(detection: &Detection) -> BTreeMap<String, BTreeSet<String>> {
    let mut read: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for event in &detection.events {
        let of_class = read.entry(event.class.name.clone()).or_default();
        event.predicate.for_each(&mut |test| {
            test.for_each_field(&mut |field| {
                of_class.insert(field.name.to_string());
            })
        });
    }
    let mut columns = entity_columns(detection);
    pattern_columns(&detection.pattern, &mut columns);
    for column in columns {
        if let (Some(event), Some(field)) = (detection.event(column.event), column.as_field()) {
            read.entry(event.class.name.clone()).or_default().insert(field.name.to_string());
        }
    }
    read
}

/// The columns that a pattern's keys and aggregates read.
fn pattern_columns(pattern: &Pattern, columns: &mut BTreeSet<Column>) {
    match &pattern.kind {
        PatternKind::Event(_) => {}
        PatternKind::Grouped(group) => {
            columns.extend(group.keys.iter().cloned());
            let mut note = |aggregate: &Aggregate| {
                columns.extend(aggregate.field().map(|field| Column::field(group.event, field.clone())));
            };
            group.named.iter().for_each(|(_, aggregate)| note(aggregate));
            group.having.for_each(&mut |comparison| {
                comparison.left.for_each_leaf(&mut |aggregate| note(aggregate));
                comparison.right.for_each_leaf(&mut |aggregate| note(aggregate));
            });
        }
        PatternKind::Then(join) | PatternKind::With(join) => {
            columns.extend(join.keys.iter().flat_map(|key| key.columns.iter().cloned()));
        }
        PatternKind::NotFollowed(negation) | PatternKind::NotPreceded(negation) => {
            columns.extend(negation.keys.iter().flat_map(|key| key.columns.iter().cloned()));
        }
    }
    pattern.operands().into_iter().for_each(|operand| pattern_columns(operand, columns));
}
