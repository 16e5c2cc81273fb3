//! The text of a query. Cannot fail; parentheses come from [`mod@expr`] alone, escapes from [`super::literal`] alone.

mod at;
mod expr;

use std::fmt::{self, Write};

use super::ast::{Assign, Expr, JoinKind, Let, LetValue, Pipeline, Query, Scalar, Source, Step};
use super::literal;
use crate::dialect::page::Page;
use at::At;
pub use expr::expr;
use expr::{call, wrapped};

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
    Page::of(|out| {
        let at = At::start(layout);
        comment(out, &query.heading, layout)?;
        for binding in &query.lets {
            comment(out, &binding.comment, layout)?;
            statement(out, binding, at)?;
        }
        comment(out, &query.comment, layout)?;
        pipeline(out, &query.body, at)?;
        out.write_char('\n')
    })
}

fn comment(out: &mut Page, text: &str, layout: Layout) -> fmt::Result {
    let text = literal::comment(text);
    if text.is_empty() || layout == Layout::Compact {
        return Ok(());
    }
    writeln!(out, "// {text}")
}

fn statement(out: &mut Page, binding: &Let, at: At) -> fmt::Result {
    out.write_str("let ")?;
    literal::name(out, &binding.name)?;
    out.write_str(" = ")?;
    match &binding.value {
        LetValue::Scalar(value) => wrapped(out, value, at.with(binding.name.len() + "let  = ;".len()))?,
        LetValue::Rows(rows) => pipeline(out, rows, at.deeper())?,
        LetValue::Materialized(rows) => {
            out.write_str("materialize(")?;
            at.deeper().line(out)?;
            pipeline(out, rows, at.deeper())?;
            at.deeper().line(out)?;
            out.write_char(')')?;
        }
    }
    out.write_str(";\n")
}

/// A pipeline whose first line has begun.
fn pipeline(out: &mut Page, rows: &Pipeline, at: At) -> fmt::Result {
    match &rows.source {
        Source::Name(name) => literal::name(out, name)?,
        Source::Raw(text) => {
            for (n, line) in text.trim_end().split('\n').enumerate() {
                if n > 0 {
                    at.line(out)?;
                }
                out.write_str(line)?;
            }
        }
        Source::Call(function, arguments) => call(out, function, arguments)?,
        // Unlike a projected column, a printed one needs its name.
        Source::Print(columns) => items(out, "print", columns, at, |out, (name, value)| named(out, name, value))?,
    }
    for step in &rows.steps {
        at.line(out)?;
        out.write_str("| ")?;
        operator(out, step, at)?;
    }
    Ok(())
}

fn operator(out: &mut Page, step: &Step, at: At) -> fmt::Result {
    match step {
        Step::Where(condition) => {
            out.write_str("where ")?;
            wrapped(out, condition, at.with("| where ".len()))
        }
        Step::Extend(columns) => columns_of(out, "extend", columns, at),
        Step::Project(columns) => columns_of(out, "project", columns, at),
        Step::Distinct(columns) => items(out, "distinct", columns, at, |out, name| literal::name(out, name)),
        Step::Summarize { columns, by } => summarize(out, columns, by, at),
        Step::MvExpand { name, value, ty } => {
            out.write_str("mv-expand ")?;
            member(out, name, value, *ty, at)
        }
        Step::MvApply { name, value, ty, tests } => {
            out.write_str("mv-apply ")?;
            member(out, name, value, *ty, at)?;
            out.write_str(" on (")?;
            let deeper = at.deeper();
            deeper.line(out)?;
            items(out, "summarize", tests, deeper, any_member)?;
            deeper.line(out)?;
            out.write_char(')')
        }
        Step::Join { kind, right, on } => join(out, *kind, right, on, at),
        Step::RowNumber(name) => {
            out.write_str("serialize ")?;
            literal::name(out, name)?;
            out.write_str(" = row_number()")
        }
    }
}

fn member(out: &mut Page, name: &str, value: &Expr, ty: Scalar, at: At) -> fmt::Result {
    literal::name(out, name)?;
    out.write_str(" = ")?;
    wrapped(out, value, at.with("| mv-expand  =  to typeof(datetime)".len() + name.len()))?;
    write!(out, " to typeof({})", ty.as_str())
}

