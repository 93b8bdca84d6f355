//! Shared calendars and mailboxes under both addresses, roles, and private events.

use serde_json::json;

use super::*;
use crate::microsoft::world::Role;

/// Ada reads Bob's calendar with a role; its id under Bob's mailbox and in Ada's own list.
fn shared(api: &Api, role: Role) -> (String, String) {
    let calendar = api.calendar(api.bob);
    api.sim.with(|world| {
        world.share(calendar, api.ada, role);
        let copy = world.accept(api.ada, calendar);
        (world.calendar_id(calendar), world.calendar_id(copy))
    })
}

#[tokio::test]
async fn a_shared_calendar_has_two_addresses_and_ids_of_one_mean_nothing_under_the_other() {
    let api = Api::new();
    let (theirs, copy) = shared(&api, Role::Write);
    assert_ne!(theirs, copy);
    let by_owner = api.post("/users/bob@contoso.test/calendar/events", &block(3)).await;
    assert_eq!(by_owner.status, 201);
    assert_eq!(by_owner.body["organizer"]["emailAddress"]["address"], "bob@contoso.test");
    let by_copy = api.get(&format!("/me/calendars/{copy}/events")).await.rows()[0].clone();
    let (here, there) = (by_copy["id"].as_str().unwrap(), by_owner.id());
    assert_ne!(here, there);
    let status = async |path: String| api.get(&path).await.status;
    assert_eq!(status(format!("/users/bob@contoso.test/events/{there}")).await, 200);
    assert_eq!(status(format!("/users/bob@contoso.test/events/{here}")).await, 404);
    assert_eq!(status(format!("/me/calendars/{copy}/events/{here}")).await, 200);
    assert_eq!(status(format!("/me/calendars/{copy}/events/{there}")).await, 404);
    assert_eq!(status(format!("/me/events/{here}")).await, 404, "shared events need their calendar's path");
    assert_eq!(status(format!("/me/calendars/{theirs}")).await, 404);
    let immutable = "IdType=\"ImmutableId\"";
    let same = api.prefer(&format!("/me/calendars/{copy}/events/{here}"), immutable).await.id();
    assert_eq!(status(format!("/me/calendars/{copy}/events/{same}")).await, 200);
}

#[tokio::test]
async fn a_list_says_whose_a_calendar_is_and_what_one_may_do_with_it() {
    let api = Api::new();
    let (_, copy) = shared(&api, Role::Read);
    let feed = api.sim.with(|world| {
        let feed = world.add_feed(api.ada, "Holidays");
        world.calendar_id(feed)
    });
    let list = api.get("/me/calendars").await;
    let row = |id: &str| list.rows().iter().find(|row| row["id"] == id).unwrap().clone();
    let copied = row(&copy);
    assert_eq!(copied["owner"]["address"], "bob@contoso.test");
    let facts =
        |row: &Value| ["canEdit", "canShare", "canViewPrivateItems"].map(|name| row[name].as_bool().unwrap());
    assert_eq!(facts(&copied), [false, false, false]);
    assert_eq!(facts(&row(&feed)), [false, false, true]);
    assert_eq!(facts(&api.get("/me/calendar").await.body), [true, true, true]);
    let denied = api.post(&format!("/me/calendars/{feed}/events"), &block(3)).await;
    assert_eq!((denied.status, denied.code()), (403, "ErrorAccessDenied"));
    assert_eq!(api.post(&format!("/me/calendars/{copy}/events"), &block(3)).await.status, 403);
}

#[tokio::test]
async fn what_one_sees_depends_on_the_role() {
    let api = Api::new();
    let calendar = api.calendar(api.bob);
    api.sim.with(|world| {
        let body = also(
            block(3),
            &json!({"subject": "Secret", "location": {"displayName": "Room"}, "showAs": "oof"}),
        );
        world.put_event(calendar, &body).unwrap();
    });
    let seen = async |role| {
        api.sim.with(|world| world.share(calendar, api.ada, role));
        let answer = api.get("/users/bob@contoso.test/calendar/events").await;
        let row = answer.rows().first().cloned().unwrap_or_default();
        (answer.status, row["subject"].clone(), row["location"]["displayName"].clone())
    };
    assert_eq!(seen(Role::None).await.0, 403);
    assert_eq!(seen(Role::FreeBusyRead).await, (200, json!("Away"), json!("")));
    assert_eq!(seen(Role::LimitedRead).await, (200, json!("Secret"), json!("Room")));
    assert_eq!(seen(Role::Read).await.1, json!("Secret"));
    api.sim.with(|world| world.unshare(calendar, api.ada));
    let colleague = api.get("/users/bob@contoso.test/calendar/events").await;
    assert_eq!(colleague.rows()[0]["subject"], "Away", "the organisation sees when time is taken");
}

