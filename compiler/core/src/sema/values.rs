//! Values known before any event is seen: literals, lets, parameters, arguments of predicates, and arithmetic on them.
//!
//! A literal has a natural type and is *soft*: where another type is needed, its text is read as that type. What has a
//! declared type is not soft.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::arithmetic;
use super::literals::{self, MAX_INT};
use super::table::{Entry, EntryId, EntryKind, Lookup, Table, duplicate};
use super::{Env, types};
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::plan::{ParamRef, PortRange, Type, Value};
use crate::source::Span;
use crate::syntax::ast::{self, ExprKind};

/// A value known before any event is seen.
#[derive(Debug, Clone)]
pub(super) struct Const {
    /// The value.
    pub value: Arc<Value>,
    /// Its type.
    pub ty: Type,
    /// Whether it is a literal that may be read as another type.
    pub soft: bool,
    /// The parameter it is the whole value of.
    pub param: Option<ParamRef>,
    /// Where it is used.
    pub span: Span,
}

impl Const {
    /// A literal.
    pub fn literal(value: Value, ty: Type, span: Span) -> Self {
        Self { value: Arc::new(value), ty, soft: true, param: None, span }
    }

    fn firm(value: Value, ty: Type, span: Span) -> Self {
        Self { value: Arc::new(value), ty, soft: false, param: None, span }
    }
}

/// The value of an expression that names no field, of its natural type.
pub(super) fn infer(table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr) -> Option<Const> {
    let literal = |value, ty| Some(Const::literal(value, ty, expr.span));
    match &expr.kind {
        ExprKind::Bool(b) => literal(Value::Bool(*b), Type::Bool),
        ExprKind::Int(n) if n.unsigned_abs() > MAX_INT.unsigned_abs() => {
            let title = format!("`{n}` is beyond 2^53, where numbers are no longer exact on every target");
            table.fail(Diagnostic::new(Code::BadLiteral, title, expr.span))
        }
        ExprKind::Int(n) => literal(Value::Int(*n), Type::Int),
        ExprKind::Float(x) if !x.is_finite() => {
            table.fail(Diagnostic::new(Code::BadLiteral, "the number is too large", expr.span))
        }
        ExprKind::Float(x) => literal(Value::Float(*x), Type::Float),
        ExprKind::String(text) => literal(Value::String(text.clone()), Type::String),
        ExprKind::Duration(ns) => literal(Value::Duration(*ns), Type::Duration),
        ExprKind::Paren(inner) => infer(table, env, inner),
        ExprKind::Name(name) => named(table, env, name, expr.span),
        ExprKind::List(items) if is_ports(items) => check(table, env, expr, &Type::Ports),
        ExprKind::Range(..) => check(table, env, expr, &Type::Ports),
        ExprKind::List(items) => infer_list(table, env, items, expr.span),
        ExprKind::Record(_) => table.fail(Diagnostic::new(
            Code::WrongType,
            "a record can stand only as the value of a parameter or typed let",
            expr.span,
        )),
        ExprKind::Unary(ast::UnaryOp::Neg, _)
        | ExprKind::Binary(_)
        | ExprKind::Call(..)
        | ExprKind::Named(..)
        | ExprKind::Unary(..) => arithmetic::constant(table, env, expr),
    }
}

/// Whether a list can only be one of ports.
pub(super) fn is_ports(items: &[ast::ListItem]) -> bool {
    items.iter().any(|item| item.label.is_some() || matches!(item.value.kind, ExprKind::Range(..)))
}

fn infer_list(table: &Table<'_>, env: &Env<'_>, items: &[ast::ListItem], span: Span) -> Option<Const> {
    let all: Vec<Option<Const>> = items.iter().map(|item| infer(table, env, &item.value)).collect();
    let all: Vec<Const> = all.into_iter().collect::<Option<_>>()?;
    let mut ty = all.first().map_or(Type::String, |c| c.ty.clone());
    if all.iter().any(|c| c.ty == Type::Float) && all.iter().all(|c| c.ty.is_number()) {
        ty = Type::Float;
    }
    let mut values = Vec::with_capacity(all.len());
    for item in &all {
        values.push((*cast(table, item, &ty)?.value).clone());
    }
    if matches!(ty, Type::List(_) | Type::Ports | Type::Record(_)) {
        return table.fail(Diagnostic::new(Code::WrongType, format!("a list of `{ty}` is not supported"), span));
    }
    let soft = all.iter().all(|c| c.soft);
    Some(Const { soft, ..Const::literal(Value::List(values), Type::List(Box::new(ty)), span) })
}

