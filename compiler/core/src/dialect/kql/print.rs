//! The text of a query. Cannot fail; parentheses come from [`level`] alone, escapes from [`super::literal`] alone.

use super::ast::{Assign, BinaryOp, Expr, InOp, JoinKind, Let, LetValue, Pipeline, Query, Scalar, Source, Step};
use super::literal;

/// Where a line is broken, if it can be.
const WIDTH: usize = 110;

/// How a query is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// To be read: with comments, four blanks a level.
    Full,
    /// To be short: no comments, one blank a level. For products that bound a query's length.
    Compact,
}

impl Layout {
    /// Blanks a level.
    const fn step(self) -> usize {
        match self {
            Self::Full => 4,
            Self::Compact => 1,
        }
    }
}

/// The query, ending in one newline. No blank lines: they would end the query before it is whole.
#[must_use]
pub fn query(query: &Query, layout: Layout) -> String {
    let mut out = String::new();
    for binding in &query.lets {
        comment(&mut out, &binding.comment, layout);
        out.push_str(&statement(layout, binding));
        out.push('\n');
    }
    comment(&mut out, &query.comment, layout);
    out.push_str(&pipeline(layout, &query.body, 0));
    out.push('\n');
    out
}

/// A comment above a query.
#[must_use]
pub fn heading(text: &str) -> String {
    format!("// {}\n", literal::comment(text))
}

fn comment(out: &mut String, text: &str, layout: Layout) {
    let text = literal::comment(text);
    if !text.is_empty() && layout == Layout::Full {
        out.push_str(&heading(&text));
    }
}

fn statement(layout: Layout, binding: &Let) -> String {
    let name = literal::name(&binding.name);
    match &binding.value {
        LetValue::Scalar(value) => format!("let {name} = {};", wrapped(layout, value, 0, name.len() + 8)),
        LetValue::Rows(rows) => format!("let {name} = {};", pipeline(layout, rows, layout.step())),
        LetValue::Materialized(rows) => {
            let pad = " ".repeat(layout.step());
            format!("let {name} = materialize(\n{pad}{}\n{pad});", pipeline(layout, rows, layout.step()))
        }
    }
}

/// A pipeline whose first line is already indented; the others by `indent`.
fn pipeline(layout: Layout, rows: &Pipeline, indent: usize) -> String {
    let pad = " ".repeat(indent);
    let mut out = match &rows.source {
        Source::Name(name) => literal::name(name),
        Source::Raw(text) => text.trim_end().replace('\n', &format!("\n{pad}")),
        Source::Call(function, arguments) => format!("{function}({})", comma(arguments)),
        Source::Print(columns) => {
            // Unlike a projected column, a printed one needs its name.
            let columns: Vec<String> =
                columns.iter().map(|(name, value)| format!("{} = {}", literal::name(name), expr(value))).collect();
            items(layout, "print", &columns, indent)
        }
    };
    for step in &rows.steps {
        out.push_str(&format!("\n{pad}| {}", operator(layout, step, indent)));
    }
    out
}

fn operator(layout: Layout, step: &Step, indent: usize) -> String {
    match step {
        Step::Where(condition) => format!("where {}", wrapped(layout, condition, indent, 8)),
        Step::Extend(columns) => columns_of(layout, "extend", columns, indent),
        Step::Project(columns) => columns_of(layout, "project", columns, indent),
        Step::Distinct(columns) => {
            items(layout, "distinct", &columns.iter().map(|c| literal::name(c)).collect::<Vec<_>>(), indent)
        }
        Step::Summarize { columns, by } => summarize(layout, columns, by, indent),
        Step::MvExpand { name, value, ty } => {
            format!("mv-expand {}", member(layout, name, value, *ty, indent))
        }
        Step::MvApply { name, value, ty, tests } => {
            mv_apply(layout, &member(layout, name, value, *ty, indent), tests, indent)
        }
        Step::Join { kind, right, on } => join(layout, *kind, right, on, indent),
        Step::RowNumber(name) => format!("serialize {} = row_number()", literal::name(name)),
    }
}

