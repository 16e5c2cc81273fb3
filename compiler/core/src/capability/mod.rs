//! What a detection needs, what each dialect and profile can give, and so the fidelity of each detection on each target.
//!
//! [`features()`] reads a plan and names everything a dialect may stumble over, with the place in the source. Every dialect
//! answers for every [`Feature`] in one exhaustive match, so that a new feature does not compile until all have answered.
//! The check runs before lowering; lowering and printing cannot fail.

mod feature;
mod features;
pub mod matrix;
mod predicates;

pub use feature::Feature;
pub use features::features;

use crate::source::Span;

/// A dialect's answer to a feature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Support {
    /// The same alerts as the evaluator.
    Exact,
    /// Something is lost.
    Lossy(Loss),
    /// It cannot be said.
    No {
        /// Why not, as a clause: "a sequence has one window".
        reason: String,
        /// What to do instead, where there is something.
        help: Option<String>,
    },
}

impl Support {
    /// A loss.
    #[must_use]
    pub fn lossy(name: &'static str, direction: Direction, note: &str) -> Self {
        Self::Lossy(Loss { name: name.to_owned(), direction, note: note.to_owned(), span: None })
    }

    /// Unsupported.
    #[must_use]
    pub fn no(reason: &str) -> Self {
        Self::No { reason: reason.to_owned(), help: None }
    }

    /// Unsupported, with advice.
    #[must_use]
    pub fn no_but(reason: &str, help: &str) -> Self {
        Self::No { reason: reason.to_owned(), help: Some(help.to_owned()) }
    }
}

/// Which way an approximation errs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// It may alert where the evaluator does not.
    Over,
    /// It may miss what the evaluator finds.
    Under,
    /// Both.
    Both,
}

impl Direction {
    /// In words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Over => "may alert more",
            Self::Under => "may miss",
            Self::Both => "may alert more and may miss",
        }
    }
}

/// A named loss.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Loss {
    /// A short name, such as `ties`.
    pub name: String,
    /// Which way it errs.
    pub direction: Direction,
    /// One sentence.
    pub note: String,
    /// What in the source it comes from.
    pub span: Option<Span>,
}

/// The loss that every source accepts and every report lists: events in the same millisecond that an engine orders
/// otherwise.
pub const TIES: &str = "ties";

/// Why a target cannot express a detection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The reason, as a clause.
    pub reason: String,
    /// What in the source needs it.
    pub span: Span,
    /// Advice.
    pub help: Option<String>,
}

/// How well a target says a detection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fidelity {
    /// The same alerts as the evaluator, but for the losses every source accepts.
    Exact {
        /// Only [`TIES`].
        losses: Vec<Loss>,
    },
    /// Named losses.
    Approximate {
        /// All of them, [`TIES`] too.
        losses: Vec<Loss>,
    },
    /// No rule.
    Unsupported {
        /// Every reason.
        reasons: Vec<Refusal>,
    },
}

/// Adds a feature answer to what is known so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Findings {
    /// Losses so far.
    pub losses: Vec<Loss>,
    /// Refusals so far.
    pub refusals: Vec<Refusal>,
}

impl Findings {
    /// Notes an answer about something at `span`.
    pub fn note(&mut self, support: Support, span: Span) {
        match support {
            Support::Exact => {}
            Support::Lossy(loss) => self.losses.push(Loss { span: loss.span.or(Some(span)), ..loss }),
            Support::No { reason, help } => self.refusals.push(Refusal { reason, span, help }),
        }
    }

    /// The verdict. Equal losses are named once.
    #[must_use]
    pub fn fidelity(mut self) -> Fidelity {
        if !self.refusals.is_empty() {
            return Fidelity::Unsupported { reasons: self.refusals };
        }
        self.losses.sort_by(|a, b| (&a.name, &a.note).cmp(&(&b.name, &b.note)));
        self.losses.dedup_by(|a, b| a.name == b.name && a.note == b.note);
        let losses = self.losses;
        if losses.iter().all(|l| l.name == TIES) {
            Fidelity::Exact { losses }
        } else {
            Fidelity::Approximate { losses }
        }
    }
}
