//! Markdown pages on a terminal: headings in bold, code indented, everything else as it is written.

use std::fmt::Write as _;

use detc_core::diagnostics::render::Colour;

const BOLD: &str = "\u{1b}[1m";
const PLAIN: &str = "\u{1b}[0m";

/// A page for whoever reads it: laid out on a terminal, as it is elsewhere.
pub fn render(markdown: &str, colour: Colour) -> String {
    if colour == Colour::Off {
        return markdown.to_owned();
    }
    let mut text = String::with_capacity(markdown.len());
    let mut code = false;
    for line in markdown.lines() {
        if line.starts_with("```") {
            code = !code;
        } else if code {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "    {line}");
        } else if line.starts_with('#') {
            let _ = writeln!(text, "{BOLD}{}{PLAIN}", line.trim_start_matches('#').trim());
        } else {
            let _ = writeln!(text, "{line}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_laid_out_only_on_a_terminal() {
        let page = "# E0001\n\nText.\n\n```det\n# no heading\n```\n";
        assert_eq!(render(page, Colour::Off), page);
        assert_eq!(render(page, Colour::On), "\u{1b}[1mE0001\u{1b}[0m\n\nText.\n\n    # no heading\n");
    }
}
