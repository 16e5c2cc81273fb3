//! A field of an event as the site's data holds it, read as its declared type.
//!
//! Strings of Kusto are never null, a missing one is `""`; every other type has a null
//! (<https://learn.microsoft.com/kusto/query/scalar-data-types/null-values>).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Context;
use crate::capability::{Direction, Support};
use crate::dialect::kql::ast::{BinaryOp, Expr, Scalar};
use crate::plan::{EventId, Field, Type};
use crate::source::Span;
use crate::target::{self, FieldBinding};

/// A value that can be tested.
#[derive(Debug, Clone)]
pub struct Access<'a> {
    /// How it is read.
    pub expr: Expr,
    /// Its type there.
    pub native: Scalar,
    /// The type that the language gives one value.
    pub declared: Type,
    /// Whether it is an array.
    pub list: bool,
    /// Whether every event has it.
    pub always: bool,
    /// Words of the language and what is there in their place.
    pub values: &'a BTreeMap<String, String>,
}

/// What a field has whose words are those of the language.
static NO_WORDS: BTreeMap<String, String> = BTreeMap::new();

/// Names of derived fields that the event's table has computed by now, by field.
pub type Derived = BTreeMap<Arc<str>, String>;

/// The field; none, with a finding at `span`, if the site does not have it.
pub fn access<'a>(
    cx: &mut Context<'a>,
    event: EventId,
    field: &Field,
    derived: &Derived,
    span: Span,
) -> Option<Access<'a>> {
    let class = cx.source(event)?;
    let declared = field.ty.scalar().clone();
    let Some(binding) = class.binding.field(&field.name) else {
        if &*field.name == "@timestamp" {
            let (expr, values) = (Expr::name(class.source.time), &NO_WORDS);
            return Some(Access { expr, native: Scalar::Datetime, declared, list: false, always: true, values });
        }
        let profile = &cx.request.profile.id;
        let class = cx.event(event).map_or("", |e| &e.class.name);
        let reason = format!("profile `{profile}` says nothing of `{}` of `{class}`", field.name);
        cx.refuse(&reason, span);
        return None;
    };
    let native = native(cx, field, binding, span)?;
    let expr = match &binding.access {
        target::Access::Native(name) => Expr::name(name),
        target::Access::Derived(text) => match derived.get(&*field.name) {
            Some(name) => Expr::name(name),
            None => Expr::Raw(text.into()),
        },
        target::Access::Constant(text) => Expr::Text(text.into()),
        target::Access::Join(text) => {
            cx.refuse(&format!("`{}` would need a join here: {text}", field.name), span);
            return None;
        }
        target::Access::Missing(reason) | target::Access::Absent(reason) => {
            cx.refuse(&format!("the site's data has no `{}`: {reason}", field.name), span);
            return None;
        }
    };
    let list = field.ty.is_list() && native == Scalar::Dynamic;
    Some(Access { expr, native, declared, list, always: binding.always, values: &binding.values })
}

/// The type of a field there, with a finding if it is none. A constant is text.
fn native(cx: &mut Context<'_>, field: &Field, binding: &FieldBinding, span: Span) -> Option<Scalar> {
    let native = native_type(binding);
    if native.is_none() {
        let reason = format!("`{}` has the type `{}`, which Kusto does not have", field.name, binding.native_type);
        cx.refuse(&reason, span);
    }
    native
}

fn native_type(binding: &FieldBinding) -> Option<Scalar> {
    if matches!(binding.access, target::Access::Constant(_)) || binding.native_type.is_empty() {
        return Some(Scalar::Text);
    }
    Scalar::parse(&binding.native_type)
}

/// A value as its declared type, with a finding where it cannot be read so, or only without its finest part.
pub fn value(cx: &mut Context<'_>, access: &Access<'_>, span: Span) -> Option<Expr> {
    if access.nanoseconds().is_some() {
        let note = "durations are kept to 100 ns (https://learn.microsoft.com/kusto/query/scalar-data-types/timespan)";
        cx.findings.note(Support::lossy("durations in ticks", Direction::Both, note), span);
    }
    match access.value() {
        Ok(value) => Some(value),
        Err(reason) => {
            cx.refuse(&reason, span);
            None
        }
    }
}

