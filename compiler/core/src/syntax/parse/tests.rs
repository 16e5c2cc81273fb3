//! What parses, what it means, and what errors say.

use super::parse;
use crate::diagnostics::Diagnostic;
use crate::source::Sources;
use crate::syntax::ast::*;
use crate::syntax::samples::{EVERYTHING, STRATEGY};

fn read(text: &str) -> (File, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let id = sources.add("test.det", text);
    let (file, diagnostics) = parse(&sources, id);
    (file, diagnostics, sources)
}

/// One line a diagnostic: code, place, title, label, help, fix.
fn shown(text: &str) -> String {
    let (_, diagnostics, sources) = read(text);
    let mut out = String::new();
    for found in diagnostics {
        let label = found.primary.unwrap();
        let (line, column) = sources.line_column(label.span.source, label.span.start);
        out += &format!("{} {line}:{column} {} [{}]\n", found.code, found.title, label.text);
        for other in found.others {
            let (line, column) = sources.line_column(other.span.source, other.span.start);
            out += &format!("    {line}:{column} {}\n", other.text);
        }
        for help in found.help {
            out += &format!("    help: {help}\n");
        }
        if let Some(fix) = found.fix {
            out += &format!("    fix: {}: `{}` to `{}`\n", fix.title, sources.slice(fix.span), fix.replacement);
        }
    }
    out
}

#[test]
fn the_worked_example_and_every_other_form_parse_without_errors() {
    assert_eq!(shown(STRATEGY), "");
    assert_eq!(shown(EVERYTHING), "");
}
