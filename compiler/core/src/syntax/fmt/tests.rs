//! What the formatter does and keeps.

use super::format;
use crate::source::Sources;
use crate::syntax::samples::{EVERYTHING, STRATEGY};
use crate::syntax::{ast, lex, parse};
use proptest::prelude::*;

fn formatted(text: &str) -> String {
    let mut sources = Sources::default();
    let id = sources.add("test.det", text);
    format(&sources, id).unwrap_or_else(|found| panic!("{found:?}\n{text}"))
}

fn parsed(text: &str) -> ast::File {
    let mut sources = Sources::default();
    let id = sources.add("test.det", text);
    let (file, found) = parse(&sources, id);
    assert!(found.is_empty(), "{found:?}\n{text}");
    file
}

fn comments(text: &str) -> Vec<&str> {
    lex::tokens(text).filter(|token| token.text.starts_with("//")).map(|token| token.text).collect()
}

/// Holds the formatter's promises against one text.
fn keeps_its_promises(text: &str) {
    let once = formatted(text);
    assert_eq!(parsed(text), parsed(&once), "the tree changed:\n{text}\n----\n{once}");
    assert_eq!(once, formatted(&once), "formatting twice is not formatting once:\n{text}");
    let (mut before, mut after) = (comments(text), comments(&once));
    before.sort_unstable();
    after.sort_unstable();
    assert_eq!(before, after, "comments were lost or made:\n{text}\n----\n{once}");
    assert!(once.lines().all(|line| line == line.trim_end()), "blanks at the end of a line:\n{once}");
    assert!(!once.contains("\n\n\n"), "more than one empty line:\n{once}");
}

#[test]
fn the_worked_example_is_laid_out_so() {
    insta::assert_snapshot!("worked_example", formatted(STRATEGY));
}

#[test]
fn every_other_form_is_laid_out_so() {
    insta::assert_snapshot!("every_form", formatted(EVERYTHING));
}

#[test]
fn comments_stay_where_they_say_something() {
    let text = "// head\n\n\n\nmodule a // name\n// before\n\nclass c { // opens\n a: int // one\n, b: int, // two\n\n // last\n}\n\
        let x = [ // why\n1 // one\n, // two\n 2, 3 // three\n // end\n]\n\
        event e // name\n = c where // all\n a == 1 // first\n or // second\n (b == 2 // third\n )\n\
        detect d { /// stray-looking but\n }\n// foot\n"
        .replace("/// stray-looking but\n", "// nothing yet\n");
    keeps_its_promises(&text);
    insta::assert_snapshot!("comments", formatted(&text));
}

#[test]
fn a_file_with_a_syntax_error_is_not_formatted() {
    let mut sources = Sources::default();
    let id = sources.add("test.det", "event = x\n");
    assert_eq!(format(&sources, id).unwrap_err().len(), 1);
}

#[test]
fn an_empty_file_stays_empty() {
    assert_eq!(formatted(""), "");
    assert_eq!(formatted(" \n\n\n"), "");
    assert_eq!(formatted("\n// only\n\n\n"), "// only\n");
}

#[test]
fn windows_line_ends_and_a_byte_order_mark_go() {
    assert_eq!(
        formatted("\u{FEFF}let a = 1 // c\r\n\r\n/// d\r\nlet b = 2\r\n"),
        "let a = 1 // c\n\n/// d\nlet b = 2\n"
    );
}

#[test]
fn samples_keep_their_tree_and_comments() {
    keeps_its_promises(STRATEGY);
    keeps_its_promises(EVERYTHING);
    // Everything on one line.
    let words: Vec<&str> =
        lex::tokens(EVERYTHING).map(|token| token.text).filter(|text| !text.starts_with("//")).collect();
    keeps_its_promises(
        &words
            .join(" ")
            .replace("T1110 . 003", "T1110.003")
            .replace("not - seen", "not-seen")
            .replace("corelight - v2", "corelight-v2")
            .replace("sentinel / ", "sentinel/"),
    );
}

#[test]
fn the_library_keeps_its_tree_and_comments() {
    for text in [
        include_str!("../../../std/classes.det"),
        include_str!("../../../std/lists.det"),
        include_str!("../../../std/tls.det"),
    ] {
        keeps_its_promises(text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn generated_files_keep_their_tree_and_comments(text in super::super::generate::file()) {
        keeps_its_promises(&text);
    }
}
