use chrono::TimeDelta;
use starmesh_sim::microsoft::world::MailboxKind;
use starmesh_tests::Outcome;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::blocks;
use starmesh_tests::servers::{Kind, Rights};
use starmesh_tests::web::{ADA, Google, Microsoft};
use starmesh_tests::world::{World, at};

use crate::{by_hand, google_event, microsoft_event};

#[tokio::test]
async fn a_mesh_of_google_microsoft_and_caldav_converges_and_is_taken_back() -> Outcome<()> {
    let world = World::new(Kind::Radicale(Rights::Owner), &["family"]).await?;
    let (google, microsoft) = (Google::start().await?, Microsoft::start(MailboxKind::Work).await?);
    google.add_account(&world.app, "personal").await?.expect(0)?;
    microsoft.add_account(&world.app, "office", &[]).await?.expect(0)?;
    world.app.ok(&["group", "add", "mesh", "family", &format!("personal/{ADA}"), "office/Calendar"]).await?;

    let ada = microsoft.ada;
    let office = microsoft.sim.with(|world| world.mailbox(ada).map(|mailbox| mailbox.default_calendar));
    let office = office.ok_or_else(|| by_hand("no calendar"))?;
    google
        .sim
        .put_event(ADA, Some("dentist00001"), &google_event(3, 9, "Secret dentist"))
        .map_err(by_hand)?;
    microsoft
        .sim
        .with(|world| world.put_event(office, &microsoft_event(4, 10, "Secret talk")))
        .map_err(by_hand)?;
    world.put("family", &Event::timed("Secret trip", at(5, 11), TimeDelta::hours(1))).await?;
    world.sync().await?;
    let family = || async { Ok::<_, starmesh_tests::Failure>(blocks(&world.list("family").await?)?.len()) };
    assert_eq!((google.mirrors(ADA)?, microsoft.mirrors(office), family().await?), (2, 2, 2));

    world.sync().await?;
    assert_eq!(
        (google.mirrors(ADA)?, microsoft.mirrors(office), family().await?),
        (2, 2, 2),
        "no mirror of a mirror"
    );

    google.sim.delete_event(ADA, "dentist00001").map_err(by_hand)?;
    world.sync().await?;
    assert_eq!((google.mirrors(ADA)?, microsoft.mirrors(office), family().await?), (2, 1, 1));

    world.app.ok(&["clean", "--all", "--yes"]).await?;
    assert_eq!((google.mirrors(ADA)?, microsoft.mirrors(office), family().await?), (0, 0, 0));
    assert!(google.sim.ledger().notifications().is_empty());
    assert!(microsoft.sim.ledger().notifications().is_empty());
    Ok(())
}
