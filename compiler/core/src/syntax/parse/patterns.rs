//! Patterns. The grammar takes operands, windows and keys in any order; here they are put in their places.

use super::build::{Builder, Children};
use super::grammar::Rule;
use crate::diagnostics::{Code, Diagnostic};
use crate::source::Span;
use crate::syntax::ast::{Expr, KeyItem, Pattern, PatternKind, Window};
use pest::iterators::Pair;

/// An operator between operands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Then,
    With,
    NotFollowed,
    NotPreceded,
}

/// The parts of a pattern without parentheses.
#[derive(Default)]
struct Parts {
    operands: Vec<Pattern>,
    ops: Vec<(Op, Span)>,
    /// The place of `grouped by`.
    grouped: Option<Span>,
    /// The places of `within`, `over`, `by` and `having`, as far as written.
    within: Option<(Expr, Span)>,
    over: Option<(Expr, Span)>,
    by: Option<(Vec<KeyItem>, Span)>,
    having: Option<(Expr, Span)>,
}

impl Builder {
    /// A pattern. The grammar's parentheses bound its depth.
    pub(super) fn pattern(&mut self, pair: Pair<'_, Rule>) -> Option<Pattern> {
        let span = self.span(&pair);
        let mut parts = Parts::default();
        for part in Children::of(pair) {
            self.pattern_part(part, &mut parts)?;
        }
        let kind = self.assemble(parts)?;
        Some(Pattern { kind, span })
    }

    fn pattern_part(&mut self, pair: Pair<'_, Rule>, parts: &mut Parts) -> Option<()> {
        let span = self.span(&pair);
        let rule = pair.as_rule();
        let mut children = Children::of(pair.clone());
        match rule {
            Rule::step => {
                let op = children.next_of(Rule::pattern_op)?;
                self.check_order(&op, parts);
                parts.ops.push(self.pattern_op(op)?);
                parts.operands.push(self.pattern_operand(children.next()?)?);
            }
            Rule::grouped => {
                self.once("grouped by", parts.grouped, span);
                parts.grouped = Some(span);
                if let Some(keys) = children.next_of(Rule::keys) {
                    self.once("by", parts.by.as_ref().map(|(_, span)| *span), span);
                    parts.by = Some((self.keys(keys)?, span));
                }
            }
            Rule::by => {
                self.once("by", parts.by.as_ref().map(|(_, span)| *span), span);
                parts.by = Some((self.keys(children.next_of(Rule::keys)?)?, span));
            }
            Rule::within | Rule::over | Rule::having => {
                let (slot, word) = match rule {
                    Rule::within => (&mut parts.within, "within"),
                    Rule::over => (&mut parts.over, "over"),
                    _ => (&mut parts.having, "having"),
                };
                self.once(word, slot.as_ref().map(|(_, span)| *span), span);
                *slot = Some((self.expr(children.next_of(Rule::expr)?)?, span));
            }
            _ => parts.operands.push(self.pattern_operand(pair)?),
        }
        Some(())
    }

    fn pattern_operand(&mut self, pair: Pair<'_, Rule>) -> Option<Pattern> {
        let span = self.span(&pair);
        let inner = Children::of(pair).next()?;
        let kind = match inner.as_rule() {
            Rule::paren_pattern => PatternKind::Paren(Box::new(self.pattern(Children::of(inner).next()?)?)),
            _ => PatternKind::Event(self.ident(&inner).value),
        };
        Some(Pattern { kind, span })
    }

    fn pattern_op(&mut self, pair: Pair<'_, Rule>) -> Option<(Op, Span)> {
        let span = self.span(&pair);
        let words: Vec<Rule> = pair.into_inner().map(|word| word.as_rule()).collect();
        let op = match words.as_slice() {
            [Rule::kw_then] => Op::Then,
            [Rule::kw_with] => Op::With,
            [Rule::kw_not, Rule::kw_followed, ..] => Op::NotFollowed,
            [Rule::kw_not, ..] => Op::NotPreceded,
            _ => {
                let found = Diagnostic::new(Code::Syntax, "`followed by` is no operator of the language", span);
                self.report(found.label("the operator is `then`").fix(span, "then", "write `then`"));
                Op::Then
            }
        };
        Some((op, span))
    }

