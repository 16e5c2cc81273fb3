use super::{analyse_text, around, check, detection, findings, print, snapshot, table};

/// Events to build patterns of: two of one class, one of each of two others.
const EVENTS: &str = r#"
    event load = library_load where dll.name == "crypt32.dll"
    event conn = network_connection
    event conn2 = network_connection where destination.port == 80
    event lookup = dns_query
    event tls_seen = tls_session
    event flow = network_flow
    event login = auth where event.outcome == "success"
    tunable W: duration in 1ms..1d = 5m
"#;

/// The pattern and entity of a detection, or its errors. The declared events are not all used: those warnings are left out.
fn pattern(pattern: &str, entity: &str) -> String {
    let text = around(&format!("{EVENTS} detect d {{ severity low pattern {pattern} entity {entity} }}"));
    let (sources, analysis) = analyse_text(&text);
    match analysis.strategies.first() {
        Some(strategy) => {
            let d = detection(strategy);
            format!("{}\n{}", print::pattern(d, &d.pattern), print::entity(d))
        }
        None => findings(&sources, &analysis.diagnostics),
    }
}

fn patterns(name: &str, all: &[(&str, &str)]) {
    let rows = all.iter().map(|(p, entity)| (format!("{p}  entity {entity}"), pattern(p, entity)));
    snapshot(name, &table(rows));
}

#[test]
fn every_form_of_a_pattern() {
    patterns(
        "every_form_of_a_pattern",
        &[
            ("conn", "host.name, destination.ip"),
            ("load then conn within 5m by host.name, process.entity_id", "host.name, destination.ip"),
            ("load then conn within W by host.name", "host.name"),
            ("load with conn with lookup within 1h by host.name", "host.name, dns.question.name"),
            ("load not followed by conn within 10s by host.name", "host.name, dll.name"),
            ("login not preceded by login within 14d by user.name, cloud.region", "user.name"),
            ("login grouped by source.ip over 10m having count() >= 5 and distinct(user.name) > 3", "source.ip"),
            (
                "flow grouped by source.ip, destination.ip over 1h having sum(source.bytes) as out / sum(destination.bytes) >= 3 and out > 1000",
                "source.ip, out",
            ),
            (
                "flow grouped by source.ip over 1h having not (max(event.duration) < 5s) or avg(source.bytes) != 2",
                "source.ip",
            ),
            (
                "(load then conn within 5m by host.name, process.entity_id) with tls_seen within 2m by source.ip, destination.ip",
                "conn.host.name, destination.ip",
            ),
            (
                "(login grouped by user.name over 10m having count() as tries >= 5) then conn within 5m by user.name",
                "user.name, tries, login.tries",
            ),
        ],
    );
}

#[test]
fn fields_without_a_prefix() {
    let load_conn = "load then conn within 5m by host.name";
    patterns(
        "fields_without_a_prefix",
        &[
            // Equal by the key.
            (load_conn, "host.name"),
            // Declared by one only.
            (load_conn, "dll.name, destination.ip"),
            // Declared by both, and no key.
            (load_conn, "process.entity_id"),
            (load_conn, "load.process.entity_id, conn.process.entity_id"),
            (load_conn, "load.host.name, conn.process.entity_id"),
            // Equal over two keys.
            (
                "(load then conn within 5m by host.name) then lookup within 5m by conn.process.entity_id = lookup.process.entity_id, conn.host.name = lookup.host.name",
                "host.name",
            ),
            // Only the kept side has columns.
            ("load not followed by conn within 5m by host.name", "process.entity_id"),
            ("load not followed by conn within 5m by host.name", "conn.process.entity_id"),
            (load_conn, "destnation.ip"),
            (load_conn, "conn.destnation.ip"),
            (load_conn, "lookup.host.name"),
            (load_conn, "lod.host.name"),
            (load_conn, "host.name, load.host.name"),
            (load_conn, "conn"),
        ],
    );
}

