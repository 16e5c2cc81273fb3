//! The tokens of a text, taken in order, each with its comments.

use super::layout::Op;
use crate::source::Span;
use crate::syntax::lex::{self, Token, TokenKind};
use std::collections::VecDeque;

/// Turns tokens into steps of printing.
pub(super) struct Printer<'t> {
    text: &'t str,
    /// All tokens that are not yet printed, comments included.
    tokens: VecDeque<Token<'t>>,
    ops: Vec<Op<'t>>,
    /// Comments that wait for the next token: those of a comma that moved.
    carried: Vec<&'t str>,
    /// Whether a comment ends the line of the last token.
    ended: bool,
    /// Whether the last token opened a block: no empty line follows.
    opened: bool,
}

impl<'t> Printer<'t> {
    /// A printer at the head of a text.
    pub(super) fn new(text: &'t str) -> Self {
        let tokens = lex::tokens(text).collect();
        Self { text, tokens, ops: Vec::new(), carried: Vec::new(), ended: false, opened: true }
    }

    /// The steps so far.
    pub(super) fn into_ops(self) -> Vec<Op<'t>> {
        self.ops
    }

    /// Adds a step.
    pub(super) fn op(&mut self, op: Op<'t>) {
        self.ops.push(op);
    }

    /// The text at a place.
    pub(super) fn slice(&self, span: Span) -> &'t str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// The next token that is no comment.
    pub(super) fn peek(&self) -> Option<Token<'t>> {
        self.tokens.iter().find(|token| token.kind != TokenKind::Comment).copied()
    }

    /// Whether the next token is this mark or word.
    pub(super) fn at(&self, text: &str) -> bool {
        self.peek().is_some_and(|token| token.is(text))
    }

    /// Prints the comments that stand on lines of their own before the next token.
    pub(super) fn own_comments(&mut self) {
        for text in std::mem::take(&mut self.carried) {
            self.op(Op::Own { text, above: false, below: false });
        }
        while let Some(comment) = self.tokens.pop_front_if(|token| token.kind == TokenKind::Comment) {
            let above = comment.lines_before > 1 && !self.opened;
            let below = self.tokens.front().is_some_and(|next| next.lines_before > 1);
            self.op(Op::Own { text: comment.text, above, below });
            self.opened = false;
        }
    }

    /// Prints the next token.
    pub(super) fn token(&mut self) {
        if let Some(token) = self.peek() {
            self.run(token.end());
        }
    }

    /// Prints one literal or name as it was written.
    pub(super) fn leaf(&mut self, span: Span) {
        self.run(span.range().end);
    }

    /// Prints the text from the next token up to byte `end` as it is.
    fn run(&mut self, end: usize) {
        self.own_comments();
        let Some(first) = self.tokens.front() else { return };
        self.ops.push(Op::Text(self.text.get(first.start..end).unwrap_or(first.text)));
        while self.tokens.pop_front_if(|token| token.start < end).is_some() {}
        self.ended = false;
        self.opened = false;
        self.trailing_comment();
    }

    fn trailing_comment(&mut self) {
        let trails = |token: &mut Token<'_>| token.kind == TokenKind::Comment && !token.starts_line();
        if let Some(comment) = self.tokens.pop_front_if(trails) {
            if self.ended {
                self.carried.push(comment.text);
            } else {
                self.op(Op::Trailing(comment.text));
                self.ended = true;
            }
        }
    }

    /// Prints tokens up to byte `end`, with one blank wherever the text has any.
    pub(super) fn tokens_until(&mut self, end: usize) {
        let mut last = None;
        while let Some(token) = self.peek().filter(|token| token.start < end) {
            if last.is_some_and(|last| token.start > last) {
                self.op(Op::Space);
            }
            self.token();
            last = Some(token.end());
        }
    }

    /// Prints tokens up to byte `end`, without blanks.
    pub(super) fn tight_until(&mut self, end: usize) {
        while self.peek().is_some_and(|token| token.start < end) {
            self.token();
        }
    }

    /// Prints the next token and a blank.
    pub(super) fn word(&mut self) {
        self.token();
        self.op(Op::Space);
    }

    /// Prints a blank and the next token.
    pub(super) fn then_word(&mut self) {
        self.op(Op::Space);
        self.token();
    }

    /// Takes a comma if there is one. Comments before it go behind it.
    pub(super) fn skip_comma(&mut self) -> bool {
        if !self.at(",") {
            return false;
        }
        while let Some(comment) = self.tokens.pop_front_if(|token| token.kind == TokenKind::Comment) {
            self.carried.push(comment.text);
        }
        self.tokens.pop_front();
        let waiting = !self.carried.is_empty();
        self.ended |= waiting;
        self.trailing_comment();
        true
    }

    /// Prints the comma between two entries.
    pub(super) fn comma(&mut self) {
        self.op(Op::Comma);
        self.skip_comma();
    }

    /// A line end; an empty line if the text has one there.
    pub(super) fn line(&mut self) {
        let blank = self.tokens.front().is_some_and(|next| next.lines_before > 1) && !self.opened;
        self.op(Op::Hard { blank: blank && self.carried.is_empty() });
    }

    /// Prints `///` lines.
    pub(super) fn docs(&mut self) {
        while self.peek().is_some_and(|token| token.kind == TokenKind::Doc) {
            self.token();
            self.op(Op::Hard { blank: false });
        }
    }

    /// What `inner` prints, on one line if it fits.
    pub(super) fn group(&mut self, inner: impl FnOnce(&mut Self)) {
        self.own_comments();
        self.op(Op::Open);
        inner(self);
        self.op(Op::Close);
    }

    /// What `inner` prints, moved right where it breaks.
    pub(super) fn indented(&mut self, width: usize, inner: impl FnOnce(&mut Self)) {
        self.op(Op::Indent(width));
        inner(self);
        self.op(Op::Dedent(width));
    }

    /// `{`, each entry on lines of its own, `}`.
    pub(super) fn block<T>(&mut self, entries: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.token();
        self.opened = true;
        self.indented(4, |p| {
            for entry in entries {
                p.line();
                each(p, entry);
            }
            if p.has_own_comments() {
                p.line();
                p.own_comments();
            }
        });
        if !entries.is_empty() || self.ended {
            self.op(Op::Hard { blank: false });
        }
        self.token();
    }

    /// An opening bracket, entries with commas between, the closing one. `pad` stands inside the brackets on one line.
    pub(super) fn bracketed<T>(&mut self, pad: &'static str, entries: &[T], mut each: impl FnMut(&mut Self, &T)) {
        self.group(|p| {
            p.token();
            if entries.is_empty() {
                return p.token();
            }
            p.opened = true;
            p.indented(4, |p| {
                for (at, entry) in entries.iter().enumerate() {
                    if at == 0 {
                        p.op(Op::Line(pad));
                    } else {
                        p.comma();
                        p.op(Op::Line(" "));
                    }
                    each(p, entry);
                }
                p.op(Op::BrokenComma);
                p.skip_comma();
                if p.has_own_comments() {
                    p.op(Op::Line(""));
                    p.own_comments();
                }
            });
            p.op(Op::Line(pad));
            p.token();
        });
    }

    /// Whether a comment on a line of its own comes next.
    pub(super) fn has_own_comments(&self) -> bool {
        !self.carried.is_empty() || self.tokens.front().is_some_and(|token| token.kind == TokenKind::Comment)
    }
}
