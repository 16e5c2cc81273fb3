use super::*;
use proptest::prelude::*;
use serde_json::json;

fn parse(text: &str) -> Result<Document, Diagnostic> {
    let mut sources = Sources::default();
    let id = sources.add("x.yaml", text);
    Document::parse(&sources, id)
}

fn slice(text: &str, span: Span) -> &str {
    text.get(span.range()).unwrap_or("(outside)")
}

fn refused(text: &str) -> (String, String) {
    let error = parse(text).expect_err("the text must be refused");
    let place = slice(text, error.primary.expect("an error of YAML has a place").span).to_owned();
    (error.title, place)
}

fn violations(schema: Json, text: &str) -> Vec<String> {
    let schema = Schema::new(schema).expect("the schema compiles");
    let document = parse(text).expect("the text is YAML");
    let say = |d: Diagnostic| {
        let span = d.primary.as_ref().expect("a violation has a place").span;
        let help = d.help.iter().map(|h| format!(" ({h})")).collect::<String>();
        format!("{} @ {}{help}", d.title, slice(text, span))
    };
    document.validate(&schema, Code::BadTargetData).into_iter().map(say).collect()
}

#[test]
fn every_value_and_key_knows_its_place() {
    let text = "tïtle: \"ü: x\"   # c\nlist:\n  - a/b: 1\n    c~d: [x, {y: z}]\n  - two words  # c\n  - 'it''s'   # c\nlast: |\n  block\n  text\n";
    let document = parse(text).unwrap();
    let at = |pointer: &str| slice(text, document.place(pointer)).to_owned();
    assert_eq!(at("/tïtle"), "\"ü: x\"");
    assert_eq!(slice(text, document.name_place("/tïtle")), "tïtle");
    assert_eq!(at("/list/0/a~1b"), "1");
    assert_eq!(at("/list/0/c~0d"), "[x, {y: z}]");
    assert_eq!(at("/list/0/c~0d/1/y"), "z");
    assert_eq!(at("/list/1"), "two words");
    assert_eq!(at("/list/2"), "'it''s'");
    assert_eq!(at("/list/0"), "a/b: 1");
    assert_eq!(at("/last"), "block", "of several lines, the first");
    assert_eq!(at("/list/0/missing"), "a/b: 1", "what is not there stands where its surroundings do");
}

#[test]
fn an_empty_value_stands_at_its_key() {
    let text = "a:\nb: 1\n";
    assert_eq!(slice(text, parse(text).unwrap().place("/a")), "a");
}

#[test]
fn lines_may_end_in_carriage_return_and_line_feed_and_begin_with_a_byte_order_mark() {
    let text = "\u{feff}a: 1\r\nb:\r\n  - zwei\r\n";
    let document = parse(text).unwrap();
    assert_eq!(slice(text, document.place("/b/0")), "zwei");
    assert_eq!(slice(text, document.name_place("/b")), "b");
    assert_eq!(document.value(), &json!({"a": 1, "b": ["zwei"]}));
}

#[test]
fn what_is_no_yaml_is_refused_where_it_stands() {
    assert!(refused("a: [1, 2\nb: 3\n").0.starts_with("this is not YAML: "));
    assert!(refused("a: \"x\n").0.starts_with("this is not YAML: "));
    assert!(refused("\ta: 1\n").0.starts_with("this is not YAML: "));
}

#[test]
fn a_key_that_stands_twice_is_refused_with_both_places() {
    let error = parse("a: 1\nb: 2\n\"a\": 3\n").unwrap_err();
    assert_eq!((error.code, error.title.as_str()), (Code::Duplicate, "`a` stands twice"));
    assert_eq!((error.primary.unwrap().span.start, error.others[0].span.start), (10, 0));
    assert_eq!(refused("l:\n  - {x: 1, x: 2}\n"), ("`x` stands twice".into(), "x".into()));
}