/// Whether a member passes the test.
fn any_member(out: &mut Page, (name, test): &Assign) -> fmt::Result {
    literal::name(out, name)?;
    out.write_str(" = countif(")?;
    expr(out, test)?;
    out.write_str(") > 0")
}

fn join(out: &mut Page, kind: JoinKind, right: &Pipeline, on: &[(String, String)], at: At) -> fmt::Result {
    out.write_str(match kind {
        JoinKind::Inner => "join kind=inner (",
        JoinKind::LeftOuter => "join kind=leftouter (",
        JoinKind::LeftAnti => "join kind=leftanti (",
    })?;
    if right.steps.is_empty() {
        pipeline(out, right, at)?;
    } else {
        let deeper = at.deeper();
        deeper.line(out)?;
        pipeline(out, right, deeper)?;
        deeper.line(out)?;
    }
    out.write_str(") on ")?;
    out.joined(on, ", ", |out, (left, right)| {
        if left == right {
            return literal::name(out, left);
        }
        out.write_str("$left.")?;
        literal::name(out, left)?;
        out.write_str(" == $right.")?;
        literal::name(out, right)
    })
}

/// Aggregates and groups on one line where they fit, else each aggregate on one of its own, and the groups on another.
fn summarize(out: &mut Page, columns: &[(Option<String>, Expr)], by: &[Assign], at: At) -> fmt::Result {
    out.write_str("summarize")?;
    let flat = |out: &mut Page| {
        if !columns.is_empty() {
            out.write_char(' ')?;
            out.joined(columns, ", ", |out, (name, value)| aggregate(out, name.as_deref(), |out| expr(out, value)))?;
        }
        if !by.is_empty() {
            out.write_str(" by ")?;
            out.joined(by, ", ", assigned)?;
        }
        Ok(())
    };
    if out.fits(at.with("| summarize".len()).room(), flat) {
        return Ok(());
    }
    at.below(out, columns, |out, (name, value), at| {
        let used = name.as_ref().map_or(0, |name| name.len() + " = ".len());
        aggregate(out, name.as_deref(), |out| wrapped(out, value, at.with(used)))
    })?;
    if by.is_empty() {
        return Ok(());
    }
    let deeper = at.deeper();
    deeper.line(out)?;
    items(out, "by", by, deeper, assigned)
}

/// An aggregate; one without a name names its columns itself.
fn aggregate(out: &mut Page, name: Option<&str>, value: impl FnOnce(&mut Page) -> fmt::Result) -> fmt::Result {
    if let Some(name) = name {
        literal::name(out, name)?;
        out.write_str(" = ")?;
    }
    value(out)
}

/// A column; by its name alone if that is its value.
fn assigned(out: &mut Page, (name, value): &Assign) -> fmt::Result {
    if is_itself(name, value) { literal::name(out, name) } else { named(out, name, value) }
}

fn named(out: &mut Page, name: &str, value: &Expr) -> fmt::Result {
    aggregate(out, Some(name), |out| expr(out, value))
}

fn is_itself(name: &str, value: &Expr) -> bool {
    matches!(value, Expr::Name(same) if same == name)
}

/// A word and its columns on one line where they fit, else one a line below; a value that is too long for its line is
/// broken too.
fn columns_of(out: &mut Page, word: &str, columns: &[Assign], at: At) -> fmt::Result {
    out.write_str(word)?;
    let flat = |out: &mut Page| {
        out.write_char(' ')?;
        out.joined(columns, ", ", assigned)
    };
    if out.fits(at.with("| ".len() + word.len()).room(), flat) {
        return Ok(());
    }
    at.below(out, columns, |out, (name, value), at| {
        if is_itself(name, value) {
            return literal::name(out, name);
        }
        aggregate(out, Some(name), |out| wrapped(out, value, at.with(name.len() + " = ".len())))
    })
}

/// A word and its items on one line where they fit, else one a line below.
fn items<T>(
    out: &mut Page,
    word: &str,
    items: &[T],
    at: At,
    print: impl Fn(&mut Page, &T) -> fmt::Result,
) -> fmt::Result {
    out.write_str(word)?;
    let flat = |out: &mut Page| {
        out.write_char(' ')?;
        out.joined(items, ", ", &print)
    };
    if items.len() < 2 {
        return flat(out);
    }
    if out.fits(at.with("| ".len() + word.len()).room(), flat) {
        return Ok(());
    }
    at.below(out, items, |out, item, _| print(out, item))
}

#[cfg(test)]
mod tests;
