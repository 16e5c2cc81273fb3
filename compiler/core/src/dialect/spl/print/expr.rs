//! Expressions of `eval` and `where`. Parentheses come from [`tightness`] alone.

use std::fmt::{self, Write};

use super::super::ast::{Binary, Compare, Expr, Function};
use super::at::At;
use super::names::{eval_name, quoted};
use crate::dialect::page::Page;

/// How tightly an expression holds together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Tightness {
    Or,
    And,
    Not,
    Compare,
    Binary,
    Primary,
}

fn tightness(node: &Expr) -> Tightness {
    match node {
        Expr::Or(_) => Tightness::Or,
        Expr::And(_) => Tightness::And,
        Expr::Not(_) => Tightness::Not,
        Expr::Compare(..) => Tightness::Compare,
        Expr::Binary(..) => Tightness::Binary,
        Expr::Int(n) if *n < 0 => Tightness::Binary,
        Expr::Float(x) if x.is_sign_negative() => Tightness::Binary,
        Expr::Field(_)
        | Expr::Text(_)
        | Expr::Pattern(_)
        | Expr::Int(_)
        | Expr::Float(_)
        | Expr::Call(..)
        | Expr::In(..)
        | Expr::Native(_) => Tightness::Primary,
        // Whoever edits a macro may write any expression.
        Expr::Macro(..) => Tightness::Or,
    }
}

/// An expression that begins here: on this line if it fits, else broken at its outermost operator or call.
pub fn laid_out(out: &mut Page, node: &Expr, at: At) -> fmt::Result {
    if out.fits(at.room(), |out| flat(out, node)) {
        return Ok(());
    }
    match node {
        Expr::And(parts) => chain(out, parts, "AND", at),
        Expr::Or(parts) => chain(out, parts, "OR", at),
        Expr::Not(inner) => {
            out.write_str("NOT ")?;
            broken_inside(out, inner, Tightness::Primary, at.after(4))
        }
        Expr::Compare(left, op, right) => {
            broken_inside(out, left, Tightness::Binary, at)?;
            out.write_str(compare(*op))?;
            inside(out, right, Tightness::Binary)
        }
        Expr::In(field, texts) => {
            out.write_str("in(")?;
            eval_name(out, field)?;
            out.write_char(',')?;
            at.list(out, texts, &|out, text| quoted(out, text))?;
            out.write_char(')')
        }
        Expr::Call(_, arguments) if arguments.iter().all(is_single) => flat(out, node),
        Expr::Call(function, arguments) => call(out, *function, arguments, at),
        Expr::Binary(_, Binary::Concat, _) => concatenated(out, node, at),
        Expr::Field(_)
        | Expr::Text(_)
        | Expr::Pattern(_)
        | Expr::Int(_)
        | Expr::Float(_)
        | Expr::Native(_)
        | Expr::Binary(..)
        | Expr::Macro(..) => flat(out, node),
    }
}

fn chain(out: &mut Page, parts: &[Expr], operator: &str, at: At) -> fmt::Result {
    let flat = |out: &mut Page, part: &Expr| inside(out, part, Tightness::Not);
    at.chain(out, parts, operator, &flat, |out, part, at| broken_inside(out, part, Tightness::Not, at))
}

/// Whether it is a name or a literal: a call of such alone is easier to read in one long line.
const fn is_single(node: &Expr) -> bool {
    matches!(node, Expr::Field(_) | Expr::Text(_) | Expr::Pattern(_) | Expr::Int(_) | Expr::Float(_) | Expr::Native(_))
}

/// A chain of texts, an operand a line.
fn concatenated(out: &mut Page, node: &Expr, at: At) -> fmt::Result {
    let mut operands = Vec::new();
    let mut rest = node;
    while let Expr::Binary(left, Binary::Concat, right) = rest {
        operands.push(right.as_ref());
        rest = left;
    }
    operands.push(rest);
    let line = format!("{}.", at.line_break());
    out.joined(operands.into_iter().rev(), &line, |out, operand| inside(out, operand, Tightness::Primary))
}

/// The expression where it must hold together that tightly.
fn broken_inside(out: &mut Page, node: &Expr, least: Tightness, at: At) -> fmt::Result {
    let parentheses = tightness(node) < least;
    out.part(parentheses, |out| laid_out(out, node, at.after(usize::from(parentheses))))
}

/// A call whose arguments stand below; a single one goes on in this line. The conditions of a `case` have their values
/// beside them.
fn call(out: &mut Page, function: Function, arguments: &[Expr], at: At) -> fmt::Result {
    let name = function_name(function);
    out.write_str(name)?;
    out.write_char('(')?;
    if let [only] = arguments {
        laid_out(out, only, at.after(name.len() + 1))?;
    } else {
        let size = if function == Function::Case { 2 } else { 1 };
        let line = at.line_break();
        out.write_str(&line)?;
        out.joined(arguments.chunks(size), &format!(",{line}"), |out, arguments| {
            out.joined(arguments, ", ", |out, argument| laid_out(out, argument, at.below()))
        })?;
    }
    out.write_char(')')
}

