//! Queries that show whether the events of a class arrive. EQL does not count, so they are in ES|QL:
//! <https://www.elastic.co/docs/reference/query-languages/esql/esql-commands>

use super::source::Source;

/// How many events of the source came in the last day, and when the latest.
#[must_use]
pub fn coverage(source: &Source) -> String {
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
