//! Values written as text: addresses, networks, moments, spans of time, globs, regular expressions, words of a set.
//!
//! One reading for the source and for tuning files. Errors are sentences without a place; the caller knows where.

use std::net::IpAddr;

use super::regex;
use crate::diagnostics::suggest;
use crate::plan::{Cidr, Glob, Host, PortRange, Type, Value};

/// The greatest integer that every target holds exactly: 2^53.
pub const MAX_INT: i64 = 1 << 53;

/// Reads `text` as a value of the scalar type `ty`.
///
/// # Errors
/// Says why the text is no such value. Lists and records cannot be written as one text.
pub fn parse_text_as(ty: &Type, text: &str) -> Result<Value, String> {
    match ty {
        Type::String => Ok(Value::String(text.to_owned())),
        Type::Bool => match text {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(format!("`{text}` is neither `true` nor `false`")),
        },
        Type::Int => parse_int(text).map(Value::Int),
        Type::Float => match text.parse::<f64>() {
            Ok(x) if x.is_finite() => Ok(Value::Float(x)),
            _ => Err(format!("`{text}` is no number")),
        },
        Type::Port => parse_port(text).map(Value::Port),
        Type::Duration => parse_duration(text).map(Value::Duration),
        Type::Datetime => parse_datetime(text).map(Value::Datetime),
        Type::Ip => parse_ip(text).map(Value::Ip),
        Type::Cidr => parse_cidr(text).map(Value::Cidr),
        Type::Host => parse_host(text).map(Value::Host),
        Type::Glob => Ok(Value::Glob(Glob::parse(text))),
        Type::Regex => regex::parse(text).map(Value::Regex).map_err(|e| e.message),
        Type::Enum(words) => parse_word(words, text).map(Value::String),
        Type::Ports => parse_port_range(text).map(|range| Value::Ports(vec![range])),
        Type::List(_) => Err(format!("a list is needed, and `{text}` is one text")),
        Type::Record(_) => Err(format!("a record is needed, and `{text}` is one text")),
    }
}

/// Reads an address; an IPv4 address mapped into IPv6 becomes the IPv4 address.
///
/// # Errors
/// Says that the text is no address; for a network, that it is one.
pub fn parse_ip(text: &str) -> Result<IpAddr, String> {
    match text.parse::<IpAddr>() {
        Ok(address) => Ok(address.to_canonical()),
        Err(_) if text.contains('/') && Cidr::parse(text).is_ok() => {
            Err(format!("`{text}` is a network, not an address: `in` tests for it"))
        }
        Err(_) => Err(format!("`{text}` is no address")),
    }
}

/// Reads a network; one of mapped IPv4 addresses becomes the IPv4 network.
///
/// # Errors
/// As [`Cidr::parse`].
pub fn parse_cidr(text: &str) -> Result<Cidr, String> {
    let network = Cidr::parse(text)?;
    match (network.address.to_canonical(), network.prefix.checked_sub(96)) {
        (address @ IpAddr::V4(_), Some(prefix)) if network.address.is_ipv6() => Ok(Cidr { address, prefix }),
        _ => Ok(network),
    }
}

/// Reads an address, a network or a name.
///
/// # Errors
/// As [`parse_cidr`] for what has a slash, else as [`Host::name`].
pub fn parse_host(text: &str) -> Result<Host, String> {
    if text.contains('/') {
        return parse_cidr(text).map(Host::Network);
    }
    parse_ip(text).map_or_else(|_| Host::name(text), |address| Ok(Host::Address(address)))
}

/// Reads decimal digits, with a sign before and `_` between them.
fn parse_int(text: &str) -> Result<i64, String> {
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    match digits.parse::<i64>() {
        Ok(n) if n.unsigned_abs() <= MAX_INT.unsigned_abs() => Ok(n),
        Ok(_) => Err(format!("`{text}` is beyond 2^53, where numbers are no longer exact on every target")),
        Err(_) => Err(format!("`{text}` is no whole number")),
    }
}

fn parse_port(text: &str) -> Result<u16, String> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| format!("`{text}` is no port of 0 to 65535"))
}

/// Reads `443` or `8000..8010`.
fn parse_port_range(text: &str) -> Result<PortRange, String> {
    let (low, high) = text.split_once("..").unwrap_or((text, text));
    let (low, high) = (parse_port(low.trim())?, parse_port(high.trim())?);
    if low > high {
        return Err(format!("`{text}` runs backwards"));
    }
    Ok(PortRange { low, high, label: String::new() })
}

/// The word of the set that `text` is, exactly as the set spells it.
fn parse_word(words: &[String], text: &str) -> Result<String, String> {
    if words.iter().any(|w| w == text) {
        return Ok(text.to_owned());
    }
    let hint = suggest::nearest(text, words.iter().map(String::as_str));
    let hint = hint.map(|w| format!("; did you mean `{w}`?")).unwrap_or_default();
    Err(format!("`{text}` is none of `{}`{hint}", words.join("`, `")))
}

