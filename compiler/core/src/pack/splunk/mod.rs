//! Splunk: an app with a saved search for each rule, and macros, tables and collections for what a site edits.
//!
//! | file | a new version |
//! | --- | --- |
//! | `default/*.conf`, `lookups/*.csv` | replaces them |
//! | `local/*.conf`: what the site overrides, and which searches it switched on | leaves it alone |
//! | KV store collections: what the site adds to lists and takes out of them | leaves them alone |
//!
//! The keys of Enterprise Security and of risk-based alerting do nothing where these are not installed.
//! <https://dev.splunk.com/enterprise/docs/developapps/createapps/appanatomy>

mod closure;
mod conf;
mod objects;
mod rule;

use serde::Deserialize;
use serde_json::json;

use super::archive;
use super::format::{Format, Made, Site};
use crate::compile::Artifact;
use crate::diagnostics::{Code, Diagnostic};
use objects::Objects;

/// The format.
pub struct SplunkApp;

/// `pack.settings` of the target.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    /// How long the name of a search may be.
    name_characters: usize,
    /// The security domain of Enterprise Security.
    domain: String,
    /// What each severity is in the product.
    severities: std::collections::BTreeMap<String, rule::Severity>,
    /// What fields of an alert are to risk-based alerting; the first that names the field holds.
    risk: Vec<rule::RiskField>,
}

impl Format for SplunkApp {
    fn id(&self) -> &'static str {
        "splunk-app"
    }

    fn make(&self, site: &Site<'_>) -> Result<Made, Vec<Diagnostic>> {
        let settings: Settings = site.settings().map_err(|e| vec![e])?;
        let (mut objects, mut errors) = (Objects::default(), Vec::new());
        let (mut searches, mut placed) = (Vec::new(), Vec::new());
        let app = &site.project.name;
        let file = format!("{app}-{}.tgz", site.version);
        for rule in &site.rules {
            for part in rule.parts() {
                errors.extend(objects.add(rule, part.query).err());
                match rule::search(site, &settings, rule, &part) {
                    Ok(search) => {
                        let file = format!("{file}#{app}/default/savedsearches.conf");
                        placed.push(rule.place(&part, search.stanza.clone(), file));
                        searches.push(search);
                    }
                    Err(error) => errors.push(error),
                }
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        let files = files(site, &searches, &objects).map_err(|e| vec![e])?;
        closure::check(&files).map_err(|e| vec![site.broken(&e)])?;
        let below = |file: Artifact| Artifact { path: format!("{app}/{}", file.path), ..file };
        let files: Vec<Artifact> = files.into_iter().map(below).collect();
        let limit = |e: String| vec![Diagnostic::bare(Code::PackLimit, e)];
        let bytes = archive::tgz(&files, site.epoch).map_err(limit)?;
        Ok(Made { artifacts: vec![Artifact { path: file, bytes }], placed })
    }
}

/// The files of the app, with paths below its folder.
fn files(site: &Site<'_>, searches: &[rule::Search], objects: &Objects) -> Result<Vec<Artifact>, Diagnostic> {
    let context = json!({
        "pack": site.context(), "searches": searches, "macros": objects.macros(), "tables": objects.tables(),
        "build": build(site.version),
    });
    let mut files = Vec::new();
    let templates = [
        ("app.manifest", "app.manifest.j2"),
        ("LICENSE", "LICENSE.j2"),
        ("README.txt", "README.txt.j2"),
        ("default/app.conf", "app.conf.j2"),
        ("default/savedsearches.conf", "savedsearches.conf.j2"),
        ("default/macros.conf", "macros.conf.j2"),
        ("default/transforms.conf", "transforms.conf.j2"),
        ("default/collections.conf", "collections.conf.j2"),
        ("metadata/default.meta", "default.meta.j2"),
    ];
    for (path, template) in templates {
        // A conf file without a stanza, where nothing stands in a table, is left out.
        let bytes = site.text(template, &context)?.into_bytes();
        if !bytes.iter().all(u8::is_ascii_whitespace) {
            files.push(Artifact { path: path.to_owned(), bytes });
        }
    }
    files.extend(objects.csv());
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// The build number, which must rise with the version.
fn build(version: &str) -> u64 {
    version.split('.').fold(0, |all, part| all * 1000 + part.parse::<u64>().unwrap_or(0))
}
