//! Where the parts of a YAML text stand, found from a parser's events.
//!
//! This is also where a text is refused before any value is built: duplicate keys, depth, tags, and aliases that repeat
//! so much that a short text would become a huge value.

use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, Span as Range};

use crate::diagnostics::{Code, Diagnostic};
use crate::source::{SourceId, Span};

/// The deepest nesting of lists and mappings.
const MAX_DEPTH: usize = 64;

/// How large aliases may make a document beyond what is written: nodes and bytes of text together.
const MAX_REPEATED: usize = 1_000_000;

/// The spans of all values and keys by JSON pointer.
#[derive(Debug, Clone)]
pub struct Places {
    values: BTreeMap<String, Span>,
    keys: BTreeMap<String, Span>,
    start: Span,
}

impl Places {
    /// The span of the value at `pointer`, of the nearest place around it if that was not written there itself.
    pub fn value(&self, pointer: &str) -> Span {
        match nearest(&self.values, pointer) {
            Some(span) if span.start < span.end => span,
            Some(span) => self.keys.get(pointer).copied().unwrap_or(span),
            None => self.start,
        }
    }

    /// The span of the key at `pointer`, else of the value.
    pub fn key(&self, pointer: &str) -> Span {
        self.keys.get(pointer).copied().unwrap_or_else(|| self.value(pointer))
    }

    /// Gives the value at `pointer`, which comes from a merge key, the place of the value at `from`.
    pub fn merged(&mut self, pointer: String, from: &str) {
        let span = self.value(from);
        self.values.insert(pointer, span);
    }

    /// Finds all places in a text of one document.
    pub fn find(text: &str, source: SourceId) -> Result<Self, Diagnostic> {
        let mut finder = Finder::new(text, source);
        for event in Parser::new_from_str(text) {
            let (event, range) = event.map_err(|e| finder.broken(&e))?;
            finder.take(event, range)?;
        }
        Ok(finder.places)
    }
}

/// The entry of `pointer`, or of the longest pointer above it that has one.
fn nearest(spans: &BTreeMap<String, Span>, pointer: &str) -> Option<Span> {
    let mut pointer = pointer;
    loop {
        if let Some(span) = spans.get(pointer) {
            return Some(*span);
        }
        pointer = pointer.get(..pointer.rfind('/')?)?;
    }
}

/// A JSON pointer's segment for a key.
pub fn segment(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// The character at byte `at`, or the end of the line if there is none.
pub fn point(text: &str, source: SourceId, at: usize) -> Span {
    let mut start = at.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let length =
        text.get(start..).and_then(|rest| rest.chars().next()).filter(|c| *c != '\n').map_or(0, char::len_utf8);
    Span::new(source, start..start + length)
}

/// The length of a quoted text, where `escape` takes the sense from what follows it. In single quotes the quote itself is
/// the escape, and only before another one.
fn closing(text: &str, quote: char, escape: char) -> Option<usize> {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        let escaped =
            c == escape && (escape != quote || matches!(characters.peek(), Some((_, next)) if *next == quote));
        if escaped {
            characters.next();
        } else if c == quote {
            return Some(at + c.len_utf8());
        }
    }
    None
}

/// A list or mapping whose end is still to come.
#[derive(Debug)]
struct Open {
    pointer: String,
    start: usize,
    anchor: usize,
    /// Nodes and bytes so far, aliases counted as what they stand for.
    weight: usize,
    children: Children,
}

#[derive(Debug)]
enum Children {
    List { count: usize },
    Mapping { keys: BTreeMap<String, Span>, pending: Option<String> },
}

struct Finder<'t> {
    text: &'t str,
    source: SourceId,
    /// Byte offsets of characters; none where all characters are of one byte.
    offsets: Option<Vec<usize>>,
    open: Vec<Open>,
    /// The weights of anchored nodes.
    anchors: BTreeMap<usize, usize>,
    /// The end of the last thing that has text.
    last_end: usize,
    documents: usize,
    places: Places,
}

