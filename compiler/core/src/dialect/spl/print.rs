//! Tree to text: the only place that quotes, escapes and sets parentheses.
//!
//! | position | a name that is no plain word | a value |
//! | --- | --- | --- |
//! | base search | `"double quotes"` | `"…"`, `\` and `"` behind a backslash, `*` a wildcard |
//! | `eval`, `where` | `'single quotes'` | `"…"`, `\` and `"` behind a backslash |
//! | regular expression | | [`Pcre`](super::ast::Pcre) has nothing left to escape |
//!
//! Splunk documents that `OR` binds tighter than `AND` in the base search and looser in `where`
//! (<https://help.splunk.com/en/splunk-enterprise/search/search-manual/9.4/expressions-and-predicates/boolean-expressions-with-logical-operators>),
//! so an `AND` inside an `OR`, and the reverse, always stands in parentheses.

use std::fmt::Write as _;

use super::ast::{
    Aggregate, AggregateFunction, Binary, Command, Compare, Direction, Expr, Function, Line, Name, Piece, Query, Search,
};

/// The search, one command a line, ending in a newline.
#[must_use]
pub fn query(query: &Query) -> String {
    let mut out = search(&query.base);
    out.push('\n');
    for line in &query.lines {
        print_line(&mut out, line);
    }
    out
}

fn print_line(out: &mut String, line: &Line) {
    if let Some(comment) = &line.comment {
        let _ = writeln!(out, "``` {} ```", plain(comment));
    }
    let _ = writeln!(out, "| {}", command(&line.command));
}

/// A comment's text on one line, without what could end it or start a macro or token.
fn plain(text: &str) -> String {
    let one_line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    one_line.replace('`', "'").replace('$', "")
}

// ---- base search

/// A base search.
#[must_use]
pub fn search(node: &Search) -> String {
    match node {
        Search::Macro(name) => format!("`{name}`"),
        Search::Like(field, pieces) => format!("{}={}", search_name(field), search_value(pieces)),
        Search::Number(field, op, number) => format!("{}{}{number}", search_name(field), compare(*op)),
        Search::And(parts) => search_parts(parts, " AND "),
        Search::Or(parts) => search_parts(parts, " OR "),
    }
}

/// A macro beside `OR` stands in parentheses too: a site may define it as several terms.
fn search_parts(parts: &[Search], operator: &str) -> String {
    let printed = parts.iter().map(|part| match part {
        Search::And(_) | Search::Or(_) => format!("({})", search(part)),
        Search::Macro(_) if operator == " OR " => format!("({})", search(part)),
        Search::Macro(_) | Search::Like(..) | Search::Number(..) => search(part),
    });
    printed.collect::<Vec<_>>().join(operator)
}

fn search_value(pieces: &[Piece]) -> String {
    if pieces == [Piece::Any] {
        return "*".to_owned();
    }
    let mut out = String::from("\"");
    for piece in pieces {
        match piece {
            Piece::Any => out.push('*'),
            Piece::Literal(text) => out.push_str(&escaped(text)),
        }
    }
    out.push('"');
    out
}

fn search_name(name: &Name) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '{' | '}');
    if starts_like_a_word(&name.0) && name.0.chars().all(plain) {
        name.0.clone()
    } else {
        format!("\"{}\"", escaped(&name.0))
    }
}

// ---- eval and where

/// How tightly an expression holds together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tightness {
    Or,
    And,
    Not,
    Compare,
    Binary,
    Primary,
}

fn tightness(node: &Expr) -> Tightness {
    match node {
        Expr::Or(_) => Tightness::Or,
        Expr::And(_) => Tightness::And,
        Expr::Not(_) => Tightness::Not,
        Expr::Compare(..) => Tightness::Compare,
        Expr::Binary(..) => Tightness::Binary,
        Expr::Int(n) if *n < 0 => Tightness::Binary,
        Expr::Float(x) if x.is_sign_negative() => Tightness::Binary,
        Expr::Field(_)
        | Expr::Text(_)
        | Expr::Pattern(_)
        | Expr::Int(_)
        | Expr::Float(_)
        | Expr::Call(..)
        | Expr::In(..)
        | Expr::Native(_) => Tightness::Primary,
        // Whoever edits a macro may write any expression.
        Expr::Macro(..) => Tightness::Or,
    }
}

