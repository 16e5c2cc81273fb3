//! The cases of a strategy hold its detections to the millisecond: change a detection a little, and one of its cases fails.
//! So each is tried exactly at every window and a millisecond past it, in the wrong order, in mixed case, and with an entry
//! of each list; and each has a case with a missing field and one with addresses of IPv6.

use std::collections::BTreeMap;
use std::sync::Arc;

use detc_core::cases::{self, Analysed, Case, Events, Runner, TestFile, Verdict};
use detc_core::plan::reads::parameters_of;
use detc_core::plan::{Detection, Logic, Pattern, PatternKind, Pred, Strategy, TestKind, Type};
use detc_core::sema;
use detc_core::source::Sources;
use detc_core::syntax::{self, ast};
use detc_core::tuning::TuningFile;

use crate::support::read;

/// A change of a detection.
type Mutation = Box<dyn Fn(&mut Detection)>;

/// The operands of a pattern.
fn operands(pattern: &mut Pattern) -> Vec<&mut Pattern> {
    match &mut pattern.kind {
        PatternKind::Event(_) | PatternKind::Grouped(_) => Vec::new(),
        PatternKind::Then(join) | PatternKind::With(join) => join.operands.iter_mut().collect(),
        PatternKind::NotFollowed(negation) | PatternKind::NotPreceded(negation) => {
            vec![&mut *negation.kept, &mut *negation.absent]
        }
    }
}

/// Calls with every operator of a pattern, each before its operands.
fn walk(pattern: &mut Pattern, visit: &mut dyn FnMut(&mut PatternKind)) {
    visit(&mut pattern.kind);
    operands(pattern).into_iter().for_each(|operand| walk(operand, visit));
}

/// The window of an operator.
fn window(kind: &mut PatternKind) -> Option<&mut i64> {
    match kind {
        PatternKind::Event(_) => None,
        PatternKind::Then(join) | PatternKind::With(join) => Some(&mut join.within.value),
        PatternKind::NotFollowed(negation) | PatternKind::NotPreceded(negation) => Some(&mut negation.within.value),
        PatternKind::Grouped(group) => Some(&mut group.over.value),
    }
}

/// Changes the operators of a detection with these numbers, in the order of [`walk`].
fn of_operator(number: usize, change: impl Fn(&mut PatternKind) + 'static) -> Mutation {
    Box::new(move |detection| {
        let mut at = 0;
        walk(&mut detection.pattern, &mut |kind| {
            if at == number {
                change(kind);
            }
            at += 1;
        });
    })
}

/// A predicate with every test in it replaced.
fn replaced(pred: &Pred, test: &dyn Fn(&detc_core::plan::Test) -> Pred) -> Pred {
    match pred {
        Logic::Const(b) => Logic::Const(*b),
        Logic::Not(inner) => Logic::not(replaced(inner, test)),
        Logic::And(parts) => Logic::and(parts.iter().map(|part| replaced(part, test))),
        Logic::Or(parts) => Logic::or(parts.iter().map(|part| replaced(part, test))),
        Logic::Atom(atom) => test(atom),
    }
}

fn of_tests(test: impl Fn(&detc_core::plan::Test) -> Pred + 'static) -> Mutation {
    Box::new(move |detection| {
        for event in &mut detection.events {
            let mut changed = (**event).clone();
            changed.predicate = replaced(&event.predicate, &test);
            *event = Arc::new(changed);
        }
    })
}

/// The test with case counting.
fn cased(test: &detc_core::plan::Test) -> Pred {
    let mut test = test.clone();
    match &mut test.kind {
        TestKind::Text(text) => text.cased = true,
        TestKind::Matches { cased, .. } => *cased = true,
        _ => {}
    }
    Logic::Atom(test)
}

/// Every change that a case of the detection must notice, with what it is.
fn mutations(strategy: &Strategy, detection: &Detection) -> Vec<(String, Mutation)> {
    let mut all: Vec<(String, Mutation)> = Vec::new();
    let mut number = 0;
    walk(&mut detection.pattern.clone(), &mut |kind| {
        let at = number;
        number += 1;
        if let Some(milliseconds) = window(kind).copied() {
            for by in [-1, 1] {
                let change = of_operator(at, move |kind| {
                    window(kind).into_iter().for_each(|window| *window += by);
                });
                all.push((format!("the window of {milliseconds} ms {by:+}"), change));
            }
        }
        if let PatternKind::Then(_) = kind {
            let change = of_operator(at, |kind| {
                if let PatternKind::Then(join) = kind {
                    *kind = PatternKind::With(join.clone());
                }
            });
            all.push(("steps in any order".to_owned(), change));
        }
    });
    all.push(("case counts".to_owned(), of_tests(cased)));
    for reference in detection.parameters() {
        let Some(parameter) = strategy.parameter(reference) else { continue };
        if matches!(parameter.ty, Type::List(_) | Type::Ports) {
            let wanted = reference.clone();
            let without = of_tests(move |test| {
                if parameters_of(test).any(|read| *read == wanted) {
                    Logic::Const(false)
                } else {
                    Logic::Atom(test.clone())
                }
            });
            all.push((format!("nothing is in {}", parameter.name), without));
        }
    }
    all
}

/// The strategies under each tuning of the cases.
struct Project {
    sources: Sources,
    trees: [ast::File; 1],
    analysed: BTreeMap<String, Vec<Strategy>>,
}

