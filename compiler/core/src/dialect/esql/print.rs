//! Prints a query. Every string is escaped here and nowhere else; parentheses come from [`needs_parentheses`] alone.
//!
//! Syntax: <https://www.elastic.co/docs/reference/query-languages/esql/esql-syntax>

use crate::eval::time;
use crate::plan::{Arithmetic, Glob, Logic, Number, Order, Segment};

use super::tree::{Aggregate, Command, Condition, Measure, Query, Scalar, Step, Test};

/// The widest line before a condition is broken into several.
const WIDTH: usize = 100;

/// The query as text below its heading, ending in one newline.
#[must_use]
pub fn print(query: &Query, heading: &[String]) -> String {
    let heading: String = heading.iter().map(|line| comment(line)).collect();
    let index = query.index.iter().map(|index| print_index(index)).collect::<Vec<_>>().join(", ");
    let identity = if query.identified { " METADATA _id, _index, _version" } else { "" };
    let steps: String = query.steps.iter().map(print_step).collect();
    format!("{heading}FROM {index}{identity}\n{steps}")
}

fn print_step(step: &Step) -> String {
    let comment = if step.comment.is_empty() { String::new() } else { comment(&step.comment) };
    format!("{comment}| {}\n", print_command(&step.command))
}

/// A line of comment: a line break in the text would end it.
fn comment(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    format!("// {text}\n")
}

fn print_command(command: &Command) -> String {
    match command {
        Command::Where(condition) => {
            let flat = print_flat(condition);
            if width(&flat) + 8 < WIDTH {
                format!("WHERE {flat}")
            } else {
                format!("WHERE {}", print_broken(condition, 4))
            }
        }
        Command::Stats(measures, by) => format!("STATS {}", print_groups(measures, by)),
        Command::InlineStats(measures, by) => format!("INLINE STATS {}", print_groups(measures, by)),
        Command::Expand(column) => format!("MV_EXPAND {}", print_name(column)),
        Command::Keep(columns) => format!("KEEP {}", print_names(columns)),
    }
}

fn print_groups(measures: &[Measure], by: &[String]) -> String {
    let measures = measures.iter().map(print_measure).collect::<Vec<_>>().join(",\n    ");
    format!("{measures}\n    BY {}", print_names(by))
}

fn print_measure(measure: &Measure) -> String {
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
    let filter = match &measure.filter {
        Logic::Const(true) => String::new(),
        filter => format!(" WHERE {}", print_flat(filter)),
    };
    format!("{} = {value}{filter}", print_name(&measure.name))
}

/// A condition on one line.
fn print_flat(condition: &Condition) -> String {
    match condition {
        Logic::Const(value) => print_bool(*value).to_owned(),
        Logic::Not(inner) => print_not(condition, inner, print_flat(inner)),
        Logic::And(parts) => join(condition, parts, " AND ", print_flat),
        Logic::Or(parts) => join(condition, parts, " OR ", print_flat),
        Logic::Atom(test) => print_test(test, None),
    }
}

/// A condition over several lines, the ones after the first indented by `indent`.
fn print_broken(condition: &Condition, indent: usize) -> String {
    let part = |part: &Condition| {
        let flat = print_flat(part);
        if indent + width(&flat) < WIDTH { flat } else { print_broken(part, indent + 4) }
    };
    let line = format!("\n{:indent$}", "");
    match condition {
        Logic::Const(_) => print_flat(condition),
        Logic::Not(inner) => print_not(condition, inner, print_broken(inner, indent)),
        Logic::And(parts) => join(condition, parts, &format!("{line}AND "), part),
        Logic::Or(parts) => join(condition, parts, &format!("{line}OR "), part),
        Logic::Atom(test) => print_test(test, Some(indent)),
    }
}

/// The opposite of `inner`, which `text` prints.
fn print_not(not: &Condition, inner: &Condition, text: String) -> String {
    match inner {
        Logic::Atom(Test::NotNull(scalar)) => format!("{} IS NULL", print_scalar(scalar)),
        _ => format!("NOT {}", within(not, inner, text)),
    }
}

fn join(parent: &Condition, parts: &[Condition], between: &str, print: impl Fn(&Condition) -> String) -> String {
    parts.iter().map(|part| within(parent, part, print(part))).collect::<Vec<_>>().join(between)
}

/// `text`, which prints `child`, as a part of `parent`.
fn within(parent: &Condition, child: &Condition, text: String) -> String {
    if needs_parentheses(parent, child) { format!("({text})") } else { text }
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
fn print_test(test: &Test, indent: Option<usize>) -> String {
    match test {
        Test::NotNull(scalar) => format!("{} IS NOT NULL", print_scalar(scalar)),
        Test::Compare(left, order, right) => {
            format!("{} {} {}", print_scalar(left), print_order(*order), print_scalar(right))
        }
        Test::NotEmpty(scalar) => format!("{} != \"\"", print_scalar(scalar)),
        Test::In(scalar, values) => {
            format!("{} IN {}", print_scalar(scalar), print_list(values.iter().map(print_scalar), indent))
        }
        Test::Like(scalar, globs) => {
            format!("{} LIKE {}", print_scalar(scalar), one_or_list(globs.iter().map(print_glob).collect(), indent))
        }
        Test::Matches(scalar, patterns) => {
            let patterns = patterns.iter().map(|pattern| print_text(pattern.as_str())).collect();
            format!("{} RLIKE {}", print_scalar(scalar), one_or_list(patterns, indent))
        }
        Test::Cidr(scalar, networks) => {
            let first = std::iter::once(print_scalar(scalar));
            let networks = networks.iter().map(|network| print_text(&network.to_string()));
            format!("CIDR_MATCH{}", print_list(first.chain(networks), indent))
        }
        Test::Contains(scalar, value) => format!("MV_CONTAINS({}, {})", print_scalar(scalar), print_scalar(value)),
        Test::Decided(test) => format!("COALESCE({}, FALSE)", print_test(test, None)),
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
            let line = format!("\n{:width$}", "", width = indent + 4);
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

/// A dotted name, each part in backticks where it is no plain word.
fn print_name(name: &str) -> String {
    let part = |part: &str| {
        if is_identifier(part) { part.to_owned() } else { format!("`{}`", part.replace('`', "``")) }
    };
    name.split('.').map(part).collect::<Vec<_>>().join(".")
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

fn width(text: &str) -> usize {
    text.chars().count()
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
        assert_eq!(print_flat(&not), text);
    }
}
