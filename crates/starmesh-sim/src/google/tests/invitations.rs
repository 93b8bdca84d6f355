//! Meetings, and what the ledger says of writes.

use super::*;

/// An hour with Bob and Eve, who is nobody here.
fn meeting() -> Value {
    let guests = json!([{ "email": BOB }, { "email": "eve@elsewhere.test" }]);
    let private = json!({ "private": { "ours": "1" }, "shared": { "all": "2" } });
    with(with(with_id("meeting", timed(3, 9)), "attendees", guests), "extendedProperties", private)
}

async fn bobs(api: &Api, path: &str) -> Got {
    api.ask_as(BOBS_TOKEN, "GET", &format!("calendars/primary/{path}"), &[], None).await
}

#[tokio::test]
async fn a_guest_has_a_copy_with_the_same_ids_and_without_what_is_the_organizers_own() {
    let api = Api::new();
    let before = bobs(&api, "events").await.text_of("nextSyncToken").to_owned();
    api.post("calendars/primary/events", meeting()).await;
    let told = bobs(&api, &format!("events?syncToken={before}")).await;
    let [copy] = told.items() else { panic!("{}", told.text) };
    assert_eq!((&copy["id"], &copy["iCalUID"]), (&json!("meeting"), &json!("meeting@google.com")));
    assert_eq!(copy["organizer"], json!({ "email": ADA }));
    assert_eq!(copy["attendees"][0]["self"], true);
    assert_eq!(copy["attendees"][0]["responseStatus"], "needsAction");
    assert_eq!(copy["reminders"], json!({ "useDefault": true }));
    assert_eq!(copy["extendedProperties"], json!({ "shared": { "all": "2" } }));
}

#[tokio::test]
async fn a_copy_follows_the_organizer_and_keeps_what_is_the_guests_own() {
    let api = Api::new();
    api.post("calendars/primary/events", meeting()).await;
    let own = json!({ "colorId": "3", "extendedProperties": { "private": { "bobs": "1" } } });
    let path = "calendars/primary/events/meeting";
    assert_eq!(api.ask_as(BOBS_TOKEN, "PATCH", path, &[], Some(own)).await.status, 200);
    let later = json!({ "start": timed(4, 9)["start"], "end": timed(4, 9)["end"] });
    api.patch("calendars/primary/events/meeting", later).await;
    let copy = bobs(&api, "events/meeting").await.body;
    assert!(copy["start"]["dateTime"].as_str().unwrap().starts_with("2026-03-04"));
    assert_eq!((&copy["colorId"], &copy["sequence"]), (&json!("3"), &json!(1)));
    assert_eq!(copy["extendedProperties"], json!({ "private": { "bobs": "1" }, "shared": { "all": "2" } }));
    api.patch("calendars/primary/events/meeting", json!({ "attendees": [] })).await;
    assert_eq!(bobs(&api, "events/meeting").await.body["status"], "cancelled");
}

#[tokio::test]
async fn an_answer_is_seen_by_the_organizer_and_a_meeting_called_off_goes_everywhere() {
    let api = Api::new();
    api.post("calendars/primary/events", meeting()).await;
    let mut guests = bobs(&api, "events/meeting").await.body["attendees"].clone();
    guests[0]["responseStatus"] = json!("accepted");
    let path = "calendars/primary/events/meeting";
    api.ask_as(BOBS_TOKEN, "PATCH", path, &[], Some(json!({ "attendees": guests }))).await;
    let organizers = api.get(path).await.body;
    assert_eq!(organizers["attendees"][0]["responseStatus"], "accepted");
    api.delete(path).await;
    assert_eq!(bobs(&api, "events/meeting").await.body["status"], "cancelled");
}

#[tokio::test]
async fn a_guest_who_removes_the_copy_has_declined() {
    let api = Api::new();
    api.sim.put_event(ADA, Some("meeting"), &meeting()).unwrap();
    api.sim.delete_event(BOB, "meeting").unwrap();
    let organizers = api.get("calendars/primary/events/meeting").await.body;
    assert_eq!(
        (&organizers["status"], &organizers["attendees"][0]["responseStatus"]),
        (&json!("confirmed"), &json!("declined"))
    );
    api.patch("calendars/primary/events/meeting", json!({ "summary": "x" })).await;
    assert_eq!(
        bobs(&api, "events/meeting").await.body["status"],
        "cancelled",
        "it does not come back by itself"
    );
}

#[tokio::test]
async fn an_event_of_the_guests_own_with_the_same_id_is_left_alone() {
    let api = Api::new();
    let own = with(with_id("meeting", timed(9, 9)), "summary", json!("Mine"));
    api.sim.put_event(BOB, Some("meeting"), &with(own, "iCalUID", json!("other"))).unwrap();
    api.post("calendars/primary/events", meeting()).await;
    assert_eq!(bobs(&api, "events/meeting").await.body["summary"], "Mine");
}

#[tokio::test]
async fn a_series_with_guests_is_a_series_for_them_too() {
    let api = Api::new();
    let weekly = with(series(3, "FREQ=WEEKLY;COUNT=3"), "attendees", json!([{ "email": BOB }]));
    api.post("calendars/primary/events", with_id("series1", weekly)).await;
    let instances = bobs(&api, "events/series1/instances").await;
    assert_eq!(instances.items().len(), 3);
    let second = instances.items()[1]["id"].as_str().unwrap().to_owned();
    api.delete(&format!("calendars/primary/events/{second}")).await;
    assert_eq!(bobs(&api, "events/series1/instances").await.items().len(), 2);
}

#[tokio::test]
async fn the_ledger_says_what_each_write_made_of_what() {
    let api = Api::new();
    api.hour("event1", 3, 9).await;
    api.patch("calendars/primary/events/event1", json!({ "summary": "x" })).await;
    api.delete("calendars/primary/events/event1").await;
    let writes = api.sim.ledger().writes();
    let summaries: Vec<_> = writes
        .iter()
        .map(|write| {
            let summary = |facts: &Option<Value>| facts.as_ref().map(|facts| facts["summary"].clone());
            (summary(&write.before), summary(&write.after))
        })
        .collect();
    let (none, x) = (Some(Value::Null), Some(json!("x")));
    assert_eq!(summaries, [(None, none.clone()), (none, x.clone()), (x, None)]);
    assert_eq!(writes[0].after.as_ref().unwrap()["id"], "event1");
}