impl<'t> Finder<'t> {
    fn new(text: &'t str, source: SourceId) -> Self {
        let offsets = (!text.is_ascii()).then(|| text.char_indices().map(|(at, _)| at).collect());
        let places = Places { values: BTreeMap::new(), keys: BTreeMap::new(), start: point(text, source, 0) };
        let (open, anchors) = (Vec::new(), BTreeMap::new());
        Self { text, source, offsets, open, anchors, last_end: 0, documents: 0, places }
    }

    /// The byte offset of a character.
    fn byte(&self, index: usize) -> usize {
        let byte = self.offsets.as_ref().map_or(Some(index), |offsets| offsets.get(index).copied());
        byte.unwrap_or(self.text.len()).min(self.text.len())
    }

    /// A span without the blanks at its end.
    fn span(&self, start: usize, end: usize) -> Span {
        let written = self.text.get(start..end).unwrap_or_default().trim_end().len();
        Span::new(self.source, start..start + written)
    }

    fn broken(&self, error: &ScanError) -> Diagnostic {
        let place = point(self.text, self.source, self.byte(error.marker().index()));
        Diagnostic::new(Code::Syntax, format!("this is not YAML: {}", error.info()), place)
    }

    fn take(&mut self, event: Event<'_>, range: Range) -> Result<(), Diagnostic> {
        let (start, end) = (self.byte(range.start.index()), self.byte(range.end.index()));
        match event {
            Event::Nothing | Event::StreamStart | Event::StreamEnd | Event::DocumentEnd => Ok(()),
            Event::DocumentStart(_) => self.document(start),
            Event::Alias(anchor) => self.alias(anchor, start, end),
            Event::Scalar(value, style, anchor, tag) => {
                self.untagged(tag.is_some(), start, end)?;
                self.scalar(&value, anchor, start, self.scalar_end(style, start, end))
            }
            Event::SequenceStart(anchor, tag) => {
                self.untagged(tag.is_some(), start, end)?;
                self.begin(Children::List { count: 0 }, anchor, start)
            }
            Event::MappingStart(anchor, tag) => {
                self.untagged(tag.is_some(), start, end)?;
                self.begin(Children::Mapping { keys: BTreeMap::new(), pending: None }, anchor, start)
            }
            Event::SequenceEnd | Event::MappingEnd => self.finish(end),
        }
    }

    fn document(&mut self, start: usize) -> Result<(), Diagnostic> {
        self.documents += 1;
        if self.documents == 1 {
            return Ok(());
        }
        let place = point(self.text, self.source, start);
        Err(Diagnostic::new(Code::Syntax, "the file holds more than one document", place))
    }

    fn untagged(&self, tagged: bool, start: usize, end: usize) -> Result<(), Diagnostic> {
        if !tagged {
            return Ok(());
        }
        Err(Diagnostic::new(Code::Syntax, "a tag has no meaning here", self.first_line(start, end.max(start + 1)))
            .help("leave the tag out, and put quotes around what must be text"))
    }

    /// Where a scalar ends. The parser counts what follows the closing quote on its line as part of it.
    fn scalar_end(&self, style: ScalarStyle, start: usize, end: usize) -> usize {
        let text = self.text.get(start..end).unwrap_or_default();
        let length = match style {
            ScalarStyle::SingleQuoted => closing(text, '\'', '\''),
            ScalarStyle::DoubleQuoted => closing(text, '"', '\\'),
            ScalarStyle::Plain | ScalarStyle::Literal | ScalarStyle::Folded => None,
        };
        length.map_or(end, |length| start + length)
    }

    fn scalar(&mut self, value: &str, anchor: usize, start: usize, end: usize) -> Result<(), Diagnostic> {
        self.last_end = self.last_end.max(self.span(start, end).end as usize);
        let span = self.first_line(start, end);
        if self.is_key() {
            return self.key(value, span);
        }
        if let Some(pointer) = self.next_pointer(span)? {
            self.places.values.insert(pointer, span);
        }
        let weight = value.len() + 1;
        if anchor > 0 {
            self.anchors.insert(anchor, weight);
        }
        self.add(weight, span)
    }

