//! Predicates. They are two-valued; where a null would decide, `coalesce(…, false)` makes it so.

use super::Context;
use super::compare;
use super::constants::{self, constant};
use super::event::Scope;
use super::field::{self, Access};
use super::held;
use super::names::pascal;
use super::text;
use crate::dialect::held::type_of;
use crate::dialect::kql::ast::{BinaryOp, Expr, InOp, Scalar};
use crate::dialect::kql::held::{Place, Read};
use crate::plan::{Cidr, Field, Logic, Number, Operand, Order, ParamRef, PortRange, Pred, Test, TestKind, Type};
use std::net::IpAddr;

/// What a null does to the result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Nulls {
    /// The row is dropped, as for false.
    Dropped,
    /// It would become something else: below `not` or `or`.
    Counted,
}

/// The condition of a predicate.
pub fn predicate<'a>(cx: &mut Context<'a>, scope: &mut Scope<'a>, pred: &Pred, nulls: Nulls) -> Expr {
    match pred {
        Logic::Const(b) => Expr::Bool(*b),
        Logic::Not(inner) => Expr::not(predicate(cx, scope, inner, Nulls::Counted)),
        Logic::And(parts) => Expr::and(parts.iter().map(|part| predicate(cx, scope, part, nulls)).collect::<Vec<_>>()),
        Logic::Or(parts) => {
            Expr::or(parts.iter().map(|part| predicate(cx, scope, part, Nulls::Counted)).collect::<Vec<_>>())
        }
        Logic::Atom(test) => atom(cx, scope, test, nulls),
    }
}

/// `false` in place of null where that matters.
pub fn two_valued(condition: Expr, nulls: Nulls) -> Expr {
    match nulls {
        Nulls::Dropped => condition,
        Nulls::Counted => Expr::Call("coalesce", vec![condition, Expr::Bool(false)]),
    }
}

fn atom<'a>(cx: &mut Context<'a>, scope: &mut Scope<'a>, test: &Test, nulls: Nulls) -> Expr {
    if let TestKind::Compare(comparison) = &test.kind {
        return compare::fields(cx, scope, comparison, nulls, test.call);
    }
    let Some(field) = tested(&test.kind) else { return Expr::Bool(false) };
    let Some(access) = field::access(cx, scope.event, field, &scope.derived, test.call) else {
        return Expr::Bool(false);
    };
    if !access.list {
        return on(cx, &access, test, nulls);
    }
    if matches!(test.kind, TestKind::Exists(_)) {
        return two_valued(access.any(), nulls);
    }
    let existing = scope.flags.iter().position(|(_, known, _)| known.expr == access.expr);
    let index = existing.unwrap_or_else(|| {
        let name = cx.names.fresh(&format!("{}Member", pascal(&field.name)));
        scope.flags.push((name, access.clone(), Vec::new()));
        scope.flags.len() - 1
    });
    let member = scope.flags.get(index).map(|(name, _, _)| access.member(name));
    let condition = member.map_or(Expr::Bool(false), |member| on(cx, &member, test, Nulls::Dropped));
    let Some((_, _, tests)) = scope.flags.get_mut(index) else { return Expr::Bool(false) };
    if let Some((flag, _)) = tests.iter().find(|(_, known)| *known == condition) {
        return Expr::name(flag);
    }
    let flag = cx.names.fresh(&format!("Any{}", pascal(&field.name)));
    tests.push((flag.clone(), condition));
    Expr::Name(flag)
}

/// The one field that a test looks at; none for a comparison.
fn tested(kind: &TestKind) -> Option<&Field> {
    match kind {
        TestKind::Exists(field) => Some(field),
        TestKind::Text(test) => Some(&test.field),
        TestKind::Matches { field, .. }
        | TestKind::Number { field, .. }
        | TestKind::NumberIn { field, .. }
        | TestKind::PortIn { field, .. }
        | TestKind::Bool { field, .. }
        | TestKind::Time { field, .. }
        | TestKind::Address { field, .. } => Some(field),
        TestKind::Compare(_) => None,
    }
}

/// A test of one value.
fn on(cx: &mut Context<'_>, access: &Access<'_>, test: &Test, nulls: Nulls) -> Expr {
    if !access.values.is_empty()
        && !matches!(test.kind, TestKind::Exists(_) | TestKind::Text(_) | TestKind::Bool { .. })
    {
        cx.refuse("only equality can be asked of a field with a table of words", test.call);
        return Expr::Bool(false);
    }
    let condition = match &test.kind {
        TestKind::Exists(_) => access.present(),
        TestKind::Text(text) => Ok(text::test(cx, access, text, test.call)),
        TestKind::Matches { patterns, cased, .. } => text::matches(cx, access, patterns, *cased),
        TestKind::Number { op, value, .. } => number(cx, access, *op, value).map(|c| two_valued_order(c, *op, nulls)),
        TestKind::NumberIn { values, .. } => numbers(cx, access, values),
        TestKind::PortIn { ranges, .. } => ports(cx, access, ranges, nulls),
        TestKind::Bool { value, .. } => boolean(cx, access, value),
        TestKind::Time { op, value, .. } => moment(cx, access, *op, value).map(|c| two_valued_order(c, *op, nulls)),
        TestKind::Address { addresses, networks, param, .. } => {
            Ok(address(cx, access, addresses, networks, param.as_ref(), nulls))
        }
        TestKind::Compare(_) => Ok(Expr::Bool(false)),
    };
    condition.unwrap_or_else(|reason| {
        cx.refuse(&reason, test.call);
        Expr::Bool(false)
    })
}

