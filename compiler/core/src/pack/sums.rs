//! `SHA256SUMS`, in the form that `sha256sum -c` reads.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::hash::sha256;
use crate::compile::Artifact;

/// The hash of every file.
#[must_use]
pub fn sums(files: &[Artifact]) -> String {
    let mut lines: Vec<(&str, String)> = files.iter().map(|f| (f.path.as_str(), sha256(&f.bytes))).collect();
    lines.sort();
    lines.into_iter().fold(String::new(), |mut out, (path, hash)| {
        let _ = writeln!(out, "{hash}  {path}");
        out
    })
}

/// The hashes by path.
///
/// # Errors
/// The number of the line that is none.
pub fn parse(text: &str) -> Result<BTreeMap<&str, &str>, usize> {
    (1..).zip(text.lines()).map(|(number, line)| entry(line).ok_or(number)).collect()
}

/// The path and the hash of a line.
fn entry(line: &str) -> Option<(&str, &str)> {
    let (hash, path) = line.split_once("  ")?;
    let is_hash = hash.len() == 64 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    (is_hash && !path.is_empty()).then_some((path, hash))
}
