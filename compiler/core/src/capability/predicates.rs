//! The features of predicates: which tests a dialect must be able to say.

use super::Feature;
use super::features::{compares_as_text, is_arithmetic};
use crate::plan::regex::Node;
use crate::plan::{Field, Glob, Operand, Order, Pred, Regex, Segment, Test, TestKind, TextOp, TextTest};
use crate::source::Span;

/// Calls `note` for every feature of a predicate, with the place that a reader of the strategy would look at.
pub(super) fn of_predicate(predicate: &Pred, note: &mut impl FnMut(Feature, Span)) {
    predicate.for_each(&mut |test| of_test(test, note));
}

fn of_test(test: &Test, note: &mut impl FnMut(Feature, Span)) {
    let span = test.call;
    test.for_each_field(&mut |field: &Field| {
        if field.ty.is_list() {
            note(Feature::ListField, span);
        }
    });
    match &test.kind {
        TestKind::Exists(_) => note(Feature::Presence, span),
        TestKind::Text(text) => of_text(text, span, note),
        TestKind::Matches { field, patterns, cased } => {
            of_regexes(field, patterns, *cased, &mut |feature| note(feature, span));
        }
        TestKind::Number { .. } | TestKind::NumberIn { .. } => note(Feature::NumberTest, span),
        TestKind::PortIn { .. } => note(Feature::PortRanges, span),
        TestKind::Bool { .. } => note(Feature::BoolTest, span),
        TestKind::Time { .. } => note(Feature::TimeTest, span),
        TestKind::Address { addresses, networks, .. } => {
            if !addresses.is_empty() {
                note(Feature::AddressEquals, span);
            }
            if networks.iter().any(|network| network.address.is_ipv4()) {
                note(Feature::NetworkV4, span);
            }
            if networks.iter().any(|network| !network.address.is_ipv4()) {
                note(Feature::NetworkV6, span);
            }
        }
        TestKind::Compare(comparison) => {
            let (left, right) = (&comparison.left, &comparison.right);
            let feature = if is_arithmetic(&left.kind) || is_arithmetic(&right.kind) {
                Feature::Arithmetic
            } else if compares_as_text(&left.ty) && comparison.op == Order::Eq {
                if comparison.cased { Feature::FieldEqualsFieldCased } else { Feature::FieldEqualsField }
            } else {
                Feature::FieldOrder
            };
            note(feature, span);
        }
    }
}

fn of_text(test: &TextTest, span: Span, note: &mut impl FnMut(Feature, Span)) {
    note(if test.cased { Feature::TextCased } else { Feature::TextIgnoringCase }, span);
    let mut literal = |text: &str| {
        // Texts are short: to look at each byte takes less time than to search.
        if text.bytes().any(|b| matches!(b, b'*' | b'?')) {
            note(Feature::LiteralWildcard, span);
        }
        if text.bytes().any(|b| matches!(b, b'\n' | b'\r')) {
            note(Feature::LineBreakInText, span);
        }
        if !test.cased && !text.is_ascii() && text.chars().any(|c| !c.is_ascii() && folds(c)) {
            note(Feature::CaseBeyondAscii, span);
        }
    };
    match &test.op {
        TextOp::Equals(texts) | TextOp::Contains(texts) | TextOp::StartsWith(texts) | TextOp::EndsWith(texts) => {
            texts.value.iter().for_each(|t| literal(t));
        }
        TextOp::Like(globs) => {
            for glob in &globs.value {
                of_glob(glob, &mut literal);
            }
            for feature in globs.value.iter().flat_map(wildcards) {
                note(feature, span);
            }
        }
    }
}

/// Whether the character has another case.
fn folds(c: char) -> bool {
    unicode_case_mapping::case_folded(c).is_some()
}

fn of_glob(glob: &Glob, literal: &mut impl FnMut(&str)) {
    for segment in &glob.segments {
        match segment {
            Segment::Literal(text) => literal(text),
            Segment::Any | Segment::One => {}
        }
    }
}

/// What a glob has beyond one `*` at an end.
fn wildcards(glob: &Glob) -> Vec<Feature> {
    let mut found = Vec::new();
    if glob.segments.contains(&Segment::One) {
        found.push(Feature::GlobOne);
    }
    let inner = glob.segments.len().saturating_sub(2);
    if glob.segments.iter().skip(1).take(inner).any(|s| *s == Segment::Any) {
        found.push(Feature::GlobInner);
    }
    found
}

fn of_regexes(field: &Field, patterns: &Operand<Vec<Regex>>, cased: bool, note: &mut impl FnMut(Feature)) {
    note(if cased { Feature::Regex } else { Feature::RegexIgnoringCase });
    for regex in &patterns.value {
        if contains(&regex.node, &Node::End) {
            note(Feature::RegexEnd);
        }
        if has_inner_anchor(&regex.node) {
            note(Feature::RegexInnerAnchor);
        }
        if field.ty.is_list() && matches_empty(&regex.node) {
            note(Feature::RegexEmptyOnList);
        }
    }
}

fn children(node: &Node) -> Vec<&Node> {
    match node {
        Node::Empty | Node::Literal(_) | Node::Dot | Node::Class(_) | Node::Start | Node::End => Vec::new(),
        Node::Concat(parts) | Node::Alternate(parts) => parts.iter().collect(),
        Node::Repeat { node, .. } => vec![node],
    }
}

fn contains(node: &Node, wanted: &Node) -> bool {
    node == wanted || children(node).into_iter().any(|n| contains(n, wanted))
}

fn has_anchor(node: &Node) -> bool {
    contains(node, &Node::Start) || contains(node, &Node::End)
}

/// Whether an anchor stands anywhere but at the start or end of a top-level alternative.
fn has_inner_anchor(node: &Node) -> bool {
    let one = |alternative: &Node| match alternative {
        Node::Concat(parts) => {
            let last = parts.len().saturating_sub(1);
            parts.iter().enumerate().any(|(i, part)| match part {
                Node::Start => i != 0,
                Node::End => i != last,
                other => has_anchor(other),
            })
        }
        Node::Start | Node::End => false,
        other => children(other).into_iter().any(has_anchor),
    };
    match node {
        Node::Alternate(parts) => parts.iter().any(one),
        other => one(other),
    }
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
