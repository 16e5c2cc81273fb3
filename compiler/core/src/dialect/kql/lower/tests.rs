//! One query for each form, over a small site. What they mean is tested by running them against the evaluator.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use crate::capability::Findings;
use crate::dialect::kql::Kql;
use crate::dialect::{Deployment, Dialect, Extent, Request, Schedule};
use crate::native::ClassWrite;
use crate::plan::Strategy;
use crate::source::Sources;
use crate::target::{Access, ClassBinding, FieldBinding, Limits, Profile, Target, Text};

/// Classes, parameters and events of the strategies below.
const HEAD: &str = r#"
class load { host.name: string process.id: string dll.name: string process.path: string }
class flow {
    host.name: string  process.id: string  source.ip: ip  destination.ip: ip  destination.port: port
    direction: string  bytes.out: int  bytes.in: int  host.ip: list<ip>  took: duration
}
class tls { source.ip: ip  destination.ip: ip  issuer: string  subject: string  names: list<string> }

/// A strategy
strategy DET0001 {
    /// An analytic
    analytic AN0001 on windows {
        sources { DC0001 "x" "y" -> load, flow, tls }
        /// Programs that may.
        mutable Allowed: list<glob> = [r"C:\Program Files*\chrome.exe", r"*\firefox.exe"]
        /// Inside.
        tunable Inside: list<cidr> = ["10.0.0.0/8", "fc00::/7"]
        /// How soon.
        tunable Soon: duration in 1s..1h = 5m
        /// How many.
        tunable Many: int in 1..100 = 3
        /// A library is loaded
        event crypto = load where dll.name in ["crypt32.dll", "rsaenh.dll"] and not process.path like Allowed
        /// A connection goes out
        event egress = flow where direction == "out" and not destination.ip in Inside
        /// Any connection
        event any = flow
        /// A connection that lasts
        event long = flow where took > Soon and took in [1s, 500ms]
        /// One that lasts twice as long as something
        event longer = flow where took + 1s > 2s
        /// A certificate that is its own issuer
        event bad = tls where issuer cased == subject and not names endswith [".lan", ".home"]
        /// DETECTION
        detect one { severity high PATTERN }
    }
}
"#;

fn field(native: &str, ty: &str) -> FieldBinding {
    let access = Access::Native(native.to_owned().into());
    FieldBinding { native_type: ty.to_owned().into(), ..access.into() }
}

fn class(source: Json, fields: Vec<(&str, FieldBinding)>) -> ClassBinding {
    let source: Map<String, Json> = source.as_object().cloned().unwrap_or_default();
    let fields = fields.into_iter().map(|(name, binding)| (name.to_owned().into(), binding.into())).collect();
    ClassBinding { source, fields, collect: Text::default(), evidence: Text::default(), write: ClassWrite::default() }
}

