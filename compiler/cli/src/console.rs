//! The two output streams. Results go to one, everything else to the other; colours only where a person looks.

use std::fmt;
use std::io::{self, IsTerminal, Write};

use anyhow::{Context, Result};
use detc_core::diagnostics::Diagnostic;
use detc_core::diagnostics::render::{self, Colour};
use detc_core::source::Sources;

use crate::args::Color;

/// Whoever reads standard output has seen enough.
#[derive(Debug)]
pub struct ClosedPipe;

impl fmt::Display for ClosedPipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("standard output is closed")
    }
}

impl std::error::Error for ClosedPipe {}

/// How the streams are used.
#[derive(Debug, Clone, Copy)]
pub struct Console {
    /// Colours on standard output.
    pub results: Colour,
    /// Colours on standard error.
    notes: Colour,
    /// Whether standard error is read by people.
    for_people: bool,
}

impl Console {
    /// Looks at the terminal and at `NO_COLOR` (<https://no-color.org>).
    pub fn new(color: Color, for_people: bool) -> Self {
        let on = |terminal: bool| match color {
            Color::Always => Colour::On,
            Color::Never => Colour::Off,
            Color::Auto if terminal && wanted_by_environment() => Colour::On,
            Color::Auto => Colour::Off,
        };
        Self { results: on(io::stdout().is_terminal()), notes: on(io::stderr().is_terminal()), for_people }
    }

    /// Whether progress may be shown.
    pub fn shows_progress(&self) -> bool {
        self.for_people && io::stderr().is_terminal()
    }

    /// Writes a result.
    pub fn print(&self, text: &str) -> Result<()> {
        let mut out = self.results();
        out.write(text.as_bytes())?;
        out.finish()
    }

    /// Standard output for results that come one by one.
    pub fn results(&self) -> Results {
        Results(io::BufWriter::with_capacity(1 << 16, io::stdout().lock()))
    }

    /// Says something to a person on standard error; programs do not get it.
    pub fn say(&self, text: &str) {
        if self.for_people {
            note(&format!("{text}\n"));
        }
    }

    /// Reports diagnostics on standard error.
    pub fn report(&self, sources: &Sources, diagnostics: &[Diagnostic]) {
        note(&if self.for_people {
            render::human::render(sources, diagnostics, self.notes)
        } else {
            render::json::render(sources, diagnostics)
        });
    }

    /// Reports a diagnostic about a line of a stream on standard error.
    pub fn report_line(&self, file: &str, number: usize, diagnostic: &Diagnostic) {
        note(&if self.for_people {
            let severity = if diagnostic.is_error() { "error" } else { "warning" };
            format!("{severity}[{}]: {file}:{number}: {}\n", diagnostic.code, one_line(&diagnostic.title))
        } else {
            render::json::render_at_line(file, number, diagnostic)
        });
    }

    /// Reports what stopped the run.
    pub fn fail(&self, error: &anyhow::Error) {
        let text = format!("{error:#}");
        note(&if self.for_people {
            format!("error: {text}\n")
        } else {
            format!("{}\n", serde_json::json!({ "code": null, "severity": "error", "title": text }))
        });
    }
}

/// Standard output, buffered.
#[derive(Debug)]
pub struct Results(io::BufWriter<io::StdoutLock<'static>>);

impl Results {
    /// Writes bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        written(self.0.write_all(bytes))
    }

    /// Hands over what is buffered.
    pub fn finish(&mut self) -> Result<()> {
        written(self.0.flush())
    }
}

fn written(result: io::Result<()>) -> Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(ClosedPipe.into()),
        other => other.context("cannot write to standard output"),
    }
}

/// Nobody is left to tell if standard error does not work.
fn note(text: &str) {
    let mut stderr = io::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}

fn wanted_by_environment() -> bool {
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    !no_color && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// Text of a stream as one harmless line.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
