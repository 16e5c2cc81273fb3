use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::*;
use crate::diagnostics::{Code, Diagnostic};
use crate::plan::{Class, Field, Type};
use crate::source::Sources;

const PROFILE: &str = r#"title: Tests
description: A site of the tests
settings: {index: main}
narrow: {Regex: "the licence lacks it"}
classes:
  network_connection:
    source: {index: [logs], category: network}
    collect: connections
    fields:
      host.name: {native: Host, type: string, always: true, evidence: "https://example.org"}
      network.transport: {constant: tcp}
      network.direction: {native: Initiated, type: string, values: {egress: "true", ingress: "false"}}
      destination.port: {derived: "toint(Port)", type: int}
      process.name: {join: "processes by id"}
      tls.resumed: {absent: "no such column"}
"#;

const TARGET: &str =
    "title: Test\ndialects: [eql]\ndefault_profile: {linux: main}\nlimits: {query_characters: 100, look_back: 14d}\n";

fn classes() -> BTreeMap<String, Arc<Class>> {
    let direction = Type::Enum(vec!["egress".into(), "ingress".into()]);
    let fields = [
        ("host.name", Type::String),
        ("network.transport", Type::Enum(vec!["tcp".into(), "udp".into()])),
        ("network.direction", direction),
        ("destination.port", Type::Port),
        ("process.name", Type::String),
        ("tls.resumed", Type::Bool),
    ];
    let fields = fields.map(|(name, ty)| (name.to_owned(), (Field { name: name.into(), ty }, String::new())));
    let class = Class { name: "network_connection".into(), doc: String::new(), fields: BTreeMap::from(fields) };
    BTreeMap::from([(class.name.clone(), Arc::new(class))])
}

/// Each error with the text it points at and its advice.
fn said(sources: &Sources, errors: &[Diagnostic]) -> Vec<String> {
    let say = |d: &Diagnostic| {
        let at = d.primary.as_ref().map(|p| format!(" @ {}", sources.slice(p.span))).unwrap_or_default();
        format!("{} {}{at}{}", d.code, d.title, d.help.iter().map(|h| format!(" ({h})")).collect::<String>())
    };
    errors.iter().map(say).collect()
}

fn profile(text: &str) -> Result<Profile, Vec<String>> {
    let mut sources = Sources::default();
    let id = sources.add("profile.yaml", text);
    let (sources, classes) = (&sources, &classes());
    let log_source = sources_of_a_target(classes);
    let target = Target {
        id: "mine".into(),
        title: String::new(),
        dialects: vec!["none".into()],
        default_profile: BTreeMap::new(),
        limits: Limits::default(),
        settings: serde_json::Map::new(),
        templates: BTreeMap::new(),
        sources: BTreeMap::from([("flows".to_owned(), log_source.clone()), ("sensor".to_owned(), log_source)]),
        profiles: BTreeMap::new(),
        pack: None,
    };
    load_profile("main", id, &target, Context { sources, classes }).map_err(|errors| said(sources, &errors))
}

/// A log source with the one class of the tests.
const SOURCE: &str = "title: Flows\nclasses:\n  network_connection:\n    source: {index: flows}\n    evidence: \"https://example.org\"\n    \
                      fields: {host.name: {native: Name}, destination.port: {native: Port, evidence: \"https://other.example.org\"}}\n    \
                      absent: [{fields: [process.name], because: no processes}]\n";

fn sources_of_a_target(classes: &BTreeMap<String, Arc<Class>>) -> LogSource {
    let mut sources = Sources::default();
    let id = sources.add("flows.yaml", SOURCE);
    load_source(id, "none", Context { sources: &sources, classes }).unwrap()
}

/// What is said about [`PROFILE`] with one part replaced.
fn changed(from: &str, to: &str) -> Vec<String> {
    assert!(PROFILE.contains(from), "the profile has no `{from}`");
    profile(&PROFILE.replacen(from, to, 1)).expect_err("the profile must be refused")
}

