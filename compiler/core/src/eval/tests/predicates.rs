//! What predicates mean, row by row of the language's table.

use serde_json::{Value as Json, json};

use super::build::*;
use crate::plan::{regex::Node, *};

fn equals(field: Field, words: &[&str]) -> Pred {
    text_test(field, TextOp::Equals(owned(words)), false)
}

fn text_test(field: Field, op: TextOp, cased: bool) -> Pred {
    atom(TestKind::Text(TextTest { field, op, cased }))
}

fn owned(words: &[&str]) -> Operand<Vec<String>> {
    Operand::literal(words.iter().map(|word| (*word).to_owned()).collect())
}

fn number(field: Field, op: Order, value: Number) -> Pred {
    atom(TestKind::Number { field, op, value: Operand::literal(value) })
}

fn leaf(name: &str, ty: Type) -> Expr<Field> {
    Expr { kind: ExprKind::Leaf(field(name, ty.clone())), ty }
}

fn constant(value: Value, ty: Type) -> Expr<Field> {
    Expr { kind: ExprKind::Const(Operand::literal(value)), ty }
}

fn binary(left: Expr<Field>, op: Arithmetic, right: Expr<Field>, ty: Type) -> Expr<Field> {
    Expr { kind: ExprKind::Binary(Box::new(left), op, Box::new(right)), ty }
}

fn compares(left: Expr<Field>, op: Order, right: Expr<Field>) -> Pred {
    atom(TestKind::Compare(Comparison { op, cased: false, left, right }))
}

fn each(cases: &[(&str, Pred, Json, bool)]) {
    for (name, predicate, fields, expected) in cases {
        assert_eq!(satisfies(predicate.clone(), fields.clone()), *expected, "{name}: {fields}");
    }
}

#[test]
fn null_the_empty_list_and_the_empty_text_are_missing() {
    for fields in [json!({}), json!({"f": null}), json!({"f": []}), json!({"f": ""}), json!({"f": ["", null]})] {
        each(&[
            ("exists", atom(TestKind::Exists(text("f"))), fields.clone(), false),
            ("missing", Logic::not(atom(TestKind::Exists(text("f")))), fields.clone(), true),
            ("f == x", equals(text("f"), &["x"]), fields.clone(), false),
            ("not f == x", Logic::not(equals(text("f"), &["x"])), fields.clone(), true),
            ("f == \"\"", equals(text("f"), &[""]), fields.clone(), false),
            ("contains \"\"", text_test(text("f"), TextOp::Contains(owned(&[""])), false), fields.clone(), false),
            ("n < 5", number(field("f", Type::Int), Order::Lt, Number::Int(5)), fields, false),
        ]);
    }
}

#[test]
fn a_value_is_read_as_its_declared_type() {
    let is = |ty: Type, value: Number| number(field("f", ty), Order::Eq, value);
    let words = |word| equals(text("f"), &[word]);
    each(&[
        ("decimal text as a number", is(Type::Int, Number::Int(443)), json!({"f": "443"}), true),
        ("a fraction in text", is(Type::Float, Number::Float(-0.5)), json!({"f": "-0.5"}), true),
        ("an exponent in text", is(Type::Int, Number::Int(1000)), json!({"f": "1e3"}), true),
        ("a whole double as an int", is(Type::Int, Number::Int(3)), json!({"f": 3.0}), true),
        ("a fraction is no int", atom(TestKind::Exists(field("f", Type::Int))), json!({"f": 3.5}), false),
        ("other text is no number", atom(TestKind::Exists(field("f", Type::Int))), json!({"f": "0x1f"}), false),
        ("no number of 64 bits", atom(TestKind::Exists(field("f", Type::Int))), json!({"f": u64::MAX}), false),
        ("no port", atom(TestKind::Exists(field("f", Type::Port))), json!({"f": 65536}), false),
        ("a number as text", words("5"), json!({"f": 5}), true),
        ("a double as text", words("1.5"), json!({"f": 1.5}), true),
        ("a Boolean as text", words("true"), json!({"f": true}), true),
        ("text is no Boolean", atom(TestKind::Exists(field("f", Type::Bool))), json!({"f": "true"}), false),
        ("a number is no moment", atom(TestKind::Exists(field("f", Type::Datetime))), json!({"f": 5}), false),
        ("an object is no value", atom(TestKind::Exists(text("f"))), json!({"f": {"g": "x"}}), false),
    ]);
}

