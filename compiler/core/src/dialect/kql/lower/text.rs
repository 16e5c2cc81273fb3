//! Tests of text. The product's string operators where they mean the same, else regular expressions: Kusto has no
//! wildcards, and `has` finds whole terms only (<https://learn.microsoft.com/kusto/query/datatypes-string-operators>).

use super::Context;
use super::constants::{self, constant};
use super::field::Access;
use super::held;
use super::regex::{self, Anchor};
use crate::dialect::held::type_of;
use crate::dialect::kql::ast::{BinaryOp, Expr, InOp};
use crate::dialect::kql::held::{At, Case, Read};
use crate::plan::{Glob, Operand, Regex, Segment, TextOp, TextTest, Type};
use crate::source::Span;

/// One text to look for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted<'p> {
    /// This text, there.
    Text(&'p str, Anchor),
    /// What this glob describes.
    Glob(&'p Glob),
}

/// A test of text against texts.
pub fn test(cx: &mut Context<'_>, access: &Access<'_>, test: &TextTest, span: Span) -> Expr {
    if !access.values.is_empty() {
        return words(cx, access, test, span);
    }
    let subject = access.text();
    if let Some(condition) = outside(cx, access, test) {
        return condition;
    }
    match &test.op {
        TextOp::Equals(values) => equals(cx, subject, test, values),
        TextOp::Contains(values) => any_of(cx, access, test, values, Anchor::Inside),
        TextOp::StartsWith(values) => any_of(cx, access, test, values, Anchor::Start),
        TextOp::EndsWith(values) => any_of(cx, access, test, values, Anchor::End),
        TextOp::Like(globs) => like(cx, access, test, globs),
    }
}

/// A test whose texts stand outside the query. An empty text is no value, whatever the pattern says of it.
fn outside(cx: &mut Context<'_>, access: &Access<'_>, test: &TextTest) -> Option<Expr> {
    let case = if test.cased { Case::Counts } else { Case::Ignored };
    let (param, read) = match &test.op {
        TextOp::Equals(o) if !test.cased && o.value.iter().any(|t| folds_beyond_ascii(t)) => {
            (&o.param, Read::Texts(At::Whole, case))
        }
        TextOp::Equals(o) => (&o.param, Read::Plain),
        TextOp::Contains(o) => (&o.param, Read::Texts(At::Inside, case)),
        TextOp::StartsWith(o) => (&o.param, Read::Texts(At::Start, case)),
        TextOp::EndsWith(o) => (&o.param, Read::Texts(At::End, case)),
        TextOp::Like(o) => {
            let hosts = o.param.as_ref().and_then(|param| type_of(cx.request.unit, param)).map(Type::scalar);
            (&o.param, if hosts == Some(&Type::Host) { Read::Names(case) } else { Read::Globs(case) })
        }
    };
    let shipped = || match &test.op {
        TextOp::Equals(o) | TextOp::Contains(o) | TextOp::StartsWith(o) | TextOp::EndsWith(o) => {
            o.value.first().cloned()
        }
        TextOp::Like(o) => o.value.first().map(ToString::to_string),
    };
    let equal = read == Read::Plain;
    let wanted = held::read(cx, param.as_ref(), read, || Expr::Text(shipped().unwrap_or_default()))?;
    let several = param.as_ref().is_some_and(|param| held::is_list(cx, param));
    let subject = access.text();
    let found = match (equal, several) {
        (true, true) => {
            let op = if test.cased { InOp::In } else { InOp::InNoCase };
            Expr::In(Box::new(subject), op, vec![wanted])
        }
        (true, false) => {
            let op = if test.cased { BinaryOp::Equal } else { BinaryOp::EqualNoCase };
            Expr::binary(subject, op, wanted)
        }
        (false, _) => Expr::binary(subject, BinaryOp::Matches, wanted),
    };
    Some(Expr::and([access.present().ok()?, found]))
}

/// Equality where the site's data has other words.
fn words(cx: &mut Context<'_>, access: &Access<'_>, test: &TextTest, span: Span) -> Expr {
    let TextOp::Equals(values) = &test.op else {
        let reason = format!("only equality can be asked of `{}`, whose words differ here", test.field.name);
        cx.refuse(&reason, span);
        return Expr::Bool(false);
    };
    let same = |word: &str, value: &str| {
        if test.cased { word == value } else { word.to_lowercase() == value.to_lowercase() }
    };
    let there = access.values.iter().filter(|(word, _)| values.value.iter().any(|value| same(word, value)));
    Expr::or(there.map(|(_, there)| access.is_word(there)).collect::<Vec<_>>())
}

/// Equal to any of these; `""` is no value.
fn equals(cx: &mut Context<'_>, subject: Expr, test: &TextTest, values: &Operand<Vec<String>>) -> Expr {
    let texts: Vec<&str> = values.value.iter().map(String::as_str).filter(|v| !v.is_empty()).collect();
    if !test.cased && texts.iter().any(|t| folds_beyond_ascii(t)) {
        let wanted = texts.into_iter().map(|t| Wanted::Text(t, Anchor::Whole)).collect();
        return patterns(cx, &subject, wanted, test.cased, values);
    }
    match texts.as_slice() {
        [] => Expr::Bool(false),
        [one] if values.param.is_none() => {
            let op = if test.cased { BinaryOp::Equal } else { BinaryOp::EqualNoCase };
            Expr::binary(subject, op, Expr::Text((*one).to_owned()))
        }
        _ => {
            let op = if test.cased { InOp::In } else { InOp::InNoCase };
            Expr::In(Box::new(subject), op, constants::texts(cx, &test.field.name, values, &texts))
        }
    }
}

/// Any of these texts somewhere in the value; `""` is in every value.
fn any_of(
    cx: &mut Context<'_>,
    access: &Access<'_>,
    test: &TextTest,
    values: &Operand<Vec<String>>,
    anchor: Anchor,
) -> Expr {
    if values.value.iter().any(String::is_empty) {
        return access.present().unwrap_or(Expr::Bool(false));
    }
    let wanted = values.value.iter().map(|text| Wanted::Text(text, anchor)).collect();
    patterns(cx, &access.text(), wanted, test.cased, values)
}

/// Like any of these globs.
fn like(cx: &mut Context<'_>, access: &Access<'_>, test: &TextTest, globs: &Operand<Vec<Glob>>) -> Expr {
    if globs.value.iter().any(|g| g.segments == [Segment::Any]) {
        return access.present().unwrap_or(Expr::Bool(false));
    }
    let subject = access.text();
    let some = globs.value.iter().filter(|g| !g.segments.is_empty());
    let wanted: Vec<Wanted<'_>> = some.map(simplest).collect();
    let literal = |w: &Wanted<'_>| match w {
        Wanted::Text(text, Anchor::Whole) => Some((*text).to_owned()),
        Wanted::Text(..) | Wanted::Glob(_) => None,
    };
    let literals: Vec<String> = wanted.iter().filter_map(literal).collect();
    let all = literals.len() == wanted.len();
    if all || (globs.param.is_none() && literals.len() > 1) {
        let values = Operand { value: literals, param: globs.param.clone() };
        let rest: Vec<Wanted<'_>> = wanted.into_iter().filter(|w| literal(w).is_none()).collect();
        let equal = equals(cx, subject.clone(), test, &values);
        return Expr::or([equal, patterns(cx, &subject, rest, test.cased, globs)]);
    }
    patterns(cx, &subject, wanted, test.cased, globs)
}

