//! A list of which no entry can match at a site is said aloud.

use detc_core::compile;
use detc_core::target::Registry;

use crate::support::analyse;

/// The warnings about lists, for a strategy that holds the destinations of connections against this list of hosts.
fn warnings(hosts: &str, condition: &str) -> Vec<String> {
    let text = format!(
        "strategy DET9001 {{ technique T1071 tactic command-and-control\n analytic AN9001 on windows {{\n \
         sources {{ DC0082 \"Sysmon\" \"3\" -> network_connection }}\n \
         tunable Ours: list<host> = [{hosts}]\n \
         event out = network_connection where network.direction == \"egress\" and not ({condition})\n \
         detect d {{ severity low\n pattern out\n entity host.name }}\n }} }}"
    );
    let analysed = analyse("idle.det", &text);
    let strategy = analysed.strategies.first().unwrap_or_else(|| panic!("{text}\n{:#?}", analysed.diagnostics));
    let registry = Registry::embedded();
    let target = registry.get("splunk").expect("embedded data are valid");
    let outcomes = compile::run(strategy, target, &target.profiles["sysmon-zeek"], &|_| true).outcomes;
    assert!(outcomes.iter().all(|outcome| !outcome.queries.is_empty()), "{outcomes:#?}");
    compile::idle_values(&outcomes).into_iter().map(|warning| warning.title).collect()
}

#[test]
fn names_alone_do_nothing_where_addresses_are_read() {
    let expected = ["no entry of `Ours` can match in `AN9001/d`"];
    assert_eq!(warnings("\"vc.example.com\"", "destination.ip in Ours"), expected);
    assert_eq!(warnings("\"192.0.2.0/24\"", "destination.domain in Ours"), expected);
}

#[test]
fn a_list_with_one_entry_that_can_match_or_with_none_at_all_is_meant() {
    assert_eq!(warnings("\"vc.example.com\", \"192.0.2.1\"", "destination.ip in Ours"), [""; 0]);
    assert_eq!(warnings("\"vc.example.com\"", "destination.ip in Ours or destination.domain in Ours"), [""; 0]);
    assert_eq!(warnings("", "destination.ip in Ours"), [""; 0]);
}
