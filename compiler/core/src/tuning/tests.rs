use std::sync::Arc;

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;
use crate::plan::{Cidr, Glob, Layer, ParamBound, Parameter, ParameterKind, PortRange, Strategy as Plan, Type, Value};
use crate::sema::{literals, regex};
use crate::source::{SourceId, Sources};
use crate::yaml::Schema;

const SECOND: i64 = 1_000_000_000;
const HEAD: &str = "owner: soc\nreason: tests\nparameters:\n";

fn parameter(analytic: Option<&str>, name: &str, ty: Type, default: Value) -> Parameter {
    Parameter {
        name: name.into(),
        kind: ParameterKind::Mutable,
        analytic: analytic.map(str::to_owned),
        doc: format!("What {name} is."),
        ty,
        bounds: BTreeMap::new(),
        default: Arc::new(default.clone()),
        value: Arc::new(default),
        layers: Vec::new(),
        span: Span::new(SourceId(0), 0..0),
    }
}

fn bound(length: bool, low: Value, high: Value) -> ParamBound {
    ParamBound { length, low: Some(low), high: Some(high) }
}

fn texts(values: &[&str]) -> Value {
    Value::List(values.iter().map(|v| Value::String((*v).into())).collect())
}

fn cidr(text: &str) -> Value {
    Value::Cidr(Cidr::parse(text).unwrap())
}

/// The parameters of a strategy DET1 with an analytic AN1.
fn parameters() -> Vec<Parameter> {
    let list = |ty| Type::List(Box::new(ty));
    let record = Type::Record(BTreeMap::from([("days".into(), Type::Int), ("name".into(), Type::String)]));
    let record_value = BTreeMap::from([("days".into(), Value::Int(398)), ("name".into(), Value::String("x".into()))]);
    let mut all = vec![
        parameter(None, "Networks", list(Type::Cidr), Value::List(vec![cidr("10.0.0.0/8"), cidr("192.168.0.0/16")])),
        parameter(Some("AN1"), "Authorities", list(Type::String), texts(&["A", "B"])),
        parameter(Some("AN1"), "Timeout", Type::Duration, Value::Duration(10 * SECOND)),
        parameter(
            Some("AN1"),
            "Ports",
            Type::Ports,
            Value::Ports(vec![PortRange { low: 443, high: 443, label: "HTTPS".into() }]),
        ),
        parameter(Some("AN1"), "Certificate", record, Value::Record(record_value)),
        parameter(Some("AN1"), "Level", Type::Enum(vec!["high".into(), "low".into()]), Value::String("low".into())),
        parameter(None, "Shared", Type::Int, Value::Int(1)),
        parameter(Some("AN1"), "Shared", Type::Int, Value::Int(2)),
    ];
    all[1].bounds.insert(String::new(), bound(true, Value::Int(1), Value::Int(3)));
    all[2].bounds.insert(String::new(), bound(false, Value::Duration(SECOND), Value::Duration(300 * SECOND)));
    all[4].bounds.insert("days".into(), bound(false, Value::Int(1), Value::Int(3650)));
    all
}

fn plan(parameters: Vec<Parameter>) -> Plan {
    Plan {
        id: "DET1".into(),
        title: String::new(),
        description: String::new(),
        attack: None,
        techniques: Vec::new(),
        tactics: Vec::new(),
        references: Vec::new(),
        authors: Vec::new(),
        date: None,
        parameters,
        analytics: Vec::new(),
        classes: BTreeMap::new(),
        span: Span::new(SourceId(0), 0..0),
    }
}

fn said(sources: &Sources, errors: &[Diagnostic]) -> Vec<String> {
    let say = |d: &Diagnostic| {
        let at = d.primary.as_ref().map(|p| format!(" @ {}", sources.slice(p.span))).unwrap_or_default();
        format!("{} {}{at}{}", d.code, d.title, d.help.iter().map(|h| format!(" ({h})")).collect::<String>())
    };
    errors.iter().map(say).collect()
}

