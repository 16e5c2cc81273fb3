//! `grouped by K over W having C`: an event at `t` where the events with its key in `[t − W, t]` satisfy C, all of those
//! at `t` included.

use std::collections::VecDeque;
use std::rc::Rc;

use super::aggregate::{Measure, Tally};
use super::arithmetic::{Quantity, compares, map_comparison};
use super::bucket::{Buckets, Key, keys};
use super::logic::{holds, map};
use super::pattern::{Above, Layout, Tick};
use super::row::{Log, Place, Row, RowKind};
use crate::plan::{self, Aggregate, Column, ColumnValue, Comparison, EventId, Field, Logic, Pattern};

/// A grouping.
#[derive(Debug)]
pub struct Group {
    event: EventId,
    keys: Vec<Place>,
    over: i64,
    having: Logic<Comparison<Leaf>>,
    /// Aggregates that are columns, by number.
    named: Vec<(usize, Leaf)>,
    /// An empty tally of each field that is aggregated, and where the field is found.
    fields: Vec<(Place, Tally)>,
    /// How long after its time a row may still be asked for its lines.
    lasts: i64,
    /// The `now` of the last call: what was certain by then has become alerts.
    settled: i64,
    buckets: Buckets<Key, Window>,
}

/// An aggregate: a measure of the tally with this number.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Leaf {
    Count,
    Of(Measure, usize),
}

/// The events of one key.
#[derive(Debug)]
struct Window {
    /// Oldest first.
    events: VecDeque<Rc<Row>>,
    tallies: Vec<Tally>,
    log: Rc<Log>,
}

impl Group {
    /// Compiles a grouping.
    pub fn new(pattern: &Pattern, group: &plan::Group, above: &Above, layout: &mut Layout<'_>) -> Self {
        let mut fields: Vec<(Field, Place)> = Vec::new();
        let mut leaf = |aggregate: &Aggregate| {
            let Some((measure, field)) = Measure::of(aggregate) else { return Leaf::Count };
            let known = fields.iter().position(|(f, _)| f == field);
            Leaf::Of(
                measure,
                known.unwrap_or_else(|| {
                    let column = Column::field(group.event, field.clone());
                    fields.push((field.clone(), layout.place(pattern, &column)));
                    fields.len() - 1
                }),
            )
        };
        let having = map(&group.having, &mut |comparison| map_comparison(comparison, &mut leaf));
        let leaves: Vec<Leaf> = group.named.iter().map(|(_, aggregate)| leaf(aggregate)).collect();
        let columns = group.named.iter().map(|(name, _)| {
            let column = Column { event: group.event, value: ColumnValue::Aggregate(name.clone()) };
            layout.place(pattern, &column).column
        });
        Self {
            event: group.event,
            named: columns.zip(leaves).collect(),
            keys: group.keys.iter().map(|column| layout.place(pattern, column)).collect(),
            over: group.over.value,
            having,
            fields: fields.into_iter().map(|(field, place)| (place, Tally::new(&field))).collect(),
            lasts: above.lasts,
            settled: i64::MIN,
            buckets: Buckets::default(),
        }
    }

    /// See [`super::pattern::Node::advance`].
    pub fn advance(&mut self, now: i64, tick: &Tick, rows: &mut Vec<Rc<Row>>) {
        self.sweep();
        self.settled = now;
        let mut judged = Vec::new();
        for (_, row) in tick.iter().filter(|(event, _)| *event == self.event) {
            for key in keys(row, &self.keys) {
                let window = self.buckets.add(&key, || Window::new(&self.fields));
                window.add(row, &self.fields);
                judged.push((key, row));
            }
        }
        for (key, row) in judged {
            if let Some(window) = self.buckets.get(&key) {
                window.slide(row.time.saturating_sub(self.over), &self.fields);
                if holds(&self.having, &mut |c| compares(c, &mut |leaf| window.measure(*leaf))) {
                    rows.push(Rc::new(window.row(row, bind(&self.keys, &key, row, &self.named, window))));
                }
            }
        }
    }

    fn sweep(&mut self) {
        let oldest = self.settled.saturating_sub(self.over);
        let asked_for = oldest.saturating_sub(self.lasts);
        let fields = &self.fields;
        self.buckets.sweep(|window| {
            window.slide(oldest, fields);
            let mut log = window.log.borrow_mut();
            let passed = log.partition_point(|(time, _)| *time < asked_for);
            log.drain(..passed);
            log.len()
        });
    }
}

/// The columns that hold one given value: the key's, where the event has several, and the named aggregates.
fn bind(
    keys: &[Place],
    key: &Key,
    row: &Row,
    named: &[(usize, Leaf)],
    window: &Window,
) -> Vec<(usize, super::value::Value)> {
    let several = keys.iter().zip(key.iter()).filter(|(place, _)| row.values(place).len() > 1);
    let mut bound: Vec<_> = several.map(|(place, value)| (place.column, value.clone())).collect();
    let measured = named.iter().filter_map(|(column, leaf)| Some((*column, window.measure(*leaf)?.to_value())));
    bound.extend(measured);
    bound
}

impl Window {
    fn new(fields: &[(Place, Tally)]) -> Self {
        let tallies = fields.iter().map(|(_, empty)| empty.clone()).collect();
        Self { events: VecDeque::new(), tallies, log: Rc::default() }
    }

    fn add(&mut self, row: &Rc<Row>, fields: &[(Place, Tally)]) {
        for (tally, (place, _)) in self.tallies.iter_mut().zip(fields) {
            row.values(place).iter().for_each(|value| tally.add(value));
        }
        let mut log = self.log.borrow_mut();
        row.for_each_event(&mut |event| log.push_back((event.time, event.line)));
        self.events.push_back(Rc::clone(row));
    }

    /// Lets go of events before `oldest`.
    fn slide(&mut self, oldest: i64, fields: &[(Place, Tally)]) {
        while let Some(row) = self.events.pop_front_if(|row| row.time < oldest) {
            for (tally, (place, _)) in self.tallies.iter_mut().zip(fields) {
                row.values(place).iter().for_each(|value| tally.remove(value));
            }
        }
    }

    fn measure(&self, leaf: Leaf) -> Option<Quantity<'_>> {
        match leaf {
            Leaf::Count => i64::try_from(self.events.len()).ok().map(Quantity::Int),
            Leaf::Of(measure, tally) => self.tallies.get(tally)?.measure(measure),
        }
    }

    fn row(&self, row: &Row, bound: Vec<(usize, super::value::Value)>) -> Row {
        let first = self.events.front().map_or(row.time, |front| front.time);
        let kind = match &row.kind {
            RowKind::Event(event) | RowKind::Window(event, _) => {
                RowKind::Window(Rc::clone(event), Rc::clone(&self.log))
            }
            RowKind::Joined(parts) => RowKind::Joined(parts.clone()),
        };
        Row { time: row.time, first, kind, bound, names: row.names, shared: row.shared }
    }
}
