//! Names and literals: the only place that quotes and escapes.

use std::borrow::Cow;
use std::fmt::{self, Write};

use super::words::is_reserved;
use crate::dialect::names::is_word;
use crate::sema::literals::print_datetime;

/// A name as it must be written: bare where that is an identifier and no keyword, else `['…']`.
/// <https://learn.microsoft.com/kusto/query/schema-entities/entity-names>
pub fn name(out: &mut impl Write, text: &str) -> fmt::Result {
    if is_identifier(text) && !is_reserved(text) {
        return out.write_str(text);
    }
    out.write_str("['")?;
    escaped(out, text, '\'')?;
    out.write_str("']")
}

/// Whether the text is an identifier: ASCII letters, digits and `_`, no digit first.
fn is_identifier(text: &str) -> bool {
    text.bytes().next().is_some_and(|first| !first.is_ascii_digit()) && text.bytes().all(is_word)
}

/// A string literal: verbatim (`@"…"`) where it holds a backslash and nothing else that needs escaping.
/// <https://learn.microsoft.com/kusto/query/scalar-data-types/string>
pub fn text(out: &mut impl Write, value: &str) -> fmt::Result {
    if value.bytes().all(is_plain) {
        out.write_char('"')?;
        out.write_str(value)?;
    } else if value.contains('\\') && !value.contains(|c| c == '"' || is_special(c)) {
        out.write_str("@\"")?;
        out.write_str(value)?;
    } else {
        out.write_char('"')?;
        escaped(out, value, '"')?;
    }
    out.write_char('"')
}

/// Whether a byte stands for itself in a literal of either kind, as nearly all do.
const fn is_plain(b: u8) -> bool {
    matches!(b, b' '..=b'~') && b != b'"' && b != b'\\'
}

/// Characters that are never written as they are.
fn is_special(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_control()
    } else {
        c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
    }
}

fn escaped(out: &mut impl Write, value: &str, quote: char) -> fmt::Result {
    let mut rest = value;
    while let Some(at) = rest.find(|c| c == '\\' || c == quote || is_special(c)) {
        let (plain, after) = rest.split_at(at);
        out.write_str(plain)?;
        let mut chars = after.chars();
        match chars.next() {
            Some('\n') => out.write_str("\\n")?,
            Some('\r') => out.write_str("\\r")?,
            Some('\t') => out.write_str("\\t")?,
            Some(c) if is_special(c) => write!(out, "\\u{:04x}", u32::from(c))?,
            Some(c) => write!(out, "\\{c}")?,
            None => {}
        }
        rest = chars.as_str();
    }
    out.write_str(rest)
}

/// A whole number. The least one has no literal of its own.
pub fn long(out: &mut impl Write, value: i64) -> fmt::Result {
    if value == i64::MIN { write!(out, "long({value})") } else { write!(out, "{value}") }
}

/// A double, always with a point or an exponent.
pub fn real(out: &mut impl Write, value: f64) -> fmt::Result {
    write!(out, "{value:?}")
}

/// A span of `ticks` of 100 ns, in the largest unit that holds it whole.
/// <https://learn.microsoft.com/kusto/query/scalar-data-types/timespan>
pub fn timespan(out: &mut impl Write, ticks: i64) -> fmt::Result {
    const UNITS: [(i64, &str); 7] = [
        (864_000_000_000, "d"),
        (36_000_000_000, "h"),
        (600_000_000, "m"),
        (10_000_000, "s"),
        (10_000, "ms"),
        (10, "microsecond"),
        (1, "tick"),
    ];
    if ticks == 0 {
        return out.write_str("0s");
    }
    let unit = UNITS.into_iter().find(|(size, _)| ticks % size == 0);
    unit.map_or(Ok(()), |(size, unit)| write!(out, "{}{unit}", ticks / size))
}

/// `datetime(…)` of milliseconds since 1970, UTC.
/// <https://learn.microsoft.com/kusto/query/scalar-data-types/datetime>
pub fn datetime(out: &mut impl Write, milliseconds: i64) -> fmt::Result {
    write!(out, "datetime({})", print_datetime(milliseconds))
}

/// A comment line's text: one line, nothing that could end it.
#[must_use]
pub fn comment(text: &str) -> Cow<'_, str> {
    if text.contains(is_special) { text.replace(is_special, " ").trim().to_owned().into() } else { text.trim().into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What is written.
    fn written(write: impl FnOnce(&mut String) -> fmt::Result) -> String {
        let mut out = String::new();
        write(&mut out).expect("a string takes everything");
        out
    }

    /// Reads a string literal back as the documentation describes it; none if the text is not exactly one.
    fn read(literal: &str) -> Option<String> {
        if let Some(body) = literal.strip_prefix("@\"") {
            let body = body.strip_suffix('"')?;
            return (!body.contains('"')).then(|| body.to_owned());
        }
        let mut chars = literal.strip_prefix('"')?.chars();
        let mut out = String::new();
        loop {
            match chars.next()? {
                '"' => return chars.next().is_none().then_some(out),
                '\\' => match chars.next()? {
                    'n' => out.push('\n'),
                    'r' => out.push('\r'),
                    't' => out.push('\t'),
                    'u' => {
                        let digits: String = chars.by_ref().take(4).collect();
                        out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                    }
                    c @ ('\\' | '"') => out.push(c),
                    _ => return None,
                },
                c if is_special(c) => return None,
                c => out.push(c),
            }
        }
    }

    proptest! {
        #[test]
        fn any_string_survives_its_literal(value in "\\PC*|[\\\\\"'\n\r\t\u{0}-\u{1f}%$`{}*?@a-c]{0,12}") {
            prop_assert_eq!(read(&written(|out| text(out, &value))), Some(value));
        }

        #[test]
        fn a_comment_stays_on_its_line(value in ".*|[\n\r\u{2028}a/ ]{0,9}") {
            let text = comment(&value);
            prop_assert_eq!(text.chars().find(|c| is_special(*c)), None);
        }
    }

    #[test]
    fn a_backslash_alone_makes_a_verbatim_literal() {
        let text = |value: &str| written(|out| text(out, value));
        assert_eq!(text(r"C:\x"), r#"@"C:\x""#);
        assert_eq!(text("C:\\x \"q\""), r#""C:\\x \"q\"""#);
    }

    #[test]
    fn keywords_and_odd_names_are_bracketed() {
        let name = |text: &str| written(|out| name(out, text));
        assert_eq!(name("HostName"), "HostName");
        assert_eq!(name("cs-uri-query"), "['cs-uri-query']");
        assert_eq!(name("where"), "['where']");
        assert_eq!(name("a'b"), r"['a\'b']");
    }

    #[test]
    fn spans_use_the_largest_whole_unit() {
        let spans = [0, 1, 10, 5_000_000, 15_000_000_000, 864_000_000_000, -600_000_000];
        assert_eq!(
            spans.map(|ticks| written(|out| timespan(out, ticks))),
            ["0s", "1tick", "1microsecond", "500ms", "25m", "1d", "-1m"]
        );
    }

    #[test]
    fn moments_are_calendar_dates() {
        let datetime = |milliseconds| written(|out| datetime(out, milliseconds));
        assert_eq!(datetime(1_767_262_200_001), "datetime(2026-01-01T10:10:00.001Z)");
        assert_eq!(datetime(-1), "datetime(1969-12-31T23:59:59.999Z)");
        assert_eq!(datetime(951_782_400_000), "datetime(2000-02-29T00:00:00.000Z)");
    }
}
