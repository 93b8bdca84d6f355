//! What may be stored, and what becomes of it.

use super::super::{AcrossCalendars, MissingParent, ReadOnlyRefusal, Rewrite, SecondUid};
use super::*;
use crate::web::WriteKind;

const A: &str = "/calendars/ada@example.test/work/a.ics";
const B: &str = "/calendars/ada@example.test/work/b.ics";

#[tokio::test]
async fn every_write_is_in_the_ledger_with_what_was_and_what_is() {
    let scene = Scene::new();
    scene.put(A, &[], &event("a", "SUMMARY:One\r\n")).await;
    scene.put(A, &[], &event("a", "SUMMARY:Two\r\n")).await;
    scene.ask("DELETE", A, &[], "").await;
    scene.book("by-hand");
    let writes = scene.sim.ledger().writes();
    let kinds: Vec<_> = writes.iter().map(|write| write.kind).collect();
    assert_eq!(kinds, [WriteKind::EventCreated, WriteKind::EventChanged, WriteKind::EventDeleted]);
    let summary = |facts: &Option<serde_json::Value>| {
        facts.as_ref().map(|facts| facts[0]["properties"]["SUMMARY"][0]["value"].clone())
    };
    let (one, two) = (Some("One".into()), Some("Two".into()));
    let said: Vec<_> = writes.iter().map(|write| (summary(&write.before), summary(&write.after))).collect();
    assert_eq!(said, [(None, one.clone()), (one, two.clone()), (two, None)]);
    assert_eq!((writes[0].calendar.as_str(), writes[0].event.as_deref()), (WORK, Some(A)));
    assert_eq!((writes[0].provider, writes[0].mailbox.as_str()), ("caldav", ADA));
}

#[tokio::test]
async fn what_is_no_calendar_object_is_refused_with_its_condition() {
    let scene = Scene::new();
    let todo = event("a", "").replace("VEVENT", "VTODO");
    for (text, condition) in [
        ("<html>".to_owned(), "valid-calendar-data"),
        (event("", ""), "valid-calendar-object-resource"),
        (event("a", "").replace("VERSION:2.0", "METHOD:REQUEST"), "valid-calendar-object-resource"),
        (todo, "supported-calendar-component"),
    ] {
        let got = scene.put(A, &[], &text).await;
        assert_eq!((got.status, got.text.contains(condition)), (403, true), "{}", got.text);
    }
    assert_eq!(scene.sim.objects(WORK).unwrap(), []);
}

#[tokio::test]
async fn a_uid_is_taken_once_in_a_calendar_and_servers_say_so_in_five_ways_or_not() {
    for (habit, status, says, met) in [
        (SecondUid::NoUidConflict, 409, "no-uid-conflict", "writes.second_uid.no_uid_conflict"),
        (SecondUid::PreconditionFailed, 412, "no-uid-conflict", "writes.second_uid.precondition_failed"),
        (
            SecondUid::UniqueSchedulingObject,
            403,
            "unique-scheduling-object-resource",
            "writes.second_uid.unique_scheduling_object",
        ),
        (SecondUid::Conflict, 409, "", "writes.second_uid.conflict"),
        (SecondUid::BadRequest, 400, "already exists", "writes.second_uid.bad_request"),
        (SecondUid::Stored, 201, "", "writes.second_uid.stored"),
    ] {
        let scene = Scene::with(|switches| switches.writes.second_uid = habit);
        scene.put(A, &[], &event("a", "")).await;
        let got = scene.put(B, &[], &event("a", "")).await;
        assert_eq!((got.status, got.text.contains(says)), (status, true), "{habit:?}: {}", got.text);
        scene.met(met);
    }
    let scene = Scene::new();
    scene.put(A, &[], &event("a", "")).await;
    assert_eq!(scene.put(A, &[], &event("b", "")).await.status, 409, "an object keeps its UID");
}

#[tokio::test]
async fn a_uid_of_another_calendar_is_free_refused_or_moves() {
    let club = format!("{CLUB}a.ics");
    let scene = Scene::new();
    scene.put(A, &[], &event("a", "")).await;
    assert_eq!(scene.put(&club, &[], &event("a", "")).await.status, 201);
    let scene = Scene::with(|switches| switches.writes.across_calendars = AcrossCalendars::Refused);
    scene.put(A, &[], &event("a", "")).await;
    let got = scene.put(&club, &[], &event("a", "")).await;
    assert_eq!((got.status, got.text.contains(A)), (403, true));
    scene.met("writes.across_calendars.refused");
    scene.sim.switch(|switches| switches.writes.across_calendars = AcrossCalendars::Moved);
    assert_eq!(scene.put(&club, &[], &event("a", "")).await.status, 201);
    assert_eq!(scene.get(A).await.status, 404);
    scene.met("writes.across_calendars.moved");
    let kinds: Vec<_> = scene.sim.ledger().writes().iter().map(|write| write.kind).collect();
    assert_eq!(kinds, [WriteKind::EventCreated, WriteKind::EventDeleted, WriteKind::EventMoved]);
}

