//! Dialects: the languages that rules are compiled to. Each is a typed tree with a lowering `plan → tree` and a printer
//! `tree → text`.
//!
//! A dialect is a language; a product that speaks it is a [`Target`]. No code here asks which target it works for.

pub mod eql;
mod keys;
pub mod kql;
mod regex;
#[cfg(test)]
mod sample;
pub mod sigma;
mod site;
pub mod spl;
mod threshold;

use crate::capability::{Feature, Findings, Support};
use crate::plan::Unit;
use crate::target::{Profile, Target};

/// A language that rules are compiled to.
pub trait Dialect: Sync {
    /// Its id in `target.yaml`.
    fn id(&self) -> &'static str;

    /// What it can do with a feature. One exhaustive match.
    fn support(&self, feature: Feature) -> Support;

    /// The rules for a detection whose features are all supported. What only the profile's data can tell (a class that
    /// is absent, a field of the wrong type, a regular expression the product cannot say) goes to `findings`; if that
    /// holds a refusal the rules are thrown away. Together the rules must give the evaluator's entity tuples.
    fn lower(&self, request: &Request<'_>, findings: &mut Findings) -> Vec<Query>;
}

/// What a dialect is asked to say.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The detection.
    pub unit: Unit<'a>,
    /// The product.
    pub target: &'a Target,
    /// Where the site's events live.
    pub profile: &'a Profile,
}

/// One rule's query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// What tells it from the detection's other rules, such as `order-2`; none if it is the only one.
    pub part: Option<String>,
    /// The query, ending in one newline.
    pub text: String,
    /// How far back a run must look, in milliseconds.
    pub look_back: i64,
    /// How long a run must wait before it can judge, in milliseconds.
    pub wait: i64,
}

/// Every dialect.
pub const DIALECTS: &[&dyn Dialect] = &[&sigma::Sigma, &spl::Spl, &kql::Kql, &eql::Eql];

/// The dialect of this id.
#[must_use]
pub fn dialect(id: &str) -> Option<&'static dyn Dialect> {
    DIALECTS.iter().copied().find(|d| d.id() == id)
}
