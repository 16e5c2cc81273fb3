//! The meaning of a plan over events.
//!
//! Lines come in, alerts go out, and what is held in between is bounded by the windows of the patterns (and the slack),
//! not by the length of the stream.
//!
//! | step | module | what is true after it |
//! | --- | --- | --- |
//! | line → record | `decode`, `record` | the needed fields hold values of their declared types; all else was skipped |
//! | record → event | `predicate` | it satisfies the predicate of at least one event name, or is forgotten |
//! | event → tick | this one | events go on in time order, those of one time together, once no earlier one can come |
//! | tick → rows | `pattern`, `join`, `negation`, `group` | the rows of the pattern, in row order |
//! | rows → alerts | `alert` | each entity tuple by its first row, then quiet |
//!
//! **Row order.** Rows go by time. Rows of the same time go by their operands' rows, left to right, in this same order;
//! those of a single event by its line; and where a key with several values makes several rows of the same events, by
//! those values. The first row of a tuple raises its alert.

mod aggregate;
mod alert;
mod arithmetic;
mod bucket;
mod decode;
pub mod fields;
mod group;
mod join;
mod logic;
mod negation;
mod pattern;
mod predicate;
mod record;
pub mod regex;
mod row;
#[cfg(test)]
mod tests;
mod text;
pub mod time;
mod value;

pub use value::{Float, Value};

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value as Json;

use self::alert::Detector;
use self::decode::{CLASS, Decoder, Schema, TIME};
use self::pattern::{Kept, Layout};
use self::predicate::Predicate;
use self::record::{Record, Slot};
use self::row::Event;
use self::value::Scalar;
use crate::plan::{EventId, Pred, Unit};

/// How to read the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// How many milliseconds an event may be older than the newest one before it. None: any order; everything that
    /// matters is held until [`Evaluator::finish`].
    pub slack: Option<i64>,
}

/// One alert of one detection.
#[derive(Debug, Clone)]
pub struct Alert<'a> {
    /// The detection and what surrounds it.
    pub unit: Unit<'a>,
    /// The entity's columns by name, in the order written; a missing one is null.
    pub entity: Vec<(&'a str, Json)>,
    /// Time of the row's earliest event, milliseconds since 1970; for `grouped` of the window's.
    pub first: i64,
    /// Time of the row's latest event, milliseconds since 1970.
    pub last: i64,
    /// The lines of the row's events, ascending; for `grouped` of the whole window.
    pub lines: Vec<u64>,
}

/// What is wrong with a line. The line is left out; the rest goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventError {
    /// Not UTF-8 from this byte of the line on (from 1).
    Encoding {
        /// The byte.
        column: usize,
    },
    /// Not JSON.
    Json {
        /// The byte of the line, from 1.
        column: usize,
        /// What the parser expected.
        reason: String,
    },
    /// JSON, but no object.
    NotAnObject,
    /// No `class`, or one that is no text.
    NoClass,
    /// No `@timestamp`, or one that is no ISO 8601 time.
    NoTime,
    /// Older than the slack allows, by this many milliseconds.
    Late {
        /// How much too old.
        by: i64,
    },
}

impl std::fmt::Display for EventError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Encoding { column } => write!(f, "not UTF-8 at byte {column}"),
            Self::Json { column, reason } => write!(f, "not JSON at byte {column}: {reason}"),
            Self::NotAnObject => f.write_str("not a JSON object"),
            Self::NoClass => f.write_str("no `class`: every event needs one, as text"),
            Self::NoTime => f.write_str("no valid `@timestamp`: every event needs one, in ISO 8601"),
            Self::Late { by } => write!(f, "{by} ms older than the slack allows; a greater --slack takes it in"),
        }
    }
}

impl std::error::Error for EventError {}

/// Evaluates detections over a stream of events.
#[derive(Debug)]
pub struct Evaluator<'a> {
    decoder: Decoder,
    /// By number, see [`Decoder::read`].
    classes: Vec<Class<'a>>,
    detectors: Vec<Detector<'a>>,
    slack: Option<i64>,
    /// The time of the newest event so far.
    newest: Option<i64>,
    /// Up to where the detectors were last brought together.
    settled: i64,
    /// Events that an earlier one may still come before, by time, line and number.
    waiting: BTreeMap<(i64, u64, u64), Matched>,
    /// How many events were kept so far.
    events: u64,
    scratch: String,
}

/// What is asked of the events of a class.
#[derive(Debug, Default)]
struct Class<'a> {
    /// Each predicate once, and the names that go by it.
    tests: Vec<(&'a Pred, Predicate, Vec<Name>)>,
    /// The slots whose values are kept of an event.
    kept: Vec<Slot>,
}

/// An event name: the number of a detector, and the event in its detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Name {
    detector: usize,
    event: EventId,
}

/// An event and the names it answers to, by detector.
#[derive(Debug)]
struct Matched {
    event: Rc<Event>,
    names: Vec<Name>,
}

/// How far the stream moves on before detections that saw no event of theirs are told the time, in milliseconds.
const IDLE: i64 = 1000;