/// The value of an expression as a value of `ty`; what does not fit is reported at its own place.
pub(super) fn check(table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr, ty: &Type) -> Option<Const> {
    match (&expr.kind, ty) {
        (ExprKind::Paren(inner), _) => check(table, env, inner, ty),
        (ExprKind::List(items), Type::Ports) => {
            let ranges: Vec<_> = items.iter().map(|item| port_item(table, env, item)).collect();
            let ranges: Vec<Vec<PortRange>> = ranges.into_iter().collect::<Option<_>>()?;
            Some(Const::firm(Value::Ports(ranges.concat()), Type::Ports, expr.span))
        }
        (ExprKind::Range(low, high), Type::Ports) => {
            let range = port_range(table, env, low, high, expr.span)?;
            Some(Const::firm(Value::Ports(vec![range]), Type::Ports, expr.span))
        }
        (ExprKind::List(items), Type::List(inner)) => {
            for label in items.iter().filter_map(|item| item.label.as_ref()) {
                let title = "only entries of a list of ports bear a label";
                table.report(Diagnostic::new(Code::WrongType, title, label.span));
            }
            let values: Vec<_> = items.iter().map(|item| check(table, env, &item.value, inner)).collect();
            let values: Vec<Const> = values.into_iter().collect::<Option<_>>()?;
            let values = values.into_iter().map(|c| Arc::unwrap_or_clone(c.value)).collect();
            Some(Const::firm(Value::List(values), ty.clone(), expr.span))
        }
        (ExprKind::Record(fields), Type::Record(types)) => record(table, env, fields, types, expr.span),
        _ => cast(table, &infer(table, env, expr)?, ty),
    }
}

/// The fields that are written; a parameter adds its defaults.
fn record(
    table: &Table<'_>,
    env: &Env<'_>,
    fields: &[(ast::Ident, ast::Expr)],
    types: &BTreeMap<String, Type>,
    span: Span,
) -> Option<Const> {
    let mut values = BTreeMap::new();
    let mut sound = true;
    for (i, (name, value)) in fields.iter().enumerate() {
        if let Some((first, _)) = fields.iter().take(i).find(|(n, _)| n == name) {
            table.report(duplicate(&name.value, name.span, Some(first.span)));
            sound = false;
        }
        let Some(ty) = types.get(&name.value) else {
            let hint = suggest::did_you_mean(&name.value, types.keys().map(String::as_str));
            let title = format!("the record has no field `{}`", name.value);
            table.report(Diagnostic::new(Code::UnknownName, title, name.span).maybe_help(hint));
            sound = false;
            continue;
        };
        match check(table, env, value, ty) {
            Some(value) => {
                values.insert(name.value.clone(), Arc::unwrap_or_clone(value.value));
            }
            None => sound = false,
        }
    }
    sound.then(|| Const::firm(Value::Record(values), Type::Record(types.clone()), span))
}

fn port_item(table: &Table<'_>, env: &Env<'_>, item: &ast::ListItem) -> Option<Vec<PortRange>> {
    let mut ranges = match &item.value.kind {
        ExprKind::Range(low, high) => vec![port_range(table, env, low, high, item.value.span)?],
        _ => {
            let value = check(table, env, &item.value, &Type::Port)?;
            let Value::Port(port) = *value.value else { return None };
            vec![PortRange { low: port, high: port, label: String::new() }]
        }
    };
    for range in &mut ranges {
        range.label = item.label.as_ref().map(|l| l.value.clone()).unwrap_or_default();
    }
    Some(ranges)
}

fn port_range(table: &Table<'_>, env: &Env<'_>, low: &ast::Expr, high: &ast::Expr, span: Span) -> Option<PortRange> {
    let (low, high) = (check(table, env, low, &Type::Port), check(table, env, high, &Type::Port));
    let (Value::Port(low), Value::Port(high)) = (&*low?.value, &*high?.value) else { return None };
    if low > high {
        return table.fail(Diagnostic::new(
            Code::BadLiteral,
            format!("the range `{low}..{high}` runs backwards"),
            span,
        ));
    }
    Some(PortRange { low: *low, high: *high, label: String::new() })
}

/// A value as one of `ty`, or a report of why it is none.
pub(super) fn cast(table: &Table<'_>, value: &Const, ty: &Type) -> Option<Const> {
    if value.ty == *ty {
        return Some(value.clone());
    }
    match convert(&value.value, &value.ty, value.soft, ty) {
        Ok(converted) => Some(Const {
            value: Arc::new(converted),
            ty: ty.clone(),
            soft: false,
            param: value.param.clone(),
            span: value.span,
        }),
        Err(Mismatch::Text(message)) if *ty.scalar() == Type::Regex => {
            table.fail(Diagnostic::new(Code::BadRegex, message, value.span))
        }
        Err(Mismatch::Text(message)) => table.fail(Diagnostic::new(Code::BadLiteral, message, value.span)),
        Err(Mismatch::Type) => {
            let title = format!("a value of type `{ty}` is needed, and this is of type `{}`", value.ty);
            table.fail(Diagnostic::new(Code::WrongType, title, value.span).maybe_help(mend(value, ty)))
        }
    }
}

