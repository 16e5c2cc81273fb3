//! Fields that hold the last part of a Windows path, where the log source has the whole path only: `file_name(Image)` in a
//! profile. Each test of the name becomes a test of the path that holds for the same events.

use super::predicate::{Asked, Condition, literal, modifiers};
use super::tree::{Modifier, Value};
use crate::capability::Support;
use crate::plan::regex::{Class, Node};
use crate::plan::{Glob, Logic, Segment, TextOp};

/// The field of the whole path in a profile's expression; none if the expression is another.
#[must_use]
pub fn path_field(expression: &str) -> Option<&str> {
    expression.strip_prefix("file_name(")?.strip_suffix(')')
}

/// That there is a name: the path has a character and does not end in a backslash.
#[must_use]
pub fn exists(path: &Asked<'_>) -> Condition {
    let folder = path.item(&[Modifier::EndsWith], vec![text("\\")]);
    Logic::and([path.something(), Logic::not(folder)])
}

/// A test of the name.
///
/// # Errors
/// The refusal of a glob whose last character is any one: no engine-independent regular expression ends there.
pub fn condition(path: &Asked<'_>, op: &TextOp, cased: bool) -> Result<Condition, Support> {
    let any = |on: bool| on.then_some(Segment::Any);
    let around = |values: &[String], before: bool, after: bool| -> Vec<Glob> {
        let glob = |value: &String| {
            let mut glob = Glob::default();
            let parts = any(before).into_iter().chain([Segment::Literal(value.clone())]).chain(any(after));
            parts.for_each(|part| glob.push(part));
            glob
        };
        values.iter().map(glob).collect()
    };
    let globs = match op {
        TextOp::Equals(values) => around(&values.value, false, false),
        TextOp::Contains(values) => around(&values.value, true, true),
        TextOp::StartsWith(values) => around(&values.value, false, true),
        TextOp::EndsWith(values) => around(&values.value, true, false),
        TextOp::Like(globs) => globs.value.clone(),
    };
    // A name holds no backslash, and the empty text is no name.
    let backslash = |s: &Segment| matches!(s, Segment::Literal(text) if text.contains('\\'));
    let globs = globs.iter().filter(|g| !g.segments.is_empty() && !g.segments.iter().any(backslash));
    let (mut whole, mut endings, mut any) = (Vec::new(), Vec::new(), Vec::new());
    for glob in globs {
        match glob.segments.as_slice() {
            [Segment::Any] => return Ok(exists(path)),
            [Segment::Literal(name)] => whole.push(name.clone()),
            [Segment::Any, Segment::Literal(ending)] => endings.push(text(ending)),
            segments => any.push(by_regex(path, segments, cased)?),
        }
    }
    let ends_with = modifiers(Some(Modifier::EndsWith), cased);
    let after_a_folder = whole.iter().map(|name| text(&format!("\\{name}"))).collect();
    let alone = whole.iter().map(|name| text(name)).collect();
    let plain = [
        path.item(&ends_with, after_a_folder),
        path.item(&modifiers(None, cased), alone),
        path.item(&ends_with, endings),
    ];
    Ok(Logic::or(plain.into_iter().chain(any)))
}

fn text(value: &str) -> Value {
    Value::Pattern(literal(value.to_owned()))
}

/// The glob as a regular expression after the path's last backslash. Engines differ in whether `$` also matches before a
/// last newline; that the path ends in the glob's own last letters settles it.
fn by_regex(path: &Asked<'_>, segments: &[Segment], cased: bool) -> Result<Condition, Support> {
    let in_name = || Node::Class(Class { negated: true, ranges: vec![('\\', '\\')] });
    let mut nodes = vec![Node::Alternate(vec![Node::Start, Node::Literal('\\')])];
    for segment in segments {
        match segment {
            Segment::Any => nodes.push(Node::Repeat { node: Box::new(in_name()), min: 0, max: None }),
            Segment::One => nodes.push(in_name()),
            Segment::Literal(text) => nodes.extend(text.chars().map(Node::Literal)),
        }
    }
    nodes.push(Node::End);
    let mut flags = vec![Modifier::Regex];
    flags.extend((!cased).then_some(Modifier::IgnoreCase));
    let matches = path.item(&flags, vec![Value::Verbatim(super::regex::print(&Node::Concat(nodes)))]);
    match segments.last() {
        Some(Segment::Literal(ending)) => {
            let ends = path.item(&modifiers(Some(Modifier::EndsWith), cased), vec![text(ending)]);
            Ok(Logic::and([matches, ends]))
        }
        Some(Segment::Any) => Ok(matches),
        Some(Segment::One) | None => Err(Support::no(
            "the log source has the whole path only, and a name that ends in any one character cannot be found in it",
        )),
    }
}
