//! Feeds: a published file becomes busy blocks, nothing but a whole file counts, and nothing goes round.

use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use starmesh_tests::Outcome;
use starmesh_tests::fault_proxy::Answer;
use starmesh_tests::feed::{FEED_TOKEN, FeedServer};
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::{CANARY, Event};
use starmesh_tests::mirrors::{Block, mirrors};
use starmesh_tests::rows::opened_rows;
use starmesh_tests::world::{World, at, day, files, on_clock};

const HOUR: TimeDelta = TimeDelta::hours(1);

fn meeting(uid: &str, days: u64, hour: u32) -> Event {
    Event::timed(uid, at(days, hour), HOUR)
}

fn block(days: u64, hour: u32) -> Block {
    Block::timed(at(days, hour), HOUR)
}

/// A world with these calendars, and a feed whose events go into the first of them.
async fn world_with(feed: &FeedServer, calendars: &[&str]) -> Outcome<World> {
    let world = World::new(Ground::RADICALE, calendars).await?;
    let add = ["--json", "account", "add", "ics", "--url-stdin", "--name", "club"];
    let added = world.app.run_with_input(&add, &format!("{}\n", feed.address())).await?.expect(0)?;
    assert!(added.stdout.contains("\"ics\"") && added.stdout.contains("127.0.0.1"), "{}", added.stdout);
    world.app.ok(&["group", "add", "pair", "club/feed", calendars[0]]).await?;
    Ok(world)
}

#[tokio::test]
async fn a_feed_becomes_busy_blocks_that_follow_its_file() -> Outcome<()> {
    let series = Event::zoned("series", on_clock(day(5), 9, 0), HOUR).rule("FREQ=DAILY;COUNT=3");
    let series = series.moved(on_clock(day(6), 9, 0), on_clock(day(6), 15, 0), HOUR);
    let feed = FeedServer::publishing(&[series.clone(), meeting("a", 3, 10), meeting("b", 3, 14)]).await;
    let world = world_with(&feed, &["work"]).await?;
    let calendars = world.app.json(&["calendar", "list"]).await?;
    let of_feed = |calendar: &&serde_json::Value| calendar["account"] == "club";
    let listed = calendars["calendars"].as_array().and_then(|all| all.iter().find(of_feed)).cloned();
    let listed = listed.unwrap_or_default();
    assert_eq!((listed["name"].as_str(), listed["read_only"].as_bool()), (Some("Club"), Some(true)));

    world.sync().await?;
    let first = mirrors(&world.list("work").await?)?;
    assert_eq!(first.len(), 5);
    let before = feed.served();
    world.expect_quiet().await?;
    let after = feed.served();
    assert_eq!(
        (after.whole, after.unchanged > before.unchanged),
        (before.whole, true),
        "it is asked for changes"
    );

    // One is moved and keeps its block, one is dropped, the series ends.
    feed.publish(&[meeting("a", 3, 11)]);
    world.sync().await?;
    world.expect("work", &[block(3, 11)]).await?;
    let moved = mirrors(&world.list("work").await?)?.remove(0);
    assert!(first.iter().any(|mirror| mirror.href == moved.href), "it is the same block");
    world.expect_quiet().await?;

    // With the account its blocks go.
    world.app.ok(&["account", "remove", "club", "--yes"]).await?;
    world.expect("work", &[]).await
}

#[tokio::test]
async fn nothing_but_a_whole_file_is_evidence() -> Outcome<()> {
    let both = [meeting("a", 3, 10), meeting("b", 3, 14)];
    let feed = FeedServer::publishing(&both).await;
    let world = world_with(&feed, &["work"]).await?;
    world.sync().await?;
    let standing = [block(3, 10), block(3, 14)];
    let text = Event::feed(&both);
    let cut = text.find("UID:b").map_or("", |at| &text[..at]);
    let (calendar, page) = ("text/calendar", "text/html");
    for (trouble, code) in [
        (Answer::status(200).body(calendar, cut), "invalid_answer"),
        (Answer::status(200).body(calendar, ""), "invalid_answer"),
        (Answer::status(200).body(page, "<html>Please sign in</html>"), "invalid_answer"),
        (Answer::status(403), "sign_in_refused"),
        (Answer::status(404), "not_found"),
        (Answer::status(410), "not_found"),
        // A calendar without events is whole; it is believed on a second look.
        (Answer::status(200).body(calendar, &Event::feed(&[])), "not_found"),
    ] {
        let words = format!("{trouble:?}");
        // No validators of before may make it a known file.
        feed.publish(&both);
        world.sync().await?;
        feed.fail_with(trouble);
        let plan = world.app.run(&["--json", "plan"]).await?;
        let told: serde_json::Value = serde_json::from_str(&plan.stdout)?;
        assert_eq!(told["troubles"][0]["code"], code, "{words}: {}", plan.stdout);
        world.app.run(&["sync", "--yes"]).await?;
        world.expect("work", &standing).await.map_err(|failure| failure.during(words))?;
    }
    feed.publish(&both[..1]);
    world.sync().await?;
    world.expect("work", &standing[..1]).await
}

