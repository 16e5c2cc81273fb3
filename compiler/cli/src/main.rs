//! The `detc` command line: files and terminals around the pure compiler.
//!
//! Results go to standard output, everything else to standard error. The exit status is 0 for a clean run, 1 for findings
//! and 2 for what is wrong with the command line or the file system. A closed pipe is no error.

mod alert;
mod allocator;
mod args;
mod attack;
mod clock;
mod commands;
mod console;
mod input;
mod lines;
mod load;
mod output;
mod page;
mod parallel;
mod progress;
mod selection;
mod signature;
mod sites;
mod status;

use std::process::ExitCode;

use clap::Parser;

use args::Cli;
use console::{ClosedPipe, Console};
use status::Status;

fn main() -> ExitCode {
    let cli = Cli::parse();
    let console = Console::new(cli.color, cli.command.is_for_people());
    match clock::check().and_then(|()| commands::run(cli.command, &console)) {
        Ok(status) => status.into(),
        Err(error) if error.is::<ClosedPipe>() => Status::Clean.into(),
        Err(error) => {
            console.fail(&error);
            Status::Failed.into()
        }
    }
}
