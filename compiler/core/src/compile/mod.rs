//! Compiles a strategy for a target: the fidelity of each detection, the rules of those that can be said, and a
//! diagnostic for each that cannot and was not accepted.
//!
//! Nothing is produced in silence: every detection has an [`Outcome`], and what the source does not accept is an error.

mod artifact;
mod at_site;
mod idle;
mod report;

pub use artifact::{Artifact, TemplateError, artifacts};
pub use idle::idle_values;
pub use report::fidelity_report;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use crate::capability::{Direction, Feature, Fidelity, Findings, Loss, Refusal, Support, TIES, features};
use crate::diagnostics::{Code, Diagnostic};
use crate::dialect::{Deployment, Dialect, Extent, Query, Request, spoken};
use crate::plan::{Acceptance, Accepted, Analytic, Detection, Strategy, Unit};
use crate::sema::literals::print_span;
use crate::source::Span;
use crate::target::{Profile, Target};

/// What came of one detection on one target and profile.
#[derive(Debug, Clone)]
pub struct Outcome<'a> {
    /// The detection.
    pub unit: Unit<'a>,
    /// The product.
    pub target: &'a Target,
    /// The site.
    pub profile: &'a Profile,
    /// How well it can be said.
    pub fidelity: Fidelity,
    /// What was done about it.
    pub status: Status,
    /// The rules; empty unless the status is [`Status::Compiled`].
    pub queries: Vec<Query>,
}

/// What was done about a detection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Status {
    /// There are rules; an approximation is accepted for this reason.
    Compiled {
        /// Why the approximation is accepted; none if the rules are exact.
        accepted: Option<String>,
    },
    /// It cannot be said, and the source accepts that for this reason.
    AcceptedUnsupported(String),
    /// An `otherwise` detection that is not needed here: one above it was compiled.
    NotNeeded,
    /// It was asked for and there is no rule: an error.
    Failed,
}

/// The outcomes of one strategy on one target and profile, in source order, and what must be said about them.
#[derive(Debug, Clone, Default)]
pub struct Compilation<'a> {
    /// One for each detection.
    pub outcomes: Vec<Outcome<'a>>,
    /// Errors for detections that have no rule.
    pub diagnostics: Vec<Diagnostic>,
}

/// Compiles every detection of `strategy` that `wanted` selects, on the platforms that the profile serves. Detections above
/// an `otherwise` are assessed even if they are not wanted, since it depends on them.
#[must_use]
pub fn run<'a>(
    strategy: &'a Strategy,
    target: &'a Target,
    profile: &'a Profile,
    wanted: &dyn Fn(Unit<'a>) -> bool,
) -> Compilation<'a> {
    Compiler::new(strategy).run(target, profile, None, wanted)
}

/// Compiles a strategy for any number of sites; what its detections ask of a dialect is read once.
pub struct Compiler<'a> {
    strategy: &'a Strategy,
    /// Of each analytic, of each detection: its features, once something needs them.
    features: Vec<Vec<OnceLock<Features>>>,
}

/// The features of a detection, and where the source asks for them.
type Features = BTreeMap<Feature, Span>;

impl<'a> Compiler<'a> {
    /// For this strategy.
    #[must_use]
    pub fn new(strategy: &'a Strategy) -> Self {
        let of_analytic = |analytic: &Analytic| analytic.detections.iter().map(|_| OnceLock::new()).collect();
        Self { strategy, features: strategy.analytics.iter().map(of_analytic).collect() }
    }

    /// As [`run`]. With a deployment, the rules are as a pack deploys them: what stands outside a query counts for no limit
    /// of the query.
    #[must_use]
    pub fn run(
        &self,
        target: &'a Target,
        profile: &'a Profile,
        deployment: Option<Deployment<'a>>,
        wanted: &dyn Fn(Unit<'a>) -> bool,
    ) -> Compilation<'a> {
        let mut compilation = Compilation::default();
        let dialects = match spoken(target) {
            Ok(dialects) => dialects,
            Err(title) => {
                compilation.diagnostics.push(Diagnostic::bare(Code::BadTargetData, title));
                return compilation;
            }
        };
        for (analytic, features) in self.strategy.analytics.iter().zip(&self.features) {
            if profile.serves(&analytic.platform) {
                let site = Site { strategy: self.strategy, analytic, features, target, profile, deployment };
                compile_analytic(&dialects, site, wanted, &mut compilation);
            }
        }
        compilation
    }
}