#[tokio::test]
async fn a_private_event_is_bare_hidden_or_breaks_the_list_and_cannot_be_fetched() {
    let api = Api::new();
    let (_, copy) = shared(&api, Role::Write);
    let path = format!("/me/calendars/{copy}/events");
    let private =
        also(block(3), &json!({"subject": "Secret", "sensitivity": "private", "transactionId": "t"}));
    assert_eq!(api.post(&path, &private).await.status, 201);
    let list = api.get(&path).await;
    let row = &list.rows()[0];
    assert_eq!((&row["subject"], row.get("transactionId")), (&json!("Private Appointment"), None));
    let one = format!("{path}/{}", row["id"].as_str().unwrap());
    let missing = api.get(&one).await;
    assert_eq!((missing.status, missing.code()), (404, "ErrorItemNotFound"));
    assert_eq!(api.delete(&one).await.status, 404);
    api.switch(&json!({"private_in_list": "hidden"}));
    assert_eq!(api.get(&path).await.rows().len(), 0);
    api.switch(&json!({"private_in_list": "fails", "private_create_by_delegate": false}));
    assert_eq!(api.get(&path).await.status, 404);
    assert_eq!(api.post(&path, &private).await.status, 403);
    let calendar = api.calendar(api.bob);
    api.sim.with(|world| world.share(calendar, api.ada, Role::DelegateWithPrivateEventAccess));
    assert_eq!(api.get(&one).await.body["subject"], "Secret");
}

#[tokio::test]
async fn a_shared_mailbox_belongs_to_its_members() {
    let api = Api::new();
    let desk = api.sim.add_shared_mailbox("desk@contoso.test", "Desk");
    let path = "/users/desk@contoso.test/calendar/events";
    assert_eq!(api.post(path, &block(3)).await.status, 403);
    api.sim.with(|world| world.add_member(desk, api.ada));
    assert_eq!(api.post(path, &also(block(3), &json!({"sensitivity": "private"}))).await.status, 201);
    assert_eq!(api.get(path).await.rows().len(), 1);
    assert_eq!(api.get("/users/desk@contoso.test/calendars").await.rows().len(), 1);
    assert_eq!(api.get("/users/nobody@contoso.test/calendar").await.code(), "ResourceNotFound");
    api.sim.with(|world| world.mailbox(desk).unwrap().enabled = false);
    assert_eq!(api.get(path).await.code(), "MailboxNotEnabledForRESTAPI");
}

#[tokio::test]
async fn a_delegate_puts_no_open_extension_into_anothers_calendar() {
    let api = Api::new();
    let (_, copy) = shared(&api, Role::DelegateWithPrivateEventAccess);
    let extension = json!({"extensions": [{"extensionName": "com.example.mark"}]});
    let refused = api.post(&format!("/me/calendars/{copy}/events"), &also(block(3), &extension)).await;
    assert_eq!((refused.status, refused.code()), (403, "ErrorAccessDenied"));
}

#[tokio::test]
async fn delta_on_anothers_mailbox_fails_from_its_second_page_on() {
    let api = Api::new();
    let calendar = api.calendar(api.bob);
    api.sim.with(|world| {
        world.share(calendar, api.ada, Role::Read);
        for day in 1..20 {
            let at = |hour| format!("2026-11-{day:02}T{hour:02}:00:00");
            world.put_busy(calendar, &at(9), &at(10)).unwrap();
        }
    });
    let first = api.get(&format!("/users/bob@contoso.test/calendarView/delta?{NOVEMBER}")).await;
    assert_eq!((first.status, first.rows().len()), (200, 10));
    let link = first.body["@odata.nextLink"].as_str().unwrap();
    let second = api.get(link).await;
    assert_eq!((second.status, second.code()), (403, "ErrorAccessDenied"));
    api.switch(&json!({"delta_delegated_forbidden": false}));
    assert_eq!(api.get(link).await.status, 200);
}

#[tokio::test]
async fn permissions_are_listed_given_changed_and_taken() {
    let api = Api::new();
    let path = "/me/calendar/calendarPermissions";
    let list = api.get(path).await;
    assert_eq!(
        (&list.rows()[0]["role"], &list.rows()[0]["isRemovable"]),
        (&json!("freeBusyRead"), &json!(false))
    );
    let given =
        api.post(path, &json!({"emailAddress": {"address": "bob@contoso.test"}, "role": "write"})).await;
    assert_eq!((given.status, &given.body["role"]), (201, &json!("write")));
    let bobs =
        api.send("bob", "POST", "/users/ada@contoso.test/calendar/events", &[], &block(3).to_string()).await;
    assert_eq!(bobs.status, 201);
    let one = format!("{path}/{}", given.id());
    assert_eq!(api.patch(&one, &json!({"role": "read"})).await.body["role"], "read");
    let bobs =
        api.send("bob", "POST", "/users/ada@contoso.test/calendar/events", &[], &block(3).to_string()).await;
    assert_eq!(bobs.status, 403);
    assert_eq!(api.delete(&one).await.status, 204);
    assert_eq!(api.get(path).await.rows().len(), 1);
}
