//! Regular expressions in the subset that Sigma's `re` promises: characters, `.`, classes, groups, alternation, repetition,
//! `^` and `$`. No `\d`, no flags, no groups that do not capture.
//! <https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-appendix-modifiers.md>

use crate::plan::regex::{Class, Node};

/// The regular expression as text.
#[must_use]
pub fn print(node: &Node) -> String {
    let mut out = String::new();
    push(&mut out, node);
    out
}

fn push(out: &mut String, node: &Node) {
    match node {
        Node::Empty => out.push_str("()"),
        Node::Literal(c) => push_char(out, *c, ".^$*+?()[]{}|\\/"),
        Node::Dot => out.push('.'),
        Node::Class(class) => push_class(out, class),
        Node::Start => out.push('^'),
        Node::End => out.push('$'),
        Node::Concat(parts) => {
            parts.iter().for_each(|part| push_operand(out, part, matches!(part, Node::Alternate(_))))
        }
        Node::Alternate(parts) => {
            for (i, part) in parts.iter().enumerate() {
                out.push_str(if i > 0 { "|" } else { "" });
                push_operand(out, part, matches!(part, Node::Alternate(_)));
            }
        }
        Node::Repeat { node, min, max } => {
            let atom = matches!(&**node, Node::Empty | Node::Literal(_) | Node::Dot | Node::Class(_));
            push_operand(out, node, !atom);
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
}

fn push_operand(out: &mut String, node: &Node, parentheses: bool) {
    out.push_str(if parentheses { "(" } else { "" });
    push(out, node);
    out.push_str(if parentheses { ")" } else { "" });
}

fn push_class(out: &mut String, class: &Class) {
    let full = [('\0', char::MAX)];
    // An empty class is spelled as the opposite of everything.
    let (negated, ranges) = if class.ranges.is_empty() {
        (!class.negated, full.as_slice())
    } else {
        (class.negated, class.ranges.as_slice())
    };
    out.push_str(if negated { "[^" } else { "[" });
    for (low, high) in ranges {
        push_char(out, *low, "^-]\\[");
        if low != high {
            out.push('-');
            push_char(out, *high, "^-]\\[");
        }
    }
    out.push(']');
}

fn push_char(out: &mut String, c: char, special: &str) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        c => {
            if special.contains(c) {
                out.push('\\');
            }
            out.push(c);
        }
    }
}
