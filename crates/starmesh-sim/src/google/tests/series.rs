//! Series: instances, exceptions, cancelled instances, deletion, new times, splits.

use super::*;

async fn weekly(api: &Api, rule: &str) {
    let got = api.post("calendars/primary/events", with_id("regular", series(16, rule))).await;
    assert_eq!(got.status, 200, "{}", got.text);
}

async fn delta(api: &Api, token: &str) -> Vec<Value> {
    api.all(&format!("singleEvents=true&maxResults=2500&syncToken={token}")).await.0
}

fn row<'a>(rows: &'a [Value], id: &str) -> &'a Value {
    rows.iter().find(|row| row["id"] == id).unwrap_or(&Value::Null)
}

#[tokio::test]
async fn instances_keep_the_wall_clock_across_a_change_of_summer_time() {
    let api = Api::new();
    weekly(&api, "FREQ=WEEKLY;COUNT=3").await;
    let got = api.get("calendars/primary/events?singleEvents=true&orderBy=startTime").await;
    // Clocks go forward in Berlin on 29 March 2026.
    assert_eq!(
        got.column("id"),
        ["regular_20260316T080000Z", "regular_20260323T080000Z", "regular_20260330T070000Z"]
    );
    let last = &got.items()[2];
    assert_eq!(
        last["start"],
        json!({ "dateTime": "2026-03-30T09:00:00+02:00", "timeZone": "Europe/Berlin" })
    );
    assert_eq!(last["originalStartTime"], last["start"]);
    assert_eq!(last["recurringEventId"], "regular");
    assert_eq!(last["iCalUID"], "regular@google.com");
    assert!(last.get("recurrence").is_none());
}

#[tokio::test]
async fn a_series_of_days_has_instances_named_by_day() {
    let api = Api::new();
    let body = json!({
        "id": "dates", "start": { "date": "2026-03-28" }, "end": { "date": "2026-03-30" },
        "recurrence": ["RRULE:FREQ=MONTHLY;COUNT=2", "EXDATE;VALUE=DATE:20260428", "RDATE;VALUE=DATE:20260501"],
    });
    assert_eq!(api.post("calendars/primary/events", body).await.status, 200);
    let got = api.get("calendars/primary/events?singleEvents=true&orderBy=startTime").await;
    assert_eq!(got.column("id"), ["dates_20260328", "dates_20260501"]);
    assert_eq!(got.items()[1]["end"], json!({ "date": "2026-05-03" }));
}

#[tokio::test]
async fn without_instances_a_list_has_masters_and_exceptions() {
    let api = Api::new();
    weekly(&api, "FREQ=WEEKLY;COUNT=3").await;
    let moved = json!({ "start": { "dateTime": "2026-03-24T12:00:00Z" }, "end": { "dateTime": "2026-03-24T13:00:00Z" } });
    let got = api.patch("calendars/primary/events/regular_20260323T080000Z", moved).await;
    assert_eq!(got.body["originalStartTime"]["dateTime"], "2026-03-23T09:00:00+01:00");
    let (rows, _) = api.all("").await;
    assert_eq!(ids(&rows), ["regular", "regular_20260323T080000Z"]);
    assert_eq!(row(&rows, "regular")["recurrence"], json!(["RRULE:FREQ=WEEKLY;COUNT=3"]));
    let (rows, _) = api.all("singleEvents=true").await;
    assert_eq!(rows.len(), 3);
    assert_eq!(row(&rows, "regular_20260323T080000Z")["start"]["dateTime"], "2026-03-24T13:00:00+01:00");
}

