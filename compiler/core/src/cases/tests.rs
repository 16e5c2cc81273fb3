use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::*;
use crate::diagnostics::Diagnostic;
use crate::plan::{
    AlertSeverity, Analytic, Class, Column, ColumnValue, Detection, EntityColumn, Event, EventId, Field, Logic,
    Operand, Parameter, ParameterKind, Pattern, PatternKind, Strategy, Test, TestKind, TextOp, TextTest, Type, Value,
};
use crate::source::{SourceId, Sources};
use crate::tuning;

const NOWHERE: Span = Span { source: SourceId(0), start: 0, end: 0 };

fn classes() -> BTreeMap<String, Arc<Class>> {
    let start = [("@timestamp", Type::Datetime), ("host.name", Type::String), ("process.name", Type::String)];
    let start = start.into_iter().chain([("process.port", Type::Port)]);
    let query = [("@timestamp", Type::Datetime), ("host.name", Type::String)].into_iter();
    let query = query.chain([("dns.answers.data", Type::List(Box::new(Type::String)))]);
    let class = |name: &str, fields: Vec<(&str, Type)>| {
        let field = |(name, ty): (&str, Type)| (name.to_owned(), (Field { name: name.into(), ty }, String::new()));
        let fields = fields.into_iter().map(field).collect();
        (name.to_owned(), Arc::new(Class { name: name.into(), doc: String::new(), fields }))
    };
    BTreeMap::from([class("process_start", start.collect()), class("dns_query", query.collect())])
}

/// A detection of starts of the processes that the parameter `Bad` names; its entity is host, process and port.
fn strategy(id: &str, analytic: &str, bad: Vec<Parameter>) -> Strategy {
    let class = Arc::clone(&classes()["process_start"]);
    let Value::List(values) = &*bad[0].value else { panic!("`Bad` is a list") };
    let text = |value: &Value| if let Value::String(text) = value { text.clone() } else { String::new() };
    let test = TextTest {
        field: class.fields["process.name"].0.clone(),
        op: TextOp::Equals(Operand::literal(values.iter().map(text).collect())),
        cased: false,
    };
    let predicate = Logic::Atom(Test { kind: TestKind::Text(test), span: NOWHERE, call: NOWHERE });
    let entity = ["host.name", "process.name", "process.port"].map(|name| EntityColumn {
        column: Column { event: EventId(0), value: ColumnValue::Field(class.fields[name].0.clone()) },
        name: name.into(),
        span: NOWHERE,
    });
    let detection = Detection {
        name: "bad_start".into(),
        id: String::new(),
        title: String::new(),
        description: String::new(),
        release: Default::default(),
        severity: AlertSeverity::High,
        otherwise: false,
        false_positives: Vec::new(),
        accepts: Vec::new(),
        events: vec![Arc::new(Event {
            name: "start".into(),
            doc: String::new(),
            class: Arc::clone(&class),
            predicate,
            span: NOWHERE,
        })],
        pattern: Pattern { kind: PatternKind::Event(EventId(0)), span: NOWHERE },
        entity: entity.into(),
        suppress: None,
        span: NOWHERE,
    };
    let analytic = Analytic {
        id: analytic.into(),
        title: String::new(),
        description: String::new(),
        platform: "windows".into(),
        sources: Vec::new(),
        detections: vec![detection],
        span: NOWHERE,
    };
    Strategy {
        id: id.into(),
        title: String::new(),
        description: String::new(),
        attack: None,
        techniques: Vec::new(),
        tactics: Vec::new(),
        references: Vec::new(),
        authors: Vec::new(),
        date: None,
        parameters: bad,
        analytics: vec![analytic],
        classes: classes(),
        span: NOWHERE,
    }
}

fn parameters() -> Vec<Parameter> {
    let default = Value::List(vec![Value::String("bad.exe".into())]);
    vec![Parameter {
        name: "Bad".into(),
        kind: ParameterKind::Tunable,
        analytic: None,
        doc: String::new(),
        ty: Type::List(Box::new(Type::String)),
        bounds: BTreeMap::new(),
        default: Arc::new(default.clone()),
        value: Arc::new(default),
        layers: Vec::new(),
        span: NOWHERE,
    }]
}

