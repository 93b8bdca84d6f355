//! Making, changing and deleting events.

use serde_json::json;

use super::*;
use crate::web::WriteKind::{EventChanged, EventCreated, EventDeleted};

const MARK: &str = "String {00020329-0000-0000-C000-000000000046} Name BusyMarker";

#[tokio::test]
async fn what_a_creation_leaves_out_gets_defaults_a_reminder_among_them() {
    let api = Api::new();
    let body = json!({"start": utc("2026-11-03T09:00:00"), "end": utc("2026-11-03T09:00:00"),
        "body": {"contentType": "text", "content": "a < b"}});
    let made = api.post("/me/events", &body).await;
    assert_eq!(made.status, 201);
    let event = &made.body;
    assert_eq!((&event["isReminderOn"], &event["reminderMinutesBeforeStart"]), (&json!(true), &json!(15)));
    assert_eq!(event["start"], json!({"dateTime": "2026-11-03T09:00:00.0000000", "timeZone": "UTC"}));
    assert!(event["subject"].is_null() && event["seriesMasterId"].is_null());
    assert!(event.get("transactionId").is_none());
    assert_eq!(event["body"]["contentType"], "html");
    assert!(event["body"]["content"].as_str().unwrap().contains("<body>\r\na &lt; b"));
    let text = api.prefer(&format!("/me/events/{}", made.id()), "outlook.body-content-type=\"text\"").await;
    assert_eq!(text.body["body"], json!({"contentType": "text", "content": "a < b"}));
}

#[tokio::test]
async fn an_extended_property_is_kept_never_echoed_and_read_by_exact_name() {
    let api = Api::new();
    let marked = also(block(3), &json!({"singleValueExtendedProperties": [{"id": MARK, "value": "1.abc"}]}));
    let made = api.post("/me/events", &marked).await;
    assert!(made.body.get("singleValueExtendedProperties").is_none());
    let path = format!("/me/events/{}", made.id());
    assert!(api.get(&path).await.body.get("singleValueExtendedProperties").is_none());
    let expand =
        format!("$expand=singleValueExtendedProperties($filter=id%20eq%20'{}')", MARK.replace(' ', "%20"));
    let read = api.get(&format!("{path}?{expand}")).await;
    assert_eq!(read.body["singleValueExtendedProperties"][0]["value"], "1.abc");
    let view = api.get(&format!("/me/calendarView?{NOVEMBER}&{expand}")).await;
    assert_eq!(view.rows()[0]["singleValueExtendedProperties"][0]["id"], MARK);
    let any = format!(
        "/me/events?$filter=singleValueExtendedProperties/Any(ep:%20ep/id%20eq%20'{}'%20and%20ep/value%20eq%20'1.abc')",
        MARK.replace(' ', "%20")
    );
    let found = api.get(&any).await;
    assert_eq!(found.rows()[0]["id"], made.id());
    assert!(found.rows()[0].get("singleValueExtendedProperties").is_none());
    let wrong = json!({"singleValueExtendedProperties": [{"id": "Mark", "value": "1"}]});
    assert_eq!(api.patch(&path, &wrong).await.code(), "ErrorInvalidExtendedProperty");
}

#[tokio::test]
async fn named_properties_run_out() {
    let api = Api::with(&json!({"named_properties_max": 1}));
    let named = |name: &str| {
        let id = MARK.replace("BusyMarker", name);
        also(block(3), &json!({"singleValueExtendedProperties": [{"id": id, "value": "1"}]}))
    };
    assert_eq!(api.post("/me/events", &named("One")).await.status, 201);
    assert_eq!(api.post("/me/events", &named("One")).await.status, 201);
    let refused = api.post("/me/events", &named("Two")).await;
    assert_eq!((refused.status, refused.code()), (403, "ErrorQuotaExceeded"));
    assert_eq!(api.get("/me/events").await.rows().len(), 2);
}

#[tokio::test]
async fn times_are_validated_with_the_codes_of_the_table() {
    let api = Api::new();
    let post = async |more: serde_json::Value| {
        let answer = api.post("/me/events", &also(block(3), &more)).await;
        (answer.status, answer.code().to_owned())
    };
    let refused = |code: &str| (400, code.to_owned());
    assert_eq!(post(json!({"isAllDay": true})).await, refused("ErrorInvalidRequest"));
    assert_eq!(post(json!({"end": utc("2026-11-03T08:59:00")})).await, refused("ErrorInvalidRequest"));
    let mars = json!({"dateTime": "2026-11-03T09:00:00", "timeZone": "Mars Standard Time"});
    assert_eq!(post(json!({"start": mars})).await, refused("TimeZoneNotSupportedException"));
    assert_eq!(post(json!({"end": utc("2026-11-03T09:00:00")})).await.0, 201);
    let day =
        |day: u32, zone: &str| json!({"dateTime": format!("2026-11-{day:02}T00:00:00"), "timeZone": zone});
    let zones = json!({"isAllDay": true, "start": day(3, "UTC"), "end": day(4, "Europe/Berlin")});
    assert_eq!(post(zones).await, refused("ErrorInvalidRequest"));
    let none = json!({"isAllDay": true, "start": day(3, "UTC"), "end": day(3, "UTC")});
    assert_eq!(post(none).await, refused("ErrorInvalidRequest"));
    let zone = api.prefer("/me/events", "outlook.timezone=\"Mars\"").await;
    assert_eq!(zone.code(), "TimeZoneNotSupportedException");
}

