//! What Sigma can say: the rules of specification 2.1.0 where engines that run them agree. Each answer was tried with an
//! engine against the meaning of the language on many random streams of events.
//!
//! <https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-correlation-rules-specification.md>

use crate::capability::{Direction, Feature, Support, TIES};

/// The loss of entity fields that a correlation's alert does not carry.
pub const BEYOND_GROUP_BY: &str = "entity beyond group-by";

/// The answer to a feature.
pub fn support(feature: Feature) -> Support {
    match feature {
        Feature::SingleEvent
        | Feature::With(_)
        | Feature::Count(_)
        | Feature::Distinct
        | Feature::SumOrAverage
        | Feature::Extremum
        | Feature::GroupAsStep
        | Feature::RenamedKey
        | Feature::ListEntity
        | Feature::TypedKey
        | Feature::Steps(_) => Support::Exact,
        Feature::Then => Support::Exact,
        Feature::EqualTimes => {
            Support::lossy(TIES, Direction::Under, "some engines do not take two events of the same time as ordered")
        }
        Feature::ThenBeyondKey | Feature::WithBeyondKey(_) | Feature::CountBeyondKey(_) => Support::lossy(
            BEYOND_GROUP_BY,
            Direction::Under,
            "an alert of a correlation carries its `group-by` fields only",
        ),
        Feature::OverlapInThen | Feature::SelfJoin => Support::lossy(
            "one event for two steps",
            Direction::Over,
            "some engines let one event stand for two steps of an ordered correlation",
        ),
        Feature::OverlapInWith | Feature::OverlapAcrossLevels => Support::lossy(
            "one event for two steps",
            Direction::Over,
            "one event can stand for two rules of a correlation",
        ),
        Feature::TwoWindows => Support::lossy(
            "time of the inner alert",
            Direction::Over,
            "engines may date the alert of an inner correlation later than its last event",
        ),
        Feature::NotFollowed
        | Feature::NotPreceded
        | Feature::NegationAfterChain
        | Feature::NegationOfPattern
        | Feature::NegationAsStep
        | Feature::LateJudgement => no_absence(),
        Feature::ExtremumOfAll
        | Feature::AggregateArithmetic
        | Feature::AggregateOfExtrema
        | Feature::AggregateColumn => one_aggregate_only(),
        Feature::ExtremumBeyondKey => {
            Support::no("the event that is extreme is not the one whose fields are asked for")
        }
        Feature::ChangingKeys => one_key_only(),
        Feature::ListKey => Support::no("the specification does not say how a correlation groups by several values"),
        Feature::SubSecondWindow => whole_seconds_only(),
        Feature::TextIgnoringCase
        | Feature::TextCased
        | Feature::GlobOne
        | Feature::GlobInner
        | Feature::LiteralWildcard
        | Feature::LineBreakInText
        | Feature::Regex
        | Feature::RegexIgnoringCase
        | Feature::RegexInnerAnchor
        | Feature::NumberTest
        | Feature::BoolTest
        | Feature::PortRanges
        | Feature::NetworkV4
        | Feature::NetworkV6
        | Feature::AddressEquals
        | Feature::Presence
        | Feature::ListField => Support::Exact,
        Feature::CaseBeyondAscii => Support::lossy(
            "letters beyond ASCII",
            Direction::Both,
            "engines differ in whether they ignore the case of letters beyond ASCII",
        ),
        Feature::RegexEnd => Support::lossy(
            "trailing newline",
            Direction::Both,
            "in many engines `$` also matches before a newline that ends the text",
        ),
        Feature::RegexEmptyOnList => Support::no("an empty text among a field's values would match"),
        Feature::TimeTest => Support::no("Sigma has no comparison of dates"),
        Feature::FieldEqualsField | Feature::FieldEqualsFieldCased => Support::lossy(
            "case of compared fields",
            Direction::Both,
            "the specification does not say whether `fieldref` ignores case",
        ),
        Feature::FieldOrder | Feature::Arithmetic => {
            Support::no("Sigma compares two fields only for equality and computes nothing")
        }
    }
}

/// The refusal of everything that asks for an absence.
pub fn no_absence() -> Support {
    Support::no("specification 2.1.0 has no correlation over the absence of events")
}

/// The refusal of conditions of a group that are more than one aggregate against one constant.
pub fn one_aggregate_only() -> Support {
    Support::no("a correlation compares one count, sum or average with a constant")
}

/// The refusal of keys that change between steps.
pub fn one_key_only() -> Support {
    Support::no_but(
        "a correlation passes on nothing but its key, so steps cannot be joined on different ones",
        "join all steps on the same fields, such as the host and the process, where the log sources have them",
    )
}

/// The refusal of windows with a fraction of a second.
pub fn whole_seconds_only() -> Support {
    Support::no("a `timespan` is in whole seconds")
}
