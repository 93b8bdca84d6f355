//! Meetings, and what the ledger says of writes.

use super::*;

/// An hour with Bob and somebody from elsewhere.
fn meeting(day: u32) -> Value {
    let guest = |address: &str| json!({"emailAddress": {"address": address}, "type": "required"});
    also(block(day), &json!({"attendees": [guest("bob@contoso.test"), guest("eve@elsewhere.test")]}))
}

/// Bob's copy, as he reads it.
async fn copy(api: &Api) -> Value {
    let rows = api.as_bob("GET", "/me/events", &Value::Null).await.rows().to_vec();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0].clone()
}

#[tokio::test]
async fn a_guest_has_a_copy_with_the_same_uid_and_an_id_of_its_own() {
    let api = Api::new();
    let made = api.post("/me/events", &meeting(3)).await.body;
    let copy = copy(&api).await;
    assert_eq!(copy["iCalUId"], made["iCalUId"]);
    assert_ne!(copy["id"], made["id"]);
    assert_eq!((&copy["isOrganizer"], &copy["showAs"]), (&json!(false), &json!("tentative")));
    assert_eq!(copy["organizer"]["emailAddress"]["address"], "ada@contoso.test");
    assert_eq!(copy["responseStatus"]["response"], "notResponded");
    assert_eq!(copy.get("transactionId"), None);
}

#[tokio::test]
async fn a_copy_follows_the_organizer_keeps_what_is_its_own_and_is_cancelled_in_the_end() {
    let api = Api::new();
    let path = format!("/me/events/{}", api.post("/me/events", &meeting(3)).await.id());
    let theirs = format!("/me/events/{}", copy(&api).await["id"].as_str().unwrap());
    api.as_bob("PATCH", &theirs, &json!({"showAs": "oof"})).await;
    api.patch(&path, &json!({"start": meeting(4)["start"], "end": meeting(4)["end"], "subject": "Moved"}))
        .await;
    let followed = copy(&api).await;
    assert_eq!(followed["start"]["dateTime"], "2026-11-04T09:00:00.0000000");
    assert_eq!((&followed["subject"], &followed["showAs"]), (&json!("Moved"), &json!("oof")));
    let key = followed["changeKey"].clone();
    api.patch(&path, &json!({"isReminderOn": true})).await;
    assert_eq!(copy(&api).await["changeKey"], key, "a reminder is the organizer's own");
    api.delete(&path).await;
    assert_eq!(copy(&api).await["isCancelled"], true);
}

#[tokio::test]
async fn an_answer_is_seen_by_the_organizer() {
    let api = Api::new();
    let path = format!("/me/events/{}", api.post("/me/events", &meeting(3)).await.id());
    let theirs = format!("/me/events/{}", copy(&api).await["id"].as_str().unwrap());
    assert_eq!(
        api.as_bob("POST", &format!("{theirs}/accept"), &json!({"sendResponse": true})).await.status,
        202
    );
    assert_eq!(copy(&api).await["showAs"], "busy");
    assert_eq!(api.get(&path).await.body["attendees"][0]["status"]["response"], "accepted");
    api.patch(&path, &json!({"attendees": []})).await;
    assert_eq!(copy(&api).await["isCancelled"], true, "who is invited no more is told so");
}

#[tokio::test]
async fn a_series_with_guests_is_a_series_for_them_too_also_by_hand() {
    let api = Api::new();
    let calendar = api.calendar(api.ada);
    let body = also(daily(3, 3), &json!({"attendees": meeting(3)["attendees"]}));
    let item = api.sim.with(|world| world.put_event(calendar, &body).unwrap());
    let day = chrono::NaiveDate::from_ymd_opt(2026, 11, 4).unwrap();
    api.sim.with(|world| world.cancel_occurrence(item, day));
    let window = "startDateTime=2026-11-01T00:00:00Z&endDateTime=2026-11-30T00:00:00Z";
    let shown = api.as_bob("GET", &format!("/me/calendarView?{window}"), &Value::Null).await;
    assert_eq!(shown.rows().len(), 2);
}

#[tokio::test]
async fn the_ledger_says_what_each_write_made_of_what() {
    let api = Api::new();
    let path = format!("/me/events/{}", api.post("/me/events", &block(3)).await.id());
    api.patch(&path, &json!({"showAs": "oof"})).await;
    api.delete(&path).await;
    let shows = |facts: &Option<Value>| facts.as_ref().map(|facts| facts["properties"]["showAs"].clone());
    let said: Vec<_> =
        api.sim.ledger().writes().iter().map(|write| (shows(&write.before), shows(&write.after))).collect();
    let (busy, oof) = (Some(json!("busy")), Some(json!("oof")));
    assert_eq!(said, [(None, busy.clone()), (busy, oof.clone()), (oof, None)]);
}
