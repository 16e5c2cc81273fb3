//! Plan to tree: one base search without subsearches, a flag for each step, then passes over rows in time order.
//!
//! | stage | module | what is true after it |
//! | --- | --- | --- |
//! | forms | [`form`] | every operator has the cheapest form that is exact for it |
//! | base search | [`prefilter`] | all events that could matter are in the stream |
//! | joins | [`joined`] | each event has the fields that others bring |
//! | flags | [`pred`], [`pcre`] | each row says which steps its event satisfies |
//! | columns | this module | a row for each event and step; no column is null |
//! | windows | [`grouped`] | groups that fail their condition are gone |
//! | operators | [`linear`], [`pairs`] | only rows of the pattern are left |
//! | alert | this module | one row for each tuple of the entity |

mod form;
mod grouped;
mod held;
mod joined;
mod linear;
mod pairs;
pub mod pcre;
mod pred;
mod prefilter;
mod rows;

use std::collections::BTreeMap;

use super::ast::{AggregateFunction, Binary, Command, Compare, Expr, Function, Name, Query};
use super::held::{Keeper, Lookup};
use super::names::fields_read;
use super::site::{Reading, Site};
use crate::capability::Findings;
use crate::dialect::held::Held;
use crate::dialect::{Request, ResultColumn};
use crate::plan::{Detection, Event, EventId, Logic, PatternKind, Strategy};
use crate::sema::literals::parse_span;
use form::{Form, Node, Slot, decide, events_overlap, field_slots, is_list};
use rows::{RowSet, Rows, aggregate};

/// What a detection becomes.
pub struct Lowered {
    /// The search.
    pub query: Query,
    /// How much further back than its pattern it must look, in milliseconds, for what joins need.
    pub older: i64,
    /// The columns of its result that hold the entity.
    pub columns: Vec<ResultColumn>,
    /// What it leaves to objects beside it.
    pub held: Vec<Held>,
}

/// The search of a detection; none if the site cannot say it, which is then in `findings`.
pub fn lower(request: &Request<'_>, findings: &mut Findings) -> Option<Lowered> {
    let detection = request.unit.detection;
    let root = decide(detection);
    let mut rows = Rows::new(Site::new(request, findings), detection);
    let predicates: Vec<Logic<Expr>> =
        detection.events.iter().map(|event| pred::predicate(&mut rows.site, &event.class, &event.predicate)).collect();
    // Columns may be joined or derived too, so ask for them before either is written.
    let fields = read_fields(&mut rows, &root);
    flags(&mut rows, &root, predicates, &fields, request.unit.strategy);
    let base = prefilter::base(&mut rows.site, detection);
    let slots = columns(&mut rows, &root, &fields);
    rows.slots.clone_from(&slots);
    let mut groups = BTreeMap::new();
    root.walk(&mut |node| {
        if let PatternKind::Grouped(group) = &node.pattern.kind {
            let own = of_event(&slots, group.event);
            rows.comment =
                Some(format!("{} grouped over {}", rows.tag(group.event), rows::span_in_words(group.over.value)));
            groups.insert(node.id, grouped::grouped(&mut rows, node, group, own));
        }
    });
    expand_lists(&mut rows, &root, &slots);
    let result = operators(&mut rows, &root, &slots, &mut groups);
    let columns = alert(&mut rows, &result);
    for (name, definition) in rows.site.source_macros() {
        rows.site.keeper.iter_mut().for_each(|keeper| keeper.source(name.to_owned(), definition.to_owned()));
    }
    let held = rows.site.keeper.take().map(|keeper| keeper.objects).unwrap_or_default();
    let refused = !rows.site.findings.refusals.is_empty();
    let older = rows.site.joins().filter_map(|(_, join)| parse_span(join.older?)).max().unwrap_or(0);
    base.filter(|_| !refused).map(|base| Lowered { query: Query { base, lines: rows.lines }, older, columns, held })
}

// ---- flags

/// Whether some event can stand in two places of the pattern, so that it needs a row for each.
fn is_shared(detection: &Detection) -> bool {
    let ids = (0..detection.events.len()).map(EventId);
    ids.clone().any(|a| ids.clone().any(|b| a < b && events_overlap(detection, a, b)))
}

