//! From paths to strategies: reads, parses and analyses, with tuning laid over.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use detc_core::diagnostics::Diagnostic;
use detc_core::plan::{Class, Strategy};
use detc_core::source::{SourceId, Sources};
use detc_core::syntax::{Pieces, ast};
use detc_core::tuning::TuningFile;
use detc_core::{sema, syntax, tuning};

use crate::allocator;
use crate::args;
use crate::clock::today;
use crate::input::{Input, StrategyFile};
use crate::parallel;
use crate::status::Status;

/// Bytes of text whose trees are not worth the time that it takes to give their memory back.
const LITTLE: usize = 1 << 20;

/// Strategies, and what there is to say about them.
#[derive(Debug)]
pub struct Loaded {
    /// Every text read, and the errors and warnings of every stage.
    pub input: Input,
    /// The strategy files.
    pub files: Vec<StrategyFile>,
    /// Their trees.
    pub trees: Vec<ast::File>,
    /// The strategies without an error.
    pub strategies: Vec<Strategy>,
    /// The event classes, by name.
    pub classes: BTreeMap<String, Arc<Class>>,
}

impl Loaded {
    /// Reads the strategies of the command line with its tuning files laid over them.
    pub fn new(arguments: &args::Sources) -> Self {
        load(&arguments.paths, &arguments.tuning)
    }

    /// Gives the memory of the trees back, once they have served: a large corpus holds much in them. Of little text they
    /// stay.
    pub fn forget_trees(&mut self) {
        if self.input.sources.iter().map(|(_, source)| source.text.len()).sum::<usize>() > LITTLE {
            self.trees = Vec::new();
            parallel::everywhere(allocator::give_back);
        }
    }

    /// How it went so far.
    pub fn status(&self) -> Status {
        self.input.status()
    }
}

/// Reads the strategies at `paths` with tuning files laid over them.
pub fn load(paths: &[PathBuf], tuning: &args::Tuning) -> Loaded {
    load_beside(paths, tuning, || ())
}

/// The same, while another thread does something `ahead` that only makes a later step shorter: texts are parsed on all
/// threads, but the analysis takes only one.
pub fn load_beside(paths: &[PathBuf], tuning: &args::Tuning, ahead: impl FnOnce() + Send) -> Loaded {
    let mut input = Input::default();
    let library = sema::add_library(&mut input.sources);
    let of_library = input.sources.clone();
    // The library needs no file to be read.
    let ((files, (trees, found)), (library, wrong)) =
        parallel::both(|| read(&mut input, paths), || parse(&of_library, &library));
    input.diagnostics.extend(found.into_iter().chain(wrong));
    let layers = layers(&mut input, tuning);
    let (analysis, ()) = parallel::both(|| sema::analyse_with(&library, &trees, &layers), ahead);
    input.diagnostics.extend(analysis.diagnostics);
    Loaded { input, files, trees, strategies: analysis.strategies, classes: analysis.classes }
}

/// Reads and parses the strategies at `paths`.
fn read(input: &mut Input, paths: &[PathBuf]) -> (Vec<StrategyFile>, Parsed) {
    let files = input.strategies(paths);
    let texts: Vec<SourceId> = files.iter().map(|file| file.id).collect();
    let parsed = parse(&input.sources, &texts);
    (files, parsed)
}

/// Trees, and what is wrong with their texts.
type Parsed = (Vec<ast::File>, Vec<Diagnostic>);

/// Parses texts, the pieces of a large one at the same time.
fn parse(sources: &Sources, texts: &[SourceId]) -> Parsed {
    let cut = parallel::map(texts, |text| Pieces::of(sources, *text));
    let parts: Vec<(&Pieces<'_>, usize)> = cut.iter().flat_map(|cut| (0..cut.count()).map(move |n| (cut, n))).collect();
    let mut read = parallel::map(&parts, |(cut, number)| cut.read(*number)).into_iter();
    let joined: Vec<_> = cut.iter().map(|cut| cut.join(read.by_ref().take(cut.count()))).collect();
    let unclear: Vec<SourceId> =
        texts.iter().zip(&joined).filter(|(_, tree)| tree.is_none()).map(|(id, _)| *id).collect();
    let mut whole = parallel::map(&unclear, |text| syntax::parse(sources, *text)).into_iter();
    let trees = joined.into_iter().filter_map(|tree| tree.or_else(|| whole.next()));
    let (trees, found): (Vec<_>, Vec<_>) = trees.unzip();
    (trees, found.into_iter().flatten().collect())
}

/// Reads tuning files. Entries that are past their day are left out with a warning.
fn layers(input: &mut Input, arguments: &args::Tuning) -> Vec<TuningFile> {
    let mut layers = Vec::new();
    for path in &arguments.files {
        let Some(file) = input.read(path) else { continue };
        match tuning::load(&input.sources, file) {
            Ok(layer) => layers.push(layer),
            Err(errors) => input.diagnostics.extend(errors),
        }
    }
    let today = today(&arguments.day);
    input.diagnostics.extend(tuning::expired(&layers, &today));
    layers.iter().map(|layer| layer.without_expired(&today)).collect()
}
