//! Lists, views and their pages.

use serde_json::json;

use super::*;

#[tokio::test]
async fn a_view_has_singles_first_ten_a_page_and_absolute_links() {
    let api = Api::new();
    api.post("/me/events", &daily(1, 9)).await;
    for day in 20..24 {
        api.post("/me/events", &block(day)).await;
    }
    let first = api.get(&format!("/me/calendarView?{NOVEMBER}")).await;
    let kinds: Vec<_> = first.rows().iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(kinds.len(), 10);
    assert!(kinds[..4].iter().all(|kind| *kind == "singleInstance"));
    assert!(kinds[4..].iter().all(|kind| *kind == "occurrence"));
    let link = first.body["@odata.nextLink"].as_str().unwrap();
    assert!(link.starts_with("http://graph.test/v1.0/me/calendarView?"));
    let second = api.get(link).await;
    assert_eq!(second.rows().len(), 3);
    assert!(second.body.get("@odata.nextLink").is_none());
}

#[tokio::test]
async fn a_page_is_as_long_as_top_or_the_preference_says_within_limits() {
    let api = Api::with(&json!({"page_max": 150}));
    let calendar = api.calendar(api.ada);
    api.sim.with(|world| {
        for _ in 0..160 {
            world.put_busy(calendar, "2026-11-03T09:00:00", "2026-11-03T10:00:00").unwrap();
        }
    });
    let length = async |path: &str, prefer: &str| api.prefer(path, prefer).await.rows().len();
    let view = format!("/me/calendarView?{NOVEMBER}");
    assert_eq!(length(&view, "odata.maxpagesize=50").await, 50);
    assert_eq!(length(&format!("{view}&$top=20"), "odata.maxpagesize=50").await, 20);
    assert_eq!(length(&format!("{view}&$top=999"), "x").await, 150);
    assert_eq!(length(&format!("{view}&$top=999&$expand=calendar"), "x").await, 100);
    assert_eq!(api.get(&format!("{view}&$top=0")).await.code(), "BadRequest");
    let counted = api.get("/me/events?$count=true&$top=1").await;
    assert_eq!(counted.body["@odata.count"], 160);
}

#[tokio::test]
async fn a_view_needs_a_window_and_honours_offsets_in_it() {
    let api = Api::new();
    api.post("/me/events", &block(3)).await;
    assert_eq!(api.get("/me/calendarView").await.code(), "ErrorInvalidParameter");
    let rows = async |lo: &str, hi: &str| {
        let answer = api.get(&format!("/me/calendarView?startDateTime={lo}&endDateTime={hi}")).await;
        (answer.code().to_owned(), answer.rows().len())
    };
    assert_eq!(rows("2026-11-03T10:00:00Z", "2026-11-04").await.1, 0, "touching is outside");
    assert_eq!(rows("2026-11-03T11:59:00%2B02:00", "2026-11-04").await.1, 1);
    assert_eq!(rows("2026-11-04", "2026-11-03").await.0, "ErrorInvalidParameter");
    assert_eq!(rows("2020-01-01", "2026-01-01").await.0, "ErrorCalendarViewRangeTooBig");
}

#[tokio::test]
async fn select_keeps_the_etag_and_a_view_keeps_its_stamps_to_itself() {
    let api = Api::new();
    api.post("/me/events", &block(3)).await;
    let view = api.get(&format!("/me/calendarView?{NOVEMBER}&$select=subject,createdDateTime")).await;
    let row = view.rows()[0].as_object().unwrap();
    let names: Vec<_> = row.keys().map(String::as_str).collect();
    assert_eq!(names.len(), 3);
    assert!(["@odata.etag", "id", "subject"].iter().all(|name| names.contains(name)));
    let list = api.get("/me/events?$select=createdDateTime").await;
    assert!(list.rows()[0].get("createdDateTime").is_some());
    assert_eq!(api.get("/me/events?$select=uid").await.status, 400);
}

