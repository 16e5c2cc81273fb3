//! Base searches.

use std::fmt::{self, Write};

use super::super::ast::{Name, Piece, Search};
use super::at::At;
use super::expr::compare;
use super::names::{escaped, field_name};
use crate::dialect::page::Page;

/// A base search that begins here: on this line if it fits, else broken at its outermost operator or list.
pub fn laid_out(out: &mut Page, node: &Search, at: At) -> fmt::Result {
    if out.fits(at.room(), |out| flat(out, node)) {
        return Ok(());
    }
    match node {
        Search::Macro(_) | Search::Like(..) | Search::Number(..) => flat(out, node),
        Search::And(parts) => chain(out, parts, "AND", at),
        Search::Or(parts) => match values_of_one(parts) {
            Some((field, values)) => {
                field_name(out, field)?;
                out.write_str(" IN (")?;
                at.list(out, &values, &|out, value| pieces(out, value))?;
                out.write_char(')')
            }
            None => chain(out, parts, "OR", at),
        },
    }
}

fn chain(out: &mut Page, parts: &[Search], operator: &str, at: At) -> fmt::Result {
    let flat = |out: &mut Page, part: &Search| out.part(in_parentheses(part, operator), |out| flat(out, part));
    at.chain(out, parts, operator, &flat, |out, part, at| {
        let parentheses = in_parentheses(part, operator);
        out.part(parentheses, |out| laid_out(out, part, at.after(usize::from(parentheses))))
    })
}

/// A base search on one line.
pub fn flat(out: &mut Page, node: &Search) -> fmt::Result {
    match node {
        Search::Macro(name) => write!(out, "`{name}`"),
        Search::Like(field, value) => {
            field_name(out, field)?;
            out.write_char('=')?;
            pieces(out, value)
        }
        Search::Number(field, op, number) => {
            field_name(out, field)?;
            out.write_str(compare(*op))?;
            out.write_str(number)
        }
        Search::And(parts) => joined(out, parts, "AND"),
        Search::Or(parts) => match values_of_one(parts) {
            Some((field, values)) => {
                field_name(out, field)?;
                out.write_str(" IN (")?;
                out.joined(values, ", ", pieces)?;
                out.write_char(')')
            }
            None => joined(out, parts, "OR"),
        },
    }
}

fn joined(out: &mut Page, parts: &[Search], operator: &str) -> fmt::Result {
    out.joined(parts, &format!(" {operator} "), |out, part| {
        out.part(in_parentheses(part, operator), |out| flat(out, part))
    })
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
fn values_of_one(parts: &[Search]) -> Option<(&Name, Vec<&[Piece]>)> {
    let Some(Search::Like(field, _)) = parts.first() else { return None };
    let values = parts.iter().map(|part| match part {
        Search::Like(other, pieces) if other == field => Some(pieces.as_slice()),
        _ => None,
    });
    Some((field, values.collect::<Option<Vec<_>>>()?))
}

fn pieces(out: &mut Page, pieces: &[Piece]) -> fmt::Result {
    if pieces == [Piece::Any] {
        return out.write_char('*');
    }
    out.write_char('"')?;
    for piece in pieces {
        match piece {
            Piece::Any => out.write_char('*')?,
            Piece::Literal(text) => escaped(out, text)?,
        }
    }
    out.write_char('"')
}
