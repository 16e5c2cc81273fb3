//! `grouped`: every event comes once more, negated, when it leaves the window, so that a running sum is the window's sum.
//!
//! All rows of one key and time must see the total after that time; the last of them has it. The greatest and smallest
//! value have no such sum: a window of length W is the end of one bucket of length W and the start of the next, so two
//! running maxima, one in each direction, give it.

use std::collections::BTreeMap;

use super::super::ast::{self, AggregateFunction, Binary, Command, Compare, Direction, Expr, Function, Name};
use super::form::{Node, Slot, aggregates};
use super::pred::{arithmetic, never_zero, order, value_of};
use super::rows::{RowSet, Rows, aggregate, count};
use crate::plan::{
    Aggregate, Arithmetic, Column, ColumnValue, Comparison, ExprKind, Field, Group, Having, Logic, Order,
};

/// A running total.
#[derive(Debug, Clone, PartialEq)]
enum Total {
    /// Events.
    Count,
    /// Events with a value.
    Present(Field),
    /// The values.
    Sum(Field),
    /// Events whose value compares so with a constant.
    Beyond(Field, Order, Expr),
    /// Different values.
    Distinct(Field),
}

/// The totals and extremes a condition needs, by the name that will hold each.
struct Window<'w, 'a> {
    rows: &'w mut Rows<'a>,
    group: &'w Group,
    tag: String,
    columns: BTreeMap<Slot, Name>,
    totals: Vec<(Total, Name)>,
    extremes: Vec<(Field, AggregateFunction, Name)>,
}

/// Keeps the rows of the group's event whose window satisfies the condition.
pub fn grouped(rows: &mut Rows<'_>, node: &Node<'_>, group: &Group, columns: BTreeMap<Slot, Name>) -> RowSet {
    let tag = rows.tag(group.event);
    let set = RowSet { tag: tag.clone(), columns: columns.clone(), ids: BTreeMap::new() };
    let lists = node.keys.iter().flatten().filter(|slot| slot.copy != 0);
    for name in lists.map(|slot| set.column(slot)).collect::<Vec<_>>() {
        rows.push(Command::Mvexpand(name));
    }
    let by = rows.keys(node.id, &node.keys, &[&set]);
    for field in aggregates(group).iter().filter_map(Aggregate::field) {
        if field.ty.is_list() {
            let reason = format!("`{}` may hold several values, and only single ones can be aggregated", field.name);
            rows.site.refuse(&reason, node.pattern.span);
        }
    }
    let mut window = Window { rows, group, tag, columns, totals: Vec::new(), extremes: Vec::new() };
    let condition = super::pred::condition(window.having(&group.having));
    let named = window.named(node);
    window.write_extremes(&by);
    window.write_totals(&by, condition);
    window.finish(named, node)
}

impl Window<'_, '_> {
    fn column(&self, field: &Field) -> Expr {
        let slot = Slot::of(Column::field(self.group.event, field.clone()));
        self.columns.get(&slot).map_or_else(|| Expr::text(""), Expr::field)
    }

    fn total(&mut self, total: Total) -> Expr {
        if let Some((_, name)) = self.totals.iter().find(|(known, _)| *known == total) {
            return Expr::field(name);
        }
        let wish = match &total {
            Total::Count => "window_count".to_owned(),
            Total::Present(f) => format!("window_values_{}", f.name),
            Total::Sum(f) => format!("window_sum_{}", f.name),
            Total::Beyond(f, ..) => format!("window_matching_{}", f.name),
            Total::Distinct(f) => format!("window_distinct_{}", f.name),
        };
        let name = self.rows.fresh(&wish);
        self.totals.push((total, name.clone()));
        Expr::field(&name)
    }

    fn extreme(&mut self, field: &Field, function: AggregateFunction) -> Expr {
        if let Some((.., name)) = self.extremes.iter().find(|(f, g, _)| f == field && *g == function) {
            return Expr::field(name);
        }
        let wish = if function == AggregateFunction::Max { "max" } else { "min" };
        let name = self.rows.fresh(&format!("window_{wish}_{}", field.name));
        self.extremes.push((field.clone(), function, name.clone()));
        Expr::field(&name)
    }

    // ---- the condition

