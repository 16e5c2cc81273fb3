//! Searches made of small strategies, at a site with Sysmon and Zeek; properties of the printer.

use proptest::prelude::*;

use super::ast::{Binary, Compare, Expr, Name, Piece, Search};
use super::lower::pcre::{self, Case, Place};
use super::print;
use crate::capability::Findings;
use crate::dialect::{Deployment, Extent, Query, Request, Schedule, dialect};
use crate::plan::Glob;
use crate::sema::analyse;
use crate::source::Sources;
use crate::syntax;
use crate::target::Registry;

/// The search for a detection of these events and this pattern, or why there is none.
fn search(events: &str, detection: &str) -> String {
    lowered(events, detection, None).map_or_else(|reasons| reasons, |query| query.text)
}

/// A rule of a pack.
const DEPLOYED: Option<Deployment<'_>> = Some(Deployment {
    schedule: Some(Schedule { every: 900_000, look_back: 3_600_000, delay: 300_000 }),
    author: "A",
    license: "L",
});

/// The query for a detection of these events and this pattern, or why there is none.
fn lowered(events: &str, detection: &str, deployment: Option<Deployment<'_>>) -> Result<Query, String> {
    let text = format!(
        "strategy DET0001 {{\n technique T1059\n tactic execution\n analytic AN0001 on windows {{\n  \
         mutable AllowedImages: list<glob> = [r\"?:\\Program Files\\*\\agent.exe\"]\n  {TUNABLES}\n  {events}\n  \
         detect d {{ severity low\n {detection} }}\n }}\n}}\n"
    );
    let mut sources = Sources::default();
    let id = sources.add("test.det", text.as_str());
    let (file, errors) = syntax::parse(&sources, id);
    assert!(errors.is_empty(), "{text}\n{errors:#?}");
    let analysis = analyse(&mut sources, &[file], &[]);
    let Some(strategy) = analysis.strategies.first() else { panic!("{text}\n{:#?}", analysis.diagnostics) };
    let registry = Registry::embedded();
    let target = registry.get("splunk").unwrap();
    let profile = target.profile("sysmon-zeek").unwrap();
    let mut findings = Findings::default();
    let unit = strategy.units().next().unwrap();
    let queries = dialect("spl")
        .unwrap()
        .lower(&Request { unit, target, profile, deployment, extent: Extent::Rules }, &mut findings);
    let reasons: Vec<&str> = findings.refusals.iter().map(|r| r.reason.as_str()).collect();
    queries.into_iter().next().ok_or_else(|| format!("refused: {}", reasons.join("; ")))
}