/// Nanoseconds in each unit of a duration, longest first.
const UNITS: [(&str, i64); 8] = [
    ("w", 7 * 86_400_000_000_000),
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
    ("us", 1_000),
    ("ns", 1),
];

/// Reads `10s`, `1h30m` or `250ms` as nanoseconds.
///
/// # Errors
/// Says that the text is no duration, or that it is too long to hold.
pub fn parse_duration(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no duration such as `10s`, `1h30m` or `250ms`");
    let mut rest = text;
    let mut total = 0i64;
    if rest.is_empty() {
        return Err(wrong());
    }
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, tail) = rest.split_at_checked(digits).ok_or_else(wrong)?;
        let unit_end = tail.find(|c: char| c.is_ascii_digit()).unwrap_or(tail.len());
        let (unit, tail) = tail.split_at_checked(unit_end).ok_or_else(wrong)?;
        let (_, factor) = UNITS.iter().find(|(name, _)| *name == unit).ok_or_else(wrong)?;
        let number: i64 = number.parse().map_err(|_| wrong())?;
        let part = number.checked_mul(*factor).and_then(|part| total.checked_add(part));
        total = part.ok_or_else(|| format!("`{text}` is longer than 292 years"))?;
        rest = tail;
    }
    Ok(total)
}

/// Reads a span of milliseconds in a target's data, such as `24h`; none if it is no whole number of them.
#[must_use]
pub fn parse_span(text: &str) -> Option<i64> {
    let nanoseconds = parse_duration(text).ok()?;
    (nanoseconds % 1_000_000 == 0).then_some(nanoseconds / 1_000_000)
}

/// Prints a span of milliseconds, such as `1h30m`; one too long for [`print_duration`] as its longest.
#[must_use]
pub fn print_span(milliseconds: i64) -> String {
    print_duration(milliseconds.saturating_mul(1_000_000))
}

/// Prints a duration of nanoseconds so that [`parse_duration`] reads it back (a sign apart).
#[must_use]
pub fn print_duration(nanoseconds: i64) -> String {
    let mut rest = nanoseconds.unsigned_abs();
    let mut text = String::from(if nanoseconds < 0 { "-" } else { "" });
    for (unit, factor) in UNITS.iter().skip(1) {
        let factor = factor.unsigned_abs();
        if rest >= factor {
            text.push_str(&format!("{}{unit}", rest / factor));
            rest %= factor;
        }
    }
    if nanoseconds == 0 { "0s".to_owned() } else { text }
}

/// Prints a moment of milliseconds since 1970 as ISO 8601 in UTC, so that [`parse_datetime`] reads it back if its year has
/// four digits.
#[must_use]
pub fn print_datetime(milliseconds: i64) -> String {
    let (days, rest) = (milliseconds.div_euclid(86_400_000), milliseconds.rem_euclid(86_400_000));
    // The inverse of `days_from_civil`, with its names.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = (month_from_march + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", rest % 1000)
}

/// Reads an ISO 8601 date or moment as milliseconds since 1970; UTC unless it says otherwise.
///
/// # Errors
/// Says that the text is no moment, or finer than a millisecond.
pub fn parse_datetime(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no moment such as `2026-01-31` or `2026-01-31T10:00:00.000Z`");
    let (date, time) = match text.split_once(['T', 't', ' ']) {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let days = parse_date(date).ok_or_else(wrong)?;
    let Some(time) = time else { return Ok(days * 86_400_000) };
    let (clock, offset) = split_offset(time).ok_or_else(wrong)?;
    let milliseconds = parse_clock(clock).ok_or_else(wrong)??;
    Ok(days * 86_400_000 + milliseconds - offset * 60_000)
}

/// Exactly `n` digits as a number.
fn digits(text: &str, n: usize) -> Option<i64> {
    (text.len() == n && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok()).flatten()
}

/// Days since 1970 of `YYYY-MM-DD`.
fn parse_date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    let (year, month, day) = (digits(year, 4)?, digits(month, 2)?, digits(day, 2)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if parts.next().is_some() || !(1..=length).contains(&day) {
        return None;
    }
    // Howard Hinnant's `days_from_civil`: the year begins in March, so that a leap day is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468)
}

/// A time of day and its distance from UTC in minutes.
fn split_offset(text: &str) -> Option<(&str, i64)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, 0));
    }
    let Some(at) = text.find(['+', '-']) else { return Some((text, 0)) };
    let (clock, offset) = text.split_at_checked(at)?;
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let offset = offset.get(1..)?.replace(':', "");
    let (hours, minutes) =
        (digits(offset.get(..2)?, 2)?, digits(offset.get(2..)?, 2).or(offset.get(2..)?.is_empty().then_some(0))?);
    (hours < 24 && minutes < 60).then_some((clock, sign * (hours * 60 + minutes)))
}

