//! Names and quoted text.

use std::fmt::{self, Write};

use super::super::ast::Name;
use crate::dialect::names::is_word;
use crate::dialect::page::Page;

/// A field's name in `eval` and `where`.
pub fn eval_name(out: &mut Page, Name(name): &Name) -> fmt::Result {
    if starts_like_a_word(name) && name.bytes().all(is_word) && !is_reserved(name) {
        return out.write_str(name);
    }
    out.write_char('\'')?;
    out.write_str(name)?;
    out.write_char('\'')
}

fn starts_like_a_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// A field's name in the base search and in commands.
pub fn field_name(out: &mut Page, Name(name): &Name) -> fmt::Result {
    let plain = |b: u8| is_word(b) || b == b'.';
    if starts_like_a_word(name) && name.bytes().all(plain) { out.write_str(name) } else { quoted(out, name) }
}

/// Words that mean something of their own in an expression or a command.
fn is_reserved(name: &str) -> bool {
    const WORDS: [&str; 11] = ["and", "or", "not", "xor", "in", "like", "by", "as", "true", "false", "null"];
    WORDS.iter().any(|word| word.eq_ignore_ascii_case(name))
}

/// Text in double quotes.
pub fn quoted(out: &mut Page, text: &str) -> fmt::Result {
    out.write_char('"')?;
    escaped(out, text)?;
    out.write_char('"')
}

/// Text for inside double quotes.
pub fn escaped(out: &mut Page, text: &str) -> fmt::Result {
    let mut rest = text;
    while let Some(at) = rest.bytes().position(|b| matches!(b, b'\\' | b'"')) {
        let (plain, special) = rest.split_at(at);
        out.write_str(plain)?;
        out.write_char('\\')?;
        let (special, after) = special.split_at(1);
        out.write_str(special)?;
        rest = after;
    }
    out.write_str(rest)
}
