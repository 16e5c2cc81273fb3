//! What a pack holds for each product.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::desk::{Desk, TARGETS};

fn schema(name: &str) -> jsonschema::Validator {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/packs/schemas").join(name);
    let text = fs::read_to_string(path).expect("a schema");
    jsonschema::validator_for(&serde_json::from_str(&text).expect("JSON")).expect("a sound schema")
}

/// What is wrong with a value.
fn errors(schema: &jsonschema::Validator, value: &Value) -> Vec<String> {
    schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect()
}

#[test]
fn a_pack_is_what_verify_expects() {
    let desk = Desk::new("verify");
    desk.pack();
    assert!(desk.clean(&["verify", "dist"]).contains("test_pack 1.0.0"));
    // Another pack takes the place of one that is there.
    desk.pack();
    desk.clean(&["verify", "dist"]);
}

#[test]
fn every_line_for_elastic_is_one_that_kibana_takes() {
    let desk = Desk::new("elastic");
    desk.pack();
    let line = schema("elastic-line.json");
    let (install, upgrade) = (desk.lines("dist/elastic/install.ndjson"), desk.lines("dist/elastic/upgrade.ndjson"));
    for value in install.iter().chain(&upgrade) {
        assert_eq!(errors(&line, value), Vec::<String>::new(), "{value:#}");
    }
    let rules: Vec<&Value> = install.iter().filter(|l| l["rule_id"].is_string()).collect();
    let lists: Vec<&Value> = install.iter().filter_map(|l| l.get("list_id")).collect();
    assert_eq!((rules.len(), lists.len(), upgrade.len()), (4, 3, 4), "two orders of one rule share a list");
    for rule in &rules {
        assert_eq!(rule["enabled"], false);
        assert!(lists.contains(&&rule["exceptions_list"][0]["list_id"]), "a rule's list is in the file");
    }
    for rule in &upgrade {
        assert!(rule.get("enabled").is_none(), "an upgrade leaves a site's switch alone");
        let same = rules.iter().find(|r| r["rule_id"] == rule["rule_id"]).expect("the same rules");
        let mut without = (*same).clone();
        without.as_object_mut().expect("an object").remove("enabled");
        assert_eq!(*rule, without);
    }
}

#[test]
fn elastic_rules_look_back_as_far_as_their_windows_need() {
    let desk = Desk::new("timing");
    desk.pack();
    let minutes = |text: &Value| {
        let text = text.as_str().expect("a span").trim_start_matches("now-");
        let (number, unit) = text.split_at(text.len() - 1);
        number.parse::<u32>().expect("a number") * if unit == "h" { 60 } else { 1 }
    };
    for rule in desk.lines("dist/elastic/upgrade.ndjson") {
        let window = match rule["rule_id"].as_str() {
            Some("11111111-1111-4111-8111-111111111111") => 0,
            Some("33333333-3333-4333-8333-333333333333") => 10,
            _ => 20,
        };
        let (every, back) = (minutes(&rule["interval"]), minutes(&rule["from"]));
        assert!(back >= window + every, "{window} min within {back} min, every {every} min");
        assert!(every * 2 >= window, "{window} min, every {every} min: each run would read it many times");
        assert_eq!(rule.get("timestamp_override").is_some(), window == 0, "sequences are sorted by @timestamp");
    }
}

