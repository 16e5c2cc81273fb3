//! Sigma: a zip of rules, as the community publishes them.
//!
//! <https://github.com/SigmaHQ/sigma/blob/master/Releases.md>

use super::archive;
use super::format::{Format, Made, Part, Rule, Site};
use crate::compile::Artifact;
use crate::diagnostics::{Code, Diagnostic};

/// The format.
pub struct SigmaRules;

impl Format for SigmaRules {
    fn id(&self) -> &'static str {
        "sigma-rules"
    }

    fn make(&self, site: &Site<'_>) -> Result<Made, Vec<Diagnostic>> {
        let archive = format!("{}-sigma-{}.zip", site.project.name, site.version);
        let mut made = Made::default();
        let mut files = Vec::new();
        for rule in &site.rules {
            for part in rule.parts() {
                let path = format!("rules/{}", file_name(rule, &part));
                let bytes = part.query.text.clone().into_bytes();
                made.placed.push(rule.place(&part, part.id.clone(), format!("{archive}#{path}")));
                files.push(Artifact { path, bytes });
            }
        }
        let text = site.text("version.txt.j2", &site.context()).map_err(|e| vec![e])?;
        files.push(Artifact { path: "version.txt".to_owned(), bytes: text.into_bytes() });
        let limit = |e: String| vec![Diagnostic::bare(Code::PackLimit, e)];
        made.artifacts.push(Artifact { path: archive, bytes: archive::zip(&files).map_err(limit)? });
        Ok(made)
    }
}

/// Sigma's file names are lower case, of 10 to 90 characters, and say so of a correlation.
fn file_name(rule: &Rule<'_>, part: &Part<'_>) -> String {
    let kind = if part.query.text.lines().any(|line| line == "correlation:") { "correlation_" } else { "" };
    let suffix = part.query.part.as_ref().map(|p| format!("_{p}")).unwrap_or_default();
    let name = format!("{kind}{}_{}{suffix}.yml", rule.outcome.unit.analytic.id, rule.detection().name);
    name.to_lowercase().replace('-', "_")
}
