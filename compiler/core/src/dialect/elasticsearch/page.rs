//! What the printers of EQL and ES|QL share: a page that knows when a line is full, conditions, lists, names.

use std::fmt::{self, Write};

use crate::plan::{Logic, Order};

/// The widest line before a condition is broken into several.
const WIDTH: usize = 100;

/// The text so far.
#[derive(Debug, Default)]
pub struct Page {
    /// What was written.
    pub text: String,
    /// The characters that what is written on trial may still have.
    left: Option<usize>,
}

impl Page {
    /// The text of what prints, which fails nowhere but on trial.
    #[must_use]
    pub fn of(print: impl FnOnce(&mut Self) -> fmt::Result) -> String {
        let mut page = Self::default();
        let printed = print(&mut page);
        debug_assert!(printed.is_ok(), "only a line on trial can be too long");
        page.text
    }

    /// Writes on the line from this column on, or nothing of it if that is too long.
    pub fn fits(&mut self, column: usize, print: impl FnOnce(&mut Self) -> fmt::Result) -> bool {
        let before = self.text.len();
        self.left = Some(WIDTH.saturating_sub(column + 1));
        let fits = print(self).is_ok();
        self.left = None;
        if !fits {
            self.text.truncate(before);
        }
        fits
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
        for (i, part) in parts.iter().enumerate() {
            if i > 0 {
                self.write_str(between)?;
            }
            self.part(parentheses(part), |out| print(out, part))?;
        }
        Ok(())
    }

    /// Writes a part of a condition, in parentheses or without.
    ///
    /// # Errors
    /// If it is too long on trial.
    pub fn part(&mut self, parentheses: bool, print: impl FnOnce(&mut Self) -> fmt::Result) -> fmt::Result {
        if !parentheses {
            return print(self);
        }
        self.write_char('(')?;
        print(self)?;
        self.write_char(')')
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

impl Write for Page {
    /// Fails where a text on trial is too long, so that no more of it is made.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if let Some(left) = &mut self.left {
            *left = left.checked_sub(text.chars().count()).ok_or(fmt::Error)?;
        }
        self.text.push_str(text);
        Ok(())
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
