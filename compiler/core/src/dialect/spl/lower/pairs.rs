//! Pairs: exact for any nesting, at the cost of a row for each pair within two windows.
//!
//! Time is cut into buckets as wide as the window. The left rows of a bucket and key are written, as text, into a
//! multivalue field of the right rows of that bucket and key; a row for each then tests the real times. The text holds
//! numbers and the lengths of the columns first, so that columns may hold anything.

use std::collections::BTreeMap;

use super::super::ast::{AggregateFunction, Binary, Command, Compare, Expr, Function, Name};
use super::form::{Node, Slot, events_overlap};
use super::linear::{expand_keys, no_hit};
use super::rows::{RowSet, Rows, aggregate, count};
use crate::plan::{EventId, Join, Negation, PatternKind};

/// The columns of left rows as text.
struct Parcel {
    numbers: Vec<Name>,
    columns: Vec<Name>,
}

impl Parcel {
    /// `number|…|length|…|columns`
    fn pack(&self) -> Expr {
        let bar = || Expr::text("|");
        let lengths = self
            .columns
            .iter()
            .map(|name| Expr::call(Function::Len, [Expr::call(Function::Tostring, [Expr::field(name)])]));
        let mut head = self.numbers.iter().map(Expr::field).chain(lengths);
        let first = head.next().unwrap_or_else(|| Expr::text(""));
        let head = head.fold(first, |all, next| all.concat(bar()).concat(next)).concat(bar());
        self.columns.iter().map(Expr::field).fold(head, Expr::concat)
    }
}

/// Buckets of the right rows relative to a left row's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reach {
    /// Right rows come in the left row's bucket or the next.
    After,
    /// In its bucket or the one before.
    Before,
    /// In either.
    Around,
}

impl Reach {
    const fn offsets(self) -> &'static [i64] {
        match self {
            Self::After => &[0, -1],
            Self::Before => &[0, 1],
            Self::Around => &[0, -1, 1],
        }
    }
}

/// `then` and `with`: joins the operands one by one.
pub fn join(rows: &mut Rows<'_>, node: &Node<'_>, join: &Join, operands: Vec<RowSet>) -> RowSet {
    let first = rows.fresh("first_time");
    rows.eval(vec![(first.clone(), rows.time())]);
    let count = operands.len();
    let mut operands = operands.into_iter().zip(&node.operands);
    let Some((mut left, left_node)) = operands.next() else {
        return RowSet { tag: String::new(), columns: BTreeMap::new(), ids: BTreeMap::new() };
    };
    let of_keys = |slot: &Slot| node.keys.iter().any(|key| key.first() == Some(slot));
    let mut events = left_node.events.clone();
    let window = rows.site.window(&join.within);
    for (i, (right, right_node)) in operands.enumerate() {
        let last = i + 2 == count;
        let of_pair = |key: &Vec<Slot>| [0, i + 1].iter().filter_map(|at| key.get(*at).cloned()).collect();
        let keys: Vec<Vec<Slot>> = node.keys.iter().map(of_pair).collect();
        let by = rows.keys(node.id, &keys, &[&left, &right]);
        left.columns.retain(|slot, _| node.asked.contains(slot) || !last && of_keys(slot));
        let apart = differing(rows, (&left, &events), (&right, &right_node.events));
        left = pair(rows, node, &window, &by, &first, apart, left, right);
        events.extend(&right_node.events);
    }
    left
}

/// The events that must not be one: their numbers on either side.
fn differing(rows: &Rows<'_>, left: (&RowSet, &[EventId]), right: (&RowSet, &[EventId])) -> Vec<(Name, Name)> {
    let pairs = left.1.iter().flat_map(|a| right.1.iter().map(move |b| (*a, *b)));
    let overlapping = pairs.filter(|(a, b)| events_overlap(rows.detection, *a, *b));
    overlapping.filter_map(|(a, b)| Some((left.0.ids.get(&a)?.clone(), right.0.ids.get(&b)?.clone()))).collect()
}