impl<'a> Evaluator<'a> {
    /// An evaluator of these detections that has seen nothing yet.
    #[must_use]
    pub fn new(units: Vec<Unit<'a>>, options: Options) -> Self {
        let mut schema = Schema::new();
        let mut kept = Kept::new();
        let mut classes: BTreeMap<&'a str, Class<'a>> = BTreeMap::new();
        let mut detectors = Vec::new();
        for (detector, unit) in units.into_iter().enumerate() {
            for (index, event) in unit.detection.events.iter().enumerate() {
                let name = Name { detector, event: EventId(index) };
                let class = classes.entry(&event.class.name).or_default();
                match class.tests.iter_mut().find(|(pred, ..)| **pred == event.predicate) {
                    Some((_, _, names)) => names.push(name),
                    None => {
                        let predicate = Predicate::new(&event.predicate, &event.class.name, &mut schema);
                        class.tests.push((&event.predicate, predicate, vec![name]));
                    }
                }
            }
            detectors.push(Detector::new(unit, &mut Layout::new(unit.detection, &mut schema, &mut kept)));
        }
        for (name, class) in &mut classes {
            schema.class(name);
            class.kept = kept.remove(*name).unwrap_or_default();
        }
        // In the order of their names, as in the schema.
        let classes = classes.into_values().collect();
        Self {
            decoder: Decoder::new(&schema),
            classes,
            detectors,
            slack: options.slack.map(|slack| slack.max(0)),
            newest: None,
            settled: i64::MIN,
            waiting: BTreeMap::new(),
            events: 0,
            scratch: String::new(),
        }
    }

    /// Takes in one line. Alerts that are certain by then are added to `alerts`: those of one detection in row order.
    /// Blank lines are ignored, and so are events of classes that no detection uses.
    ///
    /// # Errors
    /// Says what is wrong with the line; it is then as if the line were not there.
    pub fn push_line(&mut self, number: u64, line: &[u8], alerts: &mut Vec<Alert<'a>>) -> Result<(), EventError> {
        if line.trim_ascii().is_empty() {
            return Ok(());
        }
        let (record, class) = self.decoder.read(line)?;
        let Some(Scalar::Text(_)) = record.single(CLASS) else { return Err(EventError::NoClass) };
        let Some(Scalar::Time(time)) = record.single(TIME) else { return Err(EventError::NoTime) };
        let certain = self.slack.and_then(|slack| Some(self.newest?.max(time).saturating_sub(slack)));
        if let Some(certain) = certain.filter(|certain| time < *certain) {
            return Err(EventError::Late { by: certain - time });
        }
        if let Some(class) = self.classes.get(class) {
            let names = class.names(record, &mut self.scratch);
            if !names.is_empty() {
                self.events += 1;
                let values = class.kept.iter().map(|slot| record.keep(*slot)).collect();
                let event = Rc::new(Event { time, line: number, id: self.events, values });
                self.waiting.insert((time, number, self.events), Matched { event, names });
            }
        }
        self.newest = self.newest.max(Some(time));
        if let Some(certain) = certain {
            self.release(certain, alerts);
        }
        Ok(())
    }

    /// The end of the stream: adds the alerts that were still waiting, oldest first.
    pub fn finish(mut self, alerts: &mut Vec<Alert<'a>>) {
        let start = alerts.len();
        self.release(i64::MAX, alerts);
        if let Some(new) = alerts.get_mut(start..) {
            new.sort_by_key(|alert| alert.last);
        }
    }

    /// Hands on the events before `certain`: no other will come there.
    fn release(&mut self, certain: i64, alerts: &mut Vec<Alert<'a>>) {
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 < certain) {
            let time = first.key().0;
            self.tick(time, alerts);
        }
        if certain.saturating_sub(IDLE) >= self.settled {
            self.settled = certain;
            for detector in &mut self.detectors {
                detector.advance(certain, alerts);
            }
        }
    }

    /// Hands on the events of one time.
    fn tick(&mut self, time: i64, alerts: &mut Vec<Alert<'a>>) {
        while let Some(first) = self.waiting.first_entry().filter(|first| first.key().0 == time) {
            let Matched { event, names } = first.remove();
            // The names of one detection stand together.
            for names in names.chunk_by(|a, b| a.detector == b.detector) {
                let Some(detector) = names.first().and_then(|name| self.detectors.get_mut(name.detector)) else {
                    continue;
                };
                detector.take(&event, names.iter().map(|name| name.event));
            }
        }
        for detector in self.detectors.iter_mut().filter(|detector| detector.has_taken()) {
            detector.advance(time + 1, alerts);
        }
    }
}

impl Class<'_> {
    /// The names that an event answers to, by detector.
    fn names(&self, record: &Record, scratch: &mut String) -> Vec<Name> {
        let tests = self.tests.iter().filter(|(_, predicate, _)| predicate.holds(record, scratch));
        let mut names: Vec<Name> = tests.flat_map(|(_, _, names)| names.iter().copied()).collect();
        names.sort_unstable();
        names
    }
}
