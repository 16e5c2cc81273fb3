//! The syntax tree: what was written, names unresolved, types unknown.
//!
//! Every node has a span; equality ignores spans ([`Spanned`]). Comments other than `///` are not here: the formatter
//! reads them from the text.

use crate::source::{Span, Spanned};

/// A name with its place.
pub type Ident = Spanned<String>;

/// Equality of nodes by what they say, wherever they stand.
macro_rules! equal_apart_from_place {
    ($($node:ident: $($field:ident),+;)*) => {$(
        impl PartialEq for $node {
            fn eq(&self, other: &Self) -> bool {
                $(self.$field == other.$field)&&+
            }
        }
        impl Eq for $node {}
    )*};
}

equal_apart_from_place! {
    Item: doc, kind;
    Type: kind;
    Bound: kind, low, high;
    SourceDecl: component, name, channel, classes;
    Clause: kind;
    Pattern: kind;
    KeyItem: fields;
    Expr: kind;
}

/// A parsed file. What could not be parsed is missing from `items` and reported in the diagnostics beside it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct File {
    /// The `///` lines above `module`.
    pub doc: String,
    /// `module NAME` at the head: the file is part of the library and holds no strategy.
    pub module: Option<Ident>,
    /// Everything in the file, in order.
    pub items: Vec<Item>,
    /// Names that items would have declared which could not be read: to use one is no second error.
    pub unread: Vec<String>,
}

/// A top-level item, or one inside a strategy or analytic.
#[derive(Debug, Clone)]
pub struct Item {
    /// The `///` lines above it, joined by newlines, without the marker.
    pub doc: String,
    /// What it is.
    pub kind: ItemKind,
    /// From its first keyword to its end.
    pub span: Span,
}

/// The kinds of item. Which are allowed where is the checker's business.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ItemKind {
    /// `strategy DET0543 { … }`
    Strategy(Strategy),
    /// `class library_load { … }`
    Class(Class),
    /// `let NAME: type = value`
    Let(Let),
    /// `predicate NAME(params) on CLASS = condition`
    Predicate(Predicate),
    /// `mutable` or `tunable`
    Parameter(Parameter),
    /// `analytic AN1496 on windows { … }`
    Analytic(Analytic),
    /// `sources { … }`
    Sources(Vec<SourceDecl>),
    /// `event NAME = CLASS where condition`
    Event(Event),
    /// `detect NAME otherwise { … }`
    Detect(Detect),
    /// `attack "18.1"`, `technique T1573.002`, `tactic command-and-control`, `reference "https://…"`, `author "…"`
    Property(Property),
}

/// `strategy ID { items }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Strategy {
    /// Such as `DET0543`.
    pub id: Ident,
    /// Properties, parameters, lets, predicates, analytics.
    pub items: Vec<Item>,
}

/// `KEYWORD value, value…`: a line of metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Property {
    /// The keyword.
    pub name: Ident,
    /// Bare words or strings, as text.
    pub values: Vec<Ident>,
}

/// `class NAME { field: type … }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// The class's name.
    pub name: Ident,
    /// Its fields.
    pub fields: Vec<FieldDecl>,
}

/// `/// doc` and `destination.ip: ip`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDecl {
    /// The `///` lines above it.
    pub doc: String,
    /// The dotted name.
    pub name: Ident,
    /// Its type; `list<T>` says that a field may hold several values.
    pub ty: Type,
}

/// A type as written.
#[derive(Debug, Clone)]
pub struct Type {
    /// What was written.
    pub kind: TypeKind,
    /// Where.
    pub span: Span,
}

/// The forms of a type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TypeKind {
    /// `bool`, `string`, `ip`, … (unknown names are reported by the checker)
    Named(String),
    /// `enum(a|b|c)`
    Enum(Vec<Ident>),
    /// `list<T>`
    List(Box<Type>),
    /// `record { … }`
    Record(Vec<RecordField>),
}

/// `max_validity_days: int in 1..3650 = 398`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordField {
    /// The `///` lines above it.
    pub doc: String,
    /// The field's name.
    pub name: Ident,
    /// Its type.
    pub ty: Type,
    /// Its bound.
    pub bound: Option<Box<Bound>>,
    /// Its default.
    pub default: Expr,
}

/// `in a..b` or `with len a..b`; either end may be open.
#[derive(Debug, Clone)]
pub struct Bound {
    /// Whether it bounds the value or the number of entries.
    pub kind: BoundKind,
    /// The smallest allowed.
    pub low: Option<Expr>,
    /// The largest allowed.
    pub high: Option<Expr>,
    /// Where it stands.
    pub span: Span,
}