/// The simplest reading of a glob.
fn simplest(glob: &Glob) -> Wanted<'_> {
    match glob.segments.as_slice() {
        [Segment::Literal(text)] => Wanted::Text(text, Anchor::Whole),
        [Segment::Any, Segment::Literal(text)] => Wanted::Text(text, Anchor::End),
        [Segment::Literal(text), Segment::Any] => Wanted::Text(text, Anchor::Start),
        [Segment::Any, Segment::Literal(text), Segment::Any] => Wanted::Text(text, Anchor::Inside),
        _ => Wanted::Glob(glob),
    }
}

/// Any of several things to look for. A parameter's list stays one list, of regular expressions.
fn patterns<T>(
    cx: &mut Context<'_>,
    subject: &Expr,
    wanted: Vec<Wanted<'_>>,
    cased: bool,
    operand: &Operand<Vec<T>>,
) -> Expr {
    if operand.param.is_some() && wanted.len() > 1 {
        return any_of_list(cx, subject, &wanted, cased, operand);
    }
    let mut parts = Vec::new();
    for one in wanted {
        let (op, text) = match operator(one, cased) {
            Some((op, text)) => (op, text.to_owned()),
            None => (BinaryOp::Matches, as_regex(one, cased)),
        };
        let text = constant(cx, operand.param.as_ref(), "Pattern", Expr::Text(text));
        parts.push(Expr::binary(subject.clone(), op, text));
    }
    Expr::or(parts)
}