/// An analytic on a site.
#[derive(Clone, Copy)]
struct Site<'a, 'f> {
    strategy: &'a Strategy,
    analytic: &'a Analytic,
    features: &'f [OnceLock<Features>],
    target: &'a Target,
    profile: &'a Profile,
    deployment: Option<Deployment<'a>>,
}

fn compile_analytic<'a>(
    dialects: &[&dyn Dialect],
    site: Site<'a, '_>,
    wanted: &dyn Fn(Unit<'a>) -> bool,
    compilation: &mut Compilation<'a>,
) {
    let Site { strategy, analytic, target, profile, deployment, .. } = site;
    let mut any_above = false;
    let last_wanted = analytic.detections.iter().rposition(|detection| wanted(Unit { strategy, analytic, detection }));
    let count = last_wanted.map_or(0, |i| i + 1);
    for (detection, known) in analytic.detections.iter().zip(site.features).take(count) {
        let unit = Unit { strategy, analytic, detection };
        let needed = !(detection.otherwise && any_above);
        let extent = if needed && wanted(unit) { Extent::Rules } else { Extent::Fidelity };
        let request = Request { unit, target, profile, deployment, extent };
        let features = known.get_or_init(|| features(detection));
        let assessed = best(dialects, &request, features);
        let mut outcome = if needed {
            outcome(&request, assessed)
        } else {
            let (status, queries) = (Status::NotNeeded, Vec::new());
            Outcome { unit, target, profile, fidelity: assessed.0, status, queries }
        };
        any_above |= matches!(outcome.status, Status::Compiled { .. });
        if !wanted(unit) {
            continue;
        }
        if outcome.status == Status::Failed {
            compilation.diagnostics.extend(failure(&outcome));
            outcome.queries.clear();
        }
        compilation.outcomes.push(outcome);
    }
}

fn outcome<'a>(request: &Request<'a>, (fidelity, queries): (Fidelity, Vec<Query>)) -> Outcome<'a> {
    let accepted = |what| acceptance(request, what).map(|a| a.reason.clone());
    let status = match &fidelity {
        Fidelity::Exact { .. } => Status::Compiled { accepted: None },
        Fidelity::Approximate { .. } => match accepted(Accepted::Approximate) {
            Some(reason) => Status::Compiled { accepted: Some(reason) },
            None => accepted(Accepted::Unsupported).map_or(Status::Failed, Status::AcceptedUnsupported),
        },
        Fidelity::Unsupported { .. } => {
            accepted(Accepted::Unsupported).map_or(Status::Failed, Status::AcceptedUnsupported)
        }
    };
    let queries = if matches!(status, Status::Compiled { .. }) { queries } else { Vec::new() };
    Outcome { unit: request.unit, target: request.target, profile: request.profile, fidelity, status, queries }
}

/// The fidelity of a detection on a target and profile, and its rules: in the first of the target's dialects that says it
/// best. Where none can, the reasons are those of the first that came furthest.
#[must_use]
pub fn assess(dialects: &[&dyn Dialect], request: &Request<'_>) -> (Fidelity, Vec<Query>) {
    best(dialects, request, &features(request.unit.detection))
}

