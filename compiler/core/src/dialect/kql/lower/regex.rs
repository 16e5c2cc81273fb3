//! Text patterns as the regular expressions that `matches regex` takes.
//! <https://learn.microsoft.com/kusto/query/regex>

use std::fmt::Write as _;

use crate::plan::regex::{Class, Node};
use crate::plan::{Glob, Segment};

/// The largest count that a repetition may have.
const MAX_REPEAT: u32 = 1000;

/// A text that must be found somewhere, at the start or at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anchor {
    /// Anywhere.
    Inside,
    /// At the start.
    Start,
    /// At the end.
    End,
    /// The whole value.
    Whole,
}

/// Flags: `.` is any character; case counts or not.
const fn flags(cased: bool) -> &'static str {
    if cased { "(?s)" } else { "(?is)" }
}

/// What stands before and after alternatives of texts or globs at this place.
#[must_use]
pub fn around(anchor: Anchor, cased: bool) -> (String, &'static str) {
    let flags = flags(cased);
    match anchor {
        Anchor::Inside => (flags.to_owned(), ""),
        Anchor::Start => (format!("{flags}^(?:"), ")"),
        Anchor::End => (format!("{flags}(?:"), ")$"),
        Anchor::Whole => (format!("{flags}^(?:"), ")$"),
    }
}

/// A text, without its place.
#[must_use]
pub fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    escape(&mut out, text);
    out
}

/// A glob, without its place.
#[must_use]
pub fn glob(glob: &Glob) -> String {
    let mut out = String::with_capacity(usual_length(glob));
    write_glob(&mut out, glob);
    out
}

/// The bytes of most globs as regular expressions.
fn usual_length(glob: &Glob) -> usize {
    let length = |segment: &Segment| match segment {
        Segment::Literal(literal) => literal.len() + 4,
        Segment::Any | Segment::One => 2,
    };
    glob.segments.iter().map(length).sum()
}

fn write_glob(out: &mut String, glob: &Glob) {
    for segment in &glob.segments {
        match segment {
            Segment::Literal(literal) => escape(out, literal),
            Segment::Any => out.push_str(".*"),
            Segment::One => out.push('.'),
        }
    }
}

/// A text at a place of the value, as the glob that says so.
#[must_use]
pub fn glob_of_text(value: &str, anchor: Anchor) -> String {
    let any = |there: bool| if there { ".*" } else { "" };
    let mut out = String::with_capacity(value.len() + 8);
    out.push_str(any(matches!(anchor, Anchor::Inside | Anchor::End)));
    escape(&mut out, value);
    out.push_str(any(matches!(anchor, Anchor::Inside | Anchor::Start)));
    out
}

/// A glob over a whole value.
#[must_use]
pub fn of_glob(value: &Glob, cased: bool) -> String {
    let mut out = flags(cased).to_owned();
    out.push('^');
    write_glob(&mut out, value);
    out.push('$');
    out
}

/// A text at a place of the value.
#[must_use]
pub fn of_text(value: &str, anchor: Anchor, cased: bool) -> String {
    let mut out = flags(cased).to_owned();
    out.push_str(if matches!(anchor, Anchor::Start | Anchor::Whole) { "^" } else { "" });
    escape(&mut out, value);
    out.push_str(if matches!(anchor, Anchor::End | Anchor::Whole) { "$" } else { "" });
    out
}

/// A regular expression of the portable subset.
///
/// # Errors
/// Says what this engine cannot take.
pub fn of_node(node: &Node, cased: bool) -> Result<String, String> {
    let mut out = if cased { String::new() } else { "(?i)".to_owned() };
    write_node(&mut out, node, Place::Alternative)?;
    Ok(out)
}

/// Whether the empty text contains a match.
#[must_use]
pub fn matches_empty(node: &Node) -> bool {
    match node {
        Node::Empty | Node::Start | Node::End => true,
        Node::Literal(_) | Node::Dot | Node::Class(_) => false,
        Node::Concat(parts) => parts.iter().all(matches_empty),
        Node::Alternate(parts) => parts.iter().any(matches_empty),
        Node::Repeat { node, min, .. } => *min == 0 || matches_empty(node),
    }
}

/// What surrounds a node, from the loosest to the tightest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Alternative,
    Sequence,
    Repeated,
}

fn write_node(out: &mut String, node: &Node, place: Place) -> Result<(), String> {
    match node {
        Node::Empty => out.push_str("(?:)"),
        Node::Literal(c) => escape(out, c.encode_utf8(&mut [0; 4])),
        Node::Dot => out.push_str(r"[^\n]"),
        Node::Class(class) => write_class(out, class),
        Node::Start => anchor(out, "^", place),
        Node::End => anchor(out, "$", place),
        Node::Concat(parts) => grouped(out, place > Place::Sequence, |out| {
            parts.iter().try_for_each(|part| write_node(out, part, Place::Sequence))
        })?,
        Node::Alternate(parts) => grouped(out, place > Place::Alternative, |out| {
            for (i, part) in parts.iter().enumerate() {
                if i > 0 {
                    out.push('|');
                }
                write_node(out, part, Place::Sequence)?;
            }
            Ok(())
        })?,
        Node::Repeat { node, min, max } => {
            if *min > MAX_REPEAT || max.is_some_and(|m| m > MAX_REPEAT) {
                return Err(format!("Kusto repeats a part of a regular expression at most {MAX_REPEAT} times"));
            }
            grouped(out, place > Place::Sequence, |out| {
                write_node(out, node, Place::Repeated)?;
                write_count(out, *min, *max);
                Ok(())
            })?;
        }
    }
    Ok(())
}

