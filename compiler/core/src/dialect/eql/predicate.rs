//! Conditions of the plan as conditions of EQL.
//!
//! EQL finds a missing field unequal to everything, as the language does. One case is its own: where no index maps an
//! optional field (`?f`), the query sees `null` in its place, and a comparison with `null` is not documented to be false.
//! Under a `not` every test of an optional field therefore first asks that it is not null.

use super::source::{self, Column, Kind, Place};
use super::tree::{Case, Condition, Literal, Test, TestKind, Wildcard};
use crate::capability::{Findings, Support};
use crate::dialect::elasticsearch::lucene::Pattern;
use crate::dialect::elasticsearch::place::{globs, single};
use crate::dialect::{Request, site};
use crate::plan::{
    self, Cidr, Event, Field, Glob, Logic, Number, Order, PortRange, Pred, Regex, Segment, TextOp, TextTest, Value,
};

/// Whether a test stands under an odd number of `not`s.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Polarity {
    Positive,
    Negated,
}

/// The event's predicate; what cannot be said goes to `findings`.
pub fn condition(request: &Request<'_>, event: &Event, findings: &mut Findings) -> Condition {
    walk(request, event, &event.predicate, Polarity::Positive, findings)
}

fn walk(request: &Request<'_>, event: &Event, pred: &Pred, polarity: Polarity, findings: &mut Findings) -> Condition {
    let mut each = |parts: &[Pred]| -> Vec<Condition> {
        parts.iter().map(|part| walk(request, event, part, polarity, findings)).collect()
    };
    match pred {
        Logic::Const(value) => Logic::Const(*value),
        Logic::And(parts) => Logic::and(each(parts)),
        Logic::Or(parts) => Logic::or(each(parts)),
        Logic::Not(inner) => {
            let flipped = match polarity {
                Polarity::Positive => Polarity::Negated,
                Polarity::Negated => Polarity::Positive,
            };
            Logic::not(walk(request, event, inner, flipped, findings))
        }
        Logic::Atom(test) => match atom(request, event, &test.kind) {
            Ok(condition) => guarded(condition, polarity),
            Err(refusal) => {
                findings.note(refusal, test.call);
                Logic::Const(false)
            }
        },
    }
}

/// The condition with `?f != null` before it, where it stands under a `not` and asks an optional field.
fn guarded(condition: Condition, polarity: Polarity) -> Condition {
    let mut optional = None;
    condition.for_each(&mut |test: &Test| {
        if test.field.optional && test.kind != TestKind::NotNull {
            optional = Some(test.field.clone());
        }
    });
    match (optional, polarity) {
        (Some(field), Polarity::Negated) => {
            Logic::and([Logic::Atom(Test { field, kind: TestKind::NotNull }), condition])
        }
        _ => condition,
    }
}

/// The event's field compared with one constant: what an extremum of a group comes down to.
///
/// # Errors
/// The refusal, if EQL or the profile cannot say it.
pub fn comparison(
    request: &Request<'_>,
    event: &Event,
    field: &Field,
    order: Order,
    value: &Value,
) -> Result<Condition, Support> {
    match crate::dialect::threshold::number(value) {
        Some(number) => numbers(&column(request, event, field)?, order, &[number]),
        None => Err(no_dates(field)),
    }
}

fn atom(request: &Request<'_>, event: &Event, test: &plan::TestKind) -> Result<Condition, Support> {
    use plan::TestKind as T;
    match test {
        T::Exists(field) => Ok(match source::place(request, event, field)? {
            Place::Column(column) => source::exists(&column),
            Place::Constant(_) => Logic::Const(true),
        }),
        T::Text(test) => text(request, event, test),
        T::Matches { field, patterns, cased } => {
            regexes(&column(request, event, field)?, &patterns.value, Case::of(*cased))
        }
        T::Number { field, op, value } => numbers(&column(request, event, field)?, *op, &[value.value]),
        T::NumberIn { field, values } => numbers(&column(request, event, field)?, Order::Eq, &values.value),
        T::PortIn { field, ranges } => ports(&column(request, event, field)?, field, &ranges.value),
        T::Bool { field, value } => boolean(request, event, field, value.value),
        T::Time { field, .. } => Err(no_dates(field)),
        T::Address { field, addresses, networks, .. } => {
            addresses_in(&column(request, event, field)?, single(addresses).collect(), networks)
        }
        T::Compare(_) => Err(no_fields_compared()),
    }
}

