//! Target data that a user brings: read with places, checked, and laid over what the compiler brings along.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use serde::Deserialize;

use super::check::{check_classes, check_includes, schema_of};
use super::registry::{Entry, Registry};
use super::{LogSource, Profile, Target, form, profile_schema, source_schema, target_schema};
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::Class;
use crate::source::{SourceId, Sources, Span};
use crate::yaml::Document;

/// A file of a folder of targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetFile {
    /// Its path in that folder, with `/`: `<id>/target.yaml`, `<id>/sources/<name>.yaml`, `<id>/profiles/<name>.yaml`,
    /// `<id>/templates/<name>`.
    pub path: String,
    /// Its text.
    pub source: SourceId,
}

/// What target data are checked against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The texts.
    pub sources: &'a Sources,
    /// The event classes, by name.
    pub classes: &'a BTreeMap<String, Arc<Class>>,
}

impl Registry {
    /// Lays files over the targets: a new id adds a target, a file of the same path takes the place of one that is there,
    /// any other is added. A file with an error is left out.
    #[must_use]
    pub fn with_overrides(mut self, files: &[TargetFile], context: Context<'_>) -> (Self, Vec<Diagnostic>) {
        let mut diagnostics = Vec::new();
        let ids: BTreeSet<&str> = files.iter().filter_map(|f| Some(f.path.split_once('/')?.0)).collect();
        for id in ids {
            self.lay_over(id, files, context, &mut diagnostics);
        }
        let stray = files.iter().filter(|f| !f.path.contains('/') && !is_readme(&f.path));
        diagnostics.extend(stray.map(no_part));
        (self, diagnostics)
    }

    /// Adds a profile to a target, or replaces the one of the same id.
    ///
    /// # Errors
    /// E0501 if there is no such target; else what is wrong with the file.
    pub fn add_profile(
        &mut self,
        target: &str,
        id: &str,
        source: SourceId,
        context: Context<'_>,
    ) -> Result<(), Vec<Diagnostic>> {
        let mut changed = self.get(target).map_err(|e| vec![e])?.clone();
        let profile = load_profile(id, source, &changed, context)?;
        changed.profiles.insert(id.to_owned(), profile);
        self.put(changed);
        Ok(())
    }

    /// All files of one target.
    fn lay_over(&mut self, id: &str, files: &[TargetFile], context: Context<'_>, diagnostics: &mut Vec<Diagnostic>) {
        let own: Vec<(&str, &TargetFile)> =
            files.iter().filter_map(|file| Some((file.path.strip_prefix(id)?.strip_prefix('/')?, file))).collect();
        let mut target = self.entries.contains_key(id).then(|| self.get(id).cloned()).and_then(Result::ok);
        let mut default_profile = Vec::new();
        if let Some((_, file)) = own.iter().find(|(path, _)| *path == "target.yaml") {
            match load_target(id, file.source, context.sources) {
                Ok((head, places)) => {
                    target = Some(with_parts_of(head, target));
                    default_profile = places;
                }
                Err(errors) => return diagnostics.extend(errors),
            }
        }
        let Some(mut target) = target else {
            let title = format!("target `{id}` has no `target.yaml`");
            return diagnostics.push(Diagnostic::bare(Code::BadTargetData, title));
        };
        // Profiles include sources, so these go first.
        let (sources, others): (Vec<_>, Vec<_>) = own.into_iter().partition(|(path, _)| path.starts_with("sources/"));
        for (path, file) in sources.into_iter().chain(others) {
            diagnostics.extend(take_part(&mut target, path, file, context));
        }
        for (profile, place) in default_profile {
            let unknown = target.profile(&profile).err();
            diagnostics.extend(unknown.map(|e| Diagnostic::new(e.code, e.title, place)));
        }
        self.put(target);
    }

    fn put(&mut self, target: Target) {
        let id = target.id.clone();
        self.entries.insert(id, Entry { json: "", parsed: OnceLock::from(Ok(target)) });
    }
}

fn is_readme(path: &str) -> bool {
    path == "README.md"
}

fn no_part(file: &TargetFile) -> Diagnostic {
    Diagnostic::new(
        Code::BadTargetData,
        format!("`{}` is no part of a target", file.path),
        Span::new(file.source, 0..0),
    )
    .help("a target has `target.yaml`, `sources/<name>.yaml`, `profiles/<name>.yaml`, `templates/<name>` and perhaps `README.md`")
}

