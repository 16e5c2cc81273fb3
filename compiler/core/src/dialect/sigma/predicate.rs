//! Conditions of the plan as tests of fields.
//!
//! Sigma compares text without case unless told otherwise, as the language does, and finds a missing field unequal to
//! everything. That a text is there is `'?*'`: at least one character.

use std::collections::BTreeSet;

use super::file_name;
use super::regex;
use super::source::{self, Kind, Place};
use super::tree::{Item, Modifier, Value};
use crate::capability::{Findings, Support};
use crate::dialect::{Request, site};
use crate::plan::{
    self, Comparison, Event, ExprKind, Field, Glob, Logic, Number, Operand, Order, ParamRef, PortRange, Pred, Regex,
    Segment, TextOp, TextTest,
};

/// A condition on one event.
pub type Condition = Logic<Item>;

/// The event's predicate; what cannot be said goes to `findings`.
pub fn condition(request: &Request<'_>, event: &Event, findings: &mut Findings) -> Condition {
    walk(request, event, &event.predicate, findings)
}

fn walk(request: &Request<'_>, event: &Event, pred: &Pred, findings: &mut Findings) -> Condition {
    let mut each = |parts: &[Pred]| parts.iter().map(|part| walk(request, event, part, findings)).collect::<Vec<_>>();
    match pred {
        Logic::Const(value) => Logic::Const(*value),
        Logic::And(parts) => Logic::and(each(parts)),
        Logic::Or(parts) => Logic::or(each(parts)),
        Logic::Not(inner) => Logic::not(walk(request, event, inner, findings)),
        Logic::Atom(test) => atom(request, event, &test.kind).unwrap_or_else(|refusal| {
            findings.note(refusal, test.call);
            Logic::Const(false)
        }),
    }
}

/// That the field has a value.
///
/// # Errors
/// The refusal, if the profile does not have the field.
pub fn exists(request: &Request<'_>, event: &Event, field: &Field) -> Result<Condition, Support> {
    Ok(match source::place(request, event, field)? {
        Place::Constant(_) => Logic::Const(true),
        Place::FileName(name) => file_name::exists(&Asked { name, meaning: meaning(request, field, None) }),
        Place::Column { name, kind, .. } => {
            let at = Asked { name, meaning: meaning(request, field, None) };
            match kind {
                Kind::Text => at.something(),
                Kind::Number | Kind::Boolean => at.item(&[Modifier::Exists], vec![Value::Bool(true)]),
            }
        }
    })
}

/// The field compared with a number.
///
/// # Errors
/// The refusal, if the profile does not have the field.
pub fn comparison(
    request: &Request<'_>,
    event: &Event,
    field: &Field,
    order: Order,
    number: Number,
) -> Result<Condition, Support> {
    Ok(numbers(&asked(request, event, field, None)?, order, &[number]))
}

/// A field under test.
pub struct Asked<'a> {
    name: &'a str,
    meaning: String,
}

impl Asked<'_> {
    /// That the field holds a text.
    #[must_use]
    pub fn something(&self) -> Condition {
        self.item(&[], vec![Value::Pattern(Glob { segments: vec![Segment::One, Segment::Any] })])
    }

    /// That the field equals any of these, read as the modifiers say. Each stands there once, whatever its case where case
    /// does not count.
    #[must_use]
    pub fn item(&self, modifiers: &[Modifier], values: Vec<Value>) -> Condition {
        let cased = modifiers.contains(&Modifier::Cased);
        let mut seen = BTreeSet::new();
        let is_new: Vec<bool> = values.iter().map(|value| seen.insert(value.key(cased))).collect();
        let values: Vec<Value> =
            values.into_iter().zip(is_new).filter_map(|(value, new)| new.then_some(value)).collect();
        if values.is_empty() {
            return Logic::Const(false);
        }
        let (field, meaning) = (self.name.to_owned(), self.meaning.clone());
        Logic::Atom(Item { field, modifiers: modifiers.to_vec(), values, meaning })
    }
}