#[test]
fn what_has_no_meaning_is_refused() {
    assert_eq!(refused("a: !env HOME\n").0, "a tag has no meaning here");
    assert_eq!(refused("a: &x [1]\nc:\n  <<: *x\n"), ("`<<` takes a mapping or a list of them".into(), "*x".into()));
    assert_eq!(refused("? [a, b]\n: 1\n").0, "a key must be text");
    assert_eq!(refused("a: 1\n---\nb: 2\n").0, "the file holds more than one document");
    assert_eq!(refused("a: &x b\n*x : c\n").0, "a key must be written out");
    assert_eq!(refused("a: &x [*x]\n").0, "this alias stands inside what it repeats");
    for number in [".inf", "-.inf", ".NaN"] {
        assert_eq!(
            refused(&format!("a: {number}\n")).0,
            format!("`{}` is not a finite number", number.trim_start_matches('-'))
        );
    }
}

#[test]
fn aliases_are_read_and_stand_where_they_are_written() {
    let text = "a: &x {b: [1]}\nc: *x\n";
    let document = parse(text).unwrap();
    assert_eq!(document.value(), &json!({"a": {"b": [1]}, "c": {"b": [1]}}));
    assert_eq!(slice(text, document.place("/c/b/0")), "*x");
}

#[test]
fn a_merge_key_adds_what_is_not_written() {
    let text = "a: &a {x: 1, y: 1}\nb: &b\n  <<: *a\n  y: 2\nc: {y: 3, <<: [*b, {x: 9, z: 9}]}\n";
    let document = parse(text).unwrap();
    assert_eq!(document.value(), &json!({"a": {"x": 1, "y": 1}, "b": {"x": 1, "y": 2}, "c": {"x": 1, "y": 3, "z": 9}}));
    assert_eq!(slice(text, document.place("/b/x")), "*a");
    assert_eq!(slice(text, document.name_place("/c/z")), "[*b, {x: 9, z: 9}]");
}

#[test]
fn a_text_that_grows_without_measure_is_refused() {
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..12 {
        let before = format!("*a{}", i - 1);
        bomb.push_str(&format!("a{i}: &a{i} [{}]\n", [before.as_str(); 10].join(", ")));
    }
    assert_eq!(parse(&bomb).unwrap_err().code, Code::TooDeep);
    let long = format!("a: &a \"{}\"\nb: [{}]\n", "x".repeat(100_000), vec!["*a"; 100_000].join(", "));
    assert_eq!(parse(&long).unwrap_err().title, "the aliases of this file repeat too much");
    assert!(parse(&"[".repeat(100_000)).is_err());
    assert_eq!(parse(&format!("{}{}", "[".repeat(100), "]".repeat(100))).unwrap_err().code, Code::TooDeep);
    assert_eq!(parse(&"- ".repeat(1_000)).unwrap_err().code, Code::TooDeep);
    let mut chain = String::from("a0: &a0 x\n");
    (1..500).for_each(|i| chain.push_str(&format!("a{i}: &a{i} [*a{}]\n", i - 1)));
    assert!(parse(&chain).is_err(), "aliases inside aliases count as depth");
}

