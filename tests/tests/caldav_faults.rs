//! The adapter before servers and networks that misbehave, on a real server behind the fault proxy.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a scene that cannot be set leaves nothing to test"
)]

use std::time::Duration;

use starmesh_core::event::ItemProblem;
use starmesh_core::ids::{EventId, LastingName, RemoteId, Version};
use starmesh_core::mirror::{
    IdentityKey, Incarnation, Label, MirrorAvailability, MirrorBody, MirrorRecord, MirrorSpec, PlacedMirror,
};
use starmesh_core::recurrence::OriginalStart;
use starmesh_core::time::{EventTime, Window, midnight};
use starmesh_provider::conformance::{Harness as _, PersonEvent};
use starmesh_provider::{
    CalendarProvider as _, ChangeSet, Changed, Cursor, ErrorKind, Fetched, MirrorWrite, Result, Written,
};
use starmesh_tests::caldav_harness::{CaldavHarness, provider_at};
use starmesh_tests::fault_proxy::{Answer, Fault, FaultProxy, On};
use starmesh_tests::servers::{ALICE, Kind, Rights, Server};

const SYNC: &str = "sync-collection";
const MULTIGET: &str = "calendar-multiget";
const PAGE: &str = "<!DOCTYPE html><html><body>Please log in</body></html>";
const BOMB: &str =
    "<?xml version=\"1.0\"?><!DOCTYPE a [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><a>&b;</a>";

/// A fresh server behind a proxy, with one calendar.
struct Scene {
    harness: CaldavHarness,
    calendar: LastingName,
}

impl Scene {
    async fn new() -> Self {
        let harness = CaldavHarness::behind_proxy(Kind::Radicale(Rights::Open)).await;
        let calendar = harness.create_calendar().await;
        Self { harness, calendar }
    }

    fn proxy(&self) -> &FaultProxy {
        self.harness.proxy.as_ref().expect("there is a proxy")
    }

    fn plan(&self, on: On, fault: Fault) {
        self.proxy().plan(on, 1, fault);
    }

    async fn put(&self, uid: &str) -> RemoteId {
        let event = PersonEvent { uid: uid.to_owned(), time: self.hour(3), rule: None, transparent: false };
        self.harness.put_event(&self.calendar, &event).await
    }

    fn hour(&self, days: i64) -> EventTime {
        let start = midnight(self.harness.now().date_naive()) + chrono::TimeDelta::days(days);
        EventTime::Timed { start, end: start + chrono::TimeDelta::hours(1) }
    }

    async fn changes(&self, cursor: Option<&Cursor>) -> Result<ChangeSet> {
        let window = Window::around(self.harness.now(), Window::DAYS_DEFAULT);
        self.harness.adapter().changes_since(&self.calendar, cursor, &window).await
    }

    async fn fetch(&self, ids: &[RemoteId]) -> Result<Vec<Fetched>> {
        self.harness.adapter().fetch(&self.calendar, ids).await
    }

    fn mirror(&self, days: i64) -> MirrorSpec {
        let keys = IdentityKey::new([1; 32]);
        let source = LastingName::new("https://source.example/");
        let key = keys.mirror_key(&self.calendar, &source, &EventId::new("e"), &OriginalStart(String::new()));
        let body = MirrorBody {
            time: self.hour(days),
            availability: MirrorAvailability::Busy,
            label: Label::default(),
            color: None,
        };
        MirrorSpec::new(&keys, &self.calendar, &source, key, Incarnation::default(), body)
    }

    async fn write(&self, write: MirrorWrite) -> Result<Written> {
        let mut outcome = self.harness.adapter().write(&self.calendar, vec![write]).await;
        assert_eq!(outcome.len(), 1);
        outcome.remove(0)
    }

    async fn create(&self, mirror: &MirrorSpec) -> Written {
        self.write(MirrorWrite::Create(mirror.clone())).await.expect("a mirror is placed")
    }

    /// The etag of a resource as the server itself tells it.
    async fn true_version(&self, id: &RemoteId) -> Version {
        let url = self.harness.direct(&self.calendar).join(id.as_str()).unwrap();
        Version::new(self.harness.dav.get(url.as_str()).await.unwrap().expect("it is there").etag)
    }
}

