//! Sigma documents as a tree: detection rules and correlation rules of specification 2.1.0.
//!
//! <https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-rules-specification.md>
//! <https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-correlation-rules-specification.md>

use crate::plan::{Glob, Logic, Segment};
use crate::sema::literals::folded;

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

impl Value {
    /// Whether the two are the same but for the case of their texts.
    #[must_use]
    pub fn same_without_case(&self, other: &Self) -> bool {
        let (Self::Pattern(a), Self::Pattern(b)) = (self, other) else { return self == other };
        let same = |(a, b): (&Segment, &Segment)| match (a, b) {
            (Segment::Literal(a), Segment::Literal(b)) if begin_differently(a, b) => false,
            (Segment::Literal(a), Segment::Literal(b)) if a.is_ascii() && b.is_ascii() => a.eq_ignore_ascii_case(b),
            (Segment::Literal(a), Segment::Literal(b)) => folded(a).eq(folded(b)),
            (a, b) => a == b,
        };
        a.segments.len() == b.segments.len() && a.segments.iter().zip(&b.segments).all(same)
    }
}

/// Whether two texts differ in their first byte but for case, as most do: letters of ASCII have no case beyond it.
fn begin_differently(a: &str, b: &str) -> bool {
    let first = |text: &str| text.bytes().next().filter(u8::is_ascii);
    first(a).zip(first(b)).is_some_and(|(a, b)| !a.eq_ignore_ascii_case(&b))
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
