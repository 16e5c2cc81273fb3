//! Lucene's regular expressions, which `regex` and `RLIKE` take: always over the whole value, without anchors.
//! <https://www.elastic.co/docs/reference/query-languages/query-dsl/regexp-syntax>

use crate::dialect::page::characters;
use crate::plan::regex::{Class, Node, Regex};
use crate::plan::{Glob, Segment};

use super::Case;

/// The longest pattern an index takes (`index.max_regex_length`), in characters.
/// <https://www.elastic.co/docs/reference/elasticsearch/index-settings/index-modules>
pub const LONGEST: usize = 1000;

/// A pattern in Lucene's notation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pattern(String);

impl Pattern {
    /// The pattern as text, not yet a string literal.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The glob as a regular expression: for globs with a literal `*` or `?`, which wildcards cannot say.
    #[must_use]
    pub fn of_glob(glob: &Glob) -> Self {
        let mut out = String::new();
        for segment in &glob.segments {
            match segment {
                Segment::Any => out.push_str(".*"),
                Segment::One => out.push('.'),
                Segment::Literal(text) => text.chars().for_each(|c| push_literal(&mut out, c)),
            }
        }
        Self(out)
    }

    /// The regular expression, which is unanchored, over the whole value.
    ///
    /// # Errors
    /// Says what Lucene cannot: an anchor anywhere but at the ends of a top-level alternative, or too long a pattern.
    pub fn of_regex(regex: &Regex, case: Case) -> Result<Self, String> {
        let alternatives = match &regex.node {
            Node::Alternate(parts) => parts.as_slice(),
            node => std::slice::from_ref(node),
        };
        let mut out = String::new();
        for (i, alternative) in alternatives.iter().enumerate() {
            if i > 0 {
                out.push('|');
            }
            push_alternative(&mut out, alternative, case)
                .ok_or("Lucene has no `^` or `$` inside a regular expression")?;
        }
        if characters(&out) > LONGEST {
            return Err(format!("an index takes regular expressions of at most {LONGEST} characters"));
        }
        Ok(Self(out))
    }
}

/// A top-level alternative with its anchors turned into what surrounds it.
fn push_alternative(out: &mut String, node: &Node, case: Case) -> Option<()> {
    let mut parts = match node {
        Node::Concat(parts) => parts.as_slice(),
        node => std::slice::from_ref(node),
    };
    let (mut open_start, mut open_end) = (true, true);
    while let [Node::Start, rest @ ..] = parts {
        (open_start, parts) = (false, rest);
    }
    while let [rest @ .., Node::End] = parts {
        (open_end, parts) = (false, rest);
    }
    let empty = parts.is_empty() && !open_start && !open_end;
    out.push_str(if open_start { ".*" } else { "" });
    for part in parts {
        push_operand(out, part, case, matches!(part, Node::Alternate(_)))?;
    }
    out.push_str(if empty { "()" } else { "" });
    out.push_str(if open_end { ".*" } else { "" });
    Some(())
}

/// Prints a node; none at an anchor.
fn push(out: &mut String, node: &Node, case: Case) -> Option<()> {
    match node {
        Node::Empty => out.push_str("()"),
        Node::Literal(c) => push_literal(out, *c),
        Node::Dot => out.push_str("[^\n]"),
        Node::Class(class) => push_class(out, class, case),
        Node::Start | Node::End => return None,
        Node::Concat(parts) => {
            for part in parts {
                push_operand(out, part, case, matches!(part, Node::Alternate(_)))?;
            }
        }
        Node::Alternate(parts) => {
            for (i, part) in parts.iter().enumerate() {
                out.push_str(if i > 0 { "|" } else { "" });
                push_operand(out, part, case, matches!(part, Node::Alternate(_)))?;
            }
        }
        Node::Repeat { max: Some(0), .. } => out.push_str("()"),
        Node::Repeat { node, min, max } => {
            let atom = matches!(&**node, Node::Empty | Node::Literal(_) | Node::Dot | Node::Class(_));
            push_operand(out, node, case, !atom)?;
            match (min, max) {
                (0, None) => out.push('*'),
                (1, None) => out.push('+'),
                (0, Some(1)) => out.push('?'),
                (n, None) => out.push_str(&format!("{{{n},}}")),
                (n, Some(m)) if n == m => out.push_str(&format!("{{{n}}}")),
                (n, Some(m)) => out.push_str(&format!("{{{n},{m}}}")),
            }
        }
    }
    Some(())
}

