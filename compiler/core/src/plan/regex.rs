//! The portable subset of regular expressions, as a tree that each dialect prints in its own notation.
//!
//! Literals, classes, `.` (not a newline), groups, alternation, greedy and lazy repetition, `^` and `$` (the ends of the
//! text only), `\d \w \s` (ASCII). No look-around, no back-references, no word boundaries, no flags, no Unicode classes:
//! what one product's engine cannot say has no place here.

/// A regular expression: its source and its tree.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Regex {
    /// As written.
    pub source: String,
    /// As understood.
    pub node: Node,
}

/// A node of a regular expression.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Node {
    /// Matches the empty text.
    Empty,
    /// This character.
    Literal(char),
    /// `.`: any character but a newline (`\n`).
    Dot,
    /// `[…]`, `\d`, `\w`, `\s` and their negations.
    Class(Class),
    /// `^`: the start of the text.
    Start,
    /// `$`: the end of the text.
    End,
    /// One after the other.
    Concat(Vec<Node>),
    /// One of several.
    Alternate(Vec<Node>),
    /// Repetition. Laziness does not change whether there is a match and is dropped.
    Repeat {
        /// What is repeated.
        node: Box<Node>,
        /// The least number of times.
        min: u32,
        /// The greatest; none for unbounded.
        max: Option<u32>,
    },
}

/// A set of characters: sorted, disjoint, inclusive ranges.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Class {
    /// Whether it is the characters outside the ranges.
    pub negated: bool,
    /// The ranges.
    pub ranges: Vec<(char, char)>,
}
