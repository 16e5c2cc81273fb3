use std::io::Read;

use super::difference::{Change, Kind, next_version};
use super::lock::{FORMAT, Lock, Release, Version};
use super::project::Project;
use super::{archive, changelog, sums};
use crate::compile::Artifact;

fn change(kind: Kind) -> Change {
    Change { rule: Some("AN1/x".to_owned()), kind, what: format!("{kind:?}") }
}

fn file(path: &str, text: &str) -> Artifact {
    Artifact { path: path.to_owned(), bytes: text.as_bytes().to_owned() }
}

const KINDS: [Kind; 7] =
    [Kind::Added, Kind::Logic, Kind::Tuning, Kind::Breaking, Kind::Deprecated, Kind::Removed, Kind::Text];

#[test]
fn the_gravest_change_decides_the_version() {
    let before = Version { major: 1, minor: 2, patch: 3 };
    let after =
        |kinds: &[Kind]| next_version(before, &kinds.iter().map(|k| change(*k)).collect::<Vec<_>>()).to_string();
    assert_eq!(after(&[]), "1.2.3");
    assert_eq!(after(&[Kind::Text]), "1.2.4");
    for minor in [Kind::Added, Kind::Logic, Kind::Tuning, Kind::Deprecated] {
        assert_eq!(after(&[Kind::Text, minor]), "1.3.0", "{minor:?}");
    }
    for major in [Kind::Breaking, Kind::Removed] {
        assert_eq!(after(&[Kind::Text, Kind::Added, major]), "2.0.0", "{major:?}");
    }
}

#[test]
fn the_changelog_tells_every_kind_of_change() {
    let version = Version { major: 1, minor: 0, patch: 0 };
    let changes: Vec<Change> = KINDS.into_iter().map(change).collect();
    let history = vec![Release { version, changes }];
    let lock = Lock { format: FORMAT, version, compiler: String::new(), rules: Default::default(), history };
    let text = |s: &str| s.to_owned();
    let project = Project {
        name: text("p"),
        title: text("P"),
        description: text("d"),
        author: text("a"),
        license: text("l"),
        homepage: None,
    };
    let told = changelog::changelog(&project, &lock);
    for kind in KINDS {
        assert!(told.contains(&format!("- `AN1/x`: {kind:?}\n")), "{kind:?} is not in\n{told}");
    }
}

#[test]
fn hashes_are_read_back_as_they_were_written() {
    let written = sums::sums(&[file("b/with  blanks", "two"), file("a", "one")]);
    let read = sums::parse(&written).expect("its own form");
    assert_eq!(read.keys().copied().collect::<Vec<_>>(), ["a", "b/with  blanks"]);
    assert!(written.starts_with("7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed  a\n"), "{written}");
    assert_eq!(sums::parse(&format!("{written}abc  c\n")), Err(3));
}

#[test]
fn an_archive_depends_on_what_is_in_it_alone() {
    let (one, two) = (file("p/a.conf", "x = 1\n"), file("p/b.conf", "y = 2\n"));
    let tgz = archive::tgz(&[two.clone(), one.clone()], 315_532_800).expect("it fits");
    assert_eq!(tgz, archive::tgz(&[one.clone(), two.clone()], 315_532_800).expect("it fits"));
    let mut read = tar::Archive::new(flate2::read::GzDecoder::new(tgz.as_slice()));
    let mut seen = Vec::new();
    for entry in read.entries().expect("an archive") {
        let mut entry = entry.expect("an entry");
        let mut text = String::new();
        entry.read_to_string(&mut text).expect("text");
        let header = entry.header();
        let numbers = (header.uid().ok(), header.gid().ok(), header.mode().ok(), header.mtime().ok());
        assert_eq!(numbers, (Some(0), Some(0), Some(0o644), Some(315_532_800)));
        seen.push((entry.path().expect("a path").display().to_string(), text));
    }
    assert_eq!(seen, [("p/a.conf".to_owned(), "x = 1\n".to_owned()), ("p/b.conf".to_owned(), "y = 2\n".to_owned())]);
    let zip = archive::zip(&[two.clone(), one.clone()]).expect("it fits");
    assert_eq!(zip, archive::zip(&[one, two]).expect("it fits"));
    let long = archive::tgz(&[file(&"x".repeat(300), "")], 0).expect_err("too long a path");
    assert!(long.contains("does not fit into a tar archive"), "{long}");
}

#[test]
fn versions_are_three_numbers() {
    let read = |text: &str| Version::try_from(text.to_owned()).map(|v| v.to_string());
    assert_eq!(read("1.20.3"), Ok("1.20.3".to_owned()));
    for wrong in ["1.2", "1.2.3.4", "1.2.x", "", "v1.2.3", "-1.2.3"] {
        assert!(read(wrong).is_err(), "{wrong}");
    }
}
