//! Adding, signing in to and removing accounts.

use data_encoding::BASE64;
use starmesh_tests::fault_proxy::FaultProxy;
use starmesh_tests::servers::{ALICE, Kind, Server};
use starmesh_tests::world::World;
use starmesh_tests::{Outcome, cli::Starmesh};

use crate::RADICALE;

#[tokio::test]
async fn a_password_ends_before_its_line_break_and_is_never_waited_for() -> Outcome<()> {
    let server = Server::start(RADICALE)?;
    let home = tempfile::tempdir()?;
    let app = Starmesh::new(&home.path().join("data"))?;
    let url = server.url();
    let add = |name| {
        ["--json", "account", "add", "caldav", "--name", name, "--url", url.as_str(), "--user", ALICE.name]
    };
    let piped = |name| [&add(name)[..], &["--password-stdin"]].concat();

    let refusal = app.run(&add("one")).await?.expect(2)?.error()?;
    assert_eq!(refusal["code"], "password_missing");
    let refusal = app.run_with_input(&piped("one"), "\n").await?.expect(2)?.error()?;
    assert_eq!(refusal["code"], "password_missing");
    for (name, ending) in [("one", "\n"), ("two", "\r\n"), ("three", "")] {
        app.run_with_input(&piped(name), &format!("{}{ending}", ALICE.password)).await?.expect(0)?;
    }
    assert!(!app.printed().contains(ALICE.password));
    Ok(())
}

