//! Stars, meshes, pairs, and how they overlap.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::Block;
use starmesh_tests::servers::{BOB, Kind, Rights};
use starmesh_tests::world::{World, at};
use starmesh_tests::{Outcome, dav::Dav};

use crate::on_grounds;

on_grounds!(xandikos, cyrus, sabre, google, microsoft, personal, mixed: a_star_a_mesh_and_both_over_one_calendar, a_one_way_pair_and_the_pair_limit);

/// A link by the names of its source and its target.
type Way = (&'static str, &'static str);

const STAR: [&str; 4] = ["hub", "one", "two", "three"];
const MESH: [&str; 4] = ["hub", "north", "south", "west"];

fn star() -> Vec<Way> {
    STAR[1..].iter().flat_map(|spoke| [(STAR[0], *spoke), (*spoke, STAR[0])]).collect()
}

fn mesh(members: &[&'static str]) -> Vec<Way> {
    let pairs = members.iter().flat_map(|a| members.iter().map(move |b| (*a, *b)));
    pairs.filter(|(a, b)| a != b).collect()
}

/// One event in each calendar, each at an hour of its own.
async fn book_one_in_each(
    world: &World,
    calendars: &[&'static str],
) -> Outcome<BTreeMap<&'static str, Block>> {
    let mut booked = BTreeMap::new();
    for (hour, calendar) in (7..).zip(calendars) {
        let start = at(3, hour);
        world.put(calendar, &Event::timed(calendar, start, TimeDelta::hours(1))).await?;
        booked.insert(*calendar, Block::timed(start, TimeDelta::hours(1)));
    }
    Ok(booked)
}

/// Every target holds exactly the blocks of its sources, and everybody else nothing.
async fn expect_ways(world: &World, booked: &BTreeMap<&'static str, Block>, ways: &[Way]) -> Outcome<()> {
    for calendar in booked.keys() {
        let into = ways.iter().filter(|(_, target)| target == calendar);
        let wanted: Vec<Block> = into.map(|(source, _)| booked[source].clone()).collect();
        world.expect(calendar, &wanted).await?;
    }
    Ok(())
}

async fn a_star_a_mesh_and_both_over_one_calendar(ground: Ground) -> Outcome<()> {
    let calendars: Vec<&str> = STAR.iter().chain(&MESH[1..]).copied().collect();
    let world = World::new(ground, &calendars).await?;
    let booked = book_one_in_each(&world, &calendars).await?;
    let originals = world.originals().await?;

    // Drawing a group, looking at the plan and not approving it change nothing.
    let spokes = STAR[1..].iter().flat_map(|spoke| ["--spoke", spoke]);
    let args: Vec<&str> = ["group", "add", "star", "--hub", STAR[0]].into_iter().chain(spokes).collect();
    world.app.ok(&args).await?;
    world.app.ok(&["plan"]).await?;
    let refusal = world.app.error(&["sync"], 3).await?;
    assert_eq!(refusal["code"], "approval_needed");
    world.expect_unchanged(&originals).await?;

    world.sync().await?;
    expect_ways(&world, &booked, &star()).await?;
    world.expect_quiet().await?;

    // The hub's mirrors of its spokes are no sources of the mesh.
    world.app.ok(&[&["group", "add", "mesh"], &MESH[..]].concat()).await?;
    world.sync().await?;
    let both: Vec<Way> = star().into_iter().chain(mesh(&MESH)).collect();
    expect_ways(&world, &booked, &both).await?;
    world.expect_quiet().await?;

    // A calendar leaves the mesh: its mirrors go, on both sides, and no others.
    let groups = world.app.json(&["group", "list"]).await?;
    let name = groups["groups"].as_array().into_iter().flatten().find(|group| group["shape"] == "mesh");
    let name = name.and_then(|group| group["name"].as_str()).unwrap_or_default();
    world.app.ok(&["group", "remove", name, "--calendar", "west"]).await?;
    world.sync().await?;
    let both: Vec<Way> = star().into_iter().chain(mesh(&MESH[..3])).collect();
    expect_ways(&world, &booked, &both).await?;
    assert_eq!(world.originals().await?, originals, "originals are as they were, byte by byte");

    // Clean takes every mirror and pauses the links, so that none comes back.
    assert_eq!(world.app.error(&["clean", "--all"], 3).await?["code"], "approval_needed");
    world.app.ok(&["clean", "--all", "--yes"]).await?;
    world.expect_unchanged(&originals).await?;
    world.expect_quiet().await?;
    world.expect_unchanged(&originals).await
}

async fn a_one_way_pair_and_the_pair_limit(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["from", "to", "other"]).await?;
    let booked = book_one_in_each(&world, &["from", "to", "other"]).await?;
    world.app.ok(&["settings", "set", "pair_limit", "1"]).await?;
    let (from, to) = (world.title("from"), world.full_name("to"));
    world.app.ok(&["group", "add", "pair", &from, &to, "--one-way"]).await?;
    let refusal = world.app.error(&["group", "add", "pair", "to", "other"], 2).await?;
    assert_eq!(refusal["code"], "pair_limit");
    world.sync().await?;
    expect_ways(&world, &booked, &[("from", "to")]).await?;
    world.expect_quiet().await?;

    // Two-way over one-way is two-way, and still one pair.
    world.app.ok(&["group", "add", "pair", "to", "from"]).await?;
    world.sync().await?;
    expect_ways(&world, &booked, &[("from", "to"), ("to", "from")]).await?;

    let unknown = world.app.error(&["group", "add", "pair", "from", "othre"], 2).await?;
    assert_eq!(unknown["code"], "unknown_name");
    assert!(unknown.to_string().contains("other"), "the candidates are named: {unknown}");
    world.expect_quiet().await
}

/// On Radicale alone: rights at Google and Microsoft are a matter of roles, which their adapters' own suites
/// go through one by one.
#[tokio::test]
async fn a_calendar_that_cannot_be_written_is_only_ever_a_source() -> Outcome<()> {
    let world = World::new(Kind::Radicale(Rights::FixedCalendars), &["own", "second"]).await?;
    let bob = Dav::of(world.server(), BOB)?;
    bob.mkcalendar(&world.path("fixed"), "Fixed").await?;
    let given = Event::timed("given", at(4, 9), TimeDelta::hours(1));
    bob.put_ics(&world.href("fixed", "given"), &given.text()).await?;
    let booked = book_one_in_each(&world, &["own", "second"]).await?;

    world.app.ok(&["calendar", "list"]).await?;
    let change = world.app.json(&["group", "add", "mesh", "own", "second", "fixed"]).await?;
    let left_out = change["group"]["left_out"].as_array().map_or(0, Vec::len);
    assert_eq!(left_out, 2, "both links into it are named as left out: {change}");
    world.sync().await?;
    let given = Block::timed(at(4, 9), TimeDelta::hours(1));
    world.expect("own", &[booked["second"].clone(), given.clone()]).await?;
    world.expect("second", &[booked["own"].clone(), given]).await?;
    world.expect("fixed", &[]).await?;
    world.expect_quiet().await
}
