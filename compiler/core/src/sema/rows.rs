//! The columns of a pattern's rows, and what a field's name means among them.

use std::sync::Arc;

use super::arithmetic::general;
use super::table::{Lookup, ScopeId, Table};
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::plan::facts::Equalities;
use crate::plan::{Aggregate, Column, ColumnValue, Event, EventId, Pattern, Type};
use crate::syntax::ast::Ident;

/// A detection under construction: the events bound so far and the aggregates that have names.
pub(super) struct Draft<'t, 'a> {
    /// What is declared.
    pub table: &'t Table<'a>,
    /// The analytic's scope.
    pub scope: ScopeId,
    /// Becomes [`crate::plan::Detection::events`].
    pub events: Vec<Arc<Event>>,
    /// Aggregates that are fields of a row, with their types.
    pub named: Vec<(EventId, String, Aggregate, Type)>,
}

impl Draft<'_, '_> {
    /// The column that `name` means in the rows of `pattern`; reports an unknown or ambiguous name.
    pub fn column(&self, pattern: &Pattern, name: &Ident) -> Option<Column> {
        let row = pattern.row_events();
        if let Some((head, rest)) = name.value.split_once('.')
            && let Some(id) = row.iter().copied().find(|id| self.event_name(*id) == Some(head))
        {
            return self.value_of(id, rest).or_else(|| self.unknown_of(id, rest, name));
        }
        let declared: Vec<Column> = row.iter().filter_map(|id| self.value_of(*id, &name.value)).collect();
        let first = declared.first().cloned();
        let Some(first) = first else { return self.unknown(&row, name) };
        if declared.len() > 1 {
            let equal = Equalities::of(pattern);
            if !declared.iter().all(|column| equal.equal(&first, column)) {
                return self.ambiguous(&declared, name);
            }
        }
        Some(first)
    }

    /// An event's name in the source.
    pub fn event_name(&self, id: EventId) -> Option<&str> {
        self.events.get(id.0).map(|event| &*event.name)
    }

    /// The field or named aggregate `name` of one event.
    fn value_of(&self, id: EventId, name: &str) -> Option<Column> {
        let event = self.events.get(id.0)?;
        if let Some((field, _)) = event.class.fields.get(name) {
            return Some(Column::field(id, field.clone()));
        }
        let named = self.named.iter().find(|(event, n, ..)| *event == id && n == name)?;
        Some(Column { event: id, value: ColumnValue::Aggregate(named.1.clone()) })
    }

    /// The type of a column, as keys compare it.
    pub fn column_type(&self, column: &Column) -> Type {
        match &column.value {
            ColumnValue::Field(field) => general(&field.ty),
            ColumnValue::Aggregate(name) => {
                let named = self.named.iter().find(|(event, n, ..)| *event == column.event && n == name);
                named.map_or(Type::Int, |(.., ty)| ty.clone())
            }
        }
    }

    fn unknown_of<T>(&self, id: EventId, rest: &str, name: &Ident) -> Option<T> {
        let event = self.events.get(id.0)?;
        let title = format!("`{}` is of `{}`, which has no field `{rest}`", event.name, event.class.name);
        let hint = suggest::did_you_mean(rest, event.class.fields.keys().map(String::as_str));
        self.table.fail(Diagnostic::new(Code::UnknownField, title, name.span).maybe_help(hint))
    }

    fn unknown<T>(&self, row: &[EventId], name: &Ident) -> Option<T> {
        let events: Vec<&Event> = row.iter().filter_map(|id| self.events.get(id.0).map(Arc::as_ref)).collect();
        if let Some((head, rest)) = name.value.split_once('.') {
            let elsewhere = events.iter().any(|event| event.class.fields.contains_key(rest))
                || matches!(self.table.find(self.scope, head, name.span), Lookup::Found(_));
            if elsewhere {
                let title = format!("no event `{head}` is bound here");
                let hint = suggest::did_you_mean(head, events.iter().map(|event| &*event.name));
                let hint = hint.or_else(|| Some(format!("bound are {}", list(events.iter().map(|e| &*e.name)))));
                return self.table.fail(Diagnostic::new(Code::UnknownEvent, title, name.span).maybe_help(hint));
            }
        }
        let title = match events.as_slice() {
            [event] => format!("`{}` is of `{}`, which has no field `{}`", event.name, event.class.name, name.value),
            _ => format!("none of {} has a field `{}`", list(events.iter().map(|e| &*e.name)), name.value),
        };
        let fields = events.iter().flat_map(|event| event.class.fields.keys().map(String::as_str));
        let hint = suggest::did_you_mean(&name.value, fields);
        self.table.fail(Diagnostic::new(Code::UnknownField, title, name.span).maybe_help(hint))
    }

    fn ambiguous<T>(&self, declared: &[Column], name: &Ident) -> Option<T> {
        let names = declared.iter().filter_map(|column| self.event_name(column.event));
        let prefixed: Vec<String> = names.map(|event| format!("`{event}.{}`", name.value)).collect();
        let title = format!("several events of the row have a field `{}`, and no key makes them equal", name.value);
        let help = format!("write {}", prefixed.join(" or "));
        self.table.fail(Diagnostic::new(Code::AmbiguousField, title, name.span).help(help))
    }
}

/// `` `a`, `b` ``
fn list<'n>(names: impl Iterator<Item = &'n str>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
