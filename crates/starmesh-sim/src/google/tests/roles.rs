//! What each role sees and may do.

use super::*;

/// Ada's calendar with a public and a private event, and Bob with a role in it.
async fn shared(role: Role) -> Api {
    let api = Api::new();
    let titled = |id: &str, visibility: &str| {
        let body = with(with_id(id, timed(3, 9)), "summary", json!("Title"));
        with(body, "visibility", json!(visibility))
    };
    api.post("calendars/primary/events", titled("open1", "default")).await;
    api.post("calendars/primary/events", titled("private", "private")).await;
    api.sim.set_role(ADA, BOB, Some(role)).unwrap();
    api
}

async fn seen(api: &Api) -> Vec<(bool, bool)> {
    let got = api.ask_as(BOBS_TOKEN, "GET", &format!("calendars/{ADA}/events"), &[], None).await;
    assert_eq!(got.status, 200);
    let mut rows: Vec<_> = got.items().to_vec();
    rows.sort_by_key(|row| row["id"].to_string());
    rows.iter().map(|row| (row["start"].is_object(), row["summary"].is_string())).collect()
}

#[tokio::test]
async fn details_of_private_events_are_seen_from_writer_upwards_and_none_by_free_busy_readers() {
    for (role, open, private) in [
        (Role::FreeBusyReader, false, false),
        (Role::Reader, true, false),
        (Role::WriterWithoutPrivateAccess, true, false),
        (Role::Writer, true, true),
        (Role::Owner, true, true),
    ] {
        let api = shared(role).await;
        assert_eq!(seen(&api).await, [(true, open), (true, private)], "{role:?}");
    }
}

#[tokio::test]
async fn who_may_not_write_is_told_so_and_who_has_no_role_finds_nothing() {
    let path = format!("calendars/{ADA}/events");
    for (role, status) in [
        (Role::FreeBusyReader, 403),
        (Role::Reader, 403),
        (Role::WriterWithoutPrivateAccess, 200),
        (Role::Writer, 200),
    ] {
        let api = shared(role).await;
        let got = api.ask_as(BOBS_TOKEN, "POST", &path, &[], Some(timed(3, 9))).await;
        assert_eq!(got.status, status, "{role:?}");
        if status == 403 {
            assert_eq!((got.reason(), got.domain()), ("requiredAccessLevel", "calendar"));
        }
    }
    let api = shared(Role::Reader).await;
    api.sim.set_role(ADA, BOB, None).unwrap();
    let got = api.ask_as(BOBS_TOKEN, "GET", &path, &[], None).await;
    assert_eq!((got.status, got.reason()), (404, "notFound"));
}

#[tokio::test]
async fn a_writer_without_private_access_may_or_may_not_change_private_events() {
    let api = shared(Role::WriterWithoutPrivateAccess).await;
    let path = format!("calendars/{ADA}/events/private");
    let patch = || Some(json!({ "transparency": "transparent" }));
    assert_eq!(api.ask_as(BOBS_TOKEN, "PATCH", &path, &[], patch()).await.status, 200);
    api.sim.switch(|switches| switches.private_writes_without_access = false);
    assert_eq!(api.ask_as(BOBS_TOKEN, "PATCH", &path, &[], patch()).await.status, 403);
}

#[tokio::test]
async fn hidden_properties_cannot_be_searched_for() {
    let api = shared(Role::Reader).await;
    let marked = with(timed(3, 9), "extendedProperties", json!({ "private": { "a": "1" } }));
    api.post("calendars/primary/events", with(marked, "visibility", json!("private"))).await;
    let path = format!("calendars/{ADA}/events?privateExtendedProperty=a%3D1");
    assert_eq!(api.ask_as(BOBS_TOKEN, "GET", &path, &[], None).await.items().len(), 0);
    assert_eq!(api.ask_as(TOKEN, "GET", &path, &[], None).await.items().len(), 1);
}
