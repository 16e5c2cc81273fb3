//! Expressions: operands from the grammar, precedence from here.
//!
//! From the loosest: `or`, `and`, `not`, comparisons (which do not chain), `+ -`, `* /`, unary minus. A chain of `and`
//! or `or` is built as a balanced tree, so that a list of a thousand alternatives is no deeper than ten.

use super::build::{Builder, Children, too_deep};
use super::grammar::Rule;
use crate::diagnostics::{Code, Diagnostic};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{BinaryExpr, BinaryOp, CaseWord, Expr, ExprKind, Ident, ListItem, UnaryOp};
use crate::syntax::lex;
use pest::iterators::Pair;
use std::collections::VecDeque;

/// An expression and how deep it is.
struct Tree {
    expr: Expr,
    depth: usize,
}

/// A part of a flat expression.
enum Part {
    Prefix(UnaryOp, Span),
    Operand(Tree),
    Infix(Infix),
}

/// An operator between two operands.
struct Infix {
    op: Spanned<BinaryOp>,
    case: Option<Spanned<CaseWord>>,
    /// Written `x not in y`: already reported, and built as `not x in y`.
    negated: bool,
}

/// How tightly an operator binds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Or,
    And,
    Not,
    Comparison,
    Sum,
    Product,
    Sign,
}

impl Builder {
    /// An expression.
    pub(super) fn expr(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        self.tree(pair).map(|tree| tree.expr)
    }

    /// An expression in parentheses.
    pub(super) fn paren(&mut self, pair: Pair<'_, Rule>) -> Option<Expr> {
        self.paren_tree(pair).map(|tree| tree.expr)
    }

    /// A name with its dots; by itself it may not be a reserved word.
    pub(super) fn name(&mut self, pair: &Pair<'_, Rule>) -> Ident {
        self.ident(pair)
    }

    fn tree(&mut self, pair: Pair<'_, Rule>) -> Option<Tree> {
        let text = pair.as_str();
        let base = pair.as_span().start();
        let mut parts = VecDeque::new();
        let mut prefixes = 0;
        // Where the left side of the comparison at hand begins, for the fix of `x not in y`.
        let mut side = 0;
        let mut compared = false;
        for part in Children::of(pair) {
            let start = part.as_span().start() - base;
            if side == usize::MAX {
                side = start;
            }
            match part.as_rule() {
                Rule::prefix => {
                    prefixes += 1;
                    if prefixes > lex::MAX_DEPTH {
                        self.report(too_deep(self.span(&part)));
                        return None;
                    }
                    let (op, span) = self.prefix(part);
                    if op == UnaryOp::Not {
                        side = usize::MAX;
                    }
                    parts.push_back(Part::Prefix(op, span));
                }
                Rule::infix => {
                    let infix = self.infix(part, text.get(side..start).unwrap_or_default())?;
                    compared = self.check_chain(&infix, compared)?;
                    if level(infix.op.value) <= Level::And {
                        side = usize::MAX;
                    }
                    prefixes = 0;
                    parts.push_back(Part::Infix(infix));
                }
                _ => parts.push_back(Part::Operand(self.operand(part)?)),
            }
        }
        Climber { builder: self, parts }.climb(Level::Or)
    }

    /// Whether the operand after an operator is the right side of a comparison; refuses a second comparison there.
    fn check_chain(&mut self, infix: &Infix, compared: bool) -> Option<bool> {
        let at = level(infix.op.value);
        if at == Level::Comparison && compared {
            self.refuse("comparisons do not chain", infix.op.span, "join two comparisons with `and`");
            return None;
        }
        Some(at > Level::And && (compared || at == Level::Comparison))
    }

    fn prefix(&mut self, pair: Pair<'_, Rule>) -> (UnaryOp, Span) {
        let span = self.span_of_token(&pair);
        match pair.as_str() {
            "-" => (UnaryOp::Neg, span),
            "!" => {
                self.report(foreign("!", "not", span).fix(span, "not ", "write `not`"));
                (UnaryOp::Not, span)
            }
            _ => (UnaryOp::Not, span),
        }
    }