/// A new head on the sources, profiles and templates of the target it replaces.
fn with_parts_of(head: Target, before: Option<Target>) -> Target {
    match before {
        Some(Target { sources, templates, profiles, .. }) => Target { sources, templates, profiles, ..head },
        None => head,
    }
}

/// Takes in a source, profile or template.
fn take_part(target: &mut Target, path: &str, file: &TargetFile, context: Context<'_>) -> Vec<Diagnostic> {
    let id_in = |folder: &str| path.strip_prefix(folder)?.strip_suffix(".yaml").filter(|id| !id.contains('/'));
    if let Some(id) = id_in("sources/") {
        let loaded = load_source(file.source, target.data_dialect(), context);
        return loaded.map(|source| target.sources.insert(id.to_owned(), source)).err().unwrap_or_default();
    }
    if let Some(id) = id_in("profiles/") {
        let loaded = load_profile(id, file.source, target, context);
        return loaded.map(|profile| target.profiles.insert(id.to_owned(), profile)).err().unwrap_or_default();
    }
    if let Some(name) = path.strip_prefix("templates/").filter(|name| !name.contains('/')) {
        let text = context.sources.get(file.source).map(|s| s.text.to_string()).unwrap_or_default();
        target.templates.insert(name.to_owned(), text.into());
        return Vec::new();
    }
    if path == "target.yaml" || is_readme(path) { Vec::new() } else { vec![no_part(file)] }
}

/// Names in a file, with their places.
pub type Named = Vec<(String, Span)>;

/// Reads a `target.yaml`; gives its default profiles with their places too.
///
/// # Errors
/// Everything that is wrong with it, at its place.
pub fn load_target(id: &str, source: SourceId, sources: &Sources) -> Result<(Target, Named), Vec<Diagnostic>> {
    let document = Document::parse(sources, source).map_err(|e| vec![e])?;
    let errors = document.validate(&schema_of(target_schema())?, Code::BadTargetData);
    if !errors.is_empty() {
        return Err(errors);
    }
    let broken = |title: String, pointer| vec![Diagnostic::new(Code::BadTargetData, title, document.place(pointer))];
    let form: form::TargetForm =
        serde_json::from_value(document.value().clone()).map_err(|e| broken(e.to_string(), ""))?;
    let target = form.into_target(id).map_err(|e| broken(e, "/limits/look_back"))?;
    let defaults = document.root().get("default_profile").into_iter().flat_map(|defaults| defaults.entries());
    let defaults = defaults.filter_map(|(_, node)| Some((node.value().as_str()?.to_owned(), node.place())));
    Ok((target, defaults.collect()))
}

/// Reads a log source of a target whose data are in the terms of `dialect`.
///
/// # Errors
/// Everything that is wrong with it, at its place.
pub fn load_source(source: SourceId, dialect: &str, context: Context<'_>) -> Result<LogSource, Vec<Diagnostic>> {
    let document = Document::parse(context.sources, source).map_err(|e| vec![e])?;
    let mut errors = document.validate(&schema_of(source_schema(dialect))?, Code::BadTargetData);
    check_classes(&document, context.classes, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let broken = |title: String| vec![Diagnostic::new(Code::BadTargetData, title, document.place(""))];
    LogSource::deserialize(document.value().clone()).map_err(|e| broken(e.to_string()))
}

/// Reads a profile of `target`, whose log sources it may include.
///
/// # Errors
/// Everything that is wrong with it, at its place.
pub fn load_profile(
    id: &str,
    source: SourceId,
    target: &Target,
    context: Context<'_>,
) -> Result<Profile, Vec<Diagnostic>> {
    let document = Document::parse(context.sources, source).map_err(|e| vec![e])?;
    let mut errors = document.validate(&schema_of(profile_schema(Some(target.data_dialect())))?, Code::BadTargetData);
    check_classes(&document, context.classes, &mut errors);
    check_includes(&document, &target.sources, &mut errors);
    if !errors.is_empty() {
        return Err(errors);
    }
    let broken = |title: String| vec![Diagnostic::new(Code::BadTargetData, title, document.place(""))];
    let form = form::ProfileForm::deserialize(document.value().clone()).map_err(|e| broken(e.to_string()))?;
    form.into_profile(id, &target.sources).map_err(broken)
}
