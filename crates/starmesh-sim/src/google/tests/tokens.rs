//! Sync tokens.

use super::*;

const WINDOW: &str = "singleEvents=true&timeMin=2026-03-02T00:00:00Z&timeMax=2026-03-12T00:00:00Z";

async fn delta(api: &Api, token: &str) -> Got {
    api.get(&format!("calendars/primary/events?singleEvents=true&syncToken={token}")).await
}

#[tokio::test]
async fn a_delta_brings_each_changed_row_once_in_its_newest_form() {
    let api = Api::new();
    api.hour("kept1", 3, 9).await;
    api.hour("moved", 3, 10).await;
    api.hour("gone1", 3, 11).await;
    let (_, token) = api.all("").await;
    for n in 0..3 {
        api.patch("calendars/primary/events/moved", json!({ "summary": n.to_string() })).await;
    }
    api.delete("calendars/primary/events/gone1").await;
    let got = api.get(&format!("calendars/primary/events?syncToken={token}")).await;
    assert_eq!(ids(got.items()), ["gone1", "moved"]);
    let row = |id: &str| got.items().iter().find(|row| row["id"] == id).unwrap();
    assert_eq!(row("moved")["summary"], "2");
    let bare: Vec<_> = row("gone1").as_object().unwrap().keys().cloned().collect();
    assert_eq!(bare, ["etag", "id", "kind", "status"]);
    let again =
        api.get(&format!("calendars/primary/events?syncToken={}", got.text_of("nextSyncToken"))).await;
    assert_eq!(again.items().len(), 0);
}

#[tokio::test]
async fn a_deleted_event_may_keep_its_details() {
    let api = Api::new();
    let body = with(with_id("gone1", timed(3, 9)), "summary", json!("Secret"));
    api.post("calendars/primary/events", body).await;
    let (_, token) = api.all("").await;
    api.delete("calendars/primary/events/gone1").await;
    api.sim.switch(|switches| switches.tombstones = Tombstones::Whole);
    let got = api.get(&format!("calendars/primary/events?syncToken={token}")).await;
    assert_eq!(
        (got.items()[0]["status"].clone(), got.items()[0]["summary"].clone()),
        (json!("cancelled"), json!("Secret"))
    );
}

#[tokio::test]
async fn restrictions_cannot_stand_beside_a_token() {
    let api = Api::new();
    let (_, token) = api.all("").await;
    for extra in [
        "timeMin=2026-03-03T00:00:00Z",
        "timeMax=2026-03-03T00:00:00Z",
        "updatedMin=2026-03-02T00:00:00Z",
        "q=x",
        "iCalUID=x",
        "orderBy=updated",
        "privateExtendedProperty=a%3Db",
        "sharedExtendedProperty=a%3Db",
        "showDeleted=false",
        // Everything else has to be as it was.
        "singleEvents=true",
        "eventTypes=default",
    ] {
        let got = api.get(&format!("calendars/primary/events?syncToken={token}&{extra}")).await;
        assert_eq!(got.status, 400, "{extra}");
    }
    for fine in ["showDeleted=true", "maxResults=3", "singleEvents=false", "fields=items"] {
        let got = api.get(&format!("calendars/primary/events?syncToken={token}&{fine}")).await;
        assert_eq!(got.status, 200, "{fine}");
    }
    assert_eq!(api.get("calendars/primary/events?syncToken=nonsense").await.status, 400);
}

#[tokio::test]
async fn types_of_the_first_list_must_be_repeated() {
    let api = Api::new();
    let (_, token) = api.all("eventTypes=default&eventTypes=outOfOffice").await;
    let same =
        format!("calendars/primary/events?eventTypes=outOfOffice&eventTypes=default&syncToken={token}");
    assert_eq!(api.get(&same).await.status, 200);
    assert_eq!(api.get(&format!("calendars/primary/events?syncToken={token}")).await.status, 400);
}

#[tokio::test]
async fn tokens_die_of_age_of_changed_rights_and_by_hand_with_and_without_a_reason() {
    let api = Api::new();
    let (_, token) = api.all("singleEvents=true").await;
    api.sim.set_role(ADA, BOB, Some(Role::Reader)).unwrap();
    let got = delta(&api, &token).await;
    assert_eq!((got.status, got.reason(), got.domain()), (410, "fullSyncRequired", "calendar"));
    let (_, token) = api.all("singleEvents=true").await;
    api.sim.end_sync_tokens(ADA).unwrap();
    api.sim.switch(|switches| switches.gone_has_reason = false);
    let got = delta(&api, &token).await;
    assert_eq!((got.status, got.reason()), (410, ""));
    let (_, token) = api.all("singleEvents=true").await;
    api.sim.switch(|switches| switches.sync_token_life_s = Some(60));
    api.sim.clock().advance(chrono::TimeDelta::seconds(60));
    assert_eq!(delta(&api, &token).await.status, 410);
}

