//! Where text stands on a page, and how it is broken where it does not fit.

/// Where a line is broken, if it can be.
const WIDTH: usize = 110;

/// Blanks a level.
const STEP: usize = 4;

/// The longest item of a list whose items share lines.
const SHORT: usize = 44;

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

    /// The line break before what stands [`Self::below`].
    #[must_use]
    pub fn line_break(self) -> String {
        format!("\n{:width$}", "", width = self.indent + STEP)
    }

    /// Whether a text fits on the rest of the line.
    #[must_use]
    pub fn fits(self, text: &str) -> bool {
        self.column + width(text) <= WIDTH
    }

    /// Items below, with commas between: one a line, or as many as fit where all are short.
    #[must_use]
    pub fn list(self, items: &[String]) -> String {
        self.filled(items, ",", "", self.line_break())
    }

    /// Operands of one operator, which begins each line but the first: one a line, or as many as fit where they are
    /// short and many. The first stands here.
    #[must_use]
    pub fn chain(self, operands: &[String], operator: &str) -> String {
        self.filled(operands, "", &format!("{operator} "), String::new())
    }

    /// Operands of one operator, one a line.
    #[must_use]
    pub fn operands(self, operands: &[String], operator: &str) -> String {
        operands.join(&format!("{}{operator}", self.line_break()))
    }

    fn filled(self, items: &[String], after: &str, before: &str, first: String) -> String {
        let share = items.len() > 3 && items.iter().all(|item| width(item) <= SHORT);
        let mut column = if first.is_empty() { self.column } else { self.below().column };
        let mut out = first;
        for (n, item) in items.iter().enumerate() {
            let needed = width(item) + width(after) + width(before) + 1;
            if n > 0 && share && column + needed <= WIDTH {
                out.push(' ');
                out.push_str(before);
            } else if n > 0 {
                out.push_str(&self.line_break());
                out.push_str(before);
                column = self.below().column;
            }
            out.push_str(item);
            out.push_str(if n + 1 < items.len() { after } else { "" });
            column += needed;
        }
        out
    }
}

fn width(text: &str) -> usize {
    text.chars().count()
}
