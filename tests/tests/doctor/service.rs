//! The engine as a service: what its manager hears, and where its passphrase comes from.

use std::fs;
use std::time::Duration;

use starmesh_tests::ground::Ground;
use starmesh_tests::world::World;
use starmesh_tests::{Failure, Outcome};
use tokio::net::UnixDatagram;
use tokio::time::timeout;

/// How long the manager waits for a word.
const WORD_WITHIN: Duration = Duration::from_secs(30);

/// How often the engine has to say that it is alive, in microseconds.
const WATCHDOG_US: &str = "400000";

async fn hear(manager: &UnixDatagram, wanted: &str) -> Outcome<()> {
    let mut word = [0; 256];
    loop {
        let heard = timeout(WORD_WITHIN, manager.recv(&mut word));
        let length = heard.await.map_err(|_| Failure::new(format!("{wanted} was never said")))??;
        if String::from_utf8_lossy(&word[..length]).lines().any(|line| line == wanted) {
            return Ok(());
        }
    }
}

#[tokio::test]
async fn a_service_says_when_it_runs_that_it_lives_and_when_it_stops() -> Outcome<()> {
    let world = World::new(Ground::RADICALE, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    let (socket, passphrase) = (world.file("notify"), world.file("passphrase"));
    fs::write(&passphrase, format!("{}\n", world.app.passphrase()))?;
    let manager = UnixDatagram::bind(&socket)?;
    let mut command = world.app.command(&["run"]);
    command.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", WATCHDOG_US);
    command.env_remove("STARMESH_PASSPHRASE").env("STARMESH_PASSPHRASE_FILE", &passphrase);
    let running = world.app.launch(command, &["run"], "")?;
    hear(&manager, "READY=1").await?;
    hear(&manager, "WATCHDOG=1").await?;
    hear(&manager, "WATCHDOG=1").await?;
    let ended = tokio::spawn(running.stop());
    hear(&manager, "STOPPING=1").await?;
    ended.await??.expect(0)?;
    Ok(())
}

#[tokio::test]
async fn a_passphrase_file_that_is_not_there_is_named() -> Outcome<()> {
    let world = World::new(Ground::RADICALE, &["work"]).await?;
    let mut command = world.app.command(&["--json", "status"]);
    let missing = world.file("no-passphrase");
    command.env_remove("STARMESH_PASSPHRASE").env("STARMESH_PASSPHRASE_FILE", &missing);
    let error = world.app.finish(command, &["status"], "").await?.expect(3)?.error()?;
    assert_eq!(error["code"], "passphrase_missing");
    assert!(error["message"].to_string().contains("no-passphrase"), "{error}");
    Ok(())
}
