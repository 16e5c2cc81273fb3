//! Types as written to types of the plan, and event classes.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::table::{Table, duplicate};
use crate::diagnostics::{Code, Diagnostic, suggest};
use crate::plan::{Class, Field, Type};
use crate::syntax::ast;

/// The types that are one word.
const NAMED: [(&str, Type); 13] = [
    ("bool", Type::Bool),
    ("int", Type::Int),
    ("float", Type::Float),
    ("string", Type::String),
    ("duration", Type::Duration),
    ("datetime", Type::Datetime),
    ("ip", Type::Ip),
    ("cidr", Type::Cidr),
    ("host", Type::Host),
    ("port", Type::Port),
    ("glob", Type::Glob),
    ("regex", Type::Regex),
    ("ports", Type::Ports),
];

/// The type that was written; reports unknown names and lists of lists, ports or records.
pub(super) fn resolve(table: &Table<'_>, ty: &ast::Type) -> Option<Type> {
    match &ty.kind {
        ast::TypeKind::Named(name) => NAMED.iter().find(|(n, _)| n == name).map(|(_, t)| t.clone()).or_else(|| {
            let names = NAMED.iter().map(|(n, _)| *n).chain(["list", "enum", "record"]);
            let hint = suggest::did_you_mean(name, names);
            table.fail(
                Diagnostic::new(Code::UnknownName, format!("there is no type `{name}`"), ty.span).maybe_help(hint),
            )
        }),
        ast::TypeKind::Enum(words) => {
            for (i, word) in words.iter().enumerate() {
                if let Some(first) = words.iter().take(i).find(|w| *w == word) {
                    table.report(duplicate(&word.value, word.span, Some(first.span)));
                }
            }
            Some(Type::Enum(words.iter().map(|w| w.value.clone()).collect()))
        }
        ast::TypeKind::List(inner) => match resolve(table, inner)? {
            inner_ty @ (Type::List(_) | Type::Ports | Type::Record(_)) => {
                let title = format!("a list of `{inner_ty}` is not supported");
                table.fail(Diagnostic::new(Code::WrongType, title, inner.span))
            }
            inner => Some(Type::List(Box::new(inner))),
        },
        ast::TypeKind::Record(fields) => record(table, fields),
    }
}

fn record(table: &Table<'_>, fields: &[ast::RecordField]) -> Option<Type> {
    let mut types = BTreeMap::new();
    let mut sound = true;
    for (i, field) in fields.iter().enumerate() {
        if let Some(first) = fields.iter().take(i).find(|f| f.name == field.name) {
            table.report(duplicate(&field.name.value, field.name.span, Some(first.name.span)));
            sound = false;
        }
        match resolve(table, &field.ty) {
            Some(Type::Record(_)) => {
                table.report(Diagnostic::new(
                    Code::WrongType,
                    "a record inside a record is not supported",
                    field.ty.span,
                ));
                sound = false;
            }
            Some(ty) => {
                types.insert(field.name.value.clone(), ty);
            }
            None => sound = false,
        }
    }
    sound.then_some(Type::Record(types))
}

/// Declares an event class; a field in error is reported and left out.
pub(super) fn declare_class<'a>(table: &mut Table<'a>, doc: &str, class: &'a ast::Class) {
    if table.classes.contains_key(&*class.name.value) {
        return table.report(duplicate(&class.name.value, class.name.span, None));
    }
    let mut fields = BTreeMap::new();
    insert_field(&mut fields, "@timestamp", Type::Datetime, "When it happened.");
    for field in &class.fields {
        let Some(ty) = resolve(table, &field.ty) else { continue };
        if matches!(ty.scalar(), Type::Cidr | Type::Host | Type::Glob | Type::Regex | Type::Ports | Type::Record(_)) {
            let title = format!("a field cannot be of type `{ty}`");
            table.report(Diagnostic::new(Code::WrongType, title, field.ty.span));
        } else if field.name.value == "@timestamp" && ty == Type::Datetime {
            insert_field(&mut fields, "@timestamp", ty, &field.doc);
        } else if fields.contains_key(&field.name.value) {
            let first = class.fields.iter().find(|f| f.name == field.name).map(|f| f.name.span);
            table.report(duplicate(&field.name.value, field.name.span, first));
        } else {
            insert_field(&mut fields, &field.name.value, ty, &field.doc);
        }
    }
    refuse_nested(table, class);
    table.add_class(&class.name, Class { name: class.name.value.clone(), doc: doc.to_owned(), fields });
}

fn insert_field(fields: &mut BTreeMap<String, (Field, String)>, name: &str, ty: Type, doc: &str) {
    fields.insert(name.to_owned(), (Field { name: Arc::from(name), ty }, doc.to_owned()));
}

/// A name cannot be a value and an object with values of its own.
fn refuse_nested(table: &Table<'_>, class: &ast::Class) {
    let names: BTreeMap<&str, &ast::FieldDecl> = class.fields.iter().map(|f| (&*f.name.value, f)).collect();
    for field in &class.fields {
        let name = &field.name.value;
        let around = name.match_indices('.').filter_map(|(at, _)| names.get(name.get(..at)?)).next();
        if let Some(outer) = around {
            let title = format!("`{name}` lies inside the field `{}`", outer.name.value);
            table
                .report(Diagnostic::new(Code::Duplicate, title, field.name.span).also(outer.name.span, "a value here"));
        }
    }
}
