//! `detc test`: the test files beside strategies.

use anyhow::Result;

use crate::args::{ReportFormat, Sources};
use crate::console::Console;
use crate::status::Status;

/// Arguments of `detc test`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    sources: Sources,

    /// The form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub format: ReportFormat,
}

/// Runs the command.
pub fn run(_args: &Args, _console: &Console) -> Result<Status> {
    Ok(Status::Clean)
}
