//! What errors say.

use super::{read, shown};
use insta::assert_snapshot;

/// The names of the items that were read, those in blocks after their block.
fn items_of(text: &str) -> String {
    use crate::syntax::ast::{Item, ItemKind};
    fn names(items: &[Item]) -> Vec<String> {
        let mut all = Vec::new();
        for item in items {
            match &item.kind {
                ItemKind::Strategy(s) => all.extend([vec![s.id.value.clone()], names(&s.items)].concat()),
                ItemKind::Analytic(a) => all.extend([vec![a.id.value.clone()], names(&a.items)].concat()),
                ItemKind::Class(c) => {
                    all.push(c.name.value.clone());
                    all.extend(c.fields.iter().map(|field| field.name.value.clone()));
                }
                ItemKind::Let(l) => all.push(l.name.value.clone()),
                ItemKind::Predicate(p) => all.push(p.name.value.clone()),
                ItemKind::Parameter(p) => all.push(p.name.value.clone()),
                ItemKind::Sources(s) => all.push(format!("sources/{}", s.len())),
                ItemKind::Event(e) => all.push(e.name.value.clone()),
                ItemKind::Detect(d) => all.push(format!("{}/{}", d.name.value, d.clauses.len())),
                ItemKind::Property(p) => all.push(p.name.value.clone()),
            }
        }
        all
    }
    names(&read(text).0.items).join(" ")
}

#[test]
fn what_was_expected_is_said_in_words_of_the_language() {
    let texts = [
        "event = library_load",
        "event a library_load",
        "event a = b where",
        "event a = b where x ==",
        "event a = b where exists 3",
        "event a = b where x y",
        "event a = b where (x == 1",
        "let x = [1, 2",
        "let x = f(1 2)",
        "let x: = 3",
        "tunable T: int in = 3",
        "tunable T int = 3",
        "tunable T: int in .. = 3",
        "tunable T: list<int = []",
        "mutable T: record { a: int } = {}",
        "predicate p(x) on c = x",
        "analytic AN1 { }",
        "detect d { pattern a then }",
        "detect d { pattern a not by b }",
        "detect d { severity \"high\" }",
        "detect d { accept approximate elastic \"x\" }",
        "sources { DC0016 \"a\" -> b }",
        "sources { DC0016 \"a\" \"b\" => c }",
        "class c { a.b ip }",
        "technique",
        "module",
        "frobnicate",
        "} let x = 1",
        "let x = é",
    ];
    let all: Vec<_> =
        texts.iter().map(|text| format!("{text}\n    {}", shown(text).trim_end().replace('\n', "\n    "))).collect();
    assert_snapshot!("expected", all.join("\n"));
}

#[test]
fn operators_of_other_languages_are_named_with_ours() {
    let texts = [
        "let x = a = 3",
        "let x = a && b || !c",
        "let x = a not in b",
        "let x = b == 1 and a.b + 1 not like c",
        "let x = a not cased contains b",
        "let x = a == b == c",
        "let x = a == not b",
        "let x = a cased matches nocase b",
        "let x = a in nocase b",
        "let x = a AND b",
        "let x = b ==  1 or\n  a.b   not\n in c",
        "let x = a cased and b",
        "let x = [\"a\" \"b\"]",
        "detect d { pattern a followed by b within 1m by k }",
    ];
    let all: Vec<_> =
        texts.iter().map(|text| format!("{text}\n    {}", shown(text).trim_end().replace('\n', "\n    "))).collect();
    assert_snapshot!("foreign", all.join("\n"));
}

#[test]
fn literals_that_say_nothing_are_refused() {
    let texts = [
        r#"let x = "C:\Users\me""#,
        r#"let x = "C:\\a\q""#,
        r#"let x = "\u{110000}""#,
        "let x = 10x",
        "let x = 1m1h",
        "let x = 1.5h",
        "let x = 99999999999999999999",
        "let x = 400w1000000d",
        "let x = \"abc\nlet y = 1",
        "let x = \"C:\\dir\\\"\nlet y = r\"abc\nlet z = r#\"abc\"\n",
    ];
    let all: Vec<_> =
        texts.iter().map(|text| format!("{text}\n    {}", shown(text).trim_end().replace('\n', "\n    "))).collect();
    assert_snapshot!("literals", all.join("\n"));
}

#[test]
fn patterns_that_cannot_be_are_refused() {
    let texts = [
        "pattern a then b within 1m by k then c",
        "pattern a then b within 1m within 2m by k",
        "pattern a then b over 1m by k",
        "pattern a grouped by k within 1m having count() > 1",
        "pattern a then b within 1m by k having count() > 1",
        "pattern a within 1m by k",
    ];
    let line = |text: &&str| {
        let errors = shown(&format!("detect d {{ {text} }}"));
        format!("{text}\n    {}", errors.trim_end().replace('\n', "\n    "))
    };
    assert_snapshot!("patterns", texts.iter().map(line).collect::<Vec<_>>().join("\n"));
}

#[test]
fn reserved_words_are_no_names() {
    assert_snapshot!("reserved", shown("event then = b\nlet x = where + 1\nlet y = event.action"));
}

#[test]
fn misspelt_keywords_are_recognised() {
    assert_snapshot!(
        "misspelt",
        shown("analitic AN1 on windows {\n  evnt a = b\n  event c = d wher e\n  detect d { sevrity low }\n}")
    );
    assert_eq!(items_of("analitic AN1 on windows {\n  event a = b\n}"), "AN1 a");
}

#[test]
fn documentation_with_nothing_below_is_refused() {
    assert_snapshot!("docs_in_condition", shown("event a = b where /// why\n  c\n/// end\n"));
    assert_snapshot!("docs_at_end", shown("analytic AN1 on x {\n  event a = b\n  /// end\n}"));
}

const BROKEN: &str = "/// s
strategy DET0001 {
    technique T1
    event wrong = = x
    analytic AN1 on windows {
        sources {
            DC1 \"a\" \"b\" -> c
            DC2 \"a\" -> c
            DC3 \"a\" \"b\" -> c, d
        }
        mutable List: list<string> = [
            \"a\",
        event one = two where x ==
        /// documented
        event three = four where y == 1
        detect first {
            severity high
            pattern a then then b
            entity x,
            suppress 1h
        }
        detect {
            severity high
            patern a
        }
        detect last otherwise { severity low }
    }
    tunable T: int = 1
}
class c {
    a: ip
    b ip
    /// doc
    c: int
}
";

#[test]
fn one_wrong_part_hides_no_other() {
    assert_snapshot!("many", shown(BROKEN));
    assert_eq!(
        items_of(BROKEN),
        "DET0001 technique AN1 sources/2 three first/2 last/1 T c a c",
        "what is right is read all the same"
    );
}

#[test]
fn a_missing_brace_is_found_where_it_is_missing() {
    let text = "strategy S {\n  analytic A on x {\n    detect d {\n      severity low\n    event e = f\n  }\n  analytic B on y {\n    event g = h\n  }\n}\n";
    assert_snapshot!("unclosed_detect", shown(text));
    assert_eq!(items_of(text), "S A d/1 e B g");
    assert_snapshot!("unclosed_strategy", shown("strategy S {\n  event a = b\n"));
    assert_snapshot!("unopened", shown("event a = b\n}\nevent c = d\n"));
}

#[test]
fn errors_stop_at_a_hundred() {
    let (_, found, _) = read(&"event\n".repeat(1_000));
    assert_eq!(found.len(), 100);
    assert_eq!(found.last().unwrap().help, ["only the first 100 errors of a file are reported"]);
}
