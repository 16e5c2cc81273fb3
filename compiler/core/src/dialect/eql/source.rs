//! Where a class lives in Elasticsearch, and what a field is there, in the terms of EQL.

pub use crate::dialect::elasticsearch::place::{Column, Kind, Place, column, source_of, wrong_kind};

use super::tree::{Case, Condition, FieldName, Filter, Literal, Test, TestKind, Wildcard};
use crate::capability::Support;
use crate::dialect::Request;
use crate::dialect::elasticsearch::place as elasticsearch;
use crate::plan::{Event, Field, Logic, Order};

/// The events of the class, without any condition of the detection's.
///
/// # Errors
/// The refusal, if the profile does not have the class or says of it what this dialect cannot read.
pub fn class_filter(request: &Request<'_>, event: &Event) -> Result<Filter, Support> {
    let source = source_of(request, event)?;
    let test = |(name, values): (String, Vec<String>)| {
        let kind = match <[String; 1]>::try_from(values) {
            Ok([value]) => TestKind::Compare(Order::Eq, Literal::Text(value)),
            Err(values) => TestKind::In(values.into_iter().map(Literal::Text).collect(), Case::Counts),
        };
        Logic::Atom(Test { field: FieldName { name, optional: false }, kind })
    };
    Ok(Filter { category: source.category, condition: Logic::and(source.conditions.into_iter().map(test)) })
}

/// Where a field of the event is found.
///
/// # Errors
/// The refusal, if the profile does not have it or EQL cannot search it: it takes no text that is split into words.
/// <https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax#eql-syntax-limitations>
pub fn place<'a>(request: &Request<'a>, event: &Event, field: &Field) -> Result<Place<'a>, Support> {
    match elasticsearch::place(request, event, field)? {
        Place::Column(Column { name, kind: Kind::Text, binding }) => {
            let native = &binding.native_type;
            Err(Support::no(&format!("`{name}` is of type `{native}`, which EQL cannot search")))
        }
        place => Ok(place),
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
        Kind::Keyword | Kind::Text => TestKind::Like(vec![Wildcard::something()], Case::Ignored),
        Kind::Number | Kind::Ip | Kind::Boolean | Kind::Date => TestKind::NotNull,
    };
    Logic::Atom(Test { field: name(column), kind })
}
