//! The parser that the grammar file generates.

use pest::Parser as _;
use pest::iterators::Pairs;

#[derive(pest_derive::Parser)]
#[grammar = "syntax/grammar.pest"]
struct DetParser;

/// Reads `text` by a rule.
///
/// # Errors
/// Where the text stops being of that rule, and what it might have been.
pub(super) fn pairs(rule: Rule, text: &str) -> Result<Pairs<'_, Rule>, Box<pest::error::Error<Rule>>> {
    DetParser::parse(rule, text).map_err(Box::new)
}
