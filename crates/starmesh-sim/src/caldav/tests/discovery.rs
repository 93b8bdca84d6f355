//! From a host to its calendars.

use data_encoding::BASE64;

use super::super::{Challenge, Privileges, Spelling};
use super::*;

async fn with_basic(scene: &Scene, credentials: &str) -> Got {
    let request = Request::builder()
        .method("PROPFIND")
        .uri("/")
        .header("depth", "0")
        .header("authorization", format!("Basic {}", BASE64.encode(credentials.as_bytes())));
    scene.send(request.body(Body::empty()).unwrap()).await
}

#[tokio::test]
async fn a_name_with_its_password_and_a_token_open_the_door_and_nothing_else_does() {
    let scene = Scene::new();
    assert_eq!(with_basic(&scene, "ada@example.test:secret").await.status, 207);
    assert_eq!(scene.propfind("/", "0", "<d:resourcetype/>").await.status, 207);
    let wrong = with_basic(&scene, "ada@example.test:wrong").await;
    assert_eq!(wrong.status, 401);
    assert!(wrong.header("www-authenticate").unwrap().starts_with("Basic "));
    scene.sim.set_password(ADA, "new").unwrap();
    assert_eq!(with_basic(&scene, "ada@example.test:secret").await.status, 401);

    scene.sim.switch(|switches| switches.discovery.challenge = Challenge::Missing);
    assert_eq!(with_basic(&scene, "nobody:x").await.header("www-authenticate"), None);
    scene.met("challenge.missing");
    scene.sim.switch(|switches| switches.discovery.challenge = Challenge::Several);
    let offered = with_basic(&scene, "nobody:x").await;
    assert_eq!(offered.headers.get_all("www-authenticate").iter().count(), 2);
    scene.met("challenge.several");
}

#[tokio::test]
async fn the_way_leads_from_the_well_known_place_over_the_principal_to_the_home() {
    let scene = Scene::new();
    let known = scene.ask("PROPFIND", "/.well-known/caldav", &[], "").await;
    assert_eq!((known.status, known.header("location")), (301, Some("/")));
    scene.met("discovery.well_known");
    let root = scene.propfind("/", "0", "<d:current-user-principal/>").await;
    assert!(root.text.contains("<d:href>/principals/ada@example.test/</d:href>"), "{}", root.text);
    let asked = "<c:calendar-home-set/><c:calendar-user-address-set/>";
    let principal = scene.propfind("/principals/ada@example.test/", "0", asked).await;
    assert!(principal.text.contains(&format!("<d:href>{HOME}</d:href>")), "{}", principal.text);
    assert!(principal.text.contains("mailto:ada@example.test"));

    scene.sim.switch(|switches| {
        switches.discovery.well_known = None;
        switches.discovery.principals = false;
        switches.discovery.home_at = Some("https://p42.example.test".to_owned());
        switches.discovery.strict_depth = true;
    });
    assert_eq!(scene.ask("PROPFIND", "/.well-known/caldav", &[], "").await.status, 404);
    scene.met("discovery.no_well_known");
    let root = scene.propfind("/", "0", "<d:current-user-principal/>").await;
    assert!(root.text.contains("404 Not Found"), "{}", root.text);
    scene.met("discovery.no_principals");
    let principal = scene.propfind("/principals/ada@example.test/", "0", asked).await;
    assert!(principal.text.contains("https://p42.example.test/calendars/"), "{}", principal.text);
    scene.met("discovery.home_at");
    assert_eq!(scene.propfind("/principals/ada@example.test/", "1", asked).await.status, 400);
    scene.met("discovery.strict_depth");
}

#[tokio::test]
async fn a_home_lists_its_calendars_and_nobody_elses() {
    let scene = Scene::new();
    let listed = scene.propfind(HOME, "1", "<d:displayname/><c:supported-calendar-component-set/>").await;
    let hrefs: Vec<_> = listed.rows().into_iter().map(|(href, _)| href).collect();
    assert_eq!(hrefs, [HOME, CLUB, WORK]);
    assert!(listed.text.contains("<cal:comp name=\"VEVENT\"/>"), "{}", listed.text);
    assert_eq!(scene.propfind("/calendars/bob@example.test/", "1", "<d:displayname/>").await.status, 403);
    assert_eq!(scene.propfind("/calendars/eve@example.test/", "1", "<d:displayname/>").await.status, 404);
    assert_eq!(scene.ask("PROPFIND", HOME, &[], "").await.status, 403, "a listing has a finite depth");

    scene.sim.switch(|switches| {
        switches.discovery.other_collections = true;
        switches.discovery.components_told = false;
    });
    let listed = scene.propfind(HOME, "1", "<d:resourcetype/><c:supported-calendar-component-set/>").await;
    for kind in ["schedule-inbox", "schedule-outbox", "subscribed", "deleted-calendar"] {
        assert!(listed.text.contains(kind), "{kind}");
    }
    assert!(!listed.text.contains("VEVENT"));
    scene.met("discovery.other_collections");
    scene.met("discovery.components_untold");
}

