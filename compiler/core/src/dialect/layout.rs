//! What the dialects share when they write events.

use serde_json::{Map, Value as Json};

use crate::eval::Value;
use crate::eval::time;
use crate::native::Fixed;

/// The argument of a call of this function, if the text is nothing else.
#[must_use]
pub fn argument<'t>(text: &'t str, function: &str) -> Option<&'t str> {
    let inner = text.trim().strip_prefix(function)?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let mut depth = 0_i32;
    for c in inner.chars() {
        depth += i32::from(c == '(') - i32::from(c == ')');
        if depth < 0 {
            return None;
        }
    }
    (depth == 0).then_some(inner.trim())
}

/// The text of a literal in double quotes that has no escapes.
#[must_use]
pub fn quoted(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix('"')?.strip_suffix('"')?;
    (!inner.contains(['"', '\\'])).then_some(inner)
}

/// Whether a text is a name, perhaps of a member.
#[must_use]
pub fn is_path(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '@'))
}

/// A value as text.
#[must_use]
pub fn text(value: &Value) -> String {
    match value.to_json() {
        Json::String(text) => text,
        other => other.to_string(),
    }
}

/// A value as a number, where it is one or its text is.
#[must_use]
pub fn number(value: &Value) -> Json {
    match value {
        Value::Text(text) => match (text.parse::<i64>(), text.parse::<f64>()) {
            (Ok(whole), _) => Json::from(whole),
            (_, Ok(real)) => Json::from(real),
            _ => Json::from(&**text),
        },
        other => other.to_json(),
    }
}

/// A value as a Boolean, where it is one or its text is.
#[must_use]
pub fn boolean(value: &Value) -> Json {
    match text(value).as_str() {
        "true" => Json::Bool(true),
        "false" => Json::Bool(false),
        _ => value.to_json(),
    }
}

/// A moment in seconds since 1970.
#[must_use]
pub fn seconds(milliseconds: i64) -> Json {
    #[expect(clippy::cast_precision_loss, reason = "moments are below 2^53 ms")]
    Json::from(milliseconds as f64 / 1000.0)
}

/// A moment in ISO 8601.
#[must_use]
pub fn moment(milliseconds: i64) -> Json {
    Json::from(time::format(milliseconds))
}

/// The fixed columns of a source's table of fields and their possible values, under `key`.
#[must_use]
pub fn table_of_values(source: &Map<String, Json>, key: &str) -> Vec<Fixed> {
    let entries = source.get(key).and_then(Json::as_object).into_iter().flatten();
    entries.map(|(name, values)| Fixed::one_of(name, values.as_array().cloned().unwrap_or_default())).collect()
}
