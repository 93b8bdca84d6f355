//! One calendar into another on real CalDAV servers, by the real program and by vdirsyncer, in turns: a first sync of
//! many events, then nothing, then one change. Beside them a loop of bare writes, which is as fast as the server allows.

mod requests;
mod side;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::{Args, ValueEnum};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use starmesh_provider::env::{Clock as _, SystemClock};
use starmesh_tests::dav::Dav;
use starmesh_tests::ics::Event;
use starmesh_tests::servers::{ALICE, BOB, Kind, Rights, Server, User};
use starmesh_tests::{Failure, Outcome};
use tokio::time::Instant;

use self::side::{Ours, Side, Taken, Vdirsyncer};
use crate::table::{Table, median};

/// Writes under way at once in the loop of bare writes, and while a calendar is filled: as many as the program has.
const WRITES_AT_ONCE: usize = starmesh_caldav::CONCURRENCY;
/// Over so many days, all of them in the window, the events are spread.
const DAYS: i64 = 150;
/// The calendar with the events.
const SOURCE: &str = "source";

/// The most of vdirsyncer's time that a first sync may take, where the server is quick.
const FIRST_WALL_AIM: f64 = 0.5;
/// The least share of the server's own pace, where the server is what one waits for.
const PACE_AIM: f64 = 0.9;
/// The most of vdirsyncer's processor time.
const PROCESSOR_AIM: f64 = 0.2;
/// The most of vdirsyncer's time where nothing changed.
const NO_CHANGE_AIM: f64 = 0.1;

/// What is asked.
#[derive(Args, Clone)]
pub(crate) struct Options {
    /// On these servers.
    #[arg(long, value_enum, default_values_t = [Which::Radicale, Which::Xandikos, Which::Cyrus])]
    servers: Vec<Which>,
    /// Events in the calendar.
    #[arg(long, default_value_t = 1_000)]
    events: usize,
    /// How often all is done; medians count.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The program vdirsyncer; `cargo xtask bench caldav` installs it and names it.
    #[arg(long)]
    vdirsyncer: PathBuf,
}

/// A server.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum, Debug)]
enum Which {
    Radicale,
    Xandikos,
    Cyrus,
}

impl Which {
    fn kind(self) -> Kind {
        match self {
            Self::Radicale => Kind::Radicale(Rights::Owner),
            Self::Xandikos => Kind::Xandikos,
            Self::Cyrus => Kind::Cyrus,
        }
    }

    /// Whose is the calendar into which vdirsyncer copies. It keeps the UIDs, and Cyrus lets nobody have one twice.
    fn other_person(self) -> User {
        match self {
            Self::Radicale | Self::Xandikos => ALICE,
            Self::Cyrus => BOB,
        }
    }

    /// True where a write takes the server so long that no program can be much faster than another.
    fn is_slow(self) -> bool {
        match self {
            Self::Radicale | Self::Xandikos => true,
            Self::Cyrus => false,
        }
    }
}

/// What one round took, of ours and of theirs.
struct Round {
    first: [Taken; 2],
    bare: Duration,
    nothing: [Taken; 2],
    change: [Taken; 2],
}

/// Measures it on each server.
pub(crate) async fn measure(options: Options) -> Outcome<Table> {
    let mut table = Table::new("One calendar into another, beside vdirsyncer");
    for which in &options.servers {
        let server = Server::start(which.kind())?;
        let dav = Dav::new(&server)?;
        dav.mkcalendar(&server.calendar(SOURCE), "Source").await?;
        let events: Vec<String> = (0..options.events).map(|number| event(number, 0, &options)).collect();
        put_all(&server, SOURCE, &events).await?;
        let mut rounds = Vec::new();
        for number in 0..options.rounds {
            rounds.push(round(&server, &dav, which.other_person(), number, &options).await?);
        }
        tell(&mut table, *which, &rounds, options.events);
        drop(server);
        requests::measure(&mut table, which.kind()).await?;
    }
    Ok(table)
}

/// Everything once. Who goes first changes from round to round, so that neither always finds the server fresh.
async fn round(server: &Server, dav: &Dav, other: User, number: usize, options: &Options) -> Outcome<Round> {
    let [ours_in, theirs_in, bare_in] = ["ours", "theirs", "bare"].map(|side| format!("{side}-{number}"));
    for name in [&ours_in, &bare_in] {
        dav.mkcalendar(&server.calendar(name), name).await?;
    }
    let (others, theirs_at) = (Dav::of(server, other)?, format!("{}{theirs_in}/", server.home_of(other)));
    others.mkcalendar(&theirs_at, &theirs_in).await?;
    let ours = Ours::new(server, "Source", &ours_in).await?;
    let theirs = Vdirsyncer::new(&options.vdirsyncer, server, SOURCE, (other, &theirs_in)).await?;
    let ours_first = number.is_multiple_of(2);
    let first = both(&ours, &theirs, ours_first).await?;
    let arrived = [dav.etags(&server.calendar(&ours_in)).await?.len(), others.etags(&theirs_at).await?.len()];
    if arrived != [options.events; 2] {
        return Err(Failure::new(format!("{arrived:?} of {} events arrived", options.events)));
    }
    let bodies: Vec<String> = (0..options.events).map(|at| block(number, at)).collect();
    let began = Instant::now();
    put_all(server, &bare_in, &bodies).await?;
    let bare = began.elapsed();
    let nothing = both(&ours, &theirs, !ours_first).await?;
    let path = format!("{}event-0.ics", server.calendar(SOURCE));
    dav.put_ics(&path, &event(0, 1 + i64::try_from(number).unwrap_or(0), options)).await?;
    let change = both(&ours, &theirs, ours_first).await?;
    // The next round brings the same UIDs.
    others.delete(&theirs_at).await?;
    Ok(Round { first, bare, nothing, change })
}