/// Equality with a constant is false for null; an order is null.
fn two_valued_order(condition: Expr, op: Order, nulls: Nulls) -> Expr {
    if op == Order::Eq { condition } else { two_valued(condition, nulls) }
}

/// The operator of an order.
pub const fn order(op: Order) -> BinaryOp {
    match op {
        Order::Eq => BinaryOp::Equal,
        Order::Lt => BinaryOp::Less,
        Order::Le => BinaryOp::LessOrEqual,
        Order::Gt => BinaryOp::Greater,
        Order::Ge => BinaryOp::GreaterOrEqual,
    }
}

/// A span of nanoseconds in ticks.
///
/// # Errors
/// If it is finer than a tick.
pub fn ticks(nanoseconds: i64) -> Result<Expr, String> {
    if nanoseconds % 100 == 0 {
        Ok(Expr::Timespan(nanoseconds / 100))
    } else {
        Err("Kusto keeps time to 100 ns, and this value is finer".to_owned())
    }
}

/// A number as the field holds it: a duration's number is of nanoseconds.
fn number_literal(access: &Access<'_>, number: Number) -> Result<Expr, String> {
    match (&access.declared, number) {
        (Type::Duration, Number::Int(n)) => ticks(n),
        (Type::Duration, Number::Float(_)) => Err("a duration is a whole number of nanoseconds".to_owned()),
        (_, Number::Int(n)) => Ok(Expr::Long(n)),
        (_, Number::Float(x)) => Ok(Expr::Real(x)),
    }
}

fn number(cx: &mut Context<'_>, access: &Access<'_>, op: Order, value: &Operand<Number>) -> Result<Expr, String> {
    let literal = number_literal(access, value.value)?;
    let literal = constant(cx, value.param.as_ref(), "Number", literal);
    match access.nanoseconds() {
        Some(subject) => Ok(Expr::binary(subject, order(op), nanoseconds(literal))),
        None => Ok(Expr::binary(access.value()?, order(op), literal)),
    }
}

/// A span of time as a number of nanoseconds. A span by a span is a real number, which holds every count of milliseconds.
fn nanoseconds(span: Expr) -> Expr {
    if let Expr::Timespan(ticks) = span {
        return Expr::Long(ticks.saturating_mul(100));
    }
    let milliseconds = Expr::binary(span, BinaryOp::Divide, Expr::Timespan(constants::TICKS));
    Expr::binary(milliseconds, BinaryOp::Multiply, Expr::Long(1_000_000))
}

fn numbers(cx: &mut Context<'_>, access: &Access<'_>, values: &Operand<Vec<Number>>) -> Result<Expr, String> {
    let literals = values.value.iter().map(|n| number_literal(access, *n)).collect::<Result<Vec<_>, _>>()?;
    if let Some(subject) = access.nanoseconds() {
        let members: Vec<Expr> = literals.into_iter().map(nanoseconds).collect();
        return Ok(if members.is_empty() { Expr::Bool(false) } else { Expr::In(Box::new(subject), InOp::In, members) });
    }
    let subject = access.value()?;
    // Members of a `dynamic` have no timespan, and a real is no long there.
    let listed = literals.iter().all(|l| matches!(l, Expr::Long(_))) && access.value_type() != Scalar::Real;
    let several = values.param.as_ref().is_some_and(|param| held::is_list(cx, param));
    if listed
        && several
        && let Some(list) = held::read(cx, values.param.as_ref(), Read::Numbers, || Expr::Bool(false))
    {
        return Ok(Expr::In(Box::new(subject), InOp::In, vec![list]));
    }
    let param = values.param.as_ref().filter(|_| !several || held::place(cx, values.param.as_ref()) == Place::Inline);
    Ok(match (param, literals.as_slice()) {
        (_, []) => Expr::Bool(false),
        (Some(param), [_, _, ..]) if listed => {
            let list = constant(cx, Some(param), "Numbers", Expr::List(literals));
            Expr::In(Box::new(subject), InOp::In, vec![list])
        }
        (param, [one]) => {
            let one = constant(cx, param, "Number", one.clone());
            Expr::binary(subject, BinaryOp::Equal, one)
        }
        _ => Expr::In(Box::new(subject), InOp::In, literals),
    })
}

