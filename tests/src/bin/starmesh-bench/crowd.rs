//! A first sync of a very large calendar, by the real program: time, requests and memory. The simulated service
//! is in the process of the bench, so that the memory is the program's alone.

use clap::Args;
use starmesh_tests::Outcome;
use starmesh_tests::crowd::{BUSY_EVERY, Crowd, Host, Taken};

use crate::table::Table;

/// How large the calendar is.
#[derive(Args, Clone, Copy)]
pub(crate) struct Options {
    /// Events in the window, of which one in a hundred blocks time.
    #[arg(long, default_value_t = Self::default().events)]
    events: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { events: 100_000 }
    }
}

/// Measures it at both providers, one after the other.
pub(crate) async fn measure(options: Options) -> Outcome<Table> {
    let mut table = Table::new("First sync of a crowded calendar, by the real program");
    for host in [Host::Google, Host::Microsoft] {
        let crowd = Crowd::new(host, options.events).await?;
        let first = crowd.sync().await?;
        let (wanted, placed) = (options.events.div_ceil(BUSY_EVERY), crowd.mirrors()?);
        table.row(
            format!("{host:?}, busy blocks of {} events", options.events),
            &placed,
            &wanted,
            placed == wanted,
        );
        tell(&mut table, host, "first sync", first);
        tell(&mut table, host, "second sync, nothing changed", crowd.sync().await?);
    }
    Ok(table)
}

fn tell(table: &mut Table, host: Host, what: &str, taken: Taken) {
    let memory = taken.memory_kib.map_or_else(|| "unknown".to_owned(), |kib| format!("{} MiB", kib / 1024));
    table.fact(format!("{host:?}, {what}: time"), &format!("{:.1} s", taken.time.as_secs_f64()));
    let processor =
        taken.processor.map_or_else(|| "unknown".to_owned(), |time| format!("{:.1} s", time.as_secs_f64()));
    table.fact(format!("{host:?}, {what}: of which the program's own"), &processor);
    table.fact(format!("{host:?}, {what}: requests"), &taken.requests);
    table.fact(format!("{host:?}, {what}: peak memory"), &memory);
}
