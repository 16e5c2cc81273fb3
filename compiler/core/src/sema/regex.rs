//! Regular expressions of the portable subset: text to [`Node`], or which part every target cannot say.

use std::ops::Range;

use regex_syntax::ast::{self, Ast};

use crate::plan::regex::{Class, Node, Regex};

/// What is wrong with a regular expression, and where in its text (bytes).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RegexError {
    /// One sentence.
    pub message: String,
    /// The part of the text concerned.
    pub range: Range<usize>,
}

/// The greatest count in `{m,n}`: RE2, which Sentinel uses, takes no more (<https://github.com/google/re2/wiki/Syntax>).
const MAX_REPEAT: u32 = 1000;

/// The greatest [`weight`]: far above what is written by hand, and what the evaluator and every engine compile. One that
/// does not compile would match nothing in silence.
const MAX_WEIGHT: u64 = 10_000;

/// How deeply groups may nest.
const MAX_DEPTH: u32 = 100;

/// Reads a regular expression.
///
/// # Errors
/// Names the first part that is outside the portable subset (see [`crate::plan::regex`]).
pub fn parse(text: &str) -> Result<Regex, RegexError> {
    let mut parser = ast::parse::ParserBuilder::new().nest_limit(MAX_DEPTH).build();
    let tree = parser.parse(text).map_err(|e| syntax_error(&e))?;
    let node = node(&tree)?;
    if weight(&node) > MAX_WEIGHT {
        return error(format!("its repetitions multiply to more than {MAX_WEIGHT} characters"), tree.span());
    }
    Ok(Regex { source: text.to_owned(), node })
}

/// How many characters and ranges the expression has once its repetitions are written out.
fn weight(node: &Node) -> u64 {
    match node {
        Node::Empty | Node::Literal(_) | Node::Dot | Node::Start | Node::End => 1,
        Node::Class(class) => u64::try_from(class.ranges.len()).unwrap_or(u64::MAX).max(1),
        Node::Concat(parts) | Node::Alternate(parts) => parts.iter().map(weight).fold(0, u64::saturating_add),
        Node::Repeat { node, min, max } => weight(node).saturating_mul(u64::from(max.unwrap_or(*min).max(1))),
    }
}

fn error<T>(message: impl Into<String>, span: &ast::Span) -> Result<T, RegexError> {
    Err(RegexError { message: message.into(), range: span.start.offset..span.end.offset })
}

fn syntax_error(error: &ast::Error) -> RegexError {
    use ast::ErrorKind;
    let message = match error.kind() {
        ErrorKind::UnsupportedLookAround => "look-around is not portable".to_owned(),
        ErrorKind::UnsupportedBackreference => "back-references are not portable".to_owned(),
        ErrorKind::NestLimitExceeded(_) => format!("groups nest deeper than {MAX_DEPTH}"),
        other => format!("not a regular expression: {other}"),
    };
    RegexError { message, range: error.span().start.offset..error.span().end.offset }
}

fn node(tree: &Ast) -> Result<Node, RegexError> {
    match tree {
        Ast::Empty(_) => Ok(Node::Empty),
        Ast::Flags(flags) => error("flags such as `(?i)` are not portable; `matches nocase` ignores case", &flags.span),
        Ast::Literal(literal) => Ok(Node::Literal(literal.c)),
        Ast::Dot(_) => Ok(Node::Dot),
        Ast::Assertion(assertion) => anchor(assertion),
        Ast::ClassUnicode(class) => error("Unicode classes such as `\\p{L}` are not portable", &class.span),
        Ast::ClassPerl(class) => {
            Ok(Node::Class(Class { negated: class.negated, ranges: perl_ranges(&class.kind).to_vec() }))
        }
        Ast::ClassBracketed(class) => bracketed(class),
        Ast::Repetition(repetition) => repeat(repetition),
        Ast::Group(group) => match &group.kind {
            ast::GroupKind::CaptureIndex(_) => node(&group.ast),
            ast::GroupKind::NonCapturing(flags) if flags.items.is_empty() => node(&group.ast),
            ast::GroupKind::NonCapturing(flags) => {
                error("flags such as `(?i:…)` are not portable; `matches nocase` ignores case", &flags.span)
            }
            ast::GroupKind::CaptureName { .. } => error("named groups are not portable: write `(…)`", &group.span),
        },
        Ast::Alternation(alternation) => Ok(Node::Alternate(nodes(&alternation.asts)?)),
        Ast::Concat(concat) => Ok(Node::Concat(nodes(&concat.asts)?)),
    }
}

