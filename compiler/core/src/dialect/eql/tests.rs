use serde_json::json;

use super::Eql;
use crate::dialect::sample::{self, Sample, event, group, is, join, key, native, negation, pattern, test};
use crate::plan::{
    Aggregate, Cidr, Glob, Logic, Operand, Order, Pattern, PatternKind, Pred, TestKind, TextOp, TextTest, Type,
};

fn sample(pattern: Pattern) -> Sample<'static> {
    Sample {
        dialect: &Eql,
        source: json!({ "index": ["logs-*"], "category": "process", "where": { "event.type": ["start"] } }),
        events: vec![
            ("load", is("dll.name", &["schannel.dll"])),
            ("egress", is("network.transport", &["tcp"])),
            ("session", Logic::Const(true)),
        ],
        pattern,
        entity: vec![(0, "host.name")],
        fields: vec![
            ("host.name", native("host.name", "keyword")),
            ("host.id", native("host.id", "keyword")),
            ("dll.name", native("dll.name", "keyword")),
            ("network.transport", native("network.transport", "keyword")),
            ("destination.ip", native("destination.ip", "ip")),
            ("process.pid", native("process.pid", "long")),
            ("message", native("message", "match_only_text")),
        ],
    }
}

fn host(events: &[usize]) -> crate::plan::Key {
    key(&events.iter().map(|n| (*n, "host.name")).collect::<Vec<_>>())
}

/// The query of single events with this predicate, without its heading, or why it is refused.
fn condition(predicate: Pred) -> Result<String, Vec<String>> {
    let mut sample = sample(event(0));
    sample.source = json!({ "index": ["logs-*"], "category": "any" });
    sample.events = vec![("e", predicate)];
    match sample.refusals() {
        reasons if reasons.is_empty() => {
            Ok(sample.text().split_inclusive('\n').filter(|line| !line.starts_with("// ")).collect())
        }
        reasons => Err(reasons),
    }
}

fn text_test(op: TextOp, cased: bool) -> Pred {
    test(TestKind::Text(TextTest { field: sample::text("dll.name"), op, cased }))
}

#[test]
fn then_is_one_sequence_in_its_order() {
    let then = join(vec![event(0), event(1)], 300_000, vec![host(&[0, 1])]);
    insta::assert_snapshot!(sample(pattern(PatternKind::Then(then))).text());
}

#[test]
fn fields_of_different_names_are_joined_step_by_step() {
    let then = join(vec![event(0), event(1)], 1_500, vec![key(&[(0, "host.name"), (1, "host.id")])]);
    insta::assert_snapshot!(sample(pattern(PatternKind::Then(then))).text());
}

#[test]
fn with_is_a_rule_for_each_order() {
    let with = join(vec![event(0), event(1)], 300_000, vec![host(&[0, 1])]);
    let sample = sample(pattern(PatternKind::With(with)));
    let parts: Vec<_> = sample.lower().0.into_iter().map(|q| q.part).collect();
    assert_eq!(parts, [Some("order-1".to_owned()), Some("order-2".to_owned())]);
    insta::assert_snapshot!(sample.text());
}

#[test]
fn an_absence_is_a_missing_step_on_its_side() {
    let of_two_classes = |kind| {
        let mut sample = sample(pattern(kind));
        sample.source["where"] = serde_json::json!({ "event.dataset": ["$class"] });
        sample.text()
    };
    let after = of_two_classes(PatternKind::NotFollowed(negation(60_000, vec![host(&[0, 1])])));
    let before = of_two_classes(PatternKind::NotPreceded(negation(60_000, vec![host(&[0, 1])])));
    insta::assert_snapshot!(format!("{after}\n{before}"));
}

#[test]
fn an_absence_among_the_events_of_one_class_is_refused() {
    let before = sample(pattern(PatternKind::NotPreceded(negation(60_000, vec![host(&[0, 1])]))));
    assert!(before.refusals().iter().any(|reason| reason.contains("outside its look-back")), "{:?}", before.refusals());
}

