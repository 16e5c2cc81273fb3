//! `detc fmt`: the standard form.

use std::io::Read;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use detc_core::source::SourceId;
use detc_core::syntax;
use serde_json::json;

use crate::args::Format;
use crate::console::Console;
use crate::input::{Input, display, without_repeats};
use crate::output;
use crate::status::Status;

/// Arguments of `detc fmt`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
A file with a syntax error is left as it is.

Examples:
  detc fmt strategies            rewrite every strategy below a folder
  detc fmt --check strategies    list those that are not in the standard form; status 1 if there are any
  detc fmt - < strategy.det      from standard input to standard output")]
pub struct Args {
    /// Strategy files, folders that are searched for `*.det`, or `-` for standard input
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// Write nothing; list the files that would change
    #[arg(long)]
    check: bool,

    /// The form of the list of changed files
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    let mut input = Input::default();
    let status = if args.paths.iter().any(|path| path == Path::new("-")) {
        if args.paths.len() > 1 {
            bail!("`-` goes alone: standard input is one file");
        }
        standard_input(args, console, &mut input)?
    } else {
        files(args, console, &mut input)?
    };
    console.report(&input.sources, &input.diagnostics);
    Ok(status.max(input.status()))
}

/// Rewrites or lists files.
fn files(args: &Args, console: &Console, input: &mut Input) -> Result<Status> {
    let found = without_repeats(args.paths.iter().flat_map(|path| input.find(path)).collect());
    let mut changed = 0;
    for path in found {
        let Some((text, formatted)) = input.read(&path).and_then(|id| format(input, id)) else { continue };
        if text == formatted {
            continue;
        }
        changed += 1;
        if !args.check {
            output::replace(&path, formatted.as_bytes())?;
        }
        let name = display(&path);
        console.print(&match args.format {
            Format::Human => format!("{name}\n"),
            Format::Json => format!("{}\n", json!({ "file": name, "changed": !args.check })),
        })?;
    }
    let what = if args.check { "not in the standard form" } else { "rewritten" };
    console.say(&format!("{changed} {} {what}", if changed == 1 { "file" } else { "files" }));
    Ok(if args.check { Status::of(changed) } else { Status::Clean })
}

/// Formats standard input to standard output.
fn standard_input(args: &Args, console: &Console, input: &mut Input) -> Result<Status> {
    let mut bytes = Vec::new();
    std::io::stdin().lock().read_to_end(&mut bytes).context("cannot read standard input")?;
    let Some((text, formatted)) = input.text("<stdin>".to_owned(), bytes).and_then(|id| format(input, id)) else {
        return Ok(Status::Findings);
    };
    if args.check {
        return Ok(Status::of(usize::from(text != formatted)));
    }
    console.print(&formatted)?;
    Ok(Status::Clean)
}

/// A source as it is and in the standard form; none, and its errors noted, if it does not parse.
fn format(input: &mut Input, id: SourceId) -> Option<(String, String)> {
    let text = input.sources.get(id)?.text.to_string();
    match syntax::format(&input.sources, id) {
        Ok(formatted) => Some((text, formatted)),
        Err(errors) => {
            input.diagnostics.extend(errors);
            None
        }
    }
}
