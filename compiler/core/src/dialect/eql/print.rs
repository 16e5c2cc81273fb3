//! Prints a query. Every string is escaped here and nowhere else; parentheses come from [`needs_parentheses`] alone.
//!
//! Syntax: <https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax>

use std::fmt::{self, Write};

use crate::plan::{Logic, Order, Segment};

use super::tree::{Case, Condition, FieldName, Filter, Literal, Presence, Query, Term, Test, TestKind, Wildcard};

/// The widest line before a condition is broken into several.
const WIDTH: usize = 100;

/// The query as text below its heading, ending in one newline.
#[must_use]
pub fn print(query: &Query, heading: &[String]) -> String {
    let mut out = Page::default();
    heading.iter().for_each(|line| out.text.push_str(&format!("// {}\n", one_line(line))));
    let printed = match query {
        Query::Event(filter) => print_filter(&mut out, filter, 0, 2).and_then(|()| out.write_char('\n')),
        Query::Sequence { within, terms } => print_sequence(&mut out, *within, terms),
    };
    debug_assert!(printed.is_ok(), "only a line on trial can be too long");
    out.text
}

/// The text so far.
#[derive(Default)]
struct Page {
    text: String,
    /// The characters that what is written on trial may still have.
    left: Option<usize>,
}

impl Page {
    /// Writes what fits into `room` characters, or nothing of it.
    fn fits(&mut self, room: usize, print: impl FnOnce(&mut Self) -> fmt::Result) -> bool {
        let before = self.text.len();
        self.left = Some(room);
        let fits = print(self).is_ok();
        self.left = None;
        if !fits {
            self.text.truncate(before);
        }
        fits
    }
}

/// A comment's text: a line break in it would end the comment.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl Write for Page {
    /// Fails where a text on trial is too long, so that no more of it is made.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(text.chars().count()).ok_or(fmt::Error)?;
        }
        self.text.push_str(text);
        Ok(())
    }
}

fn print_sequence(out: &mut Page, within: i64, terms: &[Term]) -> fmt::Result {
    let shared = terms.first().map(|t| &t.by).filter(|by| terms.iter().all(|t| t.by == **by));
    out.write_str("sequence")?;
    if let Some(by) = shared {
        write!(out, " by {}", print_fields(by))?;
    }
    writeln!(out, " with maxspan={}", print_span(within))?;
    for term in terms {
        let open = match term.presence {
            Presence::Present => "[",
            Presence::Missing => "![",
        };
        write!(out, "  // {}\n  {open}", one_line(&term.label))?;
        print_filter(out, &term.filter, 2 + open.len(), 4 + open.len())?;
        out.write_char(']')?;
        if shared.is_none() {
            write!(out, " by {}", print_fields(&term.by))?;
        }
        if term.runs > 1 {
            write!(out, " with runs={}", term.runs)?;
        }
        out.write_char('\n')?;
    }
    Ok(())
}

/// A filter that starts in column `column`; the lines after the first are indented by `indent`.
fn print_filter(out: &mut Page, filter: &Filter, column: usize, indent: usize) -> fmt::Result {
    let head = match &filter.category {
        None => "any where ".to_owned(),
        Some(category) if is_identifier(category) => format!("{category} where "),
        Some(category) => format!("{} where ", print_text(category)),
    };
    out.write_str(&head)?;
    print_at(out, &filter.condition, column + head.len(), indent)
}

/// A condition that starts in column `column`: on one line if it has room there, else over several.
fn print_at(out: &mut Page, condition: &Condition, column: usize, indent: usize) -> fmt::Result {
    let room = WIDTH.saturating_sub(column + 1);
    if out.fits(room, |out| print_flat(out, condition)) { Ok(()) } else { print_broken(out, condition, indent) }
}

/// A condition on one line.
fn print_flat(out: &mut Page, condition: &Condition) -> fmt::Result {
    match condition {
        Logic::Const(value) => write!(out, "{value}"),
        Logic::Not(inner) => {
            out.write_str("not ")?;
            within(out, condition, inner, print_flat)
        }
        Logic::And(parts) => join(out, condition, parts, " and ", print_flat),
        Logic::Or(parts) => join(out, condition, parts, " or ", print_flat),
        Logic::Atom(test) => print_test(out, test, None),
    }
}