#[tokio::test]
async fn a_trash_bin_keeps_the_uid_of_what_was_deleted() {
    let scene = Scene::new();
    scene.put(A, &[], &event("a", "")).await;
    scene.ask("DELETE", A, &[], "").await;
    scene.sim.switch(|switches| switches.writes.trash = true);
    assert_eq!(scene.put(A, &[], &event("a", "")).await.status, 400);
    scene.met("writes.trash");
    scene.sim.switch(|switches| switches.writes.trash = false);
    assert_eq!(scene.put(A, &[], &event("a", "")).await.status, 201);
}

#[tokio::test]
async fn text_is_kept_put_in_order_or_stamped_and_unknown_properties_may_go() {
    let text = event("a", "X-MARK;X-OF=us:kept\r\nSUMMARY:One\r\n");
    let stored = async |scene: &Scene| {
        scene.put(A, &[], &text).await;
        scene.get(A).await.text
    };
    assert_eq!(stored(&Scene::new()).await, text);
    let scene = Scene::with(|switches| switches.writes.rewrite = Rewrite::Ordered);
    let ordered = stored(&scene).await;
    assert!(
        ordered.find("DTEND") < ordered.find("DTSTART") && ordered.contains("X-MARK;X-OF=us:kept\r\n"),
        "{ordered}"
    );
    scene.met("writes.rewrite.ordered");
    let scene = Scene::with(|switches| switches.writes.rewrite = Rewrite::Stamped);
    let first = stored(&scene).await;
    scene.wait(60);
    let second = stored(&scene).await;
    assert!(first.contains("CREATED:20261123T120000Z") && first.contains("LAST-MODIFIED:20261123T120000Z"));
    assert!(second.contains("CREATED:20261123T120000Z") && second.contains("LAST-MODIFIED:20261123T120100Z"));
    scene.met("writes.rewrite.stamped");
    let scene = Scene::with(|switches| switches.writes.keeps_unknown = false);
    assert!(!stored(&scene).await.contains("X-MARK"));
    scene.met("writes.unknown_dropped");
}

#[tokio::test]
async fn limits_of_names_sizes_numbers_and_ends_are_told() {
    let scene = Scene::with(|switches| {
        switches.writes.strict_names = true;
        switches.writes.end_required = true;
        switches.writes.size_max = 400;
        switches.writes.objects_max = Some(1);
    });
    let odd = format!("{WORK}a@b.ics");
    assert_eq!(scene.put(&odd, &[], &event("a", "")).await.status, 400);
    scene.met("writes.strict_names");
    let endless = event("a", "").replace("DTEND:20261124T110000Z\r\n", "");
    assert_eq!(scene.put(A, &[], &endless).await.status, 403);
    scene.met("writes.end_required");
    let long = event("a", &format!("SUMMARY:{}\r\n", "x".repeat(400)));
    assert!(scene.put(A, &[], &long).await.text.contains("max-resource-size"));
    scene.met("writes.size_max");
    assert_eq!(scene.put(A, &[], &event("a", "")).await.status, 201);
    let full = scene.put(B, &[], &event("b", "")).await;
    assert_eq!((full.status, full.text.contains("quota-not-exceeded")), (507, true));
    scene.met("writes.objects_max");
    assert_eq!(scene.put(A, &[], &event("a", "")).await.status, 204, "a change needs no room");
}

#[tokio::test]
async fn a_new_object_may_get_another_name() {
    let scene = Scene::with(|switches| switches.writes.relocates = true);
    let made = scene.put(A, &[], &event("a", "")).await;
    let place = made.header("location").unwrap().to_owned();
    assert_eq!((scene.get(A).await.status, scene.get(&place).await.status), (404, 200));
    assert_eq!(scene.put(&place, &[], &event("a", "")).await.status, 204, "it keeps that one");
    scene.met("writes.relocates");
}

#[tokio::test]
async fn a_calendar_that_is_gone_or_read_only_says_so() {
    let scene = Scene::new();
    let nowhere = format!("{HOME}none/a.ics");
    assert_eq!(scene.put(&nowhere, &[], &event("a", "")).await.status, 409);
    scene.met("writes.missing_parent.conflict");
    scene.sim.switch(|switches| switches.writes.missing_parent = MissingParent::NotFound);
    assert_eq!(scene.put(&nowhere, &[], &event("a", "")).await.status, 404);
    scene.met("writes.missing_parent.not_found");
    scene.book("a");
    scene.sim.set_writable(WORK, false).unwrap();
    for (habit, status, condition, met) in [
        (ReadOnlyRefusal::NeedPrivileges, 403, "need-privileges", "writes.read_only.need_privileges"),
        (ReadOnlyRefusal::Forbidden, 403, "", "writes.read_only.forbidden"),
        (ReadOnlyRefusal::MethodNotAllowed, 405, "", "writes.read_only.method_not_allowed"),
    ] {
        scene.sim.switch(|switches| switches.writes.read_only = habit);
        for method in ["PUT", "DELETE"] {
            let got = scene.ask(method, A, &[], &event("a", "")).await;
            assert_eq!((got.status, got.text.contains(condition)), (status, true));
        }
        scene.met(met);
    }
    scene.sim.remove_calendar(WORK).unwrap();
    assert_eq!(scene.get(A).await.status, 404);
    assert_eq!(scene.token_status().await, 404);
}

impl Scene {
    async fn token_status(&self) -> u16 {
        self.report(WORK, "d:sync-collection", ALL).await.status
    }
}
