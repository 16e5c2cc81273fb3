//! What parses, what it means, what errors say, and that nothing breaks the parser.

mod errors;
mod limits;
mod trees;

use super::parse;
use crate::diagnostics::Diagnostic;
use crate::source::Sources;
use crate::syntax::ast::File;

fn read(text: &str) -> (File, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let id = sources.add("test.det", text);
    let (file, diagnostics) = parse(&sources, id);
    (file, diagnostics, sources)
}

/// The tree of a text without errors.
fn parsed(text: &str) -> File {
    let errors = shown(text);
    assert_eq!(errors, "", "in:\n{text}");
    read(text).0
}

/// Code, place, title and label of each diagnostic, and what else it says on lines below.
fn shown(text: &str) -> String {
    let (_, diagnostics, sources) = read(text);
    let mut out = String::new();
    for found in diagnostics {
        let label = found.primary.unwrap();
        let (line, column) = sources.line_column(label.span.source, label.span.start);
        out += &format!("{} {line}:{column} {} [{}]\n", found.code, found.title, label.text);
        for other in found.others {
            let (line, column) = sources.line_column(other.span.source, other.span.start);
            out += &format!("  at {line}:{column}: {}\n", other.text);
        }
        for help in found.help {
            out += &format!("  help: {help}\n");
        }
        if let Some(fix) = found.fix {
            out += &format!("  fix: {}: `{}` to `{}`\n", fix.title, sources.slice(fix.span), fix.replacement);
        }
    }
    out
}
