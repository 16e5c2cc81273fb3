//! Predicates, compiled: fields are slots, literals are folded where case does not count.

use std::cmp::Ordering;
use std::net::IpAddr;

use super::arithmetic::{Quantity, compares, map_comparison};
use super::decode::Schema;
use super::logic::{holds, map};
use super::record::{Record, Slot};
use super::text::{GlobMatcher, fold, fold_into};
use super::value::{Reads, Scalar, compare};
use crate::plan::{
    Cidr, Comparison, Field, Logic, Number, Order, PortRange, Pred, Test, TestKind, TextOp, TextTest, Type,
};

/// A predicate over records.
#[derive(Debug)]
pub struct Predicate(Logic<Check>);

/// A test of one slot. It is true if any of the slot's values satisfies it, so on a missing field it is false.
#[derive(Debug)]
enum Check {
    Exists(Slot),
    Text { slot: Slot, cased: bool, matcher: TextMatcher },
    Number { slot: Slot, op: Order, value: Number },
    NumberIn { slot: Slot, values: Vec<Number> },
    PortIn { slot: Slot, ranges: Vec<PortRange> },
    Bool { slot: Slot, value: bool },
    Time { slot: Slot, op: Order, value: i64 },
    Address { slot: Slot, addresses: Vec<IpAddr>, networks: Vec<Cidr> },
    Compare(Comparison<Leaf>),
}

/// A field in a comparison of two.
#[derive(Debug, Clone, PartialEq)]
struct Leaf {
    slot: Slot,
    ty: Type,
}

/// Any of these. Where case does not count, both sides have been folded.
#[derive(Debug)]
enum TextMatcher {
    /// Sorted by length first, so that most of a search compares numbers.
    Equals(Vec<String>),
    Contains(Vec<String>),
    StartsWith(Vec<String>),
    EndsWith(Vec<String>),
    Like(Vec<GlobMatcher>),
    Matches(Vec<regex::Regex>),
}

impl Predicate {
    /// Compiles a predicate on a class's events; its fields get slots.
    pub fn new(pred: &Pred, class: &str, schema: &mut Schema) -> Self {
        Self(map(pred, &mut |test| check(test, class, schema)))
    }

    /// Whether the record satisfies it. `scratch` is a buffer to fold values in.
    pub fn holds(&self, record: &Record, scratch: &mut String) -> bool {
        holds(&self.0, &mut |check| check.holds(record, scratch))
    }
}

fn check(test: &Test, class: &str, schema: &mut Schema) -> Check {
    let mut slot = |field: &Field| schema.slot(class, &field.name, Reads::of(&field.ty));
    match &test.kind {
        TestKind::Exists(field) => Check::Exists(slot(field)),
        TestKind::Text(TextTest { field, op, cased }) => {
            Check::Text { slot: slot(field), cased: *cased, matcher: text_matcher(op, *cased) }
        }
        TestKind::Matches { field, patterns, cased } => {
            let compiled = patterns.value.iter().filter_map(|regex| super::regex::compile(regex, *cased).ok());
            // The expression itself says whether case counts: the value is taken as it is.
            Check::Text { slot: slot(field), cased: true, matcher: TextMatcher::Matches(compiled.collect()) }
        }
        TestKind::Number { field, op, value } => Check::Number { slot: slot(field), op: *op, value: value.value },
        TestKind::NumberIn { field, values } => Check::NumberIn { slot: slot(field), values: values.value.clone() },
        TestKind::PortIn { field, ranges } => Check::PortIn { slot: slot(field), ranges: ranges.value.clone() },
        TestKind::Bool { field, value } => Check::Bool { slot: slot(field), value: value.value },
        TestKind::Time { field, op, value } => Check::Time { slot: slot(field), op: *op, value: value.value },
        TestKind::Address { field, addresses, networks, param: _ } => Check::Address {
            slot: slot(field),
            addresses: addresses.iter().map(IpAddr::to_canonical).collect(),
            networks: networks.clone(),
        },
        TestKind::Compare(comparison) => {
            let mut leaf = |field: &Field| Leaf { slot: slot(field), ty: field.ty.clone() };
            Check::Compare(map_comparison(comparison, &mut leaf))
        }
    }
}