fn placed(mirror: &MirrorSpec, written: &Written) -> PlacedMirror {
    let keys = IdentityKey::new([1; 32]);
    let record = MirrorRecord {
        key: mirror.mark().key,
        incarnation: mirror.mark().incarnation,
        link: starmesh_core::ids::LinkId::new(
            starmesh_core::ids::CalendarId::new("s"),
            starmesh_core::ids::CalendarId::new("t"),
        ),
        event: EventId::new("e"),
        original_start: OriginalStart(String::new()),
        meeting: keys.meeting(&starmesh_core::ids::ICalUid::new("e")),
        remote_id: written.remote_id.clone(),
        version: written.version.clone(),
        time: mirror.body().time,
        fingerprint: mirror.body().fingerprint(&keys),
        color: mirror.body().color,
        dismissed: false,
    };
    record.placed()
}

fn instead(status: u16, body: &str) -> Fault {
    let kind = if body.contains("<html>") { "text/html" } else { "application/xml" };
    Fault::Instead(Answer::status(status).body(kind, body))
}

fn change(change: impl Fn(Answer) -> Answer + Send + Sync + 'static) -> Fault {
    Fault::Change(Box::new(change))
}

fn rewrite(rewrite: impl Fn(String) -> String + Send + Sync + 'static) -> Fault {
    change(move |mut answer| {
        answer.body = rewrite(String::from_utf8(answer.body).expect("a text")).into_bytes();
        answer
    })
}

fn kind<T>(outcome: Result<T>) -> Option<ErrorKind> {
    outcome.err().map(|error| error.kind)
}

fn weaken(answer: Answer) -> Answer {
    match answer.headers.iter().find(|(name, _)| name == "etag").cloned() {
        Some((_, etag)) => answer.without("etag").with("etag", &format!("W/{etag}")),
        None => answer,
    }
}

#[tokio::test]
async fn a_wrong_password_needs_a_sign_in() {
    let server = Server::radicale().expect("a server starts");
    assert_eq!(kind(provider_at(&server.url(), "wrong").await), Some(ErrorKind::NeedsSignIn));
    let provider = provider_at(&server.url(), ALICE.password).await.expect("the right password is let in");
    provider.list_calendars().await.expect("its calendars can be listed");
}

#[tokio::test]
async fn where_digest_is_asked_for_the_password_itself_is_never_shown() {
    let server = Server::sabre().expect("a server starts");
    let proxy = FaultProxy::before(&server.url()).await;
    let provider = provider_at(proxy.url(), ALICE.password).await.expect("the right password is let in");
    provider.list_calendars().await.expect("its calendars can be listed");
    let shown = |from: usize| -> Vec<Option<String>> {
        let asked = proxy.asked();
        asked[from..].iter().map(|asked| asked.header("authorization").map(str::to_owned)).collect()
    };
    let first = shown(0);
    assert_eq!(first[0], None, "the server is asked first");
    for (count, header) in (1..).zip(&first[1..]) {
        let header = header.as_deref().expect("one challenge serves for everything");
        assert!(header.starts_with("Digest ") && header.contains(&format!("nc={count:08x}")), "{header}");
    }
    let before = first.len();
    assert_eq!(kind(provider_at(proxy.url(), "wrong").await), Some(ErrorKind::NeedsSignIn));
    let refused = shown(before);
    assert_eq!(refused.len(), 2, "asked once and answered once: {refused:?}");
    assert!(refused[1].as_deref().is_some_and(|header| header.starts_with("Digest ")));
}

