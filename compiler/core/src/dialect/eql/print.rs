//! Prints a query. Every string is escaped here and nowhere else; parentheses come from [`needs_parentheses`] alone.
//!
//! Syntax: <https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax>

use crate::plan::{Logic, Order, Segment};

use super::tree::{Case, Condition, FieldName, Filter, Literal, Presence, Query, Term, Test, TestKind, Wildcard};

/// The widest line before a condition is broken into several.
const WIDTH: usize = 100;

/// The query as text, ending in one newline.
#[must_use]
pub fn print(query: &Query) -> String {
    match query {
        Query::Event(filter) => format!("{}\n", print_filter(filter, 0, 2)),
        Query::Sequence { within, terms } => print_sequence(*within, terms),
    }
}

fn print_sequence(within: i64, terms: &[Term]) -> String {
    let shared = terms.first().map(|t| &t.by).filter(|by| terms.iter().all(|t| t.by == **by));
    let mut out = String::from("sequence");
    if let Some(by) = shared {
        out.push_str(&format!(" by {}", print_fields(by)));
    }
    out.push_str(&format!(" with maxspan={}\n", print_span(within)));
    for term in terms {
        let open = match term.presence {
            Presence::Present => "[",
            Presence::Missing => "![",
        };
        // A label is a name of the language; a line break in it would end the comment.
        let label: String = term.label.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let filter = print_filter(&term.filter, 2 + open.len(), 4 + open.len());
        out.push_str(&format!("  // {label}\n  {open}{filter}]"));
        if shared.is_none() {
            out.push_str(&format!(" by {}", print_fields(&term.by)));
        }
        if term.runs > 1 {
            out.push_str(&format!(" with runs={}", term.runs));
        }
        out.push('\n');
    }
    out
}

/// A filter that starts in column `column`; the lines after the first are indented by `indent`.
fn print_filter(filter: &Filter, column: usize, indent: usize) -> String {
    let head = match &filter.category {
        None => "any where ".to_owned(),
        Some(category) if is_identifier(category) => format!("{category} where "),
        Some(category) => format!("{} where ", print_text(category)),
    };
    let whole = print_flat(&filter.condition);
    if column + head.len() + width(&whole) < WIDTH {
        return head + &whole;
    }
    head + &print_broken(&filter.condition, indent)
}

/// A condition on one line.
fn print_flat(condition: &Condition) -> String {
    match condition {
        Logic::Const(value) => value.to_string(),
        Logic::Not(inner) => format!("not {}", within(condition, inner, print_flat(inner))),
        Logic::And(parts) => join(condition, parts, " and ", print_flat),
        Logic::Or(parts) => join(condition, parts, " or ", print_flat),
        Logic::Atom(test) => print_test(test, None),
    }
}

/// A condition over several lines, the ones after the first indented by `indent`.
fn print_broken(condition: &Condition, indent: usize) -> String {
    let part = |part: &Condition| {
        let flat = print_flat(part);
        if indent + width(&flat) < WIDTH { flat } else { print_broken(part, indent + 2) }
    };
    let line = format!("\n{:indent$}", "");
    match condition {
        Logic::Const(_) => print_flat(condition),
        Logic::Not(inner) => format!("not {}", within(condition, inner, print_broken(inner, indent))),
        Logic::And(parts) => join(condition, parts, &format!(" and{line}"), part),
        Logic::Or(parts) => join(condition, parts, &format!(" or{line}"), part),
        Logic::Atom(test) => print_test(test, Some(indent)),
    }
}

fn join(parent: &Condition, parts: &[Condition], between: &str, print: impl Fn(&Condition) -> String) -> String {
    parts.iter().map(|part| within(parent, part, print(part))).collect::<Vec<_>>().join(between)
}

/// `text`, which prints `child`, as a part of `parent`.
fn within(parent: &Condition, child: &Condition, text: String) -> String {
    if needs_parentheses(parent, child) { format!("({text})") } else { text }
}

/// Whether a part must stand in parentheses: any `and` or `or` inside another operator, so that nothing rests on which
/// of the two binds tighter.
fn needs_parentheses(parent: &Condition, child: &Condition) -> bool {
    let compound = matches!(child, Logic::And(_) | Logic::Or(_));
    compound && matches!(parent, Logic::Not(_) | Logic::And(_) | Logic::Or(_))
}

/// A test; with an indent, long lists are broken into one value a line.
fn print_test(test: &Test, indent: Option<usize>) -> String {
    let field = print_field(&test.field);
    match &test.kind {
        TestKind::NotNull => format!("{field} != null"),
        TestKind::Compare(order, literal) => format!("{field} {} {}", print_order(*order), print_literal(literal)),
        TestKind::In(values, case) => {
            let operator = match case {
                Case::Counts => "in",
                Case::Ignored => "in~",
            };
            format!("{field} {operator} {}", print_list(values.iter().map(print_literal), indent))
        }
        TestKind::Like(patterns, case) => {
            let operator = match case {
                Case::Counts => "like",
                Case::Ignored => ":",
            };
            format!("{field} {operator} {}", one_or_list(patterns.iter().map(print_wildcard).collect(), indent))
        }
        TestKind::Regex(patterns, case) => {
            let operator = match case {
                Case::Counts => "regex",
                Case::Ignored => "regex~",
            };
            let patterns = patterns.iter().map(|p| print_text(p.as_str())).collect();
            format!("{field} {operator} {}", one_or_list(patterns, indent))
        }
        TestKind::Cidr(networks) => {
            let first = std::iter::once(field);
            format!("cidrMatch{}", print_list(first.chain(networks.iter().map(|n| print_text(&n.to_string()))), indent))
        }
    }
}

