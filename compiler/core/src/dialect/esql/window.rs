//! Single events, and events counted or summed over a window that slides.

use std::collections::BTreeSet;

use super::predicate;
use super::source;
use super::tree::{Aggregate, Command, Condition, Measure, Query, Scalar, Step, Test};
use super::values;
use crate::capability::{Findings, Support};
use crate::dialect::elasticsearch::place::{self, Kind, Place, wrong_kind};
use crate::dialect::threshold::{Threshold, threshold};
use crate::dialect::{Request, ResultColumn};
use crate::plan::{self, Column, ColumnValue, Event, EventId, Group, Having, Logic, Order};
use crate::sema::literals::print_span;

/// The column with the end of a window.
const END: &str = "window_end";

/// The time of an event.
const TIME: &str = "@timestamp";

/// A query, with what a rule must know of it.
pub struct Lowered {
    /// The query.
    pub query: Query,
    /// How far back a run must look, in milliseconds.
    pub look_back: i64,
    /// The columns of its result that hold the alert's entity.
    pub columns: Vec<ResultColumn>,
}

/// Single events; what cannot be said goes to `findings`.
pub fn event(request: &Request<'_>, id: EventId, findings: &mut Findings) -> Option<Lowered> {
    Rows { request, findings }.single(id, &[], Logic::Const(true))
}

/// A group; what cannot be said goes to `findings`.
pub fn group(request: &Request<'_>, group: &Group, findings: &mut Findings) -> Option<Lowered> {
    let mut rows = Rows { request, findings };
    let keys: Vec<&Column> = group.keys.iter().collect();
    match threshold(group) {
        Some(Threshold::Count(1)) => rows.single(group.event, &keys, Logic::Const(true)),
        // One event is enough for its key, but not for the other events of the window.
        Some(Threshold::OneEvent(field, order, value)) if rows.entity_within(&group.keys) => {
            let event = rows.event(group.event)?.clone();
            match predicate::compared(request, &event, &field, order, &value) {
                Ok(more) => rows.single(group.event, &keys, more),
                Err(refusal) => {
                    rows.refuse(refusal);
                    None
                }
            }
        }
        _ => rows.windows(group),
    }
}

/// What each aggregate of a group is called.
type Named = Vec<(plan::Aggregate, String)>;

struct Rows<'r, 'a> {
    request: &'r Request<'a>,
    findings: &'r mut Findings,
}

