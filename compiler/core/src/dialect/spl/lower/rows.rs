//! The rows of a search while it is being written: which steps are in the stream, what their columns are called.
//!
//! From the flags on, every row is one event in one step. No column is ever null: a missing value is `""`, a time that
//! never came is 0 or [`NEVER`], and a key of a step that takes no part is `-`. What Splunk does with a null in a `by`
//! clause, a sort or an aggregate then never matters.

use std::collections::{BTreeMap, BTreeSet};

use super::super::ast::{
    Aggregate, AggregateFunction, Binary, Command, Compare, Direction, Expr, Function, Line, Name,
};
use super::super::site::Site;
use super::form::Slot;
use crate::plan::{Detection, EventId, Pattern, PatternKind};

/// A time later than any, in milliseconds: below 2^53, so exact.
pub const NEVER: i64 = 9_000_000_000_000_000;

/// The rows of a pattern: those of one step, with the names of their columns.
#[derive(Debug, Clone)]
pub struct RowSet {
    /// The step.
    pub tag: String,
    /// The columns.
    pub columns: BTreeMap<Slot, Name>,
    /// The numbers of the events whose identity matters.
    pub ids: BTreeMap<EventId, Name>,
}

impl RowSet {
    /// The name of a column; every column asked for is there.
    #[must_use]
    pub fn column(&self, slot: &Slot) -> Name {
        self.columns.get(slot).cloned().unwrap_or_else(|| Name::new("missing"))
    }
}

/// The stream of rows and what is known of it.
#[derive(Debug)]
pub struct Rows<'a> {
    /// The site.
    pub site: Site<'a>,
    /// The detection.
    pub detection: &'a Detection,
    /// The commands so far.
    pub lines: Vec<Line>,
    /// The comment for the next command.
    pub comment: Option<String>,
    /// The steps in the stream, in order.
    pub live: Vec<String>,
    /// The step of each event, by its id.
    pub tags: Vec<String>,
    /// The names of the columns made of fields.
    pub slots: BTreeMap<Slot, Name>,
    /// Columns known to be there, by step.
    pub guarded: BTreeSet<(String, Name)>,
    /// The field of the step.
    pub step: Name,
    /// The field of the time in milliseconds.
    pub t: Name,
    /// The field that numbers events.
    pub event: Name,
    /// The field that orders rows of one time.
    pub rank: Name,
}

impl<'a> Rows<'a> {
    /// No rows yet.
    pub fn new(mut site: Site<'a>, detection: &'a Detection) -> Self {
        let mut tags: Vec<String> = Vec::new();
        for event in &detection.events {
            let copies = tags.iter().filter(|tag| **tag == event.name).count();
            let tag = if copies == 0 { event.name.clone() } else { format!("earlier_{}", event.name) };
            tags.push(if tags.contains(&tag) { format!("{tag}_{}", tags.len()) } else { tag });
        }
        let mut own = |wish| site.names.fresh(wish);
        let (step, t, event, rank) = (own("step"), own("t"), own("event_number"), own("rank"));
        let live = tags.clone();
        Self {
            site,
            detection,
            lines: Vec::new(),
            comment: None,
            slots: BTreeMap::new(),
            live,
            tags,
            guarded: BTreeSet::new(),
            step,
            t,
            event,
            rank,
        }
    }

    /// The step of an event.
    #[must_use]
    pub fn tag(&self, event: EventId) -> String {
        self.tags.get(event.0).cloned().unwrap_or_default()
    }

    /// Adds a command.
    pub fn push(&mut self, command: Command) {
        self.lines.push(Line { comment: self.comment.take(), command });
    }

    /// Adds `eval`; nothing for no assignments.
    pub fn eval(&mut self, assignments: Vec<(Name, Expr)>) {
        if !assignments.is_empty() {
            self.push(Command::Eval(assignments));
        }
    }

    /// A new name.
    pub fn fresh(&mut self, wish: &str) -> Name {
        self.site.names.fresh(wish)
    }

