//! Values that the query reads from functions of the workspace.

use super::Context;
use super::names::pascal;
use super::regex;
use crate::dialect::held::{Held, Object, owner, type_of};
use crate::dialect::kql::ast::{Expr, Let, LetValue, Pipeline, Source, Step};
use crate::dialect::kql::held::{Column, Place, Read, settings_name, values_name};
use crate::plan::{ParamBound, ParamRef, Parameter, PortRange, Type, Value};
use crate::sema::literals::{print_datetime, print_duration};

/// Where the value of a parameter stands.
pub fn place(cx: &Context<'_>, param: Option<&ParamRef>) -> Place {
    let (Some(settings), Some(param)) = (&cx.settings.held, param) else { return Place::Inline };
    if !is_list(cx, param) {
        return settings.scalars;
    }
    let bound = cx.request.unit.strategy.parameter(param).and_then(|p| length(p, param));
    match settings.lists {
        // Its bound and not its length decides, so that no entry more makes it move.
        Place::Watchlist if bound.is_some_and(|most| most <= settings.short_list) => Place::Function,
        other => other,
    }
}

/// Whether the parameter holds several values.
pub fn is_list(cx: &Context<'_>, param: &ParamRef) -> bool {
    matches!(type_of(cx.request.unit, param), Some(Type::List(_) | Type::Ports))
}

/// The most entries that a list may have.
fn length(parameter: &Parameter, param: &ParamRef) -> Option<i64> {
    match parameter.bounds.get(param.field.as_deref().unwrap_or_default())? {
        ParamBound { length: true, high: Some(Value::Int(most)), .. } => Some(*most),
        _ => None,
    }
}

/// The name of what a rule reads of a parameter; none where the value stands in the query. `shipped` is a single value as a
/// site would write it; of a list it is not looked at.
pub fn read(
    cx: &mut Context<'_>,
    param: Option<&ParamRef>,
    read: Read,
    shipped: impl FnOnce() -> Expr,
) -> Option<Expr> {
    let place = place(cx, param);
    let param = param.filter(|_| place != Place::Inline)?;
    let parameter = cx.request.unit.strategy.parameter(param)?;
    // A list is one wherever it is used, although a test may look at a part of it only.
    let shipped = if is_list(cx, param) { entries(parameter, param)? } else { shipped() };
    let prefix = cx.settings.held.as_ref()?.prefix.clone();
    let owner = owner(cx.request.unit, parameter).to_owned();
    let plain = format!("{}{}", parameter.name, param.field.as_deref().map(pascal).unwrap_or_default());
    let name = format!("{plain}{}", read.suffix());
    if let Some((_, known)) = cx.constants.read.iter().find(|(known, _)| *known == name) {
        return Some(Expr::name(known));
    }
    let base = cx.constants.name_of(param);
    let local = if base == name { base } else { cx.names.fresh(&name) };
    let values = Pipeline { source: Source::Call(values_name(&prefix, &owner), Vec::new()), steps: Vec::new() };
    let column = (local.clone(), Expr::name(&name));
    let value = Expr::ToScalar(Box::new(values.then(Step::Project(vec![column]))));
    let doc = parameter.doc.lines().next().unwrap_or_default().to_owned();
    let form = form(cx, param, place == Place::Watchlist);
    let first = !cx.constants.read.iter().any(|(known, _)| known.starts_with(&plain));
    let comment = if first { doc.clone() } else { String::new() };
    cx.constants.push(Let { comment, name: local.clone(), value: LetValue::Scalar(value) });
    cx.constants.read.push((name.clone(), local.clone()));
    let watchlist = (place == Place::Watchlist).then(|| format!("{prefix}-{owner}-{plain}"));
    let doc = [doc.as_str(), &form].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let settings = settings_name(&prefix, &owner);
    let column = Column { plain, doc, watchlist, settings, shipped, read };
    let object = Object::Column { owner, column: Box::new(column) };
    cx.held.push(Held { name, param: Some(param.clone()), form, object });
    Some(Expr::Name(local))
}

