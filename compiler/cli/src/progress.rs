//! Progress of long work, on a terminal only.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::console::Console;

/// Work that is done sooner shows nothing.
const QUIET: Duration = Duration::from_millis(500);

/// How far a piece of work is.
#[derive(Debug)]
pub struct Progress {
    bar: Option<ProgressBar>,
    started: Instant,
    shown: bool,
}

impl Progress {
    /// Counts steps up to a total.
    pub fn steps(console: &Console, label: &'static str, total: usize) -> Self {
        let length = u64::try_from(total).unwrap_or(u64::MAX);
        Self::new(console, label, Some(length), "{msg} {wide_bar} {pos}/{len}")
    }

    /// Counts bytes; the total is unknown for a stream.
    pub fn bytes(console: &Console, label: &'static str, total: Option<u64>) -> Self {
        match total {
            Some(_) => Self::new(console, label, total, "{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}"),
            None => Self::new(console, label, None, "{msg} {spinner} {bytes} {bytes_per_sec}"),
        }
    }

    fn new(console: &Console, label: &'static str, total: Option<u64>, template: &str) -> Self {
        let bar = console.shows_progress().then(|| {
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            ProgressBar::with_draw_target(total, ProgressDrawTarget::hidden()).with_style(style).with_message(label)
        });
        Self { bar, started: Instant::now(), shown: false }
    }

    /// Notes that `amount` more is done.
    pub fn add(&mut self, amount: usize) {
        let Some(bar) = &self.bar else { return };
        bar.inc(u64::try_from(amount).unwrap_or_default());
        if !self.shown && self.started.elapsed() > QUIET {
            self.shown = true;
            bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Writes to the terminal without the bar in the way.
    pub fn aside<T>(&self, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
