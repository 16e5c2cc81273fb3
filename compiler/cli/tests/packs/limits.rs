//! What is over a limit of a product is refused with the rule and the limit, and there is no partial pack.

use std::fs;

use crate::desk::Desk;

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

/// A strategy or a limit that is changed, and what is then said.
struct Case {
    target: &'static str,
    /// What stands in the strategy, and what takes its place.
    strategy: (&'static str, String),
    /// The same for the head of the target; a limit that no small pack reaches is lowered.
    head: (&'static str, &'static str),
    said: &'static str,
}

const SAME: (&str, &str) = ("", "");

/// A limit as it is, reached by a strategy.
fn reached(target: &'static str, before: &'static str, after: String, said: &'static str) -> Case {
    Case { target, strategy: (before, after), head: SAME, said }
}

/// A limit that is lowered until the strategy is over it.
fn lowered(target: &'static str, before: &'static str, after: &'static str, said: &'static str) -> Case {
    Case { target, strategy: ("", String::new()), head: (before, after), said }
}

fn cases() -> Vec<Case> {
    let title = "/// A library is loaded\n";
    let long = |count: usize| format!("/// A library {}\n", "x".repeat(count));
    let described = format!("/// A library is loaded\n///\n/// {}\n", "x ".repeat(2600));
    let names: Vec<String> = (0..900).map(|number| format!("\"library{number}.dll\"")).collect();
    let literal = format!("dll.name in [{}]", names.join(", "));
    let detect = format!("detect {} {{", "n".repeat(90));
    vec![
        reached("splunk", "detect loaded {", detect, " - Rule`, 113 characters of 99"),
        reached(
            "sentinel",
            title,
            long(256),
            "`AN9001/loaded` on Microsoft Sentinel: characters in its name: 281, and the product takes 256",
        ),
        reached(
            "defender",
            title,
            long(256),
            "`AN9001/loaded` on Microsoft Defender XDR: characters in its name: 281, and the product takes 256",
        ),
        reached(
            "sentinel",
            title,
            described,
            "`AN9001/loaded` on Microsoft Sentinel: characters in its description: 5247, and the product takes 5000",
        ),
        reached("sentinel", "dll.name in Libraries", literal, "characters, and Microsoft Sentinel takes 10000"),
        reached(
            "elastic",
            "T1573.002",
            "T9999".to_owned(),
            "`AN9001/loaded` on Elastic Security: ATT&CK 18.1 has no technique `T9999`",
        ),
        reached("defender", "T1573.002", "T9999".to_owned(), "ATT&CK 18.1 has no technique `T9999`"),
        lowered(
            "sentinel",
            "entities: 10",
            "entities: 0",
            "`AN9001/loaded` on Microsoft Sentinel: entity mappings: 1, and the product takes 0",
        ),
        lowered(
            "sentinel",
            "identifiers: 3",
            "identifiers: 0",
            "identifiers in an entity mapping: 1, and the product takes 0",
        ),
        lowered(
            "sentinel",
            "details: 20",
            "details: 2",
            "`AN9001/around` on Microsoft Sentinel: custom details: 3, and the product takes 2",
        ),
        lowered(
            "sentinel",
            "detail_characters: 20",
            "detail_characters: 8",
            "`AN9001/around` on Microsoft Sentinel: characters in the name of a detail: 15, and the product takes 8",
        ),
        lowered("sentinel", "    rules: 512", "    rules: 2", "3 rules, and a workspace of Microsoft Sentinel takes 2"),
        lowered(
            "sentinel",
            "watchlist_bytes: 3800000",
            "watchlist_bytes: 20",
            "watchlist `detc-AN9001-Libraries` on Microsoft Sentinel: 30 bytes, and the product takes 20",
        ),
        lowered(
            "sentinel",
            "row_characters: 10240",
            "row_characters: 3",
            "watchlist `detc-AN9001-Libraries` on Microsoft Sentinel: 10 characters in a row, and the product takes 3",
        ),
        lowered(
            "sentinel",
            "alias_characters: 64",
            "alias_characters: 9",
            "watchlist `detc-AN9001-Libraries` on Microsoft Sentinel: 21 characters in its alias, and the product takes 9",
        ),
        lowered(
            "elastic",
            "objects: 10000",
            "objects: 3",
            "`install.ndjson` has 7 objects, and one import of Elastic Security takes 3",
        ),
        lowered(
            "elastic",
            "file_bytes: 10485760",
            "file_bytes: 99",
            "bytes, and one import of Elastic Security takes 99",
        ),
        lowered(
            "sentinel",
            "      command-and-control: CommandAndControl\n",
            "",
            "`AN9001/loaded` on Microsoft Sentinel: the product has no tactic `command-and-control`",
        ),
        lowered(
            "defender",
            "      command-and-control: CommandAndControl\n",
            "",
            "`AN9001/loaded` on Microsoft Defender XDR: the product has no tactic `command-and-control`",
        ),
    ]
}

#[test]
fn every_limit_is_told_with_the_rule_and_both_numbers() {
    let mut wrong = Vec::new();
    for case in cases() {
        let desk = Desk::new("every-limit");
        desk.edit(case.strategy.0, &case.strategy.1);
        let head = format!("{}/../../targets/{}/target.yaml", env!("CARGO_MANIFEST_DIR"), case.target);
        let head = fs::read_to_string(head).expect("the head of a target");
        assert!(head.contains(case.head.0), "{} has no {:?}", case.target, case.head.0);
        fs::create_dir_all(desk.0.join("targets").join(case.target)).expect("a folder");
        desk.write(&format!("targets/{}/target.yaml", case.target), head.replacen(case.head.0, case.head.1, 1));
        fs::remove_file(desk.0.join("s/pack.lock.json")).expect("a lock");
        desk.clean(&["pack", "s", "--update-lock"]);
        let said = desk.refused(&["pack", "s", "--target", case.target, "--targets-dir", "targets", "-o", "dist"]);
        if !said.contains(case.said) {
            wrong.push(format!("expected: {}\n{said}", case.said));
        }
        assert!(!desk.0.join("dist").exists(), "a partial pack for {}", case.said);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
