//! A person's calendars somewhere, and the program between them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;
use starmesh_sim::microsoft::world::MailboxKind;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::cli::Starmesh;
use crate::dav::{Dav, Listing};
use crate::ground::{CaldavHome, GoogleHome, Ground, Home, MicrosoftHome, Service, Touch};
use crate::ics::{CANARY, Event};
use crate::mirrors::{Block, blocks, mirrors, originals};
use crate::servers::{ALICE, Kind, Rights, Server, User};
use crate::{Failure, Outcome};

/// How long a running engine may take until a change is everywhere: the shortest poll interval, 5 s, its
/// jitter of a quarter, and the work, on a busy machine.
pub const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// The pause between two looks at a server.
const LOOK_PAUSE: Duration = Duration::from_millis(100);

/// The name of the account, where there is one only.
pub const ACCOUNT: &str = "home";

/// All calendars with all that is in them.
pub type Snapshot = BTreeMap<String, Listing>;

/// Calendars on some ground and a program that knows them.
pub struct World {
    /// The program.
    pub app: Starmesh,
    ground: Ground,
    caldav: Option<CaldavHome>,
    google: Option<GoogleHome>,
    microsoft: Option<MicrosoftHome>,
    folder: TempDir,
    /// In the order in which they were made.
    calendars: Vec<String>,
}

impl World {
    /// Fresh `calendars` on some ground, and a program with an account for each service there.
    pub async fn new(ground: impl Into<Ground>, calendars: &[&str]) -> Outcome<Self> {
        Self::of(ALICE, ground, calendars).await
    }

    /// The same for somebody else, as far as it is CalDAV; elsewhere all calendars are Ada's.
    pub async fn of(user: User, ground: impl Into<Ground>, calendars: &[&str]) -> Outcome<Self> {
        let ground = ground.into();
        let folder = tempfile::Builder::new().prefix("starmesh-world-").tempdir()?;
        let app = Starmesh::new(&folder.path().join("data"))?;
        let calendars: Vec<String> = calendars.iter().copied().map(str::to_owned).collect();
        let mut world = Self { app, ground, caldav: None, google: None, microsoft: None, folder, calendars };
        match ground {
            Ground::Caldav(kind) => world.caldav = Some(CaldavHome::start(kind, user)?),
            Ground::Google => world.google = Some(GoogleHome::start().await?),
            Ground::Microsoft(kind) => world.microsoft = Some(MicrosoftHome::start(kind).await?),
            Ground::Mixed => {
                world.caldav = Some(CaldavHome::start(Kind::Radicale(Rights::Owner), user)?);
                world.google = Some(GoogleHome::start().await?);
                world.microsoft = Some(MicrosoftHome::start(MailboxKind::Work).await?);
            }
        }
        for name in world.calendars.clone() {
            world.home_mut(&name).add_calendar(&name).await?;
        }
        world.sign_in(&world.app).await?;
        Ok(world)
    }

    /// Gives `app` every account.
    pub async fn sign_in(&self, app: &Starmesh) -> Outcome<()> {
        for (service, home) in self.homes() {
            home.sign_in(app, self.account(service)).await?;
        }
        Ok(())
    }

    /// The ground it stands on.
    pub fn ground(&self) -> Ground {
        self.ground
    }

    /// The CalDAV server.
    pub fn server(&self) -> &Server {
        &self.caldav().server
    }

    /// The same, to stop it and to start it again.
    pub fn server_mut(&mut self) -> &mut Server {
        &mut self.caldav.as_mut().expect("the world has a CalDAV server").server
    }

    /// The way to the CalDAV server past the program.
    pub fn dav(&self) -> &Dav {
        &self.caldav().dav
    }

    fn caldav(&self) -> &CaldavHome {
        self.caldav.as_ref().expect("the world has a CalDAV server")
    }

    fn homes(&self) -> impl Iterator<Item = (Service, &dyn Home)> {
        let caldav = self.caldav.as_ref().map(|home| (Service::Caldav, home as &dyn Home));
        let google = self.google.as_ref().map(|home| (Service::Google, home as &dyn Home));
        let microsoft = self.microsoft.as_ref().map(|home| (Service::Microsoft, home as &dyn Home));
        [caldav, google, microsoft].into_iter().flatten()
    }

    /// The service at which a calendar lies.
    pub fn service(&self, calendar: &str) -> Service {
        // At a server of its own, calendars of other people's making are there as well.
        if let Ground::Caldav(_) = self.ground {
            return Service::Caldav;
        }
        let number = self.calendars.iter().position(|name| name == calendar);
        self.ground.service(number.expect("a calendar of this world"))
    }