#[test]
fn a_profile_is_read_as_written() {
    let profile = profile(PROFILE).unwrap();
    assert_eq!((profile.id.as_str(), profile.narrow["Regex"].as_str()), ("main", "the licence lacks it"));
    let class = &profile.classes["network_connection"];
    let access = |name: &str| class.fields[name].access.clone();
    assert_eq!((class.source["category"].as_str(), &*class.collect), (Some("network"), "connections"));
    assert_eq!(access("host.name"), Access::Native("Host".into()));
    assert!(class.fields["host.name"].always);
    assert_eq!(access("network.transport"), Access::Constant("tcp".into()));
    assert_eq!(access("destination.port"), Access::Derived("toint(Port)".into()));
    assert_eq!(access("process.name"), Access::Join("processes by id".into()));
    assert_eq!(access("tls.resumed"), Access::Absent("no such column".into()));
    assert_eq!(class.fields["network.direction"].values["egress"], "true");
}

#[test]
fn names_that_do_not_exist_are_errors_with_the_nearest() {
    assert_eq!(
        changed("network_connection:", "network_conection:"),
        ["E0102 there is no event class `network_conection` @ network_conection (did you mean `network_connection`?)"]
    );
    assert_eq!(
        changed("host.name:", "host.nmae:"),
        ["E0101 event class `network_connection` has no field `host.nmae` @ host.nmae (did you mean `host.name`?)"]
    );
    assert_eq!(
        changed("native: Host", "nativ: Host"),
        [
            "E0503 `host.name` needs one of `native`, `derived`, `constant`, `join`, `missing`, `absent` @ host.name",
            "E0503 unknown key `nativ` in `host.name` @ nativ (did you mean `native`?)",
        ]
    );
    assert_eq!(
        changed("narrow: {Regex:", "narrow: {Regexp:"),
        ["E0503 unknown key `Regexp` in `narrow` @ Regexp (did you mean `Regex`?)"]
    );
}

#[test]
fn a_field_is_read_in_one_way() {
    assert_eq!(
        changed("{absent: \"no such column\"}", "{absent: \"no such column\", native: X}"),
        ["E0503 `tls.resumed` has both `native` and `absent` @ absent (one of them must go)"]
    );
}

#[test]
fn constants_and_words_must_be_values_of_the_field() {
    assert_eq!(
        changed("constant: tcp", "constant: tpc"),
        ["E0201 `network.transport` is `enum(tcp|udp)`: `tpc` is none of `tcp`, `udp`; did you mean `tcp`? @ tpc"]
    );
    assert_eq!(
        changed("{egress: ", "{agress: "),
        [
            "E0201 `network.direction` is `enum(egress|ingress)`: `agress` is none of `egress`, `ingress`; did you mean `egress`? @ agress"
        ]
    );
    assert_eq!(
        changed("egress: \"true\"", "egress: true"),
        ["E0503 `egress` must be text, not `true` or `false` @ true"]
    );
}

#[test]
fn a_profile_includes_the_classes_of_sources() {
    let whole = profile("title: x\nplatforms: [linux]\ninclude: [flows]\n").unwrap();
    let class = &whole.classes["network_connection"];
    assert_eq!(&*class.evidence, "https://example.org", "a class says where its fields are known from");
    assert_eq!(&*class.fields["destination.port"].evidence, "https://other.example.org", "or a field does");
    assert_eq!(class.fields["process.name"].access, Access::Absent("no processes".into()));
    assert!(whole.serves("linux") && !whole.serves("windows"));
    let own = "classes: {network_connection: {source: {index: own}, fields: {host.name: {native: Own}}}}\n";
    let own = profile(&format!("title: x\ninclude: [flows, sensor]\n{own}")).unwrap();
    assert_eq!(own.classes["network_connection"].source["index"], "own", "what the profile binds itself goes first");
    assert!(own.serves("windows"), "a profile that names no platform serves all");
    assert!(profile("title: x\ninclude: [flows/network_connection]\n").is_ok());
}

