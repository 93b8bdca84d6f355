//! Before the first block is placed in a calendar, one on trial is placed, read back and removed.

use chrono::TimeDelta;
use serde_json::Value;
use starmesh_tests::Outcome;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::world::{World, at};

use crate::on_every_ground;

on_every_ground!(a_calendar_is_tried_once_and_nothing_is_left_of_it);

async fn canary(world: &World) -> Outcome<Value> {
    let status = world.app.json(&["status"]).await?;
    let calendars = status["calendars"].as_array().cloned().unwrap_or_default();
    let shown: Vec<Value> =
        calendars.into_iter().map(|it| it["canary"].clone()).filter(|it| !it.is_null()).collect();
    assert_eq!(shown.len(), 1, "only the target is tried: {status}");
    Ok(shown.into_iter().next().unwrap_or_default())
}

async fn a_calendar_is_tried_once_and_nothing_is_left_of_it(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["work", "family"]).await?;
    world.put("work", &Event::timed("meeting", at(4, 9), TimeDelta::hours(1))).await?;
    let originals = world.originals().await?;
    world.app.ok(&["group", "add", "pair", "work", "family", "--one-way"]).await?;
    world.sync().await?;
    assert_eq!(starmesh_tests::mirrors::blocks(&world.list("family").await?)?.len(), 1);
    world.expect_quiet().await?;
    let first = canary(&world).await?;
    let showed = ["listed", "mark_kept", "altered"].map(|part| first[part].clone());
    assert_eq!(showed, [true, true, false].map(Value::from), "{first}");
    assert_eq!(first["same_as"], Value::Null, "{first}");
    let journeys = world.app.json(&["activity"]).await?;
    assert_eq!(journeys["journeys"].as_array().map(Vec::len), Some(1), "it stands for no event: {journeys}");
    world.put("work", &Event::timed("another", at(5, 9), TimeDelta::hours(1))).await?;
    world.sync().await?;
    assert_eq!(canary(&world).await?, first, "it is tried once");
    world.app.ok(&["clean", "--all", "--yes"]).await?;
    let left = world.app.json(&["clean", "--scan", "--dry-run"]).await?;
    let found: Vec<&Value> =
        left["calendars"].as_array().into_iter().flatten().map(|it| &it["found"]).collect();
    assert!(found.iter().all(|found| **found == serde_json::json!({})), "{left}");
    let now = world.originals().await?;
    assert_eq!(now["family"], originals["family"]);
    Ok(())
}
