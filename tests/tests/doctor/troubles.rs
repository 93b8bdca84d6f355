//! Troubles that are made real, one at a time: each is named, and hides no other.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use chrono::{DateTime, TimeDelta};
use rustix::process::geteuid;
use serde_json::Value;
use starmesh_tests::dav::Dav;
use starmesh_tests::fault_proxy::{Answer, Fault, FaultProxy, On};
use starmesh_tests::ground::Ground;
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::mirrors;
use starmesh_tests::servers::{BOB, Kind, Rights, Server};
use starmesh_tests::world::{World, at, files};
use starmesh_tests::{Failure, Outcome};
use tokio::process::Command;

use crate::{bad, examine, findings, read, verdicts};

const RADICALE: Kind = Kind::Radicale(Rights::Owner);

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Two calendars, paired and in step.
async fn scene() -> Outcome<World> {
    let world = World::new(Ground::RADICALE, &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.put("work", &Event::timed("meeting", at(4, 9), HOUR)).await?;
    world.sync().await?;
    Ok(world)
}

/// The findings of one check about one account.
fn of_account<'a>(report: &'a Value, check: &str, account: &str) -> Vec<&'a Value> {
    findings(report, check).into_iter().filter(|found| found["account"] == account).collect()
}

/// Bob's calendar on a server of his own, reached through a proxy, as the account `office`.
async fn office(world: &World) -> Outcome<(Server, FaultProxy)> {
    let office = Server::start(RADICALE)?;
    Dav::of(&office, BOB)?.mkcalendar("/bob/desk/", "Desk").await?;
    let proxy = FaultProxy::before(&office.url()).await;
    world.app.add_account("office", proxy.url().as_str(), BOB.name, BOB.password).await?.expect(0)?;
    Ok((office, proxy))
}

/// The same answer of a server whose clock is ahead.
fn dated(answer: Answer, ahead: TimeDelta) -> Answer {
    let date = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("date"));
    let date = date.and_then(|(_, date)| DateTime::parse_from_rfc2822(date).ok());
    let Some(date) = date else { return answer };
    let date = (date + ahead).format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    answer.without("date").with("date", &date)
}

#[tokio::test]
async fn a_clock_that_no_server_agrees_with_is_wrong() -> Outcome<()> {
    let mut world = scene().await?;
    let (_office, proxy) = office(&world).await?;
    let ahead = || {
        let change = |answer| dated(answer, TimeDelta::minutes(90));
        proxy.plan(On::method("HEAD"), 1, Fault::Change(Box::new(change)));
    };
    ahead();
    let report = examine(&world.app, &[]).await?;
    assert_eq!(verdicts(&report, "clock"), ["note"], "the other server agrees: {report:#}");

    world.server_mut().stop()?;
    ahead();
    let report = examine(&world.app, &[]).await?;
    let clock = findings(&report, "clock")[0];
    assert_eq!(clock["verdict"], "failed", "{clock}");
    assert!(
        clock["message"].to_string().contains("90 min behind")
            || clock["message"].to_string().contains("89 min behind"),
        "{clock}"
    );
    assert_eq!(of_account(&report, "connection", "office")[0]["verdict"], "good", "{report:#}");
    Ok(())
}

#[tokio::test]
async fn a_server_that_is_down_is_named_and_hides_no_other() -> Outcome<()> {
    let world = scene().await?;
    let (mut office, _proxy) = office(&world).await?;
    world.app.add_account("direct", office.url().as_str(), BOB.name, BOB.password).await?.expect(0)?;
    office.stop()?;
    let report = examine(&world.app, &[]).await?;
    let connection = of_account(&report, "connection", "direct");
    assert_eq!((connection.len(), &connection[0]["verdict"]), (1, &"failed".into()));
    assert_eq!(connection[0]["code"], "offline");
    assert!(connection[0]["action"].is_string() && connection[0]["host"].is_string());
    assert_eq!(of_account(&report, "sign_in", "direct")[0]["verdict"], "not_checked");
    assert_eq!(of_account(&report, "connection", "home")[0]["verdict"], "good");
    assert_eq!(of_account(&report, "sign_in", "home")[0]["verdict"], "good");
    assert_eq!(verdicts(&report, "clock"), ["good"]);
    Ok(())
}