/// A parameter's list: what the members have in common, their flags and place, stands where the list is used.
fn any_of_list<T>(
    cx: &mut Context<'_>,
    subject: &Expr,
    wanted: &[Wanted<'_>],
    cased: bool,
    operand: &Operand<Vec<T>>,
) -> Expr {
    let shared = match wanted {
        [Wanted::Text(_, first), rest @ ..] => {
            rest.iter().all(|w| matches!(w, Wanted::Text(_, other) if other == first)).then_some(*first)
        }
        _ => None,
    };
    let anchor = shared.unwrap_or(Anchor::Whole);
    let member = |wanted: &Wanted<'_>| match (wanted, shared) {
        (Wanted::Text(text, _), Some(_)) => regex::text(text),
        (Wanted::Text(text, anchor), None) => regex::glob_of_text(text, *anchor),
        (Wanted::Glob(glob), _) => regex::glob(glob),
    };
    let members = wanted.iter().map(|w| Expr::Text(member(w))).collect();
    let (before, after) = regex::around(anchor, cased);
    joined(cx, subject, members, before, after, operand)
}

/// A list of regular expressions under one name, joined where it is used.
fn joined<T>(
    cx: &mut Context<'_>,
    subject: &Expr,
    regexes: Vec<Expr>,
    before: String,
    after: &str,
    operand: &Operand<Vec<T>>,
) -> Expr {
    let list = constant(cx, operand.param.as_ref(), "Patterns", Expr::List(regexes));
    let alternatives = Expr::Call("strcat_array", vec![list, Expr::Text("|".to_owned())]);
    let around = [before, after.to_owned()].map(|text| (!text.is_empty()).then_some(Expr::Text(text)));
    let [before, after] = around;
    let regex = if before.is_none() && after.is_none() {
        alternatives
    } else {
        Expr::Call("strcat", before.into_iter().chain([alternatives]).chain(after).collect())
    };
    Expr::binary(subject.clone(), BinaryOp::Matches, regex)
}

/// The product's operator that says the same, if there is one.
fn operator(wanted: Wanted<'_>, cased: bool) -> Option<(BinaryOp, &str)> {
    let Wanted::Text(text, anchor) = wanted else { return None };
    if !cased && folds_beyond_ascii(text) {
        return None;
    }
    let op = match (anchor, cased) {
        (Anchor::Whole, true) => BinaryOp::Equal,
        (Anchor::Whole, false) => BinaryOp::EqualNoCase,
        (Anchor::Inside, true) => BinaryOp::ContainsCased,
        (Anchor::Inside, false) => BinaryOp::Contains,
        (Anchor::Start, true) => BinaryOp::StartsWithCased,
        (Anchor::Start, false) => BinaryOp::StartsWith,
        (Anchor::End, true) => BinaryOp::EndsWithCased,
        (Anchor::End, false) => BinaryOp::EndsWith,
    };
    Some((op, text))
}

fn as_regex(wanted: Wanted<'_>, cased: bool) -> String {
    match wanted {
        Wanted::Text(text, anchor) => regex::of_text(text, anchor, cased),
        Wanted::Glob(glob) => regex::of_glob(glob, cased),
    }
}

/// Whether the text has a letter outside ASCII that has case. How the string operators fold those is not documented;
/// regular expressions fold them as Unicode does.
fn folds_beyond_ascii(text: &str) -> bool {
    text.chars().any(|c| !c.is_ascii() && (c.is_lowercase() || c.is_uppercase()))
}

/// Any of these regular expressions. A missing value is `""`, which some of them match.
///
/// # Errors
/// Says what the engine cannot take.
pub fn matches(
    cx: &mut Context<'_>,
    access: &Access<'_>,
    patterns: &Operand<Vec<Regex>>,
    cased: bool,
) -> Result<Expr, String> {
    let subject = access.text();
    let case = if cased { Case::Counts } else { Case::Ignored };
    let texts =
        patterns.value.iter().map(|r| regex::of_node(&r.node, cased).map(Expr::Text)).collect::<Result<Vec<_>, _>>()?;
    let first = || patterns.value.first().and_then(|r| regex::of_node(&r.node, true).ok()).unwrap_or_default();
    let shipped = || Expr::Text(first());
    if let Some(wanted) = held::read(cx, patterns.param.as_ref(), Read::Regexes(case), shipped) {
        return Ok(Expr::and([access.present()?, Expr::binary(subject, BinaryOp::Matches, wanted)]));
    }
    let found = match texts.as_slice() {
        [] => return Ok(Expr::Bool(false)),
        [one] => {
            let one = constant(cx, patterns.param.as_ref(), "Pattern", one.clone());
            Expr::binary(subject, BinaryOp::Matches, one)
        }
        _ if patterns.param.is_some() => joined(cx, &subject, texts, String::new(), "", patterns),
        _ => {
            Expr::or(texts.into_iter().map(|t| Expr::binary(subject.clone(), BinaryOp::Matches, t)).collect::<Vec<_>>())
        }
    };
    if patterns.value.iter().any(|r| regex::matches_empty(&r.node)) {
        return Ok(Expr::and([access.present()?, found]));
    }
    Ok(found)
}
