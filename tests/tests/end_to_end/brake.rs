//! The brake: unexpectedly many removals wait for a person.

use chrono::TimeDelta;
use serde_json::Value;
use starmesh_tests::Outcome;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::{Block, blocks};
use starmesh_tests::world::{World, at};

use crate::on_grounds;

on_grounds!(radicale, cyrus, sabre, google, microsoft: many_removals_are_held_on_every_link_until_a_person_says_how_many);

/// Events at work.
const EVENTS: usize = 40;

/// How many of them vanish.
const VANISHED: usize = 30;

const HOUR: TimeDelta = TimeDelta::hours(1);

fn event(number: usize) -> Event {
    let (days, hour) = (3 + number as u64 / 10, 6 + u32::try_from(number % 10).unwrap_or(0));
    Event::timed(&format!("event-{number:02}"), at(days, hour), HOUR)
}

/// How many mirrors stand in each of two calendars.
async fn counts(world: &World) -> Outcome<(usize, usize)> {
    Ok((blocks(&world.list("family").await?)?.len(), blocks(&world.list("club").await?)?.len()))
}

fn held(plan: &Value) -> Vec<u64> {
    let targets = plan["targets"].as_array().into_iter().flatten();
    let held = targets.flat_map(|target| target["held"].as_array().into_iter().flatten());
    held.filter_map(|held| held["removals"].as_u64()).collect()
}

async fn many_removals_are_held_on_every_link_until_a_person_says_how_many(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["work", "family", "club"]).await?;
    for number in 0..EVENTS {
        world.put("work", &event(number)).await?;
    }
    world.put("family", &Event::timed("dinner", at(3, 19), HOUR)).await?;
    world.app.ok(&["group", "add", "star", "--hub", "work", "--spoke", "family", "--spoke", "club"]).await?;
    world.sync().await?;
    assert_eq!(counts(&world).await?, (EVENTS, EVENTS));
    world.expect("work", &[Block::timed(at(3, 19), HOUR)]).await?;

    for number in 0..VANISHED {
        world.delete("work", &event(number).uid).await?;
    }
    world.delete("family", "dinner").await?;
    let plan = world.app.json(&["plan"]).await?;
    assert_eq!(held(&plan), [VANISHED as u64, VANISHED as u64]);
    for command in ["apply", "sync"] {
        let refusal = world.app.error(&[command, "--yes"], 3).await?;
        assert_eq!(refusal["code"], "removals_held");
        let hint = format!("--allow-removals {VANISHED}");
        assert!(refusal["hint"].to_string().contains(&hint), "the way out is named: {refusal}");
    }
    assert_eq!(counts(&world).await?, (EVENTS, EVENTS), "--yes releases nothing");
    world.expect("work", &[]).await?;

    // Fewer than are held do not do.
    world.app.error(&["sync", "--yes", "--allow-removals", "20"], 3).await?;
    assert_eq!(counts(&world).await?, (EVENTS, EVENTS));
    let allowed = VANISHED.to_string();
    world.app.ok(&["sync", "--yes", "--allow-removals", &allowed]).await?;
    assert_eq!(counts(&world).await?, (EVENTS - VANISHED, EVENTS - VANISHED));
    world.expect_quiet().await
}
