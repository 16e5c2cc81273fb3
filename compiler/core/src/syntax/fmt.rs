//! tmp
use crate::diagnostics::Diagnostic;
use crate::source::{SourceId, Sources};
/// tmp
/// # Errors
/// tmp
pub fn format(_: &Sources, _: SourceId) -> Result<String, Vec<Diagnostic>> {
    Ok(String::new())
}
