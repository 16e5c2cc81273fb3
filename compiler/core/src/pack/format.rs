//! The seam between a pack and a product: a format turns the rules for a product into the files that it imports.
//!
//! A format is a shape of files, in Rust, as a dialect is a language; a target names its format in `target.yaml`, with the
//! limits and names it needs in `pack.settings`. What stands in a file is laid out by a template of the target.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value as Json, json};

use super::attack::Attack;
use super::project::Project;
use crate::compile::{Artifact, Outcome};
use crate::diagnostics::{Code, Diagnostic};
use crate::dialect::{Query, Schedule, part_id};
use crate::plan::{Detection, Parameter, Strategy};
use crate::target::Target;
use crate::template;

/// A shape of files that a product imports.
pub trait Format: Sync {
    /// Its id in `target.yaml`.
    fn id(&self) -> &'static str;

    /// The files for a product. Nothing is written unless every format of the pack succeeds.
    ///
    /// # Errors
    /// E0703 for a rule that is over a limit of the product, E0503 for target data or a template that is wrong.
    fn make(&self, site: &Site<'_>) -> Result<Made, Vec<Diagnostic>>;
}

/// A product, and the rules for it.
#[derive(Debug)]
pub struct Site<'a> {
    /// The head of the pack.
    pub project: &'a Project,
    /// The pack's version, such as `1.2.0`.
    pub version: &'a str,
    /// The time that stands in files which need one, in seconds since 1970: `SOURCE_DATE_EPOCH`.
    pub epoch: u64,
    /// Names of tactics and techniques.
    pub attack: &'a Attack,
    /// The product.
    pub target: &'a Target,
    /// The rules, in the order of the sources; each with its own profile, and none without queries. Their UUIDs differ.
    pub rules: Vec<Rule<'a>>,
}

/// A detection as it runs in a product.
#[derive(Debug)]
pub struct Rule<'a> {
    /// The detection, its fidelity, and its queries as deployed.
    pub outcome: Outcome<'a>,
    /// When it runs; none where whoever imports it decides that.
    pub schedule: Option<Schedule>,
}

/// What a format made of a product's rules.
#[derive(Debug, Default)]
pub struct Made {
    /// The files, with paths below the product's folder.
    pub artifacts: Vec<Artifact>,
    /// What became of each rule, for the manifest: one entry for each of its objects in the product.
    pub placed: Vec<Placed>,
}

/// A rule's object in a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Placed {
    /// The UUID of the detection.
    #[serde(skip)]
    pub rule: String,
    /// Its key in the product: a UUID, or the name of a stanza.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The file it stands in, below the product's folder; an archive has `#` before the path inside.
    pub file: String,
    /// Where each parameter that the rule reads has its value: `inline`, or the kind and name of a macro, lookup, function,
    /// watchlist or exception list.
    pub parameters: BTreeMap<String, String>,
    /// What must be there before it is imported or switched on, one line each.
    pub prerequisites: Vec<String>,
}

