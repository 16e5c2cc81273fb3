//! Strings, numbers and durations.

use super::build::Builder;
use super::grammar::Rule;
use crate::diagnostics::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{ExprKind, Ident};
use pest::iterators::Pair;

/// The units of a duration in nanoseconds, from the longest.
const UNITS: [(&str, i64); 6] = [
    ("w", 7 * 86_400_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
];

impl Builder {
    /// The text that a string stands for.
    pub(super) fn string(&mut self, pair: &Pair<'_, Rule>) -> Ident {
        let written = pair.as_str();
        let raw = written.strip_prefix("r\"").and_then(|rest| rest.strip_suffix('"'));
        let raw = raw.or_else(|| written.strip_prefix("r#\"").and_then(|rest| rest.strip_suffix("\"#")));
        let span = self.span_of_token(pair);
        let value = match raw {
            Some(text) => text.to_owned(),
            None => {
                let body = written.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(written);
                self.unescape(body, span)
            }
        };
        Ident::new(value, span)
    }

    /// Undoes the escapes of the string at `span`; those that do not exist are reported and kept as they are.
    fn unescape(&mut self, body: &str, span: Span) -> String {
        let mut bad: Option<Diagnostic> = None;
        let mut value = String::with_capacity(body.len());
        let mut rest = body;
        while let Some(at) = rest.find('\\') {
            value.push_str(rest.get(..at).unwrap_or_default());
            rest = rest.get(at..).unwrap_or_default();
            let length = match escape(rest) {
                Some((c, length)) => {
                    value.push(c);
                    length
                }
                None => {
                    let length = rest.chars().take(2).map(char::len_utf8).sum();
                    let written = rest.get(..length).unwrap_or(rest);
                    let start = span.start as usize + 1 + body.len() - rest.len();
                    let place = Span::new(span.source, start..start + length);
                    bad = Some(match bad {
                        Some(first) => first.also(place, "another one"),
                        None => bad_escape(written, place, body, span),
                    });
                    value.push_str(written);
                    length
                }
            };
            rest = rest.get(length..).unwrap_or_default();
        }
        value.push_str(rest);
        if let Some(bad) = bad {
            self.report(bad);
        }
        value
    }

    /// The number or duration written so.
    pub(super) fn number(&mut self, pair: &Pair<'_, Rule>) -> Option<ExprKind> {
        let written = pair.as_str();
        let plain = written.replace('_', "");
        let is_digit = |c: char| c.is_ascii_digit();
        if plain.chars().all(is_digit) {
            let value = plain.parse().ok().map(ExprKind::Int);
            if value.is_none() {
                self.refuse("a whole number that is too large", self.span(pair), format!("at most {}", i64::MAX));
            }
            return value;
        }
        if plain.split('.').all(|part| !part.is_empty() && part.chars().all(is_digit))
            && let Some(value) = plain.parse::<f64>().ok().filter(|value| value.is_finite())
        {
            return Some(ExprKind::Float(value));
        }
        match duration(&plain) {
            Ok(nanoseconds) => Some(ExprKind::Duration(nanoseconds)),
            Err(why) => {
                self.refuse(format!("`{written}` is no number or duration"), self.span(pair), why);
                None
            }
        }
    }
}

/// The character that the escape at the head of `rest` stands for, and the length of the escape.
fn escape(rest: &str) -> Option<(char, usize)> {
    let mut chars = rest.chars().skip(1);
    let plain = match chars.next()? {
        c @ ('\\' | '"') => c,
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'u' => {
            let digits = rest.strip_prefix("\\u{")?;
            let digits = digits.get(..digits.find('}')?)?;
            let written = (1..=6).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
            let code = written.then(|| u32::from_str_radix(digits, 16).ok()).flatten()?;
            return Some((char::from_u32(code)?, digits.len() + 4));
        }
        _ => return None,
    };
    Some((plain, 2))
}

/// An escape that does not exist. A raw string is offered where it would say what is written.
fn bad_escape(written: &str, place: Span, body: &str, string: Span) -> Diagnostic {
    let found = Diagnostic::new(Code::Syntax, format!("`{written}` is no escape"), place)
        .label("unknown escape")
        .help(r#"the escapes are `\\`, `\"`, `\n`, `\r`, `\t` and `\u{…}`; in r"…" a backslash is a backslash"#);
    if body.contains("\\\\") || body.contains('"') || written.starts_with("\\u") && body.contains("\\u{") {
        return found;
    }
    found.fix(string, format!("r\"{body}\""), "write a raw string")
}

/// The nanoseconds of such as `1h30m`, or what is wrong with it.
fn duration(written: &str) -> Result<i64, String> {
    let mut rest = written;
    let mut units = UNITS.iter();
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (amount, tail) = rest.split_at_checked(digits).unwrap_or((rest, ""));
        let unit_length = tail.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit_length).unwrap_or((tail, ""));
        if tail.starts_with('.') || amount.is_empty() {
            return Err("a duration is of whole units, such as `1h30m`".to_owned());
        }
        if !UNITS.iter().any(|(name, _)| *name == unit) {
            return Err("the units are `ms`, `s`, `m`, `h`, `d` and `w`".to_owned());
        }
        let Some((_, size)) = units.by_ref().find(|(name, _)| *name == unit) else {
            return Err("units go from the longest to the shortest, each at most once".to_owned());
        };
        let part = amount.parse::<i64>().ok().and_then(|amount| amount.checked_mul(*size));
        total = part.and_then(|part| total.checked_add(part)).ok_or("a duration of more than 292 years")?;
        rest = tail;
    }
    Ok(total)
}
