//! Conditions of the plan as conditions of ES|QL.
//!
//! A test of a null is null, `NOT` keeps it null, and `WHERE` drops the row. In the language such a test is false. Where no
//! `not` stands around it that comes to the same; under a `not` a test asks first that its field is not null.

use super::source;
use super::tree::{Condition, Scalar, Test};
use super::values;
use crate::capability::{Findings, Support};
use crate::dialect::elasticsearch::Case;
use crate::dialect::elasticsearch::lucene::Pattern;
use crate::dialect::elasticsearch::place::{self, Column, Kind, Place, globs, single, wrong_kind};
use crate::dialect::{Request, regex, site};
use crate::plan::regex::Node;
use crate::plan::{
    self, Cidr, Comparison, Event, Field, Glob, Logic, Number, Order, PortRange, Pred, Regex, Segment, TextOp,
    TextTest, Type, Value,
};

/// The event's predicate; what cannot be said goes to `findings`.
pub fn condition(request: &Request<'_>, event: &Event, findings: &mut Findings) -> Condition {
    Tests { request, event }.walk(&event.predicate, false, findings)
}

/// The event's field compared with one constant: what an extremum of a group comes down to.
///
/// # Errors
/// The refusal, if the profile cannot say it.
pub fn compared(
    request: &Request<'_>,
    event: &Event,
    field: &Field,
    order: Order,
    value: &Value,
) -> Result<Condition, Support> {
    let column = Tests { request, event }.column(field)?;
    Ok(Logic::Atom(Test::Compare(Scalar::column(column.name), order, values::constant(value)?)))
}

/// What is asked of a column, once the column is known.
type Say<'t> = Box<dyn Fn(&Column<'_>) -> Result<Condition, Support> + 't>;

/// The tests of one event at a site.
struct Tests<'r, 'a> {
    request: &'r Request<'a>,
    event: &'r Event,
}

/// A test, with what it reads that may be null; nothing where it is never null.
struct Asked<'a> {
    condition: Condition,
    reads: Reads<'a>,
}

enum Reads<'a> {
    Nothing,
    One(Column<'a>),
    Several,
}

impl<'a> Asked<'a> {
    const fn always(condition: Condition) -> Self {
        Self { condition, reads: Reads::Nothing }
    }

    const fn of(column: Column<'a>, condition: Condition) -> Self {
        Self { condition, reads: if column.binding.always { Reads::Nothing } else { Reads::One(column) } }
    }

    /// The condition, false where it would be null.
    fn decided(self) -> Condition {
        let presence = |condition: &Condition| matches!(condition, Logic::Atom(Test::NotNull(_)) | Logic::Const(_));
        match (self.reads, self.condition) {
            (Reads::Nothing, condition) => condition,
            (Reads::One(_), condition) if presence(&condition) => condition,
            (Reads::One(column), condition) => {
                Logic::and([Logic::Atom(Test::NotNull(Scalar::column(column.name))), condition])
            }
            (Reads::Several, Logic::Atom(test)) => Logic::Atom(Test::Decided(Box::new(test))),
            (Reads::Several, condition) => decided_parts(condition),
        }
    }
}

/// Every test of the condition false where it would be null.
fn decided_parts(condition: Condition) -> Condition {
    match condition {
        Logic::Const(_) => condition,
        Logic::Not(inner) => Logic::not(decided_parts(*inner)),
        Logic::And(parts) => Logic::and(parts.into_iter().map(decided_parts)),
        Logic::Or(parts) => Logic::or(parts.into_iter().map(decided_parts)),
        Logic::Atom(test) => Logic::Atom(Test::Decided(Box::new(test))),
    }
}

