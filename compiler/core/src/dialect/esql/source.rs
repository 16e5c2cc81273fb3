//! The events of a class, in the terms of ES|QL.

use super::tree::{Condition, Scalar, Test};
use crate::capability::Support;
use crate::dialect::Request;
use crate::dialect::elasticsearch::place::{Column, Kind, source_of};
use crate::plan::{Event, Logic, Order};

/// Fields of the Elastic Common Schema that hold several values in one event, of which a comparison would be null:
/// <https://www.elastic.co/docs/reference/ecs/ecs-event>
const SEVERAL: &[&str] = &["event.category", "event.type"];

/// The indices that hold the events of the class, and the condition that tells them from others there.
///
/// # Errors
/// The refusal, if the profile does not have the class or says of it what this dialect cannot read.
pub fn class(request: &Request<'_>, event: &Event) -> Result<(Vec<String>, Condition), Support> {
    let source = source_of(request, event)?;
    let category = source.category.map(|category| ("event.category".to_owned(), vec![category]));
    let conditions = source.conditions.into_iter().chain(category);
    Ok((source.index, Logic::and(conditions.map(|(name, values)| any_of(&name, values)))))
}

fn any_of(name: &str, mut values: Vec<String>) -> Condition {
    if SEVERAL.contains(&name) {
        let contains = |value| Logic::Atom(Test::Contains(Scalar::column(name), Scalar::Text(value)));
        return Logic::or(values.into_iter().map(contains));
    }
    Logic::Atom(match (values.len(), values.pop()) {
        (1, Some(one)) => Test::Compare(Scalar::column(name), Order::Eq, Scalar::Text(one)),
        (_, last) => Test::In(Scalar::column(name), values.into_iter().chain(last).map(Scalar::Text).collect()),
    })
}

/// That the field has a value. Text is missing where it is `""` as well.
#[must_use]
pub fn exists(column: &Column<'_>) -> Condition {
    let scalar = Scalar::column(column.name);
    Logic::Atom(match column.kind {
        Kind::Keyword | Kind::Text => Test::NotEmpty(scalar),
        Kind::Number | Kind::Ip | Kind::Boolean | Kind::Date => Test::NotNull(scalar),
    })
}