/// Applies files to [`parameters`]; what is said about loading, names and values, in this order.
fn tuned(files: &[&str]) -> (Vec<Parameter>, Vec<String>) {
    let mut sources = Sources::default();
    let mut parameters = parameters();
    let (mut loaded, mut errors) = (Vec::new(), Vec::new());
    for (i, text) in files.iter().enumerate() {
        let id = sources.add(format!("{i}.yaml"), *text);
        match load(&sources, id) {
            Ok(file) => loaded.push(file),
            Err(wrong) => errors.extend(wrong),
        }
    }
    errors.extend(check_names(&[("DET1", &parameters)], &loaded));
    apply("DET1", &mut parameters, &loaded, &mut errors);
    let said = said(&sources, &errors);
    (parameters, said)
}

fn value_of(file: &str, name: &str) -> Value {
    let (parameters, errors) = tuned(&[file]);
    assert_eq!(errors, [""; 0], "{file}");
    parameters.into_iter().find(|p| p.name == name).expect("the parameter").value.as_ref().clone()
}

/// What is said about one entry, which must change nothing.
fn refused(entry: &str) -> Vec<String> {
    let (after, errors) = tuned(&[&format!("{HEAD}  - {entry}\n")]);
    for (before, after) in parameters().iter().zip(&after) {
        assert_eq!(before.value, after.value, "a refused entry must change nothing: {entry}");
        assert!(after.layers.is_empty());
    }
    errors
}

#[test]
fn a_value_is_set_and_a_list_extended_and_shortened() {
    let set = |entry: &str, name: &str| value_of(&format!("{HEAD}  - {entry}\n"), name);
    assert_eq!(set("{parameter: Timeout, set: 30s}", "Timeout"), Value::Duration(30 * SECOND));
    assert_eq!(set("{parameter: Authorities, extend: [C, A]}", "Authorities"), texts(&["A", "B", "C"]));
    assert_eq!(set("{parameter: Authorities, remove: [A]}", "Authorities"), texts(&["B"]));
    assert_eq!(set("{parameter: AN1.Authorities, set: [Z]}", "Authorities"), texts(&["Z"]));
    assert_eq!(
        set("{parameter: DET1.Networks, remove: [10.0.0.0/8]}", "Networks"),
        Value::List(vec![cidr("192.168.0.0/16")])
    );
    let port = |low, high, label: &str| PortRange { low, high, label: label.into() };
    assert_eq!(
        set("{parameter: Ports, extend: [8000..8010, {ports: 8443, label: alt}, {ports: 443, label: TLS}]}", "Ports"),
        Value::Ports(vec![port(8000, 8010, ""), port(8443, 8443, "alt"), port(443, 443, "TLS")])
    );
    assert_eq!(set("{parameter: Ports, remove: [443]}", "Ports"), Value::Ports(vec![]));
    assert_eq!(set("{parameter: Level, set: high}", "Level"), Value::String("high".into()));
}

#[test]
fn a_record_may_be_given_some_of_its_fields() {
    let value = value_of(&format!("{HEAD}  - {{parameter: Certificate, set: {{days: 90}}}}\n"), "Certificate");
    let expected = BTreeMap::from([("days".into(), Value::Int(90)), ("name".into(), Value::String("x".into()))]);
    assert_eq!(value, Value::Record(expected));
}

#[test]
fn layers_apply_in_order_and_leave_their_names() {
    let first = "layer: organisation\nowner: a\nreason: r\nparameters:\n  - {parameter: Authorities, extend: [C]}\n";
    let second =
        "owner: b\nreason: s\nparameters:\n  - {parameter: Authorities, remove: [A], owner: c, expires: 2026-12-31}\n";
    let (parameters, errors) = tuned(&[first, second]);
    assert_eq!(errors, [""; 0]);
    let authorities = &parameters[1];
    assert_eq!((&*authorities.value, &*authorities.default), (&texts(&["B", "C"]), &texts(&["A", "B"])));
    let layer = |name: &str, action: &str, owner: &str, reason: &str, expires: Option<&str>| Layer {
        name: name.into(),
        action: action.into(),
        owner: owner.into(),
        reason: reason.into(),
        expires: expires.map(str::to_owned),
    };
    assert_eq!(
        authorities.layers,
        [layer("organisation", "extend", "a", "r", None), layer("1.yaml", "remove", "c", "s", Some("2026-12-31"))]
    );
}

