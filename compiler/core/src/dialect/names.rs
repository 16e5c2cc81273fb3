//! Names that a query makes up: words in use, and words made of any text.

/// Words in use.
#[derive(Debug, Default)]
pub struct Words<T>(Vec<T>);

impl<T: AsRef<str>> Words<T> {
    /// Puts a word in.
    pub fn add(&mut self, word: T) {
        self.0.push(word);
    }

    /// Whether the word is in use.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.0.iter().any(|other| other.as_ref() == word)
    }

    /// The same, whatever the case of ASCII letters.
    #[must_use]
    pub fn has_but_for_case(&self, word: &str) -> bool {
        self.0.iter().any(|other| other.as_ref().eq_ignore_ascii_case(word))
    }
}

/// Whether a name may hold the byte: ASCII letters, digits and `_`.
#[must_use]
pub const fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
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
