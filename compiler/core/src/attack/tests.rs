//! Reading bundles, and holding sources against them: a source that agrees, and every way to differ.

use std::fmt::Write;

use serde_json::{Value as Json, json};

use super::{Bundle, LogSource, check};
use crate::source::Sources;
use crate::{sema, syntax};

/// A bundle with properties and objects that no version known today has, and without what one may leave out.
fn bundle() -> Json {
    json!({ "type": "bundle", "objects": [
        { "type": "x-mitre-collection", "id": "x-mitre-collection--1", "x_mitre_version": "19.0", "x_new": {} },
        { "type": "x-mitre-novelty", "id": "x-mitre-novelty--1" },
        { "type": "x-mitre-detection-strategy", "id": "x-mitre-detection-strategy--1", "name": "Doors",
          "external_references": [{ "source_name": "mitre-attack", "external_id": "DET0001" }],
          "x_mitre_analytic_refs": ["x-mitre-analytic--1", "x-mitre-analytic--2", "x-mitre-analytic--gone"] },
        { "type": "x-mitre-detection-strategy", "id": "x-mitre-detection-strategy--2", "revoked": true,
          "external_references": [{ "source_name": "mitre-attack", "external_id": "DET0002" }] },
        { "type": "x-mitre-analytic", "id": "x-mitre-analytic--1", "description": "Doors that open at night.",
          "external_references": [{ "source_name": "blog" }, { "source_name": "mitre-attack", "external_id": "AN0001" }],
          "x_mitre_platforms": ["Network Devices"],
          "x_mitre_log_source_references": [
            { "x_mitre_data_component_ref": "x-mitre-data-component--1", "name": "NSM:Flow", "channel": "Doors", "x": 1 },
            { "x_mitre_data_component_ref": "x-mitre-data-component--gone", "name": "NSM:Bell" },
          ],
          "x_mitre_mutable_elements": [{ "field": "Hours", "description": "When doors are shut.", "type": "duration" }] },
        { "type": "x-mitre-analytic", "id": "x-mitre-analytic--2",
          "external_references": [{ "source_name": "mitre-attack", "external_id": "AN0002" }],
          "x_mitre_platforms": ["Linux"] },
        { "type": "x-mitre-data-component", "id": "x-mitre-data-component--1",
          "external_references": [{ "source_name": "mitre-attack", "external_id": "DC0001" }] },
        { "type": "attack-pattern", "id": "attack-pattern--1",
          "external_references": [{ "source_name": "mitre-attack", "external_id": "T1001.002" }] },
        { "type": "relationship", "id": "relationship--1", "relationship_type": "detects",
          "source_ref": "x-mitre-detection-strategy--1", "target_ref": "attack-pattern--1" },
    ]})
}

/// A source that says what the bundle says.
const AGREES: &str = r#"
strategy DET0001 {
    attack "19.0"
    technique T1001.002
    tunable Doors: int = 1
    analytic AN0001 on network_devices {
        sources {
            DC0001 "NSM:Flow" "Doors" -> network_flow
            x-component "NSM:Bell" "" -> network_flow
        }
        mutable Hours: int = 1
        event e = network_flow where source.port == Hours and destination.port == Doors
        detect d { severity low pattern e entity source.ip }
    }
    analytic AN0002 on linux {
        event e = process_start
        detect d { severity low pattern e entity host.name }
    }
}
"#;

/// The findings of a source held against the bundle.
fn held(text: &str) -> String {
    // The language has no names with a hyphen, which STIX ids have.
    let mut json = bundle().to_string();
    json = json.replace("x-mitre-data-component--gone", "Gone");
    let bundle = Bundle::read(&json).expect("a bundle");
    let mut sources = Sources::default();
    let id = sources.add("test.det", text.replace("x-component", "Gone"));
    let (file, syntax) = syntax::parse(&sources, id);
    assert_eq!(syntax, [], "{text}");
    let analysis = sema::analyse(&mut sources, &[file], &[]);
    let strategy = analysis.strategies.first().unwrap_or_else(|| panic!("{:#?}", analysis.diagnostics));
    let mut out = String::new();
    for d in check(strategy, &bundle) {
        let place = d.primary.as_ref().map_or("", |label| sources.slice(label.span));
        writeln!(out, "{} at `{place}`: {}", d.code, d.title).unwrap();
        d.help.iter().for_each(|help| writeln!(out, "    {help}").unwrap());
        if let Some(fix) = d.fix {
            writeln!(out, "    `{}` to `{}`", sources.slice(fix.span), fix.replacement).unwrap();
        }
    }
    out
}

