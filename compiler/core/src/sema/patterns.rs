//! Patterns: events bound, keys resolved for each operand, windows in milliseconds.

use std::collections::BTreeMap;

use super::conditions::named_event;
use super::rows::Draft;
use super::table::{EntryKind, Lookup, Table};
use super::{Env, having, operators};
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{Column, EventId, Group, Join, Key, Negation, Pattern, PatternKind, Window};
use crate::source::Span;
use crate::syntax::ast;

/// The plan's form of a pattern; its events are added to the draft.
pub(super) fn lower(draft: &mut Draft<'_, '_>, pattern: &ast::Pattern) -> Option<Pattern> {
    names_once(draft.table, pattern)?;
    form(draft, pattern)
}

fn form(draft: &mut Draft<'_, '_>, pattern: &ast::Pattern) -> Option<Pattern> {
    use ast::PatternKind as Kind;
    let kind = match &pattern.kind {
        Kind::Paren(inner) => return form(draft, inner),
        Kind::Event(name) => PatternKind::Event(bind(draft, name, pattern.span)?),
        Kind::Then(operands, window) => PatternKind::Then(join(draft, operands, window, pattern.span)?),
        Kind::With(operands, window) => PatternKind::With(join(draft, operands, window, pattern.span)?),
        Kind::NotFollowed(kept, absent, window) => {
            PatternKind::NotFollowed(negation(draft, kept, absent, window, pattern.span)?)
        }
        Kind::NotPreceded(kept, absent, window) => {
            PatternKind::NotPreceded(negation(draft, kept, absent, window, pattern.span)?)
        }
        Kind::Grouped(event, window, condition) => {
            PatternKind::Grouped(group(draft, event, window, condition.as_deref(), pattern.span)?)
        }
        Kind::Mixed(_, operator) => {
            let title = "different operators need parentheses around one of them";
            return draft.table.fail(Diagnostic::new(Code::MixedOperators, title, *operator));
        }
    };
    Some(Pattern { kind, span: pattern.span })
}

/// The event names of a pattern. Each stands once; only the two sides of `not …` may share one.
fn names_once<'p>(table: &Table<'_>, pattern: &'p ast::Pattern) -> Option<BTreeMap<&'p str, Span>> {
    use ast::PatternKind as Kind;
    match &pattern.kind {
        Kind::Event(name) => Some(BTreeMap::from([(&**name, pattern.span)])),
        Kind::Paren(inner) | Kind::Grouped(inner, ..) => names_once(table, inner),
        Kind::NotFollowed(kept, absent, _) | Kind::NotPreceded(kept, absent, _) => {
            let (kept, absent) = (names_once(table, kept), names_once(table, absent));
            let mut all = kept?;
            all.extend(absent?);
            Some(all)
        }
        // Reported where it is lowered.
        Kind::Mixed(..) => Some(BTreeMap::new()),
        Kind::Then(operands, _) | Kind::With(operands, _) => {
            let mut all: BTreeMap<&str, Span> = BTreeMap::new();
            let mut sound = true;
            for operand in operands {
                let Some(names) = names_once(table, operand) else {
                    sound = false;
                    continue;
                };
                for (name, span) in names {
                    if let Some(first) = all.insert(name, span) {
                        let title = format!("the event `{name}` stands twice in the pattern");
                        let help = format!("`event other = {name}` makes a second name");
                        let twice = Diagnostic::new(Code::EventTwice, title, span).also(first, "first here").help(help);
                        table.report(twice);
                        sound = false;
                    }
                }
            }
            sound.then_some(all)
        }
    }
}

/// Adds an event to the draft.
fn bind(draft: &mut Draft<'_, '_>, name: &str, span: Span) -> Option<EventId> {
    let table = draft.table;
    let event = match table.find(draft.scope, name, span) {
        Lookup::Found(id) => named_event(table, id, &ast::Ident::new(name.to_owned(), span))?,
        Lookup::Reported => return None,
        Lookup::Unknown => {
            let hint = table.nearest(draft.scope, name, |kind| matches!(kind, EntryKind::Event(..)));
            let class = table.classes.contains_key(name);
            let hint = hint.or_else(|| class.then(|| format!("give the class a name first: `event x = {name}`")));
            let title = format!("there is no event `{name}`");
            return table.fail(Diagnostic::new(Code::UnknownEvent, title, span).maybe_help(hint));
        }
    };
    draft.events.push(event);
    Some(EventId(draft.events.len() - 1))
}

