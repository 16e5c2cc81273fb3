//! `--attack`: which ATT&CK strategies are held against.

use std::path::PathBuf;

use clap::Args;
use detc_core::attack::{self, Bundle, Standing, standing};
use detc_core::diagnostics::{Code, Diagnostic};
use detc_core::plan::Strategy;

use crate::load::Loaded;

/// Which ATT&CK strategies are held against.
#[derive(Debug, Default, Args)]
pub struct Against {
    /// A STIX bundle of ATT&CK 18 or later [default: the objects that come with this program]
    #[arg(long, value_name = "FILE")]
    attack: Option<PathBuf>,
}

impl Against {
    /// Holds the strategies against ATT&CK; what is found joins the other diagnostics. Without a bundle that can be read,
    /// the one returned is empty.
    pub fn hold(&self, loaded: &mut Loaded) -> Bundle {
        let bundle = self.bundle(loaded).unwrap_or_default();
        if !bundle.strategies.is_empty() {
            let found = loaded.strategies.iter().flat_map(|strategy| attack::check(strategy, &bundle));
            loaded.input.diagnostics.extend(found);
        }
        bundle
    }

    fn bundle(&self, loaded: &mut Loaded) -> Option<Bundle> {
        let Some(path) = &self.attack else { return Bundle::embedded().ok() };
        let source = loaded.input.read(path)?;
        let text = loaded.input.sources.get(source).map(|s| s.text.clone()).unwrap_or_default();
        let read = Bundle::read(&text);
        read.map_err(|reason| {
            let title = format!("`{}` is no bundle of ATT&CK: {reason}", path.display());
            loaded.input.diagnostics.push(Diagnostic::bare(Code::BadBundle, title));
        })
        .ok()
    }
}

/// How many strategies are named one by one.
const MOST_NAMED: usize = 5;

/// What was held against ATT&CK and what was not, in a line; none if there is no strategy.
pub fn summary(strategies: &[Strategy], bundle: &Bundle) -> Option<String> {
    let ids = |wanted: Standing| {
        let of = strategies.iter().filter(|s| standing(s, bundle) == wanted).map(|s| s.id.as_str());
        let of: Vec<&str> = of.collect();
        if of.len() <= MOST_NAMED { of.join(", ") } else { format!("{} strategies", of.len()) }
    };
    let version = bundle.version.as_deref().unwrap_or("of an unknown version");
    let parts = [
        (ids(Standing::Held), format!("held against ATT&CK {version}")),
        (ids(Standing::NotInBundle), format!("not checked, ATT&CK {version} at hand does not have it")),
        (ids(Standing::NotClaimed), "not held against ATT&CK, of which it names no version".to_owned()),
    ];
    let said = parts.iter().filter(|(ids, _)| !ids.is_empty()).map(|(ids, what)| format!("{ids}: {what}"));
    Some(said.collect::<Vec<_>>().join("; ")).filter(|text| !text.is_empty())
}