#[test]
fn what_cannot_be_included_is_an_error_at_its_entry() {
    let refused = |entries: &str| profile(&format!("title: x\ninclude: {entries}\n")).unwrap_err();
    assert_eq!(refused("[flwos]"), ["E0503 the target has no source `flwos`; did you mean `flows`? @ flwos"]);
    assert_eq!(
        refused("[flows/tls_session]"),
        ["E0503 source `flows` has no class `tls_session`; it has network_connection @ flows/tls_session"]
    );
    assert_eq!(
        refused("[flows, sensor]"),
        [
            "E0503 `network_connection` comes from another entry too: include it as `source/network_connection` from one of them @ sensor"
        ]
    );
    assert_eq!(refused("flows"), ["E0503 `include` must be a list, not text @ flows"]);
}

#[test]
fn an_absent_field_is_one_of_the_class_and_not_bound_besides() {
    let absent = |fields: &str| {
        changed("    fields:\n", &format!("    absent: [{{fields: [{fields}], because: it is so}}]\n    fields:\n"))
    };
    assert_eq!(
        absent("host.nmae"),
        ["E0101 event class `network_connection` has no field `host.nmae` @ host.nmae (did you mean `host.name`?)"]
    );
    assert_eq!(absent("host.name"), ["E0503 `host.name` is bound twice @ host.name"]);
}

#[test]
fn a_profile_of_the_wrong_form_is_refused() {
    assert_eq!(profile("").unwrap_err(), ["E0503 the file must be a mapping, not nothing @ "]);
    assert_eq!(profile("title: x\n").unwrap_err(), ["E0503 the file needs one of `include`, `classes` @ title: x"]);
    assert_eq!(
        changed("    collect: connections\n", "    collect: [a]\n"),
        ["E0503 `collect` must be text, not a list @ [a]"]
    );
    assert_eq!(
        changed("source: {index: [logs], category: network}", "source: {}"),
        ["E0503 `source` must not be empty @ source"]
    );
}

fn overlaid(files: &[(&str, &str)]) -> (Registry, Vec<String>) {
    let mut sources = Sources::default();
    let add = |(path, text): &(&str, &str)| TargetFile { path: (*path).into(), source: sources.add(*path, *text) };
    let files: Vec<TargetFile> = files.iter().map(add).collect();
    let classes = classes();
    let context = Context { sources: &sources, classes: &classes };
    let (registry, errors) = Registry::default().with_overrides(&files, context);
    let said = said(&sources, &errors);
    (registry, said)
}

#[test]
fn a_folder_adds_a_target() {
    let files = [
        ("mine/target.yaml", TARGET),
        ("mine/profiles/main.yaml", PROFILE),
        ("mine/profiles/with.yaml", "title: With\ninclude: [flows]\n"),
        ("mine/sources/flows.yaml", &SOURCE.replace("index: flows", "index: [flows], category: network")),
        ("mine/templates/rule.j2", "{{ query }}"),
        ("mine/README.md", "# Mine"),
        ("README.md", "# Targets"),
    ];
    let (registry, errors) = overlaid(&files);
    assert_eq!(errors, [""; 0]);
    let target = registry.get("mine").unwrap();
    assert_eq!((target.limits.query_characters, target.limits.look_back), (Some(100), Some(14 * 86_400_000)));
    assert_eq!(target.default_profile["linux"], "main");
    assert_eq!(target.profile("with").unwrap().classes["network_connection"].source["category"], "network");
    assert_eq!(target.profiles_on("macos").count(), 2);
    assert_eq!(&*target.templates["rule.j2"], "{{ query }}");
    assert_eq!(registry.ids().collect::<Vec<_>>(), ["mine"]);
}

