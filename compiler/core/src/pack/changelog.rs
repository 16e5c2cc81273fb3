//! The changelog of a pack, from the history in its lock, in the form of <https://keepachangelog.com>.

use std::fmt::Write as _;

use super::difference::{Change, Kind};
use super::lock::Lock;
use super::project::Project;

/// Every kind of change, in order, with its heading.
const HEADINGS: [(Kind, &str); 7] = [
    (Kind::Added, "Added"),
    (Kind::Logic, "Changed logic"),
    (Kind::Tuning, "Changed tuning"),
    (Kind::Breaking, "Needs attention when upgrading"),
    (Kind::Deprecated, "Deprecated"),
    (Kind::Removed, "Removed"),
    (Kind::Text, "Changed words"),
];

/// The changelog as Markdown.
#[must_use]
pub fn changelog(project: &Project, lock: &Lock) -> String {
    let mut out = format!("# Changelog of {}\n", project.title);
    for release in &lock.history {
        let _ = write!(out, "\n## {}\n", release.version);
        for (kind, heading) in HEADINGS {
            let lines: Vec<String> = release.changes.iter().filter(|c| c.kind == kind).map(line).collect();
            if !lines.is_empty() {
                let _ = write!(out, "\n### {heading}\n\n{}", lines.concat());
            }
        }
    }
    out
}

fn line(change: &Change) -> String {
    match &change.rule {
        Some(rule) => format!("- `{rule}`: {}\n", change.what),
        None => format!("- {}\n", change.what),
    }
}
