//! Others who place blocks in the same calendars.

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::world::{World, at};

use crate::{examine, findings, verdicts};

const HOUR: TimeDelta = TimeDelta::hours(1);

#[tokio::test]
async fn another_installation_at_our_very_times_is_noticed() -> Outcome<()> {
    let world = World::new(Ground::RADICALE, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.sync().await?;
    // Another computer with a key of its own begins to mirror the same calendars; nobody there minds ours.
    let beside = world.empty_device("beside")?;
    world.sign_in(&beside).await?;
    beside.ok(&["group", "add", "pair", "work", "family"]).await?;
    beside.ok(&["sync", "--yes"]).await?;
    for hour in 8..12 {
        world.put("work", &Event::timed(&format!("event-{hour}"), at(4, hour), HOUR)).await?;
    }
    world.sync().await?;
    beside.ok(&["sync", "--yes"]).await?;
    world.sync().await?;

    let report = examine(&world.app, &["--offline"]).await?;
    let found = findings(&report, "other_installation");
    assert_eq!(found.len(), 1, "{report:#}");
    assert_eq!(found[0]["verdict"], "warning");
    assert!(
        found[0]["message"].to_string().contains("4 of them at exactly the times of ours"),
        "{}",
        found[0]
    );
    assert_eq!(found[0]["calendar"]["path"], world.full_name("family"));
    assert_eq!(report["verdict"], "warning", "it works all the same");
    Ok(())
}

#[tokio::test]
async fn the_events_of_another_tool_are_noticed() -> Outcome<()> {
    let world = World::new(Ground::RADICALE, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.put("family", &Event::timed("5b1f-77@keeper.sh", at(4, 9), HOUR)).await?;
    world.put("work", &Event::timed("own@keeper.sh.example.org", at(4, 12), HOUR)).await?;
    world.sync().await?;
    let report = examine(&world.app, &["--offline"]).await?;
    assert_eq!(verdicts(&report, "other_tool"), ["warning"]);
    let found = findings(&report, "other_tool")[0];
    assert_eq!(found["calendar"]["path"], world.full_name("family"));
    assert!(found["message"].to_string().contains("1 event with the trace of Keeper.sh"), "{found}");
    Ok(())
}
