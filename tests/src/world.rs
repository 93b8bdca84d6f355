//! A server, a person's calendars on it, and the program between them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::cli::Starmesh;
use crate::dav::{Dav, Listing};
use crate::ics::{CANARY, Event};
use crate::mirrors::{Block, blocks, mirrors, originals};
use crate::servers::{ALICE, Kind, Server, User};
use crate::{Failure, Outcome};

/// How long a running engine may take until a change is everywhere: the shortest poll interval, 5 s, its
/// jitter of a quarter, and the work, on a busy machine.
pub const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// The pause between two looks at a server.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// The name of the account.
pub const ACCOUNT: &str = "home";

/// All calendars with all that is in them.
pub type Snapshot = BTreeMap<String, Listing>;

/// A server with calendars and a program that knows it.
pub struct World {
    /// The server.
    pub server: Server,
    /// The way to it past the program.
    pub dav: Dav,
    /// The program.
    pub app: Starmesh,
    folder: TempDir,
    calendars: Vec<String>,
    user: User,
}

impl World {
    /// A fresh server with `calendars`, and a program with an account for it.
    pub async fn new(kind: Kind, calendars: &[&str]) -> Outcome<Self> {
        Self::of(ALICE, kind, calendars).await
    }

    /// The same for somebody else.
    pub async fn of(user: User, kind: Kind, calendars: &[&str]) -> Outcome<Self> {
        let server = Server::start(kind)?;
        let dav = Dav::of(&server, user)?;
        let folder = tempfile::Builder::new().prefix("starmesh-world-").tempdir()?;
        let app = Starmesh::new(&folder.path().join("data"))?;
        let calendars: Vec<String> = calendars.iter().copied().map(str::to_owned).collect();
        let world = Self { server, dav, app, folder, calendars, user };
        for name in &world.calendars {
            world.dav.mkcalendar(&world.path(name), &display_name(name)).await?;
        }
        world.sign_in(&world.app).await?;
        Ok(world)
    }

    /// Gives `app` the account.
    pub async fn sign_in(&self, app: &Starmesh) -> Outcome<()> {
        let url = self.server.url();
        app.add_account(ACCOUNT, url.as_str(), self.user.name, self.user.password).await?.expect(0)?;
        Ok(())
    }

    /// Another data folder, with the account: a second device, or the same after its disk was lost.
    pub async fn device(&self, name: &str) -> Outcome<Starmesh> {
        let app = self.empty_device(name)?;
        self.sign_in(&app).await?;
        Ok(app)
    }

    /// Another data folder with nothing in it.
    pub fn empty_device(&self, name: &str) -> Outcome<Starmesh> {
        Starmesh::new(&self.folder.path().join(name))
    }

    /// A place for a file that goes with the world.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The path of a calendar.
    pub fn path(&self, calendar: &str) -> String {
        format!("{}{calendar}/", self.server.home_of(self.user))
    }

    /// The path of an event.
    pub fn href(&self, calendar: &str, uid: &str) -> String {
        format!("{}{uid}.ics", self.path(calendar))
    }

    /// Books an event, or changes it.
    pub async fn put(&self, calendar: &str, event: &Event) -> Outcome<()> {
        self.dav.put_ics(&self.href(calendar, &event.uid), &event.text()).await?;
        Ok(())
    }

    /// Cancels an event.
    pub async fn delete(&self, calendar: &str, uid: &str) -> Outcome<()> {
        self.dav.delete(&self.href(calendar, uid)).await
    }

    /// Everything in one calendar.
    pub async fn list(&self, calendar: &str) -> Outcome<Listing> {
        self.dav.list(&self.path(calendar)).await
    }

    /// Everything.
    pub async fn snapshot(&self) -> Outcome<Snapshot> {
        let mut snapshot = Snapshot::new();
        for calendar in &self.calendars {
            snapshot.insert(calendar.clone(), self.list(calendar).await?);
        }
        Ok(snapshot)
    }

    /// Everything that is no mirror.
    pub async fn originals(&self) -> Outcome<Snapshot> {
        let all = self.snapshot().await?;
        Ok(all.into_iter().map(|(calendar, listing)| (calendar, originals(&listing))).collect())
    }

    /// Fails unless the mirrors in `calendar` are exactly at these times.
    pub async fn expect(&self, calendar: &str, wanted: &[Block]) -> Outcome<()> {
        compare(calendar, &self.list(calendar).await?, wanted)
    }

    /// Fails unless nothing on the server changed since `before`, etags included.
    pub async fn expect_unchanged(&self, before: &Snapshot) -> Outcome<()> {
        let now = self.snapshot().await?;
        for (calendar, listing) in before {
            let changed: Vec<&String> = listing
                .keys()
                .chain(now[calendar].keys())
                .filter(|href| listing.get(*href) != now[calendar].get(*href))
                .collect();
            if !changed.is_empty() {
                return Err(Failure::new(format!("{calendar} changed: {changed:?}")));
            }
        }
        Ok(())
    }

