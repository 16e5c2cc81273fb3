//! From a detection to a query.
//!
//! | module | what it lowers |
//! | --- | --- |
//! | [`columns`] | which columns rows carry, and what they are called |
//! | [`constants`] | values and windows, each parameter a `let` of its name |
//! | [`field`] | a field of an event: how the site's data holds it |
//! | [`pred`], [`text`], [`compare`], [`regex`] | predicates |
//! | [`held`] | values that stand outside the query |
//! | [`event`] | an event of the pattern: a table's rows that satisfy its predicate |
//! | [`rows`], [`join`], [`negation`], [`group`] | patterns |
//! | [`reach`] | how far in time an operator looks |
//! | [`result`] | what the rule returns |

mod columns;
mod compare;
mod constants;
mod event;
mod field;
mod group;
mod held;
mod join;
mod names;
mod negation;
mod pred;
mod reach;
mod regex;
mod result;
mod rows;
mod text;

use std::collections::BTreeMap;

use super::ast::{Let, LetValue, Pipeline, Query};
use super::source::{Settings, Source};
use crate::capability::{Findings, Support};
use crate::dialect::held::Held;
use crate::dialect::{Request, ResultColumn, heading};
use crate::plan::{Detection, Event, EventId};
use crate::source::Span;
use crate::target::ClassBinding;

use columns::Columns;
use constants::Constants;
use names::Names;
pub use result::entity_column;

/// Everything that lowering reads and collects.
struct Context<'a> {
    request: Request<'a>,
    findings: &'a mut Findings,
    settings: &'a Settings<'a>,
    sources: &'a Classes<'a>,
    names: Names<'a>,
    constants: Constants<'a>,
    columns: Columns,
    numbered: BTreeMap<String, event::Numbered>,
    lets: Vec<Let>,
    held: Vec<Held>,
    bucket: String,
    /// How much older than the pattern's events the rows may be that complete them, in milliseconds.
    older: i64,
}

/// The classes in use, by name.
type Classes<'a> = BTreeMap<&'a str, ClassSource<'a>>;

/// Where the events of a class live.
struct ClassSource<'a> {
    source: Source<'a>,
    binding: &'a ClassBinding,
}

/// What a detection becomes.
pub struct Lowered {
    /// The query.
    pub query: Query,
    /// How much older than the pattern's events the rows may be that complete them, in milliseconds.
    pub older: i64,
    /// The columns of its result that hold the entity.
    pub columns: Vec<ResultColumn>,
    /// What it leaves to objects beside it.
    pub held: Vec<Held>,
}

/// The query; none if the site's data cannot give it, which the findings then say.
pub fn lower(request: &Request<'_>, findings: &mut Findings) -> Option<Lowered> {
    let refused = findings.refusals.len();
    let detection = request.unit.detection;
    let settings = match Settings::read(request) {
        Ok(settings) => settings,
        Err(reason) => {
            findings.note(Support::no(&format!("the settings cannot be read: {reason}")), detection.span);
            return None;
        }
    };
    let sources = sources(request, findings)?;
    let mut cx = Context {
        request: *request,
        findings,
        settings: &settings,
        sources: &sources,
        names: Names::default(),
        constants: Constants::default(),
        columns: Columns::default(),
        numbered: BTreeMap::new(),
        lets: Vec::new(),
        held: Vec::new(),
        bucket: String::new(),
        older: 0,
    };
    cx.reserve();
    cx.settings.result.names().for_each(|name| cx.names.take(name));
    constants::prepare(&mut cx);
    columns::prepare(&mut cx);
    let anchor = result::anchor(&mut cx)?;
    let (body, columns) = result::body(&mut cx, &anchor);
    if cx.findings.refusals.len() > refused {
        return None;
    }
    let Context { constants, lets, older, held, .. } = cx;
    // The title and the values stand in the query.
    let (heading, comment) = (heading::rule(request.unit), detection.title.clone());
    let lets = constants.into_lets().into_iter().chain(lets).collect();
    Some(Lowered { query: Query { heading, lets, comment, body }, older, columns, held })
}

/// The source of every class in use; none, with a finding for each, if any is missing.
fn sources<'a>(request: &Request<'a>, findings: &mut Findings) -> Option<Classes<'a>> {
    let mut found = Classes::new();
    let mut whole = true;
    let profile = request.profile;
    for event in &request.unit.detection.events {
        let class = event.class.name.as_str();
        if found.contains_key(class) {
            continue;
        }
        let refusal = match profile.classes.get(class) {
            None => Some(Support::no(&format!("profile `{}` has no `{class}` events", profile.id))),
            Some(binding) => match Source::read(&binding.source) {
                Ok(source) => {
                    found.insert(class, ClassSource { source, binding });
                    None
                }
                Err(reason) => Some(Support::no(&format!("the source of `{class}` cannot be read: {reason}"))),
            },
        };
        if let Some(refusal) = refusal {
            whole = false;
            findings.note(refusal, event.span);
        }
    }
    whole.then_some(found)
}

impl<'a> Context<'a> {
    /// The detection.
    fn detection(&self) -> &'a Detection {
        self.request.unit.detection
    }

    /// An event of the detection.
    fn event(&self, id: EventId) -> Option<&'a Event> {
        self.detection().event(id)
    }

    /// The name of an event; every id of a plan has one.
    fn event_name(&self, id: EventId) -> &'a str {
        self.event(id).map_or("", |event| &event.name)
    }

    /// Where an event lives.
    fn source(&self, id: EventId) -> Option<&'a ClassSource<'a>> {
        self.sources.get(self.event(id)?.class.name.as_str())
    }

    /// Notes that something cannot be said.
    fn refuse(&mut self, reason: &str, span: Span) {
        let known = self.findings.refusals.iter().any(|r| r.reason == reason && r.span == span);
        if !known {
            self.findings.note(Support::no(reason), span);
        }
    }

    /// The name of the column that holds a bucket.
    fn bucket(&mut self) -> String {
        if self.bucket.is_empty() {
            self.bucket = self.names.fresh_column("Bucket");
        }
        self.bucket.clone()
    }

    /// Adds a table and returns its rows.
    fn bind(&mut self, wanted: &str, comment: &str, value: LetValue) -> Pipeline {
        let name = self.names.fresh(wanted);
        self.lets.push(Let { comment: comment.to_owned(), name: name.clone(), value });
        Pipeline::of(name)
    }

    /// Notes the names that belong to the site's data.
    fn reserve(&mut self) {
        for ClassSource { source, binding } in self.sources.values() {
            source.texts().for_each(|text| self.names.reserve_words(text));
            for field in binding.fields.values() {
                match &field.access {
                    crate::target::Access::Native(name) => self.names.reserve(name),
                    crate::target::Access::Derived(text) => self.names.reserve_words(text),
                    crate::target::Access::Constant(_)
                    | crate::target::Access::Join(_)
                    | crate::target::Access::Missing(_)
                    | crate::target::Access::Absent(_) => {}
                }
            }
        }
        match self.settings.columns(|table| self.names.is_foreign(table)) {
            Ok(columns) => columns.into_iter().for_each(|column| self.names.reserve(column)),
            Err(reason) => self.refuse(&format!("the settings cannot be read: {reason}"), self.detection().span),
        }
    }
}

#[cfg(test)]
mod tests;