#[tokio::test]
async fn a_server_that_forgot_its_challenges_is_answered_anew() {
    let server = Server::sabre().expect("a server starts");
    let proxy = FaultProxy::before(&server.url()).await;
    let provider = provider_at(proxy.url(), ALICE.password).await.expect("the right password is let in");
    for stale in ["", ", stale=true"] {
        let challenge =
            format!("Digest realm=\"starmesh\", qop=\"auth\", nonce=\"fresh{}\"{stale}", stale.len());
        let forgotten = Answer::status(401).with("www-authenticate", &challenge);
        proxy.plan(On::method("PROPFIND"), 1, Fault::Instead(forgotten));
        provider.list_calendars().await.expect("the sign-in is done anew");
        let asked = proxy.asked();
        let last = asked.last().and_then(|asked| asked.header("authorization")).expect("signed in");
        assert!(last.contains(&format!("nonce=\"fresh{}\"", stale.len())), "{last}");
    }
    assert_eq!(proxy.left(), 0);
}

#[tokio::test]
async fn a_dead_token_is_known_in_every_form() {
    let scene = Scene::new().await;
    scene.put("one").await;
    let cursor = scene.changes(None).await.unwrap().cursor.unwrap();
    let named = "<error xmlns=\"DAV:\"><valid-sync-token/></error>";
    for (status, body) in [
        (403, named),
        (412, named),
        (500, named),
        (409, ""),
        (410, ""),
        (412, ""),
        (400, ""),
        (403, ""),
        (500, "oops"),
    ] {
        scene.plan(On::with_body("REPORT", SYNC), instead(status, body));
        let outcome = scene.changes(Some(&cursor)).await;
        assert_eq!(kind(outcome), Some(ErrorKind::TokenExpired), "{status} {body}");
    }
    assert_eq!(scene.proxy().left(), 0);
    assert!(scene.changes(Some(&cursor)).await.is_ok(), "the token itself is alive");
}

#[tokio::test]
async fn an_outage_is_no_dead_token() {
    let scene = Scene::new().await;
    let cursor = scene.changes(None).await.unwrap().cursor.unwrap();
    for (status, expected) in [
        (502, ErrorKind::Offline),
        (503, ErrorKind::Throttled { retry_after: None }),
        (504, ErrorKind::Offline),
        (401, ErrorKind::NeedsSignIn),
        (404, ErrorKind::CalendarGone),
    ] {
        scene.plan(On::with_body("REPORT", SYNC), instead(status, ""));
        assert_eq!(kind(scene.changes(Some(&cursor)).await), Some(expected), "{status}");
    }
    // The server is in trouble altogether: its 500 says nothing about the token.
    scene.plan(On::with_body("REPORT", SYNC), instead(500, ""));
    scene.plan(On::method("PROPFIND"), instead(500, ""));
    assert_eq!(kind(scene.changes(Some(&cursor)).await), Some(ErrorKind::Offline));
}

#[tokio::test]
async fn a_throttled_mailbox_waits_before_it_asks_again() {
    let scene = Scene::new().await;
    scene.plan(On::method("REPORT"), Fault::Instead(Answer::status(429).with("retry-after", "1")));
    let start = tokio::time::Instant::now();
    let refused = scene.changes(None).await;
    let Some(ErrorKind::Throttled { retry_after: Some(delay) }) = kind(refused) else {
        panic!("a 429 is a request to slow down");
    };
    assert!(!delay.is_zero() && delay <= Duration::from_secs(1), "{delay:?}");
    scene.changes(None).await.expect("after the pause all is well");
    assert!(start.elapsed() >= Duration::from_secs(1), "the pause was kept");
}

#[tokio::test]
async fn a_server_without_reports_is_read_by_ctag() {
    let scene = Scene::new().await;
    let one = scene.put("one").await;
    let refusal = "<error xmlns=\"DAV:\"><supported-report/></error>";
    scene.proxy().plan(On::with_body("REPORT", SYNC), usize::MAX, instead(403, refusal));
    let first = scene.changes(None).await.unwrap();
    let version = scene.true_version(&one).await;
    assert_eq!(first.changed, [Changed::Listed { id: one, version: Some(version) }]);
    assert!(first.complete && !first.more);

    let asked = scene.proxy().asked().len();
    let unchanged = scene.changes(first.cursor.as_ref()).await.unwrap();
    assert_eq!(scene.proxy().asked().len(), asked + 1, "one request tells that nothing changed");
    assert!(unchanged.changed.is_empty() && !unchanged.complete);
    assert_eq!(unchanged.cursor, first.cursor);

    scene.put("two").await;
    let second = scene.changes(unchanged.cursor.as_ref()).await.unwrap();
    assert!(second.complete && second.changed.len() == 2);
    assert_ne!(second.cursor, first.cursor);
    let reports = scene.proxy().asked().iter().filter(|asked| asked.method == "REPORT").count();
    assert_eq!(reports, 1, "what it cannot do is asked once");
}

