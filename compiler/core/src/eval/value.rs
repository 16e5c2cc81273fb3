//! Values of an event's fields: borrowed while a line is looked at, owned where an event is kept.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::net::IpAddr;
use std::rc::Rc;

use serde_json::Value as Json;

use super::time;
use crate::plan::{Number, Type};

/// How a field is read, by its declared type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reads {
    /// `true` or `false`.
    Bool,
    /// A whole number of 64 bits.
    Int,
    /// A whole number of 0 to 65535.
    Port,
    /// A double.
    Float,
    /// A whole number of nanoseconds.
    Duration,
    /// An ISO 8601 text.
    Datetime,
    /// An address; text that is none stays text.
    Ip,
    /// Text, or a number or Boolean as text.
    Text,
    /// Text and nothing else: the event's class.
    Word,
}

impl Reads {
    /// How values of this type are read. A closed set is read as text: a word outside it is still a value.
    pub fn of(ty: &Type) -> Self {
        match ty.scalar() {
            Type::Bool => Self::Bool,
            Type::Int => Self::Int,
            Type::Port => Self::Port,
            Type::Float => Self::Float,
            Type::Duration => Self::Duration,
            Type::Datetime => Self::Datetime,
            Type::Ip => Self::Ip,
            Type::String
            | Type::Enum(_)
            | Type::Cidr
            | Type::Host
            | Type::Glob
            | Type::Regex
            | Type::List(_)
            | Type::Ports
            | Type::Record(_) => Self::Text,
        }
    }
}

/// A value of a line that is being looked at.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scalar<'t> {
    /// Of a Boolean field.
    Bool(bool),
    /// Of an int, port or duration (nanoseconds) field.
    Int(i64),
    /// Of a float field.
    Float(f64),
    /// Of a datetime field, milliseconds since 1970.
    Time(i64),
    /// Of an address field; an IPv4-mapped address is IPv4.
    Ip(IpAddr),
    /// Of a text field, or of an address field that holds no address. Never empty.
    Text(&'t str),
}

impl Scalar<'_> {
    /// The value, to keep.
    pub fn to_value(self) -> Value {
        match self {
            Self::Bool(b) => Value::Bool(b),
            Self::Int(i) => Value::Int(i),
            Self::Float(x) => Value::Float(Float(x)),
            Self::Time(t) => Value::Time(t),
            Self::Ip(ip) => Value::Ip(ip),
            Self::Text(text) => Value::Text(Rc::from(text)),
        }
    }
}

/// A value of a kept event. Equality is exact, as every product's joins compare.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// A Boolean.
    Bool(bool),
    /// An int, port or duration.
    Int(i64),
    /// A float.
    Float(Float),
    /// A moment.
    Time(i64),
    /// An address.
    Ip(IpAddr),
    /// Text.
    Text(Rc<str>),
}

impl Value {
    /// As an alert shows it: a moment in ISO 8601, a duration in nanoseconds, an address as its canonical text.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Bool(b) => Json::from(*b),
            Self::Int(i) => Json::from(*i),
            Self::Float(x) => Json::from(x.0),
            Self::Time(t) => Json::from(time::format(*t)),
            Self::Ip(ip) => Json::from(ip.to_string()),
            Self::Text(text) => Json::from(&**text),
        }
    }
}

/// A double that is neither NaN, infinite nor negative zero.
#[derive(Debug, Clone, Copy)]
pub struct Float(pub f64);

impl Ord for Float {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl PartialOrd for Float {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Float {}

impl Hash for Float {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// A double as a value of the language: none if it is no number, and one zero only.
pub fn float(x: f64) -> Option<f64> {
    // Adding positive zero turns a negative one into it and changes nothing else.
    x.is_finite().then_some(x + 0.0)
}

/// A double as a whole number of 64 bits, if it is one.
pub fn whole(x: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "whole and within the bounds")]
    (x.fract() == 0.0 && (-(2f64.powi(63))..2f64.powi(63)).contains(&x)).then_some(x as i64)
}

/// Compares numbers by their exact values, whatever their types.
pub fn compare(a: Number, b: Number) -> Ordering {
    match (a, b) {
        (Number::Int(a), Number::Int(b)) => a.cmp(&b),
        (Number::Float(a), Number::Float(b)) => a.partial_cmp(&b).unwrap_or(Ordering::Equal),
        (Number::Int(a), Number::Float(b)) => compare_mixed(a, b),
        (Number::Float(a), Number::Int(b)) => compare_mixed(b, a).reverse(),
    }
}

/// An integer against a finite double: by the double's whole part, then by what is left of it.
fn compare_mixed(a: i64, b: f64) -> Ordering {
    match whole(b.floor()) {
        Some(floor) => a.cmp(&floor).then(if b > b.floor() { Ordering::Less } else { Ordering::Equal }),
        None if b > 0.0 => Ordering::Less,
        None => Ordering::Greater,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_and_floats_compare_by_their_exact_values() {
        let big = 9_007_199_254_740_993;
        for (a, b, order) in [
            (Number::Int(1), Number::Float(1.0), Ordering::Equal),
            (Number::Int(1), Number::Float(1.5), Ordering::Less),
            (Number::Int(-1), Number::Float(-1.5), Ordering::Greater),
            (Number::Int(big), Number::Float(9_007_199_254_740_992.0), Ordering::Greater),
            (Number::Int(i64::MAX), Number::Float(2f64.powi(63)), Ordering::Less),
            (Number::Int(i64::MIN), Number::Float(-(2f64.powi(63))), Ordering::Equal),
            (Number::Int(i64::MIN), Number::Float(-1e300), Ordering::Greater),
            (Number::Float(0.5), Number::Int(1), Ordering::Less),
        ] {
            assert_eq!(compare(a, b), order, "{a:?} against {b:?}");
            assert_eq!(compare(b, a), order.reverse(), "{b:?} against {a:?}");
        }
    }
}
