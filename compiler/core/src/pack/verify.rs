//! Whether a folder is the pack that its maker published: every file is listed and has its hash, none is missing or too
//! many, and the manifest and the provenance say the same.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::hash::sha256;
use super::{LAYER, MANIFEST, PROVENANCE, SIGNATURE, SUMS, sums};
use crate::diagnostics::{Code, Diagnostic};
use crate::yaml::{Schema, embedded_schema};

/// The files of a folder by their path below it, with `/`.
pub type Files = BTreeMap<String, Vec<u8>>;

/// Everything that is wrong with a pack.
#[must_use]
pub fn verify(files: &Files) -> Vec<Diagnostic> {
    let Some(listed) = files.get(SUMS) else {
        return vec![bad(format!("there is no `{SUMS}`: this is no pack, or not the whole of it"))];
    };
    let listed = String::from_utf8_lossy(listed);
    let listed = match sums::parse(&listed) {
        Ok(listed) => listed,
        Err(line) => return vec![bad(format!("line {line} of `{SUMS}` is no hash and path"))],
    };
    let mut errors = hashes(files, &listed);
    for name in [MANIFEST, PROVENANCE, LAYER] {
        if !listed.contains_key(name) {
            errors.push(bad(format!("`{SUMS}` does not list `{name}`")));
        }
    }
    if errors.is_empty() {
        errors.extend(manifest(files));
        errors.extend(provenance(files));
    }
    errors
}

fn bad(what: String) -> Diagnostic {
    Diagnostic::bare(Code::BadPack, what)
}

/// Holds the files against the list.
fn hashes(files: &Files, listed: &BTreeMap<&str, &str>) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for (path, hash) in listed {
        match files.get(*path) {
            None => errors.push(bad(format!("`{path}` is missing"))),
            Some(bytes) if sha256(bytes) != *hash => errors.push(bad(format!("`{path}` was changed"))),
            Some(_) => {}
        }
    }
    for path in files.keys().filter(|path| *path != SUMS && *path != SIGNATURE && !listed.contains_key(path.as_str())) {
        errors.push(bad(format!("`{path}` does not belong to the pack")));
    }
    errors
}

/// The JSON of a file that is there.
fn read(files: &Files, name: &str, errors: &mut Vec<Diagnostic>) -> Option<Json> {
    let read = serde_json::from_slice(files.get(name)?);
    read.map_err(|e| errors.push(bad(format!("`{name}` cannot be read: {e}")))).ok()
}

/// Holds the manifest against its schema and the files of the products.
fn manifest(files: &Files) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let Some(manifest) = read(files, MANIFEST, &mut errors) else { return errors };
    let format = manifest.get("format").and_then(Json::as_u64).unwrap_or_default();
    if format > super::manifest::FORMAT.into() {
        let title = format!("`{MANIFEST}` has format {format}, which this detc does not know: use a newer one");
        return vec![Diagnostic::bare(Code::BadPackFile, title)];
    }
    let schema = Schema::new(embedded_schema("manifest").unwrap_or_default());
    if !schema.is_ok_and(|schema| schema.accepts(&manifest)) {
        errors.push(bad(format!("`{MANIFEST}` is not of the form that its schema asks for")));
        return errors;
    }
    let text = |value: &Json, key: &str| value.get(key).and_then(Json::as_str).unwrap_or_default().to_owned();
    let entries = manifest.get("files").and_then(Json::as_array).into_iter().flatten();
    let entries: BTreeMap<String, String> = entries.map(|f| (text(f, "path"), text(f, "sha256"))).collect();
    for (path, hash) in &entries {
        if files.get(path).is_none_or(|bytes| sha256(bytes) != *hash) {
            errors.push(bad(format!("`{MANIFEST}` lists `{path}` with another hash")));
        }
    }
    for path in files.keys().filter(|path| path.contains('/') && !entries.contains_key(*path)) {
        errors.push(bad(format!("`{MANIFEST}` does not list `{path}`")));
    }
    errors.extend(unplaced(&manifest, &entries));
    errors
}

/// The objects of rules must stand in files of the pack.
fn unplaced(manifest: &Json, entries: &BTreeMap<String, String>) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    for rule in manifest.get("rules").and_then(Json::as_array).into_iter().flatten() {
        let name = rule.get("name").and_then(Json::as_str).unwrap_or_default();
        for (target, on) in rule.get("targets").and_then(Json::as_object).into_iter().flatten() {
            for object in on.get("objects").and_then(Json::as_array).into_iter().flatten() {
                let file = object.get("file").and_then(Json::as_str).unwrap_or_default();
                let path = format!("{target}/{}", file.split('#').next().unwrap_or_default());
                if !entries.contains_key(&path) {
                    errors.push(bad(format!("`{name}` is said to stand in `{path}`, which is not in the pack")));
                }
            }
        }
    }
    errors
}

/// The provenance must be about these files.
fn provenance(files: &Files) -> Vec<Diagnostic> {
    let mut errors = Vec::new();
    let Some(statement) = read(files, PROVENANCE, &mut errors) else { return errors };
    let mut named = BTreeSet::new();
    for subject in statement.get("subject").and_then(Json::as_array).into_iter().flatten() {
        let name = subject.get("name").and_then(Json::as_str).unwrap_or_default();
        let hash = subject.pointer("/digest/sha256").and_then(Json::as_str).unwrap_or_default();
        named.insert(name);
        if files.get(name).is_none_or(|bytes| sha256(bytes) != hash) {
            errors.push(bad(format!("`{PROVENANCE}` speaks of another `{name}`")));
        }
    }
    let others = files.keys().filter(|path| ![SUMS, SIGNATURE, PROVENANCE].contains(&path.as_str()));
    for path in others.filter(|path| !named.contains(path.as_str())) {
        errors.push(bad(format!("`{PROVENANCE}` does not speak of `{path}`")));
    }
    errors
}
