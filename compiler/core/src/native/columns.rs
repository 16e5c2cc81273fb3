//! The columns of an event while it is written.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

/// What parts the name of a column from the text around a part of its content: see [`part_of`].
const PART: char = '\0';

/// The name under which a part of a column's text is filled. `around` is the text that the part stands in, with `{}` in its
/// place; the parts of a column stand one after the other.
#[must_use]
pub fn part_of(column: &str, around: &str) -> String {
    format!("{column}{PART}{around}")
}

/// The name of a column as people read it: of a part, the text around it.
#[must_use]
pub fn shown(name: &str) -> &str {
    name.rsplit_once(PART).map_or(name, |(_, around)| around.trim())
}

/// The columns by name. A column is filled once; filling it with something else is refused.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Columns(BTreeMap<String, Json>);

impl Columns {
    /// Fills a column.
    ///
    /// # Errors
    /// The column holds something else.
    pub fn set(&mut self, name: &str, value: Json) -> Result<(), String> {
        match self.0.get(name) {
            Some(held) if *held != value => Err(format!("`{name}` would have to be both {held} and {value}")),
            _ => {
                self.0.insert(name.to_owned(), value);
                Ok(())
            }
        }
    }

    /// What a column holds.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.get(name)
    }

    /// Takes a column out.
    pub fn take(&mut self, name: &str) -> Option<Json> {
        self.0.remove(name)
    }

    /// Lets two columns change places.
    pub fn swap(&mut self, a: &str, b: &str) {
        let (left, right) = (self.0.remove(a), self.0.remove(b));
        self.0.extend(right.map(|value| (a.to_owned(), value)));
        self.0.extend(left.map(|value| (b.to_owned(), value)));
    }

    /// Puts the parts of columns together, those of a part's own text first.
    fn joined(mut self) -> BTreeMap<String, Json> {
        let deepest = |columns: &BTreeMap<String, Json>| {
            let parts = columns.keys().filter(|name| name.contains(PART));
            parts.max_by_key(|name| name.matches(PART).count()).cloned()
        };
        while let Some(name) = deepest(&self.0) {
            let (Some(value), Some((column, around))) = (self.0.remove(&name), name.rsplit_once(PART)) else { break };
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let before = self.0.get(column).and_then(Json::as_str).unwrap_or_default();
            let joined = format!("{}{before}", around.replace("{}", &text));
            self.0.insert(column.to_owned(), Json::from(joined));
        }
        self.0
    }

    /// As a flat row.
    #[must_use]
    pub fn into_row(self) -> Map<String, Json> {
        self.joined().into_iter().collect()
    }

    /// As a nested document: a dot in a name leads into an object.
    #[must_use]
    pub fn into_document(self) -> Map<String, Json> {
        let mut document = Map::new();
        for (name, value) in self.joined() {
            insert(&mut document, &name, value);
        }
        document
    }
}

fn insert(object: &mut Map<String, Json>, name: &str, value: Json) {
    match name.split_once('.') {
        None => {
            object.insert(name.to_owned(), value);
        }
        Some((head, rest)) => {
            let inner = object.entry(head.to_owned()).or_insert_with(|| Json::Object(Map::new()));
            if let Json::Object(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}
