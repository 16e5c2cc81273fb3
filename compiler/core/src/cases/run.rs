//! Running test cases.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use super::{Case, Events, Expectation, TestFile};
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::eval::{Evaluator, Options};
use crate::plan::{Strategy, Unit};
use crate::source::{Span, Spanned};
use crate::tuning::TuningFile;

/// An entity tuple: values by the names they bear in the alert.
pub type Tuple = BTreeMap<String, Json>;

/// Strategies analysed under a tuning.
#[derive(Debug, Clone, Default)]
pub struct Analysed {
    /// The strategies without an error.
    pub strategies: Vec<Strategy>,
    /// What was found; with an error in it no case can be judged.
    pub diagnostics: Vec<Diagnostic>,
}

/// What came of a case.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// The case's name.
    pub name: String,
    /// Where its name stands.
    pub span: Span,
    /// The verdict.
    pub verdict: Verdict,
}

/// The verdict on a case.
#[derive(Debug, Clone)]
pub enum Verdict {
    /// Every detection raised just what it must.
    Passed,
    /// Some detections did not.
    Failed(Vec<Failure>),
    /// It could not be judged, for these reasons.
    Broken(Vec<Diagnostic>),
}

/// A detection that raised something else than it must.
#[derive(Debug, Clone, PartialEq)]
pub struct Failure {
    /// The detection, as `AN1496/abnormal_session`.
    pub detection: Spanned<String>,
    /// How many tuples were expected.
    pub expected: usize,
    /// Tuples that were expected and not raised.
    pub missing: Vec<Spanned<Tuple>>,
    /// Tuples that were raised and not expected.
    pub unexpected: Vec<Tuple>,
}

/// Runs cases, and keeps what it learns about strategies from one to the next.
pub struct Runner<'a> {
    analyse: &'a mut dyn FnMut(&[TuningFile]) -> Analysed,
    analysed: BTreeMap<String, Analysed>,
}

impl std::fmt::Debug for Runner<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner").field("analysed", &self.analysed.len()).finish_non_exhaustive()
    }
}

impl<'a> Runner<'a> {
    /// A runner that gets the strategies of the run, under a tuning, from `analyse`. It asks once for each tuning.
    pub fn new(analyse: &'a mut dyn FnMut(&[TuningFile]) -> Analysed) -> Self {
        Self { analyse, analysed: BTreeMap::new() }
    }

    /// Runs a case of a file. `event_files` holds the contents of those that [`TestFile::event_files`] names.
    pub fn run(&mut self, file: &TestFile, case: &Case, event_files: &BTreeMap<String, Vec<u8>>) -> Outcome {
        let verdict = match self.judge(file, case, event_files) {
            Ok(failures) if failures.is_empty() => Verdict::Passed,
            Ok(failures) => Verdict::Failed(failures),
            Err(reasons) => Verdict::Broken(reasons),
        };
        Outcome { name: case.name.clone(), span: case.span, verdict }
    }

    fn judge(
        &mut self,
        file: &TestFile,
        case: &Case,
        event_files: &BTreeMap<String, Vec<u8>>,
    ) -> Result<Vec<Failure>, Vec<Diagnostic>> {
        let analysed = self.under(&case.tuning);
        let errors: Vec<Diagnostic> = analysed.diagnostics.iter().filter(|d| d.is_error()).cloned().collect();
        if !errors.is_empty() {
            return Err(errors);
        }
        let units = find_units(file, case, &analysed.strategies)?;
        let raised = evaluate(&units, &events(case, event_files)?, case)?;
        let mut failures = Vec::new();
        for (expectation, raised) in case.expectations.iter().zip(raised) {
            failures.extend(compare(expectation, raised));
        }
        Ok(failures)
    }

    /// The strategies under a tuning.
    pub(super) fn under(&mut self, tuning: &[TuningFile]) -> &Analysed {
        let key: String = tuning.iter().map(TuningFile::fingerprint).collect();
        self.analysed.entry(key).or_insert_with(|| (self.analyse)(tuning))
    }
}