    fn having(&mut self, having: &Having) -> Logic<Expr> {
        match having {
            Logic::Const(b) => Logic::Const(*b),
            Logic::Not(inner) => Logic::not(self.having(inner)),
            Logic::And(parts) => Logic::and(parts.iter().map(|p| self.having(p)).collect::<Vec<_>>()),
            Logic::Or(parts) => Logic::or(parts.iter().map(|p| self.having(p)).collect::<Vec<_>>()),
            Logic::Atom(comparison) => Logic::Atom(self.comparison(comparison)),
        }
    }

    fn comparison(&mut self, comparison: &Comparison<Aggregate>) -> Expr {
        let sides = (&comparison.left.kind, &comparison.right.kind);
        match sides {
            (ExprKind::Leaf(leaf), ExprKind::Const(c)) => {
                let constant = value_of(&mut self.rows.site, c);
                if let Some(test) = self.one_sided(leaf, comparison.op, &constant) {
                    return test;
                }
            }
            (ExprKind::Const(c), ExprKind::Leaf(leaf)) => {
                let constant = value_of(&mut self.rows.site, c);
                if let Some(test) = self.one_sided(leaf, comparison.op.flipped(), &constant) {
                    return test;
                }
            }
            _ => {}
        }
        let mut guards = Vec::new();
        let left = self.side(&comparison.left, &mut guards);
        let right = self.side(&comparison.right, &mut guards);
        guards.push(left.compare(order(comparison.op), right));
        Expr::and(guards)
    }

    /// An extreme against a constant: how many events lie on its far side.
    fn one_sided(&mut self, leaf: &Aggregate, op: Order, constant: &Expr) -> Option<Expr> {
        let (field, far) = match leaf {
            Aggregate::Max(field) => (field, [Order::Gt, Order::Ge]),
            Aggregate::Min(field) => (field, [Order::Lt, Order::Le]),
            Aggregate::Count | Aggregate::Distinct(_) | Aggregate::Sum(_) | Aggregate::Avg(_) => return None,
        };
        let mut beyond = |op| self.total(Total::Beyond(field.clone(), op, constant.clone()));
        let zero = || Expr::Int(0);
        if far.contains(&op) {
            return Some(beyond(op).compare(Compare::Gt, zero()));
        }
        if op == Order::Eq {
            let [farther, _] = far;
            let (equal, farther) = (beyond(Order::Eq), beyond(farther));
            return Some(Expr::and([equal.compare(Compare::Gt, zero()), farther.compare(Compare::Eq, zero())]));
        }
        let opposite = match op {
            Order::Lt => Order::Ge,
            Order::Le => Order::Gt,
            Order::Gt => Order::Le,
            Order::Ge => Order::Lt,
            Order::Eq => Order::Eq,
        };
        let none = beyond(opposite).compare(Compare::Eq, zero());
        let some = self.total(Total::Present(field.clone())).compare(Compare::Gt, zero());
        Some(Expr::and([none, some]))
    }

    fn side(&mut self, expr: &crate::plan::Expr<Aggregate>, guards: &mut Vec<Expr>) -> Expr {
        match &expr.kind {
            ExprKind::Leaf(leaf) => self.leaf(leaf, guards),
            ExprKind::Const(c) => value_of(&mut self.rows.site, c),
            ExprKind::Binary(left, op, right) => {
                let a = self.side(left, guards);
                let mut b = self.side(right, guards);
                if *op == Arithmetic::Div {
                    guard(guards, b.clone().compare(Compare::Ne, Expr::Int(0)));
                    b = never_zero(b);
                }
                arithmetic((a, &left.ty), *op, (b, &right.ty))
            }
        }
    }

    fn leaf(&mut self, leaf: &Aggregate, guards: &mut Vec<Expr>) -> Expr {
        if let Some(field) = leaf.field().filter(|_| !matches!(leaf, Aggregate::Distinct(_))) {
            let present = self.total(Total::Present(field.clone()));
            guard(guards, present.compare(Compare::Gt, Expr::Int(0)));
        }
        match leaf {
            Aggregate::Count => self.total(Total::Count),
            Aggregate::Distinct(field) => self.total(Total::Distinct(field.clone())),
            Aggregate::Sum(field) => self.total(Total::Sum(field.clone())),
            Aggregate::Avg(field) => {
                let sum = self.total(Total::Sum(field.clone()));
                sum.binary(Binary::Div, never_zero(self.total(Total::Present(field.clone()))))
            }
            Aggregate::Max(field) => self.extreme(field, AggregateFunction::Max),
            Aggregate::Min(field) => self.extreme(field, AggregateFunction::Min),
        }
    }

