//! What the rules of a link leave out, and how it comes back.

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::{Block, mirrors};
use starmesh_tests::world::{World, at, day};

use crate::on_every_ground;

on_every_ground!(
    a_narrower_rule_shows_what_goes_and_lets_it_go_when_approved,
    words_are_looked_for_and_nothing_of_them_is_kept,
    a_mirror_deleted_by_hand_can_stay_away,
);

const HOUR: TimeDelta = TimeDelta::hours(1);
const QUARTER: TimeDelta = TimeDelta::minutes(15);

/// Over which everything here goes.
const LINK: &str = "work->family";

/// Two calendars in a pair, with these events at work.
async fn scene(ground: Ground, events: &[Event]) -> Outcome<World> {
    let world = World::new(ground, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    for event in events {
        world.put("work", event).await?;
    }
    world.sync().await?;
    Ok(world)
}

async fn set(world: &World, rules: &[&str]) -> Outcome<()> {
    world.app.ok(&[&["link", "set", LINK, "--yes"], rules].concat()).await?;
    world.sync().await
}

async fn a_narrower_rule_shows_what_goes_and_lets_it_go_when_approved(ground: Ground) -> Outcome<()> {
    let night = Block::timed(at(4, 2), HOUR);
    let short = Block::timed(at(4, 10), QUARTER);
    let long = Block::timed(at(4, 12), HOUR);
    let whole = Block::days(day(6), 1);
    let events = [
        Event::timed("night", at(4, 2), HOUR),
        Event::timed("short", at(4, 10), QUARTER),
        Event::timed("long", at(4, 12), HOUR),
        Event::all_day("whole", day(6), 1),
    ];
    let world = scene(ground, &events).await?;
    let all = [night.clone(), short.clone(), long.clone(), whole.clone()];
    world.expect("family", &all).await?;

    // Without approval nothing is set, and what was shown is what would go.
    let hours = ["link", "set", LINK, "--hours", "Mon-Sun 08:00-18:00 UTC"];
    let shown = world.app.json(&[&hours[..], &["--dry-run"]].concat()).await?;
    assert_eq!((&shown["set"], &shown["links"][0]["remove"]), (&false.into(), &1.into()), "{shown}");
    let refused = world.app.error(&hours, 3).await?;
    assert_eq!(refused["code"], "approval_needed");
    world.expect_quiet().await?;

    set(&world, &["--hours", "Mon-Sun 08:00-18:00 UTC"]).await?;
    world.expect("family", &[short.clone(), long.clone(), whole.clone()]).await?;
    set(&world, &["--min-length", "30min", "--all-day", "off"]).await?;
    world.expect("family", std::slice::from_ref(&long)).await?;
    set(&world, &["--off"]).await?;
    world.expect("family", &[]).await?;
    set(&world, &["--default", "--label", "Away"]).await?;
    world.expect("family", &all).await?;
    for mirror in mirrors(&world.list("family").await?)? {
        assert!(mirror.lines.iter().any(|line| line.contains("Away")), "{:?}", mirror.lines);
    }
    world.expect("work", &[]).await?;
    world.expect_quiet().await
}

async fn words_are_looked_for_and_nothing_of_them_is_kept(ground: Ground) -> Outcome<()> {
    let lunch = Event::timed("lunch", at(4, 12), HOUR).hiding("LUNCH");
    let client = Event::timed("client", at(4, 14), HOUR).hiding("client");
    let world = scene(ground, &[lunch.clone(), client.clone()]).await?;
    let (noon, later) = (Block::timed(at(4, 12), HOUR), Block::timed(at(4, 14), HOUR));
    set(&world, &["--never-keyword", "subject-lunch"]).await?;
    world.expect("family", std::slice::from_ref(&later)).await?;
    set(&world, &["--never-keyword", "none", "--only-keyword", "Subject-Lunch"]).await?;
    world.expect("family", std::slice::from_ref(&noon)).await?;
    // An event comes to hold the word, another no longer does.
    world.put("work", &client.hiding("lunch")).await?;
    world.put("work", &lunch.hiding("gym")).await?;
    world.sync().await?;
    world.expect("family", std::slice::from_ref(&later)).await?;
    set(&world, &["--only-keyword", "none"]).await?;
    world.expect("family", &[noon, later]).await?;
    world.expect_quiet().await?;
    world.expect_no_canary().await
}

async fn a_mirror_deleted_by_hand_can_stay_away(ground: Ground) -> Outcome<()> {
    let first = Event::timed("first", at(4, 8), HOUR);
    let second = Event::timed("second", at(4, 10), HOUR);
    let world = scene(ground, &[first.clone(), second]).await?;
    set(&world, &["--deleted", "respect"]).await?;
    let early = Block::timed(at(4, 8), HOUR);
    let found = mirrors(&world.list("family").await?)?;
    let href = found.into_iter().find(|mirror| mirror.block == early).map(|mirror| mirror.href);
    world.remove("family", &href.unwrap_or_default()).await?;
    let second = Block::timed(at(4, 10), HOUR);
    world.sync().await?;
    world.expect("family", std::slice::from_ref(&second)).await?;
    world.expect_quiet().await?;
    // At another time it is another one, and so it is once nobody respects it any more.
    world.put("work", &Event::timed("first", at(5, 8), HOUR)).await?;
    world.sync().await?;
    world.expect("family", &[second.clone(), Block::timed(at(5, 8), HOUR)]).await?;
    world.expect_quiet().await
}