#[tokio::test]
async fn what_is_wrong_with_an_account_is_told_apart() -> Outcome<()> {
    let world = World::new(RADICALE, &["work"]).await?;
    let url = world.server().url();
    let (url, user) = (url.as_str(), ALICE.name);
    let add = async |name: &str, url: &str, password: &str, code: i32| -> Outcome<String> {
        let args = ["--json", "account", "add", "caldav", "--name", name, "--url", url, "--user", user];
        let args = [&args[..], &["--password-stdin"]].concat();
        let error = world.app.run_with_input(&args, password).await?.expect(code)?.error()?;
        Ok(error["code"].as_str().unwrap_or_default().to_owned())
    };
    assert_eq!(add("home", url, ALICE.password, 2).await?, "doubled_name");
    assert_eq!(add("new", url, "wrong", 3).await?, "sign_in_refused");
    assert_eq!(add("new", "ftp://nowhere", "x", 2).await?, "invalid_value");
    assert_eq!(add("new", "https://a:secret@127.0.0.1/", "x", 2).await?, "invalid_value");
    assert_eq!(add("a/b", url, ALICE.password, 2).await?, "invalid_value");
    // Port 9 is never listened on here.
    assert_eq!(add("new", "http://127.0.0.1:9/", "x", 1).await?, "offline");
    let accounts = world.app.json(&["account", "list"]).await?;
    assert_eq!(accounts["accounts"].as_array().map(Vec::len), Some(1));
    Ok(())
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_stops_before_the_password() -> Outcome<()> {
    let server = Server::start(Kind::RadicaleSelfSigned)?;
    let home = tempfile::tempdir()?;
    let app = Starmesh::new(&home.path().join("data"))?;
    let url = server.url();
    let args = [
        "--json",
        "account",
        "add",
        "caldav",
        "--url",
        url.as_str(),
        "--user",
        ALICE.name,
        "--password-stdin",
    ];
    let refusal = app.run_with_input(&args, ALICE.password).await?.expect(3)?.error()?;
    assert_eq!(refusal["code"], "untrusted");
    Ok(())
}

#[tokio::test]
async fn signing_in_anew_proves_the_password_first() -> Outcome<()> {
    let world = World::new(RADICALE, &["work"]).await?;
    let sign_in = ["--json", "account", "signin", "home", "--password-stdin"];
    let refusal = world.app.run_with_input(&sign_in, "wrong").await?.expect(3)?.error()?;
    assert_eq!(refusal["code"], "sign_in_refused");
    world.app.run_with_input(&sign_in, ALICE.password).await?.expect(0)?;
    let unknown = ["--json", "account", "signin", "hoem", "--password-stdin"];
    let refusal = world.app.run_with_input(&unknown, ALICE.password).await?.expect(2)?.error()?;
    assert_eq!(refusal["action"]["candidates"][0], "home");
    Ok(())
}

#[tokio::test]
async fn an_account_that_cannot_be_reached_stays_until_its_blocks_are_given_up() -> Outcome<()> {
    let mut world = World::new(RADICALE, &["work", "family"]).await?;
    let event = starmesh_tests::ics::Event::timed(
        "meeting",
        starmesh_tests::world::at(3, 9),
        chrono::TimeDelta::hours(1),
    );
    world.put("work", &event).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.sync().await?;

    world.server_mut().stop()?;
    let ended = world.app.code(&["--json", "account", "remove", "home", "--yes"], 1).await?;
    assert_eq!(ended.error()?["code"], "incomplete");
    let report: serde_json::Value = serde_json::from_str(&ended.stdout)?;
    assert_eq!(report["removed"], false);
    assert_eq!(report["unreached"][0]["mirrors"], 1);
    assert_eq!(world.app.json(&["account", "list"]).await?["accounts"].as_array().map(Vec::len), Some(1));

    let removed = world.app.json(&["account", "remove", "home", "--yes", "--leave-mirrors"]).await?;
    assert_eq!(removed["removed"], true);
    assert_eq!(removed["groups_removed"][0], "pair-1");
    assert_eq!(world.app.json(&["account", "list"]).await?["accounts"].as_array().map(Vec::len), Some(0));
    assert_eq!(world.app.json(&["link", "list"]).await?["links"].as_array().map(Vec::len), Some(0));
    Ok(())
}

#[tokio::test]
async fn the_blocks_of_a_dead_account_are_removed_where_they_can_be_reached() -> Outcome<()> {
    let world = World::new(RADICALE, &["work"]).await?;
    let mut other = World::new(RADICALE, &["club"]).await?;
    let url = other.server().url();
    world.app.add_account("club-server", url.as_str(), ALICE.name, ALICE.password).await?.expect(0)?;
    let hour = chrono::TimeDelta::hours(1);
    let (here, there) = (starmesh_tests::world::at(3, 9), starmesh_tests::world::at(3, 14));
    world.put("work", &starmesh_tests::ics::Event::timed("here", here, hour)).await?;
    other.put("club", &starmesh_tests::ics::Event::timed("there", there, hour)).await?;
    world.app.ok(&["group", "add", "pair", "work", "club"]).await?;
    world.sync().await?;
    world.expect("work", &[starmesh_tests::mirrors::Block::timed(there, hour)]).await?;

    other.server_mut().stop()?;
    let ended = world.app.code(&["--json", "account", "remove", "club-server", "--yes"], 1).await?;
    let report: serde_json::Value = serde_json::from_str(&ended.stdout)?;
    assert_eq!(report["mirrors_removed"], 1);
    assert_eq!(report["unreached"].as_array().map(Vec::len), Some(1));
    assert_eq!(report["unreached"][0]["link"]["target"]["account"], "club-server");
    world.expect("work", &[]).await?;

    other.server_mut().restart()?;
    let removed = world.app.json(&["account", "remove", "club-server", "--yes"]).await?;
    assert_eq!((&removed["removed"], &removed["mirrors_removed"]), (&true.into(), &1.into()));
    other.expect("club", &[]).await?;
    assert_eq!(world.originals().await?, world.snapshot().await?);
    Ok(())
}

#[tokio::test]
async fn a_server_that_demands_a_token_is_shown_it_and_nobody_else_sees_it() -> Outcome<()> {
    const TOKEN: &str = "ein0token0fuer0den0kalender";
    let world = World::new(RADICALE, &["work", "family"]).await?;
    let gate = FaultProxy::before(&world.server().url()).await;
    let basic = BASE64.encode(format!("{}:{}", ALICE.name, ALICE.password).as_bytes());
    gate.demand_token(TOKEN, format!("Basic {basic}"));
    let app = world.empty_device("token")?;
    let url = gate.url().to_string();
    let add = ["--json", "account", "add", "caldav", "--name", "gate", "--url", &url, "--bearer-stdin"];
    let refusal = app.run_with_input(&add, "another").await?.expect(3)?.error()?;
    assert_eq!(refusal["code"], "sign_in_refused");
    let added = app.run_with_input(&add, &format!("{TOKEN}\n")).await?.expect(0)?;
    assert!(added.stdout.contains("gate/work"), "{}", added.stdout);

    let hour = chrono::TimeDelta::hours(1);
    let meeting = starmesh_tests::world::at(3, 9);
    world.put("work", &starmesh_tests::ics::Event::timed("meeting", meeting, hour)).await?;
    app.ok(&["group", "add", "pair", "work", "family"]).await?;
    app.ok(&["--verbose", "sync", "--yes"]).await?;
    world.expect("family", &[starmesh_tests::mirrors::Block::timed(meeting, hour)]).await?;

    // The token is replaced at the server, and then here.
    gate.demand_token("new", format!("Basic {basic}"));
    assert_eq!(app.error(&["plan"], 3).await?["code"], "sign_in_refused");
    let sign_in = ["--json", "account", "signin", "gate", "--bearer-stdin"];
    app.run_with_input(&sign_in, "new").await?.expect(0)?;
    assert_eq!(app.json(&["plan"]).await?["in_step"], true);

    assert!(!app.printed().contains(TOKEN));
    for file in starmesh_tests::world::files(app.folder())? {
        assert!(!String::from_utf8_lossy(&std::fs::read(file)?).contains(TOKEN));
    }
    Ok(())
}
