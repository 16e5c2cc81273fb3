//! The fidelity table in the README of each strategy, and what every rule must name. `INSTA_UPDATE=always` rewrites the
//! tables, as it does the snapshots.

use std::collections::BTreeMap;

use detc_core::capability::{Fidelity, TIES};
use detc_core::compile::{self, Outcome, Status};
use detc_core::plan::{Analytic, Strategy};
use detc_core::target::{Registry, Target};

use crate::support::{analyse, det_files, list};

/// Where a table begins and ends in a README.
const MARKS: (&str, &str) = ("<!-- generated: fidelity -->\n", "<!-- end -->");

fn strategies() -> Vec<(std::path::PathBuf, Vec<Strategy>)> {
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("a readable strategy");
        let analysed = analyse(&path.display().to_string(), &text);
        assert!(!analysed.strategies.is_empty(), "{}:\n{}", path.display(), list(&analysed.diagnostics));
        (path, analysed.strategies)
    };
    det_files("strategies").into_iter().map(read).collect()
}

fn targets(registry: &Registry) -> Vec<&Target> {
    registry.ids().map(|id| registry.get(id).expect("embedded data are valid")).collect()
}

/// What becomes of every detection on every target and profile.
fn outcomes<'a>(strategy: &'a Strategy, targets: &[&'a Target]) -> Vec<Outcome<'a>> {
    let sites = targets.iter().flat_map(|target| target.profiles.values().map(move |profile| (*target, profile)));
    sites.flat_map(|(target, profile)| compile::run(strategy, target, profile, &|_| true).outcomes).collect()
}

fn site(outcome: &Outcome<'_>) -> String {
    format!("{}/{}", outcome.target.id, outcome.profile.id)
}

/// The column an outcome stands in, and why, where it is not exact.
fn verdict(outcome: &Outcome<'_>) -> (usize, String) {
    let losses = match &outcome.fidelity {
        Fidelity::Exact { losses } | Fidelity::Approximate { losses } => losses.as_slice(),
        Fidelity::Unsupported { .. } => &[],
    };
    let losses = losses.iter().filter(|loss| loss.name != TIES);
    let named: Vec<String> = losses.map(|l| format!("{} ({}): {}", l.name, l.direction.as_str(), l.note)).collect();
    match &outcome.status {
        Status::Compiled { accepted: None } => (0, String::new()),
        Status::Compiled { accepted: Some(reason) } => (1, format!("approximate, {}; {reason}", named.join("; "))),
        Status::NotNeeded => (2, String::new()),
        Status::AcceptedUnsupported(reason) => (3, format!("left out, {reason}")),
        Status::Failed => panic!("{} fails on {}", outcome.unit.detection.name, site(outcome)),
    }
}

/// The sites of each detection by column, then every approximation and every refusal with its reason.
fn table(analytic: &Analytic, outcomes: &[Outcome<'_>]) -> String {
    let mut text = format!(
        "### {} on {}\n\n| detection | exact | approximate | not needed |\n| --- | --- | --- | --- |\n",
        analytic.id, analytic.platform
    );
    let mut notes: BTreeMap<(String, Vec<String>), Vec<String>> = BTreeMap::new();
    for detection in &analytic.detections {
        let mut cells = [const { Vec::new() }; 4];
        let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for outcome in outcomes.iter().filter(|o| std::ptr::eq(o.unit.detection, detection)) {
            let (column, why) = verdict(outcome);
            cells[column].push(site(outcome));
            if !why.is_empty() {
                reasons.entry(why).or_default().push(site(outcome));
            }
        }
        let cells: Vec<String> = cells.iter().take(3).map(|sites| sites.join(", ")).collect();
        let row = format!("| `{}` | {} |", detection.name, cells.join(" | "));
        text.push_str(&row.replace("|  |", "| |").replace("|  |", "| |"));
        text.push('\n');
        for reason in reasons {
            notes.entry(reason).or_default().push(format!("`{}`", detection.name));
        }
    }
    let line = |((why, sites), detections): (&(String, Vec<String>), &Vec<String>)| {
        format!("- {} on {}: {why}\n", detections.join(", "), sites.join(", "))
    };
    let notes: String = notes.iter().map(line).collect();
    if notes.is_empty() { text } else { format!("{text}\n{notes}") }
}

/// The tables of a strategy, and the platforms that a target does not see.
fn tables(strategy: &Strategy, registry: &Registry) -> String {
    let targets = targets(registry);
    let outcomes = outcomes(strategy, &targets);
    let mut parts: Vec<String> = strategy.analytics.iter().map(|analytic| table(analytic, &outcomes)).collect();
    let uncovered = compile::uncovered(std::slice::from_ref(strategy), &targets, &outcomes, &|_| true);
    let lines: String = uncovered.iter().map(|u| format!("- {}: {}\n", u.analytic.id, u.reason())).collect();
    if !lines.is_empty() {
        parts.push(format!("Not compiled at all:\n\n{lines}"));
    }
    format!("\n{}\n", parts.join("\n"))
}

#[test]
fn the_readme_of_a_strategy_has_its_fidelity_as_it_is() {
    let registry = Registry::embedded();
    for (path, strategies) in strategies() {
        let readme = path.with_file_name("README.md");
        let text = std::fs::read_to_string(&readme).expect("a README beside the strategy");
        let (before, rest) = text.split_once(MARKS.0).expect("the README marks where the fidelity table begins");
        let (shown, after) = rest.split_once(MARKS.1).expect("the README marks where the fidelity table ends");
        let made: String = strategies.iter().map(|strategy| tables(strategy, &registry)).collect();
        if shown != made && std::env::var_os("INSTA_UPDATE").is_some_and(|update| update == "always") {
            std::fs::write(&readme, format!("{before}{}{made}{}{after}", MARKS.0, MARKS.1)).expect("a writable README");
            continue;
        }
        assert!(shown == made, "{} is out of date: run the tests with INSTA_UPDATE=always\n{made}", readme.display());
    }
}

/// What a rule of the dialect must say so that it does not read everything, as texts of which each must be there.
fn names_its_data(outcome: &Outcome<'_>, dialect: &str, text: &str) -> Vec<String> {
    let of_class = |class: &str| {
        let source = &outcome.profile.classes[class].source;
        let word = |key: &str| source.get(key).and_then(|v| v.as_str()).map(str::to_owned);
        let wanted = match dialect {
            "spl" => word("macro").map(|name| format!("`{name}`")),
            "kql" => word("table").or_else(|| word("query")?.lines().next().map(str::to_owned)),
            "eql" | "esql" => source.get("where").and_then(|w| w.as_object()?.keys().next().cloned()),
            "sigma" => word("category").or_else(|| word("service")),
            other => panic!("dialect `{other}` must say here what its rules name"),
        };
        wanted.unwrap_or_else(|| panic!("`{class}` of {} names nothing", site(outcome)))
    };
    let events = &outcome.unit.detection.events;
    events.iter().map(|event| of_class(&event.class.name)).filter(|wanted| !text.contains(wanted.as_str())).collect()
}

#[test]
fn every_rule_names_the_data_that_it_reads() {
    let registry = Registry::embedded();
    let mut rules = 0;
    for (_, strategies) in strategies() {
        for strategy in &strategies {
            for outcome in outcomes(strategy, &targets(&registry)).iter().filter(|o| !o.queries.is_empty()) {
                rules += 1;
                let text: String = outcome.queries.iter().map(|query| query.text.as_str()).collect();
                let unnamed = names_its_data(outcome, outcome.queries[0].dialect, &text);
                let name = &outcome.unit.detection.name;
                assert!(unnamed.is_empty(), "`{name}` on {} does not name {unnamed:?}:\n{text}", site(outcome));
            }
        }
    }
    assert!(rules > 100, "only {rules} rules were looked at");
}
