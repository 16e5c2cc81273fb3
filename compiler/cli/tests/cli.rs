//! The command line as a user meets it: the program is run, and what it writes and how it ends is looked at.
#![expect(clippy::expect_used, reason = "a test that cannot go on fails with what it needed")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// A strategy with one detection.
const STRATEGY: &str = r#"/// Loads of one library
strategy DET9001 {
    technique T1573.002
    tactic command-and-control

    /// Which library.
    tunable Library: string = "rsaenh.dll"

    /// Loads on Windows
    analytic AN9001 on windows {
        sources { DC0016 "WinEventLog:Sysmon" "EventCode=7" -> library_load }

        event load = library_load where dll.name == Library

        /// A library is loaded
        detect loaded {
            severity low
            pattern load
            entity host.name
        }
    }
}
"#;

/// An event that raises the detection of [`STRATEGY`].
const EVENT: &str =
    r#"{"class":"library_load","@timestamp":"2026-01-01T10:00:00Z","host":{"name":"ws1"},"dll":{"name":"RSAENH.DLL"}}"#;

/// A folder of the test's own in which the program runs.
struct Desk(PathBuf);

impl Desk {
    /// An empty folder.
    fn new(test: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("detc-cli-{}-{test}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a scratch folder");
        Self(folder)
    }

    /// A folder with the sample strategy in `s.det`.
    fn with_strategy(test: &str) -> Self {
        Self::new(test).file("s.det", STRATEGY)
    }

    /// Adds a file.
    fn file(self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
        self
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("a file")
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_detc"));
        command.args(arguments).current_dir(&self.0).env_remove("NO_COLOR").env_remove("COLUMNS");
        command
    }

    /// Runs the program without input.
    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::from(self.command(arguments).stdin(Stdio::null()).output().expect("the program runs"))
    }

    /// Runs the program with text on standard input.
    fn pipe(&self, arguments: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        let mut stdin = child.stdin.take().expect("a pipe");
        let input = input.to_vec();
        // A program that does not read all of it is no failure of the test.
        let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
        let output = child.wait_with_output().expect("the program runs");
        writer.join().expect("the input is written");
        Ran::from(output)
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What came of a run.
struct Ran {
    status: i32,
    out: String,
    err: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().expect("an exit status"),
            out: String::from_utf8(output.stdout).expect("UTF-8"),
            err: String::from_utf8(output.stderr).expect("UTF-8"),
        }
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "status {}\n---- standard output\n{}---- standard error\n{}", self.status, self.out, self.err)
    }
}

/// Compares with `tests/snapshots/cli/<name>.snap`.
macro_rules! check {
    ($name:expr, $shown:expr) => {
        insta::with_settings!({
            snapshot_path => "../../../tests/snapshots/cli",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!($name, $shown);
        })
    };
}

#[test]
fn every_command_explains_itself() {
    let desk = Desk::new("help");
    check!("help", desk.run(&["--help"]).out);
    let commands = [
        "check",
        "fmt",
        "compile",
        "pack",
        "verify",
        "eval",
        "test",
        "explain",
        "targets",
        "schema",
        "completions",
        "man",
    ];
    for command in commands {
        let ran = desk.run(&[command, "--help"]);
        assert_eq!((ran.status, &*ran.err), (0, ""), "`detc {command} --help` fails");
        check!(format!("help-{command}"), ran.out);
    }
}

#[test]
fn a_command_line_that_makes_no_sense_is_status_2() {
    let desk = Desk::with_strategy("usage");
    let wrong: &[&[&str]] = &[
        &[],
        &["chek"],
        &["check"],
        &["check", "s.det", "--format", "xml"],
        &["compile", "s.det"],
        &["eval", "s.det"],
        &["eval", "s.det", "--events", "-", "--slack", "soon"],
        &["eval", "s.det", "--events", "gone.jsonl"],
        &["eval", "s.det", "--events", "."],
        &["fmt", "-", "s.det"],
        &["schema", "tuning"],
        &["schema", "tests", "--target", "splunk"],
        &["check", "s.det", "--today", "tomorrow"],
        &["explain", "E9999"],
        &["targets", "nowhere"],
        &["compile", "s.det", "--target", "nowhere", "-o", "out"],
    ];
    for arguments in wrong {
        let ran = desk.run(arguments);
        assert_eq!(ran.status, 2, "`detc {}`: {}", arguments.join(" "), ran.err);
        assert_eq!(ran.out, "", "`detc {}` has results", arguments.join(" "));
        assert!(!ran.err.is_empty(), "`detc {}` says nothing", arguments.join(" "));
    }
    assert!(!desk.path("out").exists());
}

