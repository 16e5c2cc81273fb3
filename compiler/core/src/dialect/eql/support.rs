//! What EQL can say. Each answer was tried against the meaning of the language on many random streams of events, with a
//! port of Elasticsearch's sequence matcher.
//!
//! Of a sequence: <https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax#eql-sequences>

use crate::capability::{Direction, Feature, Support, TIES};

/// The answer to a feature.
pub fn support(feature: Feature) -> Support {
    match feature {
        Feature::SingleEvent
        | Feature::NotPreceded
        | Feature::Extremum
        | Feature::RenamedKey
        | Feature::SelfJoin
        | Feature::OverlapInThen
        | Feature::OverlapInWith
        | Feature::OverlapAcrossLevels
        | Feature::ListEntity
        | Feature::TypedKey
        | Feature::SubSecondWindow
        | Feature::Steps(_) => Support::Exact,
        // `then` and `not followed by` answer for equal times themselves, each in its direction.
        Feature::EqualTimes => Support::Exact,
        Feature::Then => {
            Support::lossy(TIES, Direction::Under, "two steps in the same millisecond may be taken in the other order")
        }
        Feature::NotFollowed => {
            Support::lossy(TIES, Direction::Over, "an event in the same millisecond does not count as following")
        }
        // A rule waits for the window (`Query::wait`): its run ends that long before now.
        Feature::LateJudgement => Support::Exact,
        Feature::With(n) => orders(n, Support::Exact),
        Feature::ThenBeyondKey => beyond_key(),
        Feature::WithBeyondKey(n) => orders(n, beyond_key()),
        Feature::Count(n) => count(n, Support::Exact),
        Feature::CountBeyondKey(n) => count(
            n,
            Support::lossy(
                TIES,
                Direction::Under,
                "of events in the same millisecond only the last ones complete a count",
            ),
        ),
        Feature::TwoWindows | Feature::GroupAsStep => Support::lossy(
            "one window",
            Direction::Over,
            "a sequence has one window, so the two windows are added and the events may lie anywhere in their sum",
        ),
        Feature::Distinct
        | Feature::SumOrAverage
        | Feature::ExtremumOfAll
        | Feature::AggregateArithmetic
        | Feature::AggregateOfExtrema
        | Feature::AggregateColumn => {
            Support::no_but("EQL counts events and computes nothing over several", "use a dialect that aggregates")
        }
        Feature::ExtremumBeyondKey => {
            Support::no("the event that is extreme is not the one whose fields are asked for")
        }
        Feature::ChangingKeys => one_key_only(),
        Feature::NegationAfterChain => {
            Support::no("a sequence measures an absence from its first event and hides later matches of its last")
        }
        Feature::NegationOfPattern => Support::no("only a single event can be missing from a sequence"),
        Feature::NegationAsStep => {
            Support::no("an absence inside a sequence means between its neighbours, not within a window of its own")
        }
        Feature::ListKey => Support::no_but(
            "how a sequence joins on several values is not documented",
            "join on a field that holds one value",
        ),
        Feature::TextIgnoringCase
        | Feature::TextCased
        | Feature::GlobOne
        | Feature::GlobInner
        | Feature::LiteralWildcard
        | Feature::LineBreakInText
        | Feature::Regex
        | Feature::RegexIgnoringCase
        | Feature::RegexEnd
        | Feature::NumberTest
        | Feature::BoolTest
        | Feature::PortRanges
        | Feature::NetworkV4
        | Feature::NetworkV6
        | Feature::AddressEquals
        | Feature::Presence
        | Feature::ListField => Support::Exact,
        // https://www.elastic.co/docs/reference/query-languages/query-dsl/query-dsl-term-query
        Feature::CaseBeyondAscii => Support::lossy(
            "letters beyond ASCII",
            Direction::Both,
            "Elasticsearch ignores the case of ASCII letters only",
        ),
        Feature::RegexInnerAnchor => Support::no_but(
            "Lucene's regular expressions have no `^` or `$`",
            "write the anchor at the start or end of a top-level alternative",
        ),
        Feature::RegexEmptyOnList => Support::no("an empty text among a field's values would match"),
        Feature::TimeTest => Support::no("EQL's documentation does not say how a date compares with a constant"),
        Feature::FieldEqualsField | Feature::FieldEqualsFieldCased | Feature::FieldOrder | Feature::Arithmetic => {
            super::predicate::no_fields_compared()
        }
    }
}

/// `with`: one rule for each order of its operands.
fn orders(operands: usize, answer: Support) -> Support {
    if operands <= 3 {
        answer
    } else {
        Support::no("each order of the operands is a rule of its own, and four have 24 orders")
    }
}

fn beyond_key() -> Support {
    Support::lossy(
        "first match only",
        Direction::Under,
        "a sequence reports one row for each start, so a later match with the same key may not be named",
    )
}

/// <https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax#eql-with-runs-statement>
fn count(n: i64, answer: Support) -> Support {
    match n {
        ..=1 => Support::Exact,
        2..=100 => answer,
        _ => Support::no_but("EQL counts to 100 at most", "use a dialect that aggregates"),
    }
}

/// The refusal of keys that change between steps.
pub fn one_key_only() -> Support {
    Support::no_but(
        "a sequence has one key for all its steps",
        "join all steps on the same fields, such as the host and the process, where the profile has them on every event",
    )
}
