use serde_json::json;

use super::Esql;
use crate::dialect::sample::{self, Sample, event, field, group, is, native, pattern, test};
use crate::plan::regex::{Class, Node};
use crate::plan::{
    Aggregate, Arithmetic, Comparison, Expr, ExprKind, Field, Glob, Logic, Number, Operand, Order, Pattern,
    PatternKind, PortRange, Pred, Regex, TestKind, TextOp, TextTest, Type, Value,
};

fn sample(pattern: Pattern) -> Sample<'static> {
    Sample {
        dialect: &Esql,
        source: json!({ "index": ["logs-*"], "category": "network", "where": { "event.dataset": ["zeek.connection"] } }),
        events: vec![("flow", is("network.transport", &["TCP"]))],
        pattern,
        entity: vec![(0, "source.ip")],
        fields: vec![
            ("source.ip", native("source.ip", "ip")),
            ("destination.ip", native("destination.ip", "ip")),
            ("network.transport", native("network.transport", "keyword")),
            ("dll.name", native("dll.name", "keyword")),
            ("message", native("message", "match_only_text")),
            ("network.bytes", native("network.bytes", "long")),
            ("network.entropy", native("network.entropy", "float")),
            ("tls.server.not_before", native("tls.server.not_before", "date")),
            ("tls.server.not_after", native("tls.server.not_after", "date")),
        ],
    }
}

fn bytes() -> Field {
    field("network.bytes", Type::Int)
}

/// The condition of single events with this predicate.
fn condition(predicate: Pred) -> Result<String, Vec<String>> {
    let mut sample = sample(event(0));
    sample.source = json!({ "index": ["logs-*"], "category": "any" });
    sample.events = vec![("e", predicate)];
    let reasons = sample.refusals();
    if !reasons.is_empty() {
        return Err(reasons);
    }
    let text = sample.text();
    let condition = text.split("| WHERE ").nth(1).and_then(|rest| rest.split("\n| KEEP").next());
    Ok(condition.unwrap_or_default().to_owned())
}

fn text_test(field: &str, op: TextOp, cased: bool) -> Pred {
    test(TestKind::Text(TextTest { field: sample::text(field), op, cased }))
}

fn globs(texts: &[&str]) -> TextOp {
    TextOp::Like(Operand::literal(texts.iter().map(|text| Glob::parse(text)).collect()))
}

/// Two computed values compared.
fn compared(left: Expr<Field>, op: Order, right: Expr<Field>, cased: bool) -> Pred {
    test(TestKind::Compare(Comparison { op, cased, left, right }))
}

fn leaf(name: &str, ty: Type) -> Expr<Field> {
    Expr { kind: ExprKind::Leaf(field(name, ty.clone())), ty }
}

fn constant(value: Value, ty: Type) -> Expr<Field> {
    Expr { kind: ExprKind::Const(Operand::literal(value)), ty }
}

fn binary(left: Expr<Field>, operator: Arithmetic, right: Expr<Field>, ty: Type) -> Expr<Field> {
    Expr { kind: ExprKind::Binary(Box::new(left), operator, Box::new(right)), ty }
}

#[test]
fn a_sum_is_taken_over_every_window_that_ends_with_an_event() {
    let sum = group("source.ip", 600_000, Aggregate::Sum(bytes()), Order::Ge, 100_000);
    insta::assert_snapshot!(sample(sum).text());
}

#[test]
fn an_entity_beyond_the_key_is_that_of_the_window_s_last_events() {
    let mut sample = sample(group("source.ip", 1_500, Aggregate::Distinct(sample::text("dll.name")), Order::Ge, 3));
    sample.entity = vec![(0, "source.ip"), (0, "destination.ip")];
    insta::assert_snapshot!(sample.text());
}

#[test]
fn one_event_that_is_enough_for_its_key_is_a_single_event() {
    let most = |entity| {
        let mut sample = sample(group("source.ip", 600_000, Aggregate::Max(bytes()), Order::Ge, 5));
        sample.entity = vec![(0, entity)];
        sample.text()
    };
    assert!(!most("source.ip").contains("STATS"), "{}", most("source.ip"));
    assert!(most("destination.ip").contains("max_network_bytes >= 5"), "{}", most("destination.ip"));
}

#[test]
fn single_events_carry_what_kibana_knows_them_by() {
    insta::assert_snapshot!(sample(event(0)).text());
}