#[test]
fn owner_and_reason_are_needed() {
    let advice = |key| format!("(write `{key}` in the entry, or at the head of the file for all of them)");
    assert_eq!(
        tuned(&["parameters:\n  - {parameter: Timeout, set: 5s}\n"]).1,
        [
            format!("E0401 the change of `Timeout` has no `owner` @ Timeout {}", advice("owner")),
            format!("E0401 the change of `Timeout` has no `reason` @ Timeout {}", advice("reason")),
        ]
    );
    assert_eq!(
        tuned(&["owner: ' '\nreason: x\nparameters: []\n"]).1,
        ["E0401 `owner` has the wrong form: ` ` @ ' ' (Who answers for the change.)"]
    );
}

#[test]
fn a_file_of_the_wrong_form_is_refused() {
    assert_eq!(tuned(&["owner: x\n"]).1, ["E0401 `parameters` is missing @ owner: x"]);
    assert_eq!(
        refused("{paramter: Timeout, set: 5s}"),
        [
            "E0401 entry 1 of `parameters` has no `parameter` @ {paramter: Timeout, set: 5s}",
            "E0401 unknown key `paramter` in entry 1 of `parameters` @ paramter (did you mean `parameter`?)",
        ]
    );
    assert_eq!(
        refused("{parameter: Timeout}"),
        ["E0401 entry 1 of `parameters` needs one of `set`, `extend`, `remove` @ {parameter: Timeout}"]
    );
    assert_eq!(
        refused("{parameter: Authorities, extend: [C], remove: [A]}"),
        ["E0401 entry 1 of `parameters` has both `extend` and `remove` @ remove (one of them must go)"]
    );
    assert_eq!(
        refused("{parameter: Timeout, set: 5s, expires: 2026-02-30}"),
        ["E0401 `2026-02-30` is no moment such as `2026-01-31` or `2026-01-31T10:00:00.000Z` @ 2026-02-30"]
    );
    assert_eq!(
        refused("{parameter: Timeout, set: 5s, expires: tomorrow}"),
        [
            "E0401 `expires` has the wrong form: `tomorrow` @ tomorrow (The last day on which it applies, such as 2026-12-31.)"
        ]
    );
    assert_eq!(tuned(&["parameters: [\n"]).1.len(), 1);
}

#[test]
fn a_name_that_no_strategy_has_is_an_error_with_the_nearest() {
    assert_eq!(
        refused("{parameter: Timeuot, set: 5s}"),
        ["E0402 no strategy has a parameter `Timeuot` @ Timeuot (did you mean `Timeout`?)"]
    );
    assert_eq!(
        refused("{parameter: AN1.Timeuot, set: 5s}"),
        ["E0402 no strategy has a parameter `AN1.Timeuot` @ AN1.Timeuot (did you mean `AN1.Timeout`?)"]
    );
    assert_eq!(
        refused("{parameter: AN2.Timeout, set: 5s}")[0].split(" (").next(),
        Some("E0402 no strategy has a parameter `AN2.Timeout` @ AN2.Timeout")
    );
    assert_eq!(
        refused("{parameter: Entirely.Else, set: 5s}"),
        ["E0402 no strategy has a parameter `Entirely.Else` @ Entirely.Else"]
    );
}

#[test]
fn a_name_that_several_places_declare_must_be_qualified() {
    assert_eq!(
        refused("{parameter: Shared, set: 5}"),
        ["E0401 `Shared` is declared 2 times @ Shared (say which is meant: DET1.Shared, AN1.Shared)"]
    );
    let (parameters, errors) = tuned(&[&format!("{HEAD}  - {{parameter: AN1.Shared, set: 5}}\n")]);
    assert_eq!(errors, [""; 0]);
    assert_eq!((&*parameters[6].value, &*parameters[7].value), (&Value::Int(1), &Value::Int(5)));
    let (one, other) = (parameters_of("Only"), parameters_of("Only"));
    let mut sources = Sources::default();
    let id = sources.add("x", format!("{HEAD}  - {{parameter: Only, set: 5}}\n"));
    let files = [load(&sources, id).unwrap()];
    let errors = check_names(&[("DET1", &one), ("DET2", &other)], &files);
    assert_eq!(
        said(&sources, &errors),
        ["E0401 `Only` is declared 2 times @ Only (say which is meant: DET1.Only, DET2.Only)"]
    );
}

fn parameters_of(name: &str) -> Vec<Parameter> {
    vec![parameter(None, name, Type::Int, Value::Int(1))]
}

