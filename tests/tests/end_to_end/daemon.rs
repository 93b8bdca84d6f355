//! `starmesh run`: what it notices by itself, and what works beside it.

use std::time::Duration;

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::Block;
use starmesh_tests::world::{SEEN_WITHIN, World, at};

use crate::on_grounds;

on_grounds!(xandikos, cyrus, sabre, google, microsoft, mixed: a_running_engine_notices_bookings_groups_and_pauses);

/// How long the engine may take from its start to its first line.
const STARTED_WITHIN: Duration = Duration::from_secs(30);

const HOUR: TimeDelta = TimeDelta::hours(1);

fn block(hour: u32) -> Block {
    Block::timed(at(4, hour), HOUR)
}

async fn book(world: &World, calendar: &str, hour: u32) -> Outcome<()> {
    world.put(calendar, &Event::timed(&format!("{calendar}-{hour}"), at(4, hour), HOUR)).await
}

async fn a_running_engine_notices_bookings_groups_and_pauses(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["work", "family", "club"]).await?;
    world.app.ok(&["settings", "set", "poll_interval", "5"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    book(&world, "work", 8).await?;
    world.sync().await?;

    let mut running = world.app.spawn(&["--json", "run"])?;
    running.line(STARTED_WITHIN, |line| line.contains("\"started\"")).await?;
    let pid = running.pid()?.to_string();
    book(&world, "work", 9).await?;
    world.await_blocks("family", &[block(8), block(9)]).await?;
    let placed = running.line(SEEN_WITHIN, |line| line.contains("\"placed\"")).await?;
    for step in ["signalled", "taken", "pulled", "planned", "placed"] {
        assert!(placed.contains(&format!("\"{step}\":\"")), "the step {step} has no time: {placed}");
    }

    // Looking is free, writing is not.
    let before = world.snapshot().await?;
    world.app.ok(&["plan"]).await?;
    world.app.ok(&["activity"]).await?;
    assert_eq!(world.app.json(&["status"]).await?["daemon_pid"].to_string(), pid);
    for command in [&["sync", "--yes"][..], &["apply", "--yes"], &["clean", "--all", "--yes"]] {
        let refusal = world.app.error(command, 1).await?;
        assert_eq!(refusal["code"], "data_folder_in_use");
        assert!(refusal["message"].to_string().contains(&pid), "the process is named: {refusal}");
    }
    world.expect_unchanged(&before).await?;

    // A new group, by itself.
    book(&world, "club", 12).await?;
    world.app.ok(&["group", "add", "pair", "club", "family"]).await?;
    world.await_blocks("family", &[block(8), block(9), block(12)]).await?;
    world.await_blocks("club", &[]).await?;

    // A paused link stands still while the others go on.
    world.app.ok(&["link", "pause", "work->family"]).await?;
    book(&world, "work", 10).await?;
    book(&world, "club", 13).await?;
    world.await_blocks("family", &[block(8), block(9), block(12), block(13)]).await?;
    world.app.ok(&["link", "resume", "work->family"]).await?;
    world.await_blocks("family", &[block(8), block(9), block(10), block(12), block(13)]).await?;

    // A cancelled event goes, and so do the mirrors of a group.
    world.delete("work", "work-8").await?;
    world.await_blocks("family", &[block(9), block(10), block(12), block(13)]).await?;
    running.stop().await?.expect(0)?;
    assert_eq!(world.app.json(&["status"]).await?["daemon_pid"], serde_json::Value::Null);
    world.expect_quiet().await
}
