//! Where text stands on a page, and how it is broken where it does not fit.

use std::fmt::{self, Write};

use crate::dialect::page::{Page, characters, push_blanks};

/// Where a line is broken, if it can be.
const WIDTH: usize = 110;

/// Blanks a level.
const STEP: usize = 4;

/// The longest item of a list whose items share lines.
const SHORT: usize = 44;

/// How an item is printed.
pub type Print<'p, T> = &'p dyn Fn(&mut Page, &T) -> fmt::Result;

/// A place on the page.
#[derive(Debug, Clone, Copy)]
pub struct At {
    /// How far its line is indented.
    indent: usize,
    /// How much of its line is used.
    column: usize,
}

impl At {
    /// The start of a line's text, after so many characters.
    #[must_use]
    pub const fn start(used: usize) -> Self {
        Self { indent: 0, column: used }
    }

    /// The same line, after more of it.
    #[must_use]
    pub const fn after(self, characters: usize) -> Self {
        Self { indent: self.indent, column: self.column + characters }
    }

    /// The same place, in a line a level deeper: what is broken here goes on deeper still.
    #[must_use]
    pub const fn deeper(self) -> Self {
        Self { indent: self.indent + STEP, column: self.column }
    }

    /// The start of the next line, a level deeper.
    #[must_use]
    pub const fn below(self) -> Self {
        Self { indent: self.indent + STEP, column: self.indent + STEP }
    }

    /// The characters that fit on the rest of the line.
    #[must_use]
    pub const fn room(self) -> usize {
        WIDTH.saturating_sub(self.column)
    }

    /// The line break before what stands [`Self::below`].
    #[must_use]
    pub fn line_break(self) -> String {
        let blanks = self.indent + STEP;
        let mut line = String::with_capacity(1 + blanks);
        line.push('\n');
        push_blanks(&mut line, blanks);
        line
    }

    /// Writes items below, with commas between: one a line, or as many as fit where all are short.
    pub fn list<T>(self, out: &mut Page, items: &[T], print: Print<'_, T>) -> fmt::Result {
        let line = self.line_break();
        out.write_str(&line)?;
        match shared(items, print) {
            Some(items) => self.below().filled(out, &items, ",", ""),
            None => out.joined(items, &format!(",{line}"), print),
        }
    }

    /// Writes operands of one operator, which begins each line but the first: as many a line as fit where they are short
    /// and many, else one a line, each written by `print` from its place on. The first stands here.
    pub fn chain<T>(
        self,
        out: &mut Page,
        operands: &[T],
        operator: &str,
        flat: Print<'_, T>,
        print: impl Fn(&mut Page, &T, Self) -> fmt::Result,
    ) -> fmt::Result {
        if let Some(operands) = shared(operands, flat) {
            return self.deeper().filled(out, &operands, "", &format!("{operator} "));
        }
        let line = format!("{}{operator} ", self.line_break());
        let mut place = self.deeper();
        out.joined(operands, &line, |out, operand| {
            print(out, operand, place)?;
            place = self.below().after(operator.len() + 1);
            Ok(())
        })
    }

    /// Writes items from here on, as many a line as fit; the lines below begin as far right as this one is indented.
    fn filled(self, out: &mut Page, items: &[String], after: &str, before: &str) -> fmt::Result {
        let mut column = self.column;
        for (n, item) in items.iter().enumerate() {
            let needed = characters(item) + characters(after) + characters(before) + 1;
            let fits = column + needed <= WIDTH;
            if n > 0 {
                out.write_str(after)?;
                if fits {
                    out.write_char(' ')?;
                } else {
                    out.line(self.indent)?;
                    column = self.indent;
                }
                out.write_str(before)?;
            }
            out.write_str(item)?;
            column += needed;
        }
        Ok(())
    }
}

/// The texts of items that share lines: of several, where all are short.
fn shared<T>(items: &[T], print: Print<'_, T>) -> Option<Vec<String>> {
    let short = |item: &T| {
        let mut page = Page::of_line(SHORT);
        page.fits(SHORT, |out| print(out, item)).then(|| page.into_text())
    };
    if items.len() > 3 { items.iter().map(short).collect() } else { None }
}