#[test]
fn a_key_that_is_near_an_allowed_one_gets_it_suggested() {
    let schema = json!({"additionalProperties": false, "properties": {"title": {}, "dialect": {}}});
    assert_eq!(
        violations(schema.clone(), "titel: x\nwrong: y\n"),
        [
            "unknown key `titel` @ titel (did you mean `title`?)",
            "unknown key `wrong` @ wrong (the keys are title, dialect)"
        ]
    );
    let nested = json!({"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"in": schema}}}});
    assert_eq!(violations(nested, "in: {titel: x}"), ["unknown key `titel` in `in` @ titel (did you mean `title`?)"]);
}

#[test]
fn what_is_missing_or_of_another_type_is_said_in_plain_words() {
    let schema = json!({
        "required": ["name"],
        "properties": {
            "many": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["id"]}},
            "n": {"type": "integer", "minimum": 1},
            "word": {"enum": ["high", "low"]},
            "form": {"type": "string", "pattern": "^a+$", "description": "one or more a"},
            "text": {"type": ["string", "null"], "minLength": 1},
        }
    });
    assert_eq!(violations(schema.clone(), "n: 1"), ["`name` is missing @ n: 1"]);
    let text = "name: x\nmany:\n  - id: 1\n  - x: 2\n  - 3\nn: 0\nword: hihg\nform: ab\ntext: ''\n";
    assert_eq!(
        violations(schema.clone(), text),
        [
            "entry 2 of `many` has no `id` @ x: 2",
            "entry 3 of `many` must be a mapping, not a number @ 3",
            "`n` must be at least 1 @ 0",
            "`word` is `hihg`, which is not one of high, low @ hihg (did you mean `high`?)",
            "`form` has the wrong form: `ab` @ ab (one or more a)",
            "`text` must not be empty @ text",
        ]
    );
    let wrong = violations(schema, "name: x\nn: one\ntext: 5\nmany: []\n");
    assert_eq!(
        wrong,
        [
            "`n` must be a whole number, not text @ one",
            "`text` must be nothing or text, not a number @ 5",
            "`many` must not be empty @ many",
        ]
    );
    assert_eq!(
        violations(json!({"type": "object"}), "just text"),
        ["the file must be a mapping, not text @ just text"]
    );
    assert_eq!(violations(json!({"type": "object"}), ""), ["the file must be a mapping, not nothing @ "]);
}

#[test]
fn a_choice_of_keys_says_what_to_choose_from() {
    let schema = json!({"properties": {"f": {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]}}});
    assert_eq!(violations(schema.clone(), "f: {c: 1}"), ["`f` needs one of `a`, `b` @ f"]);
    assert_eq!(violations(schema, "f: {a: 1, b: 2}"), ["`f` has both `a` and `b` @ b (one of them must go)"]);
}

#[test]
fn a_choice_of_forms_reports_the_form_that_was_meant() {
    let schema = json!({"properties": {"x": {"anyOf": [
        {"type": "string"},
        {"type": "array", "items": {"type": "string"}}
    ]}}});
    assert_eq!(violations(schema.clone(), "x: [a, 1]"), ["entry 2 of `x` must be text, not a number @ 1"]);
    assert_eq!(violations(schema, "x: 1"), ["`x` must be text or a list, not a number @ 1"]);
}

/// JSON of any shape, keys and texts included.
fn any_json() -> impl Strategy<Value = Json> {
    let text = prop_oneof![any::<String>(), "[a-z:#\\-\\[\\]{}&*!|>'\"%@`, ~0-9.]{0,8}"];
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i64>().prop_map(Json::from),
        text.clone().prop_map(Json::from),
    ];
    leaf.prop_recursive(4, 24, 4, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
            prop::collection::btree_map(text.clone(), inner, 0..4).prop_map(|m| Json::Object(m.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_read_or_refused_at_a_place_inside_it(text in "[\\PC\n\t\r:\\-\\[\\]{}&*!|>'\"%@`#, ?]{0,60}") {
        if let Err(error) = parse(&text) {
            let span = error.primary.expect("a place").span;
            prop_assert!(text.get(span.range()).is_some(), "{:?} is no range of {:?}", span, text);
        }
    }

    #[test]
    fn json_is_read_as_itself_and_every_scalar_knows_its_place(value in any_json()) {
        let text = serde_json::to_string_pretty(&value).expect("JSON");
        let Ok(document) = parse(&text) else { return Ok(()); };
        prop_assert_eq!(document.value(), &value);
        let mut wrong = Vec::new();
        document.root().walk(&mut |node| {
            if !node.value().is_array() && !node.value().is_object() {
                let written = slice(&text, node.place());
                let expected = node.value().to_string();
                if written != expected {
                    wrong.push((node.value().clone(), written.to_owned()));
                }
            }
        });
        prop_assert!(wrong.is_empty(), "{wrong:?} in {text}");
    }
}
