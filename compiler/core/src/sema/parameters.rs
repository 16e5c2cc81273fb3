//! Parameters: types, bounds and defaults, then the values in force.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::table::{EntryId, EntryKind, ScopeId, Table};
use super::values::{self, Const};
use super::{Env, bounds, types};
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{ParamBound, ParamRef, Parameter, Type, Value};
use crate::syntax::ast::{self, BoundKind};

/// A declared parameter and the analytic it belongs to.
#[derive(Clone, Copy)]
pub(super) struct Declared<'a> {
    pub entry: EntryId,
    pub analytic: Option<&'a str>,
}

/// Every parameter with its default as its value; none if one is in error.
pub(super) fn resolve(table: &Table<'_>, declared: &[Declared<'_>]) -> Option<Vec<Parameter>> {
    let all: Vec<Option<Parameter>> = declared.iter().map(|d| resolve_one(table, d)).collect();
    all.into_iter().collect()
}

fn resolve_one(table: &Table<'_>, declared: &Declared<'_>) -> Option<Parameter> {
    let entry = table.entry(declared.entry)?;
    let EntryKind::Parameter(decl, _) = &entry.kind else { return None };
    let env = Env::constants(entry.scope);
    let ty = types::resolve(table, &decl.ty)?;
    let bounds = all_bounds(table, entry.scope, decl, &ty);
    let default = values::check(table, &env, &decl.default, &ty);
    let (bounds, default) = (bounds?, default?);
    let mut default = default.value;
    if let (Value::Record(fields), ast::TypeKind::Record(declared)) = (Arc::make_mut(&mut default), &decl.ty.kind) {
        fill_record(table, &env, fields, declared)?;
    }
    if let Err(message) = bounds::check(&ty, &bounds, &default) {
        let title = format!("the default of `{}` is out of bounds: {message}", entry.name.value);
        return table.fail(Diagnostic::new(Code::OutOfBounds, title, decl.default.span));
    }
    Some(Parameter {
        name: entry.name.value.clone(),
        kind: decl.kind,
        analytic: declared.analytic.map(str::to_owned),
        doc: entry.doc.to_owned(),
        ty,
        bounds,
        value: Arc::clone(&default),
        default,
        layers: Vec::new(),
        span: entry.name.span,
    })
}

/// The defaults of fields that a record's value leaves out.
fn fill_record(
    table: &Table<'_>,
    env: &Env<'_>,
    fields: &mut BTreeMap<String, Value>,
    declared: &[ast::RecordField],
) -> Option<()> {
    let mut sound = true;
    for field in declared {
        let default = types::resolve(table, &field.ty).and_then(|ty| values::check(table, env, &field.default, &ty));
        match default {
            Some(default) => {
                fields.entry(field.name.value.clone()).or_insert_with(|| Arc::unwrap_or_clone(default.value));
            }
            None => sound = false,
        }
    }
    sound.then_some(())
}

/// The bound of the whole under `""`, those of a record's fields under their names.
fn all_bounds(
    table: &Table<'_>,
    scope: ScopeId,
    decl: &ast::Parameter,
    ty: &Type,
) -> Option<BTreeMap<String, ParamBound>> {
    let mut all = BTreeMap::new();
    let mut sound = true;
    let fields = match (&decl.ty.kind, ty) {
        (ast::TypeKind::Record(fields), Type::Record(types)) => {
            let typed =
                fields.iter().filter_map(|f| Some((&*f.name.value, f.bound.as_deref()?, types.get(&f.name.value)?)));
            typed.collect::<Vec<_>>()
        }
        _ => Vec::new(),
    };
    for (name, bound, ty) in decl.bound.as_deref().into_iter().map(|bound| ("", bound, ty)).chain(fields) {
        match one_bound(table, scope, bound, ty) {
            Some(bound) => {
                all.insert(name.to_owned(), bound);
            }
            None => sound = false,
        }
    }
    sound.then_some(all)
}

fn one_bound(table: &Table<'_>, scope: ScopeId, bound: &ast::Bound, ty: &Type) -> Option<ParamBound> {
    let length = bound.kind == BoundKind::Length;
    let ordered = ty.is_number() || matches!(ty.scalar(), Type::Duration | Type::Datetime);
    let counted = ty.is_list() || matches!(ty, Type::Ports | Type::String);
    if !(if length { counted } else { ordered }) {
        let what = if length { "length" } else { "order" };
        let title = format!("a value of type `{ty}` has no {what} to bound");
        return table.fail(Diagnostic::new(Code::WrongType, title, bound.span));
    }
    let end_type = if length { &Type::Int } else { ty.scalar() };
    let end = |expr: &Option<ast::Expr>| match expr {
        Some(expr) => {
            values::check(table, &Env::constants(scope), expr, end_type).map(|c| Some(Arc::unwrap_or_clone(c.value)))
        }
        None => Some(None),
    };
    let (low, high) = (end(&bound.low), end(&bound.high));
    let (low, high) = (low?, high?);
    if let (Some(low), Some(high)) = (&low, &high)
        && bounds::compare(low, high) == Some(std::cmp::Ordering::Greater)
    {
        return table.fail(Diagnostic::new(
            Code::OutOfBounds,
            "the bound runs backwards: nothing lies inside",
            bound.span,
        ));
    }
    Some(ParamBound { length, low, high })
}

/// Makes the values in force known to whatever names the parameters.
pub(super) fn bind(table: &Table<'_>, declared: &[Declared<'_>], parameters: Option<&[Parameter]>) {
    for (index, declared) in declared.iter().enumerate() {
        let Some(entry) = table.entry(declared.entry) else { continue };
        let EntryKind::Parameter(_, cell) = &entry.kind else { continue };
        let value = parameters.and_then(|all| all.get(index)).map(|parameter| Const {
            value: Arc::clone(&parameter.value),
            ty: parameter.ty.clone(),
            soft: false,
            param: Some(ParamRef { index, field: None }),
            span: parameter.span,
        });
        // Each strategy binds its parameters once.
        let _ = cell.set(value);
    }
}
