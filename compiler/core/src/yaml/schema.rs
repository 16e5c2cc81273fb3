//! A JSON Schema that can say what it allows.

use serde_json::Value as Json;

use crate::target::embedded;

/// A compiled JSON Schema and its text, from which messages take the names that are allowed.
#[derive(Debug)]
pub struct Schema {
    json: Json,
    validator: jsonschema::Validator,
}

impl Schema {
    /// Compiles a schema of draft 2020-12.
    ///
    /// # Errors
    /// Says why it is no schema.
    pub fn new(json: Json) -> Result<Self, String> {
        let validator = jsonschema::draft202012::new(&json).map_err(|e| e.to_string())?;
        Ok(Self { json, validator })
    }

    /// The schema's text.
    #[must_use]
    pub const fn json(&self) -> &Json {
        &self.json
    }

    /// Whether a value fits.
    #[must_use]
    pub fn accepts(&self, value: &Json) -> bool {
        self.validator.is_valid(value)
    }

    pub(super) fn errors<'v>(&'v self, value: &'v Json) -> jsonschema::ErrorIterator<'v> {
        self.validator.iter_errors(value)
    }

    /// The schema that holds the keyword at `path`.
    pub(super) fn around(&self, path: &str) -> Option<&Json> {
        self.json.pointer(path.get(..path.rfind('/')?)?)
    }
}

/// A schema of `schemas/`, by its file's name without the ending.
#[must_use]
pub fn embedded_schema(name: &str) -> Option<Json> {
    let (_, text) = embedded::SCHEMAS.iter().find(|(id, _)| *id == name)?;
    serde_json::from_str(text).ok()
}
