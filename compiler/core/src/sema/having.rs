//! The condition of a `grouped` pattern: comparisons of aggregates, arithmetic and constants.

use std::cell::RefCell;

use super::arithmetic::{self, CompareOp, Leaves, Side, general};
use super::conditions::{is_aggregate, operands};
use super::rows::Draft;
use super::table::{Table, duplicate};
use super::{Env, values};
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::plan::{Aggregate, Class, Comparison, EventId, Expr, ExprKind, Field, Having, Logic, Order, Type};
use crate::source::Spanned;
use crate::syntax::ast::{self, BinaryOp, UnaryOp};

/// Aggregates that became fields of the row, by name.
type Named = Vec<(String, Aggregate)>;

/// The plan's form of the condition, and the aggregates that it names; those are added to the draft.
pub(super) fn lower(draft: &mut Draft<'_, '_>, event: EventId, expr: &ast::Expr) -> Option<(Having, Named)> {
    let bound = draft.events.get(event.0)?;
    let aggregates = Aggregates { event: &bound.name, class: &bound.class, named: RefCell::default() };
    let having = condition(draft.table, &Env::constants(draft.scope), &aggregates, expr)?;
    if matches!(having, Logic::Const(_)) {
        let title = "the condition does not depend on the group";
        return draft.table.fail(Diagnostic::new(Code::BadHaving, title, expr.span));
    }
    let named = aggregates.named.into_inner();
    let fields = named.iter().map(|(name, aggregate, ty)| (event, name.clone(), aggregate.clone(), ty.clone()));
    draft.named.extend(fields);
    Some((having, named.into_iter().map(|(name, aggregate, _)| (name, aggregate)).collect()))
}

/// The aggregates of one event's groups.
struct Aggregates<'g> {
    event: &'g str,
    class: &'g Class,
    named: RefCell<Vec<(String, Aggregate, Type)>>,
}

fn condition(table: &Table<'_>, env: &Env<'_>, leaves: &Aggregates<'_>, expr: &ast::Expr) -> Option<Having> {
    use ast::ExprKind as Kind;
    let inner = |e: &ast::Expr| condition(table, env, leaves, e);
    match &expr.kind {
        Kind::Paren(paren) => inner(paren),
        Kind::Unary(UnaryOp::Not, negated) => inner(negated).map(Having::not),
        Kind::Binary(binary) => match (binary.op.value, CompareOp::of(binary.op.value)) {
            (BinaryOp::And, _) => operands(expr, BinaryOp::And, inner).map(Having::and),
            (BinaryOp::Or, _) => operands(expr, BinaryOp::Or, inner).map(Having::or),
            (_, Some(op)) => comparison(table, env, leaves, binary, op),
            (_, None) => refuse(table, expr),
        },
        _ => refuse(table, expr),
    }
}

fn refuse<T>(table: &Table<'_>, expr: &ast::Expr) -> Option<T> {
    let title = "after `having` stand comparisons of aggregates";
    let help = "such as `count() >= 5 and distinct(user.name) > 3`";
    table.fail(Diagnostic::new(Code::BadHaving, title, expr.span).help(help))
}

fn comparison(
    table: &Table<'_>,
    env: &Env<'_>,
    leaves: &Aggregates<'_>,
    binary: &ast::BinaryExpr,
    op: CompareOp,
) -> Option<Having> {
    if let Some(word) = &binary.case {
        return table.fail(Diagnostic::new(Code::BadOperator, "aggregates are numbers and have no case", word.span));
    }
    let left = arithmetic::side(table, env, leaves, &binary.left);
    let right = arithmetic::side(table, env, leaves, &binary.right);
    let result = arithmetic::compare(table, left?, Spanned::new(op, binary.op.span), false, right?)?;
    Some(match result {
        // A missing aggregate is neither equal nor different: `<` or `>` says so.
        Logic::Not(inner) => match *inner {
            Logic::Atom(c) => {
                let less = Comparison { op: Order::Lt, ..c.clone() };
                Logic::or([Logic::Atom(less), Logic::Atom(Comparison { op: Order::Gt, ..c })])
            }
            other => Logic::not(other),
        },
        other => other,
    })
}

