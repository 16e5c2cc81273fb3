//! Prints a query. Every string is escaped here and nowhere else; parentheses come from [`needs_parentheses`] alone.
//!
//! Syntax: <https://www.elastic.co/docs/reference/query-languages/eql/eql-syntax>

use std::fmt::{self, Write};

use crate::dialect::elasticsearch::page::{self, sign};
use crate::dialect::page::Page;
use crate::plan::{Logic, Segment};

use super::tree::{Case, Condition, FieldName, Filter, Literal, Presence, Query, Term, Test, TestKind, Wildcard};

/// The query as text below its heading, ending in one newline.
#[must_use]
pub fn print(query: &Query, heading: &[String]) -> String {
    Page::of(|out| {
        heading.iter().try_for_each(|line| out.comment(line))?;
        match query {
            Query::Event(filter) => print_filter(out, filter, 0, 2).and_then(|()| out.write_char('\n')),
            Query::Sequence { within, terms } => print_sequence(out, *within, terms),
        }
    })
}

fn print_sequence(out: &mut Page, within: i64, terms: &[Term]) -> fmt::Result {
    let shared = terms.first().map(|t| &t.by).filter(|by| terms.iter().all(|t| t.by == **by));
    out.write_str("sequence")?;
    if let Some(by) = shared {
        out.write_str(" by ")?;
        print_fields(out, by)?;
    }
    writeln!(out, " with maxspan={}", print_span(within))?;
    for term in terms {
        let open = match term.presence {
            Presence::Present => "[",
            Presence::Missing => "![",
        };
        out.write_str("  ")?;
        out.comment(&term.label)?;
        out.write_str("  ")?;
        out.write_str(open)?;
        print_filter(out, &term.filter, 2 + open.len(), 4 + open.len())?;
        out.write_char(']')?;
        if shared.is_none() {
            out.write_str(" by ")?;
            print_fields(out, &term.by)?;
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
    let head = out.counted(|out| {
        match &filter.category {
            None => out.write_str("any")?,
            Some(category) if is_identifier(category) => out.write_str(category)?,
            Some(category) => print_text(out, category)?,
        }
        out.write_str(" where ")
    })?;
    print_at(out, &filter.condition, column + head, indent)
}

/// A condition that starts in column `column`: on one line if it has room there, else over several.
fn print_at(out: &mut Page, condition: &Condition, column: usize, indent: usize) -> fmt::Result {
    if out.fits_line(column, |out| print_flat(out, condition)) { Ok(()) } else { print_broken(out, condition, indent) }
}

/// A condition on one line.
fn print_flat(out: &mut Page, condition: &Condition) -> fmt::Result {
    let parentheses = |part: &Condition| needs_parentheses(condition, part);
    match condition {
        Logic::Const(value) => write!(out, "{value}"),
        Logic::Not(inner) => {
            out.write_str("not ")?;
            out.part(parentheses(inner), |out| print_flat(out, inner))
        }
        Logic::And(parts) => out.parts(parts, " and ", parentheses, print_flat),
        Logic::Or(parts) => out.parts(parts, " or ", parentheses, print_flat),
        Logic::Atom(test) => print_test(out, test, None),
    }
}

/// A condition over several lines, the ones after the first indented by `indent`.
fn print_broken(out: &mut Page, condition: &Condition, indent: usize) -> fmt::Result {
    let parentheses = |part: &Condition| needs_parentheses(condition, part);
    let print = |out: &mut Page, part: &Condition| print_at(out, part, indent, indent + 2);
    match condition {
        Logic::Const(_) => print_flat(out, condition),
        Logic::Not(inner) => {
            out.write_str("not ")?;
            out.part(parentheses(inner), |out| print_broken(out, inner, indent))
        }
        Logic::And(parts) => out.parts(parts, &format!(" and\n{:indent$}", ""), parentheses, print),
        Logic::Or(parts) => out.parts(parts, &format!(" or\n{:indent$}", ""), parentheses, print),
        Logic::Atom(test) => print_test(out, test, Some(indent)),
    }
}

/// Whether a part must stand in parentheses: any `and` or `or` inside another operator, so that nothing rests on which
/// of the two binds tighter.
fn needs_parentheses(parent: &Condition, child: &Condition) -> bool {
    let compound = matches!(child, Logic::And(_) | Logic::Or(_));
    compound && matches!(parent, Logic::Not(_) | Logic::And(_) | Logic::Or(_))
}

/// A test; with an indent, long lists are broken into one value a line.
fn print_test(out: &mut Page, test: &Test, indent: Option<usize>) -> fmt::Result {
    let columns = indent.map(|indent| (indent + 2, indent));
    let field = |out: &mut Page, operator: &str| {
        print_field(out, &test.field)?;
        out.write_str(operator)
    };
    match &test.kind {
        TestKind::NotNull => field(out, " != null"),
        TestKind::Compare(order, literal) => {
            field(out, " ")?;
            out.write_str(sign(*order))?;
            out.write_char(' ')?;
            print_literal(out, literal)
        }
        TestKind::In(values, case) => {
            field(out, if *case == Case::Counts { " in " } else { " in~ " })?;
            out.list(values.iter(), columns, print_literal)
        }
        TestKind::Like(patterns, case) => {
            field(out, if *case == Case::Counts { " like " } else { " : " })?;
            out.one_or_list(patterns.iter(), columns, print_wildcard)
        }
        TestKind::Regex(patterns, case) => {
            field(out, if *case == Case::Counts { " regex " } else { " regex~ " })?;
            out.one_or_list(patterns.iter(), columns, |out, pattern| print_text(out, pattern.as_str()))
        }
        TestKind::Cidr(networks) => {
            out.write_str("cidrMatch")?;
            let arguments = std::iter::once(None).chain(networks.iter().map(Some));
            out.list(arguments, columns, |out, argument| match argument {
                None => print_field(out, &test.field),
                Some(network) => print_text(out, &network.text()),
            })
        }
    }
}

fn print_literal(out: &mut Page, literal: &Literal) -> fmt::Result {
    match literal {
        Literal::Text(text) => print_text(out, text),
        Literal::Int(i) => write!(out, "{i}"),
        Literal::Float(f) => write!(out, "{f:?}"),
        Literal::Bool(b) => write!(out, "{b}"),
    }
}

fn print_wildcard(out: &mut Page, wildcard: &Wildcard) -> fmt::Result {
    out.write_char('"')?;
    for segment in wildcard.segments() {
        match segment {
            Segment::Any => out.write_char('*')?,
            Segment::One => out.write_char('?')?,
            Segment::Literal(text) => print_escaped(out, text)?,
        }
    }
    out.write_char('"')
}

/// A string literal.
fn print_text(out: &mut Page, text: &str) -> fmt::Result {
    out.write_char('"')?;
    print_escaped(out, text)?;
    out.write_char('"')
}

/// Text for inside quotes. Characters that a line of text should not hold are written by their number.
fn print_escaped(out: &mut Page, text: &str) -> fmt::Result {
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'\\' && byte != b'"') {
        return out.write_str(text);
    }
    text.chars().try_for_each(|c| match c {
        '\\' => out.write_str("\\\\"),
        '"' => out.write_str("\\\""),
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
            write!(out, "\\u{{{:04x}}}", u32::from(c))
        }
        c => out.write_char(c),
    })
}

fn print_fields(out: &mut Page, fields: &[String]) -> fmt::Result {
    out.joined(fields, ", ", |out, field| print_name(out, field))
}

fn print_field(out: &mut Page, field: &FieldName) -> fmt::Result {
    out.write_str(if field.optional { "?" } else { "" })?;
    print_name(out, &field.name)
}

fn print_name(out: &mut Page, name: &str) -> fmt::Result {
    page::name(out, name, is_identifier)
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
            prop_assert_eq!(read_text(&Page::of(|out| print_text(out, &text))), Some(text));
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
        let print_name = |name: &str| Page::of(|out| super::print_name(out, name));
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
        assert_eq!(
            Page::of(|out| print_flat(out, &not)),
            "not (a != null or (b != null and not c != null)) and d != null"
        );
    }
}