fn member(layout: Layout, name: &str, value: &Expr, ty: Scalar, indent: usize) -> String {
    let used = "| mv-expand  =  to typeof(datetime)".len() + name.len();
    format!("{} = {} to typeof({})", literal::name(name), wrapped(layout, value, indent, used), ty.as_str())
}

fn mv_apply(layout: Layout, head: &str, tests: &[Assign], indent: usize) -> String {
    let pad = " ".repeat(indent + layout.step());
    let columns: Vec<String> =
        tests.iter().map(|(name, test)| format!("{} = countif({}) > 0", literal::name(name), expr(test))).collect();
    format!("mv-apply {head} on (\n{pad}{}\n{pad})", items(layout, "summarize", &columns, indent + layout.step()))
}

fn join(layout: Layout, kind: JoinKind, right: &Pipeline, on: &[(String, String)], indent: usize) -> String {
    let kind = match kind {
        JoinKind::Inner => "inner",
        JoinKind::LeftOuter => "leftouter",
        JoinKind::LeftAnti => "leftanti",
    };
    let keys: Vec<String> = on
        .iter()
        .map(|(left, right)| {
            let (l, r) = (literal::name(left), literal::name(right));
            if l == r { l } else { format!("$left.{l} == $right.{r}") }
        })
        .collect();
    let table = if right.steps.is_empty() {
        format!("({})", pipeline(layout, right, indent))
    } else {
        let pad = " ".repeat(indent + layout.step());
        format!("(\n{pad}{}\n{pad})", pipeline(layout, right, indent + layout.step()))
    };
    format!("join kind={kind} {table} on {}", keys.join(", "))
}

fn summarize(layout: Layout, written: &[(Option<String>, Expr)], by: &[Assign], indent: usize) -> String {
    let columns: Vec<String> = written
        .iter()
        .map(|(name, value)| match name {
            Some(name) => format!("{} = {}", literal::name(name), expr(value)),
            None => expr(value),
        })
        .collect();
    let by = assignments(by);
    let groups = if by.is_empty() { String::new() } else { format!("by {}", by.join(", ")) };
    let flat = [columns.join(", "), groups].into_iter().filter(|s| !s.is_empty()).collect::<Vec<_>>().join(" ");
    if indent + flat.len() + 12 <= WIDTH {
        return format!("summarize {flat}");
    }
    let pad = " ".repeat(indent + layout.step());
    let deeper = indent + layout.step();
    let columns: Vec<String> = written
        .iter()
        .map(|(name, value)| match name {
            Some(name) => {
                format!("{} = {}", literal::name(name), wrapped(layout, value, deeper, name.len() + 3))
            }
            None => wrapped(layout, value, deeper, 0),
        })
        .collect();
    let mut out = "summarize".to_owned();
    if !columns.is_empty() {
        out.push_str(&format!("\n{pad}{}", columns.join(&format!(",\n{pad}"))));
    }
    if !by.is_empty() {
        out.push_str(&format!("\n{pad}{}", items(layout, "by", &by, indent + layout.step())));
    }
    out
}

fn assignments(columns: &[Assign]) -> Vec<String> {
    let one = |(name, value): &Assign| match value {
        Expr::Name(same) if same == name => literal::name(name),
        value => format!("{} = {}", literal::name(name), expr(value)),
    };
    columns.iter().map(one).collect()
}

/// A word and its columns; a value that is too long for its line is broken too.
fn columns_of(layout: Layout, word: &str, columns: &[Assign], indent: usize) -> String {
    let flat = assignments(columns);
    if indent + word.len() + flat.join(", ").len() + 3 <= WIDTH {
        return items(layout, word, &flat, indent);
    }
    let deeper = indent + layout.step();
    let one = |(name, value): &Assign| match value {
        Expr::Name(same) if same == name => literal::name(name),
        value => format!("{} = {}", literal::name(name), wrapped(layout, value, deeper, name.len() + 3)),
    };
    let pad = " ".repeat(deeper);
    format!("{word}\n{pad}{}", columns.iter().map(one).collect::<Vec<_>>().join(&format!(",\n{pad}")))
}

