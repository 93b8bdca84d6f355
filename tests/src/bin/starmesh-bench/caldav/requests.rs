//! What a running engine asks of a CalDAV server, counted by a proxy between them.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::TimeDelta;
use starmesh_core::ids::{AccountId, CalendarId};
use starmesh_core::mirror::IdentityKey;
use starmesh_core::time::EventTime;
use starmesh_engine::{Engine, Parts};
use starmesh_provider::conformance::{Harness as _, PersonEvent};
use starmesh_provider::env::{SystemClock, SystemEntropy};
use starmesh_provider::{CalendarProvider, Providers};
use starmesh_store::MemoryStore;
use starmesh_store::state::{Changes, Settings, State};
use starmesh_tests::caldav_harness::CaldavHarness;
use starmesh_tests::linked::link_up;
use starmesh_tests::servers::Kind;
use starmesh_tests::{Failure, Outcome};

use crate::field::Daemon;
use crate::table::Table;

/// Targets of the source.
const TARGETS: usize = 3;
/// Seconds between polls: so long that a measure sees none but those it asks for.
const POLL_S: u32 = 3_600;

struct One(Arc<dyn CalendarProvider>);

#[async_trait]
impl Providers for One {
    async fn provider(&self, _id: &AccountId) -> starmesh_provider::Result<Arc<dyn CalendarProvider>> {
        Ok(Arc::clone(&self.0))
    }
}

/// Measures it.
pub(super) async fn measure(table: &mut Table, kind: Kind) -> Outcome<()> {
    let harness = CaldavHarness::behind_proxy(kind).await;
    let proxy = harness.proxy.as_ref().ok_or_else(|| Failure::new("the harness has no proxy"))?;
    let mut calendars = Vec::new();
    for at in 0..=TARGETS {
        let name = harness.create_calendar().await;
        // A calendar that is empty at the first look is read a second time before that is believed; and Cyrus
        // lets nobody have a UID twice.
        let held = event(&harness, &format!("held-{at}"), 12);
        harness.put_event(&name, &PersonEvent { transparent: true, ..held }).await;
        calendars.push((CalendarId::new(format!("calendar-{at}")), AccountId::new("account"), name));
    }
    let source = calendars[0].0.clone();
    let links: Vec<_> = calendars[1..].iter().map(|target| (source.clone(), target.0.clone())).collect();
    let state = State::new(Arc::new(MemoryStore::new()), IdentityKey::new([7; 32]));
    link_up(&state, &calendars, &links).await?;
    let mut changes = Changes::new();
    changes.put_settings(&Settings { poll_interval_s: POLL_S, ..Settings::default() });
    state.commit(changes).await?;
    let engine = Engine::new(Parts {
        state,
        providers: Arc::new(One(harness.provider())),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    });
    let mut daemon = Daemon::start(engine).await?;
    let steps = [
        ("nothing changed", None, 1),
        ("one event booked", Some(30), 2 + TARGETS),
        ("one event moved", Some(40), 2 + TARGETS),
        ("nothing changed again", None, 1),
    ];
    for (what, hours, aim) in steps {
        if let Some(hours) = hours {
            harness.put_event(&calendars[0].2, &event(&harness, "single", hours)).await;
        }
        let before = proxy.asked().len();
        daemon.signal(&source).await?;
        daemon.quiet().await?;
        let asked = proxy.asked().len() - before;
        table.row(
            format!("{kind:?}, requests, K = {TARGETS}: {what}"),
            &asked,
            &format!("<= {aim}"),
            asked <= aim,
        );
    }
    daemon.stop().await
}

fn event(harness: &CaldavHarness, uid: &str, hours: i64) -> PersonEvent {
    let start = harness.now() + TimeDelta::hours(hours);
    PersonEvent {
        uid: uid.to_owned(),
        time: EventTime::Timed { start, end: start + TimeDelta::hours(1) },
        rule: None,
        transparent: false,
    }
}