    /// The time of a row.
    #[must_use]
    pub fn time(&self) -> Expr {
        Expr::field(&self.t)
    }

    /// Whether the stream holds nothing but these steps.
    #[must_use]
    pub fn only(&self, tags: &[&str]) -> bool {
        self.live.iter().all(|tag| tags.contains(&tag.as_str()))
    }

    /// Whether a row is of one of these steps.
    #[must_use]
    pub fn is_step(&self, tags: &[&str]) -> Expr {
        match tags {
            [one] => Expr::field(&self.step).compare(Compare::Eq, Expr::text(*one)),
            several => Expr::In(self.step.clone(), several.iter().map(|tag| (*tag).to_owned()).collect()),
        }
    }

    /// A value for each step, and another for the rest. Needs no test where all rows have the same.
    #[must_use]
    pub fn by_step(&self, cases: &[(&str, Expr)], other: Expr) -> Expr {
        let mut grouped: Vec<(Vec<&str>, &Expr)> = Vec::new();
        for (tag, value) in cases {
            match grouped.iter_mut().find(|(_, known)| *known == value) {
                Some((tags, _)) => tags.push(tag),
                None => grouped.push((vec![tag], value)),
            }
        }
        let tags: Vec<&str> = cases.iter().map(|(tag, _)| *tag).collect();
        let mut rest = other;
        if self.only(&tags) {
            match grouped.pop() {
                Some((_, value)) => rest = value.clone(),
                None => return rest,
            }
        }
        if grouped.is_empty() {
            return rest;
        }
        let tests = grouped.into_iter().flat_map(|(tags, value)| [self.is_step(&tags), value.clone()]);
        let end = [Expr::always(), rest];
        Expr::call(Function::Case, tests.chain(end).collect::<Vec<_>>())
    }

    /// Drops the rows of some steps, and those of the kept step that do not satisfy a condition. Other steps pass.
    pub fn keep(&mut self, kept: &str, condition: Expr, dropped: &[&str]) {
        self.live.retain(|tag| !dropped.contains(&tag.as_str()) || tag == kept);
        let alone = self.live.len() == 1;
        let test = if alone {
            let of_step = (!dropped.is_empty()).then(|| self.is_step(&[kept]));
            Expr::and(of_step.into_iter().chain([condition]))
        } else {
            let not_dropped = dropped.iter().map(|tag| Expr::field(&self.step).compare(Compare::Ne, Expr::text(*tag)));
            let other = Expr::field(&self.step).compare(Compare::Ne, Expr::text(kept));
            Expr::and(not_dropped.chain([Expr::or([other, condition])]))
        };
        self.push(Command::Where(test));
    }

    /// The columns to join by, each once.
    pub fn keys(&mut self, operator: usize, keys: &[Vec<Slot>], operands: &[&RowSet]) -> Vec<Name> {
        distinct(&self.each_key(operator, keys, operands))
    }

    /// The column of each key: one that all steps share, or a new one that holds each operand's own. Rows without a key
    /// are dropped.
    pub fn each_key(&mut self, operator: usize, keys: &[Vec<Slot>], operands: &[&RowSet]) -> Vec<Name> {
        let tags: Vec<&str> = operands.iter().map(|o| o.tag.as_str()).collect();
        let (mut names, mut made, mut guards) = (Vec::new(), Vec::new(), Vec::new());
        for (i, key) in keys.iter().enumerate() {
            let own: Vec<Name> = key.iter().zip(operands).map(|(slot, rows)| rows.column(slot)).collect();
            let shared = own.first().filter(|first| own.iter().all(|name| name == *first) && self.only(&tags)).cloned();
            let name = shared.unwrap_or_else(|| {
                let cases: Vec<(&str, Expr)> = tags.iter().copied().zip(own.iter().map(Expr::field)).collect();
                let value = self.by_step(&cases, Expr::text("-"));
                if let Some((name, _)) = made.iter().find(|(_, known)| *known == value) {
                    return Name::clone(name);
                }
                let name = self.site.names.fresh(&format!("key{operator}_{}", i + 1));
                made.push((name.clone(), value));
                name
            });
            let steps: Vec<(String, Name)> = tags.iter().map(|tag| (*tag).to_owned()).zip(own).collect();
            if !steps.iter().all(|known| self.guarded.contains(known)) {
                guards.push(Expr::field(&name).compare(Compare::Ne, Expr::text("")));
            }
            self.guarded.extend(tags.iter().map(|tag| ((*tag).to_owned(), name.clone())));
            self.guarded.extend(steps);
            names.push(name);
        }
        self.eval(made);
        if !guards.is_empty() {
            self.push(Command::Where(Expr::and(guards)));
        }
        names
    }

