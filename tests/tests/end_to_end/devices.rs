//! A lost database, a second device, and the key that both need.

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::cli::Starmesh;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::Block;
use starmesh_tests::world::{World, at, day, on_clock};

use crate::on_grounds;

on_grounds!(
    radicale, google, microsoft:
    a_lost_database_is_adopted_with_the_key_and_asks_without_it,
    a_second_device_writes_nothing_and_one_that_lacks_links_removes_nothing,
);

const HOUR: TimeDelta = TimeDelta::hours(1);

/// How many blocks [`book`] brings into the family's calendar.
const BLOCKS: u64 = 16;

async fn book(world: &World) -> Outcome<()> {
    let series = Event::zoned("series", on_clock(day(3), 9, 0), HOUR).rule("FREQ=DAILY;COUNT=10");
    world.put("work", &series).await?;
    for hour in 12..17 {
        world.put("work", &Event::timed(&format!("at-{hour}"), at(3, hour), HOUR)).await?;
    }
    world.put("work", &Event::all_day("fair", day(20), 2)).await?;
    world.put("club", &Event::timed("training", at(5, 18), HOUR)).await
}

/// The groups that every device should have.
async fn draw_groups(app: &Starmesh) -> Outcome<()> {
    app.ok(&["group", "add", "pair", "work", "family"]).await?;
    app.ok(&["group", "add", "pair", "club", "family"]).await?;
    Ok(())
}

async fn scene(ground: Ground) -> Outcome<World> {
    let world = World::new(ground, &["work", "family", "club"]).await?;
    book(&world).await?;
    draw_groups(&world.app).await?;
    world.sync().await?;
    let placed = starmesh_tests::mirrors::mirrors(&world.list("family").await?)?;
    assert_eq!(placed.len() as u64, BLOCKS + 1);
    let key = world.file("key");
    world.app.ok(&["key", "export", "--out", &key.to_string_lossy()]).await?;
    Ok(world)
}

async fn import(world: &World, app: &Starmesh) -> Outcome<()> {
    app.ok(&["key", "import", &world.file("key").to_string_lossy()]).await?;
    Ok(())
}

async fn a_lost_database_is_adopted_with_the_key_and_asks_without_it(ground: Ground) -> Outcome<()> {
    let world = scene(ground).await?;
    let before = world.snapshot().await?;

    // With the key: everything is adopted and nothing written.
    let restored = world.empty_device("restored")?;
    import(&world, &restored).await?;
    world.sign_in(&restored).await?;
    draw_groups(&restored).await?;
    let report = restored.json(&["sync", "--yes"]).await?;
    // The mirror in the club's calendar of each block in the family's does not exist: a mirror is no source.
    assert_eq!(report["written"]["placed"], 0, "{report}");
    assert!(report["written"]["adopted"].as_u64() >= Some(BLOCKS + 1), "{report}");
    world.expect_unchanged(&before).await?;

    // Without it: a question, and nothing written.
    let stranger = world.device("stranger").await?;
    draw_groups(&stranger).await?;
    stranger.ok(&["plan"]).await?;
    for command in ["apply", "sync"] {
        let question = stranger.error(&[command, "--yes"], 3).await?;
        assert_eq!(question["code"], "foreign_marks", "{question}");
    }
    world.expect_unchanged(&before).await?;

    // The key answers it.
    import(&world, &stranger).await?;
    world.expect_quiet_with(&stranger).await?;
    // A recovery file opens under its own passphrase only.
    let wrong = world.empty_device("wrong")?.with_passphrase("not the passphrase");
    let refusal = wrong.error(&["key", "import", &world.file("key").to_string_lossy()], 3).await?;
    assert_eq!(refusal["code"], "wrong_passphrase");
    world.expect_unchanged(&before).await
}

async fn a_second_device_writes_nothing_and_one_that_lacks_links_removes_nothing(
    ground: Ground,
) -> Outcome<()> {
    let world = scene(ground).await?;
    let second = world.empty_device("second")?;
    import(&world, &second).await?;
    world.sign_in(&second).await?;
    draw_groups(&second).await?;
    world.expect_quiet_with(&second).await?;
    world.expect_quiet().await?;

    // A device without the link from work leaves that link's mirrors alone.
    let third = world.empty_device("third")?;
    import(&world, &third).await?;
    world.sign_in(&third).await?;
    third.ok(&["group", "add", "pair", "club", "family"]).await?;
    world.expect_quiet_with(&third).await?;

    // What one device places the other adopts, and what one removes the other does not bring back.
    world.put("club", &Event::timed("match", at(6, 15), HOUR)).await?;
    second.ok(&["sync", "--yes"]).await?;
    world.expect_quiet().await?;
    world.expect_quiet_with(&third).await?;
    world.delete("club", "match").await?;
    world.delete("club", "training").await?;
    world.sync().await?;
    world.expect_quiet_with(&second).await?;
    world.expect_quiet_with(&third).await?;
    let left = starmesh_tests::mirrors::blocks(&world.list("family").await?)?;
    assert_eq!(left.len() as u64, BLOCKS);
    assert!(!left.contains(&Block::timed(at(5, 18), HOUR)));
    Ok(())
}
