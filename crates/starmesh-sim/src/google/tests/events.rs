//! Writes of single events.

use super::*;
use crate::web::WriteKind;

#[tokio::test]
async fn ids_are_checked_and_an_id_once_used_is_never_free_again() {
    let api = Api::new();
    for wrong in ["abcd", "ABCDE", "abcdw", "abc-de", "abc_de", &"a".repeat(1_025)] {
        let got = api.post("calendars/primary/events", with_id(wrong, timed(3, 9))).await;
        assert_eq!((got.status, got.reason()), (400, "invalid"), "{wrong}");
    }
    api.hour("taken", 3, 9).await;
    let again = api.post("calendars/primary/events", with_id("taken", timed(4, 9))).await;
    assert_eq!((again.status, again.reason(), again.domain()), (409, "duplicate", "global"));
    api.delete("calendars/primary/events/taken").await;
    let again = api.post("calendars/primary/events", with_id("taken", timed(4, 9))).await;
    assert_eq!((again.status, again.reason()), (409, "duplicate"));
    assert_eq!(api.sim.ledger().writes().len(), 2);
}

#[tokio::test]
async fn an_unnoticed_collision_answers_success_and_overwrites_nothing() {
    let api = Api::new();
    api.hour("taken", 3, 9).await;
    api.sim.switch(|switches| switches.collision = Collision::Unnoticed);
    let again = api.post("calendars/primary/events", with_id("taken", timed(4, 9))).await;
    assert_eq!(again.status, 200);
    let kept = api.get("calendars/primary/events/taken").await;
    assert_eq!(kept.body["start"]["dateTime"], "2026-03-03T10:00:00+01:00");
    assert_eq!(api.sim.ledger().writes().len(), 1);
}

#[tokio::test]
async fn a_collision_may_be_told_as_a_success_that_shows_what_stands() {
    let api = Api::new();
    api.hour("taken", 3, 9).await;
    api.sim.switch(|switches| switches.collision = Collision::Told);
    let again = api.post("calendars/primary/events", with_id("taken", timed(4, 9))).await;
    assert_eq!((again.status, &again.body["start"]["dateTime"]), (200, &json!("2026-03-03T10:00:00+01:00")));
    api.delete("calendars/primary/events/taken").await;
    let again = api.post("calendars/primary/events", with_id("taken", timed(4, 9))).await;
    assert_eq!((again.status, &again.body["status"]), (200, &json!("cancelled")));
    assert_eq!(api.sim.ledger().writes().len(), 2);
}

#[tokio::test]
async fn a_deleted_event_is_gone_for_deletes_cancelled_for_gets_and_may_be_brought_back() {
    let api = Api::new();
    api.hour("event1", 3, 9).await;
    assert_eq!(api.delete("calendars/primary/events/never").await.reason(), "notFound");
    let got = api.delete("calendars/primary/events/event1").await;
    assert_eq!((got.status, got.text.as_str()), (204, ""));
    let again = api.delete("calendars/primary/events/event1").await;
    assert_eq!((again.status, again.reason()), (410, "deleted"));
    let got = api.get("calendars/primary/events/event1").await;
    assert_eq!((got.status, got.body["status"].clone()), (200, json!("cancelled")));
    api.sim.switch(|switches| switches.undelete = Undelete::Refused);
    let back = with(timed(3, 9), "status", json!("confirmed"));
    assert_eq!(api.put("calendars/primary/events/event1", back.clone()).await.status, 403);
    api.sim.switch(|switches| switches.undelete = Undelete::Allowed);
    assert_eq!(api.put("calendars/primary/events/event1", back).await.body["status"], "confirmed");
    assert_eq!(api.all("").await.0.len(), 1);
}

#[tokio::test]
async fn if_match_guards_patch_put_and_delete_and_if_none_match_gets() {
    let api = Api::new();
    api.hour("event1", 3, 9).await;
    let path = "calendars/primary/events/event1";
    let old = api.get(path).await.text_of("etag").to_owned();
    let fresh = api.patch(path, json!({ "summary": "x" })).await.text_of("etag").to_owned();
    assert_ne!(old, fresh);
    for (method, body) in
        [("PATCH", Some(json!({ "summary": "y" }))), ("PUT", Some(timed(3, 9))), ("DELETE", None)]
    {
        let got = api.ask_as(TOKEN, method, path, &[("if-match", old.as_str())], body).await;
        assert_eq!((got.status, got.reason()), (412, "conditionNotMet"), "{method}");
        assert_eq!(got.body["error"]["errors"][0]["location"], "If-Match");
    }
    let same = api.ask_as(TOKEN, "GET", path, &[("if-none-match", fresh.as_str())], None).await;
    assert_eq!((same.status, same.text.as_str()), (304, ""));
    let got = api.ask_as(TOKEN, "DELETE", path, &[("if-match", fresh.as_str())], None).await;
    assert_eq!(got.status, 204);
}

