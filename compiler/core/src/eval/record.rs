//! The fields of one line, as the detections need them.

use std::net::IpAddr;

use super::row::Values;
use super::time;
use super::value::{Reads, Scalar, float, whole};

/// A place in a [`Record`] for the values of one field as one type.
pub type Slot = usize;

/// A scalar of JSON.
#[derive(Debug, Clone, Copy)]
pub enum Token<'t> {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number of 64 bits.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Text(&'t str),
}

/// The values of one line's fields by slot. One record serves line after line, so that reading allocates nothing.
#[derive(Debug, Default)]
pub struct Record {
    slots: Vec<Vec<Held>>,
    /// Slots that may hold something.
    touched: Vec<Slot>,
    /// The text of all values.
    text: String,
}

/// A [`Scalar`] whose text is a range of the record's.
#[derive(Debug, Clone, Copy)]
enum Held {
    Bool(bool),
    Int(i64),
    Float(f64),
    Time(i64),
    Ip(IpAddr),
    Text(usize, usize),
}

impl Record {
    /// A record of this many slots.
    pub fn new(slots: usize) -> Self {
        Self { slots: vec![Vec::new(); slots], ..Self::default() }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        for slot in self.touched.drain(..) {
            if let Some(values) = self.slots.get_mut(slot) {
                values.clear();
            }
        }
        self.text.clear();
    }

    /// The values of a slot.
    pub fn values(&self, slot: Slot) -> impl ExactSizeIterator<Item = Scalar<'_>> + Clone {
        self.slots.get(slot).map_or(&[][..], Vec::as_slice).iter().map(|held| match *held {
            Held::Bool(b) => Scalar::Bool(b),
            Held::Int(i) => Scalar::Int(i),
            Held::Float(x) => Scalar::Float(x),
            Held::Time(t) => Scalar::Time(t),
            Held::Ip(ip) => Scalar::Ip(ip),
            Held::Text(start, end) => Scalar::Text(self.text.get(start..end).unwrap_or_default()),
        })
    }

    /// The value of a slot that has just one.
    pub fn single(&self, slot: Slot) -> Option<Scalar<'_>> {
        let mut values = self.values(slot);
        values.next().filter(|_| values.len() == 0)
    }

    /// The values of a slot, to keep.
    pub fn keep(&self, slot: Slot) -> Values {
        match self.single(slot) {
            Some(value) => Values::One(value.to_value()),
            None => Values::Several(self.values(slot).map(Scalar::to_value).collect()),
        }
    }

    /// How many values a slot has.
    pub fn count(&self, slot: Slot) -> usize {
        self.slots.get(slot).map_or(0, Vec::len)
    }

    /// Leaves the first `count` values of a slot.
    pub fn truncate(&mut self, slot: Slot, count: usize) {
        if let Some(values) = self.slots.get_mut(slot) {
            values.truncate(count);
        }
    }

    /// Adds a value, read as the type says. What cannot be read so, and `""`, is no value.
    pub fn push(&mut self, slot: Slot, reads: Reads, token: Token<'_>) {
        if matches!(token, Token::Text("")) {
            return;
        }
        let held = match reads {
            Reads::Bool => boolean(token).map(Held::Bool),
            Reads::Int | Reads::Duration => integer(token).map(Held::Int),
            Reads::Port => integer(token).filter(|n| (0..=0xffff).contains(n)).map(Held::Int),
            Reads::Float => double(token).map(Held::Float),
            Reads::Datetime => moment(token).map(Held::Time),
            Reads::Ip => self.address(token),
            Reads::Text => Some(self.text(token)),
            Reads::Word => match token {
                Token::Text(word) => Some(self.hold(word)),
                Token::Bool(_) | Token::Int(_) | Token::Float(_) => None,
            },
        };
        if let (Some(held), Some(values)) = (held, self.slots.get_mut(slot)) {
            values.push(held);
            self.touched.push(slot);
        }
    }

    fn hold(&mut self, text: &str) -> Held {
        let start = self.text.len();
        self.text.push_str(text);
        Held::Text(start, self.text.len())
    }

    /// Text as it is; a number in its shortest form, a Boolean as its word.
    fn text(&mut self, token: Token<'_>) -> Held {
        match token {
            Token::Text(text) => self.hold(text),
            Token::Bool(b) => self.hold(if b { "true" } else { "false" }),
            Token::Int(i) => self.hold(&i.to_string()),
            Token::Float(x) => self.hold(&serde_json::Value::from(x).to_string()),
        }
    }

    /// An address, an IPv4-mapped one as IPv4; text that is none stays as it is.
    fn address(&mut self, token: Token<'_>) -> Option<Held> {
        match token {
            Token::Text(text) => Some(match text.parse::<IpAddr>() {
                Ok(ip) => Held::Ip(ip.to_canonical()),
                Err(_) => self.hold(text),
            }),
            Token::Bool(_) | Token::Int(_) | Token::Float(_) => None,
        }
    }
}

fn boolean(token: Token<'_>) -> Option<bool> {
    match token {
        Token::Bool(b) => Some(b),
        Token::Int(_) | Token::Float(_) | Token::Text(_) => None,
    }
}

fn integer(token: Token<'_>) -> Option<i64> {
    match token {
        Token::Int(i) => Some(i),
        Token::Float(x) => whole(x),
        Token::Text(text) if is_decimal(text) => text.parse().ok().or_else(|| {
            // Not written as a plain integer, or too large for one: `1e3`, `5.0`.
            text.bytes().any(|b| !b.is_ascii_digit() && b != b'-').then(|| text.parse().ok().and_then(whole))?
        }),
        Token::Text(_) | Token::Bool(_) => None,
    }
}

fn double(token: Token<'_>) -> Option<f64> {
    match token {
        #[expect(clippy::cast_precision_loss, reason = "the declared type is a double")]
        Token::Int(i) => Some(i as f64),
        Token::Float(x) => float(x),
        Token::Text(text) if is_decimal(text) => text.parse().ok().and_then(float),
        Token::Text(_) | Token::Bool(_) => None,
    }
}

fn moment(token: Token<'_>) -> Option<i64> {
    match token {
        Token::Text(text) => time::parse(text),
        Token::Bool(_) | Token::Int(_) | Token::Float(_) => None,
    }
}

/// Whether text is a decimal number: digits, with a sign, a fraction and an exponent where there are any.
fn is_decimal(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (text, exponent) = text.split_once(['e', 'E']).map_or((text, None), |(text, exponent)| (text, Some(exponent)));
    let (integer, fraction) = text.split_once('.').map_or((text, None), |(text, fraction)| (text, Some(fraction)));
    digits(integer)
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|e| digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}
