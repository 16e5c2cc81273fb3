//! Any bytes through the whole compiler. Run: `cargo +nightly fuzz run --fuzz-dir tests/fuzz compile tests/fuzz/seeds`
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| detc_tests::compile(data));
