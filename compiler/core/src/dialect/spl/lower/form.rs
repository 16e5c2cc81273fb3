//! Which form each operator of a pattern takes, decided on the plan's facts before anything is written.
//!
//! A linear form keeps the rows of one operand and asks of the others only that they are there; it serves where
//! everything needed above the operator is a field of that operand or equal to one by the operator's keys. Where it does
//! not, or where an event could stand in two operands that have several events, pairs are formed.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::facts::{Equalities, entity_columns, may_overlap};
use crate::plan::{
    Aggregate, Column, ColumnValue, Detection, EventId, Group, Join, Key, Negation, Pattern, PatternKind,
};

/// A column of the rows. A field with several values has a copy for the innermost `then`, `with` or `grouped` that joins on
/// it: from there on the row holds the one value in common. A `not …` looks at all values, so it has a copy of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Slot {
    /// The column.
    pub column: Column,
    /// The operator that joins on it; 0 for a single value, or where none does.
    pub copy: usize,
}

impl Slot {
    /// The column as the alert, or anything that takes a single value, sees it.
    #[must_use]
    pub const fn of(column: Column) -> Self {
        Self { column, copy: 0 }
    }
}

/// Whether the column may hold several values.
#[must_use]
pub fn is_list(column: &Column) -> bool {
    column.as_field().is_some_and(|field| field.ty.is_list())
}

/// Whether one event could stand on both sides of an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overlap {
    /// It could.
    Possible,
    /// It could not.
    Excluded,
}

/// How an operator is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The rows of a step.
    Event,
    /// The rows of a step whose window satisfies a condition.
    Grouped,
    /// `then`, keeping the first or last operand's rows.
    Chain {
        /// Which.
        kept: usize,
        /// Of the two operands; more never overlap.
        overlap: Overlap,
    },
    /// `with`, keeping nothing but the keys: the last event's row stands for all.
    Together,
    /// `with` of two or three, keeping one operand's rows.
    Around {
        /// Which.
        kept: usize,
        /// Of the two operands; three never overlap.
        overlap: Overlap,
    },
    /// A `not …` of single events, or of sides that never overlap.
    Absent(Overlap),
    /// `then` or `with` with every pair in a row of its own.
    Pairs,
    /// A `not …` by looking at every pair.
    AbsentPairs,
}

/// An operator with its form.
#[derive(Debug)]
pub struct Node<'a> {
    /// The pattern.
    pub pattern: &'a Pattern,
    /// Its number, from 1.
    pub id: usize,
    /// Its form.
    pub form: Form,
    /// Its operands.
    pub operands: Vec<Self>,
    /// The events of its rows.
    pub events: Vec<EventId>,
    /// For each key, the slot of each operand.
    pub keys: Vec<Vec<Slot>>,
    /// What is asked of its rows.
    pub asked: BTreeSet<Slot>,
    /// The events whose identity is asked of its rows.
    pub ids: BTreeSet<EventId>,
}

impl<'a> Node<'a> {
    /// This node and all below it.
    pub fn walk(&self, visit: &mut impl FnMut(&Node<'a>)) {
        self.operands.iter().for_each(|node| node.walk(visit));
        visit(self);
    }
}

/// Decides the forms of a detection's pattern.
#[must_use]
pub fn decide(detection: &Detection) -> Node<'_> {
    let binders = Binders::of(detection);
    let asked = entity_columns(detection).iter().map(|column| binders.bound(column)).collect();
    Decision { detection, binders, operators: 0 }.node(&detection.pattern, asked, BTreeSet::new(), Reach::Alert)
}

/// The columns of the alert, in order.
#[must_use]
pub fn entity(detection: &Detection) -> Vec<Slot> {
    let binders = Binders::of(detection);
    detection.entity.iter().map(|e| binders.bound(&e.column)).collect()
}

/// For each field with several values that is a key: the innermost operator that gives it one.
struct Binders(BTreeMap<Column, usize>);

impl Binders {
    fn of(detection: &Detection) -> Self {
        let (mut binders, mut operators) = (BTreeMap::new(), 0);
        Self::collect(&detection.pattern, &mut operators, &mut binders);
        Self(binders)
    }

