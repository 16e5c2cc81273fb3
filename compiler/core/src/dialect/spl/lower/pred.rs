//! Predicates as `eval` conditions that are true or false for every event, never null.
//!
//! A test of text is one `mvfind` with a regular expression: null for a missing field, any value of a field with several.
//! A test of a number is one `mvfilter`. A comparison of fields is a `case` that gives 1 or 0.

use super::super::ast::{Binary, Compare, Expr, Function, Pcre};
use super::super::held::Scale;
use super::super::site::{Form, Reading, Site, TIMESTAMP};
use super::held;
use super::pcre::{self, Case, Place};
use crate::plan::{
    Arithmetic, Class, Comparison, ExprKind, Field, Logic, Number, Operand, Order, Pred, Segment, Test, TestKind,
    TextOp, TextTest, Type, Value,
};
use crate::source::Span;

type Condition = Logic<Expr>;

/// A predicate on events of a class, constants folded.
pub fn predicate(site: &mut Site<'_>, class: &Class, pred: &Pred) -> Condition {
    match pred {
        Logic::Const(b) => Logic::Const(*b),
        Logic::Not(inner) => Logic::not(predicate(site, class, inner)),
        Logic::And(parts) => Logic::and(parts.iter().map(|p| predicate(site, class, p)).collect::<Vec<_>>()),
        Logic::Or(parts) => Logic::or(parts.iter().map(|p| predicate(site, class, p)).collect::<Vec<_>>()),
        Logic::Atom(test) => atom(site, class, test),
    }
}

/// The condition as an expression.
#[must_use]
pub fn condition(logic: Condition) -> Expr {
    match logic {
        Logic::Const(true) => Expr::always(),
        Logic::Const(false) => Expr::never(),
        Logic::Not(inner) => match condition(*inner) {
            Expr::Call(Function::Isnotnull, arguments) => Expr::Call(Function::Isnull, arguments),
            // Not one of a list's patterns is found.
            Expr::Or(parts) if parts.iter().all(is_found) => {
                Expr::And(parts.into_iter().map(|part| condition(Logic::not(Logic::Atom(part)))).collect())
            }
            other => Expr::Not(Box::new(other)),
        },
        Logic::And(parts) => Expr::and(parts.into_iter().map(condition)),
        Logic::Or(parts) => Expr::or(parts.into_iter().map(condition)),
        Logic::Atom(expr) => expr,
    }
}

const fn is_found(expr: &Expr) -> bool {
    matches!(expr, Expr::Call(Function::Isnotnull, _))
}

fn atom(site: &mut Site<'_>, class: &Class, test: &Test) -> Condition {
    let span = test.call;
    let field = match &test.kind {
        TestKind::Compare(comparison) => return fields(site, class, comparison, span),
        TestKind::Exists(field)
        | TestKind::Text(TextTest { field, .. })
        | TestKind::Matches { field, .. }
        | TestKind::Number { field, .. }
        | TestKind::NumberIn { field, .. }
        | TestKind::PortIn { field, .. }
        | TestKind::Bool { field, .. }
        | TestKind::Time { field, .. }
        | TestKind::Address { field, .. } => field,
    };
    let Some(reading) = site.read(class, field, span) else { return Logic::Const(false) };
    let inline = |site: &mut Site<'_>, reading: &Reading| on(site, reading, &test.kind, span);
    held::test(site, &reading, &test.kind, inline).unwrap_or_else(|| inline(site, &reading))
}

