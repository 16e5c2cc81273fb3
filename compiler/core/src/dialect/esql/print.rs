//! Prints a query. Every string is escaped here and nowhere else; parentheses come from [`needs_parentheses`] alone.
//!
//! Syntax: <https://www.elastic.co/docs/reference/query-languages/esql/esql-syntax>

use std::fmt::{self, Write};

use crate::dialect::elasticsearch::page::{self, sign};
use crate::dialect::page::Page;
use crate::eval::time;
use crate::plan::{Arithmetic, Glob, Logic, Number, Segment};

use super::tree::{Aggregate, Command, Condition, Measure, Query, Scalar, Step, Test};

/// The query as text below its heading, ending in one newline.
#[must_use]
pub fn print(query: &Query, heading: &[String]) -> String {
    let identity = if query.identified { " METADATA _id, _index, _version" } else { "" };
    Page::of(|out| {
        heading.iter().try_for_each(|line| out.comment(line))?;
        out.write_str("FROM ")?;
        out.joined(&query.index, ", ", |out, index| print_index(out, index))?;
        writeln!(out, "{identity}")?;
        query.steps.iter().try_for_each(|step| print_step(out, step))
    })
}

fn print_step(out: &mut Page, step: &Step) -> fmt::Result {
    if !step.comment.is_empty() {
        out.comment(&step.comment)?;
    }
    out.write_str("| ")?;
    print_command(out, &step.command)?;
    out.write_char('\n')
}

fn print_command(out: &mut Page, command: &Command) -> fmt::Result {
    match command {
        Command::Where(condition) => {
            out.write_str("WHERE ")?;
            print_at(out, condition, 8, 4)
        }
        Command::Stats(measures, by) => {
            out.write_str("STATS ")?;
            print_groups(out, measures, by)
        }
        Command::InlineStats(measures, by) => {
            out.write_str("INLINE STATS ")?;
            print_groups(out, measures, by)
        }
        Command::Expand(column) => {
            out.write_str("MV_EXPAND ")?;
            print_name(out, column)
        }
        Command::Keep(columns) => {
            out.write_str("KEEP ")?;
            print_names(out, columns)
        }
    }
}

fn print_groups(out: &mut Page, measures: &[Measure], by: &[String]) -> fmt::Result {
    for (i, measure) in measures.iter().enumerate() {
        if i > 0 {
            out.write_str(",\n    ")?;
        }
        print_measure(out, measure)?;
    }
    out.write_str("\n    BY ")?;
    print_names(out, by)
}

fn print_measure(out: &mut Page, measure: &Measure) -> fmt::Result {
    print_name(out, &measure.name)?;
    out.write_str(" = ")?;
    match &measure.of {
        Aggregate::Count => out.write_str("COUNT(*)")?,
        Aggregate::Distinct(column) => {
            out.write_str("COALESCE(MV_COUNT(")?;
            print_call(out, "VALUES", |out| print_name(out, column))?;
            out.write_str("), 0)")?;
        }
        Aggregate::Sum(column) => print_call(out, "SUM", |out| print_name(out, column))?,
        Aggregate::Min(column) => print_call(out, "MIN", |out| print_name(out, column))?,
        Aggregate::Max(column) => print_call(out, "MAX", |out| print_name(out, column))?,
        Aggregate::Average(column) => print_call(out, "AVG", |out| print_name(out, column))?,
        Aggregate::Values(column) => print_call(out, "VALUES", |out| print_name(out, column))?,
    }
    match &measure.filter {
        Logic::Const(true) => Ok(()),
        filter => {
            out.write_str(" WHERE ")?;
            print_flat(out, filter)
        }
    }
}

/// A condition that starts in column `column`: on one line if it has room there, else over several.
fn print_at(out: &mut Page, condition: &Condition, column: usize, indent: usize) -> fmt::Result {
    if out.fits_line(column, |out| print_flat(out, condition)) { Ok(()) } else { print_broken(out, condition, indent) }
}

