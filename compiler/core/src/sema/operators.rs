//! One field against constants: which operators go with which type, and what they become.

use std::net::IpAddr;
use std::sync::Arc;

use super::arithmetic::CompareOp;
use super::conditions::atom;
use super::table::Table;
use super::values::{self, Const, cast};
use super::{Env, literals};
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{
    Cidr, Field, Glob, Host, Number, Operand, Order, ParamRef, PortRange, Pred, Regex, TestKind, TextOp, TextTest,
    Type, Value,
};
use crate::source::{Span, Spanned};
use crate::syntax::ast::{self, BinaryOp, CaseWord};

/// An operator whose right side may be a list: any of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SetOp {
    In,
    Like,
    Contains,
    StartsWith,
    EndsWith,
    Matches,
}

impl SetOp {
    /// The operator that `op` is.
    pub const fn of(op: BinaryOp) -> Option<Self> {
        match op {
            BinaryOp::In => Some(Self::In),
            BinaryOp::Like => Some(Self::Like),
            BinaryOp::Contains => Some(Self::Contains),
            BinaryOp::StartsWith => Some(Self::StartsWith),
            BinaryOp::EndsWith => Some(Self::EndsWith),
            BinaryOp::Matches => Some(Self::Matches),
            BinaryOp::Or
            | BinaryOp::And
            | BinaryOp::Eq
            | BinaryOp::Ne
            | BinaryOp::Lt
            | BinaryOp::Le
            | BinaryOp::Gt
            | BinaryOp::Ge
            | BinaryOp::Add
            | BinaryOp::Sub
            | BinaryOp::Mul
            | BinaryOp::Div => None,
        }
    }

    /// As it is written.
    pub const fn symbol(self) -> &'static str {
        match self {
            Self::In => "in",
            Self::Like => "like",
            Self::Contains => "contains",
            Self::StartsWith => "startswith",
            Self::EndsWith => "endswith",
            Self::Matches => "matches",
        }
    }
}

/// Whether case counts, for `==`, `in` and the like; `cased` goes with text only.
pub(super) fn cased(table: &Table<'_>, word: Option<&Spanned<CaseWord>>, text: bool) -> Option<bool> {
    match word {
        None => Some(false),
        Some(Spanned { value: CaseWord::Cased, .. }) if text => Some(true),
        Some(word) => {
            let title = match word.value {
                CaseWord::Cased => "`cased` goes with text only",
                CaseWord::NoCase => "`nocase` goes with `matches` only: the others ignore case by themselves",
            };
            table.fail(Diagnostic::new(Code::BadOperator, title, word.span).fix(word.span, "", "leave it out"))
        }
    }
}

/// `field op constant` for `== != < <= > >=`.
pub(super) fn compare(
    table: &Table<'_>,
    env: &Env<'_>,
    field: &Field,
    op: Spanned<CompareOp>,
    case: Option<&Spanned<CaseWord>>,
    value: Const,
    span: Span,
) -> Option<Pred> {
    refuse_pattern(table, &value, op.span)?;
    let order = match op.value {
        CompareOp::Order(order) => order,
        CompareOp::Ne => Order::Eq,
    };
    let scalar = field.ty.scalar();
    let cased = cased(table, case, matches!(scalar, Type::String | Type::Enum(_)))?;
    if order != Order::Eq && matches!(scalar, Type::String | Type::Enum(_) | Type::Ip | Type::Bool) {
        let title = format!("`{}` is of type `{scalar}`, which has no order", field.name);
        return table.fail(Diagnostic::new(Code::BadOperator, title, op.span));
    }
    if value.ty.is_list() || value.ty == Type::Ports {
        let title = format!("`{}` is compared with one value, and this is a list", field.name);
        return table.fail(Diagnostic::new(Code::WrongType, title, value.span).help("`in` tests against a list"));
    }
    let kind = comparison(table, field, order, cased, &value)?;
    let test = atom(env, kind, span);
    Some(match op.value {
        CompareOp::Order(_) => test,
        CompareOp::Ne => Pred::and([atom(env, TestKind::Exists(field.clone()), span), Pred::not(test)]),
    })
}

