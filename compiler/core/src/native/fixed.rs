//! What tells the events of a class from all others: what their columns hold.

use serde_json::Value as Json;

/// A column of the class's events, or a part of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Fixed {
    /// Its name.
    pub column: String,
    /// What every event of the class has in it.
    pub holds: Holds,
}

/// What a column holds. Text is compared without regard to case.
#[derive(Debug, Clone, PartialEq)]
pub enum Holds {
    /// One of these; the first is written where nothing else says.
    OneOf(Vec<Json>),
    /// None of these texts; a column without content holds `""`.
    NoneOf(Vec<String>),
    /// A text with this in it, or at its beginning; it alone is written where nothing else says.
    With {
        /// The text.
        text: String,
        /// Whether it begins with it.
        first: bool,
    },
    /// No text with this in it.
    Without(String),
}

impl Fixed {
    /// A column that holds one of these values.
    #[must_use]
    pub fn one_of(column: &str, values: Vec<Json>) -> Self {
        Self { column: column.to_owned(), holds: Holds::OneOf(values) }
    }
}

impl Holds {
    /// What to write where nothing else says.
    #[must_use]
    pub fn content(&self) -> Option<Json> {
        match self {
            Self::OneOf(values) => values.first().cloned(),
            Self::With { text, .. } => Some(Json::from(text.as_str())),
            Self::NoneOf(_) | Self::Without(_) => None,
        }
    }

    /// Whether a column with this text is as it must be.
    #[must_use]
    pub fn admits(&self, held: &str) -> bool {
        let held = held.to_lowercase();
        match self {
            Self::OneOf(values) => values.iter().any(|value| plain(value).to_lowercase() == held),
            Self::NoneOf(texts) => !texts.iter().any(|text| text.to_lowercase() == held),
            Self::With { text, first: true } => held.starts_with(&text.to_lowercase()),
            Self::With { text, first: false } => held.contains(&text.to_lowercase()),
            Self::Without(text) => !held.contains(&text.to_lowercase()),
        }
    }
}

/// A JSON scalar as text.
#[must_use]
pub fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
