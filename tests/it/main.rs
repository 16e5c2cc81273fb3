//! One test binary: each module is one kind of test.

mod documentation;
mod fidelity;
mod fuzz;
mod idle;
mod mutants;
mod parameters;
mod snapshots;
mod support;
