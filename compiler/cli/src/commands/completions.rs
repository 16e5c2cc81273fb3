//! `detc completions`: completions for a shell.

use anyhow::Result;
use clap::CommandFactory;
use clap_complete::Shell;

use crate::args::Cli;
use crate::console::Console;
use crate::status::Status;

/// Arguments of `detc completions`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  detc completions bash > /etc/bash_completion.d/detc
  detc completions zsh > ~/.zfunc/_detc")]
pub struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "detc", &mut script);
    console.print(&String::from_utf8_lossy(&script))?;
    Ok(Status::Clean)
}