impl<'a> Rule<'a> {
    /// The detection.
    #[must_use]
    pub const fn detection(&self) -> &'a Detection {
        self.outcome.unit.detection
    }

    /// Its name: `AN1496/abnormal_session`. It does not change as long as the rule lives.
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.outcome.unit.analytic.id, self.detection().name)
    }

    /// Its queries with the UUID and the title of each: those of a rule with several are made from its own.
    pub fn parts(&self) -> impl Iterator<Item = Part<'_>> {
        let detection = self.detection();
        let count = self.outcome.queries.len();
        (1..).zip(&self.outcome.queries).map(move |(number, query)| match &query.part {
            None => Part { id: detection.id.clone(), title: detection.title.clone(), query },
            Some(part) => Part {
                id: part_id(&detection.id, part),
                title: format!("{} ({number} of {count})", detection.title),
                query,
            },
        })
    }

    /// The parameters that the detection reads.
    #[must_use]
    pub fn parameters(&self) -> Vec<&'a Parameter> {
        let strategy: &Strategy = self.outcome.unit.strategy;
        let indices: BTreeSet<usize> = self.detection().parameters().iter().map(|p| p.index).collect();
        indices.into_iter().filter_map(|index| strategy.parameters.get(index)).collect()
    }

    /// One of its queries as an object of the product: its key there, and the file it stands in.
    #[must_use]
    pub fn place(&self, part: &Part<'_>, id: String, file: String) -> Placed {
        Placed {
            rule: self.detection().id.clone(),
            id,
            name: part.title.clone(),
            file,
            parameters: self.places(part.query),
            prerequisites: self.collected(),
        }
    }

    /// Where each parameter has its value: in the query, or in what the query leaves outside.
    fn places(&self, query: &Query) -> BTreeMap<String, String> {
        let inline = |p: &Parameter| (p.name.clone(), "inline".to_owned());
        let mut places: BTreeMap<_, _> = self.parameters().into_iter().map(inline).collect();
        for held in &query.held {
            let parameter = held.param.as_ref().and_then(|p| self.outcome.unit.strategy.parameter(p));
            let Some(place) = parameter.and_then(|parameter| places.get_mut(&parameter.name)) else { continue };
            let object = held.describe();
            if place == "inline" {
                *place = object;
            } else if !place.split("; ").any(|known| known == object) {
                place.push_str(&format!("; {object}"));
            }
        }
        places
    }

    /// Its tactics as the product writes them, given those by their short names.
    ///
    /// # Errors
    /// E0103 for a tactic that the product does not have.
    pub fn tactics<'s>(&self, written: &'s BTreeMap<String, String>) -> Result<Vec<&'s String>, Diagnostic> {
        let unknown = |short: &str| self.error(Code::UnknownName, &format!("the product has no tactic `{short}`"));
        let tactics = &self.outcome.unit.strategy.tactics;
        tactics.iter().map(|short| written.get(short).ok_or_else(|| unknown(short))).collect()
    }

    /// What must be collected for its events to be there, one line for each class.
    #[must_use]
    pub fn collected(&self) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for event in &self.detection().events {
            let class = &event.class.name;
            let collect = self.outcome.profile.classes.get(class).map_or("", |binding| &binding.collect);
            let line = format!("{class}: {collect}");
            if !collect.is_empty() && !lines.contains(&line) {
                lines.push(line);
            }
        }
        lines
    }

    /// An error about the rule.
    #[must_use]
    pub fn error(&self, code: Code, what: &str) -> Diagnostic {
        let title = format!("`{}` on {}: {what}", self.name(), self.outcome.target.title);
        Diagnostic::new(code, title, self.detection().span)
    }
}

/// One query of a rule.
#[derive(Debug)]
pub struct Part<'r> {
    /// Its UUID.
    pub id: String,
    /// Its title, unique in the rule.
    pub title: String,
    /// The query.
    pub query: &'r Query,
}

impl Site<'_> {
    /// The format's settings in `target.yaml`.
    ///
    /// # Errors
    /// E0503 if they have another form.
    pub fn settings<T: DeserializeOwned>(&self) -> Result<T, Diagnostic> {
        let settings = self.target.pack.as_ref().map(|p| p.settings.clone()).unwrap_or_default();
        serde_json::from_value(Json::Object(settings)).map_err(|e| self.broken(&format!("`pack.settings`: {e}")))
    }

    /// Renders a template of the target that writes JSON.
    ///
    /// # Errors
    /// E0503 if the template is wrong.
    pub fn json(&self, template: &str, context: &impl Serialize) -> Result<Json, Diagnostic> {
        template::render_json(self.target, template, context).map_err(|e| self.broken(&e))
    }

    /// Renders a template of the target.
    ///
    /// # Errors
    /// E0503 if the template is wrong.
    pub fn text(&self, template: &str, context: &impl Serialize) -> Result<String, Diagnostic> {
        template::render(self.target, template, context).map_err(|e| self.broken(&e))
    }

    /// An error in the target's data.
    #[must_use]
    pub fn broken(&self, what: &str) -> Diagnostic {
        Diagnostic::bare(Code::BadTargetData, format!("target `{}`: {what}", self.target.id))
    }

    /// What every template is told of the pack.
    #[must_use]
    pub fn context(&self) -> Json {
        json!({
            "name": self.project.name, "title": self.project.title, "description": self.project.description,
            "author": self.project.author, "license": self.project.license, "homepage": self.project.homepage,
            "version": self.version, "attack": self.attack.version,
        })
    }
}
