//! Lines of a stream of any length in bounded memory.

use std::io::{self, BufRead, Read};

/// The longest line that is kept, in bytes.
const LONGEST: usize = 16 << 20;

/// What came of reading a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    /// It is in the buffer, without its line break.
    Read,
    /// It is longer than 16 MiB and was skipped.
    TooLong,
    /// There is none.
    End,
}

/// Reads the next line into `buffer`, whose content is replaced.
pub fn read_line(reader: &mut dyn BufRead, buffer: &mut Vec<u8>) -> io::Result<Line> {
    buffer.clear();
    Read::take(&mut *reader, LONGEST as u64 + 1).read_until(b'\n', buffer)?;
    match buffer.last() {
        None => return Ok(Line::End),
        Some(b'\n') => {
            buffer.pop();
        }
        Some(_) if buffer.len() > LONGEST => {
            buffer.clear();
            reader.skip_until(b'\n')?;
            return Ok(Line::TooLong);
        }
        Some(_) => {}
    }
    Ok(Line::Read)
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{LONGEST, Line, read_line};

    fn all(text: &[u8], capacity: usize) -> Vec<(Line, Vec<u8>)> {
        let mut reader = BufReader::with_capacity(capacity, text);
        let (mut lines, mut buffer) = (Vec::new(), Vec::new());
        loop {
            match read_line(&mut reader, &mut buffer).expect("memory can be read") {
                Line::End => return lines,
                other => lines.push((other, buffer.clone())),
            }
        }
    }

    #[test]
    fn lines_are_the_same_whatever_the_size_of_the_buffer() {
        let expected = [b"one".to_vec(), Vec::new(), b"three".to_vec()].map(|line| (Line::Read, line));
        for capacity in 1..12 {
            assert_eq!(all(b"one\n\nthree\n", capacity), expected, "with a buffer of {capacity}");
            assert_eq!(all(b"one\n\nthree", capacity), expected, "without a last line break");
        }
    }

    #[test]
    fn a_line_too_long_is_skipped_and_the_next_one_read() {
        let mut text = vec![b'x'; LONGEST + 1];
        text.extend_from_slice(b"\nnext\n");
        let lines: Vec<_> = all(&text, 4096).into_iter().map(|(line, text)| (line, text.len())).collect();
        assert_eq!(lines, [(Line::TooLong, 0), (Line::Read, 4)]);
    }
}
