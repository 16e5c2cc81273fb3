//! The written form of targets and profiles, and how it becomes [`Target`] and [`Profile`].

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value as Json};

use super::{Access, ClassBinding, FieldBinding, Limits, Profile, Target};
use crate::sema::literals;

/// A target's folder as one value: what the build embeds.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Folder {
    target: TargetForm,
    profiles: BTreeMap<String, ProfileForm>,
    templates: BTreeMap<String, String>,
}

/// `target.yaml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetForm {
    title: String,
    dialect: String,
    extension: String,
    default_profile: String,
    #[serde(default)]
    limits: LimitsForm,
    #[serde(default)]
    settings: Map<String, Json>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitsForm {
    query_characters: Option<usize>,
    look_back: Option<String>,
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
    classes: BTreeMap<String, ClassForm>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ClassForm {
    source: Map<String, Json>,
    #[serde(default)]
    collect: String,
    fields: BTreeMap<String, FieldForm>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldForm {
    native: Option<String>,
    derived: Option<String>,
    constant: Option<String>,
    join: Option<String>,
    absent: Option<String>,
    #[serde(default, rename = "type")]
    native_type: String,
    #[serde(default)]
    always: bool,
    #[serde(default)]
    values: BTreeMap<String, String>,
    #[serde(default)]
    evidence: String,
}

impl Folder {
    /// The target of this id with all its profiles.
    ///
    /// # Errors
    /// Says what is wrong with the data.
    pub fn into_target(self, id: &str) -> Result<Target, String> {
        let mut target = self.target.into_target(id)?;
        for (name, form) in self.profiles {
            let profile = form.into_profile(&name)?;
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
    /// Says what is wrong: only the look-back can be.
    pub fn into_target(self, id: &str) -> Result<Target, String> {
        let look_back = self.limits.look_back.as_deref().map(milliseconds).transpose()?;
        Ok(Target {
            id: id.to_owned(),
            title: self.title,
            dialect: self.dialect,
            extension: self.extension,
            default_profile: self.default_profile,
            limits: Limits { query_characters: self.limits.query_characters, look_back },
            settings: self.settings,
            templates: BTreeMap::new(),
            profiles: BTreeMap::new(),
        })
    }
}

impl ProfileForm {
    /// The profile of this id.
    ///
    /// # Errors
    /// Names the field that is read in no way or in several.
    pub fn into_profile(self, id: &str) -> Result<Profile, String> {
        let mut classes = BTreeMap::new();
        for (class, form) in self.classes {
            let mut fields = BTreeMap::new();
            for (field, form) in form.fields {
                let binding = form.into_binding().ok_or_else(|| {
                    format!("`{field}` of `{class}` needs just one of native, derived, constant, join, absent")
                })?;
                fields.insert(field, binding);
            }
            classes.insert(class, ClassBinding { source: form.source, fields, collect: form.collect });
        }
        Ok(Profile {
            id: id.to_owned(),
            title: self.title,
            description: self.description,
            settings: self.settings,
            classes,
            narrow: self.narrow,
        })
    }
}

impl FieldForm {
    /// The binding; none unless the field is read in just one way.
    fn into_binding(self) -> Option<FieldBinding> {
        let ways = [
            self.native.map(Access::Native),
            self.derived.map(Access::Derived),
            self.constant.map(Access::Constant),
            self.join.map(Access::Join),
            self.absent.map(Access::Absent),
        ];
        let mut ways = ways.into_iter().flatten();
        let (Some(access), None) = (ways.next(), ways.next()) else { return None };
        Some(FieldBinding {
            access,
            native_type: self.native_type,
            always: self.always,
            values: self.values,
            evidence: self.evidence,
        })
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