#[tokio::test]
async fn whole_days_keep_their_dates_or_their_instants_in_another_zone() {
    let api = Api::new();
    let pacific =
        |day| json!({"dateTime": format!("2026-11-{day:02}T00:00:00"), "timeZone": "Pacific Standard Time"});
    let body = json!({"isAllDay": true, "start": pacific(3), "end": pacific(4)});
    let made = api.post("/me/events", &body).await;
    assert_eq!(made.body["originalStartTimeZone"], "Pacific Standard Time");
    assert_eq!(made.body["start"], json!({"dateTime": "2026-11-03T00:00:00.0000000", "timeZone": "UTC"}));
    api.switch(&json!({"all_day_read": "instants_kept"}));
    let read = api.get(&format!("/me/events/{}", made.id())).await;
    assert_eq!(read.body["start"]["dateTime"], "2026-11-03T08:00:00.0000000");
    let berlin = api
        .prefer(&format!("/me/events/{}", made.id()), "outlook.timezone=\"W. Europe Standard Time\"")
        .await;
    assert_eq!(
        berlin.body["start"],
        json!({"dateTime": "2026-11-03T09:00:00.0000000", "timeZone": "W. Europe Standard Time"})
    );
}

#[tokio::test]
async fn a_plain_block_reaches_nobody_and_attendees_and_reminders_do() {
    let api = Api::new();
    let path = format!("/me/events/{}", api.post("/me/events", &block(3)).await.id());
    api.patch(&path, &json!({"showAs": "tentative"})).await;
    api.delete(&path).await;
    assert_eq!(api.sim.ledger().notifications(), []);
    let kinds: Vec<_> = api.sim.ledger().writes().iter().map(|write| write.kind).collect();
    assert_eq!(kinds, [EventCreated, EventChanged, EventDeleted]);

    let guest = json!({"emailAddress": {"address": "guest@elsewhere.test"}, "type": "required"});
    let meeting = also(block(3), &json!({"attendees": [guest], "isReminderOn": true}));
    let path = format!("/me/events/{}", api.post("/me/events", &meeting).await.id());
    api.patch(&path, &json!({"attendees": []})).await;
    let told: Vec<_> = api.sim.ledger().notifications().into_iter().map(|it| it.to).collect();
    assert_eq!(told, ["guest@elsewhere.test", "ada@contoso.test", "guest@elsewhere.test"]);
}

#[tokio::test]
async fn an_invitation_is_answered_to_its_organiser_unless_quietly() {
    let api = Api::new();
    let calendar = api.calendar(api.ada);
    let item = api.sim.with(|world| {
        let body = also(
            block(3),
            &json!({
                "iCalUId": "abc@elsewhere.test", "isOrganizer": false,
                "organizer": {"emailAddress": {"address": "boss@elsewhere.test", "name": "Boss"}},
                "responseStatus": {"response": "notResponded", "time": "0001-01-01T00:00:00Z"},
            }),
        );
        world.put_event(calendar, &body).unwrap()
    });
    let row = api.get("/me/events").await.rows()[0].clone();
    assert_eq!(row["iCalUId"], "abc@elsewhere.test");
    assert_eq!(row["isOrganizer"], false);
    let path = format!("/me/events/{}", row["id"].as_str().unwrap());
    assert_eq!(
        api.post(&format!("{path}/tentativelyAccept"), &json!({"sendResponse": false})).await.status,
        202
    );
    assert_eq!(api.sim.ledger().notifications(), []);
    assert_eq!(api.get(&path).await.body["responseStatus"]["response"], "tentativelyAccepted");
    assert_eq!(api.post(&format!("{path}/decline"), &json!({"sendResponse": true})).await.status, 202);
    assert_eq!(api.sim.ledger().notifications()[0].to, "boss@elsewhere.test");
    assert!(api.sim.with(|world| world.event(item).is_none()));
}

#[tokio::test]
async fn open_extensions_are_put_replaced_and_removed() {
    let api = Api::new();
    let extension = json!({"@odata.type": "#microsoft.graph.openTypeExtension", "extensionName": "com.example.mark", "a": 1, "b": 2});
    let made = api.post("/me/events", &also(block(3), &json!({"extensions": [extension]}))).await;
    let path = format!("/me/events/{}/extensions/com.example.mark", made.id());
    assert_eq!(
        api.get(&path).await.body["id"],
        "Microsoft.OutlookServices.OpenTypeExtension.com.example.mark"
    );
    let changed = api.patch(&path, &json!({"a": 3})).await;
    assert_eq!((&changed.body["a"], changed.body.get("b")), (&json!(3), None));
    assert_eq!(api.delete(&path).await.status, 204);
    assert_eq!(api.get(&path).await.status, 404);
}
