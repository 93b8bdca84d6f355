//! Another person's calendar, in both addressings.

use serde_json::json;
use starmesh_core::ids::LastingName;
use starmesh_core::mirror::Incarnation;
use starmesh_graph::{GraphClient, Mailbox, lasting_name};
use starmesh_provider::{CalendarProvider as _, ErrorKind, MirrorWrite};
use starmesh_sim::microsoft::world::{CalendarNo, MailboxKind, Role};
use starmesh_sim::microsoft::{PrivateInList, Switches};
use starmesh_tests::adapter_scene::{mirror_in, placed};

use crate::scene::{Reader, Scene, is_marked, times};

const BOB: &str = "bob@example.org";

/// Bob's calendar as Ada sees it: through his mailbox, and as a copy in hers.
struct Shared {
    scene: Scene,
    calendar: CalendarNo,
    through_his: (GraphClient, LastingName),
    through_hers: (GraphClient, LastingName),
}

async fn shared(switches: Switches, role: Role) -> Shared {
    let scene = Scene::with(switches).await;
    let ada = scene.graph.mailbox;
    let sim = &scene.graph.sim;
    let bob = sim.add_user(MailboxKind::Work, BOB, "Bob");
    let (calendar, theirs, copy) = sim.with(|world| {
        let calendar = world.mailbox(bob).unwrap().default_calendar;
        world.share(calendar, ada, role);
        let copy = world.accept(ada, calendar);
        (calendar, world.calendar_id(calendar), world.calendar_id(copy))
    });
    let owner = scene.calendar.as_str().split_once('/').unwrap().0.to_owned();
    let through_his = (scene.graph.client_of(Mailbox::Address(BOB.to_owned())), lasting_name(BOB, &theirs));
    let through_hers = (scene.graph.client_of(Mailbox::Me), lasting_name(&owner, &copy));
    Shared { scene, calendar, through_his, through_hers }
}

#[tokio::test]
async fn a_shared_calendar_is_listed_read_and_written_in_both_addressings() {
    let shared = shared(Switches::default(), Role::DelegateWithPrivateEventAccess).await;
    let scene = &shared.scene;
    for (number, (client, name)) in [&shared.through_his, &shared.through_hers].into_iter().enumerate() {
        let listed = client.list_calendars().await.unwrap();
        let row = listed.iter().find(|row| row.name == *name).expect("it is listed under its name");
        assert!(!row.read_only);
        let mut reader = Reader::default();
        scene.read_by(client, name, &mut reader).await;
        let before = reader.items.len();
        let body = times(scene.day(2));
        let made = scene.graph.sim.with(|world| world.put_event(shared.calendar, &body)).unwrap();
        scene.read_by(client, name, &mut reader).await;
        assert_eq!(reader.items.len(), before + 1);
        let mirror = mirror_in(name, &format!("event-{number}"), scene.day(3), Incarnation::default());
        let written = client.write(name, vec![MirrorWrite::Create(mirror.clone())]).await.remove(0).unwrap();
        scene.read_by(client, name, &mut reader).await;
        assert!(is_marked(reader.items.get(&written.remote_id)));
        scene.graph.sim.with(|world| world.delete_event(made));
        let remove = MirrorWrite::Remove(placed(&mirror, &written));
        client.write(name, vec![remove]).await.remove(0).unwrap();
        scene.read_by(client, name, &mut reader).await;
        assert_eq!(reader.items.len(), before);
        scene.read_by(client, name, &mut reader).await;
        assert_eq!((reader.told, reader.listed), (0, false), "an unchanged view tells nothing");
    }
    scene.assert_silent();
}

#[tokio::test]
async fn where_private_events_are_hidden_mirrors_are_plain_and_can_be_removed() {
    let shared = shared(Switches::default(), Role::DelegateWithoutPrivateEventAccess).await;
    let scene = &shared.scene;
    let (client, name) = &shared.through_his;
    let mirror = mirror_in(name, "event", scene.day(3), Incarnation::default());
    let written = client.write(name, vec![MirrorWrite::Create(mirror.clone())]).await.remove(0).unwrap();
    let found = client.find_mirror(name, mirror.provider_id()).await.unwrap().expect("it is found");
    assert!(found.events[0].marked.as_ref().unwrap().plain);
    client.write(name, vec![MirrorWrite::Remove(placed(&mirror, &written))]).await.remove(0).unwrap();
}

