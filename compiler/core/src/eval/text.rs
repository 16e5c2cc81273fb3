//! Text without case, and globs.

use crate::plan::{Glob, Segment};

/// A character by Unicode simple case folding.
pub fn fold_char(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    unicode_case_mapping::case_folded(c).and_then(|folded| char::from_u32(folded.get())).unwrap_or(c)
}

/// Text by Unicode simple case folding: as many characters as before.
pub fn fold(text: &str) -> String {
    let mut folded = String::new();
    fold_into(text, &mut folded);
    folded
}

/// [`fold`] into a buffer that is emptied first.
pub fn fold_into(text: &str, folded: &mut String) {
    folded.clear();
    if text.is_ascii() {
        folded.push_str(text);
        folded.make_ascii_lowercase();
    } else {
        folded.extend(text.chars().map(fold_char));
    }
}

/// A glob ready to match: what stands between its `*`, in order. The first part begins the text, the last one ends it.
#[derive(Debug)]
pub struct GlobMatcher {
    parts: Vec<Vec<Piece>>,
}

#[derive(Debug)]
enum Piece {
    Literal(Box<str>),
    One,
}

impl GlobMatcher {
    /// Prepares a glob; `literal` is applied to its literal text (to fold it, or not).
    pub fn new(glob: &Glob, literal: impl Fn(&str) -> String) -> Self {
        let mut parts = vec![Vec::new()];
        for segment in &glob.segments {
            let piece = match segment {
                Segment::Any => {
                    parts.push(Vec::new());
                    continue;
                }
                Segment::One => Piece::One,
                Segment::Literal(text) => Piece::Literal(literal(text).into()),
            };
            if let Some(part) = parts.last_mut() {
                part.push(piece);
            }
        }
        Self { parts }
    }

    /// Whether the glob matches the whole text. Each part between two `*` is taken where it first fits: as every part
    /// matches a fixed number of characters, a later place would leave less for the rest, so nothing is tried twice.
    pub fn is_match(&self, text: &str) -> bool {
        let Some((first, others)) = self.parts.split_first() else { return text.is_empty() };
        let Some(rest) = strip_start(first, text) else { return false };
        let Some((last, middle)) = others.split_last() else { return rest.is_empty() };
        let Some(mut rest) = strip_end(last, rest) else { return false };
        middle.iter().all(|part| {
            let found = strip_through(part, rest);
            rest = found.unwrap_or(rest);
            found.is_some()
        })
    }
}

/// What follows the part at the start of the text.
fn strip_start<'t>(part: &[Piece], text: &'t str) -> Option<&'t str> {
    part.iter().try_fold(text, |rest, piece| match piece {
        Piece::Literal(literal) => rest.strip_prefix(&**literal),
        Piece::One => {
            let mut chars = rest.chars();
            chars.next().map(|_| chars.as_str())
        }
    })
}

/// What precedes the part at the end of the text.
fn strip_end<'t>(part: &[Piece], text: &'t str) -> Option<&'t str> {
    part.iter().rev().try_fold(text, |rest, piece| match piece {
        Piece::Literal(literal) => rest.strip_suffix(&**literal),
        Piece::One => {
            let mut chars = rest.chars();
            chars.next_back().map(|_| chars.as_str())
        }
    })
}

/// What follows the part where it first fits.
fn strip_through<'t>(part: &[Piece], text: &'t str) -> Option<&'t str> {
    let mut rest = text;
    loop {
        if let Some(Piece::Literal(literal)) = part.first() {
            rest = rest.get(rest.find(&**literal)?..)?;
        }
        if let Some(after) = strip_start(part, rest) {
            return Some(after);
        }
        let mut chars = rest.chars();
        chars.next()?;
        rest = chars.as_str();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn like(glob: &str, text: &str) -> bool {
        GlobMatcher::new(&Glob::parse(&fold(glob)), fold).is_match(&fold(text))
    }

    #[test]
    fn folding_is_unicode_simple() {
        for (a, b, same) in [
            ("ÄÖ", "äö", true),
            ("\u{212a}", "k", true),
            ("ſ", "S", true),
            ("ẞ", "ß", true),
            ("ß", "ss", false),
            ("İ", "i", false),
            ("ΣΑΣ", "σας", true),
        ] {
            assert_eq!(fold(a) == fold(b), same, "{a} and {b}");
        }
    }

    #[test]
    fn a_glob_covers_the_whole_value_by_code_points() {
        for (glob, text, matches) in [
            (r"?:\Program Files*\Google\chrome.exe", r"c:\program files (x86)\google\CHROME.EXE", true),
            (r"?:\Program Files*\Google\chrome.exe", r"c:\program files (x86)\google\chrome.exe.bak", false),
            ("a*", "a\nb\n", true),
            ("a?c", "a\nc", true),
            ("a?c", "aéc", true),
            ("a??c", "aéc", false),
            ("[*]a[?]", "*a?", true),
            ("[*]a[?]", "xa?", false),
            ("[ab]", "a", false),
            ("*", "x", true),
            ("", "x", false),
            ("ab*ba", "aba", false),
            ("*a?b*", "aab ab", true),
            ("*?é*", "é", false),
        ] {
            assert_eq!(like(glob, text), matches, "{text:?} like {glob:?}");
        }
    }

    #[test]
    fn many_stars_take_no_exponential_time() {
        assert!(!like(&"*a".repeat(200), &("a".repeat(5000) + "b")));
        assert!(!like(&("*a?".repeat(100) + "*c"), &"a".repeat(5000)));
    }

    /// The definition: a run for every `*`, tried in every length.
    fn by_definition(segments: &[Segment], text: &[char]) -> bool {
        match segments.split_first() {
            None => text.is_empty(),
            Some((Segment::Any, rest)) => (0..=text.len()).any(|n| by_definition(rest, &text[n..])),
            Some((Segment::One, rest)) => !text.is_empty() && by_definition(rest, &text[1..]),
            Some((Segment::Literal(literal), rest)) => {
                let literal: Vec<char> = literal.chars().collect();
                text.starts_with(&literal) && by_definition(rest, &text[literal.len()..])
            }
        }
    }

    proptest! {
        #[test]
        fn globs_match_as_defined(glob in "[ab*?é]{0,8}", text in "[abé]{0,10}") {
            let parsed = Glob::parse(&glob);
            let chars: Vec<char> = text.chars().collect();
            let expected = by_definition(&parsed.segments, &chars);
            prop_assert_eq!(GlobMatcher::new(&parsed, str::to_owned).is_match(&text), expected);
        }
    }
}
