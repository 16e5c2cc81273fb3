//! What does not fit a schema, in plain words at its place.

use jsonschema::error::{TypeKind, ValidationErrorKind as Kind};
use jsonschema::{JsonType, ValidationError};
use serde_json::Value as Json;

use super::{Document, Schema, Shape, places};
use crate::diagnostics::{Code, Diagnostic, suggest};

/// The most names that a message lists.
const LISTED: usize = 12;

/// A violation as diagnostics; unknown keys are one each.
pub fn describe(document: &Document, schema: &Schema, error: &ValidationError<'_>, code: Code) -> Vec<Diagnostic> {
    let at = error.instance_path().as_str();
    let what = subject(at);
    let value = |title: String| vec![Diagnostic::new(code, title, document.place(at))];
    match error.kind() {
        Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
            unexpected.iter().map(|name| unknown_key(document, schema, error, name, code)).collect()
        }
        Kind::Required { property } => {
            vec![Diagnostic::new(code, missing(at, &plain(property)), document.name_place(at))]
        }
        Kind::Type { kind } => value(format!("{what} must be {}, not {}", expected(kind), Shape::of(error.instance()))),
        Kind::Enum { options } => vec![not_one_of(document, at, error.instance(), options, code)],
        Kind::Constant { expected_value } => value(format!("{what} must be `{}`", plain(expected_value))),
        Kind::Minimum { limit } => value(format!("{what} must be at least {limit}")),
        Kind::Maximum { limit } => value(format!("{what} must be at most {limit}")),
        Kind::ExclusiveMinimum { limit } => value(format!("{what} must be more than {limit}")),
        Kind::ExclusiveMaximum { limit } => value(format!("{what} must be less than {limit}")),
        Kind::MinLength { limit: 1 } | Kind::MinItems { limit: 1 } | Kind::MinProperties { limit: 1 } => {
            vec![Diagnostic::new(code, format!("{what} must not be empty"), document.name_place(at))]
        }
        Kind::MinLength { limit } => value(format!("{what} needs at least {limit} characters")),
        Kind::MaxLength { limit } => value(format!("{what} may have at most {limit} characters")),
        Kind::MinItems { limit } | Kind::MinProperties { limit } => {
            value(format!("{what} needs at least {limit} entries"))
        }
        Kind::MaxItems { limit } => value(format!("{what} may have at most {limit} entries")),
        Kind::MaxProperties { limit } => value(format!("{what} may have at most {limit} entries")),
        Kind::Pattern { pattern } => pattern_missed(document, schema, error, pattern, code),
        Kind::AnyOf { context } | Kind::OneOfNotValid { context } => no_branch(document, schema, error, context, code),
        Kind::OneOfMultipleValid { .. } => vec![several_branches(document, schema, error, code)],
        Kind::PropertyNames { error: inner } => vec![bad_name(document, at, inner, code)],
        Kind::UniqueItems => value(format!("{what} holds an entry twice")),
        _ => value(format!("{what} does not fit: {error}")),
    }
}

/// A place as the subject of a sentence.
fn subject(pointer: &str) -> String {
    let mut segments = pointer.rsplit('/').filter(|s| !s.is_empty()).map(unescape);
    match (segments.next(), segments.next()) {
        (None, _) => "the file".to_owned(),
        (Some(last), parent) => match (last.parse::<usize>(), parent) {
            (Ok(index), Some(parent)) => format!("entry {} of `{parent}`", index + 1),
            (Ok(index), None) => format!("entry {}", index + 1),
            (Err(_), _) => format!("`{last}`"),
        },
    }
}

fn unescape(segment: &str) -> String {
    segment.replace("~1", "/").replace("~0", "~")
}

/// A value without the quotes of JSON.
fn plain(value: &Json) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn missing(at: &str, property: &str) -> String {
    if at.is_empty() { format!("`{property}` is missing") } else { format!("{} has no `{property}`", subject(at)) }
}

/// A key that the schema does not allow, with the nearest that it does.
fn unknown_key(
    document: &Document,
    schema: &Schema,
    error: &ValidationError<'_>,
    name: &str,
    code: Code,
) -> Diagnostic {
    let at = error.instance_path().as_str();
    let place = document.name_place(&format!("{at}/{}", places::segment(name)));
    let around = if at.is_empty() { String::new() } else { format!(" in {}", subject(at)) };
    let diagnostic = Diagnostic::new(code, format!("unknown key `{name}`{around}"), place);
    let allowed: Vec<&str> = schema
        .around(error.schema_path().as_str())
        .and_then(|s| s.get("properties")?.as_object())
        .map(|properties| properties.keys().map(String::as_str).collect())
        .unwrap_or_default();
    match suggest::nearest(name, allowed.iter().copied()) {
        Some(near) => diagnostic.help(format!("did you mean `{near}`?")).fix(place, near, format!("write `{near}`")),
        None if allowed.is_empty() || allowed.len() > LISTED => diagnostic,
        None => diagnostic.help(format!("the keys are {}", allowed.join(", "))),
    }
}

fn not_one_of(document: &Document, at: &str, value: &Json, options: &Json, code: Code) -> Diagnostic {
    let options: Vec<String> = options.as_array().into_iter().flatten().map(plain).collect();
    let given = plain(value);
    let title = format!("{} is `{given}`, which is not one of {}", subject(at), options.join(", "));
    Diagnostic::new(code, title, document.place(at))
        .maybe_help(suggest::did_you_mean(&given, options.iter().map(String::as_str)))
}

