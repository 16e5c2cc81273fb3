//! Queries that show whether the events of a class arrive, in ES|QL, since EQL does not count:
//! <https://www.elastic.co/docs/reference/query-languages/esql/esql-commands>

use super::place::Source;
use crate::target::ClassBinding;

/// How many events of the class came in the last day, and when the latest; none if its source cannot be read.
#[must_use]
pub fn coverage(class: &ClassBinding) -> Option<String> {
    Source::read(&class.source).ok().map(|source| query(&source))
}

fn query(source: &Source) -> String {
    let conditions = source.conditions.iter().map(|(field, values)| {
        let values: Vec<String> = values.iter().map(|value| literal(value)).collect();
        match values.as_slice() {
            [one] => format!(" AND {field} == {one}"),
            several => format!(" AND {field} IN ({})", several.join(", ")),
        }
    });
    let conditions: String = conditions.collect();
    format!(
        "FROM {}\n| WHERE @timestamp > NOW() - 1 day{conditions}\n| STATS events = COUNT(*), latest = MAX(@timestamp)\n",
        source.index.join(", ")
    )
}

/// A string of ES|QL.
fn literal(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}