impl Leaves for Aggregates<'_> {
    type Leaf = Aggregate;

    fn leaf(&self, table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr) -> Option<Side<Aggregate>> {
        match &expr.kind {
            ast::ExprKind::Call(name, args) => self.aggregate(table, name, args, expr),
            ast::ExprKind::Named(inner, name) => self.name(table, env, inner, name),
            ast::ExprKind::Name(name) => {
                let named = self.named.borrow().iter().find(|(n, ..)| n == name).cloned();
                if let Some((_, aggregate, ty)) = named {
                    return Some(Side::Tree(Expr { kind: ExprKind::Leaf(aggregate), ty }));
                }
                if self.class.fields.contains_key(name) {
                    let title = format!("a group has many values of `{name}`");
                    let help = format!("aggregate them, such as `max({name})`");
                    return table.fail(Diagnostic::new(Code::BadHaving, title, expr.span).help(help));
                }
                values::infer(table, env, expr).map(Side::Const)
            }
            _ => values::infer(table, env, expr).map(Side::Const),
        }
    }
}

impl Aggregates<'_> {
    /// `aggregate as name`.
    fn name(&self, table: &Table<'_>, env: &Env<'_>, inner: &ast::Expr, name: &ast::Ident) -> Option<Side<Aggregate>> {
        let side = self.leaf(table, env, inner)?;
        let Side::Tree(Expr { kind: ExprKind::Leaf(aggregate), ty }) = &side else {
            return table.fail(Diagnostic::new(Code::BadHaving, "only an aggregate can be given a name", name.span));
        };
        if name.value == self.event || self.class.fields.contains_key(&name.value) {
            let title = format!("`{}` is already a name in this row", name.value);
            return table.fail(Diagnostic::new(Code::ReservedName, title, name.span));
        }
        table.refuse_reserved(name, "aggregate");
        if self.named.borrow().iter().any(|(n, ..)| *n == name.value) {
            return table.fail(duplicate(&name.value, name.span, None));
        }
        self.named.borrow_mut().push((name.value.clone(), aggregate.clone(), ty.clone()));
        Some(side)
    }

    fn aggregate(
        &self,
        table: &Table<'_>,
        name: &ast::Ident,
        args: &[ast::Expr],
        expr: &ast::Expr,
    ) -> Option<Side<Aggregate>> {
        if !is_aggregate(&name.value) {
            let known = ["count", "distinct", "sum", "min", "max", "avg"];
            let title = format!("there is no aggregate `{}`", name.value);
            let hint = suggest::did_you_mean(&name.value, known);
            return table.fail(Diagnostic::new(Code::UnknownFunction, title, name.span).maybe_help(hint));
        }
        let wanted = usize::from(name.value != "count");
        if args.len() != wanted {
            let what = if wanted == 0 { "no field" } else { "one field" };
            let title = format!("`{}` takes {what}", name.value);
            return table.fail(Diagnostic::new(Code::WrongArity, title, expr.span));
        }
        let (aggregate, ty) = match args.first() {
            None => (Aggregate::Count, Type::Int),
            Some(arg) => of_field(table, &name.value, self.field(table, arg)?, arg)?,
        };
        Some(Side::Tree(Expr { kind: ExprKind::Leaf(aggregate), ty }))
    }

    /// The field that an aggregate is of.
    fn field(&self, table: &Table<'_>, arg: &ast::Expr) -> Option<Field> {
        let ast::ExprKind::Name(name) = &arg.kind else {
            return table.fail(Diagnostic::new(Code::BadHaving, "an aggregate is of one field", arg.span));
        };
        let own = name.strip_prefix(self.event).and_then(|rest| rest.strip_prefix('.')).unwrap_or(name);
        self.class.fields.get(own).map(|(field, _)| field.clone()).or_else(|| {
            let title = format!("`{}` has no field `{own}`", self.class.name);
            let hint = suggest::did_you_mean(own, self.class.fields.keys().map(String::as_str));
            table.fail(Diagnostic::new(Code::UnknownField, title, arg.span).maybe_help(hint))
        })
    }
}

fn of_field(table: &Table<'_>, name: &str, field: Field, arg: &ast::Expr) -> Option<(Aggregate, Type)> {
    let ty = general(&field.ty);
    if name == "distinct" {
        return Some((Aggregate::Distinct(field), Type::Int));
    }
    if !(ty.is_number() || ty == Type::Duration) {
        let title = format!("`{name}` is of numbers and durations, and `{}` is of type `{}`", field.name, field.ty);
        return table.fail(Diagnostic::new(Code::BadHaving, title, arg.span));
    }
    Some(match name {
        "sum" => (Aggregate::Sum(field), ty),
        "min" => (Aggregate::Min(field), ty),
        "max" => (Aggregate::Max(field), ty),
        _ => (Aggregate::Avg(field), if ty == Type::Int { Type::Float } else { ty }),
    })
}