/// The field by its name there; a constant, and a field with words of its own, take only equality.
fn asked<'a>(
    request: &Request<'a>,
    event: &Event,
    field: &Field,
    param: Option<&ParamRef>,
) -> Result<Asked<'a>, Support> {
    match source::place(request, event, field)? {
        Place::Column { name, binding, .. } if binding.values.is_empty() => {
            Ok(Asked { name, meaning: meaning(request, field, param) })
        }
        Place::FileName(_) => Err(Support::no(&format!("of `{}` the profile has the whole path only", field.name))),
        Place::Column { .. } => Err(site::only_equality(field, "has words of its own for its values")),
        Place::Constant(_) => Err(site::only_equality(field, "is a constant")),
    }
}

/// What a test is about, in words: the parameter it reads, or the field.
fn meaning(request: &Request<'_>, field: &Field, param: Option<&ParamRef>) -> String {
    let parameter = param.and_then(|p| request.unit.strategy.parameter(p));
    parameter.map_or_else(|| words(&field.name), |p| words(&p.name))
}

/// A name as words of small letters with `_` between them: `AllowedCryptoProcesses` and `dll.name` alike.
#[must_use]
pub fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 8);
    let mut before_was_small = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() {
            if !out.is_empty() && !out.ends_with('_') {
                out.push('_');
            }
            before_was_small = false;
            continue;
        }
        if c.is_ascii_uppercase() && before_was_small {
            out.push('_');
        }
        before_was_small = !c.is_ascii_uppercase();
        out.push(c.to_ascii_lowercase());
    }
    out.trim_end_matches('_').to_owned()
}

fn atom(request: &Request<'_>, event: &Event, test: &plan::TestKind) -> Result<Condition, Support> {
    use plan::TestKind as T;
    match test {
        T::Exists(field) => exists(request, event, field),
        T::Text(test) => text(request, event, test),
        T::Matches { field, patterns, cased } => matches(request, event, field, patterns, *cased),
        T::Number { field, op, value } => {
            Ok(numbers(&asked(request, event, field, value.param.as_ref())?, *op, &[value.value]))
        }
        T::NumberIn { field, values } => {
            Ok(numbers(&asked(request, event, field, values.param.as_ref())?, Order::Eq, &values.value))
        }
        T::PortIn { field, ranges } => {
            ports(&asked(request, event, field, ranges.param.as_ref())?, field, &ranges.value)
        }
        T::Bool { field, value } => {
            let words = Operand { value: vec![value.value.to_string()], param: value.param.clone() };
            equals(request, event, field, &words, true)
        }
        T::Time { field, .. } => {
            Err(Support::no(&format!("Sigma has no comparison of dates such as `{}`", field.name)))
        }
        T::Address { field, addresses, networks, param } => {
            let at = asked(request, event, field, param.as_ref())?;
            let text = |value: String| Value::Pattern(literal(value));
            let single = addresses.iter().map(|a| text(a.to_string())).collect();
            let networks = networks.iter().map(|n| Value::Verbatim(n.text())).collect();
            Ok(Logic::or([at.item(&[], single), at.item(&[Modifier::Cidr], networks)]))
        }
        T::Compare(comparison) => fields(request, event, comparison),
    }
}

/// Two fields, equal as texts.
fn fields(request: &Request<'_>, event: &Event, comparison: &Comparison<Field>) -> Result<Condition, Support> {
    let (ExprKind::Leaf(left), ExprKind::Leaf(right), Order::Eq) =
        (&comparison.left.kind, &comparison.right.kind, comparison.op)
    else {
        return Err(Support::no("Sigma compares two fields only for equality and computes nothing"));
    };
    if !left.ty.is_text() || left.ty.is_list() || right.ty.is_list() {
        return Err(Support::no("Sigma compares two fields only as single texts"));
    }
    let (at, other) = (asked(request, event, left, None)?, asked(request, event, right, None)?);
    let same = at.item(&[Modifier::FieldReference], vec![Value::Verbatim(other.name.to_owned())]);
    Ok(Logic::and([exists(request, event, left)?, exists(request, event, right)?, same]))
}

/// A text as a pattern without wildcards.
#[must_use]
pub fn literal(text: String) -> Glob {
    let mut glob = Glob::default();
    glob.push(Segment::Literal(text));
    glob
}