fn comparison(table: &Table<'_>, field: &Field, op: Order, cased: bool, value: &Const) -> Option<TestKind> {
    let field = field.clone();
    let param = value.param.clone();
    Some(match field.ty.scalar() {
        Type::String | Type::Enum(_) => {
            let text = text(&text_value(table, &field, value)?.value)?;
            TestKind::Text(TextTest { field, op: TextOp::Equals(Operand { value: vec![text], param }), cased })
        }
        Type::Ip => {
            let Value::Ip(address) = *cast(table, value, &Type::Ip)?.value else { return None };
            TestKind::Address { field, addresses: vec![address], networks: Vec::new(), param }
        }
        Type::Bool => {
            let Value::Bool(value) = *cast(table, value, &Type::Bool)?.value else { return None };
            TestKind::Bool { field, value: Operand { value, param } }
        }
        Type::Datetime => {
            let Value::Datetime(value) = *cast(table, value, &Type::Datetime)?.value else { return None };
            TestKind::Time { field, op, value: Operand { value, param } }
        }
        ty => {
            let value = number(&cast(table, value, number_type(ty, value))?.value)?;
            TestKind::Number { field, op, value: Operand { value, param } }
        }
    })
}

/// The type that a number beside a field of `ty` is read as: a whole number and a fraction go with each other.
fn number_type<'t>(ty: &'t Type, value: &'t Const) -> &'t Type {
    let given = value.ty.scalar();
    let literal_port = *ty == Type::Port && value.soft && *given == Type::Int;
    if ty.is_number() && given.is_number() && !literal_port { given } else { ty }
}

/// The word or text beside a text field. A literal beside a closed set must be one of its words.
fn text_value(table: &Table<'_>, field: &Field, value: &Const) -> Option<Const> {
    match field.ty.scalar() {
        words @ Type::Enum(_) if value.soft => cast(table, value, words),
        _ => cast(table, value, &Type::String),
    }
}

fn text(value: &Value) -> Option<String> {
    if let Value::String(text) = value { Some(text.clone()) } else { None }
}

const fn number(value: &Value) -> Option<Number> {
    match value {
        Value::Int(n) | Value::Duration(n) => Some(Number::Int(*n)),
        Value::Float(x) => Some(Number::Float(*x)),
        Value::Port(p) => Some(Number::Int(*p as i64)),
        _ => None,
    }
}

/// Globs and regular expressions stand only beside their own operators.
fn refuse_pattern(table: &Table<'_>, value: &Const, op: Span) -> Option<()> {
    let offer = match value.ty.scalar() {
        Type::Glob => "like",
        Type::Regex => "matches",
        _ => return Some(()),
    };
    let title = format!("a value of type `{}` is compared with `{offer}`", value.ty);
    table.fail(Diagnostic::new(Code::BadOperator, title, op).fix(op, offer, format!("write `{offer}`")))
}

/// The constants on the right of a [`SetOp`].
enum Right {
    /// A list as written.
    Items(Vec<Const>),
    /// One constant: a list, a list of ports, or a single value.
    Whole(Const),
}

impl Right {
    /// The parameter that the constants are the whole value of.
    fn param(&self) -> Option<ParamRef> {
        match self {
            Self::Items(_) => None,
            Self::Whole(whole) => whole.param.clone(),
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Items(items) => items.is_empty(),
            Self::Whole(whole) => match &*whole.value {
                Value::List(values) => values.is_empty(),
                Value::Ports(ranges) => ranges.is_empty(),
                _ => false,
            },
        }
    }

    /// Whether they are of type `host`.
    fn is_hosts(&self) -> bool {
        match self {
            Self::Items(items) => items.iter().any(|item| item.ty == Type::Host),
            Self::Whole(whole) => *whole.ty.scalar() == Type::Host,
        }
    }

    /// Whether there are ranges of ports among them.
    fn has_ranges(&self) -> bool {
        match self {
            Self::Items(items) => items.iter().any(|item| item.ty == Type::Ports),
            Self::Whole(whole) => whole.ty == Type::Ports,
        }
    }

    /// Each constant by itself.
    fn items(self) -> Vec<Const> {
        match self {
            Self::Items(items) => items,
            Self::Whole(whole) => match (&*whole.value, &whole.ty) {
                (Value::List(values), Type::List(inner)) => values
                    .iter()
                    .map(|value| Const {
                        value: Arc::new(value.clone()),
                        ty: (**inner).clone(),
                        param: None,
                        ..whole.clone()
                    })
                    .collect(),
                _ => vec![whole],
            },
        }
    }

    /// Globs and regular expressions stand only beside their own operators.
    fn refuse_patterns(&self, table: &Table<'_>, op: Span) -> Option<()> {
        match self {
            Self::Items(items) => items.iter().try_for_each(|item| refuse_pattern(table, item, op)),
            Self::Whole(whole) => refuse_pattern(table, whole, op),
        }
    }
}

/// Reads the right side.
fn right(table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr) -> Option<Right> {
    match &expr.kind {
        ast::ExprKind::Paren(inner) => right(table, env, inner),
        ast::ExprKind::List(items) if !values::is_ports(items) => {
            let items: Vec<_> = items.iter().map(|item| values::infer(table, env, &item.value)).collect();
            Some(Right::Items(items.into_iter().collect::<Option<_>>()?))
        }
        _ => values::infer(table, env, expr).map(Right::Whole),
    }
}

