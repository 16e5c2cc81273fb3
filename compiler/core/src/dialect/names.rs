//! Names that a query makes up: words in use, and words made of any text.

/// Words in use. Many are put in for each that is looked up, so they are kept by length alone: nothing is compared with a
/// word of another length.
#[derive(Debug)]
pub struct Words<T> {
    by_length: Vec<Vec<T>>,
}

impl<T> Default for Words<T> {
    fn default() -> Self {
        Self { by_length: Vec::with_capacity(64) }
    }
}

impl<T: AsRef<str>> Words<T> {
    /// Puts a word in.
    pub fn add(&mut self, word: T) {
        let length = word.as_ref().len();
        if length >= self.by_length.len() {
            self.by_length.resize_with(length + 1, Vec::new);
        }
        if let Some(alike) = self.by_length.get_mut(length) {
            alike.push(word);
        }
    }

    /// Whether the word is in use.
    #[must_use]
    pub fn has(&self, word: &str) -> bool {
        self.of_length(word).any(|other| other == word)
    }

    /// The same, whatever the case of ASCII letters.
    #[must_use]
    pub fn has_but_for_case(&self, word: &str) -> bool {
        self.of_length(word).any(|other| other.eq_ignore_ascii_case(word))
    }

    fn of_length(&self, word: &str) -> impl Iterator<Item = &str> {
        self.by_length.get(word.len()).into_iter().flatten().map(AsRef::as_ref)
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
    fn every_character_of_no_word_becomes_one_stroke() {
        let mut word = String::new();
        push_word(&mut word, "host.näme — 1");
        assert_eq!(word, "host_n_me___1");
    }
}