fn analyse(files: &[tuning::TuningFile]) -> Analysed {
    let (mut parameters, mut diagnostics) = (parameters(), Vec::new());
    diagnostics.extend(tuning::check_names(&[("DET1", &parameters)], files));
    tuning::apply("DET1", &mut parameters, files, &mut diagnostics);
    Analysed { strategies: vec![strategy("DET1", "AN1", parameters)], diagnostics }
}

fn said(sources: &Sources, errors: &[Diagnostic]) -> Vec<String> {
    let say = |d: &Diagnostic| {
        let at = d.primary.as_ref().map(|p| format!(" @ {}", sources.slice(p.span))).unwrap_or_default();
        format!("{} {}{at}{}", d.code, d.title, d.help.iter().map(|h| format!(" ({h})")).collect::<String>())
    };
    errors.iter().map(say).collect()
}

fn loaded(text: &str) -> Result<(Sources, TestFile), Vec<String>> {
    let mut sources = Sources::default();
    let id = sources.add("test.yaml", text);
    match load(&sources, id, &classes()) {
        Ok(file) => Ok((sources, file)),
        Err(errors) => Err(said(&sources, &errors)),
    }
}

fn refused(text: &str) -> Vec<String> {
    loaded(text).map(|_| ()).expect_err("the file must be refused")
}

/// What is said about a case with this body.
fn bad_case(body: &str) -> Vec<String> {
    refused(&format!("cases:\n  - name: x\n    detection: AN1/bad_start\n    expect: []\n{body}"))
}

/// The lines of the events of the only case.
fn lines(text: &str) -> Vec<Json> {
    let (_, file) = loaded(text).unwrap_or_else(|errors| panic!("{errors:?}"));
    let Events::Inline(lines) = &file.cases[0].events else { panic!("the events are inline") };
    lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// What each case says; nothing for one that passes.
fn ran(text: &str, files: &[(&str, &str)]) -> Vec<Vec<String>> {
    let (sources, file) = loaded(text).unwrap_or_else(|errors| panic!("{errors:?}"));
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), text.as_bytes().to_vec())).collect();
    let mut analyse = analyse;
    let mut runner = Runner::new(&mut analyse);
    let outcomes = file.cases.iter().map(|case| runner.run(&file, case, &files));
    outcomes.map(|outcome| said(&sources, &outcome.diagnostics())).collect()
}

#[test]
fn events_are_nested_timed_and_filled_with_defaults() {
    let text = r#"
defaults: {host.name: ws1, process: {port: 1}}
cases:
  - name: x
    detection: AN1/bad_start
    defaults: {process.port: 2}
    events:
      - {class: process_start, at: 1m30s, process.name: a.exe}
      - {class: process_start, at: "-250ms", host: {name: ws2}, process.name: null}
      - {class: dns_query, "@timestamp": "2026-02-03T04:05:06+01:00", dns: {answers: [{data: x}, {data: y}]}}
    expect: []
"#;
    assert_eq!(
        lines(text),
        [
            json!({"class": "process_start", "@timestamp": "2026-01-01T00:01:30.000Z", "host": {"name": "ws1"}, "process": {"name": "a.exe", "port": 2}}),
            json!({"class": "process_start", "@timestamp": "2025-12-31T23:59:59.750Z", "host": {"name": "ws2"}, "process": {"name": null, "port": 2}}),
            json!({"class": "dns_query", "@timestamp": "2026-02-03T03:05:06.000Z", "host": {"name": "ws1"}, "dns": {"answers": [{"data": "x"}, {"data": "y"}]}}),
        ]
    );
}

#[test]
fn the_base_time_is_the_beginning_of_2026() {
    assert_eq!(crate::sema::literals::parse_datetime("2026-01-01"), Ok(BASE_TIME));
}