/// `field op values` for `in like contains startswith endswith matches`.
pub(super) fn set_test(
    table: &Table<'_>,
    env: &Env<'_>,
    field: &Field,
    op: Spanned<SetOp>,
    binary: &ast::BinaryExpr,
    span: Span,
) -> Option<Pred> {
    let right = right(table, env, &binary.right)?;
    let case = binary.case.as_ref();
    let empty = right.is_empty();
    let kind = match op.value {
        SetOp::In => return in_test(table, env, field, op.span, case, right, span),
        SetOp::Matches => {
            require_text(table, field, &op)?;
            let patterns = convert(table, right, &Type::Regex, regex_of)?;
            TestKind::Matches { field: field.clone(), patterns, cased: matches_case(table, case)? }
        }
        SetOp::Like | SetOp::Contains | SetOp::StartsWith | SetOp::EndsWith => {
            require_text(table, field, &op)?;
            let cased = cased(table, case, true)?;
            if op.value != SetOp::Like {
                right.refuse_patterns(table, op.span)?;
            }
            let op = match op.value {
                SetOp::Contains => TextOp::Contains(convert(table, right, &Type::String, text)?),
                SetOp::StartsWith => TextOp::StartsWith(convert(table, right, &Type::String, text)?),
                SetOp::EndsWith => TextOp::EndsWith(convert(table, right, &Type::String, text)?),
                SetOp::Like | SetOp::In | SetOp::Matches => TextOp::Like(convert(table, right, &Type::Glob, glob_of)?),
            };
            TestKind::Text(TextTest { field: field.clone(), op, cased })
        }
    };
    Some(if empty { Pred::Const(false) } else { atom(env, kind, span) })
}

fn glob_of(value: &Value) -> Option<Glob> {
    if let Value::Glob(glob) = value { Some(glob.clone()) } else { None }
}

fn regex_of(value: &Value) -> Option<Regex> {
    if let Value::Regex(regex) = value { Some(regex.clone()) } else { None }
}

/// Every value on the right as one of `ty`.
fn convert<T>(table: &Table<'_>, right: Right, ty: &Type, read: fn(&Value) -> Option<T>) -> Option<Operand<Vec<T>>> {
    let param = right.param();
    if let Right::Whole(Const { value, ty: Type::List(inner), .. }) = &right
        && **inner == *ty
        && let Value::List(values) = &**value
    {
        // The usual case, of long lists.
        return Some(Operand { value: values.iter().map(read).collect::<Option<_>>()?, param });
    }
    Some(Operand { value: each(right, |item| read(&cast(table, item, ty)?.value))?, param })
}

/// Text operators go with strings and words.
fn require_text(table: &Table<'_>, field: &Field, op: &Spanned<SetOp>) -> Option<()> {
    let scalar = field.ty.scalar();
    if matches!(scalar, Type::String | Type::Enum(_)) {
        return Some(());
    }
    let title = format!("`{}` goes with text, and `{}` is of type `{scalar}`", op.value.symbol(), field.name);
    let advice = (*scalar == Type::Ip).then(|| "`in` tests an address against addresses and networks".to_owned());
    table.fail(Diagnostic::new(Code::BadOperator, title, op.span).maybe_help(advice))
}

/// Whether case counts for `matches`: it does unless `nocase`.
fn matches_case(table: &Table<'_>, word: Option<&Spanned<CaseWord>>) -> Option<bool> {
    match word {
        None => Some(true),
        Some(Spanned { value: CaseWord::NoCase, .. }) => Some(false),
        Some(word) => {
            let title = "`matches` minds case by itself: `cased` is not needed";
            table.fail(Diagnostic::new(Code::BadOperator, title, word.span).fix(word.span, "", "leave it out"))
        }
    }
}

