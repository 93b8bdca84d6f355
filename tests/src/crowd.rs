//! A calendar with very many events, synced for the first time by the real program.

use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use starmesh_sim::google::NewCalendar;
use starmesh_sim::microsoft::world::{CalendarNo, MailboxKind};
use starmesh_sim::web::Ledger;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::cli::Starmesh;
use crate::footprint;
use crate::web::{ADA, Google, Microsoft};
use crate::world::at;
use crate::{Failure, Outcome};

/// One event in so many blocks time: reading is what is measured, not the pace of writes.
pub const BUSY_EVERY: usize = 100;
/// Over so many days, all of them in the window, the events are spread.
const DAYS: i64 = 150;
/// The calendar for the busy blocks, at Google.
const TARGET: &str = "target@group.calendar.google.com";
/// How often the program's memory is looked at.
const LOOK_PAUSE: Duration = Duration::from_millis(20);

/// Whose calendar is crowded.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Host {
    /// Google.
    Google,
    /// Microsoft.
    Microsoft,
}

/// A crowded calendar and an empty one in one account, and the program.
pub struct Crowd {
    service: Service,
    app: Starmesh,
    _folder: TempDir,
}

enum Service {
    Google(Google),
    Microsoft { microsoft: Microsoft, target: CalendarNo },
}

/// What one run of the program took.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// From its start to its end.
    pub time: Duration,
    /// Requests that the provider answered, parts of batches not counted.
    pub requests: usize,
    /// The most memory it held at once, in KiB; `None` where the system does not tell.
    pub memory_kib: Option<u64>,
    /// What the program itself had of the processors; `None` where the system does not tell.
    pub processor: Option<Duration>,
}

impl Crowd {
    /// `events` events, spread evenly over the window.
    pub async fn new(host: Host, events: usize) -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("starmesh-crowd-").tempdir()?;
        let app = Starmesh::new(&folder.path().join("data"))?;
        let (service, source, target) = match host {
            Host::Google => {
                let google = Google::start().await?;
                fill_google(&google, events)?;
                google.add_account(&app, "crowd").await?.expect(0)?;
                (Service::Google(google), format!("crowd/{ADA}"), "crowd/Target")
            }
            Host::Microsoft => {
                let microsoft = Microsoft::start(MailboxKind::Work).await?;
                let target = fill_microsoft(&microsoft, events)?;
                microsoft.add_account(&app, "crowd", &[]).await?.expect(0)?;
                (Service::Microsoft { microsoft, target }, "crowd/Calendar".to_owned(), "crowd/Target")
            }
        };
        app.ok(&["group", "add", "pair", &source, target, "--one-way"]).await?;
        let crowd = Self { service, app, _folder: folder };
        crowd.ledger().record_traffic(true);
        Ok(crowd)
    }

    /// Runs `sync`, which must succeed.
    pub async fn sync(&self) -> Outcome<Taken> {
        let before = self.requests();
        let began = Instant::now();
        let mut running = self.app.spawn(&["--json", "sync", "--yes"])?;
        let (mut memory_kib, mut processor) = (None, None);
        while running.is_running()? {
            memory_kib = running.pid().ok().and_then(footprint::memory_peak_kib).or(memory_kib);
            processor = running.pid().ok().and_then(footprint::processor).or(processor);
            sleep(LOOK_PAUSE).await;
        }
        let time = began.elapsed();
        running.end().await?.expect(0)?;
        Ok(Taken { time, requests: self.requests() - before, memory_kib, processor })
    }

    /// How many mirrors stand.
    pub fn mirrors(&self) -> Outcome<usize> {
        match &self.service {
            Service::Google(google) => google.mirrors(TARGET),
            Service::Microsoft { microsoft, target } => Ok(microsoft.mirrors(*target)),
        }
    }

    fn ledger(&self) -> &Ledger {
        match &self.service {
            Service::Google(google) => google.sim.ledger(),
            Service::Microsoft { microsoft, .. } => microsoft.sim.ledger(),
        }
    }

    fn requests(&self) -> usize {
        let (traffic, dropped) = self.ledger().traffic();
        let kept = traffic.iter().filter(|exchange| !exchange.in_batch).count();
        kept + usize::try_from(dropped).unwrap_or(usize::MAX)
    }
}

/// Half an hour each, in even steps; whether it blocks time.
fn times(events: usize) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>, bool)> {
    let step = TimeDelta::days(DAYS) / i32::try_from(events.max(1)).unwrap_or(i32::MAX);
    let mut start = at(1, 0);
    (0..events).map(move |number| {
        let this = start;
        start += step;
        (this, this + TimeDelta::minutes(30), number % BUSY_EVERY == 0)
    })
}

fn fill_google(google: &Google, events: usize) -> Outcome<()> {
    let by_hand = |error: starmesh_sim::google::HandError| Failure::new(error.to_string());
    let target = NewCalendar {
        id: TARGET.to_owned(),
        summary: "Target".to_owned(),
        zone: "UTC".to_owned(),
        owner: ADA.to_owned(),
        can_push: true,
    };
    google.sim.add_calendar(&target).map_err(by_hand)?;
    for (start, end, busy) in times(events) {
        let at = |time: DateTime<Utc>| json!({ "dateTime": time.to_rfc3339_opts(SecondsFormat::Secs, true) });
        let shown = if busy { "opaque" } else { "transparent" };
        let body = json!({ "summary": "Secret", "start": at(start), "end": at(end), "transparency": shown });
        google.sim.put_event(ADA, None, &body).map_err(by_hand)?;
    }
    Ok(())
}

fn fill_microsoft(microsoft: &Microsoft, events: usize) -> Outcome<CalendarNo> {
    let ada = microsoft.ada;
    microsoft.sim.with(|world| {
        let own = world.mailbox(ada).map(|mailbox| mailbox.default_calendar);
        let own = own.ok_or_else(|| Failure::new("the mailbox has no calendar"))?;
        for (start, end, busy) in times(events) {
            let at = |time: DateTime<Utc>| -> Value {
                json!({ "dateTime": time.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC" })
            };
            let shown = if busy { "busy" } else { "free" };
            let body = json!({ "subject": "Secret", "start": at(start), "end": at(end), "showAs": shown });
            world.put_event(own, &body).map_err(Failure::new)?;
        }
        Ok(world.add_calendar(ada, "Target"))
    })
}
