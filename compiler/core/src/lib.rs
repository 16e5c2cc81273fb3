//! The detc compiler as a pure library: no files, clock, environment or threads.
//!
//! | stage | module | what is true after it |
//! | --- | --- | --- |
//! | text → tree | [`syntax`] | the text is a [`syntax::ast::File`]; errors are diagnostics |
//! | tree → plan | [`sema`] | names resolved, types checked, predicates expanded, parameters bound: a [`plan::Strategy`] |
//! | plan over events | [`eval`] | the meaning: alerts |
//! | plan × target | [`capability`] | the fidelity of each detection: exact, approximate or unsupported |
//! | plan → query | [`dialect`] | text of each product's language, from a typed tree of its own |
//! | plan × ATT&CK | [`attack`] | the source declares what ATT&CK names, and nothing else as its own |
//! | event × profile | [`native`] | the event as the site's product holds it |
//! | all of it | [`compile`] | every detection has an outcome, its rules or an error |
//! | rules → pack | [`pack`] | files that products import, with versions, hashes and a manifest |

pub mod attack;
pub mod capability;
pub mod cases;
pub mod compile;
pub mod diagnostics;
pub mod dialect;
pub mod eval;
pub mod native;
pub mod pack;
pub mod plan;
pub mod sema;
pub mod source;
pub mod syntax;
pub mod target;
pub mod template;
pub mod tuning;
pub mod yaml;
