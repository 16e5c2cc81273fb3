//! From compiled detections to rules as they run: each gets a schedule, and is compiled again for it.

use super::format::Rule;
use super::project::Project;
use crate::capability::{Fidelity, Findings};
use crate::compile::{Outcome, Status, limits};
use crate::diagnostics::{Code, Diagnostic};
use crate::dialect::{Deployment, Extent, Query, Request, Schedule, dialect};
use crate::sema::literals::print_span;
use crate::target::{Packing, ScheduleChoice};

/// Milliseconds in a minute.
const MINUTE: i64 = 60_000;

/// The rule of an outcome; none if it has no queries.
///
/// # Errors
/// E0703 if no schedule of the product reads far enough back, or if the deployed query is over a limit.
pub fn deploy<'a>(outcome: &Outcome<'a>, packing: &Packing, project: &Project) -> Result<Option<Rule<'a>>, Diagnostic> {
    if !matches!(outcome.status, Status::Compiled { .. }) || outcome.queries.is_empty() {
        return Ok(None);
    }
    let rule = Rule { outcome: outcome.clone(), schedule: None };
    let schedule = schedule(&rule, packing)?;
    let request = Request {
        unit: outcome.unit,
        target: outcome.target,
        profile: outcome.profile,
        deployment: Some(Deployment { schedule, author: &project.author, license: &project.license }),
        extent: Extent::Rules,
    };
    let Some(language) = outcome.queries.first().and_then(|query| dialect(query.dialect)) else { return Ok(None) };
    let mut findings = Findings::default();
    let queries = language.lower(&request, &mut findings);
    for query in &queries {
        limits(&request, query, &mut findings);
    }
    if let Fidelity::Unsupported { reasons } = findings.fidelity() {
        let reasons: Vec<String> = reasons.into_iter().map(|r| r.reason).collect();
        return Err(rule.error(Code::PackLimit, &reasons.join("; ")));
    }
    Ok(Some(Rule { outcome: Outcome { queries, ..rule.outcome }, schedule }))
}

/// The most frequent schedule whose runs read far enough back; none if the product leaves that to whoever imports it.
fn schedule(rule: &Rule<'_>, packing: &Packing) -> Result<Option<Schedule>, Diagnostic> {
    let needed = rule.outcome.queries.iter().map(|q: &Query| q.look_back.saturating_add(q.wait)).max().unwrap_or(0);
    let Packing { schedules, delay, fixed_look_back, .. } = packing;
    let Some(longest) = schedules.iter().map(|s| s.look_back).max() else { return Ok(None) };
    let reach = |every: i64| needed.saturating_add(*delay).saturating_add(every);
    let fits = schedules.iter().find(|s| reach(s.every) <= s.look_back);
    let look_back = |s: &ScheduleChoice| if *fixed_look_back { s.look_back } else { in_minutes(reach(s.every)) };
    let schedule = fits.map(|s| Schedule { every: s.every, look_back: look_back(s), delay: *delay });
    schedule.map(Some).ok_or_else(|| {
        let (needed, longest) = (print_span(needed), print_span(longest));
        rule.error(
            Code::PackLimit,
            &format!("it needs to look back {needed} from one run to the next, and a run reads {longest} at most"),
        )
    })
}

/// Rounded up to whole minutes: products count in nothing finer.
const fn in_minutes(milliseconds: i64) -> i64 {
    milliseconds.saturating_add(MINUTE - 1) / MINUTE * MINUTE
}