fn ports(
    cx: &mut Context<'_>,
    access: &Access<'_>,
    ranges: &Operand<Vec<PortRange>>,
    nulls: Nulls,
) -> Result<Expr, String> {
    if let Some(ports) = held::read(cx, ranges.param.as_ref(), Read::Ports, || Expr::Bool(false)) {
        return Ok(Expr::In(Box::new(access.value()?), InOp::In, vec![ports]));
    }
    let (single, wide): (Vec<&PortRange>, Vec<&PortRange>) = ranges.value.iter().partition(|r| r.low == r.high);
    let numbers = single.iter().map(|r| Number::Int(i64::from(r.low))).collect();
    let single = self::numbers(cx, access, &Operand { value: numbers, param: ranges.param.clone() })?;
    let subject = access.value()?;
    let between = |r: &PortRange| {
        let end = |port: u16| Box::new(Expr::Long(i64::from(port)));
        Expr::Between(Box::new(subject.clone()), end(r.low), end(r.high))
    };
    let wide: Vec<Expr> = wide.into_iter().map(between).collect();
    if wide.is_empty() {
        return Ok(single);
    }
    Ok(Expr::or([single, two_valued(Expr::or(wide), nulls)]))
}

fn boolean(cx: &mut Context<'_>, access: &Access<'_>, value: &Operand<bool>) -> Result<Expr, String> {
    if access.values.is_empty() {
        let literal = constant(cx, value.param.as_ref(), "Flag", Expr::Bool(value.value));
        return Ok(Expr::binary(access.value()?, BinaryOp::Equal, literal));
    }
    let there = access.values.get(if value.value { "true" } else { "false" });
    Ok(there.map_or(Expr::Bool(false), |there| access.is_word(there)))
}

fn moment(cx: &mut Context<'_>, access: &Access<'_>, op: Order, value: &Operand<i64>) -> Result<Expr, String> {
    let literal = constant(cx, value.param.as_ref(), "Time", Expr::Datetime(value.value));
    Ok(Expr::binary(access.value()?, order(op), literal))
}

/// Kusto's address functions are null for what is no address of their family, and the one for IPv6 takes IPv4 too:
/// <https://learn.microsoft.com/kusto/query/ipv6-is-in-any-range-function>
fn address(
    cx: &mut Context<'_>,
    access: &Access<'_>,
    addresses: &[IpAddr],
    networks: &[Cidr],
    param: Option<&ParamRef>,
    nulls: Nulls,
) -> Expr {
    if held::place(cx, param) != Place::Inline {
        return addresses_outside(cx, access, param);
    }
    let subject = access.text();
    let mut parts = Vec::new();
    let texts: Vec<String> = addresses.iter().map(ToString::to_string).collect();
    match texts.as_slice() {
        [] => {}
        [one] if param.is_none() => {
            parts.push(Expr::binary(subject.clone(), BinaryOp::Equal, Expr::Text(one.clone())));
        }
        _ => {
            let operand = Operand { value: texts.clone(), param: param.cloned() };
            let values: Vec<&str> = texts.iter().map(String::as_str).collect();
            let list = constants::texts(cx, "addresses", &operand, &values);
            parts.push(Expr::In(Box::new(subject.clone()), InOp::In, list));
        }
    }
    let (v4, v6): (Vec<&Cidr>, Vec<&Cidr>) = networks.iter().partition(|n| n.address.is_ipv4());
    let list = |networks: Vec<&Cidr>| Expr::List(networks.iter().map(|n| Expr::Text(n.text())).collect());
    let nulls = if addresses.is_empty() && (v4.is_empty() || v6.is_empty()) { nulls } else { Nulls::Counted };
    if !v4.is_empty() {
        let list = constant(cx, param, "V4", list(v4));
        parts.push(two_valued(Expr::Call("ipv4_is_in_any_range", vec![subject.clone(), list]), nulls));
    }
    if !v6.is_empty() {
        let list = constant(cx, param, "V6", list(v6));
        let within = Expr::Call("ipv6_is_in_any_range", vec![subject.clone(), list]);
        let colon = Expr::binary(subject, BinaryOp::Contains, Expr::Text(":".to_owned()));
        parts.push(Expr::and([colon, two_valued(within, nulls)]));
    }
    Expr::or(parts)
}

/// The same with the addresses or networks outside the query: those of both families may come to be there.
fn addresses_outside(cx: &mut Context<'_>, access: &Access<'_>, param: Option<&ParamRef>) -> Expr {
    let subject = access.text();
    let read =
        |cx: &mut Context<'_>, read| held::read(cx, param, read, || Expr::Bool(false)).unwrap_or(Expr::Bool(false));
    let ty = param.and_then(|param| type_of(cx.request.unit, param)).map(Type::scalar);
    if ty == Some(&Type::Ip) {
        let list = read(cx, Read::Plain);
        return Expr::In(Box::new(subject), InOp::In, vec![list]);
    }
    let v4 = Expr::Call("ipv4_is_in_any_range", vec![subject.clone(), read(cx, Read::NetworksV4)]);
    let v6 = Expr::Call("ipv6_is_in_any_range", vec![subject.clone(), read(cx, Read::NetworksV6)]);
    let colon = Expr::binary(subject, BinaryOp::Contains, Expr::Text(":".to_owned()));
    let v6 = Expr::and([colon, two_valued(v6, Nulls::Counted)]);
    Expr::or([two_valued(v4, Nulls::Counted), v6])
}
