//! The formatter: one canonical layout for a file.
//!
//! It walks the tree and takes the tokens of the text in order ([`printer`]), so that every literal stays as it was
//! written and every comment stays beside its token; where lines break is decided by width ([`layout`]). The result
//! parses to the same tree, and formatting it again changes nothing.

mod exprs;
mod items;
mod layout;
mod patterns;
mod printer;
#[cfg(test)]
mod tests;

use super::parse;
use crate::diagnostics::Diagnostic;
use crate::source::{SourceId, Sources};
use printer::Printer;

/// The canonical layout of a source.
///
/// # Errors
/// The syntax errors of the source, if it has any: what is not understood is not moved about.
pub fn format(sources: &Sources, id: SourceId) -> Result<String, Vec<Diagnostic>> {
    let (file, diagnostics) = parse(sources, id);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    let text = sources.get(id).map_or("", |source| &*source.text);
    let mut printer = Printer::new(text);
    printer.file(&file);
    Ok(layout::render(&printer.into_ops()))
}