fn site() -> (Target, Profile) {
    let derived = |text: &str| FieldBinding { access: Access::Derived(text.to_owned().into()), ..field("", "string") };
    let words = BTreeMap::from([("out".to_owned(), "true".to_owned()), ("in".to_owned(), "false".to_owned())]);
    let load = class(
        json!({ "table": "Loads", "where": ["Kind == 7"], "time": "Timestamp", "carries": ["ReportId", "DeviceId"] }),
        vec![
            ("host.name", field("DeviceName", "string")),
            ("process.id", field("ProcessGuid", "string")),
            ("dll.name", field("FileName", "string")),
            ("process.path", derived("tostring(Data.Image)")),
        ],
    );
    let flow = class(
        json!({ "table": "Flows", "time": "Timestamp", "carries": ["ReportId", "DeviceId"] }),
        vec![
            ("host.name", field("DeviceName", "string")),
            ("process.id", field("ProcessGuid", "string")),
            ("source.ip", field("LocalIP", "string")),
            ("destination.ip", field("RemoteIP", "string")),
            ("destination.port", field("RemotePort", "int")),
            ("direction", FieldBinding { values: words, ..field("Initiated", "bool") }),
            ("bytes.out", field("Sent", "long")),
            ("bytes.in", field("Received", "long")),
            ("host.ip", field("Addresses", "dynamic")),
            ("took", field("Nanoseconds", "long")),
        ],
    );
    let tls = class(
        json!({ "table": "Sessions", "time": "Timestamp", "id": "Uid", "carries": [] }),
        vec![
            ("source.ip", field("Client", "string")),
            ("destination.ip", field("Server", "string")),
            ("issuer", field("Issuer", "string")),
            ("subject", field("Subject", "string")),
            ("names", field("Names", "dynamic")),
        ],
    );
    let classes =
        [("load", load), ("flow", flow), ("tls", tls)].map(|(name, class)| (name.to_owned(), class.into())).into();
    let settings = json!({ "result": { "time": "Timestamp", "carry": ["ReportId", "DeviceId"] } });
    let target = Target {
        id: "t".into(),
        title: "T".into(),
        dialects: vec!["kql".into()],
        default_profile: BTreeMap::new(),
        limits: Limits::default(),
        settings: settings.as_object().cloned().unwrap_or_default(),
        templates: BTreeMap::new(),
        sources: BTreeMap::new(),
        profiles: BTreeMap::new(),
        pack: None,
    };
    let profile = Profile {
        id: "p".into(),
        title: "P".into(),
        description: String::new(),
        settings: Map::new(),
        platforms: Vec::new(),
        classes,
        narrow: BTreeMap::new(),
    };
    (target, profile)
}

fn strategy(pattern: &str) -> Strategy {
    let mut sources = Sources::default();
    let text = HEAD.replace("PATTERN", pattern).replace("DETECTION", "What is found");
    let id = sources.add("test.det", text);
    let (file, errors) = crate::syntax::parse(&sources, id);
    assert!(errors.is_empty(), "{errors:#?}");
    let mut analysis = crate::sema::analyse(&mut sources, &[file], &[]);
    assert!(analysis.strategies.len() == 1, "{:#?}", analysis.diagnostics);
    analysis.strategies.remove(0)
}

/// The query of a pattern with its entity, or the reasons against it.
fn lowered(pattern: &str) -> String {
    lowered_within(pattern, None)
}

/// The same for a product that takes so many characters.
fn lowered_within(pattern: &str, query_characters: Option<usize>) -> String {
    let strategy = strategy(pattern);
    let (mut target, profile) = site();
    target.limits.query_characters = query_characters;
    let unit = strategy.units().next().unwrap();
    let mut findings = Findings::default();
    let queries = Kql.lower(
        &Request { unit, target: &target, profile: &profile, deployment: None, extent: Extent::Rules },
        &mut findings,
    );
    let reasons: Vec<&str> = findings.refusals.iter().map(|r| r.reason.as_str()).collect();
    if reasons.is_empty() { queries[0].text.clone() } else { reasons.join("\n") }
}

#[test]
fn one_event_is_one_pipeline() {
    insta::assert_snapshot!("event", lowered("pattern crypto entity host.name, process.path"));
}

#[test]
fn a_sequence_whose_last_event_says_all_asks_only_whether_the_first_is_there() {
    insta::assert_snapshot!(
        "then",
        lowered("pattern crypto then egress within Soon by host.name, process.id entity host.name, destination.ip")
    );
}

#[test]
fn a_sequence_of_which_both_are_needed_joins_pairs() {
    insta::assert_snapshot!(
        "then_pairs",
        lowered("pattern crypto then egress within 90s by host.name entity dll.name, destination.ip")
    );
}

#[test]
fn keys_may_change_from_step_to_step() {
    insta::assert_snapshot!(
        "changing_keys",
        lowered(
            "pattern (crypto then egress within Soon by host.name, process.id) with bad within 2m \
             by source.ip, destination.ip entity host.name, process.id, destination.ip"
        )
    );
}

#[test]
fn an_event_that_could_be_both_has_a_number() {
    insta::assert_snapshot!("overlap", lowered("pattern egress with any within 1m by host.name entity host.name"));
}

