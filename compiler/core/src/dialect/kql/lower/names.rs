//! Names of a query: every `let`, column and flag gets one that nothing else in the query bears.

use std::collections::BTreeSet;

use crate::dialect::kql::words::{is_function, is_reserved};

/// The names in use.
#[derive(Debug, Default)]
pub struct Names {
    /// Ours.
    taken: BTreeSet<String>,
    /// Columns and tables of the product that the query reads or could read by accident, in small letters: two names that
    /// differ in case alone are two names to Kusto, and one to who reads the query.
    foreign: BTreeSet<String>,
}

impl Names {
    /// Notes a name that belongs to the product.
    pub fn reserve(&mut self, name: &str) {
        self.foreign.insert(name.to_lowercase());
    }

    /// Notes every identifier in a piece of the product's text that may be a column; a property of one is none, nor is a
    /// word in a string.
    pub fn reserve_words(&mut self, text: &str) {
        let text = &without_strings(text);
        let mut before = ' ';
        for word in text.split_inclusive(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let name = word.trim_end_matches(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            if !name.is_empty() && before != '.' {
                self.reserve(name);
            }
            before = word.chars().next_back().unwrap_or(' ');
        }
    }

    /// Whether the name belongs to the product.
    #[must_use]
    pub fn is_foreign(&self, name: &str) -> bool {
        self.foreign.contains(&name.to_lowercase())
    }

    /// A name as close to the wanted one as possible that hides nothing where the product's columns are in reach.
    pub fn fresh(&mut self, wanted: &str) -> String {
        let foreign = std::mem::take(&mut self.foreign);
        let name = self.unused(wanted, |name| foreign.contains(&name.to_lowercase()));
        self.foreign = foreign;
        name
    }

    /// A name for a column of a projected table, where no column of the product is in reach.
    pub fn fresh_column(&mut self, wanted: &str) -> String {
        self.unused(wanted, |_| false)
    }

    /// Takes a name that must be borne as it is.
    pub fn take(&mut self, name: &str) {
        self.taken.insert(name.to_owned());
    }

    fn unused(&mut self, wanted: &str, hidden: impl Fn(&str) -> bool) -> String {
        let base = identifier(wanted);
        let candidates = std::iter::once(base.clone()).chain((2u64..).map(|n| format!("{base}_{n}")));
        let free =
            |name: &String| !self.taken.contains(name) && !hidden(name) && !is_reserved(name) && !is_function(name);
        let name = candidates.into_iter().find(free).unwrap_or(base);
        self.taken.insert(name.clone());
        name
    }
}

/// A piece of Kusto without what stands in its string literals:
/// <https://learn.microsoft.com/kusto/query/scalar-data-types/string>
fn without_strings(text: &str) -> String {
    let mut out = String::new();
    let (mut chars, mut verbatim) = (text.chars(), false);
    while let Some(c) = chars.next() {
        out.push(c);
        if matches!(c, '"' | '\'') {
            while let Some(inner) = chars.next().filter(|inner| *inner != c) {
                if inner == '\\' && !verbatim {
                    chars.next();
                }
            }
            out.push(c);
        }
        verbatim = c == '@';
    }
    out
}

/// The text with everything that no identifier may hold replaced.
fn identifier(text: &str) -> String {
    let mut out: String = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if !out.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
        out.insert(0, '_');
    }
    out
}

/// A dotted field name in Kusto's customary capitals: `destination.ip` → `DestinationIp`.
#[must_use]
pub fn pascal(text: &str) -> String {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map(|first| first.to_ascii_uppercase().to_string() + chars.as_str()).unwrap_or_default()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_let_hides_no_column_keyword_or_function() {
        let mut names = Names::default();
        names.reserve_words("tostring(EventData.Image) != Path");
        names.reserve_words(r#"extract(@'="Word\', 1, Path) == "a \" Quoted word" "#);
        assert_eq!(names.fresh("Word"), "Word");
        assert_eq!(names.fresh("Quoted"), "Quoted");
        assert_eq!(names.fresh("Path"), "Path_2");
        assert_eq!(names.fresh("path"), "path_2");
        assert_eq!(names.fresh("where"), "where_2");
        assert_eq!(names.fresh("bin"), "bin_2");
        assert_eq!(names.fresh("Image"), "Image");
        assert_eq!(names.fresh("Image"), "Image_2");
        assert_eq!(names.fresh("9 lives"), "_9_lives");
        assert_eq!(names.fresh_column("EventData"), "EventData");
    }

    #[test]
    fn fields_are_written_in_capitals() {
        assert_eq!(pascal("destination.ip"), "DestinationIp");
        assert_eq!(pascal("@timestamp"), "Timestamp");
        assert_eq!(pascal("process.entity_id"), "ProcessEntityId");
    }
}