    /// The values of the named aggregates that are asked for, `""` for a missing one.
    fn named(&mut self, node: &Node<'_>) -> Vec<(Slot, Expr)> {
        let mut values = Vec::new();
        for slot in &node.asked {
            let ColumnValue::Aggregate(name) = &slot.column.value else { continue };
            let Some((_, aggregate)) = self.group.named.iter().find(|(known, _)| known == name) else { continue };
            let mut guards = Vec::new();
            let value = self.leaf(aggregate, &mut guards);
            let value = if guards.is_empty() { value } else { Expr::choose(Expr::and(guards), value, Expr::text("")) };
            values.push((slot.clone(), value));
        }
        values
    }

    // ---- the commands

    fn write_totals(&mut self, by: &[Name], condition: Expr) {
        let (leave, at, sign) = (self.rows.fresh("leaves"), self.rows.fresh("at"), self.rows.fresh("sign"));
        let tag = self.tag.clone();
        let leaving = || Expr::field(&leave).compare(Compare::Eq, Expr::text("1"));
        let both = Expr::call(Function::Split, [Expr::text("0,1"), Expr::text(",")]);
        self.rows.eval(vec![(leave.clone(), self.rows.by_step(&[(&tag, both)], Expr::text("0")))]);
        self.rows.push(Command::Mvexpand(leave.clone()));
        let after = match self.rows.site.window(&self.group.over) {
            Expr::Int(window) => Expr::Int(window.saturating_add(1)),
            window => window.binary(Binary::Add, Expr::Int(1)),
        };
        let time = self.rows.time().binary(Binary::Add, Expr::choose(leaving(), after, Expr::Int(0)));
        let signed = Expr::choose(leaving(), Expr::Int(-1), Expr::Int(1));
        let signed = self.rows.by_step(&[(&tag, signed)], Expr::Int(0));
        self.rows.eval(vec![(at.clone(), time), (sign.clone(), signed)]);
        self.rows.push(Command::Sort(vec![(Direction::Ascending, at.clone())]));
        let settled = self.run_totals(by, &sign);
        self.settle(by, &at, &settled);
        let stays = Expr::field(&leave).compare(Compare::Eq, Expr::text("0"));
        self.rows.keep(&tag, Expr::and([stays, condition]), &[]);
    }