/// Advice for the usual slips.
fn mend(value: &Const, ty: &Type) -> Option<String> {
    match (ty, &*value.value) {
        (Type::Duration, Value::Int(n)) => Some(format!("a duration has a unit: `{n}s`")),
        (Type::Int | Type::Float | Type::Port, Value::String(text)) if text.parse::<f64>().is_ok() => {
            Some(format!("a number is written without quotes: `{text}`"))
        }
        (Type::String, Value::Int(n)) => Some(format!("a text is written in quotes: `\"{n}\"`")),
        (Type::List(inner), _) if **inner == value.ty => Some("a list is written in brackets: `[…]`".to_owned()),
        _ if matches!(ty.scalar(), Type::Glob | Type::Regex) && *value.ty.scalar() == Type::String => {
            Some(format!("declare it as `{ty}`: a text is not silently read as a pattern"))
        }
        _ => None,
    }
}

/// Why a value is none of a type.
enum Mismatch {
    /// Its type does not go.
    Type,
    /// Its text does not read as that type.
    Text(String),
}

fn convert(value: &Value, from: &Type, soft: bool, to: &Type) -> Result<Value, Mismatch> {
    match (value, to) {
        _ if from == to => Ok(value.clone()),
        (Value::List(values), Type::List(inner)) => {
            let values = values.iter().map(|v| convert(v, from.scalar(), soft, inner));
            values.collect::<Result<_, _>>().map(Value::List)
        }
        (Value::List(values), Type::Ports) => {
            let ranges = values.iter().map(|v| match convert(v, from.scalar(), soft, &Type::Port)? {
                Value::Port(port) => Ok(PortRange { low: port, high: port, label: String::new() }),
                _ => Err(Mismatch::Type),
            });
            ranges.collect::<Result<_, _>>().map(Value::Ports)
        }
        #[expect(clippy::cast_precision_loss, reason = "integers of the language are exact to 2^53")]
        (Value::Int(n), Type::Float) => Ok(Value::Float(*n as f64)),
        (Value::Port(port), Type::Int) => Ok(Value::Int(i64::from(*port))),
        (Value::Port(port), Type::Float) => Ok(Value::Float(f64::from(*port))),
        (Value::Int(n), Type::Port) if soft => {
            u16::try_from(*n).map(Value::Port).map_err(|_| Mismatch::Text(format!("`{n}` is no port of 0 to 65535")))
        }
        (Value::String(text), Type::String) => Ok(Value::String(text.clone())),
        (Value::String(_), Type::Bool | Type::Int | Type::Float | Type::Port | Type::Duration | Type::Ports) => {
            Err(Mismatch::Type)
        }
        (Value::String(_), Type::List(_) | Type::Record(_)) => Err(Mismatch::Type),
        (Value::String(text), _) if soft => literals::parse_text_as(to, text).map_err(Mismatch::Text),
        _ => Err(Mismatch::Type),
    }
}

/// The value a name stands for.
fn named(table: &Table<'_>, env: &Env<'_>, name: &str, span: Span) -> Option<Const> {
    if let Some(found) = constant(table, env, name, span) {
        return found;
    }
    if env.class.is_some_and(|class| class.fields.contains_key(name)) {
        let title = format!("a constant is needed here, and `{name}` is a field of the event");
        return table.fail(Diagnostic::new(Code::WrongType, title, span));
    }
    table.fail(unknown(table, env, name, span))
}

/// The diagnostic of a name that means nothing.
pub(super) fn unknown(table: &Table<'_>, env: &Env<'_>, name: &str, span: Span) -> Diagnostic {
    let is_field = !name.contains("::") && (name.contains('.') || name.starts_with('@'));
    if let (Some(class), true) = (env.class, is_field) {
        let title = format!("`{}` has no field `{name}`", class.name);
        let hint = suggest::did_you_mean(name, class.fields.keys().map(String::as_str));
        let hint = elsewhere(table, name).or(hint);
        return Diagnostic::new(Code::UnknownField, title, span).maybe_help(hint);
    }
    let values = |kind: &EntryKind<'_>| matches!(kind, EntryKind::Let(..) | EntryKind::Parameter(..));
    let head = name.split('.').next().unwrap_or(name);
    let hint = suggest::did_you_mean(head, env.args.iter().map(|(n, _)| *n))
        .or_else(|| table.nearest(env.scope, head, values))
        .or_else(|| suggest::did_you_mean(name, env.class?.fields.keys().map(String::as_str)));
    Diagnostic::new(Code::UnknownName, format!("there is no value `{head}`"), span).maybe_help(hint)
}