/// Prints a part of another node, in parentheses where it would fall apart.
fn push_operand(out: &mut String, node: &Node, case: Case, parentheses: bool) -> Option<()> {
    out.push_str(if parentheses { "(" } else { "" });
    push(out, node, case)?;
    out.push_str(if parentheses { ")" } else { "" });
    Some(())
}

/// A character as itself. Letters and digits alone are never operators; everything else in ASCII takes a backslash.
fn push_literal(out: &mut String, c: char) {
    if c.is_ascii_punctuation() {
        out.push('\\');
    }
    out.push(c);
}

/// A class. Under `regex~` Lucene folds the case of literals but not of ranges, so both cases are spelled out.
fn push_class(out: &mut String, class: &Class, case: Case) {
    let mut ranges = class.ranges.clone();
    if case == Case::Ignored {
        ranges.extend(class.ranges.iter().flat_map(|range| other_case(*range)));
    }
    let full = [('\0', char::MAX)];
    // An empty class is spelled as the opposite of everything.
    let (negated, ranges) =
        if ranges.is_empty() { (!class.negated, full.as_slice()) } else { (class.negated, ranges.as_slice()) };
    out.push_str(if negated { "[^" } else { "[" });
    for (low, high) in ranges {
        push_literal(out, *low);
        if low != high {
            out.push('-');
            push_literal(out, *high);
        }
    }
    out.push(']');
}

/// The letters of ASCII in the range, in the other case.
fn other_case((low, high): (char, char)) -> Vec<(char, char)> {
    let clip = |from: char, to: char, flip: fn(&char) -> char| {
        let (low, high) = (low.max(from), high.min(to));
        (low <= high).then(|| (flip(&low), flip(&high)))
    };
    let lower = clip('a', 'z', char::to_ascii_uppercase);
    let upper = clip('A', 'Z', char::to_ascii_lowercase);
    lower.into_iter().chain(upper).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literal(text: &str) -> Node {
        Node::Concat(text.chars().map(Node::Literal).collect())
    }

    fn lucene(node: Node, case: Case) -> Result<String, String> {
        Pattern::of_regex(&Regex { source: String::new(), node }, case).map(|p| p.as_str().to_owned())
    }

    #[test]
    fn an_unanchored_alternative_is_open_at_both_ends() {
        assert_eq!(lucene(literal("a.b"), Case::Counts), Ok(r".*a\.b.*".to_owned()));
    }

    #[test]
    fn anchors_close_the_end_they_stand_at_and_only_of_their_alternative() {
        let node = Node::Alternate(vec![
            Node::Concat(vec![Node::Start, Node::Literal('a')]),
            Node::Concat(vec![Node::Literal('b'), Node::End]),
        ]);
        assert_eq!(lucene(node, Case::Counts), Ok("a.*|.*b".to_owned()));
    }

    #[test]
    fn an_anchor_inside_is_refused() {
        let node = Node::Concat(vec![Node::Literal('a'), Node::Start]);
        assert!(lucene(node, Case::Counts).is_err());
    }

    #[test]
    fn a_range_under_ignored_case_is_spelled_in_both_cases() {
        let class = Class { negated: true, ranges: vec![('A', 'C'), ('x', '~')] };
        assert_eq!(lucene(Node::Class(class), Case::Ignored), Ok(r".*[^A-Cx-\~a-cX-Z].*".to_owned()));
    }

    #[test]
    fn a_repeated_group_keeps_its_parentheses() {
        let node = Node::Repeat { node: Box::new(literal("ab")), min: 2, max: Some(3) };
        assert_eq!(lucene(node, Case::Counts), Ok(".*(ab){2,3}.*".to_owned()));
    }

    #[test]
    fn a_pattern_longer_than_an_index_takes_is_refused() {
        assert!(lucene(literal(&"a".repeat(LONGEST)), Case::Counts).is_err());
    }
}