/// The refusal of two fields in one test.
pub fn no_fields_compared() -> Support {
    Support::no_but(
        "EQL cannot compare two fields or compute with them",
        "let an ingest pipeline write the result into a field, and bind that field in the profile",
    )
}

fn no_dates(field: &Field) -> Support {
    Support::no(&format!("EQL's documentation does not say how `{}`, a date, compares with a constant", field.name))
}

/// The field as a column of an index; a constant takes only equality.
fn column<'a>(request: &Request<'a>, event: &Event, field: &Field) -> Result<Column<'a>, Support> {
    source::column(source::place(request, event, field)?, field)
}

fn test(column: &Column<'_>, kind: TestKind) -> Condition {
    Logic::Atom(Test { field: source::name(column), kind })
}

fn text(request: &Request<'_>, event: &Event, asked: &TextTest) -> Result<Condition, Support> {
    let case = Case::of(asked.cased);
    if let TextOp::Equals(values) = &asked.op {
        return equals(request, event, &asked.field, &values.value, case);
    }
    let column = column(request, event, &asked.field)?;
    if column.kind != Kind::Keyword {
        return Err(source::wrong_kind(&column, "test of text"));
    }
    globs_any(&column, &globs(&asked.op), case)
}

/// Any of the globs: as wildcards where EQL can write them, as regular expressions where a literal `*` or `?` is in them.
/// A glob that the empty text matches is `exists`, one that only the empty text matches is never true.
fn globs_any(column: &Column<'_>, globs: &[Glob], case: Case) -> Result<Condition, Support> {
    let (mut wildcards, mut patterns) = (Vec::new(), Vec::new());
    for glob in globs.iter().filter(|g| !g.segments.is_empty()) {
        if glob.segments == [Segment::Any] {
            return Ok(source::exists(column));
        }
        match Wildcard::new(glob.clone()) {
            Some(wildcard) => wildcards.push(wildcard),
            None => patterns.push(Pattern::of_glob(glob)),
        }
    }
    let some =
        |list_is_empty: bool, kind: TestKind| if list_is_empty { Logic::Const(false) } else { test(column, kind) };
    Ok(Logic::or([
        some(wildcards.is_empty(), TestKind::Like(wildcards, case)),
        some(patterns.is_empty(), TestKind::Regex(patterns, case)),
    ]))
}

fn equals(
    request: &Request<'_>,
    event: &Event,
    field: &Field,
    values: &[String],
    case: Case,
) -> Result<Condition, Support> {
    let values: Vec<&String> = values.iter().filter(|v| !v.is_empty()).collect();
    let cased = case == Case::Counts;
    let column = match source::place(request, event, field)? {
        Place::Constant(text) => return Ok(Logic::Const(values.iter().any(|v| site::same_text(v, text, cased)))),
        Place::Column(column) => column,
    };
    if column.kind == Kind::Ip {
        let networks = values.iter().filter_map(|v| Cidr::parse(v).ok()).collect();
        return addresses_in(&column, networks, &[]);
    }
    if values.is_empty() {
        return Ok(Logic::Const(false));
    }
    let mut literals = Vec::new();
    for value in values {
        literals.push(word(&column, field, value, cased)?);
    }
    let kind = match (column.kind, case) {
        (Kind::Keyword, Case::Counts) => equal_to(literals),
        (Kind::Keyword, Case::Ignored) => TestKind::In(literals, Case::Ignored),
        (Kind::Boolean | Kind::Number, _) if !column.binding.values.is_empty() => equal_to(literals),
        _ => return Err(source::wrong_kind(&column, "test of text")),
    };
    Ok(test(&column, kind))
}

fn equal_to(mut literals: Vec<Literal>) -> TestKind {
    match (literals.len(), literals.pop()) {
        (1, Some(one)) => TestKind::Compare(Order::Eq, one),
        (_, last) => TestKind::In(literals.into_iter().chain(last).collect(), Case::Counts),
    }
}

