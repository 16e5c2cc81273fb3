//! Names and quoted text.

use std::borrow::Cow;
use std::fmt::{self, Display, Formatter, Write};

use super::super::ast::Name;

/// A field's name in `eval` and `where`.
#[must_use]
pub fn eval_name(name: &Name) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if starts_like_a_word(&name.0) && name.0.chars().all(plain) && !is_reserved(&name.0) {
        Cow::Borrowed(&name.0)
    } else {
        Cow::Owned(format!("'{}'", name.0))
    }
}

fn starts_like_a_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// A field's name in the base search and in commands.
#[must_use]
pub fn field_name(name: &Name) -> Cow<'_, str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    if starts_like_a_word(&name.0) && name.0.chars().all(plain) {
        Cow::Borrowed(&name.0)
    } else {
        Cow::Owned(format!("\"{}\"", Escaped(&name.0)))
    }
}

/// Words that mean something of their own in an expression or a command.
fn is_reserved(name: &str) -> bool {
    ["and", "or", "not", "xor", "in", "like", "by", "as", "true", "false", "null"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(name))
}

/// Text for inside double quotes.
pub struct Escaped<'t>(pub &'t str);

impl Display for Escaped<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        for piece in self.0.split_inclusive(['\\', '"']) {
            match piece.strip_suffix(['\\', '"']) {
                Some(before) => {
                    out.write_str(before)?;
                    out.write_char('\\')?;
                    out.write_str(if piece.ends_with('"') { "\"" } else { "\\" })?;
                }
                None => out.write_str(piece)?,
            }
        }
        Ok(())
    }
}
