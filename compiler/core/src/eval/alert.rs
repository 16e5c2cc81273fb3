//! From rows to alerts: a tuple of the entity's columns, raised by its first row and then quiet for a while.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value as Json;

use super::Alert;
use super::bucket::{Buckets, choices};
use super::pattern::{Above, Layout, Node};
use super::row::{Event, Names, Place, Row};
use super::value::Value;
use crate::plan::{Column, EventId, Unit};

/// A detection at work.
#[derive(Debug)]
pub struct Detector<'a> {
    /// The detection.
    pub unit: Unit<'a>,
    root: Node,
    /// How long after a row's time its alert is certain.
    wait: i64,
    entity: Vec<Place>,
    /// When each tuple last raised an alert.
    raised: Buckets<Vec<Option<Value>>, i64>,
    /// New events of one time.
    tick: Vec<(EventId, Rc<Row>)>,
    rows: Vec<Rc<Row>>,
}

impl<'a> Detector<'a> {
    /// Compiles a detection.
    pub fn new(unit: Unit<'a>, layout: &mut Layout<'_>) -> Self {
        let detection = unit.detection;
        let needed: BTreeSet<Column> = detection.entity.iter().map(|e| e.column.clone()).collect();
        let wait = detection.pattern.wait();
        let above = Above { needed, others: Names::default(), lasts: wait };
        let root = Node::new(&detection.pattern, &above, layout);
        let entity = detection.entity.iter().map(|e| layout.place(&detection.pattern, &e.column)).collect();
        Self { unit, root, wait, entity, raised: Buckets::default(), tick: Vec::new(), rows: Vec::new() }
    }

    /// Takes in an event of the time that is now certain, and the names it answers to.
    pub fn take(&mut self, event: &Rc<Event>, names: impl ExactSizeIterator<Item = EventId> + Clone) {
        let all = names.clone().fold(Names::default(), |all, name| all.union(Names::one(name)));
        let shared = names.len() > 1;
        self.tick.extend(names.map(|name| (name, Rc::new(Row::of_event(Rc::clone(event), all, shared)))));
    }

    /// Whether it was given events since it last advanced.
    pub const fn has_taken(&self) -> bool {
        !self.tick.is_empty()
    }

    /// Hands on the events it was given; see [`Node::advance`].
    pub fn advance(&mut self, now: i64, alerts: &mut Vec<Alert<'a>>) {
        let mut rows = std::mem::take(&mut self.rows);
        self.root.advance(now, &self.tick, &mut rows);
        self.tick.clear();
        for row in rows.drain(..) {
            self.raise(&row, alerts);
        }
        self.rows = rows;
        // What is quiet until before this can be forgotten; without `suppress` nothing can.
        let quiet = self.unit.detection.suppress.as_ref().map(|suppress| suppress.value);
        let certain = now.saturating_sub(self.wait);
        self.raised.sweep(|last| usize::from(quiet.is_none_or(|quiet| last.saturating_add(quiet) >= certain)));
    }

    /// An alert for each tuple of the row that is not quiet.
    fn raise(&mut self, row: &Row, alerts: &mut Vec<Alert<'a>>) {
        for tuple in tuples(row, &self.entity) {
            if let Some(last) = self.raised.get(&tuple) {
                let quiet = self.unit.detection.suppress.as_ref();
                if quiet.is_none_or(|quiet| row.time <= last.saturating_add(quiet.value)) {
                    continue;
                }
            }
            *self.raised.add(&tuple, || row.time) = row.time;
            let names = self.unit.detection.entity.iter().map(|column| column.name.as_str());
            let values = tuple.iter().map(|value| value.as_ref().map_or(Json::Null, Value::to_json));
            alerts.push(Alert {
                unit: self.unit,
                entity: names.zip(values).collect(),
                first: row.first,
                last: row.time,
                lines: row.lines(),
            });
        }
    }
}

/// The entity's tuples: one for every choice of values, a missing column being none.
fn tuples(row: &Row, entity: &[Place]) -> Vec<Vec<Option<Value>>> {
    let column = |place: &Place| -> Vec<Option<Value>> {
        let values = row.values(place);
        if values.is_empty() { vec![None] } else { values.iter().cloned().map(Some).collect() }
    };
    let columns: Vec<Vec<Option<Value>>> = entity.iter().map(column).collect();
    let columns: Vec<&[Option<Value>]> = columns.iter().map(Vec::as_slice).collect();
    choices(&columns).into_iter().map(|choice| choice.into_iter().cloned().collect()).collect()
}
