use super::{analyse_files, around, around_event, check, findings, print, snapshot, strategy, table};

/// The example at the head of the language reference.
const EXAMPLE: &str = r##"
/// Encrypted Channel via Asymmetric Cryptography across OS Platforms
strategy DET0543 {
    attack    "18.1"
    technique T1573.002
    tactic    command-and-control

    /// Address space that counts as inside. A lab that uses RFC 1918 as its outside overrides this.
    tunable NonPublicNetworks: list<cidr> = std::non_public_networks

    /// A process outside the allow list loads a crypto library, connects out, and the TLS session is abnormal
    analytic AN1496 on windows {
        sources {
            DC0016 "WinEventLog:Sysmon" "EventCode=7"     -> library_load
            DC0082 "WinEventLog:Sysmon" "EventCode=3, 22" -> network_connection, dns_query
        }

        /// Whitelist browsers, mail clients, or apps expected to use asymmetric crypto.
        mutable AllowedCryptoProcesses: list<glob> = [
            r"?:\Program Files*\Google\Chrome\Application\chrome.exe",
            r"?:\Program Files*\Mozilla Firefox\firefox.exe",
        ]
        /// Baseline CA list for validating abnormal certs.
        mutable CertificateAuthorityList: list<string> with len 1.. = ["Let's Encrypt", "DigiCert Inc"]
        /// Detection of incomplete or malformed handshakes.
        mutable HandshakeTimeout: duration in 1s..300s = 10s
        /// Time allowed between the load and the connection.
        tunable LoadToConnect: duration in 1s..1h = 5m

        event crypto_load = library_load where
            dll.name in std::crypto_libraries and not process.executable like AllowedCryptoProcesses

        event egress = network_connection where
            network.direction == "egress" and network.transport == "tcp"
            and not destination.ip in NonPublicNetworks

        event abnormal_tls = tls_session where
            tls::bad_certificate(CertificateAuthorityList) or tls::stalled_handshake(HandshakeTimeout)

        event bad_peer = tls_session where tls::bad_certificate(CertificateAuthorityList)
        event session  = tls_session

        detect abnormal_session {
            severity high
            pattern (crypto_load then egress within LoadToConnect by host.name, process.entity_id)
                    with abnormal_tls within 2m
                    by source.ip, source.port, destination.ip, destination.port
            entity  egress.host.name, egress.process.entity_id, destination.ip, destination.port
            suppress 24h
        }

        /// Most command-and-control sessions are resumed and show no certificate: remember the peer for a day.
        detect known_bad_peer {
            severity high
            pattern (crypto_load then egress within LoadToConnect by host.name, process.entity_id)
                    with (bad_peer then session within 24h by destination.ip, destination.port) within 2m
                    by egress.source.ip = session.source.ip, egress.source.port = session.source.port,
                       destination.ip, destination.port
            entity  egress.host.name, egress.process.entity_id, destination.ip, destination.port
            suppress 24h
        }

        /// Only where the target or the site's data can express neither of the above.
        detect candidate otherwise {
            severity low
            pattern crypto_load then egress within LoadToConnect by host.name, process.entity_id
            entity  host.name, process.entity_id
            suppress 24h
        }
    }
}
"##;

#[test]
fn the_example_of_the_language_reference() {
    snapshot("the_example_of_the_language_reference", &print::strategy(&strategy(EXAMPLE)));
    assert_eq!(check(EXAMPLE), "W0901 at `dns_query`: no detection of `AN1496` uses the source's class `dns_query`\n");
}

#[test]
fn a_rules_uuid_depends_on_its_names_alone() {
    let id = |text: &str| strategy(text).analytics[0].detections[0].id.clone();
    let text = around_event("", "event e = process_start", "process_start");
    assert_eq!(id(&text), id(&text.replace("low", "high")));
    assert_ne!(id(&text), id(&text.replace("detect d", "detect other")));
    let written = "5F1B6A1E-0C9E-4B62-8D1C-2F7F3A4B5C6D";
    let text = text.replace("severity low", &format!("id \"{written}\" severity low"));
    assert_eq!(id(&text), written.to_lowercase());
}

