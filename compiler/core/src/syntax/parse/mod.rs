//! Text to tree.
//!
//! A file without errors is read in one go by the grammar ([`grammar::Rule::file`]) and built ([`items`],
//! [`patterns`], [`exprs`], [`literals`]). Where the grammar refuses, [`recover`] reads the same text piece by piece, so
//! that one wrong item hides no other, and [`errors`] words what is wrong with each.
//!
//! Of a large file, [`Pieces`] can be read at the same time.
//!
//! No tree is deeper than [`super::lex::MAX_DEPTH`] expressions, so later passes may recurse.

mod build;
mod errors;
mod exprs;
mod grammar;
mod items;
mod literals;
mod patterns;
mod pieces;
mod recover;
#[cfg(test)]
mod tests;
mod types;

use super::{ast, lex};
use crate::diagnostics::Diagnostic;
use crate::source::{SourceId, Sources};
use build::{Builder, MOST_ERRORS};
pub use pieces::{Piece, Pieces};

/// Reads one source. What is wrong is left out of the tree or mended in it, and always reported; a source that is not
/// among `sources` is read as empty.
#[must_use]
pub fn parse(sources: &Sources, id: SourceId) -> (ast::File, Vec<Diagnostic>) {
    let text = sources.get(id).map_or("", |source| &*source.text);
    let strict = if lex::is_too_deep(text) { None } else { grammar::pairs(grammar::Rule::file, text).ok() };
    let (file, mut diagnostics) = match strict {
        Some(pairs) => {
            let mut builder = Builder::new(id, 0);
            (builder.file(pairs), builder.diagnostics)
        }
        None => recover::file(text, id),
    };
    diagnostics.truncate(MOST_ERRORS);
    let full = diagnostics.len() == MOST_ERRORS;
    if let Some(last) = diagnostics.last_mut().filter(|_| full) {
        last.help.push(format!("only the first {MOST_ERRORS} errors of a file are reported"));
    }
    (file, diagnostics)
}
