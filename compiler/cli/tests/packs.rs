//! Rule packs as those who publish and import them meet them.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails with what it needed")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

const HEAD: &str =
    "name: test_pack\ntitle: Test pack\ndescription: Rules of a test.\nauthor: Testers\nlicense: Apache-2.0\n";

/// A strategy of two rules.
const STRATEGY: &str = r#"/// Loads of a library
strategy DET9001 {
    technique T1573.002
    tactic    command-and-control
    date      2026-01-01

    /// Loads on Windows
    analytic AN9001 on windows {
        sources {
            DC0016 "WinEventLog:Sysmon" "EventCode=7" -> library_load
            DC0082 "WinEventLog:Sysmon" "EventCode=3" -> network_connection
        }

        /// Which libraries.
        tunable Libraries: list<string> = ["rsaenh.dll"]

        event load   = library_load where dll.name in Libraries
        event egress = network_connection where network.direction == "egress"

        /// A library is loaded
        detect loaded {
            id "11111111-1111-4111-8111-111111111111"
            version 1
            severity low
            pattern load
            entity host.name
            suppress 24h
        }

        /// A library is loaded before or after a connection
        detect around {
            id "22222222-2222-4222-8222-222222222222"
            severity high
            pattern load with egress within 20m by host.name, process.entity_id
            entity host.name, process.entity_id
        }

        /// A connection comes without the library
        detect without {
            id "33333333-3333-4333-8333-333333333333"
            severity medium
            pattern egress not preceded by load within 10m by host.name, process.entity_id
            entity host.name, process.entity_id
            accept unsupported on sigma "a correlation cannot say that something is missing"
        }
    }
}
"#;

/// The targets whose packs these tests look into.
const TARGETS: &str = "sigma,elastic,defender";

/// A folder of the test's own.
struct Desk(PathBuf);

