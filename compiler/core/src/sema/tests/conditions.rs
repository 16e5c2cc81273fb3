use super::{analyse_text, around_event, check, detection, findings, print, snapshot, strategy, table};

/// The predicate of an event of `class` with this condition, or the errors.
fn condition(class: &str, condition: &str) -> String {
    with_declarations("", class, condition)
}

fn with_declarations(declarations: &str, class: &str, condition: &str) -> String {
    let text = around_event(declarations, &format!("event e = {class} where {condition}"), class);
    let (sources, analysis) = analyse_text(&text);
    match analysis.strategies.first() {
        Some(strategy) => print::pred(&detection(strategy).events[0].predicate),
        None => findings(&sources, &analysis.diagnostics),
    }
}

fn conditions(name: &str, class: &str, all: &[&str]) {
    snapshot(name, &table(all.iter().map(|c| ((*c).to_owned(), condition(class, c)))));
}

#[test]
fn text_operators() {
    conditions(
        "text_operators",
        "process_start",
        &[
            r#"process.name == "a.exe""#,
            r#"process.name cased == "a.exe""#,
            r#"process.name != "a.exe""#,
            r#""a.exe" == process.name"#,
            r#"process.name == """#,
            r#"process.name in ["a.exe", "b*.exe"]"#,
            r#"process.name cased in ["a.exe"]"#,
            r#"process.name in []"#,
            r#"not process.name in ["a.exe"]"#,
            r#"process.executable like r"C:\Users\*\[*]?.exe""#,
            r#"process.executable like ["*\\a.exe", "b"]"#,
            r#"process.command_line contains ["x", "y"]"#,
            r#"process.command_line cased startswith "x""#,
            r#"process.command_line endswith []"#,
            r#"process.command_line matches r"^a\d+$""#,
            r#"process.command_line matches nocase ["a", "b"]"#,
            r#"process.args contains "-enc""#,
        ],
    );
}

#[test]
fn text_operators_that_do_not_fit() {
    conditions(
        "text_operators_that_do_not_fit",
        "process_start",
        &[
            r#"process.name < "a""#,
            r#"process.name == 5"#,
            r#"process.name == ["a"]"#,
            r#"process.name in [1, 2]"#,
            r#"process.command_line matches r"a(?=b)""#,
            r#"process.command_line matches r"\bfoo""#,
            r#"process.command_line cased matches "a""#,
            r#"process.name == 10s"#,
            r#"process.nmae == "a""#,
            r#"dll.name == "a""#,
            r#"process.name like process.parent.name"#,
            r#""a" in ["a"]"#,
            r#"process.pid contains "1""#,
            r#"process.name == Unknown"#,
            r#"process.name in std::crypto_librarys"#,
            r#"process.name in sdt::crypto_libraries"#,
            r#"process.name in std::bundled_crypto_libraries"#,
            r#"process.name == "a" and process.exe == "b" or process.pid == "5""#,
            r#"process.name"#,
            r#"5"#,
            r#"exists Foo"#,
            r#"exists process.nmae"#,
            r#"process.pid + (process.name == "a") == 5"#,
        ],
    );
}

#[test]
fn numbers_ports_and_durations() {
    conditions(
        "numbers_ports_and_durations",
        "network_flow",
        &[
            "source.bytes >= 1_000",
            "1000 < source.bytes",
            "source.bytes != -5",
            "source.bytes > 1.5",
            "source.bytes in [1, 2, 3]",
            "source.bytes >= 100 * 1024",
            "network.payload.entropy >= 7",
            "destination.port == 443",
            "destination.port in [443, 8443]",
            "destination.port in [443, 8000..8010]",
            r#"destination.port in [443 "HTTPS"]"#,
            "destination.port in std::tls_ports",
            "not destination.port in std::tls_ports",
            "event.duration >= 10s",
            "event.duration < 2 * 1m30s",
            "event.duration in [1s, 2s]",
            "event.duration_seconds >= 10s / 1s",
            "destination.port == 70000",
            "destination.port == \"443\"",
            "event.duration >= 10",
            "source.bytes == 9007199254740993",
            "source.bytes > 9007199254740992 * 2",
            "source.bytes > 1 / 0",
        ],
    );
}

#[test]
fn addresses_and_networks() {
    conditions(
        "addresses_and_networks",
        "dns_query",
        &[
            r#"destination.ip == "10.0.0.1""#,
            r#"destination.ip == "::ffff:10.0.0.1""#,
            r#"destination.ip != "2001:DB8::1""#,
            r#"destination.ip in ["10.0.0.0/8", "192.168.0.1"]"#,
            r#"destination.ip in "fc00::/7""#,
            r#"dns.resolved_ip in std::non_public_networks"#,
            r#"destination.ip in []"#,
            r#"destination.ip == source.ip"#,
            r#"destination.ip == "10.0.0.0/8""#,
            r#"destination.ip == "host.example""#,
            r#"destination.ip in ["10.0.0.1/8"]"#,
            r#"destination.ip like "10.*""#,
            r#"destination.ip startswith "10.""#,
            r#"destination.ip matches "^10""#,
            r#"destination.ip cased == "10.0.0.1""#,
            r#"destination.ip < "10.0.0.1""#,
            r#"destination.ip == dns.question.name"#,
        ],
    );
}

