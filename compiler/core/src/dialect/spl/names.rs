//! Names for the fields that a search makes. None hides a field of the site's data, which later commands still read.

use std::sync::Arc;

use super::ast::{Expr, Name};
use crate::dialect::names::{Words, push_word};

/// The names in use.
#[derive(Debug, Default)]
pub struct Names<'a> {
    /// Of the site's data.
    foreign: Words<&'a str>,
    /// Of the search.
    taken: Words<Arc<str>>,
}

impl<'a> Names<'a> {
    /// Keeps a name of the site's data free.
    pub fn reserve(&mut self, name: &'a str) {
        self.foreign.add(name);
    }

    /// Keeps free every word of an expression of the profile, fields among them.
    pub fn reserve_words(&mut self, expression: &'a str) {
        let words = expression.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
        words.filter(|w| !w.is_empty()).for_each(|word| self.foreign.add(word));
    }

    /// A new name: the wish with everything but letters, digits and `_` made `_`, numbered where it is taken.
    pub fn fresh(&mut self, wish: &str) -> Name {
        let mut word = String::with_capacity(wish.len() + 1);
        if !wish.starts_with(|c: char| c.is_ascii_alphabetic()) {
            word.push('f');
        }
        push_word(&mut word, wish);
        let is_free = |name: &str| !self.foreign.has(name) && !self.taken.has(name);
        if !is_free(&word) {
            word = (2..).map(|n| format!("{word}_{n}")).find(|name| is_free(name)).unwrap_or(word);
        }
        let name: Arc<str> = word.into();
        self.taken.add(name.clone());
        Name(name)
    }
}

/// Adds the fields that an expression reads to `out`, each once, in order. Those inside a profile's own text are not seen.
pub fn fields_read(node: &Expr, out: &mut Vec<Name>) {
    let mut add = |name: &Name| {
        if !out.contains(name) {
            out.push(name.clone());
        }
    };
    match node {
        Expr::Field(name) | Expr::In(name, _) => add(name),
        Expr::Text(_) | Expr::Pattern(_) | Expr::Int(_) | Expr::Float(_) | Expr::Native(_) => {}
        Expr::Call(_, parts) | Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|p| fields_read(p, out)),
        Expr::Not(inner) => fields_read(inner, out),
        Expr::Macro(_, fields) => fields.iter().for_each(add),
        Expr::Compare(left, _, right) | Expr::Binary(left, _, right) => {
            fields_read(left, out);
            fields_read(right, out);
        }
    }
}
