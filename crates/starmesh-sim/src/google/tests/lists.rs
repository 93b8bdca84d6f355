//! `events.list`: bounds, order, pages, filters.

use super::*;

#[tokio::test]
async fn time_min_is_about_ends_and_time_max_about_starts_and_both_exclude() {
    let api = Api::new();
    for (id, hour) in [("nine9", 9), ("ten10", 10), ("eleven11", 11)] {
        api.hour(id, 3, hour).await;
    }
    let found = |lo: &'static str, hi: &'static str| {
        let api = &api;
        async move {
            let got = api
                .get(&format!("calendars/primary/events?timeMin=2026-03-03T{lo}Z&timeMax=2026-03-03T{hi}Z"))
                .await;
            ids(got.items()).iter().map(ToString::to_string).collect::<Vec<_>>()
        }
    };
    assert_eq!(found("10:00:00", "11:00:00").await, ["ten10"]);
    // Fractions of a second are ignored.
    assert_eq!(found("09:59:59.999", "11:00:00.5").await, ["nine9", "ten10"]);
    assert_eq!(found("10:00:00", "11:00:01").await, ["eleven11", "ten10"]);
    let empty =
        api.get("calendars/primary/events?timeMin=2026-03-03T10:00:00Z&timeMax=2026-03-03T10:00:00Z").await;
    assert_eq!((empty.status, empty.reason(), empty.domain()), (400, "timeRangeEmpty", "calendar"));
    let naive = api.get("calendars/primary/events?timeMin=2026-03-03T10:00:00").await;
    assert_eq!((naive.status, naive.reason()), (400, "badRequest"));
}

#[tokio::test]
async fn a_day_is_compared_in_the_zone_of_the_calendar() {
    let api = Api::new();
    let day = json!({ "id": "allofit", "start": { "date": "2026-03-03" }, "end": { "date": "2026-03-04" } });
    api.post("calendars/primary/events", day).await;
    // The third of March ends in Berlin at 23:00 UTC.
    let after = api.get("calendars/primary/events?timeMin=2026-03-03T23:00:00Z").await;
    assert_eq!(after.items().len(), 0);
    let before = api.get("calendars/primary/events?timeMin=2026-03-03T22:59:59Z").await;
    assert_eq!(before.items().len(), 1);
    let until = api.get("calendars/primary/events?timeMax=2026-03-02T23:00:00Z").await;
    assert_eq!(until.items().len(), 0);
}

#[tokio::test]
async fn ordering_by_start_needs_instances_and_brings_no_sync_token() {
    let api = Api::new();
    for (id, day) in [("third", 5), ("first", 3), ("second", 4)] {
        api.hour(id, day, 9).await;
    }
    let refused = api.get("calendars/primary/events?orderBy=startTime").await;
    assert_eq!(refused.status, 400);
    let got = api.get("calendars/primary/events?orderBy=startTime&singleEvents=true").await;
    assert_eq!(got.column("id"), ["first", "second", "third"]);
    assert!(got.body.get("nextSyncToken").is_none());
    let updated = api.get("calendars/primary/events?orderBy=updated").await;
    assert_eq!(updated.column("id"), ["third", "first", "second"]);
    assert!(updated.body.get("nextSyncToken").is_some());
}

#[tokio::test]
async fn pages_hold_each_row_once_and_the_token_comes_with_the_last() {
    let api = Api::new();
    for n in 0..23 {
        api.hour(&format!("event{n:02}"), 3, n % 20).await;
    }
    let (rows, token) = api.all("maxResults=5").await;
    assert_eq!(ids(&rows).len(), 23);
    assert!(ids(&rows).windows(2).all(|pair| pair[0] < pair[1]));
    assert!(!token.is_empty());
}

#[tokio::test]
async fn pages_may_be_short_or_empty_and_lose_nothing() {
    let api = Api::new();
    for n in 0..23 {
        api.hour(&format!("event{n:02}"), 3, n % 20).await;
    }
    api.sim.switch(|switches| {
        switches.faults = FaultPlan { empty_page: 400, short_page: 400, ..FaultPlan::default() };
    });
    let (mut empty, mut page, mut rows) = (0, String::new(), Vec::new());
    loop {
        let got = api.get(&format!("calendars/primary/events?maxResults=5{page}")).await;
        rows.extend(got.items().iter().cloned());
        let Some(next) = got.body["nextPageToken"].as_str() else { break };
        empty += usize::from(got.items().is_empty());
        page = format!("&pageToken={next}");
    }
    assert_eq!(ids(&rows).len(), 23);
    assert!(ids(&rows).windows(2).all(|pair| pair[0] < pair[1]));
    assert!(empty > 0);
}

#[tokio::test]
async fn a_page_token_belongs_to_its_query() {
    let api = Api::new();
    for n in 0..4 {
        api.hour(&format!("event{n}"), 3, n).await;
    }
    let page = api.get("calendars/primary/events?maxResults=2").await.text_of("nextPageToken").to_owned();
    let other =
        api.get(&format!("calendars/primary/events?maxResults=2&singleEvents=true&pageToken={page}")).await;
    assert_eq!((other.status, other.reason()), (400, "invalidParameter"));
    assert_eq!(api.get("calendars/primary/events?pageToken=x").await.status, 400);
}

