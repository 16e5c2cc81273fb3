//! Values and windows. A parameter's value becomes a `let` of the parameter's name; a list of texts that stands in
//! several places becomes one too.

use std::collections::BTreeMap;

use super::Context;
use super::held;
use super::names::pascal;
use crate::dialect::kql::ast::{Expr, Let, LetValue};
use crate::dialect::kql::held::Read;
use crate::plan::{Operand, ParamRef, TestKind, TextOp, Window};

/// Ticks of 100 ns in a millisecond.
pub const TICKS: i64 = 10_000;

/// The `let` statements of values so far.
#[derive(Debug, Default)]
pub struct Constants<'a> {
    /// The name of every parameter of the strategy.
    parameters: Vec<String>,
    /// In order of first use.
    lets: Vec<Let>,
    /// What is read from functions of the workspace: the column, and its name in the query.
    pub read: Vec<(String, String)>,
    /// The parameters that have statements, a place in `lets` for each form.
    named: Vec<(ParamRef, usize)>,
    /// Lists of texts, and how often the detection's events ask for them.
    lists: BTreeMap<&'a [String], usize>,
    /// Those that have a name by now.
    shared: BTreeMap<Vec<String>, String>,
}

impl Constants<'_> {
    /// The name that is kept free for a parameter.
    #[must_use]
    pub fn name_of(&self, param: &ParamRef) -> String {
        self.parameters.get(param.index).cloned().unwrap_or_default()
    }

    /// The name of the parameter in the form of this value.
    fn named(&self, param: &ParamRef, value: &Expr) -> Option<&str> {
        let of_param = self.named.iter().filter(|(known, _)| known == param);
        let mut statements = of_param.filter_map(|(_, place)| self.lets.get(*place));
        let same = statements.find(|it| matches!(&it.value, LetValue::Scalar(known) if known == value))?;
        Some(&same.name)
    }

    /// Adds a statement.
    pub fn push(&mut self, statement: Let) {
        self.lets.push(statement);
    }

    /// The statements.
    #[must_use]
    pub fn into_lets(self) -> Vec<Let> {
        self.lets
    }
}

/// Counts the lists of texts that stand in several places, and keeps the parameters' names for them.
pub fn prepare(cx: &mut Context<'_>) {
    let own = &cx.request.unit.analytic.id;
    for parameter in &cx.request.unit.strategy.parameters {
        // Those of other analytics stand in no query of this one, and take no name away.
        let seen = parameter.analytic.as_ref().is_none_or(|analytic| analytic == own);
        let name = if seen { cx.names.fresh(&parameter.name) } else { String::new() };
        cx.constants.parameters.push(name);
    }
    for event in &cx.detection().events {
        event.predicate.for_each(&mut |test| {
            if let TestKind::Text(test) = &test.kind
                && let TextOp::Equals(Operand { value, param: None }) = &test.op
                && value.len() > 1
            {
                *cx.constants.lists.entry(value).or_default() += 1;
            }
        });
    }
}

/// The value itself, or the name of the parameter it comes from. A parameter that is needed in several forms has a name
/// for each, told apart by `suffix`.
pub fn constant(cx: &mut Context<'_>, param: Option<&ParamRef>, suffix: &str, value: Expr) -> Expr {
    if let Some(read) = held::read(cx, param, Read::Plain, || value.clone()) {
        return read;
    }
    let Some(param) = param else { return value };
    if let Some(name) = cx.constants.named(param, &value) {
        return Expr::name(name);
    }
    let Some(parameter) = cx.request.unit.strategy.parameter(param) else { return value };
    let base = cx.constants.name_of(param);
    let field = param.field.as_deref().map(pascal).unwrap_or_default();
    let first = !cx.constants.named.iter().any(|(known, _)| known == param);
    let wanted = format!("{base}{field}{}", if first { "" } else { suffix });
    let name = if wanted == base { base } else { cx.names.fresh(&wanted) };
    // A record is explained once, at the first of its fields.
    let unexplained = !cx.constants.named.iter().any(|(known, _)| known.index == param.index);
    let comment = parameter.doc.lines().next().filter(|_| unexplained).unwrap_or_default().to_owned();
    cx.constants.named.push((param.clone(), cx.constants.lets.len()));
    cx.constants.lets.push(Let { comment, name: name.clone(), value: LetValue::Scalar(value) });
    Expr::Name(name)
}

/// A list of texts for `in`: its members, or the one name of a list that is a parameter's or stands in several places.
pub fn texts(cx: &mut Context<'_>, field: &str, operand: &Operand<Vec<String>>, values: &[&str]) -> Vec<Expr> {
    let members = || values.iter().map(|text| Expr::Text((*text).to_owned())).collect();
    if operand.param.is_some() {
        return vec![constant(cx, operand.param.as_ref(), "Values", Expr::List(members()))];
    }
    if cx.constants.lists.get(operand.value.as_slice()).is_none_or(|uses| *uses < 2) {
        return members();
    }
    if let Some(name) = cx.constants.shared.get(&operand.value) {
        return vec![Expr::name(name)];
    }
    let name = cx.names.fresh(&format!("{}List", pascal(field)));
    let value = LetValue::Scalar(Expr::List(members()));
    cx.constants.lets.push(Let { comment: String::new(), name: name.clone(), value });
    cx.constants.shared.insert(operand.value.clone(), name.clone());
    vec![Expr::Name(name)]
}

/// A window: its parameter's name, or a name of its own, for it stands in several places.
pub fn window(cx: &mut Context<'_>, window: &Window, wanted: &str) -> Expr {
    let value = Expr::Timespan(window.value.saturating_mul(TICKS));
    if window.param.is_some() {
        return constant(cx, window.param.as_ref(), "Window", value);
    }
    let name = cx.names.fresh(wanted);
    cx.constants.lets.push(Let { comment: String::new(), name: name.clone(), value: LetValue::Scalar(value) });
    Expr::Name(name)
}
