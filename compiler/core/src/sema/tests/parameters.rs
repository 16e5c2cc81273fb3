use super::{around_event, check, detection, print, snapshot, strategy, table};
use crate::plan::ParamBound;

/// The type and value of a parameter, or the errors.
fn parameter(declaration: &str) -> String {
    let text = around_event(declaration, "event e = process_start", "process_start");
    let found: String = check(&text).lines().filter(|l| !l.starts_with('W')).map(|l| format!("{l}\n")).collect();
    if !found.is_empty() {
        return found;
    }
    let strategy = strategy(&text);
    let p = strategy.parameters.last().expect("a parameter");
    let bounds: Vec<String> = p.bounds.iter().map(|(name, b)| bound(name, b)).collect();
    format!("{} = {}{}", p.ty, print::value(&p.value), bounds.concat())
}

fn bound(name: &str, b: &ParamBound) -> String {
    let kind = if b.length { "len" } else { "in" };
    format!("; {name} {kind} {:?}..{:?}", b.low, b.high)
}

#[test]
fn every_type_has_its_literals() {
    let rows = [
        "tunable P: bool = true",
        "tunable P: int in 1..10 = 5",
        "tunable P: int = -5",
        "tunable P: float in 0..8 = 7",
        "tunable P: string = \"a\"",
        "tunable P: duration in 1s..5m = 10s",
        "tunable P: duration = 2 * 30s",
        "tunable P: datetime = \"2026-01-01T00:00:00Z\"",
        "tunable P: ip = \"::ffff:1.2.3.4\"",
        "tunable P: cidr = \"10.0.0.0/8\"",
        "tunable P: list<host> = [\"10.0.0.0/8\", \"::ffff:10.1.1.5\", \"vc.example\", \"*.example.com\"]",
        "tunable P: port = 443",
        "tunable P: glob = \"a*\"",
        "tunable P: regex = \"a+\"",
        "tunable P: enum(strict|lax) = \"lax\"",
        "tunable P: list<cidr> = std::non_public_networks",
        "tunable P: list<string> with len 1.. = [\"a\", \"b\"]",
        "tunable P: list<port> = [443]",
        "tunable P: list<int> in 1..9 = [1, 2]",
        "tunable P: ports with len 1.. = [443 \"HTTPS\", 8000..8010]",
        "tunable P: record { days: int in 1..3650 = 398, names: list<string> = [], on: bool = true } = { days: 90 }",
        "let x = [\"a*\"]\ntunable P: list<glob> = x",
    ];
    snapshot("every_type_has_its_literals", &table(rows.map(|r| (r.to_owned(), parameter(r)))));
}

#[test]
fn defaults_that_do_not_fit() {
    let rows = [
        "tunable P: strin = \"a\"",
        "tunable P: int = 5s",
        "tunable P: int in 1..10 = 11",
        "tunable P: int in 10..1 = 5",
        "tunable P: string in 1..10 = \"a\"",
        "tunable P: int with len 1.. = 5",
        "tunable P: list<string> with len 1.. = []",
        "tunable P: list<int> in 1..9 = [10]",
        "tunable P: duration = 10",
        "tunable P: datetime = \"2026-13-01\"",
        "tunable P: ip = \"1.2.3\"",
        "tunable P: cidr = \"10.0.0.1/8\"",
        "tunable P: list<host> = [\"10.0.0.1/8\", \"10.0.0.256\", \"a*.example\", \"*.\", \"a b\"]",
        "tunable P: port = 65536",
        "tunable P: regex = \"(a\"",
        "tunable P: enum(strict|lax) = \"lx\"",
        "tunable P: enum(a|a) = \"a\"",
        "tunable P: list<string> = \"a\"",
        "tunable P: list<cidr> = [\"10.0.0.0/8\", \"x\", \"y\"]",
        "tunable P: list<int> = [1 \"label\"]",
        "tunable P: list<list<int>> = []",
        "tunable P: ports = [9..1]",
        "tunable P: record { days: int in 1..9 = 5 } = { day: 6 }",
        "tunable P: record { days: int in 1..9 = 5 } = { days: 60 }",
        "tunable P: record { days: int in 1..9 = 50 } = {}",
        "tunable P: record { days: int = 5, days: int = 6 } = {}",
        "tunable P: record { days: int = 5 } = { days: 6, days: 7 }",
        "tunable Q: int = 5\ntunable P: int = Q",
        "tunable P: int = Nothing",
        "let x: list<string> = [\"a*\"]\ntunable P: list<glob> = x",
    ];
    snapshot("defaults_that_do_not_fit", &table(rows.map(|r| (r.to_owned(), parameter(r)))));
}

#[test]
fn an_analytics_parameter_comes_after_the_strategys_and_hides_its_namesake() {
    let text = r#"
        strategy S {
            tunable Limit: int = 1
            tunable Other: int = 2
            analytic A on linux {
                mutable Limit: int = 3
                event e = process_start where process.pid > Limit and process.parent.pid > Other
                detect d { severity low pattern e entity host.name }
            }
        }"#;
    let strategy = strategy(text);
    let names: Vec<_> = strategy.parameters.iter().map(|p| (&*p.name, p.analytic.as_deref())).collect();
    assert_eq!(names, [("Limit", None), ("Other", None), ("Limit", Some("A"))]);
    let predicate = print::pred(&detection(&strategy).events[0].predicate);
    assert_eq!(predicate, "(process.pid > Int(3)$2 and process.parent.pid > Int(2)$1)");
    assert_eq!(check(text).lines().count(), 1, "the hidden parameter is unused");
}