fn nodes(trees: &[Ast]) -> Result<Vec<Node>, RegexError> {
    trees.iter().map(node).collect()
}

fn anchor(assertion: &ast::Assertion) -> Result<Node, RegexError> {
    match assertion.kind {
        ast::AssertionKind::StartLine | ast::AssertionKind::StartText => Ok(Node::Start),
        ast::AssertionKind::EndLine | ast::AssertionKind::EndText => Ok(Node::End),
        _ => error("word boundaries are not portable", &assertion.span),
    }
}

fn repeat(repetition: &ast::Repetition) -> Result<Node, RegexError> {
    if matches!(&*repetition.ast, Ast::Assertion(_)) {
        return error("an anchor cannot be repeated", &repetition.span);
    }
    let (min, max) = match &repetition.op.kind {
        ast::RepetitionKind::ZeroOrOne => (0, Some(1)),
        ast::RepetitionKind::ZeroOrMore => (0, None),
        ast::RepetitionKind::OneOrMore => (1, None),
        ast::RepetitionKind::Range(ast::RepetitionRange::Exactly(n)) => (*n, Some(*n)),
        ast::RepetitionKind::Range(ast::RepetitionRange::AtLeast(n)) => (*n, None),
        ast::RepetitionKind::Range(ast::RepetitionRange::Bounded(n, m)) => (*n, Some(*m)),
    };
    if max.unwrap_or(min) > MAX_REPEAT {
        return error(format!("a part cannot be repeated more than {MAX_REPEAT} times"), &repetition.op.span);
    }
    Ok(Node::Repeat { node: Box::new(node(&repetition.ast)?), min, max })
}

/// The characters of `\d`, `\s` and `\w`: ASCII.
fn perl_ranges(kind: &ast::ClassPerlKind) -> &'static [(char, char)] {
    match kind {
        ast::ClassPerlKind::Digit => &[('0', '9')],
        ast::ClassPerlKind::Space => &[('\t', '\r'), (' ', ' ')],
        ast::ClassPerlKind::Word => &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')],
    }
}

fn bracketed(class: &ast::ClassBracketed) -> Result<Node, RegexError> {
    let mut ranges = Vec::new();
    match &class.kind {
        ast::ClassSet::Item(item) => class_item(item, &mut ranges)?,
        ast::ClassSet::BinaryOp(op) => return error("set operations in classes are not portable", &op.span),
    }
    Ok(Node::Class(Class { negated: class.negated, ranges: merge(ranges) }))
}

fn class_item(item: &ast::ClassSetItem, ranges: &mut Vec<(char, char)>) -> Result<(), RegexError> {
    use ast::ClassSetItem as Item;
    match item {
        Item::Empty(_) => {}
        Item::Literal(literal) => ranges.push((literal.c, literal.c)),
        Item::Range(range) => ranges.push((range.start.c, range.end.c)),
        Item::Perl(class) if class.negated => ranges.extend(complement(perl_ranges(&class.kind))),
        Item::Perl(class) => ranges.extend(perl_ranges(&class.kind)),
        Item::Union(union) => union.items.iter().try_for_each(|i| class_item(i, ranges))?,
        Item::Ascii(class) => return error("named classes such as `[:alpha:]` are not portable", &class.span),
        Item::Unicode(class) => return error("Unicode classes are not portable", &class.span),
        Item::Bracketed(class) => return error("a class inside a class is not portable: write `\\[`", &class.span),
    }
    Ok(())
}

