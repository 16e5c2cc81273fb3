//! The registry: which targets there are, each parsed when first asked for.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::{Profile, Target, embedded, form};
use crate::diagnostics::{Code, Diagnostic, suggest};

/// The targets of a run: those the compiler brings along, and what the user lays over them.
#[derive(Debug, Default)]
pub struct Registry {
    pub(super) entries: BTreeMap<String, Entry>,
}

/// A target: parsed, or still to be parsed.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) json: &'static str,
    pub(super) parsed: OnceLock<Result<Target, String>>,
}

impl Registry {
    /// The targets that the compiler brings along. Nothing is parsed yet.
    #[must_use]
    pub fn embedded() -> Self {
        let entry = |json| Entry { json, parsed: OnceLock::new() };
        Self { entries: embedded::TARGETS.iter().map(|(id, json)| ((*id).to_owned(), entry(json))).collect() }
    }

    /// The id of every target, in alphabetical order.
    pub fn ids(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The target of this id.
    ///
    /// # Errors
    /// E0501, with the nearest id, if there is none.
    pub fn get(&self, id: &str) -> Result<&Target, Diagnostic> {
        let entry = self.entries.get(id).ok_or_else(|| self.unknown(id))?;
        let parsed = entry.parsed.get_or_init(|| parse(id, entry.json));
        parsed.as_ref().map_err(|e| Diagnostic::bare(Code::BadTargetData, format!("target `{id}` cannot be read: {e}")))
    }

    fn unknown(&self, id: &str) -> Diagnostic {
        let known: Vec<&str> = self.ids().collect();
        Diagnostic::bare(Code::UnknownTarget, format!("there is no target `{id}`"))
            .maybe_help(suggest::did_you_mean(id, known.iter().copied()))
            .maybe_help((!known.is_empty()).then(|| format!("the targets are {}", known.join(", "))))
    }
}

impl Target {
    /// The profile of this id.
    ///
    /// # Errors
    /// E0502, with the nearest id, if the target has none of this id.
    pub fn profile(&self, id: &str) -> Result<&Profile, Diagnostic> {
        self.profiles.get(id).ok_or_else(|| {
            let known: Vec<&str> = self.profiles.keys().map(String::as_str).collect();
            Diagnostic::bare(Code::UnknownProfile, format!("target `{}` has no profile `{id}`", self.id))
                .maybe_help(suggest::did_you_mean(id, known.iter().copied()))
                .maybe_help((!known.is_empty()).then(|| format!("its profiles are {}", known.join(", "))))
        })
    }

    /// The dialect in whose terms the target's sources and profiles are written: the first.
    #[must_use]
    pub fn data_dialect(&self) -> &str {
        self.dialects.first().map_or("", String::as_str)
    }

    /// The profiles that serve a platform.
    pub fn profiles_on<'a>(&'a self, platform: &'a str) -> impl Iterator<Item = &'a Profile> {
        self.profiles.values().filter(move |profile| profile.serves(platform))
    }
}

/// The target that the build embedded.
fn parse(id: &str, json: &'static str) -> Result<Target, String> {
    let folder: form::Folder = serde_json::from_str(json).map_err(|e| e.to_string())?;
    folder.into_target(id)
}
