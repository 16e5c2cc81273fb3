//! A large source cut into pieces that can be read at the same time: the body of each analytic, and what stands around
//! the bodies.
//!
//! The pieces of a source without errors make the tree that [`parse`] makes. Where a piece is not plainly right they make
//! none, so that nothing here has an error to word.

use std::ops::Range;

use super::build::{Builder, Children};
use super::grammar::{self, Rule};
use super::parse;
use crate::diagnostics::Diagnostic;
use crate::source::{SourceId, Sources};
use crate::syntax::ast::{Analytic, File, Item, ItemKind};
use crate::syntax::lex::{self, Token, TokenKind};

/// A source of fewer bytes is not worth cutting.
const SMALL_SOURCE: usize = 1 << 14;

/// A body of no more bytes is not worth a piece.
const SMALL: usize = 1 << 10;

/// A source, cut.
#[derive(Debug)]
pub struct Pieces<'s> {
    sources: &'s Sources,
    id: SourceId,
    text: &'s str,
    /// The bodies of analytics, each read on its own; none of a source that is read whole.
    bodies: Vec<Range<usize>>,
}

/// What was read of a piece.
#[derive(Debug)]
pub enum Piece {
    /// The whole of a source that is not cut.
    Whole(File, Vec<Diagnostic>),
    /// A source with its bodies left empty.
    Around(File),
    /// The items of a body.
    Body(Vec<Item>),
    /// It has errors, or may have.
    Unclear,
}

impl<'s> Pieces<'s> {
    /// Cuts a source, if it is large.
    #[must_use]
    pub fn of(sources: &'s Sources, id: SourceId) -> Self {
        let text = sources.get(id).map_or("", |source| &*source.text);
        let bodies = if text.len() < SMALL_SOURCE { Vec::new() } else { bodies(text, SMALL) };
        Self { sources, id, text, bodies }
    }

    /// How many pieces there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.bodies.len() + 1
    }

    /// Reads a piece, by its number from 0.
    #[must_use]
    pub fn read(&self, number: usize) -> Piece {
        let Some(before) = number.checked_sub(1) else { return self.around() };
        let body = self.bodies.get(before).and_then(|body| Some((body.start, self.text.get(body.clone())?)));
        body.and_then(|(start, text)| self.items(text, start)).map_or(Piece::Unclear, Piece::Body)
    }

    fn items(&self, text: &str, start: usize) -> Option<Vec<Item>> {
        let pairs = grammar::pairs(Rule::only_items, text).ok()?;
        let mut builder = Builder::new(self.id, start);
        let items = Children::among(pairs).flat_map(Children::of).filter_map(|item| builder.item(item)).collect();
        builder.diagnostics.is_empty().then_some(items)
    }

    fn around(&self) -> Piece {
        if self.bodies.is_empty() {
            let (file, diagnostics) = parse(self.sources, self.id);
            return Piece::Whole(file, diagnostics);
        }
        let text = without(self.text, &self.bodies);
        let Ok(pairs) = grammar::pairs(Rule::file, &text) else { return Piece::Unclear };
        let mut builder = Builder::new(self.id, 0);
        let file = builder.file(pairs);
        if builder.diagnostics.is_empty() { Piece::Around(file) } else { Piece::Unclear }
    }

    /// The tree of the source, of all its pieces in order, and what is wrong with it, as [`parse`] says it. None if that is
    /// still to be asked: a piece has errors, or may have.
    #[must_use]
    pub fn join(&self, pieces: impl IntoIterator<Item = Piece>) -> Option<(File, Vec<Diagnostic>)> {
        let mut pieces = pieces.into_iter();
        match pieces.next()? {
            Piece::Whole(file, diagnostics) => Some((file, diagnostics)),
            Piece::Around(file) => Some((self.fill(file, pieces)?, Vec::new())),
            Piece::Body(_) | Piece::Unclear => None,
        }
    }

    /// The file with the bodies of its analytics; none unless each is there and has its place.
    fn fill(&self, mut file: File, mut read: impl Iterator<Item = Piece>) -> Option<File> {
        let mut empty = analytics(&mut file);
        for body in &self.bodies {
            let Some(Piece::Body(items)) = read.next() else { return None };
            let (_, analytic) = empty.find(|(end, _)| *end == body.end + 1)?;
            analytic.items = items;
        }
        drop(empty);
        Some(file)
    }
}

/// The analytics in the blocks of a file, with one past the last byte of each.
fn analytics(file: &mut File) -> impl Iterator<Item = (usize, &mut Analytic)> {
    let blocks = file.items.iter_mut().filter_map(|item| match &mut item.kind {
        ItemKind::Strategy(strategy) => Some(&mut strategy.items),
        // It has no place here, but is read.
        ItemKind::Analytic(analytic) => Some(&mut analytic.items),
        _ => None,
    });
    blocks.flatten().filter_map(|item| match &mut item.kind {
        ItemKind::Analytic(analytic) => Some((item.span.range().end, analytic)),
        _ => None,
    })
}