/// What a bound bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BoundKind {
    /// `in a..b`
    Value,
    /// `with len a..b`
    Length,
}

/// `let NAME: type = value`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Let {
    /// Its name.
    pub name: Ident,
    /// Its type, where given.
    pub ty: Option<Type>,
    /// Its value.
    pub value: Expr,
}

/// `predicate NAME(params) on CLASS = condition`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Predicate {
    /// Its name.
    pub name: Ident,
    /// Its parameters.
    pub params: Vec<(Ident, Type)>,
    /// The class whose fields it may use.
    pub class: Ident,
    /// The condition.
    pub body: Expr,
}

/// `mutable` (named by ATT&CK) or `tunable` (ours).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// Which of the two.
    pub kind: ParameterKind,
    /// Its name.
    pub name: Ident,
    /// Its type.
    pub ty: Type,
    /// Its bound.
    pub bound: Option<Box<Bound>>,
    /// Its default.
    pub default: Expr,
}

/// Who named a parameter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ParameterKind {
    /// A mutable element of ATT&CK.
    Mutable,
    /// One of the strategy's own.
    Tunable,
}

/// `analytic AN1496 on windows { items }`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analytic {
    /// Such as `AN1496`.
    pub id: Ident,
    /// Such as `windows`.
    pub platform: Ident,
    /// Sources, parameters, lets, predicates, events, detections.
    pub items: Vec<Item>,
}

/// `DC0016 "WinEventLog:Sysmon" "EventCode=7" -> library_load`
#[derive(Debug, Clone)]
pub struct SourceDecl {
    /// The data component.
    pub component: Ident,
    /// ATT&CK's name of the log source.
    pub name: Ident,
    /// ATT&CK's channel.
    pub channel: Ident,
    /// The event classes that come from it.
    pub classes: Vec<Ident>,
    /// The whole line.
    pub span: Span,
}

/// `event NAME = BASE where condition`; the base is a class or another event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name.
    pub name: Ident,
    /// Class or event.
    pub base: Ident,
    /// The condition.
    pub condition: Option<Expr>,
}

/// `detect NAME otherwise { … }`
#[derive(Debug, Clone)]
pub struct Detect {
    /// Its name.
    pub name: Ident,
    /// `otherwise`: compiled only where none above it in the analytic can be.
    pub otherwise: Option<Span>,
    /// Its clauses, in order.
    pub clauses: Vec<Clause>,
}

impl PartialEq for Detect {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.otherwise.is_some() == other.otherwise.is_some()
            && self.clauses == other.clauses
    }
}

impl Eq for Detect {}

/// A clause of a detection.
#[derive(Debug, Clone)]
pub struct Clause {
    /// What it says.
    pub kind: ClauseKind,
    /// From its keyword to its end.
    pub span: Span,
}

/// The clauses of a detection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClauseKind {
    /// `id "…"`: the rule's UUID.
    Id(Ident),
    /// `version 3`: digits, not yet a number.
    Version(Ident),
    /// `status stable`
    Status(Ident),
    /// `severity high`
    Severity(Ident),
    /// `pattern …`
    Pattern(Pattern),
    /// `entity field, …`
    Entity(Vec<Ident>),
    /// `suppress 24h`
    Suppress(Expr),
    /// `accept approximate|unsupported on target[/profile], … "reason"`
    Accept(Accept),
    /// `falsepositive "…"`
    FalsePositive(Ident),
}

/// `accept approximate on elastic, sigma "reason"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accept {
    /// `approximate` or `unsupported`.
    pub what: Ident,
    /// Targets, or `target/profile`.
    pub targets: Vec<Ident>,
    /// Why.
    pub reason: Ident,
}

/// A pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Its form.
    pub kind: PatternKind,
    /// Where it stands.
    pub span: Span,
}

/// `within W`, `over W` and `by K`, where written.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Window {
    /// The window.
    pub within: Option<Expr>,
    /// The keys.
    pub by: Option<Vec<KeyItem>>,
}

