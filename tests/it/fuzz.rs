//! The fuzz targets over their seeds, and over every way to cut a seed short or to break one of its bytes.

use crate::support::{det_files, root};

fn seeds() -> Vec<Vec<u8>> {
    let mut files = det_files("tests/fuzz/seeds");
    files.extend(det_files("strategies"));
    files.into_iter().map(|f| std::fs::read(root().join(f)).expect("a readable seed")).collect()
}

/// Small changes at about thirty places of a seed, another byte at each.
fn mutations(seed: &[u8]) -> Vec<Vec<u8>> {
    let step = (seed.len() / 30).max(1);
    let bytes = [b'(', b'"', b'\\', b'{', b'\n', 0xff, b'.'];
    let mut all = Vec::new();
    for (at, byte) in (0..seed.len()).step_by(step).zip(bytes.into_iter().cycle()) {
        all.push(seed[..at].to_vec());
        let mut changed = seed.to_vec();
        changed[at] = byte;
        all.push(changed);
        let mut doubled = seed[..at].to_vec();
        doubled.extend_from_slice(&seed[at.saturating_sub(step)..]);
        all.push(doubled);
    }
    all
}

#[test]
fn no_seed_and_no_broken_seed_panics_the_parser() {
    for seed in seeds() {
        detc_tests::parse(&seed);
        mutations(&seed).iter().for_each(|m| detc_tests::parse(m));
    }
}

#[test]
fn no_seed_and_no_cut_seed_panics_the_compiler() {
    for seed in seeds() {
        detc_tests::compile(&seed);
        mutations(&seed).iter().step_by(9).for_each(|m| detc_tests::compile(m));
    }
}