    /// An operator; `left` is the text of what it compares, for the fix of `x not in y`.
    fn infix(&mut self, pair: Pair<'_, Rule>, left: &str) -> Option<Infix> {
        let whole = self.span(&pair);
        let (mut op, mut cased, mut nocase, mut negated) = (None, None, None, None);
        for part in pair.into_inner() {
            let span = self.span_of_token(&part);
            match part.as_rule() {
                Rule::kw_not => negated = Some(span),
                Rule::kw_cased => cased = Some(Spanned::new(CaseWord::Cased, span)),
                Rule::kw_nocase => nocase = Some(Spanned::new(CaseWord::NoCase, span)),
                _ => op = Some((Spanned::new(self.operator(part.as_str(), span)?, span), part.as_str())),
            }
        }
        let (op, written) = op?;
        self.check_case(&op, cased.as_ref(), nocase.as_ref());
        if negated.is_some() {
            let words = if cased.is_some() { format!("cased {written}") } else { written.to_owned() };
            let words = if nocase.is_some() { format!("{words} nocase") } else { words };
            let place = Span { start: whole.start.saturating_sub(u32::try_from(left.len()).unwrap_or(0)), ..whole };
            let found = Diagnostic::new(Code::Syntax, "`not` stands before the comparison, not in it", whole)
                .label(format!("write `not x {words} y`"));
            self.report(if left.contains("//") {
                found
            } else {
                found.fix(place, format!("not {} {words}", left.trim_end()), "move `not` to the front")
            });
        }
        Some(Infix { op, case: cased.or(nocase), negated: negated.is_some() })
    }

    /// The operator written so; one of another language is reported and stands for ours.
    fn operator(&mut self, written: &str, span: Span) -> Option<BinaryOp> {
        let (op, ours) = match written {
            "&&" => (BinaryOp::And, "and"),
            "||" => (BinaryOp::Or, "or"),
            "=" => (BinaryOp::Eq, "=="),
            _ => return binary_op(written),
        };
        self.report(foreign(written, ours, span).fix(span, ours, format!("write `{ours}`")));
        Some(op)
    }

    fn check_case(
        &mut self,
        op: &Spanned<BinaryOp>,
        cased: Option<&Spanned<CaseWord>>,
        nocase: Option<&Spanned<CaseWord>>,
    ) {
        if let (Some(cased), Some(_)) = (cased, nocase) {
            self.refuse("both `cased` and `nocase`", cased.span, "leave one of them out");
        }
        if let Some(nocase) = nocase
            && op.value != BinaryOp::Matches
        {
            self.refuse(
                "`nocase` after another operator than `matches`",
                nocase.span,
                "the others ignore case by themselves",
            );
        }
    }

    fn operand(&mut self, pair: Pair<'_, Rule>) -> Option<Tree> {
        let span = self.span(&pair);
        let inner = Children::of(pair).next()?;
        match inner.as_rule() {
            Rule::string => leaf(ExprKind::String(self.string(&inner).value), span),
            Rule::number => leaf(self.number(&inner)?, span),
            Rule::paren => self.paren_tree(inner),
            Rule::list => self.list(inner, span),
            Rule::record => self.record(inner, span),
            Rule::presence => self.presence(inner, span),
            _ => self.reference(inner, span),
        }
    }

    fn paren_tree(&mut self, pair: Pair<'_, Rule>) -> Option<Tree> {
        let span = self.span(&pair);
        let inner = self.tree(Children::of(pair).next()?)?;
        self.node(ExprKind::Paren(Box::new(inner.expr)), span, inner.depth)
    }

    fn list(&mut self, pair: Pair<'_, Rule>, span: Span) -> Option<Tree> {
        let mut items = Vec::new();
        let mut deepest = 0;
        for item in Children::of(pair) {
            let (item, depth) = self.list_item(item)?;
            deepest = deepest.max(depth);
            items.push(item);
        }
        items.shrink_to_fit();
        self.node(ExprKind::List(items), span, deepest)
    }

    fn list_item(&mut self, pair: Pair<'_, Rule>) -> Option<(ListItem, usize)> {
        let mut children = Children::of(pair);
        let mut value = self.tree(children.next_of(Rule::expr)?)?;
        if let Some(high) = children.next_of(Rule::expr) {
            let high = self.tree(high)?;
            let span = value.expr.span.to(high.expr.span);
            let depth = value.depth.max(high.depth);
            value = self.node(ExprKind::Range(Box::new(value.expr), Box::new(high.expr)), span, depth)?;
        }
        let label = children.next_of(Rule::string).map(|label| self.string(&label));
        if let Some(label) = &label
            && matches!(value.expr.kind, ExprKind::String(_))
        {
            let gap = Span { end: value.expr.span.end, start: value.expr.span.end, ..label.span };
            let found = Diagnostic::new(Code::Syntax, "expected `,` between two strings", label.span);
            self.report(found.label("a second string").fix(gap, ",", "put a comma between them"));
        }
        Some((ListItem { value: value.expr, label }, value.depth))
    }