/// The entries of a list as a site writes them; none if one cannot be written there.
fn entries(parameter: &Parameter, param: &ParamRef) -> Option<Expr> {
    let value = match (&*parameter.value, &param.field) {
        (Value::Record(fields), Some(field)) => fields.get(field)?,
        (value, _) => value,
    };
    let text = |text: String| Some(Expr::Text(text));
    let one = |value: &Value| match value {
        Value::String(s) => text(s.clone()),
        Value::Glob(glob) => text(glob.to_string()),
        Value::Ip(ip) => text(ip.to_string()),
        Value::Cidr(network) => text(network.to_string()),
        Value::Host(host) => text(host.to_string()),
        Value::Regex(regex) => regex::of_node(&regex.node, true).ok().map(Expr::Text),
        Value::Int(n) => Some(Expr::Long(*n)),
        Value::Port(port) => Some(Expr::Long((*port).into())),
        Value::Float(x) => Some(Expr::Real(*x)),
        Value::Bool(b) => Some(Expr::Bool(*b)),
        Value::Duration(_) | Value::Datetime(_) | Value::List(_) | Value::Ports(_) | Value::Record(_) => None,
    };
    let range = |r: &PortRange| if r.low == r.high { r.low.to_string() } else { format!("{}-{}", r.low, r.high) };
    match value {
        Value::List(values) => values.iter().map(one).collect::<Option<_>>().map(Expr::List),
        Value::Ports(ranges) => Some(Expr::List(ranges.iter().map(|r| Expr::Text(range(r))).collect())),
        _ => None,
    }
}

/// How a site writes a value, and within which bounds.
fn form(cx: &Context<'_>, param: &ParamRef, watchlist: bool) -> String {
    let ty = type_of(cx.request.unit, param);
    let one = match ty.map(Type::scalar) {
        Some(Type::Duration) => "a timespan such as 5m",
        Some(Type::Datetime) => "a moment such as datetime(2026-01-31T10:00:00Z)",
        Some(Type::Glob) => "a glob: * any run of characters, ? one, [*] and [?] those characters",
        Some(Type::Regex) => "a regular expression of Kusto",
        Some(Type::Cidr) => "a network such as 10.0.0.0/8",
        Some(Type::Host) => "an address, a network or a name; *.example.com for all names below one",
        Some(Type::Ip) => "an address",
        Some(Type::Ports) => "a port or a range such as 8000-8010",
        Some(Type::Bool) => "true or false",
        Some(Type::Int | Type::Float | Type::Port) => "a number",
        _ => "a text",
    };
    let bounds = cx.request.unit.strategy.parameter(param).and_then(|parameter| bounds(parameter, param));
    match ty {
        Some(Type::List(_) | Type::Ports) if watchlist => format!("One a row: {one}{}", bounds.unwrap_or_default()),
        Some(Type::List(_) | Type::Ports) => format!("Each {one}{}", bounds.unwrap_or_default()),
        _ => format!("It is {one}{}", bounds.unwrap_or_default()),
    }
}

/// The bounds of a value, or of the number of its entries, in words.
fn bounds(parameter: &Parameter, param: &ParamRef) -> Option<String> {
    let bound = parameter.bounds.get(param.field.as_deref().unwrap_or_default())?;
    let end = |value: &Value| match value {
        Value::Int(n) => n.to_string(),
        Value::Float(x) => x.to_string(),
        Value::Duration(nanoseconds) => print_duration(*nanoseconds),
        Value::Datetime(milliseconds) => print_datetime(*milliseconds),
        _ => String::new(),
    };
    let (low, high) = (bound.low.as_ref().map(end), bound.high.as_ref().map(end));
    let range = match (low, high) {
        (Some(low), Some(high)) => format!("{low} to {high}"),
        (Some(low), None) => format!("at least {low}"),
        (None, Some(high)) => format!("at most {high}"),
        (None, None) => return None,
    };
    Some(if bound.length { format!("; {range} of them") } else { format!("; {range}") })
}
