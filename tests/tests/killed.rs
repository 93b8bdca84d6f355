//! The real program killed at random moments of a first sync, and what it leaves behind, read from the
//! services themselves.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use starmesh_tests::cli::Running;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::{Block, mirrors};
use starmesh_tests::world::{World, at, day, on_clock};
use starmesh_tests::{Failure, Outcome};
use tokio::time::{Instant, sleep};

/// Kills of each first sync before it may go on to its end.
const KILLS: usize = 5;

/// Events in each of three calendars, a series of [`OCCURRENCES`] besides.
const EVENTS: usize = 24;

/// The same at Google, which grants fewer requests a minute: more would be waited for in vain.
const EVENTS_GOOGLE: usize = 8;

/// Occurrences of the series.
const OCCURRENCES: usize = 6;

/// The longest time after which it is killed before it wrote its share: from its first instruction, over
/// opening its vault, to reading and writing.
const MOMENT_MAX: Duration = Duration::from_millis(1_500);

/// How long the program may take until a number of mirrors stands.
const WRITTEN_WITHIN: Duration = Duration::from_mins(1);

/// The pause between two looks at what was made.
const LOOK_PAUSE: Duration = Duration::from_millis(1);

const CALENDARS: [&str; 3] = ["work", "family", "club"];

const HOUR: TimeDelta = TimeDelta::hours(1);

/// A first sync between three calendars, killed [`KILLS`] times at moments that `seed` chooses.
async fn a_first_sync_survives_kills(ground: Ground, seed: u64) -> Outcome<()> {
    let mut moments = ChaCha8Rng::seed_from_u64(seed);
    let events = if ground == Ground::Google { EVENTS_GOOGLE } else { EVENTS };
    // Two calendars' blocks in each of three.
    let all = 2 * 3 * (events + OCCURRENCES);
    let world = World::new(ground, &CALENDARS).await?;
    let booked = book(&world, events).await?;
    let originals = world.originals().await?;
    world.app.ok(&[&["group", "add", "mesh"], &CALENDARS[..]].concat()).await?;
    let (mut killed, mut half_done, mut standing) = (0, 0, 0);
    for kills_left in (1..=KILLS).rev() {
        // A share of what is left to write: a fast server writes more between a look and a kill, but
        // something is always left for the kills to come.
        let writes_max = (all.saturating_sub(standing) * 3 / (5 * kills_left)).max(1);
        let enough = world.made()? + moments.random_range(1..=writes_max);
        let moment =
            if moments.random_bool(0.3) { MOMENT_MAX.mul_f64(moments.random()) } else { Duration::MAX };
        let mut running = world.app.spawn(&["sync", "--yes"])?;
        tokio::select! {
            written = wait_for_events(&mut running, &world, enough) => {
                written?;
                // Not always at the instant at which a write became visible.
                sleep(Duration::from_micros(moments.random_range(0..8_000))).await;
            }
            () = sleep(moment) => {}
        }
        killed += usize::from(running.kill().await?);
        standing = no_double(&world).await?;
        half_done += usize::from(standing > 0 && standing < all);
    }
    assert!(killed >= KILLS - 1, "seed {seed}: only {killed} kills met a running program");
    assert!(half_done > KILLS / 2, "seed {seed}: only {half_done} kills left the work half done");

    world.sync().await.map_err(|failure| failure.during(format!("seed {seed}")))?;
    for target in CALENDARS {
        let sources = CALENDARS.iter().filter(|source| **source != target);
        let wanted: Vec<Block> = sources.flat_map(|source| booked[source].clone()).collect();
        world.expect(target, &wanted).await.map_err(|failure| failure.during(format!("seed {seed}")))?;
    }
    assert_eq!(world.originals().await?, originals, "seed {seed}: originals are untouched");
    world.expect_quiet().await.map_err(|failure| failure.during(format!("seed {seed}")))
}

