//! An event of the pattern: the rows of a table that satisfy its predicate, with the columns that something needs.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::Cell;
use super::field::{self, Access, Derived};
use super::names::pascal;
use super::pred::{self, Nulls};
use super::{ClassSource, Context};
use crate::dialect::kql::ast::{Assign, BinaryOp, Expr, JoinKind, LetValue, Pipeline, Scalar, Source, Step};
use crate::dialect::kql::source::Lookup;
use crate::plan::facts::may_overlap;
use crate::plan::{Column, Event, EventId, Field, Logic, Pred, Test};
use crate::source::Span;
use crate::target::{self, ClassBinding};

/// The steps of an event's table while its predicate is lowered.
pub struct Scope<'a> {
    /// The event.
    pub event: EventId,
    /// Derived fields that are computed by now.
    pub derived: Derived,
    /// Tests of fields with several values: the field's name, the field, and a flag for each test.
    pub flags: Vec<(String, Access<'a>, Vec<Assign>)>,
    /// The column of a numbered table that numbers its rows.
    number: Option<String>,
}

/// The table of an event.
pub fn pipeline(cx: &mut Context<'_>, id: EventId, need: &BTreeSet<String>) -> Pipeline {
    let Some(event) = cx.event(id) else { return Pipeline::of("") };
    let Some(ClassSource { source, .. }) = cx.source(id) else { return Pipeline::of("") };
    let numbered = need.contains(&cx.columns.id(id)) && source.id.is_none();
    let mut scope = Scope { event: id, derived: Derived::new(), flags: Vec::new(), number: None };
    let (rows, conditions) = if numbered {
        let base = numbered_base(cx, id, event);
        let flag = base.flags.get(&id).cloned().unwrap_or(Expr::Bool(true));
        (scope.derived, scope.number) = (base.derived, Some(base.number));
        (Pipeline::of(base.name), vec![flag])
    } else {
        let rows = site_rows(cx, event, &[(id, event)]);
        let rows = compute(cx, rows, &[(id, event)], &mut scope);
        let conditions = conditions(cx, &event.predicate, &mut scope);
        (list_tests(rows, &scope), conditions)
    };
    let mut guards = guards(cx, &scope, event.span);
    guards.retain(|guard| !conditions.contains(guard));
    let rows = conditions.into_iter().fold(rows, Pipeline::filter).filter(Expr::and(guards));
    let columns = projection(cx, &scope, source.time, need);
    rows.then(Step::Project(columns))
}

/// The site's rows of a class, completed from other tables as far as one of the events needs it.
fn site_rows(cx: &mut Context<'_>, event: &Event, members: &[(EventId, &Event)]) -> Pipeline {
    let Some(ClassSource { source, binding }) = cx.sources.get(event.class.name.as_str()) else {
        return Pipeline::of("");
    };
    let mut rows = match (source.table, source.query) {
        (Some(table), _) => Pipeline::of(table),
        (None, query) => Pipeline { source: Source::Raw(query.unwrap_or_default().to_owned()), steps: Vec::new() },
    };
    for condition in &source.r#where {
        rows = rows.then(Step::Where(Expr::Raw((*condition).to_owned())));
    }
    for (name, value) in source.extends() {
        rows = rows.then(Step::Extend(vec![(name.to_owned(), Expr::Raw(value.to_owned()))]));
    }
    if source.lookups.is_empty() {
        return rows;
    }
    let words = words_read(cx, binding, members);
    for lookup in &source.lookups {
        let read: Vec<&str> = lookup.columns().filter(|column| words.contains(column)).collect();
        if !read.is_empty() {
            cx.older = cx.older.max(lookup.older());
            rows = look_up(rows, lookup, read);
        }
    }
    rows
}

/// The words of all expressions that read a field of the events.
fn words_read<'a>(cx: &Context<'_>, binding: &'a ClassBinding, members: &[(EventId, &Event)]) -> BTreeSet<&'a str> {
    let mut words = BTreeSet::new();
    let mut note = |field: &Field| match binding.field(&field.name).map(|binding| &binding.access) {
        Some(target::Access::Native(text) | target::Access::Derived(text)) => {
            words.extend(text.split(|c: char| !c.is_alphanumeric() && c != '_'));
        }
        Some(
            target::Access::Constant(_)
            | target::Access::Join(_)
            | target::Access::Missing(_)
            | target::Access::Absent(_),
        )
        | None => {}
    };
    for (id, event) in members {
        event.predicate.for_each(&mut |test: &Test| test.for_each_field(&mut note));
        cx.columns.of(*id).filter_map(Column::as_field).for_each(&mut note);
    }
    words
}