/// A condition over several lines, the ones after the first indented by `indent`.
fn print_broken(out: &mut Page, condition: &Condition, indent: usize) -> fmt::Result {
    let part = |out: &mut Page, part: &Condition| print_at(out, part, indent, indent + 2);
    match condition {
        Logic::Const(_) => print_flat(out, condition),
        Logic::Not(inner) => {
            out.write_str("not ")?;
            within(out, condition, inner, |out, inner| print_broken(out, inner, indent))
        }
        Logic::And(parts) => join(out, condition, parts, &format!(" and\n{:indent$}", ""), part),
        Logic::Or(parts) => join(out, condition, parts, &format!(" or\n{:indent$}", ""), part),
        Logic::Atom(test) => print_test(out, test, Some(indent)),
    }
}

fn join(
    out: &mut Page,
    parent: &Condition,
    parts: &[Condition],
    between: &str,
    print: impl Fn(&mut Page, &Condition) -> fmt::Result,
) -> fmt::Result {
    for (i, part) in parts.iter().enumerate() {
        if i > 0 {
            out.write_str(between)?;
        }
        within(out, parent, part, &print)?;
    }
    Ok(())
}

/// Prints `child` as a part of `parent`.
fn within(
    out: &mut Page,
    parent: &Condition,
    child: &Condition,
    print: impl Fn(&mut Page, &Condition) -> fmt::Result,
) -> fmt::Result {
    if !needs_parentheses(parent, child) {
        return print(out, child);
    }
    out.write_char('(')?;
    print(out, child)?;
    out.write_char(')')
}

/// Whether a part must stand in parentheses: any `and` or `or` inside another operator, so that nothing rests on which
/// of the two binds tighter.
fn needs_parentheses(parent: &Condition, child: &Condition) -> bool {
    let compound = matches!(child, Logic::And(_) | Logic::Or(_));
    compound && matches!(parent, Logic::Not(_) | Logic::And(_) | Logic::Or(_))
}

/// A test; with an indent, long lists are broken into one value a line.
fn print_test(out: &mut Page, test: &Test, indent: Option<usize>) -> fmt::Result {
    let field = print_field(&test.field);
    match &test.kind {
        TestKind::NotNull => write!(out, "{field} != null"),
        TestKind::Compare(order, literal) => {
            write!(out, "{field} {} {}", print_order(*order), print_literal(literal))
        }
        TestKind::In(values, case) => {
            let operator = match case {
                Case::Counts => "in",
                Case::Ignored => "in~",
            };
            write!(out, "{field} {operator} ")?;
            print_list(out, values.iter().map(print_literal), indent)
        }
        TestKind::Like(patterns, case) => {
            let operator = match case {
                Case::Counts => "like",
                Case::Ignored => ":",
            };
            write!(out, "{field} {operator} ")?;
            one_or_list(out, patterns.iter().map(print_wildcard), indent)
        }
        TestKind::Regex(patterns, case) => {
            let operator = match case {
                Case::Counts => "regex",
                Case::Ignored => "regex~",
            };
            write!(out, "{field} {operator} ")?;
            one_or_list(out, patterns.iter().map(|p| print_text(p.as_str())), indent)
        }
        TestKind::Cidr(networks) => {
            out.write_str("cidrMatch")?;
            let networks = networks.iter().map(|n| print_text(&n.to_string()));
            print_list(out, std::iter::once(field).chain(networks), indent)
        }
    }
}

fn one_or_list(out: &mut Page, mut items: impl ExactSizeIterator<Item = String>, indent: Option<usize>) -> fmt::Result {
    if items.len() > 1 {
        return print_list(out, items, indent);
    }
    items.next().map_or(Ok(()), |one| out.write_str(&one))
}

fn print_list(out: &mut Page, items: impl Iterator<Item = String>, indent: Option<usize>) -> fmt::Result {
    let mut items = items.peekable();
    let first = items.next().unwrap_or_default();
    let broken = indent.filter(|_| items.peek().is_some());
    let line = broken.map_or_else(String::new, |indent| format!("\n{:width$}", "", width = indent + 2));
    write!(out, "({line}{first}")?;
    for item in items {
        let between = if broken.is_some() { &line } else { " " };
        write!(out, ",{between}{item}")?;
    }
    match broken {
        Some(indent) => write!(out, "\n{:indent$})", ""),
        None => out.write_char(')'),
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
        let mut page = Page::default();
        print_flat(&mut page, &not).unwrap();
        assert_eq!(page.text, "not (a != null or (b != null and not c != null)) and d != null");
    }
}
