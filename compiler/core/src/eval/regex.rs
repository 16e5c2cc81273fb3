//! Regular expressions: the plan's tree, given to the `regex` crate, whose time is linear in the text.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, Look, Repetition};

use crate::plan::{Regex, regex::Node};

/// The most memory a compiled expression may take, in bytes.
const SIZE_LIMIT: usize = 64 << 20;

/// Compiles an expression of the plan. The front end refuses what is too heavy to compile.
///
/// # Errors
/// The expression is too large.
pub fn compile(regex: &Regex, cased: bool) -> Result<regex::Regex, regex::Error> {
    let pattern = tree(&regex.node, cased).to_string();
    regex::RegexBuilder::new(&pattern).size_limit(SIZE_LIMIT).nest_limit(1000).build()
}

/// The same tree in the crate's own terms.
fn tree(node: &Node, cased: bool) -> Hir {
    match node {
        Node::Empty => Hir::empty(),
        Node::Literal(c) => set(&[(*c, *c)], false, cased),
        Node::Dot => set(&[('\n', '\n')], true, true),
        Node::Class(class) => set(&class.ranges, class.negated, cased),
        Node::Start => Hir::look(Look::Start),
        Node::End => Hir::look(Look::End),
        Node::Concat(parts) => Hir::concat(parts.iter().map(|part| tree(part, cased)).collect()),
        Node::Alternate(parts) => Hir::alternation(parts.iter().map(|part| tree(part, cased)).collect()),
        Node::Repeat { node, min, max } => {
            Hir::repetition(Repetition { min: *min, max: *max, greedy: true, sub: Box::new(tree(node, cased)) })
        }
    }
}

/// A set of characters; without case, everything that folds to one of them belongs to it before it is negated.
fn set(ranges: &[(char, char)], negated: bool, cased: bool) -> Hir {
    let mut class = ClassUnicode::new(ranges.iter().map(|(low, high)| ClassUnicodeRange::new(*low, *high)));
    if !cased {
        class.case_fold_simple();
    }
    if negated {
        class.negate();
    }
    Hir::class(Class::Unicode(class))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::regex::Class as Set;

    fn matches(node: Node, cased: bool, text: &str) -> bool {
        compile(&Regex { source: String::new(), node }, cased).unwrap().is_match(text)
    }

    #[test]
    fn the_ends_are_those_of_the_text_and_a_dot_is_no_newline() {
        let line = |c| Node::Concat(vec![Node::Start, Node::Literal(c), Node::End]);
        assert!(matches(line('a'), true, "a"));
        assert!(!matches(line('a'), true, "a\n"), "`$` is not before a last newline");
        assert!(!matches(line('a'), true, "b\na\nb"), "`^` is not after a newline");
        let dot = Node::Concat(vec![Node::Start, Node::Dot, Node::End]);
        assert!(matches(dot.clone(), true, "é"));
        assert!(matches(dot.clone(), true, "\r"));
        assert!(!matches(dot, true, "\n"));
    }

    #[test]
    fn case_counts_unless_told_otherwise() {
        let not_a = |cased, text| {
            let set = Node::Class(Set { negated: true, ranges: vec![('a', 'a')] });
            matches(Node::Concat(vec![Node::Start, set, Node::End]), cased, text)
        };
        assert!(not_a(true, "A"));
        assert!(!not_a(false, "A"), "without case, [^a] excludes A");
        assert!(matches(Node::Literal('k'), false, "\u{212a}"));
        assert!(!matches(Node::Literal('k'), true, "K"));
    }

    #[test]
    fn characters_with_a_meaning_are_literals_in_the_tree() {
        let node = Node::Concat(".*+?()[]{}|^$\\ #-&~\n".chars().map(Node::Literal).collect());
        assert!(matches(node, true, "x.*+?()[]{}|^$\\ #-&~\ny"));
        let repeat = Node::Repeat { node: Box::new(Node::Literal('a')), min: 2, max: Some(3) };
        let whole = Node::Concat(vec![Node::Start, repeat, Node::End]);
        assert!(["aa", "aaa"].iter().all(|text| matches(whole.clone(), true, text)));
        assert!(["a", "aaaa"].iter().all(|text| !matches(whole.clone(), true, text)));
    }
}
