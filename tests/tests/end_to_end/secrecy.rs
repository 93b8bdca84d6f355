//! Zero knowledge: nothing but time crosses a link, and nothing else is kept or said.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::TimeDelta;
use starmesh_tests::cli::Starmesh;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::{Mirror, mirrors};
use starmesh_tests::servers::{Kind, python};
use starmesh_tests::world::{World, at, day, on_clock};
use starmesh_tests::{Failure, Outcome};

use crate::on_both_servers;

on_both_servers!(hidden_words_appear_nowhere, twins_that_differ_only_in_hidden_words_have_equal_mirrors);

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Prints each table of the database in `argv[1]` with the number of its rows and, for the two that hold
/// facts of events, the bytes in them. Other rows hold times, whose length in print varies.
const TABLE_SIZES: &str = "
import sqlite3, sys
db = sqlite3.connect('file:' + sys.argv[1] + '?mode=ro', uri=True)
names = [row[0] for row in db.execute(\"select name from sqlite_master where type = 'table'\")]
for name in sorted(names):
    bytes = 'sum(length(envelope))' if name in ('items', 'mirrors') else '0'
    print(name, *db.execute(f'select count(*), {bytes} from {name}').fetchone())
";

async fn book(world: &World, hidden: &str) -> Outcome<()> {
    let series = Event::zoned("series", on_clock(day(3), 9, 0), HOUR).rule("FREQ=DAILY;COUNT=5");
    let series = series.moved(on_clock(day(4), 9, 0), on_clock(day(4), 11, 0), HOUR);
    world.put("work", &series.hiding(hidden)).await?;
    let invited = Event::timed("invited", at(4, 15), HOUR).invitation("someone@example.net", "ACCEPTED");
    world.put("work", &invited.hiding(hidden)).await?;
    world.put("work", &Event::all_day("fair", day(12), 2).hiding(hidden)).await?;
    world.put("family", &Event::timed("dinner", at(4, 18), HOUR).hiding(hidden)).await
}

async fn hidden_words_appear_nowhere(kind: Kind) -> Outcome<()> {
    let world = World::new(kind, &["work", "family"]).await?;
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

/// The mirrors in both calendars and the sizes of the tables after a first sync of a fresh device.
async fn outcome(world: &World, name: &str) -> Outcome<(Vec<Mirror>, BTreeMap<String, String>)> {
    let app = world.empty_device(name)?;
    app.ok(&["key", "import", &world.file("key").to_string_lossy()]).await?;
    world.sign_in(&app).await?;
    app.ok(&["group", "add", "pair", "work", "family"]).await?;
    app.ok(&["sync", "--yes"]).await?;
    let found = [mirrors(&world.list("work").await?)?, mirrors(&world.list("family").await?)?].concat();
    Ok((found, table_sizes(&app).await?))
}

async fn table_sizes(app: &Starmesh) -> Outcome<BTreeMap<String, String>> {
    let database = app.folder().join("starmesh.db");
    let output = tokio::process::Command::new(python()?).arg("-c").arg(TABLE_SIZES).arg(&database).output();
    let output = output.await?;
    if !output.status.success() {
        return Err(Failure::new(String::from_utf8_lossy(&output.stderr)));
    }
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let sizes: BTreeMap<_, _> = text
        .lines()
        .filter_map(|line| line.split_once(' '))
        .map(|(table, size)| (table.to_owned(), size.to_owned()))
        .collect();
    if sizes.len() < 2 { Err(Failure::new(format!("no tables: {text}"))) } else { Ok(sizes) }
}

async fn twins_that_differ_only_in_hidden_words_have_equal_mirrors(kind: Kind) -> Outcome<()> {
    let world = World::new(kind, &["work", "family"]).await?;
    world.app.ok(&["key", "export", "--out", &path(&world.file("key"))]).await?;
    book(&world, "one").await?;
    let first = outcome(&world, "first").await?;
    assert!(first.0.len() > 5);
    for mirror in &first.0 {
        world.dav.delete(&mirror.href).await?;
    }
    book(&world, "and-something-much-longer").await?;
    let second = outcome(&world, "second").await?;
    assert_eq!(first.0, second.0, "byte by byte but for the time of writing");
    assert_eq!(first.1, second.1, "and the database has as many rows and bytes");
    assert_ne!(second.1.get("items").map(String::as_str), Some("0 None"), "there is something to compare");
    Ok(())
}

fn path(file: &Path) -> String {
    file.to_string_lossy().into_owned()
}