/// A condition on one line.
fn print_flat(out: &mut Page, condition: &Condition) -> fmt::Result {
    let parentheses = |part: &Condition| needs_parentheses(condition, part);
    match condition {
        Logic::Const(value) => out.write_str(print_bool(*value)),
        Logic::Not(inner) => print_not(out, inner, parentheses(inner), |out| print_flat(out, inner)),
        Logic::And(parts) => out.parts(parts, " AND ", parentheses, print_flat),
        Logic::Or(parts) => out.parts(parts, " OR ", parentheses, print_flat),
        Logic::Atom(test) => print_test(out, test, None),
    }
}

/// A condition over several lines, the ones after the first indented by `indent`.
fn print_broken(out: &mut Page, condition: &Condition, indent: usize) -> fmt::Result {
    let parentheses = |part: &Condition| needs_parentheses(condition, part);
    let print = |out: &mut Page, part: &Condition| print_at(out, part, indent, indent + 4);
    match condition {
        Logic::Const(_) => print_flat(out, condition),
        Logic::Not(inner) => print_not(out, inner, parentheses(inner), |out| print_broken(out, inner, indent)),
        Logic::And(parts) => out.parts(parts, &format!("\n{:indent$}AND ", ""), parentheses, print),
        Logic::Or(parts) => out.parts(parts, &format!("\n{:indent$}OR ", ""), parentheses, print),
        Logic::Atom(test) => print_test(out, test, Some(indent)),
    }
}

/// The opposite of `inner`, which `print` prints.
fn print_not(
    out: &mut Page,
    inner: &Condition,
    parentheses: bool,
    print: impl FnOnce(&mut Page) -> fmt::Result,
) -> fmt::Result {
    if let Logic::Atom(Test::NotNull(scalar)) = inner {
        print_scalar(out, scalar)?;
        return out.write_str(" IS NULL");
    }
    out.write_str("NOT ")?;
    out.part(parentheses, print)
}

/// Whether a part must stand in parentheses: any `AND` or `OR` inside another operator, so that nothing rests on which of the
/// two binds tighter, and every test under a `NOT`, so that nothing rests on how it binds to the test's own operator.
fn needs_parentheses(parent: &Condition, child: &Condition) -> bool {
    match (parent, child) {
        (Logic::Not(_), Logic::Atom(test)) => !matches!(test, Test::Cidr(..) | Test::Contains(..) | Test::Decided(_)),
        (Logic::Not(_) | Logic::And(_) | Logic::Or(_), Logic::And(_) | Logic::Or(_)) => true,
        _ => false,
    }
}

/// A test; with an indent, long lists are broken into one value a line.
fn print_test(out: &mut Page, test: &Test, indent: Option<usize>) -> fmt::Result {
    let columns = indent.map(|indent| (indent + 4, indent));
    match test {
        Test::NotNull(scalar) => {
            print_scalar(out, scalar)?;
            out.write_str(" IS NOT NULL")
        }
        Test::Compare(left, order, right) => {
            print_scalar(out, left)?;
            write!(out, " {} ", sign(*order))?;
            print_scalar(out, right)
        }
        Test::NotEmpty(scalar) => {
            print_scalar(out, scalar)?;
            out.write_str(" != \"\"")
        }
        Test::In(scalar, values) => {
            print_scalar(out, scalar)?;
            out.write_str(" IN ")?;
            out.list(values.iter(), columns, print_scalar)
        }
        Test::Like(scalar, globs) => {
            print_scalar(out, scalar)?;
            out.write_str(" LIKE ")?;
            out.one_or_list(globs.iter(), columns, print_glob)
        }
        Test::Matches(scalar, patterns) => {
            print_scalar(out, scalar)?;
            out.write_str(" RLIKE ")?;
            out.one_or_list(patterns.iter(), columns, |out, pattern| print_text(out, pattern.as_str()))
        }
        Test::Cidr(scalar, networks) => {
            out.write_str("CIDR_MATCH")?;
            let arguments = std::iter::once(None).chain(networks.iter().map(Some));
            out.list(arguments, columns, |out, argument| match argument {
                None => print_scalar(out, scalar),
                Some(network) => print_text(out, &network.text()),
            })
        }
        Test::Contains(scalar, value) => print_call(out, "MV_CONTAINS", |out| {
            print_scalar(out, scalar)?;
            out.write_str(", ")?;
            print_scalar(out, value)
        }),
        Test::Decided(test) => {
            out.write_str("COALESCE(")?;
            print_test(out, test, None)?;
            out.write_str(", FALSE)")
        }
    }
}

