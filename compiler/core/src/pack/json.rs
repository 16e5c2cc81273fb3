//! JSON as packs hold it: keys in the order in which they were put in, `\n` at the end of every line.

use serde::Serialize;

/// A file with one value, indented by two blanks.
#[must_use]
pub fn file(value: &impl Serialize) -> Vec<u8> {
    let mut bytes = serde_json::to_vec_pretty(value).unwrap_or_default();
    bytes.push(b'\n');
    bytes
}

/// A file with one value a line.
#[must_use]
pub fn lines<T: Serialize>(values: &[T]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for value in values {
        bytes.extend(serde_json::to_vec(value).unwrap_or_default());
        bytes.push(b'\n');
    }
    bytes
}
