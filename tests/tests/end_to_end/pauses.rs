//! What stands still while somebody says so, and the catch-up afterwards.

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::Block;
use starmesh_tests::world::{World, at};

use crate::on_grounds;

on_grounds!(radicale, google: nothing_is_written_while_paused_and_all_is_caught_up_afterwards);

const HOUR: TimeDelta = TimeDelta::hours(1);

async fn nothing_is_written_while_paused_and_all_is_caught_up_afterwards(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.put("work", &Event::timed("first", at(4, 8), HOUR)).await?;
    world.app.ok(&["settings", "set", "poll_interval", "5"]).await?;
    world.sync().await?;
    let first = Block::timed(at(4, 8), HOUR);
    let pauses: [(&[&str], &[&str]); 3] = [
        (&["pause", "--for", "1h"], &["resume"]),
        (&["calendar", "pause", "family"], &["calendar", "resume", "family"]),
        (&["link", "pause", "work->family", "--until", "23:59"], &["link", "resume", "--all"]),
    ];
    let mut expected = vec![first];
    for (number, (pause, resume)) in (0_u32..).zip(pauses) {
        world.app.ok(pause).await?;
        let hour = 10 + number;
        world.put("work", &Event::timed(&format!("later{number}"), at(4, hour), HOUR)).await?;
        world.expect_quiet().await?;
        let status = world.app.json(&["status"]).await?;
        let links = status["links"].as_array().into_iter().flatten();
        let mut into_family = links.filter(|link| link["mirrors"] != 0);
        assert!(into_family.all(|link| link["state"] == "paused"), "{status}");
        world.expect("family", &expected).await?;
        // A daemon hears of the end and catches up at once.
        let daemon = world.app.spawn(&["run"])?;
        world.app.ok(resume).await?;
        expected.push(Block::timed(at(4, hour), HOUR));
        world.await_blocks("family", &expected).await?;
        daemon.stop().await?.expect(0)?;
    }
    // What a person takes back goes all the same.
    world.app.ok(&["pause"]).await?;
    world.app.ok(&["clean", "--all", "--yes"]).await?;
    world.expect("family", &[]).await?;
    let refused = world.app.error(&["pause", "--until", "yesterday"], 2).await?;
    assert_eq!(refused["code"], "invalid_value");
    world.expect_quiet().await
}