#[test]
fn an_absence_on_elastic_judges_no_event_at_the_edge_of_its_look_back() {
    let desk = Desk::new("edge");
    desk.pack();
    let rules = desk.lines("dist/elastic/upgrade.ndjson");
    let rule = rules.iter().find(|r| r["rule_id"] == "33333333-3333-4333-8333-333333333333").expect("the rule");
    let hidden = rule["filters"][0].to_string();
    assert!(hidden.contains("endpoint.events.network"), "the connection is hidden: {hidden}");
    assert!(!hidden.contains("endpoint.events.library"), "the load is not: {hidden}");
    assert!(hidden.contains(r#""lte":"now-10m""#), "an earlier run judged what is older: {hidden}");
    assert!(hidden.contains(r#""gt":"now-5m""#), "what is younger may be late: {hidden}");
    // Judged at an age of 10 minutes, it needs the 10 minutes before.
    assert_eq!((&rule["interval"], &rule["from"]), (&Value::from("5m"), &Value::from("now-20m")));
}

#[test]
fn what_eql_cannot_count_is_a_rule_of_es_ql_that_judges_no_window_twice() {
    let desk = Desk::new("esql");
    desk.edit("pattern load\n", "pattern load grouped by host.name over 10m having distinct(dll.name) >= 2\n");
    desk.edit("version 1", "version 2\n accept unsupported on sigma \"counted elsewhere\"");
    desk.clean(&["pack", "s", "--update-lock"]);
    desk.pack();
    let rules = desk.lines("dist/elastic/upgrade.ndjson");
    let rule = rules.iter().find(|r| r["rule_id"] == "11111111-1111-4111-8111-111111111111").expect("the rule");
    assert_eq!(errors(&schema("elastic-line.json"), rule), Vec::<String>::new(), "{rule:#}");
    assert_eq!((&rule["type"], &rule["language"]), (&Value::from("esql"), &Value::from("esql")));
    assert_eq!((&rule["interval"], &rule["from"]), (&Value::from("5m"), &Value::from("now-20m")));
    assert!(rule.get("index").is_none(), "the query names its indices");
    let query = rule["query"].as_str().expect("a query");
    // What ended longer ago than the interval and the delay of events was judged by an earlier run.
    let recent = "INLINE STATS window_end = VALUES(@timestamp) WHERE @timestamp > NOW() - 10 minutes";
    assert!(query.contains(recent), "{query}");
}

#[test]
fn every_rule_for_defender_is_one_that_graph_takes() {
    let desk = Desk::new("defender");
    desk.pack();
    let body = schema("defender-rule.json");
    let index = desk.json("dist/defender/index.json");
    let rules = index["rules"].as_array().expect("rules");
    assert_eq!(rules.len(), 3);
    for entry in rules {
        let rule = desk.json(&format!("dist/defender/{}", entry["file"].as_str().expect("a path")));
        assert_eq!(errors(&body, &rule), Vec::<String>::new(), "{rule:#}");
        assert_eq!(rule["id"], entry["id"]);
        let query = rule["queryCondition"]["queryText"].as_str().expect("a query");
        for column in ["Timestamp", "ReportId", "DeviceId"] {
            assert!(query.rsplit("| summarize").next().is_some_and(|end| end.contains(column)), "{column}\n{query}");
        }
    }
}

#[test]
fn the_layer_is_one_that_the_navigator_opens() {
    let desk = Desk::new("layer");
    desk.pack();
    let layer = desk.json("dist/attack-layer.json");
    assert_eq!(errors(&schema("navigator-layer.json"), &layer), Vec::<String>::new());
    assert_eq!(layer["techniques"][0]["techniqueID"], "T1573.002");
    assert_eq!(layer["techniques"][0]["score"], 3);
}

#[test]
fn the_manifest_says_what_a_rule_is_and_where_it_stands() {
    let desk = Desk::new("manifest");
    let tuning =
        "layer: site\nowner: soc\nreason: ours\nparameters:\n  - { parameter: AN9001.Libraries, extend: [ours.dll] }\n";
    desk.write("site.yaml", tuning);
    let (status, err) =
        desk.run(&["pack", "s", "--target", TARGETS, "--tuning", "site.yaml", "--today", "2026-01-01", "-o", "dist"]);
    assert_eq!(status, 0, "{err}");
    let manifest = desk.json("dist/pack.json");
    for target in TARGETS.split(',') {
        let import = &manifest["products"][target];
        assert!(import["install"].is_string() && import["upgrade"].is_string(), "{target}: {import}");
    }
    let rule = &manifest["rules"][0];
    assert_eq!((&rule["name"], &rule["version"]), (&Value::from("AN9001/loaded"), &Value::from(1)));
    let parameter = &rule["parameters"][0];
    assert_eq!(parameter["default"], serde_json::json!(["rsaenh.dll"]));
    assert_eq!(parameter["value"], serde_json::json!(["rsaenh.dll", "ours.dll"]));
    assert_eq!(parameter["provenance"][0]["layer"], "site");
    for target in ["sigma", "elastic", "defender"] {
        let on = &rule["targets"][target];
        assert_eq!(on["status"], "packed", "{target}");
        assert!(on["objects"][0]["parameters"]["Libraries"].is_string(), "{target}: {on:#}");
    }
    assert!(!desk.read("dist/provenance.intoto.json").contains(&*desk.0.to_string_lossy()), "no folder of the machine");
}
