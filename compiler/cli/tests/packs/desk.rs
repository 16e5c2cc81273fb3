//! A folder with the sources of a small pack, and the program run in it.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

pub const HEAD: &str =
    "name: test_pack\ntitle: Test pack\ndescription: Rules of a test.\nauthor: Testers\nlicense: Apache-2.0\n";

/// A strategy of two rules.
pub const STRATEGY: &str = r#"/// Loads of a library
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
pub const TARGETS: &str = "sigma,elastic,defender";

/// A folder of the test's own.
pub struct Desk(pub PathBuf);

impl Desk {
    /// A folder with a pack's sources in `s`, and their lock.
    pub fn new(test: &str) -> Self {
        let desk = Self(std::env::temp_dir().join(format!("detc-packs-{}-{test}", std::process::id())));
        let _ = fs::remove_dir_all(&desk.0);
        fs::create_dir_all(desk.0.join("s")).expect("a scratch folder");
        desk.write("s/pack.yaml", HEAD);
        desk.write("s/strategy.det", STRATEGY);
        desk.clean(&["pack", "s", "--update-lock"]);
        desk
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        fs::write(self.0.join(path), text).expect("a file");
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.join(path)).expect("a file")
    }

    /// Replaces a part of the strategy.
    pub fn edit(&self, before: &str, after: &str) {
        let text = self.read("s/strategy.det");
        assert!(text.contains(before), "the strategy has no {before}");
        self.write("s/strategy.det", text.replace(before, after));
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_detc"));
        command.args(arguments).current_dir(&self.0).env_remove("SOURCE_DATE_EPOCH").env_remove("DETC_KEY_PASSWORD");
        command
    }

    /// The exit status and standard error.
    pub fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.command(arguments).output().expect("the program runs");
        (output.status.code().expect("a status"), String::from_utf8(output.stderr).expect("UTF-8"))
    }

    /// Standard error of a run that must be clean.
    pub fn clean(&self, arguments: &[&str]) -> String {
        let (status, err) = self.run(arguments);
        assert_eq!(status, 0, "detc {arguments:?}\n{err}");
        err
    }

    /// The findings of a run that must have some.
    pub fn refused(&self, arguments: &[&str]) -> String {
        let (status, err) = self.run(arguments);
        assert_eq!(status, 1, "detc {arguments:?}\n{err}");
        err
    }

    pub fn pack(&self) -> String {
        self.clean(&["pack", "s", "--target", TARGETS, "-o", "dist"])
    }

    /// What is said of a pack that must not come about.
    pub fn unpacked(&self) -> String {
        let said = self.refused(&["pack", "s", "--target", TARGETS, "-o", "dist"]);
        assert!(!self.0.join("dist").exists(), "a pack was written in spite of\n{said}");
        said
    }

    pub fn json(&self, path: &str) -> Value {
        serde_json::from_str(&self.read(path)).expect("JSON")
    }

    pub fn lines(&self, path: &str) -> Vec<Value> {
        self.read(path).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
    }

    /// Every file below a folder.
    pub fn files(&self, folder: &str) -> BTreeMap<PathBuf, Vec<u8>> {
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
