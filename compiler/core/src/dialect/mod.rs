//! Dialects: the languages that rules are compiled to. Each is a typed tree with a lowering `plan → tree` and a printer
//! `tree → text`.
//!
//! A dialect is a language; a product that speaks it is a [`Target`]. No code here asks which target it works for.

pub mod elasticsearch;
pub mod eql;
pub mod esql;
mod heading;
pub mod held;
mod keys;
pub mod kql;
mod layout;
mod names;
mod page;
mod regex;
#[cfg(test)]
mod sample;
pub mod sigma;
pub(crate) mod site;
pub mod spl;
mod threshold;

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};
use uuid::Uuid;

pub(crate) use site::same_text;

use crate::capability::{Feature, Findings, Support};
use crate::eval::Value;
use crate::native::{Columns, Fixed, Form, NativeEvent};
use crate::plan::Unit;
use crate::target::{ClassBinding, Profile, Target};
use heading::Heading;
use held::Held;

/// A language that rules are compiled to.
pub trait Dialect: Layout + Sync {
    /// Its id in `target.yaml`.
    fn id(&self) -> &'static str;

    /// The ending of a rule file, without the dot.
    fn extension(&self) -> &'static str {
        self.id()
    }

    /// The id of the dialect whose form the `source` of a class has (`schemas/source-<id>.json`).
    fn source_form(&self) -> &'static str {
        self.id()
    }

    /// What it can do with a feature. One exhaustive match.
    fn support(&self, feature: Feature) -> Support;

    /// The rules for a detection whose features are all supported. What only the profile's data can tell (a class that
    /// is absent, a field of the wrong type, a regular expression the product cannot say) goes to `findings`; if that
    /// holds a refusal the rules are thrown away. Together the rules must give the evaluator's entity tuples.
    fn lower(&self, request: &Request<'_>, findings: &mut Findings) -> Vec<Query>;

    /// Queries that show whether the events of a class arrive at a site: how many came in the last day, and when the latest
    /// did. None where the language cannot count without a rule.
    fn coverage(&self, class: &ClassBinding) -> Vec<String>;
}

/// How the products of a language hold events: what it takes to write an event of the language as one of theirs.
pub trait Layout {
    /// The column that an expression reads, and how it holds the value; none where only the profile can tell.
    fn inverse(&self, source: &Map<String, Json>, expression: &str) -> Option<(String, Form)>;

    /// The columns that tell the class's events from others. `told` if the profile says the rest itself.
    ///
    /// # Errors
    /// Says what of the source only the profile could tell.
    fn fixed(&self, source: &Map<String, Json>, told: bool) -> Result<Vec<Fixed>, String>;

    /// A value in a column of this type.
    fn cell(&self, value: &Value, native_type: &str) -> Json;

    /// A text that the profile writes into a column.
    fn literal(&self, text: &str) -> Json {
        Json::from(text)
    }

    /// The columns that rows of other places bring.
    fn brought(&self, source: &Map<String, Json>) -> BTreeSet<String> {
        let _ = source;
        BTreeSet::new()
    }

    /// What it takes to run a rule at a site, besides the rule.
    fn site_settings(&self, profile: &Profile) -> Map<String, Json> {
        profile.settings.clone()
    }

    /// The rows of an event at this time (milliseconds since 1970): its own, and those of other places that complete it.
    ///
    /// # Errors
    /// Says what is wrong with the source.
    fn lay_out(
        &self,
        source: &Map<String, Json>,
        columns: Columns,
        time: i64,
        number: u64,
    ) -> Result<Vec<NativeEvent>, String>;
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
    /// How a pack deploys the rule; none for a rule on its own, whose values all stand in it and which judges every event
    /// that it is shown.
    pub deployment: Option<Deployment<'a>>,
    /// How much of its rules is made.
    pub extent: Extent,
}

/// How much of a detection's rules is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// Whole rules.
    Rules,
    /// Their fidelity alone: no one reads the queries' texts.
    Fidelity,
}

impl Request<'_> {
    /// The text of a query; empty where no one reads it and the product does not ask how long it is.
    #[must_use]
    pub fn text(&self, print: impl FnOnce() -> String) -> String {
        match self.extent {
            Extent::Fidelity if self.target.limits.query_characters.is_none() => String::new(),
            Extent::Rules | Extent::Fidelity => print(),
        }
    }
}

/// How a pack deploys a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deployment<'a> {
    /// When it runs; none where whoever imports it decides that.
    pub schedule: Option<Schedule>,
    /// Who publishes it.
    pub author: &'a str,
    /// The SPDX identifier of its licence.
    pub license: &'a str,
}

/// When a rule runs and what it reads, in milliseconds. A run at `now` reads the events of `[now - look_back, now]`. It drops
/// the rows up to `now - wait - delay - every`, where `wait` is the query's, for an earlier run has judged them with all that
/// could complete or refute them, and those of an absence that are younger than `wait + delay`. No row goes unjudged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// From one run to the next.
    pub every: i64,
    /// How far back a run reads.
    pub look_back: i64,
    /// How late the product may get an event.
    pub delay: i64,
}

/// One rule's query.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// The id of the dialect that it is in.
    pub dialect: &'static str,
    /// What tells it from the detection's other rules, such as `order-2`; none if it is the only one.
    pub part: Option<String>,
    /// The query, ending in one newline; empty if it is not wanted ([`Request::text`]).
    pub text: String,
    /// How far back a run must look, in milliseconds.
    pub look_back: i64,
    /// How long a run must wait before it can judge, in milliseconds.
    pub wait: i64,
    /// The columns of its result that hold the alert's entity, in the entity's order. Those that it does not carry, which is
    /// a named loss, are not among them.
    pub columns: Vec<ResultColumn>,
    /// What it leaves to objects beside it, in the order of their first use.
    pub held: Vec<Held>,
}

/// A column of a query's result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultColumn {
    /// The entity's name for it, such as `host.name` ([`crate::plan::EntityColumn::name`]).
    pub entity: String,
    /// Its name in the result, such as `HostName`.
    pub name: String,
    /// Where a result is a sequence of events, the number of the one that holds it, from 0.
    pub step: Option<usize>,
}

impl ResultColumn {
    /// The column `name`, which holds the `entity` column of that name.
    #[must_use]
    pub fn named(entity: &str, name: &str) -> Self {
        Self { entity: entity.to_owned(), name: name.to_owned(), step: None }
    }
}

/// The UUID of a part of a detection: made from the detection's own, so that it stays the same.
#[must_use]
pub fn part_id(detection: &str, part: &str) -> String {
    let namespace =
        Uuid::parse_str(detection).unwrap_or_else(|_| Uuid::new_v5(&Uuid::NAMESPACE_OID, detection.as_bytes()));
    Uuid::new_v5(&namespace, part.as_bytes()).to_string()
}

/// Every dialect.
pub const DIALECTS: &[&dyn Dialect] = &[&sigma::Sigma, &spl::Spl, &kql::Kql, &eql::Eql, &esql::Esql];

/// The dialects that a target speaks, in its order.
///
/// # Errors
/// Names one that does not exist.
pub fn spoken(target: &Target) -> Result<Vec<&'static dyn Dialect>, String> {
    let unknown = |id: &str| format!("target `{}` names a dialect that does not exist: `{id}`", target.id);
    target.dialects.iter().map(|id| dialect(id).ok_or_else(|| unknown(id))).collect()
}

/// The dialect of this id.
#[must_use]
pub fn dialect(id: &str) -> Option<&'static dyn Dialect> {
    DIALECTS.iter().copied().find(|d| d.id() == id)
}
