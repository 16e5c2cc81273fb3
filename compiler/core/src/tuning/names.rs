//! Which parameter a name in a tuning file means.

use super::TuningFile;
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::plan::Parameter;

/// Whether `written` means this parameter: its name alone, or behind that of its strategy, its analytic, or both.
pub fn means(written: &str, strategy: &str, parameter: &Parameter) -> bool {
    let mut parts = written.rsplit('.');
    let named = parts.next() == Some(parameter.name.as_str());
    let mut rest = parts.peekable();
    if let Some(analytic) = &parameter.analytic {
        rest.next_if(|part| *part == analytic.as_str());
    }
    rest.next_if(|part| *part == strategy);
    named && rest.next().is_none()
}

/// The shortest name that means only this parameter among all, and the full one.
pub fn qualified(strategy: &str, parameter: &Parameter) -> String {
    format!("{}.{}", parameter.analytic.as_deref().unwrap_or(strategy), parameter.name)
}

/// Holds the names in tuning files against the parameters of all strategies of a run, each given with its id.
///
/// E0402, with the nearest name, for one that no strategy declares; E0401 for one that several declare.
#[must_use]
pub fn check_names(strategies: &[(&str, &[Parameter])], files: &[TuningFile]) -> Vec<Diagnostic> {
    let all = || strategies.iter().flat_map(|(id, list)| list.iter().map(move |p| (*id, p)));
    let mut diagnostics = Vec::new();
    for entry in files.iter().flat_map(|file| &file.entries) {
        let (written, place) = (entry.parameter.value.as_str(), entry.parameter.span);
        let meant: Vec<String> =
            all().filter(|(id, p)| means(written, id, p)).map(|(id, p)| qualified(id, p)).collect();
        match meant.as_slice() {
            [_] => {}
            [] => {
                let names: Vec<String> =
                    all().flat_map(|(id, p)| [p.name.clone(), format!("{id}.{}", p.name), qualified(id, p)]).collect();
                let title = format!("no strategy has a parameter `{written}`");
                let diagnostic = Diagnostic::new(Code::UnknownParameter, title, place);
                diagnostics.push(match suggest::nearest(written, names.iter().map(String::as_str)) {
                    Some(near) => {
                        diagnostic.help(format!("did you mean `{near}`?")).fix(place, near, format!("write `{near}`"))
                    }
                    None => diagnostic,
                });
            }
            several => {
                let title = format!("`{written}` is declared {} times", several.len());
                diagnostics.push(
                    Diagnostic::new(Code::BadTuning, title, place)
                        .help(format!("say which is meant: {}", several.join(", "))),
                );
            }
        }
    }
    diagnostics
}