/// A test of a field.
fn on(site: &mut Site<'_>, reading: &Reading, kind: &TestKind, span: Span) -> Condition {
    if !reading.values.is_empty() {
        return in_words(site, reading, kind, span);
    }
    match kind {
        TestKind::Exists(_) => exists(reading),
        TestKind::Text(text) => text_test(reading, text),
        TestKind::Matches { patterns, cased, .. } => {
            let nodes: Vec<_> = patterns.value.iter().map(|r| &r.node).collect();
            if nodes.is_empty() {
                return Logic::Const(false);
            }
            found(reading, pcre::regexes(&nodes, Case::of(*cased)))
        }
        TestKind::Number { op, value, .. } => {
            some_value(reading, reading.number().compare(order(*op), constant(value.value)))
        }
        TestKind::NumberIn { values, .. } => {
            any_value(reading, &values.value, |value| reading.number().compare(Compare::Eq, constant(*value)))
        }
        TestKind::PortIn { ranges, .. } => {
            let bounds: Vec<(u16, u16)> = ranges.value.iter().map(|range| (range.low, range.high)).collect();
            any_value(reading, &bounds, |&(low, high)| {
                let bound = |op, port: u16| reading.number().compare(op, Expr::Int(port.into()));
                if low == high {
                    bound(Compare::Eq, low)
                } else {
                    Expr::and([bound(Compare::Ge, low), bound(Compare::Le, high)])
                }
            })
        }
        TestKind::Bool { value, .. } => found(reading, whole(&[word(value.value)])),
        TestKind::Time { op, value, .. } => {
            some_value(reading, reading.number().compare(order(*op), Expr::Int(value.value)))
        }
        TestKind::Address { addresses, networks, .. } => {
            let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
            let equal = if texts.is_empty() { Logic::Const(false) } else { found(reading, whole(&texts)) };
            let inside = any_value(reading, networks, |network| {
                Expr::call(Function::Cidrmatch, [Expr::text(network.text()), reading.raw()])
            });
            Logic::or([equal, inside])
        }
        TestKind::Compare(_) => Logic::Const(false),
    }
}