    fn home(&self, calendar: &str) -> &dyn Home {
        let service = self.service(calendar);
        let found = self.homes().find(|(other, _)| *other == service);
        found.expect("the world has every service of its ground").1
    }

    fn home_mut(&mut self, calendar: &str) -> &mut dyn Home {
        let home: Option<&mut dyn Home> = match self.service(calendar) {
            Service::Caldav => self.caldav.as_mut().map(|home| home as &mut dyn Home),
            Service::Google => self.google.as_mut().map(|home| home as &mut dyn Home),
            Service::Microsoft => self.microsoft.as_mut().map(|home| home as &mut dyn Home),
        };
        home.expect("the world has every service of its ground")
    }

    fn account(&self, service: Service) -> &'static str {
        match (self.ground, service) {
            (Ground::Mixed, Service::Google) => "personal",
            (Ground::Mixed, Service::Microsoft) => "office",
            _ => ACCOUNT,
        }
    }

    /// The name that people see of a calendar.
    pub fn title(&self, calendar: &str) -> String {
        self.home(calendar).title(calendar)
    }

    /// The name of a calendar with that of its account.
    pub fn full_name(&self, calendar: &str) -> String {
        format!("{}/{calendar}", self.account(self.service(calendar)))
    }

    /// The address by which somebody invites whoever owns a calendar.
    pub fn address(&self, calendar: &str) -> String {
        self.home(calendar).address(calendar)
    }

    /// Another data folder, with the accounts: a second device, or the same after its disk was lost.
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

    /// The path of a calendar at the CalDAV server.
    pub fn path(&self, calendar: &str) -> String {
        self.caldav().path(calendar)
    }

    /// The path of an event there.
    pub fn href(&self, calendar: &str, uid: &str) -> String {
        self.caldav().href(calendar, uid)
    }

    /// Books an event, or changes it.
    pub async fn put(&self, calendar: &str, event: &Event) -> Outcome<()> {
        self.home(calendar).put(calendar, event).await.map_err(|failure| failure.during(&event.uid))
    }

    /// Cancels an event.
    pub async fn delete(&self, calendar: &str, uid: &str) -> Outcome<()> {
        self.home(calendar).delete(calendar, uid).await
    }

    /// Deletes by hand what is called `href` in a listing.
    pub async fn remove(&self, calendar: &str, href: &str) -> Outcome<()> {
        self.home(calendar).remove(calendar, href).await
    }

    /// Changes by hand what is called `href` in a listing.
    pub async fn touch(&self, calendar: &str, href: &str, touch: Touch<'_>) -> Outcome<()> {
        self.home(calendar).touch(calendar, href, touch).await
    }

    /// Copies by hand what is called `href` in a listing; what the copy is called there.
    pub async fn copy(&self, calendar: &str, href: &str) -> Outcome<String> {
        self.home(calendar).copy(calendar, href).await
    }

    /// A number that grows by one with every event that the program makes.
    pub fn made(&self) -> Outcome<usize> {
        self.homes().map(|(_, home)| home.made()).sum()
    }

    /// Everything in one calendar. A failure when any person would have heard of anything by then.
    pub async fn list(&self, calendar: &str) -> Outcome<Listing> {
        let notified: Vec<String> = self.homes().flat_map(|(_, home)| home.notified()).collect();
        if !notified.is_empty() {
            return Err(Failure::new(format!("people were notified: {notified:?}")));
        }
        self.home(calendar).list(calendar).await
    }

    /// What differs from an equal world, each with a name that takes its place: the ids that a service draws
    /// for events, and where it listens.
    pub async fn issued(&self) -> Outcome<Vec<(String, String)>> {
        let mut issued: Vec<(String, String)> =
            self.homes().map(|(service, home)| (home.authority(), format!("<{service:?}>"))).collect();
        for (calendar, listing) in self.snapshot().await? {
            let drawn = listing.into_iter().filter(|_| self.service(&calendar) == Service::Microsoft);
            for (id, resource) in drawn {
                let event: serde_json::Value = serde_json::from_str(&resource.body)?;
                let own = event["transactionId"].as_str().or(event["iCalUId"].as_str());
                let own = own.ok_or_else(|| Failure::new("an event without any name"))?;
                issued.push((id, format!("<{own} in {calendar}>")));
            }
        }
        Ok(issued)
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
