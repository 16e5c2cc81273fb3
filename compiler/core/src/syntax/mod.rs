//! Text to tree: grammar, recovery from errors, and the formatter.
//!
//! After this stage the text is a [`ast::File`], with a diagnostic for each part that is not of the language. Nothing
//! outside this folder names a type of the parser library.

pub mod ast;
mod fmt;
#[cfg(test)]
mod generate;
mod lex;
mod parse;
#[cfg(test)]
mod samples;
mod words;

pub use fmt::format;
pub use parse::{Piece, Pieces, parse};
