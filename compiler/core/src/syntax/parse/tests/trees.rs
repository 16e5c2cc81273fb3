//! Trees of what is right.

use super::{parsed, read, shown};
use crate::syntax::ast::{
    Bound, BoundKind, CaseWord, Clause, ClauseKind, Expr, ExprKind, Item, ItemKind, KeyItem, Pattern, PatternKind,
    Type, TypeKind, UnaryOp, Window,
};
use crate::syntax::samples::{EVERYTHING, STRATEGY};

/// An expression with every operator in brackets.
fn tree(expr: &Expr) -> String {
    let list = |all: &[Expr]| all.iter().map(tree).collect::<Vec<_>>().join(", ");
    match &expr.kind {
        ExprKind::Bool(value) => value.to_string(),
        ExprKind::Int(value) => value.to_string(),
        ExprKind::Float(value) => format!("{value:?}"),
        ExprKind::String(value) => format!("{value:?}"),
        ExprKind::Duration(value) => format!("{value}ns"),
        ExprKind::Name(name) => name.clone(),
        ExprKind::Paren(inner) => format!("({})", tree(inner)),
        ExprKind::Range(low, high) => format!("{}..{}", tree(low), tree(high)),
        ExprKind::Call(name, arguments) => format!("{}({})", name.value, list(arguments)),
        ExprKind::Named(call, name) => format!("{} as {}", tree(call), name.value),
        ExprKind::Unary(op, operand) => {
            let word = match op {
                UnaryOp::Not => "not",
                UnaryOp::Neg => "-",
                UnaryOp::Exists => "exists",
                UnaryOp::Missing => "missing",
            };
            format!("[{word} {}]", tree(operand))
        }
        ExprKind::Binary(binary) => {
            let case = match binary.case.as_ref().map(|case| case.value) {
                None => "",
                Some(CaseWord::Cased) => "cased ",
                Some(CaseWord::NoCase) => "nocase ",
            };
            format!("[{} {case}{:?} {}]", tree(&binary.left), binary.op.value, tree(&binary.right))
        }
        ExprKind::List(items) => {
            let item = |label: Option<&str>, value: &Expr| match label {
                Some(label) => format!("{} {label:?}", tree(value)),
                None => tree(value),
            };
            let items = items.iter().map(|i| item(i.label.as_ref().map(|label| label.value.as_str()), &i.value));
            format!("[{}]", items.collect::<Vec<_>>().join(", "))
        }
        ExprKind::Record(entries) => {
            let entries = entries.iter().map(|(name, value)| format!("{}: {}", name.value, tree(value)));
            format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
        }
    }
}

fn value(text: &str) -> String {
    match &only_item(&format!("let x = {text}")).kind {
        ItemKind::Let(item) => tree(&item.value),
        other => panic!("not a let: {other:?}"),
    }
}

fn only_item(text: &str) -> Item {
    let file = parsed(text);
    assert_eq!(file.items.len(), 1, "{text}");
    file.items.into_iter().next().unwrap()
}

fn keys(keys: &[KeyItem]) -> String {
    let key = |key: &KeyItem| key.fields.iter().map(|f| f.value.clone()).collect::<Vec<_>>().join("=");
    keys.iter().map(key).collect::<Vec<_>>().join(" ")
}

fn window(window: &Window) -> String {
    let within = window.within.as_ref().map(tree).unwrap_or_default();
    format!("<{within}|{}>", window.by.as_deref().map(keys).unwrap_or_default())
}

/// A pattern with its operators in front.
fn shape(pattern: &Pattern) -> String {
    let all = |operands: &[Pattern]| operands.iter().map(shape).collect::<Vec<_>>().join(", ");
    match &pattern.kind {
        PatternKind::Event(name) => name.clone(),
        PatternKind::Paren(inner) => format!("({})", shape(inner)),
        PatternKind::Then(operands, w) => format!("then[{}]{}", all(operands), window(w)),
        PatternKind::With(operands, w) => format!("with[{}]{}", all(operands), window(w)),
        PatternKind::NotFollowed(a, b, w) => format!("not-followed[{}, {}]{}", shape(a), shape(b), window(w)),
        PatternKind::NotPreceded(a, b, w) => format!("not-preceded[{}, {}]{}", shape(a), shape(b), window(w)),
        PatternKind::Grouped(e, w, having) => {
            format!("grouped[{}]{} having {}", shape(e), window(w), having.as_deref().map(tree).unwrap_or_default())
        }
        PatternKind::Mixed(operands, _) => format!("mixed[{}]", all(operands)),
    }
}

