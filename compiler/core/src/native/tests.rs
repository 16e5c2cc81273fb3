use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::{Form, Holds, Identity, ListKind, Writer};
use crate::dialect::dialect;
use crate::plan::Strategy;
use crate::sema;
use crate::source::Sources;
use crate::syntax;
use crate::target::{Profile, Registry};

/// A strategy with one detection over a start, a lookup, a connection and a line of a log.
fn strategy() -> Strategy {
    let text = r#"/// T
strategy DET9999 {
    /// T
    analytic AN9999 on windows {
        event start = process_start where
            process.name == "a.exe" and process.executable contains "x" and not process.command_line contains "-q"
        event lookup = dns_query where dns.resolved_ip in ["203.0.113.0/24"]
        event out = network_connection where network.direction == "egress" and destination.port == 443
        event line = log_message where message contains "hello" and process.name != "b" and exists destination.ip
        /// T
        detect d {
            severity low
            pattern start then lookup then out then line within 5m by host.name, process.entity_id
            entity host.name, process.entity_id
        }
    }
}"#;
    let mut sources = Sources::default();
    let id = sources.add("test.det", text);
    let (file, mut diagnostics) = syntax::parse(&sources, id);
    let analysis = sema::analyse(&mut sources, &[file], &[]);
    diagnostics.extend(analysis.diagnostics);
    let titles: Vec<_> = diagnostics.iter().map(|d| d.title.clone()).collect();
    analysis.strategies.into_iter().next().unwrap_or_else(|| panic!("{titles:?}"))
}

/// What a profile of the registry makes of an event: a row with its place, one a line, or the reason against it.
fn written(target: &str, profile: &str, event: &Json) -> Vec<String> {
    let registry = Registry::embedded();
    let target = registry.get(target).expect("a target");
    let profile: &Profile = target.profile(profile).expect("a profile");
    let strategy = strategy();
    let unit = strategy.units().next().expect("a detection");
    let writer = Writer::new(dialect(target.data_dialect()).expect("a dialect"), profile, unit);
    match writer.write(7, event.to_string().as_bytes()) {
        Ok(written) => written.events.iter().map(|e| format!("{} {}", e.place, Json::from(e.row.clone()))).collect(),
        Err(reason) => vec![reason],
    }
}

fn start(fields: &[(&str, Json)]) -> Json {
    let process: BTreeMap<&str, &Json> = fields.iter().map(|(name, value)| (*name, value)).collect();
    json!({ "class": "process_start", "@timestamp": "2026-01-01T00:00:01.500Z", "host": { "name": "ws1" }, "process": process })
}

#[test]
fn a_start_is_a_row_of_windows_event() {
    let event = start(&[("entity_id", json!("p1")), ("name", json!("a.exe")), ("executable", json!("C:\\x\\a.exe"))]);
    assert_eq!(
        written("sentinel", "sysmon-corelight", &event),
        [
            r#"WindowsEvent {"Computer":"ws1","EventData":{"Image":"C:\\x\\a.exe","ProcessGuid":"p1"},"EventID":1,"Provider":"Microsoft-Windows-Sysmon","TimeGenerated":"2026-01-01T00:00:01.500Z"}"#
        ]
    );
}

#[test]
fn a_start_is_an_event_of_splunk_with_what_its_macro_asks_for() {
    let event = start(&[("entity_id", json!("p1")), ("name", json!("a.exe")), ("executable", json!("C:\\x\\a.exe"))]);
    assert_eq!(
        written("splunk", "sysmon-zeek", &event),
        [
            r#"sysmon_process_start {"Computer":"ws1","EventCode":"1","Image":"C:\\x\\a.exe","ProcessGuid":"p1","_time":1767225601.5,"index":"main","source":"XmlWinEventLog:Microsoft-Windows-Sysmon/Operational"}"#
        ]
    );
}

