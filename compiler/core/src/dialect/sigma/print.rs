//! Writes documents. Sigma's own escapes are made here and nowhere else; YAML's are made in [`super::yaml`].

use std::borrow::Cow;

use crate::plan::{Glob, Logic, Segment};

use super::tree::{Body, Correlation, CorrelationKind, Detection, Document, Head, Item, Modifier, Value};
use super::yaml::{self, Yaml};
use crate::dialect::Heading;

/// The documents as one file. Its comments say what the documents have no keys for: each has its title.
#[must_use]
pub fn print(documents: &[Document], heading: &Heading) -> String {
    let comments = std::iter::once(&heading.rule).chain(&heading.parameters);
    let comments: String = comments.map(|line| yaml::comment(line)).collect();
    comments + &yaml::print(&documents.iter().map(document).collect::<Vec<_>>())
}

/// A document with its keys in the order of the specification.
fn document<'a>(document: &'a Document) -> Yaml<'a> {
    let Head { title, id, name, description, references, authors, tags, false_positives, level, .. } = &document.head;
    let some_texts = |list| Some(texts(list)).filter(|_| !list.is_empty());
    let text = |text: Cow<'a, str>| (!text.is_empty()).then_some(Yaml::Text(text));
    let mut entries = vec![
        ("title", text(title.into())),
        ("id", text(id.into())),
        ("name", text(name.into())),
        ("status", text(document.head.status.into())),
        ("description", text(description.into())),
        ("license", document.head.license.as_ref().map(|license| Yaml::Text(license.into()))),
        ("references", some_texts(references)),
        ("author", text(authors.join(", ").into())),
        ("date", document.head.date.as_ref().map(|date| Yaml::Text(date.into()))),
        ("tags", some_texts(tags)),
    ];
    match &document.body {
        Body::Detection { log_source, detection, fields } => {
            let source = log_source.iter().map(|(key, value)| (Cow::Borrowed(*key), Yaml::Text(value.into())));
            entries.push(("logsource", Some(Yaml::Map(source.collect()))));
            entries.push(("detection", Some(print_detection(detection))));
            entries.push(("fields", some_texts(fields)));
        }
        Body::Correlation(correlation) => entries.push(("correlation", Some(print_correlation(correlation)))),
    }
    entries.push(("falsepositives", some_texts(false_positives)));
    entries.push(("level", text((*level).into())));
    // A key of our own: the specification lets a rule have some.
    entries.push(("version", document.head.version.map(|v| Yaml::Int(v.into()))));
    Yaml::Map(entries.into_iter().filter_map(|(key, value)| Some((key.into(), value?))).collect())
}

fn texts(list: &[String]) -> Yaml<'_> {
    Yaml::List(list.iter().map(|text| Yaml::Text(text.into())).collect())
}

fn print_detection(detection: &Detection) -> Yaml<'_> {
    let selections = detection.selections.iter().map(|(name, items)| {
        let items = items.iter().map(|item| (item_key(item), item_values(item)));
        (name.into(), Yaml::Map(items.collect()))
    });
    let condition = Yaml::Text(print_condition(&detection.condition).into());
    Yaml::Map(selections.chain([("condition".into(), condition)]).collect())
}

/// A field with its modifiers: what must be unique in a selection.
#[must_use]
pub fn item_key(item: &Item) -> Cow<'_, str> {
    let mut key = Cow::Borrowed(item.field.as_str());
    for modifier in &item.modifiers {
        key.to_mut().push('|');
        key.to_mut().push_str(word(*modifier));
    }
    key
}

fn item_values(item: &Item) -> Yaml<'_> {
    match item.values.as_slice() {
        [one] => print_item_value(one),
        several => Yaml::List(several.iter().map(print_item_value).collect()),
    }
}

fn print_item_value(value: &Value) -> Yaml<'_> {
    match value {
        Value::Pattern(glob) => Yaml::Quoted(print_pattern(glob).into()),
        Value::Verbatim(text) => Yaml::Quoted(text.into()),
        Value::Int(i) => Yaml::Int(*i),
        Value::Float(f) => Yaml::Float(*f),
        Value::Bool(b) => Yaml::Bool(*b),
    }
}

/// A pattern in Sigma's notation. A backslash stands for itself unless it precedes a wildcard or another backslash; there,
/// and at the end, where a modifier may add a wildcard, it is doubled.
fn print_pattern(glob: &Glob) -> String {
    let mut out = String::with_capacity(64);
    for segment in &glob.segments {
        match segment {
            Segment::Any => out.push('*'),
            Segment::One => out.push('?'),
            Segment::Literal(text) => push_literal(&mut out, text),
        }
    }
    out
}

fn push_literal(out: &mut String, text: &str) {
    if !text.contains(['*', '?', '\\']) {
        return out.push_str(text);
    }
    let mut before = None;
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek();
        match c {
            '*' | '?' => out.push('\\'),
            '\\' if before == Some('\\') || matches!(next, None | Some('\\' | '*' | '?')) => out.push('\\'),
            _ => {}
        }
        out.push(c);
        before = Some(c);
    }
}

const fn word(modifier: Modifier) -> &'static str {
    match modifier {
        Modifier::Contains => "contains",
        Modifier::StartsWith => "startswith",
        Modifier::EndsWith => "endswith",
        Modifier::Cased => "cased",
        Modifier::Regex => "re",
        Modifier::IgnoreCase => "i",
        Modifier::Cidr => "cidr",
        Modifier::Exists => "exists",
        Modifier::FieldReference => "fieldref",
        Modifier::Less => "lt",
        Modifier::AtMost => "lte",
        Modifier::Greater => "gt",
        Modifier::AtLeast => "gte",
    }
}

