//! Names that a query makes up: words in use, and words made of any text.

/// Words in use. Many are put in for each that is looked up, so they stand in a row, and each knows the one before it of its
/// length: nothing is compared with a word of another length.
#[derive(Debug)]
pub struct Words<T> {
    words: Vec<(T, Option<usize>)>,
    /// The last word of each length, and of each that is so many more.
    last: [Option<usize>; LENGTHS],
}

const LENGTHS: usize = 64;

impl<T> Default for Words<T> {
    fn default() -> Self {
        Self { words: Vec::with_capacity(256), last: [None; LENGTHS] }
    }
}

impl<T: AsRef<str>> Words<T> {
    /// Puts a word in.
    pub fn add(&mut self, word: T) {
        if let Some(last) = self.last.get_mut(word.as_ref().len() % LENGTHS) {
            let before = last.replace(self.words.len());
            self.words.push((word, before));
        }
    }

    /// Whether the word is in use.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.of_length(word.len()).any(|other| other == word)
    }

    /// The same, whatever the case of ASCII letters.
    #[must_use]
    pub fn has_but_for_case(&self, word: &str) -> bool {
        self.of_length(word.len()).any(|other| other.eq_ignore_ascii_case(word))
    }

    fn of_length(&self, length: usize) -> impl Iterator<Item = &str> {
        let at = |place: Option<usize>| place.and_then(|place| self.words.get(place));
        let last = self.last.get(length % LENGTHS).copied().flatten();
        std::iter::successors(at(last), move |(_, before)| at(*before)).map(|(word, _)| word.as_ref())
    }
}

/// Whether a name may hold the byte: ASCII letters, digits and `_`. Looked up, since names are read byte by byte wherever one
/// is made, kept free or written.
#[must_use]
pub fn is_word(b: u8) -> bool {
    const WORD: [bool; 1 << 8] = word_bytes();
    WORD.get(usize::from(b)).is_some_and(|is_word| *is_word)
}

const fn word_bytes() -> [bool; 1 << 8] {
    let mut table = [false; 1 << 8];
    let mut b = 0;
    while b < u8::MAX {
        #[expect(clippy::indexing_slicing, reason = "a byte is no more than the table's last place")]
        {
            table[b as usize] = b.is_ascii_alphanumeric() || b == b'_';
        }
        b += 1;
    }
    table
}

/// The bytes of the word at the start.
#[must_use]
pub fn word_length(text: &str) -> usize {
    text.bytes().position(|b| !is_word(b)).unwrap_or(text.len())
}

/// Writes the text with `_` in place of every character that no name may hold.
pub fn push_word(out: &mut String, text: &str) {
    let mut rest = text;
    loop {
        let (word, after) = rest.split_at(word_length(rest));
        out.push_str(word);
        let mut after = after.chars();
        if after.next().is_none() {
            return;
        }
        out.push('_');
        rest = after.as_str();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_found_whatever_others_there_are() {
        let mut words = Words::default();
        ["Path", "path", "", "process.executable"].into_iter().for_each(|word| words.add(word));
        let found =
            ["Path", "PATH", "", "Paths", "executable"].map(|word| (words.has(word), words.has_but_for_case(word)));
        assert_eq!(found, [(true, true), (false, true), (true, true), (false, false), (false, false)]);
    }

    #[test]
    fn a_word_is_of_letters_digits_and_strokes() {
        let bytes: Vec<u8> = (0..=u8::MAX).filter(|b| is_word(*b)).collect();
        assert_eq!(bytes, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz");
    }

    #[test]
    fn every_character_of_no_word_becomes_one_stroke() {
        let mut word = String::new();
        push_word(&mut word, "host.näme — 1");
        assert_eq!(word, "host_n_me___1");
    }
}
