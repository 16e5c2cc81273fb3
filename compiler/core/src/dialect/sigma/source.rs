//! Where a class lives in Sigma's taxonomy, and what a field is called there.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::tree::{Item, Modifier, Value};
use crate::capability::Support;
use crate::dialect::{Request, site};
use crate::plan::{Event, Field, Glob, Logic, Segment, Type};
use crate::target::FieldBinding;

/// A class's `source` in a profile of this dialect (`schemas/source-sigma.json`).
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Source {
    category: Option<String>,
    product: Option<String>,
    service: Option<String>,
    /// What else tells the events of the class from others of the log source: for each field its values.
    #[serde(default, rename = "where")]
    conditions: BTreeMap<String, Vec<String>>,
}

/// A log source and the tests that tell the class's events from others there.
pub struct LogSource {
    /// The keys of `logsource`.
    pub keys: Vec<(&'static str, String)>,
    /// The tests.
    pub condition: Logic<Item>,
}

/// The log source of the event's class.
///
/// # Errors
/// The refusal, if the profile does not have the class or says of it what this dialect cannot read.
pub fn log_source(request: &Request<'_>, event: &Event) -> Result<LogSource, Support> {
    let binding = site::class(request, event)?;
    let source = Source::deserialize(&binding.source)
        .map_err(|e| Support::no(&format!("the profile's source of `{}` cannot be read: {e}", event.class.name)))?;
    let collect = binding.collect.split_whitespace().collect::<Vec<_>>().join(" ");
    let keys = [
        ("category", source.category),
        ("product", source.product),
        ("service", source.service),
        ("definition", Some(collect).filter(|c| !c.is_empty())),
    ];
    let test = |(field, values): (String, Vec<String>)| {
        let values = values.into_iter().map(|v| Value::Pattern(Glob { segments: vec![Segment::Literal(v)] })).collect();
        Logic::Atom(Item { meaning: super::predicate::words(&field), field, modifiers: Vec::<Modifier>::new(), values })
    };
    Ok(LogSource {
        keys: keys.into_iter().filter_map(|(key, value)| Some((key, value?))).collect(),
        condition: Logic::and(source.conditions.into_iter().map(test)),
    })
}

/// How a field's values are written in a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// As text.
    Text,
    /// As numbers.
    Number,
    /// As `true` and `false`.
    Boolean,
}

/// A field, or the text that stands for it.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// A field of the log source.
    Column {
        /// Its name there.
        name: &'a str,
        /// Its kind there.
        kind: Kind,
        /// All that the profile says of it.
        binding: &'a FieldBinding,
    },
    /// The last part of the path in this field.
    FileName(&'a str),
    /// The same text for every event.
    Constant(&'a str),
}

/// Where a field of the event is found.
///
/// # Errors
/// The refusal, if the profile does not have it.
pub fn place<'a>(request: &Request<'a>, event: &Event, field: &Field) -> Result<Place<'a>, Support> {
    match site::field(request, event, field)? {
        site::Located::Constant(text) => Ok(Place::Constant(text)),
        site::Located::Derived(expression) => match super::file_name::path_field(expression) {
            Some(path) => Ok(Place::FileName(path)),
            None => Err(Support::no_but(
                &format!("the profile derives `{}` as `{expression}`, which Sigma cannot say", field.name),
                "let the log pipeline write it into a field",
            )),
        },
        site::Located::Native { name, binding } => {
            Ok(Place::Column { name, kind: kind(&binding.native_type, field), binding })
        }
    }
}

/// The kind of a profile's type; where it names none, the one that goes with the declared type.
fn kind(native: &str, field: &Field) -> Kind {
    match (native, field.ty.scalar()) {
        ("string", _) => Kind::Text,
        ("number", _) | (_, Type::Int | Type::Float | Type::Port | Type::Duration) => Kind::Number,
        ("boolean", _) | (_, Type::Bool) => Kind::Boolean,
        _ => Kind::Text,
    }
}