/// A word and its items on one line where they fit, else one a line below.
fn items(layout: Layout, word: &str, items: &[String], indent: usize) -> String {
    let flat = items.join(", ");
    if indent + word.len() + flat.len() + 3 <= WIDTH || items.len() < 2 {
        return format!("{word} {flat}");
    }
    let pad = " ".repeat(indent + layout.step());
    format!("{word}\n{pad}{}", items.join(&format!(",\n{pad}")))
}

/// Literals in as many lines as they need.
fn filled(members: &[Expr], indent: usize) -> String {
    let mut out = String::new();
    let mut used = indent;
    for (i, text) in members.iter().map(expr).enumerate() {
        let width = text.chars().count() + 2;
        if i > 0 && used + width > WIDTH {
            out.push_str(&format!(",\n{}", " ".repeat(indent)));
            used = indent;
        } else if i > 0 {
            out.push_str(", ");
        }
        used += width;
        out.push_str(&text);
    }
    out
}

/// An expression on one line where it fits, else broken at its outermost list or Boolean operator.
fn wrapped(layout: Layout, value: &Expr, indent: usize, used: usize) -> String {
    let flat = expr(value);
    if indent + used + flat.chars().count() <= WIDTH {
        return flat;
    }
    let pad = " ".repeat(indent + layout.step());
    let chain = |parts: &[Expr], word: &str| {
        let part = |p: &Expr| {
            let inner = wrapped(layout, p, indent + layout.step(), word.len() + 2);
            if level(p) < 3 { format!("({inner})") } else { inner }
        };
        parts.iter().map(part).collect::<Vec<_>>().join(&format!("\n{pad}{word} "))
    };
    match value {
        Expr::List(members) => {
            format!("dynamic([\n{pad}{}\n{}])", filled(members, indent + layout.step()), " ".repeat(indent))
        }
        Expr::In(left, op, list) if list.len() > 1 => {
            let left = within(left, level(value) + 1);
            format!("{left} {} (\n{pad}{}\n{pad})", membership(*op), filled(list, indent + layout.step()))
        }
        Expr::And(parts) => chain(parts, "and"),
        Expr::Or(parts) => chain(parts, "or"),
        Expr::Call(function, args) => match args.as_slice() {
            [inner] => format!("{function}({})", wrapped(layout, inner, indent, used + function.len() + 1)),
            several => {
                let deeper = indent + layout.step();
                let lines: Vec<String> = several.iter().map(|arg| wrapped(layout, arg, deeper, 1)).collect();
                format!("{function}(\n{pad}{}\n{})", lines.join(&format!(",\n{pad}")), " ".repeat(indent))
            }
        },
        Expr::Binary(left, op, right) if level(value) == 3 && level(right) == 7 => {
            let left = within(left, level(value) + 1);
            let used = used + left.chars().count() + symbol(*op).len() + 2;
            format!("{left} {} {}", symbol(*op), wrapped(layout, right, indent, used))
        }
        _ => flat,
    }
}

/// How tightly an expression holds together; a part that holds less tightly than its place needs parentheses.
/// <https://learn.microsoft.com/kusto/query/scalar-expressions>
const fn level(value: &Expr) -> u8 {
    match value {
        Expr::Or(_) => 1,
        Expr::And(_) => 2,
        Expr::In(..) | Expr::Between(..) => 3,
        Expr::Binary(_, op, _) => match op {
            BinaryOp::Add | BinaryOp::Subtract => 4,
            BinaryOp::Multiply | BinaryOp::Divide => 5,
            _ => 3,
        },
        // A profile's text may be anything; a negative number begins with an operator.
        Expr::Raw(_) => 0,
        Expr::Long(n) if *n < 0 && *n != i64::MIN => 6,
        Expr::Real(n) if n.is_sign_negative() => 6,
        Expr::Timespan(n) if *n < 0 => 6,
        Expr::Name(_)
        | Expr::Text(_)
        | Expr::Long(_)
        | Expr::Real(_)
        | Expr::Bool(_)
        | Expr::Timespan(_)
        | Expr::Datetime(_)
        | Expr::Null(_)
        | Expr::List(_)
        | Expr::ToScalar(_)
        | Expr::Call(..) => 7,
    }
}

