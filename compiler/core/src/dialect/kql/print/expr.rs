//! Expressions: on one line where they fit, else broken at their outermost list or Boolean operator.

use std::fmt::{self, Write};

use super::at::At;
use super::{Layout, pipeline};
use crate::dialect::kql::ast::{BinaryOp, Expr, InOp, Pipeline};
use crate::dialect::kql::literal;
use crate::dialect::page::Page;

/// An expression on one line where it fits, else on several.
pub fn wrapped(out: &mut Page, value: &Expr, at: At) -> fmt::Result {
    if out.fits(at.room(), |out| expr(out, value)) {
        return Ok(());
    }
    let deeper = at.deeper();
    match value {
        Expr::List(members) => {
            out.write_str("dynamic([")?;
            filled(out, members, deeper)?;
            at.line(out)?;
            out.write_str("])")
        }
        Expr::In(left, op, list) if list.len() > 1 => {
            within(out, left, level(value) + 1)?;
            spaced(out, membership(*op))?;
            out.write_char('(')?;
            filled(out, list, deeper)?;
            deeper.line(out)?;
            out.write_char(')')
        }
        Expr::And(parts) => chain(out, parts, "and ", deeper),
        Expr::Or(parts) => chain(out, parts, "or ", deeper),
        Expr::Call(function, args) => {
            out.write_str(function)?;
            out.write_char('(')?;
            match args.as_slice() {
                [inner] => wrapped(out, inner, at.with(function.len() + 1))?,
                several => {
                    at.below(out, several, |out, arg, at| wrapped(out, arg, at.with(1)))?;
                    at.line(out)?;
                }
            }
            out.write_char(')')
        }
        Expr::Binary(left, op, right) if level(value) == 3 && level(right) == 7 => {
            let left = out.counted(|out| within(out, left, level(value) + 1))?;
            spaced(out, symbol(*op))?;
            wrapped(out, right, at.with(left + symbol(*op).len() + 2))
        }
        _ => expr(out, value),
    }
}

/// Parts of a Boolean operator, which begins each line but the first.
fn chain(out: &mut Page, parts: &[Expr], word: &str, at: At) -> fmt::Result {
    for (n, part) in parts.iter().enumerate() {
        if n > 0 {
            at.line(out)?;
            out.write_str(word)?;
        }
        out.part(level(part) < 3, |out| wrapped(out, part, at.with(word.len() + 1)))?;
    }
    Ok(())
}

/// Literals in as many lines as they need.
fn filled(out: &mut Page, members: &[Expr], at: At) -> fmt::Result {
    at.line(out)?;
    let mut used = 0;
    for (n, member) in members.iter().enumerate() {
        if n > 0 {
            out.write_char(',')?;
            let fits = out.fits(at.with(used + 1).room(), |out| {
                out.write_char(' ')?;
                used += out.counted(|out| expr(out, member))? + 2;
                Ok(())
            });
            if fits {
                continue;
            }
            at.line(out)?;
            used = 0;
        }
        used += out.counted(|out| expr(out, member))? + 2;
    }
    Ok(())
}

/// How tightly an expression holds together; a part that holds less tightly than its place needs parentheses.
/// <https://learn.microsoft.com/kusto/query/scalar-expressions>
const fn level(value: &Expr) -> u8 {
    match value {
        Expr::Or(_) => 1,
        Expr::And(_) => 2,
        Expr::In(..) | Expr::Between(..) => 3,
        Expr::Binary(_, op, _) => match op {
            BinaryOp::Add | BinaryOp::Subtract => 4,
            BinaryOp::Multiply | BinaryOp::Divide => 5,
            _ => 3,
        },
        // A profile's text may be anything; a negative number begins with an operator.
        Expr::Raw(_) => 0,
        Expr::Long(n) if *n < 0 && *n != i64::MIN => 6,
        Expr::Real(n) if n.is_sign_negative() => 6,
        Expr::Timespan(n) if *n < 0 => 6,
        Expr::Name(_)
        | Expr::Text(_)
        | Expr::Long(_)
        | Expr::Real(_)
        | Expr::Bool(_)
        | Expr::Timespan(_)
        | Expr::Datetime(_)
        | Expr::Null(_)
        | Expr::List(_)
        | Expr::ToScalar(_)
        | Expr::Call(..) => 7,
    }
}

/// The expression where at least `least` is needed.
fn within(out: &mut Page, value: &Expr, least: u8) -> fmt::Result {
    out.part(level(value) < least, |out| expr(out, value))
}

