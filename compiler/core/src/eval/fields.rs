//! The fields of one event, each read as its declared type: for whoever needs the event itself and not an alert.

use std::collections::BTreeMap;

use super::decode::{Decoder, Schema, TIME};
use super::value::{Reads, Scalar, Value};
use super::{CLASS, EventError};
use crate::plan::Class;

/// An event as the language sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fields {
    /// Its time, in milliseconds since 1970.
    pub time: i64,
    /// The values of each field that is not missing, by dotted name.
    pub values: BTreeMap<String, Vec<Value>>,
}

/// The class of the event on this line.
///
/// # Errors
/// The line is no event.
pub fn class_of(line: &[u8]) -> Result<String, EventError> {
    let mut decoder = Decoder::new(&Schema::new());
    match decoder.read(line)?.0.single(CLASS) {
        Some(Scalar::Text(class)) => Ok(class.to_owned()),
        _ => Err(EventError::NoClass),
    }
}

/// The fields of the event on this line, which is of that class.
///
/// # Errors
/// The line is no event.
pub fn fields(line: &[u8], class: &Class) -> Result<Fields, EventError> {
    let mut schema = Schema::new();
    schema.class(&class.name);
    let slots: Vec<_> = class
        .fields
        .values()
        .filter(|(field, _)| &*field.name != "@timestamp")
        .map(|(field, _)| (field.name.to_string(), schema.slot(&class.name, &field.name, Reads::of(&field.ty))))
        .collect();
    let mut decoder = Decoder::new(&schema);
    let (record, _) = decoder.read(line)?;
    let Some(Scalar::Time(time)) = record.single(TIME) else { return Err(EventError::NoTime) };
    let values = |slot| record.values(slot).map(Scalar::to_value).collect::<Vec<_>>();
    let values = slots.into_iter().map(|(name, slot)| (name, values(slot))).filter(|(_, values)| !values.is_empty());
    Ok(Fields { time, values: values.collect() })
}