fn one_or_list(items: Vec<String>, indent: Option<usize>) -> String {
    match items.as_slice() {
        [one] => one.clone(),
        _ => print_list(items.into_iter(), indent),
    }
}

fn print_list(items: impl Iterator<Item = String>, indent: Option<usize>) -> String {
    let items: Vec<String> = items.collect();
    match indent {
        Some(indent) if items.len() > 1 => {
            let line = format!("\n{:width$}", "", width = indent + 2);
            format!("({line}{}\n{:indent$})", items.join(&format!(",{line}")), "")
        }
        _ => format!("({})", items.join(", ")),
    }
}

fn print_order(order: Order) -> &'static str {
    match order {
        Order::Eq => "==",
        Order::Lt => "<",
        Order::Le => "<=",
        Order::Gt => ">",
        Order::Ge => ">=",
    }
}

fn print_literal(literal: &Literal) -> String {
    match literal {
        Literal::Text(text) => print_text(text),
        Literal::Int(i) => i.to_string(),
        Literal::Float(f) => format!("{f:?}"),
        Literal::Bool(b) => b.to_string(),
    }
}

fn print_wildcard(wildcard: &Wildcard) -> String {
    let mut pattern = String::new();
    for segment in wildcard.segments() {
        match segment {
            Segment::Any => pattern.push('*'),
            Segment::One => pattern.push('?'),
            Segment::Literal(text) => pattern.push_str(text),
        }
    }
    print_text(&pattern)
}

/// A string literal. Characters that a line of text should not hold are written by their number.
fn print_text(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                out.push_str(&format!("\\u{{{:04x}}}", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn print_fields(fields: &[String]) -> String {
    fields.iter().map(|f| print_name(f)).collect::<Vec<_>>().join(", ")
}

fn print_field(field: &FieldName) -> String {
    format!("{}{}", if field.optional { "?" } else { "" }, print_name(&field.name))
}

/// A dotted name, each part in backticks where it is no plain word.
fn print_name(name: &str) -> String {
    let part = |part: &str| {
        if is_identifier(part) { part.to_owned() } else { format!("`{}`", part.replace('`', "``")) }
    };
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}

/// Whether a word needs no quotes: letters, digits, `_`, `@`, not first a digit, and no keyword.
fn is_identifier(word: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "and", "any", "by", "false", "fork", "in", "join", "like", "maxspan", "not", "null", "of", "or", "regex",
        "runs", "sample", "sequence", "true", "until", "where", "with",
    ];
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_' || c == '@';
    word.starts_with(letter) && word.chars().all(|c| letter(c) || c.is_ascii_digit()) && !KEYWORDS.contains(&word)
}

/// A length of time in the largest unit that says it whole.
fn print_span(milliseconds: i64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let unit = units.into_iter().find(|(size, _)| milliseconds > 0 && milliseconds % size == 0);
    let (size, name) = unit.unwrap_or((1, "ms"));
    format!("{}{name}", milliseconds / size)
}

fn width(text: &str) -> usize {
    text.chars().count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a string literal as EQL's lexer does; none if it does not end where the text does.
    fn read_text(literal: &str) -> Option<String> {
        let mut rest = literal.strip_prefix('"')?.chars();
        let mut out = String::new();
        loop {
            match rest.next()? {
                '"' => return rest.next().is_none().then_some(out),
                '\\' => match rest.next()? {
                    'n' => out.push('\n'),
                    'r' => out.push('\r'),
                    't' => out.push('\t'),
                    c @ ('\\' | '"') => out.push(c),
                    'u' => {
                        let digits: String = rest.by_ref().skip(1).take_while(|c| *c != '}').collect();
                        out.push(char::from_u32(u32::from_str_radix(&digits, 16).ok()?)?);
                    }
                    _ => return None,
                },
                c if c.is_control() => return None,
                c => out.push(c),
            }
        }
    }

    proptest! {
        #[test]
        fn every_text_survives_its_literal(text in any::<String>()) {
            prop_assert_eq!(read_text(&print_text(&text)), Some(text));
        }

        #[test]
        fn a_span_is_whole_in_its_unit(milliseconds in 1i64..10_000_000_000) {
            let text = print_span(milliseconds);
            let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
            let size = match text.get(digits.len()..).unwrap_or_default() {
                "ms" => 1,
                "s" => 1_000,
                "m" => 60_000,
                "h" => 3_600_000,
                _ => 86_400_000,
            };
            prop_assert_eq!(digits.parse::<i64>().map(|n| n * size), Ok(milliseconds));
        }
    }

    #[test]
    fn a_part_of_a_name_that_is_no_word_stands_in_backticks() {
        assert_eq!(print_name("cs-uri.query"), "`cs-uri`.query");
        assert_eq!(print_name("a.1st.where.@x"), "a.`1st`.`where`.@x");
    }

    #[test]
    fn and_and_or_inside_another_operator_stand_in_parentheses() {
        let atom = |name: &str| {
            Logic::Atom(Test { field: FieldName { name: name.to_owned(), optional: false }, kind: TestKind::NotNull })
        };
        let or = Logic::Or(vec![atom("a"), Logic::And(vec![atom("b"), Logic::Not(Box::new(atom("c")))])]);
        let not = Logic::And(vec![Logic::Not(Box::new(or)), atom("d")]);
        assert_eq!(print_flat(&not), "not (a != null or (b != null and not c != null)) and d != null");
    }
}
