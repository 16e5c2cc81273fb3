//! The same sources make the same pack, whatever the machine.

use std::process::Command;

use crate::desk::Desk;

#[cfg(unix)]
#[test]
fn two_packs_of_the_same_sources_have_the_same_bytes() {
    let (one, two) = (Desk::new("bytes-one"), Desk::new("bytes-two-in-another-folder"));
    one.clean(&["pack", "s", "--target", "all", "-o", "dist"]);
    let script = format!(
        "umask 077; exec '{}' pack '{}' --target all -o dist",
        env!("CARGO_BIN_EXE_detc"),
        two.0.join("s").display()
    );
    let status = Command::new("sh")
        .args(["-c", &script])
        .current_dir(&two.0)
        .envs([("TZ", "Pacific/Kiritimati"), ("LC_ALL", "tr_TR.UTF-8"), ("LANG", "tr_TR.UTF-8")])
        .env_remove("SOURCE_DATE_EPOCH")
        .output()
        .expect("the program runs")
        .status;
    assert!(status.success());
    let (one, two) = (one.files("dist"), two.files("dist"));
    assert_eq!(one.keys().collect::<Vec<_>>(), two.keys().collect::<Vec<_>>());
    let differing: Vec<_> = one.iter().filter(|(path, bytes)| two.get(*path) != Some(bytes)).map(|(p, _)| p).collect();
    assert!(differing.is_empty(), "{differing:?}");
}

#[test]
fn tuning_expires_by_the_epoch_that_is_given() {
    let desk = Desk::new("epoch");
    desk.write(
        "site.yaml",
        "layer: site\nowner: soc\nreason: ours\nparameters:\n  - { parameter: AN9001.Libraries, extend: [ours.dll], expires: 2026-06-30 }\n",
    );
    let arguments = ["pack", "s", "--target", "sigma", "--tuning", "site.yaml", "-o", "dist"];
    let run = |epoch: &str| {
        let output = desk.command(&arguments).env("SOURCE_DATE_EPOCH", epoch).output().expect("the program runs");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let libraries = || desk.json("dist/pack.json")["rules"][0]["parameters"][0]["value"].clone();
    assert_eq!(run("1767225600").0, Some(0), "2026-01-01");
    assert_eq!(libraries(), serde_json::json!(["rsaenh.dll", "ours.dll"]));
    let (status, said) = run("1798761600");
    assert_eq!(status, Some(0), "2027-01-01\n{said}");
    assert!(said.contains("expired"), "{said}");
    assert_eq!(libraries(), serde_json::json!(["rsaenh.dll"]));
    let (status, said) = run("soon");
    assert_eq!(status, Some(2), "{said}");
    assert!(said.contains("SOURCE_DATE_EPOCH is `soon`, which is no number of seconds since 1970"), "{said}");
}
