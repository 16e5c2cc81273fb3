//! Alerts as JSON, one a line.

use detc_core::eval::Alert;
use serde_json::{Map, Value as Json, json};

/// An alert as one line of JSON.
///
/// `{"strategy":"DET0543","analytic":"AN1496","detection":"candidate","severity":"low","entity":{…},
/// "first":"2026-01-01T10:00:00.000Z","last":"…","lines":[3,7]}`
pub fn line(alert: &Alert<'_>) -> String {
    let entity: Map<String, Json> =
        alert.entity.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let object = json!({
        "strategy": alert.unit.strategy.id,
        "analytic": alert.unit.analytic.id,
        "detection": alert.unit.detection.name,
        "severity": alert.unit.detection.severity.as_str(),
        "entity": entity,
        "first": moment(alert.first),
        "last": moment(alert.last),
        "lines": alert.lines,
    });
    format!("{object}\n")
}

/// Milliseconds since 1970 in ISO 8601, UTC.
pub fn moment(milliseconds: i64) -> String {
    let (days, rest) = (milliseconds.div_euclid(86_400_000), milliseconds.rem_euclid(86_400_000));
    let (year, month, day) = date(days);
    let (hour, minute, second) = (rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{:03}Z", rest % 1_000)
}

/// Year, month and day of a day since 1970, by the 400-year cycle of the Gregorian calendar
/// (<https://howardhinnant.github.io/date_algorithms.html#civil_from_days>).
const fn date(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    let year = year_of_era + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn moments_are_printed_in_utc_with_milliseconds() {
        assert_eq!(moment(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(moment(1_767_261_600_123), "2026-01-01T10:00:00.123Z");
        assert_eq!(moment(-1), "1969-12-31T23:59:59.999Z");
        assert_eq!(moment(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(moment(4_107_542_399_999), "2100-02-28T23:59:59.999Z");
    }
}