/// Sorts ranges and joins those that touch.
fn merge(mut ranges: Vec<(char, char)>) -> Vec<(char, char)> {
    ranges.sort_unstable();
    let mut merged: Vec<(char, char)> = Vec::new();
    for (low, high) in ranges {
        match merged.last_mut() {
            Some((_, end)) if low <= *end || next(*end) == Some(low) => *end = (*end).max(high),
            _ => merged.push((low, high)),
        }
    }
    merged
}

/// The characters outside sorted, disjoint ranges.
fn complement(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut outside = Vec::new();
    let mut from = Some('\0');
    for (low, high) in ranges {
        if let (Some(start), Some(end)) = (from, before(*low))
            && start <= end
        {
            outside.push((start, end));
        }
        from = next(*high);
    }
    outside.extend(from.map(|start| (start, char::MAX)));
    outside
}

/// The code point after `c`, the surrogates left out.
fn next(c: char) -> Option<char> {
    (c..=char::MAX).nth(1)
}

/// The code point before `c`, the surrogates left out.
fn before(c: char) -> Option<char> {
    ('\0'..=c).nth_back(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(negated: bool, ranges: &[(char, char)]) -> Node {
        Node::Class(Class { negated, ranges: ranges.to_vec() })
    }

    #[test]
    fn an_expression_is_refused_before_the_evaluator_cannot_compile_it() {
        for heavy in ["(a{1000}){1000}", "((x{100}){100}){2}", "([^a-z]{500}|b){50}"] {
            let message = parse(heavy).map_err(|e| e.message);
            assert_eq!(message, Err("its repetitions multiply to more than 10000 characters".to_owned()), "{heavy}");
        }
        for heaviest in ["(a{100}){100}", "[^a]{1000}.{1000}\\w{1000}", "([^a-zé]{1000}){5}"] {
            let regex = parse(heaviest).unwrap_or_else(|e| panic!("{heaviest}: {}", e.message));
            for cased in [true, false] {
                assert!(
                    crate::eval::regex::compile(&regex, cased).is_ok(),
                    "{heaviest} does not compile, cased {cased}"
                );
            }
        }
    }

    #[test]
    fn the_portable_subset_becomes_a_tree() {
        let cases = [
            ("", Node::Empty),
            ("a", Node::Literal('a')),
            (r"\.", Node::Literal('.')),
            (".", Node::Dot),
            (r"\d", class(false, &[('0', '9')])),
            (r"[^\da-f]", class(true, &[('0', '9'), ('a', 'f')])),
            (r"[\D]", class(false, &[('\0', '/'), (':', char::MAX)])),
            ("^a$", Node::Concat(vec![Node::Start, Node::Literal('a'), Node::End])),
            ("a|(?:b)", Node::Alternate(vec![Node::Literal('a'), Node::Literal('b')])),
            ("a{2,3}?", Node::Repeat { node: Box::new(Node::Literal('a')), min: 2, max: Some(3) }),
        ];
        for (text, expected) in cases {
            assert_eq!(parse(text).map(|r| r.node), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_is_not_portable_is_named_at_its_place() {
        let cases = [
            ("a(?=b)", "look-around", 1..4),
            (r"(a)\1", "back-references", 3..5),
            ("(?i)a", "flags", 0..4),
            (r"\bfoo", "word boundaries", 0..2),
            (r"\p{L}", "Unicode classes", 0..5),
            ("[[:alpha:]]", "named classes", 1..10),
            ("[a&&b]", "set operations", 1..5),
            ("(?P<x>a)", "named groups", 0..8),
            ("a{1001}", "1000 times", 1..7),
            ("(a", "not a regular expression", 0..1),
        ];
        for (text, message, range) in cases {
            let error = parse(text).expect_err(text);
            assert!(error.message.contains(message), "{text}: {}", error.message);
            assert_eq!(error.range, range, "{text}");
        }
    }
}