const fn word(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

fn whole(texts: &[&str]) -> Vec<Pcre> {
    pcre::texts(texts, Place::Whole, Case::Ignored)
}

/// Some value of the field matches one of the patterns.
fn found(reading: &Reading, patterns: Vec<Pcre>) -> Condition {
    Logic::or(patterns.into_iter().map(|pattern| {
        let find = Expr::call(Function::Mvfind, [reading.raw(), Expr::Pattern(pattern)]);
        Logic::Atom(Expr::call(Function::Isnotnull, [find]))
    }))
}

/// Some value of the field satisfies a condition on it. The event's own time is always there.
pub fn some_value(reading: &Reading, condition: Expr) -> Condition {
    if &*reading.field.name == TIMESTAMP {
        return Logic::Atom(condition);
    }
    Logic::Atom(Expr::call(Function::Isnotnull, [Expr::call(Function::Mvfilter, [condition])]))
}

/// Some value of the field satisfies one of the conditions. Values that differ make conditions that differ.
fn any_value<T: PartialEq>(reading: &Reading, of: &[T], condition: impl Fn(&T) -> Expr) -> Condition {
    // Values are compared in less time than the conditions that they make.
    let different = of.iter().enumerate().filter(|(n, value)| !of.iter().take(*n).any(|earlier| earlier == *value));
    let mut conditions: Vec<Expr> = different.map(|(_, value)| condition(value)).collect();
    match conditions.len() {
        0 | 1 => conditions.pop().map_or(Logic::Const(false), |only| some_value(reading, only)),
        _ => some_value(reading, Expr::Or(conditions)),
    }
}

fn exists(reading: &Reading) -> Condition {
    if reading.always {
        return Logic::Const(true);
    }
    match reading.form {
        Form::Text if *reading.field.ty.scalar() == Type::Ip => {
            let inside = |network: &str| Expr::call(Function::Cidrmatch, [Expr::text(network), reading.raw()]);
            some_value(reading, Expr::or([inside("0.0.0.0/0"), inside("::/0")]))
        }
        Form::Text => found(reading, vec![pcre::any_character()]),
        Form::Bool => found(reading, whole(&["true", "false"])),
        Form::Number | Form::Duration(_) | Form::EpochSeconds | Form::EpochMillis | Form::Iso8601 => {
            some_value(reading, Expr::call(Function::Isnotnull, [reading.number()]))
        }
    }
}

fn text_test(reading: &Reading, test: &TextTest) -> Condition {
    let case = Case::of(test.cased);
    let (texts, place) = match &test.op {
        TextOp::Equals(texts) => {
            let texts: Vec<&str> = texts.value.iter().map(String::as_str).filter(|t| !t.is_empty()).collect();
            if let Some(constant) = &reading.constant {
                return Logic::Const(texts.iter().any(|text| same(constant, text, case)));
            }
            return if texts.is_empty() {
                Logic::Const(false)
            } else {
                found(reading, pcre::texts(&texts, Place::Whole, case))
            };
        }
        TextOp::Contains(texts) => (texts, Place::Anywhere),
        TextOp::StartsWith(texts) => (texts, Place::Start),
        TextOp::EndsWith(texts) => (texts, Place::End),
        TextOp::Like(globs) => {
            let globs: Vec<_> = globs.value.iter().filter(|g| !g.segments.is_empty()).collect();
            return if globs.iter().any(|g| g.segments == [Segment::Any]) {
                exists(reading)
            } else if globs.is_empty() {
                Logic::Const(false)
            } else {
                found(reading, pcre::globs(&globs, case))
            };
        }
    };
    if texts.value.iter().any(String::is_empty) {
        return exists(reading);
    }
    let texts: Vec<&str> = texts.value.iter().map(String::as_str).collect();
    if texts.is_empty() { Logic::Const(false) } else { found(reading, pcre::texts(&texts, place, case)) }
}

fn same(a: &str, b: &str, case: Case) -> bool {
    match case {
        Case::Counts => a == b,
        Case::Ignored => a.to_lowercase() == b.to_lowercase(),
    }
}

/// A test of a field that has another text in the site's data for each word: only equality with words it has.
fn in_words(site: &mut Site<'_>, reading: &Reading, kind: &TestKind, span: Span) -> Condition {
    let mut wanted: Vec<&str> = Vec::new();
    match kind {
        TestKind::Exists(_) if reading.always => return Logic::Const(true),
        TestKind::Exists(_) => wanted.extend(reading.values.values().map(String::as_str)),
        TestKind::Bool { value, .. } => wanted.extend(reading.values.get(word(value.value)).map(String::as_str)),
        TestKind::Text(TextTest { op: TextOp::Equals(texts), cased, .. }) => {
            for text in texts.value.iter().filter(|t| !t.is_empty()) {
                let case = Case::of(*cased);
                let mut known = reading.values.iter().filter(|(word, _)| same(word, text, case)).peekable();
                if known.peek().is_none() {
                    let reason = format!("the site's data has no word for `{}` = `{text}`", reading.field.name);
                    site.refuse(&reason, span);
                }
                wanted.extend(known.map(|(_, native)| native.as_str()));
            }
        }
        _ => {
            let reason =
                format!("the site's data has other words for `{}`: only equality can be asked", reading.field.name);
            site.refuse(&reason, span);
        }
    }
    if wanted.is_empty() { Logic::Const(false) } else { found(reading, whole(&wanted)) }
}

fn constant(value: Number) -> Expr {
    match value {
        Number::Int(n) => Expr::Int(n),
        Number::Float(x) => Expr::Float(x),
    }
}

/// The operator.
#[must_use]
pub const fn order(op: Order) -> Compare {
    match op {
        Order::Eq => Compare::Eq,
        Order::Lt => Compare::Lt,
        Order::Le => Compare::Le,
        Order::Gt => Compare::Gt,
        Order::Ge => Compare::Ge,
    }
}

// ---- fields against fields

/// A comparison of fields: 1 where it holds, 0 where it does not or a part is missing.
fn fields(site: &mut Site<'_>, class: &Class, comparison: &Comparison<Field>, span: Span) -> Condition {
    let mut guards = Vec::new();
    let mut side = |expr: &crate::plan::Expr<Field>| operand(site, class, expr, span, &mut guards);
    let (Some(left), Some(right)) = (side(&comparison.left), side(&comparison.right)) else {
        return Logic::Const(false);
    };
    let text = comparison.left.ty.is_text() || *comparison.left.ty.scalar() == Type::Bool;
    // A text in front makes both sides text: two texts that look like numbers would be compared as numbers.
    let as_text = |side: Expr| {
        let side = if comparison.cased { side } else { Expr::call(Function::Lower, [side]) };
        Expr::text("=").concat(side)
    };
    let (left, right) = if text { (as_text(left), as_text(right)) } else { (left, right) };
    guards.push(left.compare(order(comparison.op), right));
    Logic::Atom(Expr::flag(Expr::and(guards)).compare(Compare::Eq, Expr::Int(1)))
}

fn operand(
    site: &mut Site<'_>,
    class: &Class,
    expr: &crate::plan::Expr<Field>,
    span: Span,
    guards: &mut Vec<Expr>,
) -> Option<Expr> {
    match &expr.kind {
        ExprKind::Leaf(field) => {
            let reading = site.read(class, field, span)?;
            let reading = site.single(class, reading);
            if !field.ty.is_text() {
                return Some(if *field.ty.scalar() == Type::Bool { reading.value() } else { reading.number() });
            }
            if !reading.always {
                guards.push(reading.raw().compare(Compare::Ne, Expr::text("")));
            }
            Some(reading.value())
        }
        ExprKind::Const(value) => Some(value_of(site, value)),
        ExprKind::Binary(left, op, right) => {
            let a = operand(site, class, left, span, guards)?;
            let mut b = operand(site, class, right, span, guards)?;
            if *op == Arithmetic::Div {
                guards.push(b.clone().compare(Compare::Ne, Expr::Int(0)));
                b = never_zero(b);
            }
            Some(arithmetic((a, &left.ty), *op, (b, &right.ty)))
        }
    }
}

/// A divisor whose zero is guarded beside it: what a division by zero gives is not documented, nor that `AND` looks no
/// further.
#[must_use]
pub fn never_zero(divisor: Expr) -> Expr {
    match divisor {
        Expr::Int(n) if n != 0 => Expr::Int(n),
        other => Expr::choose(other.clone().compare(Compare::Eq, Expr::Int(0)), Expr::Int(1), other),
    }
}

/// A constant: a moment in milliseconds, a duration in nanoseconds.
pub fn value_of(site: &mut Site<'_>, value: &Operand<Value>) -> Expr {
    let (inline, scale) = match &value.value {
        Value::Bool(b) => (Expr::text(word(*b)), Scale::One),
        Value::Int(n) => (Expr::Int(*n), Scale::One),
        Value::Duration(n) => (Expr::Int(*n), Scale::Nanoseconds),
        Value::Datetime(n) => (Expr::Int(*n), Scale::Milliseconds),
        Value::Float(x) => (Expr::Float(*x), Scale::One),
        Value::String(s) => (Expr::text(s), Scale::One),
        Value::Ip(ip) => (Expr::text(ip.to_string()), Scale::One),
        Value::Port(p) => (Expr::Int((*p).into()), Scale::One),
        Value::Cidr(_)
        | Value::Host(_)
        | Value::Glob(_)
        | Value::Regex(_)
        | Value::List(_)
        | Value::Ports(_)
        | Value::Record(_) => (Expr::text(""), Scale::One),
    };
    site.scalar(value.param.as_ref(), inline, scale)
}

/// Arithmetic. Moments are milliseconds, durations nanoseconds.
#[must_use]
pub fn arithmetic((a, left): (Expr, &Type), op: Arithmetic, (b, right): (Expr, &Type)) -> Expr {
    const NANOS: i64 = 1_000_000;
    let sign = match op {
        Arithmetic::Add => Binary::Add,
        Arithmetic::Sub => Binary::Sub,
        Arithmetic::Mul => Binary::Mul,
        Arithmetic::Div => Binary::Div,
    };
    let as_millis = |duration: Expr| duration.binary(Binary::Div, Expr::Int(NANOS));
    let floor = |moment: Expr| Expr::call(Function::Floor, [moment]);
    match (left.scalar(), right.scalar()) {
        (Type::Datetime, Type::Datetime) => a.binary(sign, b).binary(Binary::Mul, Expr::Int(NANOS)),
        (Type::Datetime, Type::Duration) => floor(a.binary(sign, as_millis(b))),
        (Type::Duration, Type::Datetime) => floor(as_millis(a).binary(sign, b)),
        (Type::Duration, _) | (_, Type::Duration) if op != Arithmetic::Add && op != Arithmetic::Sub => {
            whole_nanos(a.binary(sign, b), left == right)
        }
        _ => a.binary(sign, b),
    }
}

/// A duration cut to whole nanoseconds; two durations divided are a plain number.
fn whole_nanos(value: Expr, ratio: bool) -> Expr {
    if ratio {
        return value;
    }
    let zero = || Expr::Int(0);
    let up = Expr::call(Function::Ceiling, [value.clone()]);
    Expr::choose(value.clone().compare(Compare::Lt, zero()), up, Expr::call(Function::Floor, [value]))
}