fn join(draft: &mut Draft<'_, '_>, operands: &[ast::Pattern], window: &ast::Window, span: Span) -> Option<Join> {
    let operands: Vec<Option<Pattern>> = operands.iter().map(|operand| form(draft, operand)).collect();
    let within = within(draft, window, span);
    let items = key_items(draft.table, window, span);
    let operands: Vec<Pattern> = operands.into_iter().collect::<Option<_>>()?;
    let keys = keys(draft, items?, &operands.iter().collect::<Vec<_>>());
    Some(Join { within: within?, keys: keys?, operands })
}

fn negation(
    draft: &mut Draft<'_, '_>,
    kept: &ast::Pattern,
    absent: &ast::Pattern,
    window: &ast::Window,
    span: Span,
) -> Option<Negation> {
    let (kept, absent) = (form(draft, kept), form(draft, absent));
    let within = within(draft, window, span);
    let items = key_items(draft.table, window, span);
    let (kept, absent) = (kept?, absent?);
    let keys = keys(draft, items?, &[&kept, &absent]);
    Some(Negation { within: within?, keys: keys?, kept: Box::new(kept), absent: Box::new(absent) })
}

fn group(
    draft: &mut Draft<'_, '_>,
    pattern: &ast::Pattern,
    window: &ast::Window,
    condition: Option<&ast::Expr>,
    span: Span,
) -> Option<Group> {
    let operand = form(draft, pattern);
    let over = match &window.within {
        Some(over) => operators::milliseconds(draft.table, &Env::constants(draft.scope), over),
        None => {
            let title = "`grouped` needs a window";
            draft.table.fail(
                Diagnostic::new(Code::NoWindow, title, span).help("add `over` and a duration, such as `over 10m`"),
            )
        }
    };
    let items = key_items(draft.table, window, span);
    let operand = operand?;
    let PatternKind::Event(event) = operand.kind else {
        let title = "`grouped` takes one event, not a pattern";
        return draft.table.fail(Diagnostic::new(Code::BadHaving, title, pattern.span));
    };
    let Some(condition) = condition else {
        let title = "`grouped` needs a condition";
        let help = "add `having` and a condition, such as `having count() >= 5`";
        return draft.table.fail(Diagnostic::new(Code::MissingPart, title, span).help(help));
    };
    let having = having::lower(draft, event, condition);
    let keys = keys(draft, items?, &[&operand]);
    let (having, named) = having?;
    let keys = keys?.into_iter().flat_map(|key| key.columns).collect();
    Some(Group { event, keys, over: over?, having, named })
}

fn within(draft: &Draft<'_, '_>, window: &ast::Window, span: Span) -> Option<Window> {
    match &window.within {
        Some(within) => operators::milliseconds(draft.table, &Env::constants(draft.scope), within),
        None => {
            let help = "add `within` and a duration, such as `within 5m`";
            draft.table.fail(Diagnostic::new(Code::NoWindow, "the pattern has no window", span).help(help))
        }
    }
}

fn key_items<'w>(table: &Table<'_>, window: &'w ast::Window, span: Span) -> Option<&'w [ast::KeyItem]> {
    match &window.by {
        Some(items) if !items.is_empty() => Some(items),
        _ => {
            let help = "add `by` and the fields that the events share, such as `by host.name`";
            table.fail(Diagnostic::new(Code::NoKeys, "the pattern has no keys", span).help(help))
        }
    }
}

