//! Conditions on one event: expressions to predicates of the plan. Calls of predicates are expanded where they stand.

use std::sync::Arc;

use super::arithmetic::{self, CompareOp, Leaves, Side};
use super::operators::{self, SetOp};
use super::table::{EntryKind, Lookup, Signature, Table, duplicate};
use super::values::{self, Const};
use super::{Env, regex, types};
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{
    Comparison, Expr, ExprKind, Field, Glob, Host, Logic, Order, PortRange, Pred, Test, TestKind, Type, Value,
};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, BinaryOp, CaseWord, UnaryOp};

/// How many calls one event's condition may expand to. Predicates that call each other twice double at every level.
const MAX_EXPANSIONS: u32 = 5_000;

/// The predicate that a condition is.
pub(super) fn condition(table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr) -> Option<Pred> {
    table.deeper(env.call.unwrap_or(expr.span), || read(table, env, expr))
}

fn read(table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr) -> Option<Pred> {
    use ast::ExprKind as Kind;
    match &expr.kind {
        Kind::Paren(inner) => condition(table, env, inner),
        Kind::Unary(UnaryOp::Not, inner) => condition(table, env, inner).map(Pred::not),
        Kind::Unary(UnaryOp::Exists, inner) => exists(table, env, inner, expr.span),
        Kind::Unary(UnaryOp::Missing, inner) => exists(table, env, inner, expr.span).map(Pred::not),
        Kind::Binary(binary) => match binary.op.value {
            BinaryOp::And => operands(expr, BinaryOp::And, |e| condition(table, env, e)).map(Pred::and),
            BinaryOp::Or => operands(expr, BinaryOp::Or, |e| condition(table, env, e)).map(Pred::or),
            _ => binary_test(table, env, binary, expr.span),
        },
        Kind::Call(name, args) => call(table, env, name, args, expr.span),
        Kind::Bool(b) => Some(Pred::Const(*b)),
        Kind::Name(_) => bare_name(table, env, expr),
        Kind::Int(_)
        | Kind::Float(_)
        | Kind::String(_)
        | Kind::Duration(_)
        | Kind::List(_)
        | Kind::Record(_)
        | Kind::Range(..)
        | Kind::Named(..)
        | Kind::Unary(UnaryOp::Neg, _) => {
            table.fail(Diagnostic::new(Code::WrongType, "a condition is needed here, and this is a value", expr.span))
        }
    }
}

/// The operands of a chain of one operator, found without recursion along the left spine, each passed through `read`. All
/// are read, so that every error is reported.
pub(super) fn operands<T>(
    expr: &ast::Expr,
    op: BinaryOp,
    mut read: impl FnMut(&ast::Expr) -> Option<T>,
) -> Option<Vec<T>> {
    let mut parts = Vec::new();
    let mut rest = expr;
    while let ast::ExprKind::Binary(binary) = &rest.kind {
        if binary.op.value != op {
            break;
        }
        parts.push(&binary.right);
        rest = &binary.left;
    }
    parts.push(rest);
    let read: Vec<Option<T>> = parts.into_iter().rev().map(&mut read).collect();
    read.into_iter().collect()
}

/// One test as a predicate.
pub(super) fn atom(env: &Env<'_>, kind: TestKind, span: Span) -> Pred {
    Pred::Atom(Test { kind, span, call: env.call.unwrap_or(span) })
}

/// The field that an expression names; none if it names no field.
fn field<'c>(env: &Env<'c>, expr: &ast::Expr) -> Option<&'c Field> {
    match &expr.kind {
        ast::ExprKind::Paren(inner) => field(env, inner),
        ast::ExprKind::Name(name) => env.class?.fields.get(name).map(|(field, _)| field),
        _ => None,
    }
}

fn exists(table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr, span: Span) -> Option<Pred> {
    if let Some(field) = field(env, expr) {
        return Some(atom(env, TestKind::Exists(field.clone()), span));
    }
    table.fail(match &expr.kind {
        ast::ExprKind::Name(name) if values::constant(table, env, name, expr.span).is_none() => {
            values::unknown(table, env, name, expr.span)
        }
        _ => Diagnostic::new(Code::WrongType, "only a field can be tested for its existence", expr.span),
    })
}