#[tokio::test]
async fn a_published_calendar_brings_nothing_back_to_where_it_came_from() -> Outcome<()> {
    let feed = FeedServer::publishing(&[]).await;
    let world = world_with(&feed, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.put("work", &meeting("board", 3, 10)).await?;
    world.put("family", &meeting("dinner", 3, 18)).await?;
    world.sync().await?;
    world.expect("family", &[block(3, 10)]).await?;

    // The feed is the family's calendar as some service publishes it: other ids, no marks, and one event that is
    // nowhere else.
    let published = |hour| meeting(&format!("published-{hour}"), 3, hour);
    feed.publish(&[published(10), published(18), published(20)]);
    world.sync().await?;
    world.expect("work", &[block(3, 18), block(3, 20)]).await?;
    world.expect("family", &[block(3, 10)]).await?;
    world.expect_quiet().await?;
    let plan = world.app.json(&["plan"]).await?;
    let links = plan["targets"].as_array().into_iter().flatten();
    let links = links.flat_map(|target| target["links"].as_array().into_iter().flatten());
    let blocked: u64 = links.filter_map(|link| link["skipped"]["already_blocked"].as_u64()).sum();
    assert_eq!(blocked, 2, "{plan}");

    // What stood in the way goes, and the feed still has it.
    world.delete("work", "board").await?;
    world.sync().await?;
    world.expect("work", &[block(3, 10), block(3, 18), block(3, 20)]).await?;
    world.expect_quiet().await
}

#[tokio::test]
async fn the_address_of_a_feed_is_in_nothing_that_is_written_or_said() -> Outcome<()> {
    let feed = FeedServer::publishing(&[meeting("a", 3, 10)]).await;
    let world = world_with(&feed, &["work"]).await?;
    let mut loud = world.app.command(&["sync", "--yes"]);
    loud.env("STARMESH_LOG", "trace");
    let ended = world.app.finish(loud, &["sync", "--yes"], "").await?.expect(0)?;
    assert!(ended.stderr.contains("TRACE"), "everything was logged");
    world.expect("work", &[block(3, 10)]).await?;
    for (trouble, args) in [
        (Answer::status(500), &["plan"][..]),
        (Answer::status(403), &["--json", "sync", "--yes"]),
        (Answer::status(302).with("location", "ftp://nowhere.example/"), &["--verbose", "plan"]),
        (Answer::status(200).body("text/html", "<html>"), &["--json", "plan"]),
    ] {
        feed.fail_with(trouble);
        world.app.run(args).await?;
    }
    for args in [
        &["status"][..],
        &["--json", "status"],
        &["--json", "account", "list"],
        &["--json", "calendar", "list"],
    ] {
        world.app.ok(args).await?;
    }
    let wrong = format!("ftp://nowhere.example/{FEED_TOKEN}");
    let add = ["--json", "account", "add", "ics", "--url-stdin"];
    assert_eq!(world.app.run_with_input(&add, &wrong).await?.expect(2)?.error()?["code"], "invalid_value");
    let twice = ["--json", "account", "add", "ics", "--url", &feed.address()];
    assert_eq!(world.app.run(&twice).await?.expect(2)?.error()?["code"], "doubled_name");

    for word in [FEED_TOKEN, CANARY] {
        assert!(!world.app.printed().contains(word), "{word} was printed");
        for file in files(world.app.folder())? {
            let text = String::from_utf8_lossy(&fs::read(&file)?).into_owned();
            assert!(!text.contains(word), "{word} is in {}", file.display());
        }
        let rows = format!("{:?}", opened_rows(&world.app, &[]).await?);
        assert!(!rows.contains(word), "{word} is in the database, under its seal");
    }
    Ok(())
}

#[tokio::test]
async fn a_feed_that_moved_keeps_its_blocks() -> Outcome<()> {
    let feed = FeedServer::publishing(&[meeting("a", 3, 10)]).await;
    let world = world_with(&feed, &["work"]).await?;
    world.sync().await?;
    let before = world.snapshot().await?;
    let moved = FeedServer::publishing(&[meeting("a", 3, 10)]).await;
    drop(feed);
    let sign_in = ["--json", "account", "signin", "club", "--url-stdin"];
    let nowhere =
        world.app.run_with_input(&sign_in, "http://127.0.0.1:9/feed.ics").await?.expect(1)?.error()?;
    assert_eq!(nowhere["code"], "offline");
    world.app.run_with_input(&sign_in, &moved.address()).await?.expect(0)?;
    world.sync().await?;
    world.expect_unchanged(&before).await
}

#[tokio::test]
async fn a_feed_that_wants_to_be_left_alone_is_shown_as_due_then_and_read_when_a_person_asks() -> Outcome<()>
{
    let feed = FeedServer::publishing(&[]).await;
    let restful = |events: &[Event]| {
        let text = Event::feed(events);
        text.replace("X-WR-CALNAME", "REFRESH-INTERVAL;VALUE=DURATION:PT6H\r\nX-WR-CALNAME")
    };
    feed.publish_text(&restful(&[meeting("a", 3, 10)]));
    let world = world_with(&feed, &["work"]).await?;
    world.sync().await?;
    let status = world.app.json(&["status"]).await?;
    let of_feed = |calendar: &&serde_json::Value| calendar["calendar"]["account"] == "club";
    let listed = status["calendars"].as_array().and_then(|all| all.iter().find(of_feed)).cloned();
    let listed = listed.unwrap_or_default();
    let time = |name: &str| listed[name].as_str().and_then(|text| text.parse::<DateTime<Utc>>().ok());
    let (read, due) = (time("read_at"), time("due_at"));
    assert!(read.is_some() && due == read.map(|read| read + HOUR * 6), "{listed}");
    assert!(world.app.ok(&["status"]).await?.contains("due again at "));

    // A person who asks is heard at once.
    feed.publish_text(&restful(&[meeting("a", 3, 11)]));
    world.sync().await?;
    world.expect("work", &[block(3, 11)]).await
}