/// Which classes have a field of this name.
fn elsewhere(table: &Table<'_>, name: &str) -> Option<String> {
    let classes = table.classes.values().filter(|class| class.fields.contains_key(name));
    let classes: Vec<String> = classes.map(|class| format!("`{}`", class.name)).collect();
    (!classes.is_empty()).then(|| format!("`{name}` is a field of {}", classes.join(", ")))
}

/// The constant that `name` or its first segment means. `None`: no constant of that name; `Some(None)`: in error.
pub(super) fn constant(table: &Table<'_>, env: &Env<'_>, name: &str, span: Span) -> Option<Option<Const>> {
    let module_end = name.rfind("::").map_or(0, |at| at + 2);
    let dot = name.get(module_end..).and_then(|rest| rest.find('.')).map(|at| module_end + at);
    let (head, member) = match dot.and_then(|at| name.split_at_checked(at)) {
        Some((head, rest)) => (head, rest.get(1..)),
        None => (name, None),
    };
    let whole = match env.args.iter().find(|(arg, _)| *arg == head) {
        Some((_, value)) => Some(Const { span, ..value.clone() }),
        None => match table.find(env.scope, head, span) {
            Lookup::Found(id) => table.entry(id).and_then(|entry| entry_value(table, id, entry, span)),
            Lookup::Unknown => return None,
            Lookup::Reported => None,
        },
    };
    Some(match (whole, member) {
        (Some(whole), Some(member)) => record_member(table, &whole, head, member),
        (whole, _) => whole,
    })
}

fn entry_value(table: &Table<'_>, id: EntryId, entry: &Entry<'_>, span: Span) -> Option<Const> {
    let name = &entry.name.value;
    match &entry.kind {
        EntryKind::Let(..) => let_constant(table, id).map(|value| Const { span, ..value.clone() }),
        EntryKind::Parameter(_, cell) => match cell.get() {
            Some(value) => value.clone().map(|value| Const { span, ..value }),
            None => {
                let title = format!("the parameter `{name}` has no value before tuning and cannot be used here");
                table.fail(Diagnostic::new(Code::ReservedName, title, span))
            }
        },
        EntryKind::Predicate(..) => {
            let title = format!("`{name}` is a predicate and needs its arguments");
            table.fail(Diagnostic::new(Code::WrongType, title, span).help(format!("write `{name}(…)`")))
        }
        EntryKind::Event(..) => {
            table.fail(Diagnostic::new(Code::WrongType, format!("`{name}` is an event, not a value"), span))
        }
    }
}

/// The value of the let that an entry is.
pub(super) fn let_constant<'t>(table: &'t Table<'_>, id: EntryId) -> Option<&'t Const> {
    let entry = table.entry(id)?;
    match &entry.kind {
        EntryKind::Let(decl, cell) => table.once(id, cell, || let_value(table, entry, decl)),
        EntryKind::Parameter(..) | EntryKind::Predicate(..) | EntryKind::Event(..) => None,
    }
}

fn let_value(table: &Table<'_>, entry: &Entry<'_>, decl: &ast::Let) -> Option<Const> {
    let env = Env::constants(entry.scope);
    match &decl.ty {
        Some(ty) => {
            let value = check(table, &env, &decl.value, &types::resolve(table, ty)?)?;
            Some(Const { soft: false, ..value })
        }
        None => infer(table, &env, &decl.value),
    }
}

fn record_member(table: &Table<'_>, whole: &Const, head: &str, member: &str) -> Option<Const> {
    let (Type::Record(types), Value::Record(values)) = (&whole.ty, &*whole.value) else {
        let title = format!("`{head}` is of type `{}` and has no fields", whole.ty);
        return table.fail(Diagnostic::new(Code::WrongType, title, whole.span));
    };
    let (Some(ty), Some(value)) = (types.get(member), values.get(member)) else {
        let hint = suggest::did_you_mean(member, types.keys().map(String::as_str));
        let title = format!("`{head}` has no field `{member}`");
        return table.fail(Diagnostic::new(Code::UnknownName, title, whole.span).maybe_help(hint));
    };
    let param = whole.param.as_ref().map(|p| ParamRef { index: p.index, field: Some(member.to_owned()) });
    Some(Const { param, ..Const::firm(value.clone(), ty.clone(), whole.span) })
}