impl<'a> Rows<'_, 'a> {
    fn refuse(&mut self, refusal: Support) {
        self.findings.note(refusal, self.request.unit.detection.pattern.span);
    }

    fn event(&self, id: EventId) -> Option<&'a Event> {
        self.request.unit.detection.event(id)
    }

    fn entity_within(&self, keys: &[Column]) -> bool {
        self.request.unit.detection.entity.iter().all(|entity| keys.contains(&entity.column))
    }

    /// The indices, and the rows of the event that have these columns and satisfy `more`.
    fn rows(&mut self, id: EventId, present: &[&Column], more: Condition) -> Option<(Vec<String>, Step)> {
        let event = self.event(id)?;
        let (index, class) = match source::class(self.request, event) {
            Ok(class) => class,
            Err(refusal) => {
                self.findings.note(refusal, event.span);
                return None;
            }
        };
        let own = predicate::condition(self.request, event, self.findings);
        let there = present.iter().filter_map(|column| self.present(column)).collect::<Vec<_>>();
        let condition = without_repetition(Logic::and([class, own, more].into_iter().chain(there)));
        Some((index, Step { comment: event.name.clone(), command: Command::Where(condition) }))
    }

    /// That a key has a value: a row without it is in no group.
    fn present(&mut self, column: &Column) -> Option<Condition> {
        match place::place(self.request, self.event(column.event)?, column.as_field()?) {
            Ok(Place::Column(c)) => (!c.binding.always).then(|| source::exists(&c)),
            Ok(Place::Constant(_)) => None,
            Err(refusal) => {
                self.refuse(refusal);
                None
            }
        }
    }

    fn single(&mut self, id: EventId, present: &[&Column], more: Condition) -> Option<Lowered> {
        let (index, rows) = self.rows(id, present, more)?;
        let columns = self.entity(&[]);
        let kept = ["_id", "_index", "_version", TIME].into_iter();
        let kept = unique(kept.chain(columns.iter().map(|column| column.name.as_str())));
        let steps = vec![rows, Step { comment: String::new(), command: Command::Keep(kept) }];
        Some(Lowered { query: Query { index, identified: true, steps }, look_back: 0, columns })
    }

    /// Each event once in every window that it lies in, and a window for each event at whose time it ends.
    fn windows(&mut self, group: &Group) -> Option<Lowered> {
        let keys: Vec<&Column> = group.keys.iter().collect();
        let (index, rows) = self.rows(group.event, &keys, Logic::Const(true))?;
        let by = self.names(&keys);
        let (measures, named) = self.measures(group)?;
        let having = self.having(&group.having, &named, false);
        let entity = self.entity(&named);
        let over = group.over.value;
        let schedule = self.request.deployment.and_then(|deployment| deployment.schedule);
        // A run leaves the windows to earlier runs that those have seen whole.
        let recent = schedule.map(|schedule| {
            let age = schedule.delay.saturating_add(schedule.every);
            Logic::Atom(Test::Compare(Scalar::column(TIME), Order::Gt, Scalar::Now.before(age)))
        });
        let ends = Measure {
            name: END.to_owned(),
            of: Aggregate::Values(TIME.to_owned()),
            filter: recent.unwrap_or(Logic::Const(true)),
        };
        let compare = |order, other| Logic::Atom(Test::Compare(Scalar::column(TIME), order, other));
        let inside =
            Logic::and([compare(Order::Le, Scalar::column(END)), compare(Order::Ge, Scalar::column(END).before(over))]);
        let mut by_window = by.clone();
        by_window.push(END.to_owned());
        // Where the entity is the key, or is computed for it, a row for each window is enough.
        let of_window =
            |column: &ResultColumn| by.contains(&column.name) || measures.iter().any(|m| m.name == column.name);
        let (judge, having) = if entity.iter().all(of_window) {
            (Command::Stats(measures, by_window), having)
        } else {
            let last = compare(Order::Eq, Scalar::column(END));
            (Command::InlineStats(measures, by_window), Logic::and([last, having]))
        };
        let alert = Measure { name: TIME.to_owned(), of: Aggregate::Min(END.to_owned()), filter: Logic::Const(true) };
        let alerted = unique(entity.iter().map(|column| column.name.as_str()));
        let say = |comment: &str, command| Step { comment: comment.to_owned(), command };
        let spans = format!("each event in every window of {} that ends with an event of its key", print_span(over));
        let steps = vec![
            rows,
            say(&spans, Command::InlineStats(vec![ends], by)),
            say("", Command::Expand(END.to_owned())),
            say("", Command::Where(inside)),
            say("", judge),
            say("", Command::Where(having)),
            say("", Command::Stats(vec![alert], alerted)),
        ];
        Some(Lowered { query: Query { index, identified: false, steps }, look_back: over, columns: entity })
    }

    /// The names of columns in the index.
    fn names(&mut self, columns: &[&Column]) -> Vec<String> {
        let mut names = Vec::new();
        for column in columns {
            match self.name(column) {
                Ok(name) => names.push(name),
                Err(refusal) => self.refuse(refusal),
            }
        }
        unique(names.iter().map(String::as_str))
    }

    fn name(&self, column: &Column) -> Result<String, Support> {
        let (Some(event), Some(field)) = (self.event(column.event), column.as_field()) else {
            return Err(Support::no("a key is a field of an event"));
        };
        match place::place(self.request, event, field)? {
            Place::Column(column) if column.binding.values.is_empty() => Ok(column.name.to_owned()),
            Place::Column(_) => {
                Err(Support::no(&format!("`{}` has words of its own in the profile and cannot be a key", field.name)))
            }
            Place::Constant(_) => {
                Err(Support::no(&format!("`{}` is a constant in the profile and cannot be a key", field.name)))
            }
        }
    }

    /// The columns of the result that hold the entity. `named` are the aggregates' names.
    fn entity(&mut self, named: &[(plan::Aggregate, String)]) -> Vec<ResultColumn> {
        let mut columns = Vec::new();
        for entity in &self.request.unit.detection.entity {
            let Some(event) = self.event(entity.column.event) else { continue };
            let name = match &entity.column.value {
                ColumnValue::Aggregate(name) => Ok(name.clone()),
                ColumnValue::Field(field) => match place::place(self.request, event, field) {
                    Ok(Place::Column(column)) => Ok(column.name.to_owned()),
                    Ok(Place::Constant(_)) => Err(Support::no(&format!(
                        "`{}` is a constant in the profile, so no alert carries it",
                        field.name
                    ))),
                    Err(refusal) => Err(refusal),
                },
            };
            match name {
                Ok(name) => columns.push(ResultColumn::named(&entity.name, &name)),
                Err(refusal) => self.findings.note(refusal, entity.span),
            }
        }
        let computed = |name: &str| named.iter().any(|(_, n)| n == name);
        let shadowed = columns.iter().find(|c| computed(&c.name) && c.entity != c.name);
        if let Some(column) = shadowed {
            self.refuse(Support::no(&format!("`{}` names a field and an aggregate", column.name)));
        }
        columns
    }

    /// The columns that the condition and the entity need, and what each aggregate is called.
    fn measures(&mut self, group: &Group) -> Option<(Vec<Measure>, Named)> {
        let mut wanted: Named = group.named.iter().map(|(name, aggregate)| (aggregate.clone(), name.clone())).collect();
        group.having.for_each(&mut |comparison| {
            let mut leaf = |aggregate: &plan::Aggregate| {
                if !wanted.iter().any(|(known, _)| known == aggregate) {
                    wanted.push((aggregate.clone(), name_of(aggregate)));
                }
            };
            comparison.left.for_each_leaf(&mut leaf);
            comparison.right.for_each_leaf(&mut leaf);
        });
        let mut measures = Vec::new();
        for (aggregate, name) in &wanted {
            match self.measure(group.event, aggregate, name) {
                Ok(measure) => measures.push(measure),
                Err(refusal) => {
                    self.refuse(refusal);
                    return None;
                }
            }
        }
        Some((measures, wanted))
    }

    fn measure(&self, id: EventId, aggregate: &plan::Aggregate, name: &str) -> Result<Measure, Support> {
        use plan::Aggregate as A;
        let measure = |of, filter| Measure { name: name.to_owned(), of, filter };
        let (Some(field), Some(event)) = (aggregate.field(), self.event(id)) else {
            return Ok(measure(Aggregate::Count, Logic::Const(true)));
        };
        if field.ty.is_list() {
            return Err(Support::no(&format!("`{}` may hold several values", field.name)));
        }
        let column = place::column(place::place(self.request, event, field)?, field)?;
        let name = column.name.to_owned();
        let (of, takes) = match aggregate {
            A::Count => (Aggregate::Count, true),
            A::Distinct(_) => (Aggregate::Distinct(name), true),
            A::Sum(_) => (Aggregate::Sum(name), column.kind == Kind::Number),
            A::Avg(_) => (Aggregate::Average(name), column.kind == Kind::Number),
            A::Min(_) => (Aggregate::Min(name), matches!(column.kind, Kind::Number | Kind::Date)),
            A::Max(_) => (Aggregate::Max(name), matches!(column.kind, Kind::Number | Kind::Date)),
        };
        if !takes {
            return Err(wrong_kind(&column, "arithmetic"));
        }
        let text = matches!(column.kind, Kind::Keyword | Kind::Text);
        let filter =
            if text && matches!(aggregate, A::Distinct(_)) { source::exists(&column) } else { Logic::Const(true) };
        Ok(measure(of, filter))
    }

    /// The condition of a group, over the columns of its aggregates.
    fn having(&mut self, having: &Having, named: &[(plan::Aggregate, String)], negated: bool) -> Condition {
        let mut each =
            |parts: &[Having]| parts.iter().map(|part| self.having(part, named, negated)).collect::<Vec<_>>();
        match having {
            Logic::Const(value) => Logic::Const(*value),
            Logic::And(parts) => Logic::and(each(parts)),
            Logic::Or(parts) => Logic::or(each(parts)),
            Logic::Not(inner) => Logic::not(self.having(inner, named, !negated)),
            Logic::Atom(comparison) => {
                let mut leaf = |aggregate: &plan::Aggregate| {
                    let name = named.iter().find(|(known, _)| known == aggregate).map(|(_, name)| name);
                    name.map(|name| Scalar::column(name)).ok_or_else(|| Support::no("an aggregate has no name"))
                };
                match values::comparison(comparison, &mut leaf) {
                    Ok(test) if negated => Logic::Atom(Test::Decided(Box::new(test))),
                    Ok(test) => Logic::Atom(test),
                    Err(refusal) => {
                        self.refuse(refusal);
                        Logic::Const(false)
                    }
                }
            }
        }
    }
}

/// What an aggregate without a name of its own is called.
fn name_of(aggregate: &plan::Aggregate) -> String {
    use plan::Aggregate as A;
    let function = match aggregate {
        A::Count => return "events".to_owned(),
        A::Distinct(_) => "distinct",
        A::Sum(_) => "sum",
        A::Min(_) => "min",
        A::Max(_) => "max",
        A::Avg(_) => "average",
    };
    let field = aggregate.field().map(|field| field.name.replace(['.', '@'], "_")).unwrap_or_default();
    format!("{function}_{}", field.trim_start_matches('_'))
}

/// The names, each once.
fn unique<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut seen = BTreeSet::new();
    names.filter(|name| seen.insert(*name)).map(str::to_owned).collect()
}

/// The condition without parts of its top level that stand there before.
fn without_repetition(condition: Condition) -> Condition {
    let Logic::And(parts) = condition else { return condition };
    let mut kept: Vec<Condition> = Vec::new();
    for part in parts {
        if !kept.contains(&part) {
            kept.push(part);
        }
    }
    Logic::and(kept)
}
