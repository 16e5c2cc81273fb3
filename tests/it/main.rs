//! One test binary: each module is one kind of test.

mod documentation;
mod fuzz;
mod snapshots;
mod support;
