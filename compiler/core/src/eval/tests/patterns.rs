//! What patterns mean, sentence by sentence.

use serde_json::{Value as Json, json};

use super::build::*;
use crate::plan::*;

/// A detection over the events A, B, C with the entity `k` of the first.
fn abc(pattern: Pattern) -> Detection {
    detection(vec![event("A"), event("B"), event("C")], pattern, vec![column(0, text("k"))], Some(0))
}

fn a_then_b() -> Pattern {
    then(vec![one(0), one(1)], 1000, by_k(&[0, 1]))
}

fn lines(pattern: Pattern, events: &[String]) -> Vec<Vec<u64>> {
    alert_lines(abc(pattern), events)
}

const NONE: [[u64; 0]; 0] = [];

#[test]
fn then_takes_equal_times_and_the_whole_window_but_not_a_millisecond_more() {
    assert_eq!(lines(a_then_b(), &[k(0, "A", "x"), k(1000, "B", "x")]), [[1, 2]]);
    assert_eq!(lines(a_then_b(), &[k(0, "A", "x"), k(1001, "B", "x")]), NONE);
    assert_eq!(lines(a_then_b(), &[k(5, "B", "x"), k(5, "A", "x")]), [[1, 2]], "equal times are in order");
    assert_eq!(lines(a_then_b(), &[k(4, "B", "x"), k(5, "A", "x")]), NONE);
    let three = then(vec![one(0), one(1), one(2)], 1000, by_k(&[0, 1, 2]));
    let late = [k(0, "A", "x"), k(600, "B", "x"), k(1001, "C", "x")];
    assert_eq!(lines(three, &late), NONE, "the window is from first to last");
}

#[test]
fn with_takes_any_order() {
    let pattern = || with(vec![one(0), one(1)], 1000, by_k(&[0, 1]));
    assert_eq!(lines(pattern(), &[k(0, "B", "x"), k(1000, "A", "x")]), [[1, 2]]);
    assert_eq!(lines(pattern(), &[k(0, "B", "x"), k(1001, "A", "x")]), NONE);
}

#[test]
fn keys_compare_exactly_and_a_missing_one_makes_no_row() {
    assert_eq!(lines(a_then_b(), &[k(0, "A", "x"), k(1, "B", "X")]), NONE, "case counts in keys");
    assert_eq!(lines(a_then_b(), &[at(0, "A", json!({})), at(1, "B", json!({}))]), NONE);
    assert_eq!(lines(a_then_b(), &[k(0, "A", ""), k(1, "B", "")]), NONE);
    let alone = not_followed(one(0), one(1), 1000, by_k(&[0, 1]));
    assert_eq!(lines(alone, &[at(0, "A", json!({}))]), NONE, "in `not` too");
    let group = grouped(0, vec![column(0, text("k"))], 1000, at_least(1), &[]);
    assert_eq!(lines(group, &[at(0, "A", json!({}))]), NONE, "in a group too");
}

#[test]
fn keys_may_have_different_names_on_each_side() {
    let keys = vec![key([column(0, text("source")), column(1, text("target"))])];
    let pattern = then(vec![one(0), one(1)], 1000, keys);
    let detection = detection(vec![event("A"), event("B")], pattern, vec![column(1, text("target"))], None);
    let events = [at(0, "A", json!({"source": "x"})), at(1, "B", json!({"target": "x", "source": "y"}))];
    assert_eq!(alert_lines(detection, &events), [[1, 2]]);
}

#[test]
fn the_events_of_a_row_are_pairwise_different() {
    assert_eq!(lines(a_then_b(), &[k(0, "AB", "x")]), NONE);
    assert_eq!(lines(a_then_b(), &[k(0, "AB", "x"), k(1, "AB", "x")]), [[1, 2]]);
    let nested = with(vec![a_then_b(), one(2)], 1000, by_k(&[0, 2]));
    assert_eq!(lines(nested.clone(), &[k(0, "AC", "x"), k(1, "B", "x")]), NONE, "across operands too");
    assert_eq!(lines(nested, &[k(0, "AC", "x"), k(1, "BC", "x"), k(2, "C", "x")]), [[1, 2, 3]]);
}

#[test]
fn order_and_window_of_an_operator_look_at_its_operands_row_times() {
    // The row (A then B) has the time of B: C need not come after A only, nor lie near it.
    let nested = then(vec![a_then_b(), one(2)], 1000, by_k(&[0, 2]));
    assert_eq!(lines(nested.clone(), &[k(0, "A", "x"), k(1000, "B", "x"), k(2000, "C", "x")]), [[1, 2, 3]]);
    assert_eq!(lines(nested, &[k(0, "A", "x"), k(1000, "B", "x"), k(999, "C", "x")]), NONE);
}

#[test]
fn not_followed_includes_its_own_time_and_the_end_of_the_window() {
    let pattern = || not_followed(one(0), one(1), 1000, by_k(&[0, 1]));
    for (b, followed) in [(999, false), (1000, true), (2000, true), (2001, false)] {
        let found = lines(pattern(), &[k(1000, "A", "x"), k(b, "B", "x")]);
        assert_eq!(found.is_empty(), followed, "A at 1000, B at {b}");
    }
    assert_eq!(lines(pattern(), &[k(0, "A", "x"), k(1, "B", "y")]), [[1]], "another key");
}

