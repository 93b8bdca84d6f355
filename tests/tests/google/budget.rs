//! A first sync at the pace that Google grants, in virtual time and without a socket.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use starmesh_core::ids::{EventId, LastingName};
use starmesh_core::mirror::{IdentityKey, Incarnation, Label, MirrorAvailability, MirrorBody, MirrorSpec};
use starmesh_core::recurrence::OriginalStart;
use starmesh_core::time::{EventTime, Window};
use starmesh_google::BUDGET;
use starmesh_provider::conformance::Harness as _;
use starmesh_provider::{CalendarProvider as _, MirrorWrite};
use starmesh_sim::google::{QuotaSwitches, Switches};
use starmesh_tests::google_harness::ADA;
use tokio::time::Instant;

use crate::in_process::google;

/// Requests travel so long.
const ROUND_TRIP: Duration = Duration::from_millis(80);

/// Mirrors of a large first sync.
const MIRRORS: usize = 2_000;

fn mirror(calendar: &LastingName, number: usize, start: DateTime<Utc>) -> MirrorSpec {
    let keys = IdentityKey::new([5; 32]);
    let source = LastingName::new("elsewhere@example.org");
    let event = EventId::new(format!("event-{number}"));
    let key = keys.mirror_key(calendar, &source, &event, &OriginalStart::single());
    let start = start + TimeDelta::minutes(i64::try_from(number).unwrap());
    let body = MirrorBody {
        time: EventTime::Timed { start, end: start + TimeDelta::hours(1) },
        availability: MirrorAvailability::Busy,
        label: Label::default(),
        color: None,
    };
    MirrorSpec::new(&keys, calendar, &source, key, Incarnation::default(), body)
}

#[tokio::test(start_paused = true)]
async fn a_first_sync_uses_nine_tenths_of_the_budget_and_is_never_refused() {
    let google = google(0, Switches::default(), ROUND_TRIP, BUDGET);
    let (client, begin) = (google.adapter(), google.now());
    let calendar = LastingName::new(ADA);
    let window = Window::around(begin, Window::DAYS_DEFAULT);
    let started = Instant::now();
    let first = client.changes_since(&calendar, None, &window).await.unwrap();
    let mirrors: Vec<_> =
        (0..MIRRORS).map(|number| mirror(&calendar, number, begin + TimeDelta::days(1))).collect();
    for batch in mirrors.chunks(client.capabilities().batch) {
        let writes = batch.iter().cloned().map(MirrorWrite::Create).collect();
        for outcome in client.write(&calendar, writes).await {
            outcome.unwrap();
        }
    }
    let echo = client.changes_since(&calendar, first.cursor.as_ref(), &window).await.unwrap();
    assert_eq!(echo.changed.len(), MIRRORS);
    assert_eq!(google.sim.refused_for_budget(), 0);
    let granted = QuotaSwitches::default().user_per_minute;
    let minutes = started.elapsed().as_secs_f64() / 60.0;
    let share =
        f64::from(u32::try_from(MIRRORS).unwrap()) / minutes / f64::from(u32::try_from(granted).unwrap());
    assert!((0.9..=1.0).contains(&share), "{share} of the budget, {minutes} minutes");
    // What a provider names in a token of its own is not to outgrow what a row can hold.
    assert!(echo.cursor.unwrap().0.len() < 4_096);
}
