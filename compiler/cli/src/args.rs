//! The command line as types. Each command's own arguments stand in its module.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use detc_core::sema::literals::parse_datetime;

use crate::commands::{check, compile, completions, eval, explain, fmt, man, pack, schema, targets, test, verify};

/// Write a MITRE ATT&CK detection strategy once, test it, tune it, and compile it for every SIEM.
#[derive(Debug, Parser)]
#[command(name = "detc", version, propagate_version = true, max_term_width = 100, after_help = AFTER_HELP)]
pub struct Cli {
    /// When to use colours.
    #[arg(long, value_enum, default_value_t = Color::Auto, global = true, value_name = "WHEN", display_order = 100)]
    pub color: Color,

    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

const AFTER_HELP: &str = "\
Exit status: 0 clean; 1 findings (an error in the sources, a failing test, a detection without a rule, a bad event); \
2 the command line or the file system.";

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Look for errors in strategies
    Check(check::Args),
    /// Lay strategies out in the standard form
    Fmt(fmt::Args),
    /// Write the rules of strategies for one target or several
    Compile(compile::Args),
    /// Write rule packs that products import
    Pack(pack::Args),
    /// Check that a rule pack is what its maker published
    Verify(verify::Args),
    /// Run strategies over events and print their alerts
    Eval(eval::Args),
    /// Run the test files beside strategies
    Test(test::Args),
    /// Explain a diagnostic code, a strategy, an analytic or a detection
    Explain(explain::Args),
    /// Show what each target can express
    Targets(targets::Args),
    /// Print the JSON Schema of tuning files, test files or profiles
    Schema(schema::Args),
    /// Print completions for a shell
    Completions(completions::Args),
    /// Write manual pages
    Man(man::Args),
}

impl Command {
    /// Whether what is said on the way is read by people and not by a program.
    pub fn is_for_people(&self) -> bool {
        match self {
            Self::Check(args) => matches!(args.format, ReportFormat::Human),
            Self::Test(args) => matches!(args.format, ReportFormat::Human),
            Self::Fmt(args) => matches!(args.format, Format::Human),
            Self::Compile(args) => matches!(args.format, Format::Human),
            Self::Pack(args) => matches!(args.format, Format::Human),
            Self::Verify(args) => matches!(args.format, Format::Human),
            Self::Eval(args) => matches!(args.format, Format::Human),
            Self::Explain(args) => matches!(args.format(), Format::Human),
            Self::Targets(args) => matches!(args.format, Format::Human),
            Self::Schema(args) => matches!(args.format, Format::Human),
            Self::Completions(_) | Self::Man(_) => true,
        }
    }
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// On a terminal, unless `NO_COLOR` is set
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

/// The form of a command's output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people
    Human,
    /// For programs: one JSON object a line where there are several
    Json,
}

/// The form of a report of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// For people
    Human,
    /// For programs: one JSON object a line
    Json,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For build servers: JUnit XML
    Junit,
}

/// Strategies and their tuning.
#[derive(Debug, Args)]
pub struct Sources {
    /// Strategy files, or folders that are searched for `*.det`
    #[arg(required = true, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    #[command(flatten)]
    pub tuning: Tuning,
}

/// Tuning files.
#[derive(Debug, Default, Args)]
pub struct Tuning {
    /// A tuning file; several are laid over each other in the order given
    #[arg(long = "tuning", value_name = "FILE")]
    pub files: Vec<PathBuf>,

    #[command(flatten)]
    pub day: Day,
}

/// The day it is.
#[derive(Debug, Default, Args)]
pub struct Day {
    /// The day by which entries of tuning files expire [default: that of SOURCE_DATE_EPOCH, else today, UTC]
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = day)]
    pub today: Option<String>,
}

/// A day of the calendar.
fn day(text: &str) -> Result<String, String> {
    let is_day = text.len() == "2026-12-31".len() && parse_datetime(text).is_ok();
    if is_day { Ok(text.to_owned()) } else { Err("a day looks like 2026-12-31".to_owned()) }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::Cli;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_shows_examples() {
        for command in Cli::command().get_subcommands() {
            let help = command.get_after_help().map(|help| help.to_string()).unwrap_or_default();
            assert!(help.contains("Examples:\n  "), "`detc {} --help` shows no example", command.get_name());
        }
    }
}
