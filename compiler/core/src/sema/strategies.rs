//! Strategies and analytics: what may stand where, properties, log sources, and what nothing uses.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::detections::{self, Place};
use super::literals::parse_datetime;
use super::parameters::{self, Declared};
use super::table::{EntryId, EntryKind, ScopeId, Table, duplicate};
use super::{conditions, split_doc};
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{Analytic, Class, Detection, LogSource, Strategy};
use crate::source::Spanned;
use crate::syntax::ast::{self, Item, ItemKind};
use crate::tuning::{self, TuningFile};

/// A strategy with the scopes opened for it.
pub(super) struct Declaration<'a> {
    item: &'a Item,
    strategy: &'a ast::Strategy,
    analytics: Vec<(&'a Item, &'a ast::Analytic, ScopeId)>,
    parameters: Vec<Declared<'a>>,
    entries: Vec<EntryId>,
    /// Whether everything in it could be declared.
    pub sound: bool,
}

impl Declaration<'_> {
    /// Everything declared in it.
    pub fn entries(&self) -> impl Iterator<Item = EntryId> {
        self.entries.iter().copied()
    }

    /// The strategy's name.
    pub const fn id(&self) -> &ast::Ident {
        &self.strategy.id
    }
}

/// Opens the scopes of a strategy and declares what stands in them.
pub(super) fn declare<'a>(
    table: &mut Table<'a>,
    file: ScopeId,
    item: &'a Item,
    strategy: &'a ast::Strategy,
) -> Declaration<'a> {
    let errors = table.errors();
    let scope = table.open(Some(file));
    let mut declaration =
        Declaration { item, strategy, analytics: Vec::new(), parameters: Vec::new(), entries: Vec::new(), sound: true };
    for item in &strategy.items {
        match &item.kind {
            ItemKind::Analytic(analytic) => {
                let scope = table.open(Some(scope));
                declaration.analytics.push((item, analytic, scope));
            }
            ItemKind::Property(_) => {}
            _ => declare_entry(table, &mut declaration, scope, None, item),
        }
    }
    for (_, analytic, scope) in declaration.analytics.clone() {
        for item in &analytic.items {
            match &item.kind {
                ItemKind::Sources(_) | ItemKind::Detect(_) => {}
                _ => declare_entry(table, &mut declaration, scope, Some(&analytic.id.value), item),
            }
        }
    }
    declaration.sound = table.errors() == errors;
    declaration
}

fn declare_entry<'a>(
    table: &mut Table<'a>,
    declaration: &mut Declaration<'a>,
    scope: ScopeId,
    analytic: Option<&'a str>,
    item: &'a Item,
) {
    match &item.kind {
        ItemKind::Let(_) | ItemKind::Predicate(_) | ItemKind::Event(_) | ItemKind::Parameter(_) => {
            let Some(entry) = table.declare(scope, item) else { return };
            declaration.entries.push(entry);
            if matches!(item.kind, ItemKind::Parameter(_)) {
                declaration.parameters.push(Declared { entry, analytic });
            }
        }
        ItemKind::Strategy(_)
        | ItemKind::Class(_)
        | ItemKind::Analytic(_)
        | ItemKind::Sources(_)
        | ItemKind::Detect(_)
        | ItemKind::Property(_) => {
            let place = if analytic.is_some() { "an analytic" } else { "a strategy" };
            misplaced(table, item, place);
        }
    }
}

/// Reports an item that cannot stand where it does.
pub(super) fn misplaced(table: &Table<'_>, item: &Item, place: &str) {
    let noun = match &item.kind {
        ItemKind::Strategy(_) => "a strategy",
        ItemKind::Class(_) => "a class",
        ItemKind::Let(_) => "a let",
        ItemKind::Predicate(_) => "a predicate",
        ItemKind::Parameter(_) => "a parameter",
        ItemKind::Analytic(_) => "an analytic",
        ItemKind::Sources(_) => "`sources`",
        ItemKind::Event(_) => "an event",
        ItemKind::Detect(_) => "a detection",
        ItemKind::Property(property) => &format!("`{}`", property.name.value),
    };
    table.report(Diagnostic::new(Code::Syntax, format!("{noun} cannot stand in {place}"), item.span));
}

