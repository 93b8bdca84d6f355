//! Whom the server would have written to.

use super::*;

const A: &str = "/calendars/ada@example.test/work/a.ics";

fn invitation(organizer: &str, guests: &str) -> String {
    event("a", &format!("ORGANIZER:mailto:{organizer}\r\n{guests}"))
}

fn told(scene: &Scene) -> Vec<(String, String)> {
    let notes = scene.sim.ledger().notifications();
    let said = notes.iter().map(|note| (note.to.clone(), note.about.split(' ').next().unwrap().to_owned()));
    let said = said.collect();
    scene.sim.ledger().clear();
    said
}

fn to(person: &str, what: &str) -> (String, String) {
    (person.to_owned(), what.to_owned())
}

#[tokio::test]
async fn an_invitation_its_change_and_its_end_reach_the_guests_and_a_plain_block_nobody() {
    let scene = Scene::new();
    scene.put(A, &[], &event("a", "")).await;
    scene.ask("DELETE", A, &[], "").await;
    assert_eq!(told(&scene), []);
    let (bob, eve) = ("ATTENDEE:mailto:bob@example.test\r\n", "ATTENDEE:mailto:eve@example.test\r\n");
    scene.put(A, &[], &invitation(ADA, &[bob, eve].concat())).await;
    assert_eq!(told(&scene), [to(BOB, "REQUEST"), to("eve@example.test", "REQUEST")]);
    scene.put(A, &[], &invitation(ADA, &[bob, eve].concat())).await;
    assert_eq!(told(&scene), [], "nothing changed");
    scene.put(A, &[], &invitation(ADA, bob)).await;
    assert_eq!(told(&scene), [to("eve@example.test", "CANCEL"), to(BOB, "REQUEST")]);
    scene.ask("DELETE", A, &[], "").await;
    assert_eq!(told(&scene), [to(BOB, "CANCEL")]);
}

#[tokio::test]
async fn an_answer_reaches_the_organizer_unless_it_is_not_to() {
    let scene = Scene::new();
    let mine = |answer: &str| invitation(BOB, &format!("ATTENDEE;PARTSTAT={answer}:mailto:{ADA}\r\n"));
    scene.put(A, &[], &mine("NEEDS-ACTION")).await;
    assert_eq!(told(&scene), []);
    scene.put(A, &[], &mine("ACCEPTED")).await;
    assert_eq!(told(&scene), [to(BOB, "REPLY")]);
    scene.ask("DELETE", A, &[("schedule-reply", "F")], "").await;
    assert_eq!(told(&scene), []);
    scene.put(A, &[], &mine("ACCEPTED")).await;
    told(&scene);
    scene.ask("DELETE", A, &[], "").await;
    assert_eq!(told(&scene), [to(BOB, "REPLY")]);
}

#[tokio::test]
async fn an_agent_is_obeyed_or_not_and_some_servers_send_nothing() {
    let quiet = invitation(ADA, "ATTENDEE;SCHEDULE-AGENT=CLIENT:mailto:bob@example.test\r\n");
    let scene = Scene::new();
    scene.put(A, &[], &quiet).await;
    assert_eq!(told(&scene), []);
    let scene = Scene::with(|switches| switches.scheduling.obeys_agent = false);
    scene.put(A, &[], &quiet).await;
    assert_eq!(told(&scene), [to(BOB, "REQUEST")]);
    scene.met("scheduling.agent_disobeyed");
    let scene = Scene::with(|switches| {
        switches.scheduling.automatic = false;
        switches.scheduling.tag_only = true;
    });
    let made = scene.put(A, &[], &quiet.replace("SCHEDULE-AGENT=CLIENT", "CUTYPE=INDIVIDUAL")).await;
    assert_eq!(told(&scene), []);
    assert_eq!(made.header("etag"), None);
    assert!(made.header("schedule-tag").is_some());
    scene.met("scheduling.tag_only");
}
