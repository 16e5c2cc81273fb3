//! What is declared where: classes, modules, scopes and their entries, and the diagnostics of the run.
//!
//! A name is looked for in the analytic, then the strategy, then the file; `module::name` in that module alone. Values of
//! entries are computed when first asked for and kept; asking in a circle is the error E0107.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::values::Const;
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::plan::{self, Class, Type};
use crate::source::Span;
use crate::syntax::ast::{self, Ident};

/// How many definitions may use each other in a chain.
const MAX_CHAIN: usize = 128;

/// How deeply a condition may nest once its calls are expanded. The parser allows each text 128 levels.
const MAX_DEPTH: u32 = 512;

/// An index into [`Table::scopes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ScopeId(usize);

/// An index into [`Table::entries`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct EntryId(usize);

/// The names of a file, strategy, analytic or module.
#[derive(Default)]
struct Scope<'a> {
    parent: Option<ScopeId>,
    names: BTreeMap<&'a str, EntryId>,
}

/// A let, parameter, predicate or event.
pub(super) struct Entry<'a> {
    /// Its name.
    pub name: &'a Ident,
    /// Its documentation.
    pub doc: &'a str,
    /// Where its own names are looked for.
    pub scope: ScopeId,
    /// What it is.
    pub kind: EntryKind<'a>,
    /// Whether anything refers to it.
    pub used: Cell<bool>,
}

/// The kinds of entry, each with what is known of it so far. `None` inside a cell: in error, and reported.
pub(super) enum EntryKind<'a> {
    Let(&'a ast::Let, OnceCell<Option<Const>>),
    Parameter(&'a ast::Parameter, OnceCell<Option<Const>>),
    Predicate(&'a ast::Predicate, OnceCell<Option<Signature>>),
    Event(&'a ast::Event, OnceCell<Option<Arc<plan::Event>>>),
}

/// What a caller must know of a predicate whose body is sound.
pub(super) struct Signature {
    /// The class it is on.
    pub class: Arc<Class>,
    /// The types of its parameters.
    pub params: Vec<Type>,
}

impl EntryKind<'_> {
    /// What a user calls it.
    pub const fn noun(&self) -> &'static str {
        match self {
            Self::Let(..) => "let",
            Self::Parameter(..) => "parameter",
            Self::Predicate(..) => "predicate",
            Self::Event(..) => "event",
        }
    }

    fn forget(&mut self) {
        match self {
            Self::Let(_, value) | Self::Parameter(_, value) => *value = OnceCell::new(),
            Self::Predicate(_, value) => *value = OnceCell::new(),
            Self::Event(_, value) => *value = OnceCell::new(),
        }
    }

    /// The same, marked as in error and reported: nothing more is said where it is used.
    fn broken(self) -> Self {
        match self {
            Self::Let(decl, _) => Self::Let(decl, OnceCell::from(None)),
            Self::Parameter(decl, _) => Self::Parameter(decl, OnceCell::from(None)),
            Self::Predicate(decl, _) => Self::Predicate(decl, OnceCell::from(None)),
            Self::Event(decl, _) => Self::Event(decl, OnceCell::from(None)),
        }
    }
}

/// Everything declared, and everything found wrong.
#[derive(Default)]
pub(super) struct Table<'a> {
    /// Event classes by name.
    pub classes: BTreeMap<&'a str, Arc<Class>>,
    /// First segments of all declared fields: no event, let or parameter may bear one as its name.
    heads: BTreeSet<String>,
    modules: BTreeMap<&'a str, ScopeId>,
    /// Names of items that could not be read, which has been reported.
    pub unread: BTreeSet<&'a str>,
    scopes: Vec<Scope<'a>>,
    entries: Vec<Entry<'a>>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    reported: RefCell<BTreeSet<(Code, Option<Span>, String)>>,
    errors: Cell<usize>,
    under_way: RefCell<Vec<EntryId>>,
    /// How deeply conditions are nested at present.
    depth: Cell<u32>,
    /// Predicates expanded for the present event or predicate.
    pub expansions: Cell<u32>,
}

impl<'a> Table<'a> {
    /// Reports; what has been said before of the same place (a predicate expanded twice) is not said again.
    pub fn report(&self, diagnostic: Diagnostic) {
        if diagnostic.is_error() {
            self.errors.set(self.errors.get() + 1);
        }
        let key = (diagnostic.code, diagnostic.primary.as_ref().map(|p| p.span), diagnostic.title.clone());
        if self.reported.borrow_mut().insert(key) {
            self.diagnostics.borrow_mut().push(diagnostic);
        }
    }

    /// Reports an error and returns the error marker.
    pub fn fail<T>(&self, diagnostic: Diagnostic) -> Option<T> {
        self.report(diagnostic);
        None
    }