fn print_condition(condition: &Logic<String>) -> String {
    let part = |child: &Logic<String>| {
        let text = print_condition(child);
        if needs_parentheses(condition, child) { format!("({text})") } else { text }
    };
    match condition {
        Logic::Const(true) => "1 of them or not 1 of them".to_owned(),
        Logic::Const(false) => "1 of them and not 1 of them".to_owned(),
        Logic::Not(inner) => format!("not {}", part(inner)),
        Logic::And(parts) => parts.iter().map(part).collect::<Vec<_>>().join(" and "),
        Logic::Or(parts) => parts.iter().map(part).collect::<Vec<_>>().join(" or "),
        Logic::Atom(name) => name.clone(),
    }
}

/// Whether a part must stand in parentheses: any operator of two sides inside another, so that nothing rests on which
/// binds tighter. A constant prints as such an operator.
fn needs_parentheses(parent: &Logic<String>, child: &Logic<String>) -> bool {
    let compound = matches!(child, Logic::And(_) | Logic::Or(_) | Logic::Const(_));
    compound && matches!(parent, Logic::Not(_) | Logic::And(_) | Logic::Or(_))
}

fn print_correlation<'a>(correlation: &'a Correlation) -> Yaml<'a> {
    let (kind, field) = match &correlation.kind {
        CorrelationKind::Temporal => ("temporal", None),
        CorrelationKind::TemporalOrdered => ("temporal_ordered", None),
        CorrelationKind::EventCount => ("event_count", None),
        CorrelationKind::ValueCount(field) => ("value_count", Some(field)),
        CorrelationKind::ValueSum(field) => ("value_sum", Some(field)),
        CorrelationKind::ValueAverage(field) => ("value_avg", Some(field)),
    };
    let mut entries = vec![
        ("type", Yaml::Text(kind.into())),
        ("rules", texts(&correlation.rules)),
        ("group-by", texts(&correlation.group_by)),
        ("timespan", Yaml::Text(print_timespan(correlation.timespan).into())),
    ];
    if !correlation.aliases.is_empty() {
        let fields = |fields: &'a [(String, String)]| {
            Yaml::Map(fields.iter().map(|(rule, field)| (rule.into(), Yaml::Text(field.into()))).collect())
        };
        let aliases = correlation.aliases.iter().map(|(alias, of)| (alias.into(), fields(of))).collect();
        entries.push(("aliases", Yaml::Map(aliases)));
    }
    let (modifier, number) = correlation.threshold;
    let mut condition = vec![(word(modifier).into(), Yaml::Int(number))];
    condition.extend(field.map(|field| ("field".into(), Yaml::Text(field.into()))));
    entries.push(("condition", Yaml::Map(condition)));
    Yaml::Map(entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
}

/// Seconds in the largest unit that says them whole.
fn print_timespan(seconds: i64) -> String {
    let units = [(86_400, "d"), (3_600, "h"), (60, "m")];
    let unit = units.into_iter().find(|(size, _)| seconds > 0 && seconds % size == 0);
    let (size, name) = unit.unwrap_or((1, "s"));
    format!("{}{name}", seconds / size)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a pattern as the specification says: a backslash escapes only `*`, `?` and itself.
    fn read_pattern(text: &str) -> Glob {
        let mut glob = Glob::default();
        let mut rest = text.chars().peekable();
        while let Some(c) = rest.next() {
            glob.push(match c {
                '*' => Segment::Any,
                '?' => Segment::One,
                '\\' if matches!(rest.peek(), Some('*' | '?' | '\\')) => {
                    Segment::Literal(rest.next().into_iter().collect())
                }
                c => Segment::Literal(c.to_string()),
            });
        }
        glob
    }

    proptest! {
        #[test]
        fn every_pattern_survives_its_notation(text in r"[a\\*?\[\]]{0,12}") {
            let glob = Glob::parse(&text);
            prop_assert_eq!(read_pattern(&print_pattern(&glob)), glob);
        }

        #[test]
        fn a_literal_survives_what_a_modifier_puts_around_it(text in r"[a\\*?]{0,8}") {
            let printed = print_pattern(&Glob { segments: vec![Segment::Literal(text.clone())] });
            let mut around = Glob::default();
            [Segment::Any, Segment::Literal(text), Segment::Any].into_iter().for_each(|s| around.push(s));
            prop_assert_eq!(read_pattern(&format!("*{printed}*")), around);
        }
    }

    #[test]
    fn a_lone_backslash_is_not_doubled() {
        assert_eq!(print_pattern(&Glob::parse(r"?:\Windows\*\x.exe")), r"?:\Windows\\*\x.exe");
        assert_eq!(print_pattern(&Glob::parse(r"\\server\")), r"\\\\server\\");
    }

    #[test]
    fn an_operator_inside_another_stands_in_parentheses() {
        let name = |n: &str| Logic::Atom(n.to_owned());
        let or = Logic::Or(vec![name("b"), name("c")]);
        let all = Logic::And(vec![name("a"), or.clone(), Logic::Not(Box::new(or))]);
        assert_eq!(print_condition(&all), "a and (b or c) and not (b or c)");
    }
}
