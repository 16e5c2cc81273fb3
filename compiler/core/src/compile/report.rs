//! The fidelity report: what was compiled, what was lost, what was refused. Stable JSON.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

use super::{Outcome, Status, Uncovered, fidelity_word};
use crate::attack::{Bundle, Standing, standing};
use crate::capability::{Fidelity, Loss, Refusal};
use crate::dialect::Query;
use crate::plan::{Layer, Parameter, Strategy};
use crate::sema::literals::print_span;
use crate::tuning::Written;

/// The report as JSON: one entry for each detection, target and profile, in that order; then the analytics of platforms
/// that a target was not compiled for. `bundle` is what the strategies were held against.
#[must_use]
pub fn fidelity_report(outcomes: &[Outcome<'_>], uncovered: &[Uncovered<'_>], bundle: &Bundle) -> impl Serialize {
    Report {
        version: 1,
        attack: Each(move || strategies(outcomes).into_iter().map(|strategy| attack(strategy, bundle))),
        detections: Each(move || outcomes.iter().map(Entry::of)),
        uncovered: Each(move || uncovered.iter().map(not_covered)),
        parameters: Each(move || strategies(outcomes).into_iter().flat_map(parameters)),
    }
}

#[derive(Serialize)]
struct Report<A, D, U, P> {
    version: u32,
    attack: A,
    detections: D,
    uncovered: U,
    parameters: P,
}

/// A list whose entries are made one by one as they are written: a corpus has too many to hold.
struct Each<F>(F);

impl<F: Fn() -> I, I: Iterator<Item: Serialize>> Serialize for Each<F> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((self.0)())
    }
}

/// The strategies of the outcomes, each once, in order.
fn strategies<'a>(outcomes: &[Outcome<'a>]) -> Vec<&'a Strategy> {
    let mut found: Vec<&Strategy> = Vec::new();
    for outcome in outcomes {
        if !found.last().is_some_and(|last| std::ptr::eq(*last, outcome.unit.strategy)) {
            found.push(outcome.unit.strategy);
        }
    }
    found
}

/// The version of ATT&CK that a strategy is of, and the version it was held against.
fn attack(strategy: &Strategy, bundle: &Bundle) -> Value {
    let held = standing(strategy, bundle) == Standing::Held;
    json!({
        "strategy": strategy.id,
        "version": strategy.attack_version(),
        "held_against": bundle.version.as_ref().filter(|_| held),
    })
}

/// The value of a parameter that is in force, and the layers it came from.
#[derive(Serialize)]
struct InForce<'a> {
    strategy: &'a str,
    analytic: Option<&'a str>,
    name: &'a str,
    #[serde(rename = "type")]
    ty: String,
    value: Written<'a>,
    tuned: Vec<Tuned<'a>>,
}

/// A layer that changed a parameter.
#[derive(Serialize)]
struct Tuned<'a> {
    layer: &'a str,
    action: &'a str,
    owner: &'a str,
    reason: &'a str,
    expires: Option<&'a str>,
}

impl<'a> Tuned<'a> {
    fn of(layer: &'a Layer) -> Self {
        Self {
            layer: &layer.name,
            action: &layer.action,
            owner: &layer.owner,
            reason: &layer.reason,
            expires: layer.expires.as_deref(),
        }
    }
}

fn parameters(strategy: &Strategy) -> impl Iterator<Item = InForce<'_>> {
    strategy.parameters.iter().map(move |p: &Parameter| InForce {
        strategy: &strategy.id,
        analytic: p.analytic.as_deref(),
        name: &p.name,
        ty: p.ty.to_string(),
        value: Written(&p.value),
        tuned: p.layers.iter().map(Tuned::of).collect(),
    })
}

fn not_covered(uncovered: &Uncovered<'_>) -> Value {
    json!({
        "strategy": uncovered.strategy.id,
        "analytic": uncovered.analytic.id,
        "platform": uncovered.analytic.platform,
        "target": uncovered.target.id,
        "reason": uncovered.reason(),
    })
}

/// What came of a detection at a site.
#[derive(Serialize)]
struct Entry<'a> {
    strategy: &'a str,
    analytic: &'a str,
    detection: &'a str,
    id: &'a str,
    target: &'a str,
    profile: &'a str,
    fidelity: &'static str,
    status: &'static str,
    accepted: Option<&'a str>,
    losses: Vec<Lost<'a>>,
    reasons: Vec<Refused<'a>>,
    rules: Vec<Rule<'a>>,
}

#[derive(Serialize)]
struct Lost<'a> {
    name: &'a str,
    direction: &'static str,
    note: &'a str,
}

#[derive(Serialize)]
struct Refused<'a> {
    reason: &'a str,
    help: Option<&'a str>,
}

/// What a rule needs of its schedule: how far a run must look back, and how long it must wait before it can judge.
#[derive(Serialize)]
struct Rule<'a> {
    part: Option<&'a str>,
    dialect: &'static str,
    look_back: String,
    wait: String,
}

impl<'a> Entry<'a> {
    fn of(outcome: &'a Outcome<'_>) -> Self {
        let unit = outcome.unit;
        let (losses, reasons): (&[Loss], &[Refusal]) = match &outcome.fidelity {
            Fidelity::Exact { losses } | Fidelity::Approximate { losses } => (losses, &[]),
            Fidelity::Unsupported { reasons } => (&[], reasons),
        };
        let (status, accepted) = match &outcome.status {
            Status::Compiled { accepted } => ("compiled", accepted.as_deref()),
            Status::AcceptedUnsupported(reason) => ("left out", Some(reason.as_str())),
            Status::NotNeeded => ("not needed", None),
            Status::Failed => ("failed", None),
        };
        Self {
            strategy: &unit.strategy.id,
            analytic: &unit.analytic.id,
            detection: &unit.detection.name,
            id: &unit.detection.id,
            target: &outcome.target.id,
            profile: &outcome.profile.id,
            fidelity: fidelity_word(&outcome.fidelity),
            status,
            accepted,
            losses: losses.iter().map(Lost::of).collect(),
            reasons: reasons.iter().map(Refused::of).collect(),
            rules: outcome.queries.iter().map(Rule::of).collect(),
        }
    }
}

impl<'a> Lost<'a> {
    fn of(loss: &'a Loss) -> Self {
        Self { name: &loss.name, direction: loss.direction.as_str(), note: &loss.note }
    }
}

impl<'a> Refused<'a> {
    fn of(refusal: &'a Refusal) -> Self {
        Self { reason: &refusal.reason, help: refusal.help.as_deref() }
    }
}

impl<'a> Rule<'a> {
    fn of(query: &'a Query) -> Self {
        Self {
            part: query.part.as_deref(),
            dialect: query.dialect,
            look_back: print_span(query.look_back),
            wait: print_span(query.wait),
        }
    }
}
