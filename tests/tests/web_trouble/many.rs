//! A calendar with very many events. `cargo xtask bench crowd` measures a hundred thousand.

use starmesh_tests::Outcome;
use starmesh_tests::crowd::{BUSY_EVERY, Crowd, Host};

/// How many events there are.
const EVENTS: usize = 10_000;

/// Requests of a first sync at Google, whose pages hold 2,500 events at most.
const GOOGLE_REQUESTS_MAX: usize = 20;

/// Requests of a first sync at Microsoft, whose pages are much smaller.
const MICROSOFT_REQUESTS_MAX: usize = 400;

/// Requests of a second sync, in which nothing changed: one for each calendar, with what is asked of an
/// account at its start.
const QUIET_REQUESTS_MAX: usize = 12;

/// The most memory that the program may hold at once, in KiB: a few KiB for each event.
const MEMORY_KIB_MAX: u64 = 192 * 1024;

async fn a_first_sync_is_bounded(host: Host, requests_max: usize) -> Outcome<()> {
    let crowd = Crowd::new(host, EVENTS).await?;
    let first = crowd.sync().await?;
    assert_eq!(crowd.mirrors()?, EVENTS / BUSY_EVERY);
    assert!(first.requests <= requests_max, "{first:?}");
    assert!(first.memory_kib.is_none_or(|memory| memory <= MEMORY_KIB_MAX), "{first:?}");
    let second = crowd.sync().await?;
    assert!(second.requests <= QUIET_REQUESTS_MAX, "{second:?}");
    assert_eq!(crowd.mirrors()?, EVENTS / BUSY_EVERY);
    Ok(())
}

#[tokio::test]
async fn ten_thousand_events_at_google_cost_few_requests_and_little_memory() -> Outcome<()> {
    a_first_sync_is_bounded(Host::Google, GOOGLE_REQUESTS_MAX).await
}

#[tokio::test]
async fn ten_thousand_events_at_microsoft_cost_few_requests_and_little_memory() -> Outcome<()> {
    a_first_sync_is_bounded(Host::Microsoft, MICROSOFT_REQUESTS_MAX).await
}
