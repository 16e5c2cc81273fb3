//! Lines against `serde_json`: what is JSON, and what its members hold.

use std::sync::LazyLock;

use proptest::prelude::*;
use regex::Regex;
use serde_json::Value as Json;

use crate::eval::decode::{CLASS, Decoder, Schema};
use crate::eval::record::Slot;
use crate::eval::value::{Float, Reads, Scalar, Value, float, whole};

/// The fields that are read: of the class `a` all of them, of `b` the last one.
const FIELDS: [(&str, Reads); 7] = [
    ("t", Reads::Text),
    ("t", Reads::Int),
    ("t", Reads::Float),
    ("o.t", Reads::Text),
    ("o.o.t", Reads::Text),
    ("o", Reads::Bool),
    ("é\"", Reads::Text),
];

fn schema() -> (Schema, Vec<Slot>) {
    let mut schema = Schema::new();
    let slots = FIELDS.iter().map(|(name, reads)| schema.slot("a", name, *reads)).collect();
    if let Some((name, reads)) = FIELDS.last() {
        schema.slot("b", name, *reads);
    }
    (schema, slots)
}

/// The values of a field by the definition: names are nested, a list gives each member's values, and of members with one
/// name the last counts (which `serde_json` sees to).
fn values(json: &Json, path: &[&str], reads: Reads, found: &mut Vec<Value>) {
    match (json, path.split_first()) {
        (Json::Array(elements), _) => elements.iter().for_each(|element| values(element, path, reads, found)),
        (Json::Object(members), Some((name, rest))) => {
            if let Some(member) = members.get(*name) {
                values(member, rest, reads, found);
            }
        }
        (scalar, None) => found.extend(read(scalar, reads)),
        _ => {}
    }
}

/// A scalar read as a type.
fn read(scalar: &Json, reads: Reads) -> Option<Value> {
    let text = |text: &str| (!text.is_empty()).then(|| Value::Text(text.into()));
    match (scalar, reads) {
        (Json::String(s), Reads::Text | Reads::Word) => text(s),
        (Json::Number(n), Reads::Text) => text(&match n.as_i64() {
            Some(i) => i.to_string(),
            None => Json::from(n.as_f64()).to_string(),
        }),
        (Json::String(s), Reads::Int) if is_decimal(s) => integer(s).map(Value::Int),
        (Json::String(s), Reads::Float) if is_decimal(s) => {
            s.parse().ok().and_then(float).map(|x| Value::Float(Float(x)))
        }
        (Json::Bool(b), Reads::Text) => text(&b.to_string()),
        (Json::Bool(b), Reads::Bool) => Some(Value::Bool(*b)),
        (Json::Number(n), Reads::Int) => n.as_i64().or_else(|| whole(n.as_f64()?)).map(Value::Int),
        (Json::Number(n), Reads::Float) => n.as_f64().and_then(float).map(|x| Value::Float(Float(x))),
        _ => None,
    }
}

fn is_decimal(text: &str) -> bool {
    static DECIMAL: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$").unwrap());
    DECIMAL.is_match(text)
}

/// Decimal text as a whole number: one that is written as a plain integer must be in reach of one.
fn integer(text: &str) -> Option<i64> {
    let is_plain = text.chars().all(|c| c == '-' || c.is_ascii_digit());
    if is_plain { text.parse().ok() } else { whole(text.parse().ok()?) }
}

fn assert_read_as_serde_json_does(decoder: &mut Decoder, slots: &[Slot], line: &str) -> Result<(), TestCaseError> {
    let json = serde_json::from_str::<Json>(line);
    let read = decoder.read(line.as_bytes());
    let Ok(json) = json else {
        // What is wrong only by its value passes where nobody reads it.
        if serde_json::from_str::<serde::de::IgnoredAny>(line).is_err() {
            prop_assert!(read.is_err(), "{line} is no JSON");
        }
        return Ok(());
    };
    if !json.is_object() {
        prop_assert!(read.is_err(), "{line} is no object");
        return Ok(());
    }
    let Ok((record, number)) = read else { return Err(TestCaseError::fail(format!("{line} is JSON: {read:?}"))) };
    let held = |slot| record.values(slot).map(Scalar::to_value).collect::<Vec<_>>();
    let mut class = Vec::new();
    values(&json, &["class"], Reads::Word, &mut class);
    prop_assert_eq!(held(CLASS), class.clone(), "the class of {}", line);
    let (expected, needed) = match class.as_slice() {
        [Value::Text(name)] if **name == *"a" => (0, 0..FIELDS.len()),
        [Value::Text(name)] if **name == *"b" => (1, FIELDS.len() - 1..FIELDS.len()),
        _ => (2, 0..0),
    };
    prop_assert_eq!(number, expected, "the number of the class of {}", line);
    for ((name, reads), slot) in needed.map(|field| (FIELDS[field], slots[field])) {
        let mut expected = Vec::new();
        values(&json, &name.split('.').collect::<Vec<_>>(), reads, &mut expected);
        prop_assert_eq!(held(slot), expected, "{} as {:?} in {}", name, reads, line);
    }
    Ok(())
}