#[test]
fn files_that_cannot_be_read_are_named_and_the_rest_is_checked() {
    let desk = Desk::with_strategy("unreadable").file("utf16.det", b"\xff\xfes\0").file("latin.det", b"// caf\xe9\n");
    fs::create_dir(desk.path("empty")).expect("a folder");
    check!("unreadable", desk.run(&["check", "s.det", "gone.det", "empty", "utf16.det", "latin.det"]));
    assert_eq!(desk.run(&["check", "latin.det"]).status, 1, "a file that is not UTF-8 is a finding");
}

#[test]
fn a_folder_is_searched_and_a_file_named_twice_is_read_once() {
    let desk = Desk::new("folder")
        .file("a/one.det", STRATEGY)
        .file("a/b/two.det", STRATEGY.replace("9001", "9002"))
        .file("a/.hidden/three.det", "nonsense")
        .file("a/notes.txt", "nonsense");
    let ran = desk.run(&["check", "a", "a/one.det", "a/b/../one.det"]);
    assert!(ran.status == 0 && ran.err.starts_with("2 files checked: no findings\n"), "{ran}");
}

#[test]
fn strategies_are_held_against_the_bundle_that_is_given() {
    let bundle = r#"{ "objects": [
        { "type": "x-mitre-collection", "id": "c", "x_mitre_version": "19.0" },
        { "type": "x-mitre-detection-strategy", "id": "s", "x_mitre_analytic_refs": ["a"],
          "external_references": [{ "source_name": "mitre-attack", "external_id": "DET9001" }] },
        { "type": "x-mitre-analytic", "id": "a", "x_mitre_platforms": ["Linux"],
          "external_references": [{ "source_name": "mitre-attack", "external_id": "AN9002" }] }
    ] }"#;
    let desk = Desk::new("attack").file("s.det", STRATEGY).file("bundle.json", bundle).file("none.json", "[]");
    check!("attack", desk.run(&["check", "s.det", "--attack", "bundle.json"]));
    check!("attack-none", desk.run(&["check", "s.det", "--attack", "none.json"]));
}

