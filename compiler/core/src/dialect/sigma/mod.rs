//! Sigma: detection rules and correlation rules, specification 2.1.0.
//!
//! A detection becomes one file: a rule for each event, then the correlations over them, as documents of one YAML stream.
//! [`predicate`] and [`pattern`] make the tree of [`tree`]; [`detection`] gives selections their names; [`mod@print`] writes
//! it; [`support`] says what can be said at all.

mod detection;
mod file_name;
mod native;
mod pattern;
mod predicate;
mod print;
mod regex;
mod source;
mod support;
mod tree;
mod yaml;

#[cfg(test)]
mod tests;

use super::{Dialect, Heading, Query, Request};
use crate::capability::{Feature, Findings, Support};
use crate::target::ClassBinding;

/// The dialect.
pub struct Sigma;

impl Dialect for Sigma {
    fn id(&self) -> &'static str {
        "sigma"
    }

    fn extension(&self) -> &'static str {
        "yml"
    }

    fn support(&self, feature: Feature) -> Support {
        support::support(feature)
    }

    fn lower(&self, request: &Request<'_>, findings: &mut Findings) -> Vec<Query> {
        let documents = pattern::documents(request, findings);
        pattern::lost_fields(request, findings);
        if documents.is_empty() {
            return Vec::new();
        }
        let horizon = request.unit.detection.pattern.horizon();
        vec![Query {
            dialect: self.id(),
            part: None,
            text: request.text(|| print::print(&documents, &Heading::of(request.unit))),
            look_back: horizon,
            wait: 0,
            columns: pattern::columns(request),
            held: Vec::new(),
        }]
    }

    fn coverage(&self, _class: &ClassBinding) -> Vec<String> {
        Vec::new()
    }
}