impl Desk {
    /// A folder with a pack's sources in `s`, and their lock.
    fn new(test: &str) -> Self {
        let desk = Self(std::env::temp_dir().join(format!("detc-packs-{}-{test}", std::process::id())));
        let _ = fs::remove_dir_all(&desk.0);
        fs::create_dir_all(desk.0.join("s")).expect("a scratch folder");
        desk.write("s/pack.yaml", HEAD);
        desk.write("s/strategy.det", STRATEGY);
        desk.clean(&["pack", "s", "--update-lock"]);
        desk
    }

    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(path), text).expect("a file");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).expect("a file")
    }

    /// Replaces a part of the strategy.
    fn edit(&self, before: &str, after: &str) {
        let text = self.read("s/strategy.det");
        assert!(text.contains(before), "the strategy has no {before}");
        self.write("s/strategy.det", text.replace(before, after));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_detc"));
        command.args(arguments).current_dir(&self.0).env_remove("SOURCE_DATE_EPOCH").env_remove("DETC_KEY_PASSWORD");
        command
    }

    /// The exit status and standard error.
    fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.command(arguments).output().expect("the program runs");
        (output.status.code().expect("a status"), String::from_utf8(output.stderr).expect("UTF-8"))
    }

    /// Standard error of a run that must be clean.
    fn clean(&self, arguments: &[&str]) -> String {
        let (status, err) = self.run(arguments);
        assert_eq!(status, 0, "detc {arguments:?}\n{err}");
        err
    }

    /// The findings of a run that must have some.
    fn refused(&self, arguments: &[&str]) -> String {
        let (status, err) = self.run(arguments);
        assert_eq!(status, 1, "detc {arguments:?}\n{err}");
        err
    }

    fn pack(&self) -> String {
        self.clean(&["pack", "s", "--target", TARGETS, "-o", "dist"])
    }

    /// What is said of a pack that must not come about.
    fn unpacked(&self) -> String {
        let said = self.refused(&["pack", "s", "--target", TARGETS, "-o", "dist"]);
        assert!(!self.0.join("dist").exists(), "a pack was written in spite of\n{said}");
        said
    }

    fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.read(path)).expect("JSON")
    }

    fn lines(&self, path: &str) -> Vec<Value> {
        self.read(path).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Every file below a folder.
    fn files(&self, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut open = vec![self.0.join(folder)];
        while let Some(next) = open.pop() {
            for entry in fs::read_dir(next).expect("a folder") {
                let path = entry.expect("an entry").path();
                if path.is_dir() {
                    open.push(path);
                } else {
                    let below = path.strip_prefix(self.0.join(folder)).expect("below").to_owned();
                    found.insert(below, fs::read(path).expect("a file"));
                }
            }
        }
        found
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

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

#[cfg(unix)]
#[test]
fn two_packs_of_the_same_sources_have_the_same_bytes() {
    let (one, two) = (Desk::new("bytes-one"), Desk::new("bytes-two-in-another-folder"));
    one.clean(&["pack", "s", "--target", "all", "-o", "dist"]);
    let script = format!(
        "umask 077; exec '{}' pack '{}' --target all -o dist",
        env!("CARGO_BIN_EXE_detc"),
        two.0.join("s").display()
    );
    let status = Command::new("sh")
        .args(["-c", &script])
        .current_dir(&two.0)
        .envs([("TZ", "Pacific/Kiritimati"), ("LC_ALL", "tr_TR.UTF-8"), ("LANG", "tr_TR.UTF-8")])
        .env_remove("SOURCE_DATE_EPOCH")
        .output()
        .expect("the program runs")
        .status;
    assert!(status.success());
    let (one, two) = (one.files("dist"), two.files("dist"));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    let differing: Vec<_> = one.iter().filter(|(path, bytes)| two.get(*path) != Some(bytes)).map(|(p, _)| p).collect();
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn versions_go_with_what_changed() {
    let desk = Desk::new("versions");
    let said = |desk: &Desk| desk.unpacked();
    desk.edit("entity host.name\n            suppress 24h", "entity host.name\n            suppress 12h");
    let still = said(&desk);
    assert!(
        still.contains("`AN9001/loaded` changed and its version is still 1") && still.contains("write: version 2"),
        "{still}"
    );
    assert!(desk.refused(&["pack", "s", "--update-lock"]).contains("still 1"), "the lock takes no such change either");
    desk.edit("version 1\n", "version 2\n");
    assert!(said(&desk).contains("run: detc pack s --update-lock"), "the lock is behind");
    desk.clean(&["pack", "s", "--update-lock"]);
    assert!(desk.pack().contains("test_pack 1.1.0"), "changed logic is a minor version");
    fs::remove_dir_all(desk.0.join("dist")).expect("a folder");
    desk.edit("version 2\n", "version 3\n");
    assert!(said(&desk).contains("nothing of it changed since version 2"));
    desk.edit("version 3\n", "version 1\n");
    assert!(said(&desk).contains("version 2 was released"));
    desk.edit("version 1\n", "version 3\n");
    desk.edit("/// A library is loaded\n", "/// A library is in use\n");
    desk.clean(&["pack", "s", "--update-lock"]);
    assert!(desk.pack().contains("test_pack 1.1.1"), "changed words are a patch version");
    let changelog = desk.read("dist/CHANGELOG.md");
    assert!(changelog.contains("## 1.1.1\n\n### Changed words\n\n- `AN9001/loaded`"), "{changelog}");
}

#[test]
fn a_rule_leaves_only_after_it_was_deprecated() {
    let desk = Desk::new("deprecated");
    let whole = desk.read("s/strategy.det");
    let start = whole.find("        /// A connection comes without").expect("the last rule");
    let without = format!("{}    }}\n}}\n", whole.split_at(start).0.trim_end().to_owned() + "\n");
    desk.write("s/strategy.det", &without);
    assert!(desk.unpacked().contains("`AN9001/without` is gone without having been deprecated"));
    desk.write("s/strategy.det", &whole);
    let id = "id \"33333333-3333-4333-8333-333333333333\"";
    desk.edit(id, &format!("{id}\n            version 2\n            status deprecated"));
    desk.clean(&["pack", "s", "--update-lock"]);
    assert!(desk.pack().contains("1.1.0"));
    desk.write("s/strategy.det", &without);
    desk.clean(&["pack", "s", "--update-lock"]);
    assert!(desk.pack().contains("2.0.0"), "a rule that is gone is a major version");
}

#[test]
fn a_rule_keeps_its_name_and_its_id() {
    let desk = Desk::new("identity");
    desk.edit("detect loaded", "detect in_use");
    assert!(desk.unpacked().contains("`AN9001/in_use` was released as `AN9001/loaded`"));
    desk.edit("detect in_use", "detect loaded");
    desk.edit("11111111-1111-4111-8111-111111111111", "44444444-4444-4444-8444-444444444444");
    let said = desk.unpacked();
    assert!(said.contains("the id of `AN9001/loaded` changed") && said.contains("11111111-1111"), "{said}");
    desk.edit("            id \"44444444-4444-4444-8444-444444444444\"\n", "");
    let said = desk.unpacked();
    assert!(said.contains("E0704") && said.contains("write: id \""), "the error offers one: {said}");
    desk.edit("detect loaded {", "detect loaded {\n            id \"22222222-2222-4222-8222-222222222222\"");
    assert!(desk.unpacked().contains("has the id of another rule"));
}

#[test]
fn a_lock_or_head_that_cannot_be_read_stops_the_pack() {
    let desk = Desk::new("lock");
    let lock = desk.read("s/pack.lock.json");
    desk.write("s/pack.lock.json", lock.replacen("\"format\": 1", "\"format\": 2", 1));
    let said = desk.unpacked();
    assert!(said.contains("has format 2, and this detc reads format 1"), "{said}");
    desk.write("s/pack.lock.json", "{");
    assert!(desk.unpacked().contains("is no lock"));
    fs::remove_file(desk.0.join("s/pack.lock.json")).expect("a file");
    assert!(desk.unpacked().contains("run: detc pack s --update-lock"));
    desk.write("s/pack.yaml", HEAD.replace("test_pack", "Test-Pack"));
    assert!(desk.unpacked().contains("E0701"));
    fs::remove_file(desk.0.join("s/pack.yaml")).expect("a file");
    assert!(desk.unpacked().contains("there is no `s/pack.yaml`"));
}

#[test]
fn what_is_over_a_limit_leaves_no_part_of_a_pack() {
    let desk = Desk::new("limits");
    desk.pack();
    let before = desk.files("dist");
    // Defender reads 30 days at most, and 24 hours of them lie between two runs.
    desk.edit("within 20m", "within 30d");
    desk.edit(
        "            id \"22222222-2222-4222-8222-222222222222\"",
        "            id \"22222222-2222-4222-8222-222222222222\"\n            version 2",
    );
    desk.clean(&["pack", "s", "--update-lock"]);
    let said = desk.refused(&["pack", "s", "--target", "elastic,defender", "-o", "dist"]);
    assert!(said.contains("E0703") && said.contains("`AN9001/around` on Microsoft Defender XDR"), "{said}");
    assert!(said.contains("reads 30d at most"), "{said}");
    assert!(desk.files("dist") == before, "the earlier pack is as it was");
}

#[test]
fn a_pack_takes_no_folder_of_somebody_else() {
    let desk = Desk::new("foreign");
    fs::create_dir_all(desk.0.join("dist")).expect("a folder");
    desk.write("dist/notes.txt", "mine");
    let (status, err) = desk.run(&["pack", "s", "--target", "sigma", "-o", "dist"]);
    assert_eq!(status, 2, "{err}");
    assert!(err.contains("notes.txt` is in the way"), "{err}");
    assert_eq!(desk.files("dist").len(), 1);
}

#[test]
fn a_pack_that_was_tampered_with_does_not_verify() {
    let desk = Desk::new("tampered");
    desk.pack();
    let manifest = desk.read("dist/pack.json");
    desk.write("dist/pack.json", manifest.replace("\"version\": 1,", "\"version\": 7,"));
    assert!(desk.refused(&["verify", "dist"]).contains("`pack.json` was changed"));
    desk.write("dist/pack.json", &manifest);
    desk.write("dist/elastic/more.ndjson", "{}");
    assert!(desk.refused(&["verify", "dist"]).contains("`elastic/more.ndjson` does not belong to the pack"));
    fs::remove_file(desk.0.join("dist/elastic/more.ndjson")).expect("a file");
    desk.clean(&["verify", "dist"]);
    fs::remove_file(desk.0.join("dist/elastic/upgrade.ndjson")).expect("a file");
    assert!(desk.refused(&["verify", "dist"]).contains("`elastic/upgrade.ndjson` is missing"));
    // Taking it out of the list as well does not help: the manifest names it.
    let sums = desk.read("dist/SHA256SUMS");
    let shorter: String = sums.lines().filter(|l| !l.ends_with("upgrade.ndjson")).map(|l| format!("{l}\n")).collect();
    desk.write("dist/SHA256SUMS", shorter);
    assert!(desk.refused(&["verify", "dist"]).contains("lists `elastic/upgrade.ndjson` with another hash"));
    fs::remove_file(desk.0.join("dist/SHA256SUMS")).expect("a file");
    assert!(desk.refused(&["verify", "dist"]).contains("there is no `SHA256SUMS`"));
}

#[test]
fn a_signature_is_by_the_owner_of_the_key_or_is_refused() {
    let desk = Desk::new("signature");
    let keys = |name: &str| {
        let pair = minisign::KeyPair::generate_unencrypted_keypair().expect("a key pair");
        desk.write(&format!("{name}.key"), pair.sk.to_box(None).expect("a key").to_string());
        desk.write(&format!("{name}.pub"), pair.pk.to_box().expect("a key").to_string());
    };
    keys("ours");
    keys("theirs");
    desk.pack();
    assert!(desk.refused(&["verify", "dist", "--key", "ours.pub"]).contains("there is no `SHA256SUMS.minisig`"));
    let sign = ["pack", "s", "--target", TARGETS, "-o", "dist", "--sign-with", "ours.key"];
    desk.clean(&sign);
    assert!(desk.clean(&["verify", "dist", "--key", "ours.pub"]).contains("signed: test_pack 1.0.0"));
    let other = desk.refused(&["verify", "dist", "--key", "theirs.pub"]);
    assert!(other.contains("is not by the owner of `theirs.pub`"), "{other}");
    let (status, err) = desk.run(&["pack", "s", "--target", "sigma", "-o", "d2", "--sign-with", "none.key"]);
    assert!(status == 2 && err.contains("none.key") && !desk.0.join("d2").exists(), "{err}");
    let (status, err) = desk.run(&["verify", "dist", "--key", "ours.key"]);
    assert!(status == 2 && err.contains("is no minisign public key"), "{err}");
}
