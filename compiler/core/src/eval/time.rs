//! Moments in ISO 8601, in milliseconds since 1970 UTC.

const DAY: i64 = 86_400_000;

/// Reads `2026-01-01T10:00:00.000Z`. The seconds, the fraction, the whole time of day and the zone may be left out; a
/// bare time is UTC; digits finer than a millisecond are cut off. None if it is no such text or no such day.
#[must_use]
pub fn parse(text: &str) -> Option<i64> {
    let (day, rest) = date(text.as_bytes())?;
    let Some((separator, rest)) = rest.split_first() else { return Some(day) };
    if !matches!(separator, b'T' | b't' | b' ') {
        return None;
    }
    let (time, rest) = time_of_day(rest)?;
    Some(day + time - zone(rest)?)
}

/// Writes `2026-01-01T10:00:00.000Z`.
#[must_use]
pub fn format(milliseconds: i64) -> String {
    let (year, month, day) = civil(milliseconds.div_euclid(DAY));
    let time = milliseconds.rem_euclid(DAY);
    let (hour, minute, second) = (time / 3_600_000, time / 60_000 % 60, time / 1000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", time % 1000)
}

/// `YYYY-MM-DD`, as the milliseconds of its midnight.
fn date(text: &[u8]) -> Option<(i64, &[u8])> {
    let (year, rest) = digits::<4>(text)?;
    let (month, rest) = digits::<2>(rest.strip_prefix(b"-")?)?;
    let (day, rest) = digits::<2>(rest.strip_prefix(b"-")?)?;
    let is_leap_year = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(is_leap_year),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=length).contains(&day).then(|| (days(year, month, day) * DAY, rest))
}

/// `HH:MM`, `HH:MM:SS` or `HH:MM:SS.fff`. A leap second is the first of the next minute.
fn time_of_day(text: &[u8]) -> Option<(i64, &[u8])> {
    let (hour, rest) = digits::<2>(text)?;
    let (minute, mut rest) = digits::<2>(rest.strip_prefix(b":")?)?;
    let (mut second, mut fraction) = (0, 0);
    if let Some(after) = rest.strip_prefix(b":") {
        (second, rest) = digits::<2>(after)?;
        if let Some((b'.' | b',', after)) = rest.split_first() {
            let length = after.iter().take_while(|b| b.is_ascii_digit()).count();
            let (shown, end) = after.split_at_checked(length)?;
            if shown.is_empty() {
                return None;
            }
            fraction = (0..3).fold(0, |sum, i| sum * 10 + shown.get(i).map_or(0, |b| i64::from(b - b'0')));
            rest = end;
        }
    }
    (hour < 24 && minute < 60 && second <= 60)
        .then_some((hour * 3_600_000 + minute * 60_000 + second * 1000 + fraction, rest))
}

/// Nothing, `Z`, `+HH:MM`, `+HHMM` or `+HH`, as milliseconds ahead of UTC.
fn zone(text: &[u8]) -> Option<i64> {
    let Some((first, rest)) = text.split_first() else { return Some(0) };
    let sign = match first {
        b'Z' | b'z' => return rest.is_empty().then_some(0),
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hour, rest) = digits::<2>(rest)?;
    let minute = if rest.is_empty() {
        0
    } else {
        let (minute, end) = digits::<2>(rest.strip_prefix(b":").unwrap_or(rest))?;
        if !end.is_empty() {
            return None;
        }
        minute
    };
    (hour < 24 && minute < 60).then_some(sign * (hour * 3_600_000 + minute * 60_000))
}

/// Exactly `N` digits as a number, and what follows.
fn digits<const N: usize>(text: &[u8]) -> Option<(i64, &[u8])> {
    let (head, rest) = text.split_first_chunk::<N>()?;
    let number = head.iter().fold(0, |sum, b| sum * 10 + i64::from(b.wrapping_sub(b'0')));
    head.iter().all(u8::is_ascii_digit).then_some((number, rest))
}

/// Days since 1970 of a date of the Gregorian calendar; years begin in March here, so that a leap day is a year's last.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a day since 1970; the inverse of [`days`].
const fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = year + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::{format, parse};

    #[test]
    fn reads_iso_8601_as_utc_milliseconds() {
        for (text, time) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("1970-01-01", Some(0)),
            ("1970-01-01T00:00", Some(0)),
            ("1969-12-31T23:59:59.999", Some(-1)),
            ("2026-01-01T10:00:00.000Z", Some(1_767_261_600_000)),
            ("2026-01-01 10:00:00,5", Some(1_767_261_600_500)),
            ("2026-01-01T12:00:00.123456789+02:00", Some(1_767_261_600_123)),
            ("2026-01-01T04:30:00-0530", Some(1_767_261_600_000)),
            ("2026-01-01T11:00:00+01", Some(1_767_261_600_000)),
            ("2024-02-29", Some(1_709_164_800_000)),
            ("2016-12-31T23:59:60Z", Some(1_483_228_800_000)),
            ("2023-02-29", None),
            ("1900-02-29", None),
            ("2000-02-29", Some(951_782_400_000)),
            ("2026-04-31", None),
            ("2026-01-00", None),
            ("2026-13-01", None),
            ("2026-00-10", None),
            ("2026-01-01T24:00:00Z", None),
            ("2026-01-01T10:00:00.Z", None),
            ("2026-01-01T10:00:00 Z", None),
            ("2026-01-01T", None),
            ("1767261600000", None),
            ("", None),
        ] {
            assert_eq!(parse(text), time, "{text:?}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for day in (-700_000_i64..2_900_000).step_by(97) {
            let time = day * 86_400_000 + (day * 7919).rem_euclid(86_400_000);
            assert_eq!(parse(&format(time)), Some(time), "{}", format(time));
        }
    }
}