    fn alias(&mut self, anchor: usize, start: usize, end: usize) -> Result<(), Diagnostic> {
        let span = self.span(start, end);
        self.last_end = self.last_end.max(end);
        if self.is_key() {
            return Err(Diagnostic::new(Code::Syntax, "a key must be written out", span));
        }
        let Some(weight) = self.anchors.get(&anchor).copied() else {
            return Err(Diagnostic::new(Code::Syntax, "this alias stands inside what it repeats", span));
        };
        if let Some(pointer) = self.next_pointer(span)? {
            self.places.values.insert(pointer, span);
        }
        self.add(weight, span)
    }

    /// Whether the next node is a key of a mapping.
    fn is_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { children: Children::Mapping { pending: None, .. }, .. }))
    }

    fn key(&mut self, name: &str, span: Span) -> Result<(), Diagnostic> {
        let Some(Open { pointer, children: Children::Mapping { keys, pending }, .. }) = self.open.last_mut() else {
            return Ok(());
        };
        if let Some(first) = keys.insert(name.to_owned(), span) {
            return Err(Diagnostic::new(Code::Duplicate, format!("`{name}` stands twice"), span)
                .label("again here")
                .also(first, "first here"));
        }
        let pointer = format!("{pointer}/{}", segment(name));
        self.places.keys.insert(pointer.clone(), span);
        *pending = Some(pointer);
        Ok(())
    }

    /// The pointer of the value that now comes.
    fn next_pointer(&mut self, span: Span) -> Result<Option<String>, Diagnostic> {
        match self.open.last_mut() {
            None => Ok(Some(String::new())),
            Some(Open { pointer, children: Children::List { count }, .. }) => {
                let index = *count;
                *count += 1;
                Ok(Some(format!("{pointer}/{index}")))
            }
            Some(Open { children: Children::Mapping { pending, .. }, .. }) => {
                pending.take().map(Some).ok_or_else(|| Diagnostic::new(Code::Syntax, "a key must be text", span))
            }
        }
    }

    fn begin(&mut self, children: Children, anchor: usize, start: usize) -> Result<(), Diagnostic> {
        let span = point(self.text, self.source, start);
        if self.open.len() >= MAX_DEPTH {
            return Err(Diagnostic::new(Code::TooDeep, format!("nested more than {MAX_DEPTH} deep"), span));
        }
        let pointer = self.next_pointer(span)?.unwrap_or_default();
        self.open.push(Open { pointer, start, anchor, weight: 1, children });
        Ok(())
    }

    fn finish(&mut self, end: usize) -> Result<(), Diagnostic> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        // The end of a list or mapping in block form lies where the next thing begins.
        let flow = self.text.get(open.start..).is_some_and(|t| t.starts_with(['[', '{']));
        let end = if flow { end } else { self.last_end.max(open.start) };
        self.last_end = self.last_end.max(end);
        let span = self.first_line(open.start, end);
        self.places.values.insert(open.pointer, span);
        if open.anchor > 0 {
            self.anchors.insert(open.anchor, open.weight);
        }
        self.add(open.weight, span)
    }

    /// The part of `start..end` that stands on its first line.
    fn first_line(&self, start: usize, end: usize) -> Span {
        let line = self.text.get(start..end).and_then(|t| t.lines().next()).unwrap_or_default();
        self.span(start, start + line.len())
    }

    /// Adds a node to the weight of what is around it.
    fn add(&mut self, weight: usize, span: Span) -> Result<(), Diagnostic> {
        let Some(open) = self.open.last_mut() else { return Ok(()) };
        open.weight = open.weight.saturating_add(weight);
        if open.weight > self.text.len().saturating_mul(2).saturating_add(MAX_REPEATED) {
            return Err(Diagnostic::new(Code::TooDeep, "the aliases of this file repeat too much", span));
        }
        Ok(())
    }
}
