//! The answer to "why is this blocked, and why is that not?".

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::world::{World, at};

use crate::on_every_ground;

on_every_ground!(why_says_what_became_of_each_event);

const HOUR: TimeDelta = TimeDelta::hours(1);

async fn why_says_what_became_of_each_event(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.put("work", &Event::timed("busy", at(4, 8), HOUR)).await?;
    world.put("work", &Event::timed("free", at(4, 8), HOUR * 2).transparent()).await?;
    world.put("work", &Event::timed("short", at(4, 8), TimeDelta::minutes(15))).await?;
    world.app.ok(&["link", "set", "work->family", "--min-length", "30min"]).await?;
    world.sync().await?;
    let time = at(4, 8).to_rfc3339();
    let why = world.app.json(&["why", "family", &time]).await?;
    let into = &why["links"];
    let into = into.as_array().and_then(|links| {
        links.iter().find(|link| link["link"]["target"]["name"] == why["calendar"]["name"])
    });
    let events = into.and_then(|link| link["events"].as_array()).cloned().unwrap_or_default();
    let mut outcomes: Vec<String> = events
        .iter()
        .map(|event| format!("{} {}", event["outcome"], event["reason"]).replace('"', ""))
        .collect();
    outcomes.sort();
    assert_eq!(outcomes, ["skipped free", "skipped too_short", "stands null"], "{why}");
    let told = world.app.ok(&["why", "work", &time]).await?;
    assert!(told.contains("the busy block stands") && told.contains("not mirrored: free"), "{told}");
    world.expect_no_canary().await
}