#[tokio::test]
async fn a_cancelled_instance_comes_with_masters_even_unasked_and_names_its_series() {
    let api = Api::new();
    weekly(&api, "FREQ=WEEKLY;COUNT=3").await;
    let (_, token) = api.all("singleEvents=true").await;
    assert_eq!(api.delete("calendars/primary/events/regular_20260323T080000Z").await.status, 204);
    assert_eq!(api.delete("calendars/primary/events/regular_20260323T080000Z").await.status, 410);
    let (masters, _) = api.all("").await;
    let cancelled = row(&masters, "regular_20260323T080000Z");
    assert_eq!(cancelled["status"], "cancelled");
    assert_eq!(cancelled["recurringEventId"], "regular");
    assert_eq!(cancelled["originalStartTime"]["dateTime"], "2026-03-23T09:00:00+01:00");
    assert_eq!(cancelled.get("summary"), None);
    assert_eq!(api.all("singleEvents=true").await.0.len(), 2);
    assert_eq!(api.all("singleEvents=true&showDeleted=true").await.0.len(), 3);
    let rows = delta(&api, &token).await;
    assert_eq!(
        (ids(&rows), rows[0]["status"].clone()),
        (vec!["regular_20260323T080000Z"], json!("cancelled"))
    );
}

#[tokio::test]
async fn a_deleted_series_is_told_as_cancelled_instances_or_as_its_master() {
    let api = Api::new();
    weekly(&api, "FREQ=WEEKLY;COUNT=3").await;
    api.patch("calendars/primary/events/regular_20260323T080000Z", json!({ "summary": "x" })).await;
    let (_, instances) = api.all("singleEvents=true").await;
    let (_, masters) = api.all("").await;
    assert_eq!(api.delete("calendars/primary/events/regular").await.status, 204);
    let rows = delta(&api, &instances).await;
    assert_eq!(rows.len(), 3);
    assert!(rows.iter().all(|row| row["status"] == "cancelled" && row["recurringEventId"] == "regular"));
    let rows = api.get(&format!("calendars/primary/events?syncToken={masters}")).await;
    assert_eq!(rows.column("id"), ["regular"]);
    assert_eq!(rows.items()[0]["status"], "cancelled");
    assert_eq!(api.all("singleEvents=true").await.0.len(), 0);
    let (deleted, _) = api.all("singleEvents=true&showDeleted=true").await;
    assert_eq!(deleted.len(), 3);
    assert_eq!(api.delete("calendars/primary/events/regular_20260330T070000Z").await.status, 410);
}

#[tokio::test]
async fn new_times_of_a_series_cancel_its_former_instances_or_are_silent_about_them() {
    for mode in [Retimed::Cancelled, Retimed::Silent] {
        let api = Api::new();
        api.sim.switch(|switches| switches.retimed = mode);
        weekly(&api, "FREQ=WEEKLY;COUNT=2").await;
        let (_, token) = api.all("singleEvents=true").await;
        let later = json!({
            "start": { "dateTime": "2026-03-16T11:00:00", "timeZone": "Europe/Berlin" },
            "end": { "dateTime": "2026-03-16T12:00:00", "timeZone": "Europe/Berlin" },
        });
        let got = api.patch("calendars/primary/events/regular", later).await;
        assert_eq!(got.body["sequence"], 1);
        let rows = delta(&api, &token).await;
        let living = rows.iter().filter(|row| row["status"] == "confirmed").cloned().collect::<Vec<_>>();
        assert_eq!(ids(&living), ["regular_20260316T100000Z", "regular_20260323T100000Z"]);
        let cancelled = if mode == Retimed::Cancelled { 2 } else { 0 };
        assert_eq!(rows.len() - living.len(), cancelled);
        assert_eq!(api.all("singleEvents=true").await.0.len(), 2);
    }
}

#[tokio::test]
async fn a_single_event_that_becomes_a_series_leaves_its_own_id() {
    let api = Api::new();
    api.post("calendars/primary/events", with_id("single", with(series(16, "x"), "recurrence", Value::Null)))
        .await;
    let (rows, token) = api.all("singleEvents=true").await;
    assert_eq!(ids(&rows), ["single"]);
    api.patch("calendars/primary/events/single", json!({ "recurrence": ["RRULE:FREQ=DAILY;COUNT=2"] })).await;
    let rows = delta(&api, &token).await;
    assert_eq!(ids(&rows), ["single", "single_20260316T080000Z", "single_20260317T080000Z"]);
    assert_eq!(row(&rows, "single")["status"], "cancelled");
    assert!(row(&rows, "single").get("recurringEventId").is_none());
}

