//! The one renderer of diagnostics: data in, text out.
//!
//! | form | for | module |
//! | --- | --- | --- |
//! | snippets | people | [`human`] |
//! | JSON, one object a line | scripts | [`json`] |
//! | SARIF 2.1.0 | code scanning | [`sarif`] |
//! | JUnit XML | build servers | [`junit`] |
//!
//! All of them list diagnostics in the order of [`sorted`], so that the same input gives the same bytes.

pub mod human;
pub mod json;
pub mod junit;
mod place;
pub mod sarif;

pub use human::Colour;

use super::Diagnostic;
use crate::source::Sources;

/// The diagnostics by file name, position, code and title; those without a place come first.
#[must_use]
pub fn sorted<'a>(sources: &Sources, diagnostics: &'a [Diagnostic]) -> Vec<&'a Diagnostic> {
    let mut list: Vec<&Diagnostic> = diagnostics.iter().collect();
    list.sort_by_cached_key(|d| {
        let place = d.primary.as_ref().map(|label| {
            let name = sources.get(label.span.source).map(|s| s.name.clone());
            (name, label.span)
        });
        (place, d.code.as_str(), d.title.clone())
    });
    list
}

/// The items without those that an earlier one equals, in their order. Two reasons for one place may read the same.
fn distinct<T: PartialEq>(items: &[T]) -> impl Iterator<Item = &T> {
    items
        .iter()
        .enumerate()
        .filter(|(at, item)| !items.iter().take(*at).any(|earlier| earlier == *item))
        .map(|(_, i)| i)
}

/// "1 error, 2 warnings"; none if there are no diagnostics.
#[must_use]
pub fn summary(diagnostics: &[Diagnostic]) -> Option<String> {
    let errors = diagnostics.iter().filter(|d| d.is_error()).count();
    let counts = [counted(errors, "error"), counted(diagnostics.len() - errors, "warning")];
    let parts: Vec<String> = counts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// "1 thing", "2 things"; none for none.
fn counted(number: usize, thing: &str) -> Option<String> {
    match number {
        0 => None,
        1 => Some(format!("1 {thing}")),
        n => Some(format!("{n} {thing}s")),
    }
}

#[cfg(test)]
mod tests;
