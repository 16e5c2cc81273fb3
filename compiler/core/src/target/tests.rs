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

const TARGET: &str = "title: Test\ndialect: eql\nextension: txt\ndefault_profile: main\nlimits: {query_characters: 100, look_back: 14d}\n";

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
    load_profile("main", id, "none", Context { sources, classes }).map_err(|errors| said(sources, &errors))
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
    assert_eq!((class.source["category"].as_str(), class.collect.as_str()), (Some("network"), "connections"));
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
            "E0503 `host.name` needs one of `native`, `derived`, `constant`, `join`, `absent` @ host.name",
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
fn a_profile_of_the_wrong_form_is_refused() {
    assert_eq!(profile("").unwrap_err(), ["E0503 the file must be a mapping, not nothing @ "]);
    assert_eq!(profile("title: x\n").unwrap_err(), ["E0503 `classes` is missing @ title: x"]);
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
        ("mine/templates/rule.j2", "{{ query }}"),
        ("mine/README.md", "# Mine"),
        ("README.md", "# Targets"),
    ];
    let (registry, errors) = overlaid(&files);
    assert_eq!(errors, [""; 0]);
    let target = registry.get("mine").unwrap();
    assert_eq!((target.limits.query_characters, target.limits.look_back), (Some(100), Some(14 * 86_400_000)));
    assert_eq!(target.profile(None).unwrap().title, "Tests");
    assert_eq!(target.templates["rule.j2"], "{{ query }}");
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
    assert_eq!(target.profile(None).unwrap().title, "Other");
    let error = registry.add_profile("mien", "x", third, context).unwrap_err();
    assert_eq!(error[0].code, Code::UnknownTarget);
}

#[test]
fn a_folder_of_the_wrong_form_is_refused() {
    assert_eq!(overlaid(&[("mine/profiles/main.yaml", PROFILE)]).1, ["E0503 target `mine` has no `target.yaml`"]);
    let part = "a target has `target.yaml`, `profiles/<name>.yaml`, `templates/<name>` and perhaps `README.md`";
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
    let error = registry.get("mine").unwrap().profile(Some("mian")).unwrap_err();
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
    let files = files_below(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../targets"), "");
    let mut sources = Sources::default();
    let mut errors = Vec::new();
    for (path, text) in &files {
        let id = sources.add(path.as_str(), text.as_str());
        let Some((target, rest)) = path.split_once('/') else { continue };
        if rest == "target.yaml" {
            errors.extend(load_target(target, id, &sources).err());
        } else if rest.starts_with("profiles/") {
            let document = crate::yaml::Document::parse(&sources, id).expect("YAML");
            let dialect = Registry::embedded().get(target).map(|t| t.dialect.clone()).unwrap_or_default();
            let schema = crate::yaml::Schema::new(profile_schema(Some(&dialect))).unwrap();
            let wrong = document.validate(&schema, Code::BadTargetData);
            if !wrong.is_empty() {
                errors.push(wrong);
            }
        }
    }
    let errors: Vec<String> = errors.iter().flat_map(|e| said(&sources, e)).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    let registry = Registry::embedded();
    for id in registry.ids() {
        let target = registry.get(id).unwrap();
        assert!(target.profile(None).is_ok(), "target `{id}` lacks its default profile");
    }
}