#[tokio::test]
async fn an_etag_is_twice_updated_and_reminders_alone_do_not_move_it() {
    let api = Api::new();
    api.hour("event1", 3, 9).await;
    let path = "calendars/primary/events/event1";
    let got = api.patch(path, json!({ "summary": "x" })).await;
    let updated = DateTime::parse_from_rfc3339(got.text_of("updated")).unwrap().timestamp_millis();
    assert_eq!(got.text_of("etag"), format!("\"{}\"", updated * 2_000));
    let reminded = api.patch(path, json!({ "reminders": { "useDefault": true } })).await;
    assert_eq!(reminded.body["updated"], got.body["updated"]);
    assert_ne!(reminded.body["etag"], got.body["etag"]);
}

#[tokio::test]
async fn update_replaces_and_patch_merges() {
    let api = Api::new();
    let body = with(
        with_id("event1", timed(3, 9)),
        "extendedProperties",
        json!({ "private": { "a": "1", "b": "2" } }),
    );
    let body = with(body, "summary", json!("Busy"));
    let path = "calendars/primary/events/event1";
    let made = api.post("calendars/primary/events", body).await;
    assert_eq!(made.body["extendedProperties"], json!({ "private": { "a": "1", "b": "2" } }));
    let patch = json!({ "summary": null, "extendedProperties": { "private": { "a": null, "c": "3" } } });
    let got = api.patch(path, patch).await;
    assert_eq!(got.body["extendedProperties"], json!({ "private": { "b": "2", "c": "3" } }));
    assert!(got.body.get("summary").is_none());
    let got = api.put(path, timed(3, 10)).await;
    assert!(got.body.get("extendedProperties").is_none());
    assert_eq!(got.body["reminders"], json!({ "useDefault": false }));
}

#[tokio::test]
async fn missing_reminders_take_the_defaults_and_would_reach_a_person() {
    let api = Api::new();
    let mut body = with_id("event1", timed(3, 9));
    body.as_object_mut().unwrap().remove("reminders");
    let got = api.post("calendars/primary/events", body).await;
    assert_eq!(got.body["reminders"], json!({ "useDefault": true }));
    let told = api.sim.ledger().notifications();
    assert_eq!((told.len(), told[0].to.as_str()), (1, ADA));
    let quiet =
        with(with_id("event2", timed(3, 9)), "reminders", json!({ "useDefault": false, "overrides": [] }));
    api.post("calendars/primary/events", quiet).await;
    assert_eq!(api.sim.ledger().notifications().len(), 1);
}

#[tokio::test]
async fn send_updates_says_whom_a_write_would_tell() {
    let api = Api::new();
    let rows = json!([{ "email": BOB }, { "email": "eve@elsewhere.test" }, { "email": ADA }]);
    let body = |id: &str| with(with_id(id, timed(3, 9)), "attendees", rows.clone());
    let told = |api: &Api| {
        let told: Vec<_> = api.sim.ledger().notifications().into_iter().map(|it| it.to).collect();
        api.sim.ledger().clear();
        told
    };
    api.post("calendars/primary/events?sendUpdates=none", body("event1")).await;
    assert_eq!(told(&api), Vec::<String>::new());
    api.post("calendars/primary/events?sendUpdates=externalOnly", body("event2")).await;
    assert_eq!(told(&api), ["eve@elsewhere.test"]);
    api.delete("calendars/primary/events/event2?sendUpdates=all").await;
    assert_eq!(told(&api), [BOB, "eve@elsewhere.test"]);
    api.post("calendars/primary/events?sendNotifications=true", body("event3")).await;
    assert_eq!(told(&api).len(), 2);
    assert_eq!(api.post("calendars/primary/events?sendUpdates=some", body("event4")).await.status, 400);
}

