//! Cases for replay in a product: each detection's rules at a site, the case's events as the site has them, and what the
//! evaluator alerts on.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::run::{Runner, evaluate, events, find_units};
use super::{Case, TestFile};
use crate::capability::Fidelity;
use crate::compile::{self, Outcome, Status, fidelity_word};
use crate::diagnostics::Diagnostic;
use crate::dialect::{Dialect, Extent, Query, Request, spoken};
use crate::native::Writer;
use crate::plan::Unit;
use crate::target::{Profile, Target};

/// A product at a site.
pub type Site<'a> = (&'a Target, &'a Profile);

impl Runner<'_> {
    /// The replays of a case: an object for each of its detections and each site.
    ///
    /// # Errors
    /// Why the case cannot be judged, as for [`Runner::run`].
    pub fn replays(
        &mut self,
        file: &TestFile,
        case: &Case,
        event_files: &BTreeMap<String, Vec<u8>>,
        sites: &[Site<'_>],
    ) -> Result<Vec<Json>, Vec<Diagnostic>> {
        let strategies = &self.under(&case.tuning).strategies;
        let units = find_units(file, case, strategies)?;
        let lines = events(case, event_files)?;
        let lines: Vec<&[u8]> = lines.into_iter().filter(|line| !line.trim_ascii().is_empty()).collect();
        let raised = evaluate(&units, &lines, case)?;
        let mut replays = Vec::new();
        for (unit, tuples) in units.into_iter().zip(raised) {
            let names = || unit.detection.entity.iter().map(|column| column.name.as_str());
            let alerts: Vec<Vec<Option<String>>> =
                tuples.iter().map(|tuple| names().map(|name| tuple.get(name).and_then(plain)).collect()).collect();
            for site in sites {
                let dialects = spoken(site.0).unwrap_or_default();
                let Some(mut replay) = replay(&dialects, unit, *site, &lines) else { continue };
                if let Some(object) = replay.as_object_mut() {
                    object.insert("case".to_owned(), Json::from(case.name.as_str()));
                    object.insert("canonical".to_owned(), lines.iter().map(|line| parsed(line)).collect());
                    object.insert("alerts".to_owned(), json!(alerts));
                    object.insert("tuned".to_owned(), Json::from(!case.tuning.is_empty()));
                }
                replays.push(replay);
            }
        }
        Ok(replays)
    }
}

/// What concerns the detection and the site; none if the target speaks no dialect.
fn replay(dialects: &[&dyn Dialect], unit: Unit<'_>, (target, profile): Site<'_>, lines: &[&[u8]]) -> Option<Json> {
    let data = *dialects.first()?;
    let compiled = compile::run(unit.strategy, target, profile, &|other| std::ptr::eq(other.detection, unit.detection));
    let outcome = compiled.outcomes.first();
    let status = outcome.map_or("failed", |outcome| status(&outcome.status));
    let (fidelity, queries) = match outcome {
        Some(Outcome { status: Status::Compiled { .. }, fidelity, queries, .. }) => (fidelity.clone(), queries.clone()),
        _ => compile::assess(dialects, &Request { unit, target, profile, deployment: None, extent: Extent::Rules }),
    };
    let writer = Writer::new(data, profile, unit);
    let (mut written, mut unwritten, mut names) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (number, line) in (1..).zip(lines).take(if queries.is_empty() { 0 } else { lines.len() }) {
        match writer.write(number, line) {
            Ok(event) => {
                written.extend(event.events.into_iter().map(|e| json!({ "place": e.place, "row": e.row })));
                names.extend(event.names);
            }
            Err(reason) => unwritten.push(reason),
        }
    }
    let settings = data.site_settings(profile);
    let dialect = queries.first().map_or(data.id(), |query| query.dialect);
    Some(json!({
        "strategy": unit.strategy.id,
        "detection": format!("{}/{}", unit.analytic.id, unit.detection.name),
        "site": { "target": target.id, "profile": profile.id, "dialect": dialect, "settings": settings },
        "status": status,
        "fidelity": fidelity_word(&fidelity),
        "losses": losses(&fidelity),
        "rules": queries.iter().map(|query| rule(unit, query)).collect::<Vec<_>>(),
        "events": written,
        "unwritten": unwritten,
        "names": names,
    }))
}

fn status(status: &Status) -> &'static str {
    match status {
        Status::Compiled { .. } => "compiled",
        Status::AcceptedUnsupported(_) => "left out",
        Status::NotNeeded => "not needed",
        Status::Failed => "failed",
    }
}

fn losses(fidelity: &Fidelity) -> Vec<Json> {
    match fidelity {
        Fidelity::Exact { losses } | Fidelity::Approximate { losses } => {
            losses.iter().map(|l| json!({ "name": l.name, "direction": l.direction.as_str() })).collect()
        }
        Fidelity::Unsupported { .. } => Vec::new(),
    }
}

fn rule(unit: Unit<'_>, query: &Query) -> Json {
    let reads = unit.detection.entity.iter().map(|e| {
        let column = query.columns.iter().find(|column| column.entity == e.name);
        json!({ "field": e.name, "column": column.map(|c| &c.name), "step": column.and_then(|c| c.step) })
    });
    json!({ "part": query.part, "text": query.text, "reads": reads.collect::<Vec<_>>() })
}

/// A value of a tuple as text; none for a missing one.
fn plain(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn parsed(line: &[u8]) -> Json {
    serde_json::from_slice(line).unwrap_or_default()
}
