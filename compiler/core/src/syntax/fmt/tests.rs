//! What the formatter does and keeps.

use super::format;
use crate::source::Sources;
use crate::syntax::samples::{EVERYTHING, STRATEGY};

fn formatted(text: &str) -> String {
    let mut sources = Sources::default();
    let id = sources.add("test.det", text);
    format(&sources, id).unwrap_or_else(|found| panic!("{found:?}\n{text}"))
}

#[test]
fn samples_are_laid_out_so() {
    println!("{}", formatted(STRATEGY));
    println!("{}", formatted(EVERYTHING));
}
