//! Calendars, items by id, mirrors by identity, on a scripted server.

use serde_json::json;
use starmesh_core::event::ItemProblem;
use starmesh_provider::ErrorKind;

use super::*;
use crate::script::{
    Next, calendar, client, client_of, mirror, mirror_row, ok, own_calendar, page, parts, refused, row, with,
};

#[tokio::test]
async fn calendars_are_listed_with_lasting_names() {
    let (client, script) = client([
        page(
            &json!([
                {"id": "A=", "name": "Work", "hexColor": "#123456", "canEdit": true, "canShare": true},
                {"id": "B=", "name": null, "color": "lightRed", "canEdit": false},
            ]),
            Next::Page("me/calendars?$skip=2"),
        ),
        page(&json!([{"id": "A=", "name": "Work"}, {"id": "D=", "canEdit": "perhaps"}, {}]), Next::Nothing),
        ok(&json!({"id": "oid"})),
    ]);
    let listed = client.list_calendars().await.unwrap();
    let told: Vec<_> = listed
        .iter()
        .map(|it| (it.name.as_str(), it.display_name.as_str(), it.color.as_deref(), it.read_only))
        .collect();
    assert_eq!(
        told,
        [
            ("oid/A=", "Work", Some("#123456"), false),
            ("oid/B=", "", Some("#EA6060"), true),
            ("oid/D=", "", None, false),
        ]
    );
    assert!(listed.iter().all(|it| it.short_name.len() == 8));
    assert_eq!(script.lines()[2], "GET /me");
}

#[tokio::test]
async fn a_mailbox_that_shares_only_its_main_calendar_has_one() {
    let mailbox = Mailbox::Address("Boss@example.org".to_owned());
    let main = ok(&json!({"id": "A=", "name": "Calendar", "canViewPrivateItems": false}));
    let (client, script) = client_of(mailbox, [refused(403, "ErrorAccessDenied"), main]);
    let listed = client.list_calendars().await.unwrap();
    assert_eq!(listed.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["boss@example.org/A="]);
    assert_eq!(
        script.lines(),
        ["GET /users/Boss@example.org/calendars", "GET /users/Boss@example.org/calendar"]
    );
    let (client, _) = crate::script::client([refused(404, "MailboxNotEnabledForRESTAPI")]);
    let error = client.list_calendars().await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Refused);
    assert!(error.message.contains("no Exchange Online mailbox"), "{}", error.message);
}

#[tokio::test]
async fn every_id_is_answered_and_only_a_mirror_is_asked_for_its_subject() {
    let spec = mirror("x");
    let ids = ["a", "gone", "m", "kept"].map(RemoteId::new);
    let (client, script) = client([
        parts(&[
            (3, 403, json!({"error": {"code": "ErrorAccessDenied"}})),
            (2, 200, mirror_row(&spec, "m", 2)),
            (1, 404, json!({"error": {"code": "ErrorItemNotFound"}})),
            (0, 200, row("a", 1)),
        ]),
        own_calendar(),
        ok(&mirror_row(&spec, "m", 2)),
    ]);
    let fetched = client.fetch(&calendar(), &ids).await.unwrap();
    assert_eq!(fetched.len(), 4);
    for answer in &fetched {
        match answer {
            Fetched::Missing(id) => assert_eq!(id.as_str(), "gone"),
            Fetched::Found(item) => match item.remote_id.as_str() {
                "a" => assert!(item.events[0].marked.is_none()),
                "m" => {
                    let marked = item.events[0].marked.as_ref().unwrap();
                    assert_eq!(
                        (marked.mark.as_str(), marked.plain),
                        (spec.mark().to_string().as_str(), true)
                    );
                }
                _ => assert_eq!(item.problem, Some(ItemProblem::Malformed)),
            },
        }
    }
    let asked = script.asked();
    assert!(!asked[0].body.to_string().contains("subject"));
    assert!(asked[2].line.contains("subject"));
    assert!(client.fetch(&calendar(), &[]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_series_is_fetched_with_its_occurrences() {
    let master = with(row("M", 1), &json!({"type": "seriesMaster"}));
    let occurrence = with(row("o", 1), &json!({"type": "occurrence", "seriesMasterId": "M"}));
    let (client, script) = client([ok(&master), page(&json!([occurrence]), Next::Nothing)]);
    let fetched = client.fetch(&calendar(), &[RemoteId::new("M")]).await.unwrap();
    assert!(matches!(fetched.as_slice(), [Fetched::Found(item)] if item.events[0].id.as_str() == "uid-M"));
    assert_eq!(script.lines()[1], "GET /me/calendars/C=/events/M/instances");
    // Two years from then: the widest window that can be set.
    assert!(script.asked()[1].line.contains("endDateTime=2028-11-"), "{}", script.asked()[1].line);
}

#[tokio::test]
async fn a_mirror_is_found_by_its_identity_and_a_copy_is_not() {
    let spec = mirror("x");
    let copy = with(mirror_row(&spec, "a", 1), &json!({"transactionId": null}));
    let rows = json!([copy, mirror_row(&spec, "z", 2), mirror_row(&spec, "m", 3)]);
    let (client, _) = client([own_calendar(), page(&rows, Next::Nothing), page(&json!([]), Next::Nothing)]);
    let found = client.find_mirror(&calendar(), spec.provider_id()).await.unwrap().unwrap();
    assert_eq!(found.remote_id.as_str(), "m");
    assert!(client.find_mirror(&calendar(), spec.provider_id()).await.unwrap().is_none());
}

#[tokio::test]
async fn a_page_to_log_in_is_an_error_and_no_unreadable_event() {
    let html = http::Response::builder().status(200).body(b"<html>".to_vec()).unwrap();
    let (client, _) = client([html]);
    let kind = client.fetch(&calendar(), &[RemoteId::new("a")]).await.map_err(|error| error.kind);
    assert_eq!(kind, Err(ErrorKind::InvalidData));
    let _: &dyn Push = client.push().unwrap();
}