fn text(request: &Request<'_>, event: &Event, test: &TextTest) -> Result<Condition, Support> {
    if let Place::FileName(name) = source::place(request, event, &test.field)? {
        let at = Asked { name, meaning: meaning(request, &test.field, param_of(&test.op)) };
        return file_name::condition(&at, &test.op, test.cased);
    }
    let (values, modifier) = match &test.op {
        TextOp::Equals(values) => return equals(request, event, &test.field, values, test.cased),
        TextOp::Like(globs) => return like(request, event, test, globs),
        TextOp::Contains(values) => (values, Modifier::Contains),
        TextOp::StartsWith(values) => (values, Modifier::StartsWith),
        TextOp::EndsWith(values) => (values, Modifier::EndsWith),
    };
    let at = asked(request, event, &test.field, values.param.as_ref())?;
    if values.value.iter().any(String::is_empty) {
        return exists(request, event, &test.field);
    }
    let patterns = values.value.iter().map(|v| Value::Pattern(literal(v.clone()))).collect();
    Ok(at.item(&modifiers(Some(modifier), test.cased), patterns))
}

/// The parameter whose value the operator's list is.
const fn param_of(op: &TextOp) -> Option<&ParamRef> {
    match op {
        TextOp::Equals(values) | TextOp::Contains(values) | TextOp::StartsWith(values) | TextOp::EndsWith(values) => {
            values.param.as_ref()
        }
        TextOp::Like(globs) => globs.param.as_ref(),
    }
}

/// The modifiers of a test of text.
#[must_use]
pub fn modifiers(around: Option<Modifier>, cased: bool) -> Vec<Modifier> {
    around.into_iter().chain(cased.then_some(Modifier::Cased)).collect()
}

/// Globs, with a modifier in place of outer wildcards where all of them have the same ones.
fn like(
    request: &Request<'_>,
    event: &Event,
    test: &TextTest,
    globs: &Operand<Vec<Glob>>,
) -> Result<Condition, Support> {
    let at = asked(request, event, &test.field, globs.param.as_ref())?;
    if globs.value.iter().any(|g| g.segments == [Segment::Any]) {
        return exists(request, event, &test.field);
    }
    let globs: Vec<&Glob> = globs.value.iter().filter(|g| !g.segments.is_empty()).collect();
    let shaped: Vec<(Option<Modifier>, Glob)> = globs.iter().map(|g| shape(g)).collect();
    let shared = shaped.first().map(|(shape, _)| *shape).filter(|s| shaped.iter().all(|(other, _)| other == s));
    Ok(match shared {
        Some(shape) => {
            at.item(&modifiers(shape, test.cased), shaped.into_iter().map(|(_, glob)| Value::Pattern(glob)).collect())
        }
        None => at.item(&modifiers(None, test.cased), globs.into_iter().map(|g| Value::Pattern(g.clone())).collect()),
    })
}

/// The glob without its outer `*` and the modifier that stands for them. One with wildcards inside is left whole: rsigma reads
/// `|startswith` and `|endswith` of a value with wildcards as if anchored at the other end.
fn shape(glob: &Glob) -> (Option<Modifier>, Glob) {
    let text = |parts: &[Segment], modifier: Modifier| {
        let literal = !parts.is_empty() && parts.iter().all(|part| matches!(part, Segment::Literal(_)));
        literal.then(|| (Some(modifier), Glob { segments: parts.to_vec() }))
    };
    let shaped = match glob.segments.as_slice() {
        [Segment::Any, middle @ .., Segment::Any] => text(middle, Modifier::Contains),
        [Segment::Any, rest @ ..] => text(rest, Modifier::EndsWith),
        [rest @ .., Segment::Any] => text(rest, Modifier::StartsWith),
        _ => None,
    };
    shaped.unwrap_or_else(|| (None, glob.clone()))
}

