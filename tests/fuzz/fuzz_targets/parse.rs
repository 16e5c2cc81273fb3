//! Any bytes through the parser and the formatter. Run: `cargo +nightly fuzz run --fuzz-dir tests/fuzz parse tests/fuzz/seeds`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| detc_tests::parse(data));