/// The forms of a pattern. Different operators side by side are parsed as [`PatternKind::Mixed`] and refused by the checker.
#[derive(Debug, Clone)]
pub enum PatternKind {
    /// An event by name.
    Event(String),
    /// `( … )`
    Paren(Box<Pattern>),
    /// `A then B then … within W by K`
    Then(Vec<Pattern>, Window),
    /// `A with B with … within W by K`
    With(Vec<Pattern>, Window),
    /// `A not followed by B within W by K`
    NotFollowed(Box<Pattern>, Box<Pattern>, Window),
    /// `A not preceded by B within W by K`
    NotPreceded(Box<Pattern>, Box<Pattern>, Window),
    /// `e grouped by K over W having C`; the window's `within` is the `over`.
    Grouped(Box<Pattern>, Window, Option<Box<Expr>>),
    /// Different operators without parentheses; the span of the operator that does not fit.
    Mixed(Vec<Pattern>, Span),
}

impl PartialEq for PatternKind {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Event(a), Self::Event(b)) => a == b,
            (Self::Paren(a), Self::Paren(b)) => a == b,
            (Self::Then(a, v), Self::Then(b, w)) | (Self::With(a, v), Self::With(b, w)) => a == b && v == w,
            (Self::NotFollowed(a, c, v), Self::NotFollowed(b, d, w))
            | (Self::NotPreceded(a, c, v), Self::NotPreceded(b, d, w)) => a == b && c == d && v == w,
            (Self::Grouped(a, v, c), Self::Grouped(b, w, d)) => a == b && v == w && c == d,
            (Self::Mixed(a, _), Self::Mixed(b, _)) => a == b,
            (
                Self::Event(_)
                | Self::Paren(_)
                | Self::Then(..)
                | Self::With(..)
                | Self::NotFollowed(..)
                | Self::NotPreceded(..)
                | Self::Grouped(..)
                | Self::Mixed(..),
                _,
            ) => false,
        }
    }
}

impl Eq for PatternKind {}

/// One key: a field every operand uses, or `left = right = …`, one for each operand.
#[derive(Debug, Clone)]
pub struct KeyItem {
    /// The field names, as written.
    pub fields: Vec<Ident>,
    /// Where it stands.
    pub span: Span,
}

/// An expression: a value, a condition, or arithmetic.
#[derive(Debug, Clone)]
pub struct Expr {
    /// Its form.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
}

/// The forms of an expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// `true`, `false`
    Bool(bool),
    /// `42`, `1_000`
    Int(i64),
    /// `3.5`
    Float(f64),
    /// `"…"` with escapes undone, or `r"…"`
    String(String),
    /// `10s`, `1h30m`: nanoseconds
    Duration(i64),
    /// `[a, b]`
    List(Vec<ListItem>),
    /// `{ name: value, … }`
    Record(Vec<(Ident, Expr)>),
    /// `8000..8010`: inside a list of ports
    Range(Box<Expr>, Box<Expr>),
    /// A name: `destination.ip`, `egress.host.name`, `@timestamp`, `AllowedProcesses`, `std::lists::x`
    Name(String),
    /// `tls::bad_certificate(x)`, `count()`, `sum(f)`
    Call(Ident, Vec<Expr>),
    /// `sum(f) as name`
    Named(Box<Expr>, Ident),
    /// `not x`, `-x`, `exists f`, `missing f`
    Unary(UnaryOp, Box<Expr>),
    /// `x op y`
    Binary(Box<BinaryExpr>),
    /// `( … )`, kept for the formatter
    Paren(Box<Expr>),
}

/// An entry of a list; the label only in a list of ports: `443 "HTTPS"`.
#[derive(Debug, Clone, PartialEq)]
pub struct ListItem {
    /// The value.
    pub value: Expr,
    /// Its label.
    pub label: Option<Ident>,
}

/// `left [cased|nocase] op right`
#[derive(Debug, Clone, PartialEq)]
pub struct BinaryExpr {
    /// Left side.
    pub left: Expr,
    /// The operator.
    pub op: Spanned<BinaryOp>,
    /// `cased` before the operator, or `nocase` after `matches`.
    pub case: Option<Spanned<CaseWord>>,
    /// Right side.
    pub right: Expr,
}

/// The words that change an operator's case rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseWord {
    /// `cased ==`
    Cased,
    /// `matches nocase`
    NoCase,
}

/// Prefix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `not`
    Not,
    /// `-`
    Neg,
    /// `exists`
    Exists,
    /// `missing`
    Missing,
}

/// Infix operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BinaryOp {
    /// `or`
    Or,
    /// `and`
    And,
    /// `==`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `in`
    In,
    /// `like`
    Like,
    /// `contains`
    Contains,
    /// `startswith`
    StartsWith,
    /// `endswith`
    EndsWith,
    /// `matches`
    Matches,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
}
