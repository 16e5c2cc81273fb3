//! `pack.json`: what is in a pack. It answers what a rule is, how faithful it is, which values it has and where they came
//! from, what it needs, and where it stands in each product, without opening any product's file.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::Request;
use super::attack::Attack;
use super::content::content;
use super::format::{Made, Placed};
use super::hash::sha256;
use crate::capability::Fidelity;
use crate::compile::{Artifact, Outcome, Status, fidelity_word};
use crate::dialect::Schedule;
use crate::plan::{Layer, ParamBound, Parameter, Unit};
use crate::sema::literals::print_span;
use crate::syntax::ast::ParameterKind;
use crate::target::Packing;
use crate::tuning::to_json;

/// The form of the file.
pub const FORMAT: u32 = 1;

/// What a target's format made of its rules.
pub struct Product<'a> {
    /// The target's id.
    pub target: &'a str,
    /// How its rules are packed and imported.
    pub packing: &'a Packing,
    /// The schedule of each rule that has one, by its UUID.
    pub schedules: BTreeMap<String, Schedule>,
    /// Its files, and what became of each rule.
    pub made: Made,
}

/// The manifest.
#[must_use]
pub fn manifest(request: &Request<'_>, attack: &Attack, products: &[Product<'_>], files: &[Artifact]) -> Json {
    let project = request.project;
    let mut units: Vec<Unit<'_>> = Vec::new();
    for outcome in request.outcomes {
        if !units.iter().any(|unit| unit.detection.id == outcome.unit.detection.id) {
            units.push(outcome.unit);
        }
    }
    json!({
        "format": FORMAT,
        "name": project.name,
        "title": project.title,
        "version": request.lock.version,
        "author": project.author,
        "license": project.license,
        "homepage": project.homepage,
        "attack": { "version": attack.version, "domain": attack.domain },
        "compiler": { "name": "detc", "version": request.compiler },
        "products": products.iter().map(|p| (p.target, import(p.packing))).collect::<BTreeMap<_, _>>(),
        "rules": units.into_iter().map(|unit| rule(request, products, unit)).collect::<Vec<_>>(),
        "files": files.iter().map(file).collect::<Vec<_>>(),
    })
}

/// What brings a pack into the product, and a later version so that what the site changed stays.
fn import(packing: &Packing) -> Json {
    json!({ "install": packing.install, "upgrade": packing.upgrade })
}

fn file(file: &Artifact) -> Json {
    json!({ "path": file.path, "size": file.bytes.len(), "sha256": sha256(&file.bytes) })
}

fn rule(request: &Request<'_>, products: &[Product<'_>], unit: Unit<'_>) -> Json {
    let (strategy, analytic, detection) = (unit.strategy, unit.analytic, unit.detection);
    let locked = request.lock.rules.get(&detection.id);
    let own = request.outcomes.iter().filter(|o| o.unit.detection.id == detection.id);
    let targets: BTreeMap<&str, Json> = own.map(|o| (o.target.id.as_str(), on_target(products, o))).collect();
    json!({
        "id": detection.id,
        "name": format!("{}/{}", analytic.id, detection.name),
        "title": detection.title,
        "strategy": strategy.id,
        "analytic": analytic.id,
        "platform": analytic.platform,
        "attack": { "version": strategy.attack_version(), "techniques": strategy.techniques, "tactics": strategy.tactics },
        "version": detection.release.version,
        "status": detection.release.status.as_str(),
        "severity": detection.severity.as_str(),
        "hash": { "logic": locked.map(|l| &l.logic), "text": locked.map(|l| &l.text) },
        "parameters": parameters(unit),
        "targets": targets,
    })
}

/// The parameters that a detection reads, with the values in force and where those came from.
fn parameters(unit: Unit<'_>) -> Vec<Json> {
    let names = content(unit).parameters;
    let analytic = Some(&unit.analytic.id);
    let own = |p: &&Parameter| names.contains_key(&p.name) && (p.analytic.is_none() || p.analytic.as_ref() == analytic);
    unit.strategy.parameters.iter().filter(own).map(parameter).collect()
}

fn parameter(p: &Parameter) -> Json {
    let layer = |l: &Layer| json!({ "layer": l.name, "action": l.action, "owner": l.owner, "reason": l.reason, "expires": l.expires });
    let bound = |b: &ParamBound| json!({ "length": b.length, "low": b.low.as_ref().map(to_json), "high": b.high.as_ref().map(to_json) });
    let bounds: BTreeMap<&str, Json> = p.bounds.iter().map(|(field, b)| (field.as_str(), bound(b))).collect();
    json!({
        "name": p.name,
        "mutable_element": p.kind == ParameterKind::Mutable,
        "description": p.doc,
        "type": p.ty.to_string(),
        "bounds": bounds,
        "default": to_json(&p.default),
        "value": to_json(&p.value),
        "provenance": p.layers.iter().map(layer).collect::<Vec<_>>(),
    })
}

/// What became of a rule on one target.
fn on_target(products: &[Product<'_>], outcome: &Outcome<'_>) -> Json {
    let id = &outcome.unit.detection.id;
    let product = products.iter().find(|p| p.target == outcome.target.id);
    let schedule = product.and_then(|p| p.schedules.get(id));
    let placed: Vec<&Placed> = product.iter().flat_map(|p| &p.made.placed).filter(|p| p.rule == *id).collect();
    let (status, reason) = match &outcome.status {
        Status::Compiled { accepted } => ("packed", accepted.clone()),
        Status::AcceptedUnsupported(reason) => ("left out", Some(reason.clone())),
        Status::NotNeeded => ("not needed", None),
        Status::Failed => ("failed", None),
    };
    let losses: Vec<Json> = match &outcome.fidelity {
        Fidelity::Exact { losses } | Fidelity::Approximate { losses } => losses
            .iter()
            .map(|l| json!({ "name": l.name, "direction": l.direction.as_str(), "note": l.note }))
            .collect(),
        Fidelity::Unsupported { reasons } => reasons.iter().map(|r| json!({ "reason": r.reason })).collect(),
    };
    json!({
        "profile": outcome.profile.id,
        "status": status,
        "reason": reason,
        "fidelity": fidelity_word(&outcome.fidelity),
        "losses": losses,
        "schedule": schedule.map(|s| json!({
            "every": print_span(s.every), "look_back": print_span(s.look_back), "delay": print_span(s.delay),
        })),
        "objects": placed,
    })
}