/// A name alone: a Boolean field or constant.
fn bare_name(table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr) -> Option<Pred> {
    match arithmetic::side(table, env, &Fields, expr)? {
        Side::Const(value) => match &*value.value {
            Value::Bool(b) => Some(Pred::Const(*b)),
            _ => {
                let title = format!("a condition is needed here, and this is a value of type `{}`", value.ty);
                table.fail(Diagnostic::new(Code::WrongType, title, expr.span))
            }
        },
        Side::Tree(Expr { kind: ExprKind::Leaf(field), ty: Type::Bool }) => {
            let yes = Const::literal(Value::Bool(true), Type::Bool, expr.span);
            operators::compare(
                table,
                env,
                &field,
                Spanned::new(CompareOp::Order(Order::Eq), expr.span),
                None,
                yes,
                expr.span,
            )
        }
        Side::Tree(tree) => {
            let title = format!("a condition is needed here, and this is a field of type `{}`", tree.ty);
            table.fail(Diagnostic::new(Code::WrongType, title, expr.span).help("`exists` tests whether it has a value"))
        }
    }
}

/// Names are fields of the event, or constants.
struct Fields;

impl Leaves for Fields {
    type Leaf = Field;

    fn leaf(&self, table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr) -> Option<Side<Field>> {
        if let Some(field) = field(env, expr) {
            return Some(Side::Tree(Expr { ty: arithmetic::general(&field.ty), kind: ExprKind::Leaf(field.clone()) }));
        }
        match &expr.kind {
            ast::ExprKind::Name(_) => values::infer(table, env, expr).map(Side::Const),
            ast::ExprKind::Call(name, _) if is_aggregate(&name.value) => {
                let title = format!("`{}` stands only after `having`", name.value);
                table.fail(Diagnostic::new(Code::UnknownFunction, title, expr.span))
            }
            _ => table.fail(Diagnostic::new(
                Code::WrongType,
                "a value is needed here, and this is a condition",
                expr.span,
            )),
        }
    }
}

/// Whether a call is of an aggregate.
pub(super) fn is_aggregate(name: &str) -> bool {
    matches!(name, "count" | "distinct" | "sum" | "min" | "max" | "avg")
}

fn binary_test(table: &Table<'_>, env: &Env<'_>, binary: &ast::BinaryExpr, span: Span) -> Option<Pred> {
    if let Some(op) = SetOp::of(binary.op.value) {
        let op = Spanned::new(op, binary.op.span);
        return match field(env, &binary.left) {
            Some(field) => operators::set_test(table, env, field, op, binary, span),
            None => {
                let left = arithmetic::side(table, env, &Fields, &binary.left)?;
                let what = if matches!(left, Side::Const(_)) { "a constant" } else { "a computed value" };
                let title = format!("`{}` tests a field, and this is {what}", op.value.symbol());
                table.fail(Diagnostic::new(Code::BadOperator, title, binary.left.span))
            }
        };
    }
    let Some(op) = CompareOp::of(binary.op.value) else {
        let title = "a condition is needed here, and this is a value";
        return table.fail(Diagnostic::new(Code::WrongType, title, span));
    };
    let op = Spanned::new(op, binary.op.span);
    let left = arithmetic::side(table, env, &Fields, &binary.left);
    let right = arithmetic::side(table, env, &Fields, &binary.right);
    let case = binary.case.as_ref();
    match (left?, right?) {
        (Side::Tree(Expr { kind: ExprKind::Leaf(field), .. }), Side::Const(value)) => {
            operators::compare(table, env, &field, op, case, value, span)
        }
        (Side::Const(value), Side::Tree(Expr { kind: ExprKind::Leaf(field), .. })) => {
            let flipped = Spanned::new(op.value.flipped(), op.span);
            operators::compare(table, env, &field, flipped, case, value, span)
        }
        (left, right) => computed(table, env, left, op, case, right, span),
    }
}

/// A comparison of two fields, of arithmetic, or of constants alone.
fn computed(
    table: &Table<'_>,
    env: &Env<'_>,
    left: Side<Field>,
    op: Spanned<CompareOp>,
    case: Option<&Spanned<CaseWord>>,
    right: Side<Field>,
    span: Span,
) -> Option<Pred> {
    let text = matches!(&left, Side::Tree(t) if t.ty == Type::String)
        || matches!(&right, Side::Tree(t) if t.ty == Type::String);
    let cased = operators::cased(table, case, text)?;
    let leaves: Vec<Field> = [&left, &right].into_iter().filter_map(plain_leaf).collect();
    let computed = leaves.len() < 2;
    let result = arithmetic::compare(table, left, op, cased, right)?;
    let test = |comparison| atom(env, TestKind::Compare(comparison), span);
    Some(match result {
        Logic::Atom(comparison) => test(comparison),
        // A computed value cannot be asked for its existence; `<` or `>` says the same and is false where it is missing.
        Logic::Not(inner) if computed => match *inner {
            Logic::Atom(c) => {
                let less = Comparison { op: Order::Lt, ..c.clone() };
                Pred::or([test(less), test(Comparison { op: Order::Gt, ..c })])
            }
            other => Pred::Const(matches!(other, Logic::Const(false))),
        },
        Logic::Not(inner) => match *inner {
            Logic::Atom(c) => {
                let guards = leaves.into_iter().map(|f| atom(env, TestKind::Exists(f), span));
                Pred::and(guards.chain([Pred::not(test(c))]))
            }
            other => Pred::Const(matches!(other, Logic::Const(false))),
        },
        Logic::Const(b) => Pred::Const(b),
        // A comparison has no parts.
        Logic::And(_) | Logic::Or(_) => return None,
    })
}

