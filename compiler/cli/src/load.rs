//! From paths to strategies: reads, parses and analyses, with tuning laid over.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use crate::stages::{sema, syntax, tuning};
use detc_core::plan::{Class, Strategy};
use detc_core::source::SourceId;

use crate::args;
use crate::input::Input;
use crate::status::Status;

/// Strategies, and what there is to say about them.
#[derive(Debug)]
pub struct Loaded {
    /// Every text read, and the errors and warnings of every stage.
    pub input: Input,
    /// The strategy files.
    pub files: Vec<SourceId>,
    /// The strategies without an error.
    pub strategies: Vec<Strategy>,
    /// The event classes, by name.
    pub classes: BTreeMap<String, Arc<Class>>,
}

impl Loaded {
    /// Reads the strategies of the command line with its tuning files laid over them.
    pub fn new(arguments: &args::Sources) -> Self {
        load(&arguments.paths, &arguments.tuning.files)
    }

    /// How it went so far.
    pub fn status(&self) -> Status {
        self.input.status()
    }
}

/// Reads the strategies at `paths` with tuning files laid over them.
pub fn load(paths: &[PathBuf], tuning_files: &[PathBuf]) -> Loaded {
    let mut input = Input::default();
    let files = input.strategies(paths);
    let mut trees = Vec::new();
    for file in &files {
        let (tree, found) = syntax::parse(&input.sources, *file);
        trees.push(tree);
        input.diagnostics.extend(found);
    }
    let mut layers = Vec::new();
    for path in tuning_files {
        let Some(file) = input.read(path) else { continue };
        match tuning::load(&input.sources, file) {
            Ok(layer) => layers.push(layer),
            Err(errors) => input.diagnostics.extend(errors),
        }
    }
    let analysis = sema::analyse(&mut input.sources, &trees, &layers);
    input.diagnostics.extend(analysis.diagnostics);
    Loaded { input, files, strategies: analysis.strategies, classes: analysis.classes }
}
