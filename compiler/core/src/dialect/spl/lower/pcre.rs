//! Text tests as regular expressions of PCRE, from segments and from the portable subset.
//!
//! A point is written `\.`, as in Splunk's own examples. Any other character that means something to PCRE or in a search is
//! written `\xNN`: no quote and no escaped backslash ever stands in the text, so it means the same before and after Splunk
//! unescapes the string (<https://help.splunk.com/splunk-cloud-platform/spl-search-reference/9.3.2408/evaluation-functions/comparison-and-conditional-functions>).
//!
//! A string cannot be broken, so a list that is longer than a line is several patterns.

use std::fmt::Write as _;

use super::super::ast::Pcre;
use crate::dialect::page::characters;
use crate::plan::regex::{Class, Node};
use crate::plan::{Glob, Segment};

/// Whether case counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// `A` is not `a`.
    Counts,
    /// `A` is `a`.
    Ignored,
}

impl Case {
    /// From a test's flag.
    #[must_use]
    pub const fn of(cased: bool) -> Self {
        if cased { Self::Counts } else { Self::Ignored }
    }

    /// The options: `.` is any character, line breaks too.
    const fn options(self) -> &'static str {
        match self {
            Self::Counts => "(?s)",
            Self::Ignored => "(?is)",
        }
    }
}

/// At least one character.
#[must_use]
pub fn any_character() -> Pcre {
    Pcre("(?s).".to_owned())
}

/// Where in a value a text must stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// It is the value.
    Whole,
    /// Anywhere.
    Anywhere,
    /// At the start.
    Start,
    /// At the end.
    End,
}

/// How many characters of alternatives stand in one pattern.
const WIDTH: usize = 64;

/// Patterns of which one matches any of the texts at that place.
#[must_use]
pub fn texts(texts: &[&str], place: Place, case: Case) -> Vec<Pcre> {
    let (start, end) = match place {
        Place::Whole => (r"\A", r"\z"),
        Place::Anywhere => ("", ""),
        Place::Start => (r"\A", ""),
        Place::End => ("", r"\z"),
    };
    let lines = lines(texts.iter().map(|text| quoted(text)));
    lines.into_iter().map(|line| Pcre([case.options(), start, &any_of(line), end].concat())).collect()
}

/// Patterns of which one matches any of the globs, over the whole value. `*` at an end of all of them leaves that end open.
#[must_use]
pub fn globs(globs: &[&Glob], case: Case) -> Vec<Pcre> {
    let open_start = globs.iter().all(|g| g.segments.first() == Some(&Segment::Any));
    let open_end = globs.iter().all(|g| g.segments.last() == Some(&Segment::Any));
    let (start, end) = (if open_start { "" } else { r"\A" }, if open_end { "" } else { r"\z" });
    let lines = lines(globs.iter().map(|g| glob(g, open_start, open_end)));
    lines.into_iter().map(|line| Pcre([case.options(), start, &any_of(line), end].concat())).collect()
}

/// Alternatives in groups that each fill a line.
fn lines(alternatives: impl Iterator<Item = String>) -> Vec<Vec<String>> {
    let (mut lines, mut used) = (Vec::<Vec<String>>::new(), 0);
    for alternative in alternatives {
        let width = characters(&alternative) + 1;
        match lines.last_mut() {
            Some(line) if used + width <= WIDTH => line.push(alternative),
            _ => {
                lines.push(vec![alternative]);
                used = 0;
            }
        }
        used += width;
    }
    lines
}

fn glob(glob: &Glob, open_start: bool, open_end: bool) -> String {
    let mut segments = glob.segments.as_slice();
    if open_start {
        segments = segments.get(1..).unwrap_or_default();
    }
    if open_end && !segments.is_empty() {
        segments = segments.get(..segments.len() - 1).unwrap_or_default();
    }
    let mut out = String::with_capacity(64);
    for segment in segments {
        match segment {
            Segment::Literal(text) => push_quoted(&mut out, text),
            Segment::Any => out.push_str(".*"),
            Segment::One => out.push('.'),
        }
    }
    out
}

fn any_of(alternatives: Vec<String>) -> String {
    match <[String; 1]>::try_from(alternatives) {
        Ok([only]) => only,
        Err(several) => ["(?:", &several.join("|"), ")"].concat(),
    }
}

fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    push_quoted(&mut out, text);
    out
}

