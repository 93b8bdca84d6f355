//! Calendars of other people, by what they let us do.

use serde_json::json;
use starmesh_core::event::Facts;
use starmesh_core::recurrence::expand;
use starmesh_core::zone::Zone;
use starmesh_provider::{CalendarProvider as _, ErrorKind, MirrorWrite};
use starmesh_sim::google::{NewCalendar, Role, Switches};
use starmesh_tests::google_harness::ADA;

use crate::scene::{Reader, Scene};

const EVE: &str = "eve@example.org";
const SHARED: &str = "shared@group.calendar.google.com";

/// A calendar of somebody else with a private event in it.
async fn shared(role: Role) -> Scene {
    let mut scene = Scene::with(Switches::default()).await;
    let sim = &scene.google.sim;
    sim.add_user(EVE, "Europe/Paris").unwrap();
    let calendar = NewCalendar {
        id: SHARED.to_owned(),
        summary: "Shared".to_owned(),
        zone: "Europe/Paris".to_owned(),
        owner: EVE.to_owned(),
        can_push: true,
    };
    sim.add_calendar(&calendar).unwrap();
    let mut event = crate::scene::times(scene.day(3));
    event["summary"] = json!("A private matter");
    event["visibility"] = json!("private");
    sim.put_event(SHARED, None, &event).unwrap();
    sim.set_role(SHARED, ADA, Some(role)).unwrap();
    scene.calendar = starmesh_core::ids::LastingName::new(SHARED);
    scene
}

#[tokio::test]
async fn every_role_reads_times_and_writers_see_their_mirrors_again() {
    for (role, may_write) in [
        (Role::FreeBusyReader, false),
        (Role::Reader, false),
        (Role::WriterWithoutPrivateAccess, true),
        (Role::Writer, true),
        (Role::Owner, true),
    ] {
        let scene = shared(role).await;
        let listed = scene.google.adapter().list_calendars().await.unwrap();
        let listed = listed.into_iter().find(|calendar| calendar.name == scene.calendar).unwrap();
        assert_eq!(listed.read_only, !may_write, "{role:?}");
        let mut reader = Reader::default();
        scene.read(&mut reader).await;
        assert_eq!(scene.starts(&reader), [scene.day(3)], "{role:?}");
        let item = reader.items.values().next().unwrap();
        let found = expand(&item.events[0].recurrence, &scene.window().range, &Zone::Utc).unwrap();
        assert_eq!(found[0].facts, Facts::BUSY, "{role:?}");
        let mirror = scene.mirror("event", scene.day(4));
        let outcome = scene.write(MirrorWrite::Create(mirror.clone())).await;
        if !may_write {
            assert_eq!(outcome.map_err(|error| error.kind), Err(ErrorKind::ReadOnly), "{role:?}");
            continue;
        }
        let expected = mirror.as_observed(outcome.as_ref().unwrap().remote_id.clone(), None);
        scene.read(&mut reader).await;
        let found = reader.items.get(expected.remote_id.as_str()).unwrap();
        assert_eq!(found.events[0].marked, expected.events[0].marked, "{role:?}");
        let stored = scene.google.sim.stored_events(SHARED).unwrap();
        let stored = stored.iter().find(|row| row["id"] == expected.remote_id.as_str()).unwrap();
        let visibility = &stored["visibility"];
        let is_private = visibility == "private";
        assert_eq!(is_private, role != Role::WriterWithoutPrivateAccess, "{role:?}: {visibility}");
    }
}

#[tokio::test]
async fn rights_that_change_end_the_token_and_rights_that_end_the_calendar() {
    let scene = shared(Role::Writer).await;
    let mut reader = Reader::default();
    scene.read(&mut reader).await;
    let read = async |reader: &Reader| {
        let adapter = scene.google.adapter();
        let outcome = adapter.changes_since(&scene.calendar, reader.cursor.as_ref(), &scene.window()).await;
        outcome.map_err(|error| error.kind).map(|page| page.complete)
    };
    scene.google.sim.set_role(SHARED, ADA, Some(Role::Reader)).unwrap();
    assert_eq!(read(&reader).await, Err(ErrorKind::TokenExpired));
    scene.google.sim.set_role(SHARED, ADA, None).unwrap();
    assert_eq!(read(&reader).await, Err(ErrorKind::CalendarGone));
    assert_eq!(read(&Reader::default()).await, Err(ErrorKind::CalendarGone));
}
