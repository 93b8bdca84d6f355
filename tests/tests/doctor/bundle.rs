//! What can be given to others: nothing of whose calendars these are.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt;

use chrono::TimeDelta;
use serde_json::Value;
use starmesh_tests::Outcome;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::{CANARY, Event};
use starmesh_tests::servers::ALICE;
use starmesh_tests::world::{World, at};

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Calendars whose very names tell something.
const CALENDARS: [&str; 2] = ["divorce-lawyer", "oncology"];

/// A world in which everything that has a name, an address or a time tells something, and some things are wrong.
async fn telling_world(ground: Ground) -> Outcome<World> {
    let world = World::new(ground, &CALENDARS).await?;
    world.app.ok(&["settings", "set", "label", "Zahnarzt"]).await?;
    world.app.ok(&["settings", "set", "zone", "Antarctica/Troll"]).await?;
    world.app.ok(&["group", "add", "pair", CALENDARS[0], CALENDARS[1]]).await?;
    let invited = Event::timed("appointment", at(4, 15), HOUR).invitation("someone@example.net", "ACCEPTED");
    world.put(CALENDARS[0], &invited.hiding("one")).await?;
    world.put(CALENDARS[1], &Event::timed("results", at(5, 9), HOUR).hiding("two")).await?;
    world.sync().await?;
    let link = format!("{}->{}", CALENDARS[0], CALENDARS[1]);
    world.app.ok(&["link", "pause", &link]).await?;
    Ok(world)
}

/// Words that must not be in a bundle.
async fn words(world: &World) -> Outcome<Vec<String>> {
    let mut words: Vec<String> = vec![CANARY.to_owned(), "Zahnarzt".to_owned(), "Troll".to_owned()];
    words.extend(
        ["someone", "example", "appointment", "http://", "https://", "127.0.0.1", "@"].map(str::to_owned),
    );
    for calendar in CALENDARS {
        words.extend([calendar.to_owned(), world.title(calendar), world.full_name(calendar)]);
    }
    words.extend([world.app.passphrase().to_owned(), ALICE.password.to_owned(), ALICE.name.to_owned()]);
    words.push(world.app.folder().to_string_lossy().into_owned());
    for row in world.app.json(&["calendar", "list"]).await?["calendars"].as_array().into_iter().flatten() {
        for field in ["id", "url", "name", "account", "short_name"] {
            let value =
                row.get(field).filter(|value| value.is_string()).or_else(|| row["calendar"].get(field));
            words.extend(value.and_then(Value::as_str).map(str::to_owned));
        }
    }
    // One event's time, as a block has it.
    words.extend([at(4, 15).format("%Y-%m-%dT%H").to_string(), at(4, 15).format("%Y%m%dT%H").to_string()]);
    // Microsoft calls the first calendar so.
    words.retain(|word| !word.is_empty() && word != "Calendar");
    Ok(words)
}

async fn a_bundle_tells_nothing_of_whose_calendars_these_are(ground: Ground) -> Outcome<()> {
    let world = telling_world(ground).await?;
    let path = world.file("bundle.json");
    let name = path.to_string_lossy().into_owned();
    let ended = world.app.run(&["doctor", "--bundle", &name, "--yes"]).await?.expect(0)?;
    let saved = fs::read_to_string(&path)?;
    assert_eq!(ended.stdout, saved, "what is saved was shown, all of it and nothing else");
    assert_eq!(fs::metadata(&path)?.permissions().mode() & 0o777, 0o600);
    for word in words(&world).await? {
        let found = saved.to_lowercase().contains(&word.to_lowercase());
        assert!(!found, "“{word}” is in the bundle: {saved}");
    }
    let bundle: Value = serde_json::from_str(&saved)?;
    let configuration = &bundle["configuration"];
    for (list, count) in [("calendars", 2), ("links", 2), ("groups", 1), ("writes", 2)] {
        let found = configuration[list].as_array().map_or(0, Vec::len);
        assert!(found >= count, "{list}: {configuration:#}");
    }
    assert_eq!(configuration["settings"]["label_is_usual"], false);
    assert!(bundle["findings"].as_array().is_some_and(|findings| findings.len() > 15), "{bundle:#}");
    let links = configuration["links"].as_array().into_iter().flatten();
    let names: BTreeSet<_> = links.filter_map(|link| link["name"].as_str()).collect();
    assert_eq!(names.len(), 2, "calendars are told apart: {names:?}");
    assert!(
        names.iter().all(|name| name.starts_with("calendar-") && name.contains(" → calendar-")),
        "{names:?}"
    );
    Ok(())
}

#[tokio::test]
async fn a_bundle_of_radicale_tells_nothing_of_whose_calendars_these_are() -> Outcome<()> {
    a_bundle_tells_nothing_of_whose_calendars_these_are(Ground::RADICALE).await
}

#[tokio::test]
async fn a_bundle_of_all_services_tells_nothing_of_whose_calendars_these_are() -> Outcome<()> {
    a_bundle_tells_nothing_of_whose_calendars_these_are(Ground::Mixed).await
}

#[tokio::test]
async fn what_fails_is_in_the_bundle_without_what_was_said_about_it() -> Outcome<()> {
    let mut world = telling_world(Ground::RADICALE).await?;
    let words = words(&world).await?;
    world.server_mut().stop()?;
    world.app.run(&["sync", "--yes"]).await?;
    let path = world.file("bundle.json");
    world.app.run(&["doctor", "--bundle", &path.to_string_lossy(), "-y"]).await?.expect(0)?;
    let saved = fs::read_to_string(&path)?;
    for word in words {
        assert!(!saved.to_lowercase().contains(&word.to_lowercase()), "“{word}” is in the bundle: {saved}");
    }
    let bundle: Value = serde_json::from_str(&saved)?;
    assert_eq!(bundle["verdict"], "failed");
    assert!(saved.contains("\"offline\""), "the failure's name is there: {saved}");
    Ok(())
}

#[tokio::test]
async fn nothing_is_saved_unasked_or_over_another_file() -> Outcome<()> {
    let world = telling_world(Ground::RADICALE).await?;
    let path = world.file("bundle.json");
    let name = path.to_string_lossy().into_owned();
    let ended = world.app.run(&["--json", "doctor", "--offline", "--bundle", &name]).await?.expect(3)?;
    assert_eq!(ended.error()?["code"], "approval_needed");
    assert!(ended.stdout.contains("\"findings\""), "it was shown");
    assert!(!path.exists(), "and not saved");

    fs::write(&path, "mine")?;
    let error = world.app.error(&["doctor", "--bundle", &name, "--yes"], 1).await?;
    assert_eq!(error["code"], "file_failed", "{error}");
    assert_eq!(fs::read_to_string(&path)?, "mine");
    world.app.run(&["doctor", "--yes"]).await?.expect(2)?;
    Ok(())
}