/// A parameter of every kind that stands outside a deployed search.
const TUNABLES: &str = "
    tunable Window: duration in 1s..1h = 5m
    tunable Stall: duration = 1500ms
    tunable Least: int = 20
    tunable Verb: string = \"say \\\"x\\\\\"
    tunable Made: bool = true
    tunable Names: list<string> = [\"cmd.exe\", \"powershell.exe\"]
    tunable Words: list<string> = [\"-enc\", \"100%\"]
    tunable Odd: list<regex> = [r\"^a$\", r\"b+\"]
    tunable Inside: list<cidr> = [\"10.0.0.0/8\", \"fc00::/7\"]
    tunable Peers: list<ip> = [\"192.0.2.1\"]
    tunable Services: ports = [443, 8000..8010]
    tunable Partners: list<host> = [\"198.51.100.0/24\", \"2001:db8::1\", \"*.example.com\"]
";

const STEPS: &str = "
    /// A library is loaded
    event load = library_load where dll.name == \"crypt32.dll\" and not process.executable like AllowedImages
    /// A connection goes out
    event out = network_connection where network.direction == \"egress\"
    event session = tls_session where tls.established == true
    event lookup = dns_query where dns.question.name endswith \".test\"
    event start = process_start where process.command_line contains [\"-enc\", \"`$x$` \\\"q\\\" 100%\"]
    event again = start";

macro_rules! searches {
    ($($name:ident: $detection:literal;)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(stringify!($name), search(STEPS, $detection));
        })*
    };
}

searches! {
    one_event_is_one_where: "pattern start entity host.name, user.name";
    then_keeps_the_last_step: "pattern load then out within 5m by host.name, process.entity_id
        entity host.name, destination.ip";
    then_keeps_the_first_step: "pattern load then out within 5m by host.name entity host.name, dll.path";
    then_of_three_carries_the_start: "pattern start then load then out within 90s by host.name, process.entity_id
        entity host.name";
    then_with_both_steps_needed_forms_pairs: "pattern load then out within 5m by host.name
        entity dll.path, destination.ip";
    then_of_one_class_counts_the_same_millisecond: "pattern start then again within 1m by host.name entity host.name";
    with_needs_one_pass_for_its_keys: "pattern load with out within 5m by host.name entity host.name";
    with_looks_back_and_ahead: "pattern out with session within 2m by source.ip, source.port, destination.ip, destination.port
        entity out.host.name";
    not_followed_by_waits_for_its_window: "pattern load not followed by out within 10s by host.name entity host.name";
    not_preceded_by_is_strict: "pattern out not preceded by lookup within 1h by host.name, destination.ip = dns.resolved_ip
        entity host.name, destination.ip";
    grouped_lets_every_event_leave_again: "pattern out grouped by host.name over 1h having count() >= 20
        entity host.name";
    grouped_counts_different_values: "pattern out grouped by host.name over 1h having distinct(destination.ip) > 5
        entity host.name";
    grouped_names_aggregates: "pattern session grouped by source.ip over 1h
            having sum(source.bytes) as sent / sum(destination.bytes) >= 3.5
        entity source.ip, sent";
    grouped_finds_extremes_from_two_directions: "pattern session grouped by source.ip over 1h
            having max(source.bytes) - min(source.bytes) < 10
        entity source.ip";
    nesting_changes_keys: "pattern (load then out within 5m by host.name, process.entity_id) with session
            within 2m by source.ip, source.port, destination.ip, destination.port
        entity out.host.name, destination.ip";
    a_key_with_several_values_is_expanded: "pattern lookup then out within 1m by lookup.dns.resolved_ip = destination.ip
        entity lookup.host.name, dns.resolved_ip";
}

/// The search of a deployed rule, and each object beside it.
fn deployed(events: &str, detection: &str) -> String {
    let query = match lowered(events, detection, DEPLOYED) {
        Ok(query) => query,
        Err(reasons) => return reasons,
    };
    let objects = query.held.iter().map(|held| format!("{}: {}\n  {:?}\n", held.name, held.form, held.object));
    format!("{}\n{}", query.text, objects.collect::<String>())
}

#[test]
fn values_of_every_type_stand_outside_a_deployed_search() {
    let events = "event run = process_start where process.name in Names and process.command_line contains Words
        and process.command_line matches nocase Odd and not process.executable like AllowedImages
        and process.working_directory == Verb and not process.parent.name in Names
    event out = network_connection where not destination.ip in Inside and destination.ip in Peers
        and destination.port in Services and not (destination.ip in Partners or destination.domain in Partners)
    event stalled = tls_session where event.duration >= Stall and tls.established == Made";
    insta::assert_snapshot!(
        "deployed_values",
        deployed(
            events,
            "pattern (run then out within Window by host.name) with stalled within Window by source.ip
            entity run.host.name, out.destination.ip"
        )
    );
}

#[test]
fn a_deployed_search_judges_a_row_when_nothing_can_change_it() {
    let detection = "pattern load not followed by out within Window by host.name entity host.name";
    insta::assert_snapshot!("deployed_wait", deployed(STEPS, detection));
}

#[test]
fn a_threshold_stands_outside_a_deployed_search() {
    let detection = "pattern out grouped by host.name over Window having count() >= Least entity host.name";
    insta::assert_snapshot!("deployed_threshold", deployed(STEPS, detection));
}

#[test]
fn a_field_that_the_site_lacks_is_refused() {
    let events = "event odd = process_start where process.code_signature.trusted == false";
    let refused = search(events, "pattern odd entity host.name");
    assert_eq!(
        refused,
        "refused: the site's data has no `process.code_signature.trusted`: Sysmon does not report the signature of the process"
    );
}

#[test]
fn a_port_is_asked_for_once_whatever_its_label() {
    let ports = "[443 \"HTTPS\", 443 \"also\", 80..90 \"a\", 80..90 \"b\", 443]";
    let event = format!("event flow = network_connection where destination.port in {ports}");
    let text = search(&event, "pattern flow entity host.name");
    assert_eq!(text.matches("443").count(), 1, "{text}");
    assert_eq!(text.matches("80").count(), 1, "{text}");
}

#[test]
fn nothing_is_divided_by_zero() {
    let event = "event flow = network_flow where source.bytes / destination.bytes > 2.5";
    let text = search(event, "pattern flow entity source.ip");
    assert!(text.contains("/case(tonumber(resp_bytes)=0, 1, 1=1, tonumber(resp_bytes))>2.5"), "{text}");
}

#[test]
fn a_word_that_the_site_lacks_is_refused() {
    let events = "event odd = network_connection where network.direction == \"internal\"";
    let refused = search(events, "pattern odd entity host.name");
    assert_eq!(refused, "refused: the site's data has no word for `network.direction` = `internal`");
}

/// The text of a string literal as Splunk reads it: a backslash before a quote or backslash goes away.
fn unescaped(literal: &str) -> String {
    let mut out = String::new();
    let mut rest = literal.chars().peekable();
    while let Some(c) = rest.next() {
        match (c, rest.peek()) {
            ('\\', Some('\\' | '"')) => out.extend(rest.next()),
            _ => out.push(c),
        }
    }
    out
}

/// The printed text with every quoted part made `s`; the strings must end where the printer meant.
fn without_strings(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '"' {
            out.push(c);
            continue;
        }
        out.push('s');
        while let Some(c) = rest.next() {
            match c {
                '\\' => drop(rest.next()),
                '"' => break,
                _ => {}
            }
        }
    }
    out
}

/// Whether `AND` and `OR` stand side by side without parentheses between them.
fn mixes_operators(text: &str) -> bool {
    let mut levels = vec![(false, false)];
    let bare = without_strings(text).replace('(', " ( ").replace(')', " ) ");
    for word in bare.split_whitespace() {
        match (word, levels.last_mut()) {
            ("(", _) => levels.push((false, false)),
            (")", _) => drop(levels.pop()),
            ("AND", Some((and, _))) => *and = true,
            ("OR", Some((_, or))) => *or = true,
            _ => {}
        }
        if levels.last() == Some(&(true, true)) {
            return true;
        }
    }
    false
}

fn awkward() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            any::<char>(),
            proptest::sample::select(r#"*?\"%_$^[](){}|.`' aB/+"#.chars().collect::<Vec<_>>()),
            Just('\n')
        ],
        0..8,
    )
    .prop_map(|chars| chars.into_iter().collect())
}

fn condition() -> impl Strategy<Value = Expr> {
    let leaf = (awkward(), -5i64..5).prop_map(|(text, n)| {
        Expr::field(&Name::new("f")).binary(Binary::Concat, Expr::text(text)).compare(Compare::Ne, Expr::Int(n))
    });
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|e| Expr::Not(Box::new(e))),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Expr::And),
            proptest::collection::vec(inner, 2..4).prop_map(Expr::Or),
        ]
    })
}

