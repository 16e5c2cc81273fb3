//! `detc schema`: JSON Schemas for the files people write, so that an editor completes and checks them.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::ValueEnum;
use detc_core::target::{Registry, profile_schema};
use detc_core::{cases, tuning};

use crate::args::{Format, Tuning};
use crate::console::Console;
use crate::load::load;
use crate::status::Status;

/// Arguments of `detc schema`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  detc schema tuning strategies > tuning.schema.json    knows the parameters, their types and bounds
  detc schema tests > tests.schema.json
  detc schema profile --target splunk > profile.schema.json

An editor with a YAML language server takes it from the first line of a file:
  # yaml-language-server: $schema=tuning.schema.json")]
pub struct Args {
    /// Which files
    #[arg(value_enum)]
    kind: Kind,

    /// Strategy files or folders; a schema of tuning files needs them
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,

    /// For profiles of this target only
    #[arg(long, value_name = "TARGET")]
    target: Option<String>,

    /// The form of diagnostics on standard error; a schema is always JSON
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// Which files a schema is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Tuning files of some strategies
    Tuning,
    /// Test files
    Tests,
    /// Profiles of targets
    Profile,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    if args.target.is_some() && args.kind != Kind::Profile {
        bail!("--target goes with `detc schema profile`");
    }
    if args.paths.is_empty() && args.kind == Kind::Tuning {
        bail!("`detc schema tuning` needs the strategies: the schema knows their parameters");
    }
    let loaded = (!args.paths.is_empty()).then(|| load(&args.paths, &Tuning::default()));
    let mut status = Status::Clean;
    if let Some(loaded) = &loaded {
        console.report(&loaded.input.sources, &loaded.input.diagnostics);
        status = loaded.status();
        if status == Status::Failed {
            return Ok(status);
        }
    }
    let schema = match args.kind {
        Kind::Tuning => tuning::schema(loaded.as_ref().map_or(&[][..], |loaded| &loaded.strategies)),
        Kind::Tests => cases::schema(),
        Kind::Profile => match &args.target {
            Some(target) => {
                let registry = Registry::embedded();
                let target = registry.get(target).map_err(|error| anyhow::anyhow!(error.title))?;
                profile_schema(Some(target.data_dialect()))
            }
            None => profile_schema(None),
        },
    };
    console.print(&(serde_json::to_string_pretty(&schema)? + "\n"))?;
    Ok(status)
}
