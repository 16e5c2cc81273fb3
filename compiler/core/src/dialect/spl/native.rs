//! Events of Splunk indices: fields with text, several texts where a field has several values.

use std::collections::BTreeSet;

use serde_json::{Map, Value as Json};

use super::Spl;
use super::site::{Join, read_source};
use crate::dialect::Layout;
use crate::dialect::layout::{argument, seconds, table_of_values, text};
use crate::eval::Value;
use crate::native::{Columns, Fixed, Form, Holds, ListKind, NativeEvent};
use crate::target::Profile;

/// What stands around an expression whose text it changes only where no event of a test has it: zeros of IPv6.
const UNCHANGED: &[(&str, &str)] = &[
    ("replace(", r#", "^(?!.*::)(.*?)(?:^|:)(0(?::0)+)(?::|$)(?!(?:.*:)?\2:0(?::|$))", "\1::")"#),
    ("replace(", r#", "(?<![0-9a-f])0{1,3}(?=[0-9a-f])", "")"#),
    ("replace(", r#", ":", "")"#),
];

impl Layout for Spl {
    fn inverse(&self, _: &Map<String, Json>, expression: &str) -> Option<(String, Form)> {
        inverse(expression)
    }

    fn fixed(&self, source: &Map<String, Json>, _: bool) -> Result<Vec<Fixed>, String> {
        let source_text = source.get("definition").and_then(Json::as_str).unwrap_or_default();
        let mut fixed = table_of_values(source, "is");
        fixed.extend(terms(source_text).into_iter().filter(|fixed| !source_has(source, &fixed.column)));
        Ok(fixed)
    }

    fn cell(&self, value: &Value, native_type: &str) -> Json {
        let divided = |by: i64| match value {
            #[expect(clippy::cast_precision_loss, reason = "moments and durations of events are below 2^53")]
            Value::Int(i) | Value::Time(i) => Json::from((*i as f64 / by as f64).to_string()),
            other => Json::from(text(other)),
        };
        match (native_type, value) {
            ("epoch", Value::Time(_)) => divided(1000),
            ("epoch_ms", Value::Time(_)) => divided(1),
            ("seconds", Value::Int(_)) => divided(1_000_000_000),
            ("milliseconds", Value::Int(_)) => divided(1_000_000),
            ("microseconds", Value::Int(_)) => divided(1_000),
            _ => Json::from(text(value)),
        }
    }

    fn brought(&self, source: &Map<String, Json>) -> BTreeSet<String> {
        let joins = read_source(source).map(|source| source.joins).unwrap_or_default();
        joins.into_iter().flat_map(|join| join.fields.into_keys()).map(str::to_owned).collect()
    }

    /// With the definitions of all macros.
    fn site_settings(&self, profile: &Profile) -> Map<String, Json> {
        let mut macros = Map::new();
        for source in profile.classes.values().filter_map(|class| read_source(&class.source).ok()) {
            macros
                .extend(source.joins.into_iter().map(|join| (join.macro_name.to_owned(), Json::from(join.definition))));
            macros.insert(source.macro_name.to_owned(), Json::from(source.definition));
        }
        let mut settings = profile.settings.clone();
        settings.insert("macros".to_owned(), Json::Object(macros));
        settings
    }

    fn lay_out(
        &self,
        source: &Map<String, Json>,
        mut columns: Columns,
        time: i64,
        number: u64,
    ) -> Result<Vec<NativeEvent>, String> {
        let source = read_source(source)?;
        let mut rows = Vec::new();
        for join in &source.joins {
            rows.extend(joined(join, &mut columns, time, number)?);
        }
        columns.set(source.time, seconds(time))?;
        if source.time != "_time" {
            columns.set("_time", seconds(time))?;
        }
        rows.insert(0, NativeEvent { place: source.macro_name.to_owned(), row: columns.into_row() });
        Ok(rows)
    }
}

/// The field that an expression reads, and how it holds the value.
fn inverse(expression: &str) -> Option<(String, Form)> {
    let expression = expression.trim();
    if let Some(inner) = argument(expression, "mvindex") {
        let (column, index) = inner.rsplit_once(',')?;
        let column = field(column)?;
        return (index.trim() == "0").then_some((column, Form::FirstOf { first_of: ListKind::List }));
    }
    if let Some(inner) = UNCHANGED.iter().find_map(|(head, tail)| expression.strip_prefix(head)?.strip_suffix(tail)) {
        return inverse(inner);
    }
    if let Some(inner) = argument(expression, "case") {
        // A field whose `-` stands for nothing.
        let (column, rest) = inner.split_once(r#"!="-","#)?;
        return (field(rest) == field(column)).then(|| field(column)).flatten().map(|c| (c, Form::whole()));
    }
    if let Some(inner) = argument(expression, "replace") {
        let (column, pattern) = inner.split_once(',')?;
        let parts = match pattern.trim() {
            r#""^.*\x5C", """# => "\\",
            r#""^.*/", """# => "/",
            r#""^.*[\x5C/]", """# | r#""^.*[/\x5C]", """# => "\\/",
            _ => return None,
        };
        return Some((field(column)?, Form::LastOf { last_of: parts.to_owned() }));
    }
    field(expression).map(|column| (column, Form::whole()))
}

/// The field that an expression names.
fn field(expression: &str) -> Option<String> {
    let text = expression.trim();
    let inner = text.strip_prefix('\'').and_then(|t| t.strip_suffix('\''));
    let word = !text.is_empty() && text.chars().all(|c| c.is_alphanumeric() || c == '_');
    inner.map(str::to_owned).or_else(|| word.then(|| text.to_owned()))
}

fn source_has(source: &Map<String, Json>, name: &str) -> bool {
    source.get("is").and_then(|is| is.get(name)).is_some()
}

/// The `field=value` and `field IN (…)` of a macro's definition.
fn terms(definition: &str) -> Vec<Fixed> {
    let mut terms: Vec<Fixed> = Vec::new();
    let mut rest = definition;
    while let Some(at) = rest.find(['=', ' ']) {
        let (word, after) = rest.split_at(at);
        let name = word.trim_matches(|c: char| c == '(' || c.is_whitespace());
        let (values, after) = if let Some(value) = after.strip_prefix('=') {
            let (value, after) = value_of(value);
            (vec![value], after)
        } else if let Some(list) = after.strip_prefix(" IN (") {
            let (list, after) = list.split_once(')').unwrap_or((list, ""));
            (list.split(',').map(|v| value_of(v.trim()).0).collect(), after)
        } else {
            rest = after.get(1..).unwrap_or_default();
            continue;
        };
        match terms.iter_mut().find(|known| known.column == name) {
            Some(Fixed { holds: Holds::OneOf(known), .. }) => known.extend(values.into_iter().map(Json::from)),
            _ => terms.push(Fixed { column: name.to_owned(), holds: holds(values) }),
        }
        rest = after;
    }
    terms
}

/// What a field must hold for one of these values, in which `*` is any text. Any index does.
fn holds(values: Vec<String>) -> Holds {
    match values.as_slice() {
        [any] if any == "*" => Holds::OneOf(vec![Json::from("main")]),
        [one] if one.contains('*') => Holds::With { text: one.replace('*', ""), first: !one.starts_with('*') },
        _ => Holds::OneOf(values.into_iter().map(Json::from).collect()),
    }
}

/// A value, in quotes or up to the next space or parenthesis, and what follows it.
fn value_of(text: &str) -> (String, &str) {
    match text.strip_prefix('"') {
        Some(inner) => inner.split_once('"').map_or((inner.to_owned(), ""), |(v, rest)| (v.to_owned(), rest)),
        None => {
            let end = text.find([' ', ')']).unwrap_or(text.len());
            let (value, rest) = text.split_at(end);
            (value.to_owned(), rest)
        }
    }
}

/// The event that completes this one; none if this one has nothing of it.
fn joined(join: &Join, columns: &mut Columns, time: i64, number: u64) -> Result<Option<NativeEvent>, String> {
    let mut row = Columns::default();
    for (name, theirs) in &join.fields {
        if let Some(value) = columns.take(name) {
            row.set(theirs, value)?;
        }
    }
    if row == Columns::default() {
        return Ok(None);
    }
    let (ours, theirs) = (key(join.ours)?, key(join.theirs)?);
    if ours.len() != theirs.len() {
        return Err(format!("`{}` and `{}` are no like keys", join.ours, join.theirs));
    }
    for ((ours, form), (theirs, _)) in ours.iter().zip(&theirs) {
        let value = match columns.get(ours) {
            Some(Json::Array(values)) => values.first().cloned(),
            other => other.cloned(),
        };
        let value = value.unwrap_or_else(|| Json::from(format!("{theirs}-{number}")));
        let list = matches!(form, Form::FirstOf { .. });
        columns.set(ours, if list { Json::Array(vec![value.clone()]) } else { value.clone() })?;
        row.set(theirs, value)?;
    }
    let is = join.is.iter().map(|(name, values)| ((*name).to_owned(), values.first().map(|v| Json::from(*v))));
    let named = terms(join.definition).into_iter().map(|fixed| (fixed.column, fixed.holds.content()));
    for (name, value) in is.chain(named) {
        if let (None, Some(value)) = (row.get(&name), value) {
            row.set(&name, value)?;
        }
    }
    row.set("_time", seconds(time))?;
    Ok(Some(NativeEvent { place: join.macro_name.to_owned(), row: row.into_row() }))
}

/// The fields of a key, which may be several with ` . ` and texts between them.
fn key(expression: &str) -> Result<Vec<(String, Form)>, String> {
    let fields = expression.split(" . ").filter(|part| !part.trim().starts_with('"'));
    fields.map(|part| inverse(part).ok_or_else(|| format!("`{expression}` is not known"))).collect()
}