#[test]
fn text_ignores_case_unless_cased() {
    let op =
        |op: fn(Operand<Vec<String>>) -> TextOp, word: &str, cased| text_test(text("f"), op(owned(&[word])), cased);
    let fields = || json!({"f": "C:\\Größe\\Kit.EXE"});
    each(&[
        ("==", op(TextOp::Equals, "c:\\gröẞe\\\u{212a}it.exe", false), fields(), true),
        ("cased ==", op(TextOp::Equals, "c:\\größe\\kit.exe", true), fields(), false),
        ("cased == the same", op(TextOp::Equals, "C:\\Größe\\Kit.EXE", true), fields(), true),
        ("contains", op(TextOp::Contains, "GRÖß", false), fields(), true),
        ("cased contains", op(TextOp::Contains, "GRÖß", true), fields(), false),
        ("startswith", op(TextOp::StartsWith, "c:\\", false), fields(), true),
        ("startswith elsewhere", op(TextOp::StartsWith, "kit", false), fields(), false),
        ("endswith", op(TextOp::EndsWith, ".exe", false), fields(), true),
        ("cased endswith", op(TextOp::EndsWith, ".exe", true), fields(), false),
        ("any of a list", equals(text("f"), &["x", "C:\\größe\\KIT.exe"]), fields(), true),
    ]);
}

#[test]
fn like_covers_the_value_and_matches_searches_it() {
    let like = |glob: &str| text_test(text("f"), TextOp::Like(Operand::literal(vec![Glob::parse(glob)])), false);
    let matches = |cased| {
        let node = Node::Concat(vec![Node::Literal('u'), Node::Dot, Node::Literal('e')]);
        let patterns = Operand::literal(vec![Regex { source: "u.e".to_owned(), node }]);
        atom(TestKind::Matches { field: text("f"), patterns, cased })
    };
    each(&[
        ("a backslash is itself", like(r"c:\USERS\*\x.exe"), json!({"f": "C:\\Users\\bob\\X.exe"}), true),
        ("not a part", like("users"), json!({"f": "C:\\Users\\"}), false),
        ("matches a part", matches(true), json!({"f": "C:\\u5ers\\u_e"}), true),
        ("matches is cased", matches(true), json!({"f": "U_E"}), false),
        ("unless nocase", matches(false), json!({"f": "U_E"}), true),
    ]);
}

#[test]
fn a_field_with_several_values_satisfies_what_one_of_them_does() {
    let is_a = || equals(field("f", list(Type::String)), &["a"]);
    let objects = |name: &str| equals(field(name, list(Type::String)), &["a"]);
    each(&[
        ("any", is_a(), json!({"f": ["b", "A"]}), true),
        ("none", is_a(), json!({"f": ["b", "c"]}), false),
        ("not: none does", Logic::not(is_a()), json!({"f": ["b", "A"]}), false),
        ("lists in lists", is_a(), json!({"f": [["b"], ["a"]]}), true),
        ("members of a list of objects", objects("o.f"), json!({"o": [{"f": "b"}, {"g": 1}, {"f": ["c", "a"]}]}), true),
    ]);
    let sum = |op| {
        let n = || leaf("n", list(Type::Int));
        compares(n(), op, constant(Value::Int(0), Type::Int))
    };
    each(&[
        ("one value compares", sum(Order::Gt), json!({"n": [1]}), true),
        ("two are missing", sum(Order::Gt), json!({"n": [1, 2]}), false),
        ("whatever the order", sum(Order::Le), json!({"n": [1, 2]}), false),
    ]);
}

#[test]
fn numbers_are_exact_and_what_has_no_value_is_missing() {
    use Arithmetic::{Add, Div, Mul, Sub};
    let int = || leaf("n", Type::Int);
    let with = |op, value, ty: Type| binary(int(), op, constant(Value::Int(value), Type::Int), ty);
    let exists = |expr: Expr<Field>| {
        let zero = || constant(Value::Int(0), Type::Int);
        Logic::or([compares(expr.clone(), Order::Le, zero()), compares(expr, Order::Gt, zero())])
    };
    let most = 1_i64 << 53;
    each(&[
        (
            "2^53 + 1 is not 2^53",
            number(field("n", Type::Int), Order::Eq, Number::Int(most)),
            json!({"n": most + 1}),
            false,
        ),
        ("2^53 is exact", exists(with(Add, 1, Type::Int)), json!({"n": most - 1}), true),
        ("overflow of +", exists(with(Add, 1, Type::Int)), json!({"n": most}), false),
        ("overflow of -", exists(with(Sub, 1, Type::Int)), json!({"n": -most}), false),
        ("overflow of *", exists(with(Mul, 2, Type::Int)), json!({"n": most}), false),
        (
            "division is real",
            compares(with(Div, 2, Type::Float), Order::Eq, constant(Value::Float(1.5), Type::Float)),
            json!({"n": 3}),
            true,
        ),
        ("by zero", exists(with(Div, 0, Type::Float)), json!({"n": 3}), false),
        ("of a missing field", exists(with(Add, 1, Type::Int)), json!({}), false),
        (
            "int against float",
            compares(int(), Order::Lt, constant(Value::Float(1.5), Type::Float)),
            json!({"n": 1}),
            true,
        ),
        (
            "any of these numbers",
            atom(TestKind::NumberIn {
                field: field("n", Type::Float),
                values: Operand::literal(vec![Number::Int(1), Number::Float(2.5)]),
            }),
            json!({"n": 2.5}),
            true,
        ),
    ]);
}

