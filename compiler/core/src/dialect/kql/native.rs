//! Rows of Kusto tables.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json, json};

use super::Kql;
use super::source::{Lookup, Source};
use crate::dialect::Layout;
use crate::dialect::layout::{argument, boolean, is_path, moment, number, quoted, text};
use crate::eval::Value;
use crate::native::{Columns, Fixed, Form, Holds, ListKind, NativeEvent, part_of};

/// Functions that convert and change no text.
const CONVERSIONS: &[&str] = &["tostring", "tolong", "toint", "todouble", "toreal", "tobool", "todatetime"];

/// Regular expressions that take the last part of a path, and what it is parted by.
const FILE_NAMES: &[(&str, &str)] = &[
    (r#"@"[^\\]+$", 0,"#, "\\"),
    (r#"@"[^/]+$", 0,"#, "/"),
    (r#"@"[^\\/]+$", 0,"#, "\\/"),
    (r#"@"[^/\\]+$", 0,"#, "\\/"),
];

/// What stands around an expression whose text it changes only where no event of a test has it: characters of XML, zeros of
/// IPv6, the prefix of IPv4 in IPv6.
const UNCHANGED: &[(&str, &str)] = &[
    ("replace_string(", r#", "&amp;", "&")"#),
    ("replace_string(", r#", "&lt;", "<")"#),
    ("replace_string(", r#", "&gt;", ">")"#),
    ("replace_string(", r#", "&quot;", "\"")"#),
    (r#"trim_start("::ffff:","#, ")"),
    (
        "replace_regex(",
        r#", @"^(.*?)(?:^|:)0(?::0){3,7}(?:$|:)|^(.*?)(?:^|:)0(?::0){2}(?:$|:)|^(.*?)(?:^|:)0:0(?:$|:)", @"\1\2\3::")"#,
    ),
    ("replace_regex(", r#", @"^::ffff:(\d+\.\d+\.\d+\.\d+)$", @"\1")"#),
];

impl Layout for Kql {
    fn inverse(&self, source: &Map<String, Json>, expression: &str) -> Option<(String, Form)> {
        let source = Source::read(source).ok()?;
        inverse(&source, expression.trim())
    }

    fn fixed(&self, source: &Map<String, Json>, told: bool) -> Result<Vec<Fixed>, String> {
        let source = Source::read(source)?;
        let mut fixed = Vec::new();
        for condition in &source.r#where {
            match condition_on(&source, condition) {
                Some(one) => fixed.push(one),
                None if told => {}
                None => return Err(format!("the profile does not say how an event satisfies `{condition}`")),
            }
        }
        Ok(fixed)
    }

    fn brought(&self, source: &Map<String, Json>) -> BTreeSet<String> {
        let lookups = Source::read(source).map(|source| source.lookups).unwrap_or_default();
        lookups.into_iter().flat_map(|lookup| lookup.brings).map(str::to_owned).collect()
    }

    fn cell(&self, value: &Value, native_type: &str) -> Json {
        match native_type {
            "int" | "long" | "real" | "double" | "decimal" => number(value),
            "bool" => boolean(value),
            "string" => Json::from(text(value)),
            _ => value.to_json(),
        }
    }

    fn literal(&self, text: &str) -> Json {
        text.parse::<i64>().map_or_else(|_| Json::from(text), Json::from)
    }

    fn lay_out(
        &self,
        source: &Map<String, Json>,
        mut columns: Columns,
        time: i64,
        number: u64,
    ) -> Result<Vec<NativeEvent>, String> {
        let source = Source::read(source)?;
        let mut rows = Vec::new();
        for lookup in &source.lookups {
            rows.extend(looked_up(lookup, &mut columns, time, number)?);
        }
        columns.set(source.time, moment(time))?;
        let place = source.table.unwrap_or_default().to_owned();
        rows.insert(0, NativeEvent { place, row: columns.into_document() });
        Ok(rows)
    }
}

fn inverse(source: &Source<'_>, expression: &str) -> Option<(String, Form)> {
    if is_path(expression) {
        return Some((in_row(source, expression), Form::whole()));
    }
    if let Some(inner) = CONVERSIONS.iter().find_map(|function| argument(expression, function)) {
        let first = argument(inner.strip_suffix("[0]").unwrap_or_default(), "parse_json");
        if let Some(column) = first.filter(|column| is_path(column)) {
            return Some((column.to_owned(), Form::FirstOf { first_of: ListKind::JsonText }));
        }
        let (column, form) = inverse(source, inner)?;
        // What must be converted is text in the row.
        return Some((column, if form == Form::whole() { Form::as_text() } else { form }));
    }
    if let Some(inner) = argument(expression, "extract") {
        return extracted(source, inner);
    }
    if let Some(inner) = UNCHANGED.iter().find_map(|(head, tail)| expression.strip_prefix(head)?.strip_suffix(tail)) {
        return inverse(source, inner.trim());
    }
    if let Some(inner) = argument(expression, "pack_array") {
        return is_path(inner).then(|| (in_row(source, inner), Form::as_text()));
    }
    if let Some(inner) = argument(expression, "iff") {
        // Of two columns the second; `swap` in the profile changes them for the events of the first.
        let (condition, columns) = inner.split_once(',')?;
        let (first, second) = columns.split_once(',')?;
        let all = [condition.trim(), first.trim(), second.trim()];
        return all.iter().all(|name| is_path(name)).then(|| (in_row(source, second.trim()), Form::whole()));
    }
    let (column, unit) = expression.split_once(" * ")?;
    is_path(column).then(|| (column.to_owned(), Form::Unit { unit: unit.to_owned() }))
}

/// What `extract` takes, `inner` being its arguments: the end of a path, or what follows a fixed text.
fn extracted(source: &Source<'_>, inner: &str) -> Option<(String, Form)> {
    if let Some((rest, parts)) = FILE_NAMES.iter().find_map(|(head, parts)| Some((inner.strip_prefix(head)?, *parts))) {
        let (column, _) = inverse(source, rest.trim())?;
        return Some((column, Form::LastOf { last_of: parts.to_owned() }));
    }
    let quote = inner.strip_prefix('@')?.chars().next()?;
    let (pattern, rest) = inner.get(2..)?.split_once(&format!("{quote}, 1, "))?;
    let pattern = pattern.replace("(?:null)?", "").replace(&format!("{quote}{quote}"), &quote.to_string());
    let (before, after) = pattern.split_once('(')?;
    let (class, after) = after.split_once(')')?;
    let (before, end) = match before.strip_suffix(r#"[^"]*?"#) {
        Some(before) => (before, true),
        None => (before, false),
    };
    let literal = |text: &str| !text.contains(['[', ']', '\\', '*', '+', '?', '(', '^', '$', '|', '.']);
    if !literal(before) || !literal(after) {
        return None;
    }
    let close = match class {
        "[^<]*" => "</Data>",
        "[^;]*" => ";",
        _ => " ",
    };
    let (column, _) = inverse(source, rest.trim())?;
    let form = if end { Form::LastOf { last_of: "/".to_owned() } } else { Form::as_text() };
    Some((part_of(&column, &format!("{before}{{}}{after}{close}")), form))
}

/// The column that a name leads to: one that the source computes by parsing leads into the column that is parsed.
fn in_row(source: &Source<'_>, path: &str) -> String {
    let (head, rest) = path.split_once('.').map_or((path, None), |(head, rest)| (head, Some(rest)));
    let computed = source.extends().find(|(name, _)| *name == head).map(|(_, expression)| expression);
    let parsed = computed.and_then(|expression| {
        let inner = argument(expression, "parse_json").or_else(|| argument(expression, "todynamic"))?;
        let inner = argument(inner, "tostring").unwrap_or(inner);
        is_path(inner).then_some(inner)
    });
    match (parsed, rest) {
        (Some(column), Some(rest)) => format!("{column}.{rest}"),
        (Some(column), None) => column.to_owned(),
        (None, _) => path.to_owned(),
    }
}

/// What a condition asks of a column; of two with `or` between them the first.
fn condition_on(source: &Source<'_>, condition: &str) -> Option<Fixed> {
    let condition = condition.split(" or ").next()?;
    let parts = |operator: &str| condition.split_once(operator);
    let either = |a: &str, b: &str| parts(a).or_else(|| parts(b));
    let (subject, holds) = if let Some((subject, value)) = either(" == ", " =~ ") {
        (subject, Holds::OneOf(vec![literal(value)?]))
    } else if let Some((subject, list)) = either(" in ", " in~ ") {
        (subject, Holds::OneOf(literals(list)?))
    } else if let Some((subject, list)) = either(" !in ", " !in~ ") {
        (subject, Holds::NoneOf(literals(list)?.iter().filter_map(Json::as_str).map(str::to_owned).collect()))
    } else if let Some((subject, text)) = parts(" startswith ") {
        (subject, Holds::With { text: quoted(text)?.to_owned(), first: true })
    } else if let Some((subject, text)) = parts(" contains ") {
        (subject, Holds::With { text: quoted(text)?.to_owned(), first: false })
    } else {
        let (subject, text) = parts(" !contains ")?;
        (subject, Holds::Without(quoted(text)?.to_owned()))
    };
    let (column, _) = inverse(source, subject.trim())?;
    Some(Fixed { column, holds })
}

/// The literals of a list in parentheses.
fn literals(list: &str) -> Option<Vec<Json>> {
    list.trim().strip_prefix('(')?.strip_suffix(')')?.split(',').map(literal).collect()
}

/// A literal.
fn literal(text: &str) -> Option<Json> {
    match (quoted(text), text.trim().parse::<i64>(), text.trim()) {
        (Some(text), _, _) => Some(Json::from(text)),
        (_, Ok(number), _) => Some(Json::from(number)),
        (_, _, "true") => Some(Json::Bool(true)),
        (_, _, "false") => Some(Json::Bool(false)),
        _ => None,
    }
}

/// The row of another table that completes the event; none if the event has nothing of it.
fn looked_up(
    lookup: &Lookup<'_>,
    columns: &mut Columns,
    time: i64,
    number: u64,
) -> Result<Option<NativeEvent>, String> {
    let mut row = Columns::default();
    for name in &lookup.brings {
        if let Some(value) = columns.take(name) {
            row.set(name, value)?;
        }
    }
    let held = if lookup.is.is_some() { columns.take(lookup.key) } else { columns.get(lookup.key).cloned() };
    if row == Columns::default() && held.is_none() {
        return Ok(None);
    }
    let key = held.unwrap_or_else(|| Json::from(format!("{}-{number}", lookup.key)));
    row.set(lookup.key, key.clone())?;
    match lookup.is {
        None => columns.set(lookup.key, key)?,
        Some(expression) => {
            let inner = argument(expression, "tostring").and_then(|inner| inner.strip_suffix("[0]"));
            let column = inner.and_then(|inner| argument(inner, "parse_json"));
            let column = column.ok_or_else(|| format!("no column is known in which `{expression}` is found"))?;
            columns.set(column, Json::from(json!([key]).to_string()))?;
        }
    }
    row.set(lookup.latest, moment(time))?;
    Ok(Some(NativeEvent { place: lookup.table.to_owned(), row: row.into_document() }))
}
