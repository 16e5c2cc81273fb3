//! How lines become events.

use serde_json::json;

use super::build::*;
use crate::eval::EventError;
use crate::plan::*;

/// One alert for each event of class `e`, with its fields `k` and `o.f`.
fn every_event() -> Strategy {
    let entity = vec![column(0, text("k")), column(0, field("o.f", list(Type::String)))];
    strategy(vec![detection(vec![event_where("x", "e", Logic::Const(true))], one(0), entity, None)])
}

fn alerts(lines: &[&str]) -> Vec<Said> {
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let (alerts, errors) = run(&every_event(), &lines, None);
    assert_eq!(errors, []);
    alerts
}

#[test]
fn a_line_that_is_no_event_is_an_error_and_the_rest_goes_on() {
    let lines = [
        "{\"class\":\"e\",",
        "[1]",
        "5 6",
        "{\"@timestamp\":\"2026-01-01\"}",
        "{\"class\":5,\"@timestamp\":\"2026-01-01\"}",
        "{\"class\":\"e\"}",
        "{\"class\":\"e\",\"@timestamp\":\"soon\"}",
        "{\"class\":\"e\",\"@timestamp\":[\"2026-01-01\",\"2026-01-02\"]}",
        "{\"class\":\"unused\",\"@timestamp\":\"soon\"}",
        "{\"class\":\"unused\",\"@timestamp\":\"2026-01-01\"}",
        "  ",
        "{\"class\":\"e\",\"@timestamp\":\"2026-01-01\",\"k\":\"last\"} ",
        "{\"class\":\"e\",\"@timestamp\":\"2026-01-01\"} x",
    ];
    let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
    let (alerts, errors) = run(&every_event(), &lines, None);
    let json = |column, reason: &str| EventError::Json { column, reason: reason.to_owned() };
    let expected = [
        (1, json(13, "EOF while parsing a value")),
        (2, EventError::NotAnObject),
        (3, json(3, "trailing characters")),
        (4, EventError::NoClass),
        (5, EventError::NoClass),
        (6, EventError::NoTime),
        (7, EventError::NoTime),
        (8, EventError::NoTime),
        (9, EventError::NoTime),
        (13, json(41, "trailing characters")),
    ];
    assert_eq!(errors, expected);
    assert_eq!(alerts.iter().map(|alert| alert.lines.clone()).collect::<Vec<_>>(), [[12]]);
}

#[test]
fn bytes_that_are_no_text_are_an_error_with_their_place() {
    let strategy = every_event();
    let mut evaluator = crate::eval::Evaluator::new(strategy.units().collect(), crate::eval::Options::default());
    let error = evaluator.push_line(1, b"{\"a\":\"\xff\"}", &mut Vec::new());
    assert_eq!(error, Err(EventError::Encoding { column: 7 }));
}

#[test]
fn class_and_time_may_stand_anywhere() {
    let said = alerts(&[
        r#"{"o":{"f":"x"},"k":"a","class":"e","@timestamp":"2026-01-01"}"#,
        r#"{"k":"b","@timestamp":"2026-01-01","o":{"f":"y"},"class":"e"}"#,
        r#"{"class":"e","k":"c","o":{"f":"z"},"@timestamp":"2026-01-01"}"#,
    ]);
    let entities: Vec<_> = said.into_iter().map(|said| said.entity).collect();
    assert_eq!(entities, [[json!("a"), json!("x")], [json!("b"), json!("y")], [json!("c"), json!("z")]]);
}

#[test]
fn of_members_with_one_name_the_last_counts() {
    let said = alerts(&[
        r#"{"class":"unused","k":"a","k":"b","class":"e","@timestamp":"soon","@timestamp":"2026-01-01"}"#,
        r#"{"class":"e","@timestamp":"2026-01-01","o":{"f":"x"},"k":"c","o":{"g":1}}"#,
        r#"{"class":"e","@timestamp":"2026-01-01","k":"d","o":[{"f":"x"},{"f":"y","f":"z"}]}"#,
    ]);
    let entities: Vec<_> = said.into_iter().map(|said| said.entity).collect();
    let expected =
        [[json!("b"), json!(null)], [json!("c"), json!(null)], [json!("d"), json!("x")], [json!("d"), json!("z")]];
    assert_eq!(entities, expected);
}

#[test]
fn names_are_nested_never_dotted_and_escapes_are_read() {
    let said = alerts(&[r#"{"class":"e","@timestamp":"2026-01-01","o.f":"no","\u006b":"C:\\x\n\u00e9"}"#]);
    assert_eq!(said[0].entity, [json!("C:\\x\né"), json!(null)]);
}

#[test]
fn equal_lines_are_two_events() {
    let twice = then(vec![one(0), one(1)], 1000, by_k(&[0, 1]));
    let names = vec![event("A"), event("A")];
    let lines = [k(0, "A", "x"), k(0, "A", "x")];
    assert_eq!(alert_lines(detection(names, twice, vec![column(0, text("k"))], None), &lines), [[1, 2]]);
}

#[test]
fn an_event_later_than_the_slack_allows_is_an_error() {
    let lines = [k(5000, "", "a"), k(4000, "", "b"), k(3999, "", "c"), k(6000, "", "d"), k(4500, "", "e")];
    let (alerts, errors) = run(&every_event(), &lines, Some(1000));
    assert_eq!(errors, [(3, EventError::Late { by: 1 }), (5, EventError::Late { by: 500 })]);
    assert!(errors[0].1.to_string().contains("--slack"), "the message says what to do");
    let order: Vec<u64> = alerts.iter().flat_map(|alert| alert.lines.clone()).collect();
    assert_eq!(order, [2, 1, 4], "in order of time");
}

#[test]
fn alerts_come_as_soon_as_they_are_certain() {
    let strategy = every_event();
    let options = crate::eval::Options { slack: Some(1000) };
    let mut evaluator = crate::eval::Evaluator::new(strategy.units().collect(), options);
    let mut alerts = Vec::new();
    for (number, (time, certain)) in (1..).zip([(0, 0), (1000, 0), (1001, 1), (5000, 3)]) {
        evaluator.push_line(number, k(time, "", &number.to_string()).as_bytes(), &mut alerts).unwrap();
        assert_eq!(alerts.len(), certain, "after the event at {time}");
    }
    evaluator.finish(&mut alerts);
    assert_eq!(alerts.len(), 4);
}