/// The field that a side is, if nothing is computed from it.
fn plain_leaf(side: &Side<Field>) -> Option<Field> {
    match side {
        Side::Tree(Expr { kind: ExprKind::Leaf(field), .. }) => Some(field.clone()),
        _ => None,
    }
}

/// Expands a call of a predicate.
fn call(table: &Table<'_>, env: &Env<'_>, name: &ast::Ident, args: &[ast::Expr], span: Span) -> Option<Pred> {
    let class = env.class?;
    let id = match table.find(env.scope, &name.value, name.span) {
        Lookup::Found(id) => id,
        Lookup::Reported => return None,
        Lookup::Unknown => return unknown_function(table, env, name),
    };
    let entry = table.entry(id)?;
    let EntryKind::Predicate(decl, cell) = &entry.kind else {
        let title = format!("`{}` is a {}, not a predicate", name.value, entry.kind.noun());
        return table.fail(Diagnostic::new(Code::UnknownFunction, title, name.span));
    };
    let signature = table.once(id, cell, || signature(table, entry.scope, decl))?;
    if signature.class.name != class.name {
        let title = format!("`{}` is on `{}`, and this event is of `{}`", name.value, signature.class.name, class.name);
        return table.fail(Diagnostic::new(Code::WrongType, title, span).also(decl.class.span, "declared here"));
    }
    if args.len() != signature.params.len() {
        let title =
            format!("`{}` takes {} arguments, and {} are given", name.value, signature.params.len(), args.len());
        return table.fail(Diagnostic::new(Code::WrongArity, title, span).also(decl.name.span, "declared here"));
    }
    let bound: Vec<Option<(&str, Const)>> = std::iter::zip(&decl.params, std::iter::zip(&signature.params, args))
        .map(|((param, _), (ty, arg))| Some((&*param.value, values::check(table, env, arg, ty)?)))
        .collect();
    let bound: Vec<(&str, Const)> = bound.into_iter().collect::<Option<_>>()?;
    let expansions = table.expansions.get() + 1;
    table.expansions.set(expansions);
    if expansions > MAX_EXPANSIONS {
        if expansions == MAX_EXPANSIONS + 1 {
            let title = format!("the condition expands to more than {MAX_EXPANSIONS} predicates");
            table.report(Diagnostic::new(Code::TooDeep, title, env.call.unwrap_or(span)));
        }
        return None;
    }
    let inner = Env { scope: entry.scope, class: Some(class), args: &bound, call: Some(env.call.unwrap_or(span)) };
    condition(table, &inner, &decl.body)
}

fn unknown_function(table: &Table<'_>, env: &Env<'_>, name: &ast::Ident) -> Option<Pred> {
    if is_aggregate(&name.value) {
        let title = format!("`{}` stands only after `having`", name.value);
        return table.fail(Diagnostic::new(Code::UnknownFunction, title, name.span));
    }
    let hint = table.nearest(env.scope, &name.value, |kind| matches!(kind, EntryKind::Predicate(..)));
    let title = format!("there is no predicate `{}`", name.value);
    table.fail(Diagnostic::new(Code::UnknownFunction, title, name.span).maybe_help(hint))
}

