//! A world as a file: the table `microsoft` of a TOML file, beside which other providers may have theirs.
//!
//! ```toml
//! # The first mailbox is the well-known one: `--token` is its owner's.
//! [[microsoft.mailbox]]
//! upn = "ada@example.test"
//! name = "Ada"
//! kind = "work"                   # personal, work or shared
//! zone = "W. Europe Standard Time" # optional; UTC
//! members = []                    # optional; who has full access
//!
//! # Every mailbox has a default calendar; these come besides.
//! [[microsoft.calendar]]
//! mailbox = "ada@example.test"
//! name = "Projects"
//! feed = false                    # optional; true for one that nobody can write
//!
//! # read, write, freeBusyRead, limitedRead, delegateWithPrivateEventAccess, …
//! [[microsoft.share]]
//! mailbox = "bob@example.test"
//! calendar = "Calendar"           # optional; the default one
//! with = "ada@example.test"
//! role = "read"
//! accepted = true                 # optional; a local copy is listed
//!
//! # The body is that of a POST. Times may be said as days from today at a time of day.
//! [[microsoft.event]]
//! mailbox = "ada@example.test"
//! calendar = "Projects"           # optional; the default one
//! day = 1                         # tomorrow
//! from = "10:00"                  # in the mailbox's zone; left out for a whole day
//! to = "11:00"
//! repeats = { type = "weekly", interval = 1, daysOfWeek = ["monday"] } # optional; a pattern without end
//! body = { subject = "Review", showAs = "busy" }
//! ```

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use starmesh_provider::env::Clock as _;

use super::sim::MicrosoftSim;
use super::world::{CalendarNo, MailboxKind, MailboxNo, Role, World};

/// The world of a simulator that was given none.
const DEFAULT: &str = include_str!("world_default.toml");

/// A world to be filled in.
#[derive(Clone, Default, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct WorldFile {
    #[serde(default, rename = "mailbox")]
    mailboxes: Vec<MailboxRow>,
    #[serde(default, rename = "calendar")]
    calendars: Vec<CalendarRow>,
    #[serde(default, rename = "share")]
    shares: Vec<ShareRow>,
    #[serde(default, rename = "event")]
    events: Vec<EventRow>,
}

/// The whole file; what is not ours is somebody else's.
#[derive(Deserialize)]
struct Whole {
    microsoft: Option<WorldFile>,
}

#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct MailboxRow {
    upn: String,
    name: String,
    kind: MailboxKind,
    #[serde(default = "utc")]
    zone: String,
    #[serde(default)]
    members: Vec<String>,
}

#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct CalendarRow {
    mailbox: String,
    name: String,
    #[serde(default)]
    feed: bool,
}

#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct ShareRow {
    mailbox: String,
    calendar: Option<String>,
    with: String,
    role: Role,
    #[serde(default)]
    accepted: bool,
}

#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct EventRow {
    mailbox: String,
    calendar: Option<String>,
    day: Option<i64>,
    from: Option<String>,
    to: Option<String>,
    repeats: Option<Value>,
    #[serde(default)]
    body: Map<String, Value>,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// Why a world cannot be made from a file.
#[derive(thiserror::Error, Debug)]
pub enum WorldFileError {
    /// The file is not the TOML that is described above.
    #[error("the world cannot be read: {0}")]
    Malformed(#[from] toml::de::Error),
    /// A row asks for what cannot be.
    #[error("microsoft.{row} number {number}: {problem}")]
    Row {
        /// `mailbox`, `calendar`, `share` or `event`.
        row: &'static str,
        /// Its place among its like, from 1.
        number: usize,
        /// What is wrong.
        problem: String,
    },
}

impl WorldFile {
    /// Reads a world; a file that says nothing of this provider has its default world.
    pub fn parse(text: &str) -> Result<Self, WorldFileError> {
        match toml::from_str::<Whole>(text)?.microsoft {
            Some(world) => Ok(world),
            None => Ok(toml::from_str::<Whole>(DEFAULT)?.microsoft.unwrap_or_default()),
        }
    }

    /// The world of a simulator that was given none: ada@example.test with two calendars of her own and a
    /// feed, a calendar that bob@example.test shares with her, and a shared mailbox.
    pub fn default_world() -> Result<Self, WorldFileError> {
        Self::parse(DEFAULT)
    }

    /// The principal name of the first mailbox's owner.
    pub fn well_known(&self) -> Option<&str> {
        self.mailboxes.first().map(|row| row.upn.as_str())
    }

