//! Names, types, parameters: from trees to typed, resolved strategies.
//!
//! After this stage every name is resolved, every type checked, every predicate expanded and every parameter bound to its
//! value. Errors are collected; a strategy with one is left out and its neighbours stay.
//!
//! | module | what it does |
//! | --- | --- |
//! | `table` | what is declared where; look-up; cycles; diagnostics |
//! | `types` | types as written, event classes |
//! | [`literals`], [`regex`], [`bounds`] | texts to values; the portable expressions; bounds |
//! | `values` | constants: literals, lets, parameters, arguments |
//! | `arithmetic` | computed values and comparisons |
//! | `conditions`, `operators` | conditions on one event |
//! | `rows`, `patterns`, `having` | patterns and their columns |
//! | `parameters`, `detections`, `strategies` | the parts put together |

mod arithmetic;
pub mod bounds;
mod conditions;
mod detections;
mod having;
pub mod literals;
mod operators;
mod parameters;
mod patterns;
pub mod regex;
mod rows;
mod strategies;
mod table;
mod types;
mod values;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{Class, Parameter, Strategy};
use crate::source::{SourceId, Sources, Span};
use crate::syntax::{self, ast};
use crate::tuning::{TuningFile, check_names};
use strategies::Declaration;
use table::{EntryId, ScopeId, Table, duplicate};
use values::Const;

/// The strategies that are free of errors, and everything found.
#[derive(Debug, Clone, Default)]
pub struct Analysis {
    /// In the order of the files and of each file.
    pub strategies: Vec<Strategy>,
    /// By place.
    pub diagnostics: Vec<Diagnostic>,
    /// Every event class, by name.
    pub classes: BTreeMap<String, Arc<Class>>,
}

/// The standard library: display name and text of each file.
const LIBRARY: [(&str, &str); 3] = [
    ("std/classes.det", include_str!("../../std/classes.det")),
    ("std/lists.det", include_str!("../../std/lists.det")),
    ("std/tls.det", include_str!("../../std/tls.det")),
];

/// Checks parsed files. The standard library is parsed here and added to `sources`, so that diagnostics can point into
/// it; tuning is applied to the parameters before anything uses them.
pub fn analyse(sources: &mut Sources, files: &[ast::File], tuning: &[TuningFile]) -> Analysis {
    let parsed = add_library(sources).map(|file| syntax::parse(sources, file));
    let (library, found): (Vec<ast::File>, Vec<Vec<Diagnostic>>) = parsed.into_iter().unzip();
    let mut analysis = analyse_with(&library, files, tuning);
    analysis.diagnostics.splice(0..0, found.into_iter().flatten());
    analysis
}

/// Adds the files of the standard library, for one who parses them beside others.
pub fn add_library(sources: &mut Sources) -> [SourceId; LIBRARY.len()] {
    LIBRARY.map(|(name, text)| sources.add(name, text))
}

/// Checks files against the standard library, which is parsed already.
#[must_use]
pub fn analyse_with(library: &[ast::File], files: &[ast::File], tuning: &[TuningFile]) -> Analysis {
    let mut table = Table::default();
    library.iter().for_each(|file| declare_module(&mut table, file, Origin::Library));
    files.iter().for_each(|file| declare_module(&mut table, file, Origin::User));
    table.unread = files.iter().flat_map(|file| &file.unread).map(String::as_str).collect();
    let mut declared: Vec<DeclaredFile<'_>> = files.iter().map(|file| declare_file(&mut table, file)).collect();
    refuse_duplicates(&table, &mut declared);
    let mut strategies = Vec::new();
    for file in &declared {
        strategies.extend(lower_file(&table, file, tuning));
        // Other files see only what stands in modules.
        table.forget(file.strategies.iter().flat_map(Declaration::entries));
    }
    let classes = table.classes.iter().map(|(name, class)| ((*name).to_owned(), Arc::clone(class))).collect();
    let mut diagnostics = table.into_diagnostics();
    // What a strategy with an error declares is not known.
    if strategies.len() == declared.iter().map(|file| file.strategies.len()).sum::<usize>() {
        let unknown = unknown_parameters(&strategies, tuning);
        if !unknown.is_empty() {
            // None is as its site wants it, for any could have been meant.
            strategies.clear();
        }
        diagnostics.extend(unknown);
    }
    diagnostics.sort_by_key(|d| d.primary.as_ref().map(|label| (label.span.source, label.span.start)));
    Analysis { strategies, diagnostics, classes }
}

/// Errors for what a tuning file names and no strategy has, or several have.
fn unknown_parameters(strategies: &[Strategy], tuning: &[TuningFile]) -> Vec<Diagnostic> {
    let declared: Vec<(&str, &[Parameter])> =
        strategies.iter().map(|strategy| (strategy.id.as_str(), strategy.parameters.as_slice())).collect();
    check_names(&declared, tuning)
}

/// Whose file it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Origin {
    Library,
    User,
}

