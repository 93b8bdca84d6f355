//! A world as a file: the table `caldav` of a TOML file, beside which other providers may have theirs.
//!
//! ```toml
//! # The first person is the well-known one: `--token` is theirs.
//! [[caldav.user]]
//! mail = "ada@example.test"
//! password = "secret"       # optional; "x"
//!
//! [[caldav.calendar]]
//! owner = "ada@example.test"
//! name = "work"
//! display_name = "Work"     # optional; the name
//!
//! # Who else sees a calendar, and under which name in their own home.
//! [[caldav.share]]
//! calendar = "/calendars/bob@example.test/team/"
//! with = "ada@example.test"
//! name = "bobs-team"
//! can_write = false         # optional
//!
//! # Day counts from today; lines are further properties of the event.
//! [[caldav.event]]
//! calendar = "/calendars/ada@example.test/work/"
//! uid = "review"
//! day = 1
//! from = "10:00"            # UTC; left out for a whole day
//! to = "11:00"
//! lines = ["SUMMARY:Review", "RRULE:FREQ=WEEKLY"]
//! ```

use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use serde::Deserialize;
use starmesh_provider::env::Clock as _;

use super::hand::HandError;
use super::sim::CaldavSim;

/// The world of a simulator that was given none.
const DEFAULT: &str = include_str!("world_default.toml");

/// A world to be filled in.
#[derive(Clone, Default, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
pub struct WorldFile {
    #[serde(default, rename = "user")]
    users: Vec<UserRow>,
    #[serde(default, rename = "calendar")]
    calendars: Vec<CalendarRow>,
    #[serde(default, rename = "share")]
    shares: Vec<ShareRow>,
    #[serde(default, rename = "event")]
    events: Vec<EventRow>,
}

#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct UserRow {
    mail: String,
    #[serde(default = "password")]
    password: String,
}

#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct CalendarRow {
    owner: String,
    name: String,
    display_name: Option<String>,
}

#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct ShareRow {
    calendar: String,
    with: String,
    name: String,
    #[serde(default)]
    can_write: bool,
}

#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct EventRow {
    calendar: String,
    uid: String,
    day: i64,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    lines: Vec<String>,
}

fn password() -> String {
    "x".to_owned()
}

/// Why a world cannot be made from a file.
#[derive(thiserror::Error, Debug)]
pub enum WorldFileError {
    /// The file is not the TOML that is described above.
    #[error("the world cannot be read: {0}")]
    Malformed(#[from] toml::de::Error),
    /// A row asks for what cannot be.
    #[error("{row} number {number}: {problem}")]
    Row {
        /// `calendar`, `share` or `event`.
        row: &'static str,
        /// Its place among its like, from 1.
        number: usize,
        /// What is wrong.
        problem: HandError,
    },
    /// An event is not on a day that there is, or at no time of it.
    #[error("event number {number}: day, from and to are no time; from and to are written as 10:00")]
    Time {
        /// Its place among the events, from 1.
        number: usize,
    },
}

impl WorldFile {
    /// Reads a world; a file that says nothing of this provider has its default world.
    pub fn parse(text: &str) -> Result<Self, WorldFileError> {
        /// What else stands in the file is for others.
        #[derive(Deserialize)]
        struct File {
            caldav: Option<WorldFile>,
        }
        match toml::from_str::<File>(text)?.caldav {
            Some(world) => Ok(world),
            None => Ok(toml::from_str::<File>(DEFAULT)?.caldav.unwrap_or_default()),
        }
    }

    /// The address of the first person.
    pub fn well_known(&self) -> Option<&str> {
        self.users.first().map(|user| user.mail.as_str())
    }

    /// Makes the world in `sim`.
    pub fn fill(&self, sim: &CaldavSim) -> Result<(), WorldFileError> {
        let at = |row: &'static str, number: usize| {
            move |problem: HandError| WorldFileError::Row { row, number: number + 1, problem }
        };
        self.users.iter().for_each(|user| sim.add_user(&user.mail, &user.password));
        for (number, row) in self.calendars.iter().enumerate() {
            let shown = row.display_name.as_ref().unwrap_or(&row.name);
            sim.add_calendar(&row.owner, &row.name, shown).map_err(at("calendar", number))?;
        }
        for (number, row) in self.shares.iter().enumerate() {
            let shared = sim.share(&row.calendar, &row.with, &row.name, row.can_write);
            shared.map_err(at("share", number))?;
        }
        for (number, row) in self.events.iter().enumerate() {
            let text = row.text(sim.clock().now()).ok_or(WorldFileError::Time { number: number + 1 })?;
            sim.put_object(&row.calendar, &text).map_err(at("event", number))?;
        }
        Ok(())
    }
}

impl EventRow {
    /// The event as text; `None` for a time that there is not.
    fn text(&self, now: DateTime<Utc>) -> Option<String> {
        let day = now.date_naive().checked_add_signed(TimeDelta::try_days(self.day)?)?;
        let at = |text: &str| {
            let time = NaiveTime::parse_from_str(text, "%H:%M").ok()?;
            Some(day.and_time(time).format("%Y%m%dT%H%M%SZ"))
        };
        let times = match (&self.from, &self.to) {
            (Some(from), Some(to)) => format!("DTSTART:{}\r\nDTEND:{}", at(from)?, at(to)?),
            (None, None) => {
                let days = (day.format("%Y%m%d"), day.succ_opt()?.format("%Y%m%d"));
                format!("DTSTART;VALUE=DATE:{}\r\nDTEND;VALUE=DATE:{}", days.0, days.1)
            }
            _ => return None,
        };
        let lines: String = self.lines.iter().map(|line| format!("{line}\r\n")).collect();
        Some(format!(
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Somebody//Calendar 1.0//EN\r\nBEGIN:VEVENT\r\nUID:{}\r\n\
             DTSTAMP:{}\r\n{times}\r\n{lines}END:VEVENT\r\nEND:VCALENDAR\r\n",
            self.uid,
            now.format("%Y%m%dT%H%M%SZ"),
        ))
    }
}