#[test]
fn a_file_takes_the_place_of_one_that_is_there() {
    let mut sources = Sources::default();
    let mut add = |path: &str, text: &str| TargetFile { path: path.into(), source: sources.add(path, text) };
    let first = [add("mine/target.yaml", TARGET), add("mine/profiles/main.yaml", PROFILE)];
    let other = PROFILE.replace("title: Tests", "title: Other");
    let second = [add("mine/profiles/other.yaml", &other), add("mine/target.yaml", &TARGET.replace("main", "other"))];
    let third = add("x.yaml", &PROFILE.replace("title: Tests", "title: Third")).source;
    let classes = classes();
    let context = Context { sources: &sources, classes: &classes };
    let (registry, errors) = Registry::default().with_overrides(&first, context);
    assert!(errors.is_empty(), "{errors:?}");
    let (mut registry, errors) = registry.with_overrides(&second, context);
    assert!(errors.is_empty(), "{errors:?}");
    registry.add_profile("mine", "third", third, context).unwrap();
    let target = registry.get("mine").unwrap();
    assert_eq!(target.profiles.keys().collect::<Vec<_>>(), ["main", "other", "third"]);
    assert_eq!(target.default_profile["linux"], "other");
    let error = registry.add_profile("mien", "x", third, context).unwrap_err();
    assert_eq!(error[0].code, Code::UnknownTarget);
}

#[test]
fn a_folder_of_the_wrong_form_is_refused() {
    assert_eq!(overlaid(&[("mine/profiles/main.yaml", PROFILE)]).1, ["E0503 target `mine` has no `target.yaml`"]);
    let part = "a target has `target.yaml`, `sources/<name>.yaml`, `profiles/<name>.yaml`, `templates/<name>` and perhaps `README.md`";
    assert_eq!(
        overlaid(&[("mine/target.yaml", TARGET), ("mine/profiles/main.yaml", PROFILE), ("mine/profile/x.yaml", "")]).1,
        [format!("E0503 `mine/profile/x.yaml` is no part of a target @  ({part})")]
    );
    assert_eq!(overlaid(&[("x.yaml", "")]).1, [format!("E0503 `x.yaml` is no part of a target @  ({part})")]);
    assert_eq!(overlaid(&[("mine/target.yaml", TARGET)]).1, ["E0502 target `mine` has no profile `main` @ main"]);
    let broken = TARGET.replace("14d", "fourteen");
    assert_eq!(
        overlaid(&[("mine/target.yaml", &broken)]).1,
        ["E0503 `fourteen` is no duration such as `10s`, `1h30m` or `250ms` @ fourteen"]
    );
}

#[test]
fn a_target_or_profile_that_does_not_exist_is_an_error_with_the_nearest() {
    let (registry, _) = overlaid(&[("mine/target.yaml", TARGET), ("mine/profiles/main.yaml", PROFILE)]);
    let error = registry.get("mien").unwrap_err();
    assert_eq!((error.code, error.help[0].as_str()), (Code::UnknownTarget, "did you mean `mine`?"));
    let error = registry.get("mine").unwrap().profile("mian").unwrap_err();
    assert_eq!((error.code, error.help[0].as_str()), (Code::UnknownProfile, "did you mean `main`?"));
}

#[test]
fn every_feature_can_be_narrowed_by_its_name() {
    let text = include_str!("../capability/feature.rs");
    let variant = |line: &str| {
        let name = line.strip_prefix("    ")?.split(['(', ',']).next()?;
        name.starts_with(|c: char| c.is_ascii_uppercase()).then(|| name.to_owned())
    };
    let features: Vec<String> = text.lines().filter_map(variant).collect();
    let schema = profile_schema(None);
    let names = schema["properties"]["narrow"]["propertyNames"]["enum"].as_array().unwrap();
    let names: Vec<&str> = names.iter().filter_map(|n| n.as_str()).collect();
    assert_eq!(names, features, "schemas/profile.json must list the features in their order");
}

/// Every file below `folder`, with its path from there.
#[expect(clippy::disallowed_methods, reason = "the data of the repository are what is tested")]
fn files_below(folder: &Path, prefix: &str) -> Vec<(String, String)> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.path().is_dir() {
            files.extend(files_below(&entry.path(), &format!("{path}/")));
        } else {
            files.push((path, std::fs::read_to_string(entry.path()).unwrap()));
        }
    }
    files.sort();
    files
}