    /// The time up to which a pattern's rows can be judged: `now()` in milliseconds, or the end of what a deployed search
    /// reads, less the windows in which something may still come.
    pub fn judged_until(&mut self, pattern: &Pattern) -> Expr {
        let now = match self.site.deployment() {
            None => Expr::Call(Function::Now, Vec::new()).binary(Binary::Mul, Expr::Int(1000)),
            Some(deployment) => {
                let delay = deployment.schedule.map_or(0, |schedule| schedule.delay);
                let end = self.end_of_search();
                if delay == 0 { end } else { end.minus(Expr::Int(delay)) }
            }
        };
        let wait = self.wait(pattern);
        now.minus(wait)
    }

    /// How long after a row's time a run must wait to be sure of it ([`Pattern::wait`]).
    pub fn wait(&mut self, pattern: &Pattern) -> Expr {
        if !self.site.windows_are_held() {
            return Expr::Int(pattern.wait());
        }
        let waiting: Vec<Expr> =
            pattern.operands().into_iter().filter(|p| p.wait() > 0).map(|p| self.wait(p)).collect();
        let inner = match <[Expr; 1]>::try_from(waiting) {
            Ok([one]) => Some(one),
            Err(several) if several.is_empty() => None,
            Err(several) => Some(Expr::call(Function::Max, several)),
        };
        match (&pattern.kind, inner) {
            (PatternKind::NotFollowed(negation), None) => self.site.window(&negation.within),
            (PatternKind::NotFollowed(negation), Some(inner)) => {
                self.site.window(&negation.within).binary(Binary::Add, inner)
            }
            (_, inner) => inner.unwrap_or(Expr::Int(0)),
        }
    }

    /// The end of the time that the search covers, in milliseconds.
    pub fn end_of_search(&mut self) -> Expr {
        let name = Name::new("info_max_time");
        if !self.lines.iter().any(|line| line.command == Command::Addinfo) {
            self.push(Command::Addinfo);
        }
        Expr::Field(name).binary(Binary::Mul, Expr::Int(1000))
    }

    /// `sort 0` by time and rank.
    pub fn sort(&mut self, direction: Direction) {
        self.push(Command::Sort(vec![(direction, self.t.clone()), (Direction::Ascending, self.rank.clone())]));
    }
}

/// Each name once, in order.
#[must_use]
pub fn distinct(names: &[Name]) -> Vec<Name> {
    let mut once: Vec<Name> = Vec::new();
    for name in names {
        if !once.contains(name) {
            once.push(name.clone());
        }
    }
    once
}

/// A span of time in the unit that keeps it whole, as in the source.
#[must_use]
pub fn span_in_words(millis: i64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")];
    let fits = units.iter().find(|(unit, _)| millis >= *unit && millis % unit == 0);
    fits.map_or_else(|| format!("{millis}ms"), |(unit, name)| format!("{}{name}", millis / unit))
}

/// An aggregate.
#[must_use]
pub fn aggregate(function: AggregateFunction, of: &Name, name: &Name) -> Aggregate {
    Aggregate { function, of: Some(of.clone()), name: name.clone() }
}

/// `count as name`
#[must_use]
pub fn count(name: &Name) -> Aggregate {
    Aggregate { function: AggregateFunction::Count, of: None, name: name.clone() }
}
