//! Byte offsets as lines and columns, with one pass over each source.

use std::collections::BTreeMap;
use std::ops::Range;

use super::super::{Diagnostic, Label};
use crate::source::{SourceId, Sources, Span};

/// Where something stands, as people count: lines and columns from 1, columns in characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// The source's name.
    pub file: &'a str,
    /// Line and column of the first character.
    pub start: (usize, usize),
    /// Line and column just past the last one.
    pub end: (usize, usize),
}

/// The line starts of every source that some diagnostics point into.
#[derive(Debug)]
pub(super) struct Places<'a> {
    sources: &'a Sources,
    starts: BTreeMap<SourceId, Vec<usize>>,
}

impl<'a> Places<'a> {
    /// Looks through the sources that `diagnostics` mention.
    pub fn new(sources: &'a Sources, diagnostics: &[Diagnostic]) -> Self {
        let mut starts = BTreeMap::new();
        for span in diagnostics.iter().flat_map(spans) {
            if let Some(source) = sources.get(span.source) {
                starts.entry(span.source).or_insert_with(|| line_starts(&source.text));
            }
        }
        Self { sources, starts }
    }

    /// The place of a span; none if it is of another run.
    pub fn of(&self, span: Span) -> Option<Place<'a>> {
        let source = self.sources.get(span.source)?;
        let range = clamp(&source.text, span);
        Some(Place {
            file: &source.name,
            start: self.line_column(span.source, range.start),
            end: self.line_column(span.source, range.end),
        })
    }

    /// The lines from that of `range.start` to that of `range.end`, with where they begin and the first one's number.
    pub fn lines(&self, source: SourceId, range: Range<usize>) -> (&'a str, usize, usize) {
        let text: &'a str = self.sources.get(source).map_or("", |s| &*s.text);
        let starts = self.starts.get(&source).map_or(&[][..], Vec::as_slice);
        let first = line_of(starts, range.start);
        let begin = starts.get(first).copied().unwrap_or_default();
        let end = starts.get(line_of(starts, range.end) + 1).copied().unwrap_or(text.len());
        (text.get(begin..end).unwrap_or_default(), begin, first + 1)
    }

    fn line_column(&self, source: SourceId, offset: usize) -> (usize, usize) {
        let text = self.sources.get(source).map_or("", |s| &*s.text);
        let starts = self.starts.get(&source).map_or(&[][..], Vec::as_slice);
        let line = line_of(starts, offset);
        let begin = starts.get(line).copied().unwrap_or_default();
        (line + 1, text.get(begin..offset).unwrap_or_default().chars().count() + 1)
    }
}

/// The byte range of a span, made to lie in `text` and on whole characters.
pub(super) fn clamp(text: &str, span: Span) -> Range<usize> {
    let whole = |at: u32| text.floor_char_boundary(at as usize);
    let start = whole(span.start);
    start..whole(span.end).max(start)
}

fn spans(diagnostic: &Diagnostic) -> impl Iterator<Item = Span> {
    let labels = diagnostic.primary.iter().chain(&diagnostic.others).map(|Label { span, .. }| *span);
    labels.chain(diagnostic.fix.iter().map(|fix| fix.span))
}

fn line_starts(text: &str) -> Vec<usize> {
    std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect()
}

/// The index of the line that holds an offset.
fn line_of(starts: &[usize], offset: usize) -> usize {
    starts.partition_point(|start| *start <= offset).saturating_sub(1)
}