#[tokio::test]
async fn private_events_of_somebody_else_still_take_their_time() {
    for private_in_list in [PrivateInList::Bare, PrivateInList::Hidden, PrivateInList::Fails] {
        let switches = Switches { private_in_list, ..Switches::default() };
        let shared = shared(switches, Role::DelegateWithoutPrivateEventAccess).await;
        let scene = &shared.scene;
        let mut body = times(scene.day(2));
        body["sensitivity"] = json!("private");
        scene.graph.sim.with(|world| world.put_event(shared.calendar, &body)).unwrap();
        for (client, name) in [&shared.through_his, &shared.through_hers] {
            if private_in_list == PrivateInList::Fails {
                let error = client.changes_since(name, None, &scene.window()).await.unwrap_err();
                assert_eq!(error.kind, ErrorKind::Refused);
                assert!(error.message.contains("private events"), "{}", error.message);
                continue;
            }
            let mut reader = Reader::default();
            scene.read_by(client, name, &mut reader).await;
            let expected = usize::from(private_in_list == PrivateInList::Bare);
            assert_eq!(reader.items.len(), expected, "{private_in_list:?}");
        }
    }
}

#[tokio::test]
async fn a_calendar_that_is_only_readable_is_never_a_target() {
    let shared = shared(Switches::default(), Role::Read).await;
    let scene = &shared.scene;
    for (client, name) in [&shared.through_his, &shared.through_hers] {
        let listed = client.list_calendars().await.unwrap();
        assert!(listed.iter().find(|row| row.name == *name).unwrap().read_only);
        let mirror = mirror_in(name, "event", scene.day(3), Incarnation::default());
        let refused = client.write(name, vec![MirrorWrite::Create(mirror)]).await.remove(0);
        assert_eq!(refused.map_err(|error| error.kind), Err(ErrorKind::ReadOnly));
    }
}

#[tokio::test]
async fn a_calendar_that_is_no_longer_shared_still_tells_what_everybody_may_see() {
    let shared = shared(Switches::default(), Role::Write).await;
    let scene = &shared.scene;
    scene.graph.sim.with(|world| {
        world.put_event(shared.calendar, &times(scene.day(2))).unwrap();
        world.unshare(shared.calendar, scene.graph.mailbox);
    });
    for (client, name) in [&shared.through_his, &shared.through_hers] {
        let mut reader = Reader::default();
        scene.read_by(client, name, &mut reader).await;
        assert_eq!(scene.days(&reader), [2]);
        let mirror = mirror_in(name, "event", scene.day(3), Incarnation::default());
        let refused = client.write(name, vec![MirrorWrite::Create(mirror)]).await.remove(0);
        assert_eq!(refused.map_err(|error| error.kind), Err(ErrorKind::ReadOnly));
    }
}

#[tokio::test]
async fn a_personal_account_without_delta_is_read_by_its_view() {
    let scene = Scene::with(Switches { delta_personal_calendars: false, ..Switches::default() }).await;
    let sim = &scene.graph.sim;
    let personal = sim.add_user(MailboxKind::Personal, "eve@outlook.test", "Eve");
    let ada = scene.graph.mailbox;
    let (calendar, copy) = sim.with(|world| {
        let calendar = world.add_calendar(personal, "Side");
        world.share(calendar, ada, Role::Write);
        let copy = world.accept(ada, calendar);
        (calendar, world.calendar_id(copy))
    });
    sim.with(|world| world.put_event(calendar, &times(scene.day(2)))).unwrap();
    let owner = scene.calendar.as_str().split_once('/').unwrap().0.to_owned();
    let mut reader = Reader::default();
    let client = scene.graph.client_of(Mailbox::Me);
    scene.read_by(&client, &lasting_name(&owner, &copy), &mut reader).await;
    assert_eq!(reader.items.len(), 1);
}
