//! What stands beside the searches: macros, shipped tables and the site's own.

use std::collections::BTreeMap;

use serde::Serialize;

use super::conf;
use crate::compile::Artifact;
use crate::diagnostics::{Code, Diagnostic};
use crate::dialect::Query;
use crate::dialect::held::{Held, Matching, Object};
use crate::pack::format::Rule;

/// The objects of all rules, by name.
#[derive(Debug, Default)]
pub struct Objects {
    known: BTreeMap<String, Known>,
}

#[derive(Debug)]
struct Known {
    held: Held,
    /// What it is, on one line.
    doc: String,
    /// The first rule that needs it.
    rule: String,
}

/// A stanza of `macros.conf`.
#[derive(Debug, Serialize)]
pub struct Macro {
    stanza: String,
    arguments: String,
    definition: String,
    description: String,
}

/// A table of `transforms.conf`, and of `collections.conf` if it is the site's own.
#[derive(Debug, Serialize)]
pub struct Table {
    name: String,
    cased: bool,
    /// `WILDCARD(entry)`, `CIDR(entry)`; empty for equality.
    match_type: &'static str,
    own: bool,
    description: String,
}

impl Objects {
    /// Adds what a query needs.
    ///
    /// # Errors
    /// E0703 if two rules need different content under one name, or a text that no conf file can hold.
    pub fn add(&mut self, rule: &Rule<'_>, query: &Query) -> Result<(), Diagnostic> {
        for held in &query.held {
            if let Some(known) = self.known.get(&held.name) {
                if known.held.object != held.object {
                    let what = format!("`{}` would hold something else than for `{}`", held.name, known.rule);
                    return Err(rule.error(Code::PackLimit, &what).help("pack the rules with one profile"));
                }
                continue;
            }
            if let Object::Macro { definition, .. } = &held.object {
                conf::value(definition).map_err(|e| rule.error(Code::PackLimit, &format!("`{}`: {e}", held.name)))?;
            }
            let parameter = held.param.as_ref().and_then(|p| rule.outcome.unit.strategy.parameter(p));
            let doc = parameter.and_then(|p| p.doc.lines().next()).unwrap_or_default();
            let doc = match &held.param {
                Some(_) => format!("{doc} ({})", held.form),
                None => format!("{}: {}", rule.name(), held.form),
            };
            let known = Known { held: held.clone(), doc: doc.trim().to_owned(), rule: rule.name() };
            self.known.insert(held.name.clone(), known);
        }
        Ok(())
    }

    /// The macros.
    #[must_use]
    pub fn macros(&self) -> Vec<Macro> {
        let one = |known: &Known| {
            let Object::Macro { arguments, definition } = &known.held.object else { return None };
            let count = if arguments.is_empty() { String::new() } else { format!("({})", arguments.len()) };
            Some(Macro {
                stanza: format!("{}{count}", known.held.name),
                arguments: arguments.join(", "),
                definition: conf::value(definition).unwrap_or_default(),
                description: known.doc.clone(),
            })
        };
        self.known.values().filter_map(one).collect()
    }

    /// The tables.
    #[must_use]
    pub fn tables(&self) -> Vec<Table> {
        let one = |known: &Known| {
            let (cased, matching, own) = match &known.held.object {
                Object::Rows { cased, .. } => (*cased, Matching::Exact, false),
                Object::SiteRows { cased, matching } => (*cased, *matching, true),
                Object::Macro { .. } | Object::Column { .. } => return None,
            };
            let match_type = match matching {
                Matching::Exact => "",
                Matching::Wildcard => "WILDCARD(entry)",
                Matching::Network => "CIDR(entry)",
            };
            let (name, description) = (known.held.name.clone(), known.doc.clone());
            Some(Table { name, cased, match_type, own, description })
        };
        self.known.values().filter_map(one).collect()
    }

    /// The shipped tables as CSV.
    pub fn csv(&self) -> impl Iterator<Item = Artifact> {
        self.known.values().filter_map(|known| {
            let Object::Rows { entries, .. } = &known.held.object else { return None };
            let rows = entries.iter().map(|entry| format!("{},yes\n", field(entry)));
            let text = format!("entry,listed\n{}", rows.collect::<String>());
            Some(Artifact { path: format!("lookups/{}.csv", known.held.name), bytes: text.into_bytes() })
        })
    }
}

/// A field of a CSV file, as RFC 4180 has it.
fn field(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}
