//! No parameter is decoration: changing any of them turns the verdict of a case in the evaluator, and changes the rules on
//! every target that reads it. The changes are in `parameters.yaml`.

use std::collections::{BTreeMap, BTreeSet};

use detc_core::cases::{self, Analysed, Runner, TestFile, Verdict};
use detc_core::compile;
use detc_core::plan::{Detection, Strategy, Type};
use detc_core::source::Sources;
use detc_core::syntax::ast;
use detc_core::target::Registry;
use detc_core::tuning::{self, TuningFile};
use detc_core::{sema, syntax};
use serde_json::{Value as Json, json};

use crate::support::read;

/// A change of one parameter, and the case whose verdict it turns.
struct Change {
    /// As a tuning file names it, such as `AN1496.LoadToConnect`.
    parameter: String,
    /// The analytic whose case and rules are looked at.
    analytic: String,
    case: String,
    tuning: TuningFile,
    /// The fields that a change of a record sets.
    fields: Vec<String>,
}

impl Change {
    fn read(sources: &mut Sources, row: &Json) -> Self {
        let text = |name: &str| row.get(name).and_then(Json::as_str).map(str::to_owned);
        let parameter = text("parameter").expect("a parameter");
        let analytic = text("in").unwrap_or_else(|| parameter.split('.').next().unwrap_or_default().to_owned());
        let mut entry = row.clone();
        entry.as_object_mut().expect("a mapping").retain(|key, _| !matches!(key.as_str(), "in" | "case"));
        let file = json!({ "layer": "test", "owner": "tests", "reason": "a change", "parameters": [entry] });
        let id = sources.add(format!("{parameter}.yaml"), file.to_string());
        let tuning = tuning::load(sources, id).unwrap_or_else(|e| panic!("{parameter}: {e:#?}"));
        let fields = row.get("set").and_then(Json::as_object).map(|set| set.keys().cloned().collect());
        Self { parameter, analytic, case: text("case").expect("a case"), tuning, fields: fields.unwrap_or_default() }
    }
}

/// The strategy and what is asked of it.
struct Project {
    sources: Sources,
    trees: [ast::File; 1],
}

impl Project {
    fn new() -> Self {
        let mut sources = Sources::default();
        let id = sources.add("strategy.det", read("strategies/DET0543/strategy.det"));
        let (tree, _) = syntax::parse(&sources, id);
        Self { sources, trees: [tree] }
    }

    /// The strategy under a tuning.
    fn strategy(&mut self, tuning: &[TuningFile]) -> Strategy {
        let mut analysis = sema::analyse(&mut self.sources, &self.trees, tuning);
        assert_eq!(analysis.strategies.len(), 1, "{:#?}", analysis.diagnostics);
        analysis.strategies.remove(0)
    }

    /// The cases of an analytic.
    fn cases(&mut self, analytic: &str) -> TestFile {
        let name = format!("strategies/DET0543/tests/{}.yaml", analytic.to_lowercase());
        let id = self.sources.add(name.clone(), read(&name));
        let analysis = sema::analyse(&mut self.sources, &self.trees, &[]);
        cases::load(&self.sources, id, &analysis.classes).unwrap_or_else(|e| panic!("{name}: {e:#?}"))
    }

    /// The verdict on a case with one more layer of tuning.
    fn verdict(&mut self, file: &TestFile, name: &str, more: &[TuningFile]) -> Verdict {
        let case = file.cases.iter().find(|case| case.name == name);
        let mut case = case.unwrap_or_else(|| panic!("there is no case `{name}`")).clone();
        case.tuning.extend(more.iter().cloned());
        let mut analyse = |tuning: &[TuningFile]| {
            let analysis = sema::analyse(&mut self.sources, &self.trees, tuning);
            Analysed { strategies: analysis.strategies, diagnostics: analysis.diagnostics }
        };
        Runner::new(&mut analyse).run(file, &case, &BTreeMap::new()).verdict
    }
}

/// The rules of an analytic's detections, by target.
fn rules(
    registry: &Registry,
    strategy: &Strategy,
    analytic: &str,
    wanted: &dyn Fn(&Detection) -> bool,
) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for target in registry.ids().map(|id| registry.get(id).expect("embedded data are valid")) {
        for profile in target.profiles.values() {
            let compilation = compile::run(strategy, target, profile, &|unit| unit.analytic.id == analytic);
            let compiled = compilation.outcomes.into_iter().filter(|o| !o.queries.is_empty());
            for outcome in compiled.filter(|o| wanted(o.unit.detection)) {
                let texts = outcome.queries.iter().map(|query| without_comments(&query.text));
                found.entry(target.id.clone()).or_default().extend(texts);
            }
        }
    }
    found
}

