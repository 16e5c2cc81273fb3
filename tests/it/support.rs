//! Reading the project's own files.

use std::path::{Path, PathBuf};

use detc_core::diagnostics::Diagnostic;
use detc_core::plan::Strategy;
use detc_core::sema;
use detc_core::source::Sources;
use detc_core::syntax;

/// The project's root folder.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests crate lies below the root").to_owned()
}

/// A file of the project, as text.
pub fn read(path: &str) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// Every `.det` file below a folder, sorted.
pub fn det_files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
            let path = entry.expect("a readable folder").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|e| e == "det") {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// What analysing one text gives.
pub struct Analysed {
    /// The strategies without errors.
    pub strategies: Vec<Strategy>,
    /// Errors and warnings.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses and analyses one text without tuning.
pub fn analyse(name: &str, text: &str) -> Analysed {
    let mut sources = Sources::default();
    let id = sources.add(name, text);
    let (file, mut diagnostics) = syntax::parse(&sources, id);
    let analysis = sema::analyse(&mut sources, &[file], &[]);
    diagnostics.extend(analysis.diagnostics);
    Analysed { strategies: analysis.strategies, diagnostics }
}

/// The diagnostics on one line each, for failure messages.
pub fn list(diagnostics: &[Diagnostic]) -> String {
    diagnostics.iter().map(|d| format!("{}: {}", d.code, d.title)).collect::<Vec<_>>().join("\n")
}
