//! What is configured, from one computer to another.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use chrono::TimeDelta;
use serde_json::Value;
use starmesh_tests::Outcome;
use starmesh_tests::cli::Starmesh;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::Block;
use starmesh_tests::servers::ALICE;
use starmesh_tests::web::in_browser;
use starmesh_tests::world::{World, at};

use crate::{examine, findings};

const HOUR: TimeDelta = TimeDelta::hours(1);

fn path(file: &Path) -> String {
    file.to_string_lossy().into_owned()
}

/// What a person configured, in the words of the command line.
async fn configured(app: &Starmesh) -> Outcome<Value> {
    let mut links = app.json(&["link", "list"]).await?;
    for link in links["links"].as_array_mut().into_iter().flatten() {
        *link = serde_json::json!({ "name": link["name"], "state": link["state"], "groups": link["groups"] });
    }
    let mut groups = app.json(&["group", "list"]).await?;
    strip_ids(&mut groups);
    Ok(
        serde_json::json!({ "settings": app.json(&["settings", "list"]).await?, "groups": groups, "links": links }),
    )
}

/// Calendars have other local ids on every computer.
fn strip_ids(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.remove("id");
            fields.values_mut().for_each(strip_ids);
        }
        Value::Array(values) => values.iter_mut().for_each(strip_ids),
        _ => {}
    }
}

#[tokio::test]
async fn another_computer_goes_on_with_the_same_calendars_and_writes_nothing() -> Outcome<()> {
    let world = World::new(Ground::RADICALE, &["work", "family", "club"]).await?;
    world.app.ok(&["settings", "set", "window", "90"]).await?;
    world.app.ok(&["settings", "set", "zone", "Europe/Vienna"]).await?;
    world.app.ok(&["group", "add", "star", "--hub", "work", "--spoke", "family", "--spoke", "club"]).await?;
    world.app.ok(&["group", "add", "pair", "--one-way", "family", "club"]).await?;
    world.put("work", &Event::timed("meeting", at(4, 9), HOUR)).await?;
    world.sync().await?;
    world.app.ok(&["link", "pause", "club->work"]).await?;

    let (key, settings) = (path(&world.file("key")), path(&world.file("settings.toml")));
    world.app.ok(&["key", "export", "--out", &key]).await?;
    world.app.ok(&["settings", "export", &settings]).await?;
    let text = fs::read_to_string(&settings)?;
    for secret in [ALICE.password, world.app.passphrase()] {
        assert!(!text.contains(secret), "{text}");
    }
    assert_eq!(fs::metadata(&settings)?.permissions().mode() & 0o777, 0o600);
    assert_eq!(world.app.error(&["settings", "export", &settings], 1).await?["code"], "file_failed");

    let other = world.empty_device("other")?;
    other.ok(&["key", "import", &key]).await?;
    let shown = other.json(&["settings", "import", "--dry-run", &settings]).await?;
    assert_eq!(shown["imported"], false);
    assert_eq!(shown["calendars_added"].as_array().map(Vec::len), Some(3), "{shown}");
    assert_eq!(other.json(&["account", "list"]).await?["accounts"], serde_json::json!([]), "only shown");
    let refusal = other.run(&["--json", "settings", "import", &settings]).await?.expect(3)?;
    assert_eq!(refusal.error()?["code"], "approval_needed");

    let done = other.json(&["settings", "import", "--yes", &settings]).await?;
    assert_eq!(done["imported"], true);
    assert_eq!(done["sign_in"][0]["command"], "starmesh account signin home", "{done}");
    assert_eq!(configured(&other).await?, configured(&world.app).await?);
    let accounts = other.json(&["account", "list"]).await?;
    assert_eq!(accounts["accounts"][0]["needs_person"], true, "{accounts}");
    let report = examine(&other, &["--offline"]).await?;
    assert_eq!(findings(&report, "secret")[0]["verdict"], "failed");

    let args = ["account", "signin", "home", "--password-stdin"];
    other.run_with_input(&args, &format!("{}\n", ALICE.password)).await?.expect(0)?;
    let before = world.snapshot().await?;
    other.ok(&["sync", "--yes"]).await?;
    world.expect_unchanged(&before).await?;
    world.expect("family", &[Block::timed(at(4, 9), HOUR)]).await?;

    let again = other.json(&["settings", "import", "--yes", &settings]).await?;
    assert_eq!(again["imported"], false, "there is nothing to do: {again}");
    assert_eq!(again["sign_in"], serde_json::json!([]));
    Ok(())
}

#[tokio::test]
async fn a_file_with_a_mistake_changes_nothing_at_all() -> Outcome<()> {
    let world = World::new(Ground::RADICALE, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    let file = path(&world.file("settings.toml"));
    world.app.ok(&["settings", "export", &file]).await?;
    let good = fs::read_to_string(&file)?;
    let before = configured(&world.app).await?;
    let rows = [
        (good.replace("version = 1", "version = 9"), "version 9"),
        (good.replace("window = 180", "window = 60\nwindows = 60"), "unknown field `windows`"),
        (good.replace("window = 180", "window = 7"), "the window is"),
        (good.replace("window = 180", "window = "), "line"),
        // All before it would be fine.
        (
            good.replace("window = 180", "window = 60")
                + "[[link]]\nsource = 'x'\ntarget = 'y'\nstate = 'paused'\n",
            "“x”",
        ),
        (String::new(), "names no version"),
    ];
    for (text, words) in rows {
        let bad = path(&world.file("bad.toml"));
        fs::write(&bad, &text)?;
        let error = world.app.error(&["settings", "import", "--yes", &bad], 2).await?;
        let message = error["message"].to_string();
        assert!(message.contains("bad.toml") && message.contains(words), "{message}");
        assert_eq!(configured(&world.app).await?, before, "{words}");
    }
    let missing = path(&world.file("missing.toml"));
    let error = world.app.error(&["settings", "import", &missing], 1).await?;
    assert!(error["message"].to_string().contains("missing.toml"), "{error}");
    Ok(())
}

#[tokio::test]
async fn a_google_account_goes_on_elsewhere_with_the_secret_of_its_client() -> Outcome<()> {
    let world = World::new(Ground::Google, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.put("work", &Event::timed("meeting", at(4, 9), HOUR)).await?;
    world.sync().await?;
    let (key, settings) = (path(&world.file("key")), path(&world.file("settings.toml")));
    world.app.ok(&["key", "export", "--out", &key]).await?;
    world.app.ok(&["settings", "export", &settings]).await?;

    let other = world.empty_device("other")?;
    other.ok(&["key", "import", &key]).await?;
    let done = other.json(&["settings", "import", "--yes", &settings]).await?;
    let account = done["sign_in"][0]["account"].as_str().unwrap_or_default();
    let command = format!("starmesh account signin {account} --client-secret-stdin < FILE");
    assert_eq!(done["sign_in"][0]["command"], command, "{done}");
    let words = ["account", "signin", account, "--browser", "none", "--client-secret-stdin"];
    in_browser(&other, &words, "no secret\n").await?.expect(0)?;
    let before = world.snapshot().await?;
    other.ok(&["sync", "--yes"]).await?;
    world.expect_unchanged(&before).await
}