#[test]
fn a_name_means_a_parameter_by_its_strategy_and_its_analytic() {
    let own = parameter(None, "P", Type::Int, Value::Int(1));
    let inner = parameter(Some("AN1"), "P", Type::Int, Value::Int(1));
    let means = |written: &str| (names::means(written, "DET1", &own), names::means(written, "DET1", &inner));
    assert_eq!(means("P"), (true, true));
    assert_eq!(means("AN1.P"), (false, true));
    assert_eq!(means("DET1.AN1.P"), (false, true));
    assert_eq!(means("DET1.P"), (true, true));
    assert_eq!(means("AN1.DET1.P"), (false, false));
    assert_eq!(means("X.DET1.P"), (false, false));
    assert_eq!(means("DET2.P"), (false, false));
}

#[test]
fn a_value_of_another_type_is_an_error_at_its_place() {
    assert_eq!(
        refused("{parameter: Timeout, set: 10}"),
        ["E0201 `Timeout`: `duration` is needed, not a number @ 10 (give it a unit, as in `10s`)"]
    );
    assert_eq!(
        refused("{parameter: Timeout, set: 10x}"),
        ["E0203 `Timeout`: `10x` is no duration such as `10s`, `1h30m` or `250ms` @ 10x"]
    );
    assert_eq!(
        refused("{parameter: Authorities, set: [A, 1.10, [x]]}"),
        [
            "E0201 `Authorities`: `string` is needed, not a number @ 1.10 (put it in quotes)",
            "E0201 `Authorities`: `string` is needed, not a list @ [x]",
        ]
    );
    assert_eq!(
        refused("{parameter: Authorities, set: A}"),
        ["E0201 `Authorities`: `list<string>` is needed, not text @ A (write a list, as in `[a, b]`)"]
    );
    assert_eq!(
        refused("{parameter: AN1.Shared, set: 1.5}"),
        ["E0201 `Shared`: `int` is needed: it is not a whole number @ 1.5"]
    );
    assert_eq!(
        refused("{parameter: AN1.Shared, set: '5'}"),
        ["E0201 `Shared`: `int` is needed, not text @ '5' (write it without quotes)"]
    );
    assert_eq!(
        refused("{parameter: Networks, extend: [10.0.0.1/8]}"),
        ["E0203 `Networks`: host bits are set: the network is `10.0.0.0/8` @ 10.0.0.1/8"]
    );
    assert_eq!(
        refused("{parameter: Level, set: hihg}"),
        ["E0203 `Level`: `hihg` is none of `high`, `low`; did you mean `high`? @ hihg"]
    );
    assert_eq!(
        refused("{parameter: Certificate, set: {dasy: 3}}"),
        [
            "E0101 `Certificate`: the record has no field `dasy` @ dasy (did you mean `days`?) (its fields are days, name)"
        ]
    );
    let help = "(write `443`, `8000..8010`, or `{ ports: 443, label: HTTPS }`)";
    assert_eq!(
        refused("{parameter: Ports, set: [true]}"),
        [format!("E0201 `Ports`: `true` or `false` is no entry of a list of ports @ true {help}")]
    );
    assert_eq!(
        refused("{parameter: Ports, set: [{port: 1}]}"),
        [format!("E0201 `Ports`: a mapping is no entry of a list of ports @ {{port: 1}} {help}")]
    );
    assert_eq!(
        refused("{parameter: Ports, set: [90000]}"),
        ["E0203 `Ports`: `90000` is no port of 0 to 65535 @ 90000"]
    );
}

#[test]
fn only_lists_are_extended_and_only_what_is_there_is_removed() {
    assert_eq!(
        refused("{parameter: Timeout, extend: [5s]}"),
        ["E0201 `Timeout`: `duration` is no list @ extend (only `set` changes it)"]
    );
    assert_eq!(
        refused("{parameter: Authorities, remove: [A, Q]}"),
        ["E0401 `Authorities`: what is removed is not in the list @ Q"]
    );
    assert_eq!(
        refused("{parameter: Ports, remove: [444]}"),
        ["E0401 `Ports`: what is removed is not in the list @ 444"]
    );
}

