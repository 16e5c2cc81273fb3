//! Patterns: broken before operators and `by`, and before `within` where the line is full.

use super::layout::Op;
use super::printer::Printer;
use crate::syntax::ast::{Expr, KeyItem, Pattern, PatternKind, Window};

impl Printer<'_> {
    /// A pattern.
    pub(super) fn pattern(&mut self, pattern: &Pattern) {
        let end = pattern.span.range().end;
        match &pattern.kind {
            PatternKind::Event(_) => self.leaf(pattern.span),
            PatternKind::Paren(inner) => {
                self.token();
                self.indented(4, |p| p.pattern(inner));
                self.token();
            }
            PatternKind::Then(operands, window) | PatternKind::With(operands, window) => {
                self.join(&operands.iter().collect::<Vec<_>>(), window, end);
            }
            PatternKind::NotFollowed(kept, absent, window) | PatternKind::NotPreceded(kept, absent, window) => {
                self.join(&[kept, absent], window, end);
            }
            PatternKind::Grouped(event, window, having) => self.group(|p| {
                p.pattern(event);
                p.op(Op::Line(" "));
                p.token();
                p.tail(window, having.as_deref(), end);
            }),
            // The checker refuses it: nothing to lay out yet.
            PatternKind::Mixed(..) => self.tokens_until(end),
        }
    }

    fn join(&mut self, operands: &[&Pattern], window: &Window, end: usize) {
        self.group(|p| {
            for (at, operand) in operands.iter().enumerate() {
                if at > 0 {
                    p.op(Op::Line(" "));
                    p.tokens_until(operand.span.range().start);
                    p.op(Op::Space);
                }
                p.pattern(operand);
            }
            p.tail(window, None, end);
        });
    }

    /// What stands after the operands, in the order in which it was written.
    fn tail(&mut self, window: &Window, having: Option<&Expr>, end: usize) {
        let mut after_grouped = having.is_some() || self.at("by");
        while self.peek().is_some_and(|token| token.start < end) {
            if self.at("by") {
                self.op(if after_grouped { Op::Space } else { Op::Line(" ") });
                self.word();
                self.keys(window.by.as_deref().unwrap_or_default());
            } else if self.at("having") {
                self.op(Op::Line(" "));
                self.word();
                if let Some(condition) = having {
                    self.indented(4, |p| p.expr(condition));
                }
            } else {
                self.own_comments();
                self.op(Op::Open);
                self.op(Op::Line(" "));
                self.word();
                if let Some(within) = &window.within {
                    self.expr(within);
                }
                self.op(Op::Close);
            }
            after_grouped = false;
        }
    }

    fn keys(&mut self, keys: &[KeyItem]) {
        self.indented(3, |p| {
            p.filled(keys, |p, key| {
                for (at, field) in key.fields.iter().enumerate() {
                    if at > 0 {
                        p.then_word();
                        p.op(Op::Space);
                    }
                    p.leaf(field.span);
                }
            });
        });
    }

    /// Entries with commas between, as many on a line as fit.
    pub(super) fn filled<T>(&mut self, entries: &[T], mut each: impl FnMut(&mut Self, &T)) {
        for (at, entry) in entries.iter().enumerate() {
            if at > 0 {
                self.comma();
            }
            self.op(Op::Open);
            if at > 0 {
                self.op(Op::Line(" "));
            }
            each(self, entry);
            self.op(Op::Close);
        }
    }
}
