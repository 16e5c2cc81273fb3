//! Documents of Elasticsearch indices.

use serde_json::{Map, Value as Json};

use super::Eql;
use crate::dialect::Layout;
use crate::dialect::layout::{boolean, moment, number, table_of_values, text};
use crate::eval::Value;
use crate::native::{Columns, Fixed, Form, NativeEvent};

impl Layout for Eql {
    /// EQL has no derived fields.
    fn inverse(&self, _: &Map<String, Json>, _: &str) -> Option<(String, Form)> {
        None
    }

    fn fixed(&self, source: &Map<String, Json>, _: bool) -> Result<Vec<Fixed>, String> {
        let category = source.get("category").filter(|category| *category != "any");
        let mut fixed: Vec<Fixed> =
            category.map(|category| Fixed::one_of("event.category", vec![category.clone()])).into_iter().collect();
        fixed.extend(table_of_values(source, "where"));
        Ok(fixed)
    }

    fn cell(&self, value: &Value, native_type: &str) -> Json {
        match native_type {
            "keyword" | "constant_keyword" | "wildcard" | "ip" => Json::from(text(value)),
            "boolean" => boolean(value),
            "date" | "date_nanos" | "" => value.to_json(),
            _ => number(value),
        }
    }

    fn lay_out(
        &self,
        source: &Map<String, Json>,
        mut columns: Columns,
        time: i64,
        _: u64,
    ) -> Result<Vec<NativeEvent>, String> {
        columns.set("@timestamp", moment(time))?;
        let index = source.get("index").and_then(|index| index.get(0)).and_then(Json::as_str);
        let place = index.unwrap_or_default().to_owned();
        Ok(vec![NativeEvent { place, row: columns.into_document() }])
    }
}
