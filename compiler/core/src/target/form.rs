//! The written form of targets and profiles, and how it becomes [`Target`] and [`Profile`].

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::include::{self, Include};
use super::{Access, ClassBinding, FieldBinding, Limits, LogSource, Packing, Profile, ScheduleChoice, Target};
use crate::capability::{Direction, Loss};
use crate::native::{ClassWrite, Form, Identity};
use crate::sema::literals;

/// A target's folder as one value: what the build embeds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    target: TargetForm,
    sources: BTreeMap<String, SourceForm>,
    profiles: BTreeMap<String, ProfileForm>,
    templates: BTreeMap<String, String>,
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

/// `sources/*.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SourceForm {
    title: String,
    classes: BTreeMap<String, ClassForm>,
}

/// `profiles/*.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
    classes: BTreeMap<String, ClassForm>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassForm {
    source: Map<String, Json>,
    #[serde(default)]
    collect: String,
    #[serde(default)]
    evidence: String,
    #[serde(default)]
    write: ClassWrite,
    fields: BTreeMap<String, FieldForm>,
    #[serde(default)]
    absent: Vec<AbsentForm>,
}

/// Fields that a class lacks for one reason.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct AbsentForm {
    fields: Vec<String>,
    because: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldForm {
    native: Option<String>,
    derived: Option<String>,
    constant: Option<String>,
    join: Option<String>,
    missing: Option<String>,
    absent: Option<String>,
    #[serde(default, rename = "type")]
    native_type: String,
    #[serde(default)]
    always: bool,
    #[serde(default)]
    values: BTreeMap<String, String>,
    #[serde(default)]
    evidence: String,
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
        for (name, form) in self.sources {
            target.sources.insert(name, form.into_source()?);
        }
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

impl SourceForm {
    /// The log source.
    ///
    /// # Errors
    /// Names the field that is read in no way or in several.
    pub fn into_source(self) -> Result<LogSource, String> {
        Ok(LogSource { title: self.title, classes: bindings(self.classes)? })
    }
}

impl ProfileForm {
    /// The profile of this id, with what it includes of `sources`.
    ///
    /// # Errors
    /// Names the field that is read in no way or in several, or what cannot be included.
    pub fn into_profile(self, id: &str, sources: &BTreeMap<String, LogSource>) -> Result<Profile, String> {
        let mut classes = bindings(self.classes)?;
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

fn bindings(forms: BTreeMap<String, ClassForm>) -> Result<BTreeMap<String, Arc<ClassBinding>>, String> {
    let bind = |(name, form): (String, ClassForm)| Ok((name.clone(), Arc::new(form.into_binding(&name)?)));
    forms.into_iter().map(bind).collect()
}

impl ClassForm {
    /// The binding of the class of this name.
    fn into_binding(self, class: &str) -> Result<ClassBinding, String> {
        let mut fields = BTreeMap::new();
        for (field, form) in self.fields {
            let binding = form.into_binding(&self.evidence)?.ok_or_else(|| {
                format!("`{field}` of `{class}` needs just one of native, derived, constant, join, missing, absent")
            })?;
            fields.insert(field, binding);
        }
        for absent in self.absent {
            for field in absent.fields {
                if fields.insert(field.clone(), FieldBinding::absent(&absent.because)).is_some() {
                    return Err(format!("`{field}` of `{class}` is both absent and not"));
                }
            }
        }
        Ok(ClassBinding { source: self.source, fields, collect: self.collect, write: self.write })
    }
}

impl FieldForm {
    /// The binding; none unless the field is read in just one way. `evidence` is the class's.
    fn into_binding(self, evidence: &str) -> Result<Option<FieldBinding>, String> {
        let ways = [
            self.native.map(Access::Native),
            self.derived.map(Access::Derived),
            self.constant.map(Access::Constant),
            self.join.map(Access::Join),
            self.missing.map(Access::Missing),
            self.absent.map(Access::Absent),
        ];
        let mut ways = ways.into_iter().flatten();
        let (Some(access), None) = (ways.next(), ways.next()) else { return Ok(None) };
        let identity = self.identity.as_deref().map(Identity::parse).transpose()?;
        Ok(Some(FieldBinding {
            access,
            native_type: self.native_type,
            always: self.always,
            values: self.values,
            evidence: if self.evidence.is_empty() { evidence.to_owned() } else { self.evidence },
            loss: self.loss.map(Loss::from),
            write: self.write,
            identity,
            computed_from: self.computed_from,
        }))
    }
}

impl FieldBinding {
    /// A field that the site does not have, for this reason.
    fn absent(because: &str) -> Self {
        Self {
            access: Access::Absent(because.to_owned()),
            native_type: String::new(),
            always: false,
            values: BTreeMap::new(),
            evidence: String::new(),
            loss: None,
            write: BTreeMap::new(),
            identity: None,
            computed_from: Vec::new(),
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