#[tokio::test]
async fn bodies_that_break_a_rule_are_refused() {
    let api = Api::new();
    let start = json!({ "dateTime": "2026-03-03T09:00:00Z" });
    let with_field = |name: &str, value: Value| with(timed(3, 9), name, value);
    for (body, reason) in [
        (json!({}), "required"),
        (json!({ "start": start }), "required"),
        (json!({ "start": start, "end": { "date": "2026-03-04" } }), "invalid"),
        (json!({ "start": start, "end": { "dateTime": "2026-03-03T08:00:00Z" } }), "timeRangeEmpty"),
        (json!({ "start": { "date": "2026-03-03" }, "end": { "date": "2026-03-03" } }), "timeRangeEmpty"),
        (json!({ "start": { "dateTime": "2026-03-03T09:00:00" }, "end": start }), "required"),
        (
            json!({ "start": { "dateTime": "2026-03-03T09:00:00", "timeZone": "Mars" }, "end": start }),
            "invalid",
        ),
        (with_field("visibility", json!("secret")), "invalid"),
        (with_field("transparency", json!("glass")), "invalid"),
        (with_field("status", json!("perhaps")), "invalid"),
        (with_field("colorId", json!("12")), "invalid"),
        (with_field("source", json!({ "url": "ftp://x" })), "invalid"),
        (with_field("attendees", json!([{ "email": "nobody" }])), "invalid"),
        (
            with_field("reminders", json!({ "overrides": [{ "method": "popup", "minutes": 40_321 }] })),
            "invalid",
        ),
        (
            with_field(
                "reminders",
                json!({ "useDefault": true, "overrides": [{ "method": "popup", "minutes": 1 }] }),
            ),
            "cannotUseDefaultRemindersAndSpecifyOverride",
        ),
        (with_field("eventType", json!("fromGmail")), "eventTypeRestriction"),
        (with_field("eventType", json!("workingLocation")), "eventTypeRestriction"),
        (with_field("eventType", json!("birthday")), "eventTypeRestriction"),
        (with_field("eventType", json!("party")), "invalid"),
        (with(with_id("event1", timed(3, 9)), "iCalUID", json!("x@y")), "invalid"),
    ] {
        let got = api.post("calendars/primary/events", body.clone()).await;
        assert_eq!((got.status, got.reason()), (400, reason), "{body}");
    }
    let reminders = vec![json!({ "method": "popup", "minutes": 1 }); 6];
    let got = api
        .post("calendars/primary/events", with_field("reminders", json!({ "overrides": reminders })))
        .await;
    assert_eq!(got.status, 400);
    let unknown = api.post("calendars/primary/events", with_field("unheardOf", json!(1))).await;
    assert_eq!(unknown.status, 200);
    assert!(unknown.body.get("unheardOf").is_none());
    assert_eq!(api.sim.stored_events(ADA).unwrap().len(), 1);
}

#[tokio::test]
async fn fields_that_nobody_knows_are_taken_and_dropped() {
    let api = Api::new();
    let made = api.post("calendars/primary/events", with(timed(3, 9), "sparkle", json!(true))).await;
    assert_eq!((made.status, made.body.get("sparkle")), (200, None));
}

#[tokio::test]
async fn types_belong_to_primary_calendars_and_never_change() {
    let api = Api::new();
    let made = api.post("calendars", json!({ "summary": "Second" })).await;
    let focus = with(with_id("focus", timed(3, 9)), "eventType", json!("focusTime"));
    let second = format!("calendars/{}/events", made.text_of("id"));
    assert_eq!(api.post(&second, focus.clone()).await.reason(), "eventTypeRestriction");
    assert_eq!(api.post("calendars/primary/events", focus).await.body["eventType"], "focusTime");
    let got = api.patch("calendars/primary/events/focus", json!({ "eventType": "default" })).await;
    assert_eq!(got.reason(), "eventTypeRestriction");
    let got = api.put("calendars/primary/events/focus", timed(3, 10)).await;
    assert_eq!(got.body["eventType"], "focusTime");
}

#[tokio::test]
async fn a_lower_sequence_is_refused() {
    let api = Api::new();
    api.post("calendars/primary/events", with(with_id("event1", timed(3, 9)), "sequence", json!(5))).await;
    let got = api.patch("calendars/primary/events/event1", json!({ "sequence": 4 })).await;
    assert_eq!(got.status, 400);
    assert!(got.text.contains("Invalid sequence value."));
    assert_eq!(api.patch("calendars/primary/events/event1", json!({ "sequence": 5 })).await.status, 200);
}

