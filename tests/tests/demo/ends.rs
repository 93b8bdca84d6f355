//! However it ends, nothing stays.

use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use starmesh_tests::web::post;
use starmesh_tests::world::at;
use starmesh_tests::{Failure, Outcome};
use tokio::process::Command;

use crate::{Scene, Told};

/// How long the demo may take until it says a certain line.
const TOLD_WITHIN: Duration = Duration::from_mins(1);

#[tokio::test]
async fn kept_up_it_can_be_played_with_until_an_interrupt_takes_everything_away() -> Outcome<()> {
    let scene = Scene::new()?;
    let mut running = scene.start(&["demo", "--json", "--keep", "--token", "play"])?;
    let kept = running.line(TOLD_WITHIN, |line| line.contains("\"demo\":\"kept\"")).await?;
    let kept: Value = serde_json::from_str(&kept)?;
    let text = |name: &str| kept[name].as_str().map(str::to_owned).ok_or_else(|| Failure::new(name));
    let google = text("google")?;

    let time = |hour| json!({ "dateTime": at(20, hour).to_rfc3339() });
    let dentist = json!({ "summary": "Dentist", "start": time(9), "end": time(10) });
    let address = format!("{google}/calendar/v3/calendars/primary/events");
    assert_eq!(post(&address, "play", &dentist).await?, 200);
    let is_mine = |line: &str| line.contains("\"demo\":\"journey\"") && !line.contains("\"number\"");
    running.line(TOLD_WITHIN, is_mine).await?;

    let mut status = Command::new(scene.app.binary());
    scene.app.surround(&mut status);
    status.env("STARMESH_PASSPHRASE", text("passphrase")?).env("STARMESH_DATA_DIR", text("data_dir")?);
    status.args(["--json", "status"]);
    let status = scene.app.finish(status, &["status"], "").await?.expect(0)?;
    let status: Value = serde_json::from_str(&status.stdout)?;
    assert_eq!(status["daemon_pid"].as_u64(), Some(u64::from(running.pid()?)), "{status}");

    let ended = running.interrupt().await?.expect(0)?;
    assert!(Told::read(&ended.stdout)?.0.last().is_some_and(|line| line["demo"] == "ended"));
    let port = google.rsplit_once(':').ok_or_else(|| Failure::new("no port"))?.1.parse()?;
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "the address is closed");
    scene.expect_nothing_left()
}

#[tokio::test]
async fn stopped_in_the_middle_it_says_so_and_leaves_nothing() -> Outcome<()> {
    let scene = Scene::new()?;
    let mut running = scene.start(&["demo", "--json", "--duration", "1h"])?;
    running.line(TOLD_WITHIN, |line| line.contains("\"demo\":\"journey\"")).await?;
    let ended = running.stop().await?.expect(1)?;
    let error = ended.stdout.lines().find(|line| line.starts_with("{\"error\""));
    let error: Value = serde_json::from_str(error.ok_or_else(|| Failure::new("no error"))?)?;
    assert_eq!(error["error"]["code"], "incomplete", "{error}");
    scene.expect_nothing_left()
}