#[test]
fn a_new_rule_has_version_1_and_is_experimental() {
    use crate::plan::{Release, RuleStatus};
    let release = |clauses: &str| {
        let text = format!("event e = auth\ndetect d {{ {clauses} severity low pattern e entity user.name }}");
        let strategy = strategy(&around(&text));
        super::detection(&strategy).release
    };
    assert_eq!(release(""), Release { version: 1, status: RuleStatus::Experimental, own_id: false });
    let written = release("id \"0d19f03e-088b-4d4f-9d18-f74d8f770a04\" version 12 status deprecated");
    assert_eq!(written, Release { version: 12, status: RuleStatus::Deprecated, own_id: true });
}

#[test]
fn what_a_detection_says() {
    let text = around(
        r#"event e = process_start
        /// Title of it
        ///
        /// More of it.
        detect odd_one {
            severity informational
            pattern e
            entity e.host.name
            suppress 90m
            accept approximate on elastic, sigma/plain "ties"
            accept unsupported on splunk "no data"
            falsepositive "updates"
        }"#,
    );
    let strategy = strategy(&text);
    let d = &strategy.analytics[0].detections[0];
    assert_eq!((&*d.title, &*d.description), ("Title of it", "More of it."));
    assert_eq!(d.false_positives, ["updates"]);
    let accepts: Vec<_> = d.accepts.iter().map(|a| format!("{:?} {} {}", a.what, a.target.value, a.reason)).collect();
    assert_eq!(accepts, ["Approximate elastic ties", "Approximate sigma/plain ties", "Unsupported splunk no data"]);
    assert_eq!(d.suppress.as_ref().map(|s| s.value), Some(90 * 60 * 1000));
    assert_eq!(print::entity(d), "host.name=e#0.host.name");
}

#[test]
fn parts_that_are_missing_or_stand_twice() {
    let rows = [
        "strategy S { }",
        "strategy S { analytic A on windows { } }",
        "strategy S { technique T15 analytic A on windows { event e = auth detect d { severity low pattern e entity user.name } } }",
        "strategy S { attack \"18.1\" attack \"18.2\" analytic A on windows { event e = auth detect d { severity low pattern e entity user.name } } }",
        &around("event e = auth\ndetect d { }"),
        &around("event e = auth\ndetect d otherwise { severity low pattern e entity user.name }"),
        &around("event e = auth\ndetect d { severity lwo pattern e entity user.name }"),
        &around("event e = auth\ndetect d { severity low severity high pattern e entity user.name }"),
        &around("event e = auth\ndetect d { version 0 severity low pattern e entity user.name }"),
        &around("event e = auth\ndetect d { version 3s severity low pattern e entity user.name }"),
        &around("event e = auth\ndetect d { version 1 version 2 severity low pattern e entity user.name }"),
        &around("event e = auth\ndetect d { status stabel severity low pattern e entity user.name }"),
        "strategy S { date 2026-13-01 analytic A on windows { event e = auth detect d { severity low pattern e entity user.name } } }",
        &around("event e = auth\ndetect d { id \"5\" severity low pattern e entity user.name }"),
        &around("event e = auth\ndetect d { severity low pattern e entity user.name suppress 5 }"),
        &around("event e = auth\ndetect d { severity low pattern e entity user.name suppress 1ms / 2 }"),
        &around("event e = auth\ndetect d { severity low pattern e entity user.name accept loss on elastic \"x\" }"),
        &around(
            "event e = auth\ndetect d { severity low pattern e entity user.name accept approximate on elastic \"\" }",
        ),
        &around("event e = auth\nevent e = auth\ndetect d { severity low pattern e entity user.name }"),
        &around(
            "event e = auth\ndetect d { severity low pattern e entity user.name }\ndetect d { severity low pattern e entity user.name }",
        ),
        &around("event e = atuh\ndetect d { severity low pattern e entity user.name }"),
        &around(
            "event e = process_start\nevent f = proces where process.pid == 1\ndetect d { severity low pattern e entity host.name }",
        ),
        &around(
            "sources { DC1 \"a\" \"b\" -> proces_start }\nevent e = auth\ndetect d { severity low pattern e entity user.name }",
        ),
        &around("event user = auth\ndetect d { severity low pattern user entity user.name }"),
        &around("event auth = auth\ndetect d { severity low pattern auth entity user.name }"),
        &around("let source = 5\nevent e = auth\ndetect d { severity low pattern e entity user.name }"),
        &around(
            "predicate p(user: int) on auth = true\nevent e = auth where p(1)\ndetect d { severity low pattern e entity user.name }",
        ),
        &around("strategy T { }\nevent e = auth\ndetect d { severity low pattern e entity user.name }"),
        "tunable X: int = 5",
        "strategy S { detect d { severity low } }",
        "module tls\nlet x = 5",
        "module mine\nevent e = auth",
    ];
    snapshot("parts_that_are_missing_or_stand_twice", &table(rows.map(|r| (r.trim().to_owned(), check(r)))));
}

