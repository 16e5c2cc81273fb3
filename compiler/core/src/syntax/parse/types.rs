//! Types and their bounds.

use super::build::{Builder, Children};
use super::grammar::Rule;
use crate::source::Spanned;
use crate::syntax::ast::{Bound, BoundKind, Expr, ExprKind, RecordField, Type, TypeKind};
use pest::iterators::Pair;

impl Builder {
    /// A type. The grammar's brackets bound its depth.
    pub(super) fn ty(&mut self, pair: Pair<'_, Rule>) -> Option<Type> {
        let span = self.span(&pair);
        let inner = Children::of(pair).next()?;
        let kind = match inner.as_rule() {
            Rule::type_list => {
                let element = Children::of(inner).next()?;
                TypeKind::List(Box::new(self.ty(element)?))
            }
            Rule::type_enum => TypeKind::Enum(
                Children::of(inner)
                    .map(|value| Spanned::new(value.as_str().to_owned(), self.span_of_token(&value)))
                    .collect(),
            ),
            Rule::type_record => {
                TypeKind::Record(Children::of(inner).map(|field| self.record_field(field)).collect::<Option<_>>()?)
            }
            _ => TypeKind::Named(inner.as_str().to_owned()),
        };
        Some(Type { kind, span })
    }

    fn record_field(&mut self, pair: Pair<'_, Rule>) -> Option<RecordField> {
        let mut children = Children::of(pair);
        let doc = children.doc();
        let name = self.word(&children.next_of(Rule::ident)?);
        let ty = self.ty(children.next_of(Rule::r#type)?)?;
        let bound = match children.next_of(Rule::bound) {
            Some(bound) => Some(Box::new(self.bound(bound)?)),
            None => None,
        };
        let default = self.expr(children.next_of(Rule::expr)?)?;
        Some(RecordField { doc, name, ty, bound, default })
    }

    /// `in a..b`, `with len a..b`.
    pub(super) fn bound(&mut self, pair: Pair<'_, Rule>) -> Option<Bound> {
        let span = self.span(&pair);
        let mut kind = BoundKind::Value;
        let mut ends = [None, None];
        let mut after_dots = false;
        for part in pair.into_inner() {
            match part.as_rule() {
                Rule::kw_with => kind = BoundKind::Length,
                Rule::dots => after_dots = true,
                Rule::bound_end => {
                    let end = self.bound_end(part)?;
                    if let Some(slot) = ends.get_mut(usize::from(after_dots)) {
                        *slot = Some(end);
                    }
                }
                _ => {}
            }
        }
        let [low, high] = ends;
        if low.is_none() && high.is_none() {
            self.refuse("a bound without ends", span, "write at least one end, such as `1..`");
        }
        Some(Bound { kind, low, high, span })
    }

    fn bound_end(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        let span = self.span(&pair);
        let mut children = Children::of(pair);
        let negative = children.next_of(Rule::minus).is_some();
        let value = children.next()?;
        let value_span = self.span(&value);
        let kind = match value.as_rule() {
            Rule::number => self.number(&value)?,
            Rule::string => ExprKind::String(self.string(&value).value),
            Rule::paren => return self.negate(negative, value, span),
            _ => ExprKind::Name(self.name(&value).value),
        };
        let value = Expr { kind, span: value_span };
        Some(if negative { super::exprs::negated(value, span) } else { value })
    }

    fn negate(&mut self, negative: bool, paren: Pair<'_, Rule>, span: crate::source::Span) -> Option<Expr> {
        let value = self.paren(paren)?;
        Some(if negative { super::exprs::negated(value, span) } else { value })
    }
}
