//! What a rule says of itself in a product, in the words of its source.

use super::format::{Part, Rule};
use crate::diagnostics::{Code, Diagnostic};

/// A text without its line breaks and runs of blanks.
#[must_use]
pub fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// What it finds: its description, or its title if it has none.
#[must_use]
pub fn summary(rule: &Rule<'_>) -> String {
    let detection = rule.detection();
    one_line(if detection.description.is_empty() { &detection.title } else { &detection.description })
}

/// What it finds, which rule it is, and what false alarms look like: for products that have one text for all of it.
#[must_use]
pub fn in_full(rule: &Rule<'_>, part: &Part<'_>) -> String {
    let detection = rule.detection();
    let (name, version) = (rule.name(), detection.release.version);
    let mut text = format!("{}. {} ({name}, version {version})", part.title, detection.description);
    if !detection.false_positives.is_empty() {
        text.push_str(&format!(" False positives: {}.", detection.false_positives.join("; ")));
    }
    one_line(&text)
}

/// Refuses what is over a limit of the product, with the rule, what it is, and both numbers.
///
/// # Errors
/// E0703.
pub fn within(rule: &Rule<'_>, what: &str, count: usize, most: usize) -> Result<(), Diagnostic> {
    if count <= most {
        return Ok(());
    }
    Err(rule.error(Code::PackLimit, &format!("{what}: {count}, and the product takes {most}")))
}
