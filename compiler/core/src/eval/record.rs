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

/// The values of one line's fields by slot. One record serves line after line, so that reading a line allocates nothing;
/// and a scalar is read as its declared type when it is asked for, as few are.
#[derive(Debug)]
pub struct Record {
    slots: Vec<Column>,
    /// Slots that may hold something.
    touched: Vec<Slot>,
    /// The text of all scalars.
    text: String,
}

/// What a slot holds, and as what it is read.
#[derive(Debug)]
struct Column {
    reads: Reads,
    held: Vec<Held>,
}

/// A [`Token`] whose text is a range of the record's.
#[derive(Debug, Clone, Copy)]
enum Held {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(usize, usize),
}

impl Record {
    /// A record with a slot for each of these.
    pub fn new(slots: impl IntoIterator<Item = Reads>) -> Self {
        let slots = slots.into_iter().map(|reads| Column { reads, held: Vec::new() }).collect();
        Self { slots, touched: Vec::new(), text: String::new() }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        for slot in self.touched.drain(..) {
            if let Some(column) = self.slots.get_mut(slot) {
                column.held.clear();
            }
        }
        self.text.clear();
    }

    /// The values of a slot. What cannot be read as its type is no value, nor is `""`.
    pub fn values(&self, slot: Slot) -> impl Iterator<Item = Scalar<'_>> + Clone {
        let (reads, held) = self.slots.get(slot).map_or((Reads::Word, &[][..]), |column| (column.reads, &column.held));
        held.iter().filter_map(move |held| read(reads, *held, &self.text))
    }

    /// The value of a slot that has just one.
    pub fn single(&self, slot: Slot) -> Option<Scalar<'_>> {
        let mut values = self.values(slot);
        values.next().filter(|_| values.next().is_none())
    }

    /// The values of a slot, to keep.
    pub fn keep(&self, slot: Slot) -> Values {
        match self.single(slot) {
            Some(value) => Values::One(value.to_value()),
            None => Values::Several(self.values(slot).map(Scalar::to_value).collect()),
        }
    }

    /// How many scalars a slot holds, values or not.
    pub fn count(&self, slot: Slot) -> usize {
        self.slots.get(slot).map_or(0, |column| column.held.len())
    }

    /// Leaves the first `count` scalars of a slot.
    pub fn truncate(&mut self, slot: Slot, count: usize) {
        if let Some(column) = self.slots.get_mut(slot) {
            column.held.truncate(count);
        }
    }

    /// Adds a scalar. For a text field a number stands in its shortest form, a Boolean as its word.
    pub fn push(&mut self, slot: Slot, token: Token<'_>) {
        let Some(Column { reads, held }) = self.slots.get_mut(slot) else { return };
        let text = &mut self.text;
        held.push(match token {
            Token::Text(word) => hold(text, word),
            Token::Bool(b) if *reads == Reads::Text => hold(text, if b { "true" } else { "false" }),
            Token::Int(i) if *reads == Reads::Text => hold(text, &i.to_string()),
            Token::Float(x) if *reads == Reads::Text => hold(text, &serde_json::Value::from(x).to_string()),
            Token::Bool(b) => Held::Bool(b),
            Token::Int(i) => Held::Int(i),
            Token::Float(x) => Held::Float(x),
        });
        self.touched.push(slot);
    }
}

fn hold(all: &mut String, text: &str) -> Held {
    let start = all.len();
    all.push_str(text);
    Held::Text(start, all.len())
}

/// A scalar as a value of a type, if it is one.
fn read(reads: Reads, held: Held, text: &str) -> Option<Scalar<'_>> {
    let token = match held {
        Held::Bool(b) => Token::Bool(b),
        Held::Int(i) => Token::Int(i),
        Held::Float(x) => Token::Float(x),
        Held::Text(start, end) => Token::Text(text.get(start..end).filter(|text| !text.is_empty())?),
    };
    match reads {
        Reads::Bool => boolean(token).map(Scalar::Bool),
        Reads::Int | Reads::Duration => integer(token).map(Scalar::Int),
        Reads::Port => integer(token).filter(|n| (0..=0xffff).contains(n)).map(Scalar::Int),
        Reads::Float => double(token).map(Scalar::Float),
        Reads::Datetime => moment(token).map(Scalar::Time),
        Reads::Ip => words(token).map(address),
        Reads::Text | Reads::Word => words(token).map(Scalar::Text),
    }
}

fn words(token: Token<'_>) -> Option<&str> {
    match token {
        Token::Text(text) => Some(text),
        Token::Bool(_) | Token::Int(_) | Token::Float(_) => None,
    }
}

/// An address, an IPv4-mapped one as IPv4; text that is none stays as it is.
fn address(text: &str) -> Scalar<'_> {
    text.parse().map_or(Scalar::Text(text), |ip: IpAddr| Scalar::Ip(ip.to_canonical()))
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
