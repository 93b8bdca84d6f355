//! Nothing is written that nobody approved.

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::Block;
use starmesh_tests::world::{World, at};

use crate::RADICALE;

async fn paired() -> Outcome<World> {
    let world = World::new(RADICALE, &["work", "family"]).await?;
    world.put("work", &Event::timed("meeting", at(3, 9), TimeDelta::hours(1))).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    Ok(world)
}

#[tokio::test]
async fn a_plan_waits_for_approval_and_an_empty_one_needs_none() -> Outcome<()> {
    let world = paired().await?;
    let before = world.snapshot().await?;
    let plan = world.app.json(&["plan"]).await?;
    assert_eq!(plan["in_step"], false);
    let text = world.app.ok(&["plan"]).await?;
    assert!(text.contains("(home/family): 1 to place, 0 to move, 0 to remove"), "{text}");
    for command in ["apply", "sync"] {
        let ended = world.app.code(&["--json", command], 3).await?;
        assert_eq!(ended.error()?["code"], "approval_needed");
        let shown: serde_json::Value = serde_json::from_str(&ended.stdout)?;
        assert_eq!(shown["targets"], plan["targets"], "the plan shown is the plan");
    }
    world.expect_unchanged(&before).await?;

    let report = world.app.json(&["apply", "--yes"]).await?;
    assert_eq!(report["written"]["placed"], 1);
    world.expect("family", &[Block::timed(at(3, 9), TimeDelta::hours(1))]).await?;
    for command in ["apply", "sync"] {
        world.app.ok(&[command]).await?;
    }
    assert_eq!(world.app.json(&["plan"]).await?["in_step"], true);
    Ok(())
}

#[tokio::test]
async fn clean_waits_for_approval_then_removes_and_pauses() -> Outcome<()> {
    let world = paired().await?;
    world.sync().await?;
    let before = world.snapshot().await?;
    let ended = world.app.code(&["--json", "clean", "--all"], 3).await?;
    assert_eq!(ended.error()?["code"], "approval_needed");
    world.expect_unchanged(&before).await?;
    let states = world.app.json(&["link", "list"]).await?;
    assert_eq!(states["links"][0]["state"], "active", "looking at a clean changes no link");

    let cleaned = world.app.json(&["clean", "--link", "work->family", "--yes"]).await?;
    assert_eq!(cleaned["removed"], 1);
    world.expect("family", &[]).await?;
    world.expect_quiet().await?;
    assert_eq!(world.app.json(&["group", "list"]).await?["groups"].as_array().map(Vec::len), Some(1));
    world.app.ok(&["link", "resume", "--all"]).await?;
    world.sync().await?;
    world.expect("family", &[Block::timed(at(3, 9), TimeDelta::hours(1))]).await?;
    Ok(())
}

#[tokio::test]
async fn a_narrower_window_removes_only_what_a_person_saw() -> Outcome<()> {
    let world = paired().await?;
    world.put("work", &Event::timed("far", at(100, 9), TimeDelta::hours(1))).await?;
    world.sync().await?;
    world.app.ok(&["settings", "set", "window", "30"]).await?;
    let plan = world.app.json(&["plan"]).await?;
    assert_eq!(plan["window"]["narrower"], true);
    let ended = world.app.code(&["--json", "sync"], 3).await?;
    assert_eq!(ended.error()?["code"], "approval_needed");
    world.sync().await?;
    world.expect("family", &[Block::timed(at(3, 9), TimeDelta::hours(1))]).await?;
    assert_eq!(world.app.json(&["plan"]).await?["window"]["narrower"], false);
    Ok(())
}

#[tokio::test]
async fn a_new_label_is_written_by_the_next_pass() -> Outcome<()> {
    let world = paired().await?;
    world.sync().await?;
    world.app.ok(&["settings", "set", "label", "Taken"]).await?;
    let report = world.app.json(&["sync", "--yes"]).await?;
    assert_eq!(report["written"]["updated"], 1);
    let bodies: Vec<String> =
        world.list("family").await?.into_values().map(|resource| resource.body).collect();
    assert!(bodies.iter().any(|body| body.contains("SUMMARY:Taken")), "no block has the new label");
    Ok(())
}

#[tokio::test]
async fn what_was_written_is_in_the_activity_and_the_status() -> Outcome<()> {
    let world = paired().await?;
    world.sync().await?;
    let activity = world.app.json(&["activity"]).await?;
    assert_eq!(activity["journeys"][0]["action"], "placed");
    assert_eq!(activity["journeys"][0]["link"]["target"]["path"], "home/family");
    let status = world.app.json(&["status"]).await?;
    assert_eq!(status["daemon_pid"], serde_json::Value::Null);
    assert_eq!(status["needs_person"], false);
    assert_eq!(status["calendars"][0]["calendar"]["path"], "home/family");
    assert_eq!(status["calendars"][0]["mirrors"], 1);
    let text = world.app.ok(&["status"]).await?;
    assert!(text.contains("1 busy block") && text.contains("2 links run"), "{text}");
    Ok(())
}

#[tokio::test]
async fn unexpectedly_many_removals_are_held_until_a_person_says_how_many() -> Outcome<()> {
    let world = paired().await?;
    // Three in a day are a fifth of fifteen; eleven are more than may ever go unasked.
    for number in 0..14 {
        let uid = format!("many-{number}");
        world.put("work", &Event::timed(&uid, at(4 + number, 9), TimeDelta::hours(1))).await?;
    }
    world.sync().await?;
    for number in 0..11 {
        world.delete("work", &format!("many-{number}")).await?;
    }
    let before = world.snapshot().await?;
    let plan = world.app.json(&["plan"]).await?;
    assert_eq!(plan["targets"][0]["held"][0]["removals"], 11);
    let held = world.app.error(&["sync", "--yes"], 3).await?;
    assert_eq!((&held["code"], &held["action"]["count"]), (&"removals_held".into(), &11.into()));
    assert!(
        held["hint"].as_str().unwrap_or_default().contains("starmesh sync --allow-removals 11"),
        "{held}"
    );
    world.expect_unchanged(&before).await?;
    let status = world.app.json(&["status"]).await?;
    assert_eq!((&status["calendars"][0]["held"], &status["needs_person"]), (&11.into(), &true.into()));

    world.app.code(&["apply", "--yes", "--allow-removals", "10"], 3).await?;
    world.expect_unchanged(&before).await?;
    // Allowing is no approval.
    let waits = world.app.error(&["sync", "--allow-removals", "11"], 3).await?;
    assert_eq!(waits["code"], "approval_needed");
    let report = world.app.json(&["sync", "--yes", "--allow-removals", "11"]).await?;
    assert_eq!((&report["written"]["removed"], &report["in_step"]), (&11.into(), &true.into()));
    let status = world.app.json(&["status"]).await?;
    assert_eq!((&status["calendars"][0]["held"], &status["needs_person"]), (&0.into(), &false.into()));
    Ok(())
}