#[test]
fn a_test_under_a_not_first_asks_that_its_field_is_there() {
    let dll = || is("dll.name", &["a.dll", "B.dll"]);
    assert_eq!(condition(dll()), Ok(r#"TO_LOWER(dll.name) IN ("a.dll", "b.dll")"#.to_owned()));
    assert_eq!(
        condition(Logic::not(dll())),
        Ok(r#"NOT (dll.name IS NOT NULL AND TO_LOWER(dll.name) IN ("a.dll", "b.dll"))"#.to_owned())
    );
    let missing = Logic::not(test(TestKind::Exists(bytes())));
    assert_eq!(condition(missing), Ok("network.bytes IS NULL".to_owned()));
    let missing = Logic::not(test(TestKind::Exists(sample::text("dll.name"))));
    assert_eq!(condition(missing), Ok(r#"NOT (dll.name IS NOT NULL AND dll.name != "")"#.to_owned()));
    let same = compared(leaf("dll.name", Type::String), Order::Eq, leaf("message", Type::String), false);
    assert_eq!(
        condition(Logic::not(same)),
        Ok("NOT (COALESCE(dll.name != \"\", FALSE)\n    AND COALESCE(TO_LOWER(dll.name) == TO_LOWER(message), FALSE))"
            .to_owned())
    );
}

#[test]
fn wildcards_are_escaped_and_folded_only_where_letters_are() {
    let like = |texts: &[&str], cased| condition(text_test("dll.name", globs(texts), cased));
    assert_eq!(like(&["*.1?"], false), Ok(r#"dll.name LIKE "*.1?""#.to_owned()));
    assert_eq!(like(&[r"?:\X[*]\*"], false), Ok(r#"TO_LOWER(dll.name) LIKE """?:\\x\*\\*""""#.to_owned()));
    assert_eq!(like(&["A*", "b"], true), Ok(r#"dll.name LIKE ("A*", "b")"#.to_owned()));
    assert_eq!(like(&["*"], true), Ok(r#"dll.name != """#.to_owned()));
    let quoted = TextOp::Contains(Operand::literal(vec!["a\"\n\\".to_owned()]));
    assert_eq!(condition(text_test("message", quoted, true)), Ok(r#"message LIKE "*a\"\n\\\\*""#.to_owned()));
}

#[test]
fn a_regular_expression_without_regard_to_case_matches_small_letters() {
    let class = Node::Class(Class { negated: false, ranges: vec![('A', 'F')] });
    let node = Node::Concat(vec![Node::Start, Node::Literal('X'), class]);
    let patterns = || Operand::literal(vec![Regex { source: String::new(), node: node.clone() }]);
    let matches = |cased| test(TestKind::Matches { field: sample::text("dll.name"), patterns: patterns(), cased });
    assert_eq!(condition(matches(true)), Ok(r#"dll.name RLIKE "X[A-F].*""#.to_owned()));
    assert_eq!(condition(matches(false)), Ok(r#"TO_LOWER(dll.name) RLIKE "x[A-Fa-f].*""#.to_owned()));
}

#[test]
fn numbers_compare_as_the_index_holds_them() {
    let number = |name: &str, value| {
        let value = Operand::literal(value);
        condition(test(TestKind::Number { field: field(name, Type::Float), op: Order::Ge, value }))
    };
    assert_eq!(number("network.bytes", Number::Float(7.2)), Ok("network.bytes >= 7.2".to_owned()));
    assert_eq!(number("network.entropy", Number::Float(7.2)), Ok("network.entropy >= 7.199999809265137".to_owned()));
    let range = |low, high| PortRange { low, high, label: String::new() };
    let ranges = Operand::literal(vec![range(443, 443), range(8000, 8010)]);
    let ports = test(TestKind::PortIn { field: bytes(), ranges });
    assert_eq!(
        condition(ports),
        Ok("network.bytes == 443 OR (network.bytes >= 8000 AND network.bytes <= 8010)".to_owned())
    );
}

#[test]
fn moments_are_compared_and_spans_added_to_them() {
    let time = |name| leaf(name, Type::Datetime);
    let apart = |op| {
        let difference =
            binary(time("tls.server.not_after"), Arithmetic::Sub, time("tls.server.not_before"), Type::Duration);
        compared(difference, op, constant(Value::Duration(398 * 86_400_000_000_000), Type::Duration), true)
    };
    assert_eq!(condition(apart(Order::Gt)), Ok("tls.server.not_after > tls.server.not_before + 398 days".to_owned()));
    let at = TestKind::Time {
        field: field("tls.server.not_after", Type::Datetime),
        op: Order::Lt,
        value: Operand::literal(1_767_225_600_000),
    };
    assert_eq!(condition(test(at)), Ok(r#"tls.server.not_after < TO_DATETIME("2026-01-01T00:00:00.000Z")"#.to_owned()));
}

#[test]
fn a_quotient_of_whole_numbers_is_no_whole_number() {
    let number = |name| leaf(name, Type::Int);
    let quotient = binary(number("network.bytes"), Arithmetic::Div, number("network.bytes"), Type::Float);
    assert_eq!(
        condition(compared(quotient, Order::Ge, constant(Value::Float(1.5), Type::Float), true)),
        Ok("TO_DOUBLE(network.bytes) / network.bytes >= 1.5".to_owned())
    );
}

#[test]
fn an_address_is_not_compared_with_a_text() {
    let mixed = compared(leaf("source.ip", Type::Ip), Order::Eq, leaf("dll.name", Type::String), true);
    assert_eq!(condition(mixed), Err(vec!["ES|QL compares no address with a text".to_owned()]));
}

#[test]
fn what_relates_events_to_each_other_is_refused() {
    let then = sample::join(vec![event(0), event(0)], 1000, vec![sample::key(&[(0, "source.ip"), (0, "source.ip")])]);
    let refusals = sample(pattern(PatternKind::Then(then))).refusals();
    assert_eq!(
        refusals,
        ["in ES|QL only single events are said, and what is counted or summed over events of one name"]
    );
}