/// The plan's form of a strategy; none if anything in it is in error.
pub(super) fn lower(table: &Table<'_>, declaration: &Declaration<'_>, tuning: &[TuningFile]) -> Option<Strategy> {
    let errors = table.errors();
    let strategy = declaration.strategy;
    let parameters = tuned(table, declaration, tuning);
    parameters::bind(table, &declaration.parameters, parameters.as_deref());
    if declaration.analytics.is_empty() {
        let title = format!("the strategy `{}` has no analytic", strategy.id.value);
        table.report(Diagnostic::new(Code::MissingPart, title, strategy.id.span));
    }
    let mut analytics = Vec::with_capacity(declaration.analytics.len());
    for (i, (item, analytic, scope)) in declaration.analytics.iter().enumerate() {
        let same = |(_, other, _): &&(_, &ast::Analytic, _)| other.id == analytic.id;
        if let Some((_, first, _)) = declaration.analytics.iter().take(i).find(same) {
            table.report(duplicate(&analytic.id.value, analytic.id.span, Some(first.id.span)));
        }
        analytics.push(lower_analytic(table, &strategy.id.value, item, analytic, *scope));
    }
    let sound = check_entries(table, &declaration.entries);
    let properties = properties(table, strategy);
    if !(sound && declaration.sound) || table.errors() > errors {
        return None;
    }
    warn_unused(table, declaration.entries.iter().copied());
    let analytics: Vec<Analytic> = analytics.into_iter().collect::<Option<_>>()?;
    let (title, description) = split_doc(&declaration.item.doc);
    Some(Strategy {
        id: strategy.id.value.clone(),
        title: if title.is_empty() { strategy.id.value.clone() } else { title },
        description,
        attack: attack(strategy),
        techniques: properties.get("technique").cloned().unwrap_or_default(),
        tactics: properties.get("tactic").cloned().unwrap_or_default(),
        references: properties.get("reference").cloned().unwrap_or_default(),
        authors: properties.get("author").cloned().unwrap_or_default(),
        date: properties.get("date").and_then(|dates| dates.first()).cloned(),
        parameters: parameters?,
        classes: classes_in_use(table, &analytics),
        analytics,
        span: strategy.id.span,
    })
}

/// The parameters with their values in force; none if one of them, or the tuning, is in error.
fn tuned(
    table: &Table<'_>,
    declaration: &Declaration<'_>,
    tuning: &[TuningFile],
) -> Option<Vec<crate::plan::Parameter>> {
    let mut parameters = parameters::resolve(table, &declaration.parameters)?;
    let mut diagnostics = Vec::new();
    tuning::apply(&declaration.strategy.id.value, &mut parameters, tuning, &mut diagnostics);
    let failed = diagnostics.iter().any(Diagnostic::is_error);
    diagnostics.into_iter().for_each(|d| table.report(d));
    (!failed).then_some(parameters)
}

/// Checks what no detection asked for as well.
pub(super) fn check_entries(table: &Table<'_>, entries: &[EntryId]) -> bool {
    let mut sound = true;
    for id in entries {
        let Some(entry) = table.entry(*id) else { continue };
        sound &= match &entry.kind {
            EntryKind::Let(..) => super::values::let_constant(table, *id).is_some(),
            EntryKind::Predicate(decl, cell) => {
                table.once(*id, cell, || conditions::signature(table, entry.scope, decl)).is_some()
            }
            EntryKind::Event(..) => conditions::named_event(table, *id, entry.name).is_some(),
            EntryKind::Parameter(_, cell) => matches!(cell.get(), Some(Some(_))),
        };
    }
    sound
}

/// Warns of what nothing refers to.
pub(super) fn warn_unused(table: &Table<'_>, entries: impl Iterator<Item = EntryId>) {
    // What could not be read may use anything.
    if !table.unread.is_empty() {
        return;
    }
    for entry in entries.filter_map(|id| table.entry(id)).filter(|entry| !entry.used.get()) {
        let title = format!("nothing uses the {} `{}`", entry.kind.noun(), entry.name.value);
        table.report(Diagnostic::new(Code::UnusedItem, title, entry.name.span));
    }
}

/// The properties by name, their values in order.
fn properties(table: &Table<'_>, strategy: &ast::Strategy) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for item in &strategy.items {
        let ItemKind::Property(property) = &item.kind else { continue };
        let name = &property.name;
        let values = all.entry(name.value.clone()).or_default();
        let stands_once = matches!(&*name.value, "attack" | "date");
        if stands_once && (!values.is_empty() || property.values.len() > 1) {
            table.report(duplicate(&name.value, name.span, None));
        }
        for value in &property.values {
            if name.value == "technique" && !is_technique(&value.value) {
                let title = format!("`{}` is no technique such as `T1573.002`", value.value);
                table.report(Diagnostic::new(Code::BadLiteral, title, value.span));
            }
            if name.value == "date" && !is_day(&value.value) {
                let title = format!("`{}` is no day such as `2026-12-31`", value.value);
                table.report(Diagnostic::new(Code::BadLiteral, title, value.span));
            }
            values.push(value.value.clone());
        }
    }
    all
}