fn print_call(out: &mut Page, function: &str, arguments: impl FnOnce(&mut Page) -> fmt::Result) -> fmt::Result {
    out.write_str(function)?;
    out.part(true, arguments)
}

fn print_scalar(out: &mut Page, scalar: &Scalar) -> fmt::Result {
    match scalar {
        Scalar::Column(name) => print_name(out, name),
        Scalar::Text(text) => print_text(out, text),
        Scalar::Number(Number::Int(i)) => write!(out, "{i}"),
        Scalar::Number(Number::Float(f)) => write!(out, "{f:?}"),
        Scalar::Bool(value) => out.write_str(print_bool(*value)),
        Scalar::Moment(milliseconds) => {
            print_call(out, "TO_DATETIME", |out| print_text(out, &time::format(*milliseconds)))
        }
        Scalar::Span(milliseconds) => out.write_str(&print_span(*milliseconds)),
        Scalar::Now => out.write_str("NOW()"),
        Scalar::Lower(inner) => print_call(out, "TO_LOWER", |out| print_scalar(out, inner)),
        Scalar::Long(inner) => print_call(out, "TO_LONG", |out| print_scalar(out, inner)),
        Scalar::Double(inner) => print_call(out, "TO_DOUBLE", |out| print_scalar(out, inner)),
        Scalar::Binary(left, operator, right) => {
            operand(out, left)?;
            out.write_str(match operator {
                Arithmetic::Add => " + ",
                Arithmetic::Sub => " - ",
                Arithmetic::Mul => " * ",
                Arithmetic::Div => " / ",
            })?;
            operand(out, right)
        }
    }
}

/// A side of an arithmetic operator: arithmetic stands in parentheses there.
fn operand(out: &mut Page, scalar: &Scalar) -> fmt::Result {
    out.part(matches!(scalar, Scalar::Binary(..)), |out| print_scalar(out, scalar))
}

const fn print_bool(value: bool) -> &'static str {
    if value { "TRUE" } else { "FALSE" }
}

/// A pattern of `LIKE`, in which a backslash takes the next character as itself.
fn print_glob(out: &mut Page, glob: &Glob) -> fmt::Result {
    let mut pattern = String::new();
    for segment in &glob.segments {
        match segment {
            Segment::Any => pattern.push('*'),
            Segment::One => pattern.push('?'),
            Segment::Literal(text) => {
                for c in text.chars() {
                    if matches!(c, '*' | '?' | '\\') {
                        pattern.push('\\');
                    }
                    pattern.push(c);
                }
            }
        }
    }
    print_text(out, &pattern)
}

/// A string literal: between three quotes, where nothing is escaped, if it holds backslashes and nothing that would end it.
fn print_text(out: &mut Page, text: &str) -> fmt::Result {
    if text.contains('\\') && !text.contains(['"', '\n', '\r']) {
        return write!(out, "\"\"\"{text}\"\"\"");
    }
    out.write_char('"')?;
    text.chars().try_for_each(|c| match c {
        '\\' => out.write_str("\\\\"),
        '"' => out.write_str("\\\""),
        '\n' => out.write_str("\\n"),
        '\r' => out.write_str("\\r"),
        '\t' => out.write_str("\\t"),
        c => out.write_char(c),
    })?;
    out.write_char('"')
}

fn print_names(out: &mut Page, names: &[String]) -> fmt::Result {
    out.joined(names, ", ", |out, name| print_name(out, name))
}

