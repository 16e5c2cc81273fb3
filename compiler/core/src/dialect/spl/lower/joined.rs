//! Fields that other events bring: `eventstats` over a common key, in the same search.
//!
//! A key or field that is missing takes a mark, so that no null is grouped; rows that take no part share a mark too, and
//! get nothing.

use super::super::ast::{AggregateFunction, Command, Compare, Expr, Function, Name};
use super::super::site::{UsedJoin, told_by};
use super::rows::{Rows, aggregate};

/// Writes every join that the detection needs.
pub fn write(rows: &mut Rows<'_>) {
    for used in rows.site.used_joins() {
        write_one(rows, &used);
    }
}

fn write_one(rows: &mut Rows<'_>, used: &UsedJoin<'_>) {
    let theirs = told_by(&used.join.is);
    let ours = rows.site.is(used.class).unwrap_or_else(Expr::always);
    let or_mark = |expression: &str, mark: &str| {
        Expr::call(Function::Coalesce, [Expr::Native(expression.to_owned()), Expr::text(mark)])
    };
    let key = rows.fresh(&format!("{}_key", used.join.macro_name));
    let end = [Expr::always(), Expr::text("-")];
    let keys = [ours, or_mark(used.join.ours, "-"), theirs.clone(), or_mark(used.join.theirs, "-")];
    let mut brought = vec![(key.clone(), Expr::call(Function::Case, keys.into_iter().chain(end)))];
    let (mut found, mut taken) = (Vec::new(), Vec::new());
    for (name, field) in &used.join.fields {
        let (carried, all) = (rows.fresh(&format!("{name}_brought")), rows.fresh(&format!("{name}_found")));
        let value = Expr::call(Function::Coalesce, [Expr::Field(Name::new(*field)), Expr::text("")]);
        brought.push((carried.clone(), Expr::choose(theirs.clone(), value, Expr::text(""))));
        found.push(aggregate(AggregateFunction::Values, &carried, &all));
        let present = Expr::field(&all).compare(Compare::Ne, Expr::text(""));
        let has_key = Expr::field(&key).compare(Compare::Ne, Expr::text("-"));
        let values = Expr::call(Function::Mvfilter, [present]);
        taken.push((Name::new(*name), Expr::call(Function::Case, [has_key, values])));
    }
    rows.comment = Some(format!("fields of {} events, found by a common key", used.join.macro_name));
    rows.eval(brought);
    rows.push(Command::Eventstats(found, vec![key]));
    rows.eval(taken);
}
