use serde_json::json;

use super::Sigma;
use crate::dialect::sample::{self, Sample, allowed, event, group, is, join, key, native, negation, pattern, test};
use crate::plan::{
    Aggregate, Glob, Logic, Operand, Order, Pattern, PatternKind, Pred, TestKind, TextOp, TextTest, Type,
};
use crate::target::{Access, FieldBinding};

fn sample(pattern: Pattern) -> Sample<'static> {
    let globs =
        Operand { value: vec![Glob::parse(r"C:\Program Files\*"), Glob::parse(r"C:\Windows\*")], param: allowed() };
    let allowed = test(TestKind::Text(TextTest {
        field: sample::text("process.executable"),
        op: TextOp::Like(globs),
        cased: false,
    }));
    let file_name = FieldBinding { access: Access::Derived("file_name(ImageLoaded)".into()), ..native("", "") };
    Sample {
        dialect: &Sigma,
        source: json!({ "category": "image_load", "product": "windows" }),
        events: vec![
            ("load", Logic::and([is("dll.name", &["schannel.dll"]), Logic::not(allowed)])),
            ("egress", is("network.transport", &["tcp"])),
            ("session", Logic::Const(true)),
        ],
        pattern,
        entity: vec![(0, "host.name")],
        fields: vec![
            ("host.name", native("Computer", "string")),
            ("host.id", native("HostId", "string")),
            ("dll.name", file_name),
            ("process.executable", native("Image", "string")),
            ("network.transport", native("Protocol", "string")),
            ("process.pid", native("ProcessId", "number")),
        ],
    }
}

fn host(events: &[usize]) -> crate::plan::Key {
    key(&events.iter().map(|n| (*n, "host.name")).collect::<Vec<_>>())
}

/// The detection of a rule of single events with this predicate.
fn detection(predicate: Pred) -> String {
    let mut sample = sample(event(0));
    sample.events = vec![("e", predicate)];
    let text = sample.text();
    let (_, rest) = text.split_once("detection:\n").unwrap();
    rest.split_once("fields:").unwrap().0.to_owned()
}

#[test]
fn a_value_stands_in_a_list_once_whatever_its_case() {
    let selection = detection(is("network.transport", &["tcp", "TCP", "udp", "tcp", "Ömer", "ömer"]));
    assert_eq!(selection.matches("tcp").count() + selection.matches("TCP").count(), 1, "{selection}");
    assert!(selection.contains("udp"), "{selection}");
    assert!(selection.contains("Ömer") && !selection.contains("ömer"), "{selection}");
}

#[test]
fn a_single_event_is_one_rule() {
    insta::assert_snapshot!(sample(event(0)).text());
}

#[test]
fn then_is_an_ordered_correlation_over_a_rule_for_each_event() {
    let then = join(vec![event(0), event(1)], 300_000, vec![host(&[0, 1])]);
    insta::assert_snapshot!(sample(pattern(PatternKind::Then(then))).text());
}

#[test]
fn fields_of_different_names_get_an_alias() {
    let with = join(vec![event(1), event(2)], 90_000, vec![key(&[(1, "host.name"), (2, "host.id")])]);
    let mut sample = sample(pattern(PatternKind::With(with)));
    sample.entity = vec![(2, "host.id")];
    let text = sample.text();
    insta::assert_snapshot!(text.split_once("correlation:").unwrap().1);
}

#[test]
fn a_sum_names_its_field_in_the_condition() {
    let pid = sample::field("process.pid", Type::Int);
    let text = sample(group("host.name", 3_600_000, Aggregate::Sum(pid), Order::Gt, 9)).text();
    insta::assert_snapshot!(text.split_once("correlation:").unwrap().1);
}

#[test]
fn every_rule_of_a_file_has_an_id_and_a_name_of_its_own() {
    let then = join(vec![event(0), event(1), event(2)], 300_000, vec![host(&[0, 1, 2])]);
    let text = sample(pattern(PatternKind::Then(then))).text();
    for start in ["id: ", "name: "] {
        let mut values: Vec<&str> = text.lines().filter(|l| l.starts_with(start)).collect();
        assert_eq!(values.len(), 4, "{start}");
        values.sort_unstable();
        values.dedup();
        assert_eq!(values.len(), 4, "{start}");
    }
}

#[test]
fn entity_fields_beyond_the_key_are_named_as_lost() {
    let then = join(vec![event(0), event(1)], 300_000, vec![host(&[0, 1])]);
    let mut sample = sample(pattern(PatternKind::Then(then)));
    sample.entity = vec![(0, "host.name"), (1, "process.executable")];
    let notes: Vec<String> = sample.lower().1.losses.into_iter().map(|l| l.note).collect();
    assert_eq!(notes, ["not in the alert: `process.executable`"]);
    sample.entity = vec![(1, "process.executable")];
    assert_eq!(sample.refusals().len(), 1);
}

#[test]
fn an_absence_and_a_fraction_of_a_second_are_refused() {
    let absence = sample(pattern(PatternKind::NotPreceded(negation(60_000, vec![host(&[0, 1])])))).refusals();
    assert_eq!(absence, ["specification 2.1.0 has no correlation over the absence of events"]);
    let fraction = join(vec![event(0), event(1)], 1_500, vec![host(&[0, 1])]);
    assert_eq!(sample(pattern(PatternKind::Then(fraction))).refusals(), ["a `timespan` is in whole seconds"]);
}

#[test]
fn a_condition_that_always_holds_still_has_a_selection() {
    assert_eq!(
        detection(Logic::Const(true)),
        "    selection:\n        Computer: '?*'\n    condition: selection or not selection\n"
    );
}

#[test]
fn two_tests_with_the_same_key_stand_in_two_selections() {
    let has = |v: &str| {
        let op = TextOp::Contains(Operand::literal(vec![v.to_owned()]));
        test(TestKind::Text(TextTest { field: sample::text("process.executable"), op, cased: false }))
    };
    insta::assert_snapshot!(detection(Logic::and([has("a"), has("b"), Logic::or([has("c"), has("d")])])));
}

#[test]
fn a_glob_over_a_file_name_does_not_reach_into_its_folder() {
    let globs = Operand::literal(vec![Glob::parse("libssl*.dll"), Glob::parse("*.ocx")]);
    let op = TextOp::Like(globs);
    insta::assert_snapshot!(detection(test(TestKind::Text(TextTest {
        field: sample::text("dll.name"),
        op,
        cased: false
    }))));
}
