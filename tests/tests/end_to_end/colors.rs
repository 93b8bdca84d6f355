//! The colour of a link's mirrors, where there is such a thing and where there is none.

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::mirrors;
use starmesh_tests::world::{World, at};

use crate::on_grounds;

on_grounds!(radicale, xandikos, cyrus, sabre, google: a_link_gives_its_mirrors_a_color_and_takes_it_off);
on_grounds!(microsoft: a_color_that_cannot_be_shown_is_refused);

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Over which everything here goes.
const LINK: &str = "work->family";

/// One event, and its mirror in the family's calendar.
async fn scene(ground: Ground) -> Outcome<World> {
    let world = World::new(ground, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.put("work", &Event::timed("a", at(4, 10), HOUR)).await?;
    world.sync().await?;
    Ok(world)
}

async fn set(world: &World, color: &str) -> Outcome<()> {
    world.app.ok(&["link", "set", LINK, "--yes", "--color", color]).await?;
    world.sync().await
}

/// The colour of the one mirror in the family's calendar, as its service keeps it.
async fn color(world: &World) -> Outcome<Option<String>> {
    let stored = world.list("family").await?;
    let found = mirrors(&stored)?;
    assert_eq!(found.len(), 1);
    let body = &stored[&found[0].href].body;
    let in_json = body.split_once("\"colorId\":\"").and_then(|(_, rest)| rest.split_once('"'));
    let in_text = found[0].lines.iter().find_map(|line| line.strip_prefix("COLOR:"));
    Ok(in_json.map(|(color, _)| color).or(in_text).map(str::to_owned))
}

async fn a_link_gives_its_mirrors_a_color_and_takes_it_off(ground: Ground) -> Outcome<()> {
    let world = scene(ground).await?;
    let named =
        |name: &str, number: &str| Some(if ground == Ground::Google { number } else { name }.to_owned());
    assert_eq!(color(&world).await?, None);
    let refused = world.app.error(&["link", "set", LINK, "--color", "mauve"], 2).await?;
    assert_eq!(refused["code"], "invalid_value", "{refused}");

    set(&world, "teal").await?;
    assert_eq!(color(&world).await?, named("teal", "7"));
    world.expect_quiet().await?;
    let links = world.app.json(&["link", "list"]).await?;
    assert!(links.to_string().contains("\"color\":\"teal\""), "{links}");
    world.put("work", &Event::timed("a", at(4, 12), HOUR)).await?;
    world.sync().await?;
    assert_eq!(color(&world).await?, named("teal", "7"), "it moves with its colour");

    set(&world, "red").await?;
    assert_eq!(color(&world).await?, named("red", "11"));
    set(&world, "none").await?;
    assert_eq!(color(&world).await?, None);
    world.expect_quiet().await
}

async fn a_color_that_cannot_be_shown_is_refused(ground: Ground) -> Outcome<()> {
    let world = scene(ground).await?;
    let before = world.snapshot().await?;
    let refused = world.app.error(&["link", "set", LINK, "--color", "teal"], 2).await?;
    assert_eq!(refused["code"], "invalid_value", "{refused}");
    world.sync().await?;
    world.expect_unchanged(&before).await
}