/// Checks a predicate by itself, with a sample of each parameter's type for its value.
pub(super) fn signature(table: &Table<'_>, scope: super::table::ScopeId, decl: &ast::Predicate) -> Option<Signature> {
    let class = table.class(&decl.class).cloned();
    let mut params = Vec::new();
    let mut sound = true;
    for (i, (name, ty)) in decl.params.iter().enumerate() {
        if let Some((first, _)) = decl.params.iter().take(i).find(|(n, _)| n == name) {
            table.report(duplicate(&name.value, name.span, Some(first.span)));
            sound = false;
        }
        table.refuse_reserved(name, "parameter");
        params.push(types::resolve(table, ty));
    }
    let (class, params) = (class?, params.into_iter().collect::<Option<Vec<Type>>>()?);
    let samples: Vec<(&str, Const)> = std::iter::zip(&decl.params, &params)
        .map(|((name, _), ty)| {
            let value = Const { soft: false, ..Const::literal(sample(ty), ty.clone(), name.span) };
            (&*name.value, value)
        })
        .collect();
    let env = Env { scope, class: Some(&class), args: &samples, call: None };
    table.expansions.set(0);
    condition(table, &env, &decl.body)?;
    sound.then_some(Signature { class, params })
}

/// Some value of a type, none that would fold a part of a condition away unseen.
fn sample(ty: &Type) -> Value {
    match ty {
        Type::Bool => Value::Bool(true),
        Type::Int => Value::Int(1),
        Type::Float => Value::Float(1.0),
        Type::String => Value::String("x".to_owned()),
        Type::Duration => Value::Duration(1_000_000_000),
        Type::Datetime => Value::Datetime(0),
        Type::Ip => Value::Ip(std::net::Ipv4Addr::UNSPECIFIED.into()),
        Type::Cidr => Value::Cidr(crate::plan::Cidr { address: std::net::Ipv4Addr::UNSPECIFIED.into(), prefix: 0 }),
        Type::Host => Value::Host(Host::Address(std::net::Ipv4Addr::UNSPECIFIED.into())),
        Type::Port => Value::Port(1),
        Type::Glob => Value::Glob(Glob::parse("x")),
        Type::Regex => {
            let empty = crate::plan::Regex { source: String::new(), node: crate::plan::regex::Node::Empty };
            Value::Regex(regex::parse("x").unwrap_or(empty))
        }
        Type::Enum(words) => Value::String(words.first().cloned().unwrap_or_default()),
        Type::List(inner) => Value::List(vec![sample(inner)]),
        Type::Ports => Value::Ports(vec![PortRange { low: 1, high: 1, label: String::new() }]),
        Type::Record(fields) => Value::Record(fields.iter().map(|(name, ty)| (name.clone(), sample(ty))).collect()),
    }
}

/// An event's class and predicate; the base's are taken over.
pub(super) fn event(
    table: &Table<'_>,
    entry: &super::table::Entry<'_>,
    decl: &ast::Event,
) -> Option<Arc<crate::plan::Event>> {
    let (class, base) = if let Some(class) = table.classes.get(&*decl.base.value) {
        (class.clone(), Pred::Const(true))
    } else {
        let base = base_event(table, entry, &decl.base)?;
        (base.class.clone(), base.predicate.clone())
    };
    table.expansions.set(0);
    let env = Env { scope: entry.scope, class: Some(&class), args: &[], call: None };
    let own = match &decl.condition {
        Some(expr) => condition(table, &env, expr)?,
        None => Pred::Const(true),
    };
    Some(Arc::new(crate::plan::Event {
        name: decl.name.value.clone(),
        doc: entry.doc.to_owned(),
        class,
        predicate: Pred::and([base, own]),
        span: decl.name.span,
    }))
}

/// The event that another is built on.
fn base_event(
    table: &Table<'_>,
    entry: &super::table::Entry<'_>,
    base: &ast::Ident,
) -> Option<Arc<crate::plan::Event>> {
    match table.find(entry.scope, &base.value, base.span) {
        Lookup::Found(id) => named_event(table, id, base),
        Lookup::Reported => None,
        Lookup::Unknown => {
            let hint = table.nearest(entry.scope, &base.value, |kind| matches!(kind, EntryKind::Event(..)));
            let classes = table.classes.keys().copied();
            let hint = hint.or_else(|| crate::diagnostics::suggest::did_you_mean(&base.value, classes));
            let title = format!("there is no event class or event `{}`", base.value);
            table.fail(Diagnostic::new(Code::UnknownClass, title, base.span).maybe_help(hint))
        }
    }
}

/// The event that an entry is; reports if it is something else.
pub(super) fn named_event(
    table: &Table<'_>,
    id: super::table::EntryId,
    name: &ast::Ident,
) -> Option<Arc<crate::plan::Event>> {
    let entry = table.entry(id)?;
    match &entry.kind {
        EntryKind::Event(decl, cell) => table.once(id, cell, || event(table, entry, decl)).cloned(),
        kind => {
            let title = format!("`{}` is a {}, not an event", name.value, kind.noun());
            table.fail(Diagnostic::new(Code::UnknownEvent, title, name.span))
        }
    }
}