#[test]
fn an_event_that_cannot_be_is_an_error_at_its_place() {
    assert_eq!(
        bad_case("    events: [{class: proces_start, at: 1s}]"),
        ["E0102 there is no event class `proces_start` @ proces_start (did you mean `process_start`?)"]
    );
    assert_eq!(
        bad_case("    events: [{class: process_start, at: 1s, process.nmae: x}]"),
        ["E0101 event class `process_start` has no field `process.nmae` @ process.nmae (did you mean `process.name`?)"]
    );
    assert_eq!(
        bad_case("    events: [{class: dns_query, at: 1s, dns.answers: [{date: x}]}]"),
        ["E0101 event class `dns_query` has no field `dns.answers.date` @ date (did you mean `dns.answers.data`?)"]
    );
    assert_eq!(
        bad_case("    events: [{class: process_start, at: 1s, process: {name: x}, process.name: y}]"),
        ["E0106 field `process.name` stands twice @ process.name"]
    );
    assert_eq!(
        bad_case("    events: [{class: process_start, '@timestamp': yesterday}]"),
        ["E0601 `yesterday` is no moment such as `2026-01-31` or `2026-01-31T10:00:00.000Z` @ yesterday"]
    );
    assert_eq!(
        bad_case("    events: [{class: process_start, at: 99999999999999w}]"),
        ["E0601 `99999999999999w` is longer than 292 years @ 99999999999999w"]
    );
    assert_eq!(
        bad_case("    events: [{class: process_start}]"),
        ["E0602 entry 1 of `events` needs one of `at`, `@timestamp` @ {class: process_start}"]
    );
    assert_eq!(
        bad_case("    events: [{class: process_start, at: soon}]")[0],
        "E0602 `at` has the wrong form: `soon` @ soon (When it happened after the beginning of the case, such as 10s or 1m30s.)"
    );
    assert_eq!(
        bad_case("    defaults: {hst.name: x}\n    events: []"),
        ["E0101 no event class has a field `hst.name` @ hst.name (did you mean `host.name`?)"]
    );
}

#[test]
fn a_file_of_the_wrong_form_is_refused() {
    assert_eq!(refused("strategy: DET1\n"), ["E0602 `cases` is missing @ strategy: DET1"]);
    assert_eq!(refused("cases: []\n"), ["E0602 `cases` must not be empty @ cases"]);
    assert_eq!(
        bad_case("    evnts: []"),
        [
            "E0602 entry 1 of `cases` needs one of `events`, `file` @ name: x",
            "E0602 unknown key `evnts` in entry 1 of `cases` @ evnts (did you mean `events`?)",
        ]
    );
    assert_eq!(
        bad_case("    events: []\n    file: x.jsonl"),
        ["E0602 entry 1 of `cases` has both `events` and `file` @ file (one of them must go)"]
    );
    let case = |body: &str| refused(&format!("cases:\n  - name: x\n    events: []\n{body}"));
    assert_eq!(
        case("    expect: []"),
        [
            "E0602 the case `x` does not say which detection it is about @ x (add `detection: AN1496/abnormal_session`, or write `expect` by detection)"
        ]
    );
    assert_eq!(
        case("    detection: bad_start\n    expect: []"),
        [
            "E0602 `detection` has the wrong form: `bad_start` @ bad_start (A detection is written analytic/name, such as AN1496/abnormal_session.)"
        ]
    );
    assert_eq!(
        case("    detection: AN1/bad_start\n    expect: {AN1/bad_start: []}"),
        ["E0602 the detections stand twice: under `detection` and under `expect` @ detection"]
    );
    assert_eq!(
        case("    detection: AN1/bad_start\n    expect: [ws1]"),
        ["E0602 entry 1 of `expect` must be a mapping, not text @ ws1"]
    );
    let twice = "cases:\n  - {name: x, file: a, expect: {AN1/b: []}}\n  - {name: x, file: a, expect: {AN1/b: []}}\n";
    assert_eq!(refused(twice), ["E0106 two cases are named `x` @ x"]);
}

