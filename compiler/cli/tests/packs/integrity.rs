//! A pack that was tampered with, a signature by somebody else, a folder that is not a pack's.

use std::fs;

use crate::desk::{Desk, TARGETS};

#[test]
fn a_pack_takes_no_folder_of_somebody_else() {
    let desk = Desk::new("foreign");
    fs::create_dir_all(desk.0.join("dist")).expect("a folder");
    desk.write("dist/notes.txt", "mine");
    let (status, err) = desk.run(&["pack", "s", "--target", "sigma", "-o", "dist"]);
    assert_eq!(status, 2, "{err}");
    assert!(err.contains("notes.txt` is in the way"), "{err}");
    assert_eq!(desk.files("dist").len(), 1);
}

#[test]
fn a_pack_that_was_tampered_with_does_not_verify() {
    let desk = Desk::new("tampered");
    desk.pack();
    let manifest = desk.read("dist/pack.json");
    desk.write("dist/pack.json", manifest.replace("\"version\": 1,", "\"version\": 7,"));
    assert!(desk.refused(&["verify", "dist"]).contains("`pack.json` was changed"));
    desk.write("dist/pack.json", &manifest);
    desk.write("dist/elastic/more.ndjson", "{}");
    assert!(desk.refused(&["verify", "dist"]).contains("`elastic/more.ndjson` does not belong to the pack"));
    fs::remove_file(desk.0.join("dist/elastic/more.ndjson")).expect("a file");
    desk.clean(&["verify", "dist"]);
    fs::remove_file(desk.0.join("dist/elastic/upgrade.ndjson")).expect("a file");
    assert!(desk.refused(&["verify", "dist"]).contains("`elastic/upgrade.ndjson` is missing"));
    // Taking it out of the list as well does not help: the manifest names it.
    let sums = desk.read("dist/SHA256SUMS");
    let shorter: String = sums.lines().filter(|l| !l.ends_with("upgrade.ndjson")).map(|l| format!("{l}\n")).collect();
    desk.write("dist/SHA256SUMS", shorter);
    assert!(desk.refused(&["verify", "dist"]).contains("lists `elastic/upgrade.ndjson` with another hash"));
    fs::remove_file(desk.0.join("dist/SHA256SUMS")).expect("a file");
    assert!(desk.refused(&["verify", "dist"]).contains("there is no `SHA256SUMS`"));
}

#[test]
fn a_signature_is_by_the_owner_of_the_key_or_is_refused() {
    let desk = Desk::new("signature");
    let keys = |name: &str| {
        let pair = minisign::KeyPair::generate_unencrypted_keypair().expect("a key pair");
        desk.write(&format!("{name}.key"), pair.sk.to_box(None).expect("a key").to_string());
        desk.write(&format!("{name}.pub"), pair.pk.to_box().expect("a key").to_string());
    };
    keys("ours");
    keys("theirs");
    desk.pack();
    assert!(desk.refused(&["verify", "dist", "--key", "ours.pub"]).contains("there is no `SHA256SUMS.minisig`"));
    let sign = ["pack", "s", "--target", TARGETS, "-o", "dist", "--sign-with", "ours.key"];
    desk.clean(&sign);
    assert!(desk.clean(&["verify", "dist", "--key", "ours.pub"]).contains("signed: test_pack 1.0.0"));
    let other = desk.refused(&["verify", "dist", "--key", "theirs.pub"]);
    assert!(other.contains("is not by the owner of `theirs.pub`"), "{other}");
    let (status, err) = desk.run(&["pack", "s", "--target", "sigma", "-o", "d2", "--sign-with", "none.key"]);
    assert!(status == 2 && err.contains("none.key") && !desk.0.join("d2").exists(), "{err}");
    let (status, err) = desk.run(&["verify", "dist", "--key", "ours.key"]);
    assert!(status == 2 && err.contains("is no minisign public key"), "{err}");
}