/// Texts and names as they may be written, some of them wrong.
const TEXTS: [&str; 24] = [
    r#""""#,
    r#""a""#,
    r#""b""#,
    r#""\u0061""#,
    r#""\ud83d\ude00""#,
    r#""\ud83d""#,
    r#""\ude00\ud83d""#,
    r#""\ud83dx""#,
    r#""C:\\a\\b""#,
    r#""\"\/\b\f\n\r\t""#,
    r#""\x""#,
    r#""\u00g0""#,
    r#""\u00e""#,
    "\"\t\"",
    "\"\u{7f}\u{80}\"",
    r#""éßẞ😀""#,
    r#""123456789 12345""#,
    r#""12345678\"""#,
    r#""0""#,
    r#""007""#,
    r#""-7.0""#,
    r#""1e3""#,
    r#""+1""#,
    r#""9223372036854775808""#,
];
const NAMES: [&str; 10] = [
    r#""class""#,
    r#""@timestamp""#,
    r#""t""#,
    r#""\u0074""#,
    r#""o""#,
    r#""o.t""#,
    r#""é\"""#,
    r#""é""#,
    r#""""#,
    r#""unread""#,
];
const WORDS: [&str; 32] = [
    "true",
    "false",
    "null",
    "tru",
    "nul",
    "True",
    "NaN",
    "0",
    "-0",
    "7",
    "-7",
    "00",
    "01",
    "-",
    "1.",
    ".5",
    "1.5",
    "1.0",
    "0.1",
    "-0.0",
    "1e3",
    "1E+3",
    "1e",
    "1e999",
    "-1e-999",
    "12345678901234567",
    "123456789012345678",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "18446744073709551616",
    "123456789012345678901234567890.5e-5",
];

fn space() -> impl Strategy<Value = String> {
    prop_oneof![8 => Just(String::new()), 1 => "[ \t\r\n]{1,3}", 1 => Just("\u{a0}".to_owned())]
}

fn pick(from: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(from).prop_map(str::to_owned)
}

/// An object of these values.
fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let member =
        (pick(&NAMES), space(), space(), value).prop_map(|(name, a, b, value)| format!("{name}{a}:{b}{value}"));
    prop::collection::vec(member, 0..6).prop_map(|members| format!("{{{}}}", members.join(",")))
}

/// A value. What is wrong with most of the texts is rare among their parts.
fn value() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![4 => Just("\"a\"".to_owned()), 4 => pick(&TEXTS), 3 => pick(&WORDS)];
    scalar.prop_recursive(4, 24, 5, |value| {
        let list = (prop::collection::vec(value.clone(), 0..4), space());
        prop_oneof![list.prop_map(|(all, space)| format!("[{space}{}]", all.join(","))), object(value)]
    })
}

/// A line, with one character changed in every other one.
fn line() -> impl Strategy<Value = String> {
    let class = prop_oneof![2 => pick(&[r#""class":"a","#, r#""class":"b","#, r#""t":1,"class":"a","#]), 1 => Just(String::new())];
    let change = (
        any::<prop::sample::Index>(),
        prop::sample::select(vec!["", "\"", "\\", "{", "}", "[", "]", ",", ":", "0", " ", "\u{1}", "é"]),
    );
    (class, object(value()), prop::option::of(change)).prop_map(|(class, object, change)| {
        let line = object.replacen('{', &format!("{{{class}"), 1).replace(",}", "}");
        let Some((index, with)) = change else { return line };
        let mut characters: Vec<String> = line.chars().map(String::from).collect();
        let index = index.index(characters.len());
        characters[index] = with.to_owned();
        characters.concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn a_line_is_json_and_holds_what_serde_json_says(lines in prop::collection::vec(line(), 1..4)) {
        let (schema, slots) = schema();
        let mut decoder = Decoder::new(&schema);
        for line in &lines {
            assert_read_as_serde_json_does(&mut decoder, &slots, line)?;
        }
    }
}

#[test]
fn any_depth_is_passed_over_and_128_is_read() {
    let (schema, slots) = schema();
    let mut decoder = Decoder::new(&schema);
    let nested = |name: &str, depth: usize| {
        format!("{{\"class\":\"a\",\"{name}\":{}7{}}}", "[".repeat(depth), "]".repeat(depth))
    };
    for (name, depth, is_read) in
        [("unread", 100_000, true), ("t", 126, true), ("t", 127, false), ("t", 100_000, false)]
    {
        let line = nested(name, depth);
        let read = decoder.read(line.as_bytes());
        assert_eq!(read.is_ok(), is_read, "{depth} lists in `{name}`: {:?}", read.err());
        if depth <= 127 {
            assert_read_as_serde_json_does(&mut decoder, &slots, &line).unwrap();
        }
    }
}

#[test]
fn every_byte_that_ends_the_plain_part_of_a_text_is_seen_wherever_it_stands() {
    let (schema, slots) = schema();
    let mut decoder = Decoder::new(&schema);
    for byte in 0..=127_u8 {
        for place in 0..24 {
            let text: String = (0..24).map(|i| if i == place { char::from(byte) } else { 'x' }).collect();
            let line = format!("{{\"class\":\"a\",\"t\":\"{text}\",\"unread\":\"{text}\"}}");
            assert_read_as_serde_json_does(&mut decoder, &slots, &line).unwrap();
        }
    }
}