#[tokio::test]
async fn a_token_may_die_between_two_pages() {
    let api = Api::new();
    let (_, token) = api.all("singleEvents=true").await;
    for n in 0..5 {
        api.hour(&format!("event{n}"), 3, n).await;
    }
    let path = format!("calendars/primary/events?singleEvents=true&maxResults=2&syncToken={token}");
    let first = api.get(&path).await;
    assert_eq!(first.items().len(), 2);
    api.sim.switch(|switches| switches.faults.dead_token = 1_000);
    let second = api.get(&format!("{path}&pageToken={}", first.text_of("nextPageToken"))).await;
    assert_eq!(second.status, 410);
}

#[tokio::test]
async fn what_changes_while_paging_is_in_the_next_delta() {
    let api = Api::new();
    for n in 0..6 {
        api.hour(&format!("event{n}"), 3, n).await;
    }
    let first = api.get("calendars/primary/events?maxResults=3").await;
    api.hour("betimes", 3, 9).await;
    let path =
        format!("calendars/primary/events?maxResults=100&pageToken={}", first.text_of("nextPageToken"));
    let last = api.get(&path).await;
    let got = api.get(&format!("calendars/primary/events?syncToken={}", last.text_of("nextSyncToken"))).await;
    assert_eq!(got.column("id"), ["betimes"]);
}

#[tokio::test]
async fn a_token_that_ignores_its_window_brings_what_lies_outside_and_one_that_keeps_it_does_not() {
    for mode in [TokenWindow::Ignored, TokenWindow::Kept] {
        let api = Api::new();
        api.sim.switch(|switches| switches.token_window = mode);
        api.hour("leaves", 5, 9).await;
        let (rows, token) = api.all(WINDOW).await;
        assert_eq!(rows.len(), 1);
        api.hour("inside", 6, 9).await;
        api.hour("outside", 25, 9).await;
        let far = json!({ "start": timed(26, 9)["start"], "end": timed(26, 9)["end"] });
        api.patch("calendars/primary/events/leaves", far).await;
        let got = delta(&api, &token).await;
        let left = got.items().iter().find(|row| row["id"] == "leaves").unwrap();
        match mode {
            TokenWindow::Ignored => {
                assert_eq!(ids(got.items()), ["inside", "leaves", "outside"]);
                assert_eq!(left["status"], "confirmed");
                assert_eq!(api.sim.met()["token_window.ignored"], 1);
            }
            TokenWindow::Kept => {
                assert_eq!(ids(got.items()), ["inside", "leaves"]);
                assert_eq!(left["status"], "cancelled");
                api.sim.switch(|switches| switches.left_window = LeftWindow::Whole);
                let got = delta(&api, &token).await;
                let left = got.items().iter().find(|row| row["id"] == "leaves").unwrap();
                assert_eq!(left["status"], "confirmed");
                let met = api.sim.met();
                assert_eq!((met["left_window.cancelled"], met["left_window.whole"]), (1, 1));
                assert!(!met.contains_key("token_window.ignored"));
            }
        }
    }
}

#[tokio::test]
async fn a_changed_open_series_brings_its_instances_for_years_unless_the_window_is_kept() {
    for (mode, wanted) in [(TokenWindow::Ignored, 730), (TokenWindow::Kept, 2)] {
        let api = Api::new();
        api.sim.switch(|switches| switches.token_window = mode);
        api.post("calendars/primary/events", with_id("regular", series(3, "FREQ=WEEKLY"))).await;
        let (rows, token) = api.all(WINDOW).await;
        assert_eq!(rows.len(), 2);
        api.patch("calendars/primary/events/regular", json!({ "summary": "touched" })).await;
        let (rows, _) = api.all(&format!("singleEvents=true&maxResults=2500&syncToken={token}")).await;
        assert_eq!(rows.len(), wanted);
    }
}

#[tokio::test]
async fn cancelled_rows_may_be_repeated() {
    let api = Api::new();
    for n in 0..20 {
        api.hour(&format!("event{n:02}"), 3, 9).await;
        api.delete(&format!("calendars/primary/events/event{n:02}")).await;
    }
    let (_, token) = api.all("singleEvents=true").await;
    assert_eq!(delta(&api, &token).await.items().len(), 0);
    api.sim.switch(|switches| switches.repeat_tombstones_per_mille = 500);
    let got = delta(&api, &token).await;
    assert!(!got.items().is_empty() && got.items().len() < 20);
    assert!(got.items().iter().all(|row| row["status"] == "cancelled"));
}

#[tokio::test]
async fn a_list_may_end_without_a_token() {
    let api = Api::new();
    api.sim.switch(|switches| switches.omit_sync_token = true);
    let got = api.get("calendars/primary/events").await;
    assert!(got.status == 200 && got.body.get("nextSyncToken").is_none());
}
