//! Diagnostics as data. Passes build them; [`render`] alone turns them into text, JSON or SARIF.
//!
//! Titles stand alone on one line: lower case, no full stop, user text in backticks, no type names of this program.

pub mod codes;
pub mod render;
pub mod suggest;

pub use codes::Code;

use crate::source::Span;

/// How grave a diagnostic is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// Nothing is produced for the item concerned; the exit status is 1.
    Error,
    /// The result stands, and deserves a second look.
    Warning,
}

/// A place with a note about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub span: Span,
    /// What is to be seen there; may be empty for the primary label.
    pub text: String,
}

/// A replacement that would mend the problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// What is replaced (an empty range inserts).
    pub span: Span,
    /// The new text.
    pub replacement: String,
    /// What the change does, in the imperative: "write `name`".
    pub title: String,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// Which kind of finding; has a page for `detc explain`.
    pub code: Code,
    /// Error or warning.
    pub severity: Severity,
    /// One line that stands alone.
    pub title: String,
    /// Where it is; none only for what has no place in a file.
    pub primary: Option<Label>,
    /// Other places that matter.
    pub others: Vec<Label>,
    /// Advice below the snippet, one line each.
    pub help: Vec<String>,
    /// A mechanical fix, where there is just one.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A diagnostic of `code`'s own severity at `span`.
    pub fn new(code: Code, title: impl Into<String>, span: Span) -> Self {
        Self {
            code,
            severity: code.severity(),
            title: title.into(),
            primary: Some(Label { span, text: String::new() }),
            others: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    /// A diagnostic without a place.
    pub fn bare(code: Code, title: impl Into<String>) -> Self {
        Self {
            code,
            severity: code.severity(),
            title: title.into(),
            primary: None,
            others: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    /// Sets the note at the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        if let Some(primary) = &mut self.primary {
            primary.text = text.into();
        }
        self
    }

    /// Adds another place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<String>) -> Self {
        self.others.push(Label { span, text: text.into() });
        self
    }

    /// Adds a line of advice.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help.push(text.into());
        self
    }

    /// Adds a line of advice if there is one.
    #[must_use]
    pub fn maybe_help(mut self, text: Option<String>) -> Self {
        self.help.extend(text);
        self
    }

    /// Adds a mechanical fix.
    #[must_use]
    pub fn fix(mut self, span: Span, replacement: impl Into<String>, title: impl Into<String>) -> Self {
        self.fix = Some(Fix { span, replacement: replacement.into(), title: title.into() });
        self
    }

    /// Whether it is an error.
    #[must_use]
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}