/// Tests every event for every step, and drops those that satisfy none.
fn flags(
    rows: &mut Rows<'_>,
    root: &Node<'_>,
    predicates: Vec<Logic<Expr>>,
    fields: &[(Slot, Reading)],
    strategy: &Strategy,
) {
    let detection = rows.detection;
    joined::write(rows);
    rows.eval(rows.site.derivations());
    let lookups = rows.site.keeper.as_mut().map(|keeper| std::mem::take(&mut keeper.lookups)).unwrap_or_default();
    for Lookup { table, field, output } in lookups {
        rows.push(Command::Lookup { table, field, output });
    }
    let mut tests: Vec<(&Event, Expr)> = Vec::new();
    for (event, predicate) in detection.events.iter().zip(predicates) {
        let predicate = (predicate != Logic::Const(true)).then(|| pred::condition(predicate));
        tests.push((event, Expr::and(rows.site.is(&event.class.name).into_iter().chain(predicate))));
    }
    if tests.len() == 1
        && let Some((event, test)) = tests.pop()
    {
        rows.comment = describe(event, strategy);
        rows.push(Command::Where(test));
        if root.form == Form::Grouped {
            cut(rows, fields, &[]);
        }
        return;
    }
    let names: Vec<Name> = rows.tags.clone().iter().map(|tag| rows.fresh(&format!("is_{tag}"))).collect();
    let mut written: Vec<(&Event, &Name)> = Vec::new();
    for ((event, test), name) in tests.into_iter().zip(&names) {
        // The two sides of a "first seen" ask the same.
        let asks_the_same = |e: &Event| e.class.name == event.class.name && e.predicate == event.predicate;
        if let Some((_, same)) = written.iter().find(|(earlier, _)| asks_the_same(earlier)) {
            rows.eval(vec![(name.clone(), Expr::field(same))]);
            continue;
        }
        rows.comment = describe(event, strategy);
        rows.push(Command::Eval(vec![(name.clone(), Expr::flag(test))]));
        written.push((event, name));
    }
    let set = |name: &Name| Expr::field(name).compare(Compare::Eq, Expr::Int(1));
    rows.push(Command::Where(Expr::or(names.iter().map(set))));
    steps(rows, fields, &names);
}

/// Cuts events down to what later commands read, and gives each row its step.
fn steps(rows: &mut Rows<'_>, fields: &[(Slot, Reading)], flags: &[Name]) {
    cut(rows, fields, flags);
    let cases: Vec<(Expr, Expr)> = flags
        .iter()
        .zip(&rows.tags)
        .map(|(flag, tag)| (Expr::field(flag).compare(Compare::Eq, Expr::Int(1)), Expr::text(tag)))
        .collect();
    if !is_shared(rows.detection) {
        let step = Expr::call(Function::Case, cases.into_iter().flat_map(|(test, tag)| [test, tag]));
        return rows.eval(vec![(rows.step.clone(), step)]);
    }
    rows.push(Command::Streamstats(vec![rows::count(&rows.event)], Vec::new()));
    // A list of the steps with a comma before each; the first character is then cut off.
    let list = cases
        .into_iter()
        .zip(&rows.tags)
        .map(|((test, _), tag)| Expr::choose(test, Expr::text(format!(",{tag}")), Expr::text("")));
    let list = list.reduce(Expr::concat).unwrap_or_else(|| Expr::text(""));
    let list = Expr::call(Function::Substr, [list, Expr::Int(2)]);
    let split = Expr::call(Function::Split, [list, Expr::text(",")]);
    rows.eval(vec![(rows.step.clone(), split)]);
    rows.push(Command::Mvexpand(rows.step.clone()));
}

/// `fields`: the flags and the fields that the columns are made of.
fn cut(rows: &mut Rows<'_>, fields: &[(Slot, Reading)], flags: &[Name]) {
    let mut kept: Vec<Name> = Vec::new();
    for event in &rows.detection.events {
        fields_read(&rows.site.time(&event.class.name), &mut kept);
    }
    for (_, reading) in fields {
        fields_read(&reading.column(), &mut kept);
    }
    kept.extend(flags.iter().cloned());
    rows.push(Command::Fields(kept));
    rows.push(Command::FieldsRemove(vec![Name::new("_raw")]));
}