/// Joins the columns that are read of the latest row of another table.
fn look_up(rows: Pipeline, lookup: &Lookup<'_>, read: Vec<&str>) -> Pipeline {
    let key = lookup.key;
    let rows = match lookup.is {
        Some(expression) => rows.then(Step::Extend(vec![(key.to_owned(), Expr::Raw(expression.to_owned()))])),
        None => rows,
    };
    let brought: Vec<&str> = read.into_iter().filter(|name| *name != key).collect();
    let latest = [lookup.latest].into_iter().chain(brought.iter().copied()).map(Expr::name).collect();
    let columns = [key].into_iter().chain(brought);
    let right = Pipeline::of(lookup.table)
        .filter(Expr::Call("isnotempty", vec![Expr::name(key)]))
        .then(Step::Summarize {
            columns: vec![(None, Expr::Call("arg_max", latest))],
            by: vec![(key.to_owned(), Expr::name(key))],
        })
        .then(Step::Project(columns.map(|name| (name.to_owned(), Expr::name(name))).collect()));
    rows.then(Step::Join { kind: JoinKind::LeftOuter, right, on: vec![(key.to_owned(), key.to_owned())] })
}

/// Computes the derived fields that the predicates and the guards of keys read.
fn compute(cx: &mut Context<'_>, rows: Pipeline, members: &[(EventId, &Event)], scope: &mut Scope<'_>) -> Pipeline {
    let Some(binding) = cx.source(scope.event).map(|s| s.binding) else { return rows };
    let mut read: BTreeMap<Field, &str> = BTreeMap::new();
    let mut note = |field: &Field| {
        if let Some(target::Access::Derived(text)) = binding.field(&field.name).map(|b| &b.access) {
            read.insert(field.clone(), text);
        }
    };
    for (id, event) in members {
        event.predicate.for_each(&mut |test: &Test| test.for_each_field(&mut note));
        cx.columns.required(*id).for_each(&mut note);
    }
    let mut columns = Vec::new();
    for (field, text) in read {
        let name = derived_name(cx, members, &field);
        columns.push((name.clone(), Expr::Raw(text.to_owned())));
        scope.derived.insert(field.name, name);
    }
    if columns.is_empty() { rows } else { rows.then(Step::Extend(columns)) }
}

/// The name of a derived field: its column's, if that is the field as it is and hides nothing.
fn derived_name(cx: &mut Context<'_>, members: &[(EventId, &Event)], field: &Field) -> String {
    let column = match members {
        [(id, _)] => cx.columns.name(&Column::field(*id, field.clone())),
        _ => String::new(),
    };
    if !column.is_empty() && !cx.names.is_foreign(&column) {
        return column;
    }
    cx.names.fresh(&pascal(&field.name))
}

/// The predicate as one condition for each of its parts.
fn conditions<'a>(cx: &mut Context<'a>, predicate: &Pred, scope: &mut Scope<'a>) -> Vec<Expr> {
    match predicate {
        Logic::And(parts) => parts.iter().map(|part| pred::predicate(cx, scope, part, Nulls::Dropped)).collect(),
        other => vec![pred::predicate(cx, scope, other, Nulls::Dropped)],
    }
}

/// Looks at every member of the fields with several values, once a field.
fn list_tests(rows: Pipeline, scope: &Scope<'_>) -> Pipeline {
    scope.flags.iter().fold(rows, |rows, (name, field, tests)| {
        rows.then(Step::MvApply {
            name: name.clone(),
            value: never_empty(field.expr.clone()),
            ty: field.member("").native,
            tests: tests.clone(),
        })
    })
}

/// An array as it is, or one with `""` in place of an empty one, so that its row does not vanish when it is expanded.
pub fn never_empty(array: Expr) -> Expr {
    let some = Expr::binary(Expr::Call("array_length", vec![array.clone()]), BinaryOp::Greater, Expr::Long(0));
    Expr::Call("iff", vec![some, array, Expr::List(vec![Expr::Text(String::new())])])
}

/// The fields that keys need, present.
fn guards(cx: &mut Context<'_>, scope: &Scope<'_>, span: Span) -> Vec<Expr> {
    let fields: Vec<Field> = cx.columns.required(scope.event).cloned().collect();
    let mut guards = Vec::new();
    for field in fields {
        let span = cx.columns.span(scope.event, &field).unwrap_or(span);
        let Some(access) = field::access(cx, scope.event, &field, &scope.derived, span) else { continue };
        guards.push(present(cx, &access, span));
    }
    guards
}

/// Whether a key has a value.
pub fn present(cx: &mut Context<'_>, access: &Access<'_>, span: Span) -> Expr {
    if access.list {
        return access.any();
    }
    access.present().unwrap_or_else(|reason| {
        cx.refuse(&reason, span);
        Expr::Bool(true)
    })
}

