//! Splunk's search language.
//!
//! A detection is one search: one base search without subsearches, then `eval`, `where`, `sort 0`, `streamstats`,
//! `eventstats` and `mvexpand`, and one `stats` at the end. `transaction`, `join`, `append`, `time_window` and `first` or
//! `last` never stand in it: the first lose interleavings or stop silently at a limit, the others are not exact at a
//! window's edge.
//!
//! What Splunk's documentation leaves open and the searches still rest on:
//!
//! | | assumption |
//! | --- | --- |
//! | A1 | `streamstats window=0` has no limit (`max_stream_window` is for windows of a given size) |
//! | A2 | `case` takes the first condition that is true, and passes over one that is null |
//! | A3 | `by` tells upper from lower case |
//! | A4 | numbers are doubles, and whole ones below 2^53 keep all their digits in text |
//! | A5 | PCRE counts characters, not bytes (only for `?` in a glob) |
//! | A6 | `strptime` reads `Z` as the zone `%Z` (only for fields a profile calls `iso8601`) |
//!
//! Limits that a search cannot see: `mvexpand` stops at 500 MB (`max_mem_usage_mb`) with a message, `streamstats` leaves
//! fields out (<https://docs.splunk.com/Documentation/Splunk/latest/Admin/Limitsconf>).

mod ast;
mod coverage;
mod held;
mod lower;
mod names;
mod native;
mod print;
mod site;
#[cfg(test)]
mod tests;

use super::{Dialect, Heading, Query, Request};
use crate::capability::{Direction, Feature, Findings, Support};
use crate::target::ClassBinding;

/// The dialect.
pub struct Spl;

/// The lines above a search: with the values that stand in it, or the names of those that stand outside.
fn heading(request: &Request<'_>) -> Vec<String> {
    let deployed = request.deployment.is_some();
    let heading = if deployed { Heading::without_values(request.unit) } else { Heading::of(request.unit) };
    heading.lines()
}

impl Dialect for Spl {
    fn id(&self) -> &'static str {
        "spl"
    }

    fn support(&self, feature: Feature) -> Support {
        match feature {
            Feature::CaseBeyondAscii => Support::lossy(
                "case",
                Direction::Both,
                "Splunk does not document that regular expressions ignore the case of letters outside ASCII",
            ),
            Feature::SingleEvent
            | Feature::Then
            | Feature::ThenBeyondKey
            | Feature::With(_)
            | Feature::WithBeyondKey(_)
            | Feature::NotFollowed
            | Feature::NotPreceded
            | Feature::Count(_)
            | Feature::CountBeyondKey(_)
            | Feature::Distinct
            | Feature::SumOrAverage
            | Feature::Extremum
            | Feature::ExtremumBeyondKey
            | Feature::ExtremumOfAll
            | Feature::AggregateArithmetic
            | Feature::AggregateOfExtrema
            | Feature::AggregateColumn
            | Feature::TwoWindows
            | Feature::ChangingKeys
            | Feature::GroupAsStep
            | Feature::NegationAfterChain
            | Feature::NegationOfPattern
            | Feature::NegationAsStep
            | Feature::RenamedKey
            | Feature::SelfJoin
            | Feature::OverlapInThen
            | Feature::OverlapInWith
            | Feature::OverlapAcrossLevels
            | Feature::EqualTimes
            | Feature::ListKey
            | Feature::ListEntity
            | Feature::TypedKey
            | Feature::SubSecondWindow
            | Feature::Steps(_)
            | Feature::LateJudgement
            | Feature::TextIgnoringCase
            | Feature::TextCased
            | Feature::GlobOne
            | Feature::GlobInner
            | Feature::LiteralWildcard
            | Feature::LineBreakInText
            | Feature::Regex
            | Feature::RegexIgnoringCase
            | Feature::RegexInnerAnchor
            | Feature::RegexEnd
            | Feature::RegexEmptyOnList
            | Feature::NumberTest
            | Feature::BoolTest
            | Feature::TimeTest
            | Feature::PortRanges
            | Feature::NetworkV4
            | Feature::NetworkV6
            | Feature::AddressEquals
            | Feature::Presence
            | Feature::FieldEqualsField
            | Feature::FieldEqualsFieldCased
            | Feature::FieldOrder
            | Feature::Arithmetic
            | Feature::ListField => Support::Exact,
        }
    }

    fn lower(&self, request: &Request<'_>, findings: &mut Findings) -> Vec<Query> {
        let pattern = &request.unit.detection.pattern;
        let query = lower::lower(request, findings).map(|lowered| Query {
            dialect: self.id(),
            part: None,
            text: request.text(|| print::query(&lowered.query, &heading(request))),
            look_back: pattern.horizon().saturating_add(lowered.older),
            wait: pattern.wait(),
            columns: lowered.columns,
            held: lowered.held,
        });
        query.into_iter().collect()
    }

    fn coverage(&self, class: &ClassBinding) -> Vec<String> {
        site::read_source(&class.source).map(|source| coverage::coverage(&source)).unwrap_or_default()
    }
}