/// One pair join. The rows of the result are right rows with the left row's columns beside their own.
#[expect(clippy::too_many_arguments, reason = "the parts of one join, used once")]
fn pair(
    rows: &mut Rows<'_>,
    node: &Node<'_>,
    window: &Expr,
    by: &[Name],
    first: &Name,
    apart: Vec<(Name, Name)>,
    left: RowSet,
    right: RowSet,
) -> RowSet {
    let ordered = matches!(node.pattern.kind, PatternKind::Then(_));
    let ids: Vec<(EventId, Name)> = left.ids.iter().map(|(id, name)| (*id, name.clone())).collect();
    let numbers = [rows.t.clone(), first.clone()].into_iter().chain(ids.iter().map(|(_, name)| name.clone()));
    let parcel = Parcel { numbers: numbers.collect(), columns: left.columns.values().cloned().collect() };
    let reach = if ordered { Reach::After } else { Reach::Around };
    let packed = deliver(rows, by, (&left.tag, first), &right.tag, reach, window, &parcel);
    let [left_time, left_first, left_ids @ ..] = &unpack(rows, &right.tag, &packed, &parcel, &ids)[..] else {
        return right;
    };
    let (t, f) = (rows.time(), Expr::field);
    let low = Expr::call(Function::Min, [f(left_first), t.clone()]);
    let high = Expr::call(Function::Max, [f(left_time), t.clone()]);
    let mut tests = if ordered {
        vec![t.clone().compare(Compare::Ge, f(left_time)), t.minus(f(left_first)).compare(Compare::Le, window.clone())]
    } else {
        vec![high.clone().minus(low.clone()).compare(Compare::Le, window.clone())]
    };
    tests.extend(differ(&apart, &ids, left_ids));
    rows.keep(&right.tag, Expr::and(tests), &[]);
    let tag = format!("{}_{}_{}", left.tag, if ordered { "then" } else { "with" }, right.tag);
    relabel(rows, &right.tag, &tag, first, if ordered { f(left_first) } else { low }, (!ordered).then_some(high));
    inherit_guards(rows, [&left.tag, &right.tag], &tag);
    let mut columns = left.columns;
    columns.extend(right.columns.into_iter().filter(|(slot, _)| node.asked.contains(slot)));
    let mut own = right.ids;
    own.extend(ids.iter().zip(left_ids).map(|((id, _), name)| (*id, name.clone())));
    RowSet { tag, columns, ids: own }
}

/// That events which could be one are two; the left ones are unpacked under new names.
fn differ(apart: &[(Name, Name)], ids: &[(EventId, Name)], unpacked: &[Name]) -> Vec<Expr> {
    let renamed = |name: &Name| ids.iter().zip(unpacked).find(|((_, old), _)| old == name).map(|(_, new)| new);
    let tests = apart.iter().filter_map(|(a, b)| Some(Expr::field(renamed(a)?).compare(Compare::Ne, Expr::field(b))));
    tests.collect()
}

/// Columns known to be there stay so in joined rows.
fn inherit_guards(rows: &mut Rows<'_>, from: [&str; 2], tag: &str) {
    let of_parts = rows.guarded.iter().filter(|(step, _)| from.contains(&step.as_str()));
    let known: Vec<_> = of_parts.map(|(_, name)| (tag.to_owned(), name.clone())).collect();
    rows.guarded.extend(known);
}

/// Names the joined rows, and gives them their first and last time.
fn relabel(rows: &mut Rows<'_>, old: &str, new: &str, first: &Name, low: Expr, high: Option<Expr>) {
    let mut assignments = vec![(first.clone(), rows.by_step(&[(old, low)], Expr::field(first)))];
    if let Some(high) = high {
        assignments.push((rows.t.clone(), rows.by_step(&[(old, high)], rows.time())));
    }
    assignments.push((rows.step.clone(), rows.by_step(&[(old, Expr::text(new))], Expr::field(&rows.step))));
    rows.eval(assignments);
    for live in &mut rows.live {
        if live == old {
            new.clone_into(live);
        }
    }
}

/// Brings the left rows' parcels to the right rows of their bucket and key, one to a row, and drops the left rows. Right
/// rows without one are dropped.
fn deliver(
    rows: &mut Rows<'_>,
    by: &[Name],
    left: (&str, &Name),
    right: &str,
    reach: Reach,
    window: &Expr,
    parcel: &Parcel,
) -> Name {
    let packed = gather(rows, by, left, right, reach, window, parcel);
    rows.keep(right, Expr::field(&packed).compare(Compare::Ne, Expr::text("-")), &[]);
    packed
}