/// An expression on one line.
pub fn flat(out: &mut Page, node: &Expr) -> fmt::Result {
    match node {
        Expr::Field(name) => eval_name(out, name),
        Expr::Text(text) => quoted(out, text),
        Expr::Pattern(pattern) => {
            out.write_char('"')?;
            out.write_str(&pattern.0)?;
            out.write_char('"')
        }
        Expr::Int(n) => write!(out, "{n}"),
        Expr::Float(x) => write!(out, "{x}"),
        Expr::Native(text) => out.write_str(text),
        Expr::Call(function, arguments) => {
            out.write_str(function_name(*function))?;
            out.part(true, |out| out.joined(arguments, ", ", flat))
        }
        Expr::Not(inner) => {
            out.write_str("NOT ")?;
            inside(out, inner, Tightness::Primary)
        }
        Expr::And(parts) => out.joined(parts, " AND ", |out, part| inside(out, part, Tightness::Not)),
        Expr::Or(parts) => out.joined(parts, " OR ", |out, part| inside(out, part, Tightness::Not)),
        Expr::Compare(left, op, right) => {
            inside(out, left, Tightness::Binary)?;
            out.write_str(compare(*op))?;
            inside(out, right, Tightness::Binary)
        }
        Expr::In(field, texts) => {
            out.write_str("in(")?;
            eval_name(out, field)?;
            texts.iter().try_for_each(|text| {
                out.write_str(", ")?;
                quoted(out, text)
            })?;
            out.write_char(')')
        }
        Expr::Binary(left, op, right) => binary(out, left, *op, right),
        Expr::Macro(name, fields) => {
            out.write_char('`')?;
            out.write_str(name)?;
            if !fields.is_empty() {
                out.part(true, |out| out.joined(fields, ", ", |out, field| out.write_str(&field.0)))?;
            }
            out.write_char('`')
        }
    }
}

/// The expression, in parentheses if it holds together less than needed.
fn inside(out: &mut Page, node: &Expr, least: Tightness) -> fmt::Result {
    out.part(tightness(node) < least, |out| flat(out, node))
}

/// Products bind tighter than sums, and chains group to the left. Where `.` stands between is not documented for all
/// operators, so beside another one it is always in parentheses.
fn binary(out: &mut Page, left: &Expr, op: Binary, right: &Expr) -> fmt::Result {
    let operand = |out: &mut Page, side: &Expr, bare: &[Binary]| {
        let fits = matches!(side, Expr::Binary(_, inner, _) if bare.contains(inner));
        inside(out, side, if fits { Tightness::Binary } else { Tightness::Primary })
    };
    use Binary::{Add, Concat, Div, Mul, Sub};
    let (sign, bare_left, bare_right): (_, &[Binary], &[Binary]) = match op {
        Add => ("+", &[Add, Sub, Mul, Div], &[Mul, Div]),
        Sub => ("-", &[Add, Sub, Mul, Div], &[Mul, Div]),
        Mul => ("*", &[Mul], &[]),
        Div => ("/", &[], &[]),
        Concat => (".", &[Concat], &[]),
    };
    operand(out, left, bare_left)?;
    out.write_str(sign)?;
    operand(out, right, bare_right)
}

/// The operator.
#[must_use]
pub const fn compare(op: Compare) -> &'static str {
    match op {
        Compare::Eq => "=",
        Compare::Ne => "!=",
        Compare::Lt => "<",
        Compare::Le => "<=",
        Compare::Gt => ">",
        Compare::Ge => ">=",
    }
}

const fn function_name(function: Function) -> &'static str {
    match function {
        Function::Case => "case",
        Function::Ceiling => "ceiling",
        Function::Cidrmatch => "cidrmatch",
        Function::Coalesce => "coalesce",
        Function::Floor => "floor",
        Function::Isnotnull => "isnotnull",
        Function::Isnull => "isnull",
        Function::Len => "len",
        Function::Lower => "lower",
        Function::Max => "max",
        Function::Min => "min",
        Function::Mvcount => "mvcount",
        Function::Mvdedup => "mvdedup",
        Function::Mvfilter => "mvfilter",
        Function::Mvfind => "mvfind",
        Function::Mvindex => "mvindex",
        Function::Mvjoin => "mvjoin",
        Function::Mvmap => "mvmap",
        Function::Now => "now",
        Function::Pow => "pow",
        Function::Round => "round",
        Function::Split => "split",
        Function::Strftime => "strftime",
        Function::Strptime => "strptime",
        Function::Substr => "substr",
        Function::Tonumber => "tonumber",
        Function::Tostring => "tostring",
    }
}
