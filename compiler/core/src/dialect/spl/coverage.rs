//! Searches that show whether the events of a class arrive.

use super::site::Source;

/// How many events of the source, and of those that complete them, came in the last day from each host.
#[must_use]
pub fn coverage(source: &Source<'_>) -> Vec<String> {
    let joined = source.joins.iter().map(|join| join.definition);
    std::iter::once(source.definition).chain(joined).map(counted).collect()
}

fn counted(definition: &str) -> String {
    format!(
        "{definition} earliest=-24h\n| stats count as events, max(_time) as latest by host\n\
         | eval latest=strftime(latest, \"%Y-%m-%dT%H:%M:%S%z\")\n"
    )
}