#[tokio::test]
async fn import_upserts_by_uid_or_refuses_as_the_switch_says() {
    let api = Api::new();
    let import = "calendars/primary/events/import";
    assert_eq!(api.post(import, timed(3, 9)).await.reason(), "required");
    let body = with(timed(3, 9), "iCalUID", json!("x@elsewhere.test"));
    let first = api.post(import, with(body.clone(), "sequence", json!(2))).await;
    assert_eq!((first.status, first.text_of("iCalUID")), (200, "x@elsewhere.test"));
    let again = api.post(import, with(body.clone(), "sequence", json!(3))).await;
    assert_eq!((again.status, again.text_of("id")), (200, first.text_of("id")));
    assert!(
        api.post(import, with(body.clone(), "sequence", json!(1))).await.text.contains("Invalid sequence")
    );
    api.sim.switch(|switches| switches.reimport = Reimport::Refuses);
    assert_eq!(api.post(import, body).await.status, 409);
    assert_eq!(api.post(&format!("{import}?sendUpdates=none"), timed(3, 9)).await.status, 400);
}

#[tokio::test]
async fn long_properties_are_trimmed_silently_or_refused() {
    let api = Api::new();
    let properties = json!({ "private": { "k".repeat(45): "v", "kept": "v".repeat(1_025) } });
    let body = with(timed(3, 9), "extendedProperties", properties);
    let got = api.post("calendars/primary/events", body.clone()).await;
    let kept = got.body["extendedProperties"]["private"].as_object().unwrap();
    assert_eq!((kept.len(), kept["kept"].as_str().unwrap().len()), (1, 1_024));
    api.sim.switch(|switches| switches.long_properties = LongProperties::Refused);
    assert_eq!(api.post("calendars/primary/events", body).await.status, 400);
    let many: serde_json::Map<_, _> = (0..301).map(|n| (n.to_string(), json!("v"))).collect();
    let got = api
        .post("calendars/primary/events", with(timed(3, 9), "extendedProperties", json!({ "private": many })))
        .await;
    assert_eq!(got.status, 400);
}

#[tokio::test]
async fn a_move_leaves_a_cancelled_event_behind() {
    let api = Api::new();
    api.hour("event1", 3, 9).await;
    let second = api.post("calendars", json!({ "summary": "Second" })).await.text_of("id").to_owned();
    let got =
        api.post(&format!("calendars/primary/events/event1/move?destination={second}"), Value::Null).await;
    assert_eq!((got.status, got.body["organizer"]["email"].as_str()), (200, Some(second.as_str())));
    assert_eq!(api.get("calendars/primary/events/event1").await.body["status"], "cancelled");
    assert_eq!(api.get(&format!("calendars/{second}/events/event1")).await.body["status"], "confirmed");
}

#[tokio::test]
async fn shared_properties_belong_to_the_organizer() {
    let api = Api::new();
    let theirs = with(timed(3, 9), "organizer", json!({ "email": BOB }));
    api.sim.put_event(ADA, Some("invited"), &theirs).unwrap();
    let shared = json!({ "extendedProperties": { "shared": { "a": "1" } } });
    let got = api.patch("calendars/primary/events/invited", shared).await;
    assert_eq!((got.status, got.reason()), (403, "forbiddenForNonOrganizer"));
    let private = json!({ "extendedProperties": { "private": { "a": "1" } } });
    assert_eq!(api.patch("calendars/primary/events/invited", private).await.status, 200);
}

#[tokio::test]
async fn every_write_stands_in_the_ledger_and_edits_by_hand_do_not() {
    let api = Api::new();
    api.hour("event1", 3, 9).await;
    api.patch("calendars/primary/events/event1", json!({ "summary": "x" })).await;
    api.delete("calendars/primary/events/event1").await;
    api.sim.put_event(ADA, None, &timed(3, 9)).unwrap();
    let kinds: Vec<_> = api.sim.ledger().writes().iter().map(|write| write.kind).collect();
    assert_eq!(kinds, [WriteKind::EventCreated, WriteKind::EventChanged, WriteKind::EventDeleted]);
    let first = &api.sim.ledger().writes()[0];
    assert_eq!((first.mailbox.as_str(), first.calendar.as_str(), first.method.as_str()), (ADA, ADA, "POST"));
}
