//! The cases for replay in products.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};
use detc_core::cases::Runner;
use detc_core::target::Registry;

use super::{Tests, analyser};
use crate::input::display;
use crate::load::Loaded;
use crate::sites::{Choice, choose, resolve};

/// Writes an object a line: each case that can be judged, for each of its detections and each site.
pub fn run(path: &Path, choice: &Choice, tests: &[Tests], loaded: &mut Loaded, today: &str) -> Result<()> {
    let mut registry = Registry::embedded();
    let Some(chosen) = choose(choice, &mut registry, loaded) else { return Ok(()) };
    let sites: Vec<_> = resolve(&registry, &chosen).into_iter().map(|site| (site.target, site.profile)).collect();
    let file = File::create(path).with_context(|| format!("cannot write `{}`", display(path)))?;
    let mut file = BufWriter::new(file);
    let mut analyse = analyser(loaded, today);
    let mut runner = Runner::new(&mut analyse);
    for tests in tests {
        for case in &tests.file.cases {
            // What is wrong with a case is in the report already.
            for mut replay in runner.replays(&tests.file, case, &tests.event_files, &sites).unwrap_or_default() {
                if let Some(object) = replay.as_object_mut() {
                    object.insert("file".to_owned(), tests.name.as_str().into());
                }
                writeln!(file, "{replay}").with_context(|| format!("cannot write `{}`", display(path)))?;
            }
        }
    }
    file.flush().with_context(|| format!("cannot write `{}`", display(path)))
}