#[tokio::test]
async fn a_missing_calendar_inside_a_success_is_no_empty_calendar() {
    let scene = Scene::new().await;
    scene.put("one").await;
    let refusal = "<error xmlns=\"DAV:\"><supported-report/></error>";
    scene.proxy().plan(On::with_body("REPORT", SYNC), usize::MAX, instead(403, refusal));
    let cursor = scene.changes(None).await.unwrap().cursor;
    let path = url::Url::parse(scene.calendar.as_str()).unwrap().path().to_owned();
    let gone = format!(
        "<multistatus xmlns=\"DAV:\"><response><href>{path}</href><status>HTTP/1.1 404 Not Found</status></response></multistatus>"
    );
    scene.plan(On::method("PROPFIND"), instead(207, &gone));
    assert_eq!(kind(scene.changes(cursor.as_ref()).await), Some(ErrorKind::CalendarGone));
    scene.plan(On::with_body("PROPFIND", "resourcetype"), instead(207, &gone));
    assert_eq!(kind(scene.changes(None).await), Some(ErrorKind::CalendarGone));
}

#[tokio::test]
async fn a_locked_server_is_written_to_one_by_one() {
    let scene = Scene::new().await;
    scene.proxy().plan(On::method("PUT"), 3, instead(423, ""));
    scene.create(&scene.mirror(3)).await;
    assert_eq!(scene.proxy().asked().iter().filter(|asked| asked.method == "PUT").count(), 4);
    scene.proxy().plan(On::method("PUT"), usize::MAX, instead(423, ""));
    let outcome = scene.write(MirrorWrite::Create(scene.mirror(3))).await;
    assert_eq!(kind(outcome), Some(ErrorKind::Offline), "it stays locked");
}

#[tokio::test]
async fn a_weak_or_missing_etag_after_a_write_is_read_back() {
    let scene = Scene::new().await;
    let mirror = scene.mirror(3);
    scene.plan(On::method("PUT"), change(weaken));
    let written = scene.create(&mirror).await;
    assert_eq!(written.version, Some(scene.true_version(&written.remote_id).await));
    scene.plan(On::method("PUT"), change(|answer| answer.without("etag")));
    let update = MirrorWrite::Update(placed(&mirror, &written), scene.mirror(4));
    let updated = scene.write(update).await.unwrap();
    assert_ne!(updated.version, written.version);
    assert_eq!(updated.version, Some(scene.true_version(&written.remote_id).await));
    assert_eq!(scene.proxy().left(), 0);
}

#[tokio::test]
async fn a_server_with_weak_etags_only_is_asked_before_each_write() {
    let scene = Scene::new().await;
    let weak = || {
        scene.plan(On::method("PUT"), change(weaken));
        scene.plan(On::method("GET"), change(weaken));
    };
    let first = scene.mirror(3);
    weak();
    let written = scene.create(&first).await;
    assert!(
        written.version.as_ref().is_some_and(|version| version.as_str().starts_with("W/")),
        "{written:?}"
    );
    // Each of these looks first, once before the write and once after it.
    weak();
    scene.plan(On::method("GET"), change(weaken));
    let second = scene.mirror(4);
    let updated = scene.write(MirrorWrite::Update(placed(&first, &written), second.clone())).await.unwrap();
    weak();
    let stale = scene.write(MirrorWrite::Update(placed(&first, &written), scene.mirror(5))).await;
    assert_eq!(kind(stale), Some(ErrorKind::PreconditionFailed));
    scene.plan(On::method("GET"), change(weaken));
    let removed = scene.write(MirrorWrite::Remove(placed(&second, &updated))).await;
    assert_eq!(removed.unwrap(), Written { remote_id: written.remote_id, version: None });
    for asked in scene.proxy().asked() {
        let precondition = asked.header("if-match").unwrap_or_default();
        assert!(!precondition.contains('*') && !precondition.starts_with("W/"), "{precondition}");
    }
}

