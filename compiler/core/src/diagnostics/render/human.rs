//! Diagnostics for people: the source line with what is wrong underlined. Nothing else uses `annotate-snippets`, whose
//! output changes between minor versions; its version is pinned.
//!
//! Control characters in a source or a message are shown, never sent: a file must not drive the terminal.

use annotate_snippets::{
    AnnotationKind, Element, Group, Level, Origin, Patch, Renderer, Snippet, normalize_untrusted_str as harmless,
};

use super::super::{Diagnostic, Fix, Label, Severity};
use super::place::{Places, clamp};
use super::{distinct, sorted};
use crate::source::{SourceId, Sources};

/// Whether the text carries terminal colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// ANSI escape sequences.
    On,
    /// Plain text.
    Off,
}

/// Every diagnostic with its snippets, a blank line after each.
#[must_use]
pub fn render(sources: &Sources, diagnostics: &[Diagnostic], colour: Colour) -> String {
    let renderer = match colour {
        Colour::On => Renderer::styled(),
        Colour::Off => Renderer::plain(),
    };
    let places = Places::new(sources, diagnostics);
    let mut text = String::new();
    for diagnostic in sorted(sources, diagnostics) {
        text.push_str(&renderer.render(&groups(sources, &places, diagnostic)));
        text.push_str("\n\n");
    }
    text
}

/// The finding itself, then its fix.
fn groups<'a>(sources: &'a Sources, places: &Places<'a>, diagnostic: &'a Diagnostic) -> Vec<Group<'a>> {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
    };
    let title = level.primary_title(diagnostic.title.as_str()).id(diagnostic.code.as_str());
    let mut main = Group::with_title(title).elements(snippets(sources, places, diagnostic));
    for line in distinct(&diagnostic.help) {
        main = main.element(Level::HELP.message(harmless(line)));
    }
    let fix = diagnostic.fix.as_ref().and_then(|fix| suggestion(sources, places, fix));
    std::iter::once(main).chain(fix).collect()
}

/// One snippet for each source that the diagnostic points into, the primary one first.
fn snippets<'a>(sources: &'a Sources, places: &Places<'a>, diagnostic: &'a Diagnostic) -> Vec<Element<'a>> {
    let Some(primary) = &diagnostic.primary else { return Vec::new() };
    let mut files: Vec<SourceId> = vec![primary.span.source];
    for label in &diagnostic.others {
        if !files.contains(&label.span.source) {
            files.push(label.span.source);
        }
    }
    let labels = || {
        let others = distinct(&diagnostic.others).map(|label| (AnnotationKind::Context, label));
        std::iter::once((AnnotationKind::Primary, primary)).chain(others)
    };
    let snippet = |file| {
        let here: Vec<_> = labels().filter(|(_, label)| label.span.source == file).collect();
        snippet(sources, places, file, &here)
    };
    files.into_iter().filter_map(snippet).collect()
}

/// The lines of one source that some labels touch.
fn snippet<'a>(
    sources: &'a Sources,
    places: &Places<'a>,
    file: SourceId,
    labels: &[(AnnotationKind, &'a Label)],
) -> Option<Element<'a>> {
    let source = sources.get(file)?;
    if source.text.is_empty() {
        return Some(Origin::path(&*source.name).into());
    }
    let ranges = labels.iter().map(|(_, label)| clamp(&source.text, label.span));
    let whole = ranges.clone().map(|r| r.start).min()?..ranges.clone().map(|r| r.end).max()?;
    let (lines, begin, first) = places.lines(file, whole);
    let mut snippet = Snippet::source(lines).line_start(first).path(&*source.name);
    for ((kind, label), range) in labels.iter().zip(ranges) {
        let text = (!label.text.is_empty()).then(|| harmless(&label.text));
        snippet = snippet.annotation(kind.span(range.start - begin..range.end - begin).label(text));
    }
    Some(snippet.into())
}

/// The source as it would be with the fix.
fn suggestion<'a>(sources: &'a Sources, places: &Places<'a>, fix: &'a Fix) -> Option<Group<'a>> {
    let source = sources.get(fix.span.source)?;
    let range = clamp(&source.text, fix.span);
    let (lines, begin, first) = places.lines(fix.span.source, range.clone());
    let patch = Patch::new(range.start - begin..range.end - begin, fix.replacement.as_str());
    let snippet = Snippet::source(lines).line_start(first).path(&*source.name).patch(patch);
    Some(Level::HELP.secondary_title(harmless(&fix.title)).element(snippet))
}
