//! What the languages of Elasticsearch share: the place of a class and of its fields in indices, the documents there, and
//! Lucene's regular expressions. EQL and ES|QL read the same profiles.

pub mod coverage;
pub mod layout;
pub mod lucene;
pub mod page;
pub mod place;

/// Whether case counts in a test of text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Case {
    /// It does.
    Counts,
    /// It does not, for letters of ASCII.
    Ignored,
}

impl Case {
    /// Whether case counts.
    #[must_use]
    pub const fn of(cased: bool) -> Self {
        if cased { Self::Counts } else { Self::Ignored }
    }
}
