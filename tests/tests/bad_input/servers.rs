//! Servers that cannot be reached, trusted or understood.

use chrono::TimeDelta;
use starmesh_tests::dav::Dav;
use starmesh_tests::fault_proxy::{Answer, Fault, FaultProxy, On};
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::{Block, blocks};
use starmesh_tests::servers::{ALICE, BOB, Kind, Rights, Server};
use starmesh_tests::world::{World, at};
use starmesh_tests::{Failure, Outcome};

const RADICALE: Kind = Kind::Radicale(Rights::Owner);

const HOUR: TimeDelta = TimeDelta::hours(1);

/// What a captive portal answers to everything.
const PAGE: &str = "<!DOCTYPE html><html><head><title>Log in</title></head><body>Please <b>log in<br></body>";

/// A few bytes that stand for a billion.
const BOMB: &str = "<?xml version=\"1.0\"?><!DOCTYPE m [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;\">\
    <!ENTITY c \"&b;&b;&b;&b;&b;&b;&b;&b;\"><!ENTITY d \"&c;&c;&c;&c;&c;&c;&c;&c;\">\
    <!ENTITY e \"&d;&d;&d;&d;&d;&d;&d;&d;\"><!ENTITY f \"&e;&e;&e;&e;&e;&e;&e;&e;\">]>\
    <multistatus xmlns=\"DAV:\"><response><href>&f;&f;&f;&f;&f;&f;&f;&f;</href></response></multistatus>";

/// All requests that the program may make.
const METHODS: [&str; 7] = ["OPTIONS", "PROPFIND", "REPORT", "GET", "PUT", "DELETE", "HEAD"];

/// More requests than a test makes.
const ALL: usize = 10_000;

/// How often one `sync` may send a password that is refused: some servers lock the account after ten.
const REFUSALS_MAX: usize = 4;

/// The program's two calendars on a good server and one, called Desk, on a server that will be bad.
struct Scene {
    world: World,
    office: Server,
    proxy: FaultProxy,
    bob: Dav,
}

impl Scene {
    const DESK: &'static str = "/bob/desk/";

    async fn new() -> Outcome<Self> {
        let world = World::new(RADICALE, &["work", "family"]).await?;
        let office = Server::start(RADICALE)?;
        let bob = Dav::of(&office, BOB)?;
        bob.mkcalendar(Self::DESK, "Desk").await?;
        let proxy = FaultProxy::before(&office.url()).await;
        world.app.add_account("office", proxy.url().as_str(), BOB.name, BOB.password).await?.expect(0)?;
        world.app.ok(&["group", "add", "mesh", "work", "family", "desk"]).await?;
        let review = Event::timed("review", at(4, 20), HOUR);
        bob.put_ics(&format!("{}review.ics", Self::DESK), &review.text()).await?;
        let scene = Self { world, office, proxy, bob };
        scene.world.put("work", &Event::timed("meeting", at(4, 8), HOUR)).await?;
        scene.world.sync().await?;
        scene.expect(&[8, 20], &[8]).await?;
        Ok(scene)
    }

    /// The hours of the mirrors in the family's calendar and on the desk.
    async fn expect(&self, family: &[u32], desk: &[u32]) -> Outcome<()> {
        let all =
            |hours: &[u32]| hours.iter().map(|hour| Block::timed(at(4, *hour), HOUR)).collect::<Vec<_>>();
        self.world.expect("family", &all(family)).await?;
        self.world.expect("work", &all(&[20])).await?;
        assert_eq!(blocks(&self.bob.list(Self::DESK).await?)?, all(desk));
        Ok(())
    }

    /// Answers everything with `answer` instead of the server.
    fn answer_all(&self, answer: &Answer) {
        for method in METHODS {
            self.proxy.plan(On::method(method), ALL, Fault::Instead(answer.clone()));
        }
    }

    /// Books an event at `hour` and syncs while the desk's server is bad: one error with this exit code and
    /// this name, about the desk or its account, and the event reaches the family.
    async fn sync_in_trouble(&self, hour: u32, exit: i32, code: &str) -> Outcome<()> {
        let event = Event::timed(&format!("at-{hour}"), at(4, hour), HOUR);
        self.world.put("work", &event).await?;
        let error = self.world.app.error(&["sync", "--yes"], exit).await?;
        assert_eq!(error["code"], code, "{error}");
        let words = error.to_string();
        assert!(words.contains("Desk") || words.contains("office"), "it names what is concerned: {error}");
        let mut wanted = vec![Block::timed(at(4, 8), HOUR), Block::timed(at(4, 20), HOUR)];
        wanted.extend((9..=hour).map(|hour| Block::timed(at(4, hour), HOUR)));
        self.world.expect("family", &wanted).await.map_err(|failure| failure.during(code))?;
        let status = self.world.app.json(&["status"]).await?;
        let calendars = status["calendars"].as_array().into_iter().flatten();
        let failing = calendars.filter(|calendar| !calendar["failure"].is_null());
        assert_eq!(failing.count(), 1, "one calendar is in trouble: {status}");
        Ok(())
    }
}