/// Milliseconds since midnight of `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`.
fn parse_clock(text: &str) -> Option<Result<i64, String>> {
    let (clock, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let mut parts = clock.split(':');
    let (hours, minutes) = (digits(parts.next()?, 2)?, digits(parts.next()?, 2)?);
    let seconds = parts.next().map_or(Some(0), |s| digits(s, 2))?;
    if parts.next().is_some() || hours > 23 || minutes > 59 || seconds > 59 {
        return None;
    }
    if !fraction.bytes().all(|b| b.is_ascii_digit()) || text.ends_with(['.', ',']) {
        return None;
    }
    let (head, tail) = fraction.split_at_checked(3).unwrap_or((fraction, ""));
    if tail.bytes().any(|b| b != b'0') {
        return Some(Err(format!("`{text}` is finer than a millisecond")));
    }
    let milliseconds: i64 = format!("{head:0<3}").parse().ok()?;
    Some(Ok(((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds))
}

/// A text with its case folded (Unicode simple folding): equal where the texts are equal without case.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let fold = |c| unicode_case_mapping::case_folded(c).and_then(|f| char::from_u32(f.get())).unwrap_or(c);
    text.chars().map(fold).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn moments_are_utc_unless_they_say_otherwise() {
        assert_eq!(parse_datetime("1970-01-01"), Ok(0));
        assert_eq!(parse_datetime("2026-01-01T10:00:00.000Z"), Ok(1_767_261_600_000));
        assert_eq!(parse_datetime("2026-01-01T10:00"), Ok(1_767_261_600_000));
        assert_eq!(parse_datetime("2026-01-01T12:00:00+02:00"), Ok(1_767_261_600_000));
        assert_eq!(parse_datetime("1969-12-31T23:59:59.5Z"), Ok(-500));
        assert_eq!(parse_datetime("2024-02-29"), Ok(1_709_164_800_000));
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in ["2026-02-29", "2026-13-01", "2026-1-1", "26-01-01", "2026-01-01T25:00", "2026-01-01T10", "", "é"]
        {
            assert!(parse_datetime(text).is_err(), "{text}");
        }
        assert!(parse_datetime("2026-01-01T10:00:00.0001Z").is_err_and(|e| e.contains("finer")));
        assert!(parse_datetime("2026-01-01T10:00:00.123000Z").is_ok());
    }

    #[test]
    fn mapped_addresses_and_networks_become_ipv4() {
        assert_eq!(parse_ip("::ffff:10.1.2.3").map(|a| a.to_string()), Ok("10.1.2.3".to_owned()));
        assert_eq!(parse_cidr("::ffff:10.0.0.0/104").map(|n| n.to_string()), Ok("10.0.0.0/8".to_owned()));
        assert!(parse_ip("10.0.0.0/8").is_err_and(|e| e.contains("`in`")));
    }

    #[test]
    fn durations_add_their_parts() {
        assert_eq!(parse_duration("1h30m"), Ok(5_400_000_000_000));
        assert_eq!(parse_duration("250ms"), Ok(250_000_000));
        for text in ["", "10", "s", "10 s", "1x", "-1s", "99999999999w", "1.5h"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_word_outside_its_set_gets_the_nearest() {
        let ty = Type::Enum(vec!["complete".into(), "failed".into()]);
        assert_eq!(parse_text_as(&ty, "failed"), Ok(Value::String("failed".into())));
        assert!(parse_text_as(&ty, "faild").is_err_and(|e| e.contains("did you mean `failed`?")));
    }

    #[test]
    fn integers_beyond_two_to_the_53_are_refused() {
        assert_eq!(parse_text_as(&Type::Int, "9007199254740992"), Ok(Value::Int(MAX_INT)));
        assert!(parse_text_as(&Type::Int, "9007199254740993").is_err());
    }

    proptest! {
        #[test]
        fn a_printed_duration_reads_back(nanoseconds in 0i64..i64::MAX) {
            prop_assert_eq!(parse_duration(&print_duration(nanoseconds)), Ok(nanoseconds));
        }

        #[test]
        fn a_printed_moment_reads_back(milliseconds in -62_167_219_200_000i64..253_402_300_800_000) {
            prop_assert_eq!(parse_datetime(&print_datetime(milliseconds)), Ok(milliseconds));
        }

        #[test]
        fn a_printed_host_reads_back(
            text in r"(\*\.)?([a-z0-9_-]{1,9}\.){0,3}[a-z_-]{1,9}|([0-9]{1,3}\.){3}[0-9]{1,3}(/[0-9]{1,2})?|[0-9a-f]{0,4}::[0-9a-f]{0,4}(/[0-9]{1,3})?"
        ) {
            if let Ok(host) = parse_host(&text) {
                prop_assert_eq!(parse_host(&host.to_string()), Ok(host));
            }
        }

        #[test]
        fn no_text_makes_a_reader_panic(text in "\\PC*") {
            for ty in [
                Type::Datetime,
                Type::Duration,
                Type::Ip,
                Type::Cidr,
                Type::Host,
                Type::Regex,
                Type::Ports,
                Type::Float,
            ] {
                let _ = parse_text_as(&ty, &text);
            }
        }
    }
}
