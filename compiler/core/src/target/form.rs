//! The written form of targets and profiles, and how it becomes [`Target`] and [`Profile`].
//!
//! The data are read from the embedded text itself, which lasts (`'de: 'static`): what is a [`Text`] there is borrowed. A field
//! and a class become what they stand for as soon as they are read, so that their forms, which are large, do not pile up.
//!
//! Errors here name no place: only embedded data can have them. A file is first held against its schema and the event classes,
//! which say where it is wrong, and so is every file of `targets/` in a test.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::include::{self, Include};
use super::{Access, ClassBinding, FieldBinding, Limits, LogSource, Packing, Profile, ScheduleChoice, Target, Text};
use crate::capability::{Direction, Loss};
use crate::native::{ClassWrite, FieldWrite, Form, Identity};
use crate::sema::literals;

/// A target's folder as one value: what the build embeds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct Folder {
    target: TargetForm,
    sources: BTreeMap<String, LogSource>,
    profiles: BTreeMap<String, ProfileForm>,
    templates: BTreeMap<String, Text>,
}

/// `target.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetForm {
    title: String,
    dialects: Vec<String>,
    default_profile: BTreeMap<String, String>,
    #[serde(default)]
    limits: LimitsForm,
    #[serde(default)]
    settings: Map<String, Json>,
    pack: Option<PackingForm>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PackingForm {
    format: String,
    install: String,
    upgrade: String,
    #[serde(default)]
    schedules: Vec<ScheduleForm>,
    #[serde(default)]
    fixed_look_back: bool,
    delay: Option<String>,
    #[serde(default)]
    settings: Map<String, Json>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ScheduleForm {
    every: String,
    look_back: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsForm {
    query_characters: Option<usize>,
    look_back: Option<String>,
}

/// `profiles/*.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct ProfileForm {
    title: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    settings: Map<String, Json>,
    #[serde(default)]
    narrow: BTreeMap<String, String>,
    #[serde(default)]
    platforms: Vec<String>,
    #[serde(default)]
    include: Vec<Include>,
    #[serde(default)]
    classes: BTreeMap<String, Arc<ClassBinding>>,
}

/// A class of a source or profile.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct ClassForm {
    source: Map<String, Json>,
    #[serde(default)]
    collect: Text,
    #[serde(default)]
    evidence: Text,
    #[serde(default)]
    write: ClassWrite,
    fields: BTreeMap<Text, Arc<FieldBinding>>,
    #[serde(default)]
    absent: Vec<AbsentForm>,
}

/// Fields that a class lacks for one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
struct AbsentForm {
    fields: Vec<Text>,
    because: Text,
}