#[test]
fn what_must_not_follow_is_waited_for() {
    insta::assert_snapshot!(
        "not_followed",
        lowered("pattern crypto not followed by egress within 10m by host.name entity host.name, dll.name")
    );
}

#[test]
fn a_key_with_several_values_has_a_row_for_each() {
    insta::assert_snapshot!(
        "not_preceded",
        lowered(
            "pattern egress not preceded by bad within 1d by egress.host.ip = bad.source.ip entity host.name, host.ip"
        )
    );
}

#[test]
fn rows_are_not_told_apart_by_a_column_with_several_values() {
    let query = lowered(
        "pattern (crypto then egress within Soon by host.name, process.id) with bad within 2m \
         by egress.host.ip = bad.source.ip, egress.destination.ip = bad.destination.ip \
         entity host.name, egress.destination.ip",
    );
    let grouping = query.lines().filter(|line| line.contains("| distinct") || line.trim_start().starts_with("by "));
    let wrong: Vec<&str> = grouping.filter(|line| line.contains("HostIp") && !line.contains("HostIp_value")).collect();
    assert!(query.contains("HostIp = Addresses") && wrong.is_empty(), "{wrong:?} in\n{query}");
}

#[test]
fn above_its_join_a_key_with_several_values_has_the_common_one() {
    let inner = "(egress then bad within 1m by egress.host.ip = bad.source.ip)";
    insta::assert_snapshot!(
        "several_values_above",
        lowered(&format!(
            "pattern {inner} then any within 1h by egress.host.ip = any.destination.ip \
             entity egress.host.name, egress.host.ip, any.host.ip"
        ))
    );
}

#[test]
fn a_group_by_a_key_with_several_values_is_about_one_of_them() {
    let query = lowered("pattern egress grouped by host.ip over 1h having count() >= 2 entity host.ip");
    let result = query.split_once("// What is found").map_or("", |(_, result)| result);
    assert!(result.contains("HostIp = HostIp_value") && !result.contains("mv-expand HostIp"), "{query}");
}

#[test]
fn durations_that_are_numbers_are_compared_to_the_nanosecond() {
    let query = lowered("pattern long entity host.name");
    assert!(query.contains("| where Nanoseconds > Soon / 1ms * 1000000"), "{query}");
    assert!(query.contains("| where Nanoseconds in (1000000000, 500000000)"), "{query}");
}

#[test]
fn arithmetic_with_durations_that_are_numbers_loses_what_is_finer_than_a_tick() {
    let strategy = strategy("pattern longer entity host.name");
    let (target, profile) = site();
    let mut findings = Findings::default();
    let unit = strategy.units().next().unwrap();
    Kql.lower(
        &Request { unit, target: &target, profile: &profile, deployment: None, extent: Extent::Rules },
        &mut findings,
    );
    let losses: Vec<&str> = findings.losses.iter().map(|loss| loss.name.as_str()).collect();
    assert_eq!(losses, ["durations in ticks"]);
}

#[test]
fn a_group_is_judged_at_every_moment() {
    insta::assert_snapshot!(
        "grouped",
        lowered(
            "pattern egress grouped by host.name, destination.ip over 1h \
             having count() >= Many and sum(bytes.out) / sum(bytes.in) >= 2.5 entity host.name"
        )
    );
}

#[test]
fn a_chain_keeps_the_latest_start_only() {
    insta::assert_snapshot!(
        "chain",
        lowered(
            "pattern crypto then egress then any within 1h by host.name, process.id entity host.name, any.destination.port"
        )
    );
}

#[test]
fn a_result_that_cannot_carry_what_the_product_wants_is_refused() {
    let reasons = lowered("pattern bad entity source.ip");
    assert_eq!(reasons, "a result must carry `ReportId`, `DeviceId`, which no event of the pattern has");
}

#[test]
fn a_query_over_the_limit_is_laid_out_shorter_and_says_the_same() {
    let pattern = "pattern crypto then egress within 90s by host.name entity dll.name, destination.ip";
    let (full, short) = (lowered(pattern), lowered_within(pattern, Some(100)));
    let words = |text: &str| {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
        code.flat_map(str::split_whitespace).map(str::to_owned).collect::<Vec<_>>()
    };
    assert!(short.len() < full.len() && !short.contains("//"), "{short}");
    assert_eq!(words(&short), words(&full));
}