/// The lines of a rule that a product acts on: its heading has the values in force, whether or not anything reads them.
fn without_comments(rule: &str) -> String {
    let comment = |line: &&str| ["# ", "// ", "``` "].iter().any(|mark| line.trim_start().starts_with(mark));
    rule.lines().filter(|line| !comment(line)).collect::<Vec<_>>().join("\n")
}

impl Change {
    /// Whether a detection takes a value from what is changed.
    fn is_read_by(&self, detection: &Detection, strategy: &Strategy) -> bool {
        let name = self.parameter.rsplit('.').next().unwrap_or_default();
        detection.parameters().iter().any(|reference| {
            let field = reference.field.as_ref().is_none_or(|field| self.fields.contains(field));
            field && strategy.parameter(reference).is_some_and(|parameter| parameter.name == name)
        })
    }
}

/// Every parameter by the name that a tuning file gives it, and the fields of records.
fn declared(strategy: &Strategy) -> BTreeSet<(String, Option<String>)> {
    let mut all = BTreeSet::new();
    for parameter in &strategy.parameters {
        let prefix = parameter.analytic.as_ref().map(|a| format!("{a}.")).unwrap_or_default();
        let name = format!("{prefix}{}", parameter.name);
        match &parameter.ty {
            Type::Record(fields) => all.extend(fields.keys().map(|field| (name.clone(), Some(field.clone())))),
            _ => all.extend([(name, None)]),
        }
    }
    all
}

fn changes(project: &mut Project) -> Vec<Change> {
    let rows: Vec<Json> = serde_yaml::from_str(&read("tests/it/parameters.yaml")).expect("a list of changes");
    rows.iter().map(|row| Change::read(&mut project.sources, row)).collect()
}

#[test]
fn every_parameter_has_a_change_here() {
    let mut project = Project::new();
    let mut changed = BTreeSet::new();
    for change in changes(&mut project) {
        match change.fields.as_slice() {
            [] => changed.extend([(change.parameter, None)]),
            fields => changed.extend(fields.iter().map(|field| (change.parameter.clone(), Some(field.clone())))),
        }
    }
    assert_eq!(changed, declared(&project.strategy(&[])));
}

#[test]
fn every_parameter_turns_a_verdict() {
    let mut project = Project::new();
    let files: BTreeMap<&str, TestFile> =
        ["AN1496", "AN1497", "AN1498", "AN1499", "AN1500"].map(|id| (id, project.cases(id))).into();
    let mut idle = Vec::new();
    for change in changes(&mut project) {
        let file = &files[change.analytic.as_str()];
        let before = project.verdict(file, &change.case, &[]);
        assert!(matches!(before, Verdict::Passed), "`{}` does not pass unchanged: {before:#?}", change.case);
        let after = project.verdict(file, &change.case, std::slice::from_ref(&change.tuning));
        if !matches!(after, Verdict::Failed(_)) {
            idle.push(format!("{}: `{}` {after:?}", change.parameter, change.case));
        }
    }
    assert!(idle.is_empty(), "changes that turn nothing:\n{}", idle.join("\n"));
}

#[test]
fn every_parameter_changes_the_rules_of_every_target_that_reads_it() {
    let mut project = Project::new();
    let registry = Registry::embedded();
    let default = project.strategy(&[]);
    let mut idle = Vec::new();
    for change in changes(&mut project) {
        let tuned = project.strategy(std::slice::from_ref(&change.tuning));
        let of = |strategy: &Strategy| {
            rules(&registry, strategy, &change.analytic, &|detection| change.is_read_by(detection, strategy))
        };
        let (before, after) = (of(&default), of(&tuned));
        let targets: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        // A switch is decided before a rule is written, so that no rule reads it.
        let all = |strategy: &Strategy| rules(&registry, strategy, &change.analytic, &|_| true);
        if targets.is_empty() && all(&default) == all(&tuned) {
            idle.push(format!("{} {:?}: no target's rules change", change.parameter, change.fields));
        }
        let unchanged = targets.iter().filter(|target| before.get(**target) == after.get(**target));
        idle.extend(unchanged.map(|target| format!("{} {:?}: {target}", change.parameter, change.fields)));
    }
    assert!(idle.is_empty(), "parameters that change no rule:\n{}", idle.join("\n"));
}