#[test]
fn a_case_passes_if_just_the_expected_tuples_are_raised() {
    let text = r"
strategy: DET1
cases:
  - name: found
    detection: AN1/bad_start
    events:
      - {class: process_start, at: 1s, host.name: ws1, process.name: BAD.exe, process.port: 443}
      - {class: process_start, at: 2s, host.name: ws1, process.name: BAD.exe, process.port: 443}
      - {class: process_start, at: 3s, host.name: ws1, process.name: good.exe, process.port: 443}
    expect: [{host.name: ws1, process: {name: BAD.exe}, process.port: 443}]
  - name: a missing field is null
    events: [{class: process_start, at: 1s, process.name: bad.exe}]
    expect: {AN1/bad_start: [{host.name: null, process.name: bad.exe, process.port: null}]}
  - name: silence
    detection: [AN1/bad_start]
    events: [{class: process_start, at: 1s, process.name: good.exe}]
    expect: []
";
    assert_eq!(ran(text, &[]), [[""; 0]; 3]);
}

#[test]
fn a_case_that_fails_says_what_is_missing_and_what_is_too_much() {
    let text = r"
cases:
  - name: other host
    detection: AN1/bad_start
    events:
      - {class: process_start, at: 1s, host.name: ws1, process.name: bad.exe}
    expect:
      - {host.name: ws2, process.name: bad.exe, process.port: null}
  - name: not silent
    detection: AN1/bad_start
    events:
      - {class: process_start, at: 1s, host.name: ws1, process.name: bad.exe}
    expect: []
  - name: silent
    detection: AN1/bad_start
    events: []
    expect: [{host.name: ws2, process.name: bad.exe, process.port: 443}]
";
    let tuple =
        |host: &str, port: &str| format!("host.name: \"{host}\", process.name: \"bad.exe\", process.port: {port}");
    assert_eq!(
        ran(text, &[]),
        [
            vec![format!(
                "E0603 `other host`: AN1/bad_start raised 0 of 1 tuple expected, and 1 not expected @ other host (- {}) (+ {})",
                tuple("ws2", "null"),
                tuple("ws1", "null")
            )],
            vec![format!(
                "E0603 `not silent`: AN1/bad_start raised 1 tuple where silence is expected @ not silent (+ {})",
                tuple("ws1", "null")
            )],
            vec![format!(
                "E0603 `silent`: AN1/bad_start raised 0 of 1 tuple expected @ silent (- {})",
                tuple("ws2", "443")
            )],
        ]
    );
}

#[test]
fn a_case_may_have_a_tuning_of_its_own_on_that_of_the_file() {
    let text = r"
tuning:
  - {parameter: Bad, extend: [worse.exe]}
cases:
  - name: of the file
    detection: AN1/bad_start
    events: &events
      - {class: process_start, at: 1s, process.name: bad.exe}
      - {class: process_start, at: 1s, process.name: worse.exe}
    expect:
      - {host.name: null, process.name: bad.exe, process.port: null}
      - {host.name: null, process.name: worse.exe, process.port: null}
  - name: of the case
    detection: AN1/bad_start
    tuning: [{parameter: Bad, remove: [bad.exe]}]
    events: *events
    expect: [{host.name: null, process.name: worse.exe, process.port: null}]
  - name: a name that does not exist
    detection: AN1/bad_start
    tuning: [{parameter: Bda, remove: [bad.exe]}]
    events: []
    expect: []
  - name: a value that is not there
    detection: AN1/bad_start
    tuning: [{parameter: DET1.Bad, remove: [other.exe]}]
    events: []
    expect: []
";
    assert_eq!(
        ran(text, &[]),
        [
            vec![],
            vec![],
            vec!["E0402 no strategy has a parameter `Bda` @ Bda (did you mean `Bad`?)"],
            vec!["E0401 `Bad`: what is removed is not in the list @ other.exe"],
        ]
    );
}

#[test]
fn strategies_are_analysed_once_for_each_tuning() {
    let case = |name: &str, tuning: &str| {
        format!("  - {{name: {name}, detection: AN1/bad_start, events: [], expect: []{tuning}}}\n")
    };
    let tuned = ", tuning: [{parameter: Bad, set: [x]}]";
    let text = format!("cases:\n{}{}{}{}", case("a", ""), case("b", tuned), case("c", ""), case("d", tuned));
    let (_, file) = loaded(&text).unwrap();
    let mut count = 0;
    let mut counted = |files: &[tuning::TuningFile]| {
        count += 1;
        analyse(files)
    };
    let mut runner = Runner::new(&mut counted);
    assert!(file.cases.iter().all(|case| runner.run(&file, case, &BTreeMap::new()).passed()));
    assert_eq!(count, 2);
}