proptest! {
    #[test]
    fn text_in_eval_reads_back(text in awkward()) {
        let printed = print::expr(&Expr::text(text.as_str()));
        prop_assert_eq!(without_strings(&printed), "s");
        let inner = printed.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap();
        prop_assert_eq!(unescaped(inner), text);
    }

    #[test]
    fn a_value_in_the_base_search_is_one_string(text in awkward()) {
        let pieces = vec![Piece::Any, Piece::Literal(text.replace('*', ""))];
        let printed = print::search(&Search::Like(Name::new("a b\"c"), pieces));
        prop_assert_eq!(without_strings(&printed), "s=s");
    }

    #[test]
    fn conditions_never_mix_and_with_or(condition in condition()) {
        let printed = print::expr(&condition);
        prop_assert!(!mixes_operators(&printed), "{printed}");
    }

    #[test]
    fn a_pattern_needs_no_unescaping(text in awkward(), glob in awkward()) {
        let glob = Glob::parse(&glob);
        let texts = pcre::texts(&[&text], Place::Anywhere, Case::Ignored);
        for pattern in texts.into_iter().chain(pcre::globs(&[&glob, &glob], Case::Counts)) {
            prop_assert_eq!(unescaped(&pattern.0), pattern.0.clone());
            prop_assert!(!pattern.0.contains(['"', '`', '$', '\n']), "{}", pattern.0);
        }
    }

    #[test]
    fn a_whole_text_matches_itself_alone(text in "[^\u{0}]{1,6}", more in "[a-z*?.\\\\\"]") {
        let pattern = regex::Regex::new(&pcre::texts(&[&text], Place::Whole, Case::Counts).first().unwrap().0).unwrap();
        prop_assert!(pattern.is_match(&text));
        let longer = format!("{text}{more}");
        prop_assert!(!pattern.is_match(&longer));
    }
}