    /// Running sums of every total; for each, the running name and the name of the settled value.
    fn run_totals(&mut self, by: &[Name], sign: &Name) -> Vec<(Name, Name)> {
        let totals = self.totals.clone();
        let (mut changes, mut sums, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
        for (total, name) in totals {
            let change = match total {
                Total::Count => sign.clone(),
                Total::Distinct(field) => self.distinct_change(by, sign, &field),
                other => {
                    let change = self.rows.fresh(&format!("{}_change", name.0));
                    changes.push((change.clone(), self.change(&other, sign)));
                    change
                }
            };
            let running = self.rows.fresh(&format!("{}_so_far", name.0));
            sums.push(aggregate(AggregateFunction::Sum, &change, &running));
            pairs.push((running, name));
        }
        self.rows.eval(changes);
        if !sums.is_empty() {
            self.rows.push(Command::Streamstats(sums, by.to_vec()));
        }
        pairs
    }

    fn change(&self, total: &Total, sign: &Name) -> Expr {
        let (Total::Present(field) | Total::Sum(field) | Total::Beyond(field, ..)) = total else {
            return Expr::field(sign);
        };
        let value = self.column(field);
        let missing = value.clone().compare(Compare::Eq, Expr::text(""));
        let (sign, zero) = (Expr::field(sign), Expr::Int(0));
        match total {
            Total::Sum(_) => Expr::choose(missing, zero, sign.binary(Binary::Mul, value)),
            Total::Beyond(_, op, constant) => {
                let beyond = value.compare(order(*op), constant.clone());
                let end = [Expr::always(), Expr::Int(0)];
                Expr::call(Function::Case, [missing, zero, beyond, sign].into_iter().chain(end))
            }
            Total::Count | Total::Present(_) | Total::Distinct(_) => Expr::choose(missing, zero, sign),
        }
    }

    /// The change of the number of different values: the first event of a value to come, the last one to leave.
    fn distinct_change(&mut self, by: &[Name], sign: &Name, field: &Field) -> Name {
        let wish = |what: &str| format!("{}_{what}", field.name);
        let (value, change) = (self.rows.fresh(&wish("value")), self.rows.fresh(&wish("change")));
        let (live, distinct) = (self.rows.fresh(&wish("live")), self.rows.fresh(&wish("distinct_change")));
        let column = self.column(field);
        let missing = column.clone().compare(Compare::Eq, Expr::text(""));
        self.rows.eval(vec![
            (value.clone(), Expr::choose(missing.clone(), Expr::text("-"), column)),
            (change.clone(), Expr::choose(missing, Expr::Int(0), Expr::field(sign))),
        ]);
        let with_value = by.iter().chain([&value]).cloned().collect();
        self.rows.push(Command::Streamstats(vec![aggregate(AggregateFunction::Sum, &change, &live)], with_value));
        let is = |name: &Name, n| Expr::field(name).compare(Compare::Eq, Expr::Int(n));
        let step = |from: i64, to: i64| Expr::and([is(&change, from), is(&live, to)]);
        let cases = [step(1, 1), Expr::Int(1), step(-1, 0), Expr::Int(-1), Expr::always(), Expr::Int(0)];
        self.rows.eval(vec![(distinct.clone(), Expr::call(Function::Case, cases))]);
        distinct
    }

    /// Gives all rows of one key and time the running value of the last of them.
    fn settle(&mut self, by: &[Name], at: &Name, totals: &[(Name, Name)]) {
        let (row, last) = (self.rows.fresh("row"), self.rows.fresh("last_row"));
        let by_time: Vec<Name> = by.iter().chain([at]).cloned().collect();
        self.rows.push(Command::Streamstats(vec![count(&row)], Vec::new()));
        self.rows.push(Command::Eventstats(vec![aggregate(AggregateFunction::Max, &row, &last)], by_time.clone()));
        let is_last = Expr::field(&row).compare(Compare::Eq, Expr::field(&last));
        let only_last = totals
            .iter()
            .map(|(running, _)| (running.clone(), Expr::choose(is_last.clone(), Expr::field(running), Expr::Int(0))));
        let only_last = only_last.collect();
        self.rows.eval(only_last);
        let sums: Vec<ast::Aggregate> =
            totals.iter().map(|(running, name)| aggregate(AggregateFunction::Sum, running, name)).collect();
        if !sums.is_empty() {
            self.rows.push(Command::Eventstats(sums, by_time));
        }
    }

    /// A row for each event and a probe at the start of its window; the extremes of the bucket's start up to the event, and
    /// of the bucket before from the probe on.
    fn write_extremes(&mut self, by: &[Name]) {
        if self.extremes.is_empty() {
            return;
        }
        let probes = self.probes();
        let passes = self.passes(&probes);
        let by_bucket: Vec<Name> = by.iter().chain([&probes.bucket]).cloned().collect();
        let by_time: Vec<Name> = by.iter().chain([&probes.at]).cloned().collect();
        let run = |of: fn(&Pass) -> (&Name, &Name)| {
            let aggregates = passes.iter().map(|pass| {
                let (from, to) = of(pass);
                aggregate(pass.function, from, to)
            });
            aggregates.collect::<Vec<_>>()
        };
        self.rows.push(Command::Sort(vec![(Direction::Ascending, probes.at.clone())]));
        self.rows.push(Command::Streamstats(run(|p| (&p.source, &p.so_far)), by_bucket.clone()));
        self.rows.push(Command::Eventstats(run(|p| (&p.so_far, &p.until_now)), by_time));
        let rank = self.rows.rank.clone();
        self.rows.push(Command::Sort(vec![(Direction::Descending, probes.at.clone()), (Direction::Ascending, rank)]));
        self.rows.push(Command::Streamstats(run(|p| (&p.source, &p.from_here)), by_bucket));
        let probed = passes.iter().map(|pass| {
            let value = Expr::choose(probes.is_probe(), Expr::field(&pass.from_here), outermost(pass.function));
            (pass.probed.clone(), value)
        });
        self.rows.eval(probed.collect());
        self.rows.push(Command::Eventstats(run(|p| (&p.probed, &p.before)), vec![probes.row.clone()]));
        self.rows.push(Command::Where(Expr::field(&probes.probe).compare(Compare::Eq, Expr::text("0"))));
        let results = passes.iter().map(|pass| {
            let combine = if pass.function == AggregateFunction::Max { Function::Max } else { Function::Min };
            (pass.name.clone(), Expr::call(combine, [Expr::field(&pass.until_now), Expr::field(&pass.before)]))
        });
        self.rows.eval(results.collect());
    }

    /// Numbers the rows and adds a probe to each of the group's.
    fn probes(&mut self) -> Probes {
        let [row, probe, at, bucket] = ["row_number", "probe", "at", "bucket"].map(|wish| self.rows.fresh(wish));
        let both = Expr::call(Function::Split, [Expr::text("0,1"), Expr::text(",")]);
        self.rows.push(Command::Streamstats(vec![count(&row)], Vec::new()));
        self.rows.eval(vec![(probe.clone(), self.rows.by_step(&[(&self.tag, both)], Expr::text("0")))]);
        self.rows.push(Command::Mvexpand(probe.clone()));
        Probes { row, probe, at, bucket }
    }

    /// Gives every row its time, bucket and the values that count; a probe has none.
    fn passes(&mut self, probes: &Probes) -> Vec<Pass> {
        let width = self.rows.site.window(&self.group.over);
        let time = Expr::choose(probes.is_probe(), self.rows.time().minus(width.clone()), self.rows.time());
        let bucket = Expr::call(Function::Floor, [Expr::field(&probes.at).binary(Binary::Div, width)]);
        let rank = Expr::choose(probes.is_probe(), Expr::Int(2), Expr::Int(1));
        let mut assignments =
            vec![(probes.at.clone(), time), (probes.bucket.clone(), bucket), (self.rows.rank.clone(), rank)];
        let mut passes = Vec::new();
        for (field, function, name) in self.extremes.clone() {
            let column = self.column(&field);
            let none = outermost(function);
            let hidden = Expr::or([probes.is_probe(), column.clone().compare(Compare::Eq, Expr::text(""))]);
            let value = Expr::choose(hidden, none.clone(), column);
            let source = self.rows.fresh(&format!("{}_value", field.name));
            assignments.push((source.clone(), self.rows.by_step(&[(&self.tag, value)], none)));
            let names = ["so_far", "until_now", "from_here", "probed", "before"];
            let [so_far, until_now, from_here, probed, before] =
                names.map(|what| self.rows.fresh(&format!("{}_{what}", name.0)));
            passes.push(Pass { function, source, so_far, until_now, from_here, probed, before, name });
        }
        self.rows.eval(assignments);
        passes
    }

    fn finish(mut self, named: Vec<(Slot, Expr)>, node: &Node<'_>) -> RowSet {
        let mut assignments = Vec::new();
        for (slot, value) in named {
            let ColumnValue::Aggregate(wish) = &slot.column.value else { continue };
            let name = self.rows.fresh(wish);
            assignments.push((name.clone(), self.rows.by_step(&[(&self.tag, value)], Expr::text(""))));
            self.columns.insert(slot, name);
        }
        self.rows.eval(assignments);
        let ids = node.ids.iter().map(|id| (*id, self.rows.event.clone())).collect();
        RowSet { tag: self.tag, columns: self.columns, ids }
    }
}

/// The fields of rows and probes.
struct Probes {
    row: Name,
    probe: Name,
    at: Name,
    bucket: Name,
}

impl Probes {
    fn is_probe(&self) -> Expr {
        Expr::field(&self.probe).compare(Compare::Eq, Expr::text("1"))
    }
}

/// The names through which one extreme is found, in the order in which they come to be.
struct Pass {
    function: AggregateFunction,
    source: Name,
    so_far: Name,
    until_now: Name,
    from_here: Name,
    probed: Name,
    before: Name,
    name: Name,
}

fn guard(guards: &mut Vec<Expr>, condition: Expr) {
    if !guards.contains(&condition) {
        guards.push(condition);
    }
}

/// Less than any value, for a maximum; more than any for a minimum.
fn outermost(function: AggregateFunction) -> Expr {
    let far = Expr::call(Function::Pow, [Expr::Int(10), Expr::Int(300)]);
    if function == AggregateFunction::Max { Expr::Int(0).minus(far) } else { far }
}