/// The detection of each expectation, its tuples held against the entity.
pub(super) fn find_units<'s>(
    file: &TestFile,
    case: &Case,
    strategies: &'s [Strategy],
) -> Result<Vec<Unit<'s>>, Vec<Diagnostic>> {
    let strategy = file.strategy.as_ref();
    if let Some(name) = strategy.filter(|name| !strategies.iter().any(|s| s.id == name.value)) {
        let title = format!("there is no strategy `{}`", name.value);
        let near = suggest::did_you_mean(&name.value, strategies.iter().map(|s| s.id.as_str()));
        return Err(vec![Diagnostic::new(Code::BadTestFile, title, name.span).maybe_help(near)]);
    }
    let all: Vec<(String, Unit<'s>)> = strategies
        .iter()
        .filter(|s| strategy.is_none_or(|name| s.id == name.value))
        .flat_map(Strategy::units)
        .map(|unit| (format!("{}/{}", unit.analytic.id, unit.detection.name), unit))
        .collect();
    let (mut units, mut errors) = (Vec::new(), Vec::new());
    for expectation in &case.expectations {
        match find_unit(&expectation.detection, &all) {
            Ok(unit) => {
                errors.extend(expectation.tuples.iter().filter_map(|tuple| misnamed(tuple, unit)));
                units.push(unit);
            }
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(units) } else { Err(errors) }
}

fn find_unit<'s>(name: &Spanned<String>, all: &[(String, Unit<'s>)]) -> Result<Unit<'s>, Diagnostic> {
    let mut found = all.iter().filter(|(known, _)| *known == name.value);
    match (found.next(), found.next()) {
        (Some((_, unit)), None) => Ok(*unit),
        (Some(_), Some(_)) => {
            let title = format!("several strategies have a detection `{}`", name.value);
            Err(Diagnostic::new(Code::BadTestFile, title, name.span).help("name the one with `strategy` at the head"))
        }
        (None, _) => {
            let title = format!("there is no detection `{}`", name.value);
            let near = suggest::did_you_mean(&name.value, all.iter().map(|(known, _)| known.as_str()));
            Err(Diagnostic::new(Code::BadTestFile, title, name.span).maybe_help(near))
        }
    }
}

/// A tuple whose names are not those of the entity could never be raised.
fn misnamed(tuple: &Spanned<Tuple>, unit: Unit<'_>) -> Option<Diagnostic> {
    let entity: BTreeSet<&str> = unit.detection.entity.iter().map(|column| column.name.as_str()).collect();
    let names: BTreeSet<&str> = tuple.value.keys().map(String::as_str).collect();
    let wrong = entity.symmetric_difference(&names).next()?;
    let title = if names.contains(wrong) {
        format!("the entity of `{}` has no field `{wrong}`", unit.detection.name)
    } else {
        format!("the tuple lacks `{wrong}` of the entity of `{}`", unit.detection.name)
    };
    let fields: Vec<&str> = unit.detection.entity.iter().map(|column| column.name.as_str()).collect();
    Some(
        Diagnostic::new(Code::BadTestFile, title, tuple.span)
            .help(format!("its fields are {}; write null for a missing one", fields.join(", "))),
    )
}

/// The lines of a case's events.
pub(super) fn events<'e>(
    case: &'e Case,
    files: &'e BTreeMap<String, Vec<u8>>,
) -> Result<Vec<&'e [u8]>, Vec<Diagnostic>> {
    match &case.events {
        Events::Inline(lines) => Ok(lines.iter().map(String::as_bytes).collect()),
        Events::File(name) => match files.get(&name.value) {
            Some(bytes) => Ok(bytes.split(|byte| *byte == b'\n').collect()),
            None => {
                let title = format!("`{}` cannot be read", name.value);
                Err(vec![Diagnostic::new(Code::Unreadable, title, name.span)])
            }
        },
    }
}

