//! Data folders that cannot be used, and vaults that do not open.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use chrono::TimeDelta;
use rustix::process::geteuid;
use starmesh_tests::cli::{Ended, Starmesh};
use starmesh_tests::ics::Event;
use starmesh_tests::mirrors::{Block, blocks};
use starmesh_tests::servers::{Kind, Rights, python};
use starmesh_tests::world::{World, at, files};
use starmesh_tests::{Failure, Outcome};
use tokio::process::Command;

const HOUR: TimeDelta = TimeDelta::hours(1);

/// Events of a scene; the brake is far.
const EVENTS: u64 = 40;

/// The blocks of a scene.
fn all() -> Vec<Block> {
    (0..EVENTS).map(|number| Block::timed(at(4 + number, 9), HOUR)).collect()
}

/// Two calendars, paired, with events at work of which one is mirrored already.
async fn scene() -> Outcome<World> {
    let world = World::new(Kind::Radicale(Rights::Owner), &["work", "family"]).await?;
    world.app.ok(&["group", "add", "pair", "work", "family"]).await?;
    world.put("work", &Event::timed("event-0", at(4, 9), HOUR)).await?;
    world.sync().await?;
    for number in 1..EVENTS {
        world.put("work", &Event::timed(&format!("event-{number}"), at(4 + number, 9), HOUR)).await?;
    }
    Ok(world)
}

/// When it works again, it goes on as if nothing had been.
async fn expect_recovery(world: &World) -> Outcome<()> {
    world.sync().await?;
    // Whatever stood in the way passed by itself: no database was taken for a damaged one.
    let moved =
        files(world.app.folder())?.into_iter().filter(|file| file.to_string_lossy().contains("damage"));
    assert_eq!(moved.count(), 0);
    world.expect("family", &all()).await?;
    world.expect_quiet().await
}

/// Sets the permissions of `folder` and all in it.
fn allow(folder: &Path, writing: bool) -> Outcome<()> {
    let (directories, plain) = if writing { (0o700, 0o600) } else { (0o500, 0o400) };
    for file in files(folder)? {
        fs::set_permissions(file, fs::Permissions::from_mode(plain))?;
    }
    Ok(fs::set_permissions(folder, fs::Permissions::from_mode(directories))?)
}

/// Runs a command that the permissions of files apply to, also where the tests run as root.
async fn run_plainly(app: &Starmesh, args: &[&str]) -> Outcome<Ended> {
    if !geteuid().is_root() {
        return app.run(args).await;
    }
    let mut command = Command::new("setpriv");
    app.surround(&mut command);
    command.args(["--bounding-set=-all", "--inh-caps=-all"]).arg(app.binary());
    command.args(["--vault", "passphrase", "--data-dir"]).arg(app.folder()).args(args);
    app.finish(command, args, "").await
}

#[tokio::test]
async fn a_read_only_data_folder_is_named_and_nothing_is_written() -> Outcome<()> {
    let world = scene().await?;
    let before = world.snapshot().await?;
    allow(world.app.folder(), false)?;
    let ended = run_plainly(&world.app, &["--json", "sync", "--yes"]).await;
    allow(world.app.folder(), true)?;
    let error = ended?.expect(1)?.error()?;
    assert_eq!(error["code"], "data_folder_unusable", "{error}");
    assert!(error["message"].to_string().contains(&*world.app.folder().to_string_lossy()), "{error}");
    world.expect_unchanged(&before).await?;
    expect_recovery(&world).await
}

#[tokio::test]
async fn a_file_in_the_place_of_the_data_folder_is_named() -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("file");
    fs::write(&place, "not a folder")?;
    let app = Starmesh::new(&place)?;
    let error = app.error(&["settings", "set", "window", "90"], 1).await?;
    assert_eq!(error["code"], "data_folder_unusable", "{error}");
    assert!(error["message"].to_string().contains(&*place.to_string_lossy()), "{error}");
    assert_eq!(fs::read_to_string(&place)?, "not a folder");
    Ok(())
}

/// Room that is left on the full disk: enough to open a database, too little for the work.
const ROOM_KIB: u64 = 96;

/// Copies the data folder `$1` to a small disk of its own, fills that, and runs the rest there.
const ON_A_FULL_DISK: &str = r#"
    disk=$1; folder=$2; room=$3; shift 3
    mount -t tmpfs -o size=8m none "$disk" || exit 97
    cp -a "$folder" "$disk/data"
    dd if=/dev/zero of="$disk/room" bs=1024 count="$room" 2>/dev/null
    cat /dev/zero >"$disk/filling" 2>/dev/null
    rm "$disk/room"
    exec "$@"
"#;

/// The same failure where nothing can be mounted: no file may grow beyond what the database has now.
const WITH_A_LIMIT: &str = r#"
    limit=$1; shift
    trap '' XFSZ
    ulimit -f "$limit" || exit 97
    exec "$@"
