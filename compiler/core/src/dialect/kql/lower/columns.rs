//! The columns that rows carry from table to table.
//!
//! Columns that a key makes equal have one name, so that tables join `on` it and a row holds the value once. All other
//! columns have names of their own throughout the query; there is never a second `X1` to tell from `X`.

use std::collections::{BTreeMap, BTreeSet};

use super::names::pascal;
use super::{Context, field};
use crate::plan::facts::Equalities;
use crate::plan::{Aggregate, Column, ColumnValue, Comparison, EventId, Field, Key, Logic, Pattern, PatternKind};
use crate::source::Span;

/// What a named column of an event's table holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// A field.
    Field(Field),
    /// An aggregate of the group the event stands in.
    Aggregate(String),
    /// What tells the event from every other of its class.
    Id,
    /// A column of the product that the result must have.
    Carried(String),
}

/// The names of all columns.
#[derive(Debug, Default)]
pub struct Columns {
    /// Of the plan's columns.
    names: BTreeMap<Column, String>,
    /// Of the key columns that hold several values: the name of the column with the one value that a row has in common.
    values: BTreeMap<Column, String>,
    /// Where each was first asked for.
    spans: BTreeMap<Column, Span>,
    /// Of each event, what it can give.
    cells: BTreeMap<EventId, Vec<(String, Cell)>>,
    /// When the event happened.
    times: BTreeMap<EventId, String>,
    /// What tells it from others.
    ids: BTreeMap<EventId, String>,
    /// Fields of keys, by event, that must be present for an event to be part of any row.
    required: BTreeMap<EventId, BTreeSet<Field>>,
    /// The same for events of groups, where they may be asked only of the group's rows.
    required_late: BTreeMap<EventId, BTreeSet<Column>>,
}

impl Columns {
    /// The name of a column of the plan.
    #[must_use]
    pub fn name(&self, column: &Column) -> String {
        self.names.get(column).cloned().unwrap_or_default()
    }

    /// The name of the common value of a key column that holds several values; none for any other column.
    #[must_use]
    pub fn value_name(&self, column: &Column) -> Option<&String> {
        self.values.get(column)
    }

    /// The name of a column of the plan in the rows of a pattern: a key with several values has one of them in the rows
    /// of a join or group, and all of them below.
    #[must_use]
    pub fn name_in(&self, pattern: &Pattern, column: &Column) -> String {
        self.common_value(pattern, column).cloned().unwrap_or_else(|| self.name(column))
    }

    /// The name of the one value that a row of the pattern has of a key column with several.
    fn common_value(&self, pattern: &Pattern, column: &Column) -> Option<&String> {
        self.values.get(column).filter(|_| has_one_value(pattern, column))
    }

    /// Where a field of an event was first asked for as a column.
    #[must_use]
    pub fn span(&self, event: EventId, field: &Field) -> Option<Span> {
        self.spans.get(&Column::field(event, field.clone())).copied()
    }

    /// The name of an event's time.
    #[must_use]
    pub fn time(&self, event: EventId) -> String {
        self.times.get(&event).cloned().unwrap_or_default()
    }

    /// The name of an event's id.
    #[must_use]
    pub fn id(&self, event: EventId) -> String {
        self.ids.get(&event).cloned().unwrap_or_default()
    }

    /// What an event can give, by name.
    #[must_use]
    pub fn cells(&self, event: EventId) -> &[(String, Cell)] {
        self.cells.get(&event).map_or(&[], Vec::as_slice)
    }

    /// The names that the rows of a pattern can give.
    #[must_use]
    pub fn given(&self, pattern: &Pattern) -> BTreeSet<&str> {
        let events = pattern.row_events().into_iter();
        events.flat_map(|event| self.cells(event).iter().map(move |cell| self.given_as(pattern, event, cell))).collect()
    }

    /// The name of a cell in the rows of a pattern.
    fn given_as<'s>(&'s self, pattern: &Pattern, event: EventId, (name, cell): &'s (String, Cell)) -> &'s str {
        match cell {
            Cell::Field(field) if field.ty.is_list() => {
                self.common_value(pattern, &Column::field(event, field.clone())).unwrap_or(name)
            }
            Cell::Field(_) | Cell::Aggregate(_) | Cell::Id | Cell::Carried(_) => name,
        }
    }

