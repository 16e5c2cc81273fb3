//! What a run may and may not change in an output folder.

use std::fs;
use std::ops::Deref;
use std::path::{Path, PathBuf};

use detc_core::compile::Artifact;

use super::{LIST, Stale, Written, replace, write_folder};

/// An empty folder of the test's own, gone when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("detc-output-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).expect("a scratch folder");
        Self(folder)
    }
}

impl Deref for Scratch {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.0
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn artifacts(files: &[(&str, &str)]) -> Vec<Artifact> {
    files.iter().map(|(path, text)| Artifact { path: (*path).to_owned(), bytes: text.as_bytes().to_vec() }).collect()
}

/// Every file below a folder, the list of files written apart.
fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).expect("a readable folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name != LIST) {
                found.push(path.strip_prefix(folder).expect("below the folder").to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_second_run_replaces_its_files_and_removes_what_it_no_longer_makes() {
    let scratch = Scratch::new("second-run");
    let folder = scratch.join("new/rules");
    let first = artifacts(&[("a/one.spl", "1"), ("b/two.spl", "2")]);
    assert_eq!(
        write_folder(&folder, &first, Stale::Remove).expect("written"),
        Written { files: 2, same: 0, removed: 0, kept: 0 }
    );
    fs::write(folder.join("b/notes.txt"), "mine").expect("a foreign file");
    let second = artifacts(&[("a/one.spl", "new")]);
    assert_eq!(
        write_folder(&folder, &second, Stale::Remove).expect("written"),
        Written { files: 1, same: 0, removed: 1, kept: 0 }
    );
    assert_eq!(files(&folder), ["a/one.spl", "b/notes.txt"]);
    assert_eq!(fs::read_to_string(folder.join("a/one.spl")).expect("a file"), "new");
    let third = artifacts(&[("c.spl", "3")]);
    write_folder(&folder, &third, Stale::Remove).expect("written");
    assert_eq!(files(&folder), ["b/notes.txt", "c.spl"]);
    assert!(!folder.join("a").exists(), "an empty folder of an earlier run stays");
}

#[test]
fn a_foreign_file_is_kept_in_a_folder_named_by_a_path_through_a_new_one() {
    let scratch = Scratch::new("through-new");
    fs::create_dir_all(scratch.join("rules")).expect("a folder");
    fs::write(scratch.join("rules/one.spl"), "mine").expect("a foreign file");
    let refused = write_folder(&scratch.join("new/../rules"), &artifacts(&[("one.spl", "1")]), Stale::Remove);
    assert!(refused.expect_err("a foreign file").to_string().contains("is in the way"));
    assert_eq!(fs::read_to_string(scratch.join("rules/one.spl")).expect("a file"), "mine");
}

#[test]
fn a_run_with_errors_keeps_what_an_earlier_run_made() {
    let folder = Scratch::new("keep");
    write_folder(&folder, &artifacts(&[("one", "1"), ("two", "2")]), Stale::Remove).expect("written");
    let written = write_folder(&folder, &artifacts(&[("one", "1")]), Stale::Keep).expect("written");
    assert_eq!(written, Written { files: 0, same: 1, removed: 0, kept: 1 });
    assert_eq!(files(&folder), ["one", "two"]);
    let written = write_folder(&folder, &artifacts(&[("one", "1")]), Stale::Remove).expect("written");
    assert_eq!(written.removed, 1, "a kept file is forgotten");
}

#[test]
fn a_file_that_has_its_bytes_already_is_left_alone() {
    let folder = Scratch::new("same");
    write_folder(&folder, &artifacts(&[("a/one", "1"), ("a/two", "2")]), Stale::Remove).expect("written");
    let when = |path: &str| fs::metadata(folder.join(path)).and_then(|file| file.modified()).expect("a time");
    let before = when("a/one");
    fs::write(folder.join("a/two"), "edited by hand").expect("a file");
    let written =
        write_folder(&folder, &artifacts(&[("a/one", "1"), ("a/two", "2"), ("b/c/three", "3")]), Stale::Remove);
    assert_eq!(written.expect("written"), Written { files: 2, same: 1, removed: 0, kept: 0 });
    assert_eq!(when("a/one"), before, "a file with the same bytes was replaced");
    assert_eq!(files(&folder), ["a/one", "a/two", "b/c/three"]);
    assert_eq!(fs::read_to_string(folder.join("a/two")).expect("a file"), "2", "an edited rule is written again");
}

#[test]
fn a_file_where_a_folder_must_be_leaves_the_others_unwritten() {
    let folder = Scratch::new("file-in-the-way");
    fs::write(folder.join("b"), "mine").expect("a foreign file");
    let error =
        write_folder(&folder, &artifacts(&[("a", "1"), ("b/one", "2")]), Stale::Remove).expect_err("in the way");
    assert!(error.to_string().contains("a file stands where a folder must be"), "{error}");
    assert_eq!(files(&folder), ["b"]);
}

#[test]
fn a_foreign_file_is_never_written_over() {
    let folder = Scratch::new("foreign");
    fs::write(folder.join("one"), "mine").expect("a foreign file");
    let error = write_folder(&folder, &artifacts(&[("a", "1"), ("one", "2")]), Stale::Remove).expect_err("in the way");
    assert!(error.to_string().contains("is in the way"), "{error}");
    assert_eq!(files(&folder), ["one"]);
    assert_eq!(fs::read_to_string(folder.join("one")).expect("a file"), "mine");
}

#[test]
fn a_run_that_fails_leaves_nothing() {
    let scratch = Scratch::new("fails");
    fs::write(scratch.join("file"), "").expect("a file");
    let below_a_file = scratch.join("file/rules");
    assert!(write_folder(&below_a_file, &artifacts(&[("one", "1")]), Stale::Remove).is_err());
    let folder = scratch.join("rules");
    let clash = artifacts(&[("one", "1"), ("one/two", "2")]);
    assert!(write_folder(&folder, &clash, Stale::Remove).is_err());
    assert_eq!(files(&scratch), ["file"]);
    assert!(!folder.exists(), "the folder that was made stays");
}

#[test]
fn a_folder_in_the_way_of_a_rule_leaves_the_others_unwritten() {
    let folder = Scratch::new("folder-in-the-way");
    fs::create_dir(folder.join("one")).expect("a folder");
    assert!(write_folder(&folder, &artifacts(&[("a", "1"), ("one", "2")]), Stale::Remove).is_err());
    assert!(files(&folder).is_empty());
}

#[test]
fn a_path_that_leads_out_of_the_folder_is_refused() {
    let scratch = Scratch::new("out");
    let folder = scratch.join("rules");
    for path in ["../x", "/x", "a/../../x", "", ".", LIST] {
        assert!(write_folder(&folder, &artifacts(&[(path, "1")]), Stale::Remove).is_err(), "`{path}` is written");
    }
    let twice = artifacts(&[("A.spl", "1"), ("a.spl", "2")]);
    assert!(write_folder(&folder, &twice, Stale::Remove).is_err(), "two names that some file systems take for one");
    assert!(!folder.exists());
}

#[test]
fn a_damaged_list_cannot_remove_foreign_files() {
    let scratch = Scratch::new("damaged-list");
    let folder = scratch.join("rules");
    fs::create_dir(&folder).expect("a folder");
    fs::write(scratch.join("precious"), "mine").expect("a foreign file");
    fs::write(folder.join(LIST), r#"{"version":1,"files":["../precious"]}"#).expect("a list");
    assert!(write_folder(&folder, &artifacts(&[("one", "1")]), Stale::Remove).is_err());
    assert_eq!(fs::read_to_string(scratch.join("precious")).expect("a file"), "mine");
    assert!(files(&folder).is_empty());
    fs::write(folder.join(LIST), "{").expect("a list");
    assert!(write_folder(&folder, &artifacts(&[("one", "1")]), Stale::Remove).is_err());
}

#[cfg(unix)]
#[test]
fn a_replaced_file_keeps_its_permissions_and_the_links_to_it() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = Scratch::new("replace");
    let (file, link) = (folder.join("file"), folder.join("link"));
    fs::write(&file, "old").expect("a file");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("permissions");
    symlink(&file, &link).expect("a link");
    replace(&link, b"new").expect("replaced");
    assert_eq!(fs::read_to_string(&file).expect("a file"), "new");
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o640);
    assert!(link.symlink_metadata().expect("a link").is_symlink());
    assert_eq!(files(&folder), ["file", "link"]);
}