#[test]
fn an_event_and_the_one_that_completes_it_share_every_part_of_their_key() {
    let event = start(&[
        ("name", json!("a.exe")),
        ("pid", json!(1)),
        ("executable", json!("/x/a.exe")),
        ("command_line", json!("a.exe -x")),
    ]);
    let rows = written("splunk", "auditd-zeek", &event);
    let has = |row: &str| row.contains(r#""host":"ws1""#) && row.contains(r#""msg":"msg-7""#);
    assert!(rows.len() == 2 && rows.iter().all(|row| has(row)), "{rows:?}");
}

#[test]
fn a_start_is_a_nested_document() {
    let event = start(&[("entity_id", json!("p1")), ("name", json!("a.exe")), ("executable", json!("C:\\x\\a.exe"))]);
    assert_eq!(
        written("elastic", "winlogbeat-sysmon", &event),
        [
            r#"winlogbeat-* {"@timestamp":"2026-01-01T00:00:01.500Z","event":{"code":"1","provider":"Microsoft-Windows-Sysmon"},"host":{"name":"ws1"},"process":{"entity_id":"p1","executable":"C:\\x\\a.exe","name":"a.exe"}}"#
        ]
    );
}

#[test]
fn a_name_that_is_not_the_end_of_its_path_cannot_be_held() {
    let event = start(&[("entity_id", json!("p1")), ("name", json!("b.exe")), ("executable", json!("C:\\x\\a.exe"))]);
    assert_eq!(
        written("sentinel", "sysmon-corelight", &event),
        [
            r"event 7, `process_start`: `process.name`: it is the end of `EventData.Image`, which is `C:\x\a.exe`, and cannot be `b.exe`"
        ]
    );
}

#[test]
fn a_missing_field_that_the_site_would_read_from_another_cannot_be_missing() {
    let event = start(&[("entity_id", json!("p1")), ("executable", json!("C:\\x\\a.exe"))]);
    assert_eq!(
        written("splunk", "sysmon-zeek", &event),
        ["event 7, `process_start`: `process.name` is missing, and the site reads it from `Image`"]
    );
}

#[test]
fn a_missing_field_that_every_event_has_cannot_be_missing() {
    let event = start(&[("name", json!("a.exe")), ("executable", json!("C:\\x\\a.exe"))]);
    assert_eq!(
        written("sigma", "windows", &event),
        ["event 7, `process_start`: `process.entity_id` is missing, and every event of the site has it"]
    );
}

#[test]
fn an_identity_is_composed_of_its_columns() {
    let identity = Identity::parse("{DeviceId}:{ProcessId:number}:{Created:time}").expect("a form");
    assert_eq!(identity.parts.len(), 5);
    assert_eq!(Identity::parse("{DeviceId:text}"), Err("`text` is no kind of column: number or time".to_owned()));
}

#[test]
fn dialects_know_the_inverse_of_usual_expressions() {
    let whole = Form::whole();
    let text = Form::as_text();
    let end = |parts: &str| Form::LastOf { last_of: parts.to_owned() };
    let source = json!({
        "table": "T", "time": "t", "extend": [{ "dns": "parse_json(tostring(AdditionalFields))" }],
    });
    let source = source.as_object().expect("an object");
    for (language, expression, column, form) in [
        ("kql", "Computer", "Computer", &whole),
        ("kql", "tolong(EventData.ProcessId)", "EventData.ProcessId", &text),
        ("kql", "tobool(tostring(EventData.Signed))", "EventData.Signed", &text),
        ("kql", r#"extract(@"[^\\]+$", 0, tostring(EventData.Image))"#, "EventData.Image", &end("\\")),
        ("kql", "tostring(dns.query)", "AdditionalFields.query", &text),
        ("kql", "duration_d * 1s", "duration_d", &Form::Unit { unit: "1s".to_owned() }),
        ("kql", "tostring(parse_json(chain)[0])", "chain", &Form::FirstOf { first_of: ListKind::JsonText }),
        ("kql", "iff(inbound, RemotePort, LocalPort)", "LocalPort", &whole),
        ("kql", r#"tolong(extract(@' pid=([0-9]+)', 1, Call))"#, "Call\0 pid={} ", &text),
        ("kql", r#"extract(@'exe="[^"]*?([^"/]*)"', 1, Call)"#, "Call\0exe=\"{}\" ", &end("/")),
        (
            "kql",
            r#"extract(@'<Data Name="Image">([^<]*)', 1, EventData)"#,
            "EventData\0<Data Name=\"Image\">{}</Data>",
            &text,
        ),
        ("spl", r#"case(DestinationHostname!="-", DestinationHostname)"#, "DestinationHostname", &whole),
        ("spl", r#"replace(Image, "^.*\x5C", "")"#, "Image", &end("\\")),
        ("spl", "mvindex('cert_chain_fps{}', 0)", "cert_chain_fps{}", &Form::FirstOf { first_of: ListKind::List }),
        ("sigma", "file_name(Image)", "Image", &end("\\/")),
    ] {
        let inverse = dialect(language).and_then(|d| d.inverse(source, expression));
        assert_eq!(inverse, Some((column.to_owned(), form.clone())), "{language}: {expression}");
    }
    assert_eq!(dialect("kql").and_then(|d| d.inverse(source, "strcat(DeviceId, ProcessId)")), None);
}

#[test]
fn a_word_of_the_language_is_written_as_that_of_the_site() {
    let event = json!({
        "class": "network_connection", "@timestamp": "2026-01-01T00:00:01.500Z", "host": { "name": "ws1" },
        "network": { "direction": "egress" },
    });
    let rows = written("sentinel", "sysmon-corelight", &event);
    assert!(rows.iter().all(|row| row.contains(r#""Initiated":"true""#)), "{rows:?}");
}

#[test]
fn an_event_that_a_site_keeps_in_two_rows_is_written_in_two() {
    let event = json!({
        "class": "network_connection", "@timestamp": "2026-01-01T00:00:01.500Z", "host": { "name": "ws1" },
        "network": { "direction": "egress" }, "destination": { "ip": "203.0.113.9", "port": 443 },
    });
    assert_eq!(
        written("sentinel", "auditd-corelight", &event),
        [
            r#"Syslog {"Computer":"ws1","TimeGenerated":"2026-01-01T00:00:01.500Z","SyslogMessage":"type=SYSCALL msg=audit(1767225600.000:7): arch=c000003e SYSCALL=connect "}"#,
            r#"Syslog {"Computer":"ws1","TimeGenerated":"2026-01-01T00:00:01.500Z","SyslogMessage":"type=SOCKADDR msg=audit(1767225600.000:7): saddr_fam=inet laddr=203.0.113.9 lport=443 "}"#,
        ]
    );
}

#[test]
fn a_line_of_text_is_put_together_from_the_fields_that_are_there() {
    let line = |fields: Json| {
        let mut event = json!({
            "class": "log_message", "@timestamp": "2026-01-01T00:00:00Z", "host": { "name": "esx1" }, "message": "hello",
        });
        let event_fields = event.as_object_mut().expect("an object");
        event_fields.extend(fields.as_object().expect("an object").clone());
        written("splunk", "esxi-zeek", &event)
    };
    let rows = |raw: &str| {
        let row = json!({ "_raw": raw, "_time": 1_767_225_600.0, "host": "esx1", "index": "main", "sourcetype": "vmw-syslog" });
        [format!("esxi_syslog {row}")]
    };
    let start = "<166>2026-01-01T00:00:00Z 192.0.2.1";
    assert_eq!(line(json!({ "process": { "name": "vpxa", "pid": 9 } })), rows(&format!("{start} vpxa[9]: hello")));
    assert_eq!(line(json!({ "process": { "name": "vpxa" } })), rows(&format!("{start} vpxa: hello")));
    assert_eq!(
        line(json!({ "destination": { "ip": "203.0.113.9", "port": 443 } })),
        rows(&format!("{start}: <TCP '192.0.2.1 : 51022'>, <TCP '203.0.113.9 : 443'> hello"))
    );
}

#[test]
fn several_values_are_one_part_of_a_text() {
    let event = json!({
        "class": "dns_query", "@timestamp": "2026-01-01T00:00:01.500Z", "host": { "name": "ws1" },
        "process": { "entity_id": "p1" }, "dns": { "resolved_ip": ["203.0.113.9", "203.0.113.10"] },
    });
    let rows = written("sentinel", "sysmon-event-corelight", &event);
    let part = r#"<Data Name=\"QueryResults\">::ffff:203.0.113.9;::ffff:203.0.113.10;</Data>"#;
    assert!(rows.len() == 1 && rows.iter().all(|row| row.contains(part)), "{rows:?}");
}

#[test]
fn what_tells_the_events_of_a_class_is_looked_for_without_regard_to_case() {
    let texts = || vec![String::new(), "None".to_owned()];
    let with = |text: &str, first: bool| Holds::With { text: text.to_owned(), first };
    for (holds, fits, does_not) in [
        (Holds::OneOf(vec![json!("SSL"), json!(7)]), "ssl", "tls"),
        (Holds::OneOf(vec![json!("SSL"), json!(7)]), "7", "77"),
        (Holds::NoneOf(texts()), "Expired", "NONE"),
        (Holds::NoneOf(texts()), "Expired", ""),
        (with("SSL::", true), "ssl::Invalid", "Not SSL::Invalid"),
        (with("ssl", false), "gssapi,ssl", "dns"),
        (Holds::Without("msg=audit(".to_owned()), "hello", "type=PATH MSG=audit(1"),
    ] {
        assert!(holds.admits(fits) && !holds.admits(does_not), "{holds:?}");
    }
}
