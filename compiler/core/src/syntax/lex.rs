//! Tokens with their comments: for what the grammar does not see.
//!
//! The formatter needs every comment, recovery needs the places where an item may begin, and the depth of nesting must
//! be known before the grammar recurses. The tokens are those of `grammar.pest`, except that a bare word such as
//! `command-and-control` is several here.

/// Brackets nested deeper than this are refused, and so are trees.
pub(super) const MAX_DEPTH: usize = 128;

/// What a token is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenKind {
    /// A name, with its dots and colons, or a keyword.
    Word,
    /// A number or duration.
    Number,
    /// A string of either kind.
    String,
    /// A string without its closing quote, up to the end of the line.
    Unterminated,
    /// `(`, `[`, `{`
    Open,
    /// `)`, `]`, `}`
    Close,
    /// Any other mark.
    Mark,
    /// `// …`
    Comment,
    /// `/// …`
    Doc,
    /// A character of no token.
    Stray,
}

/// A token and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Token<'t> {
    /// What it is.
    pub kind: TokenKind,
    /// Its text; that of a comment without blanks at its end.
    pub text: &'t str,
    /// Its first byte.
    pub start: usize,
    /// Line ends between the token before it and it; the first token of a file counts as on a new line.
    pub lines_before: usize,
}

impl Token<'_> {
    /// One past its last byte.
    pub(super) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether it is the first on its line.
    pub(super) fn starts_line(&self) -> bool {
        self.lines_before > 0
    }

    /// Whether it is this mark or word.
    pub(super) fn is(&self, text: &str) -> bool {
        self.text == text && matches!(self.kind, TokenKind::Word | TokenKind::Open | TokenKind::Close | TokenKind::Mark)
    }
}

/// The tokens of `text`, in order.
pub(super) fn tokens(text: &str) -> impl Iterator<Item = Token<'_>> {
    let head = if text.starts_with('\u{FEFF}') { '\u{FEFF}'.len_utf8() } else { 0 };
    let mut at = head;
    std::iter::from_fn(move || {
        let mut lines_before = 0;
        let blank = run(text.get(at..)?, |byte| {
            lines_before += usize::from(byte == b'\n');
            matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
        });
        if at == head {
            lines_before = lines_before.max(1);
        }
        at += blank;
        let rest = text.get(at..)?;
        let (kind, length) = token(rest)?;
        let start = at;
        at += length;
        let text = rest.get(..length)?;
        let text = if matches!(kind, TokenKind::Comment | TokenKind::Doc) { text.trim_end() } else { text };
        Some(Token { kind, text, start, lines_before })
    })
}

/// Whether `text` nests too deeply for the grammar to follow. With few marks that open anything it cannot, whatever they
/// stand in.
pub(super) fn is_too_deep(text: &str) -> bool {
    // Pieces whose count fits a byte are counted many bytes at a time.
    let opens = |piece: &[u8]| piece.iter().map(|b| u8::from(matches!(b, b'(' | b'[' | b'{' | b'<'))).sum::<u8>();
    let all: usize = text.as_bytes().chunks(128).map(|piece| usize::from(opens(piece))).sum();
    all > MAX_DEPTH && too_deep(tokens(text)).is_some()
}

/// The first token whose nesting is too deep for the grammar to follow.
pub(super) fn too_deep<'t>(tokens: impl Iterator<Item = Token<'t>>) -> Option<Token<'t>> {
    let mut open: Vec<char> = Vec::new();
    let mut after_list = false;
    for token in tokens {
        match token.kind {
            TokenKind::Open => open.push('('),
            TokenKind::Close => while open.pop() == Some('<') {},
            TokenKind::Mark if token.text == "<" && after_list => open.push('<'),
            TokenKind::Mark if token.text == ">" => {
                open.pop_if(|mark| *mark == '<');
            }
            TokenKind::Word
            | TokenKind::Number
            | TokenKind::String
            | TokenKind::Unterminated
            | TokenKind::Mark
            | TokenKind::Comment
            | TokenKind::Doc
            | TokenKind::Stray => {}
        }
        after_list = token.is("list") || after_list && token.kind == TokenKind::Comment;
        if open.len() > MAX_DEPTH {
            return Some(token);
        }
    }
    None
}

/// The kind and length of the token at the head of `rest`; none at the end.
fn token(rest: &str) -> Option<(TokenKind, usize)> {
    Some(match rest.as_bytes() {
        [] => return None,
        [b'/', b'/', after @ ..] => {
            let doc = matches!(after, [b'/', ..]) && !matches!(after, [b'/', b'/', ..]);
            let length = rest.find('\n').unwrap_or(rest.len());
            (if doc { TokenKind::Doc } else { TokenKind::Comment }, length)
        }
        [b'r', b'"', ..] => raw_string(rest, 2, "\""),
        [b'r', b'#', b'"', ..] => raw_string(rest, 3, "\"#"),
        [b'"', ..] => cooked_string(rest),
        [b'0'..=b'9', ..] => (TokenKind::Number, number(rest)),
        [b'(' | b'[' | b'{', ..] => (TokenKind::Open, 1),
        [b')' | b']' | b'}', ..] => (TokenKind::Close, 1),
        _ => match segment(rest) {
            Some(length) => (TokenKind::Word, word(rest, length)),
            None => mark(rest)?,
        },
    })
}

