//! Names and literals: the only place that quotes and escapes.

use crate::sema::literals::print_datetime;

use std::fmt::Write as _;

use super::words::is_reserved;

/// A name as it must be written: bare where that is an identifier and no keyword, else `['…']`.
/// <https://learn.microsoft.com/kusto/query/schema-entities/entity-names>
#[must_use]
pub fn name(text: &str) -> String {
    if is_identifier(text) && !is_reserved(text) { text.to_owned() } else { format!("['{}']", escaped(text, '\'')) }
}

/// Whether the text is an identifier: ASCII letters, digits and `_`, no digit first.
#[must_use]
pub fn is_identifier(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

/// A string literal: verbatim (`@"…"`) where it holds a backslash and nothing else that needs escaping.
/// <https://learn.microsoft.com/kusto/query/scalar-data-types/string>
#[must_use]
pub fn text(value: &str) -> String {
    if value.contains('\\') && !value.chars().any(|c| c == '"' || is_special(c)) {
        format!("@\"{value}\"")
    } else {
        format!("\"{}\"", escaped(value, '"'))
    }
}

/// Characters that are never written as they are.
fn is_special(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

fn escaped(value: &str, quote: char) -> String {
    let mut out = String::with_capacity(value.len() + 2);
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c == quote => {
                out.push('\\');
                out.push(c);
            }
            c if is_special(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out
}

/// A whole number. The least one has no literal of its own.
#[must_use]
pub fn long(value: i64) -> String {
    if value == i64::MIN { format!("long({value})") } else { value.to_string() }
}

/// A double, always with a point or an exponent.
#[must_use]
pub fn real(value: f64) -> String {
    format!("{value:?}")
}

/// A span of `ticks` of 100 ns, in the largest unit that holds it whole.
/// <https://learn.microsoft.com/kusto/query/scalar-data-types/timespan>
#[must_use]
pub fn timespan(ticks: i64) -> String {
    const UNITS: [(i64, &str); 6] = [
        (864_000_000_000, "d"),
        (36_000_000_000, "h"),
        (600_000_000, "m"),
        (10_000_000, "s"),
        (10_000, "ms"),
        (10, "microsecond"),
    ];
    if ticks == 0 {
        return "0s".to_owned();
    }
    let unit = UNITS.into_iter().find(|(size, _)| ticks % size == 0);
    unit.map_or_else(|| format!("{ticks}tick"), |(size, unit)| format!("{}{unit}", ticks / size))
}

/// `datetime(…)` of milliseconds since 1970, UTC.
/// <https://learn.microsoft.com/kusto/query/scalar-data-types/datetime>
#[must_use]
pub fn datetime(milliseconds: i64) -> String {
    format!("datetime({})", print_datetime(milliseconds))
}

/// A comment line's text: one line, nothing that could end it.
#[must_use]
pub fn comment(text: &str) -> String {
    text.chars().map(|c| if is_special(c) { ' ' } else { c }).collect::<String>().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

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
            prop_assert_eq!(read(&text(&value)), Some(value));
        }

        #[test]
        fn a_comment_stays_on_its_line(value in ".*|[\n\r\u{2028}a/ ]{0,9}") {
            let text = comment(&value);
            prop_assert_eq!(text.chars().find(|c| is_special(*c)), None);
        }
    }

    #[test]
    fn a_backslash_alone_makes_a_verbatim_literal() {
        assert_eq!(text(r"C:\x"), r#"@"C:\x""#);
        assert_eq!(text("C:\\x \"q\""), r#""C:\\x \"q\"""#);
    }

    #[test]
    fn keywords_and_odd_names_are_bracketed() {
        assert_eq!(name("HostName"), "HostName");
        assert_eq!(name("cs-uri-query"), "['cs-uri-query']");
        assert_eq!(name("where"), "['where']");
        assert_eq!(name("a'b"), r"['a\'b']");
    }

    #[test]
    fn spans_use_the_largest_whole_unit() {
        let spans = [0, 1, 10, 5_000_000, 15_000_000_000, 864_000_000_000, -600_000_000];
        assert_eq!(spans.map(timespan), ["0s", "1tick", "1microsecond", "500ms", "25m", "1d", "-1m"]);
    }

    #[test]
    fn moments_are_calendar_dates() {
        assert_eq!(datetime(1_767_262_200_001), "datetime(2026-01-01T10:10:00.001Z)");
        assert_eq!(datetime(-1), "datetime(1969-12-31T23:59:59.999Z)");
        assert_eq!(datetime(951_782_400_000), "datetime(2000-02-29T00:00:00.000Z)");
    }
}
