//! What every builder of nodes shares: places, names, documentation, the limit of depth.
//!
//! A builder returns `None` for what it cannot stand for, having said why; the node around it is then left out too.

use super::grammar::Rule;
use crate::diagnostics::{Code, Diagnostic};
use crate::source::{SourceId, Span};
use crate::syntax::{ast, lex, words};
use pest::iterators::{Pair, Pairs};

/// No more errors than this are reported for a file.
pub(super) const MOST_ERRORS: usize = 100;

/// Builds the nodes of one piece of a source.
pub(super) struct Builder {
    source: SourceId,
    /// Where the piece begins in the source.
    offset: usize,
    /// What was found wrong.
    pub diagnostics: Vec<Diagnostic>,
}

impl Builder {
    /// A builder for a piece that begins at byte `offset` of the source.
    pub(super) const fn new(source: SourceId, offset: usize) -> Self {
        Self { source, offset, diagnostics: Vec::new() }
    }

    /// The place of a pair, without the blanks and comments that a rule takes in at its end.
    pub(super) fn span(&self, pair: &Pair<'_, Rule>) -> Span {
        let last = Pairs::single(pair.clone()).flatten().next_back();
        let end = last.map_or_else(|| pair.as_span(), |last| last.as_span()).end();
        Span::new(self.source, self.offset + pair.as_span().start()..self.offset + end)
    }

    /// The place of a word or literal, which ends where its rule does.
    pub(super) fn span_of_token(&self, pair: &Pair<'_, Rule>) -> Span {
        let span = pair.as_span();
        Span::new(self.source, self.offset + span.start()..self.offset + span.end())
    }

    /// Notes what is wrong, unless enough is.
    pub(super) fn report(&mut self, found: Diagnostic) {
        if self.diagnostics.len() < MOST_ERRORS {
            self.diagnostics.push(found);
        }
    }

    /// Notes a syntax error.
    pub(super) fn refuse(&mut self, title: impl Into<String>, span: Span, label: impl Into<String>) {
        self.report(Diagnostic::new(Code::Syntax, title, span).label(label));
    }

    /// What `build` makes of a pair. Nothing is left out without a diagnostic, whatever `build` forgot.
    pub(super) fn or_refused<'i, T>(
        &mut self,
        pair: Pair<'i, Rule>,
        build: impl FnOnce(&mut Self, Pair<'i, Rule>) -> Option<T>,
    ) -> Option<T> {
        let place = pair.clone();
        let before = self.diagnostics.len();
        let built = build(self, pair);
        if built.is_none() && self.diagnostics.len() == before {
            let span = self.span(&place);
            self.refuse("a part of the file that cannot be read", span, "not understood");
        }
        built
    }

    /// A name of one word, which may not be reserved.
    pub(super) fn ident(&mut self, pair: &Pair<'_, Rule>) -> ast::Ident {
        let ident = self.word(pair);
        if words::is_reserved(&ident.value) {
            self.refuse(format!("`{}` is a reserved word", ident.value), ident.span, "a name is needed here");
        }
        ident
    }

    /// Any word, as text.
    pub(super) fn word(&self, pair: &Pair<'_, Rule>) -> ast::Ident {
        ast::Ident::new(pair.as_str().to_owned(), self.span_of_token(pair))
    }

    /// `depth` and one level more; none, and said, past the limit.
    pub(super) fn deeper(&mut self, depth: usize, span: Span) -> Option<usize> {
        if depth < lex::MAX_DEPTH {
            return Some(depth + 1);
        }
        self.report(too_deep(span));
        None
    }
}

/// The refusal of what is nested too deeply.
pub(super) fn too_deep(span: Span) -> Diagnostic {
    Diagnostic::new(Code::TooDeep, format!("nested more than {} levels deep", lex::MAX_DEPTH), span)
        .label("one level too many")
        .help("name parts of it with `let` or `predicate`")
}

/// The children of a pair, without the marks and keywords that only hold it together.
pub(super) struct Children<'i>(Pairs<'i, Rule>);

impl<'i> Children<'i> {
    /// The children of `pair`.
    pub(super) fn of(pair: Pair<'i, Rule>) -> Self {
        Self(pair.into_inner())
    }

    /// The children among `pairs`.
    pub(super) const fn among(pairs: Pairs<'i, Rule>) -> Self {
        Self(pairs)
    }

    /// Takes the next child if it is of this rule.
    pub(super) fn next_of(&mut self, rule: Rule) -> Option<Pair<'i, Rule>> {
        loop {
            let next = self.0.peek()?.as_rule();
            if next == rule {
                return self.0.next();
            }
            if !is_mark(next) {
                return None;
            }
            self.0.next();
        }
    }

    /// Takes the documentation at the head.
    pub(super) fn doc(&mut self) -> String {
        let mut lines = Vec::new();
        while let Some(line) = self.next_of(Rule::doc_line) {
            let text = line.as_str().trim_end();
            let text = text.strip_prefix("///").unwrap_or(text);
            lines.push(text.strip_prefix(' ').unwrap_or(text));
        }
        lines.join("\n")
    }
}

impl<'i> Iterator for Children<'i> {
    type Item = Pair<'i, Rule>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.by_ref().find(|pair| !is_mark(pair.as_rule()))
    }
}

/// Marks and keywords that say nothing the rule around them does not.
fn is_mark(rule: Rule) -> bool {
    use Rule::{
        EOI, arrow, assign, bar, close_angle, close_brace, close_bracket, close_paren, colon, comma, dots, kw_as,
        kw_by, kw_grouped, kw_having, kw_len, kw_on, kw_over, kw_where, kw_within, open_angle, open_brace, open_paren,
    };
    matches!(
        rule,
        EOI | arrow
            | assign
            | bar
            | close_angle
            | close_brace
            | close_bracket
            | close_paren
            | colon
            | comma
            | dots
            | kw_as
            | kw_by
            | kw_grouped
            | kw_having
            | kw_len
            | kw_on
            | kw_over
            | kw_where
            | kw_within
            | open_angle
            | open_brace
            | open_paren
    )
}