    /// Refuses an operand after the window or keys of those before it.
    fn check_order(&mut self, op: &Pair<'_, Rule>, parts: &Parts) {
        let ends = [
            parts.within.as_ref().map(|(_, span)| *span),
            parts.over.as_ref().map(|(_, span)| *span),
            parts.by.as_ref().filter(|_| parts.grouped.is_none()).map(|(_, span)| *span),
            parts.having.as_ref().map(|(_, span)| *span),
        ];
        if let Some(end) = ends.into_iter().flatten().next() {
            let span = self.span(op);
            let found = Diagnostic::new(Code::Syntax, "an operand after the window or keys of a pattern", span)
                .label("put the pattern before it in parentheses")
                .also(end, "the pattern ends here");
            self.report(found);
        }
    }

    fn keys(&mut self, pair: Pair<'_, Rule>) -> Option<Vec<KeyItem>> {
        Children::of(pair)
            .map(|key| {
                let span = self.span(&key);
                let fields = Children::of(key).map(|field| self.name(&field)).collect();
                Some(KeyItem { fields, span })
            })
            .collect()
    }

    fn once(&mut self, word: &str, first: Option<Span>, second: Span) {
        if let Some(first) = first {
            let found = Diagnostic::new(Code::Syntax, format!("`{word}` stands twice"), second);
            self.report(found.label("leave one of them out").also(first, "the first one"));
        }
    }

    fn assemble(&mut self, parts: Parts) -> Option<PatternKind> {
        let Parts { mut operands, ops, grouped, within, over, by, having } = parts;
        let mixed = match (ops.split_first(), grouped) {
            (Some((first, rest)), None) => {
                let pairwise = matches!(first.0, Op::NotFollowed | Op::NotPreceded);
                rest.iter().find(|(op, _)| pairwise || *op != first.0).map(|(_, span)| *span)
            }
            (Some((first, _)), Some(grouped)) => Some(if first.1.start > grouped.start { first.1 } else { grouped }),
            (None, _) => None,
        };
        if let Some(span) = mixed {
            return Some(PatternKind::Mixed(operands, span));
        }
        if grouped.is_some() {
            self.misplaced(within.as_ref().map(|(_, span)| *span), "within", "a group has `over`");
            let window = Window { within: over.or(within).map(|(expr, _)| expr), by: by.map(|(keys, _)| keys) };
            let condition = having.map(|(expr, _)| Box::new(expr));
            return Some(PatternKind::Grouped(Box::new(operands.pop()?), window, condition));
        }
        self.misplaced(having.as_ref().map(|(_, span)| *span), "having", "only `grouped by` takes it");
        self.misplaced(over.as_ref().map(|(_, span)| *span), "over", "here the window is `within`");
        let Some((op, _)) = ops.first() else {
            self.misplaced(within.as_ref().map(|(_, span)| *span), "within", "one event has no window");
            self.misplaced(by.as_ref().map(|(_, span)| *span), "by", "one event has no keys");
            return operands.pop().map(|pattern| pattern.kind);
        };
        let window = Window { within: within.or(over).map(|(expr, _)| expr), by: by.map(|(keys, _)| keys) };
        Some(match op {
            Op::Then => PatternKind::Then(operands, window),
            Op::With => PatternKind::With(operands, window),
            Op::NotFollowed | Op::NotPreceded => {
                let absent = Box::new(operands.pop()?);
                let kept = Box::new(operands.pop()?);
                match op {
                    Op::NotFollowed => PatternKind::NotFollowed(kept, absent, window),
                    Op::Then | Op::With | Op::NotPreceded => PatternKind::NotPreceded(kept, absent, window),
                }
            }
        })
    }

    fn misplaced(&mut self, span: Option<Span>, word: &str, why: &str) {
        if let Some(span) = span {
            self.refuse(format!("`{word}` does not belong to this pattern"), span, why);
        }
    }
}
