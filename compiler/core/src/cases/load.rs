//! Reading test files.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::events::{Fields, check_defaults, flatten, line};
use super::run::Tuple;
use super::{Case, Events, Expectation, TestFile, schema};
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::Class;
use crate::source::{SourceId, Sources, Spanned};
use crate::tuning::{Defaults, TuningFile, load_entries};
use crate::yaml::{Document, Node, Schema};

/// Reads a test file; its events must be of these classes.
///
/// # Errors
/// E0602 for what has the wrong form, E0101 and E0102 for fields and classes that do not exist, E0601 for times that are
/// none, and those of tuning. Each at its place.
pub fn load(
    sources: &Sources,
    id: SourceId,
    classes: &BTreeMap<String, Arc<Class>>,
) -> Result<TestFile, Vec<Diagnostic>> {
    let document = Arc::new(Document::parse(sources, id).map_err(|e| vec![e])?);
    let schema = Schema::new(schema())
        .map_err(|e| vec![Diagnostic::bare(Code::BadTestFile, format!("the schema is broken: {e}"))])?;
    let mut errors = document.validate(&schema, Code::BadTestFile);
    if !errors.is_empty() {
        return Err(errors);
    }
    let root = document.root();
    let mut reader = Reader { document: &document, classes, defaults: Fields::new(), tuning: None, errors: Vec::new() };
    reader.defaults = reader.fields(&root);
    reader.tuning = reader.tuning(&root, "the test file");
    let cases: Vec<Case> =
        root.get("cases").iter().flat_map(Node::items).filter_map(|case| reader.case(&case)).collect();
    errors.append(&mut reader.errors);
    same_names(&cases, &mut errors);
    let strategy = root.get("strategy").and_then(|node| text(&node));
    if errors.is_empty() { Ok(TestFile { strategy, cases }) } else { Err(errors) }
}

/// What is needed on the way through a file.
struct Reader<'d> {
    document: &'d Arc<Document>,
    classes: &'d BTreeMap<String, Arc<Class>>,
    defaults: Fields<'d>,
    tuning: Option<TuningFile>,
    errors: Vec<Diagnostic>,
}

impl<'d> Reader<'d> {
    /// The default fields of the file or of a case.
    fn fields(&mut self, around: &Node<'d>) -> Fields<'d> {
        let Some(node) = around.get("defaults") else { return Fields::new() };
        match flatten(&node) {
            Ok(fields) => {
                check_defaults(&fields, self.classes, &mut self.errors);
                fields
            }
            Err(errors) => {
                self.errors.extend(errors);
                Fields::new()
            }
        }
    }

    /// The tuning of the file or of a case. Its entries need no owner and no reason: the case is the reason.
    fn tuning(&mut self, around: &Node<'_>, name: &str) -> Option<TuningFile> {
        let node = around.get("tuning")?;
        let defaults = Defaults { owner: Some("tests"), reason: Some(name), expires: None };
        match load_entries(self.document, node.pointer(), defaults) {
            Ok(entries) => Some(TuningFile { layer: name.to_owned(), entries }),
            Err(errors) => {
                self.errors.extend(errors);
                None
            }
        }
    }

    fn case(&mut self, node: &Node<'d>) -> Option<Case> {
        let name = node.get("name").and_then(|name| text(&name))?;
        let own = self.tuning(node, &name.value);
        let defaults = self.fields(node);
        let events = match node.get("file").and_then(|file| text(&file)) {
            Some(file) => Events::File(file),
            None => Events::Inline(self.lines(node, &defaults)),
        };
        let expectations = self.expectations(node, &name);
        let tuning = self.tuning.iter().cloned().chain(own).collect();
        Some(Case { name: name.value, span: name.span, tuning, events, expectations })
    }

    /// The inline events of a case.
    fn lines(&mut self, case: &Node<'d>, defaults: &Fields<'d>) -> Vec<String> {
        let mut lines = Vec::new();
        for event in case.get("events").iter().flat_map(Node::items) {
            match line(&event, &[defaults, &self.defaults], self.classes) {
                Ok(line) => lines.push(line),
                Err(errors) => self.errors.extend(errors),
            }
        }
        lines
    }

    /// What each detection of a case must raise.
    fn expectations(&mut self, case: &Node<'_>, name: &Spanned<String>) -> Vec<Expectation> {
        let Some(expect) = case.get("expect") else { return Vec::new() };
        let detection = case.get("detection");
        if expect.value().is_object() {
            if let Some(detection) = detection {
                let title = "the detections stand twice: under `detection` and under `expect`";
                self.errors.push(Diagnostic::new(Code::BadTestFile, title, detection.name_place()));
            }
            let each = |(name, node): (&str, Node<'_>)| Expectation {
                detection: Spanned::new(name.to_owned(), node.name_place()),
                tuples: self.tuples(&node),
            };
            return expect.entries().map(each).collect();
        }
        let Some(detection) = detection else {
            let title = format!("the case `{}` does not say which detection it is about", name.value);
            let help = "add `detection: AN1496/abnormal_session`, or write `expect` by detection";
            self.errors.push(Diagnostic::new(Code::BadTestFile, title, name.span).help(help));
            return Vec::new();
        };
        let tuples = self.tuples(&expect);
        let names = text(&detection).into_iter().chain(detection.items().filter_map(|item| text(&item)));
        names.map(|detection| Expectation { detection, tuples: tuples.clone() }).collect()
    }

    /// A list of entity tuples.
    fn tuples(&mut self, list: &Node<'_>) -> Vec<Spanned<Tuple>> {
        let mut tuples = Vec::new();
        for node in list.items() {
            match flatten(&node) {
                Ok(fields) => {
                    let tuple = fields.iter().map(|(name, node)| (name.clone(), node.value().clone())).collect();
                    tuples.push(Spanned::new(tuple, node.place()));
                }
                Err(errors) => self.errors.extend(errors),
            }
        }
        tuples
    }
}

fn text(node: &Node<'_>) -> Option<Spanned<String>> {
    node.value().as_str().map(|text| Spanned::new(text.to_owned(), node.place()))
}

/// Cases of one name could not be told apart in a report.
fn same_names(cases: &[Case], errors: &mut Vec<Diagnostic>) {
    let mut seen = BTreeMap::new();
    for case in cases {
        if let Some(first) = seen.insert(case.name.as_str(), case.span) {
            errors.push(
                Diagnostic::new(Code::Duplicate, format!("two cases are named `{}`", case.name), case.span)
                    .also(first, "the first is here"),
            );
        }
    }
}
