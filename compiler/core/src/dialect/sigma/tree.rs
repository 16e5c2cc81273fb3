//! Sigma documents as a tree: detection rules and correlation rules of specification 2.1.0.
//!
//! <https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-rules-specification.md>
//! <https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-correlation-rules-specification.md>

use std::borrow::Cow;

use crate::plan::{Glob, Logic, Segment};
use crate::sema::literals::fold;

/// One document of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Document {
    /// What every rule says of itself.
    pub head: Head,
    /// What it detects.
    pub body: Body,
}

/// A rule's metadata.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// One line.
    pub title: String,
    /// A UUID.
    pub id: String,
    /// The name by which correlations call it.
    pub name: String,
    /// What it detects.
    pub description: String,
    /// How far it is to be trusted.
    pub status: &'static str,
    /// Its licence, in a pack.
    pub license: Option<String>,
    /// Links.
    pub references: Vec<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// The day it was first published.
    pub date: Option<String>,
    /// `attack.…`
    pub tags: Vec<String>,
    /// What false alarms look like.
    pub false_positives: Vec<String>,
    /// How grave.
    pub level: &'static str,
    /// Its version, in a pack.
    pub version: Option<u32>,
}

/// The two kinds of rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Single events.
    Detection {
        /// Where the events come from: `category`, `product`, `service`, `definition`.
        log_source: Vec<(&'static str, String)>,
        /// Which of them.
        detection: Detection,
        /// The fields to look at first.
        fields: Vec<String>,
    },
    /// Rules together.
    Correlation(Correlation),
}

/// Named selections and how they combine.
#[derive(Debug, Clone, PartialEq)]
pub struct Detection {
    /// Each name with the tests that must all hold.
    pub selections: Vec<(String, Vec<Item>)>,
    /// Over the names.
    pub condition: Logic<String>,
}

/// One line of a selection: a field equal to any of the values.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    /// The field's name.
    pub field: String,
    /// In the order in which they apply.
    pub modifiers: Vec<Modifier>,
    /// At least one.
    pub values: Vec<Value>,
    /// A word for the item's meaning, for the name of its selection.
    pub meaning: String,
}

/// Modifiers of a field.
/// <https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-appendix-modifiers.md>
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Modifier {
    /// `contains`
    Contains,
    /// `startswith`
    StartsWith,
    /// `endswith`
    EndsWith,
    /// `cased`
    Cased,
    /// `re`
    Regex,
    /// `i`, after `re`
    IgnoreCase,
    /// `cidr`
    Cidr,
    /// `exists`
    Exists,
    /// `fieldref`
    FieldReference,
    /// `lt`
    Less,
    /// `lte`
    AtMost,
    /// `gt`
    Greater,
    /// `gte`
    AtLeast,
}

/// A value of an item.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A text with wildcards; without any it is itself.
    Pattern(Glob),
    /// A text in another notation: a regular expression, a network, a field's name.
    Verbatim(String),
    /// A whole number.
    Int(i64),
    /// A double.
    Float(f64),
    /// `true` or `false`
    Bool(bool),
}

/// What tells a value from others of a list.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key<'a> {
    /// Of a pattern.
    Pattern(Cow<'a, [Segment]>),
    /// Of a text in another notation.
    Verbatim(&'a str),
    /// Of a whole number.
    Int(i64),
    /// Of a double, by its bits.
    Float(u64),
    /// Of `true` and `false`.
    Bool(bool),
}

impl Value {
    /// Its key. Patterns that differ in case alone have one, unless case counts.
    #[must_use]
    pub fn key(&self, cased: bool) -> Key<'_> {
        match self {
            Self::Pattern(glob) if cased || glob.segments.iter().all(is_folded) => {
                Key::Pattern(Cow::Borrowed(&glob.segments))
            }
            Self::Pattern(glob) => Key::Pattern(glob.segments.iter().map(folded).collect()),
            Self::Verbatim(text) => Key::Verbatim(text),
            Self::Int(number) => Key::Int(*number),
            Self::Float(number) => Key::Float(number.to_bits()),
            Self::Bool(value) => Key::Bool(*value),
        }
    }
}

fn is_folded(segment: &Segment) -> bool {
    match segment {
        Segment::Literal(text) => text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()),
        Segment::Any | Segment::One => true,
    }
}

fn folded(segment: &Segment) -> Segment {
    match segment {
        Segment::Literal(text) => Segment::Literal(fold(text)),
        other => other.clone(),
    }
}

/// Rules that fire together.
#[derive(Debug, Clone, PartialEq)]
pub struct Correlation {
    /// How.
    pub kind: CorrelationKind,
    /// The names of the rules, in order.
    pub rules: Vec<String>,
    /// The fields that must be equal, by name or alias.
    pub group_by: Vec<String>,
    /// In whole seconds, at least 1.
    pub timespan: i64,
    /// For each alias, the field of each rule.
    pub aliases: Vec<(String, Vec<(String, String)>)>,
    /// How much is enough.
    pub threshold: (Modifier, i64),
}

/// The types of correlation. Those over a field name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorrelationKind {
    /// `temporal`
    Temporal,
    /// `temporal_ordered`
    TemporalOrdered,
    /// `event_count`
    EventCount,
    /// `value_count`: different values of a field
    ValueCount(String),
    /// `value_sum`
    ValueSum(String),
    /// `value_avg`
    ValueAverage(String),
}