fn best(dialects: &[&dyn Dialect], request: &Request<'_>, features: &Features) -> (Fidelity, Vec<Query>) {
    let detection = at_site::at_site(request.unit.detection, request.profile);
    let request = &Request { unit: Unit { detection: &detection, ..request.unit }, ..*request };
    let of_site = findings_of_site(request);
    let mut best: Option<Said> = None;
    for dialect in dialects {
        let said = assess_in(*dialect, request, features, of_site.clone());
        best = best.filter(|best| best.lacking <= said.lacking).or(Some(said));
        if best.as_ref().is_some_and(|best| best.lacking == Lacking::Nothing) {
            break;
        }
    }
    best.map_or((Fidelity::Unsupported { reasons: Vec::new() }, Vec::new()), |best| (best.fidelity, best.queries))
}

/// What stands in the way of a detection at a site, or is lost there, in whatever dialect.
fn findings_of_site(request: &Request<'_>) -> Findings {
    let mut findings = Findings::default();
    if let Some((refusal, event)) = at_site::impossible(request.unit.detection, request.profile) {
        findings.note(refusal, event.span);
    }
    for (loss, span) in at_site::losses(request.unit.detection, request.profile) {
        findings.note(Support::Lossy(loss), span);
    }
    findings
}

/// What one dialect makes of a detection.
struct Said {
    fidelity: Fidelity,
    queries: Vec<Query>,
    lacking: Lacking,
}

/// How far from exact a dialect stays, the nearest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lacking {
    Nothing,
    /// It approximates.
    Exactness,
    /// It could say such a detection; the site's data, or a limit, are against it.
    Data,
    /// It has no form for such a detection.
    Form,
}

/// The same in one dialect, with what was found of the site. The features are asked first; only a detection that passes is
/// lowered, and what only the profile's data can tell is found on the way.
fn assess_in(language: &dyn Dialect, request: &Request<'_>, features: &Features, of_site: Findings) -> Said {
    let mut findings = of_site;
    for (feature, span) in features {
        findings.note(language.support(*feature), *span);
        if let Some(reason) = narrowed(request.profile, *feature) {
            findings.note(Support::no(reason), *span);
        }
    }
    if !findings.refusals.is_empty() {
        return Said { fidelity: findings.fidelity(), queries: Vec::new(), lacking: Lacking::Form };
    }
    let queries = language.lower(request, &mut findings);
    if queries.is_empty() && findings.refusals.is_empty() {
        findings.note(Support::no("nothing of it can be said with this profile"), request.unit.detection.span);
    }
    for query in &queries {
        limits(request, query, &mut findings);
    }
    let fidelity = findings.fidelity();
    match fidelity {
        Fidelity::Exact { .. } => Said { fidelity, queries, lacking: Lacking::Nothing },
        Fidelity::Approximate { .. } => Said { fidelity, queries, lacking: Lacking::Exactness },
        Fidelity::Unsupported { .. } => Said { fidelity, queries: Vec::new(), lacking: Lacking::Data },
    }
}

/// The reason for which a profile refuses a feature that its dialect has.
fn narrowed(profile: &Profile, feature: Feature) -> Option<&str> {
    if profile.narrow.is_empty() {
        return None;
    }
    let name = format!("{feature:?}");
    let name = name.split('(').next().unwrap_or_default();
    profile.narrow.get(name).map(String::as_str)
}

/// Refuses a rule that is over a limit of its product.
pub(crate) fn limits(request: &Request<'_>, query: &Query, findings: &mut Findings) {
    let span = request.unit.detection.span;
    let product = &request.target.title;
    if let Some(most) = request.target.limits.query_characters {
        let length = query.text.chars().count();
        if length > most {
            findings.note(Support::no(&format!("the query has {length} characters, and {product} takes {most}")), span);
        }
    }
    if let Some(most) = request.target.limits.look_back {
        let needed = query.look_back.saturating_add(query.wait);
        if needed > most {
            let reason = format!("it looks back {} s, and {product} takes {} s", needed / 1000, most / 1000);
            findings.note(Support::no(&reason), span);
        }
    }
}

