//! Versions, ids and names of rules go with what changed, and only so.

use std::fs;

use crate::desk::{Desk, HEAD};

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