impl<'a> Tests<'_, 'a> {
    /// `negated`: under an odd number of `not`s.
    fn walk(&self, pred: &Pred, negated: bool, findings: &mut Findings) -> Condition {
        let mut each = |parts: &[Pred]| -> Vec<Condition> {
            parts.iter().map(|part| self.walk(part, negated, findings)).collect()
        };
        match pred {
            Logic::Const(value) => Logic::Const(*value),
            Logic::And(parts) => Logic::and(each(parts)),
            Logic::Or(parts) => Logic::or(each(parts)),
            Logic::Not(inner) => Logic::not(self.walk(inner, !negated, findings)),
            Logic::Atom(test) => match self.atom(&test.kind) {
                Ok(asked) if negated => asked.decided(),
                Ok(asked) => asked.condition,
                Err(refusal) => {
                    findings.note(refusal, test.call);
                    Logic::Const(false)
                }
            },
        }
    }

    fn place(&self, field: &Field) -> Result<Place<'a>, Support> {
        place::place(self.request, self.event, field)
    }

    fn column(&self, field: &Field) -> Result<Column<'a>, Support> {
        place::column(self.place(field)?, field)
    }

    fn atom(&self, test: &plan::TestKind) -> Result<Asked<'a>, Support> {
        use plan::TestKind as T;
        let (field, say): (&Field, Say<'_>) = match test {
            T::Exists(field) => {
                return Ok(match self.place(field)? {
                    Place::Column(column) => Asked::of(column, source::exists(&column)),
                    Place::Constant(_) => Asked::always(Logic::Const(true)),
                });
            }
            T::Text(test) => return self.text(test),
            T::Bool { field, value } => return self.boolean(field, value.value),
            T::Compare(comparison) => return self.compare(comparison),
            T::Matches { field, patterns, cased } => {
                (field, Box::new(|column| regexes(column, &patterns.value, Case::of(*cased))))
            }
            T::Number { field, op, value } => (field, Box::new(|column| numbers(column, *op, &[value.value]))),
            T::NumberIn { field, values } => (field, Box::new(|column| numbers(column, Order::Eq, &values.value))),
            T::PortIn { field, ranges } => (field, Box::new(|column| ports(column, &ranges.value))),
            T::Time { field, op, value } => (field, Box::new(|column| moment(column, *op, value.value))),
            T::Address { field, addresses, networks, .. } => (
                field,
                Box::new(|column| addresses_in(column, single(addresses).chain(networks.iter().copied()).collect())),
            ),
        };
        let column = self.column(field)?;
        Ok(Asked::of(column, say(&column)?))
    }

    fn text(&self, asked: &TextTest) -> Result<Asked<'a>, Support> {
        let case = Case::of(asked.cased);
        if let TextOp::Equals(values) = &asked.op {
            return self.equals(&asked.field, &values.value, case);
        }
        let column = self.column(&asked.field)?;
        if !matches!(column.kind, Kind::Keyword | Kind::Text) {
            return Err(wrong_kind(&column, "test of text"));
        }
        Ok(Asked::of(column, globs_any(&column, &globs(&asked.op), case)))
    }

    fn equals(&self, field: &Field, values: &[String], case: Case) -> Result<Asked<'a>, Support> {
        let values: Vec<&String> = values.iter().filter(|v| !v.is_empty()).collect();
        let cased = case == Case::Counts;
        let column = match self.place(field)? {
            Place::Constant(text) => {
                let equal = values.iter().any(|v| site::same_text(v, text, cased));
                return Ok(Asked::always(Logic::Const(equal)));
            }
            Place::Column(column) => column,
        };
        if column.kind == Kind::Ip {
            let networks = values.iter().filter_map(|v| Cidr::parse(v).ok()).collect();
            return Ok(Asked::of(column, addresses_in(&column, networks)?));
        }
        let words = values.iter().map(|value| site::word(column.binding, field, value, cased));
        let words = words.collect::<Result<Vec<&str>, Support>>()?;
        Ok(Asked::of(column, equal_to_words(&column, &words, case)?))
    }

    fn boolean(&self, field: &Field, value: bool) -> Result<Asked<'a>, Support> {
        match self.place(field)? {
            Place::Column(column) if column.binding.values.is_empty() => {
                if column.kind != Kind::Boolean {
                    return Err(wrong_kind(&column, "Boolean"));
                }
                Ok(Asked::of(column, equal(Scalar::column(column.name), vec![Scalar::Bool(value)])))
            }
            _ => self.equals(field, &[value.to_string()], Case::Counts),
        }
    }

    /// Two fields, or arithmetic.
    fn compare(&self, asked: &Comparison<Field>) -> Result<Asked<'a>, Support> {
        if asked.left.ty.is_text() && asked.op == Order::Eq {
            return self.same_text(asked);
        }
        let mut leaf = |field: &Field| {
            let column = self.column(field)?;
            match column.kind {
                Kind::Number | Kind::Boolean | Kind::Date => Ok(Scalar::column(column.name)),
                Kind::Keyword | Kind::Text | Kind::Ip => Err(wrong_kind(&column, "arithmetic")),
            }
        };
        let test = values::comparison(asked, &mut leaf)?;
        Ok(Asked { condition: Logic::Atom(test), reads: Reads::Several })
    }

    /// Whether two texts are the same; the empty text is missing, and so the same as nothing.
    fn same_text(&self, asked: &Comparison<Field>) -> Result<Asked<'a>, Support> {
        let mut nonempty = Vec::new();
        let mut leaf = |field: &Field| {
            let column = self.column(field)?;
            let scalar = Scalar::column(column.name);
            Ok(match column.kind {
                Kind::Keyword | Kind::Text => {
                    nonempty.push(source::exists(&column));
                    if asked.cased || *field.ty.scalar() == Type::Ip { scalar } else { lower(scalar) }
                }
                Kind::Ip => scalar,
                Kind::Number | Kind::Boolean | Kind::Date => return Err(wrong_kind(&column, "test of text")),
            })
        };
        let test = values::comparison(asked, &mut leaf)?;
        let both_texts_or_addresses = nonempty.len() != 1;
        if !both_texts_or_addresses {
            return Err(Support::no("ES|QL compares no address with a text"));
        }
        let condition = Logic::and(nonempty.into_iter().take(1).chain([Logic::Atom(test)]));
        Ok(Asked { condition, reads: Reads::Several })
    }
}

