//! Targets as data: a product with its dialect, its limits and its profiles.
//!
//! `targets/<id>/target.yaml` says what the product is; `targets/<id>/sources/*.yaml` say, for each event class that a log
//! source has, where its events live and what each field is called there; `targets/<id>/profiles/*.yaml` put sources
//! together to what a site has. Data may narrow what a dialect can do, never widen it.

mod check;
mod form;
mod include;
mod load;
mod registry;
mod text;

pub use check::{profile_schema, source_schema, target_schema};
pub use load::{Context, TargetFile, load_profile, load_source, load_target};
pub use registry::Registry;
pub use text::Text;

/// What the build embeds.
pub(crate) mod embedded {
    include!(concat!(env!("OUT_DIR"), "/embedded.rs"));
}

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use crate::capability::Loss;
use crate::native::{ClassWrite, FieldWrite};

/// A product that rules are compiled for.
#[derive(Debug, Clone)]
pub struct Target {
    /// Such as `sentinel`: the name of its folder.
    pub id: String,
    /// Such as `Microsoft Sentinel`.
    pub title: String,
    /// The ids of the dialects that it speaks: `sigma`, `spl`, `kql`, `eql`, `esql`. At least one; a detection becomes rules of
    /// the first that says it best. Sources and profiles are written in the terms of the first.
    pub dialects: Vec<String>,
    /// The profile used for the analytics of a platform when none is asked for. A platform that is not here is one that the
    /// product does not see.
    pub default_profile: BTreeMap<String, String>,
    /// The product's limits.
    pub limits: Limits,
    /// Everything else the dialect or templates need, by name.
    pub settings: Map<String, Json>,
    /// Templates by file name.
    pub templates: BTreeMap<String, Text>,
    /// Log sources that its profiles may include, by id.
    pub sources: BTreeMap<String, LogSource>,
    /// Its profiles by id.
    pub profiles: BTreeMap<String, Profile>,
    /// How rules are packed for it; none if they cannot be.
    pub pack: Option<Packing>,
}

/// How rules are packed for a product.
#[derive(Debug, Clone, Default)]
pub struct Packing {
    /// The id of the pack format: what shape of files the product imports.
    pub format: String,
    /// How a pack is imported for the first time, in one line; paths are those of the target's folder in the pack.
    pub install: String,
    /// How a later version is imported so that what the site changed stays, in one line.
    pub upgrade: String,
    /// The schedules that a rule may have, the most frequent first; empty where whoever imports a rule decides that.
    pub schedules: Vec<ScheduleChoice>,
    /// Whether a run always reads as far back as its schedule can; if not, a rule says how far it needs to.
    pub fixed_look_back: bool,
    /// How late the product may get an event, in milliseconds: so much later a rule judges.
    pub delay: i64,
    /// Limits and names that the format needs, by name; each format has a type of its own for this.
    pub settings: Map<String, Json>,
}

/// A schedule that a product offers, or that suits it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScheduleChoice {
    /// From one run to the next, in milliseconds.
    pub every: i64,
    /// How far back such a run can read, in milliseconds.
    pub look_back: i64,
}

/// A log source: event classes that come from one product, to be put together in profiles.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct LogSource {
    /// One line.
    pub title: String,
    /// The classes it has, by name.
    pub classes: BTreeMap<String, Arc<ClassBinding>>,
}

/// A product's limits on a rule; none where it has none or none is known.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// The longest query, in characters.
    pub query_characters: Option<usize>,
    /// The longest look-back, in milliseconds.
    pub look_back: Option<i64>,
}

/// Where a site's events live and what their fields are called.
#[derive(Debug, Clone)]
pub struct Profile {
    /// Such as `defend`: the name of its file.
    pub id: String,
    /// One line.
    pub title: String,
    /// What is installed at such a site.
    pub description: String,
    /// Dialect settings that hold for all classes.
    pub settings: Map<String, Json>,
    /// The platforms whose analytics it serves; all of them if empty.
    pub platforms: Vec<String>,
    /// The classes the site has, by name. A class that is not here is absent.
    pub classes: BTreeMap<String, Arc<ClassBinding>>,
    /// Features that this profile cannot have although the dialect can: the feature's name and the reason.
    pub narrow: BTreeMap<String, String>,
}

impl Profile {
    /// Whether analytics on this platform are compiled for it.
    #[must_use]
    pub fn serves(&self, platform: &str) -> bool {
        self.platforms.is_empty() || self.platforms.iter().any(|p| p == platform)
    }
}

/// Where the events of a class live.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "form::ClassForm", bound(deserialize = "'de: 'static"))]
pub struct ClassBinding {
    /// The place, in the dialect's terms: a table, an index and category, a macro, a log source. Each dialect has a type of
    /// its own for this.
    pub source: Map<String, Json>,
    /// The fields the site's data has, by ECS name. A field that is not here is absent.
    pub fields: BTreeMap<Text, Arc<FieldBinding>>,
    /// What must be collected for these events to be there.
    pub collect: Text,
    /// Where its fields are known from, unless one says otherwise: a link.
    pub evidence: Text,
    /// What writes such an event, besides its fields.
    pub write: ClassWrite,
}

impl ClassBinding {
    /// What the field of this name is in the site's data.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&FieldBinding> {
        self.fields.get(name).map(AsRef::as_ref)
    }
}

/// What a field is in a site's data.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "form::FieldForm", bound(deserialize = "'de: 'static"))]
pub struct FieldBinding {
    /// How it is read.
    pub access: Access,
    /// The type it has there, in the product's words (`string`, `long`, `ip`, `keyword`, `dynamic`); empty where the
    /// product has none.
    pub native_type: Text,
    /// Whether every event of the class has it, so that no test for its presence is needed.
    pub always: bool,
    /// Words of the language and what the site's data has in their place (`egress` → `true`). With such a table, only
    /// equality can be asked.
    pub values: BTreeMap<String, String>,
    /// Where this is known from, if not as all of its class: a link.
    pub evidence: Text,
    /// What is lost wherever the field is read.
    pub loss: Option<Box<Loss>>,
    /// How it is written, where its access does not say so.
    pub write: Option<Box<FieldWrite>>,
}

/// How a field is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// A column or field of this name.
    Native(Text),
    /// An expression in the product's language.
    Derived(Text),
    /// The same text for every event of the class (`tcp` where the source knows nothing else).
    Constant(Text),
    /// It would need a join to another source, described here; unsupported until the source does it.
    Join(Text),
    /// Its events never have it, for this reason, and that is all there is to know: a test of it is decided, as of a field
    /// that is missing.
    Missing(Text),
    /// The site does not have it, for this reason: what needs it cannot be said.
    Absent(Text),
}

#[cfg(test)]
mod tests;