#[tokio::test]
async fn a_lost_answer_leaves_a_mirror_that_is_found() {
    let scene = Scene::new().await;
    let mirror = scene.mirror(3);
    scene.plan(On::method("PUT"), Fault::LoseAnswer);
    let outcome = scene.write(MirrorWrite::Create(mirror.clone())).await;
    assert_eq!(kind(outcome), Some(ErrorKind::Offline));
    let found = scene.harness.adapter().find_mirror(&scene.calendar, mirror.provider_id()).await.unwrap();
    let found = found.expect("the server carried it out");
    assert_eq!(found.version, Some(scene.true_version(&found.remote_id).await));
    let marked = found.events[0].marked.as_ref().expect("it is marked");
    assert_eq!(marked.mark, mirror.mark().to_string());
    let again = scene.write(MirrorWrite::Create(mirror)).await;
    assert_eq!(kind(again), Some(ErrorKind::IdentityTaken));
    assert_eq!(scene.harness.kept(&scene.calendar).await.len(), 1);
}

#[tokio::test]
async fn pages_and_bombs_instead_of_data_are_named() {
    let scene = Scene::new().await;
    let one = scene.put("one").await;
    let ids = [one];
    for (body, word) in [(PAGE, "web page"), (BOMB, "document type")] {
        for status in [200, 207] {
            scene.plan(On::method("REPORT"), instead(status, body));
            let error = scene.changes(None).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidData);
            assert!(error.message.contains(word), "{error}");
            scene.plan(On::method("REPORT"), instead(status, body));
            let error = scene.fetch(&ids).await.unwrap_err();
            assert_eq!(error.kind, ErrorKind::InvalidData);
            assert!(error.message.contains(word), "{error}");
        }
        scene.plan(On::method("PROPFIND"), instead(207, body));
        let error = scene.harness.adapter().list_calendars().await.unwrap_err();
        assert!(error.kind == ErrorKind::InvalidData && error.message.contains(word), "{error}");
    }
    // The portal that answers the batch answers single requests too: no event is called broken for it.
    scene.plan(On::method("REPORT"), rewrite(|text| text[..text.len() / 2].to_owned()));
    scene.plan(On::method("GET"), instead(200, PAGE));
    assert_eq!(kind(scene.fetch(&ids).await), Some(ErrorKind::InvalidData));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_never_a_short_list() {
    let scene = Scene::new().await;
    let ids = [scene.put("one").await, scene.put("two").await];
    scene.plan(On::with_body("REPORT", SYNC), Fault::BreakOff);
    assert_eq!(kind(scene.changes(None).await), Some(ErrorKind::Offline));
    scene.plan(On::with_body("REPORT", MULTIGET), Fault::BreakOff);
    assert_eq!(kind(scene.fetch(&ids).await), Some(ErrorKind::Offline));
    // Cut by a proxy that states the length of what is left: only the XML tells.
    scene.plan(On::with_body("REPORT", SYNC), rewrite(|text| text[..text.len() / 2].to_owned()));
    assert_eq!(kind(scene.changes(None).await), Some(ErrorKind::InvalidData));
}

#[tokio::test]
async fn what_a_batch_leaves_out_is_asked_for_singly() {
    let scene = Scene::new().await;
    let ids = [scene.put("one").await, scene.put("two").await, scene.put("three").await];
    let without_one = |text: String| {
        let start = text.find("<response>").or_else(|| text.find("<ns0:response>")).expect("a response");
        let close = if text[start..].starts_with("<response>") { "</response>" } else { "</ns0:response>" };
        let end = start + text[start..].find(close).expect("its end") + close.len();
        format!("{}{}", &text[..start], &text[end..])
    };
    let cut = |text: String| text[..text.len() / 2].to_owned();
    for (fault, singly) in [(rewrite(without_one), 1), (rewrite(cut), 3)] {
        let asked = scene.proxy().asked().len();
        scene.plan(On::with_body("REPORT", MULTIGET), fault);
        let fetched = scene.fetch(&ids).await.unwrap();
        let found: Vec<_> = fetched
            .iter()
            .filter(|answer| matches!(answer, Fetched::Found(item) if item.problem.is_none() && item.version.is_some()))
            .collect();
        assert_eq!(found.len(), 3);
        assert_eq!(scene.proxy().asked().len() - asked, 1 + singly);
    }
}

