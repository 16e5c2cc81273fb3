//! Expressions of `eval` and `where`. Parentheses come from [`tightness`] alone.

use super::super::ast::{Binary, Compare, Expr, Function};
use super::names::{escaped, eval_name};
use super::page::At;

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
#[must_use]
pub fn laid_out(node: &Expr, at: At) -> String {
    let flat = expr(node);
    if at.fits(&flat) {
        return flat;
    }
    match node {
        Expr::And(parts) => chain(parts, "AND", at),
        Expr::Or(parts) => chain(parts, "OR", at),
        Expr::Not(inner) => format!("NOT {}", broken_inside(inner, Tightness::Primary, at.after(4))),
        Expr::Compare(left, op, right) => {
            let left = broken_inside(left, Tightness::Binary, at);
            format!("{left}{}{}", compare(*op), inside(right, Tightness::Binary))
        }
        Expr::In(field, texts) => {
            let texts: Vec<String> = texts.iter().map(|t| format!("\"{}\"", escaped(t))).collect();
            format!("in({},{})", eval_name(field), at.list(&texts))
        }
        Expr::Call(_, arguments) if arguments.iter().all(is_single) => flat,
        Expr::Call(function, arguments) => call(*function, arguments, at),
        Expr::Binary(_, Binary::Concat, _) => concatenated(node, at),
        Expr::Field(_)
        | Expr::Text(_)
        | Expr::Pattern(_)
        | Expr::Int(_)
        | Expr::Float(_)
        | Expr::Native(_)
        | Expr::Binary(..)
        | Expr::Macro(..) => flat,
    }
}

fn chain(parts: &[Expr], operator: &str, at: At) -> String {
    let operands = (0..).zip(parts).map(|(n, part): (usize, _)| {
        let place = if n == 0 { at.deeper() } else { at.below().after(operator.len() + 1) };
        broken_inside(part, Tightness::Not, place)
    });
    at.chain(&operands.collect::<Vec<_>>(), operator)
}

/// Whether it is a name or a literal: a call of such alone is easier to read in one long line.
const fn is_single(node: &Expr) -> bool {
    matches!(node, Expr::Field(_) | Expr::Text(_) | Expr::Pattern(_) | Expr::Int(_) | Expr::Float(_) | Expr::Native(_))
}

/// A chain of texts, an operand a line.
fn concatenated(node: &Expr, at: At) -> String {
    let mut operands = Vec::new();
    let mut rest = node;
    while let Expr::Binary(left, Binary::Concat, right) = rest {
        operands.push(right.as_ref());
        rest = left;
    }
    operands.push(rest);
    operands.reverse();
    let operands = operands.into_iter().map(|operand| inside(operand, Tightness::Primary));
    at.operands(&operands.collect::<Vec<_>>(), ".")
}

/// The expression where it must hold together that tightly.
fn broken_inside(node: &Expr, least: Tightness, at: At) -> String {
    if tightness(node) < least { format!("({})", laid_out(node, at.after(1))) } else { laid_out(node, at) }
}

/// A call whose arguments stand below; a single one goes on in this line. The conditions of a `case` have their values
/// beside them.
fn call(function: Function, arguments: &[Expr], at: At) -> String {
    let name = function_name(function);
    if let [only] = arguments {
        return format!("{name}({})", laid_out(only, at.after(name.len() + 1)));
    }
    let size = if function == Function::Case { 2 } else { 1 };
    let items = arguments.chunks(size).map(|arguments| {
        let printed = arguments.iter().map(|argument| laid_out(argument, at.below()));
        printed.collect::<Vec<_>>().join(", ")
    });
    let lines = items.collect::<Vec<_>>().join(&format!(",{}", at.line_break()));
    format!("{name}({}{lines})", at.line_break())
}

/// An expression on one line.
#[must_use]
pub fn expr(node: &Expr) -> String {
    match node {
        Expr::Field(name) => eval_name(name),
        Expr::Text(text) => format!("\"{}\"", escaped(text)),
        Expr::Pattern(pattern) => format!("\"{}\"", pattern.0),
        Expr::Int(n) => n.to_string(),
        Expr::Float(x) => format!("{x}"),
        Expr::Native(text) => text.clone(),
        Expr::Call(function, arguments) => {
            let arguments = arguments.iter().map(expr).collect::<Vec<_>>().join(", ");
            format!("{}({arguments})", function_name(*function))
        }
        Expr::Not(inner) => format!("NOT {}", inside(inner, Tightness::Primary)),
        Expr::And(parts) => joined(parts, " AND ", Tightness::Not),
        Expr::Or(parts) => joined(parts, " OR ", Tightness::Not),
        Expr::Compare(left, op, right) => {
            format!("{}{}{}", inside(left, Tightness::Binary), compare(*op), inside(right, Tightness::Binary))
        }
        Expr::In(field, texts) => {
            let texts = texts.iter().map(|t| format!(", \"{}\"", escaped(t))).collect::<String>();
            format!("in({}{texts})", eval_name(field))
        }
        Expr::Binary(left, op, right) => binary(left, *op, right),
        Expr::Macro(name, fields) if fields.is_empty() => format!("`{name}`"),
        Expr::Macro(name, fields) => {
            let fields = fields.iter().map(|field| field.0.as_str()).collect::<Vec<_>>().join(", ");
            format!("`{name}({fields})`")
        }
    }
}

fn joined(parts: &[Expr], operator: &str, least: Tightness) -> String {
    parts.iter().map(|part| inside(part, least)).collect::<Vec<_>>().join(operator)
}

/// The expression, in parentheses if it holds together less than needed.
fn inside(node: &Expr, least: Tightness) -> String {
    let text = expr(node);
    if tightness(node) < least { format!("({text})") } else { text }
}

/// Products bind tighter than sums, and chains group to the left. Where `.` stands between is not documented for all
/// operators, so beside another one it is always in parentheses.
fn binary(left: &Expr, op: Binary, right: &Expr) -> String {
    let operand = |side: &Expr, bare: &[Binary]| {
        let fits = matches!(side, Expr::Binary(_, inner, _) if bare.contains(inner));
        inside(side, if fits { Tightness::Binary } else { Tightness::Primary })
    };
    use Binary::{Add, Concat, Div, Mul, Sub};
    let (sign, bare_left, bare_right): (_, &[Binary], &[Binary]) = match op {
        Add => ("+", &[Add, Sub, Mul, Div], &[Mul, Div]),
        Sub => ("-", &[Add, Sub, Mul, Div], &[Mul, Div]),
        Mul => ("*", &[Mul], &[]),
        Div => ("/", &[], &[]),
        Concat => (".", &[Concat], &[]),
    };
    format!("{}{sign}{}", operand(left, bare_left), operand(right, bare_right))
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
