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

mod at;
mod expr;
mod names;
mod search;

use std::borrow::Cow;
use std::fmt::{self, Write};

#[cfg(test)]
use super::ast::Search;
use super::ast::{Aggregate, AggregateFunction, Command, Direction, Expr, Name, Query};
use crate::dialect::page::{Page, characters};
use at::{At, Print};
use names::{eval_name, field_name, quoted};

/// The search, a command at the start of a line, ending in a newline. The heading stands below the base search: Splunk's
/// documentation shows comments there and between commands.
/// <https://help.splunk.com/splunk-enterprise/search/search-manual/10.0/using-the-search-app/add-comments-to-searches>
#[must_use]
pub fn query(query: &Query, heading: &[String]) -> String {
    Page::of(|out| {
        search::laid_out(out, &query.base, At::start(0))?;
        out.write_char('\n')?;
        heading.iter().try_for_each(|line| comment(out, line))?;
        for line in &query.lines {
            line.comment.iter().try_for_each(|text| comment(out, text))?;
            out.write_str("| ")?;
            command(out, &line.command)?;
            out.write_char('\n')?;
        }
        Ok(())
    })
}

/// A comment, in as many lines as it needs, without what could end it or start a macro or token.
fn comment(out: &mut Page, text: &str) -> fmt::Result {
    let marks = text.bytes().any(|b| matches!(b, b'`' | b'$'));
    let text = if marks { Cow::Owned(text.replace('`', "'").replace('$', "")) } else { Cow::Borrowed(text) };
    let mut used = 0;
    out.write_str("``` ")?;
    for word in text.split_whitespace() {
        let width = characters(word);
        if used > 0 && At::start("``` ``` ".len() + used).room() < width {
            out.write_str(" ```\n``` ")?;
            used = 0;
        } else if used > 0 {
            out.write_char(' ')?;
            used += 1;
        }
        out.write_str(word)?;
        used += width;
    }
    out.write_str(" ```\n")
}

/// An expression that stands for itself, as in a macro.
#[must_use]
pub fn definition(node: &Expr) -> String {
    Page::of(|out| expr::laid_out(out, node, At::start(0)))
}

/// An expression on one line.
#[must_use]
pub fn expr(node: &Expr) -> String {
    Page::of(|out| expr::flat(out, node))
}

/// A base search on one line.
#[cfg(test)]
#[must_use]
pub fn search(node: &Search) -> String {
    Page::of(|out| search::flat(out, node))
}

/// A command after its `| `.
fn command(out: &mut Page, node: &Command) -> fmt::Result {
    match node {
        Command::Eval(assignments) => eval(out, assignments),
        Command::Where(condition) => {
            out.write_str("where ")?;
            expr::laid_out(out, condition, At::start(PIPE + "where ".len()))
        }
        Command::Fields(fields) => arguments(out, "fields", fields, &field_name, &[]),
        Command::FieldsRemove(fields) => arguments(out, "fields -", fields, &field_name, &[]),
        Command::Sort(keys) => arguments(out, "sort 0", keys, &sort_key, &[]),
        Command::Streamstats(aggregates, by) => stats(out, "streamstats window=0", aggregates, by),
        Command::Eventstats(aggregates, by) => stats(out, "eventstats", aggregates, by),
        Command::Stats(aggregates, by) => stats(out, "stats", aggregates, by),
        Command::Mvexpand(field) => {
            out.write_str("mvexpand ")?;
            field_name(out, field)
        }
        Command::Rename(pairs) => arguments(out, "rename", pairs, &renamed, &[]),
        Command::Lookup { table, field, output } => {
            write!(out, "lookup {table} entry AS ")?;
            field_name(out, field)?;
            out.write_str(" OUTPUT listed AS ")?;
            field_name(out, output)
        }
        Command::Addinfo => out.write_str("addinfo"),
        Command::Macro(name) => write!(out, "`{name}`"),
    }
}

/// What stands before a command's name.
const PIPE: usize = "| ".len();

/// `eval`, with an assignment a line where several do not all fit on one.
fn eval(out: &mut Page, assignments: &[(Name, Expr)]) -> fmt::Result {
    let target = |out: &mut Page, name: &Name| {
        eval_name(out, name)?;
        out.write_char('=')
    };
    let assign = |out: &mut Page, (name, value): &(Name, Expr), at: At| {
        let used = out.counted(|out| target(out, name))?;
        expr::laid_out(out, value, at.after(used))
    };
    let flat = |out: &mut Page, (name, value): &(Name, Expr)| {
        target(out, name)?;
        expr::flat(out, value)
    };
    out.write_str("eval")?;
    let at = At::start(PIPE + "eval ".len());
    if let [one] = assignments {
        out.write_char(' ')?;
        return assign(out, one, at);
    }
    let on_one_line = |out: &mut Page| {
        out.write_char(' ')?;
        out.joined(assignments, ", ", flat)
    };
    if out.fits(at.room() + 1, on_one_line) {
        return Ok(());
    }
    let line = At::start(0).line_break();
    out.write_str(&line)?;
    out.joined(assignments, &format!(",{line}"), |out, one| assign(out, one, At::start(0).below()))
}

/// A command and its arguments on one line where they fit, else below; the fields that it goes `by` come last.
fn arguments<T>(out: &mut Page, word: &str, items: &[T], print: Print<'_, T>, by: &[Name]) -> fmt::Result {
    let flat = |out: &mut Page| {
        out.write_str(word)?;
        out.write_char(' ')?;
        out.joined(items, ", ", print)?;
        grouped(out, " ", by)
    };
    if out.fits(At::start(PIPE).room(), flat) {
        return Ok(());
    }
    out.write_str(word)?;
    At::start(0).list(out, items, print)?;
    grouped(out, &At::start(0).line_break(), by)
}

/// `by` and the fields; nothing for none.
fn grouped(out: &mut Page, before: &str, by: &[Name]) -> fmt::Result {
    if by.is_empty() {
        return Ok(());
    }
    out.write_str(before)?;
    out.write_str("by ")?;
    out.joined(by, ", ", field_name)
}

fn sort_key(out: &mut Page, (direction, name): &(Direction, Name)) -> fmt::Result {
    match direction {
        Direction::Ascending => {}
        Direction::Descending => out.write_char('-')?,
    }
    field_name(out, name)
}

fn renamed(out: &mut Page, (from, Name(to)): &(Name, Name)) -> fmt::Result {
    field_name(out, from)?;
    out.write_str(" as ")?;
    quoted(out, to)
}

fn stats(out: &mut Page, word: &str, aggregates: &[Aggregate], by: &[Name]) -> fmt::Result {
    arguments(out, word, aggregates, &aggregate, by)
}

fn aggregate(out: &mut Page, Aggregate { function, of, name }: &Aggregate) -> fmt::Result {
    out.write_str(match function {
        AggregateFunction::Count => "count",
        AggregateFunction::Max => "max",
        AggregateFunction::Min => "min",
        AggregateFunction::Sum => "sum",
        AggregateFunction::Values => "values",
    })?;
    if let Some(field) = of {
        out.part(true, |out| field_name(out, field))?;
    }
    out.write_str(" as ")?;
    field_name(out, name)
}