#[test]
fn events_may_stand_in_a_file() {
    let text = "cases:\n  - {name: x, detection: AN1/bad_start, file: e.jsonl, expect: [{host.name: w, process.name: bad.exe, process.port: null}]}\n";
    let event = r#"{"class":"process_start","@timestamp":"2026-01-01T10:00:00Z","host":{"name":"w"},"process":{"name":"bad.exe"}}"#;
    assert_eq!(ran(text, &[("e.jsonl", &format!("{event}\n\n"))]), [[""; 0]]);
    assert_eq!(ran(text, &[]), [["E0005 `e.jsonl` cannot be read @ e.jsonl"]]);
    let broken = ran(text, &[("e.jsonl", &format!("{event}\n{{\n"))]);
    assert!(broken[0][0].starts_with("E0601 line 2 of `e.jsonl`: not JSON"), "{broken:?}");
    let other = text.replace("name: x", "name: y").replacen("cases:\n", "", 1);
    let (_, file) = loaded(&format!("{text}{other}")).unwrap();
    assert_eq!(file.event_files().iter().map(|f| f.value.as_str()).collect::<Vec<_>>(), ["e.jsonl"], "each file once");
}

#[test]
fn names_that_do_not_exist_are_errors_with_the_nearest() {
    let case = |head: &str, detection: &str, expect: &str| {
        let text = format!("{head}cases:\n  - {{name: x, detection: {detection}, events: [], expect: {expect}}}\n");
        ran(&text, &[]).remove(0)
    };
    assert_eq!(
        case("strategy: DET2\n", "AN1/bad_start", "[]"),
        ["E0602 there is no strategy `DET2` @ DET2 (did you mean `DET1`?)"]
    );
    assert_eq!(
        case("", "AN1/bad_strat", "[]"),
        ["E0602 there is no detection `AN1/bad_strat` @ AN1/bad_strat (did you mean `AN1/bad_start`?)"]
    );
    let help = "(its fields are host.name, process.name, process.port; write null for a missing one)";
    assert_eq!(
        case("", "AN1/bad_start", "[{host.name: x, process.name: y}]"),
        [format!(
            "E0602 the tuple lacks `process.port` of the entity of `bad_start` @ {{host.name: x, process.name: y}} {help}"
        )]
    );
    assert_eq!(
        case("", "AN1/bad_start", "[{host.name: x, process.name: y, process.port: 1, user: z}]")[0].split(" @").next(),
        Some("E0602 the entity of `bad_start` has no field `user`")
    );
}

#[test]
fn a_detection_that_several_strategies_have_needs_the_strategy() {
    let two = |_: &[tuning::TuningFile]| Analysed {
        strategies: vec![strategy("DET1", "AN1", parameters()), strategy("DET2", "AN1", parameters())],
        diagnostics: Vec::new(),
    };
    let run = |head: &str| {
        let text = format!("{head}cases:\n  - {{name: x, detection: AN1/bad_start, events: [], expect: []}}\n");
        let (sources, file) = loaded(&text).unwrap();
        let mut two = two;
        said(&sources, &Runner::new(&mut two).run(&file, &file.cases[0], &BTreeMap::new()).diagnostics())
    };
    assert_eq!(
        run(""),
        [
            "E0602 several strategies have a detection `AN1/bad_start` @ AN1/bad_start (name the one with `strategy` at the head)"
        ]
    );
    assert_eq!(run("strategy: DET2\n"), [""; 0]);
}

#[test]
fn the_schema_is_one_and_takes_what_the_reader_takes() {
    let schema = crate::yaml::Schema::new(schema()).expect("a JSON Schema");
    let case = json!({"name": "x", "detection": "AN1/a", "events": [{"class": "c", "at": "1s"}], "expect": []});
    assert!(schema.accepts(&json!({ "cases": [case] })));
    assert!(!schema.accepts(&json!({ "cases": [{ "name": "x" }] })));
}