fn print_name(out: &mut Page, name: &str) -> fmt::Result {
    page::name(out, name, is_identifier)
}

/// Whether a word needs no quotes: letters, digits, `_`, first a letter, `_` or `@`, and no keyword.
/// <https://www.elastic.co/docs/reference/query-languages/esql/esql-syntax#esql-identifiers>
fn is_identifier(word: &str) -> bool {
    const KEYWORDS: &[&str] = &[
        "and", "as", "asc", "by", "desc", "false", "first", "in", "is", "last", "like", "metadata", "not", "null",
        "nulls", "on", "or", "rlike", "true", "where", "with",
    ];
    let letter = |c: char| c.is_ascii_alphabetic() || c == '_';
    let mut rest = word.strip_prefix('@').unwrap_or(word).chars();
    rest.next().is_some_and(letter)
        && rest.all(|c| letter(c) || c.is_ascii_digit())
        && !KEYWORDS.contains(&word.to_ascii_lowercase().as_str())
}

/// An index pattern; in quotes where it holds more than the usual characters.
fn print_index(out: &mut Page, index: &str) -> fmt::Result {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*');
    if index.chars().all(plain) { out.write_str(index) } else { print_text(out, index) }
}

/// A length of time in the largest unit that says it whole.
/// <https://www.elastic.co/docs/reference/query-languages/esql/esql-time-spans>
fn print_span(milliseconds: i64) -> String {
    let units = [(86_400_000, "day"), (3_600_000, "hour"), (60_000, "minute"), (1_000, "second")];
    let unit = units.into_iter().find(|(size, _)| milliseconds > 0 && milliseconds % size == 0);
    let (size, name) = unit.unwrap_or((1, "millisecond"));
    let number = milliseconds / size;
    format!("{number} {name}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Reads a string literal as ES|QL's lexer does; none if it does not end where the text does.
    fn read_text(literal: &str) -> Option<String> {
        if let Some(raw) = literal.strip_prefix("\"\"\"") {
            return raw.strip_suffix("\"\"\"").filter(|text| !text.contains("\"\"\"")).map(str::to_owned);
        }
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
                    _ => return None,
                },
                '\n' | '\r' => return None,
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
        fn every_text_survives_the_escapes_of_like(text in any::<String>()) {
            let glob = Glob { segments: vec![Segment::Literal(text.clone())] };
            let printed = Page::of(|out| print_glob(out, &glob));
            let pattern = read_text(&printed).unwrap_or_default();
            let mut read = String::new();
            let mut rest = pattern.chars();
            while let Some(c) = rest.next() {
                prop_assert!(!matches!(c, '*' | '?'), "a wildcard where there was none: {pattern}");
                read.extend(if c == '\\' { rest.next() } else { Some(c) });
            }
            prop_assert_eq!(read, text);
        }

        #[test]
        fn a_span_is_whole_in_its_unit(milliseconds in 1i64..10_000_000_000) {
            let text = print_span(milliseconds);
            let (number, unit) = text.split_once(' ').unwrap_or_default();
            let size = match unit.trim_end_matches('s') {
                "millisecond" => 1,
                "second" => 1_000,
                "minute" => 60_000,
                "hour" => 3_600_000,
                _ => 86_400_000,
            };
            prop_assert_eq!(number.parse::<i64>().map(|n| n * size), Ok(milliseconds));
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
        let atom = |name: &str| Logic::Atom(Test::NotNull(Scalar::column(name)));
        let or = Logic::Or(vec![atom("a"), Logic::And(vec![atom("b"), Logic::Not(Box::new(atom("c")))])]);
        let not = Logic::And(vec![Logic::Not(Box::new(or)), atom("d")]);
        let text = "NOT (a IS NOT NULL OR (b IS NOT NULL AND c IS NULL)) AND d IS NOT NULL";
        assert_eq!(Page::of(|out| print_flat(out, &not)), text);
    }
}
