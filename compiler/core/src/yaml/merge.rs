//! Merge keys: `<<: *other` adds the entries of another mapping that are not written beside it.

use serde_json::{Map, Value as Json};

use super::places::{Places, segment};
use crate::diagnostics::{Code, Diagnostic};

/// Replaces every merge key in `value`, which stands at `pointer`. Of a list of mappings, the first that has an entry
/// gives it.
pub fn merge(pointer: &str, value: &mut Json, places: &mut Places) -> Result<(), Diagnostic> {
    match value {
        Json::Array(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                merge(&format!("{pointer}/{index}"), item, places)?;
            }
        }
        Json::Object(object) => {
            for (key, entry) in object.iter_mut() {
                merge(&format!("{pointer}/{}", segment(key)), entry, places)?;
            }
            if let Some(merged) = object.shift_remove("<<") {
                add(pointer, object, merged, places)?;
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
    Ok(())
}

fn add(pointer: &str, object: &mut Map<String, Json>, merged: Json, places: &mut Places) -> Result<(), Diagnostic> {
    let from = format!("{pointer}/<<");
    let sources = match merged {
        Json::Array(items) => items,
        one => vec![one],
    };
    for source in sources {
        let Json::Object(source) = source else {
            let title = "`<<` takes a mapping or a list of them";
            return Err(Diagnostic::new(Code::Syntax, title, places.value(&from)));
        };
        for (key, entry) in source {
            if !object.contains_key(&key) {
                places.merged(format!("{pointer}/{}", segment(&key)), &from);
                object.insert(key, entry);
            }
        }
    }
    Ok(())
}
