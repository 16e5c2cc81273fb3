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

use std::fmt::{self, Write};

#[cfg(test)]
use super::ast::Search;
use super::ast::{Aggregate, AggregateFunction, Command, Direction, Expr, Name, Query};
use crate::dialect::page::Page;
use at::At;
use names::{Escaped, eval_name, field_name};

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
    let text = text.replace('`', "'").replace('$', "");
    let mut line = String::new();
    for word in text.split_whitespace() {
        let used = At::start("``` ``` ".len() + line.chars().count());
        if !line.is_empty() && used.room() < word.chars().count() {
            writeln!(out, "``` {line} ```")?;
            line.clear();
        }
        line.push_str(if line.is_empty() { "" } else { " " });
        line.push_str(word);
    }
    writeln!(out, "``` {line} ```")
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
        Command::Fields(fields) => arguments(out, "fields", &names(fields), ""),
        Command::FieldsRemove(fields) => arguments(out, "fields -", &names(fields), ""),
        Command::Sort(keys) => {
            let keys = keys.iter().map(|(direction, name)| match direction {
                Direction::Ascending => field_name(name).into_owned(),
                Direction::Descending => format!("-{}", field_name(name)),
            });
            arguments(out, "sort 0", &keys.collect::<Vec<_>>(), "")
        }
        Command::Streamstats(aggregates, by) => stats(out, "streamstats window=0", aggregates, by),
        Command::Eventstats(aggregates, by) => stats(out, "eventstats", aggregates, by),
        Command::Stats(aggregates, by) => stats(out, "stats", aggregates, by),
        Command::Mvexpand(field) => write!(out, "mvexpand {}", field_name(field)),
        Command::Rename(pairs) => {
            let pairs = pairs.iter().map(|(from, to)| format!("{} as \"{}\"", field_name(from), Escaped(&to.0)));
            arguments(out, "rename", &pairs.collect::<Vec<_>>(), "")
        }
        Command::Lookup { table, field, output } => {
            write!(out, "lookup {table} entry AS {} OUTPUT listed AS {}", field_name(field), field_name(output))
        }
        Command::Addinfo => out.write_str("addinfo"),
        Command::Macro(name) => write!(out, "`{name}`"),
    }
}

/// What stands before a command's name.
const PIPE: usize = "| ".len();

/// `eval`, with an assignment a line where several do not all fit on one.
fn eval(out: &mut Page, assignments: &[(Name, Expr)]) -> fmt::Result {
    let assign = |out: &mut Page, (name, value): &(Name, Expr), at: At| {
        let name = eval_name(name);
        write!(out, "{name}=")?;
        expr::laid_out(out, value, at.after(name.chars().count() + 1))
    };
    let flat = |out: &mut Page, (name, value): &(Name, Expr)| {
        write!(out, "{}=", eval_name(name))?;
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

/// A command and its arguments on one line where they fit, else below; `tail` comes last.
fn arguments(out: &mut Page, word: &str, items: &[String], tail: &str) -> fmt::Result {
    let print = |out: &mut Page, item: &String| out.write_str(item);
    let flat = |out: &mut Page| {
        write!(out, "{word} ")?;
        out.joined(items, ", ", print)?;
        if tail.is_empty() { Ok(()) } else { write!(out, " {tail}") }
    };
    if out.fits(At::start(PIPE).room(), flat) {
        return Ok(());
    }
    out.write_str(word)?;
    At::start(0).list(out, items)?;
    if tail.is_empty() { Ok(()) } else { write!(out, "{}{tail}", At::start(0).line_break()) }
}

fn names(fields: &[Name]) -> Vec<String> {
    fields.iter().map(|field| field_name(field).into_owned()).collect()
}

fn stats(out: &mut Page, word: &str, aggregates: &[Aggregate], by: &[Name]) -> fmt::Result {
    let list = aggregates.iter().map(|a| {
        let function = match a.function {
            AggregateFunction::Count => "count",
            AggregateFunction::Max => "max",
            AggregateFunction::Min => "min",
            AggregateFunction::Sum => "sum",
            AggregateFunction::Values => "values",
        };
        match &a.of {
            Some(field) => format!("{function}({}) as {}", field_name(field), field_name(&a.name)),
            None => format!("{function} as {}", field_name(&a.name)),
        }
    });
    let by = if by.is_empty() { String::new() } else { format!("by {}", names(by).join(", ")) };
    arguments(out, word, &list.collect::<Vec<_>>(), &by)
}