fn push_quoted(out: &mut String, text: &str) {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(means_something) {
        let (plain, special) = rest.split_at(at);
        let (special, after) = special.split_at(1);
        out.push_str(plain);
        match special.bytes().next() {
            Some(b'.') => out.push_str(r"\."),
            Some(byte) => {
                // A string takes whatever is written.
                let _ = write!(out, r"\x{byte:02X}");
            }
            None => {}
        }
        rest = after;
    }
    out.push_str(rest);
}

/// Whether a byte of a text does not stand for itself. All of those are ASCII.
fn means_something(byte: u8) -> bool {
    let is_sign = |byte| matches!(byte, b' ' | b'!' | b'#' | b'%'..=b'\'' | b',' | b'-' | b'/' | b':'..=b'>' | b'@' | b'_' | b'~');
    byte.is_ascii() && !byte.is_ascii_alphanumeric() && !is_sign(byte)
}

/// Patterns of which one matches any of the regular expressions, anywhere in a value that is not `""`.
#[must_use]
pub fn regexes(nodes: &[&Node], case: Case) -> Vec<Pcre> {
    let flags = match case {
        Case::Counts => "",
        Case::Ignored => "(?i)",
    };
    // An empty text is no value, so it must not match: look for one character first.
    let empty = nodes.iter().any(|node| matches_empty(node));
    let lines = lines(nodes.iter().map(|node| regex(node, nodes.len() > 1)));
    let whole = |body: String| {
        if empty { format!("{flags}(?s:\\A(?=.).*?)(?:{body})") } else { format!("{flags}{body}") }
    };
    lines.into_iter().map(|line| Pcre(whole(any_of(line)))).collect()
}

/// Whether the empty text matches.
fn matches_empty(node: &Node) -> bool {
    match node {
        Node::Empty | Node::Start | Node::End => true,
        Node::Literal(_) | Node::Dot | Node::Class(_) => false,
        Node::Concat(parts) => parts.iter().all(matches_empty),
        Node::Alternate(parts) => parts.iter().any(matches_empty),
        Node::Repeat { node, min, .. } => *min == 0 || matches_empty(node),
    }
}

/// A node; `tight` if it stands beside others, where an alternation needs a group.
fn regex(node: &Node, tight: bool) -> String {
    match node {
        Node::Empty => String::new(),
        Node::Literal(c) => quoted(c.encode_utf8(&mut [0; 4])),
        Node::Dot => r"[^\x0A]".to_owned(),
        Node::Class(class) => set(class),
        Node::Start => r"\A".to_owned(),
        Node::End => r"\z".to_owned(),
        Node::Concat(parts) => parts.iter().map(|part| regex(part, true)).collect(),
        Node::Alternate(parts) => {
            let alternatives = parts.iter().map(|part| regex(part, false)).collect::<Vec<_>>().join("|");
            if tight { format!("(?:{alternatives})") } else { alternatives }
        }
        Node::Repeat { node, min, max } => {
            let single = matches!(&**node, Node::Literal(_) | Node::Dot | Node::Class(_));
            let body = if single { regex(node, true) } else { format!("(?:{})", regex(node, false)) };
            format!("{body}{}", repetition(*min, *max))
        }
    }
}

fn repetition(min: u32, max: Option<u32>) -> String {
    match (min, max) {
        (0, None) => "*".to_owned(),
        (1, None) => "+".to_owned(),
        (0, Some(1)) => "?".to_owned(),
        (min, None) => format!("{{{min},}}"),
        (min, Some(max)) if min == max => format!("{{{min}}}"),
        (min, Some(max)) => format!("{{{min},{max}}}"),
    }
}

fn set(class: &Class) -> String {
    if class.ranges.is_empty() {
        return if class.negated { r"[\x00-\x{10FFFF}]".to_owned() } else { r"(?:\z\A.)".to_owned() };
    }
    let mut out = String::from(if class.negated { "[^" } else { "[" });
    for &(low, high) in &class.ranges {
        out.push_str(&in_set(low));
        if high != low {
            let _ = write!(out, "-{}", in_set(high));
        }
    }
    out.push(']');
    out
}

fn in_set(c: char) -> String {
    if c.is_ascii_alphanumeric() {
        c.to_string()
    } else if u32::from(c) < 0x100 {
        format!("\\x{:02X}", u32::from(c))
    } else {
        format!("\\x{{{:X}}}", u32::from(c))
    }
}
