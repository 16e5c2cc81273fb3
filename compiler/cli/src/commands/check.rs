//! `detc check`: look for errors.

use anyhow::Result;
use detc_core::diagnostics::render;
use detc_core::source::SourceId;

use crate::args::{ReportFormat, Sources};
use crate::attack::{self, Against};
use crate::console::Console;
use crate::load::Loaded;
use crate::status::Status;

/// Arguments of `detc check`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  detc check strategies                       every strategy below a folder
  detc check strategies --tuning site.yaml    with a site's values, which are checked too
  detc check strategies --attack enterprise-attack.json    against another version of ATT&CK
  detc check strategies --format sarif > findings.sarif")]
pub struct Args {
    #[command(flatten)]
    sources: Sources,

    #[command(flatten)]
    against: Against,

    /// The form of the report
    #[arg(long, value_enum, default_value_t = ReportFormat::Human)]
    pub format: ReportFormat,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    let mut loaded = Loaded::new(&args.sources);
    let bundle = args.against.hold(&mut loaded);
    let (sources, diagnostics) = (&loaded.input.sources, &loaded.input.diagnostics);
    let files: Vec<SourceId> = loaded.files.iter().map(|file| file.id).collect();
    console.print(&match args.format {
        ReportFormat::Human => render::human::render(sources, diagnostics, console.results),
        ReportFormat::Json => render::json::render(sources, diagnostics),
        ReportFormat::Sarif => render::sarif::render(sources, diagnostics, env!("CARGO_PKG_VERSION")),
        ReportFormat::Junit => render::junit::render(&[render::junit::check(sources, &files, diagnostics)]),
    })?;
    let files = files.len();
    let found = render::summary(diagnostics).unwrap_or_else(|| "no findings".to_owned());
    console.say(&format!("{files} {} checked: {found}", if files == 1 { "file" } else { "files" }));
    if let Some(held) = attack::summary(&loaded.strategies, &bundle) {
        console.say(&held);
    }
    Ok(loaded.status())
}