    /// Makes the world in `sim`.
    pub fn fill(&self, sim: &MicrosoftSim) -> Result<(), WorldFileError> {
        for row in &self.mailboxes {
            let no = match row.kind {
                MailboxKind::Shared => sim.add_shared_mailbox(&row.upn, &row.name),
                kind => sim.add_user(kind, &row.upn, &row.name),
            };
            sim.with(|world| {
                if let Some(mailbox) = world.mailbox(no) {
                    mailbox.time_zone.clone_from(&row.zone);
                }
            });
        }
        let now = sim.clock().now();
        sim.with(|world| {
            each("mailbox", &self.mailboxes, |row| row.admit_members(world))?;
            each("calendar", &self.calendars, |row| row.make(world))?;
            each("share", &self.shares, |row| row.make(world))?;
            each("event", &self.events, |row| row.make(world, now))
        })
    }
}

/// Does something with each row, and says which row it fails with.
fn each<T>(
    row: &'static str,
    rows: &[T],
    mut make: impl FnMut(&T) -> Result<(), String>,
) -> Result<(), WorldFileError> {
    for (place, it) in rows.iter().enumerate() {
        make(it).map_err(|problem| WorldFileError::Row { row, number: place + 1, problem })?;
    }
    Ok(())
}

fn mailbox_of(world: &World, upn: &str) -> Result<MailboxNo, String> {
    world.mailbox_named(upn).ok_or_else(|| format!("there is no mailbox {upn}"))
}

/// The calendar of a mailbox with this name, or the default one.
fn calendar_of(world: &mut World, upn: &str, name: Option<&str>) -> Result<CalendarNo, String> {
    let mailbox = mailbox_of(world, upn)?;
    let found = match name {
        None => world.mailbox(mailbox).map(|found| found.default_calendar),
        Some(name) => world.calendars_of(mailbox).find(|it| it.name == name).map(|it| it.no),
    };
    found.ok_or_else(|| format!("{upn} has no such calendar"))
}

impl MailboxRow {
    fn admit_members(&self, world: &mut World) -> Result<(), String> {
        let mailbox = mailbox_of(world, &self.upn)?;
        for member in &self.members {
            let member = mailbox_of(world, member)?;
            world.add_member(mailbox, member);
        }
        Ok(())
    }
}

impl CalendarRow {
    fn make(&self, world: &mut World) -> Result<(), String> {
        let mailbox = mailbox_of(world, &self.mailbox)?;
        if self.feed {
            world.add_feed(mailbox, &self.name);
        } else {
            world.add_calendar(mailbox, &self.name);
        }
        Ok(())
    }
}

impl ShareRow {
    fn make(&self, world: &mut World) -> Result<(), String> {
        let calendar = calendar_of(world, &self.mailbox, self.calendar.as_deref())?;
        let with = mailbox_of(world, &self.with)?;
        world.share(calendar, with, self.role);
        if self.accepted {
            world.accept(with, calendar);
        }
        Ok(())
    }
}

impl EventRow {
    fn make(&self, world: &mut World, now: DateTime<Utc>) -> Result<(), String> {
        let calendar = calendar_of(world, &self.mailbox, self.calendar.as_deref())?;
        let mailbox = mailbox_of(world, &self.mailbox)?;
        let zone = world.mailbox(mailbox).map_or_else(utc, |mailbox| mailbox.time_zone.clone());
        let body = self.whole_body(now, &zone)?;
        world.put_event(calendar, &body).map(|_| ())
    }

    fn whole_body(&self, now: DateTime<Utc>, zone: &str) -> Result<Value, String> {
        let mut body = self.body.clone();
        let Some(days) = self.day else { return Ok(Value::Object(body)) };
        let out_of_range = || "day is out of range".to_owned();
        let (today, step) = (now.date_naive(), Days::new(days.unsigned_abs()));
        let day = if days < 0 { today.checked_sub_days(step) } else { today.checked_add_days(step) };
        let day = day.ok_or_else(out_of_range)?;
        let next = day.succ_opt().ok_or_else(out_of_range)?;
        let at = |day: NaiveDate, time: &str| {
            let time = NaiveTime::parse_from_str(time, "%H:%M");
            let time = time.map_err(|_| "from and to are written as 10:00".to_owned())?;
            Ok::<_, String>(json!({"dateTime": format!("{day}T{time}"), "timeZone": zone}))
        };
        let (start, end, all_day) = match (&self.from, &self.to) {
            (Some(from), Some(to)) => (at(day, from)?, at(day, to)?, false),
            (None, None) => (at(day, "00:00")?, at(next, "00:00")?, true),
            _ => return Err("from and to belong together".to_owned()),
        };
        body.insert("start".to_owned(), start);
        body.insert("end".to_owned(), end);
        body.insert("isAllDay".to_owned(), json!(all_day));
        if let Some(pattern) = &self.repeats {
            let range = json!({"type": "noEnd", "startDate": day.to_string()});
            body.insert("recurrence".to_owned(), json!({"pattern": pattern, "range": range}));
        }
        Ok(Value::Object(body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::microsoft::MicrosoftOptions;

    #[test]
    fn the_default_world_is_also_that_of_a_file_which_does_not_say() {
        let sim = MicrosoftSim::new(MicrosoftOptions::default()).unwrap();
        let world = WorldFile::parse("[[user]]\nmail = \"x@y.test\"").unwrap();
        world.fill(&sim).unwrap();
        assert_eq!(world.well_known(), Some("ada@example.test"));
        sim.with(|world| {
            let ada = world.mailbox_named("ada@example.test").unwrap();
            assert_eq!(world.calendars_of(ada).count(), 4);
            let default = world.mailbox(ada).unwrap().default_calendar;
            assert_eq!(world.events(default).count(), 2);
        });
    }

    #[test]
    fn a_row_that_cannot_be_is_named() {
        let sim = MicrosoftSim::new(MicrosoftOptions::default()).unwrap();
        let world = WorldFile::parse("[[microsoft.calendar]]\nmailbox = \"x@y.test\"\nname = \"A\"").unwrap();
        let problem = world.fill(&sim).unwrap_err().to_string();
        assert_eq!(problem, "microsoft.calendar number 1: there is no mailbox x@y.test");
        assert!(WorldFile::parse("[[microsoft.folder]]\nname = \"A\"").is_err());
    }
}
