//! Events that no calendar should hold, among good ones.

use chrono::TimeDelta;
use serde_json::Value;
use starmesh_tests::Outcome;
use starmesh_tests::cli::wedged;
use starmesh_tests::fault_proxy::{Answer, Fault, FaultProxy, On};
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::Block;
use starmesh_tests::servers::{ALICE, Kind, Rights};
use starmesh_tests::world::{World, at, day, instant, on_clock};

const HOUR: TimeDelta = TimeDelta::hours(1);

/// More answers than a test waits for.
const ANSWERS: usize = 50;

/// How many events a link leaves out for `reason`, by the plan.
fn skipped(plan: &Value, reason: &str) -> u64 {
    let targets = plan["targets"].as_array().into_iter().flatten();
    let links = targets.flat_map(|target| target["links"].as_array().into_iter().flatten());
    links.filter_map(|link| link["skipped"][reason].as_u64()).sum()
}

async fn poisoned_events_stop_only_themselves(kind: Kind) -> Outcome<()> {
    let world = World::new(kind, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    let good = Event::timed("good", at(4, 8), HOUR);
    world.put("work", &good).await?;
    let bomb = Event::timed("bomb", at(4, 9), HOUR).rule("FREQ=SECONDLY");
    world.put("work", &bomb).await?;
    let ages = Event::timed("ages", at(4, 10), TimeDelta::days(365_250));
    world.put("work", &ages).await?;
    world.put("work", &Event::timed("backwards", at(4, 11), -HOUR)).await?;
    // A zone that nobody knows: the clock on the wall is read in the calendar's zone.
    let times =
        |hour: u32| format!(";TZID=Mars/Olympus Mons:{}", on_clock(day(4), hour, 0).format("%Y%m%dT%H%M%S"));
    world.put("work", &Event::new("elsewhere", &times(14), &times(15))).await?;
    let originals = world.originals().await?;

    let plan = world.app.json(&["plan"]).await?;
    let reasons = ["too_many_occurrences", "too_long", "ends_before_start"];
    for reason in reasons {
        assert_eq!(skipped(&plan, reason), 1, "{reason}: {plan}");
    }
    world.sync().await?;
    let elsewhere = instant(chrono_tz::Europe::Berlin, on_clock(day(4), 14, 0))?;
    world.expect("family", &[Block::timed(at(4, 8), HOUR), Block::timed(elsewhere, HOUR)]).await?;
    assert_eq!(world.originals().await?, originals);
    let status = world.app.json(&["status"]).await?;
    for reason in reasons {
        assert_eq!(wedged(&status, reason), 1, "{reason} is named once: {status}");
    }
    world.expect_quiet().await?;

    // Mended, it is an event like any other, and nobody complains any more.
    world.put("work", &Event::timed("backwards", at(4, 11), HOUR)).await?;
    world.delete("work", "bomb").await?;
    world.delete("work", "ages").await?;
    world.sync().await?;
    let wanted = [at(4, 8), at(4, 11), elsewhere].map(|start| Block::timed(start, HOUR));
    world.expect("family", &wanted).await?;
    let status = world.app.json(&["status"]).await?;
    assert_eq!(status["wedges"].as_array().map(Vec::len), Some(0), "{status}");
    world.expect_no_canary().await
}

#[tokio::test]
async fn poisoned_events_stop_only_themselves_on_radicale() -> Outcome<()> {
    poisoned_events_stop_only_themselves(Kind::Radicale(Rights::Owner)).await
}

#[tokio::test]
async fn poisoned_events_stop_only_themselves_on_xandikos() -> Outcome<()> {
    poisoned_events_stop_only_themselves(Kind::Xandikos).await
}

/// Tears the event with the UID `torn` apart: no server keeps such a text, so it is made on the way.
fn tear(mut answer: Answer) -> Answer {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let torn = text.split("BEGIN:VCALENDAR").map(|part| {
        if part.contains("UID:torn") {
            part.replace("BEGIN:VEVENT", "BEGIN:VEV").replace("END:VEVENT", "")
        } else {
            part.to_owned()
        }
    });
    answer.body = torn.collect::<Vec<_>>().join("BEGIN:VCALENDAR").into_bytes();
    answer
}

#[tokio::test]
async fn a_malformed_event_among_good_ones_stops_only_itself() -> Outcome<()> {
    let world = World::new(Kind::Radicale(Rights::Owner), &["work", "family"]).await?;
    let proxy = FaultProxy::before(&world.server().url()).await;
    let app = world.empty_device("behind-proxy")?;
    app.add_account("home", proxy.url().as_str(), ALICE.name, ALICE.password).await?.expect(0)?;
    app.ok(&["group", "add", "pair", "work", "family"]).await?;
    for (hour, uid) in (8..).zip(["good", "torn", "fine"]) {
        world.put("work", &Event::timed(uid, at(4, hour), HOUR)).await?;
    }
    for _ in 0..ANSWERS {
        proxy.plan(On::with_body("REPORT", "multiget"), 1, Fault::Change(Box::new(tear)));
    }
    app.ok(&["sync", "--yes"]).await?;
    world.expect("family", &[8, 10].map(|hour| Block::timed(at(4, hour), HOUR))).await?;
    let status = app.json(&["status"]).await?;
    assert_eq!(wedged(&status, "unreadable"), 1, "it is named once: {status}");
    world.expect_quiet_with(&app).await?;

    // An event that was good and is torn now keeps its mirror: it is not known to be gone.
    world.put("work", &Event::timed("torn", at(5, 9), HOUR)).await?;
    proxy.heal();
    app.ok(&["sync", "--yes"]).await?;
    let wanted = [at(4, 8), at(4, 10), at(5, 9)].map(|start| Block::timed(start, HOUR));
    world.expect("family", &wanted).await?;
    for _ in 0..ANSWERS {
        proxy.plan(On::with_body("REPORT", "multiget"), 1, Fault::Change(Box::new(tear)));
    }
    world.put("work", &Event::timed("torn", at(5, 10), HOUR)).await?;
    app.ok(&["sync", "--yes"]).await?;
    world.expect("family", &wanted).await
}
