//! Names for the fields that a search makes. None hides a field of the site's data, which later commands still read.

use std::collections::BTreeSet;

use super::ast::{Expr, Name};

/// The names in use.
#[derive(Debug, Default)]
pub struct Names {
    taken: BTreeSet<String>,
}

impl Names {
    /// Keeps a name of the site's data free.
    pub fn reserve(&mut self, name: &Name) {
        self.taken.insert(name.0.clone());
    }

    /// Keeps free every word of an expression of the profile, fields among them.
    pub fn reserve_words(&mut self, expression: &str) {
        let words = expression.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'));
        self.taken.extend(words.filter(|w| !w.is_empty()).map(str::to_owned));
    }

    /// A new name: the wish with everything but letters, digits and `_` made `_`, numbered where it is taken.
    pub fn fresh(&mut self, wish: &str) -> Name {
        let word: String = wish.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let word = if word.starts_with(|c: char| c.is_ascii_alphabetic()) { word } else { format!("f{word}") };
        let free = (1..).map(|n| if n == 1 { word.clone() } else { format!("{word}_{n}") });
        let name = free.into_iter().find(|candidate| !self.taken.contains(candidate)).unwrap_or(word);
        self.taken.insert(name.clone());
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
