//! A database that is damaged costs nobody a busy block, and nobody is left in the dark about it.

use std::fs;
use std::path::PathBuf;

use chrono::TimeDelta;
use serde_json::Value;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::Block;
use starmesh_tests::world::{SEEN_WITHIN, World, at};
use starmesh_tests::{Failure, Outcome};

use crate::on_grounds;

on_grounds!(radicale, google: garbage_in_the_middle_of_the_database_costs_nothing);

/// What SQLite writes at once.
const PAGE: usize = 4096;

fn database(world: &World) -> PathBuf {
    world.app.folder().join("starmesh.db")
}

async fn scene(ground: Ground) -> Outcome<World> {
    let world = World::new(ground, &["work", "family"]).await?;
    for day in 2..12 {
        let uid = format!("event-{day}");
        world.put("work", &Event::timed(&uid, at(day, 9), TimeDelta::hours(1))).await?;
    }
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.sync().await?;
    Ok(world)
}

fn blocks() -> Vec<Block> {
    (2..12).map(|day| Block::timed(at(day, 9), TimeDelta::hours(1))).collect()
}

/// The files that were moved aside.
fn moved_aside(world: &World) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(world.app.folder())? {
        let path = entry?.path();
        if path.to_string_lossy().contains("starmesh.db.damaged-") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

async fn groups(world: &World) -> Outcome<Value> {
    world.app.json(&["group", "list"]).await
}

async fn garbage_in_the_middle_of_the_database_costs_nothing(ground: Ground) -> Outcome<()> {
    let world = scene(ground).await?;
    let (before, configured) = (world.snapshot().await?, groups(&world).await?);
    let mut bytes = fs::read(database(&world))?;
    let (from, to) = (bytes.len() / PAGE / 4 * PAGE, bytes.len() / PAGE * 3 / 4 * PAGE);
    bytes[from..to].fill(0xa5);
    fs::write(database(&world), &bytes)?;

    // Who only looks only reports.
    let doctor = world.app.run(&["--json", "doctor", "--offline"]).await?;
    assert!(doctor.stdout.contains("\"database\""), "{}", doctor.stdout);
    assert_eq!(moved_aside(&world)?, Vec::<PathBuf>::new());

    let synced = world.app.run(&["--json", "sync", "--yes"]).await?.expect(0)?;
    let told: Value = serde_json::from_str(synced.stderr.lines().next().unwrap_or_default())?;
    assert_eq!(told["damage"]["restored_from"], "copy", "{}", synced.stderr);
    let report: Value = serde_json::from_str(&synced.stdout)?;
    assert_eq!(report["written"]["adopted"], 10, "{report}");
    world.expect_unchanged(&before).await?;
    world.expect("family", &blocks()).await?;
    assert_eq!(groups(&world).await?, configured);

    let aside = moved_aside(&world)?;
    let first = aside.first().ok_or_else(|| Failure::new("nothing was moved aside"))?;
    assert_eq!(fs::read(first)?, bytes, "it lies there as it was");
    let status = world.app.json(&["status"]).await?;
    assert_eq!(status["damage"]["moved_to"], first.display().to_string(), "{status}");
    let doctor = world.app.run(&["--json", "doctor", "--offline"]).await?;
    assert!(doctor.stdout.contains("was damaged") && doctor.stdout.contains("damaged-"), "{}", doctor.stdout);
    world.expect_quiet().await?;
    world.expect_no_canary().await
}

#[tokio::test]
async fn a_database_that_is_gone_or_none_comes_back_and_one_without_any_copy_stays() -> Outcome<()> {
    let world = scene(Ground::RADICALE).await?;
    let (before, configured) = (world.snapshot().await?, groups(&world).await?);
    let companions = |suffix: &str| PathBuf::from(format!("{}{suffix}", database(&world).display()));
    let remove = |path: PathBuf| if path.exists() { fs::remove_file(path) } else { Ok(()) };

    fs::remove_file(database(&world))?;
    assert_eq!(world.app.error(&["status"], 1).await?["code"], "database_damaged");
    world.app.ok(&["settings", "set", "poll_interval", "30"]).await?;
    assert_eq!(groups(&world).await?, configured);
    world.expect_quiet().await?;

    fs::write(database(&world), "this is no database at all")?;
    let told = world.app.run(&["sync", "--yes"]).await?.expect(0)?;
    assert!(told.stderr.contains("warning: the database was damaged"), "{}", told.stderr);
    world.expect_unchanged(&before).await?;
    assert_eq!(moved_aside(&world)?.len(), 1);
    let interval = world.app.json(&["settings", "get", "poll_interval"]).await?;
    assert_eq!(interval["value"], "30", "{interval}");

    // With neither copy nor rows nothing is changed, and it is said what to do.
    for suffix in ["-wal", "-shm"] {
        remove(companions(suffix))?;
    }
    fs::remove_file(world.app.folder().join("configuration.sealed"))?;
    fs::write(database(&world), "this is no database at all either")?;
    let refused = world.app.error(&["sync", "--yes"], 1).await?;
    assert_eq!(refused["code"], "database_damaged", "{refused}");
    assert!(refused["hint"].to_string().contains("starmesh key import"), "{refused}");
    assert_eq!(fs::read(database(&world))?, b"this is no database at all either");
    assert_eq!(moved_aside(&world)?.len(), 1);
    world.expect_unchanged(&before).await
}

/// The engine asks what is new before all of its database was looked over, and writes nothing until then.
#[tokio::test]
async fn a_running_engine_whose_database_turns_out_to_be_damaged_begins_anew_by_itself() -> Outcome<()> {
    let world = scene(Ground::RADICALE).await?;
    let (before, configured) = (world.snapshot().await?, groups(&world).await?);
    let mut bytes = fs::read(database(&world))?;
    let (from, to) = (bytes.len() / PAGE / 4 * PAGE, bytes.len() / PAGE * 3 / 4 * PAGE);
    bytes[from..to].fill(0xa5);
    fs::write(database(&world), &bytes)?;

    let mut running = world.app.spawn(&["--json", "run"])?;
    running.line(SEEN_WITHIN, |line| line.contains("\"quiet\"")).await?;
    world.expect_unchanged(&before).await?;
    let status = world.app.json(&["status"]).await?;
    assert_eq!(status["damage"]["restored_from"], "copy", "{status}");
    running.stop().await?.expect(0)?;
    assert_eq!(groups(&world).await?, configured);
    assert_eq!(moved_aside(&world)?.len(), 1);
    world.expect_quiet().await
}