/// Whether the site holds the several values that a field may have as an array.
pub fn is_array(cx: &Context<'_>, event: EventId, field: &Field) -> bool {
    let binding = cx.source(event).and_then(|class| class.binding.field(&field.name));
    field.ty.is_list() && binding.and_then(native_type) == Some(Scalar::Dynamic)
}

/// The type that a field has once it is read, without a finding if it is absent.
pub fn value_type(cx: &Context<'_>, event: EventId, field: &Field) -> Option<Scalar> {
    let binding = cx.source(event)?.binding.field(&field.name)?;
    let access = Access {
        expr: Expr::name(""),
        native: native_type(binding)?,
        declared: field.ty.scalar().clone(),
        list: false,
        always: false,
        values: &NO_WORDS,
    };
    Some(access.value_type())
}

impl Access<'_> {
    /// One value of it as text, `""` if missing.
    #[must_use]
    pub fn text(&self) -> Expr {
        let text = match self.native {
            Scalar::Text => self.expr.clone(),
            // A Boolean's text differs in case between engines.
            Scalar::Bool => Expr::Call("tolower", vec![self.call("tostring")]),
            Scalar::Int
            | Scalar::Long
            | Scalar::Real
            | Scalar::Datetime
            | Scalar::Timespan
            | Scalar::Dynamic
            | Scalar::Guid => self.call("tostring"),
        };
        if self.values.is_empty() {
            return text;
        }
        let words = self.values.iter().flat_map(|(word, there)| [self.is_word(there), Expr::Text(word.clone())]);
        Expr::Call("case", words.chain([text]).collect())
    }

    /// One value of it as its declared type, null (or `""`) if missing.
    ///
    /// # Errors
    /// Says why its type there cannot be read so.
    pub fn value(&self) -> Result<Expr, String> {
        let unread = || Err(format!("a `{}` cannot be read as `{}`", self.native.as_str(), self.declared));
        match &self.declared {
            Type::String | Type::Enum(_) | Type::Ip => Ok(self.text()),
            Type::Int | Type::Port => match self.native {
                Scalar::Int | Scalar::Long | Scalar::Real => Ok(self.expr.clone()),
                Scalar::Text | Scalar::Dynamic => Ok(self.call("tolong")),
                Scalar::Bool | Scalar::Datetime | Scalar::Timespan | Scalar::Guid => unread(),
            },
            Type::Float => match self.native {
                Scalar::Int | Scalar::Long | Scalar::Real => Ok(self.expr.clone()),
                Scalar::Text | Scalar::Dynamic => Ok(self.call("todouble")),
                Scalar::Bool | Scalar::Datetime | Scalar::Timespan | Scalar::Guid => unread(),
            },
            Type::Bool => match self.native {
                Scalar::Bool => Ok(self.expr.clone()),
                Scalar::Text | Scalar::Dynamic => Ok(self.boolean()),
                Scalar::Int | Scalar::Long | Scalar::Real | Scalar::Datetime | Scalar::Timespan | Scalar::Guid => {
                    unread()
                }
            },
            Type::Datetime => match self.native {
                Scalar::Datetime => Ok(self.expr.clone()),
                Scalar::Text | Scalar::Dynamic => Ok(self.call("todatetime")),
                Scalar::Bool | Scalar::Int | Scalar::Long | Scalar::Real | Scalar::Timespan | Scalar::Guid => unread(),
            },
            Type::Duration => match self.native {
                Scalar::Timespan => Ok(self.expr.clone()),
                // A number is of nanoseconds, as in ECS; a tick has a hundred.
                Scalar::Int | Scalar::Long | Scalar::Real | Scalar::Text | Scalar::Dynamic => {
                    let ticks = Expr::binary(self.call("tolong"), BinaryOp::Multiply, Expr::Timespan(1));
                    Ok(Expr::binary(ticks, BinaryOp::Divide, Expr::Long(100)))
                }
                Scalar::Bool | Scalar::Datetime | Scalar::Guid => unread(),
            },
            Type::Cidr | Type::Host | Type::Glob | Type::Regex | Type::List(_) | Type::Ports | Type::Record(_) => {
                unread()
            }
        }
    }

    /// A duration that the site holds as a number, in nanoseconds: finer than what Kusto's own type keeps.
    #[must_use]
    pub fn nanoseconds(&self) -> Option<Expr> {
        match (&self.declared, self.native) {
            (Type::Duration, Scalar::Int | Scalar::Long) => Some(self.expr.clone()),
            (Type::Duration, Scalar::Real | Scalar::Text | Scalar::Dynamic) => Some(self.call("tolong")),
            _ => None,
        }
    }

    /// The type of [`Self::value`].
    #[must_use]
    pub fn value_type(&self) -> Scalar {
        match &self.declared {
            Type::Int | Type::Port if !matches!(self.native, Scalar::Text | Scalar::Dynamic) => self.native,
            Type::Int | Type::Port => Scalar::Long,
            Type::Float if !matches!(self.native, Scalar::Text | Scalar::Dynamic) => self.native,
            Type::Float => Scalar::Real,
            Type::Bool => Scalar::Bool,
            Type::Datetime => Scalar::Datetime,
            Type::Duration => Scalar::Timespan,
            Type::String
            | Type::Enum(_)
            | Type::Ip
            | Type::Cidr
            | Type::Host
            | Type::Glob
            | Type::Regex
            | Type::List(_)
            | Type::Ports
            | Type::Record(_) => Scalar::Text,
        }
    }

    /// Whether there is a value.
    ///
    /// # Errors
    /// Says why its type there cannot be read.
    pub fn present(&self) -> Result<Expr, String> {
        if self.always {
            return Ok(Expr::Bool(true));
        }
        if self.declared.is_text() {
            return Ok(match self.native {
                Scalar::Text => Expr::Call("isnotempty", vec![self.expr.clone()]),
                Scalar::Dynamic => Expr::Call("isnotempty", vec![self.call("tostring")]),
                Scalar::Bool
                | Scalar::Int
                | Scalar::Long
                | Scalar::Real
                | Scalar::Datetime
                | Scalar::Timespan
                | Scalar::Guid => self.call("isnotnull"),
            });
        }
        let value = self.nanoseconds().map_or_else(|| self.value(), Ok)?;
        Ok(Expr::Call("isnotnull", vec![value]))
    }

    /// A member of the array that stands in a column of this name.
    #[must_use]
    pub fn member(&self, name: &str) -> Self {
        let native = Self { native: Scalar::Dynamic, ..self.clone() }.value_type();
        Self { expr: Expr::name(name), native, list: false, always: false, ..self.clone() }
    }

    /// The array without `""`, which is no value.
    #[must_use]
    pub fn members(&self) -> Expr {
        let none = Expr::List(vec![Expr::Text(String::new())]);
        Expr::Call("set_difference", vec![self.expr.clone(), none])
    }

    /// Whether the array has a value; null without an array.
    #[must_use]
    pub fn any(&self) -> Expr {
        Expr::binary(Expr::Call("array_length", vec![self.members()]), BinaryOp::Greater, Expr::Long(0))
    }

    /// Whether it is this word there; a table of values knows only words.
    #[must_use]
    pub fn is_word(&self, there: &str) -> Expr {
        match (self.native, there.parse::<bool>(), there.parse::<i64>()) {
            (Scalar::Bool, Ok(value), _) => Expr::binary(self.expr.clone(), BinaryOp::Equal, Expr::Bool(value)),
            (Scalar::Int | Scalar::Long | Scalar::Real, _, Ok(value)) => {
                Expr::binary(self.expr.clone(), BinaryOp::Equal, Expr::Long(value))
            }
            (Scalar::Text, _, _) => {
                Expr::binary(self.expr.clone(), BinaryOp::EqualNoCase, Expr::Text(there.to_owned()))
            }
            _ => Expr::binary(self.call("tostring"), BinaryOp::EqualNoCase, Expr::Text(there.to_owned())),
        }
    }

    /// A Boolean that is written as text, `true` or `false`.
    fn boolean(&self) -> Expr {
        if self.values.is_empty() {
            return self.call("tobool");
        }
        let words =
            self.values.iter().filter_map(|(word, there)| Some([self.is_word(there), Expr::Bool(word.parse().ok()?)]));
        Expr::Call("case", words.flatten().chain([Expr::Null(Scalar::Bool)]).collect())
    }

    fn call(&self, function: &'static str) -> Expr {
        Expr::Call(function, vec![self.expr.clone()])
    }
}