    /// The names that an operand gives the rows of its join: a key has its common value there.
    #[must_use]
    pub fn given_joined(&self, operand: &Pattern, keys: &[Key], index: usize) -> BTreeSet<&str> {
        let mut given = self.given(operand);
        for column in keys.iter().filter_map(|key| key.columns.get(index)) {
            if let Some(value) = self.values.get(column) {
                given.remove(self.names.get(column).map_or("", String::as_str));
                given.insert(value);
            }
        }
        given
    }

    /// Whether a column holds several values: neither `distinct` nor `by` takes a dynamic one
    /// (<https://learn.microsoft.com/kusto/query/distinct-operator>).
    #[must_use]
    pub fn holds_several(&self, name: &str) -> bool {
        self.cells.values().flatten().any(|(n, cell)| match cell {
            Cell::Field(field) => n == name && field.ty.is_list(),
            Cell::Aggregate(_) | Cell::Id | Cell::Carried(_) => false,
        })
    }

    /// Notes a column of the product that the result must have of this event.
    pub fn carry(&mut self, event: EventId, name: &str, column: &str) {
        self.cells.entry(event).or_default().push((name.to_owned(), Cell::Carried(column.to_owned())));
    }

    /// The key fields without which an event of this name is in no row.
    pub fn required(&self, event: EventId) -> impl Iterator<Item = &Field> {
        self.required.get(&event).into_iter().flatten()
    }

    /// The key columns without which a row of a group is in no row of the operators around it.
    pub fn required_late(&self, event: EventId) -> impl Iterator<Item = &Column> {
        self.required_late.get(&event).into_iter().flatten()
    }

    /// The plan's columns of an event.
    pub fn of(&self, event: EventId) -> impl Iterator<Item = &Column> {
        self.names.keys().filter(move |column| column.event == event)
    }

    /// The events and fields that share a name.
    pub fn sharing<'a>(&'a self, name: &'a str) -> impl Iterator<Item = (EventId, &'a Field)> {
        self.names.iter().filter(move |(_, n)| *n == name).filter_map(|(c, _)| Some((c.event, c.as_field()?)))
    }
}

/// Names every column that a key, a group or the entity needs.
pub fn prepare(cx: &mut Context<'_>) {
    let detection = cx.detection();
    let pattern = &detection.pattern;
    for (index, event) in detection.events.iter().enumerate() {
        let (time, id) = (format!("{}_time", event.name), format!("{}_id", event.name));
        let (time, id) = (cx.names.fresh_column(&time), cx.names.fresh_column(&id));
        cx.columns.times.insert(EventId(index), time);
        cx.columns.cells.insert(EventId(index), vec![(id.clone(), Cell::Id)]);
        cx.columns.ids.insert(EventId(index), id);
    }
    let mut keys = Vec::new();
    let mut asked: Vec<(Column, Span)> = Vec::new();
    collect(pattern, &mut asked, &mut keys);
    asked.extend(detection.entity.iter().map(|e| (e.column.clone(), e.span)));
    for (column, span) in &asked {
        cx.columns.spans.entry(column.clone()).or_insert(*span);
    }
    let columns: Vec<Column> = asked.into_iter().map(|(column, _)| column).collect();
    let mut classes: Vec<Vec<Column>> = Vec::new();
    for column in columns {
        if !classes.iter().flatten().any(|c| *c == column) {
            classes.push(vec![column]);
        }
    }
    for key in keys {
        merge(pattern, &mut classes, key);
    }
    name_all(cx, classes);
    name_values(cx, pattern);
    require(pattern, &mut cx.columns);
}

