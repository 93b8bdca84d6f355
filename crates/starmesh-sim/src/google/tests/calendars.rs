//! The list of calendars, calendars, free/busy and colours.

use super::*;

#[tokio::test]
async fn the_list_names_the_primary_calendar_and_every_role() {
    let api = Api::new();
    api.sim.set_role(BOB, ADA, Some(Role::FreeBusyReader)).unwrap();
    let got = api.get("users/me/calendarList").await;
    let row = |id: &str| got.items().iter().find(|row| row["id"] == id).unwrap();
    assert_eq!((row(ADA)["primary"].clone(), row(ADA)["accessRole"].clone()), (json!(true), json!("owner")));
    assert_eq!((row(BOB).get("primary"), row(BOB)["accessRole"].as_str()), (None, Some("freeBusyReader")));
    assert!(row(ADA)["backgroundColor"].as_str().unwrap().starts_with('#'));
    assert_eq!(row(ADA)["timeZone"], "Europe/Berlin");
    let writable = api.get("users/me/calendarList?minAccessRole=writer").await;
    assert_eq!(writable.column("id"), [ADA]);
    assert!(writable.body.get("nextSyncToken").is_none());
}

#[tokio::test]
async fn the_list_tells_new_and_deleted_calendars_and_not_rights_alone() {
    let api = Api::new();
    let list = |token: &str| format!("users/me/calendarList?syncToken={token}");
    let token = api.get("users/me/calendarList").await.text_of("nextSyncToken").to_owned();
    let made = api.post("calendars", json!({ "summary": "Second", "timeZone": "Asia/Tokyo" })).await;
    assert_eq!(made.text_of("timeZone"), "Asia/Tokyo");
    let got = api.get(&list(&token)).await;
    assert_eq!(got.column("id"), [made.text_of("id")]);
    let token = got.text_of("nextSyncToken").to_owned();
    api.sim.set_role(made.text_of("id"), ADA, Some(Role::Reader)).unwrap();
    assert_eq!(api.get(&list(&token)).await.items().len(), 0);
    api.sim.set_role(made.text_of("id"), ADA, Some(Role::Owner)).unwrap();
    assert_eq!(api.delete(&format!("calendars/{}", made.text_of("id"))).await.status, 204);
    let got = api.get(&list(&token)).await;
    assert_eq!((got.items().len(), got.items()[0]["deleted"].clone()), (1, json!(true)));
    assert_eq!(api.get("users/me/calendarList").await.items().len(), 1);
    assert_eq!(api.get("users/me/calendarList?showDeleted=true").await.items().len(), 2);
    assert_eq!(api.get(&format!("calendars/{}/events", made.text_of("id"))).await.status, 404);
    assert_eq!(api.get(&format!("{}&minAccessRole=owner", list(&token))).await.status, 400);
}

#[tokio::test]
async fn the_list_comes_in_pages() {
    let api = Api::new();
    for n in 0..5 {
        api.post("calendars", json!({ "summary": n.to_string() })).await;
    }
    let first = api.get("users/me/calendarList?maxResults=4").await;
    assert_eq!((first.items().len(), first.body.get("nextSyncToken")), (4, None));
    let path = format!("users/me/calendarList?maxResults=4&pageToken={}", first.text_of("nextPageToken"));
    let second = api.get(&path).await;
    assert_eq!(second.items().len(), 2);
    assert!(second.body["nextSyncToken"].is_string());
}

#[tokio::test]
async fn entries_and_calendars_are_changed_where_they_may_be() {
    let api = Api::new();
    let got = api.patch("users/me/calendarList/primary?colorRgbFormat=true", json!({
        "backgroundColor": "#101010", "foregroundColor": "#ffffff", "summaryOverride": "Mine", "hidden": true,
    })).await;
    assert_eq!((got.text_of("backgroundColor"), got.text_of("summaryOverride")), ("#101010", "Mine"));
    assert_eq!(api.get("users/me/calendarList").await.items().len(), 0);
    assert_eq!(api.get("users/me/calendarList?showHidden=true").await.items().len(), 1);
    assert_eq!(api.patch("calendars/primary", json!({ "summary": "Ada" })).await.text_of("summary"), "Ada");
    assert_eq!(api.delete("calendars/primary").await.status, 400);
    let bobs = format!("calendars/{BOB}");
    assert_eq!(api.patch(&bobs, json!({ "summary": "x" })).await.status, 404);
    api.hour("event1", 3, 9).await;
    assert_eq!(api.post("calendars/primary/clear", Value::Null).await.status, 204);
    assert_eq!(api.all("").await.0.len(), 0);
}

#[tokio::test]
async fn free_busy_merges_what_is_opaque_and_hides_what_may_not_be_seen() {
    let api = Api::new();
    api.hour("event1", 3, 9).await;
    api.hour("event2", 3, 10).await;
    api.post("calendars/primary/events", with(timed(3, 14), "transparency", json!("transparent"))).await;
    let declined = json!([{ "email": ADA, "responseStatus": "declined" }]);
    api.post("calendars/primary/events", with(timed(3, 16), "attendees", declined)).await;
    let asked = json!({
        "timeMin": "2026-03-03T00:00:00Z", "timeMax": "2026-03-04T00:00:00Z",
        "items": [{ "id": "primary" }, { "id": BOB }],
    });
    let got = api.post("freeBusy", asked).await;
    let busy = json!([{ "start": "2026-03-03T09:00:00Z", "end": "2026-03-03T11:00:00Z" }]);
    assert_eq!(got.body["calendars"]["primary"]["busy"], busy);
    assert_eq!(got.body["calendars"][BOB]["errors"][0]["reason"], "notFound");
}

#[tokio::test]
async fn the_palettes_have_24_and_11_colours() {
    let got = Api::new().get("colors").await;
    let count = |name: &str| got.body[name].as_object().unwrap().len();
    assert_eq!((count("calendar"), count("event")), (24, 11));
}