    fn record(&mut self, pair: Pair<'_, Rule>, span: Span) -> Option<Tree> {
        let mut entries = Vec::new();
        let mut deepest = 0;
        for entry in Children::of(pair) {
            let mut children = Children::of(entry);
            let name = self.word(&children.next_of(Rule::ident)?);
            let value = self.tree(children.next_of(Rule::expr)?)?;
            deepest = deepest.max(value.depth);
            entries.push((name, value.expr));
        }
        self.node(ExprKind::Record(entries), span, deepest)
    }

    fn presence(&mut self, pair: Pair<'_, Rule>, span: Span) -> Option<Tree> {
        let mut children = Children::of(pair);
        let op = if children.next_of(Rule::presence_word)?.as_str() == "exists" {
            UnaryOp::Exists
        } else {
            UnaryOp::Missing
        };
        let name = self.name(&children.next_of(Rule::name)?);
        let field = Expr { kind: ExprKind::Name(name.value), span: name.span };
        self.node(ExprKind::Unary(op, Box::new(field)), span, 1)
    }

    fn reference(&mut self, pair: Pair<'_, Rule>, span: Span) -> Option<Tree> {
        let mut children = Children::of(pair);
        let name = children.next_of(Rule::operand_name)?;
        let Some(arguments) = children.next_of(Rule::arguments) else {
            return match name.as_str() {
                "true" => leaf(ExprKind::Bool(true), span),
                "false" => leaf(ExprKind::Bool(false), span),
                _ => leaf(ExprKind::Name(self.name(&name).value), span),
            };
        };
        let mut values = Vec::new();
        let mut deepest = 0;
        let call_span = self.span(&name).to(self.span(&arguments));
        for argument in Children::of(arguments) {
            let argument = self.tree(argument)?;
            deepest = deepest.max(argument.depth);
            values.push(argument.expr);
        }
        let name = self.name(&name);
        let call = self.node(ExprKind::Call(name, values), call_span, deepest)?;
        match children.next_of(Rule::ident) {
            Some(alias) => {
                let alias = self.ident(&alias);
                self.node(ExprKind::Named(Box::new(call.expr), alias), span, call.depth)
            }
            None => Some(call),
        }
    }

    fn node(&mut self, kind: ExprKind, span: Span, below: usize) -> Option<Tree> {
        let depth = self.deeper(below, span)?;
        Some(Tree { expr: Expr { kind, span }, depth })
    }
}

/// Turns a flat expression into a tree.
struct Climber<'b> {
    builder: &'b mut Builder,
    parts: VecDeque<Part>,
}

