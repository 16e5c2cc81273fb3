//! `--only`: which detections a command is about.

use anyhow::{Result, bail};
use clap::Args;
use detc_core::diagnostics::suggest;
use detc_core::plan::{Strategy, Unit};

use crate::status::Status;

/// Which detections a command is about.
#[derive(Debug, Args)]
pub struct Selection {
    /// Only this strategy, analytic or detection; may be given several times
    #[arg(long, value_name = "AN1496[/name]")]
    pub only: Vec<String>,
}

impl Selection {
    /// Whether a detection is wanted: every one is if nothing was asked for.
    pub fn wants(&self, unit: Unit<'_>) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| names(name, unit))
    }

    /// Refuses a name that nothing bears, so that a slip does not look like silence. Where a source has an error, the name
    /// may be in it.
    pub fn check(&self, strategies: &[Strategy], status: Status) -> Result<()> {
        let units = || strategies.iter().flat_map(Strategy::units);
        for name in &self.only {
            if status == Status::Clean && !units().any(|unit| names(name, unit)) {
                let known: Vec<String> = units().flat_map(names_of).collect();
                let hint = suggest::did_you_mean(name, known.iter().map(String::as_str));
                let hint = hint.map(|hint| format!("; {hint}")).unwrap_or_default();
                bail!("no strategy, analytic or detection is called `{name}`{hint}");
            }
        }
        Ok(())
    }
}

/// Whether `name` means the detection, its analytic or its strategy. Case is ignored, as in every identifier of ATT&CK.
pub fn names(name: &str, unit: Unit<'_>) -> bool {
    names_of(unit).iter().any(|own| own.eq_ignore_ascii_case(name))
}

/// What a detection can be called by.
pub fn names_of(unit: Unit<'_>) -> [String; 3] {
    let analytic = &unit.analytic.id;
    [unit.strategy.id.clone(), analytic.clone(), format!("{analytic}/{}", unit.detection.name)]
}
