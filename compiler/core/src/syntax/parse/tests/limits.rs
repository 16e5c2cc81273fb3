//! Depth, size, and texts that are not of the language at all.

use super::{parsed, read, shown};
use crate::diagnostics::Code;
use crate::syntax::samples::{EVERYTHING, STRATEGY};
use crate::syntax::{generate, lex};
use proptest::prelude::*;

/// A megabyte, or less where the compiler was not asked to optimise.
const MUCH: usize = if cfg!(debug_assertions) { 1 << 14 } else { 1 << 20 };

/// The codes of the diagnostics of a text.
fn codes(text: &str) -> Vec<Code> {
    read(text).1.into_iter().map(|found| found.code).collect()
}

#[test]
fn nesting_is_bounded_for_every_bracket_and_prefix() {
    let (limit, over) = (lex::MAX_DEPTH, lex::MAX_DEPTH + 1);
    for (open, close) in [("(", ")"), ("[", "]"), ("{a: ", "}"), ("f(", ")"), ("not ", ""), ("1 + (", ")")] {
        let nested = |levels: usize| format!("let x = {}y{}", open.repeat(levels), close.repeat(levels));
        assert_eq!(codes(&nested(over)), [Code::TooDeep], "{over} times {open}");
        let fewer = if open.starts_with('1') { limit / 2 - 1 } else { limit - 1 };
        assert_eq!(codes(&nested(fewer)), [], "{fewer} times {open}");
    }
    let types = |levels: usize| format!("let x: {}int{} = 1", "list<".repeat(levels), ">".repeat(levels));
    assert_eq!(codes(&types(over)), [Code::TooDeep]);
    assert_eq!(codes(&types(limit)), []);
    let patterns = |levels: usize| format!("detect d {{ pattern {}a{} }}", "(".repeat(levels), ")".repeat(levels));
    assert_eq!(codes(&patterns(over)), [Code::TooDeep]);
    assert_eq!(codes(&patterns(limit - 1)), []);
}

#[test]
fn what_is_too_deep_hides_nothing_else() {
    let text = format!("event a = b\nlet x = {}\nlet y = [\nevent c = d\n", "(".repeat(1_000));
    assert_eq!(codes(&text), [Code::TooDeep, Code::Syntax]);
    assert_eq!(read(&text).0.items.len(), 2, "both events are read");
}

#[test]
fn a_long_chain_of_one_operator_is_no_deep_tree() {
    let chain = |op: &str, terms: usize| format!("let x = {}", vec!["a"; terms].join(op));
    parsed(&chain(" or ", MUCH));
    parsed(&chain(" and ", 1_000));
    assert_eq!(codes(&chain(" + ", 10_000)), [Code::TooDeep]);
    parsed(&chain(" + ", 100));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "how long it takes is what is tested")]
fn much_of_anything_is_refused_within_seconds() {
    let pieces = [
        "(",
        ")",
        "[",
        "{",
        "}",
        "not ",
        "-",
        "a ",
        "a.",
        "\"",
        "r#\"",
        "list<",
        "strategy a {",
        "event a = b\n}",
        "let x = (\n",
        "detect d {\n",
        "/// d\n",
        "\u{1F600}",
        "\\",
        "@",
        "a = ",
        "1.",
        "\0",
    ];
    for (piece, head) in pieces.into_iter().flat_map(|piece| ["", "let x = "].map(|head| (piece, head))) {
        let text = format!("{head}{}", piece.repeat(MUCH / piece.len()));
        let started = std::time::Instant::now();
        assert!(!codes(&text).is_empty(), "{head}{piece}… parsed");
        let seconds = started.elapsed().as_secs_f64();
        // About a second; more on a busy machine, and far more if some step were not linear.
        assert!(seconds < 20.0, "{seconds} s for {head}{piece}…");
    }
}

#[test]
fn a_title_is_one_short_line() {
    let (_, found, _) = read(&format!("let x {}", "y".repeat(MUCH)));
    assert!(found[0].title.chars().count() < 120 && !found[0].title.contains('\n'), "{}", found[0].title);
}

/// Holds what must be true of any text: it is read, and what cannot be read is reported within the text.
fn is_read(text: &str) {
    let (_, found, sources) = read(text);
    for diagnostic in &found {
        let label = diagnostic.primary.as_ref().expect("a place");
        assert!(label.span.start <= label.span.end && label.span.end as usize <= text.len(), "{diagnostic:?}");
        assert!(text.is_char_boundary(label.span.start as usize), "{diagnostic:?}");
        assert!(!diagnostic.title.contains('\n'), "{diagnostic:?}");
        let _ = sources.line_column(label.span.source, label.span.start);
    }
}

/// A valid text with some of its tokens replaced, removed, doubled or cut in two.
fn mutated() -> impl Strategy<Value = String> {
    let text = prop_oneof![Just(STRATEGY.to_owned()), Just(EVERYTHING.to_owned()), generate::file()];
    let noise = prop_oneof![
        Just(String::new()),
        Just("\n".to_owned()),
        "[\\PC]{1,3}",
        prop::sample::select(vec![
            "{", "}", "(", ")", "[", "\"", "r#\"", "///", "event", "then", "=", "not", "..", "'"
        ])
        .prop_map(str::to_owned),
    ];
    (text, prop::collection::vec((any::<prop::sample::Index>(), 0..8_usize, noise), 1..6)).prop_map(
        |(mut text, edits)| {
            for (at, length, noise) in edits {
                let mut start = at.index(text.len() + 1);
                while !text.is_char_boundary(start) {
                    start -= 1;
                }
                let mut end = (start + length).min(text.len());
                while !text.is_char_boundary(end) {
                    end += 1;
                }
                text.replace_range(start..end, &noise);
            }
            text
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn any_text_is_read(text in "\\PC{0,200}") {
        is_read(&text);
    }

    #[test]
    fn any_words_of_the_language_are_read(words in prop::collection::vec(prop::sample::select(vec![
        "event", "let", "detect", "strategy", "analytic", "on", "a", "b.c", "=", "==", "{", "}", "(", ")", "[", "]", "\"s\"",
        "\"", "then", "within", "by", "5m", "1", "..", ",", ":", "<", ">", "not", "in", "where", "\n", "///d\n", "//c\n",
        "list", "record", "class", "sources", "->", "pattern", "entity", "é", "&&",
    ]), 0..60)) {
        is_read(&words.join(" "));
    }

    #[test]
    fn a_damaged_file_is_read(text in mutated()) {
        is_read(&text);
    }
}

#[test]
fn deep_texts_fit_a_small_stack() {
    // Threads of a test runner have two megabytes; this has half of one.
    let deep = format!("let x = {}y{}", "(not ".repeat(60), ")".repeat(60));
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(move || shown(&deep)).unwrap();
    let shown = thread.join().unwrap();
    assert!(shown.is_empty() || shown.starts_with("E0004"), "{shown}");
}
