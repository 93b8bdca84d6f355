//! One process writes; the others look and configure.

use std::time::Duration;

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::Block;
use starmesh_tests::world::{World, at};

use crate::RADICALE;

/// How long the daemon may take to say something on a busy machine.
const WORD_WITHIN: Duration = Duration::from_mins(1);

#[tokio::test]
async fn the_daemon_hears_of_changes_and_others_may_only_look() -> Outcome<()> {
    let world = World::new(RADICALE, &["work", "family"]).await?;
    world.put("work", &Event::timed("meeting", at(3, 9), TimeDelta::hours(1))).await?;
    let mut daemon = world.app.spawn(&["run"])?;
    let pid = daemon.pid()?;
    daemon.line(WORD_WITHIN, |line| line.contains("started with 0 links")).await?;
    assert_eq!(world.app.json(&["status"]).await?["daemon_pid"], pid);

    for command in [&["sync", "--yes"][..], &["apply", "--yes"], &["clean", "--all", "--yes"], &["run"]] {
        let refusal = world.app.error(command, 1).await?;
        assert_eq!(refusal["code"], "data_folder_in_use", "{command:?}");
        assert_eq!(refusal["action"]["pid"], pid, "{command:?}");
        assert!(refusal["message"].as_str().unwrap_or_default().contains(&pid.to_string()), "{command:?}");
    }
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    daemon.line(WORD_WITHIN, |line| line.contains(": placed ")).await?;
    world.expect("family", &[Block::timed(at(3, 9), TimeDelta::hours(1))]).await?;
    assert_eq!(world.app.json(&["plan"]).await?["in_step"], true);
    world.app.ok(&["activity"]).await?;

    let ended = daemon.stop().await?.expect(0)?;
    assert!(ended.stdout.trim_end().ends_with("stopped"), "{}", ended.stdout);
    assert_eq!(world.app.json(&["status"]).await?["daemon_pid"], serde_json::Value::Null);
    world.expect_quiet().await?;
    Ok(())
}

#[tokio::test]
async fn the_daemon_speaks_json_line_by_line() -> Outcome<()> {
    let world = World::new(RADICALE, &["work", "family"]).await?;
    world.put("work", &Event::timed("meeting", at(3, 9), TimeDelta::hours(1))).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    let mut daemon = world.app.spawn(&["--json", "run"])?;
    daemon.line(WORD_WITHIN, |line| line.contains(r#""event":"placed""#)).await?;
    let ended = daemon.stop().await?.expect(0)?;
    let mut events = Vec::new();
    for line in ended.stdout.lines() {
        let value: serde_json::Value = serde_json::from_str(line)?;
        assert!(value["at"].is_string(), "{line}");
        if value["event"] == "placed" {
            assert!(
                value["steps"]["signalled"].is_string() && value["steps"]["placed"].is_string(),
                "{line}"
            );
        }
        events.push(value["event"].as_str().unwrap_or_default().to_owned());
    }
    assert_eq!(
        (events.first().map(String::as_str), events.last().map(String::as_str)),
        (Some("started"), Some("stopped"))
    );
    assert_eq!(events.iter().filter(|event| *event == "placed").count(), 1);
    Ok(())
}
