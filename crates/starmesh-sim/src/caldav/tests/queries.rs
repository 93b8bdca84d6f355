//! Objects by href and by condition.

use super::super::ComponentFilter;
use super::*;

fn filter(inner: &str) -> String {
    format!(
        "<c:filter><c:comp-filter name=\"VCALENDAR\"><c:comp-filter name=\"VEVENT\">{inner}</c:comp-filter>\
         </c:comp-filter></c:filter>"
    )
}

const TUESDAY: &str = "<c:time-range start=\"20261124T000000Z\" end=\"20261125T000000Z\"/>";
const DECEMBER: &str = "<c:time-range start=\"20261201T000000Z\" end=\"20270101T000000Z\"/>";

async fn found(scene: &Scene, inner: &str) -> BTreeSet<String> {
    scene.report(WORK, "c:calendar-query", &filter(inner)).await.files()
}

fn files(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| format!("{name}.ics")).collect()
}

#[tokio::test]
async fn several_objects_are_had_at_once_and_missing_ones_are_named() {
    let scene = Scene::new();
    let a = scene.book("a");
    let hrefs = format!(
        "<d:href>http://dav.example.test{a}</d:href><d:href>{WORK}none.ics</d:href><d:href>/x</d:href>"
    );
    let got = scene.report(WORK, "c:calendar-multiget", &hrefs).await;
    assert_eq!(got.rows(), [(a.clone(), 200), (format!("{WORK}none.ics"), 404), ("/x".to_owned(), 404)]);
    scene.sim.switch(|switches| switches.queries.omitted_per_mille = 1_000);
    assert_eq!(scene.report(WORK, "c:calendar-multiget", &hrefs).await.rows(), []);
    scene.met("queries.omitted");
}

#[tokio::test]
async fn the_whole_text_comes_back_line_ends_included() {
    let scene = Scene::new();
    let a = scene.book("a");
    let body = format!(
        "<c:calendar-multiget {NAMESPACES}><d:prop><c:calendar-data/></d:prop><d:href>{a}</d:href></c:calendar-multiget>"
    );
    for cdata in [false, true] {
        scene.sim.switch(|switches| switches.hrefs.cdata = cdata);
        let got = scene.ask("REPORT", WORK, &[], &body).await;
        let text = got.value("calendar-data").unwrap();
        assert_eq!(text.replace("\r\n", "\n"), event("a", "").replace("\r\n", "\n"));
    }
    assert_eq!(scene.get(&a).await.text, event("a", ""));
}

#[tokio::test]
async fn a_range_finds_what_happens_in_it_series_included() {
    let scene = Scene::new();
    scene.book("single");
    scene.sim.put_object(WORK, &event("weekly", "RRULE:FREQ=WEEKLY\r\n")).unwrap();
    assert_eq!(found(&scene, TUESDAY).await, files(&["single", "weekly"]));
    assert_eq!(found(&scene, DECEMBER).await, files(&["weekly"]));
    assert_eq!(found(&scene, "").await, files(&["single", "weekly"]));
    scene.sim.switch(|switches| switches.queries.first_date_only = true);
    assert_eq!(found(&scene, DECEMBER).await, files(&[]));
    scene.met("queries.first_date_only");
}

#[tokio::test]
async fn properties_are_conditions_too() {
    let scene = Scene::new();
    scene.book("plain");
    scene.sim.put_object(WORK, &event("named", "SUMMARY:Lunch with Bob\r\n")).unwrap();
    let named = "<c:prop-filter name=\"SUMMARY\"><c:text-match>bob</c:text-match></c:prop-filter>";
    assert_eq!(found(&scene, named).await, files(&["named"]));
    let bare = "<c:prop-filter name=\"SUMMARY\"><c:is-not-defined/></c:prop-filter>";
    assert_eq!(found(&scene, bare).await, files(&["plain"]));
}

#[tokio::test]
async fn a_filter_is_obeyed_refused_where_it_cannot_stand_or_ignored() {
    let scene = Scene::new();
    scene.book("a");
    let misplaced =
        format!("<c:filter><c:comp-filter name=\"VCALENDAR\">{TUESDAY}</c:comp-filter></c:filter>");
    assert_eq!(scene.report(WORK, "c:calendar-query", &misplaced).await.status, 400);
    scene.met("queries.components.refused");
    scene.sim.switch(|switches| switches.queries.components = ComponentFilter::Ignored);
    assert_eq!(found(&scene, DECEMBER).await, files(&["a"]));
    scene.met("queries.components.ignored");
}

#[tokio::test]
async fn a_listing_without_a_range_may_hide_what_is_far() {
    let scene = Scene::with(|switches| switches.queries.horizon_days = Some(365));
    scene.book("near");
    let far = event("far", "").replace("202611", "202411");
    scene.sim.put_object(WORK, &far).unwrap();
    assert_eq!(found(&scene, "").await, files(&["near"]));
    scene.met("queries.horizon_days");
    assert_eq!(scene.propfind(WORK, "1", "<d:getetag/>").await.rows().len(), 3, "a plain listing shows it");
}

#[tokio::test]
async fn a_report_that_is_not_there_is_refused_as_such() {
    let scene = Scene::new();
    let got = scene.report(WORK, "c:free-busy-query", "").await;
    assert_eq!((got.status, got.text.contains("supported-report")), (403, true));
    assert_eq!(scene.ask("REPORT", WORK, &[], "no xml").await.status, 400);
}