fn gather(
    rows: &mut Rows<'_>,
    by: &[Name],
    (left, left_time): (&str, &Name),
    right: &str,
    reach: Reach,
    window: &Expr,
    parcel: &Parcel,
) -> Name {
    let (bucket, own, packed) = (rows.fresh("bucket"), rows.fresh("parcel"), rows.fresh("parcels"));
    let number = |time: &Name| Expr::call(Function::Floor, [Expr::field(time).binary(Binary::Div, window.clone())]);
    let list = reach.offsets().iter().map(|offset| match offset {
        0 => number(&rows.t),
        n if *n < 0 => number(&rows.t).minus(Expr::Int(-n)),
        n => number(&rows.t).binary(Binary::Add, Expr::Int(*n)),
    });
    let list = list.reduce(|all, next| all.concat(Expr::text(",")).concat(next)).unwrap_or_else(|| Expr::text("-"));
    let buckets = Expr::call(Function::Split, [list, Expr::text(",")]);
    let left_bucket = number(left_time).concat(Expr::text(""));
    let value = rows.by_step(&[(left, left_bucket), (right, buckets)], Expr::text("-"));
    rows.eval(vec![(bucket.clone(), value)]);
    rows.push(Command::Mvexpand(bucket.clone()));
    rows.eval(vec![(own.clone(), rows.by_step(&[(left, parcel.pack())], Expr::text("-")))]);
    let by_bucket: Vec<Name> = std::iter::once(&bucket).chain(by).cloned().collect();
    rows.push(Command::Eventstats(vec![aggregate(AggregateFunction::Values, &own, &packed)], by_bucket));
    let not_left = Expr::field(&rows.step).compare(Compare::Ne, Expr::text(left));
    rows.push(Command::Where(not_left));
    rows.live.retain(|tag| tag != left);
    let mine = rows.by_step(&[(right, Expr::field(&packed))], Expr::text("-"));
    if rows.live.len() > 1 {
        rows.eval(vec![(packed.clone(), mine)]);
    }
    rows.push(Command::Mvexpand(packed.clone()));
    packed
}

/// Takes a parcel apart on the rows of a step: the columns under their own names, the numbers under the names returned.
fn unpack(rows: &mut Rows<'_>, tag: &str, packed: &Name, parcel: &Parcel, ids: &[(EventId, Name)]) -> Vec<Name> {
    let (parts, offset, length) = (rows.fresh("parts"), rows.fresh("offset"), rows.fresh("length"));
    let mut names = vec![rows.fresh("left_time"), rows.fresh("left_first_time")];
    for (id, _) in ids {
        let wish = format!("{}_number", rows.tag(*id));
        names.push(rows.fresh(&wish));
    }
    let part = |i: usize| {
        let index = i64::try_from(i).unwrap_or_default();
        Expr::call(Function::Mvindex, [Expr::field(&parts), Expr::Int(index)])
    };
    let number = |i: usize| Expr::call(Function::Tonumber, [part(i)]);
    let on = |value: Expr, other: Expr| rows.by_step(&[(tag, value)], other);
    let split = Expr::call(Function::Split, [Expr::field(packed), Expr::text("|")]);
    let mut assignments = vec![(parts.clone(), on(split, Expr::text("-")))];
    for (i, name) in names.iter().enumerate() {
        assignments.push((name.clone(), on(number(i), Expr::Int(0))));
    }
    let heads = parcel.numbers.len() + parcel.columns.len();
    if !parcel.columns.is_empty() {
        let last = Expr::Int(i64::try_from(heads).unwrap_or_default() - 1);
        let head = Expr::call(Function::Mvindex, [Expr::field(&parts), Expr::Int(0), last]);
        let head = Expr::call(Function::Len, [Expr::call(Function::Mvjoin, [head, Expr::text("|")])]);
        assignments.push((offset.clone(), on(head.binary(Binary::Add, Expr::Int(1)), Expr::Int(0))));
    }
    for (i, column) in parcel.columns.iter().enumerate() {
        let start = Expr::field(&offset).binary(Binary::Add, Expr::Int(1));
        let text = Expr::call(Function::Substr, [Expr::field(packed), start, Expr::field(&length)]);
        let empty = Expr::field(&length).compare(Compare::Eq, Expr::Int(0));
        assignments.push((length.clone(), on(number(parcel.numbers.len() + i), Expr::Int(0))));
        assignments.push((column.clone(), on(Expr::choose(empty, Expr::text(""), text), Expr::field(column))));
        if i + 1 < parcel.columns.len() {
            let next = Expr::field(&offset).binary(Binary::Add, Expr::field(&length));
            assignments.push((offset.clone(), next));
        }
    }
    rows.eval(assignments);
    names
}

