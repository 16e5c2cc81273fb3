//! Documents of Elasticsearch indices.

use serde_json::{Map, Value as Json};

use crate::dialect::Layout;
use crate::dialect::eql::Eql;
use crate::dialect::esql::Esql;
use crate::dialect::layout::{boolean, moment, number, table_of_values, text};
use crate::eval::Value;
use crate::native::{Columns, Fixed, Form, NativeEvent};
use crate::target::{Access, Profile};

/// Documents as every language of Elasticsearch reads them.
trait Documents {}

impl Documents for Eql {}
impl Documents for Esql {}

impl<D: Documents> Layout for D {
    /// An index has no derived fields.
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

    /// Beside the profile's settings the types of the fields that its indices map.
    fn site_settings(&self, profile: &Profile) -> Map<String, Json> {
        let mut settings = profile.settings.clone();
        settings.insert("mapping".to_owned(), Json::Object(mapping(profile)));
        settings
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

/// The fields of the site's indices with their types: those of events, and those by which classes are told apart.
fn mapping(profile: &Profile) -> Map<String, Json> {
    let mut types = Map::new();
    types.insert("@timestamp".to_owned(), Json::from("date"));
    types.insert("event.category".to_owned(), Json::from("keyword"));
    for class in profile.classes.values() {
        for binding in class.fields.values() {
            if let Access::Native(name) = &binding.access {
                let native = if binding.native_type.is_empty() { "keyword" } else { &*binding.native_type };
                types.entry(String::from(name)).or_insert_with(|| Json::from(native));
            }
        }
        let told = class.source.get("where").and_then(Json::as_object);
        for name in told.into_iter().flat_map(|told| told.keys()) {
            types.entry(name.clone()).or_insert_with(|| Json::from("keyword"));
        }
    }
    types
}