fn lower(scalar: Scalar) -> Scalar {
    Scalar::Lower(Box::new(scalar))
}

/// The column's text, and these texts, so that they compare with or without regard to case. Where no letter is in them, case
/// makes no difference.
fn folded(column: &Column<'_>, texts: &[&str], case: Case) -> (Scalar, Vec<String>) {
    let scalar = Scalar::column(column.name);
    let letters = texts.iter().any(|text| text.chars().any(char::is_alphabetic));
    match case {
        Case::Ignored if letters => (lower(scalar), texts.iter().map(|text| text.to_lowercase()).collect()),
        _ => (scalar, texts.iter().map(|text| (*text).to_owned()).collect()),
    }
}

fn equal_to_words(column: &Column<'_>, words: &[&str], case: Case) -> Result<Condition, Support> {
    let scalar = Scalar::column(column.name);
    if words.is_empty() {
        return Ok(Logic::Const(false));
    }
    let all = |literal: &dyn Fn(&str) -> Option<Scalar>| {
        let literals: Option<Vec<Scalar>> = words.iter().map(|word| literal(word)).collect();
        literals.ok_or_else(|| wrong_kind(column, "test of text"))
    };
    match column.kind {
        Kind::Keyword | Kind::Text => {
            let (scalar, texts) = folded(column, words, case);
            Ok(equal(scalar, texts.into_iter().map(Scalar::Text).collect()))
        }
        Kind::Boolean => Ok(equal(scalar, all(&|word| word.parse().ok().map(Scalar::Bool))?)),
        Kind::Number => Ok(equal(scalar, all(&|word| word.parse().ok().map(|n| Scalar::Number(Number::Int(n))))?)),
        Kind::Ip | Kind::Date => Err(wrong_kind(column, "test of text")),
    }
}

/// Equal to any of these; at least one.
fn equal(scalar: Scalar, mut literals: Vec<Scalar>) -> Condition {
    literals.dedup();
    Logic::Atom(match (literals.len(), literals.pop()) {
        (1, Some(one)) => Test::Compare(scalar, Order::Eq, one),
        (_, last) => Test::In(scalar, literals.into_iter().chain(last).collect()),
    })
}

/// Any of the globs. One that the empty text matches is `exists`, one that only the empty text matches is never true.
fn globs_any(column: &Column<'_>, globs: &[Glob], case: Case) -> Condition {
    let globs: Vec<&Glob> = globs.iter().filter(|glob| !glob.segments.is_empty()).collect();
    if globs.is_empty() {
        return Logic::Const(false);
    }
    if globs.iter().any(|glob| glob.segments == [Segment::Any]) {
        return source::exists(column);
    }
    let literals: Vec<&str> = globs.iter().flat_map(|glob| &glob.segments).filter_map(literal).collect();
    let (scalar, _) = folded(column, &literals, case);
    let lowered = matches!(scalar, Scalar::Lower(_));
    let in_case = |segment: &Segment| match segment {
        Segment::Literal(text) if lowered => Segment::Literal(text.to_lowercase()),
        other => other.clone(),
    };
    let globs = globs.iter().map(|glob| Glob { segments: glob.segments.iter().map(in_case).collect() });
    Logic::Atom(Test::Like(scalar, globs.collect()))
}

fn literal(segment: &Segment) -> Option<&str> {
    match segment {
        Segment::Literal(text) => Some(text),
        Segment::Any | Segment::One => None,
    }
}