#[test]
fn hosts_are_addresses_to_an_address_and_names_to_a_text() {
    conditions(
        "hosts",
        "tls_session",
        &[
            "destination.ip in std::public_doh_endpoints",
            "tls.client.server_name in std::public_doh_endpoints",
            "destination.ip in std::vmware_hosts",
            "tls.client.server_name cased in std::vmware_hosts",
            "destination.port in std::vmware_hosts",
            "tls.client.server_name == std::vmware_hosts",
            "tls.client.server_name like std::vmware_hosts",
        ],
    );
}

#[test]
fn times_booleans_and_computed_values() {
    conditions(
        "times_booleans_and_computed_values",
        "tls_session",
        &[
            "tls.established",
            "not tls.established",
            "tls.established == false",
            "tls.established != true",
            "true and tls.established",
            "exists tls.server.issuer",
            "missing tls.server.issuer",
            r#"@timestamp >= "2026-01-01""#,
            r#"tls.server.not_after in ["2026-01-01", "2027-01-01T00:00:00Z"]"#,
            "tls.server.not_after < @timestamp",
            "tls.server.not_after - tls.server.not_before > 398d",
            r#"@timestamp - "2026-01-01" > 1h"#,
            "tls.server.not_after + 1d < @timestamp",
            "tls.server.issuer == tls.server.subject",
            "tls.server.issuer cased == tls.server.subject",
            "tls.server.issuer != tls.server.subject",
            "source.bytes / destination.bytes >= 3.0",
            "source.bytes - destination.bytes != 0",
            "-source.bytes < destination.bytes * 2 + 1",
            "event.duration / 2 > 5s",
            "1 < 2 and tls.established",
            r#""a" == "A" and tls.established"#,
            r#"@timestamp >= "yesterday""#,
            r#"@timestamp >= 5"#,
            "tls.server.not_after + tls.server.not_before > 5s",
            "event.duration * event.duration > 5s",
            "tls.server.issuer + 1 == 2",
            "tls.server.issuer < tls.server.subject",
            "tls.server.issuer == source.port",
            "tls.established > true",
            "tls.established == \"true\"",
            r#"source.bytes cased == destination.bytes"#,
            "count() > 5",
        ],
    );
}

#[test]
fn parameters_keep_their_place_in_the_plan() {
    let declarations = r#"
        tunable Names: list<string> = ["a"]
        tunable Paths: list<glob> = ["b*"]
        tunable Patterns: list<regex> = ["c+"]
        tunable Nets: list<cidr> = ["10.0.0.0/8"]
        tunable Limit: int = 5
        tunable Ratio: float = 3
        tunable Slow: duration = 10s
        tunable Ports: ports = [443, 8000..8010 "more"]
        tunable On: bool = true
        tunable Since: datetime = "2026-01-01"
        tunable None: list<string> = []
        tunable Rule: record { days: int in 1..9 = 5, on: bool = false } = { days: 7 }
        tunable Word: enum(strict|lax) = "strict"
        let names = Names"#;
    let rows = [
        "tls.server.issuer in Names",
        "tls.server.issuer in names",
        "tls.server.issuer contains Names",
        "tls.server.issuer in None",
        "not tls.server.issuer in None",
        "process.executable like Paths",
        "tls.server.issuer matches Patterns",
        "destination.ip in Nets",
        "source.bytes > Limit",
        "source.bytes > Limit * 2",
        "source.bytes / destination.bytes > Ratio",
        "event.duration > Slow",
        "not destination.port in Ports",
        "tls.established == On",
        "On and tls.established",
        "@timestamp > Since",
        "source.bytes > Rule.days",
        "Rule.on or tls.established",
        r#"Word == "strict" and tls.established"#,
        "tls.server.issuer in Paths",
        "process.executable like Names",
        "tls.server.issuer == Patterns",
        "source.bytes > Rule.dayz",
        "source.bytes > Limit.x",
        "tls.server.issuer contains Limit",
        "tls.server.issuer in Nmaes",
    ];
    let rows = rows.map(|row| (row.to_owned(), errors_of(&with_declarations(declarations, "tls_session", row))));
    snapshot("parameters_keep_their_place_in_the_plan", &table(rows));
}

