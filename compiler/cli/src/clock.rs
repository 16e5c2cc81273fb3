//! What time it is to a run: `SOURCE_DATE_EPOCH` if that is set, so that it can be repeated, else the machine's clock.
//!
//! <https://reproducible-builds.org/specs/source-date-epoch/>

use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::{Result, bail};
use detc_core::sema::literals::print_datetime;

use crate::args;

/// The environment variable.
const EPOCH: &str = "SOURCE_DATE_EPOCH";

/// The end of the year 9999, in seconds since 1970.
const END: u64 = 253_402_300_799;

/// Refuses a time that is none.
///
/// # Errors
/// If the variable holds no number of seconds, or one beyond the year 9999.
pub fn check() -> Result<()> {
    match std::env::var(EPOCH) {
        Ok(text) if seconds(&text).is_none() => bail!("{EPOCH} is `{text}`, which is no number of seconds since 1970"),
        _ => Ok(()),
    }
}

fn seconds(text: &str) -> Option<u64> {
    text.parse().ok().filter(|seconds| *seconds <= END)
}

/// The seconds since 1970 that stand for the present; none if nobody set them.
pub fn epoch() -> Option<u64> {
    seconds(&std::env::var(EPOCH).ok()?)
}

/// The day that was given, else the present one in UTC, such as `2026-12-31`.
pub fn today(day: &args::Day) -> String {
    if let Some(today) = &day.today {
        return today.clone();
    }
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let seconds = epoch().unwrap_or(since_1970.as_secs());
    let milliseconds = i64::try_from(seconds).unwrap_or_default().saturating_mul(1000);
    print_datetime(milliseconds).split('T').next().unwrap_or_default().to_owned()
}