"#;

#[tokio::test]
async fn a_full_disk_is_named_and_loses_nothing() -> Outcome<()> {
    let world = scene().await?;
    let disk = world.file("disk");
    fs::create_dir(&disk)?;
    let originals = world.originals().await?;
    let mounts = geteuid().is_root() && can_mount().await?;
    let mut command = Command::new(if mounts { "unshare" } else { "sh" });
    world.app.surround(&mut command);
    let folder = if mounts {
        command.args(["-m", "sh", "-c", ON_A_FULL_DISK, "sh"]).arg(&disk).arg(world.app.folder());
        command.arg(ROOM_KIB.to_string());
        disk.join("data")
    } else {
        let database = fs::metadata(world.app.folder().join("starmesh.db"))?.len();
        command.args(["-c", WITH_A_LIMIT, "sh"]).arg((database / 512).to_string());
        world.app.folder().to_owned()
    };
    command.arg(world.app.binary()).args(["--vault", "passphrase", "--data-dir"]).arg(&folder);
    let args = ["--json", "sync", "--yes"];
    command.args(args);
    let error = world.app.finish(command, &args, "").await?.expect(1)?.error()?;
    let codes: &[&str] = if mounts { &["disk_full"] } else { &["disk_full", "database_failed"] };
    assert!(codes.iter().any(|code| error["code"] == *code), "{error}");
    assert!(error["message"].to_string().contains("data"), "the place is named: {error}");
    assert_eq!(world.originals().await?, originals);
    // Mirrors that were written before the disk was full are found again, and not doubled.
    let mut standing = blocks(&world.list("family").await?)?;
    standing.dedup();
    assert!(!standing.is_empty() && standing.iter().all(|block| all().contains(block)), "{standing:?}");
    expect_recovery(&world).await
}

async fn can_mount() -> Outcome<bool> {
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", "mount -t tmpfs -o size=1m none /mnt 2>/dev/null"]);
    Ok(command.status().await?.success())
}

#[tokio::test]
async fn a_wrong_passphrase_and_none_are_told_apart_and_change_nothing() -> Outcome<()> {
    let world = scene().await?;
    let before = world.snapshot().await?;
    let wrong = world.app.with_passphrase("wrong passphrase");
    for args in [&["sync", "--yes"][..], &["plan"], &["status"]] {
        let error = wrong.error(args, 3).await?;
        assert_eq!(error["code"], "wrong_passphrase", "{error}");
        assert!(!error.to_string().contains("wrong passphrase\""), "the passphrase is not repeated: {error}");
    }
    let mut command = world.app.command(&["--json", "sync", "--yes"]);
    command.env_remove("STARMESH_PASSPHRASE");
    let none = world.app.finish(command, &["sync"], "").await?.expect(3)?.error()?;
    assert_eq!(none["code"], "passphrase_missing", "{none}");
    world.expect_unchanged(&before).await?;
    expect_recovery(&world).await
}

/// Sets the version of the database in `argv[1]` to `argv[2]`.
const SET_VERSION: &str = "
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
db.execute('pragma user_version = ' + sys.argv[2])
db.commit()
";

async fn set_version(app: &Starmesh, version: u32) -> Outcome<()> {
    let mut command = Command::new(python()?);
    command.args(["-c", SET_VERSION]).arg(app.folder().join("starmesh.db")).arg(version.to_string());
    if command.status().await?.success() { Ok(()) } else { Err(Failure::new("the version was not set")) }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_named_and_not_touched() -> Outcome<()> {
    let world = scene().await?;
    let before = world.snapshot().await?;
    set_version(&world.app, 99).await?;
    let database = fs::read(world.app.folder().join("starmesh.db"))?;
    for args in [&["sync", "--yes"][..], &["plan"], &["settings", "set", "window", "90"]] {
        let error = world.app.error(args, 1).await?;
        assert_eq!(error["code"], "database_newer", "{error}");
    }
    assert_eq!(fs::read(world.app.folder().join("starmesh.db"))?, database);
    world.expect_unchanged(&before).await?;
    set_version(&world.app, 2).await?;
    expect_recovery(&world).await
}

#[tokio::test]
async fn two_processes_on_one_data_folder_do_not_write_at_once() -> Outcome<()> {
    let world = scene().await?;
    let mut running = world.app.spawn(&["--json", "run"])?;
    running.line(starmesh_tests::world::SEEN_WITHIN, |line| line.contains("\"started\"")).await?;
    let pid = running.pid()?.to_string();
    for args in [&["sync", "--yes"][..], &["run"]] {
        let error = world.app.error(args, 1).await?;
        assert_eq!(error["code"], "data_folder_in_use");
        assert!(error["message"].to_string().contains(&pid), "{error}");
    }
    // A process that was killed holds nothing.
    assert!(running.kill().await?);
    expect_recovery(&world).await
}