/// A key that is none of the names a mapping may have.
fn bad_name(document: &Document, at: &str, error: &ValidationError<'_>, code: Code) -> Diagnostic {
    let name = plain(error.instance());
    let place = document.name_place(&format!("{at}/{}", places::segment(&name)));
    let options: Vec<String> = match error.kind() {
        Kind::Enum { options } => options.as_array().into_iter().flatten().map(plain).collect(),
        _ => Vec::new(),
    };
    Diagnostic::new(code, format!("unknown key `{name}` in {}", subject(at)), place)
        .maybe_help(suggest::did_you_mean(&name, options.iter().map(String::as_str)))
}

/// A text of the wrong form; the schema's description says what it should be.
fn pattern_missed(
    document: &Document,
    schema: &Schema,
    error: &ValidationError<'_>,
    pattern: &str,
    code: Code,
) -> Vec<Diagnostic> {
    let at = error.instance_path().as_str();
    let around = schema.around(error.schema_path().as_str());
    let wanted = around.and_then(|s| s.get("description")?.as_str()).map(str::to_owned);
    let title = format!("{} has the wrong form: `{}`", subject(at), plain(error.instance()));
    let diagnostic = Diagnostic::new(code, title, document.place(at));
    vec![diagnostic.help(wanted.unwrap_or_else(|| format!("it must match `{pattern}`")))]
}

/// The types a value may have, in words.
fn expected(kind: &TypeKind) -> String {
    match kind {
        TypeKind::Single(one) => word(*one).to_owned(),
        TypeKind::Multiple(set) => set.iter().map(word).collect::<Vec<_>>().join(" or "),
    }
}

const fn word(ty: JsonType) -> &'static str {
    match ty {
        JsonType::Null => "nothing",
        JsonType::Boolean => "`true` or `false`",
        JsonType::Integer => "a whole number",
        JsonType::Number => "a number",
        JsonType::String => "text",
        JsonType::Array => "a list",
        JsonType::Object => "a mapping",
    }
}

/// A value that no branch of a choice takes: what the branch that comes nearest says.
fn no_branch(
    document: &Document,
    schema: &Schema,
    error: &ValidationError<'_>,
    branches: &[Vec<ValidationError<'static>>],
    code: Code,
) -> Vec<Diagnostic> {
    let at = error.instance_path().as_str();
    let needed = branches.iter().map(|branch| match only_error(branch, at) {
        Some(Kind::Required { property }) => Some(format!("`{}`", plain(property))),
        _ => None,
    });
    if let Some(names) = needed.collect::<Option<Vec<_>>>() {
        let title = format!("{} needs one of {}", subject(at), names.join(", "));
        return vec![Diagnostic::new(code, title, document.name_place(at))];
    }
    let types = branches.iter().map(|branch| match only_error(branch, at) {
        Some(Kind::Type { kind }) => Some(expected(kind)),
        _ => None,
    });
    if let Some(types) = types.collect::<Option<Vec<_>>>() {
        let title = format!("{} must be {}, not {}", subject(at), types.join(" or "), Shape::of(error.instance()));
        return vec![Diagnostic::new(code, title, document.place(at))];
    }
    let depth = |branch: &&Vec<ValidationError<'static>>| {
        branch.iter().map(|e| e.instance_path().as_str().len()).min().unwrap_or_default()
    };
    let nearest = branches.iter().filter(|b| !b.iter().any(|e| is_other_type(e, at))).max_by_key(depth);
    let nearest = nearest.or_else(|| branches.first());
    nearest.into_iter().flatten().flat_map(|e| describe(document, schema, e, code)).collect()
}

/// What a branch says, if it is one thing about the value itself.
fn only_error<'e>(branch: &'e [ValidationError<'static>], at: &str) -> Option<&'e Kind> {
    match branch {
        [only] if only.instance_path().as_str() == at => Some(only.kind()),
        _ => None,
    }
}

/// Whether a branch is for another type of value altogether.
fn is_other_type(error: &ValidationError<'_>, at: &str) -> bool {
    error.instance_path().as_str() == at && matches!(error.kind(), Kind::Type { .. })
}

/// A value that several branches take where just one should: keys that exclude each other.
fn several_branches(document: &Document, schema: &Schema, error: &ValidationError<'_>, code: Code) -> Diagnostic {
    let at = error.instance_path().as_str();
    let branches = schema.json().pointer(error.schema_path().as_str()).and_then(Json::as_array);
    let names = branches.into_iter().flatten().filter_map(|branch| branch.get("required")?.get(0)?.as_str());
    let present: Vec<&str> = names.filter(|name| error.instance().get(*name).is_some()).collect();
    let place = |name: &str| document.name_place(&format!("{at}/{}", places::segment(name)));
    match present.as_slice() {
        [first, second, ..] => {
            let title = format!("{} has both `{first}` and `{second}`", subject(at));
            Diagnostic::new(code, title, place(second)).also(place(first), "and this").help("one of them must go")
        }
        _ => Diagnostic::new(code, format!("{} can be read in several ways", subject(at)), document.place(at)),
    }
}
