//! What ES|QL can say. It is asked for what one class of events says by itself: single events, and what is counted or summed
//! over a window of them.

use crate::capability::{Direction, Feature, Support};

/// The answer to a feature.
pub fn support(feature: Feature) -> Support {
    match feature {
        Feature::SingleEvent
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
        | Feature::TypedKey
        | Feature::ListEntity
        | Feature::SubSecondWindow => Support::Exact,
        Feature::Then
        | Feature::ThenBeyondKey
        | Feature::With(_)
        | Feature::WithBeyondKey(_)
        | Feature::NotFollowed
        | Feature::NotPreceded
        | Feature::TwoWindows
        | Feature::ChangingKeys
        | Feature::GroupAsStep
        | Feature::NegationAfterChain
        | Feature::NegationOfPattern
        | Feature::NegationAsStep => one_event_only(),
        // Facts about the patterns above, which are refused as such.
        Feature::RenamedKey
        | Feature::SelfJoin
        | Feature::OverlapInThen
        | Feature::OverlapInWith
        | Feature::OverlapAcrossLevels
        | Feature::EqualTimes
        | Feature::Steps(_)
        | Feature::LateJudgement => Support::Exact,
        // https://www.elastic.co/docs/reference/query-languages/esql/esql-multivalued-fields#esql-multivalued-fields-functions
        Feature::ListKey | Feature::ListField => {
            Support::no("in ES|QL a test of a field with several values is null, which is neither true nor false")
        }
        Feature::TextIgnoringCase
        | Feature::TextCased
        | Feature::GlobOne
        | Feature::GlobInner
        | Feature::LiteralWildcard
        | Feature::LineBreakInText
        | Feature::Regex
        | Feature::RegexIgnoringCase
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
        | Feature::Arithmetic => Support::Exact,
        // https://www.elastic.co/docs/reference/query-languages/esql/functions-operators/string-functions/to_lower
        Feature::CaseBeyondAscii => Support::lossy(
            "letters beyond ASCII",
            Direction::Both,
            "`TO_LOWER` makes small letters, which is not the folding of case for every letter beyond ASCII",
        ),
        Feature::RegexInnerAnchor => Support::no_but(
            "Lucene's regular expressions have no `^` or `$`",
            "write the anchor at the start or end of a top-level alternative",
        ),
    }
}

/// The refusal of whatever relates events to each other other than by counting them.
pub fn one_event_only() -> Support {
    Support::no("in ES|QL only single events are said, and what is counted or summed over events of one name")
}