    /// Waits until the mirrors in `calendar` are exactly at these times.
    pub async fn await_blocks(&self, calendar: &str, wanted: &[Block]) -> Outcome<()> {
        let deadline = Instant::now() + SEEN_WITHIN;
        loop {
            // A calendar that changes while it is read is looked at again.
            let outcome = match self.list(calendar).await {
                Ok(listing) => compare(calendar, &listing, wanted),
                Err(failure) => Err(failure),
            };
            match outcome {
                Err(failure) if Instant::now() > deadline => {
                    return Err(failure.during(format!("after {SEEN_WITHIN:?}")));
                }
                Err(_) => sleep(LOOK_PAUSE).await,
                Ok(()) => return Ok(()),
            }
        }
    }

    /// Syncs, with approval.
    pub async fn sync(&self) -> Outcome<()> {
        self.app.ok(&["sync", "--yes"]).await?;
        Ok(())
    }

    /// Syncs once more and fails if that changes anything on the server.
    pub async fn expect_quiet(&self) -> Outcome<()> {
        self.expect_quiet_with(&self.app).await
    }

    /// Syncs with `app` and fails if that changes anything on the server.
    pub async fn expect_quiet_with(&self, app: &Starmesh) -> Outcome<()> {
        let before = self.snapshot().await?;
        app.ok(&["sync", "--yes"]).await?;
        self.expect_unchanged(&before).await
    }

    /// Fails if a hidden word of any event is in the program's output, its files or a mirror.
    pub async fn expect_no_canary(&self) -> Outcome<()> {
        for (calendar, listing) in self.snapshot().await? {
            // Reading them refuses every property that a mirror must not have.
            if mirrors(&listing)?.iter().any(|mirror| mirror.lines.iter().any(|line| line.contains(CANARY))) {
                return Err(Failure::new(format!("a hidden word is in a mirror in {calendar}")));
            }
        }
        if self.app.printed().contains(CANARY) {
            return Err(Failure::new("a hidden word was printed"));
        }
        let files = files(self.folder.path())?;
        if files.is_empty() {
            return Err(Failure::new("the data folder is empty"));
        }
        for file in files {
            if contains(&fs::read(&file)?, CANARY.as_bytes()) {
                return Err(Failure::new(format!("a hidden word is in {}", file.display())));
            }
        }
        Ok(())
    }
}

/// The name that people see; the path is in lower case.
pub fn display_name(calendar: &str) -> String {
    let mut letters = calendar.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// The day `days` from today. All tests stay clear of today, so that midnight may pass while they run.
#[expect(clippy::disallowed_methods, reason = "the real program under test reads the real clock")]
pub fn day(days: u64) -> NaiveDate {
    Utc::now().date_naive() + Days::new(days)
}

/// That day at `hour`:00 UTC.
pub fn at(days: u64, hour: u32) -> DateTime<Utc> {
    on_clock(day(days), hour, 0).and_utc()
}

/// `day` at `hour`:`minute` on any clock.
pub fn on_clock(day: NaiveDate, hour: u32, minute: u32) -> NaiveDateTime {
    day.and_time(NaiveTime::from_hms_opt(hour, minute, 0).unwrap_or_default())
}

/// What a clock on a wall in `zone` shows, as an instant; the first of two where it shows it twice.
pub fn instant(zone: Tz, local: NaiveDateTime) -> Outcome<DateTime<Utc>> {
    let found = zone.from_local_datetime(&local).earliest();
    let found = found.ok_or_else(|| Failure::new(format!("{local} does not exist in {zone}")))?;
    Ok(found.with_timezone(&Utc))
}

fn compare(calendar: &str, listing: &Listing, wanted: &[Block]) -> Outcome<()> {
    let mut wanted = wanted.to_vec();
    wanted.sort();
    let found = blocks(listing)?;
    if found == wanted {
        return Ok(());
    }
    let missing: Vec<&Block> = wanted.iter().filter(|block| !found.contains(block)).collect();
    let extra: Vec<&Block> = found.iter().filter(|block| !wanted.contains(block)).collect();
    let counts = format!("{} mirrors instead of {}", found.len(), wanted.len());
    Err(Failure::new(format!("{calendar}: {counts}, missing {missing:?}, unexpected {extra:?}")))
}

/// Every file below `folder`.
pub fn files(folder: &Path) -> Outcome<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(files(&path)?);
        } else if path.is_file() {
            found.push(path);
        }
    }
    Ok(found)
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}
