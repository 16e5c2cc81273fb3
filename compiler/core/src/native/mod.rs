//! Native events: an event of the language as a site's product holds it. The inverse of a profile.
//!
//! A profile says how each field is read. Where that is a column, the inverse is that column; where it is an expression, the
//! dialect knows the inverse of the usual ones ([`inverse`](crate::dialect::Layout::inverse)), and the field's `write` says it for all others.
//! What a site's data cannot hold (a file name that is not the end of the path beside it, a missing value in a column that
//! every row has) is refused with the reason: such an event does not exist there.
//!
//! Only the fields that a detection reads must be held; the others are added where they contradict none of these.

mod columns;
mod fixed;
mod form;
mod write;

pub use columns::{Columns, part_of};
pub use fixed::{Fixed, Holds};
pub use form::{ClassWrite, Composed, FieldWrite, Form, Identity, ListKind, RowOf, Step};
pub use write::{Writer, Written};

use serde_json::{Map, Value as Json};

#[cfg(doc)]
use crate::dialect::Dialect;

/// A row, document or event of a product.
#[derive(Debug, Clone, PartialEq)]
pub struct NativeEvent {
    /// The table, index pattern, macro or log source it lies in.
    pub place: String,
    /// Its columns or fields; those of a document are nested.
    pub row: Map<String, Json>,
}

#[cfg(test)]
mod tests;
