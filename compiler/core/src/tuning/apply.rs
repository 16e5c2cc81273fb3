//! Changing parameters as tuning files say.

use std::sync::Arc;

use super::convert::{fields_from_yaml, from_yaml};
use super::{Action, Entry, TuningFile, names};
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{Layer, Parameter, PortRange, Type, Value};
use crate::sema::bounds;
use crate::yaml::Node;

/// Applies tuning files, in order, to the parameters of one strategy.
///
/// An entry whose name means none of them, or several, is passed over: [`super::check_names`] speaks of those. One that
/// is wrong is reported and changes nothing. The bounds hold after every entry.
pub fn apply(strategy: &str, parameters: &mut [Parameter], files: &[TuningFile], diagnostics: &mut Vec<Diagnostic>) {
    for file in files {
        for entry in &file.entries {
            let mut meant = parameters.iter_mut().filter(|p| names::means(&entry.parameter.value, strategy, p));
            let (Some(parameter), None) = (meant.next(), meant.next()) else { continue };
            match changed(parameter, entry) {
                Ok(value) => {
                    parameter.value = Arc::new(value);
                    parameter.layers.push(layer(file, entry));
                }
                Err(errors) => diagnostics.extend(errors),
            }
        }
    }
}

fn layer(file: &TuningFile, entry: &Entry) -> Layer {
    Layer {
        name: file.layer.clone(),
        action: entry.action.as_str().to_owned(),
        owner: entry.owner.clone(),
        reason: entry.reason.clone(),
        expires: entry.expires.clone(),
    }
}

/// The value of a parameter after an entry.
fn changed(parameter: &Parameter, entry: &Entry) -> Result<Value, Vec<Diagnostic>> {
    let Some(node) = entry.operand() else { return Ok((*parameter.value).clone()) };
    let about = |mut errors: Vec<Diagnostic>| {
        errors.iter_mut().for_each(|e| e.title = format!("`{}`: {}", parameter.name, e.title));
        errors
    };
    let value = match entry.action {
        Action::Set => set(parameter, &node),
        Action::Extend => extend(parameter, &node),
        Action::Remove => remove(parameter, &node),
    }
    .map_err(about)?;
    match bounds::check(&parameter.ty, &parameter.bounds, &value) {
        Ok(()) => Ok(value),
        Err(reason) => {
            let title = format!("`{}` is out of bounds: {reason}", parameter.name);
            Err(vec![Diagnostic::new(Code::OutOfBounds, title, node.place()).also(parameter.span, "declared here")])
        }
    }
}

/// A new value; of a record, the fields that are given.
fn set(parameter: &Parameter, node: &Node<'_>) -> Result<Value, Vec<Diagnostic>> {
    match (&parameter.ty, &*parameter.value) {
        (Type::Record(types), Value::Record(before)) if node.value().is_object() => {
            let mut fields = before.clone();
            fields.extend(fields_from_yaml(types, node)?);
            Ok(Value::Record(fields))
        }
        (ty, _) => from_yaml(ty, node),
    }
}

/// The list with what is not there yet at its end.
fn extend(parameter: &Parameter, node: &Node<'_>) -> Result<Value, Vec<Diagnostic>> {
    let added = list_operand(parameter, node)?;
    match ((*parameter.value).clone(), added) {
        (Value::List(mut all), Value::List(new)) => {
            for value in new {
                if !all.contains(&value) {
                    all.push(value);
                }
            }
            Ok(Value::List(all))
        }
        (Value::Ports(mut all), Value::Ports(new)) => {
            for range in new {
                all.retain(|there| !same_ports(there, &range));
                all.push(range);
            }
            Ok(Value::Ports(all))
        }
        (before, _) => Ok(before),
    }
}

/// The list without some of its entries, each of which must be there.
fn remove(parameter: &Parameter, node: &Node<'_>) -> Result<Value, Vec<Diagnostic>> {
    let removed = list_operand(parameter, node)?;
    let mut errors = Vec::new();
    let mut not_there = |item: Option<Node<'_>>| {
        let place = item.as_ref().unwrap_or(node).place();
        errors.push(Diagnostic::new(Code::BadTuning, "what is removed is not in the list", place));
    };
    let left = match ((*parameter.value).clone(), removed) {
        (Value::List(mut all), Value::List(gone)) => {
            for (value, item) in gone.iter().zip(node.items()) {
                let before = all.len();
                all.retain(|there| there != value);
                if all.len() == before {
                    not_there(Some(item));
                }
            }
            Value::List(all)
        }
        (Value::Ports(mut all), Value::Ports(gone)) => {
            for (range, item) in gone.iter().zip(node.items()) {
                let before = all.len();
                all.retain(|there| !same_ports(there, range));
                if all.len() == before {
                    not_there(Some(item));
                }
            }
            Value::Ports(all)
        }
        (before, _) => before,
    };
    if errors.is_empty() { Ok(left) } else { Err(errors) }
}

/// Whether two entries are the same ports, whatever their labels.
fn same_ports(a: &PortRange, b: &PortRange) -> bool {
    (a.low, a.high) == (b.low, b.high)
}

/// What is added to or taken from a list, as a list.
fn list_operand(parameter: &Parameter, node: &Node<'_>) -> Result<Value, Vec<Diagnostic>> {
    match &parameter.ty {
        Type::List(_) | Type::Ports => from_yaml(&parameter.ty, node),
        other => Err(vec![
            Diagnostic::new(Code::WrongType, format!("`{other}` is no list"), node.name_place())
                .help("only `set` changes it"),
        ]),
    }
}
