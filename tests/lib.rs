//! What the fuzz targets run, and `cargo test` over their seeds: no input may panic.

use detc_core::compile::{artifacts, run};
use detc_core::source::Sources;
use detc_core::target::Registry;
use detc_core::{sema, syntax};

/// Parses the bytes, if they are UTF-8, and formats what parses; what the formatter writes must be stable.
///
/// # Panics
/// If formatting what was formatted changes it.
pub fn parse(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut sources = Sources::default();
    let id = sources.add("fuzz.det", text);
    let (_, diagnostics) = syntax::parse(&sources, id);
    if diagnostics.iter().any(detc_core::diagnostics::Diagnostic::is_error) {
        return;
    }
    let Ok(once) = syntax::format(&sources, id) else { return };
    let again = sources.add("formatted.det", once.clone());
    assert_eq!(syntax::format(&sources, again).as_ref(), Ok(&once), "formatting is not stable");
}

/// Analyses the bytes and compiles every strategy for every target and profile.
///
/// # Panics
/// If a target's template does not render.
pub fn compile(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut sources = Sources::default();
    let id = sources.add("fuzz.det", text);
    let (file, _) = syntax::parse(&sources, id);
    let analysis = sema::analyse(&mut sources, &[file], &[]);
    let registry = Registry::embedded();
    for strategy in &analysis.strategies {
        for target in registry.ids().filter_map(|id| registry.get(id).ok()) {
            for profile in target.profiles.values() {
                let compilation = run(strategy, target, profile, &|_| true);
                assert!(artifacts(&compilation.outcomes).is_ok(), "a template does not render");
            }
        }
    }
}