/// A raw string whose text begins at byte `head`.
fn raw_string(rest: &str, head: usize, close: &str) -> (TokenKind, usize) {
    let line = rest.lines().next().unwrap_or(rest);
    match line.get(head..).and_then(|body| body.find(close)) {
        Some(length) => (TokenKind::String, head + length + close.len()),
        None => (TokenKind::Unterminated, line.len()),
    }
}

fn cooked_string(rest: &str) -> (TokenKind, usize) {
    let mut escaped = false;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match byte {
            b'\n' => {
                return (TokenKind::Unterminated, rest.get(..at).map_or(at, |line| line.trim_end_matches('\r').len()));
            }
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return (TokenKind::String, at + 1),
            _ => {}
        }
    }
    (TokenKind::Unterminated, rest.len())
}

fn number(rest: &str) -> usize {
    let whole = run(rest, is_word_byte);
    match rest.get(whole..).and_then(|tail| tail.strip_prefix('.')) {
        Some(tail) if tail.starts_with(|c: char| c.is_ascii_digit()) => whole + 1 + run(tail, is_word_byte),
        _ => whole,
    }
}

/// The length of `@`, if there, and an identifier.
fn segment(rest: &str) -> Option<usize> {
    let bare = rest.strip_prefix('@').unwrap_or(rest);
    matches!(bare.as_bytes(), [b'a'..=b'z' | b'A'..=b'Z' | b'_', ..])
        .then(|| rest.len() - bare.len() + run(bare, is_word_byte))
}

/// The length of a name whose first segment has `length` bytes.
fn word(rest: &str, mut length: usize) -> usize {
    loop {
        let tail = rest.get(length..).unwrap_or_default();
        let separator = if tail.starts_with("::") { 2 } else { usize::from(tail.starts_with('.')) };
        match tail.get(separator..).and_then(segment) {
            Some(more) if separator > 0 => length += separator + more,
            _ => return length,
        }
    }
}

fn mark(rest: &str) -> Option<(TokenKind, usize)> {
    Some(match rest.as_bytes() {
        [b'-', b'>', ..] | [b'=' | b'!' | b'<' | b'>', b'=', ..] => (TokenKind::Mark, 2),
        [b'.', b'.', ..] | [b'&', b'&', ..] | [b'|', b'|', ..] => (TokenKind::Mark, 2),
        [b'<' | b'>' | b',' | b':' | b'=' | b'|' | b'-' | b'!' | b'+' | b'*' | b'/' | b'.', ..] => (TokenKind::Mark, 1),
        _ => (TokenKind::Stray, rest.chars().next()?.len_utf8()),
    })
}

const fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// How many bytes at the head of `text` are all ASCII and to be kept.
fn run(text: &str, mut keep: impl FnMut(u8) -> bool) -> usize {
    text.bytes().position(|byte| !keep(byte)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(text: &str) -> Vec<&str> {
        tokens(text).map(|t| t.text).collect()
    }

    #[test]
    fn names_keep_their_dots_and_ranges_do_not() {
        assert_eq!(
            texts("egress.@timestamp std::lists::x 1..2 1.5 a..b"),
            ["egress.@timestamp", "std::lists::x", "1", "..", "2", "1.5", "a", "..", "b"]
        );
    }

    #[test]
    fn slashes_in_strings_are_no_comments() {
        let kinds: Vec<_> = tokens("\"a//b\" r\"\\\" r#\"\"//\"# // c\n/// d\n//// e").map(|t| t.kind).collect();
        use TokenKind::{Comment, Doc, String};
        assert_eq!(kinds, [String, String, String, Comment, Doc, Comment]);
    }

    #[test]
    fn a_string_ends_with_its_line() {
        let found: Vec<_> = tokens("\"a\\\"\r\nb").map(|t| (t.kind, t.text)).collect();
        assert_eq!(found, [(TokenKind::Unterminated, "\"a\\\""), (TokenKind::Word, "b")]);
    }

    #[test]
    fn nested_lists_of_types_count_as_brackets() {
        let deep = format!("{}int{}", "list<".repeat(MAX_DEPTH + 1), ">".repeat(MAX_DEPTH + 1));
        assert!(too_deep(tokens(&deep)).is_some(), "{MAX_DEPTH} levels and one more are too many");
        let flat = "a < b and list < c ".repeat(MAX_DEPTH * 2);
        let closed = "list<int> ".repeat(MAX_DEPTH * 2);
        assert!(too_deep(tokens(&closed)).is_none(), "closed lists do not add up");
        assert!(too_deep(tokens(&flat.replace("list", "x"))).is_none(), "comparisons do not nest");
    }
}