#[test]
fn not_preceded_is_strictly_before() {
    let pattern = || not_preceded(one(0), one(1), 1000, by_k(&[0, 1]));
    for (b, preceded) in [(999, false), (1000, true), (1999, true), (2000, false), (2001, false)] {
        let found = lines(pattern(), &[k(2000, "A", "x"), k(b, "B", "x")]);
        assert_eq!(found.is_empty(), preceded, "A at 2000, B at {b}");
    }
}

#[test]
fn an_absent_row_that_shares_an_event_does_not_count() {
    let pattern = || not_followed(one(0), one(1), 1000, by_k(&[0, 1]));
    assert_eq!(lines(pattern(), &[k(0, "AB", "x")]), [[1]]);
    assert_eq!(lines(pattern(), &[k(0, "AB", "x"), k(0, "B", "x")]), NONE);
    let first_seen = not_preceded(one(0), one(1), 1000, by_k(&[0, 1]));
    let detection = detection(vec![event("A"), event("A")], first_seen, vec![column(0, text("k"))], Some(0));
    let logins = [k(0, "A", "x"), k(1000, "A", "x"), k(2000, "A", "x"), k(3001, "A", "x")];
    assert_eq!(alert_lines(detection, &logins), [[1], [4]], "first seen, and seen again after the window");
}

#[test]
fn a_key_with_several_values_joins_on_each_common_one() {
    let l = || field("l", list(Type::String));
    let keys = |events: &[usize]| vec![key(events.iter().map(|event| column(*event, l())))];
    let pattern = then(vec![one(0), one(1)], 1000, keys(&[0, 1]));
    let names = || vec![event("A"), event("B")];
    let events = [at(0, "A", json!({"l": ["a", "b", "c"]})), at(1, "B", json!({"l": ["c", "b", "d"]}))];
    let (said, _) = run(&strategy(vec![detection(names(), pattern, vec![column(0, l())], None)]), &events, None);
    let entities: Vec<Json> = said.iter().flat_map(|said| said.entity.clone()).collect();
    assert_eq!(entities, [json!("b"), json!("c")], "a row for each common value, which the row then holds");
    let alone = not_followed(one(0), one(1), 1000, keys(&[0, 1]));
    let found = alert_lines(detection(names(), alone, vec![column(0, text("k"))], None), &events);
    assert_eq!(found, NONE, "one common value makes the keys equal");
}

fn group(condition: Having) -> Pattern {
    grouped(0, vec![column(0, text("k"))], 1000, condition, &[])
}

#[test]
fn grouped_looks_back_over_a_sliding_window_and_takes_all_events_of_its_time() {
    let three = || group(at_least(3));
    assert_eq!(lines(three(), &[k(0, "A", "x"), k(500, "A", "x"), k(1000, "A", "x")]), [[1, 2, 3]]);
    assert_eq!(lines(three(), &[k(0, "A", "x"), k(500, "A", "x"), k(1001, "A", "x")]), NONE);
    assert_eq!(lines(three(), &[k(0, "A", "x"), k(500, "A", "y"), k(1000, "A", "x")]), NONE);
    let same_time = [k(7, "A", "x"), k(7, "A", "x"), k(7, "A", "x")];
    assert_eq!(lines(three(), &same_time), [[1, 2, 3]], "each of the three sees all three; one alert");
    let few = group(having(Aggregate::Count, Type::Int, Order::Lt, Value::Int(3)));
    assert_eq!(lines(few, &same_time), NONE, "none of them is judged before the others are in");
}

#[test]
fn aggregates_take_every_value_and_skip_missing_ones() {
    let n = || field("n", list(Type::Int));
    let holds = |aggregate: Aggregate, ty: Type, value: Value, events: &[Json]| {
        let condition = having(aggregate, ty, Order::Eq, value);
        let last = events.len() as u64;
        let events: Vec<String> = events.iter().map(|fields| at(0, "A", with_key(fields))).collect();
        lines(group(condition), &events).first().is_some_and(|lines| lines.len() as u64 == last)
    };
    let events = [json!({"n": [1, 2]}), json!({}), json!({"n": 2}), json!({"n": ["x", "5"]})];
    assert!(holds(Aggregate::Count, Type::Int, Value::Int(4), &events));
    assert!(holds(Aggregate::Distinct(n()), Type::Int, Value::Int(3), &events));
    assert!(holds(Aggregate::Sum(n()), Type::Int, Value::Int(10), &events));
    assert!(holds(Aggregate::Min(n()), Type::Int, Value::Int(1), &events));
    assert!(holds(Aggregate::Max(n()), Type::Int, Value::Int(5), &events));
    assert!(holds(Aggregate::Avg(n()), Type::Float, Value::Float(2.5), &events));
    let words = Aggregate::Distinct(text("w"));
    assert!(holds(words.clone(), Type::Int, Value::Int(2), &[json!({"w": "a"}), json!({"w": "A"}), json!({"w": "a"})]));
    assert!(holds(words, Type::Int, Value::Int(0), &[json!({})]), "over none, distinct is 0");
    for aggregate in [Aggregate::Sum(n()), Aggregate::Min(n()), Aggregate::Max(n()), Aggregate::Avg(n())] {
        let zero = || Value::Int(0);
        let any = Logic::or([
            having(aggregate.clone(), Type::Int, Order::Le, zero()),
            having(aggregate.clone(), Type::Int, Order::Gt, zero()),
        ]);
        assert_eq!(lines(group(any), &[k(0, "A", "x")]), NONE, "over none, {aggregate:?} is missing");
    }
    let most = 1_i64 << 53;
    assert!(holds(Aggregate::Sum(n()), Type::Int, Value::Int(most), &[json!({"n": most - 1}), json!({"n": 1})]));
    assert!(!holds(Aggregate::Sum(n()), Type::Int, Value::Int(most + 1), &[json!({"n": most}), json!({"n": 1})]));
}

