//! What calendars, groups and links answer to.

use starmesh_tests::Outcome;
use starmesh_tests::servers::ALICE;
use starmesh_tests::world::World;

use crate::RADICALE;

#[tokio::test]
async fn a_calendar_answers_to_its_names_and_to_no_other() -> Outcome<()> {
    let world = World::new(RADICALE, &["work", "family", "club"]).await?;
    let display = starmesh_tests::world::display_name("work");
    let slash = format!("home/{display}");
    for name in ["work", "home/work", &display, &slash] {
        let added = world.app.json(&["group", "add", "pair", name, "family"]).await?;
        let group = added["group"]["name"].as_str().unwrap_or_default().to_owned();
        assert_eq!(added["group"]["calendars"][0]["path"], "home/work", "{name}");
        world.app.ok(&["group", "remove", &group]).await?;
    }
    let unknown = world.app.error(&["group", "add", "pair", "wrok", "family"], 2).await?;
    assert_eq!(unknown["code"], "unknown_name");
    assert!(unknown["message"].as_str().unwrap_or_default().contains("wrok"));
    let candidates = unknown["action"]["candidates"].to_string();
    assert!(candidates.contains("work"), "{candidates}");

    // A second account with the same calendars makes every short name mean two.
    world
        .app
        .add_account("office", world.server().url().as_str(), ALICE.name, ALICE.password)
        .await?
        .expect(0)?;
    let ambiguous = world.app.error(&["group", "add", "pair", "work", "home/family"], 2).await?;
    assert_eq!(ambiguous["code"], "ambiguous_name");
    let text = world.app.code(&["group", "add", "pair", "work", "home/family"], 2).await?.stderr;
    assert!(text.contains("home/") && text.contains("office/"), "{text}");
    world.app.ok(&["group", "add", "pair", "home/work", "office/family"]).await?;
    Ok(())
}

#[tokio::test]
async fn a_group_that_makes_no_sense_is_refused() -> Outcome<()> {
    let world = World::new(RADICALE, &["work", "family"]).await?;
    let refusal = world.app.error(&["group", "add", "pair", "work", "work"], 2).await?;
    assert_eq!(refusal["code"], "invalid_group");
    world
        .app
        .add_account("twin", world.server().url().as_str(), ALICE.name, ALICE.password)
        .await?
        .expect(0)?;
    let refusal = world.app.error(&["group", "add", "pair", "home/work", "twin/work"], 2).await?;
    assert_eq!(refusal["code"], "invalid_group");
    let refusal = world.app.error(&["group", "remove", "star-1"], 2).await?;
    assert_eq!(refusal["code"], "unknown_name");
    assert_eq!(world.app.json(&["group", "list"]).await?["groups"].as_array().map(Vec::len), Some(0));
    Ok(())
}

#[tokio::test]
async fn links_are_paused_and_resumed_by_their_ends() -> Outcome<()> {
    let world = World::new(RADICALE, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    for name in ["work->family", "home/work → home/family"] {
        let paused = world.app.json(&["link", "pause", name]).await?;
        assert_eq!(paused["links"][0]["state"], "paused", "{name}");
        assert_eq!(paused["links"].as_array().map(Vec::len), Some(1), "{name}");
        world.app.ok(&["link", "resume", name]).await?;
    }
    let refusal = world.app.error(&["link", "pause", "work->work"], 2).await?;
    assert_eq!(refusal["code"], "unknown_name");
    let refusal = world.app.error(&["link", "pause", "work"], 2).await?;
    assert_eq!(refusal["code"], "invalid_value");
    world.app.ok(&["link", "pause", "--all"]).await?;
    let links = world.app.json(&["link", "list"]).await?;
    let states: Vec<_> = links["links"].as_array().into_iter().flatten().map(|link| &link["state"]).collect();
    assert_eq!(states, ["paused", "paused"]);
    Ok(())
}

#[tokio::test]
async fn a_calendar_that_appears_later_is_listed() -> Outcome<()> {
    let world = World::new(RADICALE, &["work"]).await?;
    world.dav().mkcalendar(&world.path("later"), "Later").await?;
    let known = world.app.json(&["calendar", "list", "--offline"]).await?;
    assert_eq!(known["calendars"].as_array().map(Vec::len), Some(1));
    let listed = world.app.json(&["calendar", "list"]).await?;
    assert_eq!(listed["calendars"].as_array().map(Vec::len), Some(2));
    assert_eq!(listed["calendars"][0]["zone"], starmesh_tests::cli::ZONE);
    world.app.ok(&["group", "add", "pair", "work", "later"]).await?;
    Ok(())
}