impl Climber<'_> {
    /// The expression at the head whose operators all bind at least as tightly as `least`.
    fn climb(&mut self, least: Level) -> Option<Tree> {
        let mut left = self.head(least)?;
        while let Some(at) = self.next_level().filter(|at| *at >= least) {
            left = if at <= Level::And { self.chain(left, at)? } else { self.binary(left, at)? };
        }
        Some(left)
    }

    fn head(&mut self, least: Level) -> Option<Tree> {
        match self.parts.pop_front()? {
            Part::Operand(tree) => Some(tree),
            Part::Infix(_) => None,
            Part::Prefix(UnaryOp::Not, span) if least > Level::Not => {
                self.builder.refuse("`not` after an operator needs parentheses", span, "write `(not …)`");
                None
            }
            Part::Prefix(op, span) => {
                let operand = self.climb(if op == UnaryOp::Not { Level::Not } else { Level::Sign })?;
                let span = span.to(operand.expr.span);
                let depth = self.builder.deeper(operand.depth, span)?;
                let expr = match op {
                    UnaryOp::Neg => negated(operand.expr, span),
                    UnaryOp::Not | UnaryOp::Exists | UnaryOp::Missing => {
                        Expr { kind: ExprKind::Unary(op, Box::new(operand.expr)), span }
                    }
                };
                Some(Tree { expr, depth })
            }
        }
    }

    fn next_level(&self) -> Option<Level> {
        match self.parts.front()? {
            Part::Infix(infix) => Some(level(infix.op.value)),
            Part::Prefix(..) | Part::Operand(_) => None,
        }
    }

    fn infix(&mut self) -> Option<Infix> {
        match self.parts.pop_front()? {
            Part::Infix(infix) => Some(infix),
            Part::Prefix(..) | Part::Operand(_) => None,
        }
    }

    /// `left` and all that `and`, or all that `or`, joins to it.
    fn chain(&mut self, left: Tree, at: Level) -> Option<Tree> {
        let mut terms = VecDeque::from([left]);
        let mut ops = VecDeque::new();
        while self.next_level() == Some(at) {
            ops.push_back(self.infix()?);
            terms.push_back(self.climb(if at == Level::Or { Level::And } else { Level::Not })?);
        }
        let count = terms.len();
        self.balance(&mut terms, &mut ops, count)
    }

    /// A tree of the next `count` terms.
    fn balance(&mut self, terms: &mut VecDeque<Tree>, ops: &mut VecDeque<Infix>, count: usize) -> Option<Tree> {
        if count < 2 {
            return terms.pop_front();
        }
        let left = self.balance(terms, ops, count / 2)?;
        let infix = ops.pop_front()?;
        let right = self.balance(terms, ops, count - count / 2)?;
        self.join(left, infix, right)
    }

    fn binary(&mut self, left: Tree, at: Level) -> Option<Tree> {
        let infix = self.infix()?;
        let tighter = match at {
            Level::Or | Level::And | Level::Not | Level::Comparison => Level::Sum,
            Level::Sum => Level::Product,
            Level::Product | Level::Sign => Level::Sign,
        };
        let right = self.climb(tighter)?;
        self.join(left, infix, right)
    }

    fn join(&mut self, left: Tree, infix: Infix, right: Tree) -> Option<Tree> {
        let span = left.expr.span.to(right.expr.span);
        let depth = left.depth.max(right.depth);
        let Infix { op, case, negated } = infix;
        let pair = BinaryExpr { left: left.expr, op, case, right: right.expr };
        let tree = self.builder.node(ExprKind::Binary(Box::new(pair)), span, depth)?;
        if !negated {
            return Some(tree);
        }
        self.builder.node(ExprKind::Unary(UnaryOp::Not, Box::new(tree.expr)), span, tree.depth)
    }
}

/// The negative of a number, or a minus before anything else.
pub(super) fn negated(operand: Expr, span: Span) -> Expr {
    let kind = match operand.kind {
        ExprKind::Int(value) => ExprKind::Int(value.saturating_neg()),
        ExprKind::Float(value) => ExprKind::Float(-value),
        ExprKind::Duration(value) => ExprKind::Duration(value.saturating_neg()),
        _ => ExprKind::Unary(UnaryOp::Neg, Box::new(operand)),
    };
    Expr { kind, span }
}

fn leaf(kind: ExprKind, span: Span) -> Option<Tree> {
    Some(Tree { expr: Expr { kind, span }, depth: 1 })
}

const fn level(op: BinaryOp) -> Level {
    match op {
        BinaryOp::Or => Level::Or,
        BinaryOp::And => Level::And,
        BinaryOp::Eq
        | BinaryOp::Ne
        | BinaryOp::Lt
        | BinaryOp::Le
        | BinaryOp::Gt
        | BinaryOp::Ge
        | BinaryOp::In
        | BinaryOp::Like
        | BinaryOp::Contains
        | BinaryOp::StartsWith
        | BinaryOp::EndsWith
        | BinaryOp::Matches => Level::Comparison,
        BinaryOp::Add | BinaryOp::Sub => Level::Sum,
        BinaryOp::Mul | BinaryOp::Div => Level::Product,
    }
}

fn binary_op(written: &str) -> Option<BinaryOp> {
    Some(match written {
        "or" => BinaryOp::Or,
        "and" => BinaryOp::And,
        "==" => BinaryOp::Eq,
        "!=" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        "<=" => BinaryOp::Le,
        ">" => BinaryOp::Gt,
        ">=" => BinaryOp::Ge,
        "in" => BinaryOp::In,
        "like" => BinaryOp::Like,
        "contains" => BinaryOp::Contains,
        "startswith" => BinaryOp::StartsWith,
        "endswith" => BinaryOp::EndsWith,
        "matches" => BinaryOp::Matches,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        _ => return None,
    })
}

fn foreign(written: &str, ours: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::Syntax, format!("`{written}` is no operator of the language"), span)
        .label(format!("the operator is `{ours}`"))
}
