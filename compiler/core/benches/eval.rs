//! Throughput and memory of the evaluator: `cargo bench -p detc-core --bench eval [-- MILLIONS]`.
//!
//! Detections in the shape of AN1496 over a synthetic stream: hosts whose processes load libraries, connect out, and
//! have their TLS sessions recorded by a sensor, in the proportions of a busy network. Most events are of classes that
//! the detections use; few satisfy a predicate.
#![allow(
    missing_docs,
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "a program for whoever measures"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use detc_core::eval::{Evaluator, Options};
use detc_core::plan::*;
use detc_core::source::{SourceId, Span};

fn main() {
    let millions = std::env::args().skip(1).find_map(|arg| arg.parse::<u64>().ok()).unwrap_or(10);
    let strategy = strategy();
    let mut evaluator = Evaluator::new(strategy.units().collect(), Options { slack: Some(5_000) });
    let mut stream = Stream::new();
    let (mut alerts, mut raised, mut bytes, mut spent) = (Vec::new(), 0, 0, Duration::ZERO);
    let mut lines = vec![String::new(); 10_000];
    println!("{:>12} {:>12} {:>10} {:>8} {:>10}", "events", "events/s", "MB/s", "alerts", "peak MB");
    for round in 1..=millions * 100 {
        lines.iter_mut().for_each(|line| stream.write(line));
        let start = Clock::now();
        for (number, line) in ((round - 1) * 10_000 + 1..).zip(&lines) {
            evaluator.push_line(number, line.as_bytes(), &mut alerts).unwrap();
            bytes += line.len();
        }
        spent += start.elapsed();
        raised += alerts.len();
        alerts.clear();
        if round % 100 == 0 {
            let (events, seconds) = ((round * 10_000) as f64, spent.as_secs_f64());
            let rate = bytes as f64 / seconds / 1e6;
            println!("{events:>12} {:>12.0} {rate:>10.0} {raised:>8} {:>10.1}", events / seconds, peak());
        }
    }
    evaluator.finish(&mut alerts);
    println!("{} alerts, {} bytes a line", raised + alerts.len(), bytes as u64 / (millions * 1_000_000));
}

/// Time on the processor where the system tells it, so that other programs do not count; else by the clock.
struct Clock {
    busy: Option<u64>,
    start: Instant,
}

impl Clock {
    fn now() -> Self {
        Self { busy: Self::busy(), start: Instant::now() }
    }

    fn elapsed(&self) -> Duration {
        let busy = self.busy.and_then(|start| Some(Self::busy()? - start));
        busy.map_or_else(|| self.start.elapsed(), Duration::from_nanos)
    }

    /// Nanoseconds on the processor so far.
    fn busy() -> Option<u64> {
        std::fs::read_to_string("/proc/self/schedstat").ok()?.split_whitespace().next()?.parse().ok()
    }
}

/// The most memory the process has held, in megabytes; 0 where the system does not tell.
fn peak() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}

/// A stream of events, two milliseconds apart.
struct Stream {
    time: i64,
    state: u64,
}

impl Stream {
    fn new() -> Self {
        Self { time: 1_767_225_600_000, state: 0x9e37_79b9_7f4a_7c15 }
    }

    /// A pseudo-random number below `n` (xorshift).
    fn below(&mut self, n: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % n
    }