#[test]
fn the_result_must_be_within_bounds() {
    assert_eq!(
        refused("{parameter: Timeout, set: 1h}"),
        ["E0202 `Timeout` is out of bounds: `1h` is outside `1s..5m` @ 1h"]
    );
    assert_eq!(
        refused("{parameter: Authorities, remove: [A, B]}"),
        ["E0202 `Authorities` is out of bounds: 0 entries, where `1..3` are allowed @ [A, B]"]
    );
    assert_eq!(
        refused("{parameter: Authorities, extend: [C, D]}"),
        ["E0202 `Authorities` is out of bounds: 4 entries, where `1..3` are allowed @ [C, D]"]
    );
    assert_eq!(
        refused("{parameter: Certificate, set: {days: 0}}"),
        ["E0202 `Certificate` is out of bounds: `days`: `0` is outside `1..3650` @ {days: 0}"]
    );
}

#[test]
fn an_entry_ends_after_its_day() {
    let mut sources = Sources::default();
    let text = format!(
        "{HEAD}  - {{parameter: Timeout, set: 5s, expires: 2026-06-30}}\n  - {{parameter: Level, set: high}}\n"
    );
    let id = sources.add("x", text);
    let files = [load(&sources, id).unwrap()];
    assert!(expired(&files, "2026-06-30").is_empty(), "it applies on its last day");
    assert_eq!(files[0].without_expired("2026-06-30").entries.len(), 2);
    assert_eq!(
        said(&sources, &expired(&files, "2026-07-01")),
        [
            "W0903 the change of `Timeout` expired on 2026-06-30 and no longer applies @ 2026-06-30 (soc answers for it: renew it or take it out)"
        ]
    );
    let left = files[0].without_expired("2026-07-01");
    assert_eq!(left.entries.iter().map(|e| e.parameter.value.as_str()).collect::<Vec<_>>(), ["Level"]);
}

#[test]
fn the_schema_knows_names_types_bounds_and_words() {
    let schema = Schema::new(schema(&[plan(parameters())])).expect("a JSON Schema");
    let accepts = |entry: Json| schema.accepts(&json!({ "owner": "o", "reason": "r", "parameters": [entry] }));
    let set = |name: &str, value: Json| accepts(json!({ "parameter": name, "set": value }));
    assert!(set("Timeout", json!("10s")) && set("AN1.Timeout", json!("1h")) && set("DET1.AN1.Timeout", json!("1h")));
    assert!(!set("Timeout", json!(10)), "a duration is text");
    assert!(!set("Timeuot", json!("10s")), "unknown names are refused");
    assert!(!set("Shared", json!(1)) && set("AN1.Shared", json!(1)), "an ambiguous name is no choice");
    assert!(set("Level", json!("high")) && !set("Level", json!("hihg")));
    assert!(set("Certificate", json!({"days": 3})) && !set("Certificate", json!({"days": 0})));
    assert!(!set("Certificate", json!({"dasy": 3})));
    assert!(set("Authorities", json!(["A"])) && !set("Authorities", json!([])) && !set("Authorities", json!([1])));
    assert!(set("Ports", json!([443, "8000..8010", {"ports": 1, "label": "x"}])) && !set("Ports", json!([-1])));
    assert!(accepts(json!({ "parameter": "Authorities", "extend": ["C"] })));
    assert!(!accepts(json!({ "parameter": "Timeout", "extend": ["1s"] })), "only lists are extended");
    let text = schema.json().to_string();
    for part in ["What Timeout is.", "duration in 1s..5m", "Default: \\\"10s\\\""] {
        assert!(text.contains(part), "the schema says nothing of {part}");
    }
}