/// The set of tuples that each detection raises.
pub(super) fn evaluate(units: &[Unit<'_>], lines: &[&[u8]], case: &Case) -> Result<Vec<Vec<Tuple>>, Vec<Diagnostic>> {
    let mut raised = Vec::new();
    for unit in units {
        let mut evaluator = Evaluator::new(vec![*unit], Options { slack: None });
        let (mut alerts, mut errors) = (Vec::new(), Vec::new());
        for (number, line) in (1..).zip(lines) {
            if let Err(error) = evaluator.push_line(number, line, &mut alerts) {
                errors.push(bad_event(case, number, &error.to_string()));
            }
        }
        if !errors.is_empty() {
            return Err(errors);
        }
        evaluator.finish(&mut alerts);
        let mut tuples: Vec<Tuple> = Vec::new();
        for alert in alerts {
            let tuple = alert.entity.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            if !tuples.contains(&tuple) {
                tuples.push(tuple);
            }
        }
        raised.push(tuples);
    }
    Ok(raised)
}

fn bad_event(case: &Case, number: u64, reason: &str) -> Diagnostic {
    match &case.events {
        Events::Inline(_) => Diagnostic::new(Code::BadEvent, format!("event {number}: {reason}"), case.span),
        Events::File(name) => {
            Diagnostic::new(Code::BadEvent, format!("line {number} of `{}`: {reason}", name.value), name.span)
        }
    }
}

/// What tells the raised tuples from the expected ones; none if they are the same.
fn compare(expectation: &Expectation, raised: Vec<Tuple>) -> Option<Failure> {
    let expected = &expectation.tuples;
    let missing: Vec<_> = expected.iter().filter(|t| !raised.iter().any(|r| same(r, &t.value))).cloned().collect();
    let unexpected: Vec<_> = raised.into_iter().filter(|r| !expected.iter().any(|t| same(r, &t.value))).collect();
    (!missing.is_empty() || !unexpected.is_empty()).then(|| Failure {
        detection: expectation.detection.clone(),
        expected: expected.len(),
        missing,
        unexpected,
    })
}

/// Whether two tuples are equal; a number may be written as a whole one or as a double.
fn same(a: &Tuple, b: &Tuple) -> bool {
    let equal = |x: &Json, y: &Json| x == y || (x.is_number() && x.as_f64() == y.as_f64());
    a.len() == b.len() && a.iter().zip(b).all(|((n, x), (m, y))| n == m && equal(x, y))
}

impl Outcome {
    /// Whether the case passed.
    #[must_use]
    pub const fn passed(&self) -> bool {
        matches!(self.verdict, Verdict::Passed)
    }

    /// What there is to say about the case: E0603 for each detection that failed, or why it could not be judged.
    #[must_use]
    pub fn diagnostics(&self) -> Vec<Diagnostic> {
        match &self.verdict {
            Verdict::Passed => Vec::new(),
            Verdict::Broken(reasons) => reasons.clone(),
            Verdict::Failed(failures) => failures.iter().map(|failure| failure.diagnostic(self)).collect(),
        }
    }
}

impl Failure {
    fn diagnostic(&self, outcome: &Outcome) -> Diagnostic {
        let title = format!("`{}`: {}", outcome.name, self.summary());
        let mut diagnostic = Diagnostic::new(Code::TestFailed, title, outcome.span);
        for tuple in &self.missing {
            diagnostic = diagnostic.also(tuple.span, "not raised").help(format!("- {}", print(&tuple.value)));
        }
        for tuple in &self.unexpected {
            diagnostic = diagnostic.help(format!("+ {}", print(tuple)));
        }
        diagnostic
    }

    /// One line: how far what was raised is from what was expected.
    #[must_use]
    pub fn summary(&self) -> String {
        let (name, other) = (&self.detection.value, self.unexpected.len());
        let tuples = |n: usize| if n == 1 { "1 tuple".to_owned() } else { format!("{n} tuples") };
        if self.expected == 0 {
            return format!("{name} raised {} where silence is expected", tuples(other));
        }
        let raised = self.expected - self.missing.len();
        let also = if other == 0 { String::new() } else { format!(", and {other} not expected") };
        format!("{name} raised {raised} of {} expected{also}", tuples(self.expected))
    }
}

/// A tuple on one line.
fn print(tuple: &Tuple) -> String {
    tuple.iter().map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ")
}
