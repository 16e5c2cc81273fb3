//! The plan: strategies with every name resolved, every type checked, every predicate expanded and every parameter bound
//! to its value. It knows nothing of any target. The evaluator gives it its meaning; dialects say it in their languages.

pub mod facts;
pub mod host;

pub mod pattern;
pub mod pred;
pub mod print;
pub mod reads;
pub mod regex;
pub mod text;
pub mod value;

pub use host::Host;
pub use pattern::{
    Aggregate, Column, ColumnValue, EventId, Group, Having, Join, Key, Negation, Pattern, PatternKind, Window,
};
pub use pred::{
    Arithmetic, Comparison, Expr, ExprKind, Field, Logic, Operand, Order, Pred, Test, TestKind, TextOp, TextTest,
};
pub use regex::Regex;
pub use text::{Cidr, Glob, Segment};
pub use value::{Number, PortRange, Type, Value};

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::source::{Span, Spanned};
pub use crate::syntax::ast::ParameterKind;

/// A detection strategy.
#[derive(Debug, Clone)]
pub struct Strategy {
    /// Such as `DET0543`.
    pub id: String,
    /// The first line of its documentation.
    pub title: String,
    /// The rest of its documentation.
    pub description: String,
    /// The version of ATT&CK it was written against; none if it does not say that it is of ATT&CK.
    pub attack: Option<Spanned<String>>,
    /// Techniques it detects, such as `T1573.002`.
    pub techniques: Vec<String>,
    /// Tactics, in ATT&CK's short names.
    pub tactics: Vec<String>,
    /// Links.
    pub references: Vec<String>,
    /// Who wrote it.
    pub authors: Vec<String>,
    /// The day it was first published, such as `2026-12-31`.
    pub date: Option<String>,
    /// The parameters of the strategy and of all its analytics; [`ParamRef`] points in here.
    pub parameters: Vec<Parameter>,
    /// The analytics, in order.
    pub analytics: Vec<Analytic>,
    /// The classes in use, by name.
    pub classes: BTreeMap<String, Arc<Class>>,
    /// Its name.
    pub span: Span,
}

/// An event class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Class {
    /// Such as `library_load`.
    pub name: String,
    /// What such an event is.
    pub doc: String,
    /// Its fields by dotted name, `@timestamp` included.
    pub fields: BTreeMap<String, (Field, String)>,
}

/// A parameter with the value in force.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Named by ATT&CK, or ours.
    pub kind: ParameterKind,
    /// The analytic it belongs to; none for the strategy's own.
    pub analytic: Option<String>,
    /// Its documentation.
    pub doc: String,
    /// Its type.
    pub ty: Type,
    /// Bounds of a record's fields are under their names; those of the whole under `""`.
    pub bounds: BTreeMap<String, ParamBound>,
    /// The value in the source.
    pub default: Arc<Value>,
    /// The value in force.
    pub value: Arc<Value>,
    /// What tuning did to it, oldest first.
    pub layers: Vec<Layer>,
    /// Its name in the source.
    pub span: Span,
}

/// The bound of a parameter or of a record's field.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamBound {
    /// Whether the number of entries is bounded, and not the value.
    pub length: bool,
    /// The least.
    pub low: Option<Value>,
    /// The greatest.
    pub high: Option<Value>,
}

/// One change of a parameter by a tuning file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The layer's name: the file's `layer`, or its path.
    pub name: String,
    /// `set`, `extend` or `remove`.
    pub action: String,
    /// Who answers for it.
    pub owner: String,
    /// Why.
    pub reason: String,
    /// The day it ends, ISO 8601.
    pub expires: Option<String>,
}

/// A parameter, or a field of one that is a record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ParamRef {
    /// An index into [`Strategy::parameters`].
    pub index: usize,
    /// The field of a record.
    pub field: Option<String>,
}

/// An analytic: a strategy on one platform.
#[derive(Debug, Clone)]
pub struct Analytic {
    /// Such as `AN1496`.
    pub id: String,
    /// The first line of its documentation.
    pub title: String,
    /// The rest of it.
    pub description: String,
    /// Such as `windows`.
    pub platform: String,
    /// Where its events come from.
    pub sources: Vec<LogSource>,
    /// Its detections, in order.
    pub detections: Vec<Detection>,
    /// Its name.
    pub span: Span,
}

/// A log source as ATT&CK names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogSource {
    /// The data component, such as `DC0016`.
    pub component: String,
    /// Such as `WinEventLog:Sysmon`.
    pub name: String,
    /// Such as `EventCode=7`.
    pub channel: String,
    /// The classes of its events.
    pub classes: Vec<String>,
    /// Where it is declared.
    pub span: Span,
}

/// How grave an alert is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AlertSeverity {
    /// For hunting.
    Informational,
    /// Look when there is time.
    Low,
    /// Look today.
    Medium,
    /// Look now.
    High,
    /// Drop everything.
    Critical,
}

