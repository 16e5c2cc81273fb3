//! What a profile says about writing events: `write`, `identity` and `computed_from` of a field, and `write` of a class.

use std::collections::BTreeMap;

use serde::Deserialize;

/// How a field's value becomes the content of a column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Form {
    /// Text with `{}` where the value goes. `{}` alone is the value itself, in the column's type.
    Text(String),
    /// The value is the last part of the column's text, after one of these characters.
    LastOf {
        /// The characters, such as `\`.
        last_of: String,
    },
    /// The values one after the other, each as this text with `{}` where it goes.
    Each {
        /// The text.
        each: String,
        /// The text that all of them together are a part of, if they are not the whole, with `{}` in their place.
        #[serde(default)]
        part: Option<String>,
    },
    /// A part of the column's text, which stands in this text with `{}` in its place.
    Part {
        /// The text.
        part: String,
    },
    /// The first of a list of values.
    FirstOf {
        /// The kind of list.
        first_of: ListKind,
    },
    /// A duration as a number of units of this length.
    Unit {
        /// The length, such as `1s`.
        unit: String,
    },
    /// The word of the data for each word of the language.
    Words {
        /// The words.
        words: BTreeMap<String, String>,
    },
}

/// Kinds of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListKind {
    /// A list of values.
    List,
    /// A list as JSON text.
    JsonText,
}

impl Form {
    /// The value as it is, in the column's type.
    #[must_use]
    pub fn whole() -> Self {
        Self::Text("{}".to_owned())
    }

    /// The value as text.
    #[must_use]
    pub fn as_text() -> Self {
        Self::Each { each: "{}".to_owned(), part: None }
    }
}

/// How a field is written that is not just a column.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldWrite {
    /// The columns that hold it.
    pub columns: BTreeMap<String, Form>,
    /// The columns that the site composes it from, if it is an identity.
    pub identity: Option<Identity>,
    /// The fields that the site computes it from: writing those is writing it.
    pub computed_from: Vec<String>,
}

/// An identity that a site composes of several columns: text with the columns in braces, such as
/// `{DeviceId}:{ProcessId:number}:{ProcessCreationTime:time}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The parts, in order.
    pub parts: Vec<Part>,
}

/// A part of an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// Text between columns.
    Text(String),
    /// A column that something else fills with text.
    Column(String),
    /// A column with a number; where nothing else fills it, one made from the identity.
    Number(String),
    /// A column with a moment made from the identity, printed to 100 ns.
    Time(String),
}

impl Identity {
    /// Reads the text.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (hole, after) = after.split_once('}').ok_or_else(|| format!("`{text}` lacks a `}}`"))?;
            if !before.is_empty() {
                parts.push(Part::Text(before.to_owned()));
            }
            parts.push(match hole.split_once(':') {
                None => Part::Column(hole.to_owned()),
                Some((column, "number")) => Part::Number(column.to_owned()),
                Some((column, "time")) => Part::Time(column.to_owned()),
                Some((_, kind)) => return Err(format!("`{kind}` is no kind of column: number or time")),
            });
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest.to_owned()));
        }
        Ok(Self { parts })
    }

    /// The columns that are its own: without the identity there must be nothing in them.
    pub fn made_columns(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Text(_) | Part::Column(_) => None,
            Part::Number(column) | Part::Time(column) => Some(column.as_str()),
        })
    }
}

/// What every event of a class has besides its fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassWrite {
    /// The table to write into, where the source is no table.
    #[serde(default)]
    pub place: Option<String>,
    /// What to do, in order.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// The rows that the product keeps the event in, where it is not one; the source's query puts them together again.
    #[serde(default)]
    pub rows: Vec<RowOf>,
}

/// A row of several that hold an event. It has every column that no such row is made of, and one of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowOf {
    /// The column of the event that holds this row's text; there is no row if there is nothing in it.
    pub of: String,
    /// The column of the row that the text stands in.
    pub column: String,
    /// What the row holds: the text as `{}`, fields, as `{host.name}`, and the event's number, as `{#}`.
    pub text: String,
}

/// Something to do to the columns of an event.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Only for events whose fields have these texts.
    #[serde(default)]
    pub when: BTreeMap<String, String>,
    /// Columns to fill.
    #[serde(default)]
    pub set: BTreeMap<String, Composed>,
    /// Pairs of columns whose contents change places, after everything else.
    #[serde(default)]
    pub swap: Vec<(String, String)>,
}

/// What a step fills a column with. Text may name fields, as `{host.name}`, and the event's number, as `{#}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Composed {
    /// A text; nothing if a field that it names is missing.
    Text(String),
    /// Texts one after the other, less those that name a missing field. They hold the fields that they name: nothing else
    /// writes these into this column.
    Pieces(Vec<String>),
}

impl Composed {
    /// The texts that hold a field.
    pub fn pieces_with(&self, field: &str) -> impl Iterator<Item = &str> {
        let pieces = match self {
            Self::Text(_) => &[],
            Self::Pieces(pieces) => pieces.as_slice(),
        };
        let name = format!("{{{field}}}");
        pieces.iter().map(String::as_str).filter(move |piece| piece.contains(&name))
    }
}
