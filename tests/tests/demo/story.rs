//! What is told, and that it is true.

use std::collections::BTreeMap;

use serde_json::Value;
use starmesh_tests::Outcome;

use crate::{Scene, Told};

/// How wide a terminal is.
const COLUMNS: usize = 80;

/// In how many calendars an event shows as a busy block, by the one it is booked in.
fn reach(calendar: &Value) -> usize {
    match calendar.as_str() {
        Some("home" | "club") => 3,
        Some("work" | "project") => 2,
        other => panic!("no such calendar: {other:?}"),
    }
}

/// A whole number of a line.
fn whole(value: &Value) -> i64 {
    match value.as_i64() {
        Some(number) => number,
        None => panic!("no whole number: {value}"),
    }
}

/// Every change arrived everywhere, each step after the one before it.
fn expect_journeys(told: &Told) {
    let mut journeys: BTreeMap<i64, usize> = BTreeMap::new();
    for journey in told.all("journey") {
        *journeys.entry(whole(&journey["number"])).or_default() += 1;
        let steps = ["signal", "queue", "read", "plan", "place"];
        let times: Vec<i64> = steps.iter().map(|step| whole(&journey["ms"][step])).collect();
        assert!(times.is_sorted() && times[0] >= 0, "{journey}");
        assert_ne!(journey["source"], journey["target"], "{journey}");
    }
    for change in told.all("change") {
        let number = whole(&change["number"]);
        assert_eq!(journeys.get(&number).copied(), Some(reach(&change["calendar"])), "{change}");
    }
}

#[tokio::test]
async fn every_change_arrives_everywhere_every_promise_is_checked_and_nothing_stays() -> Outcome<()> {
    let scene = Scene::new()?;
    let ended = scene.run(&["demo", "--json"]).await?.expect(0)?;
    assert_eq!(ended.stderr, "");
    let told = Told::read(&ended.stdout)?;
    assert_eq!(told.one("started")["way"], "push");
    assert_eq!((told.all("signed_in").len(), told.all("grouped").len()), (2, 2));
    assert_eq!(told.one("synced")["planned"], told.one("synced")["placed"]);
    assert_eq!(told.one("running")["links"], 10);
    assert_eq!(told.all("change").len(), 6);
    expect_journeys(&told);
    let checked: Vec<_> = told.all("checked").iter().map(|line| line["promise"].clone()).collect();
    assert_eq!(
        checked,
        [
            "one_block_each",
            "nothing_but_time",
            "untouched",
            "silence",
            "quiet",
            "taken_back",
            "untouched",
            "sealed"
        ]
    );
    assert_eq!(told.0.last().map(|line| line["demo"].clone()), Some("ended".into()));
    scene.expect_nothing_left()
}

#[tokio::test]
async fn at_a_distance_and_for_a_while_the_figures_count_both_round_trips() -> Outcome<()> {
    let scene = Scene::new()?;
    let args = ["demo", "--json", "--rtt", "80ms", "--duration", "3s"];
    let told = Told::read(&scene.run(&args).await?.expect(0)?.stdout)?;
    expect_journeys(&told);
    let totals = told.one("totals");
    let changes = whole(&totals["changes"]);
    assert!(changes > 6, "nothing happened at random: {totals}");
    assert_eq!(changes, i64::try_from(told.all("change").len())?);
    assert_eq!(whole(&totals["journeys"]), i64::try_from(told.all("journey").len())?);
    let p50 = |step: &str| whole(&totals["ms"][step]["p50"]);
    assert!(p50("read") >= 80 && p50("place") >= 80 && p50("whole") >= 160, "{totals}");
    scene.expect_nothing_left()
}

#[tokio::test]
async fn one_seed_does_the_same_again() -> Outcome<()> {
    /// The story is six changes; what comes after them is random.
    const STORY: usize = 6;
    let mut runs = Vec::new();
    for _ in 0..2 {
        let scene = Scene::new()?;
        let args = ["demo", "--json", "--seed", "7", "--duration", "2s"];
        let told = Told::read(&scene.run(&args).await?.expect(0)?.stdout)?;
        let deed = |line: &&Value| ["change", "calendar", "start", "end"].map(|field| line[field].clone());
        runs.push(told.all("change").iter().map(deed).collect::<Vec<_>>());
    }
    let common = runs[0].len().min(runs[1].len());
    assert!(common > STORY, "{common} changes");
    assert_eq!(runs[0][..common], runs[1][..common]);
    Ok(())
}

#[tokio::test]
async fn without_notifications_the_engine_finds_the_same_by_looking() -> Outcome<()> {
    let scene = Scene::new()?;
    let told = Told::read(&scene.run(&["demo", "--json", "--poll"]).await?.expect(0)?.stdout)?;
    assert!(told.all("watching").is_empty());
    expect_journeys(&told);
    Ok(())
}

#[tokio::test]
async fn what_people_read_fits_a_terminal() -> Outcome<()> {
    let scene = Scene::new()?;
    let text = scene.run(&["demo"]).await?.expect(0)?.stdout;
    for line in text.lines() {
        assert!(line.chars().count() <= COLUMNS, "{} columns: {line}", line.chars().count());
    }
    assert!(!text.contains('\u{1b}'), "colour is for terminals");
    assert!(text.contains("booked in Home") && text.contains("→ Work, Microsoft"), "{text}");
    Ok(())
}