#[test]
fn keys() {
    patterns(
        "keys",
        &[
            ("conn then tls_seen within 5m by conn.source.ip = tls_seen.source.ip", "conn.source.ip"),
            ("conn then tls_seen within 5m by tls_seen.source.ip = conn.destination.ip", "conn.source.ip"),
            ("conn then tls_seen within 5m by source.ip = destination.ip", "conn.source.ip"),
            ("lookup then conn within 5m by dns.resolved_ip = conn.destination.ip", "conn.destination.ip"),
            ("conn then tls_seen within 5m by conn.source.ip", "conn.source.ip"),
            ("conn then tls_seen within 5m by conn.source.ip = conn.destination.ip", "conn.source.ip"),
            ("conn then tls_seen then lookup within 5m by conn.source.ip = tls_seen.source.ip", "conn.source.ip"),
            ("conn then tls_seen within 5m by conn.source.ip = tls_seen.source.port", "conn.source.ip"),
            ("conn then tls_seen within 5m by source.ip, source.ip", "conn.source.ip"),
            ("conn then tls_seen within 5m by dll.name", "conn.source.ip"),
            ("(load then conn within 5m by host.name) then lookup within 5m by process.entity_id", "lookup.host.name"),
            (
                "lookup with conn within 5m by dns.resolved_ip = destination.ip, dns.resolved_ip = source.ip",
                "conn.host.name",
            ),
            ("login grouped by login.source.ip over 5m having count() > 1", "source.ip"),
            ("login grouped by source.ip = user.name over 5m having count() > 1", "source.ip"),
            ("login not preceded by login within 5m by login.user.name", "user.name"),
        ],
    );
}

#[test]
fn windows() {
    patterns(
        "windows",
        &[
            ("conn then lookup within 1ms by host.name", "host.name"),
            ("conn then lookup by host.name", "host.name"),
            ("conn then lookup within 5m", "host.name"),
            ("conn then lookup", "host.name"),
            ("conn then lookup within 5 by host.name", "host.name"),
            ("conn then lookup within 1ms / 2 by host.name", "host.name"),
            ("conn then lookup within 1s - 1s by host.name", "host.name"),
            ("conn then lookup within Wide by host.name", "host.name"),
            ("login grouped by user.name having count() > 1", "user.name"),
            ("login grouped over 5m having count() > 1", "user.name"),
        ],
    );
}

#[test]
fn patterns_that_cannot_be() {
    patterns(
        "patterns_that_cannot_be",
        &[
            ("conn then lookup with load within 5m by host.name", "host.name"),
            ("conn then conn within 5m by host.name", "host.name"),
            ("(conn then lookup within 5m by host.name) then conn within 5m by host.name", "lookup.host.name"),
            (
                "(conn not followed by lookup within 5m by host.name) then lookup within 5m by host.name",
                "lookup.host.name",
            ),
            ("conn then dsn within 5m by host.name", "host.name"),
            ("conn then dns_query within 5m by host.name", "host.name"),
            ("conn then W within 5m by host.name", "host.name"),
            ("(conn then lookup within 5m by host.name) grouped by host.name over 5m having count() > 1", "host.name"),
        ],
    );
}

#[test]
fn group_conditions_that_cannot_be() {
    let all = [
        "count()",
        "5 > 3",
        "count(user.name) > 1",
        "distinct() > 1",
        "distinct(usr.name) > 1",
        "max(user.name) > 1",
        "user.name == \"x\"",
        "exists user.name",
        "count() in [1, 2]",
        "count() > 5s",
        "cnt() > 5",
        "count() as user > 5",
        "count() as n > 5 and distinct(user.name) as n > 5",
        "count() as login > 5",
        "count() > Threshold",
        "count() cased == 5",
    ];
    let rows = all.map(|c| {
        let became = pattern(&format!("login grouped by source.ip over 10m having {c}"), "source.ip");
        (c.to_owned(), became)
    });
    snapshot("group_conditions_that_cannot_be", &table(rows));
}

#[test]
fn an_alert_has_each_name_once() {
    let became =
        pattern("load then conn within 5m by host.name", "load.process.name, conn.process.name, conn.host.name");
    assert!(
        became.ends_with(
            "load.process.name=load#0.process.name, conn.process.name=conn#1.process.name, host.name=conn#1.host.name"
        ),
        "{became}"
    );
}

#[test]
fn errors_on_both_sides_of_a_pattern_are_all_reported() {
    let text = around(
        "event a = process_start where process.nam == \"x\"
         event b = process_start where process.pid == \"y\"
         detect d { severity low pattern a then b within 5m by host.name entity host.name }",
    );
    let found = check(&text);
    assert_eq!(found.lines().filter_map(|l| l.get(..5)).collect::<Vec<_>>(), ["E0101", "E0201"], "{found}");
}