    /// Numbers the operators as [`Decision`] does; inner ones come later.
    fn collect(pattern: &Pattern, operators: &mut usize, binders: &mut BTreeMap<Column, usize>) {
        *operators += 1;
        let keys: Vec<&Column> = match &pattern.kind {
            PatternKind::Then(join) | PatternKind::With(join) => join.keys.iter().flat_map(|k| &k.columns).collect(),
            PatternKind::Grouped(group) => group.keys.iter().collect(),
            PatternKind::Event(_) | PatternKind::NotFollowed(_) | PatternKind::NotPreceded(_) => Vec::new(),
        };
        binders.extend(keys.into_iter().filter(|column| is_list(column)).map(|column| (column.clone(), *operators)));
        pattern.operands().into_iter().for_each(|operand| Self::collect(operand, operators, binders));
    }

    /// The column as the alert sees it.
    fn bound(&self, column: &Column) -> Slot {
        Slot { column: column.clone(), copy: self.0.get(column).copied().unwrap_or(0) }
    }

    /// The column as a key of an operator.
    fn key(&self, column: &Column, operator: usize) -> Slot {
        let bound = self.bound(column);
        let not_yet = is_list(column) && (bound.copy == 0 || bound.copy < operator);
        Slot { copy: if not_yet { operator } else { bound.copy }, ..bound }
    }
}

/// Who looks at an operator's rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Only the alert, for which a row's time does not matter.
    Alert,
    /// Another operator, which takes a row's time.
    Operator,
}

struct Decision<'a> {
    detection: &'a Detection,
    binders: Binders,
    operators: usize,
}

