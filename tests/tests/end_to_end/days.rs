//! What another day brings: the window moves on, and calendars are read whole.

use chrono::TimeDelta;
use starmesh_tests::Outcome;
use starmesh_tests::fault_proxy::{Answer, Fault, FaultProxy, On};
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::{Block, blocks, mirrors};
use starmesh_tests::servers::ALICE;
use starmesh_tests::world::{ACCOUNT, World, at};

use crate::on_grounds;

on_grounds!(
    radicale, xandikos, cyrus:
    what_the_window_reaches_on_another_day_is_placed_then,
    what_no_change_told_of_is_mended_by_the_whole_read_of_another_day,
);

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Three days and some: whatever zone a day begins in.
const THREE_DAYS: &str = "+73h";

/// A day of the window of [`THREE_DAYS`] ahead, and not of today's.
const BEYOND: u64 = 182;

/// How many reads lose what they tell: one of each calendar.
const LOST: usize = 2;

async fn what_the_window_reaches_on_another_day_is_placed_then(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["work", "family"]).await?;
    for (uid, day) in [("soon", 5), ("beyond", BEYOND)] {
        world.put("work", &Event::timed(uid, at(day, 9), HOUR)).await?;
    }
    world.app.ok(&["group", "add", "pair", "work", "family", "--one-way"]).await?;
    world.sync().await?;
    let soon = Block::timed(at(5, 9), HOUR);
    assert_eq!(blocks(&world.list("family").await?)?, std::slice::from_ref(&soon));
    let done = world.app.json_later(THREE_DAYS, &["sync", "--yes"]).await?;
    assert_eq!(done["written"]["placed"], 1, "{done}");
    assert_eq!(blocks(&world.list("family").await?)?, [soon, Block::timed(at(BEYOND, 9), HOUR)]);
    Ok(())
}

async fn what_no_change_told_of_is_mended_by_the_whole_read_of_another_day(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["work", "family"]).await?;
    for day in 4..7 {
        world.put("work", &Event::timed(&format!("on-{day}"), at(day, 9), HOUR)).await?;
    }
    let proxy = FaultProxy::before(&world.server().url()).await;
    let app = world.empty_device("behind-a-proxy")?;
    app.add_account(ACCOUNT, proxy.url().as_str(), ALICE.name, ALICE.password).await?.expect(0)?;
    app.ok(&["group", "add", "pair", "work", "family", "--one-way"]).await?;
    app.ok(&["sync", "--yes"]).await?;
    let whole = blocks(&world.list("family").await?)?;
    assert_eq!(whole.len(), 3);

    let gone = mirrors(&world.list("family").await?)?.swap_remove(0);
    world.remove("family", &gone.href).await?;
    for _ in 0..LOST {
        let lose = Fault::Change(Box::new(|answer| without_changes(&answer)));
        proxy.plan(On::with_body("REPORT", "sync-collection"), 1, lose);
    }
    app.ok(&["sync", "--yes"]).await?;
    assert_eq!(proxy.left(), 0, "the changes were asked for, and lost");
    app.ok(&["sync", "--yes"]).await?;
    assert_eq!(blocks(&world.list("family").await?)?.len(), 2, "nothing tells of it any more");

    let done = app.json_later(THREE_DAYS, &["sync", "--yes"]).await?;
    assert_eq!(done["written"]["placed"], 1, "{done}");
    assert_eq!(blocks(&world.list("family").await?)?, whole);
    let status = app.json_later(THREE_DAYS, &["status"]).await?;
    let repairs = status["calendars"].as_array().into_iter().flatten().map(|it| it["repairs"].as_u64());
    assert_eq!(repairs.flatten().sum::<u64>(), 1, "{status}");
    Ok(())
}

/// The answer of a server that lost what it was to tell, and goes on as if it had told it.
fn without_changes(answer: &Answer) -> Answer {
    let text = String::from_utf8_lossy(&answer.body);
    let token = text.split("sync-token>").nth(1).and_then(|rest| rest.split('<').next());
    let token = token.unwrap_or_default();
    let body = format!("<multistatus xmlns=\"DAV:\"><sync-token>{token}</sync-token></multistatus>");
    Answer::status(207).body("application/xml", &body)
}
