//! Values that stand outside a query, under a name, where a site edits them: what a pack deploys beside its rules.
//!
//! A target's `settings.held` says which kinds of value stand outside and in what; without it every value stands in the
//! query. Names are made of the analytic and the parameter alone, so that a site's own values survive new versions.

use super::kql;
use crate::plan::{ParamRef, Parameter, Type, Unit};

/// An object of the product that a query refers to.
#[derive(Debug, Clone, PartialEq)]
pub struct Held {
    /// Its name in the product. It never changes.
    pub name: String,
    /// The parameter whose value it holds; none for what belongs to the rule itself.
    pub param: Option<ParamRef>,
    /// How a site writes it, for whoever edits it: one line.
    pub form: String,
    /// What it is.
    pub object: Object,
}

/// The kinds of object.
#[derive(Debug, Clone, PartialEq)]
pub enum Object {
    /// Text that stands in the query in place of the name.
    Macro {
        /// The names of its arguments.
        arguments: Vec<String>,
        /// The text.
        definition: String,
    },
    /// A table with a row for each entry of a list as the pack ships it.
    Rows {
        /// Whether case counts where an entry is compared.
        cased: bool,
        /// The entries.
        entries: Vec<String>,
    },
    /// A table of the site's own: what it adds to a list, or takes out of it. Empty when it is installed.
    SiteRows {
        /// Whether case counts where an entry is compared.
        cased: bool,
        /// How an entry is compared with a value.
        matching: Matching,
    },
    /// A column of the one row that a function of an analytic gives.
    Column {
        /// The analytic, or the strategy for a parameter of its own.
        owner: String,
        /// What it holds.
        column: Box<kql::Column>,
    },
}

impl Held {
    /// Its kind and name, for a manifest.
    #[must_use]
    pub fn describe(&self) -> String {
        match &self.object {
            Object::Macro { .. } => format!("macro {}", self.name),
            Object::Rows { .. } => format!("lookup {}", self.name),
            Object::SiteRows { .. } => format!("KV store collection {}", self.name),
            Object::Column { column, .. } => match &column.watchlist {
                Some(alias) => format!("watchlist {alias}"),
                None => format!("function {}, column {}", column.settings, column.plain),
            },
        }
    }
}

/// How an entry of a table is compared with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Matching {
    /// It is the value.
    Exact,
    /// It is the value, with `*` for any run of characters.
    Wildcard,
    /// It is a network that the value lies in.
    Network,
}

/// The analytic that a parameter belongs to, or the strategy.
#[must_use]
pub fn owner<'a>(unit: Unit<'a>, parameter: &'a Parameter) -> &'a str {
    parameter.analytic.as_deref().unwrap_or(&unit.strategy.id)
}

/// The type of a parameter, or of the field of one that is a record.
#[must_use]
pub fn type_of<'a>(unit: Unit<'a>, param: &ParamRef) -> Option<&'a Type> {
    let parameter = unit.strategy.parameter(param)?;
    match (&parameter.ty, &param.field) {
        (Type::Record(fields), Some(field)) => fields.get(field),
        (ty, _) => Some(ty),
    }
}
