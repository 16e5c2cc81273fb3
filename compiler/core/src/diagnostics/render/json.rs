//! Diagnostics for scripts: one JSON object a line. The form is stable: keys are added, never renamed or removed.
//!
//! ```json
//! {"code":"E0101","severity":"error","title":"…","file":"a.det","line":3,"column":5,"end":{"line":3,"column":9},
//!  "labels":[{"file":"a.det","line":3,"column":5,"end":{"line":3,"column":9},"text":"…","primary":true}],
//!  "help":["…"],"fix":{"title":"…","file":"a.det","line":3,"column":5,"end":{"line":3,"column":9},"replacement":"…"}}
//! ```
//!
//! Lines and columns count from 1, columns in characters, and `end` is just past the last one. What has no place has `null`
//! in `file`, `line`, `column` and `end`; a diagnostic without a mechanical fix has `null` in `fix`.

use serde::Serialize;

use super::super::{Diagnostic, Severity};
use super::place::{Place, Places};
use super::{distinct, sorted};
use crate::source::{Sources, Span};

/// A diagnostic as scripts see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DiagnosticJson {
    /// Such as `E0101`.
    pub code: &'static str,
    /// `error` or `warning`.
    pub severity: &'static str,
    /// One line that stands alone.
    pub title: String,
    /// Where it is.
    #[serde(flatten)]
    pub place: PlaceJson,
    /// Every place with a note, the primary one first.
    pub labels: Vec<LabelJson>,
    /// Advice.
    pub help: Vec<String>,
    /// A mechanical fix.
    pub fix: Option<FixJson>,
}

/// A place.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PlaceJson {
    /// The source's name.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<usize>,
    /// From 1, in characters.
    pub column: Option<usize>,
    /// Just past the last character.
    pub end: Option<PositionJson>,
}

/// A position in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PositionJson {
    /// From 1.
    pub line: usize,
    /// From 1, in characters.
    pub column: usize,
}

/// A place with a note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelJson {
    /// The place.
    #[serde(flatten)]
    pub place: PlaceJson,
    /// The note; may be empty.
    pub text: String,
    /// Whether it is where the problem is.
    pub primary: bool,
}

/// A replacement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FixJson {
    /// What the change does.
    pub title: String,
    /// What is replaced.
    #[serde(flatten)]
    pub place: PlaceJson,
    /// The new text.
    pub replacement: String,
}

/// One line for each diagnostic.
#[must_use]
pub fn render(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    objects(sources, diagnostics).iter().map(line).collect()
}

/// An object for each diagnostic, in the order of [`sorted`].
#[must_use]
pub fn objects(sources: &Sources, diagnostics: &[Diagnostic]) -> Vec<DiagnosticJson> {
    let places = Places::new(sources, diagnostics);
    sorted(sources, diagnostics).into_iter().map(|d| to_json(&places, d)).collect()
}

/// A diagnostic about a line of a stream, which is no source and has no columns.
#[must_use]
pub fn render_at_line(file: &str, number: usize, diagnostic: &Diagnostic) -> String {
    let mut object = to_json(&Places::new(&Sources::default(), &[]), diagnostic);
    object.place = PlaceJson { file: Some(file.to_owned()), line: Some(number), column: None, end: None };
    line(&object)
}

fn line(object: &DiagnosticJson) -> String {
    serde_json::to_string(object).map(|text| text + "\n").unwrap_or_default()
}

fn to_json(places: &Places<'_>, diagnostic: &Diagnostic) -> DiagnosticJson {
    let label = |primary| {
        move |l: &super::super::Label| LabelJson { place: place(places, l.span), text: l.text.clone(), primary }
    };
    DiagnosticJson {
        code: diagnostic.code.as_str(),
        severity: severity(diagnostic.severity),
        title: diagnostic.title.clone(),
        place: diagnostic.primary.as_ref().map(|l| place(places, l.span)).unwrap_or_default(),
        labels: diagnostic
            .primary
            .iter()
            .map(label(true))
            .chain(distinct(&diagnostic.others).map(label(false)))
            .collect(),
        help: distinct(&diagnostic.help).cloned().collect(),
        fix: diagnostic.fix.as_ref().map(|fix| FixJson {
            title: fix.title.clone(),
            place: place(places, fix.span),
            replacement: fix.replacement.clone(),
        }),
    }
}

fn place(places: &Places<'_>, span: Span) -> PlaceJson {
    let Some(Place { file, start, end }) = places.of(span) else { return PlaceJson::default() };
    PlaceJson {
        file: Some(file.to_owned()),
        line: Some(start.0),
        column: Some(start.1),
        end: Some(PositionJson { line: end.0, column: end.1 }),
    }
}

/// The word for a severity, in JSON and in SARIF.
#[must_use]
pub const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    }
}
