//! Every kind of event, booked, moved and cancelled.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};
use chrono_tz::Europe::Berlin;
use starmesh_tests::Outcome;
use starmesh_tests::ground::{Ground, Service};
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::Block;
use starmesh_tests::servers::CAROL;
use starmesh_tests::world::{World, at, day, instant, on_clock};

use crate::on_every_ground;

on_every_ground!(
    an_event_is_booked_moved_and_cancelled,
    a_series_with_exceptions_is_mirrored_occurrence_by_occurrence,
    whole_days_and_floating_times_and_the_week_the_clocks_change,
    only_what_blocks_time_is_mirrored,
);

/// Days ahead in which the clocks change at least once, whatever the day of the test.
const WINDOW: &str = "240";

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Two calendars, paired.
async fn pair(ground: Ground) -> Outcome<World> {
    let world = World::of(CAROL, ground, &["work", "family"]).await?;
    world.app.ok(&["settings", "set", "window", WINDOW]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    Ok(world)
}

/// An hour from `local` on a clock in Berlin.
fn hour(local: NaiveDateTime) -> Outcome<Block> {
    Ok(Block::timed(instant(Berlin, local)?, HOUR))
}

async fn an_event_is_booked_moved_and_cancelled(ground: Ground) -> Outcome<()> {
    let world = pair(ground).await?;
    world.put("work", &Event::timed("meeting", at(5, 9), HOUR)).await?;
    world.put("family", &Event::timed("dinner", at(5, 18), HOUR)).await?;
    world.sync().await?;
    world.expect("family", &[Block::timed(at(5, 9), HOUR)]).await?;
    world.expect("work", &[Block::timed(at(5, 18), HOUR)]).await?;
    let first = world.list("family").await?;
    world.expect_quiet().await?;

    world.put("work", &Event::timed("meeting", at(6, 10), HOUR * 2)).await?;
    world.sync().await?;
    world.expect("family", &[Block::timed(at(6, 10), HOUR * 2)]).await?;
    let moved = world.list("family").await?;
    assert!(first.keys().eq(moved.keys()), "a moved event's mirror is changed in place");

    // Two events at one time give two blocks.
    world.put("work", &Event::timed("twin", at(6, 10), HOUR * 2)).await?;
    world.sync().await?;
    world.expect("family", &[Block::timed(at(6, 10), HOUR * 2), Block::timed(at(6, 10), HOUR * 2)]).await?;

    world.delete("work", "meeting").await?;
    world.put("work", &Event::timed("twin", at(6, 10), HOUR * 2).cancelled()).await?;
    world.sync().await?;
    world.expect("family", &[]).await?;
    world.expect("work", &[Block::timed(at(5, 18), HOUR)]).await?;
    world.expect_quiet().await
}

async fn a_series_with_exceptions_is_mirrored_occurrence_by_occurrence(ground: Ground) -> Outcome<()> {
    let world = pair(ground).await?;
    let nine = |days: u64| on_clock(day(days), 9, 0);
    let series = Event::zoned("series", nine(3), HOUR).rule("FREQ=DAILY;COUNT=6").without(nine(5));
    let moved = series.clone().moved(nine(4), on_clock(day(4), 15, 30), HOUR);
    world.put("work", &moved).await?;
    // From the third on, an hour later and longer. Neither service can say so of one event: programs there
    // make two series of it, and those are like any others.
    let can_split = world.service("work") == Service::Caldav;
    let split = Event::zoned("split", on_clock(day(3), 12, 0), HOUR).rule("FREQ=DAILY;COUNT=5");
    let split = split.moved_from(on_clock(day(5), 12, 0), on_clock(day(5), 13, 0), HOUR * 2);
    if can_split {
        world.put("work", &split).await?;
    }
    world.sync().await?;
    let mut wanted = vec![hour(nine(3))?, hour(on_clock(day(4), 15, 30))?];
    for days in [6, 7, 8] {
        wanted.push(hour(nine(days))?);
    }
    let series_blocks = wanted.clone();
    if can_split {
        for days in [3, 4] {
            wanted.push(hour(on_clock(day(days), 12, 0))?);
        }
        for days in [5, 6, 7] {
            wanted.push(Block::timed(instant(Berlin, on_clock(day(days), 13, 0))?, HOUR * 2));
        }
    }
    world.expect("family", &wanted).await?;
    world.expect_quiet().await?;

    // The exception goes, another occurrence is called off, the split series is cancelled wholly.
    world.put("work", &series.without(nine(8))).await?;
    if can_split {
        world.delete("work", "split").await?;
    }
    world.sync().await?;
    let gone = [hour(on_clock(day(4), 15, 30))?, hour(nine(8))?];
    let mut wanted: Vec<Block> = series_blocks.into_iter().filter(|block| !gone.contains(block)).collect();
    wanted.push(hour(nine(4))?);
    world.expect("family", &wanted).await?;

    // A series that becomes a single event keeps the one block.
    world.put("work", &Event::zoned("series", nine(3), HOUR)).await?;
    world.sync().await?;
    world.expect("family", &[hour(nine(3))?]).await?;
    world.expect_quiet().await
}

/// The next day, from the day after tomorrow on, on which clocks in Berlin change.
fn clock_change() -> Outcome<NaiveDate> {
    let offset = |date: NaiveDate| -> Outcome<TimeDelta> {
        let noon = on_clock(date, 12, 0);
        Ok(noon - instant(Berlin, noon)?.naive_utc())
    };
    let mut date = day(5);
    while offset(date)? == offset(date.pred_opt().unwrap_or(date))? {
        date = date.succ_opt().unwrap_or(date);
    }
    Ok(date)
}

/// As RFC 5545, 3.3.5, has it: in the gap the offset before it, and the first of two.
fn half_past_two(date: NaiveDate) -> Outcome<DateTime<Utc>> {
    let local = on_clock(date, 2, 30);
    match instant(Berlin, local) {
        Ok(instant) => Ok(instant),
        Err(_) => Ok(instant(Berlin, local - HOUR)? + HOUR),
    }
}

async fn whole_days_and_floating_times_and_the_week_the_clocks_change(ground: Ground) -> Outcome<()> {
    let world = pair(ground).await?;
    world.put("work", &Event::all_day("fair", day(10), 3)).await?;
    // Neither service has times without a zone.
    let can_float = world.service("family") == Service::Caldav;
    if can_float {
        world.put("family", &Event::floating("breakfast", on_clock(day(4), 7, 30), HOUR)).await?;
    }
    let change = clock_change()?;
    let first = change - TimeDelta::days(3);
    world.put("work", &Event::zoned("daily", on_clock(first, 9, 0), HOUR).rule("FREQ=DAILY;COUNT=7")).await?;
    world.put("work", &Event::zoned("night", on_clock(change, 2, 30), HOUR * 2)).await?;
    world.sync().await?;
    // One hour or three, by what the clocks do in between.
    let night = instant(Berlin, on_clock(change, 4, 30))? - half_past_two(change)?;
    let mut wanted = vec![Block::days(day(10), 3), Block::timed(half_past_two(change)?, night)];
    for days in 0..7 {
        wanted.push(hour(on_clock(first + TimeDelta::days(days), 9, 0))?);
    }
    world.expect("family", &wanted).await?;
    // The reader's zone is Berlin.
    let breakfast = hour(on_clock(day(4), 7, 30))?;
    world.expect("work", if can_float { std::slice::from_ref(&breakfast) } else { &[] }).await?;
    world.expect_quiet().await
}

async fn only_what_blocks_time_is_mirrored(ground: Ground) -> Outcome<()> {
    let world = pair(ground).await?;
    let hours = |uid: &str, start: u32| Event::timed(uid, at(7, start), HOUR);
    world.put("work", &hours("free", 6).transparent()).await?;
    world.put("work", &hours("off", 7).cancelled()).await?;
    let (me, service) = (world.address("work"), world.service("work"));
    world.put("work", &hours("declined", 8).invitation(&me, "DECLINED")).await?;
    world.put("work", &hours("accepted", 9).invitation(&me, "ACCEPTED")).await?;
    world.put("work", &hours("open", 10).invitation(&me, "NEEDS-ACTION")).await?;
    let past = hours("past", 11);
    // Only iCalendar has room for lines that nobody knows.
    let past = if service == Service::Caldav { past.line("X-SOMETHING:else") } else { past };
    world.put("work", &past).await?;
    world.put("work", &Event::timed("long ago", at(1, 6) - TimeDelta::days(90), HOUR)).await?;
    world.put("work", &Event::timed("far", at(1, 6) + TimeDelta::days(400), HOUR)).await?;
    world.put("work", &Event::all_day("birthday", day(8), 1).transparent()).await?;
    let originals = world.originals().await?;
    let plan = world.app.json(&["plan"]).await?;
    let skipped = plan["targets"].to_string();
    // Google deletes what is called off, and neither service is asked about what lies outside the window.
    let reasons = match service {
        Service::Caldav => &["free", "declined", "cancelled", "outside_window"][..],
        Service::Microsoft => &["free", "declined", "cancelled"],
        Service::Google => &["free", "declined"],
    };
    for reason in reasons {
        assert!(skipped.contains(reason), "{reason} is not explained: {skipped}");
    }
    world.sync().await?;
    let wanted = [9, 10, 11].map(|start| Block::timed(at(7, start), HOUR));
    let mirrors = starmesh_tests::mirrors::mirrors(&world.list("family").await?)?;
    let tentative = mirrors.iter().filter(|mirror| mirror.tentative);
    assert_eq!(tentative.count(), 1, "the unanswered invitation shows as tentative");
    world.expect("family", &wanted).await?;
    world.expect("work", &[]).await?;

    // An answer is a change like any other.
    world.put("work", &hours("accepted", 9).invitation(&me, "DECLINED")).await?;
    world.put("work", &hours("free", 6)).await?;
    world.sync().await?;
    let wanted = [6, 10, 11].map(|start| Block::timed(at(7, start), HOUR));
    world.expect("family", &wanted).await?;
    world.expect_quiet().await?;
    assert_eq!(world.originals().await?["work"].len(), originals["work"].len());
    world.expect_no_canary().await
}
