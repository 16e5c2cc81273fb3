//! Diagnostics for code scanning: SARIF 2.1.0,
//! <https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>.
//!
//! The rules are the whole registry of codes with their pages; a relative path stays relative (to the root of the
//! checkout, where the command was run); columns count characters.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::super::{Code, Diagnostic, Fix};
use super::json::severity;
use super::place::{Place, Places};
use super::{distinct, sorted};
use crate::source::{Sources, Span};

/// The name of the schema the log follows.
const SCHEMA: &str = "https://json.schemastore.org/sarif-2.1.0.json";

/// A log of one run, ending in one newline. `version` is that of the program.
#[must_use]
pub fn render(sources: &Sources, diagnostics: &[Diagnostic], version: &str) -> String {
    let places = Places::new(sources, diagnostics);
    let files = Files::new(&places, diagnostics);
    let results: Vec<Json> = sorted(sources, diagnostics).iter().map(|d| result(&places, &files, d)).collect();
    let log = json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "detc", "semanticVersion": version, "rules": rules() } },
            "columnKind": "unicodeCodePoints",
            "artifacts": files.artifacts(),
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&log).map(|text| text + "\n").unwrap_or_default()
}

/// The files that results point into, by name, with their index among the artifacts.
struct Files<'a>(BTreeMap<&'a str, usize>);

impl<'a> Files<'a> {
    fn new(places: &Places<'a>, diagnostics: &[Diagnostic]) -> Self {
        let labels = diagnostics.iter().flat_map(|d| d.primary.iter().chain(&d.others).map(|l| l.span));
        let fixes = diagnostics.iter().filter_map(|d| d.fix.as_ref().map(|f| f.span));
        let mut names: BTreeMap<&str, usize> =
            labels.chain(fixes).filter_map(|span| places.of(span)).map(|place| (place.file, 0)).collect();
        for (index, slot) in names.values_mut().enumerate() {
            *slot = index;
        }
        Self(names)
    }

    fn artifacts(&self) -> Vec<Json> {
        self.0.keys().map(|name| json!({ "location": { "uri": uri(name) } })).collect()
    }

    fn location(&self, name: &str) -> Json {
        match self.0.get(name) {
            Some(index) => json!({ "uri": uri(name), "index": index }),
            None => json!({ "uri": uri(name) }),
        }
    }
}

fn rules() -> Vec<Json> {
    let rule = |code: &Code| {
        let page = code.page();
        json!({
            "id": code.as_str(),
            "name": format!("{code:?}"),
            "shortDescription": { "text": headline(*code) },
            "help": { "text": page, "markdown": page },
            "defaultConfiguration": { "level": severity(code.severity()) },
        })
    };
    Code::ALL.iter().map(rule).collect()
}

/// The heading of a code's page without the code itself; the code if there is nothing else.
#[must_use]
pub fn headline(code: Code) -> String {
    let first = code.page().lines().next().unwrap_or_default();
    let text = first.trim_start_matches('#').trim().trim_start_matches(code.as_str());
    let text = text.trim_start_matches([':', '.', '-', '–', '—', ' ']).trim();
    if text.is_empty() { code.as_str().to_owned() } else { text.to_owned() }
}

fn result(places: &Places<'_>, files: &Files<'_>, diagnostic: &Diagnostic) -> Json {
    let index = Code::ALL.iter().position(|c| *c == diagnostic.code);
    let mut message = diagnostic.title.clone();
    for line in distinct(&diagnostic.help) {
        message.push_str("\nhelp: ");
        message.push_str(line);
    }
    let location = |span: Span, text: &str| {
        places.of(span).map(|place| {
            let mut location = json!({ "physicalLocation": physical(files, &place) });
            if !text.is_empty() {
                put(&mut location, "message", json!({ "text": text }));
            }
            location
        })
    };
    let main: Vec<Json> = diagnostic.primary.iter().filter_map(|l| location(l.span, &l.text)).collect();
    let others: Vec<Json> = distinct(&diagnostic.others).filter_map(|l| location(l.span, &l.text)).collect();
    let mut result = json!({
        "ruleId": diagnostic.code.as_str(),
        "ruleIndex": index,
        "level": severity(diagnostic.severity),
        "message": { "text": message },
        "locations": main,
    });
    if !others.is_empty() {
        put(&mut result, "relatedLocations", Json::Array(others));
    }
    if let Some(fix) = diagnostic.fix.as_ref().and_then(|fix| replacement(places, files, fix)) {
        put(&mut result, "fixes", json!([fix]));
    }
    result
}

/// Adds a property that an object has only where there is something to say.
fn put(object: &mut Json, name: &str, value: Json) {
    if let Some(properties) = object.as_object_mut() {
        properties.insert(name.to_owned(), value);
    }
}

fn replacement(places: &Places<'_>, files: &Files<'_>, fix: &Fix) -> Option<Json> {
    let place = places.of(fix.span)?;
    Some(json!({
        "description": { "text": fix.title },
        "artifactChanges": [{
            "artifactLocation": files.location(place.file),
            "replacements": [{
                "deletedRegion": region(&place),
                "insertedContent": { "text": fix.replacement },
            }],
        }],
    }))
}

fn physical(files: &Files<'_>, place: &Place<'_>) -> Json {
    json!({ "artifactLocation": files.location(place.file), "region": region(place) })
}

fn region(place: &Place<'_>) -> Json {
    json!({
        "startLine": place.start.0,
        "startColumn": place.start.1,
        "endLine": place.end.0,
        "endColumn": place.end.1,
    })
}

/// A path as a URI reference: `/` between its parts, everything outside RFC 3986's `pchar` percent-encoded.
fn uri(path: &str) -> String {
    let mut text = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    let relative = path.strip_prefix("./").unwrap_or(path);
    for byte in relative.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => text.push(char::from(byte)),
            other => text.push_str(&format!("%{other:02X}")),
        }
    }
    text
}