/// A field of a class.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, bound(deserialize = "'de: 'static"))]
pub struct FieldForm {
    native: Option<Text>,
    derived: Option<Text>,
    constant: Option<Text>,
    join: Option<Text>,
    missing: Option<Text>,
    absent: Option<Text>,
    #[serde(default, rename = "type")]
    native_type: Text,
    #[serde(default)]
    always: bool,
    #[serde(default)]
    values: BTreeMap<String, String>,
    #[serde(default)]
    evidence: Text,
    loss: Option<LossForm>,
    #[serde(default)]
    write: BTreeMap<String, Form>,
    identity: Option<String>,
    #[serde(default)]
    computed_from: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LossForm {
    name: String,
    direction: DirectionForm,
    note: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum DirectionForm {
    Over,
    Under,
    Both,
}

impl From<LossForm> for Loss {
    fn from(form: LossForm) -> Self {
        let direction = match form.direction {
            DirectionForm::Over => Direction::Over,
            DirectionForm::Under => Direction::Under,
            DirectionForm::Both => Direction::Both,
        };
        Self { name: form.name, direction, note: form.note, span: None }
    }
}

impl Folder {
    /// The target of this id with all its profiles.
    ///
    /// # Errors
    /// Says what is wrong with the data.
    pub fn into_target(self, id: &str) -> Result<Target, String> {
        let mut target = self.target.into_target(id)?;
        target.sources = self.sources;
        for (name, form) in self.profiles {
            let profile = form.into_profile(&name, &target.sources)?;
            target.profiles.insert(name, profile);
        }
        target.templates = self.templates;
        Ok(target)
    }
}

impl TargetForm {
    /// The target of this id, without profiles and templates.
    ///
    /// # Errors
    /// Says what is wrong: only the spans of time can be.
    pub fn into_target(self, id: &str) -> Result<Target, String> {
        let look_back = self.limits.look_back.as_deref().map(milliseconds).transpose()?;
        Ok(Target {
            id: id.to_owned(),
            title: self.title,
            dialects: self.dialects,
            default_profile: self.default_profile,
            limits: Limits { query_characters: self.limits.query_characters, look_back },
            settings: self.settings,
            templates: BTreeMap::new(),
            sources: BTreeMap::new(),
            profiles: BTreeMap::new(),
            pack: self.pack.map(PackingForm::into_packing).transpose()?,
        })
    }
}

impl PackingForm {
    fn into_packing(self) -> Result<Packing, String> {
        let choice = |form: &ScheduleForm| {
            Ok(ScheduleChoice { every: milliseconds(&form.every)?, look_back: milliseconds(&form.look_back)? })
        };
        Ok(Packing {
            format: self.format,
            install: self.install,
            upgrade: self.upgrade,
            fixed_look_back: self.fixed_look_back,
            schedules: self.schedules.iter().map(choice).collect::<Result<_, String>>()?,
            delay: self.delay.as_deref().map(milliseconds).transpose()?.unwrap_or(0),
            settings: self.settings,
        })
    }
}

impl ProfileForm {
    /// The profile of this id, with what it includes of `sources`.
    ///
    /// # Errors
    /// Names what cannot be included.
    pub fn into_profile(self, id: &str, sources: &BTreeMap<String, LogSource>) -> Result<Profile, String> {
        let mut classes = self.classes;
        for class in include::included(&self.include, sources, |own| classes.contains_key(own))? {
            classes.insert(class.name.to_owned(), Arc::clone(class.binding));
        }
        Ok(Profile {
            id: id.to_owned(),
            title: self.title,
            description: self.description,
            settings: self.settings,
            platforms: self.platforms,
            classes,
            narrow: self.narrow,
        })
    }
}

impl TryFrom<ClassForm> for ClassBinding {
    type Error = String;

    fn try_from(form: ClassForm) -> Result<Self, String> {
        let mut fields = form.fields;
        for AbsentForm { fields: names, because } in form.absent {
            let absent = Arc::new(FieldBinding::from(Access::Absent(because)));
            for name in names {
                if fields.insert(name.clone(), Arc::clone(&absent)).is_some() {
                    return Err(format!("`{name}` is both absent and not"));
                }
            }
        }
        let ClassForm { source, collect, evidence, write, .. } = form;
        Ok(Self { source, fields, collect, evidence, write })
    }
}

impl TryFrom<FieldForm> for FieldBinding {
    type Error = String;

    fn try_from(form: FieldForm) -> Result<Self, String> {
        let ways = [
            form.native.map(Access::Native),
            form.derived.map(Access::Derived),
            form.constant.map(Access::Constant),
            form.join.map(Access::Join),
            form.missing.map(Access::Missing),
            form.absent.map(Access::Absent),
        ];
        let mut ways = ways.into_iter().flatten();
        let (Some(access), None) = (ways.next(), ways.next()) else {
            return Err("a field needs just one of native, derived, constant, join, missing, absent".to_owned());
        };
        let identity = form.identity.as_deref().map(Identity::parse).transpose()?;
        let write = FieldWrite { columns: form.write, identity, computed_from: form.computed_from };
        Ok(Self {
            access,
            native_type: form.native_type,
            always: form.always,
            values: form.values,
            evidence: form.evidence,
            loss: form.loss.map(Loss::from).map(Box::new),
            write: (write != FieldWrite::default()).then(|| Box::new(write)),
        })
    }
}

impl From<Access> for FieldBinding {
    /// A field that is read in this way, and of which nothing else is known.
    fn from(access: Access) -> Self {
        Self {
            access,
            native_type: Text::default(),
            always: false,
            values: BTreeMap::new(),
            evidence: Text::default(),
            loss: None,
            write: None,
        }
    }
}

/// A length of time such as `14d`, in whole milliseconds.
fn milliseconds(text: &str) -> Result<i64, String> {
    let nanoseconds = literals::parse_duration(text)?;
    match nanoseconds % 1_000_000 {
        0 if nanoseconds > 0 => Ok(nanoseconds / 1_000_000),
        _ => Err(format!("`{text}` is not a number of milliseconds above 0")),
    }
}