#[test]
fn errors_are_reported_in_every_form() {
    let desk = Desk::new("forms").file("s.det", STRATEGY.replace("dll.name", "dll.nmae"));
    for format in ["human", "json", "junit"] {
        check!(format!("check-{format}"), desk.run(&["check", "s.det", "--format", format]));
    }
    let ran = desk.run(&["check", "s.det", "--format", "sarif"]);
    assert_eq!((ran.status, &*ran.err), (1, ""));
    assert!(ran.out.contains(r#""ruleId": "E0101""#), "{}", ran.out);
}

#[test]
fn colours_are_for_terminals_and_for_those_who_ask() {
    let desk = Desk::new("colour").file("s.det", "nonsense");
    assert!(!desk.run(&["check", "s.det"]).out.contains('\u{1b}'));
    assert!(desk.run(&["check", "s.det", "--color", "always"]).out.contains('\u{1b}'));
    assert!(!desk.run(&["check", "s.det", "--color", "never"]).out.contains('\u{1b}'));
}

#[test]
fn a_closed_pipe_is_no_error() {
    let desk = Desk::with_strategy("closed-pipe");
    for arguments in [&["completions", "bash"][..], &["explain", "s.det"], &["eval", "s.det", "--events", "-"]] {
        let mut command = desk.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the program starts");
        drop(child.stdout.take());
        let mut stdin = child.stdin.take().expect("a pipe");
        let _ = writeln!(stdin, "{EVENT}");
        drop(stdin);
        let ran = Ran::from(child.wait_with_output().expect("the program runs"));
        assert_eq!((ran.status, &*ran.err), (0, ""), "`detc {}`", arguments.join(" "));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let desk = Desk::new("full");
    let full = fs::OpenOptions::new().write(true).open("/dev/full").expect("a full device");
    let output = desk.command(&["completions", "bash"]).stdout(full).output().expect("the program runs");
    let ran = Ran::from(output);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("cannot write to standard output"), "{}", ran.err);
}

#[test]
fn fmt_rewrites_what_is_not_in_the_standard_form_and_nothing_else() {
    let loose = STRATEGY.replace("    ", " ");
    let desk = Desk::with_strategy("fmt").file("bad.det", "strategy {");
    desk.run(&["fmt", "s.det"]);
    let standard = desk.read("s.det");
    let desk = desk.file("loose.det", loose.as_bytes());

    let listed = desk.run(&["fmt", "--check", "s.det", "loose.det"]);
    assert_eq!((listed.status, &*listed.out), (1, "loose.det\n"));
    assert_eq!(desk.read("loose.det"), loose, "--check writes");

    let piped = desk.pipe(&["fmt", "-"], loose.as_bytes());
    assert_eq!((piped.status, &*piped.out), (0, &*standard));

    let written = desk.run(&["fmt", "s.det", "loose.det", "--format", "json"]);
    assert_eq!((written.status, &*written.out), (0, "{\"file\":\"loose.det\",\"changed\":true}\n"));
    assert_eq!(desk.read("loose.det"), standard);

    let bad = desk.run(&["fmt", "bad.det"]);
    assert_eq!((bad.status, &*desk.read("bad.det")), (1, "strategy {"), "a file with an error is changed");
    assert_eq!(desk.pipe(&["fmt", "-"], b"strategy {").out, "");
}

#[test]
fn alerts_are_results_and_bad_lines_are_not() {
    let desk = Desk::with_strategy("eval");
    let events = format!("{EVENT}\nnot json\n\n[]\n{{\"class\":\"x\"}}\n");
    check!("eval", desk.pipe(&["eval", "s.det", "--events", "-"], events.as_bytes()));
    check!("eval-json", desk.pipe(&["eval", "s.det", "--events", "-", "--format", "json"], events.as_bytes()));
    let clean = desk.pipe(&["eval", "s.det", "--events", "-"], EVENT.as_bytes());
    assert_eq!((clean.status, clean.out.lines().count(), &*clean.err), (0, 1, ""));
}

#[test]
fn a_line_too_long_to_hold_is_one_bad_line() {
    let desk = Desk::with_strategy("long-line");
    let events = format!("{}\n{EVENT}\n", "x".repeat((16 << 20) + 1));
    let ran = desk.pipe(&["eval", "s.det", "--events", "-"], events.as_bytes());
    assert_eq!((ran.status, ran.out.lines().count()), (1, 1));
    assert_eq!(ran.err, "error[E0601]: <stdin>:1: longer than 16 MiB\n");
}

#[test]
fn an_alert_is_written_before_the_stream_ends() {
    use std::io::{BufRead, BufReader};
    let desk = Desk::with_strategy("stream");
    let mut command = desk.command(&["eval", "s.det", "--events", "-", "--slack", "1s"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    writeln!(stdin, "{EVENT}\n{}", EVENT.replace("10:00:00", "11:00:00").replace("ws1", "ws2")).expect("written");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    assert!(line.contains(r#""host.name":"ws1""#), "{line}");
    drop(stdin);
    assert!(child.wait().expect("the program ends").success());
}

#[test]
fn a_name_that_nothing_bears_is_no_silence() {
    let desk = Desk::with_strategy("only");
    let run = |only| desk.pipe(&["eval", "s.det", "--events", "-", "--only", only], EVENT.as_bytes());
    assert_eq!(run("AN9001/loaded").out.lines().count(), 1);
    assert_eq!(run("an9001").out.lines().count(), 1);
    let slip = run("AN9001/loadde");
    assert_eq!((slip.status, &*slip.out), (2, ""));
    assert!(slip.err.contains("did you mean `AN9001/loaded`?"), "{}", slip.err);
}

#[test]
fn tuning_changes_what_is_found_and_expires() {
    let tuning =
        "owner: soc\nreason: test\nparameters:\n  - parameter: Library\n    set: other.dll\n    expires: 2026-06-30\n";
    let desk = Desk::with_strategy("tuning").file("t.yaml", tuning);
    let run = |day| {
        let arguments = ["eval", "s.det", "--events", "-", "--tuning", "t.yaml", "--today", day];
        desk.pipe(&arguments, EVENT.as_bytes())
    };
    assert_eq!(run("2026-06-30").out, "");
    let after = run("2026-07-01");
    assert_eq!((after.status, after.out.lines().count()), (0, 1));
    assert!(after.err.contains("W0903"), "{}", after.err);
}

#[test]
fn a_parameter_that_no_strategy_has_is_an_error_of_every_command_that_tunes() {
    let tuning = "owner: soc\nreason: test\nparameters:\n  - parameter: Libary\n    set: other.dll\n";
    let desk = Desk::with_strategy("mistuned").file("t.yaml", tuning);
    for arguments in [
        &["check", "s.det"][..],
        &["compile", "s.det", "--target", "sigma", "-o", "out"],
        &["eval", "s.det", "--events", "-"],
        &["explain", "s.det"],
    ] {
        let slip = desk.pipe(&[arguments, &["--tuning", "t.yaml"]].concat(), b"");
        let text = slip.out + &slip.err;
        assert_eq!(slip.status, 1, "{arguments:?}\n{text}");
        let said = ["error[E0402]: no strategy has a parameter `Libary`", "t.yaml:4:16", "did you mean `Library`?"];
        assert!(said.iter().all(|part| text.contains(part)), "{arguments:?}\n{text}");
    }
    assert!(!desk.path("out").exists());
}

#[test]
fn tests_beside_a_strategy_pass_and_fail() {
    let cases = "\
strategy: DET9001
cases:
  - name: a load is found
    detection: AN9001/loaded
    events: [{ class: library_load, at: 0s, host.name: ws1, dll.name: rsaenh.dll }]
    expect: [{ host.name: ws1 }]
  - name: another library is found
    detection: AN9001/loaded
    events: [{ class: library_load, at: 0s, host.name: ws1, dll.name: other.dll }]
    expect: [{ host.name: ws1 }]
";
    let desk = Desk::new("test").file("a/s.det", STRATEGY).file("a/tests/cases.yaml", cases);
    for format in ["human", "json", "junit"] {
        check!(format!("test-{format}"), desk.run(&["test", "a", "--format", format]));
    }
    assert_eq!(desk.run(&["test", "a/tests/cases.yaml"]).out, desk.run(&["test", "a"]).out);
    fs::remove_file(desk.path("a/tests/cases.yaml")).expect("removed");
    let none = desk.run(&["test", "a"]);
    assert_eq!((none.status, &*none.out), (2, ""), "no tests are no success");
}

#[test]
fn explanations_are_of_codes_paths_and_names() {
    let desk = Desk::with_strategy("explain").file(
        "t.yaml",
        "layer: site\nparameters:\n  - parameter: Library\n    set: other.dll\n    owner: soc\n    reason: because\n",
    );
    let page = desk.run(&["explain", "e0301"]);
    assert!(page.out.starts_with("# E0301"), "{}", page.out);
    check!("explain", desk.run(&["explain", "s.det", "--tuning", "t.yaml"]));
    assert_eq!(desk.run(&["explain", "AN9001"]).out, desk.run(&["explain", "s.det"]).out);
    let slip = desk.run(&["explain", "AN9002"]);
    assert_eq!(slip.status, 2);
    assert!(slip.err.contains("did you mean `AN9001`?"), "{}", slip.err);
}

/// [`STRATEGY`] with a detection above that needs what Microsoft Defender XDR does not show.
fn with_tls() -> String {
    let tls = "event bad = tls_session where tls.resumed == true\n\n        /// Resumed\n        detect resumed {\n            \
               severity low\n            pattern bad\n            entity source.ip\n        }\n\n        /// A library";
    STRATEGY.replacen("/// A library", tls, 1)
}

#[test]
fn one_rule_goes_to_standard_output_and_several_need_a_folder() {
    let desk = Desk::with_strategy("compile-one").file("two.det", with_tls());
    let one = desk.run(&["compile", "s.det", "--target", "defender"]);
    assert_eq!((one.status, &*one.err), (0, "AN9001/loaded on defender/default: exact\n"));
    assert!(one.out.contains("rsaenh.dll") && !one.out.contains("exact"), "{}", one.out);
    let several = desk.run(&["compile", "two.det", "--target", "defender"]);
    assert_eq!((several.status, &*several.out), (2, ""), "{several}");
    let chosen = desk.run(&["compile", "two.det", "--target", "defender", "--only", "AN9001/loaded"]);
    assert_eq!(chosen.out, one.out);
}

#[test]
fn what_a_target_cannot_say_is_an_error_and_the_rest_is_written() {
    let desk = Desk::with_strategy("compile-two").file("two.det", with_tls());
    let arguments = |file| ["compile", file, "--target", "defender", "-o", "out"];
    let rule = "out/defender/default/DET9001/AN9001.loaded.kql";
    let some = desk.run(&arguments("two.det"));
    assert_eq!(some.status, 1, "{some}");
    assert!(some.err.contains("E0504"), "{some}");
    assert!(some.out.contains("AN9001/resumed on defender/default: unsupported, no rule\n"), "{some}");
    assert!(some.out.contains("AN9001/loaded on defender/default: exact\n"), "{some}");
    let written = desk.read(rule);
    let report = desk.read("out/fidelity.json");
    assert!(report.contains("\"unsupported\""));

    let desk = desk.file("out/notes.txt", "mine").file("broken.det", "strategy DET9001 {");
    assert_eq!(desk.run(&arguments("broken.det")).status, 1);
    assert_eq!(desk.read(rule), written, "a syntax error loses the rules of an earlier run");
    assert_eq!(desk.read("out/fidelity.json"), report, "a syntax error loses the report of an earlier run");
    let other = desk.run(&["compile", "s.det", "--target", "sentinel", "-o", "out"]);
    assert_eq!(other.status, 0, "{other}");
    assert!(!desk.path(rule).exists(), "a rule that is no longer made stays");
    assert_eq!(desk.read("out/notes.txt"), "mine");
}

#[test]
fn a_folder_that_cannot_be_written_is_left_as_it_is() {
    let desk = Desk::with_strategy("compile-nowhere").file("file", "mine");
    for folder in ["file", "file/below"] {
        let ran = desk.run(&["compile", "s.det", "--target", "defender", "-o", folder]);
        assert_eq!((ran.status, &*ran.out), (2, ""), "{ran}");
        assert!(ran.err.contains("cannot write"), "{ran}");
    }
    assert_eq!(desk.read("file"), "mine");
    let mut left: Vec<_> = fs::read_dir(&desk.0).expect("a folder").map(|e| e.expect("an entry").file_name()).collect();
    left.sort();
    assert_eq!(left, ["file", "s.det"]);
}

#[test]
fn a_profile_of_ones_own_is_checked_and_used() {
    let profile = include_str!("../../../targets/defender/profiles/default.yaml");
    let desk = Desk::with_strategy("profile")
        .file("mine.yaml", profile)
        .file("slip.yaml", profile.replacen("endpoint", "endpiont", 1));
    let run =
        |profile: &str| desk.run(&["compile", "s.det", "--target", "defender", "--profile", profile, "-o", "out"]);
    assert_eq!(run("mine.yaml").status, 0);
    assert!(desk.path("out/defender/mine/DET9001/AN9001.loaded.kql").exists());
    let slip = run("slip.yaml");
    assert_eq!((slip.status, &*slip.out), (1, ""), "{slip}");
    assert!(slip.err.contains("E0503") && slip.err.contains("did you mean `endpoint`?"), "{slip}");
    assert_eq!(run("defualt").status, 2);
    assert_eq!(run("sentinel/default").status, 2);
    assert_eq!(run("sentinel=mine.yaml").status, 2, "that target was not asked for");
}

#[test]
fn a_profile_of_ones_own_goes_to_one_of_several_targets() {
    let profile = include_str!("../../../targets/defender/profiles/default.yaml");
    let desk = Desk::with_strategy("own_profiles").file("mine.yaml", profile);
    let run = |profile: &str| {
        desk.run(&["compile", "s.det", "--target", "defender,sentinel", "--profile", profile, "-o", "out"])
    };
    let ambiguous = run("mine.yaml");
    assert_eq!(ambiguous.status, 2, "{ambiguous}");
    assert!(ambiguous.err.contains("--profile TARGET=mine.yaml"), "{ambiguous}");
    let told = run("defender=mine.yaml");
    assert_eq!(told.status, 0, "{told}");
    for folder in ["defender/mine", "sentinel/sysmon-corelight"] {
        assert!(desk.path(&format!("out/{folder}/DET9001/AN9001.loaded.kql")).exists(), "{folder}");
    }
}

#[test]
fn targets_of_ones_own_are_laid_over_those_that_are_there() {
    let target = include_str!("../../../targets/defender/target.yaml");
    let profile = include_str!("../../../targets/defender/profiles/default.yaml");
    let desk = Desk::with_strategy("targets-dir")
        .file("own/lab/target.yaml", target.replace("Microsoft Defender XDR", "The lab"))
        .file("own/lab/sources/endpoint.yaml", include_str!("../../../targets/defender/sources/endpoint.yaml"))
        .file("own/lab/profiles/default.yaml", profile)
        .file("own/defender/profiles/other.yaml", profile)
        .file("slip/lab/target.yaml", target.replacen("dialects", "dialcets", 1))
        .file("stray/defender/profile.yaml", profile)
        .file("empty/.hidden", "");
    let compile = |folder: &str, target: &str, profile: &str| {
        let chosen = ["--target", target, "--profile", profile, "-o", "out"];
        desk.run(&[&["compile", "s.det", "--targets-dir", folder][..], &chosen].concat())
    };
    for (target, profile) in [("lab", "default"), ("defender", "other"), ("defender", "default")] {
        let ran = compile("own", target, profile);
        assert_eq!(ran.status, 0, "{ran}");
        assert!(desk.path(&format!("out/{target}/{profile}/DET9001/AN9001.loaded.kql")).exists(), "{ran}");
    }
    let shown = desk.run(&["targets", "lab", "--targets-dir", "own"]);
    assert!(shown.status == 0 && shown.out.starts_with("The lab, kql"), "{shown}");
    for (folder, status, message) in [
        ("slip", 1, "did you mean `dialects`?"),
        ("stray", 1, "`defender/profile.yaml` is no part of a target"),
        ("empty", 2, "there is no file in this folder"),
        ("nowhere", 2, "no such file or folder"),
        ("s.det", 2, "cannot read `s.det`"),
    ] {
        let ran = compile(folder, "defender", "default");
        assert_eq!((ran.status, &*ran.out), (status, ""), "{ran}");
        assert!(ran.err.contains(message), "{folder}: {ran}");
        assert_eq!(desk.run(&["targets", "--targets-dir", folder]).status, status, "{folder}");
    }
}

#[test]
fn what_could_not_be_read_is_missed_by_nobody() {
    let desk = Desk::new("unread")
        .file("event.det", STRATEGY.replace("== Library", "== Library and dll.path == \"x"))
        .file("parameter.det", STRATEGY.replace("string = \"rsaenh.dll\"", "string = \"rsaenh.dll"));
    for file in ["event.det", "parameter.det"] {
        let ran = desk.run(&["check", file]);
        assert_eq!(ran.status, 1, "{ran}");
        assert!(ran.out.contains("a string without its closing quote"), "{ran}");
        assert_eq!(ran.err, "1 file checked: 1 error\n", "one mistake is one finding\n{ran}");
    }
}

#[test]
fn an_analytic_is_compiled_for_the_profiles_of_its_platform() {
    let routers = STRATEGY.replace("9001", "9002").replace("on windows", "on network_devices");
    let desk = Desk::with_strategy("platforms").file("routers.det", routers);
    let run = |more: &[&str]| {
        let ran = desk.run(&[&["compile", ".", "--target", "defender", "-o", "out"], more].concat());
        (ran.status, ran.out + ran.err.lines().next().unwrap_or_default())
    };
    let (status, out) = run(&[]);
    assert_eq!(status, 0, "{out}");
    let uncovered = "AN9002 on defender: not compiled: no profile of `defender` serves `network_devices`\n";
    assert!(out.starts_with(&format!("AN9001/loaded on defender/default: exact\n{uncovered}")), "{out}");
    let report: serde_json::Value = serde_json::from_str(&desk.read("out/fidelity.json")).expect("JSON");
    assert_eq!(report["uncovered"][0]["analytic"], "AN9002");
    assert_eq!(report["detections"].as_array().map(Vec::len), Some(1));
    let (status, out) = run(&["--only", "AN9002"]);
    assert_eq!(status, 2, "{out}");
    assert!(out.contains("there is nothing to compile"), "{out}");
}

#[test]
fn a_strategy_becomes_one_page_that_loads_nothing() {
    let tests = "strategy: DET9001\ncases:\n  - name: <b>a load</b>\n    detection: AN9001/loaded\n    events: []\n    expect: []\n";
    let tuning =
        "layer: site\nowner: soc\nreason: we <use> it\nparameters:\n  - parameter: Library\n    set: a&b.dll\n";
    let desk = Desk::new("page")
        .file("s.det", STRATEGY.replace("/// Which library.", "/// Which <script>alert(1)</script> library."))
        .file("tests/t.yaml", tests)
        .file("site.yaml", tuning);
    let ran =
        desk.run(&["explain", "s.det", "--target", "sentinel,elastic", "--tuning", "site.yaml", "-o", "page.html"]);
    assert_eq!((ran.status, &*ran.out), (0, ""), "{ran}");
    let page = desk.read("page.html");
    for outside in ["<script>alert", "<b>a load", "<use>", " src=", "<link", "@import", "url("] {
        assert!(!page.contains(outside), "the page has `{outside}`");
    }
    for there in [
        "&lt;script&gt;alert(1)",
        "a&amp;b.dll",
        "we &lt;use&gt; it",
        "WindowsEvent",
        "FROM logs-endpoint",
        "&lt;b&gt;a load",
    ] {
        assert!(page.contains(there), "the page has no `{there}`");
    }
}

#[test]
fn schemas_are_json() {
    let desk = Desk::with_strategy("schema");
    for arguments in [&["schema", "tuning", "s.det"][..], &["schema", "tests"], &["schema", "profile"]] {
        let ran = desk.run(arguments);
        assert_eq!((ran.status, &*ran.err), (0, ""));
        assert!(ran.out.starts_with("{\n") && ran.out.ends_with("}\n"), "{}", ran.out);
    }
    assert!(
        desk.run(&["schema", "tuning", "s.det"]).out.contains("Library"),
        "the schema does not know the parameters"
    );
}

#[test]
fn there_is_a_manual_page_for_every_command() {
    let desk = Desk::new("man");
    assert_eq!(desk.run(&["man", "-o", "man1"]).status, 0);
    let pages =
        fs::read_dir(desk.path("man1")).expect("a folder").filter(|e| is_page(&e.as_ref().expect("an entry").path()));
    assert_eq!(pages.count(), 13);
    assert!(desk.read("man1/detc-check.1").contains(".TH detc-check 1"));
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "1")
}