#[test]
fn the_data_of_every_target_have_the_right_form() {
    let mut sources = Sources::default();
    let classes = crate::sema::analyse(&mut sources, &[], &[]).classes;
    let files = files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../targets"), "");
    let files: Vec<TargetFile> =
        files.into_iter().map(|(path, text)| TargetFile { source: sources.add(&*path, text), path }).collect();
    let (registry, errors) =
        Registry::default().with_overrides(&files, Context { sources: &sources, classes: &classes });
    assert_eq!(said(&sources, &errors), [""; 0]);
    let embedded: Vec<String> = Registry::embedded().ids().map(str::to_owned).collect();
    assert_eq!(registry.ids().collect::<Vec<_>>(), embedded, "the build embeds just the targets of the repository");
}

/// Every target of the repository.
fn targets(check: impl Fn(&Target)) {
    let registry = Registry::embedded();
    registry.ids().for_each(|id| check(registry.get(id).unwrap()));
}

#[test]
fn every_default_profile_serves_its_platform() {
    targets(|target| {
        for (platform, profile) in &target.default_profile {
            let found = target.profile(profile).unwrap();
            assert!(found.serves(platform), "`{profile}` of `{}` does not serve `{platform}`", target.id);
        }
        for profile in target.profiles.values() {
            assert!(!profile.platforms.is_empty(), "`{}` of `{}` names no platform", profile.id, target.id);
            let left_over = profile.platforms.iter().find(|p| !target.default_profile.contains_key(*p));
            assert_eq!(left_over, None, "`{}` has no default profile on a platform it serves", target.id);
        }
    });
}

#[test]
fn every_field_of_every_target_says_where_it_is_known_from() {
    targets(|target| {
        for profile in target.profiles.values() {
            for (class, binding) in &profile.classes {
                assert!(!binding.collect.is_empty(), "{}/{}: `{class}` has no `collect`", target.id, profile.id);
                for (name, field) in &binding.fields {
                    let known = matches!(
                        field.access,
                        Access::Absent(_) | Access::Missing(_) | Access::Join(_) | Access::Constant(_)
                    );
                    let place = format!("{}/{}: `{name}` of `{class}`", target.id, profile.id);
                    let evidence = [&field.evidence, &binding.evidence].into_iter().find(|link| !link.is_empty());
                    let told = evidence.is_some_and(|link| link.starts_with("https://"));
                    assert!(known || told, "{place} has no evidence");
                }
            }
        }
    });
}

#[test]
fn every_source_says_of_every_field_of_its_classes_what_it_is_there() {
    let classes = crate::sema::analyse(&mut Sources::default(), &[], &[]).classes;
    targets(|target| {
        for (id, source) in &target.sources {
            for (name, binding) in &source.classes {
                let fields = classes[name].fields.keys().filter(|field| *field != "@timestamp");
                let silent: Vec<&String> =
                    fields.filter(|field| !binding.fields.contains_key(field.as_str())).collect();
                assert!(silent.is_empty(), "source `{id}` of `{}` says nothing of {silent:?} of `{name}`", target.id);
            }
        }
    });
}

proptest::proptest! {
    /// Sysmon writes every group of an IPv6 address, without leading zeros; the profile must make of it what the evaluator
    /// and Zeek write (RFC 5952), and leave IPv4 alone. Kusto has RE2, whose alternatives go first to last as here.
    #[test]
    fn addresses_of_sysmon_are_shortened_as_sensors_write_them(groups in proptest::array::uniform8(proptest::prop_oneof![3 => 0u16..1, 1 => 0u16..])) {
        let registry = Registry::embedded();
        let sysmon = &registry.get("sentinel").unwrap().sources["sysmon"].classes["network_connection"];
        let Access::Derived(text) = &sysmon.fields["source.ip"].access else { panic!("source.ip is not derived") };
        let pattern = text.split("@\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
        let shorten = |text: &str| regex::Regex::new(pattern).unwrap().replace_all(text, "${1}${2}${3}::").into_owned();
        let address = std::net::Ipv6Addr::from(groups);
        proptest::prop_assume!(address.to_ipv4_mapped().is_none());
        let full = groups.map(|group| format!("{group:x}")).join(":");
        proptest::prop_assert_eq!(shorten(&full), address.to_string());
        let v4 = std::net::Ipv4Addr::from(u32::from(groups[0]) << 16 | u32::from(groups[1])).to_string();
        proptest::prop_assert_eq!(shorten(&v4), v4);
    }
}