    /// How many errors have been reported so far.
    pub fn errors(&self) -> usize {
        self.errors.get()
    }

    /// All diagnostics, in the order of their discovery.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics.into_inner()
    }

    /// Adds a class and reserves the first segments of its fields.
    pub fn add_class(&mut self, name: &'a Ident, class: Class) {
        let heads = class.fields.keys().map(|f| f.split('.').next().unwrap_or(f).to_owned());
        self.heads.extend(heads);
        self.classes.insert(&name.value, Arc::new(class));
    }

    /// The class of this name; reports if there is none.
    pub fn class(&self, name: &Ident) -> Option<&Arc<Class>> {
        self.classes.get(&*name.value).or_else(|| {
            let hint = suggest::did_you_mean(&name.value, self.classes.keys().copied());
            let title = format!("there is no event class `{}`", name.value);
            self.fail(Diagnostic::new(Code::UnknownClass, title, name.span).maybe_help(hint))
        })
    }

    /// Opens a scope inside another.
    pub fn open(&mut self, parent: Option<ScopeId>) -> ScopeId {
        self.scopes.push(Scope { parent, names: BTreeMap::new() });
        ScopeId(self.scopes.len() - 1)
    }

    /// The scope of a module, opened on first use.
    pub fn module(&mut self, name: &'a str) -> ScopeId {
        if let Some(scope) = self.modules.get(name) {
            return *scope;
        }
        let scope = self.open(None);
        self.modules.insert(name, scope);
        scope
    }

    /// Declares the let, parameter, predicate or event that an item is; other items declare nothing here. Reports a name
    /// that is taken.
    pub fn declare(&mut self, scope: ScopeId, item: &'a ast::Item) -> Option<EntryId> {
        use ast::ItemKind as Item;
        let (name, kind) = match &item.kind {
            Item::Let(x) => (&x.name, EntryKind::Let(x, OnceCell::new())),
            Item::Parameter(x) => (&x.name, EntryKind::Parameter(x, OnceCell::new())),
            Item::Predicate(x) => (&x.name, EntryKind::Predicate(x, OnceCell::new())),
            Item::Event(x) => (&x.name, EntryKind::Event(x, OnceCell::new())),
            Item::Strategy(_)
            | Item::Class(_)
            | Item::Analytic(_)
            | Item::Sources(_)
            | Item::Detect(_)
            | Item::Property(_) => return None,
        };
        let reserved = !matches!(kind, EntryKind::Predicate(..)) && self.refuse_reserved(name, kind.noun());
        let kind = if reserved { kind.broken() } else { kind };
        let id = EntryId(self.entries.len());
        let place = self.scopes.get_mut(scope.0)?;
        if let Some(earlier) = place.names.get(&*name.value).copied() {
            let first = self.entry(earlier).map(|e| e.name.span);
            return self.fail(duplicate(&name.value, name.span, first));
        }
        place.names.insert(&name.value, id);
        self.entries.push(Entry { name, doc: &item.doc, scope, kind, used: Cell::new(false) });
        Some(id)
    }

    /// Reports a name that a field or class already takes; whether it does.
    pub fn refuse_reserved(&self, name: &Ident, noun: &str) -> bool {
        let taken = if self.heads.contains(&name.value) {
            Some("the first segment of a field's name")
        } else {
            self.classes.contains_key(&*name.value).then_some("the name of an event class")
        };
        if let Some(taken) = taken {
            let title = format!("`{}` is {taken} and cannot name this {noun}", name.value);
            self.report(Diagnostic::new(Code::ReservedName, title, name.span).help("choose another name"));
        }
        taken.is_some()
    }

    /// The entry with this id.
    pub fn entry(&self, id: EntryId) -> Option<&Entry<'a>> {
        self.entries.get(id.0)
    }

    /// The entry that `name` (`x` or `module::x`) means in `scope`, marked as used. Reports an unknown module; an unknown
    /// name is the caller's to report.
    pub fn find(&self, scope: ScopeId, name: &str, span: Span) -> Lookup {
        let found = match name.rsplit_once("::") {
            Some((module, rest)) => match self.modules.get(module) {
                Some(scope) => self.find_in(*scope, rest),
                None => {
                    let hint = suggest::did_you_mean(module, self.modules.keys().copied());
                    let title = format!("there is no module `{module}`");
                    self.report(Diagnostic::new(Code::UnknownModule, title, span).maybe_help(hint));
                    return Lookup::Reported;
                }
            },
            None => self.chain(scope).find_map(|s| self.find_in(s, name)),
        };
        match found {
            Some(id) => {
                if let (Some(entry), false) = (self.entry(id), self.under_way.borrow().last() == Some(&id)) {
                    entry.used.set(true);
                }
                Lookup::Found(id)
            }
            None if self.unread.contains(name.rsplit("::").next().unwrap_or(name)) => Lookup::Reported,
            None => Lookup::Unknown,
        }
    }

    fn find_in(&self, scope: ScopeId, name: &str) -> Option<EntryId> {
        self.scopes.get(scope.0)?.names.get(name).copied()
    }

    /// A scope and all around it.
    fn chain(&self, scope: ScopeId) -> impl Iterator<Item = ScopeId> {
        std::iter::successors(Some(scope), |s| self.scopes.get(s.0)?.parent)
    }

    /// "did you mean": the nearest name that `name` could have meant in `scope`, of entries of one of the `kinds`.
    pub fn nearest(&self, scope: ScopeId, name: &str, kinds: fn(&EntryKind<'_>) -> bool) -> Option<String> {
        let (module, last) = name.rsplit_once("::").map_or((None, name), |(m, n)| (Some(m), n));
        let scopes: Vec<ScopeId> = match module {
            Some(module) => self.modules.get(module).copied().into_iter().collect(),
            None => self.chain(scope).collect(),
        };
        let fits = |id: &EntryId| self.entry(*id).is_some_and(|e| kinds(&e.kind));
        let names = scopes.iter().filter_map(|s| self.scopes.get(s.0)).flat_map(|s| &s.names);
        let nearest = suggest::nearest(last, names.filter(|(_, id)| fits(id)).map(|(name, _)| *name))?;
        Some(match module {
            Some(module) => format!("did you mean `{module}::{nearest}`?"),
            None => format!("did you mean `{nearest}`?"),
        })
    }

    /// Computes what an entry is, and keeps it; a second request inside the first is a cycle, reported with its path.
    pub fn once<'t, T>(
        &self,
        id: EntryId,
        cell: &'t OnceCell<Option<T>>,
        compute: impl FnOnce() -> Option<T>,
    ) -> Option<&'t T> {
        if cell.get().is_none() {
            let start = self.under_way.borrow().iter().position(|other| *other == id);
            if let Some(start) = start {
                return self.cycle(id, start);
            }
            if self.under_way.borrow().len() >= MAX_CHAIN {
                return self.too_long(id);
            }
            self.under_way.borrow_mut().push(id);
            let value = compute();
            self.under_way.borrow_mut().pop();
            // Already set only if a cycle came by here, which has been reported.
            let _ = cell.set(value);
        }
        cell.get().and_then(Option::as_ref)
    }

    /// Lets go of what was computed of entries that nothing will ask for again: a corpus has many.
    pub fn forget(&mut self, entries: impl IntoIterator<Item = EntryId>) {
        for EntryId(index) in entries {
            if let Some(entry) = self.entries.get_mut(index) {
                entry.kind.forget();
            }
        }
    }

    fn too_long<T>(&self, id: EntryId) -> Option<T> {
        let name = self.entry(id)?.name;
        let title = format!("more than {MAX_CHAIN} definitions use each other in a chain down to `{}`", name.value);
        self.fail(Diagnostic::new(Code::TooDeep, title, name.span))
    }

    /// Runs `read` one level deeper; past the limit nothing is read, which is reported once.
    pub fn deeper<T>(&self, span: Span, read: impl FnOnce() -> Option<T>) -> Option<T> {
        if self.depth.get() >= MAX_DEPTH {
            let title =
                format!("the condition is nested more than {MAX_DEPTH} levels deep once its calls are expanded");
            return self.fail(Diagnostic::new(Code::TooDeep, title, span));
        }
        self.depth.set(self.depth.get() + 1);
        let result = read();
        self.depth.set(self.depth.get() - 1);
        result
    }

    fn cycle<T>(&self, id: EntryId, start: usize) -> Option<T> {
        let under_way = self.under_way.borrow();
        let path = under_way.iter().skip(start).chain([&id]).filter_map(|id| self.entry(*id));
        let path: Vec<String> = path.map(|e| format!("`{}`", e.name.value)).collect();
        let entry = self.entry(id)?;
        let title = format!("the {} `{}` depends on itself", entry.kind.noun(), entry.name.value);
        self.fail(Diagnostic::new(Code::Cycle, title, entry.name.span).help(path.join(" uses ")))
    }
}

/// What became of a look-up.
pub(super) enum Lookup {
    Found(EntryId),
    Unknown,
    /// In error, and reported.
    Reported,
}

/// The diagnostic of a second item of one name.
pub(super) fn duplicate(name: &str, span: Span, first: Option<Span>) -> Diagnostic {
    let diagnostic = Diagnostic::new(Code::Duplicate, format!("`{name}` is defined twice"), span);
    match first {
        Some(first) => diagnostic.also(first, "first here"),
        None => diagnostic,
    }
}
