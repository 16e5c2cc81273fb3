//! Each form shows the same findings; nothing in a source can break a form.

use proptest::prelude::*;

use super::super::{Code, Diagnostic};
use super::{Colour, human, json, junit, sarif, sorted, summary};
use crate::source::{SourceId, Sources, Span};

const STRATEGY: &str = "strategy S {\n    event é = library_load where dll.nmae == \"x\"\n}\n";

/// Compares with a snapshot that bears the test's name alone.
macro_rules! check {
    ($name:literal, $shown:expr) => {
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!($name, $shown);
        })
    };
}

/// Two findings in one file, the later one first, and one without a place.
fn example() -> (Sources, Vec<Diagnostic>) {
    let mut sources = Sources::default();
    let file = sources.add("strategies/a b.det", STRATEGY);
    let other = sources.add("std/classes.det", "class library_load {\n    dll.name: string\n}\n");
    let at = |text: &str| {
        let start = STRATEGY.find(text).expect("text of the example");
        Span::new(file, start..start + text.len())
    };
    let diagnostics = vec![
        Diagnostic::new(Code::UnknownField, "class `library_load` has no field `dll.nmae`", at("dll.nmae"))
            .label("no such field")
            .also(at("library_load"), "this class")
            .also(Span::new(other, 6..18), "declared here")
            .help("did you mean `dll.name`?")
            .fix(at("dll.nmae"), "dll.name", "write `dll.name`"),
        Diagnostic::new(Code::UnusedItem, "nothing uses the event `é`", at("é")),
        Diagnostic::bare(Code::Unreadable, "cannot read `gone.det`: <no such file>"),
    ];
    (sources, diagnostics)
}

#[test]
fn people_see_the_line_the_advice_and_the_fix() {
    let (sources, diagnostics) = example();
    check!("human", human::render(&sources, &diagnostics, Colour::Off));
}

#[test]
fn colour_adds_escapes_and_changes_nothing_else() {
    let (sources, diagnostics) = example();
    let coloured = human::render(&sources, &diagnostics, Colour::On);
    let plain = regex::Regex::new("\u{1b}\\[[0-9;]*m").expect("a valid regex").replace_all(&coloured, "").into_owned();
    assert!(coloured.contains('\u{1b}'));
    assert_eq!(plain, human::render(&sources, &diagnostics, Colour::Off));
}

#[test]
fn scripts_see_lines_and_columns_in_characters() {
    let (sources, diagnostics) = example();
    check!("json", json::render(&sources, &diagnostics));
}

#[test]
fn sarif_names_the_rule_the_region_and_the_replacement() {
    let (sources, diagnostics) = example();
    let mut log: serde_json::Value =
        serde_json::from_str(&sarif::render(&sources, &diagnostics, "1.2.3")).expect("JSON");
    let rules = log["runs"][0]["tool"]["driver"]["rules"].take();
    let rules = rules.as_array().expect("rules");
    assert_eq!(rules.len(), Code::ALL.len());
    for result in log["runs"][0]["results"].as_array().expect("results") {
        let index = usize::try_from(result["ruleIndex"].as_u64().expect("an index")).expect("a small number");
        assert_eq!(rules[index]["id"], result["ruleId"], "the index leads to another rule");
    }
    check!("sarif", serde_json::to_string_pretty(&log).expect("JSON"));
}

#[test]
fn junit_has_a_case_for_each_file_and_escapes_text() {
    let (sources, diagnostics) = example();
    let suite = junit::check(&sources, &[SourceId(0), SourceId(1)], &diagnostics);
    check!("junit", junit::render(&[suite]));
}

#[test]
fn what_is_said_twice_is_shown_once() {
    let mut sources = Sources::default();
    let file = sources.add("a.det", "one two");
    let (one, two) = (Span::new(file, 0..3), Span::new(file, 4..7));
    let once = Diagnostic::new(Code::Unsupported, "x", one).also(two, "no").help("do this");
    let twice = once.clone().also(two, "no").help("do this");
    let (once, twice) = ([once], [twice]);
    assert_eq!(human::render(&sources, &once, Colour::Off), human::render(&sources, &twice, Colour::Off));
    assert_eq!(json::render(&sources, &once), json::render(&sources, &twice));
    assert_eq!(sarif::render(&sources, &once, "1"), sarif::render(&sources, &twice, "1"));
}

#[test]
fn findings_go_by_file_position_and_code() {
    let mut sources = Sources::default();
    let (b, a) = (sources.add("b.det", "one two"), sources.add("a.det", "one two"));
    let at = |file, start: usize, code| Diagnostic::new(code, "x", Span::new(file, start..start + 1));
    let list = [
        at(b, 0, Code::Syntax),
        at(a, 4, Code::UnusedItem),
        at(a, 4, Code::Syntax),
        at(a, 0, Code::WrongType),
        Diagnostic::bare(Code::TestFailed, "x"),
    ];
    let order: Vec<Code> = sorted(&sources, &list).iter().map(|d| d.code).collect();
    assert_eq!(order, [Code::TestFailed, Code::WrongType, Code::Syntax, Code::UnusedItem, Code::Syntax]);
}

#[test]
fn the_summary_counts_errors_and_warnings() {
    let (_, diagnostics) = example();
    assert_eq!(summary(&diagnostics).as_deref(), Some("2 errors, 1 warning"));
    assert_eq!(summary(&[]), None);
}

proptest! {
    /// Whatever the text and wherever the spans point, outside the text and inside a character too.
    #[test]
    fn no_text_and_no_span_breaks_a_form(
        text in "(\\PC|\\r|\\n|\\t|\u{1b}|\u{0}|é|漢|\u{200b}){0,60}",
        title in "(\\PC|\n|\u{1b}|&|<){0,20}",
        replacement in "(\\PC|\n){0,20}",
        spans in proptest::collection::vec((0usize..90, 0usize..30), 1..4),
    ) {
        let mut sources = Sources::default();
        let file = sources.add("a.det", text.as_str());
        let span = |(start, length): (usize, usize)| Span::new(file, start..start + length);
        let first = spans.first().copied().unwrap_or_default();
        let mut diagnostic = Diagnostic::new(Code::Syntax, title.as_str(), span(first)).label(title.as_str())
            .help(title.as_str()).fix(span(first), replacement, title.as_str());
        for other in spans.iter().skip(1) {
            diagnostic = diagnostic.also(span(*other), title.as_str());
        }
        let list = [diagnostic];
        let shown = human::render(&sources, &list, Colour::Off);
        prop_assert!(shown.contains("E0001"));
        prop_assert!(!shown.contains('\u{1b}'), "an escape sequence of the source reaches the terminal");
        let line = json::render(&sources, &list);
        prop_assert_eq!(line.matches('\n').count(), 1);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&line).is_ok());
        prop_assert!(serde_json::from_str::<serde_json::Value>(&sarif::render(&sources, &list, "1")).is_ok());
        let xml = junit::render(&[junit::check(&sources, &[file], &list)]);
        prop_assert!(xml.chars().all(|c| c == '\n' || c == '\t' || c >= ' '));
    }
}
