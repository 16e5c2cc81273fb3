//! Every feature in words, for the support matrix. What a dialect can do with it is asked of the dialect itself.

use super::Feature;

/// Every feature once, in the order of the matrix; one with a number stands for its smallest interesting one.
pub const FEATURES: &[Feature] = &[
    Feature::SingleEvent,
    Feature::Then,
    Feature::ThenBeyondKey,
    Feature::With(2),
    Feature::With(3),
    Feature::WithBeyondKey(2),
    Feature::NotFollowed,
    Feature::NotPreceded,
    Feature::Count(2),
    Feature::CountBeyondKey(2),
    Feature::Distinct,
    Feature::SumOrAverage,
    Feature::Extremum,
    Feature::ExtremumBeyondKey,
    Feature::ExtremumOfAll,
    Feature::AggregateArithmetic,
    Feature::AggregateOfExtrema,
    Feature::AggregateColumn,
    Feature::TwoWindows,
    Feature::ChangingKeys,
    Feature::GroupAsStep,
    Feature::NegationAfterChain,
    Feature::NegationOfPattern,
    Feature::NegationAsStep,
    Feature::RenamedKey,
    Feature::SelfJoin,
    Feature::OverlapInThen,
    Feature::OverlapInWith,
    Feature::OverlapAcrossLevels,
    Feature::EqualTimes,
    Feature::ListKey,
    Feature::ListEntity,
    Feature::TypedKey,
    Feature::SubSecondWindow,
    Feature::Steps(3),
    Feature::LateJudgement,
    Feature::TextIgnoringCase,
    Feature::TextCased,
    Feature::CaseBeyondAscii,
    Feature::GlobOne,
    Feature::GlobInner,
    Feature::LiteralWildcard,
    Feature::LineBreakInText,
    Feature::Regex,
    Feature::RegexIgnoringCase,
    Feature::RegexInnerAnchor,
    Feature::RegexEnd,
    Feature::RegexEmptyOnList,
    Feature::NumberTest,
    Feature::BoolTest,
    Feature::TimeTest,
    Feature::PortRanges,
    Feature::NetworkV4,
    Feature::NetworkV6,
    Feature::AddressEquals,
    Feature::Presence,
    Feature::FieldEqualsField,
    Feature::FieldEqualsFieldCased,
    Feature::FieldOrder,
    Feature::Arithmetic,
    Feature::ListField,
];

/// A feature in the words of the language.
#[must_use]
pub const fn label(feature: Feature) -> &'static str {
    match feature {
        Feature::SingleEvent => "a single event",
        Feature::Then => "then",
        Feature::ThenBeyondKey => "then, entity beyond the key",
        Feature::With(0..=2) => "with, two operands",
        Feature::With(_) => "with, three operands or more",
        Feature::WithBeyondKey(_) => "with, entity beyond the key",
        Feature::NotFollowed => "not followed by",
        Feature::NotPreceded => "not preceded by",
        Feature::Count(_) => "count() >= n",
        Feature::CountBeyondKey(_) => "count() >= n, entity beyond the key",
        Feature::Distinct => "distinct(f) >= n",
        Feature::SumOrAverage => "sum(f), avg(f) against a constant",
        Feature::Extremum => "max(f) >= c, min(f) < c",
        Feature::ExtremumBeyondKey => "max(f) >= c, min(f) < c, entity beyond the key",
        Feature::ExtremumOfAll => "max(f) < c, min(f) >= c",
        Feature::AggregateArithmetic => "any other having",
        Feature::AggregateOfExtrema => "max(f) - min(f)",
        Feature::AggregateColumn => "sum(f) as name",
        Feature::TwoWindows => "a window in a window, one key",
        Feature::ChangingKeys => "steps joined on different keys",
        Feature::GroupAsStep => "grouped as a step",
        Feature::NegationAfterChain => "not followed or preceded by, of a chain",
        Feature::NegationOfPattern => "a chain that must be absent",
        Feature::NegationAsStep => "not followed or preceded by, as a step",
        Feature::RenamedKey => "a key with differently named fields",
        Feature::SelfJoin => "two steps with one predicate",
        Feature::OverlapInThen => "then, one event fits two steps",
        Feature::OverlapInWith => "with, one event fits two steps",
        Feature::OverlapAcrossLevels => "one event fits steps of two levels",
        Feature::EqualTimes => "the order of equal times",
        Feature::ListKey => "a key with several values",
        Feature::ListEntity => "an entity with several values",
        Feature::TypedKey => "a key that is not text",
        Feature::SubSecondWindow => "a window of parts of a second",
        Feature::Steps(_) => "three steps or more",
        Feature::LateJudgement => "an absence judged after its window",
        Feature::TextIgnoringCase => "text, ignoring case",
        Feature::TextCased => "text, cased",
        Feature::CaseBeyondAscii => "ignoring case beyond ASCII",
        Feature::GlobOne => "like with ?",
        Feature::GlobInner => "like with * inside",
        Feature::LiteralWildcard => "a literal * or ?",
        Feature::LineBreakInText => "a line break in text",
        Feature::Regex => "matches",
        Feature::RegexIgnoringCase => "matches nocase",
        Feature::RegexInnerAnchor => "matches, ^ or $ inside",
        Feature::RegexEnd => "matches, $ before a last line break",
        Feature::RegexEmptyOnList => "matches, empty, several values",
        Feature::NumberTest => "a number against a constant",
        Feature::BoolTest => "a bool",
        Feature::TimeTest => "a datetime against a constant",
        Feature::PortRanges => "ports in ranges",
        Feature::NetworkV4 => "IPv4 networks",
        Feature::NetworkV6 => "IPv6 networks",
        Feature::AddressEquals => "single addresses",
        Feature::Presence => "exists, missing",
        Feature::FieldEqualsField => "two text fields compared",
        Feature::FieldEqualsFieldCased => "two text fields compared, cased",
        Feature::FieldOrder => "two numbers or times compared",
        Feature::Arithmetic => "arithmetic of fields",
        Feature::ListField => "a field with several values",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_variant_of_feature_stands_in_the_matrix() {
        let listed: BTreeSet<String> = FEATURES.iter().map(|f| name(&format!("{f:?}"))).collect();
        let lines = include_str!("feature.rs").lines().filter_map(|line| line.strip_prefix("    "));
        let declared: BTreeSet<String> = lines.filter(|line| line.starts_with(char::is_uppercase)).map(name).collect();
        assert!(declared.len() > 50, "the variants are not where this test looks for them");
        assert_eq!(listed, declared);
    }

    #[test]
    fn no_two_rows_of_the_matrix_have_one_name() {
        let labels: BTreeSet<&str> = FEATURES.iter().map(|f| label(*f)).collect();
        assert_eq!(labels.len(), FEATURES.len());
    }

    fn name(variant: &str) -> String {
        variant.chars().take_while(|c| c.is_alphanumeric()).collect()
    }
}