fn equals(
    request: &Request<'_>,
    event: &Event,
    field: &Field,
    values: &Operand<Vec<String>>,
    cased: bool,
) -> Result<Condition, Support> {
    let texts: Vec<&String> = values.value.iter().filter(|v| !v.is_empty()).collect();
    let (name, kind, binding) = match source::place(request, event, field)? {
        Place::Constant(text) => {
            return Ok(Logic::Const(texts.iter().any(|v| site::same_text(v, text, cased))));
        }
        Place::FileName(name) => {
            let at = Asked { name, meaning: meaning(request, field, values.param.as_ref()) };
            return file_name::condition(&at, &TextOp::Equals(values.clone()), cased);
        }
        Place::Column { name, kind, binding } => (name, kind, binding),
    };
    let mut native = Vec::new();
    for text in texts {
        let word = site::word(binding, field, text, cased)?;
        let value = match kind {
            Kind::Text => Some(Value::Pattern(literal(word.to_owned()))),
            Kind::Number => word.parse().ok().map(Value::Int),
            Kind::Boolean => word.parse().ok().map(Value::Bool),
        };
        native.push(value.ok_or_else(|| Support::no(&format!("`{name}` cannot be `{word}` in the profile's type")))?);
    }
    // Words of the profile and addresses have one spelling, so their case is not asked about.
    let cased = cased && kind == Kind::Text && binding.values.is_empty() && *field.ty.scalar() != plan::Type::Ip;
    let at = Asked { name, meaning: meaning(request, field, values.param.as_ref()) };
    Ok(at.item(&modifiers(None, cased), native))
}

fn matches(
    request: &Request<'_>,
    event: &Event,
    field: &Field,
    patterns: &Operand<Vec<Regex>>,
    cased: bool,
) -> Result<Condition, Support> {
    let at = asked(request, event, field, patterns.param.as_ref())?;
    let mut modifiers = vec![Modifier::Regex];
    modifiers.extend((!cased).then_some(Modifier::IgnoreCase));
    let values = patterns.value.iter().map(|r| Value::Verbatim(regex::print(&r.node))).collect();
    let guard = if patterns.value.iter().any(|r| crate::dialect::regex::matches_empty(&r.node)) {
        exists(request, event, field)?
    } else {
        Logic::Const(true)
    };
    Ok(Logic::and([guard, at.item(&modifiers, values)]))
}

/// A number compared with any of these; several only for equality.
fn numbers(at: &Asked<'_>, order: Order, values: &[Number]) -> Condition {
    let modifier = match order {
        Order::Eq => None,
        Order::Lt => Some(Modifier::Less),
        Order::Le => Some(Modifier::AtMost),
        Order::Gt => Some(Modifier::Greater),
        Order::Ge => Some(Modifier::AtLeast),
    };
    let value = |number: &Number| match number {
        Number::Int(i) => Value::Int(*i),
        Number::Float(f) => Value::Float(*f),
    };
    at.item(modifier.as_slice(), values.iter().map(value).collect())
}

/// Ports in ranges. Each bound is a test of its own, so a list field takes single ports only.
fn ports(at: &Asked<'_>, field: &Field, ranges: &[PortRange]) -> Result<Condition, Support> {
    let single = |r: &&PortRange| r.low == r.high;
    let port = |port: u16| Value::Int(i64::from(port));
    let mut any = vec![at.item(&[], ranges.iter().filter(single).map(|r| port(r.low)).collect())];
    for range in ranges.iter().filter(|r| !single(r)) {
        if field.ty.is_list() {
            let reason = format!("`{}` may hold several values, and each end of a range asks any of them", field.name);
            return Err(Support::no(&reason));
        }
        let bounds = [(Modifier::AtLeast, range.low), (Modifier::AtMost, range.high)];
        any.push(Logic::and(bounds.map(|(modifier, bound)| at.item(&[modifier], vec![port(bound)]))));
    }
    Ok(Logic::or(any))
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn names_of_any_style_become_words() {
        assert_eq!(words("AllowedCryptoProcesses"), "allowed_crypto_processes");
        assert_eq!(words("dll.name"), "dll_name");
        assert_eq!(words("@timestamp"), "timestamp");
        assert_eq!(words("NonPublicIP4"), "non_public_ip4");
    }
}
