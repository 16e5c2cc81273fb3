//! Queries that show whether the events of a class arrive.

use super::ast::{BinaryOp, Expr, Pipeline, Query, Source as Rows, Step};
use super::print::{self, Layout};
use super::source::Source;
use crate::sema::literals::parse_span;

/// How many events of the source, and how many rows of each table that completes them, came in the last day.
#[must_use]
pub fn coverage(source: &Source<'_>) -> Vec<String> {
    let mut own = match (source.table, source.query) {
        (Some(table), _) => Pipeline::of(table),
        (None, query) => Pipeline { source: Rows::Raw(query.unwrap_or_default().to_owned()), steps: Vec::new() },
    };
    for condition in &source.r#where {
        own = own.then(Step::Where(Expr::Raw((*condition).to_owned())));
    }
    let lookups = source.lookups.iter().map(|lookup| counted(Pipeline::of(lookup.table), lookup.latest));
    std::iter::once(counted(own, source.time)).chain(lookups).collect()
}

fn counted(rows: Pipeline, time: &str) -> String {
    // A tick has 100 ns.
    let day = Expr::Timespan(parse_span("1d").unwrap_or_default().saturating_mul(10_000));
    let since = Expr::binary(Expr::name(time), BinaryOp::Greater, Expr::Call("ago", vec![day]));
    let columns = vec![
        (Some("Events".to_owned()), Expr::Call("count", Vec::new())),
        (Some("Latest".to_owned()), Expr::Call("max", vec![Expr::name(time)])),
    ];
    let body = rows.then(Step::Where(since)).then(Step::Summarize { columns, by: Vec::new() });
    print::query(&Query::of(body), Layout::Full)
}