#[tokio::test]
async fn a_shared_calendar_hangs_in_both_homes_with_rights_of_its_own() {
    let scene = Scene::new();
    let team = "/calendars/bob@example.test/team/";
    let path = scene.sim.share(team, ADA, "bobs", false).unwrap();
    scene.sim.put_object(team, &event("1", "")).unwrap();
    assert_eq!(scene.sim.objects(&path).unwrap().len(), 1);
    let rights = scene.propfind(&path, "0", "<d:current-user-privilege-set/>").await;
    assert!(rights.text.contains("<d:read/>") && !rights.text.contains("<d:bind/>"), "{}", rights.text);
    assert_eq!(scene.put(&format!("{path}2.ics"), &[], &event("2", "")).await.status, 403);
    scene.sim.set_writable(&path, true).unwrap();
    assert_eq!(scene.put(&format!("{path}2.ics"), &[], &event("2", "")).await.status, 201);
    assert_eq!(scene.ask("DELETE", &path, &[], "").await.status, 403, "only its owner deletes it");
    for (privileges, told, met) in [
        (Privileges::Write, "<d:write/>", Some("privileges.write")),
        (Privileges::All, "<d:all/>", Some("privileges.all")),
        (Privileges::Parts, "<d:write-content/>", None),
        (Privileges::Untold, "404 Not Found", Some("privileges.untold")),
    ] {
        scene.sim.switch(|switches| switches.discovery.privileges = privileges);
        let rights = scene.propfind(&path, "0", "<d:current-user-privilege-set/>").await;
        assert!(rights.text.contains(told), "{}", rights.text);
        met.iter().for_each(|met| scene.met(met));
    }
}

#[tokio::test]
async fn hrefs_are_spelled_as_this_server_spells_them_and_understood_in_every_spelling() {
    let scene = Scene::new();
    let path = scene.sim.add_calendar(ADA, "Büro", "Büro").unwrap();
    scene.sim.switch(|switches| {
        switches.hrefs.at_encoded = true;
        switches.hrefs.lower_escapes = true;
        switches.hrefs.absolute = true;
        switches.hrefs.slash_redirect = true;
        switches.hrefs.cdata = true;
    });
    let listed = scene.propfind(&path, "0", "<d:displayname/>").await;
    assert_eq!(listed.rows()[0].0, "http://dav.example.test/calendars/ada%40example.test/B%c3%bcro/");
    assert!(listed.text.contains("<![CDATA[Büro]]>"));
    let bare = scene.propfind(path.trim_end_matches('/'), "0", "<d:displayname/>").await;
    assert_eq!(bare.status, 301);
    assert!(bare.header("location").unwrap().ends_with("/B%c3%bcro/"));
    for name in ["absolute", "at_encoded", "cdata", "lower_escapes", "slash_redirect"] {
        scene.met(&format!("hrefs.{name}"));
    }
    for (spelling, root, met) in [
        (Spelling::Numbered, "<ns0:multistatus", "hrefs.spelling.numbered"),
        (Spelling::DefaultNamespace, "<multistatus", "hrefs.spelling.default_namespace"),
    ] {
        scene.sim.switch(|switches| switches.hrefs.spelling = spelling);
        let listed = scene.propfind(&path, "0", "<d:displayname/>").await;
        assert!(listed.text.contains(root), "{}", listed.text);
        assert_eq!(listed.rows().len(), 1);
        scene.met(met);
    }
}

#[tokio::test]
async fn calendars_are_made_here_or_elsewhere_or_not_at_all() {
    let scene = Scene::new();
    let body = format!(
        "<c:mkcalendar {NAMESPACES}><d:set><d:prop><d:displayname>New &amp; shiny</d:displayname></d:prop></d:set>\
         </c:mkcalendar>"
    );
    let new = format!("{HOME}new/");
    assert_eq!(scene.ask("MKCALENDAR", &new, &[], &body).await.status, 201);
    let told = scene.propfind(&new, "0", "<d:displayname/>").await;
    assert_eq!(told.value("displayname").as_deref(), Some("New & shiny"));
    assert_eq!(scene.ask("MKCALENDAR", &new, &[], &body).await.status, 405, "it is there already");
    assert_eq!(scene.ask("DELETE", &new, &[], "").await.status, 204);
    assert_eq!(scene.propfind(&new, "0", "<d:displayname/>").await.status, 404);

    scene.sim.switch(|switches| switches.discovery.relocates_calendars = true);
    let made = scene.ask("MKCALENDAR", &new, &[], &body).await;
    let place = made.header("location").unwrap().to_owned();
    assert_ne!(place, new);
    assert_eq!(scene.propfind(&place, "0", "<d:displayname/>").await.status, 207);
    scene.met("discovery.relocates_calendars");
    scene.sim.switch(|switches| switches.discovery.mkcalendar = false);
    assert_eq!(scene.ask("MKCALENDAR", &format!("{HOME}other/"), &[], &body).await.status, 405);
    scene.met("discovery.mkcalendar_refused");
}
