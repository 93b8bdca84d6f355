//! Chores of the repository: `cargo xtask setup | test | tidy | bindings | world | bench | demo`.
//!
//! Written in Rust and not in shell so that a chore is the same on every system, on a desk and in CI.
//! One file per chore; [`process`] starts other programs and [`workspace`] knows where we are.

mod bench;
mod bindings;
mod demo;
mod judge;
mod npm;
mod process;
mod setup;
mod suites;
mod test;
mod tidy;
mod workspace;
mod world;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::process::Failure;
use crate::workspace::Workspace;

/// Chores of the Starmesh repository.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Install what this machine lacks: system packages, Python test servers, the test runner.
    Setup(setup::Arguments),
    /// Run everything that CI runs, set-up included, cheapest first, and stop at the first failure.
    Test(test::Arguments),
    /// Check the rules of the repository that the compiler cannot: layers, seams, secrets, leftovers.
    Tidy,
    /// Write the answers of the façade as TypeScript types, for the window.
    Bindings(bindings::Arguments),
    /// Run the seeded world: random edits, faults and crashes against in-memory calendars.
    World(world::Arguments),
    /// Measure what Starmesh costs its providers, and how long a change travels.
    Bench(bench::Arguments),
    /// Build the program and show the main job: `starmesh demo` on simulated providers.
    Demo(demo::Arguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match perform(&arguments.chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("error: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(chore: &Chore) -> Result<(), Failure> {
    let workspace = Workspace::find()?;
    match chore {
        Chore::Setup(arguments) => setup::run(&workspace, arguments.purpose),
        Chore::Test(arguments) => test::run(&workspace, arguments),
        Chore::Tidy => tidy::run(&workspace),
        Chore::Bindings(arguments) => bindings::run_chore(&workspace, arguments),
        Chore::World(arguments) => world::run(&workspace, arguments, None),
        Chore::Bench(arguments) => bench::run(&workspace, arguments),
        Chore::Demo(arguments) => demo::run(&workspace, arguments, None),
    }
}