#[tokio::test]
async fn one_unreadable_event_hides_no_other() {
    let scene = Scene::new().await;
    let ids = [scene.put("one").await, scene.put("two").await];
    scene.plan(On::with_body("REPORT", MULTIGET), rewrite(|text| text.replacen("END:VEVENT", "END:VEV", 1)));
    let fetched = scene.fetch(&ids).await.unwrap();
    let mut problems: Vec<Option<ItemProblem>> = fetched
        .iter()
        .map(|answer| match answer {
            Fetched::Found(item) => item.problem,
            Fetched::Missing(id) => panic!("{id} is there"),
        })
        .collect();
    problems.sort();
    assert_eq!(problems, [None, Some(ItemProblem::Malformed)]);
}

#[tokio::test]
async fn refused_creates_are_told_apart() {
    let scene = Scene::new().await;
    let uid = "<error xmlns=\"DAV:\"><no-uid-conflict xmlns=\"urn:ietf:params:xml:ns:caldav\"/></error>";
    let rights = "<error xmlns=\"DAV:\"><need-privileges/></error>";
    for (status, body, expected) in [
        (412, uid, ErrorKind::IdentityTaken),
        (409, uid, ErrorKind::IdentityTaken),
        (409, "", ErrorKind::IdentityTaken),
        (
            400,
            "Calendar object with uid already exists in this calendar collection.",
            ErrorKind::IdentityTaken,
        ),
        (403, rights, ErrorKind::ReadOnly),
        (403, "", ErrorKind::ReadOnly),
        (507, "", ErrorKind::QuotaExceeded),
        (413, "", ErrorKind::Refused),
        (400, "", ErrorKind::Refused),
        (401, "", ErrorKind::NeedsSignIn),
        (500, "", ErrorKind::Offline),
    ] {
        scene.plan(On::method("PUT"), instead(status, body));
        let outcome = scene.write(MirrorWrite::Create(scene.mirror(3))).await;
        assert_eq!(kind(outcome), Some(expected), "{status} {body}");
    }
    assert_eq!(scene.harness.kept(&scene.calendar).await.len(), 0);
    scene.create(&scene.mirror(3)).await;
}

#[tokio::test]
async fn a_mirror_that_a_person_edited_is_not_overwritten() {
    let scene = Scene::new().await;
    let mirror = scene.mirror(3);
    let written = scene.create(&mirror).await;
    let url = scene.harness.direct(&scene.calendar).join(written.remote_id.as_str()).unwrap();
    let stored = scene.harness.dav.get(url.as_str()).await.unwrap().expect("it is there");
    let edited = stored.body.replace("SUMMARY:Busy", "SUMMARY:Dentist");
    assert_ne!(edited, stored.body);
    scene.harness.dav.put_ics(url.as_str(), &edited).await.unwrap();
    let kept = scene.harness.kept(&scene.calendar).await;
    let at = placed(&mirror, &written);
    for write in [MirrorWrite::Update(at.clone(), scene.mirror(4)), MirrorWrite::Remove(at)] {
        assert_eq!(kind(scene.write(write).await), Some(ErrorKind::PreconditionFailed));
    }
    assert_eq!(scene.harness.kept(&scene.calendar).await, kept);
}

#[tokio::test]
async fn a_host_that_does_not_answer_is_offline() {
    let scene = Scene::new().await;
    let url = scene.harness.server.url();
    drop(scene);
    assert_eq!(kind(provider_at(&url, ALICE.password).await), Some(ErrorKind::Offline));
    let mut secure = url;
    secure.set_scheme("https").unwrap();
    assert_eq!(kind(provider_at(&secure, ALICE.password).await), Some(ErrorKind::Offline));
}
