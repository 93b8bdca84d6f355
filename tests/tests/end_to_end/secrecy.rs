//! Zero knowledge: nothing but time crosses a link, and nothing else is kept or said.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::cli::Starmesh;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::{CANARY, Event};
use starmesh_tests::mirrors::{Mirror, mirrors};
use starmesh_tests::rows::{masked, opened_rows};
use starmesh_tests::world::{World, at, day, on_clock};

use crate::on_grounds;

on_grounds!(radicale, cyrus, sabre, google, microsoft: hidden_words_appear_nowhere, twins_that_differ_only_in_hidden_words_have_equal_mirrors);

const HOUR: TimeDelta = TimeDelta::hours(1);

async fn book(world: &World, hidden: &str) -> Outcome<()> {
    let series = Event::zoned("series", on_clock(day(3), 9, 0), HOUR).rule("FREQ=DAILY;COUNT=5");
    let series = series.moved(on_clock(day(4), 9, 0), on_clock(day(4), 11, 0), HOUR);
    world.put("work", &series.hiding(hidden)).await?;
    let invited = Event::timed("invited", at(4, 15), HOUR).invitation("someone@example.net", "ACCEPTED");
    world.put("work", &invited.hiding(hidden)).await?;
    world.put("work", &Event::all_day("fair", day(12), 2).hiding(hidden)).await?;
    world.put("family", &Event::timed("dinner", at(4, 18), HOUR).hiding(hidden)).await
}

async fn hidden_words_appear_nowhere(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["work", "family"]).await?;
    book(&world, "one").await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.app.ok(&["--verbose", "plan"]).await?;
    let mut loud = world.app.command(&["sync", "--yes"]);
    loud.env("STARMESH_LOG", "trace");
    let ended = world.app.finish(loud, &["sync", "--yes"], "").await?.expect(0)?;
    assert!(ended.stderr.contains("TRACE"), "everything was logged");
    world.delete("work", "invited").await?;
    for args in [&["--verbose", "sync", "--yes"][..], &["status"], &["activity"], &["--json", "activity"]] {
        world.app.ok(args).await?;
    }
    world.expect_no_canary().await
}

/// The rows of every table, opened.
type Tables = BTreeMap<&'static str, Vec<String>>;

/// The mirrors in both calendars, and the rows that a fresh device with `key` keeps: after a first sync of
/// everything, and after a meeting was cancelled.
async fn outcome(world: &World, device: &str, key: &Path) -> Outcome<(Vec<Mirror>, [Tables; 2])> {
    let app = world.empty_device(device)?;
    app.ok(&["key", "import", &path(key)]).await?;
    world.sign_in(&app).await?;
    app.ok(&["group", "add", "pair", "work", "family"]).await?;
    app.ok(&["sync", "--yes"]).await?;
    let mut found = [mirrors(&world.list("work").await?)?, mirrors(&world.list("family").await?)?].concat();
    let issued = world.issued().await?;
    for mirror in &mut found {
        mirror.href = masked(&mirror.href, &issued);
    }
    found.sort_by(|a, b| a.uid.cmp(&b.uid));
    let first = opened_rows(&app, &issued).await?;
    world.delete("work", "invited").await?;
    app.ok(&["sync", "--yes"]).await?;
    Ok((found, [first, opened_rows(&app, &issued).await?]))
}

/// Where the same story can be told again. A CalDAV server's address is part of what its calendars are, so
/// there it is the same place without the mirrors. The services remember what they deleted, and there it is
/// a fresh one.
async fn again(ground: Ground, world: World) -> Outcome<World> {
    if !matches!(ground, Ground::Caldav(_)) {
        return World::new(ground, &["work", "family"]).await;
    }
    for calendar in ["work", "family"] {
        for mirror in mirrors(&world.list(calendar).await?)? {
            world.remove(calendar, &mirror.href).await?;
        }
    }
    Ok(world)
}

async fn twins_that_differ_only_in_hidden_words_have_equal_mirrors(ground: Ground) -> Outcome<()> {
    let folder = tempfile::Builder::new().prefix("starmesh-key-").tempdir()?;
    let key = folder.path().join("key");
    let owner = Starmesh::new(&folder.path().join("data"))?;
    owner.ok(&["key", "export", "--out", &path(&key)]).await?;
    let world = World::new(ground, &["work", "family"]).await?;
    book(&world, "one").await?;
    let first = outcome(&world, "first", &key).await?;
    assert!(first.0.len() > 5);
    let world = again(ground, world).await?;
    book(&world, "and-something-much-longer").await?;
    let second = outcome(&world, "second", &key).await?;
    assert_eq!(first.0, second.0, "byte by byte but for the time of writing");
    for (before, after) in first.1.iter().zip(&second.1) {
        for (table, rows) in before {
            assert_eq!(rows, &after[table], "the rows of {table}");
        }
    }
    let all = first.1.iter().chain(&second.1).flat_map(BTreeMap::values).flatten();
    assert!(
        all.clone().any(|row| row.contains("dinner")),
        "the rows are open: the uid of an event is in them"
    );
    assert!(!all.clone().any(|row| row.contains(CANARY)), "and no hidden word");
    let [full, cancelled] = &first.1;
    for table in
        ["accounts", "calendars", "groups", "links", "reads", "items", "mirrors", "journal", "activity"]
    {
        assert_ne!(full[table].len(), 0, "there is something to compare in {table}");
    }
    assert_eq!(cancelled["mirrors"].len() + 1, full["mirrors"].len(), "the meeting was cancelled");
    Ok(())
}

fn path(file: &Path) -> String {
    file.to_string_lossy().into_owned()
}