fn anchor(out: &mut String, sign: &str, place: Place) {
    if place == Place::Repeated {
        let _ = write!(out, "(?:{sign})");
    } else {
        out.push_str(sign);
    }
}

fn grouped(out: &mut String, needed: bool, body: impl FnOnce(&mut String) -> Result<(), String>) -> Result<(), String> {
    if needed {
        out.push_str("(?:");
    }
    body(out)?;
    if needed {
        out.push(')');
    }
    Ok(())
}

fn write_count(out: &mut String, min: u32, max: Option<u32>) {
    let _ = match (min, max) {
        (0, None) => write!(out, "*"),
        (1, None) => write!(out, "+"),
        (0, Some(1)) => write!(out, "?"),
        (n, None) => write!(out, "{{{n},}}"),
        (n, Some(m)) if n == m => write!(out, "{{{n}}}"),
        (n, Some(m)) => write!(out, "{{{n},{m}}}"),
    };
}

fn write_class(out: &mut String, class: &Class) {
    if class.ranges.is_empty() {
        out.push_str(if class.negated { r"[\s\S]" } else { r"[^\s\S]" });
        return;
    }
    out.push_str(if class.negated { "[^" } else { "[" });
    for (low, high) in &class.ranges {
        escape_one(out, *low);
        if low != high {
            out.push('-');
            escape_one(out, *high);
        }
    }
    out.push(']');
}

fn escape(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(means_something) {
        let (plain, after) = rest.split_at(at);
        out.push_str(plain);
        let mut chars = after.chars();
        chars.by_ref().take(1).for_each(|c| escape_one(out, c));
        rest = chars.as_str();
    }
    out.push_str(rest);
}

/// Whether a byte is, or begins, a character that may not stand for itself.
fn means_something(byte: u8) -> bool {
    is_operator(char::from(byte)) || byte.is_ascii_control() || !byte.is_ascii()
}

/// Characters that mean something in a class or outside. No other character may be escaped: `\<` is the start of a word.
const fn is_operator(c: char) -> bool {
    matches!(
        c,
        '\\' | '.' | '+' | '*' | '?' | '(' | ')' | '|' | '[' | ']' | '{' | '}' | '^' | '$' | '#' | '&' | '-' | '~'
    )
}

/// A character that stands for itself, in a class or outside.
fn escape_one(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str(r"\n"),
        '\r' => out.push_str(r"\r"),
        '\t' => out.push_str(r"\t"),
        c if is_operator(c) => {
            out.push('\\');
            out.push(c);
        }
        c if c.is_control() => {
            let _ = write!(out, r"\x{{{:x}}}", u32::from(c));
        }
        c => out.push(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_matches_itself_and_only_whole(value in "\\PC{0,6}|[*?.\\[\\]()\"'\\\\\n\r\t^$|{}+#&~-]{0,8}", other in "\\PC{0,3}") {
            let found = regex::Regex::new(&of_text(&value, Anchor::Whole, true));
            prop_assert!(found.is_ok(), "{:?}", found);
            if let Ok(found) = found {
                prop_assert!(found.is_match(&value));
                prop_assert_eq!(found.is_match(&other), value == other);
            }
        }

        #[test]
        fn a_class_holds_its_ends(low in any::<char>(), high in any::<char>()) {
            let (low, high) = if low <= high { (low, high) } else { (high, low) };
            let node = Node::Class(Class { negated: false, ranges: vec![(low, high)] });
            let text = of_node(&node, true).unwrap();
            let found = regex::Regex::new(&text).unwrap();
            prop_assert!(found.is_match(&low.to_string()) && found.is_match(&high.to_string()), "{}", text);
        }
    }

    #[test]
    fn groups_stand_only_where_they_are_needed() {
        let a = || Node::Literal('a');
        let either = Node::Alternate(vec![a(), Node::Concat(vec![Node::Start, Node::Literal('.'), Node::End])]);
        assert_eq!(of_node(&either, false).unwrap(), r"(?i)a|^\.$");
        let repeated = Node::Repeat { node: Box::new(either), min: 1, max: None };
        assert_eq!(of_node(&Node::Concat(vec![a(), repeated]), true).unwrap(), r"a(?:a|^\.$)+");
        let twice = Node::Repeat {
            node: Box::new(Node::Repeat { node: Box::new(a()), min: 0, max: None }),
            min: 2,
            max: Some(3),
        };
        assert_eq!(of_node(&twice, true).unwrap(), "(?:a*){2,3}");
    }

    #[test]
    fn a_repetition_that_the_engine_refuses_is_refused() {
        let node = Node::Repeat { node: Box::new(Node::Dot), min: 0, max: Some(1001) };
        assert!(of_node(&node, true).is_err());
    }
}
