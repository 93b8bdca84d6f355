//! The real program at rest, with as many events as a busy person has: its memory, how often it wakes, and how
//! long it takes from its start to its first question. The simulated server is in the process of the bench, so
//! that the memory is the program's alone.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use starmesh_provider::env::{Clock as _, SystemEntropy};
use starmesh_sim::caldav::{CaldavOptions, CaldavSim};
use starmesh_sim::web::Served;
use starmesh_store::vault::{PassphraseCost, PassphraseVault, VAULT_FILE};
use starmesh_tests::cli::{Running, Starmesh};
use starmesh_tests::{Failure, Outcome, footprint};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::table::Table;

/// Accounts, with one calendar each.
const ACCOUNTS: usize = 5;
/// Over so many days, all of them in the window, the events are spread.
const DAYS: i64 = 150;
/// The password of everybody.
const PASSWORD: &str = "a secret";
/// The pause between two looks at a program that works.
const LOOK_PAUSE: Duration = Duration::from_millis(50);
/// How long a start may take until nothing is left to do, on a busy machine.
const QUIET_WITHIN: Duration = Duration::from_mins(10);
/// How often the start is timed; the median counts.
const STARTS: usize = 5;
/// A poll interval so long that the program is watched without any.
const NO_POLL: &str = "86400";
/// The most memory at rest, in MiB.
const MEMORY_AIM_MIB: u64 = 20;
/// The longest from the start to the first question, in milliseconds.
const START_AIM_MS: i64 = 150;

/// How much there is.
#[derive(Args, Clone, Copy)]
pub(crate) struct Options {
    /// Events in each calendar.
    #[arg(long, default_value_t = Self::default().events)]
    events: usize,
    /// One event in so many blocks time.
    #[arg(long, default_value_t = Self::default().busy_every)]
    busy_every: usize,
    /// How long the program is watched, in seconds.
    #[arg(long, default_value_t = Self::default().watch_s)]
    watch_s: u64,
}

impl Default for Options {
    fn default() -> Self {
        Self { events: 10_000, busy_every: 10, watch_s: 60 }
    }
}

/// A server with five people, and the program with an account of each.
struct Scene {
    sim: CaldavSim,
    app: Starmesh,
    _served: Served,
    _folder: TempDir,
}

/// Measures it.
pub(crate) async fn measure(options: Options) -> Outcome<Table> {
    let mut table = Table::new("The program at rest");
    let scene = Scene::new(options).await?;
    scene.sync().await?;
    let mirrors = scene.mirrors()?;
    let wanted = options.events.div_ceil(options.busy_every) * ACCOUNTS * (ACCOUNTS - 1);
    table.row(format!("busy blocks of {ACCOUNTS} calendars in a mesh"), &mirrors, &wanted, mirrors == wanted);

    let (mut starts, mut keys) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let (running, took) = scene.start().await?;
        starts.push(took.num_milliseconds());
        running.stop().await?.expect(0)?;
        keys.push(scene.key().await?.num_milliseconds());
    }
    let (start, key) = (median(starts), median(keys));
    let aim = format!("<= {START_AIM_MS} ms");
    let what = format!("start to the first question, median of {STARTS}");
    table.row(what, &format!("{start} ms"), &aim, start <= START_AIM_MS);
    table.fact("of which making a key out of the passphrase, slow on purpose", &format!("{key} ms"));

    scene.app.ok(&["settings", "set", "poll_interval", NO_POLL]).await?;
    let (mut running, _) = scene.start().await?;
    running.line(QUIET_WITHIN, |line| line.contains("\"quiet\"")).await?;
    watch(&mut table, &scene, &running, options).await?;
    running.stop().await?.expect(0)?;
    Ok(table)
}

fn median(mut milliseconds: Vec<i64>) -> i64 {
    milliseconds.sort_unstable();
    milliseconds.get(milliseconds.len() / 2).copied().unwrap_or(i64::MAX)
}

/// Lets the program rest, and tells what it does all the same.
async fn watch(table: &mut Table, scene: &Scene, running: &Running, options: Options) -> Outcome<()> {
    let unknown = || Failure::new("this system has no /proc");
    let pid = running.pid()?;
    let before = footprint::wakeups(pid).ok_or_else(unknown)?;
    let (processor, asked) = (footprint::processor(pid).ok_or_else(unknown)?, scene.asked());
    sleep(Duration::from_secs(options.watch_s)).await;
    let after = footprint::wakeups(pid).ok_or_else(unknown)?;
    let memory = footprint::memory_kib(pid).ok_or_else(unknown)? / 1024;
    let peak = footprint::memory_peak_kib(pid).ok_or_else(unknown)? / 1024;
    let aim = format!("<= {MEMORY_AIM_MIB} MiB");
    table.row("memory at rest", &format!("{memory} MiB"), &aim, memory <= MEMORY_AIM_MIB);
    let own = footprint::memory_of_its_own_kib(pid).ok_or_else(unknown)? / 1024;
    table.fact("of which not the program's code and the like", &format!("{own} MiB"));
    table.fact("most memory, while it compared everything at its start", &format!("{peak} MiB"));
    let count = |threads: &[(String, u64)]| threads.iter().map(|(_, count)| count).sum::<u64>();
    let wakeups = count(&after).saturating_sub(count(&before));
    // The wall clock is looked at once a minute: midnight comes without a poll.
    let allowed = options.watch_s.div_ceil(60) + 1;
    let what = format!("wake-ups of {} threads in {} s without a poll", after.len(), options.watch_s);
    table.row(what, &wakeups, &format!("<= {allowed}"), wakeups <= allowed);
    let requests = scene.asked() - asked;
    table.row("requests meanwhile", &requests, &0, requests == 0);
    let used = footprint::processor(pid).ok_or_else(unknown)?.saturating_sub(processor);
    table.fact("processor time meanwhile", &format!("{} ms", used.as_millis()));
    Ok(())
}