    fn write(&mut self, line: &mut String) {
        self.time += 2;
        let late = self.below(3_000) as i64;
        let time = detc_core::eval::time::format(self.time - late);
        // A few processes load a library, connect out, and have a session without a handshake, over and over.
        let beacon = self.below(200) == 0;
        let process = if beacon { self.below(40) } else { 40 + self.below(200_000) };
        let host = process % 2_000;
        let (peer, port) =
            if beacon { (process, 50_000 + process) } else { (self.below(5_000), 49_152 + self.below(16_384)) };
        let outside = beacon || self.below(50) == 0;
        line.clear();
        let name = ["svchost.exe", "chrome.exe", "teams.exe", "msedge.exe", "updater.exe"][process as usize % 5];
        let actor = format!(
            r#""host":{{"name":"ws{host}.corp.example","os":{{"type":"windows","version":"10.0.19045"}}}},"process":{{"entity_id":"{{81056205-565c-64dc-{process:08x}-000000000800}}","pid":{},"executable":"C:\\Program Files\\Vendor\\Application\\{name}","name":"{name}","command_line":"\"C:\\Program Files\\Vendor\\Application\\{name}\" --type=renderer --field-trial-handle={process}"}},"user":{{"name":"CORP\\user{host}"}}"#,
            process % 30_000,
        );
        let ends = format!(
            r#""source":{{"ip":"10.1.{}.{}","port":{port},"bytes":{}}},"destination":{{"ip":"{}","port":443,"bytes":{}}}"#,
            host / 250,
            host % 250,
            peer * 7,
            if outside {
                format!("203.0.{}.{}", peer / 250, peer % 250)
            } else {
                format!("10.9.{}.{}", peer / 250, peer % 250)
            },
            peer * 31,
        );
        let written = match self.below(100) {
            0..=34 => {
                let dll = if beacon || self.below(100) == 0 { "rsaenh.dll" } else { "kernel32.dll" };
                write!(
                    line,
                    r#"{{"class":"library_load","@timestamp":"{time}",{actor},"dll":{{"path":"C:\\Windows\\System32\\{dll}","name":"{dll}","code_signature":{{"exists":true,"subject_name":"Microsoft Windows","status":"Valid"}}}}}}"#
                )
            }
            35..=64 => write!(
                line,
                r#"{{"class":"network_connection","@timestamp":"{time}",{actor},{ends},"network":{{"transport":"tcp","direction":"egress"}}}}"#
            ),
            65..=84 => {
                let bad = beacon || peer % 100 == 0;
                write!(
                    line,
                    r#"{{"class":"tls_session","@timestamp":"{time}","observer":{{"name":"zeek"}},{ends},"network":{{"transport":"tcp","history":"ShADadFf"}},"tls":{{"version":"1.3","cipher":"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384","established":{},"resumed":false,"server":{{"issuer":"CN=DigiCert TLS RSA SHA256 2020 CA1,O=DigiCert Inc,C=US","subject":"CN=www.site{peer}.example,O=Example Inc,C=US","not_before":"2025-01-15T11:49:30.000Z","not_after":"2026-06-13T11:49:30.000Z","hash":{{"sha256":"b765518127e58d334a3596a6572a09fa727d59c86214c4eb8f499a141ac15579"}}}}}}}}"#,
                    !bad
                )
            }
            _ => write!(
                line,
                r#"{{"class":"process_start","@timestamp":"{time}",{actor},"event":{{"action":"start","id":"{process}"}}}}"#
            ),
        };
        written.unwrap();
    }
}

fn span() -> Span {
    Span::new(SourceId(0), 0..0)
}

fn text(name: &str) -> Field {
    Field { name: name.into(), ty: Type::String }
}

fn address(name: &str) -> Field {
    Field { name: name.into(), ty: Type::Ip }
}

fn port(name: &str) -> Field {
    Field { name: name.into(), ty: Type::Port }
}

fn atom(kind: TestKind) -> Pred {
    Logic::Atom(Test { kind, span: span(), call: span() })
}

fn is_one_of(name: &str, words: &[&str]) -> Pred {
    let words = words.iter().map(|word| (*word).to_owned()).collect();
    atom(TestKind::Text(TextTest { field: text(name), op: TextOp::Equals(Operand::literal(words)), cased: false }))
}

fn event(name: &str, class: &str, predicate: Pred) -> Event {
    let class = Arc::new(Class { name: class.to_owned(), doc: String::new(), fields: BTreeMap::new() });
    Event { name: name.to_owned(), doc: String::new(), class, predicate, span: span() }
}