#[tokio::test]
async fn an_open_series_has_730_instances() {
    let api = Api::new();
    weekly(&api, "FREQ=DAILY").await;
    assert_eq!(api.all("singleEvents=true&maxResults=2500").await.0.len(), 730);
    assert_eq!(api.all("singleEvents=true&timeMin=2028-03-14T00:00:00Z").await.0.len(), 1);
    assert_eq!(api.all("singleEvents=true&timeMin=2028-03-15T00:00:00Z").await.0.len(), 0);
}

#[tokio::test]
async fn a_split_series_ends_and_goes_on_under_a_new_id() {
    let api = Api::new();
    weekly(&api, "FREQ=WEEKLY;COUNT=4").await;
    let new = api.sim.split_series(ADA, "regular_20260330T070000Z", &json!({ "summary": "later" })).unwrap();
    assert_eq!(new, "regular_R20260330T070000");
    let (rows, _) = api.all("singleEvents=true&timeMax=2026-04-07T00:00:00Z").await;
    let of = |series: &str| rows.iter().filter(|row| row["recurringEventId"] == series).count();
    assert_eq!((of("regular"), of("regular_R20260330T070000")), (2, 2));
    let instance = api.get("calendars/primary/events/regular_R20260330T070000_20260330T070000Z").await;
    assert_eq!(instance.body["summary"], "later");
}

#[tokio::test]
async fn instances_are_listed_by_series_with_bounds_and_original_start() {
    let api = Api::new();
    weekly(&api, "FREQ=WEEKLY;COUNT=5").await;
    api.delete("calendars/primary/events/regular_20260323T080000Z").await;
    let path = "calendars/primary/events/regular/instances";
    assert_eq!(api.get(path).await.items().len(), 4);
    assert_eq!(api.get(&format!("{path}?showDeleted=true")).await.items().len(), 5);
    let bounded = api.get(&format!("{path}?timeMin=2026-03-17T00:00:00Z&timeMax=2026-04-01T00:00:00Z")).await;
    assert_eq!(bounded.column("id"), ["regular_20260330T070000Z"]);
    let one = api.get(&format!("{path}?originalStart=2026-04-06T09:00:00%2B02:00")).await;
    assert_eq!(one.column("id"), ["regular_20260406T070000Z"]);
    let first = api.get(&format!("{path}?maxResults=3")).await;
    let second = api.get(&format!("{path}?maxResults=3&pageToken={}", first.text_of("nextPageToken"))).await;
    assert_eq!((first.items().len(), second.items().len()), (3, 1));
    assert!(second.body.get("nextPageToken").is_none());
    api.hour("single", 3, 9).await;
    assert_eq!(api.get("calendars/primary/events/single/instances").await.status, 400);
    assert_eq!(api.get("calendars/primary/events/nothing/instances").await.status, 404);
}

#[tokio::test]
async fn a_stricter_instance_takes_its_series_with_it_and_a_laxer_one_stays_as_it_is() {
    let api = Api::new();
    weekly(&api, "FREQ=WEEKLY;COUNT=3").await;
    api.patch("calendars/primary/events/regular_20260323T080000Z", json!({ "visibility": "private" })).await;
    assert_eq!(api.get("calendars/primary/events/regular").await.body["visibility"], "private");
    let got = api
        .patch("calendars/primary/events/regular_20260316T080000Z", json!({ "visibility": "public" }))
        .await;
    assert_eq!(got.body["visibility"], "private");
}

#[tokio::test]
async fn rules_that_cannot_be_and_series_without_a_zone_are_refused() {
    let api = Api::new();
    let zoneless = with(with_id("series", timed(3, 9)), "recurrence", json!(["RRULE:FREQ=DAILY"]));
    assert_eq!(api.post("calendars/primary/events", zoneless).await.reason(), "required");
    for rule in ["FREQ=SOMETIMES", "FREQ=SECONDLY"] {
        let got = api.post("calendars/primary/events", series(3, rule)).await;
        assert_eq!((got.status, got.reason()), (400, "invalid"), "{rule}");
    }
}
