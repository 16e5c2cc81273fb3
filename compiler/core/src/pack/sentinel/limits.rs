//! What Microsoft Sentinel takes: <https://learn.microsoft.com/azure/sentinel/sentinel-service-limits>

use serde::Deserialize;

use super::{Settings, csv};
use crate::diagnostics::{Code, Diagnostic};
use crate::dialect::kql::Watchlist;
use crate::pack::format::Site;

/// The most of each thing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// Characters of a rule's name.
    pub name_characters: usize,
    /// Characters of a rule's description.
    pub description_characters: usize,
    /// Entity mappings of a rule.
    pub entities: usize,
    /// Identifiers of an entity mapping.
    pub identifiers: usize,
    /// Custom details of a rule.
    pub details: usize,
    /// Characters of a custom detail's name.
    pub detail_characters: usize,
    /// Scheduled rules of a workspace.
    pub rules: usize,
    /// Bytes of a watchlist's file.
    pub watchlist_bytes: usize,
    /// Characters of a watchlist's row.
    pub row_characters: usize,
    /// Characters of a watchlist's alias.
    pub alias_characters: usize,
}

/// Errors for watchlists that are over a limit.
pub fn watchlists(site: &Site<'_>, settings: &Settings, lists: &[Watchlist]) -> Vec<Diagnostic> {
    let limits = &settings.limits;
    let mut errors = Vec::new();
    for list in lists {
        let longest = list.entries.iter().map(|entry| entry.chars().count()).max().unwrap_or(0);
        let facts = [
            ("bytes", csv(list).len(), limits.watchlist_bytes),
            ("characters in a row", longest, limits.row_characters),
            ("characters in its alias", list.alias.chars().count(), limits.alias_characters),
        ];
        for (what, count, most) in facts.into_iter().filter(|(_, count, most)| count > most) {
            let title = format!(
                "watchlist `{}` on {}: {count} {what}, and the product takes {most}",
                list.alias, site.target.title
            );
            errors.push(Diagnostic::bare(Code::PackLimit, title));
        }
    }
    errors
}

/// The error for more rules than a workspace takes.
pub fn rules(site: &Site<'_>, settings: &Settings, count: usize) -> Option<Diagnostic> {
    let most = settings.limits.rules;
    let title = format!("{count} rules, and a workspace of {} takes {most}", site.target.title);
    (count > most).then(|| Diagnostic::bare(Code::PackLimit, title))
}
