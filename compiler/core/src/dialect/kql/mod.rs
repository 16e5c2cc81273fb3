//! KQL, the Kusto Query Language, as Microsoft Sentinel and Defender XDR speak it.
//!
//! Rows in time are joins by key and time bucket: an event of a pattern is a `let`, an operator is a `join` of two of
//! them. A bucket is as wide as the window, so that an event's window touches two buckets and no pair is met twice; no
//! join is on the key alone. What else Kusto has for sequences (`scan`, `row_window_session`) loses events that stand in
//! two steps, or takes one key only.

mod ast;
mod coverage;
mod held;
mod literal;
mod lower;
mod native;
mod print;
mod source;
mod words;

use super::page::characters;
use super::{Dialect, Query, Request};
use crate::capability::{Direction, Feature, Findings, Support, TIES};
use crate::target::ClassBinding;
use lower::Lowered;
use print::Layout;

/// The dialect.
pub struct Kql;

/// The query with its heading and comments; without, where the product would find it too long.
fn text(request: &Request<'_>, query: &ast::Query) -> String {
    let full = print::query(query, Layout::Full);
    match request.target.limits.query_characters {
        Some(most) if characters(&full) > most => print::query(query, Layout::Compact),
        _ => full,
    }
}

impl Dialect for Kql {
    fn id(&self) -> &'static str {
        "kql"
    }

    fn support(&self, feature: Feature) -> Support {
        match feature {
            // Datetimes are kept in ticks of 100 ns: <https://learn.microsoft.com/kusto/query/scalar-data-types/datetime>
            Feature::EqualTimes => Support::lossy(
                TIES,
                Direction::Both,
                "times are compared to 100 ns, so events of the same millisecond have an order",
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
            | Feature::ListKey
            | Feature::ListEntity
            | Feature::TypedKey
            | Feature::SubSecondWindow
            | Feature::Steps(_)
            | Feature::LateJudgement
            | Feature::TextIgnoringCase
            | Feature::TextCased
            | Feature::CaseBeyondAscii
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
        let Some(Lowered { query, older, columns, held }) = lower::lower(request, findings) else { return Vec::new() };
        let text = request.text(|| text(request, &query));
        let look_back = pattern.horizon().saturating_add(older);
        vec![Query { dialect: self.id(), part: None, text, look_back, wait: pattern.wait(), columns, held }]
    }

    fn coverage(&self, class: &ClassBinding) -> Vec<String> {
        source::Source::read(&class.source).map(|source| coverage::coverage(&source)).unwrap_or_default()
    }
}

pub use held::{Column, Function, Objects, Watchlist, objects};
pub use lower::entity_column;