/// A type of one value, with a value of it.
fn scalar() -> impl Strategy<Value = (Type, Value)> {
    let text = prop_oneof![
        "\\PC{0,8}",
        "[yn0-9.:#e~\\-]{0,4}",
        Just("no".to_owned()),
        Just("1.10".to_owned()),
        any::<String>()
    ];
    let regexes = prop::sample::select(vec![r"^a.*b$", r"\d+\\x", "[^a-z]{2,3}", "(?:é|'\")", ": #"]);
    let words = vec!["on".to_owned(), "1".to_owned(), "high".to_owned()];
    let (int, float) = (-literals::MAX_INT..=literals::MAX_INT, -1e300..1e300f64);
    prop_oneof![
        any::<bool>().prop_map(|b| (Type::Bool, Value::Bool(b))),
        int.prop_map(|n| (Type::Int, Value::Int(n))),
        float.prop_map(|x| (Type::Float, Value::Float(x))),
        (-1000i32..1000).prop_map(|x| (Type::Float, Value::Float(f64::from(x)))),
        text.clone().prop_map(|t| (Type::String, Value::String(t))),
        (0..i64::MAX).prop_map(|n| (Type::Duration, Value::Duration(n))),
        (-62_167_219_200_000i64..253_402_300_800_000).prop_map(|n| (Type::Datetime, Value::Datetime(n))),
        any::<std::net::IpAddr>().prop_map(|ip| (Type::Ip, Value::Ip(ip.to_canonical()))),
        (any::<u32>(), 0u8..=32).prop_map(|(bits, prefix)| {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            (Type::Cidr, Value::Cidr(Cidr { address: std::net::Ipv4Addr::from(bits & mask).into(), prefix }))
        }),
        any::<u16>().prop_map(|p| (Type::Port, Value::Port(p))),
        text.prop_map(|t| (Type::Glob, Value::Glob(Glob::parse(&t)))),
        regexes.prop_map(|r| (Type::Regex, Value::Regex(regex::parse(r).expect("a portable expression")))),
        prop::sample::select(words.clone()).prop_map(move |w| (Type::Enum(words.clone()), Value::String(w))),
        prop::collection::vec((any::<u16>(), any::<u16>(), "[a-z: #]{0,5}"), 0..4).prop_map(|ranges| {
            let range = |(a, b, label): (u16, u16, String)| PortRange { low: a.min(b), high: a.max(b), label };
            (Type::Ports, Value::Ports(ranges.into_iter().map(range).collect()))
        }),
    ]
}

/// A type of any kind, with a value of it.
fn typed() -> impl Strategy<Value = (Type, Value)> {
    let list = prop::collection::vec(scalar(), 0..6).prop_map(|values| {
        let ty = values.first().map_or(Type::String, |(ty, _)| ty.clone());
        let same: Vec<Value> = values.into_iter().filter(|(t, _)| *t == ty).map(|(_, v)| v).collect();
        (Type::List(Box::new(ty)), Value::List(same))
    });
    let record = prop::collection::btree_map("[a-z_]{1,6}", scalar(), 1..4).prop_map(|fields| {
        let types = fields.iter().map(|(name, (ty, _))| (name.clone(), ty.clone())).collect();
        (Type::Record(types), Value::Record(fields.into_iter().map(|(name, (_, v))| (name, v)).collect()))
    });
    prop_oneof![4 => scalar(), 2 => list, 1 => record]
}

/// A value of the same type that is another one, where there is one at hand.
fn other(ty: &Type) -> Value {
    match ty {
        Type::Record(types) => Value::Record(types.iter().map(|(name, ty)| (name.clone(), other(ty))).collect()),
        Type::Ports => Value::Ports(Vec::new()),
        Type::List(_) => Value::List(Vec::new()),
        _ => Value::Bool(false),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_read_or_refused(
        name in "[A-Z][a-z]{0,5}|Timeout|AN1.Ports|Certificate|\\PC{0,6}",
        action in "set|extend|remove|x",
        value in "[\\[\\]{}:, 0-9a-z'\"-]{0,12}",
    ) {
        let (_, errors) = tuned(&[&format!("{HEAD}  - parameter: {name}\n    {action}: {value}\n")]);
        prop_assert!(errors.iter().all(|e| e.starts_with(['E', 'W'])));
    }

    #[test]
    fn a_value_written_as_yaml_and_set_is_the_same_value((ty, value) in typed()) {
        let mut declared = vec![parameter(None, "P", ty.clone(), other(&ty))];
        let file = json!({ "owner": "o", "reason": "r", "parameters": [{ "parameter": "P", "set": to_json(&value) }] });
        let accepted = Schema::new(schema(&[plan(declared.clone())])).expect("a schema").accepts(&file);
        prop_assert!(accepted, "the schema must accept {file}");
        for text in [serde_yaml::to_string(&file).expect("YAML"), file.to_string()] {
            let mut sources = Sources::default();
            let id = sources.add("x", text.clone());
            let loaded = load(&sources, id).map_err(|e| TestCaseError::fail(format!("{e:?}\n{text}")))?;
            let mut errors = Vec::new();
            apply("D", &mut declared, &[loaded], &mut errors);
            prop_assert!(errors.is_empty(), "{errors:?}\n{text}");
            prop_assert_eq!(&*declared[0].value, &value, "{}", text);
        }
    }
}
