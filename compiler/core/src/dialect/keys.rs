//! Keys of patterns whose operands are rows: whether one key serves all levels.

use std::collections::BTreeSet;

use crate::plan::facts::Equalities;
use crate::plan::{Column, EventId, Pattern, PatternKind};

/// The key of a chain with one key: for each component, one column of every event. None where the levels join on
/// different keys.
#[must_use]
pub fn one_key(pattern: &Pattern) -> Option<Vec<Vec<Column>>> {
    if let PatternKind::Then(join) | PatternKind::With(join) = &pattern.kind
        && join.operands.iter().all(|p| matches!(p.kind, PatternKind::Event(_)))
    {
        return Some(join.keys.iter().map(|key| key.columns.clone()).collect());
    }
    let events: BTreeSet<EventId> = pattern.row_events().into_iter().collect();
    let equal = Equalities::of(pattern);
    let mut components: Vec<Vec<Column>> = Vec::new();
    for column in key_columns(pattern) {
        match components.iter_mut().find(|c| c.first().is_some_and(|first| equal.equal(first, &column))) {
            Some(component) if component.contains(&column) => {}
            Some(component) => component.push(column),
            None => components.push(vec![column]),
        }
    }
    let covers =
        |c: &Vec<Column>| c.len() == events.len() && c.iter().map(|c| c.event).collect::<BTreeSet<_>>() == events;
    components.iter().all(covers).then_some(components)
}

/// Every key column of the pattern and of its operands.
fn key_columns(pattern: &Pattern) -> Vec<Column> {
    let mut all = Vec::new();
    match &pattern.kind {
        PatternKind::Event(_) => {}
        PatternKind::Grouped(group) => all.extend(group.keys.iter().cloned()),
        PatternKind::Then(join) | PatternKind::With(join) => {
            all.extend(join.keys.iter().flat_map(|k| k.columns.iter().cloned()));
        }
        PatternKind::NotFollowed(n) | PatternKind::NotPreceded(n) => {
            all.extend(n.keys.iter().flat_map(|k| k.columns.iter().cloned()));
        }
    }
    all.extend(pattern.operands().into_iter().flat_map(key_columns));
    all
}