/// The query of a deployed rule at a site of Microsoft Sentinel, and the functions and watchlists beside it.
fn deployed(pattern: &str) -> String {
    let mut sources = Sources::default();
    let id = sources.add("test.det", OUTSIDE.replace("PATTERN", pattern));
    let (file, errors) = crate::syntax::parse(&sources, id);
    assert!(errors.is_empty(), "{errors:#?}");
    let analysis = crate::sema::analyse(&mut sources, &[file], &[]);
    let Some(strategy) = analysis.strategies.first() else { panic!("{:#?}", analysis.diagnostics) };
    let registry = crate::target::Registry::embedded();
    let target = registry.get("sentinel").unwrap();
    let profile = target.profile("sysmon-corelight").unwrap();
    let schedule = Schedule { every: 3_600_000, look_back: 7_200_000, delay: 300_000 };
    let deployment = Some(Deployment { schedule: Some(schedule), author: "A", license: "L" });
    let unit = strategy.units().next().unwrap();
    let mut findings = Findings::default();
    let queries = Kql.lower(&Request { unit, target, profile, deployment, extent: Extent::Rules }, &mut findings);
    let Some(query) = queries.first() else { panic!("{:#?}", findings.refusals) };
    let mut out = query.text.clone();
    for objects in crate::dialect::kql::objects("detc", &query.held) {
        for function in objects.settings.into_iter().chain([objects.values]) {
            out.push_str(&format!("\n==> {}\n{}", function.name, function.text));
        }
        for list in objects.watchlists {
            out.push_str(&format!("\n==> {}: {}\n{}\n", list.alias, list.doc, list.entries.join("\n")));
        }
    }
    out
}

/// A parameter of every kind that stands outside a deployed query.
const OUTSIDE: &str = r#"
strategy DET0001 {
    technique T1059
    tactic execution
    /// What counts as inside.
    tunable Inside: list<cidr> = ["10.0.0.0/8", "fc00::/7"]
    analytic AN0001 on windows {
        /// How far apart the steps may lie.
        tunable Window: duration in 1s..1h = 5m
        tunable Least: int = 20
        tunable Verb: string = "say \\"
        tunable Shell: glob = r"*\cmd.exe"
        tunable Made: bool = true
        /// Shells.
        tunable Names: list<string> with len 1..10 = ["cmd.exe", "powershell.exe"]
        tunable Words: list<string> = ["-enc", "100%"]
        tunable Odd: list<regex> = [r"^a$", r"b+\\"]
        /// Programs that may.
        tunable Images: list<glob> = [r"?:\Program Files\*\agent.exe", r"[*]\x[?].exe"]
        tunable Peers: list<ip> = ["192.0.2.1"]
        tunable Services: ports = [443, 8000..8010]
        tunable Partners: list<host> = ["198.51.100.0/24", "2001:db8::1", "*.example.com"]
        /// A shell runs
        event run = process_start where process.name in Names and process.command_line contains Words
            and process.command_line matches nocase Odd and not process.executable like Images
            and process.working_directory == Verb and not process.parent.executable like Shell
        event out = network_connection where not destination.ip in Inside and destination.ip in Peers
            and destination.port in Services and not (destination.ip in Partners or destination.domain in Partners)
        event session = tls_session where tls.established == Made
        detect d { severity low
            PATTERN }
    }
}
"#;

#[test]
fn values_of_every_type_stand_outside_a_deployed_query() {
    insta::assert_snapshot!(
        "deployed_values",
        deployed(
            "pattern (run then out within Window by host.name, process.entity_id) with session within Window by source.ip \
             entity run.host.name, out.destination.ip"
        )
    );
}

#[test]
fn a_deployed_query_judges_a_row_when_nothing_can_change_it() {
    insta::assert_snapshot!(
        "deployed_wait",
        deployed("pattern run not followed by out within Window by host.name entity host.name")
    );
}
