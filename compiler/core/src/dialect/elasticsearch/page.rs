//! What the printers of EQL and ES|QL share on their [`Page`]: lines, conditions, lists, names.

use std::fmt::{self, Write};

use crate::dialect::page::Page;
use crate::plan::{Logic, Order};

/// The widest line before a condition is broken into several.
const WIDTH: usize = 100;

impl Page {
    /// Writes on the line from this column on, or nothing of it if that is too long.
    pub fn fits_line(&mut self, column: usize, print: impl FnOnce(&mut Self) -> fmt::Result) -> bool {
        self.fits(WIDTH.saturating_sub(column + 1), print)
    }

    /// Writes a line of comment: a line break in the text would end it.
    ///
    /// # Errors
    /// If it is too long on trial.
    pub fn comment(&mut self, text: &str) -> fmt::Result {
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        writeln!(self, "// {text}")
    }

    /// Writes the parts of a condition, with a word between them; `parentheses` says which parts stand in parentheses.
    ///
    /// # Errors
    /// If it is too long on trial.
    pub fn parts<A>(
        &mut self,
        parts: &[Logic<A>],
        between: &str,
        parentheses: impl Fn(&Logic<A>) -> bool,
        print: impl Fn(&mut Self, &Logic<A>) -> fmt::Result,
    ) -> fmt::Result {
        self.joined(parts, between, |out, part| out.part(parentheses(part), |out| print(out, part)))
    }

    /// Writes a list; with the columns of its items and of its end, one item a line where there are several.
    ///
    /// # Errors
    /// If it is too long on trial.
    pub fn list(&mut self, items: impl Iterator<Item = String>, columns: Option<(usize, usize)>) -> fmt::Result {
        let mut items = items.peekable();
        let first = items.next().unwrap_or_default();
        let columns = columns.filter(|_| items.peek().is_some());
        let line = columns.map_or_else(String::new, |(column, _)| format!("\n{:column$}", ""));
        write!(self, "({line}{first}")?;
        for item in items {
            let between = if columns.is_some() { &line } else { " " };
            write!(self, ",{between}{item}")?;
        }
        match columns {
            Some((_, end)) => write!(self, "\n{:end$})", ""),
            None => self.write_char(')'),
        }
    }

    /// Writes a single item as it is, several as a list.
    ///
    /// # Errors
    /// If it is too long on trial.
    pub fn one_or_list(
        &mut self,
        mut items: impl ExactSizeIterator<Item = String>,
        columns: Option<(usize, usize)>,
    ) -> fmt::Result {
        if items.len() > 1 {
            return self.list(items, columns);
        }
        items.next().map_or(Ok(()), |one| self.write_str(&one))
    }
}

/// The sign of an order.
#[must_use]
pub const fn sign(order: Order) -> &'static str {
    match order {
        Order::Eq => "==",
        Order::Lt => "<",
        Order::Le => "<=",
        Order::Gt => ">",
        Order::Ge => ">=",
    }
}

/// A dotted name, each part in backticks where it is no plain word of the language.
#[must_use]
pub fn name(name: &str, is_identifier: impl Fn(&str) -> bool) -> String {
    let part = |part: &str| {
        if is_identifier(part) { part.to_owned() } else { format!("`{}`", part.replace('`', "``")) }
    };
    name.split('.').map(part).collect::<Vec<_>>().join(".")
}
