//! Where text stands in a query.

use std::fmt::{self, Write};

use super::Layout;
use crate::dialect::page::Page;

/// Where a line is broken, if it can be.
pub const WIDTH: usize = 110;

/// A place in a line.
#[derive(Debug, Clone, Copy)]
pub struct At {
    layout: Layout,
    /// The blanks before the line.
    indent: usize,
    /// How much of the line is needed for what stands around this place.
    used: usize,
}

impl At {
    /// A line that is not indented.
    #[must_use]
    pub const fn start(layout: Layout) -> Self {
        Self { layout, indent: 0, used: 0 }
    }

    /// The same line with so many characters more around this place.
    #[must_use]
    pub const fn with(self, characters: usize) -> Self {
        Self { used: self.used + characters, ..self }
    }

    /// The start of a line a level deeper.
    #[must_use]
    pub const fn deeper(self) -> Self {
        Self { layout: self.layout, indent: self.indent + self.layout.step(), used: 0 }
    }

    /// The characters that fit here.
    #[must_use]
    pub const fn room(self) -> usize {
        WIDTH.saturating_sub(self.indent + self.used)
    }

    /// Begins the line.
    ///
    /// # Errors
    /// On trial.
    pub fn line(self, out: &mut Page) -> fmt::Result {
        out.line(self.indent)
    }

    /// Writes items one a line, a level deeper, with commas between; each is written from its place on.
    ///
    /// # Errors
    /// On trial.
    pub fn below<T>(
        self,
        out: &mut Page,
        items: &[T],
        print: impl Fn(&mut Page, &T, Self) -> fmt::Result,
    ) -> fmt::Result {
        let deeper = self.deeper();
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                out.write_char(',')?;
            }
            deeper.line(out)?;
            print(out, item, deeper)?;
        }
        Ok(())
    }
}
