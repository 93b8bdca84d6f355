//! Whoever configured something, saw what came of it and does not want it takes it back.

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::Block;
use starmesh_tests::servers::ALICE;
use starmesh_tests::world::{SEEN_WITHIN, World, at};

use crate::on_grounds;

on_grounds!(radicale, google, mixed: a_changed_group_comes_back_as_calendars_are_now, other_rules_and_a_setting_are_taken_back_and_made_again);

fn hour(start: u32) -> Block {
    Block::timed(at(3, start), TimeDelta::hours(1))
}

async fn book(world: &World, calendar: &str, uid: &str, start: u32) -> Outcome<()> {
    world.put(calendar, &Event::timed(uid, at(3, start), TimeDelta::hours(1))).await
}

async fn a_changed_group_comes_back_as_calendars_are_now(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["work", "family", "club"]).await?;
    let nothing = world.app.json(&["undo"]).await?;
    assert!(nothing["step"].is_null(), "accounts alone are no step: {nothing}");
    for (calendar, start) in [("work", 8), ("family", 10), ("club", 12)] {
        book(&world, calendar, calendar, start).await?;
    }
    book(&world, "work", "cancelled", 14).await?;
    let group = world.app.json(&["group", "add", "mesh", "work", "family", "club"]).await?;
    let name = group["group"]["name"].as_str().unwrap_or_default().to_owned();
    world.sync().await?;
    world.expect("family", &[hour(8), hour(12), hour(14)]).await?;

    world.app.ok(&["group", "remove", &name, "--calendar", "family"]).await?;
    world.sync().await?;
    world.expect("family", &[]).await?;
    world.delete("work", "cancelled").await?;
    book(&world, "club", "since", 16).await?;
    let originals = world.originals().await?;

    // It is shown, and nothing happens unapproved.
    let before = world.snapshot().await?;
    let shown = world.app.json(&["undo", "--dry-run"]).await?;
    assert_eq!(shown["done"], false);
    assert_eq!(shown["step"]["commands"][0], "group remove --calendar", "{shown}");
    assert_eq!(shown["changes"]["groups_changed"][0]["calendars"].as_array().map(Vec::len), Some(3));
    assert_eq!(world.app.error(&["undo"], 3).await?["code"], "approval_needed");
    world.expect_unchanged(&before).await?;

    let done = world.app.json(&["undo", "--yes"]).await?;
    assert_eq!(done["done"], true, "{done}");
    world.expect("family", &[hour(8), hour(12), hour(16)]).await?;
    world.expect("work", &[hour(10), hour(12), hour(16)]).await?;
    world.expect_quiet().await?;

    // Once more, and the group itself goes; made again, all of it stands again.
    world.app.ok(&["undo", "--yes"]).await?;
    world.expect_unchanged(&originals).await?;
    world.expect_quiet().await?;
    world.app.ok(&["undo", "--redo", "--yes"]).await?;
    world.expect("family", &[hour(8), hour(12), hour(16)]).await?;
    world.expect_quiet().await?;
    assert_eq!(world.originals().await?, originals, "originals are as they were, byte by byte");
    world.expect_no_canary().await
}

async fn other_rules_and_a_setting_are_taken_back_and_made_again(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["work", "family"]).await?;
    for day in 2..17 {
        let short = Event::timed(&format!("short-{day}"), at(day, 8), TimeDelta::minutes(15));
        world.put("work", &short).await?;
    }
    book(&world, "work", "long", 12).await?;
    world.app.ok(&["group", "add", "pair", "work", "family", "--one-way"]).await?;
    world.sync().await?;
    let long = [hour(12)];
    let short = (2..17).map(|day| Block::timed(at(day, 8), TimeDelta::minutes(15)));
    let both: Vec<Block> = short.chain(long.clone()).collect();
    world.expect("family", &both).await?;

    // More goes than the brake lets go unasked: it was shown.
    world.app.ok(&["link", "set", "--all", "--min-length", "30min", "--yes"]).await?;
    world.sync().await?;
    world.expect("family", &long).await?;
    world.app.ok(&["undo", "--yes"]).await?;
    world.expect("family", &both).await?;
    world.expect_quiet().await?;
    let again = world.app.json(&["undo", "--redo", "--yes"]).await?;
    assert_eq!(again["written"]["removed"], 15, "{again}");
    world.expect("family", &long).await?;
    world.expect_quiet().await?;

    world.app.ok(&["undo", "--yes"]).await?;
    world.app.ok(&["settings", "set", "label", "Taken"]).await?;
    world.sync().await?;
    let taken = world.app.json(&["undo", "--yes"]).await?;
    assert_eq!(taken["changes"]["settings"][0]["to"], "Busy", "{taken}");
    assert_eq!(taken["written"]["updated"], 16, "{taken}");
    let listed = world.app.json(&["undo", "--list"]).await?;
    let undone: Vec<bool> =
        listed["steps"].as_array().into_iter().flatten().map(|step| step["undone"] == true).collect();
    assert_eq!(
        undone,
        [true, false],
        "what followed the taking back leaves nothing else to be made: {listed}"
    );
    world.expect("family", &both).await?;
    world.expect_quiet().await
}

#[tokio::test]
async fn a_clean_and_an_account_that_was_removed_come_back() -> Outcome<()> {
    let world = World::new(Ground::RADICALE, &["work", "family"]).await?;
    book(&world, "work", "work", 8).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.sync().await?;
    world.app.ok(&["clean", "--all", "--yes"]).await?;
    world.expect("family", &[]).await?;
    world.app.ok(&["undo", "--yes"]).await?;
    world.expect("family", &[hour(8)]).await?;
    world.expect_quiet().await?;
    world.app.ok(&["undo", "--redo", "--yes"]).await?;
    world.expect("family", &[]).await?;
    world.expect_quiet().await?;
    world.app.ok(&["undo", "--yes"]).await?;

    world.app.ok(&["account", "remove", "home", "--yes"]).await?;
    world.expect("family", &[]).await?;
    let shown = world.app.json(&["undo", "--dry-run"]).await?;
    assert_eq!(shown["changes"]["accounts_back"][0], "home", "{shown}");
    assert_eq!(shown["sign_in"][0]["command"], "starmesh account signin home", "{shown}");
    let refused = world.app.error(&["undo", "--yes"], 3).await?;
    assert_eq!(refused["code"], "sign_in_refused", "the password is gone: {refused}");
    let args = ["account", "signin", "home", "--password-stdin"];
    world.app.run_with_input(&args, ALICE.password).await?.expect(0)?;
    world.sync().await?;
    world.expect("family", &[hour(8)]).await?;
    world.expect_quiet().await
}

#[tokio::test]
async fn beside_a_running_engine_that_one_carries_it_out() -> Outcome<()> {
    let world = World::new(Ground::RADICALE, &["work", "family"]).await?;
    world.app.ok(&["settings", "set", "poll_interval", "5"]).await?;
    book(&world, "work", "work", 8).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    let mut running = world.app.spawn(&["--json", "run"])?;
    running.line(SEEN_WITHIN, |line| line.contains("\"started\"")).await?;
    world.await_blocks("family", &[hour(8)]).await?;
    let done = world.app.json(&["undo", "--yes"]).await?;
    assert!(done["left_to"].is_number(), "{done}");
    world.await_blocks("family", &[]).await?;
    world.app.ok(&["undo", "--redo", "--yes"]).await?;
    world.await_blocks("family", &[hour(8)]).await?;
    running.stop().await?.expect(0)?;
    world.expect_quiet().await
}
