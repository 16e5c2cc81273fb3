//! Tests whose values stand outside the search.

use super::super::ast::{Compare, Expr, Function};
use super::super::held::{Place, Scale, argument, is_listed};
use super::super::site::{Form, Reading, Site};
use super::pred::{condition, order, some_value};
use crate::dialect::held::Matching;
use crate::plan::reads::parameter_of;
use crate::plan::{Logic, Number, Operand, ParamRef, TestKind, TextOp, TextTest, Type};

/// Whether the values of a test may change without the search: then nothing may be made of them beforehand.
pub fn is_held(site: &Site<'_>, kind: &TestKind) -> bool {
    let keeper = site.keeper.as_ref();
    keeper.zip(parameter_of(kind)).is_some_and(|(keeper, param)| keeper.place(param) != Place::Inline)
}

/// The test with its values outside the search; none where it must stand in it. `inline` says it of a reading.
pub fn test(
    site: &mut Site<'_>,
    reading: &Reading,
    kind: &TestKind,
    inline: impl Fn(&mut Site<'_>, &Reading) -> Logic<Expr>,
) -> Option<Logic<Expr>> {
    let param = parameter_of(kind)?;
    let place = site.keeper.as_ref()?.place(param);
    if place == Place::Inline || reading.constant.is_some() {
        return None;
    }
    if let Some(value) = single(site, reading, kind) {
        return Some(value);
    }
    let whole = |site: &mut Site<'_>, named: &str| {
        let stand_in = Reading { name: argument(), always: false, ..reading.clone() };
        let definition = condition(inline(site, &stand_in));
        site.keeper.as_mut()?.predicate(param, named, &reading.name, &definition)
    };
    let (hosts, networks) = (is_of(site, param, &Type::Host), !is_of(site, param, &Type::Ip));
    let named = use_of(kind, hosts);
    let plain = reading.form == Form::Text && reading.values.is_empty() && !reading.field.ty.is_list();
    let Some((matching, cased)) = matching(kind, networks).filter(|_| plain && place == Place::KvStore) else {
        return Some(Logic::Atom(whole(site, &named)?));
    };
    let shipped = match (kind, matching) {
        (TestKind::Text(TextTest { op: TextOp::Equals(texts), .. }), _) => rows(
            site,
            reading,
            (param, &named),
            cased,
            texts.value.iter().filter(|text| !text.is_empty()).cloned().collect(),
        )?,
        (TestKind::Address { addresses, .. }, Matching::Exact) => {
            rows(site, reading, (param, &named), cased, addresses.iter().map(ToString::to_string).collect())?
        }
        _ => whole(site, &named)?,
    };
    let names = &mut site.names;
    let own = site.keeper.as_mut()?.own_rows(param, &named, &reading.name, (cased, matching), |w| names.fresh(w));
    Some(Logic::Atom(is_listed(own.as_ref(), shipped)))
}

/// Whether the value is a row of the shipped table.
fn rows(
    site: &mut Site<'_>,
    reading: &Reading,
    (param, named): (&ParamRef, &str),
    cased: bool,
    entries: Vec<String>,
) -> Option<Expr> {
    let names = &mut site.names;
    let keeper = site.keeper.as_mut()?;
    let listed = keeper.shipped(param, named, &reading.name, cased, entries, |wish| names.fresh(wish))?;
    Some(Expr::call(Function::Isnotnull, [Expr::Field(listed)]))
}

/// How the entries of a list are compared with a value by a lookup, and whether case counts; none where no lookup does.
fn matching(kind: &TestKind, networks: bool) -> Option<(Matching, bool)> {
    match kind {
        TestKind::Text(TextTest { op: TextOp::Equals(_), cased, .. }) => Some((Matching::Exact, *cased)),
        TestKind::Text(TextTest { cased, .. }) => Some((Matching::Wildcard, *cased)),
        TestKind::Address { .. } if networks => Some((Matching::Network, false)),
        TestKind::Address { .. } => Some((Matching::Exact, false)),
        TestKind::Exists(_)
        | TestKind::Matches { .. }
        | TestKind::Number { .. }
        | TestKind::NumberIn { .. }
        | TestKind::PortIn { .. }
        | TestKind::Bool { .. }
        | TestKind::Time { .. }
        | TestKind::Compare(_) => None,
    }
}

