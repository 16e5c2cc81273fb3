//! What the semantic stage makes of sources: plans, printed, or diagnostics with the text they point at.

mod conditions;
mod parameters;
mod patterns;
mod print;
mod strategies;

use std::fmt::Write;
use std::sync::LazyLock;

use super::{Analysis, add_library, analyse, analyse_with};
use crate::diagnostics::Diagnostic;
use crate::plan::{Detection, Strategy};
use crate::source::Sources;
use crate::syntax::{self, ast};
use crate::tuning::TuningFile;

/// Parses and analyses one file; a syntax error in a test's own text is a mistake of the test.
fn analyse_text(text: &str) -> (Sources, Analysis) {
    analyse_files(&[text], &[])
}

/// The library, parsed once for all tests.
static LIBRARY: LazyLock<(Sources, Vec<ast::File>)> = LazyLock::new(|| {
    let mut sources = Sources::default();
    let files = add_library(&mut sources).map(|file| {
        let (file, diagnostics) = syntax::parse(&sources, file);
        assert_eq!(diagnostics, []);
        file
    });
    (sources, files.into())
});

fn analyse_files(texts: &[&str], tuning: &[TuningFile]) -> (Sources, Analysis) {
    let (mut sources, library) = (LIBRARY.0.clone(), &LIBRARY.1);
    let mut files = Vec::new();
    for (i, text) in texts.iter().enumerate() {
        let id = sources.add(format!("{i}.det"), *text);
        let (file, diagnostics) = syntax::parse(&sources, id);
        assert!(diagnostics.is_empty(), "{text}\n{diagnostics:#?}");
        files.push(file);
    }
    let analysis = analyse_with(library, &files, tuning);
    (sources, analysis)
}

/// `E0101 at "process.nmae": title; help` for each.
fn findings(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for d in diagnostics {
        write!(out, "{}", d.code).unwrap();
        if let Some(primary) = &d.primary {
            write!(out, " at `{}`", sources.slice(primary.span)).unwrap();
        }
        write!(out, ": {}", d.title).unwrap();
        for other in &d.others {
            write!(out, " [{} `{}`]", other.text, sources.slice(other.span)).unwrap();
        }
        for help in &d.help {
            write!(out, "; {help}").unwrap();
        }
        if let Some(fix) = &d.fix {
            write!(out, "; fix: `{}` to `{}`", sources.slice(fix.span), fix.replacement).unwrap();
        }
        out.push('\n');
    }
    out
}

/// The findings of a file.
fn check(text: &str) -> String {
    let (sources, analysis) = analyse_text(text);
    findings(&sources, &analysis.diagnostics)
}

/// The only strategy of a text that has no errors.
fn strategy(text: &str) -> Strategy {
    let (sources, mut analysis) = analyse_text(text);
    let errors: Vec<Diagnostic> = analysis.diagnostics.into_iter().filter(Diagnostic::is_error).collect();
    assert_eq!(findings(&sources, &errors), "", "{text}");
    assert_eq!(analysis.strategies.len(), 1, "{text}");
    analysis.strategies.remove(0)
}

/// The first detection of a strategy.
fn detection(strategy: &Strategy) -> &Detection {
    &strategy.analytics[0].detections[0]
}

/// A strategy of one analytic around these items.
fn around(items: &str) -> String {
    format!("strategy S {{\nanalytic A on windows {{\n{items}\n}}\n}}\n")
}

/// An analytic's items around one event, with a detection that uses it.
fn around_event(declarations: &str, event: &str, class: &str) -> String {
    let key = if matches!(class, "network_flow") { "source.ip" } else { "@timestamp" };
    around(&format!("{declarations}\n{event}\ndetect d {{ severity low pattern e entity {key} }}"))
}

/// A table as a snapshot: what was written, and below it what became of it.
fn table(rows: impl IntoIterator<Item = (String, String)>) -> String {
    rows.into_iter()
        .map(|(written, became)| format!("{written}\n    {}\n", became.trim_end().replace('\n', "\n    ")))
        .collect()
}

/// Compares with the snapshot of this name.
fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn the_standard_library_is_free_of_findings() {
    let mut sources = Sources::default();
    let analysis = analyse(&mut sources, &[], &[]);
    assert_eq!(findings(&sources, &analysis.diagnostics), "");
    // A user's module is checked whole, without waiting for a use.
    let copy = include_str!("../../../std/tls.det").replace("module tls", "module copy").replace("tls::", "copy::");
    assert_eq!(check(&copy), "");
    let copy = include_str!("../../../std/lists.det").replace("module std", "module copy");
    assert_eq!(check(&copy), "");
}

#[test]
fn every_class_of_the_library_says_what_it_is() {
    let classes = analyse_files(&[], &[]).1.classes;
    assert_eq!(classes.len(), 11);
    for class in classes.values() {
        assert!(!class.doc.is_empty(), "{}", class.name);
        assert!(class.fields.contains_key("@timestamp"), "{}", class.name);
    }
}
