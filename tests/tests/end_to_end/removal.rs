//! Removing groups and accounts takes their mirrors along.

use chrono::TimeDelta;
use serde_json::Value;
use starmesh_tests::Outcome;
use starmesh_tests::dav::Dav;
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::{Block, blocks};
use starmesh_tests::servers::{BOB, Server};
use starmesh_tests::world::{World, at};

use crate::on_grounds;

on_grounds!(xandikos, cyrus, sabre, google, microsoft: a_removed_group_takes_its_mirrors_along);

const HOUR: TimeDelta = TimeDelta::hours(1);

fn block(hour: u32) -> Block {
    Block::timed(at(4, hour), HOUR)
}

async fn a_removed_group_takes_its_mirrors_along(ground: Ground) -> Outcome<()> {
    let world = World::new(ground, &["work", "family"]).await?;
    // More than the brake would let go unasked: taking a group apart approves them.
    for number in 0..30 {
        let event = Event::timed(&format!("event-{number}"), at(4 + number, 9), HOUR);
        world.put("work", &event).await?;
    }
    let originals = world.originals().await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.sync().await?;
    assert_eq!(blocks(&world.list("family").await?)?.len(), 30);
    let groups = world.app.json(&["group", "list"]).await?;
    let name = groups["groups"][0]["name"].as_str().unwrap_or_default();
    let change = world.app.json(&["group", "remove", name]).await?;
    assert_eq!(change["mirrors_to_remove"], 30);
    assert_eq!(blocks(&world.list("family").await?)?.len(), 30, "only the next pass removes them");
    world.sync().await?;
    world.expect_unchanged(&originals).await?;
    world.expect_quiet().await
}

/// On Radicale alone, since it is about the accounts and not about the service: Alice's beside one of Bob's on a server of its own, joined by a mesh over three calendars.
struct TwoAccounts {
    world: World,
    office: Server,
    bob: Dav,
}

impl TwoAccounts {
    const DESK: &'static str = "/bob/desk/";

    async fn new() -> Outcome<Self> {
        let world = World::new(Ground::RADICALE, &["work", "family"]).await?;
        let office = Server::radicale()?;
        let bob = Dav::of(&office, BOB)?;
        bob.mkcalendar(Self::DESK, "Desk").await?;
        let url = office.url();
        world.app.add_account("office", url.as_str(), BOB.name, BOB.password).await?.expect(0)?;
        world.put("work", &Event::timed("meeting", at(4, 8), HOUR)).await?;
        world.put("family", &Event::timed("dinner", at(4, 18), HOUR)).await?;
        let review = Event::timed("review", at(4, 12), HOUR);
        bob.put_ics(&format!("{}review.ics", Self::DESK), &review.text()).await?;
        world.app.ok(&["group", "add", "mesh", "work", "family", "office/desk"]).await?;
        world.sync().await?;
        let two = Self { world, office, bob };
        two.expect(&[18, 12], &[8, 12], &[8, 18]).await?;
        Ok(two)
    }

    /// The hours of the mirrors at work, in the family's calendar and on the desk.
    async fn expect(&self, work: &[u32], family: &[u32], desk: &[u32]) -> Outcome<()> {
        let all = |hours: &[u32]| hours.iter().map(|hour| block(*hour)).collect::<Vec<_>>();
        self.world.expect("work", &all(work)).await?;
        self.world.expect("family", &all(family)).await?;
        assert_eq!(blocks(&self.bob.list(Self::DESK).await?)?, all(desk));
        Ok(())
    }

    async fn accounts(&self) -> Outcome<Vec<Value>> {
        Ok(self.world.app.json(&["account", "list"]).await?["accounts"]
            .as_array()
            .cloned()
            .unwrap_or_default())
    }
}

#[tokio::test]
async fn a_removed_account_takes_its_mirrors_along_on_both_sides() -> Outcome<()> {
    let two = TwoAccounts::new().await?;
    let unasked = two.world.app.error(&["account", "remove", "office"], 3).await?;
    assert_eq!(unasked["code"], "approval_needed");
    let removed = two.world.app.json(&["account", "remove", "office", "--yes"]).await?;
    assert_eq!((&removed["removed"], &removed["mirrors_removed"]), (&true.into(), &4.into()), "{removed}");
    two.expect(&[18], &[8], &[]).await?;
    assert_eq!(two.accounts().await?.len(), 1);
    // The mesh goes on with the two calendars that are left.
    two.world.expect_quiet().await?;
    assert_eq!(two.world.app.error(&["account", "remove", "office"], 2).await?["code"], "unknown_name");
    Ok(())
}

#[tokio::test]
async fn a_removed_account_may_leave_its_mirrors() -> Outcome<()> {
    let two = TwoAccounts::new().await?;
    two.world.app.ok(&["account", "remove", "office", "--yes", "--leave-mirrors"]).await?;
    assert_eq!(two.accounts().await?.len(), 1);
    two.expect(&[18, 12], &[8, 12], &[8, 18]).await?;
    two.world.expect_quiet().await?;
    two.expect(&[18, 12], &[8, 12], &[8, 18]).await
}

#[tokio::test]
async fn an_account_that_cannot_be_reached_stays_and_says_so() -> Outcome<()> {
    let mut two = TwoAccounts::new().await?;
    two.office.stop()?;
    let ended = two.world.app.code(&["--json", "account", "remove", "office", "--yes"], 1).await?;
    assert_eq!(ended.error()?["code"], "incomplete");
    assert!(ended.stdout.contains("unreached") && ended.stdout.contains("Desk"), "{}", ended.stdout);
    assert_eq!(two.accounts().await?.len(), 2);
    // On this side its mirrors are gone; the other side follows when it answers again.
    two.world.expect("work", &[block(18)]).await?;
    two.world.expect("family", &[block(8)]).await?;
    two.office.restart()?;
    two.world.app.ok(&["account", "remove", "office", "--yes"]).await?;
    two.expect(&[18], &[8], &[]).await?;
    assert_eq!(two.accounts().await?.len(), 1);
    two.world.expect_quiet().await
}