#[tokio::test]
async fn a_bad_server_stops_only_its_own_links_and_loses_nothing() -> Outcome<()> {
    let scene = Scene::new().await?;
    let before = scene.bob.list(Scene::DESK).await?;

    scene.answer_all(&Answer::status(200).body("text/html; charset=utf-8", PAGE));
    scene.sync_in_trouble(9, 1, "invalid_answer").await?;
    scene.proxy.heal();

    scene.answer_all(&Answer::status(207).body("application/xml; charset=utf-8", BOMB));
    scene.sync_in_trouble(10, 1, "invalid_answer").await?;
    scene.proxy.heal();

    scene.office.set_password(BOB, "changed-meanwhile")?;
    let passwords_sent =
        || scene.proxy.asked().iter().filter(|asked| asked.header("authorization").is_some()).count();
    let sent_before = passwords_sent();
    scene.sync_in_trouble(11, 3, "sign_in_refused").await?;
    let sent = passwords_sent() - sent_before;
    assert!((1..=REFUSALS_MAX).contains(&sent), "a refused password was sent {sent} times");
    scene.office.set_password(BOB, BOB.password)?;
    assert_eq!(scene.bob.list(Scene::DESK).await?, before, "nothing was written in between");

    scene
        .world
        .app
        .run_with_input(&["account", "signin", "office", "--password-stdin"], "builder\n")
        .await?
        .expect(0)?;
    scene.world.sync().await?;
    scene.expect(&[8, 9, 10, 11, 20], &[8, 9, 10, 11]).await?;
    scene.world.expect_quiet().await
}

#[tokio::test]
async fn a_server_that_is_down_stops_only_its_own_links_and_loses_nothing() -> Outcome<()> {
    let world = World::new(RADICALE, &["work", "family"]).await?;
    let mut office = Server::start(RADICALE)?;
    let bob = Dav::of(&office, BOB)?;
    bob.mkcalendar(Scene::DESK, "Desk").await?;
    world.app.add_account("office", office.url().as_str(), BOB.name, BOB.password).await?.expect(0)?;
    world.app.ok(&["group", "add", "mesh", "work", "family", "desk"]).await?;
    office.stop()?;
    world.put("work", &Event::timed("meeting", at(4, 8), HOUR)).await?;
    let error = world.app.error(&["sync", "--yes"], 1).await?;
    assert_eq!(error["code"], "offline", "{error}");
    assert!(error["message"].to_string().contains("Desk"), "{error}");
    let wanted = [Block::timed(at(4, 8), HOUR)];
    world.expect("family", &wanted).await?;
    office.restart()?;
    world.sync().await?;
    assert_eq!(blocks(&bob.list(Scene::DESK).await?)?, wanted);
    world.expect_quiet().await
}

/// What `account add` says of a server.
async fn refusal(world: &World, url: &str, password: &str, exit: i32) -> Outcome<serde_json::Value> {
    let args = ["--json", "account", "add", "caldav", "--name", "other", "--url", url, "--user", ALICE.name];
    let args = [&args[..], &["--password-stdin"]].concat();
    let ended = world.app.run_with_input(&args, &format!("{password}\n")).await?.expect(exit)?;
    let error = ended.error()?;
    if error["message"].to_string().contains("127.0.0.1") || error["message"].to_string().contains("other") {
        return Ok(error);
    }
    Err(Failure::new(format!("it does not name the server: {error}")))
}

#[tokio::test]
async fn an_account_that_cannot_be_added_says_why_and_is_not_kept() -> Outcome<()> {
    let mut world = World::new(RADICALE, &["work"]).await?;
    let url = world.server().url();
    assert_eq!(refusal(&world, url.as_str(), "wrong", 3).await?["code"], "sign_in_refused");

    let secure = Server::start(Kind::RadicaleSelfSigned)?;
    assert_eq!(refusal(&world, secure.url().as_str(), ALICE.password, 3).await?["code"], "untrusted");

    let proxy = FaultProxy::before(&url).await;
    for (answer, code) in [
        (Answer::status(200).body("text/html", PAGE), "invalid_answer"),
        (Answer::status(207).body("application/xml", BOMB), "invalid_answer"),
    ] {
        for method in METHODS {
            proxy.plan(On::method(method), ALL, Fault::Instead(answer.clone()));
        }
        assert_eq!(refusal(&world, proxy.url().as_str(), ALICE.password, 1).await?["code"], code);
        proxy.heal();
    }

    world.server_mut().stop()?;
    assert_eq!(refusal(&world, url.as_str(), ALICE.password, 1).await?["code"], "offline");

    let accounts = world.app.json(&["account", "list"]).await?;
    assert_eq!(accounts["accounts"].as_array().map(Vec::len), Some(1), "{accounts}");
    for password in ["wrong", ALICE.password] {
        assert!(!world.app.printed().contains(password), "a password was printed");
    }
    Ok(())
}