/// The expression where at least `least` is needed.
fn within(value: &Expr, least: u8) -> String {
    let text = expr(value);
    if level(value) < least { format!("({text})") } else { text }
}

/// An expression on one line.
pub fn expr(value: &Expr) -> String {
    let own = level(value);
    match value {
        Expr::Name(name) => literal::name(name),
        Expr::Raw(text) => text.trim().to_owned(),
        Expr::Text(text) => literal::text(text),
        Expr::Long(n) => literal::long(*n),
        Expr::Real(n) => literal::real(*n),
        Expr::Bool(b) => b.to_string(),
        Expr::Timespan(ticks) => literal::timespan(*ticks),
        Expr::Datetime(ms) => literal::datetime(*ms),
        Expr::Null(ty) => format!("{}(null)", ty.as_str()),
        Expr::List(members) => format!("dynamic([{}])", comma(members)),
        Expr::Call(function, args) => format!("{function}({})", comma(args)),
        // Only additive and multiplicative chains associate, to the left; comparisons do not chain.
        Expr::Binary(left, op, right) => {
            let left = within(left, if own == 3 { own + 1 } else { own });
            format!("{left} {} {}", symbol(*op), within(right, if own == 3 { 4 } else { 7 }))
        }
        Expr::In(left, op, list) => format!("{} {} ({})", within(left, own + 1), membership(*op), comma(list)),
        Expr::Between(value, low, high) => {
            format!("{} between ({} .. {})", within(value, own + 1), within(low, 4), within(high, 4))
        }
        Expr::And(parts) => parts.iter().map(|p| within(p, own + 1)).collect::<Vec<_>>().join(" and "),
        Expr::Or(parts) => parts.iter().map(or_part).collect::<Vec<_>>().join(" or "),
        Expr::ToScalar(rows) => format!("toscalar({})", one_line(rows)),
    }
}

/// A pipeline on one line.
fn one_line(rows: &Pipeline) -> String {
    let lines = pipeline(Layout::Compact, rows, 0);
    lines.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// `and` inside `or` always in parentheses, for the reader.
fn or_part(part: &Expr) -> String {
    within(part, 3)
}

fn comma(parts: &[Expr]) -> String {
    parts.iter().map(expr).collect::<Vec<_>>().join(", ")
}

const fn membership(op: InOp) -> &'static str {
    match op {
        InOp::In => "in",
        InOp::InNoCase => "in~",
        InOp::NotInNoCase => "!in~",
    }
}

const fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::EqualNoCase => "=~",
        BinaryOp::NotEqualNoCase => "!~",
        BinaryOp::Contains => "contains",
        BinaryOp::NotContains => "!contains",
        BinaryOp::ContainsCased => "contains_cs",
        BinaryOp::NotContainsCased => "!contains_cs",
        BinaryOp::StartsWith => "startswith",
        BinaryOp::NotStartsWith => "!startswith",
        BinaryOp::StartsWithCased => "startswith_cs",
        BinaryOp::NotStartsWithCased => "!startswith_cs",
        BinaryOp::EndsWith => "endswith",
        BinaryOp::NotEndsWith => "!endswith",
        BinaryOp::EndsWithCased => "endswith_cs",
        BinaryOp::NotEndsWithCased => "!endswith_cs",
        BinaryOp::Matches => "matches regex",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
    }
}

#[cfg(test)]
mod tests;
