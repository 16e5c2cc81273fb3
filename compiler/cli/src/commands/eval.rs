//! `detc eval`: run strategies over events.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use anyhow::{Result, bail};
use detc_core::diagnostics::{Code, Diagnostic};
use detc_core::eval::{Alert, Evaluator, Options};
use detc_core::plan::{Strategy, Unit};
use detc_core::sema::literals::parse_duration;

use crate::alert;
use crate::args::{Format, Sources};
use crate::console::{Console, Results};
use crate::input::{display, reason};
use crate::lines::{Line, Lines};
use crate::load::Loaded;
use crate::progress::Progress;
use crate::selection::Selection;
use crate::status::Status;

/// Arguments of `detc eval`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Events are one JSON object a line, in ECS names, with `class` and `@timestamp`. Alerts are one JSON object a line, written \
as soon as they are certain. A line that is no event is reported with its number, the rest is evaluated, and the status is 1.

An event may be older than the newest one before it by the slack; memory is bounded by that and by the windows. \
`--slack all` takes events in any order and holds what matters of them until the end.

Examples:
  detc eval strategies/DET0543 --events events.jsonl
  zcat events.jsonl.gz | detc eval strategies --events - --slack 5m --only AN1496/abnormal_session")]
pub struct Args {
    #[command(flatten)]
    sources: Sources,

    /// The events, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    events: PathBuf,

    #[command(flatten)]
    selection: Selection,

    /// How far events may be out of order, such as `5m`; `all` for any order
    #[arg(long, value_name = "DURATION", value_parser = slack, default_value = "1h")]
    slack: Slack,

    /// The form of diagnostics on standard error; alerts are always JSON
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// `--slack`: milliseconds, or none for any order.
#[derive(Debug, Clone, Copy)]
struct Slack(Option<i64>);

fn slack(text: &str) -> Result<Slack, String> {
    if text == "all" {
        return Ok(Slack(None));
    }
    let milliseconds = |nanoseconds: i64| nanoseconds / 1_000_000 + i64::from(nanoseconds % 1_000_000 > 0);
    parse_duration(text).map(|nanoseconds| Slack(Some(milliseconds(nanoseconds))))
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    let loaded = Loaded::new(&args.sources);
    console.report(&loaded.input.sources, &loaded.input.diagnostics);
    if loaded.status() == Status::Failed {
        return Ok(Status::Failed);
    }
    args.selection.check(&loaded.strategies, loaded.status())?;
    let wanted = |unit: &Unit<'_>| args.selection.wants(*unit);
    let units: Vec<Unit<'_>> = loaded.strategies.iter().flat_map(Strategy::units).filter(wanted).collect();
    let bad = evaluate(&mut Stream::open(args, console)?, units, Options { slack: args.slack.0 }, console)?;
    Ok(loaded.status().max(Status::of(bad)))
}

/// Where events come from.
struct Stream {
    name: String,
    lines: Lines<Box<dyn BufRead>>,
    progress: Progress,
}

impl Stream {
    fn open(args: &Args, console: &Console) -> Result<Self> {
        if args.events.as_os_str() == "-" {
            let progress = Progress::bytes(console, "events", None);
            let reader = BufReader::with_capacity(1 << 20, io::stdin());
            return Ok(Self { name: "<stdin>".to_owned(), lines: Lines::new(Box::new(reader)), progress });
        }
        let name = display(&args.events);
        let opened = File::open(&args.events).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = match opened {
            Ok((metadata, _)) if metadata.is_dir() => bail!("cannot read `{name}`: it is a folder"),
            Ok(opened) => opened,
            Err(error) => bail!("cannot read `{name}`: {}", reason(&error)),
        };
        let progress = Progress::bytes(console, "events", metadata.is_file().then_some(metadata.len()));
        Ok(Self { name, lines: Lines::new(Box::new(BufReader::with_capacity(1 << 20, file))), progress })
    }
}

/// Feeds the stream to the evaluator. Returns how many lines were no event.
fn evaluate(stream: &mut Stream, units: Vec<Unit<'_>>, options: Options, console: &Console) -> Result<usize> {
    let mut evaluator = Evaluator::new(units, options);
    let (mut alerts, mut results) = (Vec::new(), console.results());
    let (mut number, mut bad) = (0_u64, 0_usize);
    loop {
        number += 1;
        let (length, problem) = match stream.lines.next() {
            Ok(None) => break,
            Ok(Some(Line::TooLong)) => (0, Some("longer than 16 MiB".to_owned())),
            Ok(Some(Line::Read(line))) => {
                let pushed = evaluator.push_line(number, line, &mut alerts);
                (line.len(), pushed.err().map(|error| error.to_string()))
            }
            Err(error) => bail!("cannot read `{}` after line {}: {}", stream.name, number - 1, reason(&error)),
        };
        if let Some(problem) = problem {
            bad += 1;
            let diagnostic = Diagnostic::bare(Code::BadEvent, problem);
            let number = usize::try_from(number).unwrap_or(usize::MAX);
            stream.progress.aside(|| console.report_line(&stream.name, number, &diagnostic));
        }
        if !alerts.is_empty() {
            stream.progress.aside(|| print(&mut results, &mut alerts))?;
        }
        stream.progress.add(length);
    }
    evaluator.finish(&mut alerts);
    print(&mut results, &mut alerts)?;
    Ok(bad)
}

/// Writes alerts at once: whoever waits for them sees them as they come.
fn print(results: &mut Results, alerts: &mut Vec<Alert<'_>>) -> Result<()> {
    for alert in alerts.drain(..) {
        results.write(alert::line(&alert).as_bytes())?;
    }
    results.finish()
}
