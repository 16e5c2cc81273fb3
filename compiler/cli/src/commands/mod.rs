//! One module a command: its arguments, and what it does with them.

pub mod check;
pub mod compile;
pub mod completions;
pub mod eval;
pub mod explain;
pub mod fmt;
pub mod man;
pub mod pack;
pub mod schema;
pub mod targets;
pub mod test;
pub mod verify;

use anyhow::Result;

use crate::args::Command;
use crate::console::Console;
use crate::status::Status;

/// Runs a command.
pub fn run(command: Command, console: &Console) -> Result<Status> {
    match command {
        Command::Check(args) => check::run(&args, console),
        Command::Fmt(args) => fmt::run(&args, console),
        Command::Compile(args) => compile::run(&args, console),
        Command::Pack(args) => pack::run(&args, console),
        Command::Verify(args) => verify::run(&args, console),
        Command::Eval(args) => eval::run(&args, console),
        Command::Test(args) => test::run(&args, console),
        Command::Explain(args) => explain::run(&args, console),
        Command::Targets(args) => targets::run(&args, console),
        Command::Schema(args) => schema::run(&args, console),
        Command::Completions(args) => completions::run(&args, console),
        Command::Man(args) => man::run(&args, console),
    }
}
