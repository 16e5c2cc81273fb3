//! Results for build servers: JUnit XML as Jenkins, GitLab and GitHub's test reporters read it,
//! <https://github.com/testmoapp/junitxml>.

use std::fmt::Write as _;

use super::super::Diagnostic;
use super::{Colour, human};
use crate::source::{SourceId, Sources};

/// A group of cases: a source that was checked, or a file of tests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suite {
    /// Its name: a path.
    pub name: String,
    /// Its cases, in order.
    pub cases: Vec<Case>,
}

/// One thing that was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// What it belongs to: a strategy or a path.
    pub class: String,
    /// What is wrong; it passes if there is nothing.
    pub failures: Vec<Failure>,
    /// What deserves a look but is no failure.
    pub output: String,
}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// A diagnostic code.
    pub code: String,
    /// One line.
    pub title: String,
    /// Everything about it.
    pub text: String,
}

impl Failure {
    /// A diagnostic as a failure, with its snippet.
    #[must_use]
    pub fn of(sources: &Sources, diagnostic: &Diagnostic) -> Self {
        Self {
            code: diagnostic.code.to_string(),
            title: diagnostic.title.clone(),
            text: human::render(sources, std::slice::from_ref(diagnostic), Colour::Off),
        }
    }
}

/// The diagnostics of a check: one case for each file, and one for what has no place if there is such a thing.
#[must_use]
pub fn check(sources: &Sources, files: &[SourceId], diagnostics: &[Diagnostic]) -> Suite {
    let case = |name: &str, file: Option<SourceId>| {
        let of_file = |d: &&Diagnostic| match d.primary.as_ref().map(|l| l.span.source) {
            Some(source) if files.contains(&source) => file == Some(source),
            _ => file.is_none(),
        };
        let here: Vec<Diagnostic> = diagnostics.iter().filter(of_file).cloned().collect();
        let (errors, warnings): (Vec<_>, Vec<_>) = here.into_iter().partition(Diagnostic::is_error);
        Case {
            name: name.to_owned(),
            class: "check".to_owned(),
            failures: super::sorted(sources, &errors).into_iter().map(|d| Failure::of(sources, d)).collect(),
            output: human::render(sources, &warnings, Colour::Off),
        }
    };
    let named = files.iter().map(|id| case(sources.get(*id).map_or("", |s| &*s.name), Some(*id)));
    let rest = case("input", None);
    let rest = (!rest.failures.is_empty() || !rest.output.is_empty()).then_some(rest);
    Suite { name: "check".to_owned(), cases: named.chain(rest).collect() }
}

/// The report, ending in one newline. There are no times in it: the same input gives the same bytes.
#[must_use]
pub fn render(suites: &[Suite]) -> String {
    let cases: usize = suites.iter().map(|s| s.cases.len()).sum();
    let failures: usize = suites.iter().map(failed).sum();
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    push(&mut xml, format_args!("<testsuites name=\"detc\" tests=\"{cases}\" failures=\"{failures}\">\n"));
    for suite in suites {
        let (name, tests, failures) = (attribute(&suite.name), suite.cases.len(), failed(suite));
        push(&mut xml, format_args!("  <testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\">\n"));
        for case in &suite.cases {
            push_case(&mut xml, case);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn failed(suite: &Suite) -> usize {
    suite.cases.iter().filter(|c| !c.failures.is_empty()).count()
}

fn push_case(xml: &mut String, case: &Case) {
    push(
        xml,
        format_args!("    <testcase name=\"{}\" classname=\"{}\"", attribute(&case.name), attribute(&case.class)),
    );
    if case.failures.is_empty() && case.output.is_empty() {
        xml.push_str("/>\n");
        return;
    }
    xml.push_str(">\n");
    for Failure { code, title, text } in &case.failures {
        let (code, title, text) = (attribute(code), attribute(title), element(text));
        push(xml, format_args!("      <failure type=\"{code}\" message=\"{title}\">{text}</failure>\n"));
    }
    if !case.output.is_empty() {
        push(xml, format_args!("      <system-out>{}</system-out>\n", element(&case.output)));
    }
    xml.push_str("    </testcase>\n");
}

fn push(xml: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = xml.write_fmt(text);
}

/// Text between quotes, where a parser would turn a bare line break or tab into a space.
fn attribute(text: &str) -> String {
    element(text).replace('\n', "&#10;").replace('\t', "&#9;")
}

/// Text between tags. Characters that XML 1.0 cannot hold become U+FFFD.
fn element(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\r' => out.push_str("&#13;"),
            '\n' | '\t' => out.push(c),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}