#[tokio::test]
async fn a_list_filters_and_orders() {
    let api = Api::new();
    for day in [5, 3, 4] {
        api.post("/me/events", &also(block(day), &json!({"subject": format!("Day {day}")}))).await;
    }
    let subjects = async |query: &str| {
        let answer = api.get(&format!("/me/events?{query}")).await;
        answer.rows().iter().map(|row| row["subject"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(subjects("$orderby=start/dateTime").await, ["Day 3", "Day 4", "Day 5"]);
    assert_eq!(
        subjects("$filter=start/dateTime%20ge%20'2026-11-04T00:00:00Z'&$orderby=subject%20desc").await,
        ["Day 5", "Day 4"]
    );
    assert_eq!(api.get("/me/events?$filter=transactionId%20eq%20'x'").await.code(), "ErrorInvalidProperty");
    api.switch(&json!({"filter_by_transaction_id": true}));
    assert_eq!(api.get("/me/events?$filter=transactionId%20eq%20'x'").await.status, 200);
}

#[tokio::test]
async fn a_listing_may_lag_behind_a_write() {
    let api = Api::with(&json!({"list_lag_ms": 30_000}));
    let made = api.post("/me/events", &block(3)).await;
    assert_eq!(api.get("/me/events").await.rows().len(), 0);
    assert_eq!(api.get(&format!("/me/events/{}", made.id())).await.status, 200);
    api.advance(1);
    assert_eq!(api.get("/me/events").await.rows().len(), 1);
}

#[tokio::test]
async fn calendars_are_listed_made_renamed_and_deleted() {
    let api = Api::new();
    let made = api.post("/me/calendars", &json!({"name": "Side", "color": "lightTeal"})).await;
    assert_eq!((made.status, &made.body["color"]), (201, &json!("lightTeal")));
    assert_eq!(made.body["owner"]["address"], "ada@contoso.test");
    assert_eq!(api.post("/me/calendars", &json!({"name": "Side"})).await.status, 409);
    let list = api.get("/me/calendars").await;
    let facts: Vec<_> = list
        .rows()
        .iter()
        .map(|row| (row["name"].as_str().unwrap(), row["isDefaultCalendar"].as_bool().unwrap()))
        .collect();
    assert_eq!(facts, [("Calendar", true), ("Side", false)]);
    let path = format!("/me/calendars/{}", made.id());
    assert_eq!(api.patch(&path, &json!({"name": "Other"})).await.body["name"], "Other");
    let default = api.get("/me/calendar").await.id();
    assert_eq!(api.delete(&format!("/me/calendars/{default}")).await.status, 403);
    assert_eq!(api.delete(&path).await.status, 204);
    assert_eq!(api.get(&path).await.status, 404);
    let group = api.get("/me/calendarGroups").await.rows()[0]["id"].as_str().unwrap().to_owned();
    assert_eq!(api.get(&format!("/me/calendarGroups/{group}/calendars")).await.rows().len(), 1);
}

#[tokio::test]
async fn the_person_the_settings_and_the_zones_can_be_read() {
    let api = Api::new();
    assert_eq!(api.get("/me").await.body["userPrincipalName"], "ada@contoso.test");
    assert_eq!(api.get("/me/mailboxSettings/timeZone").await.body["value"], "UTC");
    let windows = api.get("/me/outlook/supportedTimeZones").await;
    assert!(windows.rows().iter().any(|row| row["alias"] == "W. Europe Standard Time"));
    let iana = api
        .get("/me/outlook/supportedTimeZones(TimeZoneStandard=microsoft.graph.timeZoneStandard'Iana')")
        .await;
    assert!(iana.rows().iter().any(|row| row["alias"] == "Europe/Berlin"));
}

#[tokio::test]
async fn a_view_has_a_widest_range() {
    let api = Api::new();
    let view = |until: &str| {
        format!("/me/calendarView?startDateTime=2026-01-01T00:00:00Z&endDateTime={until}T00:00:00Z")
    };
    assert_eq!(api.get(&view("2030-12-31")).await.status, 200);
    let refused = api.get(&view("2031-01-02")).await;
    assert_eq!((refused.status, refused.code()), (400, "ErrorCalendarViewRangeTooBig"));
    assert!(api.sim.met().contains_key("view_range_days_max"));
    api.switch(&json!({"view_range_days_max": null}));
    assert_eq!(api.get(&view("2031-01-02")).await.status, 200);
}
