//! Elastic EQL: sequences of events over indices in Elasticsearch.
//!
//! [`predicate`] and [`pattern`] turn a plan into the tree of [`tree`]; [`mod@print`] writes it; [`support`] says what can be
//! said at all. Only what the profile's data decide is refused in the lowering itself.

mod order;
mod pattern;
mod predicate;
mod print;
mod source;
mod support;
mod tree;

#[cfg(test)]
mod tests;

use super::elasticsearch::coverage;
use super::{Dialect, Heading, Query, Request, ResultColumn};
use crate::capability::{Feature, Findings, Support};
use crate::target::ClassBinding;

/// The dialect.
pub struct Eql;

impl Dialect for Eql {
    fn id(&self) -> &'static str {
        "eql"
    }

    fn support(&self, feature: Feature) -> Support {
        support::support(feature)
    }

    fn lower(&self, request: &Request<'_>, findings: &mut Findings) -> Vec<Query> {
        let detection = request.unit.detection;
        let columns = entity(request, findings);
        let queries = pattern::queries(request, findings);
        let several = queries.len() > 1;
        let part = |n: usize| several.then(|| format!("order-{n}"));
        (1..)
            .zip(&queries)
            .map(|(n, query)| Query {
                dialect: self.id(),
                part: part(n),
                text: request.text(|| print::print(query, &Heading::of(request.unit).lines())),
                look_back: match query {
                    tree::Query::Event(_) => 0,
                    tree::Query::Sequence { within, .. } => *within,
                },
                wait: detection.pattern.wait(),
                columns: columns.iter().map(|column| in_step(request, query, column)).collect(),
                held: Vec::new(),
            })
            .collect()
    }

    fn coverage(&self, class: &ClassBinding) -> Vec<String> {
        coverage::coverage(class).into_iter().collect()
    }
}

/// A column of a query's result, with the event that holds it.
fn in_step(request: &Request<'_>, query: &tree::Query, column: &ResultColumn) -> ResultColumn {
    let detection = request.unit.detection;
    let entity = detection.entity.iter().find(|entity| entity.name == column.entity);
    let event = entity.and_then(|entity| detection.event(entity.column.event));
    let step = match query {
        tree::Query::Event(_) => Some(0),
        tree::Query::Sequence { terms, .. } => event.and_then(|event| tree::last_event_of(terms, &event.name)),
    };
    ResultColumn { step, ..column.clone() }
}

/// The fields of an alert that hold the entity. One that no event of the site has is refused: an alert could not carry it.
fn entity(request: &Request<'_>, findings: &mut Findings) -> Vec<ResultColumn> {
    let mut columns = Vec::new();
    for entity in &request.unit.detection.entity {
        let event = request.unit.detection.event(entity.column.event);
        let (Some(event), Some(field)) = (event, entity.column.as_field()) else { continue };
        match source::place(request, event, field) {
            Ok(source::Place::Column(column)) => columns.push(ResultColumn::named(&entity.name, column.name)),
            Ok(source::Place::Constant(_)) => {
                let reason = format!("`{}` is a constant in the profile, so no alert carries it", field.name);
                findings.note(Support::no(&reason), entity.span);
            }
            Err(refusal) => findings.note(refusal, entity.span),
        }
    }
    columns
}