/// What a step is: its name, its documentation, the parameters in it. Nothing where its name says it all.
fn describe(event: &Event, strategy: &Strategy) -> Option<String> {
    let mut parameters: Vec<&str> = Vec::new();
    event.predicate.for_each(&mut |test| {
        let found = crate::plan::reads::parameters_of(test).filter_map(|reference| strategy.parameter(reference));
        for parameter in found {
            if !parameters.contains(&parameter.name.as_str()) {
                parameters.push(&parameter.name);
            }
        }
    });
    let doc = event.doc.lines().next().unwrap_or_default();
    if doc.is_empty() && parameters.is_empty() {
        return None;
    }
    let doc = if doc.is_empty() { String::new() } else { format!(": {doc}") };
    let with = if parameters.is_empty() { String::new() } else { format!(" (with {})", parameters.join(", ")) };
    Some(format!("{}{doc}{with}", event.name))
}

/// What an operator asks, for the comment above its commands.
fn describe_operator(node: &Node<'_>, operands: &[RowSet]) -> Option<String> {
    let names: Vec<&str> = operands.iter().map(|o| o.tag.as_str()).collect();
    let (word, window) = match &node.pattern.kind {
        PatternKind::Event(_) | PatternKind::Grouped(_) => return None,
        PatternKind::Then(join) => (" then ", join.within.value),
        PatternKind::With(join) => (" with ", join.within.value),
        PatternKind::NotFollowed(negation) => (" not followed by ", negation.within.value),
        PatternKind::NotPreceded(negation) => (" not preceded by ", negation.within.value),
    };
    Some(format!("{} within {}", names.join(word), rows::span_in_words(window)))
}

// ---- columns

type Slots = BTreeMap<Slot, Name>;

/// How the fields that columns are made of are read.
fn read_fields(rows: &mut Rows<'_>, root: &Node<'_>) -> Vec<(Slot, Reading)> {
    let detection = rows.detection;
    let read = |slot: Slot| {
        let (event, field) = (detection.event(slot.column.event)?, slot.column.as_field()?);
        let reading = rows.site.read(&event.class, field, event.span)?;
        Some((slot, reading))
    };
    field_slots(root).into_iter().filter_map(read).collect()
}

fn of_event(slots: &Slots, event: EventId) -> Slots {
    slots
        .iter()
        .filter(|(slot, _)| slot.column.event == event)
        .map(|(slot, name)| (slot.clone(), name.clone()))
        .collect()
}

/// Gives every row its time and columns. Steps share a column for one field, unless rows of several events come to be.
fn columns(rows: &mut Rows<'_>, root: &Node<'_>, fields: &[(Slot, Reading)]) -> Slots {
    let mut paired = false;
    root.walk(&mut |node| paired |= matches!(node.form, Form::Pairs | Form::AbsentPairs));
    let detection = rows.detection;
    let mut slots = Slots::new();
    let mut shared: BTreeMap<String, (Name, Vec<(EventId, Expr)>)> = BTreeMap::new();
    for (slot, reading) in fields {
        let prefix = if paired { format!("{} ", rows.tag(slot.column.event)) } else { String::new() };
        let copy = if slot.copy == 0 { String::new() } else { format!(" key{}", slot.copy) };
        let wish = format!("{prefix}{}{copy}", reading.field.name.trim_start_matches('@'));
        let entry = shared.entry(wish.clone()).or_insert_with(|| (rows.site.names.fresh(&wish), Vec::new()));
        entry.1.push((slot.column.event, reading.column()));
        let name = entry.0.clone();
        if reading.never_missing() {
            rows.guarded.insert((rows.tag(slot.column.event), name.clone()));
        }
        slots.insert(slot.clone(), name);
    }
    let times: Vec<(String, Expr)> = detection
        .events
        .iter()
        .enumerate()
        .map(|(i, event)| (rows.tag(EventId(i)), rows.site.time(&event.class.name)))
        .collect();
    let times: Vec<(&str, Expr)> = times.iter().map(|(tag, time)| (tag.as_str(), time.clone())).collect();
    let mut assignments = vec![(rows.t.clone(), rows.by_step(&times, Expr::Int(0)))];
    for (name, cases) in shared.into_values() {
        let tags: Vec<String> = cases.iter().map(|(event, _)| rows.tag(*event)).collect();
        let cases: Vec<(&str, Expr)> = tags.iter().map(String::as_str).zip(cases.into_iter().map(|(_, e)| e)).collect();
        assignments.push((name, rows.by_step(&cases, Expr::text(""))));
    }
    rows.eval(assignments);
    slots
}