impl Project {
    fn new() -> Self {
        let mut sources = Sources::default();
        let id = sources.add("strategy.det", read("strategies/DET0543/strategy.det"));
        let (tree, _) = syntax::parse(&sources, id);
        Self { sources, trees: [tree], analysed: BTreeMap::new() }
    }

    fn under(&mut self, tuning: &[TuningFile]) -> Vec<Strategy> {
        let key = tuning.iter().map(TuningFile::fingerprint).collect();
        let analyse = || sema::analyse(&mut self.sources, &self.trees, tuning).strategies;
        self.analysed.entry(key).or_insert_with(analyse).clone()
    }

    fn cases(&mut self, analytic: &str) -> TestFile {
        let name = format!("strategies/DET0543/tests/{}.yaml", analytic.to_lowercase());
        let id = self.sources.add(name.clone(), read(&name));
        let analysis = sema::analyse(&mut self.sources, &self.trees, &[]);
        cases::load(&self.sources, id, &analysis.classes).unwrap_or_else(|e| panic!("{name}: {e:#?}"))
    }

    /// Whether a case fails once the detection is changed.
    fn notices(&mut self, file: &TestFile, cases: &[Case], detection: &str, change: &dyn Fn(&mut Detection)) -> bool {
        let mut analyse = |tuning: &[TuningFile]| {
            let mut strategies = self.under(tuning);
            let analytics = strategies.iter_mut().flat_map(|strategy| &mut strategy.analytics);
            for analytic in analytics {
                for one in &mut analytic.detections {
                    if format!("{}/{}", analytic.id, one.name) == detection {
                        change(one);
                    }
                }
            }
            Analysed { strategies, diagnostics: Vec::new() }
        };
        let mut runner = Runner::new(&mut analyse);
        cases.iter().any(|case| matches!(runner.run(file, case, &BTreeMap::new()).verdict, Verdict::Failed(_)))
    }
}

/// The cases that say what a detection raises, with nothing else expected of them.
fn cases_of(file: &TestFile, detection: &str) -> Vec<Case> {
    let mut cases = file.cases.clone();
    for case in &mut cases {
        case.expectations.retain(|expectation| expectation.detection.value == detection);
    }
    cases.retain(|case| !case.expectations.is_empty());
    cases
}

fn predicates(detection: &Detection) -> Vec<&Pred> {
    detection.events.iter().map(|event| &event.predicate).collect()
}

/// The values of a case's events, by the name of their field.
fn values(case: &Case) -> Vec<(String, serde_json::Value)> {
    fn collect(prefix: &str, value: &serde_json::Value, all: &mut Vec<(String, serde_json::Value)>) {
        match value.as_object() {
            Some(map) => map.iter().for_each(|(name, value)| collect(&format!("{prefix}.{name}"), value, all)),
            None => all.push((prefix.to_owned(), value.clone())),
        }
    }
    let mut all = Vec::new();
    if let Events::Inline(lines) = &case.events {
        for line in lines {
            collect("", &serde_json::from_str(line).expect("a line of JSON"), &mut all);
        }
    }
    all
}

#[test]
fn no_change_of_a_detection_goes_unnoticed() {
    let mut project = Project::new();
    let mut unnoticed = Vec::new();
    for strategy in project.under(&[]) {
        for analytic in &strategy.analytics {
            let file = project.cases(&analytic.id);
            for detection in &analytic.detections {
                let name = format!("{}/{}", analytic.id, detection.name);
                let cases = cases_of(&file, &name);
                for (what, change) in mutations(&strategy, detection) {
                    let mut changed = detection.clone();
                    change(&mut changed);
                    let same = changed.pattern == detection.pattern && predicates(&changed) == predicates(detection);
                    if !same && !project.notices(&file, &cases, &name, &change) {
                        unnoticed.push(format!("{name}: {what}"));
                    }
                }
            }
        }
    }
    assert!(unnoticed.is_empty(), "{} changes that no case notices:\n{}", unnoticed.len(), unnoticed.join("\n"));
}

#[test]
fn every_detection_has_a_case_with_a_missing_field_and_one_with_addresses_of_version_6() {
    let mut project = Project::new();
    let mut wanting = Vec::new();
    for analytic in project.under(&[]).into_iter().flat_map(|strategy| strategy.analytics) {
        let file = project.cases(&analytic.id);
        for detection in &analytic.detections {
            let name = format!("{}/{}", analytic.id, detection.name);
            let cases = cases_of(&file, &name);
            let missing = |case: &Case| values(case).iter().any(|(_, v)| v.is_null() || *v == "");
            if !cases.iter().any(missing) {
                wanting.push(format!("{name}: a missing field"));
            }
            let version_6 = |case: &Case| {
                let addresses = values(case).into_iter().filter(|(field, _)| field.ends_with("ip"));
                let version_6 = addresses.filter_map(|(_, v)| v.as_str().map(|text| text.contains(':')));
                case.expectations.iter().any(|e| !e.tuples.is_empty()) && version_6.into_iter().any(|is| is)
            };
            if !cases.iter().any(version_6) {
                wanting.push(format!("{name}: addresses of IPv6"));
            }
        }
    }
    assert!(wanting.is_empty(), "detections without such a case:\n{}", wanting.join("\n"));
}