/// An expression on one line.
pub fn expr(out: &mut Page, value: &Expr) -> fmt::Result {
    let own = level(value);
    match value {
        Expr::Name(name) => literal::name(out, name),
        Expr::Raw(text) => out.write_str(text.trim()),
        Expr::Text(text) => literal::text(out, text),
        Expr::Long(n) => literal::long(out, *n),
        Expr::Real(n) => literal::real(out, *n),
        Expr::Bool(b) => out.write_str(if *b { "true" } else { "false" }),
        Expr::Timespan(ticks) => literal::timespan(out, *ticks),
        Expr::Datetime(ms) => literal::datetime(out, *ms),
        Expr::Null(ty) => write!(out, "{}(null)", ty.as_str()),
        Expr::List(members) => {
            out.write_str("dynamic([")?;
            comma(out, members)?;
            out.write_str("])")
        }
        Expr::Call(function, args) => call(out, function, args),
        // Only additive and multiplicative chains associate, to the left; comparisons do not chain.
        Expr::Binary(left, op, right) => {
            within(out, left, if own == 3 { own + 1 } else { own })?;
            spaced(out, symbol(*op))?;
            within(out, right, if own == 3 { 4 } else { 7 })
        }
        Expr::In(left, op, list) => {
            within(out, left, own + 1)?;
            spaced(out, membership(*op))?;
            out.write_char('(')?;
            comma(out, list)?;
            out.write_char(')')
        }
        Expr::Between(value, low, high) => {
            within(out, value, own + 1)?;
            out.write_str(" between (")?;
            within(out, low, 4)?;
            out.write_str(" .. ")?;
            within(out, high, 4)?;
            out.write_char(')')
        }
        Expr::And(parts) => out.joined(parts, " and ", |out, part| within(out, part, own + 1)),
        // `and` inside `or` always in parentheses, for the reader.
        Expr::Or(parts) => out.joined(parts, " or ", |out, part| within(out, part, 3)),
        Expr::ToScalar(rows) => {
            out.write_str("toscalar(")?;
            one_line(out, rows)?;
            out.write_char(')')
        }
    }
}

/// A pipeline on one line.
fn one_line(out: &mut Page, rows: &Pipeline) -> fmt::Result {
    let lines = Page::of(|page| pipeline(page, rows, At::start(Layout::Compact)));
    out.joined(lines.lines(), " ", |out, line| out.write_str(line.trim()))
}

/// A call on one line.
pub fn call(out: &mut Page, function: &str, args: &[Expr]) -> fmt::Result {
    out.write_str(function)?;
    out.write_char('(')?;
    comma(out, args)?;
    out.write_char(')')
}

/// An operator between blanks.
fn spaced(out: &mut Page, operator: &str) -> fmt::Result {
    out.write_char(' ')?;
    out.write_str(operator)?;
    out.write_char(' ')
}

fn comma(out: &mut Page, parts: &[Expr]) -> fmt::Result {
    out.joined(parts, ", ", expr)
}

const fn membership(op: InOp) -> &'static str {
    match op {
        InOp::In => "in",
        InOp::InNoCase => "in~",
        InOp::NotInNoCase => "!in~",
    }
}

const fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::LessOrEqual => "<=",
        BinaryOp::Greater => ">",
        BinaryOp::GreaterOrEqual => ">=",
        BinaryOp::EqualNoCase => "=~",
        BinaryOp::NotEqualNoCase => "!~",
        BinaryOp::Contains => "contains",
        BinaryOp::NotContains => "!contains",
        BinaryOp::ContainsCased => "contains_cs",
        BinaryOp::NotContainsCased => "!contains_cs",
        BinaryOp::StartsWith => "startswith",
        BinaryOp::NotStartsWith => "!startswith",
        BinaryOp::StartsWithCased => "startswith_cs",
        BinaryOp::NotStartsWithCased => "!startswith_cs",
        BinaryOp::EndsWith => "endswith",
        BinaryOp::NotEndsWith => "!endswith",
        BinaryOp::EndsWithCased => "endswith_cs",
        BinaryOp::NotEndsWithCased => "!endswith_cs",
        BinaryOp::Matches => "matches regex",
        BinaryOp::Add => "+",
        BinaryOp::Subtract => "-",
        BinaryOp::Multiply => "*",
        BinaryOp::Divide => "/",
    }
}
