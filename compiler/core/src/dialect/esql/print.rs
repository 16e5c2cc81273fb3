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
    let index = query.index.iter().map(|index| print_index(index)).collect::<Vec<_>>().join(", ");
    let identity = if query.identified { " METADATA _id, _index, _version" } else { "" };
    Page::of(|out| {
        heading.iter().try_for_each(|line| out.comment(line))?;
        writeln!(out, "FROM {index}{identity}")?;
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
        Command::Expand(column) => write!(out, "MV_EXPAND {}", print_name(column)),
        Command::Keep(columns) => write!(out, "KEEP {}", print_names(columns)),
    }
}

fn print_groups(out: &mut Page, measures: &[Measure], by: &[String]) -> fmt::Result {
    for (i, measure) in measures.iter().enumerate() {
        if i > 0 {
            out.write_str(",\n    ")?;
        }
        print_measure(out, measure)?;
    }
    write!(out, "\n    BY {}", print_names(by))
}

fn print_measure(out: &mut Page, measure: &Measure) -> fmt::Result {
    let call = |function: &str, column: &str| format!("{function}({})", print_name(column));
    let value = match &measure.of {
        Aggregate::Count => "COUNT(*)".to_owned(),
        Aggregate::Distinct(column) => format!("COALESCE(MV_COUNT({}), 0)", call("VALUES", column)),
        Aggregate::Sum(column) => call("SUM", column),
        Aggregate::Min(column) => call("MIN", column),
        Aggregate::Max(column) => call("MAX", column),
        Aggregate::Average(column) => call("AVG", column),
        Aggregate::Values(column) => call("VALUES", column),
    };
    write!(out, "{} = {value}", print_name(&measure.name))?;
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
        return write!(out, "{} IS NULL", print_scalar(scalar));
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
        Test::NotNull(scalar) => write!(out, "{} IS NOT NULL", print_scalar(scalar)),
        Test::Compare(left, order, right) => {
            write!(out, "{} {} {}", print_scalar(left), sign(*order), print_scalar(right))
        }
        Test::NotEmpty(scalar) => write!(out, "{} != \"\"", print_scalar(scalar)),
        Test::In(scalar, values) => {
            write!(out, "{} IN ", print_scalar(scalar))?;
            out.list(values.iter().map(print_scalar), columns)
        }
        Test::Like(scalar, globs) => {
            write!(out, "{} LIKE ", print_scalar(scalar))?;
            out.one_or_list(globs.iter().map(print_glob), columns)
        }
        Test::Matches(scalar, patterns) => {
            write!(out, "{} RLIKE ", print_scalar(scalar))?;
            out.one_or_list(patterns.iter().map(|pattern| print_text(pattern.as_str())), columns)
        }
        Test::Cidr(scalar, networks) => {
            out.write_str("CIDR_MATCH")?;
            let networks = networks.iter().map(|network| print_text(&network.to_string()));
            out.list(std::iter::once(print_scalar(scalar)).chain(networks), columns)
        }
        Test::Contains(scalar, value) => write!(out, "MV_CONTAINS({}, {})", print_scalar(scalar), print_scalar(value)),
        Test::Decided(test) => {
            out.write_str("COALESCE(")?;
            print_test(out, test, None)?;
            out.write_str(", FALSE)")
        }
    }
}

fn print_scalar(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Column(name) => print_name(name),
        Scalar::Text(text) => print_text(text),
        Scalar::Number(number) => print_number(*number),
        Scalar::Bool(value) => print_bool(*value).to_owned(),
        Scalar::Moment(milliseconds) => format!("TO_DATETIME({})", print_text(&time::format(*milliseconds))),
        Scalar::Span(milliseconds) => print_span(*milliseconds),
        Scalar::Now => "NOW()".to_owned(),
        Scalar::Lower(inner) => format!("TO_LOWER({})", print_scalar(inner)),
        Scalar::Long(inner) => format!("TO_LONG({})", print_scalar(inner)),
        Scalar::Double(inner) => format!("TO_DOUBLE({})", print_scalar(inner)),
        Scalar::Binary(left, operator, right) => {
            let sign = match operator {
                Arithmetic::Add => "+",
                Arithmetic::Sub => "-",
                Arithmetic::Mul => "*",
                Arithmetic::Div => "/",
            };
            format!("{} {sign} {}", operand(left), operand(right))
        }
    }
}

/// A side of an arithmetic operator: arithmetic stands in parentheses there.
fn operand(scalar: &Scalar) -> String {
    match scalar {
        Scalar::Binary(..) => format!("({})", print_scalar(scalar)),
        other => print_scalar(other),
    }
}

fn print_number(number: Number) -> String {
    match number {
        Number::Int(i) => i.to_string(),
        Number::Float(f) => format!("{f:?}"),
    }
}

const fn print_bool(value: bool) -> &'static str {
    if value { "TRUE" } else { "FALSE" }
}

/// A pattern of `LIKE`, in which a backslash takes the next character as itself.
fn print_glob(glob: &Glob) -> String {
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
    print_text(&pattern)
}

/// A string literal: between three quotes, where nothing is escaped, if it holds backslashes and nothing that would end it.
fn print_text(text: &str) -> String {
    if text.contains('\\') && !text.contains(['"', '\n', '\r']) {
        return format!("\"\"\"{text}\"\"\"");
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn print_names(names: &[String]) -> String {
    names.iter().map(|name| print_name(name)).collect::<Vec<_>>().join(", ")
}

fn print_name(name: &str) -> String {
    page::name(name, is_identifier)
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
fn print_index(index: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '*');
    if index.chars().all(plain) { index.to_owned() } else { print_text(index) }
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
            prop_assert_eq!(read_text(&print_text(&text)), Some(text));
        }

        #[test]
        fn every_text_survives_the_escapes_of_like(text in any::<String>()) {
            let printed = print_glob(&Glob { segments: vec![Segment::Literal(text.clone())] });
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
