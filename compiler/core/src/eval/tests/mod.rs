//! Tests of the evaluator: sentence by sentence, and against a literal reading of the definition.

mod build;
mod decode;
mod definition;
mod lines;
mod patterns;
mod predicates;
mod random;
mod state;