#[test]
fn a_count_is_a_step_that_runs() {
    insta::assert_snapshot!(sample(group("host.name", 3_600_000, Aggregate::Count, Order::Gt, 4)).text());
}

#[test]
fn a_count_beyond_a_hundred_is_refused() {
    assert_eq!(sample(group("host.name", 1000, Aggregate::Count, Order::Ge, 101)).refusals().len(), 1);
}

#[test]
fn an_extremum_is_a_single_event_with_its_key() {
    let pid = sample::field("process.pid", Type::Int);
    insta::assert_snapshot!(sample(group("host.name", 1000, Aggregate::Max(pid), Order::Ge, 5)).text());
}

#[test]
fn an_inner_chain_may_mix_with_what_comes_before() {
    let inner = pattern(PatternKind::Then(join(vec![event(1), event(2)], 60_000, vec![host(&[1, 2])])));
    let outer = join(vec![event(0), inner], 300_000, vec![host(&[0, 2])]);
    insta::assert_snapshot!(sample(pattern(PatternKind::Then(outer))).text());
}

#[test]
fn keys_that_change_between_steps_are_refused() {
    let inner = pattern(PatternKind::Then(join(vec![event(0), event(1)], 60_000, vec![host(&[0, 1])])));
    let outer = join(vec![inner, event(2)], 300_000, vec![key(&[(1, "host.id"), (2, "host.id")])]);
    let refusals = sample(pattern(PatternKind::Then(outer))).refusals();
    assert_eq!(refusals, ["a sequence has one key for all its steps"]);
}

#[test]
fn a_literal_wildcard_character_is_said_by_a_regular_expression() {
    let star = text_test(TextOp::Contains(Operand::literal(vec!["a*b".to_owned(), "c".to_owned()])), true);
    assert_eq!(condition(star), Ok("any where ?dll.name like \"*c*\" or ?dll.name regex \".*a\\\\*b.*\"\n".to_owned()));
}

#[test]
fn under_a_negation_every_optional_field_is_asked_not_to_be_null() {
    let globs = TextOp::Like(Operand::literal(vec![Glob::parse(r"C:\*.dll")]));
    let negated = condition(Logic::not(text_test(globs, false)));
    assert_eq!(negated, Ok("any where not (?dll.name != null and ?dll.name : \"C:\\\\*.dll\")\n".to_owned()));
}

#[test]
fn networks_need_a_field_of_type_ip() {
    let within = |name: &str| {
        test(TestKind::Address {
            field: sample::field(name, Type::Ip),
            addresses: Vec::new(),
            networks: vec![Cidr::parse("10.0.0.0/8").unwrap(), Cidr::parse("fc00::/7").unwrap()],
            param: None,
        })
    };
    let text = "any where cidrMatch(?destination.ip, \"10.0.0.0/8\", \"fc00::/7\")\n".to_owned();
    assert_eq!(condition(within("destination.ip")), Ok(text));
    assert!(condition(within("host.id")).is_err());
}

#[test]
fn what_the_index_cannot_answer_is_refused_with_its_reason() {
    let exists = |name: &str| condition(test(TestKind::Exists(sample::text(name))));
    let reason = |text: &str| Err(vec![text.to_owned()]);
    assert_eq!(exists("message"), reason("`message` is of type `match_only_text`, which EQL cannot search"));
    assert_eq!(exists("user.name"), reason("`user.name` of class `e` is absent in the profile `site`"));
}

#[test]
fn a_long_condition_stands_on_several_lines() {
    let names: Vec<String> = (1..=12).map(|n| format!("library-{n}.dll")).collect();
    let names = text_test(TextOp::Equals(Operand::literal(names)), false);
    let long = Logic::and([names, Logic::not(is("host.id", &["a"])), is("network.transport", &["tcp", "udp"])]);
    insta::assert_snapshot!(condition(long).unwrap());
}