/// What tells two tests of one list from each other, for the names of their objects: nothing where the operator is the
/// usual one.
fn use_of(kind: &TestKind, hosts: bool) -> String {
    let (operator, case) = match kind {
        TestKind::Text(TextTest { op, cased, .. }) => {
            let operator = match op {
                TextOp::Like(_) if hosts => "_names",
                TextOp::Equals(_) | TextOp::Like(_) => "",
                TextOp::Contains(_) => "_containing",
                TextOp::StartsWith(_) => "_starting",
                TextOp::EndsWith(_) => "_ending",
            };
            (operator, if *cased { "_cased" } else { "" })
        }
        TestKind::Matches { cased, .. } => ("", if *cased { "" } else { "_nocase" }),
        TestKind::Address { .. } if hosts => ("_addresses", ""),
        TestKind::Exists(_)
        | TestKind::Number { .. }
        | TestKind::NumberIn { .. }
        | TestKind::PortIn { .. }
        | TestKind::Bool { .. }
        | TestKind::Time { .. }
        | TestKind::Address { .. }
        | TestKind::Compare(_) => ("", ""),
    };
    format!("{operator}{case}")
}

/// Whether the parameter's values are of a type.
fn is_of(site: &Site<'_>, param: &ParamRef, ty: &Type) -> bool {
    site.keeper.as_ref().and_then(|keeper| keeper.type_of(param)).is_some_and(|known| known.scalar() == ty)
}

/// A test against a single value.
fn single(site: &mut Site<'_>, reading: &Reading, kind: &TestKind) -> Option<Logic<Expr>> {
    let param = parameter_of(kind)?;
    if site.keeper.as_ref()?.is_list(param) {
        return None;
    }
    let plain = reading.values.is_empty();
    let condition = match kind {
        TestKind::Number { op, value, .. } => {
            reading.number().compare(order(*op), number(site, reading, value.value, param))
        }
        TestKind::NumberIn { values: Operand { value, .. }, .. } => {
            let [one] = value.as_slice() else { return None };
            reading.number().compare(Compare::Eq, number(site, reading, *one, param))
        }
        TestKind::Time { op, value, .. } => {
            let moment = site.scalar(Some(param), Expr::Int(value.value), Scale::Milliseconds);
            reading.number().compare(order(*op), moment)
        }
        TestKind::Bool { value, .. } if plain => {
            equal(site, reading, if value.value { "true" } else { "false" }, false, param)
        }
        TestKind::Text(TextTest { op: TextOp::Equals(texts), cased, .. }) if plain && reading.form == Form::Text => {
            let [one] = texts.value.as_slice() else { return None };
            equal(site, reading, one, *cased, param)
        }
        _ => return None,
    };
    Some(some_value(reading, condition))
}

/// A number of the field's own: a span of time in nanoseconds.
fn number(site: &mut Site<'_>, reading: &Reading, value: Number, param: &ParamRef) -> Expr {
    let (value, scale) = match value {
        Number::Int(n) if matches!(reading.form, Form::Duration(_)) => (Expr::Int(n), Scale::Nanoseconds),
        Number::Int(n) => (Expr::Int(n), Scale::One),
        Number::Float(x) => (Expr::Float(x), Scale::One),
    };
    site.scalar(Some(param), value, scale)
}

/// Equality of texts. A text in front keeps two that look like numbers from being compared as such; an empty one is no
/// value.
fn equal(site: &mut Site<'_>, reading: &Reading, text: &str, cased: bool, param: &ParamRef) -> Expr {
    let macro_ = site.scalar(Some(param), Expr::text(text), Scale::One);
    let side = |side: Expr| {
        let side = if cased { side } else { Expr::call(Function::Lower, [side]) };
        Expr::text("=").concat(side)
    };
    let present = reading.raw().compare(Compare::Ne, Expr::text(""));
    Expr::and([present, side(reading.raw()).compare(Compare::Eq, side(macro_))])
}
