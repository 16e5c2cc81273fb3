//! Types and values of the language.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::{Cidr, Glob, Host, Regex};

/// A type.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Type {
    /// `true` or `false`.
    Bool,
    /// A 64-bit integer, exact to 2^53 on every target.
    Int,
    /// An IEEE double.
    Float,
    /// Unicode text.
    String,
    /// A span of time; in events an integer of nanoseconds, as in ECS.
    Duration,
    /// A moment, UTC, milliseconds.
    Datetime,
    /// An IPv4 or IPv6 address; compares and joins as text.
    Ip,
    /// A network.
    Cidr,
    /// An address, a network or a name, in one list.
    Host,
    /// A port number.
    Port,
    /// A glob pattern.
    Glob,
    /// A regular expression in the portable subset.
    Regex,
    /// One of a closed set of words.
    Enum(Vec<String>),
    /// Several values. On a class's field: the field may hold several.
    List(Box<Type>),
    /// Ports and ranges of ports, with labels.
    Ports,
    /// Named fields.
    Record(BTreeMap<String, Type>),
}

impl Type {
    /// The type of one value: of the members of a list, else itself.
    #[must_use]
    pub fn scalar(&self) -> &Self {
        match self {
            Self::List(inner) => inner,
            other => other,
        }
    }

    /// Whether a field of this type may hold several values.
    #[must_use]
    pub const fn is_list(&self) -> bool {
        matches!(self, Self::List(_))
    }

    /// Whether values are text on every target: strings, closed sets, addresses.
    #[must_use]
    pub fn is_text(&self) -> bool {
        matches!(self.scalar(), Self::String | Self::Enum(_) | Self::Ip)
    }

    /// Whether values take part in arithmetic as numbers.
    #[must_use]
    pub fn is_number(&self) -> bool {
        matches!(self.scalar(), Self::Int | Self::Float | Self::Port)
    }
}

impl std::fmt::Display for Type {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Bool => f.write_str("bool"),
            Self::Int => f.write_str("int"),
            Self::Float => f.write_str("float"),
            Self::String => f.write_str("string"),
            Self::Duration => f.write_str("duration"),
            Self::Datetime => f.write_str("datetime"),
            Self::Ip => f.write_str("ip"),
            Self::Cidr => f.write_str("cidr"),
            Self::Host => f.write_str("host"),
            Self::Port => f.write_str("port"),
            Self::Glob => f.write_str("glob"),
            Self::Regex => f.write_str("regex"),
            Self::Enum(words) => write!(f, "enum({})", words.join("|")),
            Self::List(inner) => write!(f, "list<{inner}>"),
            Self::Ports => f.write_str("ports"),
            Self::Record(fields) => {
                f.write_str("record {")?;
                for (i, (name, ty)) in fields.iter().enumerate() {
                    write!(f, "{} {name}: {ty}", if i == 0 { "" } else { "," })?;
                }
                f.write_str(" }")
            }
        }
    }
}

/// A value of one of the types.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of `bool`.
    Bool(bool),
    /// Of `int`.
    Int(i64),
    /// Of `float`; never NaN or infinite.
    Float(f64),
    /// Of `string` or a closed set.
    String(String),
    /// Of `duration`, in nanoseconds.
    Duration(i64),
    /// Of `datetime`, in milliseconds since 1970.
    Datetime(i64),
    /// Of `ip`; an IPv4-mapped IPv6 address is held as IPv4.
    Ip(IpAddr),
    /// Of `cidr`.
    Cidr(Cidr),
    /// Of `host`.
    Host(Host),
    /// Of `port`.
    Port(u16),
    /// Of `glob`.
    Glob(Glob),
    /// Of `regex`.
    Regex(Regex),
    /// Of `list<T>`.
    List(Vec<Value>),
    /// Of `ports`.
    Ports(Vec<PortRange>),
    /// Of a record.
    Record(BTreeMap<String, Value>),
}

/// An inclusive range of ports with its label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    /// The first port.
    pub low: u16,
    /// The last port; equal to `low` for a single one.
    pub high: u16,
    /// What uses it, such as `HTTPS`; may be empty.
    pub label: String,
}

/// A number in a predicate.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub enum Number {
    /// A whole number.
    Int(i64),
    /// A double; never NaN or infinite.
    Float(f64),
}

impl Number {
    /// As a double.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "integers of the language are exact to 2^53")]
    pub const fn as_f64(self) -> f64 {
        match self {
            Self::Int(i) => i as f64,
            Self::Float(f) => f,
        }
    }
}

impl std::fmt::Display for Number {
    /// Prints so that reading it back gives the same number; a float always shows a point or an exponent.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Int(i) => write!(f, "{i}"),
            Self::Float(x) => write!(f, "{x:?}"),
        }
    }
}
