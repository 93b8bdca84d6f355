//! The guide is right: each of its commands is run as it stands, in its order, on real servers.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use starmesh_tests::cli::Starmesh;
use starmesh_tests::dav::Dav;
use starmesh_tests::feed::FeedServer;
use starmesh_tests::ics::Event;
use starmesh_tests::servers::{ALICE, BOB, Server, User};
use starmesh_tests::world::{at, day, on_clock};
use starmesh_tests::{Failure, Outcome};
use tempfile::TempDir;
use tokio::process::Command;

/// The guide.
const GUIDE: &str = include_str!("../../docs/guide.md");

/// How many blocks nobody can run unwatched: a browser signs in, a process goes on for ever.
const BY_HAND: usize = 2;

/// A block of commands.
struct Block<'a> {
    /// What its first line says besides `sh`.
    manner: &'a str,
    commands: Vec<&'a str>,
}

fn blocks() -> Outcome<Vec<Block<'static>>> {
    let mut blocks: Vec<Block<'_>> = Vec::new();
    let mut is_open = false;
    for line in GUIDE.lines() {
        match (line.strip_prefix("```"), is_open) {
            (Some(info), false) => {
                let manner =
                    info.strip_prefix("sh").ok_or_else(|| Failure::new(format!("a block of {info}")))?;
                let manner = manner.trim();
                blocks.push(Block { manner, commands: Vec::new() });
                is_open = true;
            }
            (Some(_), true) => is_open = false,
            (None, true) => blocks.iter_mut().last().into_iter().for_each(|block| block.commands.push(line)),
            (None, false) => {}
        }
    }
    Ok(blocks)
}

/// Two computers, and the servers that the guide speaks of.
struct Setting {
    folder: TempDir,
    server: Server,
    computers: BTreeMap<&'static str, Starmesh>,
    _feed: FeedServer,
}

impl Setting {
    async fn new() -> Outcome<Self> {
        let folder = tempfile::Builder::new().prefix("starmesh-guide-").tempdir()?;
        let server = Server::radicale()?;
        for (user, calendars) in [(ALICE, &["meetings", "team"][..]), (BOB, &["family"][..])] {
            let dav = Dav::of(&server, user)?;
            for calendar in calendars {
                dav.mkcalendar(&format!("{}{calendar}/", server.home_of(user)), calendar).await?;
            }
        }
        let meetings = format!("{}meetings/", server.home_of(ALICE));
        let series = Event::zoned("series", on_clock(day(2), 9, 0), TimeDelta::hours(1));
        let events = [series.rule("FREQ=DAILY;COUNT=5"), Event::timed("one", at(3, 14), TimeDelta::hours(1))];
        for event in &events {
            let href = format!("{meetings}{}.ics", event.uid);
            Dav::of(&server, ALICE)?.put_ics(&href, &event.text()).await?;
        }
        let feed = FeedServer::publishing(&[Event::timed("match", at(6, 18), TimeDelta::hours(2))]).await;
        let desk = folder.path().join("desk");
        fs::create_dir(&desk)?;
        fs::write(desk.join("work-password"), ALICE.password)?;
        fs::write(desk.join("home-password"), BOB.password)?;
        fs::write(desk.join("feed-address"), feed.address())?;
        let mut computers = BTreeMap::new();
        for name in ["here", "elsewhere"] {
            let app = Starmesh::new(&folder.path().join(name))?;
            put_on_path(&app, &folder.path().join(format!("{name}.bin")))?;
            computers.insert(name, app);
        }
        Ok(Self { folder, server, computers, _feed: feed })
    }

    /// The command as it stands, but for the addresses of servers.
    fn addressed(&self, command: &str) -> String {
        let at = |user: User| format!("--url {} --user {}", self.server.url(), user.name);
        command
            .replace("--url https://cal.example.org --user ann", &at(ALICE))
            .replace("--url https://dav.example.net --user ann", &at(BOB))
    }

    async fn run(&self, computer: &str, line: &str) -> Outcome<()> {
        let app = &self.computers[computer];
        let mut command = Command::new("sh");
        app.surround(&mut command);
        let own = self.folder.path().join(format!("{computer}.bin"));
        let script = format!("PATH='{}':$PATH\n{}", own.display(), self.addressed(line));
        command.current_dir(self.folder.path().join("desk")).args(["-ec", &script]);
        let ended = app.finish(command, &[line], "").await?;
        ended.expect(0).map(drop).map_err(|failure| failure.during(line.to_owned()))
    }
}

/// The program under its name in a folder of the search path. There is no keychain here.
fn put_on_path(app: &Starmesh, folder: &Path) -> Outcome<()> {
    fs::create_dir(folder)?;
    let script: PathBuf = folder.join("starmesh");
    let (binary, data) = (app.binary().display(), app.folder().display());
    fs::write(
        &script,
        format!("#!/bin/sh\nexec '{binary}' --vault passphrase --data-dir '{data}' \"$@\"\n"),
    )?;
    Ok(fs::set_permissions(&script, fs::Permissions::from_mode(0o755))?)
}

#[tokio::test]
async fn every_command_of_the_guide_does_what_it_says_in_its_order() -> Outcome<()> {
    let setting = Setting::new().await?;
    let mut by_hand = 0;
    for Block { manner, commands } in blocks()? {
        for command in commands {
            match manner {
                "" => setting.run("here", command).await?,
                // What a person answers with yes.
                "asks" => setting.run("here", &format!("{command} --yes")).await?,
                "elsewhere" => setting.run("elsewhere", command).await?,
                "by-hand" => {}
                other => {
                    return Err(Failure::new(format!("nobody knows how to run a block that is {other}")));
                }
            }
        }
        by_hand += usize::from(manner == "by-hand");
    }
    assert_eq!(by_hand, BY_HAND);
    let left = setting.computers["here"].json(&["status"]).await?;
    assert_eq!(left["calendars"].as_array().map(Vec::len), Some(0), "everything was taken back: {left}");
    for (user, calendar, count) in [(ALICE, "meetings", 2), (ALICE, "team", 0), (BOB, "family", 0)] {
        let path = format!("{}{calendar}/", setting.server.home_of(user));
        assert_eq!(Dav::of(&setting.server, user)?.list(&path).await?.len(), count, "{calendar}");
    }
    Ok(())
}