/// Names the common value of every key column that the site holds as an array.
fn name_values(cx: &mut Context<'_>, pattern: &Pattern) {
    for operand in pattern.operands() {
        name_values(cx, operand);
    }
    let keys: Vec<&Column> = match &pattern.kind {
        PatternKind::Event(_) => Vec::new(),
        PatternKind::Grouped(group) => group.keys.iter().collect(),
        PatternKind::Then(join) | PatternKind::With(join) => join.keys.iter().flat_map(|key| &key.columns).collect(),
        PatternKind::NotFollowed(n) | PatternKind::NotPreceded(n) => {
            n.keys.iter().flat_map(|key| &key.columns).collect()
        }
    };
    for column in keys {
        let is_array = column.as_field().is_some_and(|field| field::is_array(cx, column.event, field));
        if is_array && !cx.columns.values.contains_key(column) {
            let name = format!("{}_value", cx.columns.name(column));
            let name = cx.names.fresh_column(&name);
            cx.columns.values.insert(column.clone(), name);
        }
    }
}

/// Whether a join or group of the pattern's rows has the column as a key.
fn has_one_value(pattern: &Pattern, column: &Column) -> bool {
    let is_key = |keys: &[Key]| keys.iter().any(|key| key.columns.contains(column));
    match &pattern.kind {
        PatternKind::Event(_) => false,
        PatternKind::Grouped(group) => group.keys.contains(column),
        PatternKind::Then(join) | PatternKind::With(join) => {
            is_key(&join.keys) || join.operands.iter().any(|operand| has_one_value(operand, column))
        }
        PatternKind::NotFollowed(n) | PatternKind::NotPreceded(n) => has_one_value(&n.kept, column),
    }
}

/// All columns of keys and groups, and all keys, the innermost first.
fn collect<'p>(pattern: &'p Pattern, columns: &mut Vec<(Column, Span)>, keys: &mut Vec<&'p Key>) {
    for operand in pattern.operands() {
        collect(operand, columns, keys);
    }
    let own: &[Key] = match &pattern.kind {
        PatternKind::Event(_) => &[],
        PatternKind::Grouped(group) => {
            columns.extend(group.keys.iter().map(|column| (column.clone(), pattern.span)));
            let mut all = aggregates(&group.having);
            all.extend(group.named.iter().map(|(_, aggregate)| aggregate.clone()));
            let fields = all.iter().filter_map(Aggregate::field).cloned();
            columns.extend(fields.map(|field| (Column::field(group.event, field), pattern.span)));
            &[]
        }
        PatternKind::Then(join) | PatternKind::With(join) => &join.keys,
        PatternKind::NotFollowed(n) | PatternKind::NotPreceded(n) => &n.keys,
    };
    keys.extend(own);
    columns.extend(own.iter().flat_map(|key| key.columns.iter().map(|column| (column.clone(), key.span))));
}

/// The aggregates of a condition, each once.
#[must_use]
pub fn aggregates(having: &Logic<Comparison<Aggregate>>) -> Vec<Aggregate> {
    let mut found: Vec<Aggregate> = Vec::new();
    having.for_each(&mut |comparison| {
        let mut leaf = |a: &Aggregate| {
            if !found.contains(a) {
                found.push(a.clone());
            }
        };
        comparison.left.for_each_leaf(&mut leaf);
        comparison.right.for_each_leaf(&mut leaf);
    });
    found
}

/// Gives the columns of a key one name, as far as they never differ in one table.
fn merge(pattern: &Pattern, classes: &mut Vec<Vec<Column>>, key: &Key) {
    let mut columns = key.columns.iter().filter(|c| !is_list(c));
    let Some(first) = columns.next() else { return };
    for column in columns {
        let at = |c: &Column| classes.iter().position(|class| class.contains(c));
        let (Some(into), Some(from)) = (at(first), at(column)) else { continue };
        if into == from {
            continue;
        }
        let (Some(left), Some(right)) = (classes.get(into), classes.get(from)) else { continue };
        if left.iter().all(|a| right.iter().all(|b| never_differ(pattern, a, b))) {
            let moved = classes.get_mut(from).map(std::mem::take).unwrap_or_default();
            if let Some(class) = classes.get_mut(into) {
                class.extend(moved);
            }
            classes.retain(|class| !class.is_empty());
        }
    }
}

/// Whether the column may hold several values.
#[must_use]
pub fn is_list(column: &Column) -> bool {
    column.as_field().is_some_and(|field| field.ty.is_list())
}

