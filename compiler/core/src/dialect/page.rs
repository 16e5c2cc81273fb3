//! The page that queries are printed on: it takes a line on trial, and gives it up as soon as it is full. So whatever breaks
//! long lines at their outermost operator prints no part again and again only to see how long it is.

use std::fmt::{self, Write};

/// The text so far.
#[derive(Debug, Default)]
pub struct Page {
    /// What was written.
    text: String,
    /// What is written on trial.
    trial: Trial,
}

/// A text on trial.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Trial {
    /// Where it begins, in bytes.
    start: usize,
    /// The characters that it may have.
    room: usize,
    /// As far as the page may be written, in bytes, without a count of characters.
    end: usize,
}

impl Default for Trial {
    /// None: there is room for everything.
    fn default() -> Self {
        Self { start: 0, room: usize::MAX, end: usize::MAX }
    }
}

/// The bytes that most queries fit in, so that a page seldom moves while it grows.
const USUAL: usize = 8 << 10;

impl Page {
    /// The text of what prints, which fails nowhere but on trial. It takes no more memory than it needs, since texts are kept.
    #[must_use]
    pub fn of(print: impl FnOnce(&mut Self) -> fmt::Result) -> String {
        let mut page = Self { text: String::with_capacity(USUAL), trial: Trial::default() };
        let printed = print(&mut page);
        debug_assert!(printed.is_ok(), "only a line on trial can be too long");
        page.text.as_str().to_owned()
    }

    /// A page for a line of so many bytes.
    #[must_use]
    pub fn of_line(bytes: usize) -> Self {
        Self { text: String::with_capacity(bytes), trial: Trial::default() }
    }

    /// What was written.
    #[must_use]
    pub fn into_text(self) -> String {
        self.text
    }

    /// Writes so many characters at most, or nothing if there are more. What is written on trial makes no trial itself.
    pub fn fits(&mut self, room: usize, print: impl FnOnce(&mut Self) -> fmt::Result) -> bool {
        debug_assert!(self.trial == Trial::default(), "a trial inside another");
        let start = self.text.len();
        self.trial = Trial { start, room, end: start.saturating_add(room) };
        let fits = print(self).is_ok();
        self.trial = Trial::default();
        if !fits {
            self.text.truncate(start);
        }
        fits
    }

    /// Writes, and says how many characters that was.
    ///
    /// # Errors
    /// If they are too long on trial.
    pub fn counted(&mut self, print: impl FnOnce(&mut Self) -> fmt::Result) -> Result<usize, fmt::Error> {
        let before = self.text.len();
        print(self)?;
        Ok(self.text.get(before..).map_or(0, characters))
    }

    /// Begins a line after so many blanks. No part of a line on trial.
    ///
    /// # Errors
    /// None; whoever prints passes on what writing returns.
    pub fn line(&mut self, blanks: usize) -> fmt::Result {
        self.text.push('\n');
        push_blanks(&mut self.text, blanks);
        Ok(())
    }

    /// Writes items with something between them.
    ///
    /// # Errors
    /// If they are too long on trial.
    pub fn joined<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        between: &str,
        mut print: impl FnMut(&mut Self, T) -> fmt::Result,
    ) -> fmt::Result {
        for (n, item) in items.into_iter().enumerate() {
            if n > 0 {
                self.write_str(between)?;
            }
            print(self, item)?;
        }
        Ok(())
    }

    /// Writes in parentheses or without.
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
}

impl Write for Page {
    /// Fails where a text on trial is too long, so that no more of it is made.
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.text.len() + text.len() > self.trial.end && self.is_too_long(text) {
            return Err(fmt::Error);
        }
        self.text.push_str(text);
        Ok(())
    }

    fn write_char(&mut self, c: char) -> fmt::Result {
        if self.text.len() < self.trial.end {
            self.text.push(c);
            return Ok(());
        }
        self.write_str(c.encode_utf8(&mut [0; 4]))
    }
}

impl Page {
    /// Whether the text on trial has no room for more, of which the bytes do not fit.
    #[cold]
    fn is_too_long(&self, more: &str) -> bool {
        self.text.get(self.trial.start..).map_or(0, characters) + characters(more) > self.trial.room
    }
}

/// Writes so many blanks.
pub fn push_blanks(out: &mut String, blanks: usize) {
    out.extend(std::iter::repeat_n(' ', blanks));
}

/// How many characters a text has: its bytes, as a rule.
#[must_use]
pub fn characters(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_that_is_too_long_leaves_nothing_behind() {
        let text = Page::of(|out| {
            out.write_str("a")?;
            assert!(!out.fits(3, |out| out.joined(["b", "c"], ", ", |out, item| out.write_str(item))));
            assert!(out.fits(4, |out| out.joined(["ä", "c"], ", ", |out, item| out.write_str(item))));
            out.line(2)?;
            assert_eq!(out.counted(|out| out.write_str("äb"))?, 2);
            out.part(true, |out| out.write_str("more than fits a trial"))
        });
        assert_eq!(text, "aä, c\n  äb(more than fits a trial)");
    }
}