#[tokio::test]
async fn several_property_constraints_are_and_or_or_as_the_switch_says() {
    let api = Api::new();
    let marked = |id: &str, pairs: Value| {
        with(with_id(id, timed(3, 9)), "extendedProperties", json!({ "private": pairs }))
    };
    api.post("calendars/primary/events", marked("both1", json!({ "a": "1", "b": "2" }))).await;
    api.post("calendars/primary/events", marked("alone1", json!({ "a": "1" }))).await;
    let query = "calendars/primary/events?privateExtendedProperty=a%3D1&privateExtendedProperty=b%3D2";
    let got = api.get(query).await;
    assert_eq!(got.column("id"), ["both1"]);
    assert!(got.body.get("nextSyncToken").is_none());
    api.sim.switch(|switches| switches.properties = PropertyFilter::Any);
    assert_eq!(ids(api.get(query).await.items()), ["alone1", "both1"]);
    let malformed = api.get("calendars/primary/events?privateExtendedProperty=a").await;
    assert_eq!(malformed.reason(), "invalidParameter");
}

#[tokio::test]
async fn types_uid_and_text_filter() {
    let api = Api::new();
    let away = with(with_id("absent", timed(3, 9)), "eventType", json!("outOfOffice"));
    assert_eq!(api.post("calendars/primary/events", away).await.status, 200);
    let titled = with(with_id("titled", timed(3, 9)), "summary", json!("Board Meeting"));
    api.post("calendars/primary/events", titled).await;
    assert_eq!(api.get("calendars/primary/events?eventTypes=outOfOffice").await.column("id"), ["absent"]);
    assert_eq!(api.get("calendars/primary/events?q=board").await.column("id"), ["titled"]);
    assert_eq!(
        api.get("calendars/primary/events?iCalUID=titled%40google.com").await.column("id"),
        ["titled"]
    );
    assert_eq!(api.get("calendars/primary/events?eventTypes=party").await.status, 400);
}

#[tokio::test]
async fn updated_min_brings_deletions_and_cannot_lie_far_back() {
    let api = Api::new();
    api.hour("old11", 3, 9).await;
    api.hour("gone1", 3, 10).await;
    api.sim.clock().advance(chrono::TimeDelta::hours(1));
    api.delete("calendars/primary/events/gone1").await;
    let got = api.get("calendars/primary/events?updatedMin=2026-03-02T12:30:00Z").await;
    assert_eq!(got.items().len(), 1);
    assert_eq!(got.items()[0]["status"], "cancelled");
    let far = api.get("calendars/primary/events?updatedMin=2026-01-02T12:30:00Z").await;
    assert_eq!((far.status, far.reason()), (410, "updatedMinTooLongAgo"));
}

#[tokio::test]
async fn a_deleted_event_is_shown_to_who_asks_until_it_is_forgotten() {
    let api = Api::new();
    api.hour("gone1", 3, 10).await;
    api.delete("calendars/primary/events/gone1").await;
    api.sim.switch(|switches| switches.tombstone_life_s = 600);
    let asked = "calendars/primary/events?showDeleted=true";
    assert_eq!(api.get(asked).await.column("id"), ["gone1"]);
    assert_eq!(api.get("calendars/primary/events").await.items().len(), 0);
    api.sim.clock().advance(chrono::TimeDelta::seconds(601));
    assert_eq!(api.get(asked).await.items().len(), 0);
    assert_eq!(api.sim.met()["tombstone_life"], 1);
}

#[tokio::test]
async fn lists_may_lag_behind_writes_and_the_token_lags_with_them() {
    let api = Api::new();
    api.hour("older1", 3, 9).await;
    api.sim.clock().advance(chrono::TimeDelta::seconds(10));
    api.sim.switch(|switches| switches.list_lag_ms = 5_000);
    api.hour("late11", 3, 9).await;
    api.patch("calendars/primary/events/older1", json!({ "summary": "new" })).await;
    let got = api.get("calendars/primary/events").await;
    assert_eq!(got.column("id"), ["older1"]);
    assert_eq!(got.items()[0].get("summary"), None);
    assert_eq!(api.get("calendars/primary/events/late11").await.status, 200);
    let token = got.text_of("nextSyncToken").to_owned();
    api.sim.clock().advance(chrono::TimeDelta::seconds(5));
    let delta = api.get(&format!("calendars/primary/events?syncToken={token}")).await;
    assert_eq!(ids(delta.items()), ["late11", "older1"]);
}

#[tokio::test]
async fn attendees_can_be_cut_to_oneself() {
    let api = Api::new();
    let rows = json!([{ "email": BOB }, { "email": ADA, "responseStatus": "declined" }]);
    let body = with(with_id("meeting", timed(3, 9)), "attendees", rows);
    api.post("calendars/primary/events", body).await;
    let got = api.get("calendars/primary/events/meeting?maxAttendees=1").await;
    let shown = got.body["attendees"].as_array().unwrap();
    assert_eq!(shown.len(), 1);
    assert_eq!(
        (shown[0]["self"].clone(), shown[0]["responseStatus"].clone()),
        (json!(true), json!("declined"))
    );
    assert_eq!(got.body["attendeesOmitted"], true);
}