async fn both(ours: &Ours, theirs: &Vdirsyncer, ours_first: bool) -> Outcome<[Taken; 2]> {
    if ours_first {
        let taken = ours.sync().await?;
        return Ok([taken, theirs.sync().await?]);
    }
    let taken = theirs.sync().await?;
    Ok([ours.sync().await?, taken])
}

fn tell(table: &mut Table, which: Which, rounds: &[Round], events: usize) {
    let mut facts = |what: &str, of: fn(&Round) -> &[Taken; 2]| {
        for (at, side) in ["ours", "vdirsyncer"].into_iter().enumerate() {
            let wall = median(rounds.iter().map(|round| of(round)[at].wall.as_secs_f64()));
            let processor = median(rounds.iter().map(|round| of(round)[at].processor.as_secs_f64()));
            let memory = rounds.iter().map(|round| of(round)[at].memory_kib).max().unwrap_or(0);
            table.fact(
                format!("{which:?}, {what}, {side}: wall, processor, peak memory"),
                &format!("{wall:.2} s, {processor:.2} s, {} MiB", memory / 1024),
            );
        }
    };
    facts(&format!("first sync of {events} events"), |round| &round.first);
    facts("nothing changed", |round| &round.nothing);
    facts("one event moved", |round| &round.change);
    let wall = |taken: &[Taken; 2]| taken[0].wall.as_secs_f64() / taken[1].wall.as_secs_f64();
    let processor = |taken: &[Taken; 2]| taken[0].processor.as_secs_f64() / taken[1].processor.as_secs_f64();
    let bare = median(rounds.iter().map(|round| round.bare.as_secs_f64()));
    table.fact(format!("{which:?}, as many bare writes, {WRITES_AT_ONCE} at once"), &format!("{bare:.2} s"));
    let mut at_most = |what: &str, found: f64, aim: f64| {
        let what = format!("{which:?}, {what}, share of vdirsyncer's");
        table.row(what, &format!("{found:.3}"), &format!("<= {aim}"), found <= aim);
    };
    let first_wall = median(rounds.iter().map(|round| wall(&round.first)));
    if !which.is_slow() {
        at_most("first sync: wall", first_wall, FIRST_WALL_AIM);
    }
    at_most("first sync: processor", median(rounds.iter().map(|it| processor(&it.first))), PROCESSOR_AIM);
    at_most("nothing changed: wall", median(rounds.iter().map(|it| wall(&it.nothing))), NO_CHANGE_AIM);
    if which.is_slow() {
        table
            .fact(format!("{which:?}, first sync: wall, share of vdirsyncer's"), &format!("{first_wall:.3}"));
        let pace = median(rounds.iter().map(|it| it.bare.as_secs_f64() / it.first[0].wall.as_secs_f64()));
        let what = format!("{which:?}, first sync: share of the server's own pace");
        table.row(what, &format!("{pace:.3}"), &format!(">= {PACE_AIM}"), pace >= PACE_AIM);
    }
}

/// Half an hour, in even steps over the window, moved by so many minutes.
fn event(number: usize, minutes: i64, options: &Options) -> String {
    let step = TimeDelta::days(DAYS) / i32::try_from(options.events.max(1)).unwrap_or(i32::MAX);
    let start = tomorrow() + step * i32::try_from(number).unwrap_or(0) + TimeDelta::minutes(minutes);
    Event::timed(&format!("event-{number}"), start, TimeDelta::minutes(30)).text()
}

fn tomorrow() -> DateTime<Utc> {
    let day = SystemClock.now().date_naive() + TimeDelta::days(1);
    day.and_time(chrono::NaiveTime::MIN).and_utc()
}

/// Something as large as a busy block, with a UID of its own in each round.
fn block(round: usize, number: usize) -> String {
    let start = tomorrow() + TimeDelta::hours(i64::try_from(number).unwrap_or(0));
    let written = |time: DateTime<Utc>| time.format("%Y%m%dT%H%M%SZ");
    format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Example//Bench//EN\r\nBEGIN:VEVENT\r\nUID:block-{round}-{number}\r\n\
         DTSTAMP:20261101T080000Z\r\nDTSTART:{}\r\nDTEND:{}\r\nSUMMARY:Busy\r\nCLASS:PRIVATE\r\nTRANSP:OPAQUE\r\n\
         X-BENCH:1.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.0.bbbbbbbbbbbbbbbbbbbbbbbbbb.cccccccccccccccccccccccccc\r\n\
         END:VEVENT\r\nEND:VCALENDAR\r\n",
        written(start),
        written(start + TimeDelta::minutes(30)),
    )
}

/// Writes all texts into a calendar, several at once.
async fn put_all(server: &Server, calendar: &str, texts: &[String]) -> Outcome<()> {
    let client = Arc::new(reqwest::Client::builder().no_proxy().build()?);
    let collection = server.url().join(&server.calendar(calendar))?;
    let puts = texts.iter().enumerate().map(|(number, text)| {
        let (client, url) = (Arc::clone(&client), collection.join(&format!("event-{number}.ics")));
        async move {
            let request = client.put(url?).basic_auth(ALICE.name, Some(ALICE.password));
            let request = request.header("content-type", "text/calendar; charset=utf-8");
            let answer = request.header("if-none-match", "*").body(text.clone()).send().await?;
            let status = answer.status();
            if status.is_success() { Ok(()) } else { Err(Failure::new(format!("a write answered {status}"))) }
        }
    });
    stream::iter(puts).buffer_unordered(WRITES_AT_ONCE).try_collect::<Vec<()>>().await?;
    Ok(())
}