/// A row for each value of the columns with several. Groups have seen to theirs; the kept rows of a `not …` are looked at
/// with all their values at once, there.
fn expand_lists(rows: &mut Rows<'_>, root: &Node<'_>, slots: &Slots) {
    let mut not_here: Vec<Slot> = Vec::new();
    let mut carried = None;
    root.walk(&mut |node| match node.form {
        Form::Grouped => not_here.extend(node.keys.iter().flatten().cloned()),
        Form::Absent(_) | Form::AbsentPairs => {
            let own = form::kept_lists(node);
            if !own.is_empty() && node.operands.first().is_some_and(form::has_pairs) {
                carried = Some(node.pattern.span);
            }
            not_here.extend(own);
        }
        Form::Event | Form::Chain { .. } | Form::Together | Form::Around { .. } | Form::Pairs => {}
    });
    if let Some(span) = carried {
        rows.site.refuse("several values of a key cannot be carried through pairs to a `not`", span);
    }
    // Steps may share a column: then all of them are seen to there.
    let later: Vec<&Name> = not_here.iter().filter_map(|slot| slots.get(slot)).collect();
    let lists = slots.iter().filter(|(slot, name)| is_list(&slot.column) && !later.contains(name));
    let names: Vec<Name> = lists.map(|(_, name)| name.clone()).collect();
    for name in rows::distinct(&names) {
        rows.push(Command::Mvexpand(name));
    }
}

// ---- operators

fn operators(rows: &mut Rows<'_>, node: &Node<'_>, slots: &Slots, groups: &mut BTreeMap<usize, RowSet>) -> RowSet {
    let mut operands: Vec<RowSet> =
        node.operands.iter().map(|operand| operators(rows, operand, slots, groups)).collect();
    rows.comment = describe_operator(node, &operands).or(rows.comment.take());
    match (&node.pattern.kind, node.form) {
        (PatternKind::Event(event), _) => RowSet {
            tag: rows.tag(*event),
            columns: of_event(slots, *event),
            ids: node.ids.iter().map(|id| (*id, rows.event.clone())).collect(),
        },
        (PatternKind::Grouped(group), _) => groups.remove(&node.id).unwrap_or_else(|| RowSet {
            tag: rows.tag(group.event),
            columns: BTreeMap::new(),
            ids: BTreeMap::new(),
        }),
        (PatternKind::Then(join) | PatternKind::With(join), form) => match form {
            Form::Chain { kept, overlap } => linear::chain(rows, node, join, operands, kept, overlap),
            Form::Together => linear::together(rows, node, join, &operands),
            Form::Around { kept, overlap } => linear::around(rows, node, join, operands, kept, overlap),
            Form::Event | Form::Grouped | Form::Absent(_) | Form::Pairs | Form::AbsentPairs => {
                pairs::join(rows, node, join, operands)
            }
        },
        (PatternKind::NotFollowed(negation) | PatternKind::NotPreceded(negation), form) => {
            let none = || RowSet { tag: String::new(), columns: BTreeMap::new(), ids: BTreeMap::new() };
            let absent = operands.pop().unwrap_or_else(none);
            let kept = operands.pop().unwrap_or_else(none);
            match form {
                Form::Absent(overlap) => linear::absent(rows, node, negation, [kept, absent], overlap),
                _ => pairs::absent(rows, node, negation, [kept, absent]),
            }
        }
    }
}

// ---- the alert

