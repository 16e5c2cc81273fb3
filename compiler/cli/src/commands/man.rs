//! `detc man`: manual pages.

use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_mangen::Man;
use detc_core::compile::Artifact;

use crate::args::Cli;
use crate::console::Console;
use crate::output::{Stale, write_folder};
use crate::status::Status;

/// Arguments of `detc man`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  detc man -o man/man1       a page for detc and one for each command
  detc man | man -l -        read detc's own page")]
pub struct Args {
    /// The folder for one page a command; without it, detc's own page goes to standard output
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    let mut detc = Cli::command();
    detc.build();
    let Some(folder) = &args.output else {
        console.print(&String::from_utf8_lossy(&page(&detc)?))?;
        return Ok(Status::Clean);
    };
    let mut pages = vec![Artifact { path: "detc.1".to_owned(), bytes: page(&detc)? }];
    for command in detc.get_subcommands().filter(|command| command.get_name() != "help") {
        let name = format!("detc-{}", command.get_name());
        pages.push(Artifact { path: format!("{name}.1"), bytes: page(&command.clone().display_name(name))? });
    }
    let written = write_folder(folder, &pages, Stale::Remove)?;
    console.say(&format!("{} pages written", written.files));
    Ok(Status::Clean)
}

fn page(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    Man::new(command.clone()).render(&mut page).context("cannot render the manual page")?;
    Ok(page)
}
