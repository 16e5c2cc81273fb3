//! Events of a log source, flat, with the time in `timestamp`.

use serde_json::{Map, Value as Json};

use super::Sigma;
use crate::dialect::Layout;
use crate::dialect::layout::{argument, boolean, moment, number, table_of_values, text};
use crate::eval::Value;
use crate::native::{Columns, Fixed, Form, NativeEvent};

impl Layout for Sigma {
    fn inverse(&self, _: &Map<String, Json>, expression: &str) -> Option<(String, Form)> {
        let path = argument(expression, "file_name")?;
        Some((path.to_owned(), Form::LastOf { last_of: "\\/".to_owned() }))
    }

    fn fixed(&self, source: &Map<String, Json>, _: bool) -> Result<Vec<Fixed>, String> {
        Ok(table_of_values(source, "where"))
    }

    fn cell(&self, value: &Value, native_type: &str) -> Json {
        match native_type {
            "number" => number(value),
            "boolean" => boolean(value),
            _ => Json::from(text(value)),
        }
    }

    fn lay_out(
        &self,
        source: &Map<String, Json>,
        mut columns: Columns,
        time: i64,
        _: u64,
    ) -> Result<Vec<NativeEvent>, String> {
        columns.set("timestamp", moment(time))?;
        let part = |key: &str| source.get(key).and_then(Json::as_str).unwrap_or_default();
        let place = format!("{}/{}/{}", part("category"), part("product"), part("service"));
        Ok(vec![NativeEvent { place, row: columns.into_row() }])
    }
}
