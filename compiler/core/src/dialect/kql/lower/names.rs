//! Names of a query: every `let`, column and flag gets one that nothing else in the query bears.

use crate::dialect::kql::words::{is_function, is_reserved};
use crate::dialect::names::{Words, is_word, push_word, word_length};

/// The names in use.
#[derive(Debug, Default)]
pub struct Names<'a> {
    /// Ours.
    taken: Words<String>,
    /// Columns and tables of the product that the query reads or could read by accident. Two names that differ in case
    /// alone are two names to Kusto, and one to who reads the query.
    foreign: Words<&'a str>,
}

impl<'a> Names<'a> {
    /// Notes a name that belongs to the product.
    pub fn reserve(&mut self, name: &'a str) {
        self.foreign.add(name);
    }

    /// Notes every identifier in a piece of the product's text that may be a column.
    pub fn reserve_words(&mut self, text: &'a str) {
        columns(text).for_each(|column| self.foreign.add(column));
    }

    /// Whether the name belongs to the product.
    #[must_use]
    pub fn is_foreign(&self, name: &str) -> bool {
        self.foreign.has_but_for_case(name)
    }

    /// A name as close to the wanted one as possible that hides nothing where the product's columns are in reach.
    pub fn fresh(&mut self, wanted: &str) -> String {
        self.unused(wanted, Self::is_foreign)
    }

    /// A name for a column of a projected table, where no column of the product is in reach.
    pub fn fresh_column(&mut self, wanted: &str) -> String {
        self.unused(wanted, |_, _| false)
    }

    /// Takes a name that must be borne as it is.
    pub fn take(&mut self, name: &str) {
        self.taken.add(name.to_owned());
    }

    fn unused(&mut self, wanted: &str, hidden: impl Fn(&Self, &str) -> bool) -> String {
        let free =
            |name: &str| !self.taken.has(name) && !is_reserved(name) && !is_function(name) && !hidden(self, name);
        let base = identifier(wanted);
        let name = if free(&base) {
            base
        } else {
            (2u64..).map(|n| format!("{base}_{n}")).find(|name| free(name)).unwrap_or(base)
        };
        self.taken.add(name.clone());
        name
    }
}

/// The identifiers in a piece of Kusto that may be columns; a property of one is none, nor is a word in a string.
fn columns(text: &str) -> impl Iterator<Item = &str> {
    let (mut rest, mut before) = (text, b' ');
    std::iter::from_fn(move || {
        loop {
            let (between, from) = rest.split_at(rest.bytes().position(|b| is_word(b) || is_quote(b))?);
            let first = from.bytes().next()?;
            before = between.bytes().next_back().unwrap_or(before);
            let length = if is_quote(first) { string_length(from, before == b'@') } else { word_length(from) };
            let (token, after) = from.split_at(length);
            rest = after;
            if std::mem::replace(&mut before, first) != b'.' && is_word(first) {
                return Some(token);
            }
        }
    })
}

const fn is_quote(b: u8) -> bool {
    matches!(b, b'"' | b'\'')
}

/// The bytes of the string literal at the start: <https://learn.microsoft.com/kusto/query/scalar-data-types/string>
fn string_length(text: &str, verbatim: bool) -> usize {
    let mut bytes = text.bytes();
    let quote = bytes.next();
    let mut escaped = false;
    let end = bytes.position(|b| {
        let ends = Some(b) == quote && !escaped;
        escaped = b == b'\\' && !verbatim && !escaped;
        ends
    });
    end.map_or(text.len(), |end| end + 2)
}

/// The text with everything that no identifier may hold replaced.
fn identifier(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + "_".len());
    if !text.starts_with(|c: char| !c.is_ascii_digit()) {
        out.push('_');
    }
    push_word(&mut out, text);
    out
}

/// A dotted field name in Kusto's customary capitals: `destination.ip` → `DestinationIp`.
#[must_use]
pub fn pascal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split(|c: char| !c.is_ascii_alphanumeric()) {
        let mut letters = word.chars();
        out.extend(letters.next().map(|first| first.to_ascii_uppercase()));
        out.push_str(letters.as_str());
    }
    out
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