#[test]
fn what_comes_with_the_compiler_is_whole() {
    let bundle = Bundle::embedded().expect("it reads");
    assert_eq!(bundle.version.as_deref(), Some("18.1"));
    let strategy = &bundle.strategies["DET0543"];
    assert_eq!(strategy.techniques, ["T1573.002"]);
    let ids: Vec<&str> = strategy.analytics.keys().map(String::as_str).collect();
    assert_eq!(ids, ["AN1496", "AN1497", "AN1498", "AN1499", "AN1500"]);
    for (id, analytic) in &strategy.analytics {
        assert!(analytic.description.len() > 100, "{id} has no description");
        assert!(!analytic.mutable_elements.is_empty(), "{id} has no mutable element");
        for source in &analytic.sources {
            assert!(source.component.starts_with("DC") && !source.channel.is_empty(), "{id}: {source:?}");
        }
    }
}

#[test]
fn a_later_version_may_add_and_leave_out() {
    let bundle = Bundle::read(&bundle().to_string()).expect("it reads");
    assert_eq!(bundle.version.as_deref(), Some("19.0"));
    assert_eq!(bundle.strategies.keys().collect::<Vec<_>>(), ["DET0001"], "a revoked one is none");
    let analytic = bundle.analytic("AN0001").expect("it is there");
    let gone =
        LogSource { component: "x-mitre-data-component--gone".into(), name: "NSM:Bell".into(), channel: String::new() };
    assert_eq!(analytic.sources[1], gone, "a component that is not there keeps its STIX id");
    assert_eq!(bundle.analytic("AN0002").map(|a| a.mutable_elements.len()), Some(0));
}

#[test]
fn what_is_no_bundle_says_why() {
    for (text, reason) in [
        ("strategy", "it is no JSON"),
        ("[]", "it has no `objects`"),
        (r#"{ "objects": [{ "type": "attack-pattern", "id": "a" }] }"#, "it has no detection strategy"),
    ] {
        assert!(Bundle::read(text).is_err_and(|e| e.contains(reason)), "{text}");
    }
}

#[test]
fn a_source_that_says_the_same_has_no_findings() {
    assert_eq!(held(AGREES), "");
}

#[test]
fn every_way_to_differ_has_a_finding() {
    let edits: [(&str, &[(&str, &str)]); 15] = [
        ("another version", &[("\"19.0\"", "\"18.1\"")]),
        ("no version", &[("attack \"19.0\"", "")]),
        ("another technique", &[("T1001.002", "T1001.003")]),
        ("a strategy that is not there", &[("DET0001", "DET0011")]),
        ("a strategy of one's own", &[("DET0001", "DET0011"), ("attack \"19.0\"", "")]),
        ("a strategy that was revoked", &[("DET0001", "DET0002")]),
        ("an analytic of another name", &[("AN0002", "AN0003")]),
        ("another platform", &[("on linux", "on windows")]),
        ("a source left out", &[("DC0001 \"NSM:Flow\" \"Doors\" -> network_flow", "")]),
        ("another component", &[("DC0001", "DC0002")]),
        ("another channel", &[("\"Doors\" ->", "\"Door\" ->")]),
        ("a mutable element misspelt", &[("Hours", "Hour")]),
        ("a mutable element as a tunable", &[("mutable Hours", "tunable Hours")]),
        (
            "a mutable element of our own",
            &[
                ("mutable Hours: int = 1", "mutable Hours: int = 1\nmutable Paint: int = 2"),
                ("== Hours", "in [Hours, Paint]"),
            ],
        ),
        ("a mutable element of the strategy", &[("tunable Doors", "mutable Doors")]),
    ];
    let mut out = String::new();
    for (name, replacements) in edits {
        let text = replacements.iter().fold(AGREES.to_owned(), |text, (from, to)| {
            assert!(text.contains(from), "{name}: `{from}`");
            text.replace(from, to)
        });
        writeln!(out, "## {name}\n{}", held(&text)).unwrap();
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!("held_against_attack", out));
}