/// An expression.
#[must_use]
pub fn expr(node: &Expr) -> String {
    match node {
        Expr::Field(name) => eval_name(name),
        Expr::Text(text) => format!("\"{}\"", escaped(text)),
        Expr::Pattern(pattern) => format!("\"{}\"", pattern.0),
        Expr::Int(n) => n.to_string(),
        Expr::Float(x) => format!("{x}"),
        Expr::Native(text) => text.clone(),
        Expr::Call(function, arguments) => {
            let arguments = arguments.iter().map(expr).collect::<Vec<_>>().join(", ");
            format!("{}({arguments})", function_name(*function))
        }
        Expr::Not(inner) => format!("NOT {}", inside(inner, Tightness::Primary)),
        Expr::And(parts) => joined(parts, " AND ", Tightness::Not),
        Expr::Or(parts) => joined(parts, " OR ", Tightness::Not),
        Expr::Compare(left, op, right) => {
            format!("{}{}{}", inside(left, Tightness::Binary), compare(*op), inside(right, Tightness::Binary))
        }
        Expr::In(field, texts) => {
            let texts = texts.iter().map(|t| format!(", \"{}\"", escaped(t))).collect::<String>();
            format!("in({}{texts})", eval_name(field))
        }
        Expr::Binary(left, op, right) => binary(left, *op, right),
        Expr::Macro(name, fields) if fields.is_empty() => format!("`{name}`"),
        Expr::Macro(name, fields) => {
            let fields = fields.iter().map(|field| field.0.as_str()).collect::<Vec<_>>().join(", ");
            format!("`{name}({fields})`")
        }
    }
}

fn joined(parts: &[Expr], operator: &str, least: Tightness) -> String {
    parts.iter().map(|part| inside(part, least)).collect::<Vec<_>>().join(operator)
}

/// The expression, in parentheses if it holds together less than needed.
fn inside(node: &Expr, least: Tightness) -> String {
    let text = expr(node);
    if tightness(node) < least { format!("({text})") } else { text }
}

/// Products bind tighter than sums, and chains group to the left. Where `.` stands between is not documented for all
/// operators, so beside another one it is always in parentheses.
fn binary(left: &Expr, op: Binary, right: &Expr) -> String {
    let operand = |side: &Expr, bare: &[Binary]| {
        let fits = matches!(side, Expr::Binary(_, inner, _) if bare.contains(inner));
        inside(side, if fits { Tightness::Binary } else { Tightness::Primary })
    };
    use Binary::{Add, Concat, Div, Mul, Sub};
    let (sign, bare_left, bare_right): (_, &[Binary], &[Binary]) = match op {
        Add => ("+", &[Add, Sub, Mul, Div], &[Mul, Div]),
        Sub => ("-", &[Add, Sub, Mul, Div], &[Mul, Div]),
        Mul => ("*", &[Mul], &[]),
        Div => ("/", &[], &[]),
        Concat => (".", &[Concat], &[]),
    };
    format!("{}{sign}{}", operand(left, bare_left), operand(right, bare_right))
}

const fn compare(op: Compare) -> &'static str {
    match op {
        Compare::Eq => "=",
        Compare::Ne => "!=",
        Compare::Lt => "<",
        Compare::Le => "<=",
        Compare::Gt => ">",
        Compare::Ge => ">=",
    }
}

