//! Lines of a stream of any length in bounded memory.

use std::io::{self, BufRead, Read};

use memchr::memchr;

/// The longest line that is kept, in bytes.
const LONGEST: usize = 16 << 20;

/// What came of reading a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'r> {
    /// Its text without the line break.
    Read(&'r [u8]),
    /// It is longer than 16 MiB and was skipped.
    TooLong,
}

/// The lines of a stream, one at a time. Nearly all stand whole in the reader's buffer and are taken from there.
pub struct Lines<R> {
    reader: R,
    /// How much of the reader's buffer the last line was.
    passed: usize,
    /// A line that the reader's buffer holds only a part of.
    pieces: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    /// The lines that a reader gives.
    pub const fn new(reader: R) -> Self {
        Self { reader, passed: 0, pieces: Vec::new() }
    }

    /// The next line; none at the end.
    ///
    /// # Errors
    /// The stream cannot be read.
    pub fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        self.reader.consume(std::mem::take(&mut self.passed));
        if let Some(length) = memchr(b'\n', self.reader.fill_buf()?) {
            self.passed = length + 1;
            return Ok(self.reader.fill_buf()?.get(..length).map(Line::Read));
        }
        self.pieces.clear();
        Read::take(&mut self.reader, LONGEST as u64 + 1).read_until(b'\n', &mut self.pieces)?;
        if self.pieces.pop_if(|last| *last == b'\n').is_none() {
            if self.pieces.is_empty() {
                return Ok(None);
            }
            if self.pieces.len() > LONGEST {
                self.reader.skip_until(b'\n')?;
                return Ok(Some(Line::TooLong));
            }
        }
        Ok(Some(Line::Read(&self.pieces)))
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{LONGEST, Line, Lines};

    /// Every line, none for one that is too long.
    fn all(text: &[u8], capacity: usize) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines::new(BufReader::with_capacity(capacity, text));
        let mut found = Vec::new();
        while let Some(line) = lines.next().expect("memory can be read") {
            found.push(match line {
                Line::Read(text) => Some(text.to_vec()),
                Line::TooLong => None,
            });
        }
        found
    }

    #[test]
    fn lines_are_the_same_whatever_the_size_of_the_buffer() {
        let expected = [b"one".to_vec(), Vec::new(), b"three".to_vec()].map(Some);
        for capacity in 1..12 {
            assert_eq!(all(b"one\n\nthree\n", capacity), expected, "with a buffer of {capacity}");
            assert_eq!(all(b"one\n\nthree", capacity), expected, "without a last line break");
        }
    }

    #[test]
    fn a_line_too_long_is_skipped_and_the_next_one_read() {
        let mut text = vec![b'x'; LONGEST + 1];
        text.extend_from_slice(b"\nnext\n");
        assert_eq!(all(&text, 4096), [None, Some(b"next".to_vec())]);
    }
}
