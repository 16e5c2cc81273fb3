//! Names and quoted text.

use super::super::ast::Name;

/// A field's name in `eval` and `where`.
#[must_use]
pub fn eval_name(name: &Name) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if starts_like_a_word(&name.0) && name.0.chars().all(plain) && !is_reserved(&name.0) {
        name.0.clone()
    } else {
        format!("'{}'", name.0)
    }
}

fn starts_like_a_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// A field's name in the base search and in commands.
#[must_use]
pub fn field_name(name: &Name) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
    if starts_like_a_word(&name.0) && name.0.chars().all(plain) {
        name.0.clone()
    } else {
        format!("\"{}\"", escaped(&name.0))
    }
}

/// Words that mean something of their own in an expression or a command.
fn is_reserved(name: &str) -> bool {
    ["and", "or", "not", "xor", "in", "like", "by", "as", "true", "false", "null"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(name))
}

/// Text for inside double quotes.
#[must_use]
pub fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