/// A word of the language as a literal of the site's data.
fn word(column: &Column<'_>, field: &Field, value: &str, cased: bool) -> Result<Literal, Support> {
    let native = site::word(column.binding, field, value, cased)?;
    let literal = match column.kind {
        Kind::Boolean => native.parse().ok().map(Literal::Bool),
        Kind::Number => native.parse().ok().map(Literal::Int),
        Kind::Keyword | Kind::Text | Kind::Ip | Kind::Date => Some(Literal::Text(native.to_owned())),
    };
    literal.ok_or_else(|| source::wrong_kind(column, &format!("value `{native}`")))
}

fn regexes(column: &Column<'_>, patterns: &[Regex], case: Case) -> Result<Condition, Support> {
    if column.kind != Kind::Keyword {
        return Err(source::wrong_kind(column, "regular expression"));
    }
    let translated: Result<Vec<Pattern>, String> = patterns.iter().map(|r| Pattern::of_regex(r, case)).collect();
    let translated = translated.map_err(|reason| Support::no(&reason))?;
    if translated.is_empty() {
        return Ok(Logic::Const(false));
    }
    let matches = test(column, TestKind::Regex(translated, case));
    let guard = if patterns.iter().any(|r| crate::dialect::regex::matches_empty(&r.node)) {
        source::exists(column)
    } else {
        Logic::Const(true)
    };
    Ok(Logic::and([guard, matches]))
}

/// A number compared with any of these; several only for equality.
fn numbers(column: &Column<'_>, order: Order, values: &[Number]) -> Result<Condition, Support> {
    if column.kind != Kind::Number {
        return Err(source::wrong_kind(column, "number"));
    }
    let mut literals: Vec<Literal> = values
        .iter()
        .map(|value| match value {
            Number::Int(i) => Literal::Int(*i),
            Number::Float(f) => Literal::Float(*f),
        })
        .collect();
    Ok(match (literals.len(), literals.pop()) {
        (1, Some(one)) => test(column, TestKind::Compare(order, one)),
        (_, None) => Logic::Const(false),
        (_, last) => test(column, TestKind::In(literals.into_iter().chain(last).collect(), Case::Counts)),
    })
}

/// Ports in ranges. EQL asks each bound of a range of any of a field's values, so a list field takes single ports only.
fn ports(column: &Column<'_>, field: &Field, ranges: &[PortRange]) -> Result<Condition, Support> {
    let single = |r: &&PortRange| r.low == r.high;
    let singles: Vec<Number> = ranges.iter().filter(single).map(|r| Number::Int(i64::from(r.low))).collect();
    let mut any = vec![numbers(column, Order::Eq, &singles)?];
    for range in ranges.iter().filter(|r| !single(r)) {
        if field.ty.is_list() {
            return Err(Support::no(&format!(
                "`{}` may hold several values, and EQL would ask each end of a range of another of them",
                field.name
            )));
        }
        let bound = |order, port: u16| test(column, TestKind::Compare(order, Literal::Int(i64::from(port))));
        any.push(Logic::and([bound(Order::Ge, range.low), bound(Order::Le, range.high)]));
    }
    Ok(Logic::or(any))
}

fn boolean(request: &Request<'_>, event: &Event, field: &Field, value: bool) -> Result<Condition, Support> {
    let place = source::place(request, event, field)?;
    if let Place::Column(column) = &place {
        if column.binding.values.is_empty() && column.kind == Kind::Boolean {
            return Ok(test(column, TestKind::Compare(Order::Eq, Literal::Bool(value))));
        }
        if column.binding.values.is_empty() {
            return Err(source::wrong_kind(column, "Boolean"));
        }
    }
    equals(request, event, field, &[value.to_string()], Case::Counts)
}

fn addresses_in(column: &Column<'_>, single: Vec<Cidr>, networks: &[Cidr]) -> Result<Condition, Support> {
    let all: Vec<Cidr> = single.iter().chain(networks).copied().collect();
    match column.kind {
        _ if all.is_empty() => Ok(Logic::Const(false)),
        Kind::Ip => Ok(test(column, TestKind::Cidr(all))),
        Kind::Keyword if networks.is_empty() => {
            Ok(test(column, equal_to(single.iter().map(|c| Literal::Text(c.address.to_string())).collect())))
        }
        Kind::Keyword => Err(Support::no_but(
            &format!("`cidrMatch` takes fields of type `ip` only, and `{}` is of type `keyword`", column.name),
            "map the field as `ip`",
        )),
        Kind::Text | Kind::Number | Kind::Boolean | Kind::Date => Err(source::wrong_kind(column, "address")),
    }
}