/// Where the bodies of the analytics are, between their braces: those that hold something, of more than `small` bytes. None
/// of a text that nests too deeply for the grammar.
fn bodies(text: &str, small: usize) -> Vec<Range<usize>> {
    // One pass over the tokens serves both.
    let mut outline = Outline::default();
    let deep = lex::too_deep(lex::tokens(text).inspect(|token| outline.note(*token)));
    if deep.is_some() {
        return Vec::new();
    }
    outline.bodies.retain(|body| body.len() > small);
    outline.bodies
}

/// Finds the bodies of the analytics among the tokens of a file.
#[derive(Default)]
struct Outline<'t> {
    bodies: Vec<Range<usize>>,
    /// How many brackets are open.
    depth: usize,
    /// The last tokens before the next.
    before: [Option<Token<'t>>; 4],
    /// Where the body that is open begins.
    start: Option<usize>,
}

impl<'t> Outline<'t> {
    fn note(&mut self, token: Token<'t>) {
        match token.kind {
            TokenKind::Comment | TokenKind::Doc => return,
            TokenKind::Open => {
                if self.depth == 1 && token.is("{") && is_head(self.before) {
                    self.start = Some(token.end());
                }
                self.depth += 1;
            }
            TokenKind::Close => {
                self.depth = self.depth.saturating_sub(1);
                let start = if self.depth == 1 { self.start.take() } else { None };
                let holds_something = |start: &usize| self.before[3].is_none_or(|before| before.end() != *start);
                self.bodies.extend(start.filter(holds_something).map(|start| start..token.start));
            }
            TokenKind::Word | TokenKind::Number | TokenKind::String | TokenKind::Unterminated => {}
            TokenKind::Mark | TokenKind::Stray => {}
        }
        self.before.rotate_left(1);
        self.before[3] = Some(token);
    }
}

/// `analytic NAME on NAME`
fn is_head(tokens: [Option<Token<'_>>; 4]) -> bool {
    let [Some(analytic), Some(_), Some(on), Some(_)] = tokens else { return false };
    analytic.is("analytic") && on.is("on")
}

/// The text with the bodies, of three bytes or more, made into comments of the same length, so that places stay what they
/// are.
fn without(text: &str, bodies: &[Range<usize>]) -> String {
    let mut out = String::with_capacity(text.len());
    for body in bodies {
        out.push_str(text.get(out.len()..body.start).unwrap_or_default());
        out.push_str("//");
        out.push_str(&" ".repeat(body.len().saturating_sub(3)));
        out.push('\n');
    }
    out.push_str(text.get(out.len()..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::syntax::generate;
    use crate::syntax::samples::STRATEGY;

    /// What a text is read as, with every place: whole, and in pieces if they make a tree; and how many pieces there are.
    fn both(text: &str) -> (String, Option<String>, usize) {
        let mut sources = Sources::default();
        let id = sources.add("test.det", text);
        let pieces = Pieces { sources: &sources, id, text, bodies: bodies(text, 3) };
        let joined = pieces.join((0..pieces.count()).map(|number| pieces.read(number)));
        (format!("{:#?}", parse(&sources, id)), joined.map(|joined| format!("{joined:#?}")), pieces.count())
    }

    #[test]
    fn every_analytic_is_a_piece() {
        let (whole, joined, count) = both(STRATEGY);
        assert_eq!((joined, count), (Some(whole), 2));
        let three = "strategy DET0001 {\n technique T1\n // {\n analytic A on linux { // }\n let a = \"}\"\n }\n\
                     analytic B on macos {\n event e = process_start\n }\n tactic execution\n\
                     analytic C on windows {\n // nothing\n }\n}\nlet after = [1]\n";
        let (whole, joined, count) = both(three);
        assert_eq!((joined, count), (Some(whole), 3), "the third is empty");
    }

    #[test]
    fn pieces_with_an_error_make_no_tree() {
        for wrong in ["let = 1", "let where = 1", "}", "{", "\"", "analytic C on windows {"] {
            for place in ["let a = 1", "let b = 1", "let c = 1"] {
                let text = "strategy DET0001 {\n analytic A on linux {\n let a = 1\n }\n let b = 1\n\
                            analytic B on macos {\n let c = 1\n }\n}\n"
                    .replace(place, wrong);
                let (whole, joined, count) = both(&text);
                assert!(whole.contains("Diagnostic"), "an error is expected in:\n{text}");
                assert!(joined.is_none() || (count, joined.as_ref()) == (1, Some(&whole)), "{joined:?} in:\n{text}");
            }
        }
    }

    proptest! {
        #[test]
        fn pieces_make_the_tree_of_the_whole(text in generate::file()) {
            let (whole, joined, _) = both(&text);
            prop_assert_eq!(joined, Some(whole), "in:\n{}", text);
        }
    }
}