fn clauses(text: &str) -> Vec<Clause> {
    match only_item(&format!("detect d {{ {text} }}")).kind {
        ItemKind::Detect(detect) => detect.clauses,
        other => panic!("not a detect: {other:?}"),
    }
}

fn pattern(text: &str) -> String {
    match &clauses(&format!("pattern {text}"))[..] {
        [Clause { kind: ClauseKind::Pattern(pattern), .. }] => shape(pattern),
        other => panic!("not a pattern: {other:?}"),
    }
}

#[test]
fn the_worked_example_and_every_other_form_parse_without_errors() {
    assert_eq!(shown(STRATEGY), "");
    assert_eq!(shown(EVERYTHING), "");
}

#[test]
fn operators_bind_as_the_reference_says() {
    assert_eq!(value("a or b and not c == d + e * -f"), "[a Or [b And [not [c Eq [d Add [e Mul [- f]]]]]]]");
    assert_eq!(value("a - b - c"), "[[a Sub b] Sub c]");
    assert_eq!(value("not a and b"), "[[not a] And b]");
    assert_eq!(value("not x in y"), "[not [x In y]]");
    assert_eq!(value("not not x"), "[not [not x]]");
    assert_eq!(value("(a or b) and c"), "[([a Or b]) And c]");
    assert_eq!(value("exists f and missing g.h"), "[[exists f] And [missing g.h]]");
}

#[test]
fn chains_are_balanced_and_keep_their_order() {
    assert_eq!(value("a and b and c and d"), "[[a And b] And [c And d]]");
    assert_eq!(value("a or b or c"), "[a Or [b Or c]]");
}

#[test]
fn words_before_and_after_an_operator_set_its_case() {
    assert_eq!(value("a cased in b"), "[a cased In b]");
    assert_eq!(value("a matches nocase b"), "[a nocase Matches b]");
    assert_eq!(value("a cased startswith b"), "[a cased StartsWith b]");
}

#[test]
fn numbers_durations_and_words_are_told_apart() {
    assert_eq!(value("[1_000, -2, 3.5, -0.5, true, truth]"), "[1000, -2, 3.5, -0.5, true, truth]");
    assert_eq!(value("[500ms, 10s, 5m, 1h30m, 24h, 14d, 1w]"), {
        let (second, minute, hour) = (1_000_000_000_i64, 60_000_000_000, 3_600_000_000_000_i64);
        let all = [second / 2, 10 * second, 5 * minute, 90 * minute, 24 * hour, 14 * 24 * hour, 7 * 24 * hour];
        format!("[{}]", all.map(|nanoseconds| format!("{nanoseconds}ns")).join(", "))
    });
    assert_eq!(value("a-1"), "[a Sub 1]");
    assert_eq!(value("- - 1"), "1");
}