/// The acceptance in the source that covers this target and profile; one that names the profile goes first.
fn acceptance<'a>(request: &Request<'a>, what: Accepted) -> Option<&'a Acceptance> {
    let exact = format!("{}/{}", request.target.id, request.profile.id);
    let accepts = || request.unit.detection.accepts.iter().filter(|a| a.what == what);
    accepts().find(|a| a.target.value == exact).or_else(|| accepts().find(|a| a.target.value == request.target.id))
}

/// The error for a detection that has no rule.
fn failure(outcome: &Outcome<'_>) -> Option<Diagnostic> {
    let detection = outcome.unit.detection;
    let name = format!("{}/{}", outcome.unit.analytic.id, detection.name);
    let place = format!("{} (profile `{}`)", outcome.target.title, outcome.profile.id);
    match &outcome.fidelity {
        Fidelity::Exact { .. } => None,
        Fidelity::Unsupported { reasons } => {
            let title = format!("`{name}` cannot be said on {place}");
            Some(with_reasons(Diagnostic::new(Code::Unsupported, title, detection.span), reasons, outcome))
        }
        Fidelity::Approximate { losses } => {
            let title = format!("`{name}` can only be approximated on {place}");
            let named = losses.iter().filter(|l| l.name != TIES);
            let diagnostic = named.fold(Diagnostic::new(Code::NotAccepted, title, detection.span), with_loss);
            let target = &outcome.target.id;
            Some(diagnostic.help(format!("to live with it, write: accept approximate on {target} \"reason\"")))
        }
    }
}

fn with_reasons(diagnostic: Diagnostic, reasons: &[Refusal], outcome: &Outcome<'_>) -> Diagnostic {
    let mut diagnostic = diagnostic;
    for refusal in reasons {
        diagnostic = diagnostic.also(refusal.span, refusal.reason.clone()).maybe_help(refusal.help.clone());
    }
    diagnostic.help(format!(
        "to leave it out there, write: accept unsupported on {}/{} \"reason\"",
        outcome.target.id, outcome.profile.id
    ))
}

fn with_loss(diagnostic: Diagnostic, loss: &Loss) -> Diagnostic {
    let text = format!("{}, {}: {}", loss.name, loss.direction.as_str(), loss.note);
    match loss.span {
        Some(span) => diagnostic.also(span, text),
        None => diagnostic.help(text),
    }
}

/// An analytic that was asked for on a target, where no chosen profile serves its platform: nothing is compiled of it there.
#[derive(Debug, Clone, Copy)]
pub struct Uncovered<'a> {
    /// The strategy.
    pub strategy: &'a Strategy,
    /// The analytic.
    pub analytic: &'a Analytic,
    /// The target.
    pub target: &'a Target,
}

impl Uncovered<'_> {
    /// In words.
    #[must_use]
    pub fn reason(&self) -> String {
        let (platform, target) = (&self.analytic.platform, &self.target.id);
        if self.target.profiles_on(platform).next().is_none() {
            return format!("no profile of `{target}` serves `{platform}`");
        }
        format!("none of the chosen profiles of `{target}` serves `{platform}`")
    }
}

