//! Rule files: each query in the envelope of its target's `rule.j2`.

use serde_json::json;

use super::{Outcome, fidelity_word, loss_lines};
use crate::dialect::{Dialect, Query, dialect};
use crate::sema::literals::print_span;
use crate::template;

/// A file to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artifact {
    /// Its path below the output folder, with `/` between the parts.
    pub path: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A template that does not render: the target's data is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateError {
    /// The target.
    pub target: String,
    /// What is wrong, with the template's name and line.
    pub message: String,
}

/// The files of the compiled outcomes: `<target>/<profile>/<strategy>/<analytic>.<detection>[.<part>].<extension>`.
///
/// # Errors
/// If a target's template does not render.
pub fn artifacts(outcomes: &[Outcome<'_>]) -> Result<Vec<Artifact>, TemplateError> {
    let mut files = Vec::new();
    for outcome in outcomes {
        for query in &outcome.queries {
            files.push(Artifact { path: path(outcome, query), bytes: render(outcome, query)?.into_bytes() });
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

fn path(outcome: &Outcome<'_>, query: &Query) -> String {
    let unit = outcome.unit;
    let part = query.part.as_ref().map(|p| format!(".{p}")).unwrap_or_default();
    format!(
        "{}/{}/{}/{}.{}{part}.{}",
        outcome.target.id,
        outcome.profile.id,
        unit.strategy.id,
        unit.analytic.id,
        unit.detection.name,
        dialect(query.dialect).map_or(query.dialect, Dialect::extension)
    )
}

/// The query in its envelope. A target without `rule.j2` has none.
fn render(outcome: &Outcome<'_>, query: &Query) -> Result<String, TemplateError> {
    if !outcome.target.templates.contains_key("rule.j2") {
        return Ok(query.text.clone());
    }
    let (strategy, analytic, detection) = (outcome.unit.strategy, outcome.unit.analytic, outcome.unit.detection);
    let context = json!({
        "strategy": { "id": strategy.id, "title": strategy.title },
        "analytic": { "id": analytic.id, "title": analytic.title, "platform": analytic.platform },
        "detection": {
            "name": detection.name, "id": detection.id, "title": detection.title,
            "severity": detection.severity.as_str(),
        },
        "techniques": strategy.techniques,
        "tactics": strategy.tactics,
        "profile": outcome.profile.id,
        "fidelity": fidelity_word(&outcome.fidelity),
        "losses": loss_lines(&outcome.fidelity),
        "part": query.part,
        "look_back": print_span(query.look_back),
        "wait": (query.wait > 0).then(|| print_span(query.wait)),
        "query": query.text,
    });
    template::render(outcome.target, "rule.j2", &context)
        .map_err(|message| TemplateError { target: outcome.target.id.clone(), message })
}