fn text_matcher(op: &TextOp, cased: bool) -> TextMatcher {
    let literal = |text: &str| if cased { text.to_owned() } else { fold(text) };
    let all = |texts: &[String]| texts.iter().map(|text| literal(text)).collect::<Vec<_>>();
    match op {
        TextOp::Equals(texts) => {
            let mut texts = all(&texts.value);
            texts.sort_unstable_by(|a, b| by_length(a, b));
            TextMatcher::Equals(texts)
        }
        TextOp::Contains(texts) => TextMatcher::Contains(all(&texts.value)),
        TextOp::StartsWith(texts) => TextMatcher::StartsWith(all(&texts.value)),
        TextOp::EndsWith(texts) => TextMatcher::EndsWith(all(&texts.value)),
        TextOp::Like(globs) => {
            TextMatcher::Like(globs.value.iter().map(|glob| GlobMatcher::new(glob, literal)).collect())
        }
    }
}

fn by_length(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.cmp(b))
}

impl TextMatcher {
    fn is_match(&self, value: &str) -> bool {
        match self {
            Self::Equals(texts) => texts.binary_search_by(|text| by_length(text, value)).is_ok(),
            Self::Contains(texts) => texts.iter().any(|text| value.contains(text.as_str())),
            Self::StartsWith(texts) => texts.iter().any(|text| value.starts_with(text.as_str())),
            Self::EndsWith(texts) => texts.iter().any(|text| value.ends_with(text.as_str())),
            Self::Like(globs) => globs.iter().any(|glob| glob.is_match(value)),
            Self::Matches(patterns) => patterns.iter().any(|pattern| pattern.is_match(value)),
        }
    }
}

impl Check {
    fn holds(&self, record: &Record, scratch: &mut String) -> bool {
        match self {
            Self::Exists(slot) => record.values(*slot).next().is_some(),
            Self::Text { slot, cased, matcher } => record.values(*slot).any(|value| {
                let address;
                let text = match value {
                    Scalar::Text(text) => text,
                    Scalar::Ip(ip) => {
                        address = ip.to_string();
                        &address
                    }
                    Scalar::Bool(_) | Scalar::Int(_) | Scalar::Float(_) | Scalar::Time(_) => return false,
                };
                if *cased {
                    matcher.is_match(text)
                } else {
                    fold_into(text, scratch);
                    matcher.is_match(scratch)
                }
            }),
            Self::Number { slot, op, value } => numbers(record, *slot, |n| op.holds(compare(n, *value))),
            Self::NumberIn { slot, values } => {
                numbers(record, *slot, |n| values.iter().any(|value| compare(n, *value).is_eq()))
            }
            Self::PortIn { slot, ranges } => numbers(record, *slot, |n| {
                let at_least = |low: u16| compare(n, Number::Int(i64::from(low))).is_ge();
                let at_most = |high: u16| compare(n, Number::Int(i64::from(high))).is_le();
                ranges.iter().any(|range| at_least(range.low) && at_most(range.high))
            }),
            Self::Bool { slot, value } => record.values(*slot).any(|v| v == Scalar::Bool(*value)),
            Self::Time { slot, op, value } => {
                record.values(*slot).any(|v| matches!(v, Scalar::Time(t) if op.holds(t.cmp(value))))
            }
            Self::Address { slot, addresses, networks } => record.values(*slot).any(|value| match value {
                Scalar::Ip(ip) => addresses.contains(&ip) || networks.iter().any(|network| network.contains(ip)),
                _ => false,
            }),
            Self::Compare(comparison) => {
                compares(comparison, &mut |leaf| record.single(leaf.slot).map(|scalar| Quantity::of(scalar, &leaf.ty)))
            }
        }
    }
}

fn numbers(record: &Record, slot: Slot, test: impl Fn(Number) -> bool) -> bool {
    record.values(slot).any(|value| match value {
        Scalar::Int(i) => test(Number::Int(i)),
        Scalar::Float(x) => test(Number::Float(x)),
        Scalar::Bool(_) | Scalar::Time(_) | Scalar::Ip(_) | Scalar::Text(_) => false,
    })
}