impl AlertSeverity {
    /// Every severity, mildest first.
    pub const ALL: [Self; 5] = [Self::Informational, Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The word in the language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Informational => "informational",
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// Where a rule stands in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Release {
    /// Counts from 1, and rises with every change of what the rule says or finds.
    pub version: u32,
    /// How far it is to be trusted.
    pub status: RuleStatus,
    /// Whether its id is written in the source, and so outlives its names.
    pub own_id: bool,
}

impl Default for Release {
    fn default() -> Self {
        Self { version: 1, status: RuleStatus::Experimental, own_id: false }
    }
}

/// How far a rule is to be trusted, in the words of Sigma:
/// <https://github.com/SigmaHQ/sigma-specification/blob/main/specification/sigma-rules-specification.md#status>
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleStatus {
    /// Runs at many sites without trouble.
    Stable,
    /// Mostly right; needs some tuning.
    Test,
    /// New.
    Experimental,
    /// No longer maintained: it leaves the pack with a later release.
    Deprecated,
}

impl RuleStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Stable, Self::Test, Self::Experimental, Self::Deprecated];

    /// The word in the language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Test => "test",
            Self::Experimental => "experimental",
            Self::Deprecated => "deprecated",
        }
    }
}

/// A detection: a pattern and what an alert of it says.
#[derive(Debug, Clone)]
pub struct Detection {
    /// Its name, unique in the analytic.
    pub name: String,
    /// The rule's UUID: as written, else made from the names.
    pub id: String,
    /// The first line of its documentation; its name in words if it has none.
    pub title: String,
    /// The rest of it.
    pub description: String,
    /// Where it stands in its life.
    pub release: Release,
    /// How grave.
    pub severity: AlertSeverity,
    /// Compiled only where none above it in the analytic can be.
    pub otherwise: bool,
    /// What false alarms look like.
    pub false_positives: Vec<String>,
    /// What the source accepts.
    pub accepts: Vec<Acceptance>,
    /// The events the pattern binds; those of absent operands too, as entries of their own.
    pub events: Vec<Arc<Event>>,
    /// The pattern.
    pub pattern: Pattern,
    /// The columns of an alert, with the names they bear in it (as written, the event's prefix left out where that is
    /// unambiguous). Never empty.
    pub entity: Vec<EntityColumn>,
    /// For how many milliseconds after an alert the same tuple is quiet; none: for the whole run.
    pub suppress: Option<Operand<i64>>,
    /// Its name in the source.
    pub span: Span,
}

/// A column of an alert.
#[derive(Debug, Clone, PartialEq)]
pub struct EntityColumn {
    /// The column.
    pub column: Column,
    /// The field's name in the alert, unique in the detection.
    pub name: String,
    /// Where it was written.
    pub span: Span,
}

/// An event in a pattern.
#[derive(Debug, Clone)]
pub struct Event {
    /// Its name in the source.
    pub name: String,
    /// Its documentation.
    pub doc: String,
    /// Its class.
    pub class: Arc<Class>,
    /// Which events of the class.
    pub predicate: Pred,
    /// Where it is defined.
    pub span: Span,
}

/// What the source says it can live with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acceptance {
    /// An approximation, or no rule at all.
    pub what: Accepted,
    /// A target, or `target/profile`.
    pub target: Spanned<String>,
    /// Why.
    pub reason: String,
}

/// What can be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Accepted {
    /// The named losses of an approximation.
    Approximate,
    /// That there is no rule on the target.
    Unsupported,
}

/// One detection with what surrounds it: what the evaluator and every dialect are given.
#[derive(Debug, Clone, Copy)]
pub struct Unit<'a> {
    /// The strategy.
    pub strategy: &'a Strategy,
    /// The analytic.
    pub analytic: &'a Analytic,
    /// The detection.
    pub detection: &'a Detection,
}

impl Strategy {
    /// The version of ATT&CK it was written against.
    #[must_use]
    pub fn attack_version(&self) -> Option<&str> {
        self.attack.as_ref().map(|version| version.value.as_str())
    }

    /// Every detection with its surroundings, in order.
    pub fn units(&self) -> impl Iterator<Item = Unit<'_>> {
        self.analytics.iter().flat_map(move |analytic| {
            analytic.detections.iter().map(move |detection| Unit { strategy: self, analytic, detection })
        })
    }

    /// The parameter a reference points to.
    #[must_use]
    pub fn parameter(&self, reference: &ParamRef) -> Option<&Parameter> {
        self.parameters.get(reference.index)
    }
}

impl Detection {
    /// The event with this id.
    #[must_use]
    pub fn event(&self, id: EventId) -> Option<&Event> {
        self.events.get(id.0).map(Arc::as_ref)
    }
}
