//! What is held between lines is bounded by the windows, not by the stream.

use serde_json::{Value as Json, json};

use super::build::*;
use crate::eval::{Evaluator, Options};
use crate::plan::*;

/// Whether the most that is held, as the length of the evaluator written out, stays the same over a stream of events ten
/// milliseconds apart.
fn is_flat(pattern: Pattern, names: &[&str], fields: impl Fn(i64) -> Json) -> bool {
    let names = names.iter().map(|name| event(name)).collect();
    let strategy = strategy(vec![detection(names, pattern, vec![column(0, text("k"))], Some(200))]);
    let mut evaluator = Evaluator::new(strategy.units().collect(), Options { slack: Some(100) });
    let (mut early, mut late) = (0, 0);
    for time in 0..12_000 {
        let line = at(time * 10, ["A", "B", "AB"][time as usize % 3], fields(time));
        evaluator.push_line(1, line.as_bytes(), &mut Vec::new()).unwrap();
        if time % 200 == 0 {
            let most = if time < 3_000 { &mut early } else { &mut late };
            *most = (*most).max(format!("{evaluator:?}").len());
        }
    }
    late < early * 2
}

fn forms() -> [(&'static str, Pattern); 6] {
    let by = || by_k(&[0, 1]);
    let group = || grouped(0, vec![column(0, text("k"))], 200, at_least(1), &[("n", Aggregate::Distinct(text("n")))]);
    [
        ("then", then(vec![one(0), one(1)], 200, by())),
        ("with", with(vec![one(0), one(1)], 200, by())),
        ("not followed", not_followed(one(0), one(1), 200, by())),
        ("not preceded", not_preceded(one(0), one(1), 200, by())),
        ("grouped", group()),
        ("nested", then(vec![with(vec![group(), one(1)], 200, by()), one(2)], 200, by_k(&[0, 2]))),
    ]
}

#[test]
fn every_form_forgets_keys_that_are_not_seen_again() {
    for (name, pattern) in forms() {
        let fields = |time: i64| json!({"k": (time / 7).to_string(), "n": time});
        assert!(is_flat(pattern, &["A", "B", "A"], fields), "{name} holds more and more");
    }
}

#[test]
fn every_form_forgets_the_past_of_a_key_that_is_always_seen() {
    for (name, pattern) in forms() {
        assert!(is_flat(pattern, &["A", "B", "A"], |time| json!({"k": "x", "n": time})), "{name} holds more and more");
    }
}