/// One row for each tuple of the entity, with its first and last time. `stats` drops rows whose `by` field is null and says
/// nothing of empty ones, so a column that may be missing is marked before and unmarked after.
fn alert(rows: &mut Rows<'_>, result: &RowSet) -> Vec<ResultColumn> {
    drop_old(rows);
    let detection = rows.detection;
    let slots = form::entity(detection);
    let columns = result_columns(rows);
    let entity: Vec<(Name, &str)> =
        slots.iter().map(|slot| result.column(slot)).zip(columns.iter().map(|c| c.name.as_str())).collect();
    let mut by: Vec<Name> = Vec::new();
    for (name, _) in &entity {
        if !by.contains(name) {
            by.push(name.clone());
        }
    }
    let certain = |name: &Name| rows.guarded.contains(&(result.tag.clone(), name.clone()));
    let uncertain: Vec<Name> = by.iter().filter(|name| !certain(name)).cloned().collect();
    let missing = |name: &Name, mark: &str| Expr::field(name).compare(Compare::Eq, Expr::text(mark));
    let mark = |name: &Name| {
        let present = Expr::text("=").concat(Expr::field(name));
        (name.clone(), Expr::choose(missing(name, ""), Expr::text("-"), present))
    };
    rows.eval(uncertain.iter().map(mark).collect());
    let (first, last) = (rows.fresh("first_seen"), rows.fresh("last_seen"));
    let times =
        vec![aggregate(AggregateFunction::Min, &rows.t, &first), aggregate(AggregateFunction::Max, &rows.t, &last)];
    rows.push(Command::Stats(times, by));
    let unmark = |name: &Name| {
        let value = Expr::call(Function::Substr, [Expr::field(name), Expr::Int(2)]);
        let is_there = Expr::field(name).compare(Compare::Ne, Expr::text("-"));
        (name.clone(), Expr::call(Function::Case, [is_there, value]))
    };
    let readable = |name: &Name| {
        let seconds = Expr::field(name).binary(super::ast::Binary::Div, Expr::Int(1000));
        (name.clone(), Expr::call(Function::Strftime, [seconds, Expr::text("%Y-%m-%dT%H:%M:%S.%3Q%z")]))
    };
    rows.eval(uncertain.iter().map(unmark).chain([readable(&first), readable(&last)]).collect());
    name_entity(rows, &entity);
    if let Some(filter) = rows.site.keeper.as_mut().map(Keeper::filter) {
        rows.push(Command::Macro(filter));
    }
    columns
}

/// The columns of the alert. A deployed search is read by alert actions, which know no dots in a field's name.
fn result_columns(rows: &Rows<'_>) -> Vec<ResultColumn> {
    let mut columns: Vec<ResultColumn> = Vec::new();
    for entity in &rows.detection.entity {
        let mut name = entity.name.clone();
        if rows.site.deployment().is_some() {
            name = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        }
        while columns.iter().any(|column| column.name == name) {
            name.push('_');
        }
        columns.push(ResultColumn::named(&entity.name, &name));
    }
    columns
}

/// Drops the rows that an earlier run has judged. A join's row may be that of an operand up to a window before its end. A
/// row that is judged twice is throttled with its entity; one that is dropped too early would be lost.
fn drop_old(rows: &mut Rows<'_>) {
    let Some(schedule) = rows.site.deployment().and_then(|deployment| deployment.schedule) else { return };
    let late = schedule.every.saturating_add(schedule.delay);
    let Some(recent) = rows.site.keeper.as_mut().map(|keeper| keeper.recent(late)) else { return };
    let pattern = &rows.detection.pattern;
    rows.comment = Some("rows that no earlier run has judged".to_owned());
    let mut from = rows.end_of_search().minus(recent.binary(Binary::Mul, Expr::Int(1000)));
    if let PatternKind::Then(join) | PatternKind::With(join) = &pattern.kind {
        from = from.minus(rows.site.window(&join.within));
    }
    if pattern.wait() > 0 {
        from = from.minus(rows.wait(pattern));
    }
    // Without an end of the search (all time) nothing is old.
    let old = rows.time().compare(Compare::Le, from);
    let keep = Expr::call(Function::Case, [old, Expr::Int(0), Expr::always(), Expr::Int(1)]);
    rows.push(Command::Where(keep.compare(Compare::Eq, Expr::Int(1))));
}

/// Gives the entity's columns the names they bear in an alert. A column that two of them share is copied first.
fn name_entity(rows: &mut Rows<'_>, entity: &[(Name, &str)]) {
    let mut renames: Vec<(Name, Name)> = Vec::new();
    let (mut copies, mut taken) = (Vec::new(), Vec::new());
    for (name, wanted) in entity {
        let mut from = name.clone();
        if taken.contains(&name) {
            from = rows.site.names.fresh(&name.0);
            copies.push((from.clone(), Expr::field(name)));
        }
        taken.push(name);
        if *from.0 != **wanted {
            renames.push((from, Name::new(*wanted)));
        }
    }
    rows.eval(copies);
    if !renames.is_empty() {
        rows.push(Command::Rename(renames));
    }
}