/// Whether two columns are equal in every table that holds both.
fn never_differ(pattern: &Pattern, a: &Column, b: &Column) -> bool {
    if a == b {
        return true;
    }
    if a.event == b.event {
        return false;
    }
    let meeting = meeting(pattern, a.event, b.event);
    let together = meeting.row_events();
    !together.contains(&a.event) || !together.contains(&b.event) || Equalities::of(meeting).equal(a, b)
}

/// The innermost part of the pattern that has both events.
fn meeting(pattern: &Pattern, a: EventId, b: EventId) -> &Pattern {
    let inner = pattern.operands().into_iter().find(|p| has_event(p, a) && has_event(p, b));
    inner.map_or(pattern, |p| meeting(p, a, b))
}

/// Whether the pattern has the event, be it in an absent operand.
fn has_event(pattern: &Pattern, event: EventId) -> bool {
    match &pattern.kind {
        PatternKind::Event(id) => *id == event,
        PatternKind::Grouped(group) => group.event == event,
        PatternKind::Then(_) | PatternKind::With(_) | PatternKind::NotFollowed(_) | PatternKind::NotPreceded(_) => {
            pattern.operands().into_iter().any(|operand| has_event(operand, event))
        }
    }
}

/// Joined columns bear the plain name of their field; a name that is taken gets its event in front.
fn name_all(cx: &mut Context<'_>, mut classes: Vec<Vec<Column>>) {
    classes.sort_by_key(|class| std::cmp::Reverse(class.len().min(2)));
    let mut plain: BTreeSet<String> = BTreeSet::new();
    for class in classes {
        let Some(first) = class.first() else { continue };
        let base = match &first.value {
            ColumnValue::Field(field) => pascal(&field.name),
            ColumnValue::Aggregate(name) => pascal(name),
        };
        let wanted = if plain.insert(base.clone()) { base } else { format!("{}_{base}", cx.event_name(first.event)) };
        let name = cx.names.fresh_column(&wanted);
        for column in class {
            let cell = match &column.value {
                ColumnValue::Field(field) => Cell::Field(field.clone()),
                ColumnValue::Aggregate(aggregate) => Cell::Aggregate(aggregate.clone()),
            };
            cx.columns.cells.entry(column.event).or_default().push((name.clone(), cell));
            cx.columns.names.insert(column, name.clone());
        }
    }
}

/// Notes for every event the key fields that it must have: a row with a missing key is no row, in every operator around
/// it. Of a group only its own keys may be asked of its events, for the others still count.
fn require(pattern: &Pattern, columns: &mut Columns) {
    let grouped = groups(pattern);
    let mut ask = |column: &Column| match &column.value {
        ColumnValue::Field(field) if !grouped.contains(&column.event) => {
            columns.required.entry(column.event).or_default().insert(field.clone());
        }
        ColumnValue::Field(_) | ColumnValue::Aggregate(_) => {
            columns.required_late.entry(column.event).or_default().insert(column.clone());
        }
    };
    match &pattern.kind {
        PatternKind::Event(_) => {}
        PatternKind::Grouped(group) => {
            for field in group.keys.iter().filter_map(Column::as_field) {
                columns.required.entry(group.event).or_default().insert(field.clone());
            }
        }
        PatternKind::Then(join) | PatternKind::With(join) => {
            join.keys.iter().flat_map(|k| &k.columns).for_each(&mut ask);
        }
        PatternKind::NotFollowed(n) | PatternKind::NotPreceded(n) => {
            n.keys.iter().flat_map(|k| &k.columns).for_each(&mut ask);
        }
    }
    pattern.operands().into_iter().for_each(|operand| require(operand, columns));
}

/// The events that stand in groups.
fn groups(pattern: &Pattern) -> BTreeSet<EventId> {
    match &pattern.kind {
        PatternKind::Grouped(group) => BTreeSet::from([group.event]),
        PatternKind::Event(_)
        | PatternKind::Then(_)
        | PatternKind::With(_)
        | PatternKind::NotFollowed(_)
        | PatternKind::NotPreceded(_) => pattern.operands().into_iter().flat_map(groups).collect(),
    }
}