/// The analytics with a wanted detection that have no outcome on one of the targets.
#[must_use]
pub fn uncovered<'a>(
    strategies: &'a [Strategy],
    targets: &[&'a Target],
    outcomes: &[Outcome<'_>],
    wanted: &dyn Fn(Unit<'a>) -> bool,
) -> Vec<Uncovered<'a>> {
    let covered: BTreeSet<(*const Analytic, &str)> =
        outcomes.iter().map(|o| (std::ptr::from_ref(o.unit.analytic), o.target.id.as_str())).collect();
    let mut found = Vec::new();
    for strategy in strategies {
        for analytic in &strategy.analytics {
            if !analytic.detections.iter().any(|detection| wanted(Unit { strategy, analytic, detection })) {
                continue;
            }
            for target in targets {
                if !covered.contains(&(std::ptr::from_ref(analytic), target.id.as_str())) {
                    found.push(Uncovered { strategy, analytic, target });
                }
            }
        }
    }
    found
}

/// Warnings for acceptances that nothing needed, judged over the outcomes of a whole target: only if every profile it
/// covers was compiled for.
#[must_use]
pub fn needless_acceptances(outcomes: &[Outcome<'_>]) -> Vec<Diagnostic> {
    let mut of_detection: BTreeMap<*const Detection, Vec<&Outcome<'_>>> = BTreeMap::new();
    for outcome in outcomes.iter().filter(|outcome| !outcome.unit.detection.accepts.is_empty()) {
        of_detection.entry(std::ptr::from_ref(outcome.unit.detection)).or_default().push(outcome);
    }
    let mut seen: BTreeSet<Span> = BTreeSet::new();
    let mut warnings = Vec::new();
    for outcome in outcomes {
        let Some(same) = of_detection.get(&std::ptr::from_ref(outcome.unit.detection)) else { continue };
        for accept in &outcome.unit.detection.accepts {
            if !covers(accept, outcome) || needs(accept, outcome) || seen.contains(&accept.target.span) {
                continue;
            }
            let covered: Vec<&&Outcome<'_>> = same.iter().filter(|o| covers(accept, o)).collect();
            let on_platform = outcome.target.profiles_on(&outcome.unit.analytic.platform).count();
            let complete = accept.target.value.contains('/') || covered.len() == on_platform;
            if !complete || covered.iter().any(|o| needs(accept, o)) {
                continue;
            }
            seen.insert(accept.target.span);
            let title = format!("nothing on `{}` needs this acceptance", accept.target.value);
            warnings.push(Diagnostic::new(Code::NeedlessAcceptance, title, accept.target.span));
        }
    }
    warnings
}

/// Whether an acceptance of the outcome's detection is about its target and profile.
fn covers(accept: &Acceptance, outcome: &Outcome<'_>) -> bool {
    match accept.target.value.split_once('/') {
        Some((target, profile)) => target == outcome.target.id && profile == outcome.profile.id,
        None => accept.target.value == outcome.target.id,
    }
}

fn needs(accept: &Acceptance, outcome: &Outcome<'_>) -> bool {
    match (&outcome.fidelity, accept.what) {
        (_, _) if outcome.status == Status::NotNeeded => true,
        (Fidelity::Exact { .. }, _) => false,
        (Fidelity::Approximate { .. }, Accepted::Approximate) => true,
        (Fidelity::Approximate { .. }, Accepted::Unsupported) => {
            matches!(outcome.status, Status::AcceptedUnsupported(_))
        }
        (Fidelity::Unsupported { .. }, what) => what == Accepted::Unsupported,
    }
}

/// The word for a fidelity in reports.
#[must_use]
pub const fn fidelity_word(fidelity: &Fidelity) -> &'static str {
    match fidelity {
        Fidelity::Exact { .. } => "exact",
        Fidelity::Approximate { .. } => "approximate",
        Fidelity::Unsupported { .. } => "unsupported",
    }
}

/// What a rule needs of its schedule, in words; none for a rule about single events, which needs nothing.
#[must_use]
pub fn schedule(query: &Query) -> Option<String> {
    if query.look_back == 0 && query.wait == 0 {
        return None;
    }
    let rule = query.part.as_ref().map(|part| format!("{part} ")).unwrap_or_default();
    let wait = if query.wait > 0 { format!(", ends {} before now", print_span(query.wait)) } else { String::new() };
    Some(format!("{rule}looks back {}{wait}", print_span(query.look_back)))
}

/// Losses in words, one line each.
#[must_use]
pub fn loss_lines(fidelity: &Fidelity) -> Vec<String> {
    let line = |l: &Loss| format!("{} ({}): {}", l.name, direction(l.direction), l.note);
    match fidelity {
        Fidelity::Exact { losses } | Fidelity::Approximate { losses } => losses.iter().map(line).collect(),
        Fidelity::Unsupported { reasons } => reasons.iter().map(|r| r.reason.clone()).collect(),
    }
}

const fn direction(direction: Direction) -> &'static str {
    direction.as_str()
}