/// The `not …` forms by looking at every pair: each kept row is numbered, and goes if one of its pairs is bad.
pub fn absent(rows: &mut Rows<'_>, node: &Node<'_>, negation: &Negation, sides: [RowSet; 2]) -> RowSet {
    let [kept, absent] = sides;
    let window = &rows.site.window(&negation.within);
    let followed = matches!(node.pattern.kind, PatternKind::NotFollowed(_));
    let events = |i: usize| node.operands.get(i).map_or(&[][..], |n| &n.events);
    let apart = differing(rows, (&absent, events(1)), (&kept, events(0)));
    let ids: Vec<(EventId, Name)> = absent.ids.iter().map(|(id, name)| (*id, name.clone())).collect();
    let numbers = std::iter::once(rows.t.clone()).chain(ids.iter().map(|(_, name)| name.clone())).collect();
    let parcel = Parcel { numbers, columns: Vec::new() };
    let reach = if followed { Reach::Before } else { Reach::After };
    let row = expand_keys(rows, node).unwrap_or_else(|| {
        let row = rows.fresh("row");
        rows.push(Command::Streamstats(vec![count(&row)], Vec::new()));
        row
    });
    let by = rows.keys(node.id, &node.keys, &[&kept, &absent]);
    let time = rows.t.clone();
    let packed = gather(rows, &by, (&absent.tag, &time), &kept.tag, reach, window, &parcel);
    let names = unpack_times(rows, &packed, &ids);
    let [other_time, other_ids @ ..] = &names[..] else { return kept };
    let (t, f) = (rows.time(), Expr::field);
    let (gap, least) = if followed {
        (f(other_time).minus(t.clone()), Compare::Ge)
    } else {
        (t.clone().minus(f(other_time)), Compare::Gt)
    };
    let mut tests = vec![gap.clone().compare(least, Expr::Int(0)), gap.compare(Compare::Le, window.clone())];
    tests.extend(differ(&apart, &ids, other_ids));
    let none = f(&packed).compare(Compare::Eq, Expr::text("-"));
    let end = [Expr::always(), Expr::Int(0)];
    let verdict = [none, Expr::Int(0), Expr::and(tests), Expr::Int(1)].into_iter().chain(end);
    let clear = no_hit(rows, Expr::call(Function::Case, verdict), row);
    rows.push(Command::Where(Expr::and(clear)));
    if followed {
        let until = rows.judged_until(node.pattern);
        rows.keep(&kept.tag, t.compare(Compare::Le, until), &[]);
    }
    kept
}

/// The numbers of a parcel that holds nothing else; 0 on rows without one.
fn unpack_times(rows: &mut Rows<'_>, packed: &Name, ids: &[(EventId, Name)]) -> Vec<Name> {
    let parts = rows.fresh("parts");
    let mut names = vec![rows.fresh("other_time")];
    for (id, _) in ids {
        let wish = format!("other_{}_number", rows.tag(*id));
        names.push(rows.fresh(&wish));
    }
    let text =
        Expr::choose(Expr::field(packed).compare(Compare::Eq, Expr::text("-")), Expr::text("0"), Expr::field(packed));
    let mut assignments = vec![(parts.clone(), Expr::call(Function::Split, [text, Expr::text("|")]))];
    for (i, name) in names.iter().enumerate() {
        let index = Expr::Int(i64::try_from(i).unwrap_or_default());
        let number = Expr::call(Function::Tonumber, [Expr::call(Function::Mvindex, [Expr::field(&parts), index])]);
        assignments.push((name.clone(), Expr::call(Function::Coalesce, [number, Expr::Int(0)])));
    }
    rows.eval(assignments);
    names
}