/// The columns that something needs, the time first.
fn projection(cx: &mut Context<'_>, scope: &Scope<'_>, time: &str, need: &BTreeSet<String>) -> Vec<Assign> {
    let mut columns = vec![(cx.columns.time(scope.event), Expr::name(time))];
    let needed = cx.columns.cells(scope.event).iter().filter(|(name, _)| need.contains(name));
    for (name, cell) in needed.cloned().collect::<Vec<_>>() {
        let value = match cell {
            Cell::Field(field) => column(cx, scope, &name, &field),
            Cell::Id => match cx.source(scope.event).and_then(|s| s.source.id) {
                Some(id) => Expr::Raw(id.to_owned()),
                None => Expr::Name(scope.number.clone().unwrap_or_default()),
            },
            Cell::Carried(column) => Expr::Name(column),
            Cell::Aggregate(_) => continue,
        };
        columns.push((name, value));
    }
    columns
}

/// A field as a column: its type is the same in every table that joins on it.
fn column(cx: &mut Context<'_>, scope: &Scope<'_>, name: &str, field: &Field) -> Expr {
    let span = cx.columns.span(scope.event, field).unwrap_or(cx.detection().span);
    let Some(access) = field::access(cx, scope.event, field, &scope.derived, span) else { return Expr::name("") };
    if access.list {
        return access.expr;
    }
    let value = field::value(cx, &access, span).unwrap_or_else(|| Expr::name(""));
    let is_number = matches!(access.value_type(), Scalar::Int | Scalar::Long | Scalar::Real);
    let types = if is_number { types(cx, name) } else { BTreeSet::new() };
    if types.len() < 2 {
        return value;
    }
    Expr::Call(if types.contains(&Scalar::Real) { "todouble" } else { "tolong" }, vec![value])
}

/// The types of the columns that share a name.
fn types(cx: &Context<'_>, name: &str) -> BTreeSet<Scalar> {
    cx.columns.sharing(name).filter_map(|(event, field)| field::value_type(cx, event, field)).collect()
}

/// One numbered table for all events that one event of the table could be, evaluated once so that all see the same
/// numbers. Each event has a flag in it.
fn numbered_base(cx: &mut Context<'_>, id: EventId, event: &Event) -> Numbered {
    if let Some(base) = cx.numbered.get(&event.class.name) {
        return base.clone();
    }
    let base = build_base(cx, id, event);
    cx.numbered.insert(event.class.name.clone(), base.clone());
    base
}

/// A numbered table.
#[derive(Debug, Clone)]
pub struct Numbered {
    /// The table.
    name: String,
    /// The column with the number.
    number: String,
    /// For each event, whether a row is one: a column, or `true`.
    flags: BTreeMap<EventId, Expr>,
    /// Derived fields that it has computed.
    derived: Derived,
}

fn build_base(cx: &mut Context<'_>, id: EventId, event: &Event) -> Numbered {
    let events = || cx.detection().events.iter().map(std::sync::Arc::as_ref);
    let alike = |other: &Event| other.class.name == event.class.name;
    let partners = |a: &Event| events().filter(|b| alike(b) && !std::ptr::eq(*b, a)).any(|b| may_overlap(a, b));
    let members: Vec<(EventId, &Event)> =
        events().enumerate().map(|(index, e)| (EventId(index), e)).filter(|(_, e)| alike(e) && partners(e)).collect();
    let mut scope = Scope { event: id, derived: Derived::new(), flags: Vec::new(), number: None };
    let rows = site_rows(cx, event, &members);
    let rows = compute(cx, rows, &members, &mut scope);
    let mut flags = BTreeMap::new();
    let mut columns = Vec::new();
    for (member, e) in &members {
        scope.event = *member;
        let test = pred::predicate(cx, &mut scope, &e.predicate, Nulls::Counted);
        if test == Expr::Bool(true) {
            flags.insert(*member, test);
            continue;
        }
        let flag = cx.names.fresh(&format!("is_{}", e.name));
        columns.push((flag.clone(), test));
        flags.insert(*member, Expr::Name(flag));
    }
    let any = Expr::or(flags.values().cloned().collect::<Vec<_>>());
    let number = cx.names.fresh("EventNumber");
    let mut rows = list_tests(rows, &scope);
    if !columns.is_empty() {
        rows = rows.then(Step::Extend(columns)).filter(any);
    }
    let rows = rows.then(Step::RowNumber(number.clone()));
    let comment = "One number for each event, so that none stands in two places of a row";
    let rows = cx.bind(&format!("{}_events", event.class.name), comment, LetValue::Materialized(rows));
    let name = match rows.source {
        Source::Name(name) | Source::Raw(name) | Source::Call(name, _) => name,
        Source::Print(_) => String::new(),
    };
    Numbered { name, number, flags, derived: scope.derived }
}
