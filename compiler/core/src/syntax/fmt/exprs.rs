//! Expressions and types.

use super::layout::Op;
use super::printer::Printer;
use crate::syntax::ast::{BinaryExpr, BinaryOp, Bound, Expr, ExprKind, RecordField, Type, TypeKind, UnaryOp};

impl Printer<'_> {
    /// An expression.
    pub(super) fn expr(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Int(_) | ExprKind::Float(_) | ExprKind::Duration(_) => self.tight_until(expr.span.range().end),
            ExprKind::Bool(_) | ExprKind::String(_) | ExprKind::Name(_) => self.leaf(expr.span),
            ExprKind::List(items) => self.bracketed("", items, |p, item| {
                p.expr(&item.value);
                if let Some(label) = &item.label {
                    p.op(Op::Space);
                    p.leaf(label.span);
                }
            }),
            ExprKind::Record(entries) => self.bracketed(" ", entries, |p, (_, value)| {
                p.token();
                p.word();
                p.expr(value);
            }),
            ExprKind::Range(low, high) => {
                self.expr(low);
                self.token();
                self.expr(high);
            }
            ExprKind::Call(name, arguments) => {
                self.leaf(name.span);
                self.bracketed("", arguments, Self::expr);
            }
            ExprKind::Named(call, _) => {
                self.expr(call);
                self.then_word();
                self.then_word();
            }
            ExprKind::Unary(op, operand) => {
                self.token();
                if *op != UnaryOp::Neg {
                    self.op(Op::Space);
                }
                self.expr(operand);
            }
            ExprKind::Binary(binary) => self.binary(binary, 0),
            ExprKind::Paren(inner) => self.group(|p| {
                p.token();
                p.indented(4, |p| {
                    p.op(Op::Line(""));
                    p.expr(inner);
                    if p.has_own_comments() {
                        p.op(Op::Line(""));
                        p.own_comments();
                    }
                });
                p.op(Op::Line(""));
                p.token();
            }),
        }
    }

    /// `hang` is how far the lines after the first are moved in.
    fn binary(&mut self, binary: &BinaryExpr, hang: usize) {
        if !matches!(binary.op.value, BinaryOp::And | BinaryOp::Or) {
            self.expr(&binary.left);
            self.op(Op::Space);
            self.tokens_until(binary.right.span.range().start);
            self.op(Op::Space);
            return self.expr(&binary.right);
        }
        let mut terms = Vec::new();
        chain(&binary.left, binary.op.value, &mut terms);
        chain(&binary.right, binary.op.value, &mut terms);
        self.group(|p| {
            for (at, term) in terms.into_iter().enumerate() {
                p.op(Op::Indent(if at > 0 { hang } else { 0 }));
                if at > 0 {
                    p.op(Op::Line(" "));
                    p.word();
                }
                match &term.kind {
                    // A chain of `and` within one of `or` is moved in where it breaks.
                    ExprKind::Binary(inner) => p.binary(inner, 4),
                    _ => p.expr(term),
                }
                p.op(Op::Dedent(if at > 0 { hang } else { 0 }));
            }
        });
    }

    /// What stands after `=` or `where`: on the same line, or moved in on the next.
    pub(super) fn value(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::List(_) | ExprKind::Record(_) | ExprKind::Paren(_) | ExprKind::Call(..) => {
                self.op(Op::Space);
                self.expr(expr);
            }
            _ => self.body(expr),
        }
    }

    /// A condition after `=` or `where`.
    pub(super) fn body(&mut self, expr: &Expr) {
        self.op(Op::Open);
        self.indented(4, |p| {
            p.op(Op::Line(" "));
            p.expr(expr);
        });
        self.op(Op::Close);
    }

    /// A type.
    pub(super) fn ty(&mut self, ty: &Type) {
        match &ty.kind {
            TypeKind::Named(_) => self.leaf(ty.span),
            TypeKind::Enum(_) => self.tight_until(ty.span.range().end),
            TypeKind::List(element) => {
                self.token();
                self.token();
                self.ty(element);
                self.token();
            }
            TypeKind::Record(fields) => {
                self.word();
                self.bracketed(" ", fields, Self::record_field);
            }
        }
    }

    fn record_field(&mut self, field: &RecordField) {
        self.docs();
        self.token();
        self.word();
        self.ty(&field.ty);
        self.bound_and_assign(field.bound.as_deref());
        self.value(&field.default);
    }

    /// The bound, if there is one, and `=`.
    pub(super) fn bound_and_assign(&mut self, bound: Option<&Bound>) {
        if let Some(bound) = bound {
            self.op(Op::Space);
            let ends = [&bound.low, &bound.high];
            let first = ends.into_iter().flatten().next().map_or(bound.span.range().end, |end| end.span.range().start);
            while !self.at("..") && self.peek().is_some_and(|token| token.start < first) {
                self.word();
            }
            if let Some(low) = &bound.low {
                self.expr(low);
            }
            self.token();
            if let Some(high) = &bound.high {
                self.expr(high);
            }
        }
        self.then_word();
    }
}

/// The terms that `op` joins, left to right.
fn chain<'e>(expr: &'e Expr, op: BinaryOp, terms: &mut Vec<&'e Expr>) {
    match &expr.kind {
        ExprKind::Binary(binary) if binary.op.value == op => {
            chain(&binary.left, op, terms);
            chain(&binary.right, op, terms);
        }
        _ => terms.push(expr),
    }
}
