//! What Starmesh costs its providers and how long a change travels, measured on the simulated services with
//! the real engine and the real adapters.
//!
//! Requests and a first sync are counted in virtual time, so that they say the same on every machine. The
//! latency is measured in real time, over sockets, with the store on disk.

mod caldav;
mod crowd;
mod field;
mod first_sync;
mod idle;
mod latency;
mod pure;
mod requests;
mod table;

use std::future::Future;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use starmesh_tests::Outcome;
use tokio::runtime::Builder;

use crate::table::Table;

/// Measures what Starmesh costs its providers and how long a change travels.
#[derive(Parser)]
#[command(name = "cargo xtask bench", flatten_help = true)]
struct Arguments {
    #[command(subcommand)]
    what: Option<What>,
    /// One JSON object a line instead of tables.
    #[arg(long, global = true)]
    json: bool,
}

#[derive(Subcommand, Clone)]
enum What {
    /// Calls for a change, for a series and for no change at all, by number of targets.
    Requests,
    /// A first sync at both providers at once: how much of their budgets it uses, and whether they refuse.
    FirstSync(first_sync::Options),
    /// From the provider's signal to the mirror standing at the provider, with slow round trips.
    Latency(latency::Options),
    /// A first sync of a very large calendar, by the real program, which has to be built.
    Crowd(crowd::Options),
    /// Planning, iCalendar and series by criterion, beside libical and the crate `rrule`.
    Pure(pure::Options),
    /// The real program at rest, which has to be built: memory, wake-ups, and its start.
    Idle(idle::Options),
    /// One calendar into another on real CalDAV servers, by the real program and by vdirsyncer.
    Caldav(caldav::Options),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let all = [
        What::Requests,
        What::FirstSync(first_sync::Options::default()),
        What::Latency(latency::Options::default()),
    ];
    let asked = arguments.what.map_or(all.to_vec(), |what| vec![what]);
    let mut met = true;
    for what in asked {
        let table = match what {
            What::Requests => in_virtual_time(requests::measure()),
            What::FirstSync(options) => in_virtual_time(first_sync::measure(options)),
            What::Latency(options) => in_real_time(latency::measure(&options)),
            What::Crowd(options) => in_real_time(crowd::measure(options)),
            What::Pure(options) => in_real_time(pure::measure(options)),
            What::Idle(options) => in_real_time(idle::measure(options)),
            What::Caldav(options) => in_real_time(caldav::measure(options)),
        };
        match table {
            Ok(table) => {
                table.print(arguments.json);
                met &= table.is_met();
            }
            Err(error) => {
                eprintln!("error: {error}");
                return ExitCode::FAILURE;
            }
        }
    }
    if met { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn in_virtual_time(measure: impl Future<Output = Outcome<Table>>) -> Outcome<Table> {
    Builder::new_current_thread().enable_all().start_paused(true).build()?.block_on(measure)
}

fn in_real_time(measure: impl Future<Output = Outcome<Table>>) -> Outcome<Table> {
    Builder::new_multi_thread().enable_all().build()?.block_on(measure)
}