impl<'a> Decision<'a> {
    fn node(&mut self, pattern: &'a Pattern, asked: BTreeSet<Slot>, ids: BTreeSet<EventId>, reach: Reach) -> Node<'a> {
        self.operators += 1;
        let id = self.operators;
        let (form, operands) = match &pattern.kind {
            PatternKind::Event(_) => (Form::Event, Vec::new()),
            PatternKind::Grouped(_) => (Form::Grouped, Vec::new()),
            PatternKind::Then(join) | PatternKind::With(join) => self.join(pattern, join, id, &asked, &ids, reach),
            PatternKind::NotFollowed(n) | PatternKind::NotPreceded(n) => self.negation(pattern, n, id, &asked, &ids),
        };
        let keys = self.keys(pattern, id);
        Node { pattern, id, form, operands, events: pattern.row_events(), keys, asked, ids }
    }

    /// For each key of an operator, the slot of each operand.
    fn keys(&self, pattern: &Pattern, id: usize) -> Vec<Vec<Slot>> {
        let slots = |columns: &[Column]| columns.iter().map(|column| self.binders.key(column, id)).collect();
        match &pattern.kind {
            PatternKind::Event(_) => Vec::new(),
            PatternKind::Grouped(group) => group.keys.iter().map(|c| slots(std::slice::from_ref(c))).collect(),
            PatternKind::Then(Join { keys, .. })
            | PatternKind::With(Join { keys, .. })
            | PatternKind::NotFollowed(Negation { keys, .. })
            | PatternKind::NotPreceded(Negation { keys, .. }) => keys.iter().map(|k| slots(&k.columns)).collect(),
        }
    }

    fn join(
        &mut self,
        pattern: &'a Pattern,
        join: &'a Join,
        id: usize,
        asked: &BTreeSet<Slot>,
        ids: &BTreeSet<EventId>,
        reach: Reach,
    ) -> (Form, Vec<Node<'a>>) {
        let events: Vec<Vec<EventId>> = join.operands.iter().map(Pattern::row_events).collect();
        let overlapping = self.overlapping(&events);
        let overlaps = !overlapping.is_empty();
        let equalities = Equalities::of(pattern);
        let linear =
            LinearJoin { pattern, join, equalities, events: &events, asked, ids, reach, overlapping: overlaps };
        let form = linear.form().unwrap_or(Form::Pairs);
        let kept = match form {
            Form::Chain { kept, .. } | Form::Around { kept, .. } => Some(kept),
            _ => None,
        };
        let keys = self.keys(pattern, id);
        let operands = join.operands.iter().enumerate().map(|(i, operand)| {
            let mut wanted = side(&keys, i);
            let mut marks = BTreeSet::new();
            let own = events.get(i).map(Vec::as_slice).unwrap_or_default();
            if form == Form::Pairs {
                wanted.extend(asked.iter().filter(|slot| own.contains(&slot.column.event)).cloned());
                marks.extend(ids.iter().chain(&overlapping).filter(|e| own.contains(e)));
            } else if kept == Some(i) {
                wanted.extend(asked.iter().filter_map(|slot| linear.held(slot, i)));
                marks.extend(ids.iter().copied());
            }
            self.node(operand, wanted, marks, Reach::Operator)
        });
        (form, operands.collect())
    }

    fn negation(
        &mut self,
        pattern: &'a Pattern,
        negation: &'a Negation,
        id: usize,
        asked: &BTreeSet<Slot>,
        ids: &BTreeSet<EventId>,
    ) -> (Form, Vec<Node<'a>>) {
        let events = [negation.kept.row_events(), negation.absent.row_events()];
        let overlapping = self.overlapping(&events);
        let single = events.iter().all(|side| side.len() == 1);
        let form = if overlapping.is_empty() {
            Form::Absent(Overlap::Excluded)
        } else if !single {
            Form::AbsentPairs
        } else if matches!(pattern.kind, PatternKind::NotPreceded(_)) {
            Form::Absent(Overlap::Excluded) // strictly before: an event never precedes itself
        } else {
            Form::Absent(Overlap::Possible)
        };
        let marks = |side: &[EventId]| {
            let own = overlapping.iter().filter(|_| form == Form::AbsentPairs).filter(|e| side.contains(e));
            own.copied().collect::<BTreeSet<_>>()
        };
        let mut kept = marks(&negation.kept.row_events());
        kept.extend(ids);
        let keys = self.keys(pattern, id);
        let wanted = side(&keys, 0).into_iter().chain(asked.iter().cloned()).collect();
        let absent = marks(&negation.absent.row_events());
        let operands = vec![
            self.node(&negation.kept, wanted, kept, Reach::Operator),
            self.node(&negation.absent, side(&keys, 1), absent, Reach::Operator),
        ];
        (form, operands)
    }

    /// The events of one operand that could be an event of another.
    fn overlapping(&self, operands: &[Vec<EventId>]) -> BTreeSet<EventId> {
        let mut found = BTreeSet::new();
        for (i, left) in operands.iter().enumerate() {
            for right in operands.iter().skip(i + 1) {
                for (a, b) in left.iter().flat_map(|a| right.iter().map(move |b| (*a, *b))) {
                    if events_overlap(self.detection, a, b) {
                        found.extend([a, b]);
                    }
                }
            }
        }
        found
    }
}

/// Whether one event could be both.
#[must_use]
pub fn events_overlap(detection: &Detection, a: EventId, b: EventId) -> bool {
    match (detection.event(a), detection.event(b)) {
        (Some(a), Some(b)) => may_overlap(a, b),
        _ => false,
    }
}

/// One operand's slots of all keys.
fn side(keys: &[Vec<Slot>], operand: usize) -> BTreeSet<Slot> {
    keys.iter().filter_map(|key| key.get(operand)).cloned().collect()
}

/// A join that a linear form might say.
struct LinearJoin<'a> {
    pattern: &'a Pattern,
    join: &'a Join,
    equalities: Equalities<'a>,
    events: &'a [Vec<EventId>],
    asked: &'a BTreeSet<Slot>,
    ids: &'a BTreeSet<EventId>,
    reach: Reach,
    overlapping: bool,
}