#[tokio::test]
async fn a_name_without_an_address_and_a_refused_password_are_told_apart() -> Outcome<()> {
    let world = scene().await?;
    world.server().set_password(starmesh_tests::servers::ALICE, "changed-meanwhile")?;
    let nowhere = world.file("nowhere.toml");
    fs::write(
        &nowhere,
        "version = 1\n[[account]]\nname = 'nowhere'\nprovider = 'caldav'\n\
         url = 'https://there-is-no-such-host.invalid/'\nuser = 'ann'\n",
    )?;
    world.app.ok(&["settings", "import", "--yes", &nowhere.to_string_lossy()]).await?;
    let report = examine(&world.app, &[]).await?;
    assert_eq!(of_account(&report, "connection", "home")[0]["verdict"], "good");
    let sign_in = of_account(&report, "sign_in", "home")[0];
    assert_eq!((&sign_in["verdict"], &sign_in["code"]), (&"failed".into(), &"sign_in_refused".into()));
    assert!(sign_in["action"].to_string().contains("starmesh account signin home"), "{sign_in}");

    let secret = of_account(&report, "secret", "nowhere")[0];
    assert_eq!(secret["verdict"], "failed", "an imported account has nothing to sign in with");
    assert!(secret["action"].to_string().contains("starmesh account signin nowhere"), "{secret}");
    let name = of_account(&report, "dns", "nowhere");
    let through_a_proxy = !of_account(&report, "proxy", "nowhere").is_empty();
    assert!(through_a_proxy || name[0]["verdict"] == "failed", "{report:#}");
    Ok(())
}

#[tokio::test]
async fn a_certificate_that_nobody_trusts_is_named_and_nothing_is_sent() -> Outcome<()> {
    let world = scene().await?;
    let secure = Server::start(Kind::RadicaleSelfSigned)?;
    let file = world.file("secure.toml");
    let table = format!(
        "version = 1\n[[account]]\nname = 'secure'\nprovider = 'caldav'\nurl = '{}'\nuser = 'alice'\n",
        secure.url()
    );
    fs::write(&file, table)?;
    world.app.ok(&["settings", "import", "--yes", &file.to_string_lossy()]).await?;
    let report = examine(&world.app, &[]).await?;
    let connection = of_account(&report, "connection", "secure")[0];
    assert_eq!((&connection["verdict"], &connection["code"]), (&"failed".into(), &"untrusted".into()));
    assert_eq!(of_account(&report, "sign_in", "secure")[0]["verdict"], "not_checked");
    assert_eq!(of_account(&report, "connection", "home")[0]["verdict"], "good");
    Ok(())
}

#[tokio::test]
async fn a_spoilt_database_is_found_out() -> Outcome<()> {
    let world = scene().await?;
    // Nothing is left beside the file that would be read instead of it.
    let database = world.app.folder().join("starmesh.db");
    let mut bytes = fs::read(&database)?;
    let (from, to) = (4096 * 3, bytes.len());
    for byte in &mut bytes[from..to] {
        *byte ^= 0x5a;
    }
    fs::write(&database, bytes)?;
    let report = examine(&world.app, &["--offline"]).await?;
    assert!(verdicts(&report, "database").contains(&"failed"), "{report:#}");
    for found in findings(&report, "database").iter().filter(|found| found["verdict"] == "failed") {
        assert!(found["action"].to_string().contains("moves the database aside"), "{found}");
    }

    fs::write(&database, "this is no database at all")?;
    let report = examine(&world.app, &["--offline"]).await?;
    assert!(verdicts(&report, "database").contains(&"failed"), "{report:#}");
    assert_eq!(verdicts(&report, "data_folder"), ["good"], "the rest is looked at all the same");
    Ok(())
}

