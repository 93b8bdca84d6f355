//! Where nothing is wrong, nothing is said to be.

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::cli::Starmesh;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::world::{SEEN_WITHIN, World, at};

use crate::{bad, examine, findings, verdicts};

const HOUR: TimeDelta = TimeDelta::hours(1);

async fn nothing_is_wrong_with_a_set_up_that_works(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    for hour in 8..12 {
        world.put("work", &Event::timed(&format!("event-{hour}"), at(4, hour), HOUR)).await?;
    }
    world.sync().await?;
    // What was written was not seen again yet; a second look sees it.
    world.sync().await?;
    let before = world.snapshot().await?;
    let report = examine(&world.app, &[]).await?;
    assert!(bad(&report).is_empty(), "{:#?}", bad(&report));
    for check in ["data_folder", "disk_space", "vault", "clock", "brake", "standstill", "links"] {
        assert_eq!(verdicts(&report, check), ["good"], "{check}");
    }
    for check in ["secret", "sign_in", "budget"] {
        assert!(!verdicts(&report, check).is_empty(), "{check}");
        assert!(verdicts(&report, check).iter().all(|verdict| *verdict == "good"), "{check}");
    }
    assert_eq!(verdicts(&report, "database"), ["good", "good", "good"], "the file, the rows, the copy");
    assert_eq!(verdicts(&report, "sync_token"), ["good", "good"]);
    assert_eq!(verdicts(&report, "process"), ["note"], "no engine runs");
    let marks: Vec<_> = findings(&report, "marks").iter().map(|found| found["message"].clone()).collect();
    assert!(marks.contains(&"4 busy blocks kept their mark".into()), "{marks:?}");
    world.expect_unchanged(&before).await?;

    let report = examine(&world.app, &["--offline"]).await?;
    assert_eq!(verdicts(&report, "connection"), ["not_checked"]);
    assert!(bad(&report).is_empty(), "{:#?}", bad(&report));
    world.expect_quiet().await
}

#[tokio::test]
async fn nothing_is_wrong_with_a_set_up_that_works_at_radicale() -> Outcome<()> {
    nothing_is_wrong_with_a_set_up_that_works(Ground::RADICALE).await
}

#[tokio::test]
async fn nothing_is_wrong_with_a_set_up_that_works_at_google() -> Outcome<()> {
    nothing_is_wrong_with_a_set_up_that_works(Ground::Google).await
}

#[tokio::test]
async fn nothing_is_wrong_with_a_set_up_that_works_at_microsoft() -> Outcome<()> {
    nothing_is_wrong_with_a_set_up_that_works(Ground::MICROSOFT).await
}

#[tokio::test]
async fn before_anything_is_set_up_there_is_nothing_wrong_and_nothing_is_made() -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let app = Starmesh::new(&home.path().join("data"))?;
    let report = examine(&app, &[]).await?;
    assert_eq!(report["verdict"], "note", "{report}");
    assert!(!app.folder().exists(), "looking makes no folder");
    Ok(())
}

#[tokio::test]
async fn a_folder_that_holds_a_key_and_nothing_else_is_fine() -> Outcome<()> {
    let home = tempfile::tempdir()?;
    let owner = Starmesh::new(&home.path().join("owner"))?;
    let key = home.path().join("key").to_string_lossy().into_owned();
    owner.ok(&["key", "export", "--out", &key]).await?;
    let app = Starmesh::new(&home.path().join("data"))?;
    app.ok(&["key", "import", &key]).await?;
    let report = examine(&app, &[]).await?;
    assert_eq!(verdicts(&report, "vault"), ["not_checked"], "nobody had to open it");
    assert!(bad(&report).is_empty(), "{:#?}", bad(&report));
    Ok(())
}

#[tokio::test]
async fn a_running_engine_is_named_and_goes_on() -> Outcome<()> {
    let world = World::new(Ground::RADICALE, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    let mut running = world.app.spawn(&["--json", "run"])?;
    running.line(SEEN_WITHIN, |line| line.contains("\"planned\"")).await?;
    let report = examine(&world.app, &[]).await?;
    let process = findings(&report, "process")[0];
    assert_eq!(process["verdict"], "good");
    assert!(process["message"].to_string().contains(&running.pid()?.to_string()), "{process}");
    assert!(bad(&report).is_empty(), "{:#?}", bad(&report));
    assert!(running.is_running()?);
    running.stop().await?.expect(0)?;
    Ok(())
}