#[test]
fn classes_that_cannot_be() {
    let rows = [
        "class auth { a.b: string }",
        "class mine { a.b: strng }",
        "class mine { a.b: glob, a.c: record { x: int = 1 } }",
        "class mine { a.b: string, a.b: int }",
        "class mine { a.b: string, a.b.c: int }",
    ];
    snapshot("classes_that_cannot_be", &table(rows.map(|r| (r.to_owned(), check(r)))));
}

#[test]
fn nothing_is_decoration() {
    let text = around(
        r#"sources { DC1 "a" "b" -> process_start, dns_query }
        mutable Unused: int = 5
        let one = 1
        let two = one
        predicate never() on auth = event.outcome == "success"
        event e = process_start
        event other = auth
        detect d { severity low pattern e entity host.name }"#,
    );
    snapshot("nothing_is_decoration", &check(&format!("let top = 5\n{text}")));
}

#[test]
fn a_strategy_in_error_leaves_its_neighbours() {
    let good = around_event("", "event e = process_start", "process_start");
    let bad = good.replace("strategy S", "strategy Bad").replace("entity @timestamp", "entity nothing.here");
    let after = good.replace("strategy S", "strategy After");
    let (sources, analysis) = analyse_files(&[&format!("{good}{bad}"), &after], &[]);
    let ids: Vec<&str> = analysis.strategies.iter().map(|s| &*s.id).collect();
    assert_eq!(ids, ["S", "After"]);
    assert_eq!(analysis.diagnostics.len(), 1, "{}", findings(&sources, &analysis.diagnostics));
}

#[test]
fn a_second_strategy_of_one_name_is_left_out() {
    let text = around_event("", "event e = process_start", "process_start");
    let (sources, analysis) = analyse_files(&[&text, &text], &[]);
    assert_eq!(analysis.strategies.len(), 1);
    let expected = "E0106 at `S`: `S` is defined twice [first here `S`]\n";
    assert_eq!(findings(&sources, &analysis.diagnostics), expected);
}

#[test]
fn modules_of_the_user_are_known_to_every_file() {
    let module =
        "module mine\nclass door { door.id: string }\nlet ids = [\"a\"]\npredicate known() on door = door.id in ids";
    let text = "strategy S { analytic A on linux { event e = door where mine::known() and door.id in mine::ids
        detect d { severity low pattern e entity door.id } } }";
    let (sources, analysis) = analyse_files(&[text, module], &[]);
    assert_eq!(findings(&sources, &analysis.diagnostics), "");
    assert_eq!(analysis.strategies[0].classes.keys().collect::<Vec<_>>(), ["door"]);
}

#[test]
fn an_event_on_another_takes_over_its_class_and_condition() {
    let text = around(
        "event a = auth where event.outcome == \"failure\"
         event b = a where user.name == \"root\"
         event c = b
         detect d { severity low pattern c entity user.name }",
    );
    let strategy = strategy(&text);
    let event = &strategy.analytics[0].detections[0].events[0];
    assert_eq!((&*event.name, &*event.class.name), ("c", "auth"));
    let expected = r#"(event.outcome equals ["failure"] and user.name equals ["root"])"#;
    assert_eq!(print::pred(&event.predicate), expected);
}