#[test]
fn ports_lie_in_ranges_and_booleans_are_themselves() {
    let range = |low, high| PortRange { low, high, label: String::new() };
    let ranges = Operand::literal(vec![range(443, 443), range(8000, 8100)]);
    let ports = atom(TestKind::PortIn { field: field("p", Type::Port), ranges });
    let truth = |value| atom(TestKind::Bool { field: field("b", Type::Bool), value: Operand::literal(value) });
    each(&[
        ("a port", ports.clone(), json!({"p": 443}), true),
        ("the last of a range", ports.clone(), json!({"p": "8100"}), true),
        ("past a range", ports, json!({"p": 8101}), false),
        ("false", truth(false), json!({"b": false}), true),
        ("missing is not false", truth(false), json!({}), false),
    ]);
}

#[test]
fn addresses_compare_as_canonical_text_and_lie_in_networks() {
    let ip = |name: &str| field(name, Type::Ip);
    let inside = |networks: &[&str]| {
        let networks = networks.iter().map(|n| Cidr::parse(n).unwrap()).collect();
        atom(TestKind::Address { field: ip("a"), addresses: Vec::new(), networks, param: None })
    };
    let single = |address: &str| {
        let addresses = vec![address.parse().unwrap()];
        atom(TestKind::Address { field: ip("a"), addresses, networks: Vec::new(), param: None })
    };
    let same = compares(leaf("a", Type::Ip), Order::Eq, leaf("b", Type::Ip));
    let canonical = |word: &str| text_test(ip("a"), TextOp::Equals(owned(&[word])), true);
    each(&[
        ("in a network", inside(&["10.0.0.0/8", "fc00::/7"]), json!({"a": "10.1.2.3"}), true),
        ("mapped", inside(&["10.0.0.0/8"]), json!({"a": "::ffff:10.1.2.3"}), true),
        ("v6", inside(&["10.0.0.0/8", "fc00::/7"]), json!({"a": "FD00::1"}), true),
        ("v4 is in no v6 network", inside(&["::/0"]), json!({"a": "10.1.2.3"}), false),
        ("no address", inside(&["0.0.0.0/0", "::/0"]), json!({"a": "dc01"}), false),
        ("a number is no address", atom(TestKind::Exists(ip("a"))), json!({"a": 5}), false),
        ("one address", single("2001:db8::1"), json!({"a": "2001:0DB8:0:0::1"}), true),
        ("as text", canonical("2001:db8::1"), json!({"a": "2001:0DB8:0:0::1"}), true),
        ("what is no address, as text", canonical("dc01"), json!({"a": "dc01"}), true),
        ("two fields", same.clone(), json!({"a": "::1", "b": "0:0::1"}), true),
        ("two that are no addresses", same, json!({"a": "dc01", "b": "dc01"}), true),
    ]);
}

#[test]
fn times_are_utc_milliseconds_and_their_difference_a_duration() {
    let moment = || leaf("t", Type::Datetime);
    let stamp = || leaf("@timestamp", Type::Datetime);
    let age = || binary(stamp(), Arithmetic::Sub, moment(), Type::Duration);
    let day = |days: i64| constant(Value::Duration(days * 86_400_000_000_000), Type::Duration);
    let later = binary(moment(), Arithmetic::Add, leaf("d", Type::Duration), Type::Datetime);
    let start = 1_767_225_600_000;
    let at_start =
        atom(TestKind::Time { field: field("t", Type::Datetime), op: Order::Eq, value: Operand::literal(start) });
    each(&[
        ("bare is UTC", at_start.clone(), json!({"t": "2026-01-01T00:00:00"}), true),
        ("an offset", at_start, json!({"t": "2026-01-01T01:00:00+01:00"}), true),
        ("younger than two days", compares(age(), Order::Lt, day(2)), json!({"t": "2025-12-31"}), true),
        ("exactly a day", compares(age(), Order::Eq, day(1)), json!({"t": "2025-12-31"}), true),
        ("of two years", compares(age(), Order::Gt, day(700)), json!({"t": "2024-01-01"}), true),
        ("plus nanoseconds", compares(later, Order::Gt, stamp()), json!({"t": "2026-01-01", "d": 1_000_000}), true),
        ("no time", Logic::not(compares(age(), Order::Lt, day(2))), json!({"t": "yesterday"}), true),
    ]);
}

#[test]
fn any_text_is_compared_as_it_is() {
    for word in ["a\"b", "a\\", "a\nb", "*", "?", "$x", "%PATH%", "`id`", "{x}", "😀é", "\u{0}"] {
        assert!(satisfies(equals(text("f"), &[word]), json!({"f": word})), "{word:?} equals itself");
        let glob = Glob { segments: vec![Segment::Any, Segment::Literal(word.to_owned())] };
        let like = text_test(text("f"), TextOp::Like(Operand::literal(vec![glob])), false);
        assert!(satisfies(like.clone(), json!({"f": format!("x{word}")})), "{word:?} in a glob is itself");
        assert!(!satisfies(like, json!({"f": "other"})), "{word:?} in a glob is nothing else");
    }
}