/// A day of the calendar.
fn is_day(text: &str) -> bool {
    text.len() == "2026-12-31".len() && parse_datetime(text).is_ok()
}

/// The version of ATT&CK that the source says it is of.
fn attack(strategy: &ast::Strategy) -> Option<Spanned<String>> {
    strategy.items.iter().find_map(|item| match &item.kind {
        ItemKind::Property(property) if property.name.value == "attack" => property.values.first().cloned(),
        _ => None,
    })
}

/// `T1573` or `T1573.002`.
fn is_technique(text: &str) -> bool {
    let digits = |text: &str, n: usize| text.len() == n && text.bytes().all(|b| b.is_ascii_digit());
    let Some(rest) = text.strip_prefix('T') else { return false };
    match rest.split_once('.') {
        Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
        None => digits(rest, 4),
    }
}

fn lower_analytic(
    table: &Table<'_>,
    strategy: &str,
    item: &Item,
    analytic: &ast::Analytic,
    scope: ScopeId,
) -> Option<Analytic> {
    let id = &analytic.id.value;
    let mut sources = Some(Vec::new());
    let mut detections: Vec<Option<Detection>> = Vec::new();
    let mut names: BTreeMap<&str, &ast::Ident> = BTreeMap::new();
    for item in &analytic.items {
        match &item.kind {
            ItemKind::Sources(declared) => {
                let lowered = log_sources(table, declared);
                sources = sources.zip(lowered).map(|(all, more)| [all, more].concat());
            }
            ItemKind::Detect(detect) => {
                if let Some(first) = names.insert(&detect.name.value, &detect.name) {
                    table.report(duplicate(&detect.name.value, detect.name.span, Some(first.span)));
                }
                let place = Place { strategy, analytic: id, scope, has_above: !detections.is_empty() };
                detections.push(detections::lower(table, &place, &item.doc, detect));
            }
            ItemKind::Strategy(_)
            | ItemKind::Class(_)
            | ItemKind::Let(_)
            | ItemKind::Predicate(_)
            | ItemKind::Parameter(_)
            | ItemKind::Analytic(_)
            | ItemKind::Event(_)
            | ItemKind::Property(_) => {}
        }
    }
    if detections.is_empty() {
        let title = format!("the analytic `{id}` has no detection");
        table.report(Diagnostic::new(Code::MissingPart, title, analytic.id.span));
    }
    let mut detections: Vec<Detection> = detections.into_iter().collect::<Option<_>>()?;
    detections.shrink_to_fit();
    let sources = sources?;
    warn_unused_sources(table, analytic, &detections);
    let (title, description) = split_doc(&item.doc);
    Some(Analytic {
        id: id.clone(),
        title: if title.is_empty() { id.clone() } else { title },
        description,
        platform: analytic.platform.value.clone(),
        sources,
        detections,
        span: analytic.id.span,
    })
}

fn log_sources(table: &Table<'_>, declared: &[ast::SourceDecl]) -> Option<Vec<LogSource>> {
    let mut sound = true;
    let sources = declared.iter().map(|source| {
        sound &= source.classes.iter().all(|class| table.class(class).is_some());
        LogSource {
            component: source.component.value.clone(),
            name: source.name.value.clone(),
            channel: source.channel.value.clone(),
            classes: source.classes.iter().map(|class| class.value.clone()).collect(),
            span: source.span,
        }
    });
    let sources = sources.collect();
    sound.then_some(sources)
}

/// Warns of every class of a declared source of which no detection of the analytic binds an event.
fn warn_unused_sources(table: &Table<'_>, analytic: &ast::Analytic, detections: &[Detection]) {
    if !table.unread.is_empty() {
        return;
    }
    let used: BTreeSet<&str> = detections.iter().flat_map(|d| &d.events).map(|event| &*event.class.name).collect();
    for item in &analytic.items {
        let ItemKind::Sources(declared) = &item.kind else { continue };
        for class in declared.iter().flat_map(|source| &source.classes).filter(|c| !used.contains(&*c.value)) {
            let title = format!("no detection of `{}` uses the source's class `{}`", analytic.id.value, class.value);
            table.report(Diagnostic::new(Code::UnusedSource, title, class.span));
        }
    }
}

/// The classes of all events and sources.
fn classes_in_use(table: &Table<'_>, analytics: &[Analytic]) -> BTreeMap<String, Arc<Class>> {
    let events = analytics.iter().flat_map(|a| &a.detections).flat_map(|d| &d.events).map(|event| event.class.clone());
    let sources = analytics.iter().flat_map(|a| &a.sources).flat_map(|source| &source.classes);
    let sources = sources.filter_map(|name| table.classes.get(&**name).cloned());
    events.chain(sources).map(|class| (class.name.clone(), class)).collect()
}