/// The names: `crypto_load`, `egress`, `bad_session`, `session`.
fn events() -> Vec<Event> {
    let libraries = [
        "bcrypt.dll",
        "bcryptprimitives.dll",
        "crypt32.dll",
        "ncrypt.dll",
        "rsaenh.dll",
        "schannel.dll",
        "libssl-3-x64.dll",
    ];
    let browsers = [
        "Google\\Chrome\\Application\\chrome.exe",
        "Mozilla Firefox\\firefox.exe",
        "Microsoft\\Edge\\Application\\msedge.exe",
    ];
    let globs = browsers.iter().map(|path| Glob::parse(&format!("?:\\Program Files*\\{path}"))).collect();
    let allowed =
        TextTest { field: text("process.executable"), op: TextOp::Like(Operand::literal(globs)), cased: false };
    let inside =
        ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "127.0.0.0/8", "169.254.0.0/16", "fc00::/7", "fe80::/10"];
    let networks = inside.iter().map(|network| Cidr::parse(network).unwrap()).collect();
    let inside = TestKind::Address { field: address("destination.ip"), addresses: Vec::new(), networks, param: None };
    let established = Field { name: "tls.established".into(), ty: Type::Bool };
    let issuer = TextTest {
        field: text("tls.server.issuer"),
        op: TextOp::Contains(Operand::literal(vec!["DigiCert Inc".to_owned(), "Let's Encrypt".to_owned()])),
        cased: false,
    };
    let stalled = atom(TestKind::Bool { field: established, value: Operand::literal(false) });
    let unknown =
        Logic::and([atom(TestKind::Exists(text("tls.server.issuer"))), Logic::not(atom(TestKind::Text(issuer)))]);
    let egress = Logic::and([
        is_one_of("network.direction", &["egress"]),
        is_one_of("network.transport", &["tcp"]),
        Logic::not(atom(inside)),
    ]);
    let load = Logic::and([is_one_of("dll.name", &libraries), Logic::not(atom(TestKind::Text(allowed)))]);
    vec![
        event("crypto_load", "library_load", load),
        event("egress", "network_connection", egress),
        event("bad_session", "tls_session", Logic::or([stalled, unknown])),
        event("session", "tls_session", Logic::Const(true)),
    ]
}

fn one(id: usize) -> Pattern {
    Pattern { kind: PatternKind::Event(EventId(id)), span: span() }
}

fn keys(fields: Vec<Field>, events: &[usize]) -> Vec<Key> {
    let columns = |field: Field| events.iter().map(move |id| Column::field(EventId(*id), field.clone())).collect();
    fields.into_iter().map(|field| Key { columns: columns(field), span: span() }).collect()
}

fn join(kind: fn(Join) -> PatternKind, operands: Vec<Pattern>, within: i64, keys: Vec<Key>) -> Pattern {
    Pattern { kind: kind(Join { operands, within: Operand::literal(within), keys }), span: span() }
}

fn strategy() -> Strategy {
    let candidate = || {
        let by = keys(vec![text("host.name"), text("process.entity_id")], &[0, 1]);
        join(PatternKind::Then, vec![one(0), one(1)], 300_000, by)
    };
    let ends = || vec![address("source.ip"), port("source.port"), address("destination.ip"), port("destination.port")];
    let peer = keys(ends().into_iter().skip(2).collect(), &[2, 3]);
    let known_bad = join(PatternKind::Then, vec![one(2), one(3)], 86_400_000, peer);
    let abnormal = join(PatternKind::With, vec![candidate(), one(2)], 120_000, keys(ends(), &[1, 2]));
    let known = join(PatternKind::With, vec![candidate(), known_bad], 120_000, keys(ends(), &[1, 3]));
    let detections = vec![
        detection("abnormal_session", abnormal, 3),
        detection("known_bad_peer", known, 4),
        detection("candidate", candidate(), 2),
    ];
    let analytic = Analytic {
        id: "AN0001".to_owned(),
        title: String::new(),
        description: String::new(),
        platform: "windows".to_owned(),
        sources: Vec::new(),
        detections,
        span: span(),
    };
    Strategy {
        id: "DET0001".to_owned(),
        title: String::new(),
        description: String::new(),
        attack: None,
        techniques: Vec::new(),
        tactics: Vec::new(),
        references: Vec::new(),
        authors: Vec::new(),
        date: None,
        parameters: Vec::new(),
        analytics: vec![analytic],
        classes: BTreeMap::new(),
        span: span(),
    }
}

/// A detection that binds the first `names` events.
fn detection(name: &str, pattern: Pattern, names: usize) -> Detection {
    let entity = [text("host.name"), text("process.entity_id"), address("destination.ip"), port("destination.port")];
    let entity = entity.into_iter().map(|field| EntityColumn {
        name: field.name.to_string(),
        column: Column::field(EventId(1), field),
        span: span(),
    });
    Detection {
        name: name.to_owned(),
        id: String::new(),
        title: String::new(),
        description: String::new(),
        release: Default::default(),
        severity: AlertSeverity::High,
        otherwise: false,
        false_positives: Vec::new(),
        accepts: Vec::new(),
        events: events().into_iter().take(names).map(Arc::new).collect(),
        pattern,
        entity: entity.collect(),
        suppress: Some(Operand::literal(86_400_000)),
        span: span(),
    }
}
