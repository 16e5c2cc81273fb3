//! The `detc` command line.
fn main() {}
