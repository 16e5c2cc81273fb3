//! The words of the language that mean something by themselves.
//!
//! A reserved word is no name by itself, but may be a part of one: `event.action` is a field. The keywords of clauses
//! ([`CLAUSES`]) are not reserved: they have a meaning only at the head of a clause.

/// Words that begin an item.
pub(super) const ITEMS: &[&str] = &[
    "analytic",
    "attack",
    "author",
    "class",
    "date",
    "detect",
    "event",
    "let",
    "module",
    "mutable",
    "predicate",
    "reference",
    "sources",
    "strategy",
    "tactic",
    "technique",
    "tunable",
];

/// Words that begin a clause of a detection.
pub(super) const CLAUSES: &[&str] =
    &["accept", "entity", "falsepositive", "id", "pattern", "severity", "status", "suppress", "version"];

/// Words that stand between the operands of an expression.
pub(super) const OPERATORS: &[&str] =
    &["and", "cased", "contains", "endswith", "in", "like", "matches", "or", "startswith"];

/// The other words that expressions, patterns and declarations are built with.
const GLUE: &[&str] = &[
    "as",
    "by",
    "exists",
    "false",
    "followed",
    "grouped",
    "having",
    "missing",
    "nocase",
    "not",
    "on",
    "otherwise",
    "over",
    "preceded",
    "then",
    "true",
    "where",
    "with",
    "within",
];

/// Whether a word is no name by itself. Reserved words are of small letters alone, as few names are.
pub(super) fn is_reserved(word: &str) -> bool {
    word.bytes().all(|byte| byte.is_ascii_lowercase())
        && [ITEMS, OPERATORS, GLUE].iter().any(|list| list.contains(&word))
}