/// Any of the regular expressions. `RLIKE` minds case, so without regard to it the small letters are matched.
fn regexes(column: &Column<'_>, patterns: &[Regex], case: Case) -> Result<Condition, Support> {
    if !matches!(column.kind, Kind::Keyword | Kind::Text) {
        return Err(wrong_kind(column, "regular expression"));
    }
    let small = |regex: &Regex| match case {
        Case::Counts => regex.clone(),
        Case::Ignored => Regex { source: regex.source.clone(), node: small(&regex.node) },
    };
    let translated = patterns.iter().map(|regex| Pattern::of_regex(&small(regex), case));
    let translated: Vec<Pattern> = translated.collect::<Result<_, _>>().map_err(|reason| Support::no(&reason))?;
    if translated.is_empty() {
        return Ok(Logic::Const(false));
    }
    let scalar = match case {
        Case::Counts => Scalar::column(column.name),
        Case::Ignored => lower(Scalar::column(column.name)),
    };
    let empty = patterns.iter().any(|regex| regex::matches_empty(&regex.node));
    let guard = if empty { source::exists(column) } else { Logic::Const(true) };
    Ok(Logic::and([guard, Logic::Atom(Test::Matches(scalar, translated))]))
}

/// The expression with its letters small. Classes are spelled in both cases when they are printed.
fn small(node: &Node) -> Node {
    let all = |parts: &[Node]| parts.iter().map(small).collect();
    match node {
        Node::Literal(c) => {
            let mut lower = c.to_lowercase();
            match (lower.next(), lower.next()) {
                (Some(one), None) => Node::Literal(one),
                _ => Node::Literal(*c),
            }
        }
        Node::Concat(parts) => Node::Concat(all(parts)),
        Node::Alternate(parts) => Node::Alternate(all(parts)),
        Node::Repeat { node, min, max } => Node::Repeat { node: Box::new(small(node)), min: *min, max: *max },
        Node::Empty | Node::Dot | Node::Class(_) | Node::Start | Node::End => node.clone(),
    }
}

/// A number compared with any of these; several only for equality.
fn numbers(column: &Column<'_>, order: Order, values: &[Number]) -> Result<Condition, Support> {
    if column.kind != Kind::Number {
        return Err(wrong_kind(column, "number"));
    }
    let scalar = Scalar::column(column.name);
    let literal = |value: &Number| Scalar::Number(as_held(&column.binding.native_type, *value));
    Ok(match values {
        [] => Logic::Const(false),
        [one] => Logic::Atom(Test::Compare(scalar, order, literal(one))),
        several => Logic::Atom(Test::In(scalar, several.iter().map(literal).collect())),
    })
}

/// A number as a column of this type holds it: a `float` has 32 bits, and ES|QL compares it as the double that it then is.
/// <https://www.elastic.co/docs/reference/elasticsearch/mapping-reference/number>
#[expect(clippy::cast_possible_truncation, reason = "the index does the same")]
fn as_held(native_type: &str, number: Number) -> Number {
    match number {
        Number::Float(f) if native_type == "float" => Number::Float(f64::from(f as f32)),
        other => other,
    }
}

fn ports(column: &Column<'_>, ranges: &[PortRange]) -> Result<Condition, Support> {
    let number = |port: u16| Number::Int(i64::from(port));
    let single = |range: &&PortRange| range.low == range.high;
    let singles: Vec<Number> = ranges.iter().filter(single).map(|range| number(range.low)).collect();
    let mut any = vec![numbers(column, Order::Eq, &singles)?];
    for range in ranges.iter().filter(|range| !single(range)) {
        let bound = |order, port| Logic::Atom(Test::Compare(Scalar::column(column.name), order, Scalar::Number(port)));
        any.push(Logic::and([bound(Order::Ge, number(range.low)), bound(Order::Le, number(range.high))]));
    }
    Ok(Logic::or(any))
}

fn moment(column: &Column<'_>, order: Order, milliseconds: i64) -> Result<Condition, Support> {
    if column.kind != Kind::Date {
        return Err(wrong_kind(column, "moment"));
    }
    Ok(Logic::Atom(Test::Compare(Scalar::column(column.name), order, Scalar::Moment(milliseconds))))
}

fn addresses_in(column: &Column<'_>, networks: Vec<Cidr>) -> Result<Condition, Support> {
    let whole = |network: &Cidr| network.prefix == if network.address.is_ipv4() { 32 } else { 128 };
    let scalar = Scalar::column(column.name);
    match column.kind {
        _ if networks.is_empty() => Ok(Logic::Const(false)),
        Kind::Ip => Ok(Logic::Atom(Test::Cidr(scalar, networks))),
        Kind::Keyword | Kind::Text if networks.iter().all(whole) => {
            Ok(equal(scalar, networks.iter().map(|n| Scalar::Text(n.address.to_string())).collect()))
        }
        Kind::Keyword | Kind::Text => Err(Support::no_but(
            &format!("`CIDR_MATCH` takes fields of type `ip` only, and `{}` is of type `keyword`", column.name),
            "map the field as `ip`",
        )),
        Kind::Number | Kind::Boolean | Kind::Date => Err(wrong_kind(column, "address")),
    }
}