/// Fills the calendars; the blocks that each brings.
async fn book(world: &World, events: usize) -> Outcome<BTreeMap<&'static str, Vec<Block>>> {
    let mut booked = BTreeMap::new();
    for (minute, calendar) in (0..).step_by(10).zip(CALENDARS) {
        let mut blocks = Vec::new();
        for number in 0..u64::try_from(events)? {
            let start = at(3 + number / 6, 6 + u32::try_from(number % 6)?) + TimeDelta::minutes(minute);
            world.put(calendar, &Event::timed(&format!("{calendar}-{number}"), start, HOUR)).await?;
            blocks.push(Block::timed(start, HOUR));
        }
        let first = on_clock(day(20), 18, 0) + TimeDelta::minutes(minute);
        let rule = format!("FREQ=DAILY;COUNT={OCCURRENCES}");
        let uid = format!("{calendar}-series");
        world.put(calendar, &Event::timed(&uid, first.and_utc(), HOUR).rule(&rule)).await?;
        for days in 0..i64::try_from(OCCURRENCES)? {
            blocks.push(Block::timed(first.and_utc() + TimeDelta::days(days), HOUR));
        }
        booked.insert(calendar, blocks);
    }
    Ok(booked)
}

/// No block stands twice, at no moment: every hour of the calendars differs. How many stand.
async fn no_double(world: &World) -> Outcome<usize> {
    let mut count = 0;
    for calendar in CALENDARS {
        let found = mirrors(&world.list(calendar).await?)?;
        let mut blocks: Vec<_> = found.iter().map(|mirror| &mirror.block).collect();
        blocks.sort();
        count += blocks.len();
        if let Some([double, _]) = blocks.array_windows().find(|[first, second]| first == second) {
            return Err(Failure::new(format!("{calendar} holds {double:?} twice")));
        }
    }
    Ok(count)
}

/// Waits until there are `enough` events. A program that ends before is no failure here.
async fn wait_for_events(running: &mut Running, world: &World, enough: usize) -> Outcome<()> {
    let deadline = Instant::now() + WRITTEN_WITHIN;
    while world.made()? < enough && running.is_running()? {
        if Instant::now() > deadline {
            return Err(Failure::new(format!("not {enough} events within {WRITTEN_WITHIN:?}")));
        }
        sleep(LOOK_PAUSE).await;
    }
    Ok(())
}

mod radicale {
    use super::*;

    #[tokio::test]
    async fn a_first_sync_survives_kills_1() -> Outcome<()> {
        a_first_sync_survives_kills(Ground::RADICALE, 1).await
    }

    #[tokio::test]
    async fn a_first_sync_survives_kills_2() -> Outcome<()> {
        a_first_sync_survives_kills(Ground::RADICALE, 2).await
    }

    #[tokio::test]
    async fn a_first_sync_survives_kills_3() -> Outcome<()> {
        a_first_sync_survives_kills(Ground::RADICALE, 3).await
    }
}

mod xandikos {
    use super::*;

    #[tokio::test]
    async fn a_first_sync_survives_kills_4() -> Outcome<()> {
        a_first_sync_survives_kills(Ground::XANDIKOS, 4).await
    }

    #[tokio::test]
    async fn a_first_sync_survives_kills_5() -> Outcome<()> {
        a_first_sync_survives_kills(Ground::XANDIKOS, 5).await
    }
}

mod cyrus {
    use super::*;

    #[tokio::test]
    async fn a_first_sync_survives_kills_9() -> Outcome<()> {
        a_first_sync_survives_kills(Ground::CYRUS, 9).await
    }
}

mod google {
    use super::*;

    #[tokio::test]
    async fn a_first_sync_survives_kills_6() -> Outcome<()> {
        a_first_sync_survives_kills(Ground::Google, 6).await
    }
}

mod microsoft {
    use super::*;

    #[tokio::test]
    async fn a_first_sync_survives_kills_7() -> Outcome<()> {
        a_first_sync_survives_kills(Ground::MICROSOFT, 7).await
    }
}

mod mixed {
    use super::*;

    #[tokio::test]
    async fn a_first_sync_survives_kills_8() -> Outcome<()> {
        a_first_sync_survives_kills(Ground::Mixed, 8).await
    }
}
