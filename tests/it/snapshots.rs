//! One snapshot for each detection, target and profile: its fidelity and its rules, as they are written to files.

use std::collections::BTreeSet;

use detc_core::compile::{self, Outcome, Status, artifacts, fidelity_word, loss_lines};
use detc_core::target::Registry;

use crate::support::{analyse, det_files, list, root};

/// The text of a snapshot.
fn text(outcome: &Outcome<'_>) -> String {
    let mut lines = vec![format!("fidelity: {}", fidelity_word(&outcome.fidelity))];
    lines.extend(loss_lines(&outcome.fidelity).into_iter().map(|l| format!("  - {l}")));
    match &outcome.status {
        Status::Compiled { accepted: None } => {}
        Status::Compiled { accepted: Some(reason) } => lines.push(format!("accepted: {reason}")),
        Status::AcceptedUnsupported(reason) => lines.push(format!("left out: {reason}")),
        Status::NotNeeded => lines.push("not needed: a detection above it was compiled".to_owned()),
        Status::Failed => lines.push("failed".to_owned()),
    }
    lines.extend(outcome.queries.iter().filter_map(compile::schedule).map(|needs| format!("schedule: {needs}")));
    for file in artifacts(std::slice::from_ref(outcome)).expect("the target's template renders") {
        let text = String::from_utf8(file.bytes).expect("rules are text");
        lines.push(format!("\n==> {} <==\n{text}", file.path));
    }
    lines.join("\n")
}

#[test]
fn every_detection_compiles_to_the_rules_in_its_snapshot() {
    let folder = root().join("tests/snapshots");
    let registry = Registry::embedded();
    let mut expected = BTreeSet::new();
    for path in det_files("strategies") {
        let name = path.strip_prefix(root()).expect("below the root").display().to_string();
        let analysed = analyse(&name, &std::fs::read_to_string(&path).expect("a readable strategy"));
        assert!(!analysed.strategies.is_empty(), "{name}:\n{}", list(&analysed.diagnostics));
        for strategy in &analysed.strategies {
            for id in registry.ids() {
                let target = registry.get(id).expect("embedded data are valid");
                for profile in target.profiles.values() {
                    let compilation = compile::run(strategy, target, profile, &|_| true);
                    assert!(compilation.diagnostics.is_empty(), "{name}:\n{}", list(&compilation.diagnostics));
                    for outcome in &compilation.outcomes {
                        let unit = outcome.unit;
                        let place = format!("{}/{}.{}", strategy.id, unit.analytic.id, unit.detection.name);
                        let mut settings = insta::Settings::clone_current();
                        settings.set_snapshot_path(folder.join(&place));
                        settings.set_prepend_module_to_snapshot(false);
                        settings.set_omit_expression(true);
                        let file = format!("{id}.{}", profile.id);
                        expected.insert(format!("{place}/{file}.snap"));
                        settings.bind(|| insta::assert_snapshot!(file, text(outcome)));
                    }
                }
            }
        }
    }
    let stale: Vec<String> = snapshots_below(&folder).into_iter().filter(|f| !expected.contains(f)).collect();
    assert!(stale.is_empty(), "snapshots of nothing that exists: {stale:?}");
}

/// The snapshots of detections on disk: those in folders named after a strategy.
fn snapshots_below(folder: &std::path::Path) -> Vec<String> {
    let mut found = Vec::new();
    let read = |p: &std::path::Path| std::fs::read_dir(p).map(|d| d.flatten().map(|e| e.path()).collect::<Vec<_>>());
    for strategy in read(folder).unwrap_or_default().into_iter().filter(|p| p.is_dir()) {
        if !strategy.file_name().is_some_and(|n| n.to_string_lossy().starts_with("DET")) {
            continue;
        }
        for detection in read(&strategy).unwrap_or_default().into_iter().filter(|p| p.is_dir()) {
            for file in read(&detection).unwrap_or_default() {
                if file.extension().is_some_and(|e| e == "snap") {
                    found.push(file.strip_prefix(folder).expect("below").to_string_lossy().into_owned());
                }
            }
        }
    }
    found
}
