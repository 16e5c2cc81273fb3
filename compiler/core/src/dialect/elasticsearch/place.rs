//! Where a class lives in Elasticsearch, and what a field is there.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::Value as Json;

use crate::capability::Support;
use crate::dialect::{Request, site};
use crate::plan::{Cidr, Event, Field, Glob, Segment, TextOp};
use crate::target::FieldBinding;

/// A class's `source` in a profile of this dialect (`schemas/source-eql.json`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// The index patterns that hold the events. Of no use to a rule's query; the rule lists them beside it.
    pub index: Vec<String>,
    /// The value of `event.category`; `any` where the events have none that is theirs alone.
    pub category: Option<String>,
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
        Self::deserialize(source).map_err(|e| e.to_string())
    }
}

/// The source of an event's class.
///
/// # Errors
/// The refusal, if the profile does not have the class or says of it what nothing can read.
pub fn source_of(request: &Request<'_>, event: &Event) -> Result<Source, Support> {
    let mut source = Source::read(&site::class(request, event)?.source)
        .map_err(|e| Support::no(&format!("the profile's source of `{}` cannot be read: {e}", event.class.name)))?;
    source.category = source.category.filter(|category| category != "any");
    Ok(source)
}

/// What kind of values a field has in the index, as far as it decides which operators take it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `keyword` and its like: the string operators.
    Keyword,
    /// `text` and its like: split into words in the index, whole only in the document.
    Text,
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
/// The refusal, if the profile does not have it or it is of a type that no query tests.
pub fn place<'a>(request: &Request<'a>, event: &Event, field: &Field) -> Result<Place<'a>, Support> {
    match site::field(request, event, field)? {
        site::Located::Constant(text) => Ok(Place::Constant(text)),
        site::Located::Derived(_) => Err(Support::no_but(
            &format!("`{}` is derived in the profile, and an index has no derived fields", field.name),
            "let an ingest pipeline write it into a field",
        )),
        site::Located::Native { name, binding } => {
            let kind = kind(&binding.native_type, field).ok_or_else(|| {
                let native = &binding.native_type;
                Support::no(&format!("`{name}` is of type `{native}`, which no query tests"))
            })?;
            Ok(Place::Column(Column { name, kind, binding }))
        }
    }
}

/// The kind of a mapping type; where the profile names none, the one that goes with the declared type. None for other types.
/// <https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/field-data-types>
fn kind(native: &str, field: &Field) -> Option<Kind> {
    use crate::plan::Type;
    match native {
        "keyword" | "constant_keyword" | "wildcard" => Some(Kind::Keyword),
        "long" | "integer" | "short" | "byte" | "unsigned_long" | "double" | "float" | "half_float"
        | "scaled_float" => Some(Kind::Number),
        "text" | "match_only_text" => Some(Kind::Text),
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

/// A field as a column of an index, for tests other than equality: those that a constant or a table of words does not take.
///
/// # Errors
/// The refusal.
pub fn column<'a>(place: Place<'a>, field: &Field) -> Result<Column<'a>, Support> {
    match place {
        Place::Column(column) if column.binding.values.is_empty() => Ok(column),
        Place::Column(_) => Err(site::only_equality(field, "has words of its own for its values")),
        Place::Constant(_) => Err(site::only_equality(field, "is a constant")),
    }
}

/// The refusal of a test that a column's type does not take.
#[must_use]
pub fn wrong_kind(column: &Column<'_>, what: &str) -> Support {
    Support::no(&format!(
        "`{}` is of type `{}` in the profile, which takes no {what}",
        column.name, column.binding.native_type
    ))
}

/// What a test of text other than equality asks for, as globs over the whole value.
#[must_use]
pub fn globs(op: &TextOp) -> Cow<'_, [Glob]> {
    let around = |text: &String, before: bool, after: bool| {
        let mut glob = Glob { segments: Vec::with_capacity(3) };
        let any = |on: bool| on.then_some(Segment::Any);
        let parts = any(before).into_iter().chain([Segment::Literal(text.clone())]).chain(any(after));
        parts.for_each(|part| glob.push(part));
        glob
    };
    match op {
        TextOp::Equals(values) => values.value.iter().map(|v| around(v, false, false)).collect(),
        TextOp::Contains(values) => values.value.iter().map(|v| around(v, true, true)).collect(),
        TextOp::StartsWith(values) => values.value.iter().map(|v| around(v, false, true)).collect(),
        TextOp::EndsWith(values) => values.value.iter().map(|v| around(v, true, false)).collect(),
        TextOp::Like(globs) => Cow::Borrowed(&globs.value),
    }
}

/// Single addresses as networks of one.
pub fn single(addresses: &[std::net::IpAddr]) -> impl Iterator<Item = Cidr> {
    addresses.iter().map(|a| Cidr { address: *a, prefix: if a.is_ipv4() { 32 } else { 128 } })
}