/// A file with its scope and strategies.
struct DeclaredFile<'a> {
    /// What stands outside its strategies.
    entries: Vec<EntryId>,
    strategies: Vec<Declaration<'a>>,
    is_module: bool,
    /// Whether what stands outside its strategies could be declared.
    sound: bool,
}

/// Declares the classes of any file, which are known everywhere and before anything else is looked at.
fn declare_module<'a>(table: &mut Table<'a>, file: &'a ast::File, origin: Origin) {
    for item in &file.items {
        if let ast::ItemKind::Class(class) = &item.kind {
            types::declare_class(table, &item.doc, class);
        }
    }
    let Some(module) = &file.module else { return };
    let scope = table.module(&module.value);
    if origin == Origin::Library {
        declare_items(table, scope, file);
    }
}

/// Declares lets, predicates and events; strategies, classes and what cannot stand in a file are the caller's.
fn declare_items<'a>(table: &mut Table<'a>, scope: ScopeId, file: &'a ast::File) -> Vec<EntryId> {
    file.items.iter().filter_map(|item| table.declare(scope, item)).collect()
}

fn declare_file<'a>(table: &mut Table<'a>, file: &'a ast::File) -> DeclaredFile<'a> {
    let is_module = file.module.is_some();
    if let Some(module) = &file.module
        && LIBRARY_MODULES.contains(&&*module.value)
    {
        let title = format!("the module `{}` is of the standard library", module.value);
        table.report(Diagnostic::new(Code::ReservedName, title, module.span).help("choose another name"));
        return DeclaredFile { entries: Vec::new(), strategies: Vec::new(), is_module, sound: false };
    }
    let scope = match &file.module {
        Some(module) => table.module(&module.value),
        None => table.open(None),
    };
    let (mut entries, mut strategies, mut sound) = (Vec::new(), Vec::new(), true);
    for item in &file.items {
        let errors = table.errors();
        match &item.kind {
            ast::ItemKind::Class(_) => {}
            ast::ItemKind::Let(_) | ast::ItemKind::Predicate(_) => entries.extend(table.declare(scope, item)),
            ast::ItemKind::Event(_) if !is_module => entries.extend(table.declare(scope, item)),
            ast::ItemKind::Strategy(strategy) if !is_module => {
                strategies.push(strategies::declare(table, scope, item, strategy));
                // Its errors are its own.
                continue;
            }
            ast::ItemKind::Strategy(_)
            | ast::ItemKind::Parameter(_)
            | ast::ItemKind::Analytic(_)
            | ast::ItemKind::Sources(_)
            | ast::ItemKind::Event(_)
            | ast::ItemKind::Detect(_)
            | ast::ItemKind::Property(_) => {
                strategies::misplaced(table, item, if is_module { "a module" } else { "a file outside a strategy" });
            }
        }
        sound &= table.errors() == errors;
    }
    DeclaredFile { entries, strategies, is_module, sound }
}

/// The modules of the standard library.
const LIBRARY_MODULES: [&str; 2] = ["std", "tls"];

/// A strategy's name is its own in the whole run: a second one is left out.
fn refuse_duplicates(table: &Table<'_>, files: &mut [DeclaredFile<'_>]) {
    let mut names: BTreeMap<String, Span> = BTreeMap::new();
    for strategy in files.iter_mut().flat_map(|file| &mut file.strategies) {
        let id = strategy.id();
        match names.get(&id.value) {
            Some(first) => {
                table.report(duplicate(&id.value, id.span, Some(*first)));
                strategy.sound = false;
            }
            None => {
                names.insert(id.value.clone(), id.span);
            }
        }
    }
}

fn lower_file(table: &Table<'_>, file: &DeclaredFile<'_>, tuning: &[TuningFile]) -> Vec<Strategy> {
    let before = table.errors();
    let lowered = file.strategies.iter().filter_map(|declaration| strategies::lower(table, declaration, tuning));
    let mut strategies: Vec<Strategy> = lowered.collect();
    strategies::check_entries(table, &file.entries);
    // What stands in a module may be for files that are not part of this run.
    if table.errors() == before && !file.is_module {
        strategies::warn_unused(table, file.entries.iter().copied());
    }
    if !file.sound {
        strategies.clear();
    }
    strategies
}

/// What an expression may name.
struct Env<'c> {
    /// Lets, parameters, predicates.
    scope: ScopeId,
    /// The class of the event at hand; none where only constants may stand.
    class: Option<&'c Class>,
    /// The arguments of the predicate that is expanded.
    args: &'c [(&'c str, Const)],
    /// The outermost call on the way here.
    call: Option<Span>,
}

impl Env<'_> {
    /// Where only constants may stand.
    const fn constants(scope: ScopeId) -> Self {
        Self { scope, class: None, args: &[], call: None }
    }
}

/// The first line of a documentation, and the rest.
fn split_doc(doc: &str) -> (String, String) {
    let (title, rest) = doc.trim().split_once('\n').unwrap_or((doc.trim(), ""));
    (title.trim().to_owned(), rest.trim().to_owned())
}
