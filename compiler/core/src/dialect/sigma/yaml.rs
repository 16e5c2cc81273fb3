//! Writes YAML that every reader takes the same way: YAML 1.1 and 1.2 disagree on what a bare word is (`no`, `1e3`,
//! `12:30`), so a text is bare only where no version could take it for anything else.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::dialect::page::{characters, push_blanks};

/// A YAML value.
#[derive(Debug, Clone, PartialEq)]
pub enum Yaml<'a> {
    /// Keys and values, in this order.
    Map(Vec<(Cow<'a, str>, Yaml<'a>)>),
    /// Values.
    List(Vec<Yaml<'a>>),
    /// A text, without quotes where it needs none.
    Text(Cow<'a, str>),
    /// A text that always stands in quotes: a value of a detection, whose type must show.
    Quoted(Cow<'a, str>),
    /// A whole number.
    Int(i64),
    /// A double.
    Float(f64),
    /// `true` or `false`
    Bool(bool),
}

/// The widest line of a text that is folded where it is longer.
const WIDTH: usize = 110;

/// A comment on a line of its own.
#[must_use]
pub fn comment(text: &str) -> String {
    let text: String = text.chars().map(|c| if is_printable(c) { c } else { ' ' }).collect();
    format!("# {text}\n")
}

/// Documents, one after the other, with `---` between them.
#[must_use]
pub fn print(documents: &[Yaml<'_>]) -> String {
    let mut out = String::new();
    for (i, document) in documents.iter().enumerate() {
        if i > 0 {
            out.push_str("---\n");
        }
        print_block(&mut out, document, 0);
    }
    out
}

/// A map or list, each entry on lines of its own, indented by `indent`.
fn print_block(out: &mut String, yaml: &Yaml<'_>, indent: usize) {
    match yaml {
        Yaml::Map(entries) => {
            for (key, value) in entries {
                print_indent(out, indent);
                print_text(out, key);
                out.push(':');
                print_value(out, value, indent);
            }
        }
        Yaml::List(items) => {
            for item in items {
                print_indent(out, indent);
                out.push('-');
                print_value(out, item, indent);
            }
        }
        scalar => {
            print_indent(out, indent);
            print_scalar(out, scalar);
            out.push('\n');
        }
    }
}

fn print_indent(out: &mut String, indent: usize) {
    push_blanks(out, indent);
}

/// What stands after a key or a dash, to the end of its lines.
fn print_value(out: &mut String, value: &Yaml<'_>, indent: usize) {
    match value {
        Yaml::Map(entries) if entries.is_empty() => out.push_str(" {}\n"),
        Yaml::List(items) if items.is_empty() => out.push_str(" []\n"),
        Yaml::Map(_) | Yaml::List(_) => {
            out.push('\n');
            print_block(out, value, indent + 4);
        }
        Yaml::Text(text) if characters(text) > WIDTH && can_fold(text) => push_folded(out, text, indent + 4),
        scalar => {
            out.push(' ');
            print_scalar(out, scalar);
            out.push('\n');
        }
    }
}

/// Whether a text means the same in folded lines: words with single blanks between, all of characters that stand for
/// themselves.
fn can_fold(text: &str) -> bool {
    all_printable(text) && text.split(' ').all(|word| !word.is_empty())
}

/// A text in lines that YAML reads with a blank between each two.
fn push_folded(out: &mut String, text: &str, indent: usize) {
    out.push_str(" >-");
    let mut column = WIDTH;
    for word in text.split(' ') {
        let width = characters(word) + 1;
        if column + width > WIDTH {
            out.push('\n');
            print_indent(out, indent);
            column = indent;
        } else {
            out.push(' ');
        }
        out.push_str(word);
        column += width;
    }
    out.push('\n');
}

fn print_scalar(out: &mut String, scalar: &Yaml<'_>) {
    // A string takes whatever is written.
    let _ = match scalar {
        Yaml::Text(text) => return print_text(out, text),
        Yaml::Quoted(text) => return print_quoted(out, text),
        Yaml::Int(i) => write!(out, "{i}"),
        // YAML 1.1 takes an exponent only after a point and with a sign, so a double is written out.
        Yaml::Float(f) if f.fract() == 0.0 => write!(out, "{f:.1}"),
        Yaml::Float(f) => write!(out, "{f}"),
        Yaml::Bool(b) => write!(out, "{b}"),
        Yaml::Map(_) => out.write_str("{}"),
        Yaml::List(_) => out.write_str("[]"),
    };
}

fn print_text(out: &mut String, text: &str) {
    if is_bare(text) { out.push_str(text) } else { print_quoted(out, text) }
}

/// Whether the text may stand without quotes: it begins with a letter of ASCII, holds nothing that YAML gives a meaning,
/// and is no word for a Boolean or for nothing.
fn is_bare(text: &str) -> bool {
    const WORDS: &[&str] = &["y", "n", "yes", "no", "on", "off", "true", "false", "null"];
    if !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return is_uuid(text) || is_timespan(text);
    }
    let plain = |b: u8| b.is_ascii_alphanumeric() || b" _-.,/|()'+=`".contains(&b);
    text.bytes().all(plain) && !text.ends_with(' ') && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}

/// No version takes a UUID for a number or a date: its first group has eight digits.
fn is_uuid(text: &str) -> bool {
    text.split('-').map(str::len).eq([8, 4, 4, 4, 12]) && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// Whether it is a number with a letter for its unit of time, such as `5m`.
fn is_timespan(text: &str) -> bool {
    let digits = text.trim_end_matches(['s', 'm', 'h', 'd']);
    digits.len() + 1 == text.len() && !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit())
}

/// In single quotes where every character can stand for itself, else in double quotes with escapes.
fn print_quoted(out: &mut String, text: &str) {
    if !all_printable(text) {
        return print_escaped(out, text);
    }
    for (n, part) in text.split('\'').enumerate() {
        out.push_str(if n == 0 { "'" } else { "''" });
        out.push_str(part);
    }
    out.push('\'');
}

fn all_printable(text: &str) -> bool {
    text.bytes().all(|byte| matches!(byte, b' '..=b'~')) || text.chars().all(is_printable)
}

/// Whether every YAML version takes the character as itself inside single quotes.
fn is_printable(c: char) -> bool {
    matches!(c, ' '..='~' | '\u{a0}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}') && !is_break(c)
}

/// Line breaks of YAML 1.1 that other versions take as text, and the byte order mark.
fn is_break(c: char) -> bool {
    matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

fn print_escaped(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        let _ = match c {
            '\\' => out.write_str("\\\\"),
            '"' => out.write_str("\\\""),
            '\n' => out.write_str("\\n"),
            '\r' => out.write_str("\\r"),
            '\t' => out.write_str("\\t"),
            c if is_printable(c) => out.write_char(c),
            c => match u32::from(c) {
                n @ 0..=0xff => write!(out, "\\x{n:02x}"),
                n @ 0x100..=0xffff => write!(out, "\\u{n:04x}"),
                n => write!(out, "\\U{n:08x}"),
            },
        };
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn print_text(text: &str) -> String {
        let mut out = String::new();
        super::print_text(&mut out, text);
        out
    }

    fn read(text: &str) -> serde_json::Value {
        serde_yaml::from_str(text).unwrap()
    }

    proptest! {
        #[test]
        fn every_text_survives_as_key_and_as_value(text in any::<String>()) {
            let pairs = [(format!("k{text}").into(), Yaml::Text((&text).into())), ("q".into(), Yaml::Quoted((&text).into()))];
            let both = Yaml::Map(pairs.into());
            let back = read(&print(&[both]));
            prop_assert_eq!(&back[format!("k{text}")], &serde_json::Value::from(text.clone()));
            prop_assert_eq!(&back["q"], &serde_json::Value::from(text));
        }

        #[test]
        fn a_folded_text_reads_as_one_line(words in proptest::collection::vec("[a-z#:'\"-]{0,30}", 8..30)) {
            let text = words.join(" ");
            let printed = print(&[Yaml::Map(vec![("t".into(), Yaml::Text((&text).into()))])]);
            prop_assert_eq!(&read(&printed)["t"], &serde_json::Value::from(text));
        }

        #[test]
        fn every_double_survives(f in any::<f64>().prop_filter("finite", |f| f.is_finite())) {
            let printed = print(&[Yaml::Map(vec![("f".into(), Yaml::Float(f))])]);
            let text = printed.trim_start_matches("f: ").trim_end();
            prop_assert!(text.contains('.') && !text.contains(['e', 'E']), "{}", text);
            prop_assert_eq!(text.parse::<f64>().ok(), Some(f));
        }
    }

    #[test]
    fn a_word_that_some_version_reads_as_no_text_stands_in_quotes() {
        for word in
            ["no", "Yes", "on", "NULL", "~", "1e3", "0x1f", "007", "12:30:45", "2026-01-01", ".inf", "=", "<<", "y", ""]
        {
            assert!(print_text(word).starts_with('\''), "{word}");
        }
        assert_eq!(print_text("attack.t1573.002"), "attack.t1573.002");
        assert_eq!(print_text("Image|endswith"), "Image|endswith");
        assert_eq!(print_text("key: value"), "'key: value'");
    }

    #[test]
    fn identifiers_and_timespans_need_no_quotes() {
        assert_eq!(print_text("39303ad5-b927-59b7-a7c5-cb9d53375942"), "39303ad5-b927-59b7-a7c5-cb9d53375942");
        assert_eq!(print_text("5m"), "5m");
    }

    #[test]
    fn lists_and_maps_are_indented_by_four() {
        let inner = Yaml::Map(vec![("b".into(), Yaml::List(vec![Yaml::Int(1), Yaml::Quoted("it's".into())]))]);
        assert_eq!(print(&[Yaml::Map(vec![("a".into(), inner)])]), "a:\n    b:\n        - 1\n        - 'it''s'\n");
    }
}
