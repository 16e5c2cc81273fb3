//! The base search: the source macros, each with a condition that every wanted event satisfies.
//!
//! A prefilter is a superset by construction. What the base search cannot say without doubt it leaves out: negations,
//! regular expressions, networks, numbers by equality (`443` is not found where the event says `443.0`), and a `*` inside
//! a value, which Splunk documents as unreliable across punctuation
//! (<https://help.splunk.com/en/splunk-enterprise/search/search-manual/9.4/search-primer/wildcards>): of a text with such
//! places only the longest piece is looked for.

use super::super::ast::{Name, Piece, Search};
use super::super::site::{Form, Reading, Site};
use super::held::is_held;
use super::pred::order;
use crate::plan::{
    Cidr, Class, Detection, Field, Glob, Logic, Number, Order, Pred, Segment, Test, TestKind, TextOp, TextTest,
};

/// The base search of a detection: one term for each class, and one for each join that is needed.
pub fn base(site: &mut Site<'_>, detection: &Detection) -> Option<Search> {
    let mut classes: Vec<&Class> = Vec::new();
    for event in &detection.events {
        if !classes.iter().any(|class| class.name == event.class.name) {
            classes.push(&event.class);
        }
    }
    let terms = classes.into_iter().filter_map(|class| {
        let name = site.source(class)?.macro_name.to_owned();
        let events = detection.events.iter().filter(|event| event.class.name == class.name);
        let filters: Vec<Option<Search>> = events.map(|event| filter(site, class, &event.predicate)).collect();
        let filter = filters.into_iter().collect::<Option<Vec<_>>>().and_then(Search::or);
        Search::and(std::iter::once(Search::Macro(name)).chain(filter).collect())
    });
    let mut terms: Vec<Search> = terms.collect();
    terms.extend(site.joins().map(|(_, join)| Search::Macro(join.macro_name.to_owned())));
    Search::or(terms)
}

/// A superset of the events that satisfy the predicate; none if there is no restriction.
fn filter(site: &mut Site<'_>, class: &Class, pred: &Pred) -> Option<Search> {
    match pred {
        Logic::Const(_) | Logic::Not(_) => None,
        Logic::And(parts) => Search::and(parts.iter().filter_map(|p| filter(site, class, p)).collect()),
        Logic::Or(parts) => {
            let parts = parts.iter().map(|p| filter(site, class, p)).collect::<Option<Vec<_>>>()?;
            Search::or(parts)
        }
        Logic::Atom(test) => atom(site, class, test),
    }
}

fn atom(site: &mut Site<'_>, class: &Class, test: &Test) -> Option<Search> {
    if is_held(site, &test.kind) {
        return None; // what a site adds to the values must be found too
    }
    match &test.kind {
        TestKind::Exists(field) => {
            let reading = read(site, class, field, test).filter(|r| !r.always && r.form == Form::Text)?;
            Some(Search::Like(reading.searched?, vec![Piece::Any]))
        }
        TestKind::Text(TextTest { field, op, .. }) => {
            let reading = read(site, class, field, test)?;
            text(&reading, op)
        }
        TestKind::Number { field, op, value } => {
            let reading = read(site, class, field, test).filter(|r| r.form == Form::Number)?;
            let number = match (op, value.value) {
                (Order::Eq, _) => return None,
                (_, Number::Int(n)) => n.to_string(),
                (_, Number::Float(x)) => format!("{x}"),
            };
            Some(Search::Number(reading.searched?, order(*op), number))
        }
        TestKind::Bool { field, value } => {
            let reading = read(site, class, field, test).filter(|r| !r.values.is_empty())?;
            let native = reading.values.get(if value.value { "true" } else { "false" })?;
            like(reading.searched.as_ref()?, &[native], Open::Neither)
        }
        TestKind::Matches { .. }
        | TestKind::NumberIn { .. }
        | TestKind::PortIn { .. }
        | TestKind::Time { .. }
        | TestKind::Address { .. }
        | TestKind::Compare(_) => None,
    }
}

/// The reading, if the field can be looked for in the base search.
fn read(site: &mut Site<'_>, class: &Class, field: &Field, test: &Test) -> Option<Reading> {
    site.read(class, field, test.call).filter(|r| r.searched.is_some())
}

/// Which ends of a value are left open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Open {
    Neither,
    Start,
    End,
    Both,
}

fn text(reading: &Reading, op: &TextOp) -> Option<Search> {
    let field = reading.searched.as_ref()?;
    // A derived field's text is only a part of the field that is looked at.
    let open = |open| if *field == reading.name { open } else { Open::Both };
    let texts = |texts: &[String], how| like(field, &texts.iter().collect::<Vec<_>>(), open(how));
    match op {
        TextOp::Equals(words) if !reading.values.is_empty() => {
            let native = words.value.iter().flat_map(|word| {
                reading.values.iter().filter(move |(w, _)| w.to_lowercase() == word.to_lowercase()).map(|(_, n)| n)
            });
            like(field, &native.collect::<Vec<_>>(), Open::Neither)
        }
        TextOp::Equals(words) => {
            let words: Vec<_> = words.value.iter().filter(|w| !w.is_empty()).collect();
            like(field, &words, open(Open::Neither))
        }
        TextOp::Contains(words) => texts(&words.value, Open::Both),
        TextOp::StartsWith(words) => texts(&words.value, Open::End),
        TextOp::EndsWith(words) => texts(&words.value, Open::Start),
        TextOp::Like(globs) => Search::or(globs.value.iter().map(|g| glob(field, g, open)).collect::<Option<_>>()?),
    }
}

fn like(field: &Name, texts: &[&String], open: Open) -> Option<Search> {
    Search::or(texts.iter().map(|text| term(field, text, open)).collect::<Option<Vec<_>>>()?)
}

fn glob(field: &Name, glob: &Glob, open: impl Fn(Open) -> Open) -> Option<Search> {
    match glob.segments.as_slice() {
        [Segment::Literal(text)] => term(field, text, open(Open::Neither)),
        [Segment::Literal(text), Segment::Any] => term(field, text, open(Open::End)),
        [Segment::Any, Segment::Literal(text)] => term(field, text, open(Open::Start)),
        segments => {
            let literals = segments.iter().filter_map(|segment| match segment {
                Segment::Literal(text) => Some(text),
                Segment::Any | Segment::One => None,
            });
            let longest = literals.max_by_key(|text| longest_piece(text).len())?;
            term(field, longest, Open::Both)
        }
    }
}

/// One text in a field.
fn term(field: &Name, text: &str, open: Open) -> Option<Search> {
    if text.contains('/') && Cidr::parse(text).is_ok() {
        return None; // the base search reads it as a network
    }
    let piece = longest_piece(text);
    if piece.is_empty() {
        return None;
    }
    let open = if piece == text { open } else { Open::Both };
    let literal = Piece::Literal(piece.to_owned());
    let pieces = match open {
        Open::Neither => vec![literal],
        Open::Start => vec![Piece::Any, literal],
        Open::End => vec![literal, Piece::Any],
        Open::Both => vec![Piece::Any, literal, Piece::Any],
    };
    Some(Search::Like(field.clone(), pieces))
}

/// The longest run of characters that mean themselves in the base search and whose case it ignores as the language does.
fn longest_piece(text: &str) -> &str {
    let special = |c: char| !c.is_ascii() || c.is_ascii_control() || matches!(c, '*' | '`' | '$');
    text.split(special).max_by_key(|piece| piece.len()).unwrap_or_default()
}