/// Warnings left out: the declarations of a table are not all used by every row.
fn errors_of(became: &str) -> String {
    became.lines().filter(|line| !line.starts_with("W0902")).collect::<Vec<_>>().join("\n")
}

#[test]
fn predicates_are_expanded_where_they_are_called() {
    let text = around_event(
        r#"
        predicate named(names: list<string>) on process_start = process.name in names
        predicate odd(names: list<string>, n: int) on process_start = not named(names) and process.pid > n
        tunable Allowed: list<string> = ["a.exe"]"#,
        "event e = process_start where odd(Allowed, 4) or named([\"b.exe\"])",
        "process_start",
    );
    let strategy = strategy(&text);
    let predicate = &detection(&strategy).events[0].predicate;
    let expected =
        r#"((not process.name equals ["a.exe"]$0 and process.pid > Int(4)) or process.name equals ["b.exe"])"#;
    assert_eq!(print::pred(predicate), expected);
    let mut calls = Vec::new();
    predicate.for_each(&mut |test| calls.push([test.span, test.call].map(|s| text.get(s.range()).unwrap_or_default())));
    let (outer, inner) = ("odd(Allowed, 4)", "process.name in names");
    assert_eq!(calls, [[inner, outer], ["process.pid > n", outer], [inner, r#"named(["b.exe"])"#]]);
}

#[test]
fn calls_that_do_not_fit() {
    let declarations = "predicate big(n: int) on process_start = process.pid > n";
    let rows = [
        "bgi(5)",
        "big()",
        "big(5, 6)",
        r#"big("five")"#,
        "big(process.pid)",
        "big",
        "tls::expired()",
        "tls::expird()",
        "sum(process.pid) > 5",
    ];
    let rows = rows.map(|row| {
        let became = with_declarations(declarations, "process_start", &format!("big(1) and {row}"));
        (row.to_owned(), became)
    });
    snapshot("calls_that_do_not_fit", &table(rows));
}

#[test]
fn an_error_in_a_predicate_is_reported_once() {
    let text = around_event(
        "predicate broken() on process_start = process.nmae == \"a\"",
        "event e = process_start where broken() or broken()",
        "process_start",
    );
    assert_eq!(
        check(&text),
        "E0101 at `process.nmae`: `process_start` has no field `process.nmae`; did you mean `process.name`?\n"
    );
}

#[test]
fn cycles_show_their_path() {
    let rows = [
        "let a = b\nlet b = c\nlet c = a",
        "let a = a",
        "predicate p() on process_start = q()\npredicate q() on process_start = p()",
        "event x = y\nevent y = x",
    ];
    let rows = rows.map(|row| {
        let text = around_event(row, "event e = process_start", "process_start");
        (row.to_owned(), check(&text))
    });
    snapshot("cycles_show_their_path", &table(rows));
}

#[test]
fn a_condition_that_doubles_at_every_call_is_refused() {
    let mut declarations = "predicate p0() on process_start = process.pid == 1\n".to_owned();
    for i in 1..40 {
        let before = i - 1;
        declarations += &format!("predicate p{i}() on process_start = p{before}() or p{before}()\n");
    }
    let text = around_event(&declarations, "event e = process_start where p39()", "process_start");
    let found = check(&text);
    assert_eq!(found.lines().count(), 1, "{found}");
    assert!(found.contains("E0004") && found.contains("expands to more than"), "{found}");
}

#[test]
fn a_long_chain_is_read_without_deep_recursion() {
    let chain = vec!["process.pid == 1"; 2_000].join(" or ");
    let text = around_event("", &format!("event e = process_start where {chain}"), "process_start");
    let strategy = strategy(&text);
    let mut tests = 0;
    detection(&strategy).events[0].predicate.for_each(&mut |_| tests += 1);
    assert_eq!(tests, 2_000);
}

#[test]
fn definitions_that_use_each_other_in_a_long_chain_are_refused() {
    let chain = |first: &str, next: &dyn Fn(usize) -> String| {
        let mut text = first.to_owned();
        (1..400).for_each(|i| text += &next(i));
        around_event(&text, "event e = process_start where process.pid > a399", "process_start")
    };
    let lets = chain("let a0 = 1\n", &|i| format!("let a{i} = a{} + 1\n", i - 1));
    let found = check(&lets);
    assert!(found.contains("E0004") && found.lines().count() == 1, "{found}");

    let deep = format!("{}process.pid == 1{}", "not (".repeat(50), ")".repeat(50));
    let predicates = chain(&format!("let a399 = 1\npredicate p0() on process_start = {deep}\n"), &|i| {
        format!("predicate p{i}() on process_start = {}\n", deep.replace("process.pid == 1", &format!("p{}()", i - 1)))
    });
    let found = check(&predicates);
    assert!(found.lines().all(|line| line.starts_with("E0004")), "{found}");
}
