//! Bounds of parameters: `in a..b` and `with len a..b`, of a whole value and of a record's fields.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use super::literals::{MAX_INT, print_duration};
use crate::plan::{ParamBound, Type, Value};

/// Whether `value`, of type `ty`, lies within the bounds (keyed as in [`crate::plan::Parameter::bounds`]). In a list
/// without a length bound, a value bound holds for every entry.
///
/// # Errors
/// Says which bound the value breaks.
pub fn check(ty: &Type, bounds: &BTreeMap<String, ParamBound>, value: &Value) -> Result<(), String> {
    check_exact(value)?;
    if let Some(bound) = bounds.get("") {
        check_one(bound, value)?;
    }
    let (Type::Record(_), Value::Record(fields)) = (ty, value) else { return Ok(()) };
    for (name, value) in fields {
        if let Some(bound) = bounds.get(name) {
            check_one(bound, value).map_err(|e| format!("`{name}`: {e}"))?;
        }
    }
    Ok(())
}

/// Integers are held to what every target keeps exact, and floats to what is a number.
fn check_exact(value: &Value) -> Result<(), String> {
    match value {
        Value::Int(n) if n.unsigned_abs() > MAX_INT.unsigned_abs() => {
            Err(format!("`{n}` is beyond 2^53, where numbers are no longer exact on every target"))
        }
        Value::Float(x) if !x.is_finite() => Err("the number is not finite".to_owned()),
        Value::List(values) => values.iter().try_for_each(check_exact),
        Value::Record(fields) => fields.values().try_for_each(check_exact),
        _ => Ok(()),
    }
}

fn check_one(bound: &ParamBound, value: &Value) -> Result<(), String> {
    if bound.length {
        return check_length(bound, value);
    }
    if let Value::List(values) = value {
        return values.iter().try_for_each(|v| check_one(bound, v));
    }
    let below = bound.low.as_ref().is_some_and(|low| compare(value, low) == Some(Ordering::Less));
    let above = bound.high.as_ref().is_some_and(|high| compare(value, high) == Some(Ordering::Greater));
    if below || above { Err(format!("`{}` is outside {}", print(value), range(bound))) } else { Ok(()) }
}

fn check_length(bound: &ParamBound, value: &Value) -> Result<(), String> {
    let (count, what) = match value {
        Value::List(values) => (values.len(), "entries"),
        Value::Ports(ranges) => (ranges.len(), "entries"),
        Value::String(text) => (text.chars().count(), "characters"),
        _ => return Ok(()),
    };
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    let limit = |v: &Option<Value>| if let Some(Value::Int(n)) = v { Some(*n) } else { None };
    let below = limit(&bound.low).is_some_and(|low| count < low);
    let above = limit(&bound.high).is_some_and(|high| count > high);
    if below || above { Err(format!("{count} {what}, where {} are allowed", range(bound))) } else { Ok(()) }
}

/// How two values of one ordered type compare; integers and floats compare as numbers.
#[must_use]
pub fn compare(a: &Value, b: &Value) -> Option<Ordering> {
    match (a, b) {
        (Value::Int(a), Value::Int(b))
        | (Value::Duration(a), Value::Duration(b))
        | (Value::Datetime(a), Value::Datetime(b)) => Some(a.cmp(b)),
        _ => number(a)?.partial_cmp(&number(b)?),
    }
}

/// A numeric value as a double.
#[expect(clippy::cast_precision_loss, reason = "integers of the language are exact to 2^53")]
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Int(n) => Some(*n as f64),
        Value::Float(x) => Some(*x),
        Value::Port(p) => Some(f64::from(*p)),
        _ => None,
    }
}

/// `1s..300s`, an open end left out.
fn range(bound: &ParamBound) -> String {
    let end = |v: &Option<Value>| v.as_ref().map(print).unwrap_or_default();
    format!("`{}..{}`", end(&bound.low), end(&bound.high))
}

/// A bounded value as the source would write it.
fn print(value: &Value) -> String {
    match value {
        Value::Int(n) => n.to_string(),
        Value::Float(x) => format!("{x:?}"),
        Value::Port(p) => p.to_string(),
        Value::Duration(d) => print_duration(*d),
        Value::Datetime(ms) => format!("{ms} ms since 1970"),
        other => format!("{other:?}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bound(length: bool, low: Option<Value>, high: Option<Value>) -> BTreeMap<String, ParamBound> {
        BTreeMap::from([(String::new(), ParamBound { length, low, high })])
    }

    #[test]
    fn both_ends_are_inside() {
        let second = 1_000_000_000;
        let bounds = bound(false, Some(Value::Duration(second)), Some(Value::Duration(300 * second)));
        for (value, inside) in [(second, true), (300 * second, true), (second - 1, false), (301 * second, false)] {
            assert_eq!(check(&Type::Duration, &bounds, &Value::Duration(value)).is_ok(), inside, "{value}");
        }
        let error = check(&Type::Duration, &bounds, &Value::Duration(301 * second));
        assert_eq!(error, Err("`5m1s` is outside `1s..5m`".to_owned()));
    }

    #[test]
    fn a_length_counts_entries() {
        let ty = Type::List(Box::new(Type::String));
        let error = check(&ty, &bound(true, Some(Value::Int(1)), None), &Value::List(vec![]));
        assert_eq!(error, Err("0 entries, where `1..` are allowed".to_owned()));
    }

    #[test]
    fn a_value_bound_on_a_list_holds_for_every_entry() {
        let ty = Type::List(Box::new(Type::Int));
        let bounds = bound(false, Some(Value::Int(1)), Some(Value::Int(9)));
        assert!(check(&ty, &bounds, &Value::List(vec![Value::Int(1), Value::Int(10)])).is_err());
    }

    #[test]
    fn a_field_of_a_record_is_named_in_the_error() {
        let ty = Type::Record(BTreeMap::from([("days".to_owned(), Type::Int)]));
        let bounds =
            BTreeMap::from([("days".to_owned(), ParamBound { length: false, low: Some(Value::Int(1)), high: None })]);
        let value = Value::Record(BTreeMap::from([("days".to_owned(), Value::Int(0))]));
        assert_eq!(check(&ty, &bounds, &value), Err("`days`: `0` is outside `1..`".to_owned()));
    }
}
