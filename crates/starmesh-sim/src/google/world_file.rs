//! A world as a file: the table `google` of a TOML file, beside which other providers may have theirs.
//!
//! ```toml
//! # The first person is the well-known one: `--token` is theirs.
//! [[google.user]]
//! mail = "ada@example.test"
//! zone = "Europe/Berlin"
//!
//! # Every person has a primary calendar that bears their address; these come besides.
//! [[google.calendar]]
//! id = "team@group.calendar.google.com"
//! summary = "Team"
//! owner = "ada@example.test"
//! zone = "Europe/Berlin"    # optional; the owner's
//! can_push = true           # optional; false for holidays
//!
//! # Who else may do what: freeBusyReader, reader, writerWithoutPrivateAccess, writer, owner.
//! [[google.role]]
//! calendar = "team@group.calendar.google.com"
//! user = "bob@example.test"
//! role = "reader"
//!
//! # The body is that of an insert. Times may be said as days from today at a time of day.
//! [[google.event]]
//! calendar = "ada@example.test"
//! day = 1                   # tomorrow
//! from = "10:00"            # in the calendar's zone; left out for a whole day
//! to = "11:00"
//! body = { summary = "Review", recurrence = ["RRULE:FREQ=WEEKLY"] }
//! ```

use chrono::{DateTime, Days, NaiveTime, Utc};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use starmesh_provider::env::Clock as _;

use super::calendar::Role;
use super::hand::{HandError, NewCalendar};
use super::sim::GoogleSim;

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
    #[serde(default, rename = "role")]
    roles: Vec<RoleRow>,
    #[serde(default, rename = "event")]
    events: Vec<EventRow>,
}

#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct UserRow {
    mail: String,
    #[serde(default = "utc")]
    zone: String,
}

#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct CalendarRow {
    id: String,
    summary: String,
    owner: String,
    zone: Option<String>,
    #[serde(default = "yes")]
    can_push: bool,
}

#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct RoleRow {
    calendar: String,
    user: String,
    role: Role,
}

#[derive(Clone, Deserialize, Debug)]
#[serde(deny_unknown_fields)]
struct EventRow {
    calendar: String,
    id: Option<String>,
    day: Option<i64>,
    from: Option<String>,
    to: Option<String>,
    #[serde(default)]
    body: Map<String, Value>,
}

fn utc() -> String {
    "UTC".to_owned()
}

fn yes() -> bool {
    true
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
        /// `user`, `calendar`, `role` or `event`.
        row: &'static str,
        /// Its place among its like, from 1.
        number: usize,
        /// What is wrong.
        problem: HandError,
    },
}

impl WorldFile {
    /// Reads a world; a file that says nothing of this provider has its default world.
    pub fn parse(text: &str) -> Result<Self, WorldFileError> {
        /// What else stands in the file is for others.
        #[derive(Deserialize)]
        struct File {
            google: Option<WorldFile>,
        }
        match toml::from_str::<File>(text)?.google {
            Some(world) => Ok(world),
            None => Ok(toml::from_str::<File>(DEFAULT)?.google.unwrap_or_default()),
        }
    }

    /// The world of a simulator that was given none: ada@example.test with three calendars of her own, one of
    /// holidays, and one of bob@example.test that she may read.
    pub fn default_world() -> Result<Self, WorldFileError> {
        Self::parse(DEFAULT)
    }

    /// The address of the first person.
    pub fn well_known(&self) -> Option<&str> {
        self.users.first().map(|user| user.mail.as_str())
    }

    /// Makes the world in `sim`.
    pub fn fill(&self, sim: &GoogleSim) -> Result<(), WorldFileError> {
        let at = |row: &'static str, number: usize| {
            move |problem: HandError| WorldFileError::Row { row, number: number + 1, problem }
        };
        for (number, user) in self.users.iter().enumerate() {
            sim.add_user(&user.mail, &user.zone).map_err(at("user", number))?;
        }
        for (number, row) in self.calendars.iter().enumerate() {
            let zone = row.zone.clone().unwrap_or_else(|| self.zone_of(&row.owner));
            let calendar = NewCalendar {
                id: row.id.clone(),
                summary: row.summary.clone(),
                zone,
                owner: row.owner.clone(),
                can_push: row.can_push,
            };
            sim.add_calendar(&calendar).map_err(at("calendar", number))?;
        }
        for (number, row) in self.roles.iter().enumerate() {
            sim.set_role(&row.calendar, &row.user, Some(row.role)).map_err(at("role", number))?;
        }
        for (number, row) in self.events.iter().enumerate() {
            let zone = self.zone_at(&row.calendar);
            let body = row.whole_body(sim.clock().now(), &zone).map_err(at("event", number))?;
            sim.put_event(&row.calendar, row.id.as_deref(), &body).map_err(at("event", number))?;
        }
        Ok(())
    }

    fn zone_of(&self, mail: &str) -> String {
        self.users.iter().find(|user| user.mail == mail).map_or_else(utc, |user| user.zone.clone())
    }

    fn zone_at(&self, calendar: &str) -> String {
        let row = self.calendars.iter().find(|row| row.id == calendar);
        row.map_or_else(
            || self.zone_of(calendar),
            |row| row.zone.clone().unwrap_or_else(|| self.zone_of(&row.owner)),
        )
    }
}

impl EventRow {
    fn whole_body(&self, now: DateTime<Utc>, zone: &str) -> Result<Value, HandError> {
        let refused = |what: &str| HandError::Refused(what.to_owned());
        let mut body = self.body.clone();
        if let Some(days) = self.day {
            let today = now.date_naive();
            let step = Days::new(days.unsigned_abs());
            let day = if days < 0 { today.checked_sub_days(step) } else { today.checked_add_days(step) };
            let day = day.ok_or_else(|| refused("day is out of range"))?;
            let next = day.succ_opt().ok_or_else(|| refused("day is out of range"))?;
            let time = |text: &str| {
                let time = NaiveTime::parse_from_str(text, "%H:%M");
                let time = time.map_err(|_| refused("from and to are written as 10:00"))?;
                Ok(json!({ "dateTime": format!("{day}T{time}"), "timeZone": zone }))
            };
            let (start, end) = match (&self.from, &self.to) {
                (Some(from), Some(to)) => (time(from)?, time(to)?),
                (None, None) => (json!({ "date": day.to_string() }), json!({ "date": next.to_string() })),
                _ => return Err(refused("from and to belong together")),
            };
            body.insert("start".to_owned(), start);
            body.insert("end".to_owned(), end);
        }
        Ok(Value::Object(body))
    }
}
