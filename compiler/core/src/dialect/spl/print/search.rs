//! Base searches.

use super::super::ast::{Name, Piece, Search};
use super::expr::compare;
use super::names::{escaped, field_name};
use super::page::At;

/// A base search that begins here: on this line if it fits, else broken at its outermost operator or list.
#[must_use]
pub fn laid_out(node: &Search, at: At) -> String {
    let flat = search(node);
    if at.fits(&flat) {
        return flat;
    }
    match node {
        Search::Macro(_) | Search::Like(..) | Search::Number(..) => flat,
        Search::And(parts) => chain(parts, "AND", at),
        Search::Or(parts) => match values_of_one(parts) {
            Some((field, values)) => format!("{} IN ({})", field_name(field), at.list(&values)),
            None => chain(parts, "OR", at),
        },
    }
}

fn chain(parts: &[Search], operator: &str, at: At) -> String {
    let operands = (0..).zip(parts).map(|(n, part): (usize, _)| {
        let place = if n == 0 { at.deeper() } else { at.below().after(operator.len() + 1) };
        if in_parentheses(part, operator) {
            format!("({})", laid_out(part, place.after(1)))
        } else {
            laid_out(part, place)
        }
    });
    at.chain(&operands.collect::<Vec<_>>(), operator)
}

/// A base search on one line.
#[must_use]
pub fn search(node: &Search) -> String {
    match node {
        Search::Macro(name) => format!("`{name}`"),
        Search::Like(field, pieces) => format!("{}={}", field_name(field), search_value(pieces)),
        Search::Number(field, op, number) => format!("{}{}{number}", field_name(field), compare(*op)),
        Search::And(parts) => joined(parts, "AND"),
        Search::Or(parts) => match values_of_one(parts) {
            Some((field, values)) => format!("{} IN ({})", field_name(field), values.join(", ")),
            None => joined(parts, "OR"),
        },
    }
}

fn joined(parts: &[Search], operator: &str) -> String {
    let printed = parts
        .iter()
        .map(|part| if in_parentheses(part, operator) { format!("({})", search(part)) } else { search(part) });
    printed.collect::<Vec<_>>().join(&format!(" {operator} "))
}

/// A macro beside `OR` stands in parentheses too: a site may define it as several terms.
fn in_parentheses(part: &Search, operator: &str) -> bool {
    match part {
        Search::And(_) => true,
        Search::Or(parts) => values_of_one(parts).is_none(),
        Search::Macro(_) => operator == "OR",
        Search::Like(..) | Search::Number(..) => false,
    }
}

/// The field and the values, where all parts look for values of one field.
/// <https://help.splunk.com/en/splunk-enterprise/search/spl-search-reference/9.4/search-commands/search>
fn values_of_one(parts: &[Search]) -> Option<(&Name, Vec<String>)> {
    let Some(Search::Like(field, _)) = parts.first() else { return None };
    let value = |part: &Search| match part {
        Search::Like(other, pieces) if other == field => Some(search_value(pieces)),
        _ => None,
    };
    Some((field, parts.iter().map(value).collect::<Option<Vec<_>>>()?))
}

fn search_value(pieces: &[Piece]) -> String {
    if pieces == [Piece::Any] {
        return "*".to_owned();
    }
    let mut out = String::from("\"");
    for piece in pieces {
        match piece {
            Piece::Any => out.push('*'),
            Piece::Literal(text) => out.push_str(&escaped(text)),
        }
    }
    out.push('"');
    out
}