impl LinearJoin<'_> {
    fn form(&self) -> Option<Form> {
        let count = self.join.operands.len();
        let single = self.events.iter().all(|side| side.len() == 1);
        let overlap = if self.overlapping { Overlap::Possible } else { Overlap::Excluded };
        if self.overlapping && !(single && count == 2) {
            return None;
        }
        let last = count.checked_sub(1)?;
        if matches!(self.pattern.kind, PatternKind::Then(_)) {
            let ends = [last, 0].into_iter().filter(|end| *end == last || self.reach == Reach::Alert);
            return ends.into_iter().find(|kept| self.suffices(*kept)).map(|kept| Form::Chain { kept, overlap });
        }
        if !self.overlapping && self.ids.is_empty() && (0..count).all(|i| self.asked_is_key(i)) {
            return Some(Form::Together);
        }
        let kept = (0..count).find(|kept| self.suffices(*kept))?;
        (self.reach == Reach::Alert && count <= 3).then_some(Form::Around { kept, overlap })
    }

    /// Whether one operand's rows have everything that is asked.
    fn suffices(&self, kept: usize) -> bool {
        let own = self.events.get(kept).map(Vec::as_slice).unwrap_or_default();
        self.ids.iter().all(|id| own.contains(id)) && self.asked.iter().all(|slot| self.held(slot, kept).is_some())
    }

    /// What an operand's rows have in the place of a slot: the slot itself, or a key that is equal to it.
    fn held(&self, slot: &Slot, operand: usize) -> Option<Slot> {
        let own = self.events.get(operand)?;
        if own.contains(&slot.column.event) {
            return Some(slot.clone());
        }
        self.equal_key(slot, operand)
    }

    fn equal_key(&self, slot: &Slot, operand: usize) -> Option<Slot> {
        let columns = self.join.keys.iter().filter_map(|key| key.columns.get(operand));
        let mut equal = columns.filter(|column| self.equalities.equal(column, &slot.column) && !is_list(column));
        equal.next().filter(|_| !is_list(&slot.column)).map(|column| Slot::of(column.clone()))
    }

    /// Whether all that is asked is a key of this operator.
    fn asked_is_key(&self, operand: usize) -> bool {
        self.asked.iter().all(|slot| self.equal_key(slot, operand).is_some())
    }
}

/// The key of an operator that a slot is equal to: its place among the keys.
#[must_use]
pub fn key_equal_to(pattern: &Pattern, keys: &[Key], slot: &Slot) -> Option<usize> {
    let equalities = Equalities::of(pattern);
    keys.iter().position(|key| {
        key.columns.iter().all(|column| !is_list(column))
            && key.columns.iter().any(|c| equalities.equal(c, &slot.column))
    })
}

/// What an operand's rows have in the place of a slot that is asked of the operator.
#[must_use]
pub fn held_by(pattern: &Pattern, join: &Join, operand: &Node<'_>, index: usize, slot: &Slot) -> Option<Slot> {
    if operand.events.contains(&slot.column.event) {
        return Some(slot.clone());
    }
    let key = join.keys.get(key_equal_to(pattern, &join.keys, slot)?)?;
    key.columns.get(index).map(|column| Slot::of(column.clone()))
}

/// The aggregates of a group: in its condition, then its named ones.
#[must_use]
pub fn aggregates(group: &Group) -> Vec<Aggregate> {
    let mut all = Vec::new();
    group.having.for_each(&mut |comparison| {
        comparison.left.for_each_leaf(&mut |leaf: &Aggregate| all.push(leaf.clone()));
        comparison.right.for_each_leaf(&mut |leaf: &Aggregate| all.push(leaf.clone()));
    });
    all.extend(group.named.iter().map(|(_, aggregate)| aggregate.clone()));
    all
}

/// The keys with several values of the kept side of a `not …` that no operator below has given one.
#[must_use]
pub fn kept_lists(node: &Node<'_>) -> Vec<Slot> {
    let kept = node.keys.iter().filter_map(|key| key.first());
    kept.filter(|slot| slot.copy == node.id).cloned().collect()
}

/// Whether pairs are formed in it.
#[must_use]
pub fn has_pairs(node: &Node<'_>) -> bool {
    node.form == Form::Pairs || node.operands.iter().any(has_pairs)
}

/// Every field column that the rows need: keys, aggregated fields and the alert's, as slots.
#[must_use]
pub fn field_slots(root: &Node<'_>) -> BTreeSet<Slot> {
    let mut slots = BTreeSet::new();
    root.walk(&mut |node| {
        slots.extend(node.asked.iter().filter(|_| node.operands.is_empty()).cloned());
        if let PatternKind::Grouped(group) = &node.pattern.kind {
            slots.extend(node.keys.iter().flatten().cloned());
            let fields = aggregates(group).into_iter().filter_map(|a| a.field().cloned());
            slots.extend(fields.map(|field| Slot::of(Column::field(group.event, field))));
        }
    });
    slots.retain(|slot| matches!(slot.column.value, ColumnValue::Field(_)));
    slots
}
