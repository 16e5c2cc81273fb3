//! Elasticsearch ES|QL: rows of indices through a pipeline of commands.
//!
//! EQL says sequences and counts; ES|QL says what is summed, and compares the fields of one event. A window that slides is
//! made of two commands: each event gets the times of all events with its key, and then stands once in each window that ends
//! at such a time and reaches back to it ([`window`]). That is exact; it costs a row for each pair of events with one key and
//! no further apart than the window. `INLINE STATS` is there from Elasticsearch 9.3:
//! <https://www.elastic.co/docs/reference/query-languages/esql/commands/inlinestats-by>
//!
//! A field that no index maps makes the whole query fail, so a profile must name fields that are there.

mod predicate;
mod print;
mod source;
mod support;
mod tree;
mod values;
mod window;

#[cfg(test)]
mod tests;

use super::elasticsearch::coverage;
use super::{Dialect, Heading, Query, Request};
use crate::capability::{Feature, Findings, Support};
use crate::plan::PatternKind;
use crate::target::ClassBinding;

/// The dialect.
pub struct Esql;

impl Dialect for Esql {
    fn id(&self) -> &'static str {
        "esql"
    }

    fn source_form(&self) -> &'static str {
        "eql"
    }

    fn support(&self, feature: Feature) -> Support {
        support::support(feature)
    }

    fn lower(&self, request: &Request<'_>, findings: &mut Findings) -> Vec<Query> {
        let pattern = &request.unit.detection.pattern;
        let lowered = match &pattern.kind {
            PatternKind::Event(id) => window::event(request, *id, findings),
            PatternKind::Grouped(group) => window::group(request, group, findings),
            PatternKind::Then(_) | PatternKind::With(_) | PatternKind::NotFollowed(_) | PatternKind::NotPreceded(_) => {
                findings.note(support::one_event_only(), pattern.span);
                None
            }
        };
        let query = lowered.map(|lowered| Query {
            dialect: self.id(),
            part: None,
            text: request.text(|| print::print(&lowered.query, &Heading::of(request.unit).lines())),
            look_back: lowered.look_back,
            wait: 0,
            columns: lowered.columns,
            held: Vec::new(),
        });
        query.into_iter().collect()
    }

    fn coverage(&self, class: &ClassBinding) -> Vec<String> {
        coverage::coverage(class).into_iter().collect()
    }
}