fn with_key(fields: &Json) -> Json {
    let mut fields = fields.clone();
    fields["k"] = json!("x");
    fields
}

#[test]
fn a_named_aggregate_is_a_field_of_the_row() {
    let n = field("n", Type::Int);
    let total = Column { event: EventId(0), value: ColumnValue::Aggregate("total".to_owned()) };
    let pattern = grouped(0, vec![column(0, text("k"))], 1000, at_least(2), &[("total", Aggregate::Sum(n))]);
    let detection = detection(vec![event("A")], pattern, vec![total], None);
    let events = [at(0, "A", json!({"k": "x", "n": 40})), at(1, "A", json!({"k": "x", "n": 2}))];
    assert_eq!(run(&strategy(vec![detection]), &events, None).0[0].entity, [json!(42)]);
}

#[test]
fn an_alert_names_the_earliest_and_latest_event_and_for_grouped_the_window() {
    let nested = then(vec![group(at_least(2)), one(1)], 1000, by_k(&[0, 1]));
    let events = [k(100, "A", "x"), k(600, "A", "x"), k(1200, "B", "x")];
    let (said, _) = run(&strategy(vec![abc(nested)]), &events, Some(0));
    assert_eq!(said, [Said { entity: vec![json!("x")], first: 100, last: 1200, lines: vec![1, 2, 3] }]);
}

#[test]
fn a_missing_entity_is_null_and_one_with_several_values_gives_a_tuple_each() {
    let entity = vec![column(0, text("k")), column(0, field("l", list(Type::String)))];
    let detection = detection(vec![event("A")], one(0), entity, None);
    let events = [at(0, "A", json!({"l": ["a", "b", "a", ""]}))];
    let said = run(&strategy(vec![detection]), &events, None).0;
    let entities: Vec<_> = said.into_iter().map(|said| said.entity).collect();
    assert_eq!(entities, [[json!(null), json!("a")], [json!(null), json!("b")]]);
}

#[test]
fn suppressed_rows_neither_alert_nor_extend_the_silence() {
    let alone = |suppress| detection(vec![event("A")], one(0), vec![column(0, text("k"))], suppress);
    let events: Vec<String> = [0, 600, 1000, 1001, 2001, 2002].iter().map(|time| k(*time, "A", "x")).collect();
    assert_eq!(alert_lines(alone(Some(1000)), &events), [[1], [4], [6]]);
    assert_eq!(alert_lines(alone(None), &events), [[1]], "without `suppress`, one for the whole run");
    assert_eq!(alert_lines(alone(Some(0)), &events).len(), 6);
    assert_eq!(alert_lines(alone(None), &[k(0, "A", "x"), k(1, "A", "X")]), [[1], [2]], "tuples compare exactly");
}

#[test]
fn the_first_row_raises_the_alert_whatever_the_order_of_lines() {
    let events = [k(900, "B", "x"), k(300, "A", "x"), k(100, "A", "x"), k(100, "A", "x"), k(800, "B", "x")];
    let (said, _) = run(&strategy(vec![abc(a_then_b())]), &events[..], None);
    assert_eq!((said[0].first, said[0].last, said[0].lines.as_slice()), (100, 800, &[3, 5][..]));
}

#[test]
fn rows_that_had_to_wait_are_judged_in_the_order_of_their_times() {
    // A at 0 is known to stand alone only at 1001, after (A then B) style rows of later times are.
    let waits = not_followed(one(0), one(1), 1000, by_k(&[0, 1]));
    let detection = detection(vec![event("A"), event("B")], waits, vec![column(0, text("k"))], Some(1500));
    let events = [k(0, "A", "x"), k(1500, "A", "x"), k(1501, "A", "x"), k(9000, "A", "x")];
    let (said, _) = run(&strategy(vec![detection]), &events, Some(0));
    let lines: Vec<_> = said.into_iter().map(|said| said.lines).collect();
    assert_eq!(lines, [[1], [3], [4]]);
}
