//! What a profile says of a detection's classes and fields: asked once, with a reason where the answer is no.

use super::Request;
use crate::capability::Support;
use crate::plan::{Event, Field};
use crate::target::{Access, ClassBinding, FieldBinding};

/// A field at a site.
#[derive(Debug, Clone, Copy)]
pub enum Located<'a> {
    /// A field of the product's own.
    Native {
        /// Its name there.
        name: &'a str,
        /// All that the profile says of it.
        binding: &'a FieldBinding,
    },
    /// An expression in the product's language.
    Derived(&'a str),
    /// Not a field there: the same text for every event of the class.
    Constant(&'a str),
}

/// Where the events of this event's class live.
///
/// # Errors
/// The refusal, if the profile does not have the class.
pub fn class<'a>(request: &Request<'a>, event: &Event) -> Result<&'a ClassBinding, Support> {
    request.profile.classes.get(&event.class.name).map(|binding| &**binding).ok_or_else(|| {
        Support::no_but(
            &format!("the profile `{}` has no events of class `{}`", request.profile.id, event.class.name),
            "choose a profile that has them, or bind the class in a profile of your own",
        )
    })
}

/// What a field of the event is at the site.
///
/// # Errors
/// The refusal, with the profile's reason if it gives one.
pub fn field<'a>(request: &Request<'a>, event: &Event, field: &Field) -> Result<Located<'a>, Support> {
    let binding = class(request, event)?.field(&field.name);
    let absent = || {
        format!("`{}` of class `{}` is absent in the profile `{}`", field.name, event.class.name, request.profile.id)
    };
    let Some(binding) = binding else {
        return Err(Support::no(&absent()));
    };
    match &binding.access {
        Access::Native(name) => Ok(Located::Native { name, binding }),
        Access::Derived(expression) => Ok(Located::Derived(expression)),
        Access::Constant(text) => Ok(Located::Constant(text)),
        Access::Join(how) => Err(Support::no(&format!("{}: it needs a join, {how}", absent()))),
        Access::Missing(why) | Access::Absent(why) => Err(Support::no(&format!("{}: {why}", absent()))),
    }
}

/// A word of the language in the words of the site's data: itself, where the profile gives no table of them.
///
/// # Errors
/// The refusal, if the profile has such a table and the word is not in it.
pub fn word<'a>(binding: &'a FieldBinding, field: &Field, value: &'a str, cased: bool) -> Result<&'a str, Support> {
    if binding.values.is_empty() {
        return Ok(value);
    }
    let known = binding.values.iter().find(|(word, _)| same_text(word, value, cased));
    known
        .map(|(_, native)| native.as_str())
        .ok_or_else(|| Support::no(&format!("the profile does not say what `{}` is when it is `{value}`", field.name)))
}

/// Whether two texts are equal as `==` compares them.
#[must_use]
pub fn same_text(a: &str, b: &str, cased: bool) -> bool {
    if cased { a == b } else { a.to_lowercase() == b.to_lowercase() }
}

/// The refusal of any test but equality.
#[must_use]
pub fn only_equality(field: &Field, why: &str) -> Support {
    Support::no(&format!("`{}` {why} in the profile, so only equality can be asked", field.name))
}
