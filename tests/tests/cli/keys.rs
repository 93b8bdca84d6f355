//! The recovery file.

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::ics::Event;
use starmesh_tests::world::{World, at};

use crate::RADICALE;

#[tokio::test]
async fn a_key_travels_in_a_recovery_file_and_everything_is_recognised() -> Outcome<()> {
    let world = World::new(RADICALE, &["work", "family"]).await?;
    world.put("work", &Event::timed("meeting", at(3, 9), TimeDelta::hours(1))).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.sync().await?;
    let file = world.file("recovery.txt");
    let file = file.to_str().unwrap_or_default();
    world.app.ok(&["key", "export", "--out", file]).await?;
    let again = world.app.error(&["key", "export", "--out", file], 1).await?;
    assert_eq!(again["code"], "file_failed");

    // A new folder without the key: the blocks are somebody else's, and a person is asked.
    let other = world.device("other").await?;
    other.ok(&["group", "add", "pair", "work", "family"]).await?;
    let before = world.snapshot().await?;
    let question = other.error(&["sync", "--yes"], 3).await?;
    assert_eq!(question["code"], "foreign_marks");
    other.ok(&["plan"]).await?;
    world.expect_unchanged(&before).await?;

    let wrong = other.with_passphrase("something else");
    let fresh = world.empty_device("fresh")?.with_passphrase("something else");
    assert_eq!(fresh.error(&["key", "import", file], 3).await?["code"], "wrong_passphrase");
    assert_eq!(wrong.error(&["key", "import", file], 3).await?["code"], "wrong_passphrase");

    let imported = other.json(&["key", "import", file]).await?;
    assert_eq!((&imported["changed"], &imported["calendars_to_read"]), (&true.into(), &2.into()));
    assert_eq!(other.json(&["key", "import", file]).await?["changed"], false);
    let report = other.json(&["sync", "--yes"]).await?;
    assert_eq!((&report["written"]["placed"], &report["written"]["adopted"]), (&0.into(), &1.into()));
    world.expect_unchanged(&before).await?;
    Ok(())
}

#[tokio::test]
async fn another_key_is_refused_while_blocks_stand_under_this_one() -> Outcome<()> {
    let world = World::new(RADICALE, &["work", "family"]).await?;
    let stranger = world.empty_device("stranger")?;
    let file = world.file("stranger.txt");
    let file = file.to_str().unwrap_or_default();
    stranger.ok(&["key", "export", "--out", file]).await?;

    world.put("work", &Event::timed("meeting", at(3, 9), TimeDelta::hours(1))).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.sync().await?;
    assert_eq!(world.app.error(&["key", "import", file], 3).await?["code"], "key_in_use");
    world.app.ok(&["clean", "--all", "--yes"]).await?;
    world.app.ok(&["key", "import", file]).await?;
    world.app.ok(&["link", "resume", "--all"]).await?;
    world.sync().await?;
    world.expect_quiet().await?;
    Ok(())
}

#[tokio::test]
async fn a_file_that_is_no_recovery_file_is_named_and_makes_no_folder() -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let folder = home.path().join("data");
    let app = starmesh_tests::cli::Starmesh::new(&folder)?;
    let file = home.path().join("letter.txt");
    std::fs::write(&file, "Dear Sir or Madam")?;
    let file = file.to_str().unwrap_or_default();
    assert_eq!(app.error(&["key", "import", file], 1).await?["code"], "recovery_file_unreadable");
    assert_eq!(app.error(&["key", "import", "/no/such/file"], 1).await?["code"], "file_failed");
    assert!(!folder.exists());
    Ok(())
}