#[tokio::test]
async fn a_vault_that_stays_shut_is_named_and_the_file_is_examined_all_the_same() -> Outcome<()> {
    let world = scene().await?;
    let stranger = world.app.with_passphrase("wrong horse");
    let report = examine(&stranger, &[]).await?;
    let vault = findings(&report, "vault")[0];
    assert_eq!(
        (&vault["verdict"], &vault["code"]),
        (&"failed".into(), &"wrong_passphrase".into()),
        "{vault}"
    );
    assert_eq!(verdicts(&report, "database"), ["good"], "no key is needed for that");
    assert_eq!(bad(&report).len(), 1, "{report:#}");

    let mut silent = world.app.command(&["--json", "doctor"]);
    silent.env_remove("STARMESH_PASSPHRASE");
    let ended = world.app.finish(silent, &["doctor"], "").await?;
    let report = read(&ended.stdout, ended.code)?;
    assert_eq!(findings(&report, "vault")[0]["code"], "passphrase_missing");
    Ok(())
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() -> Outcome<()> {
    let world = scene().await?;
    let set = |folder: u32, plain: u32| -> Outcome<()> {
        for file in files(world.app.folder())? {
            fs::set_permissions(file, fs::Permissions::from_mode(plain))?;
        }
        Ok(fs::set_permissions(world.app.folder(), fs::Permissions::from_mode(folder))?)
    };
    set(0o500, 0o400)?;
    // Permissions mean nothing to root.
    let ended = if geteuid().is_root() {
        let mut command = Command::new("setpriv");
        world.app.surround(&mut command);
        command.args(["--bounding-set=-all", "--inh-caps=-all"]).arg(world.app.binary());
        command.args(["--vault", "passphrase", "--data-dir"]).arg(world.app.folder());
        command.args(["--json", "doctor", "--offline"]);
        world.app.finish(command, &["doctor"], "").await
    } else {
        world.app.run(&["--json", "doctor", "--offline"]).await
    };
    set(0o700, 0o600)?;
    let ended = ended?;
    let report = read(&ended.stdout, ended.code)?;
    let folder = findings(&report, "data_folder")[0];
    assert_eq!((&folder["verdict"], &folder["code"]), (&"failed".into(), &"data_folder_unusable".into()));
    assert_eq!(verdicts(&report, "vault"), ["good"], "it can be read: {report:#}");
    assert_eq!(verdicts(&report, "database"), ["good", "good", "good"]);

    set(0o755, 0o644)?;
    let report = examine(&world.app, &["--offline"]).await?;
    let open = findings(&report, "data_folder")[0];
    assert_eq!(open["verdict"], "warning", "{open}");
    assert!(open["action"].to_string().contains("chmod"), "{open}");
    Ok(())
}

#[tokio::test]
async fn what_a_server_did_to_marks_and_what_waits_for_a_person_is_told() -> Outcome<()> {
    let world = scene().await?;
    let blocks = mirrors(&world.list("family").await?)?;
    let href = &blocks.first().ok_or_else(|| Failure::new("no mirror"))?.href;
    let block = world.dav().get(href).await?.ok_or_else(|| Failure::new("the mirror is gone"))?;
    world.dav().put_ics(href, &without_mark(&block.body)).await?;
    world.app.run(&["sync", "--yes"]).await?;
    world.app.ok(&["link", "pause", "family->work"]).await?;
    let report = examine(&world.app, &["--offline"]).await?;
    assert_eq!(verdicts(&report, "links"), ["good", "note"], "{report:#}");
    assert!(verdicts(&report, "marks").contains(&"failed"), "{report:#}");
    Ok(())
}

/// The text of an event without its mark, folds and all.
fn without_mark(text: &str) -> String {
    let mut kept = String::new();
    let mut in_mark = false;
    for line in text.split_inclusive('\n') {
        in_mark = line.starts_with("X-SYNC-FB") || (in_mark && line.starts_with([' ', '\t']));
        if !in_mark {
            kept.push_str(line);
        }
    }
    kept
}
