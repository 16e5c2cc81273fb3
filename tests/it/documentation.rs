//! Every example of the language in the documentation compiles.
//!
//! A code block is a whole file (` ```det `), the inside of a strategy (` ```det strategy `), the inside of an analytic
//! (` ```det analytic `), a condition on the events of a class (` ```det condition=CLASS `), or a pattern (` ```det pattern `)
//! of the events `load`, `connection`, `lookup`, `session` and `flow`. On the page of a diagnostic code, `error` before these
//! words says that the example gives that code.

use crate::support::{analyse, list, read};

use detc_core::diagnostics::Code;

/// The documents whose examples are compiled.
const DOCUMENTS: &[&str] = &["docs/language.md", "README.md"];

/// A code block: the words after `det`, its text, the line it starts at.
struct Block {
    words: String,
    text: String,
    line: usize,
}

fn blocks(document: &str) -> Vec<Block> {
    let mut found = Vec::new();
    let mut open: Option<Block> = None;
    for (number, line) in document.lines().enumerate() {
        match &mut open {
            Some(_) if line.trim_start().starts_with("```") => found.extend(open.take()),
            Some(block) => block.text.push_str(&format!("{line}\n")),
            None => {
                open = line.trim_start().strip_prefix("```det").map(|words| Block {
                    words: words.trim().to_owned(),
                    text: String::new(),
                    line: number + 2,
                });
            }
        }
    }
    found
}

/// The events that pattern examples may use.
const EVENTS: &str = "
    event load       = library_load
    event connection = network_connection
    event lookup     = dns_query
    event session    = tls_session
    event flow       = network_flow
";

/// What makes a strategy whole.
const ANALYTIC: &str = "/// T
analytic AN9999 on windows {
    event e = library_load
    /// T
    detect d {
        severity low
        pattern e
        entity host.name
    }
}";

/// The example as a whole file.
fn whole(block: &Block) -> String {
    let text = &block.text;
    let strategy = |inside: &str| format!("/// T\nstrategy DET9999 {{\n{inside}\n}}");
    let analytic = |inside: &str| strategy(&format!("/// T\nanalytic AN9999 on windows {{\n{inside}\n}}"));
    let detect = |pattern: &str, entity: &str| {
        format!("/// T\ndetect d {{\nseverity low\npattern {pattern}\nentity {entity}\n}}")
    };
    match block.words.trim_start_matches("error").trim() {
        "" => text.clone(),
        "strategy" => strategy(&format!("{text}\n{ANALYTIC}")),
        "analytic" => analytic(text),
        "pattern" => {
            let event = text.split_whitespace().next().unwrap_or_default().trim_start_matches('(');
            let entity = if event == "flow" { "flow.source.ip".to_owned() } else { format!("{event}.host.name") };
            analytic(&format!("{EVENTS}\n{}", detect(text, &entity)))
        }
        words => match words.strip_prefix("condition=") {
            Some(class) => analytic(&format!("event e = {class} where\n{text}\n{}", detect("e", "host.name"))),
            None => panic!("line {}: `det {words}` is no kind of example", block.line),
        },
    }
}

#[test]
fn every_example_in_the_documentation_compiles() {
    let mut failures = Vec::new();
    let mut count = 0;
    for document in DOCUMENTS {
        for block in blocks(&read(document)) {
            count += 1;
            let analysed = analyse(document, &whole(&block));
            let errors: Vec<_> = analysed.diagnostics.into_iter().filter(|d| d.is_error()).collect();
            if !errors.is_empty() {
                failures.push(format!("{document}:{}\n{}\n{}", block.line, list(&errors), block.text));
            }
        }
    }
    assert!(count > 5, "only {count} examples found: the reader of code blocks is broken");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn every_example_of_a_diagnostic_gives_that_diagnostic() {
    let mut failures = Vec::new();
    let mut count = 0;
    for code in Code::ALL {
        assert!(code.page().starts_with(&format!("# {code}: ")), "{code}: the page does not begin with its code");
        for block in blocks(code.page()) {
            count += 1;
            let analysed = analyse("example.det", &whole(&block));
            if !analysed.diagnostics.iter().any(|d| d.code == *code) {
                failures.push(format!("{code}: got\n{}\nfor\n{}", list(&analysed.diagnostics), block.text));
            }
        }
    }
    assert!(count > 25, "only {count} examples found: the reader of code blocks is broken");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
