//! Where a class lives in Elasticsearch, and what a field is there.

use serde::Deserialize;
use serde_json::Value as Json;

use super::tree::{Case, Condition, FieldName, Filter, Literal, Test, TestKind, Wildcard};
use crate::capability::Support;
use crate::dialect::{Request, site};
use crate::plan::{Event, Field, Logic, Order};
use crate::target::FieldBinding;

/// A class's `source` in a profile of this dialect (`schemas/source-eql.json`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The index patterns that hold the events. Of no use to a rule's query; the rule lists them beside it.
    pub index: Vec<String>,
    /// The value of `event.category`; `any` where the events have none that is theirs alone.
    category: Option<String>,
    /// What else tells the events of the class from others in those indices: for each field its values.
    #[serde(default, rename = "where")]
    pub conditions: std::collections::BTreeMap<String, Vec<String>>,
}

impl Source {
    /// The source of a class.
    ///
    /// # Errors
    /// Says what is wrong with it.
    pub fn read(source: &serde_json::Map<String, Json>) -> Result<Self, String> {
        serde_json::from_value(Json::Object(source.clone())).map_err(|e| e.to_string())
    }
}

/// The events of the class, without any condition of the detection's.
///
/// # Errors
/// The refusal, if the profile does not have the class or says of it what this dialect cannot read.
pub fn class_filter(request: &Request<'_>, event: &Event) -> Result<Filter, Support> {
    let binding = site::class(request, event)?;
    let source = Source::read(&binding.source)
        .map_err(|e| Support::no(&format!("the profile's source of `{}` cannot be read: {e}", event.class.name)))?;
    let test = |(name, values): (String, Vec<String>)| {
        let kind = match <[String; 1]>::try_from(values) {
            Ok([value]) => TestKind::Compare(Order::Eq, Literal::Text(value)),
            Err(values) => TestKind::In(values.into_iter().map(Literal::Text).collect(), Case::Counts),
        };
        Logic::Atom(Test { field: FieldName { name, optional: false }, kind })
    };
    Ok(Filter {
        category: source.category.filter(|c| c != "any"),
        condition: Logic::and(source.conditions.into_iter().map(test)),
    })
}

/// What kind of values a field has in the index, as far as it decides which operators take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `keyword` and its like: the string operators.
    Keyword,
    /// Numbers: comparisons.
    Number,
    /// `ip`: `cidrMatch`.
    Ip,
    /// `boolean`
    Boolean,
    /// `date`
    Date,
}

/// A field that a query can use.
#[derive(Debug, Clone, Copy)]
pub struct Column<'a> {
    /// Its name in the index.
    pub name: &'a str,
    /// Its kind there.
    pub kind: Kind,
    /// All that the profile says of it.
    pub binding: &'a FieldBinding,
}

/// A field, or the text that stands for it.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// A field of the index.
    Column(Column<'a>),
    /// The same text for every event.
    Constant(&'a str),
}

/// Where a field of the event is found.
///
/// # Errors
/// The refusal, if the profile does not have it or EQL cannot search it.
pub fn place<'a>(request: &Request<'a>, event: &Event, field: &Field) -> Result<Place<'a>, Support> {
    match site::field(request, event, field)? {
        site::Located::Constant(text) => Ok(Place::Constant(text)),
        site::Located::Derived(_) => Err(Support::no_but(
            &format!("`{}` is derived in the profile, and EQL has no derived fields", field.name),
            "let an ingest pipeline write it into a field",
        )),
        site::Located::Native { name, binding } => {
            let kind = kind(&binding.native_type, field).ok_or_else(|| {
                let native = &binding.native_type;
                Support::no(&format!("`{name}` is of type `{native}`, which EQL cannot search"))
            })?;
            Ok(Place::Column(Column { name, kind, binding }))
        }
    }
}

/// The kind of a mapping type; where the profile names none, the one that goes with the declared type. None for types that
/// EQL cannot search, such as `text`.
/// <https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax#eql-syntax-limitations>
fn kind(native: &str, field: &Field) -> Option<Kind> {
    use crate::plan::Type;
    match native {
        "keyword" | "constant_keyword" | "wildcard" => Some(Kind::Keyword),
        "long" | "integer" | "short" | "byte" | "unsigned_long" | "double" | "float" | "half_float"
        | "scaled_float" => Some(Kind::Number),
        "ip" => Some(Kind::Ip),
        "boolean" => Some(Kind::Boolean),
        "date" | "date_nanos" => Some(Kind::Date),
        "" => Some(match field.ty.scalar() {
            Type::Ip => Kind::Ip,
            Type::Bool => Kind::Boolean,
            Type::Datetime => Kind::Date,
            Type::Int | Type::Float | Type::Port | Type::Duration => Kind::Number,
            _ => Kind::Keyword,
        }),
        _ => None,
    }
}

/// The column's name as it stands in a condition.
#[must_use]
pub fn name(column: &Column<'_>) -> FieldName {
    FieldName { name: column.name.to_owned(), optional: !column.binding.always }
}

/// That the field has a value. Text is missing where it is `""` as well, so it must have a character.
#[must_use]
pub fn exists(column: &Column<'_>) -> Condition {
    let kind = match column.kind {
        Kind::Keyword => TestKind::Like(vec![Wildcard::something()], Case::Ignored),
        Kind::Number | Kind::Ip | Kind::Boolean | Kind::Date => TestKind::NotNull,
    };
    Logic::Atom(Test { field: name(column), kind })
}
