//! `detc targets`: what each target can express, asked of the function that the compiler asks.

use anyhow::Result;
use detc_core::capability::matrix::{FEATURES, label};
use detc_core::capability::{Feature, Support};
use detc_core::dialect::{Dialect, spoken};
use detc_core::sema;
use detc_core::target::{Profile, Registry, Target};
use serde_json::{Value as Json, json};

use crate::args::Format;
use crate::console::Console;
use crate::input::Input;
use crate::sites::OwnTargets;
use crate::status::Status;

/// Arguments of `detc targets`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
In the matrix, `yes` is exact, `no` is unsupported, and a name is what is lost. Name one target to see why. A profile can \
have less than its target, never more.

Examples:
  detc targets                  the matrix of all targets
  detc targets splunk           one target with reasons and profiles
  detc targets --format json    everything, for programs")]
pub struct Args {
    /// Only these targets
    #[arg(value_name = "TARGET")]
    targets: Vec<String>,

    #[command(flatten)]
    own: OwnTargets,

    /// The form of the matrix
    #[arg(long, value_enum, default_value_t = Format::Human)]
    pub format: Format,
}

/// A target with one of its dialects.
#[derive(Clone, Copy)]
struct Column<'a> {
    target: &'a Target,
    language: &'static dyn Dialect,
}

/// Runs the command.
pub fn run(args: &Args, console: &Console) -> Result<Status> {
    let mut registry = Registry::embedded();
    let mut input = Input::default();
    let classes = sema::analyse(&mut input.sources, &[], &[]).classes;
    args.own.lay_over(&mut registry, &mut input, &classes);
    if input.status() != Status::Clean {
        console.report(&input.sources, &input.diagnostics);
        return Ok(input.status());
    }
    let ids: Vec<&str> = if args.targets.is_empty() {
        registry.ids().collect()
    } else {
        args.targets.iter().map(String::as_str).collect()
    };
    let columns = ids.into_iter().map(|id| columns(&registry, id)).collect::<Result<Vec<_>>>()?;
    console.print(&match (args.format, columns.as_slice()) {
        (Format::Json, targets) => serde_json::to_string_pretty(&to_json(&targets.concat()))? + "\n",
        (Format::Human, [only]) => one(only),
        (Format::Human, targets) => matrix(&targets.concat()),
    })?;
    Ok(Status::Clean)
}

/// A column for each dialect of the target.
fn columns<'a>(registry: &'a Registry, id: &str) -> Result<Vec<Column<'a>>> {
    let target = registry.get(id).map_err(|error| {
        let help: String = error.help.iter().map(|line| format!("; {line}")).collect();
        anyhow::anyhow!("{}{help}", error.title)
    })?;
    let dialects = spoken(target).map_err(|title| anyhow::anyhow!(title))?;
    Ok(dialects.into_iter().map(|language| Column { target, language }).collect())
}

/// Features down, targets across.
fn matrix(columns: &[Column<'_>]) -> String {
    let mut rows: Vec<Vec<String>> = Vec::new();
    let head = columns.iter().map(|c| match c.target.dialects.as_slice() {
        [_] => c.target.id.clone(),
        _ => format!("{} {}", c.target.id, c.language.id()),
    });
    rows.push(std::iter::once("feature".to_owned()).chain(head).collect());
    for feature in FEATURES {
        let cells = columns.iter().map(|c| cell(&c.language.support(*feature)));
        rows.push(std::iter::once(label(*feature).to_owned()).chain(cells).collect());
    }
    table(&rows)
}

/// One target: its profiles, and for each dialect every feature with the reason.
fn one(columns: &[Column<'_>]) -> String {
    let Some(Column { target, .. }) = columns.first() else { return String::new() };
    let mut text = format!("{}, {}\n\n", target.title, target.dialects.join(" and "));
    for profile in target.profiles.values() {
        text.push_str(&format!("profile {}: {}\n    {}\n", profile.id, profile.title, platforms(target, profile)));
        for (feature, reason) in &profile.narrow {
            text.push_str(&format!("    without {feature}: {reason}\n"));
        }
    }
    for column in columns {
        let head = || vec!["feature".to_owned(), column.language.id().to_owned()];
        let row = |feature: &Feature| {
            let support = column.language.support(*feature);
            vec![label(*feature).to_owned(), cell(&support), why(&support)]
        };
        let heads = (columns.len() > 1).then(head);
        text.push('\n');
        text.push_str(&table(&heads.into_iter().chain(FEATURES.iter().map(row)).collect::<Vec<_>>()));
    }
    text
}

/// The platforms that a profile serves, and those it is the default of.
fn platforms(target: &Target, profile: &Profile) -> String {
    let defaults = || target.default_profile.iter().filter(|(_, id)| **id == profile.id).map(|(p, _)| p.as_str());
    let serves = if profile.platforms.is_empty() { "every platform".to_owned() } else { profile.platforms.join(", ") };
    match defaults().collect::<Vec<_>>() {
        none if none.is_empty() => serves,
        all => format!("{serves}; the default on {}", all.join(", ")),
    }
}

fn cell(support: &Support) -> String {
    match support {
        Support::Exact => "yes".to_owned(),
        Support::Lossy(loss) => loss.name.clone(),
        Support::No { .. } => "no".to_owned(),
    }
}

fn why(support: &Support) -> String {
    match support {
        Support::Exact => String::new(),
        Support::Lossy(loss) => format!("{}: {}", loss.direction.as_str(), loss.note),
        Support::No { reason, help: None } => reason.clone(),
        Support::No { reason, help: Some(help) } => format!("{reason}; {help}"),
    }
}

/// Rows in aligned columns, two spaces apart; the last column is not padded.
fn table(rows: &[Vec<String>]) -> String {
    let count = rows.iter().map(Vec::len).max().unwrap_or_default();
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max();
    let widths: Vec<usize> = (0..count).map(|column| width(column).unwrap_or_default()).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

fn to_json(columns: &[Column<'_>]) -> Json {
    let target = |column: &Column<'_>| {
        let target = column.target;
        let profile =
            |p: &Profile| json!({ "id": p.id, "title": p.title, "platforms": p.platforms, "narrow": p.narrow });
        json!({
            "id": target.id,
            "title": target.title,
            "dialect": column.language.id(),
            "default_profile": target.default_profile,
            "profiles": target.profiles.values().map(profile).collect::<Vec<_>>(),
            "features": FEATURES.iter().map(|f| support(*f, &column.language.support(*f))).collect::<Vec<_>>(),
        })
    };
    json!({ "version": 1, "targets": columns.iter().map(target).collect::<Vec<_>>() })
}

fn support(feature: Feature, support: &Support) -> Json {
    let (name, title) = (format!("{feature:?}"), label(feature));
    match support {
        Support::Exact => json!({ "feature": name, "title": title, "support": "exact" }),
        Support::Lossy(loss) => json!({
            "feature": name, "title": title, "support": "lossy",
            "loss": loss.name, "direction": loss.direction.as_str(), "note": loss.note,
        }),
        Support::No { reason, help } => {
            json!({ "feature": name, "title": title, "support": "no", "reason": reason, "help": help })
        }
    }
}
