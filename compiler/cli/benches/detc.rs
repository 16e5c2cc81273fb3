//! The figures of BENCHMARKS.md: whole processes of the release build, on files made here.
//!
//! `cargo bench -p detc` prints them; `cargo bench -p detc -- 10000000` makes the long evaluation that long.
#![expect(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark prints figures, and fails where it cannot measure"
)]

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The binary under measurement.
const DETC: &str = env!("CARGO_BIN_EXE_detc");

fn main() {
    let events: u64 = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(2_000_000);
    let folder = std::env::temp_dir().join(format!("detc-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    cold_start(&folder);
    corpus(&folder);
    evaluation(&folder, events);
    std::fs::remove_dir_all(&folder).expect("the temporary folder can be removed");
}

fn strategy() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../strategies/DET0543/strategy.det")
}

/// Starts the binary.
fn start(arguments: &[&str]) -> Child {
    let child = Command::new(DETC).args(arguments).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    child.expect("the binary starts")
}

/// What a run takes that nothing watches.
fn wall(arguments: &[&str]) -> Duration {
    let begin = Instant::now();
    start(arguments).wait().expect("the process can be waited for");
    begin.elapsed()
}

/// The greatest resident memory of a run in MiB, as the kernel counts it.
fn peak(arguments: &[&str]) -> f64 {
    watch(start(arguments))
}

/// Waits for a process, reading its high-water mark until it ends, which slows it down.
fn watch(mut child: Child) -> f64 {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0_f64;
    loop {
        if let Some(kib) = std::fs::read_to_string(&status).ok().as_deref().and_then(high_water) {
            peak = peak.max(kib / 1024.0);
        }
        if child.try_wait().expect("the process can be waited for").is_some() {
            return peak;
        }
        std::thread::sleep(Duration::from_micros(300));
    }
}

fn high_water(status: &str) -> Option<f64> {
    status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?.trim().trim_end_matches("kB").trim().parse().ok()
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    let middle = times.len() / 2;
    times.swap_remove(middle)
}

/// One strategy to all targets, from nothing; then one of its analytics.
fn cold_start(folder: &Path) {
    let (source, again) = (text(&strategy()), text(&folder.join("cold")));
    for (i, only) in ["DET0543", "AN1496"].into_iter().enumerate() {
        let new: Vec<String> = (0..31).map(|n| text(&folder.join(format!("cold-{i}-{n}")))).collect();
        let compile = |into| ["compile", &source, "--target", "all", "--only", only, "-o", into];
        let first = median(new.iter().map(|into| wall(&compile(into))).collect());
        let rewritten = median((0..31).map(|_| wall(&compile(&again))).collect());
        let (first, rewritten, peak) = (millis(first), millis(rewritten), peak(&compile(&again)));
        println!(
            "cold start, {only} to all targets: {first:.1} ms, the same rules again {rewritten:.1} ms, {peak:.1} MiB"
        );
    }
}

/// Many analytics to one target: the time must grow as their number does.
fn corpus(folder: &Path) {
    for analytics in [750, 1500, 3000] {
        let sources = folder.join(format!("corpus-{analytics}"));
        std::fs::create_dir_all(&sources).expect("a temporary folder");
        // Numbers that no strategy of ATT&CK has.
        for strategy in 5000..5000 + analytics / 5 {
            std::fs::write(sources.join(format!("DET{strategy:04}.det")), corpus_strategy(strategy)).expect("writable");
        }
        for target in ["splunk", "sentinel", "elastic", "sigma"] {
            let out = folder.join(format!("rules-{analytics}-{target}"));
            let arguments = ["compile", &text(&sources), "--target", target, "-o", &text(&out)];
            let new = wall(&arguments).as_secs_f64();
            let again = median((0..5).map(|_| wall(&arguments)).collect()).as_secs_f64();
            let peak = peak(&arguments);
            println!(
                "{analytics} analytics to {target}: {new:.3} s into a new folder, {again:.3} s again, {peak:.1} MiB"
            );
        }
    }
}

/// A strategy of five analytics: four of one event and one of two in order.
fn corpus_strategy(number: u32) -> String {
    let mut all =
        format!("/// Strategy {number}\nstrategy DET{number:04} {{\n    technique T1059.001\n    tactic execution\n");
    for i in 0..5 {
        let id = number * 5 + i;
        let list = (0..8).map(|n| format!("r\"*\\tool{id}-{n}.exe\"")).collect::<Vec<_>>().join(", ");
        let (egress, pattern) = if i == 4 {
            let event =
                format!("event egress = network_connection where destination.port in [443, 8443, {}]", 1000 + id);
            (event, "start then egress within 5m by host.name, process.entity_id")
        } else {
            (String::new(), "start")
        };
        let _ = write!(
            all,
            r#"
    /// Analytic {id}
    analytic AN{id:05} on windows {{
        mutable Tools{id}: list<glob> = [{list}]
        event start = process_start where
            process.executable like Tools{id} and process.command_line contains ["-enc{id}", "/c {id}"]
            and not process.parent.name in ["explorer.exe", "services{id}.exe"]
        {egress}
        /// Detection {id}
        detect d {{
            severity medium
            pattern {pattern}
            entity host.name, process.entity_id
            suppress 1h
        }}
    }}
"#
        );
    }
    all.push_str("}\n");
    all
}

/// AN1496 over a stream from a pipe.
fn evaluation(folder: &Path, events: u64) {
    let tuning = folder.join("tuning.yaml");
    std::fs::write(&tuning, TUNING).expect("writable");
    let source = strategy();
    for (only, events) in [("AN1496/abnormal_session", events), ("AN1496", events / 2)] {
        let begin = Instant::now();
        let mut child = Command::new(DETC)
            .args([
                "eval",
                &text(&source),
                "--events",
                "-",
                "--only",
                only,
                "--slack",
                "10s",
                "--tuning",
                &text(&tuning),
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary starts");
        let mut pipe = child.stdin.take().expect("a pipe");
        let writer = std::thread::spawn(move || {
            let block = (0..10_000).collect::<Vec<u64>>();
            let mut text = String::new();
            for start in (0..events).step_by(block.len()) {
                text.clear();
                block.iter().take_while(|i| start + **i < events).for_each(|i| event(&mut text, start + i));
                if pipe.write_all(text.as_bytes()).is_err() {
                    return;
                }
            }
        });
        let peak = watch(child);
        let wall = begin.elapsed();
        writer.join().expect("the writer ends");
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = events as f64 / wall.as_secs_f64();
        println!("eval of {only}, {events} events: {rate:.0} events/s, {peak:.1} MiB");
    }
}

const TUNING: &str = "
owner: bench
reason: bench
parameters:
  - parameter: LoadToConnect
    set: 1m
";

/// The `n`-th event: a hundred a second, of 200 hosts with 20 processes each, in the proportions of a busy Windows site.
fn event(out: &mut String, n: u64) {
    let time = 1_767_225_600_000 + n * 10;
    let (host, process) = (n % 200, n * 7 % 20);
    let (seconds, rest) = (time / 1000, time % 1000);
    let (day, clock) = (seconds / 86_400 - 20_454, seconds % 86_400);
    let stamp =
        format!("2026-01-{:02}T{:02}:{:02}:{:02}.{rest:03}Z", 1 + day % 28, clock / 3600, clock / 60 % 60, clock % 60);
    let who = format!(
        r#""host":{{"name":"WS{host:04}.corp.example.com"}},"process":{{"entity_id":"{{8105-{host}-{process}}}","pid":{},"executable":"C:\\Program Files\\Vendor{process}\\agent{process}.exe","name":"agent{process}.exe"}},"user":{{"name":"CORP\\user{host}"}}"#,
        1000 + process
    );
    let _ = match n % 10 {
        0..=3 => writeln!(
            out,
            r#"{{"class":"library_load","@timestamp":"{stamp}",{who},"dll":{{"path":"C:\\Windows\\System32\\lib{0}.dll","name":"{1}","code_signature":{{"exists":true,"subject_name":"Microsoft Windows","status":"Valid"}}}}}}"#,
            n % 37,
            if n.is_multiple_of(40) { "crypt32.dll" } else { "kernelbase.dll" }
        ),
        4..=7 => writeln!(
            out,
            r#"{{"class":"network_connection","@timestamp":"{stamp}",{who},"source":{{"ip":"10.1.{0}.{1}","port":{2}}},"destination":{{"ip":"{3}.16.{0}.{1}","port":443}},"network":{{"transport":"tcp","direction":"egress"}}}}"#,
            host % 250,
            process,
            50_000 + n % 10_000,
            if n % 20 == 4 { "104" } else { "10" }
        ),
        8 => writeln!(
            out,
            r#"{{"class":"tls_session","@timestamp":"{stamp}","observer":{{"name":"zeek"}},"source":{{"ip":"10.1.{0}.{1}","port":{2}}},"destination":{{"ip":"104.16.{0}.{1}","port":443}},"network":{{"transport":"tcp","history":"ShADadFf"}},"tls":{{"version":"1.2","cipher":"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384","established":true,"resumed":false,"handshake":{{"history":"CsxknGIti"}},"server":{{"issuer":"CN=DigiCert TLS RSA SHA256 2020 CA1,O=DigiCert Inc,C=US","subject":"CN=www.example{0}.com","not_before":"2025-06-01T00:00:00.000Z","not_after":"2026-06-01T00:00:00.000Z"}}}}}}"#,
            host % 250,
            process,
            50_000 + n % 10_000
        ),
        _ => writeln!(out, r#"{{"class":"process_start","@timestamp":"{stamp}",{who},"event":{{"action":"start"}}}}"#),
    };
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
