//! `starmesh clean --scan`: what no configuration knows any more is found and taken away, and nothing else.

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::blocks;
use starmesh_tests::world::{World, at};

use crate::on_grounds;

on_grounds!(
    radicale, xandikos, google, microsoft:
    a_scan_takes_what_a_lost_database_left_behind,
    what_another_key_made_goes_only_with_its_number,
);

const HOUR: TimeDelta = TimeDelta::hours(1);

/// How many events each world has.
const EVENTS: u64 = 3;

async fn synced(ground: Ground) -> Outcome<World> {
    let world = World::new(ground, &["work", "family"]).await?;
    for number in 0..EVENTS {
        world.put("work", &Event::timed(&format!("event-{number}"), at(4 + number, 9), HOUR)).await?;
    }
    world.put("family", &Event::timed("dinner", at(4, 18), HOUR)).await?;
    world.app.ok(&["group", "add", "pair", "work", "family", "--one-way"]).await?;
    world.sync().await?;
    assert_eq!(blocks(&world.list("family").await?)?.len(), 3);
    Ok(world)
}

async fn a_scan_takes_what_a_lost_database_left_behind(ground: Ground) -> Outcome<()> {
    let world = synced(ground).await?;
    let originals = world.originals().await?;
    let key = world.file("key").to_string_lossy().into_owned();
    world.app.ok(&["key", "export", "--out", &key]).await?;
    let fresh = world.empty_device("fresh")?;
    fresh.ok(&["key", "import", &key]).await?;
    world.sign_in(&fresh).await?;

    // No link is configured here: `clean` has nothing to go by.
    let shown = fresh.json(&["clean", "--scan", "--dry-run"]).await?;
    let family =
        shown["calendars"].as_array().into_iter().flatten().find(|it| it["found"] != serde_json::json!({}));
    let found = family.map(|it| it["found"].clone()).unwrap_or_default();
    assert_eq!(found, serde_json::json!({ "unknown_link": EVENTS }), "{shown}");
    let refusal = fresh.error(&["clean", "--scan"], 3).await?;
    assert_eq!(refusal["code"], "approval_needed", "{refusal}");
    assert_eq!(blocks(&world.list("family").await?)?.len(), 3, "nothing was approved yet");

    let done = fresh.json(&["clean", "--scan", "--yes"]).await?;
    assert_eq!(done["removed"], true, "{done}");
    assert_eq!(blocks(&world.list("family").await?)?, []);
    world.expect_unchanged(&originals).await?;
    let again = fresh.json(&["clean", "--scan", "--yes"]).await?;
    assert_eq!(again["removed"], false, "there is nothing left: {again}");
    // The link runs on at the other computer, whose next pass places them again, as was said.
    world.sync().await?;
    assert_eq!(blocks(&world.list("family").await?)?.len(), 3);
    // There it is known which link they are of, and it is paused with the removal.
    let done = world.app.json(&["clean", "--scan", "--calendar", "family", "--yes"]).await?;
    assert_eq!(done["links"].as_array().map(Vec::len), Some(1), "{done}");
    world.sync().await?;
    assert_eq!(blocks(&world.list("family").await?)?, []);
    world.expect_unchanged(&originals).await
}

async fn what_another_key_made_goes_only_with_its_number(ground: Ground) -> Outcome<()> {
    let world = synced(ground).await?;
    let originals = world.originals().await?;
    let stranger = world.device("stranger").await?;
    stranger.ok(&["clean", "--scan", "--yes"]).await?;
    for too_few in ["0", "2"] {
        let command = ["clean", "--scan", "--foreign", "--yes", "--allow-removals", too_few];
        let refusal = stranger.error(&command, 3).await?;
        assert_eq!(refusal["code"], "removals_held", "{refusal}");
        assert_eq!(refusal["action"]["count"], EVENTS, "{refusal}");
    }
    assert_eq!(blocks(&world.list("family").await?)?.len(), 3, "--yes does not speak for them");
    let done = stranger.json(&["clean", "--scan", "--foreign", "--allow-removals", "3"]).await?;
    assert_eq!(done["removed"], true, "{done}");
    assert_eq!(blocks(&world.list("family").await?)?, []);
    world.expect_unchanged(&originals).await?;
    // Whoever made them places them again, and nobody is left to ask.
    world.sync().await?;
    assert_eq!(blocks(&world.list("family").await?)?.len(), 3);
    Ok(())
}