fn keys(draft: &Draft<'_, '_>, items: &[ast::KeyItem], operands: &[&Pattern]) -> Option<Vec<Key>> {
    let keys: Vec<Option<Key>> = items.iter().map(|item| key(draft, item, operands)).collect();
    let keys: Vec<Key> = keys.into_iter().collect::<Option<_>>()?;
    for (i, key) in keys.iter().enumerate() {
        if let Some(first) = keys.iter().take(i).find(|k| k.columns == key.columns) {
            let twice = Diagnostic::new(Code::BadKey, "the key stands twice", key.span).also(first.span, "first here");
            return draft.table.fail(twice);
        }
        let is_list = |column: &&Column| column.as_field().is_some_and(|field| field.ty.is_list());
        let shared = |other: &Key| {
            std::iter::zip(&key.columns, &other.columns).find_map(|(a, b)| Some(a).filter(|a| *a == b).filter(is_list))
        };
        if let Some((first, column)) = keys.iter().take(i).find_map(|other| Some((other, shared(other)?))) {
            let name = column.as_field().map_or("", |field| &field.name);
            let title = format!("`{name}` may hold several values, and stands in two keys of one operator");
            let help =
                "which of the values the row has would not be clear: ask for one of the two in an operator of its own";
            let error = Diagnostic::new(Code::BadKey, title, key.span).also(first.span, "first here").help(help);
            return draft.table.fail(error);
        }
    }
    Some(keys)
}

/// One column of every operand, all of one type.
fn key(draft: &Draft<'_, '_>, item: &ast::KeyItem, operands: &[&Pattern]) -> Option<Key> {
    let names = match item.fields.as_slice() {
        [field] => one_name(draft, field, operands)?,
        fields => name_for_each(draft, fields, operands, item.span)?,
    };
    let columns: Vec<_> = std::iter::zip(operands, names).map(|(operand, name)| draft.column(operand, name)).collect();
    let columns: Vec<_> = columns.into_iter().collect::<Option<_>>()?;
    let mut types = columns.iter().map(|column| draft.column_type(column));
    if let Some(first) = types.next()
        && let Some(other) = types.find(|ty| *ty != first)
    {
        let title = format!("a key is of one type, and these are of `{first}` and `{other}`");
        return draft.table.fail(Diagnostic::new(Code::BadKey, title, item.span));
    }
    Some(Key { columns, span: item.span })
}

/// The event that a name's prefix means, if one of the pattern's row bears it.
fn prefix<'n>(draft: &Draft<'_, '_>, pattern: &Pattern, name: &'n str) -> Option<&'n str> {
    let (head, _) = name.split_once('.')?;
    pattern.row_events().into_iter().any(|id| draft.event_name(id) == Some(head)).then_some(head)
}

/// A single name is for every operand; with the prefix of an event of one of them it can be of that one alone.
fn one_name<'n>(draft: &Draft<'_, '_>, name: &'n ast::Ident, operands: &[&Pattern]) -> Option<Vec<&'n ast::Ident>> {
    let of: Vec<Option<&str>> = operands.iter().map(|operand| prefix(draft, operand, &name.value)).collect();
    let (Some(event), true) = (of.iter().flatten().next(), of.iter().any(Option::is_none)) else {
        return Some(vec![name; operands.len()]);
    };
    let title = format!("`{}` is of the event `{event}` alone, and a key links all operands", name.value);
    let help = format!("write `{} = …`, with a field of each operand, in their order", name.value);
    draft.table.fail(Diagnostic::new(Code::BadKey, title, name.span).help(help))
}

/// `a = b = …`: a prefix says whose a name is; a name without one belongs to the operand at its place.
fn name_for_each<'n>(
    draft: &Draft<'_, '_>,
    names: &'n [ast::Ident],
    operands: &[&Pattern],
    span: Span,
) -> Option<Vec<&'n ast::Ident>> {
    if names.len() != operands.len() {
        let title = format!("the key has {} fields, and there are {} operands", names.len(), operands.len());
        return draft.table.fail(Diagnostic::new(Code::BadKey, title, span));
    }
    let mut places: Vec<Option<&ast::Ident>> = vec![None; operands.len()];
    for (i, name) in names.iter().enumerate() {
        let own = |operand: &&Pattern| prefix(draft, operand, &name.value).is_some();
        let place = if operands.get(i).is_some_and(own) { i } else { operands.iter().position(own).unwrap_or(i) };
        let Some(slot) = places.get_mut(place) else { continue };
        if let Some(first) = slot.replace(name) {
            let title =
                format!("`{}` and `{}` are of one operand, and a key has a field of each", first.value, name.value);
            return draft.table.fail(Diagnostic::new(Code::BadKey, title, span));
        }
    }
    places.into_iter().collect()
}
