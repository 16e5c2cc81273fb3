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

mod expr;
mod names;
mod page;
mod search;

use std::fmt::Write as _;

use super::ast::{Aggregate, AggregateFunction, Command, Direction, Expr, Name, Query};
use names::{escaped, eval_name, field_name};
use page::At;

pub use expr::expr;
#[cfg(test)]
pub use search::search;

/// The search, a command at the start of a line, ending in a newline. The heading stands below the base search: Splunk's
/// documentation shows comments there and between commands.
/// <https://help.splunk.com/splunk-enterprise/search/search-manual/10.0/using-the-search-app/add-comments-to-searches>
#[must_use]
pub fn query(query: &Query, heading: &[String]) -> String {
    let mut out = search::laid_out(&query.base, At::start(0));
    out.push('\n');
    heading.iter().for_each(|line| comment(&mut out, line));
    for line in &query.lines {
        line.comment.iter().for_each(|text| comment(&mut out, text));
        let _ = writeln!(out, "| {}", command(&line.command));
    }
    out
}

/// A comment, in as many lines as it needs, without what could end it or start a macro or token.
fn comment(out: &mut String, text: &str) {
    let text = text.replace('`', "'").replace('$', "");
    let mut line = String::new();
    for word in text.split_whitespace() {
        if !line.is_empty() && !At::start("``` ``` ".len() + line.chars().count()).fits(word) {
            let _ = writeln!(out, "``` {line} ```");
            line.clear();
        }
        line.push_str(if line.is_empty() { "" } else { " " });
        line.push_str(word);
    }
    let _ = writeln!(out, "``` {line} ```");
}

/// An expression that stands for itself, as in a macro.
#[must_use]
pub fn definition(node: &Expr) -> String {
    expr::laid_out(node, At::start(0))
}

/// A command after its `| `.
fn command(node: &Command) -> String {
    match node {
        Command::Eval(assignments) => eval(assignments),
        Command::Where(condition) => {
            let word = "where ";
            format!("{word}{}", expr::laid_out(condition, At::start(PIPE + word.len())))
        }
        Command::Fields(fields) => arguments("fields", &names(fields), ""),
        Command::FieldsRemove(fields) => arguments("fields -", &names(fields), ""),
        Command::Sort(keys) => {
            let keys = keys.iter().map(|(direction, name)| match direction {
                Direction::Ascending => field_name(name),
                Direction::Descending => format!("-{}", field_name(name)),
            });
            arguments("sort 0", &keys.collect::<Vec<_>>(), "")
        }
        Command::Streamstats(aggregates, by) => stats("streamstats window=0", aggregates, by),
        Command::Eventstats(aggregates, by) => stats("eventstats", aggregates, by),
        Command::Stats(aggregates, by) => stats("stats", aggregates, by),
        Command::Mvexpand(field) => format!("mvexpand {}", field_name(field)),
        Command::Rename(pairs) => {
            let pairs = pairs.iter().map(|(from, to)| format!("{} as \"{}\"", field_name(from), escaped(&to.0)));
            arguments("rename", &pairs.collect::<Vec<_>>(), "")
        }
        Command::Lookup { table, field, output } => {
            format!("lookup {table} entry AS {} OUTPUT listed AS {}", field_name(field), field_name(output))
        }
        Command::Addinfo => "addinfo".to_owned(),
        Command::Macro(name) => format!("`{name}`"),
    }
}

/// What stands before a command's name.
const PIPE: usize = "| ".len();

/// `eval`, with an assignment a line where they do not all fit on one.
fn eval(assignments: &[(Name, Expr)]) -> String {
    let at = At::start(PIPE + "eval ".len());
    let printed = |at: At| {
        let one = move |(name, value): &(Name, Expr)| {
            let name = eval_name(name);
            format!("{name}={}", expr::laid_out(value, at.after(name.chars().count() + 1)))
        };
        assignments.iter().map(one).collect::<Vec<_>>()
    };
    let flat: Vec<String> =
        assignments.iter().map(|(name, value)| format!("{}={}", eval_name(name), expr(value))).collect();
    match flat.as_slice() {
        [_] => format!("eval {}", printed(at).concat()),
        _ if at.fits(&flat.join(", ")) => format!("eval {}", flat.join(", ")),
        _ => {
            let line = At::start(0).line_break();
            format!("eval{line}{}", printed(At::start(0).below()).join(&format!(",{line}")))
        }
    }
}

/// A command and its arguments on one line where they fit, else below; `tail` comes last.
fn arguments(word: &str, items: &[String], tail: &str) -> String {
    let tail = if tail.is_empty() { String::new() } else { format!(" {tail}") };
    let flat = format!("{word} {}{tail}", items.join(", "));
    if At::start(PIPE).fits(&flat) {
        return flat;
    }
    let line = At::start(0);
    let tail = if tail.is_empty() { tail } else { format!("{}{}", line.line_break(), tail.trim_start()) };
    format!("{word}{}{tail}", line.list(items))
}

fn names(fields: &[Name]) -> Vec<String> {
    fields.iter().map(field_name).collect()
}

fn stats(word: &str, aggregates: &[Aggregate], by: &[Name]) -> String {
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
    arguments(word, &list.collect::<Vec<_>>(), &by)
}
