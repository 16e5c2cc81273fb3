//! How a run ended.

use std::process::ExitCode;

/// The exit status; the greater is the graver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Everything asked for was done.
    Clean,
    /// An error in the sources, a failing test, a detection without a rule, a bad event.
    Findings,
    /// The command line or the file system.
    Failed,
}

impl Status {
    /// [`Self::Findings`] if there are any.
    pub const fn of(findings: usize) -> Self {
        if findings == 0 { Self::Clean } else { Self::Findings }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        match status {
            Status::Clean => Self::SUCCESS,
            Status::Findings => Self::from(1),
            Status::Failed => Self::from(2),
        }
    }
}
