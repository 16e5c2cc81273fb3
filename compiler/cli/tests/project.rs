//! The project's own strategies and examples, through the command line: what the README shows is what there is.

#![expect(clippy::expect_used, reason = "a test that cannot go on fails with what it needed")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the project's root")
}

/// Runs `detc` in the project's root.
fn detc(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_detc")).args(arguments).current_dir(root()).output().expect("the binary starts")
}

/// Standard output of a run that must be clean.
fn clean(arguments: &[&str]) -> String {
    let output = detc(arguments);
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(0), "detc {arguments:?}\n{out}\n{err}");
    out.into_owned()
}

#[test]
fn sources_have_no_findings_and_the_standard_form() {
    for folder in ["strategies", "examples"] {
        assert_eq!(clean(&["check", folder]), "", "findings below {folder}");
        clean(&["fmt", "--check", folder]);
    }
}

#[test]
fn every_case_of_every_strategy_passes() {
    let report = clean(&["test", "strategies"]);
    let passed = report.lines().filter(|line| line.trim_start().starts_with("passed")).count();
    assert!(passed > 40, "only {passed} cases were run:\n{report}");
}

#[test]
fn every_strategy_compiles_for_every_target_and_profile() {
    let folder = std::env::temp_dir().join(format!("detc-project-{}", std::process::id()));
    clean(&[
        "compile",
        "strategies",
        "examples",
        "--target",
        "all",
        "--profile",
        "all",
        "-o",
        &folder.to_string_lossy(),
    ]);
    std::fs::remove_dir_all(folder).expect("the folder was written");
}

#[test]
fn the_recorded_intrusion_is_detected_and_nothing_else() {
    let alerts = clean(&[
        "eval",
        "strategies/DET0543",
        "--events",
        "examples/intrusion/events.jsonl",
        "--tuning",
        "examples/intrusion/tuning.yaml",
    ]);
    let attacker = ["{81056205-5686-64dc-3b04-000000000800}", "{81056205-d0f8-64d4-2300-000000000800}"];
    for alert in alerts.lines() {
        // The network's own analytic names the attacker's server; those of hosts name its processes as well.
        let server = alert.contains("AN1500") && alert.contains("\"10.0.5.13\"");
        let process = attacker.iter().any(|process| alert.contains(process));
        assert!(process || server, "an alert about something else: {alert}");
    }
    let sessions: Vec<&str> = alerts.lines().filter(|a| a.contains("\"abnormal_session\"")).collect();
    assert_eq!(sessions.len(), 2, "{alerts}");
    for process in attacker {
        assert!(sessions.iter().any(|a| a.contains(process) && a.contains("\"10.0.5.13\"")), "{process}: {alerts}");
    }
}

#[test]
fn the_readme_shows_the_source_the_rules_and_the_alert_as_they_are() {
    let readme = std::fs::read_to_string(root().join("README.md")).expect("the README");
    let source = std::fs::read_to_string(root().join("examples/quickstart/strategy.det")).expect("the example");
    assert!(readme.contains(&source), "README.md does not show examples/quickstart/strategy.det as it is");
    for target in ["splunk", "sentinel", "elastic", "sigma"] {
        let rule = clean(&["compile", "examples/quickstart", "--target", target]);
        assert!(readme.contains(rule.trim_end()), "README.md does not show the rule for {target}:\n{rule}");
    }
    let alert = clean(&["eval", "examples/quickstart", "--events", "examples/quickstart/events.jsonl"]);
    assert!(readme.contains(alert.trim_end()), "README.md does not show the alert:\n{alert}");
}