impl Scene {
    async fn new(options: Options) -> Outcome<Self> {
        let sim = CaldavSim::new(CaldavOptions::default());
        let by_hand = |error: starmesh_sim::caldav::HandError| Failure::new(error.to_string());
        let people: Vec<String> = (0..ACCOUNTS).map(|at| format!("person{at}@example.test")).collect();
        for person in &people {
            sim.add_user(person, PASSWORD);
            let calendar = sim.add_calendar(person, "own", "Own").map_err(by_hand)?;
            for number in 0..options.events {
                let text = event(person, number, options, sim.clock().now());
                sim.put_object(&calendar, &text).map_err(by_hand)?;
            }
        }
        let served = sim.start((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let folder = tempfile::Builder::new().prefix("starmesh-idle-").tempdir()?;
        let app = Starmesh::new(&folder.path().join("data"))?;
        let mut group = vec!["group".to_owned(), "add".to_owned(), "mesh".to_owned()];
        for (at, person) in people.iter().enumerate() {
            let account = format!("account{at}");
            app.add_account(&account, served.base_url().as_str(), person, PASSWORD).await?.expect(0)?;
            group.push(format!("{account}/Own"));
        }
        let group: Vec<&str> = group.iter().map(String::as_str).collect();
        app.ok(&group).await?;
        Ok(Self { sim, app, _served: served, _folder: folder })
    }

    /// Places everything.
    async fn sync(&self) -> Outcome<()> {
        let mut running = self.app.spawn(&["--json", "sync", "--yes"])?;
        while running.is_running()? {
            sleep(LOOK_PAUSE).await;
        }
        running.end().await?.expect(0)?;
        Ok(())
    }

    /// Starts the engine, and tells how long it took until it first asked what changed.
    async fn start(&self) -> Outcome<(Running, TimeDelta)> {
        self.sim.ledger().record_traffic(true);
        self.sim.ledger().clear();
        let began = self.sim.clock().now();
        let mut running = self.app.spawn(&["--json", "run"])?;
        let first = loop {
            let (traffic, _) = self.sim.ledger().traffic();
            if let Some(first) = traffic.iter().find(|exchange| exchange.method == "REPORT") {
                break first.at;
            }
            if !running.is_running()? {
                return Err(Failure::new(format!("it ended: {}", running.output()?)));
            }
            sleep(LOOK_PAUSE).await;
        };
        Ok((running, first - began))
    }

    /// How long opening the vault takes, which is making its key.
    async fn key(&self) -> Outcome<TimeDelta> {
        let (file, passphrase) = (self.app.folder().join(VAULT_FILE), self.app.passphrase().into());
        let begun = self.sim.clock().now();
        PassphraseVault::open(&file, passphrase, PassphraseCost::STANDARD, Arc::new(SystemEntropy)).await?;
        Ok(self.sim.clock().now() - begun)
    }

    /// How many requests the server has had since the last start.
    fn asked(&self) -> u64 {
        let (traffic, dropped) = self.sim.ledger().traffic();
        dropped + traffic.len() as u64
    }

    fn mirrors(&self) -> Outcome<usize> {
        let mut mirrors = 0;
        for at in 0..ACCOUNTS {
            let by_hand = |error: starmesh_sim::caldav::HandError| Failure::new(error.to_string());
            let calendars = self.sim.calendars(&format!("person{at}@example.test")).map_err(by_hand)?;
            for calendar in calendars {
                let objects = self.sim.objects(&calendar).map_err(by_hand)?;
                mirrors += objects.iter().filter(|object| object.text.contains("X-SYNC-FB")).count();
            }
        }
        Ok(mirrors)
    }
}

/// Half an hour, in even steps over the window.
fn event(person: &str, number: usize, options: Options, now: DateTime<Utc>) -> String {
    let step = TimeDelta::days(DAYS) / i32::try_from(options.events.max(1)).unwrap_or(i32::MAX);
    let start = now + TimeDelta::hours(1) + step * i32::try_from(number).unwrap_or(0);
    let shown = if number.is_multiple_of(options.busy_every) { "OPAQUE" } else { "TRANSPARENT" };
    let written = |time: DateTime<Utc>| time.format("%Y%m%dT%H%M%SZ");
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Bench//EN\r\nBEGIN:VEVENT\r\n\
         UID:{number:05}-{person}\r\nDTSTAMP:20261101T080000Z\r\nDTSTART:{}\r\nDTEND:{}\r\n\
         SUMMARY:Secret\r\nTRANSP:{shown}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        written(start),
        written(start + TimeDelta::minutes(30)),
    )
}
