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
    pub fn list<T>(
        &mut self,
        items: impl Iterator<Item = T>,
        columns: Option<(usize, usize)>,
        mut print: impl FnMut(&mut Self, T) -> fmt::Result,
    ) -> fmt::Result {
        let mut items = items.peekable();
        let first = items.next();
        let columns = columns.filter(|_| items.peek().is_some());
        self.write_char('(')?;
        for (n, item) in first.into_iter().chain(items).enumerate() {
            if n > 0 {
                self.write_char(',')?;
            }
            match columns {
                Some((column, _)) => self.line(column)?,
                None if n > 0 => self.write_char(' ')?,
                None => {}
            }
            print(self, item)?;
        }
        if let Some((_, end)) = columns {
            self.line(end)?;
        }
        self.write_char(')')
    }

    /// Writes a single item as it is, several as a list.
    ///
    /// # Errors
    /// If it is too long on trial.
    pub fn one_or_list<T>(
        &mut self,
        mut items: impl ExactSizeIterator<Item = T>,
        columns: Option<(usize, usize)>,
        mut print: impl FnMut(&mut Self, T) -> fmt::Result,
    ) -> fmt::Result {
        if items.len() > 1 {
            return self.list(items, columns, print);
        }
        items.next().map_or(Ok(()), |one| print(self, one))
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

/// Writes a dotted name, each part in backticks where it is no plain word of the language.
///
/// # Errors
/// If it is too long on trial.
pub fn name(out: &mut Page, name: &str, is_identifier: impl Fn(&str) -> bool) -> fmt::Result {
    out.joined(name.split('.'), ".", |out, part| {
        if is_identifier(part) {
            return out.write_str(part);
        }
        out.write_char('`')?;
        out.write_str(&part.replace('`', "``"))?;
        out.write_char('`')
    })
}