const fn function_name(function: Function) -> &'static str {
    match function {
        Function::Case => "case",
        Function::Ceiling => "ceiling",
        Function::Cidrmatch => "cidrmatch",
        Function::Coalesce => "coalesce",
        Function::Floor => "floor",
        Function::Isnotnull => "isnotnull",
        Function::Isnull => "isnull",
        Function::Len => "len",
        Function::Lower => "lower",
        Function::Max => "max",
        Function::Min => "min",
        Function::Mvcount => "mvcount",
        Function::Mvdedup => "mvdedup",
        Function::Mvfilter => "mvfilter",
        Function::Mvfind => "mvfind",
        Function::Mvindex => "mvindex",
        Function::Mvjoin => "mvjoin",
        Function::Mvmap => "mvmap",
        Function::Now => "now",
        Function::Pow => "pow",
        Function::Round => "round",
        Function::Split => "split",
        Function::Strftime => "strftime",
        Function::Strptime => "strptime",
        Function::Substr => "substr",
        Function::Tonumber => "tonumber",
        Function::Tostring => "tostring",
    }
}

fn eval_name(name: &Name) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if starts_like_a_word(&name.0) && name.0.chars().all(plain) && !is_reserved(&name.0) {
        name.0.clone()
    } else {
        format!("'{}'", name.0)
    }
}

fn starts_like_a_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
}

/// Words that mean something of their own in an expression or a command.
fn is_reserved(name: &str) -> bool {
    ["and", "or", "not", "xor", "in", "like", "by", "as", "true", "false", "null"]
        .iter()
        .any(|word| word.eq_ignore_ascii_case(name))
}

/// Text for inside double quotes.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

// ---- commands

fn command(node: &Command) -> String {
    match node {
        Command::Eval(assignments) => {
            let list = assignments.iter().map(|(name, value)| format!("{}={}", eval_name(name), expr(value)));
            format!("eval {}", list.collect::<Vec<_>>().join(", "))
        }
        Command::Where(condition) => format!("where {}", expr(condition)),
        Command::Fields(fields) => format!("fields {}", names(fields)),
        Command::FieldsRemove(fields) => format!("fields - {}", names(fields)),
        Command::Sort(keys) => {
            let keys = keys.iter().map(|(direction, name)| match direction {
                Direction::Ascending => search_name(name),
                Direction::Descending => format!("-{}", search_name(name)),
            });
            format!("sort 0 {}", keys.collect::<Vec<_>>().join(", "))
        }
        Command::Streamstats(aggregates, by) => format!("streamstats window=0 {}", stats(aggregates, by)),
        Command::Eventstats(aggregates, by) => format!("eventstats {}", stats(aggregates, by)),
        Command::Stats(aggregates, by) => format!("stats {}", stats(aggregates, by)),
        Command::Mvexpand(field) => format!("mvexpand {}", search_name(field)),
        Command::Rename(pairs) => {
            let pairs = pairs.iter().map(|(from, to)| format!("{} as \"{}\"", search_name(from), escaped(&to.0)));
            format!("rename {}", pairs.collect::<Vec<_>>().join(", "))
        }
        Command::Lookup { table, field, output } => {
            format!("lookup {table} entry AS {} OUTPUT listed AS {}", search_name(field), search_name(output))
        }
        Command::Addinfo => "addinfo".to_owned(),
        Command::Macro(name) => format!("`{name}`"),
    }
}

fn names(fields: &[Name]) -> String {
    fields.iter().map(search_name).collect::<Vec<_>>().join(", ")
}

fn stats(aggregates: &[Aggregate], by: &[Name]) -> String {
    let list = aggregates.iter().map(|a| {
        let function = match a.function {
            AggregateFunction::Count => "count",
            AggregateFunction::Max => "max",
            AggregateFunction::Min => "min",
            AggregateFunction::Sum => "sum",
            AggregateFunction::Values => "values",
        };
        match &a.of {
            Some(field) => format!("{function}({}) as {}", search_name(field), search_name(&a.name)),
            None => format!("{function} as {}", search_name(&a.name)),
        }
    });
    let list = list.collect::<Vec<_>>().join(", ");
    if by.is_empty() { list } else { format!("{list} by {}", names(by)) }
}