fn in_test(
    table: &Table<'_>,
    env: &Env<'_>,
    field: &Field,
    op: Span,
    case: Option<&Spanned<CaseWord>>,
    right: Right,
    span: Span,
) -> Option<Pred> {
    right.refuse_patterns(table, op)?;
    let scalar = field.ty.scalar();
    let is_text = matches!(scalar, Type::String | Type::Enum(_));
    let cased = cased(table, case, is_text)?;
    if right.is_empty() {
        return Some(Pred::Const(false));
    }
    if right.is_hosts() {
        return host_test(table, env, field, cased, right, span);
    }
    let whole = field.clone();
    let param = right.param();
    let kind = match scalar {
        Type::String => {
            let values = convert(table, right, &Type::String, text)?;
            TestKind::Text(TextTest { field: whole, op: TextOp::Equals(values), cased })
        }
        Type::Enum(_) => {
            let one = |item: &Const| text(&text_value(table, field, item)?.value);
            let values = Operand { value: each(right, one)?, param };
            TestKind::Text(TextTest { field: whole, op: TextOp::Equals(values), cased })
        }
        Type::Ip => address_test(table, whole, right)?,
        Type::Int | Type::Port if right.has_ranges() => {
            let ranges = Operand { value: each(right, |item| port_ranges(table, item))?.concat(), param };
            TestKind::PortIn { field: whole, ranges }
        }
        Type::Bool | Type::Datetime => {
            let one = |item: &Const| Some(atom(env, comparison(table, field, Order::Eq, false, item)?, span));
            return Some(Pred::or(each(right, one)?));
        }
        ty => {
            let one = |item: &Const| number(&cast(table, item, number_type(ty, item))?.value);
            TestKind::NumberIn { field: whole, values: Operand { value: each(right, one)?, param } }
        }
    };
    Some(atom(env, kind, span))
}

/// Reads every constant on the right; all are read, so that every error is reported.
fn each<T>(right: Right, read: impl Fn(&Const) -> Option<T>) -> Option<Vec<T>> {
    let all: Vec<Option<T>> = right.items().iter().map(read).collect();
    all.into_iter().collect()
}

fn port_ranges(table: &Table<'_>, item: &Const) -> Option<Vec<PortRange>> {
    match &*cast(table, item, &Type::Ports)?.value {
        Value::Ports(ranges) => Some(ranges.clone()),
        _ => None,
    }
}

/// An address among addresses and networks. A literal with a slash is a network.
fn address_test(table: &Table<'_>, field: Field, right: Right) -> Option<TestKind> {
    let param = right.param();
    let network = |item: &Const| match &*item.value {
        Value::String(text) => item.soft && text.contains('/'),
        Value::Cidr(_) => true,
        _ => false,
    };
    let read = |item: &Const| cast(table, item, if network(item) { &Type::Cidr } else { &Type::Ip });
    let (mut addresses, mut networks): (Vec<IpAddr>, Vec<Cidr>) = (Vec::new(), Vec::new());
    for item in each(right, read)? {
        match &*item.value {
            Value::Ip(address) => addresses.push(*address),
            Value::Cidr(network) => networks.push(*network),
            _ => return None,
        }
    }
    Some(TestKind::Address { field, addresses, networks, param })
}

/// An address among the addresses and networks of a list of hosts, or a text among its names. A parameter without any of
/// the kind is still read: a site may add some.
fn host_test(table: &Table<'_>, env: &Env<'_>, field: &Field, cased: bool, right: Right, span: Span) -> Option<Pred> {
    let param = right.param();
    let hosts = convert(table, right, &Type::Host, |v| if let Value::Host(h) = v { Some(h.clone()) } else { None })?;
    let (mut addresses, mut networks, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for host in hosts.value {
        match host {
            Host::Address(address) => addresses.push(address),
            Host::Network(network) => networks.push(network),
            Host::Name(name) => names.push(name),
        }
    }
    let field = field.clone();
    let fixed = param.is_none();
    let (empty, kind) = match field.ty.scalar() {
        Type::Ip => {
            (addresses.is_empty() && networks.is_empty(), TestKind::Address { field, addresses, networks, param })
        }
        Type::String => {
            let op = TextOp::Like(Operand { value: names.clone(), param });
            (names.is_empty(), TestKind::Text(TextTest { field, op, cased }))
        }
        other => {
            let title = format!("`{}` is of type `{other}`, and hosts are addresses and names", field.name);
            return table.fail(Diagnostic::new(Code::WrongType, title, span));
        }
    };
    Some(if empty && fixed { Pred::Const(false) } else { atom(env, kind, span) })
}

/// A window or a span of quiet: whole milliseconds, at least one.
pub(super) fn milliseconds(table: &Table<'_>, env: &Env<'_>, expr: &ast::Expr) -> Option<Operand<i64>> {
    let value = values::check(table, env, expr, &Type::Duration)?;
    let Value::Duration(nanoseconds) = *value.value else { return None };
    if nanoseconds < 1_000_000 || nanoseconds % 1_000_000 != 0 {
        let written = literals::print_duration(nanoseconds);
        let title = format!("whole milliseconds, at least one, are needed, and this is `{written}`");
        return table.fail(Diagnostic::new(Code::OutOfBounds, title, expr.span));
    }
    Some(Operand { value: nanoseconds / 1_000_000, param: value.param })
}