#[test]
fn strings_say_what_their_escapes_say() {
    assert_eq!(value(r#""a\"b\\\n\r\t\u{1F600}é""#), format!("{:?}", "a\"b\\\n\r\t\u{1F600}é"));
    assert_eq!(value(r##"r"C:\x\""##), r#""C:\\x\\""#);
    assert_eq!(value(r###"r#"say "x" \"#"###), r#""say \"x\" \\""#);
    assert_eq!(value(r#"["", r"", r.x]"#), r#"["", "", r.x]"#);
}

#[test]
fn lists_take_labels_ranges_and_a_last_comma() {
    assert_eq!(value(r#"[443 "HTTPS", 8000..8010 "dev", 1..2,]"#), r#"[443 "HTTPS", 8000..8010 "dev", 1..2]"#);
    assert_eq!(value("[]"), "[]");
    assert_eq!(value(r#"{ a: 1, by: "x", }"#), r#"{a: 1, by: "x"}"#);
}

#[test]
fn names_have_dots_colons_and_an_at_sign() {
    assert_eq!(value("egress.@timestamp - @timestamp"), "[egress.@timestamp Sub @timestamp]");
    assert_eq!(value("tls::bad_certificate(x, 1,)"), "tls::bad_certificate(x, 1)");
    assert_eq!(value("sum(f) as total > 3"), "[sum(f) as total Gt 3]");
    assert_eq!(value("event.action == in.out"), "[event.action Eq in.out]");
}

#[test]
fn patterns_have_operands_windows_and_keys() {
    assert_eq!(pattern("a"), "a");
    assert_eq!(pattern("a then b then c within 5m by x, y.z"), "then[a, b, c]<300000000000ns|x y.z>");
    assert_eq!(pattern("a with b by a.x = b.y within W"), "with[a, b]<W|a.x=b.y>");
    assert_eq!(pattern("a not followed by b within W by k"), "not-followed[a, b]<W|k>");
    assert_eq!(pattern("a not preceded by b within W by k"), "not-preceded[a, b]<W|k>");
    assert_eq!(pattern("a grouped by k, l over W having count() > 3"), "grouped[a]<W|k l> having [count() Gt 3]");
    assert_eq!(pattern("(a then b within W by k) with (c)"), "with[(then[a, b]<W|k>), (c)]<|>");
}

#[test]
fn different_operators_side_by_side_are_kept_for_the_checker() {
    assert_eq!(pattern("a then b with c within W by k"), "mixed[a, b, c]");
    assert_eq!(pattern("a not followed by b not followed by c"), "mixed[a, b, c]");
    let text = "detect d { pattern a then b with c }";
    let (file, _, sources) = read(text);
    let ItemKind::Detect(detect) = &file.items[0].kind else { panic!("{file:?}") };
    let ClauseKind::Pattern(Pattern { kind: PatternKind::Mixed(_, span), .. }) = &detect.clauses[0].kind else {
        panic!("{detect:?}")
    };
    assert_eq!(sources.slice(*span), "with");
}

#[test]
fn a_clause_after_keys_is_no_key() {
    let clauses = clauses("pattern a then b within 5m by x, y\n entity x\n suppress W\n severity low");
    assert_eq!(clauses.len(), 4);
}

#[test]
fn an_acceptance_names_targets_and_profiles() {
    let clauses = clauses(r#"accept approximate on elastic, sentinel/corelight-v2 "why""#);
    let ClauseKind::Accept(accept) = &clauses[0].kind else { panic!("{clauses:?}") };
    let targets: Vec<_> = accept.targets.iter().map(|target| target.value.as_str()).collect();
    assert_eq!(
        (accept.what.value.as_str(), &targets[..], accept.reason.value.as_str()),
        ("approximate", &["elastic", "sentinel/corelight-v2"][..], "why")
    );
}

#[test]
fn a_parameter_has_a_type_a_bound_and_a_default() {
    let text = "mutable M: list<record { /// d\n a: int in 1..9 = 2, b: enum(x|y-z) = \"x\" }> with len 1.. = []";
    let ItemKind::Parameter(parameter) = only_item(text).kind else { panic!("{text}") };
    let TypeKind::List(element) = &parameter.ty.kind else { panic!("{parameter:?}") };
    let Type { kind: TypeKind::Record(fields), .. } = &**element else { panic!("{parameter:?}") };
    assert_eq!((fields[0].doc.as_str(), tree(&fields[0].default)), ("d", "2".to_owned()));
    assert!(matches!(&fields[1].ty.kind, TypeKind::Enum(words) if words[1].value == "y-z"), "{fields:?}");
    let Some(Bound { kind: BoundKind::Length, low: Some(low), high: None, .. }) = parameter.bound.as_deref() else {
        panic!("{parameter:?}")
    };
    assert_eq!(tree(low), "1");
}

#[test]
fn a_class_separates_fields_by_lines_or_commas() {
    let file =
        parsed("/// The module.\nmodule m\nclass c {\n /// When.\n @timestamp: datetime\n a.b: list<ip>, c: int }\n");
    assert_eq!((file.doc.as_str(), file.module.map(|name| name.value)), ("The module.", Some("m".to_owned())));
    let ItemKind::Class(class) = &file.items[0].kind else { panic!("{:?}", file.items) };
    let fields: Vec<_> = class.fields.iter().map(|field| (field.doc.as_str(), field.name.value.as_str())).collect();
    assert_eq!(fields, [("When.", "@timestamp"), ("", "a.b"), ("", "c")]);
}

#[test]
fn spans_end_where_the_last_word_does() {
    let text = "/// d\nevent a = b // comment\n\n  // more\nevent c = d where exists e // end\n";
    let (file, _, sources) = read(text);
    let written: Vec<_> = file.items.iter().map(|item| sources.slice(item.span)).collect();
    assert_eq!(written, ["event a = b", "event c = d where exists e"]);
    assert_eq!(file.items[0].doc, "d");
}
