//! Calendars, and how far each was read.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use starmesh_core::ids::{AccountId, CalendarId};
use starmesh_core::policy::Terms;
use starmesh_provider::{Coverage, Cursor, RemoteCalendar};

use super::{Changes, Pause, State, key, row};
use crate::{Change, Select, StoreError, Table};

/// A calendar of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Calendar {
    /// Our name of it.
    pub id: CalendarId,
    /// Whose it is.
    pub account: AccountId,
    /// What the provider says of it. Its lasting name is the one first stored.
    pub remote: RemoteCalendar,
    /// The zone in which floating times are read, fixed when the calendar was added.
    pub zone: Tz,
    /// True when the last good listing of the account did not have it.
    pub missing: bool,
    /// Set while a person lets all its links stand still.
    #[serde(default)]
    pub pause: Option<Pause>,
}

/// How far a calendar was read.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug, Default)]
#[serde(default)]
pub struct Read {
    /// Where the next read goes on.
    pub cursor: Option<Cursor>,
    /// The part of the calendar that reads speak of.
    pub coverage: Option<Coverage>,
    /// When the last good read began.
    pub read_at: Option<DateTime<Utc>>,
    /// When the last good read of everything began.
    pub whole_at: Option<DateTime<Utc>>,
    /// How long the calendar is to be left alone after a read, in seconds, where its publisher says so.
    pub rest_s: Option<u32>,
    /// Set when a read said that everything is gone: believed only when a later one says so too.
    pub suspicion: Option<Suspicion>,
    /// Since when the calendar is believed to be gone.
    pub gone_since: Option<DateTime<Utc>>,
    /// Set while reads fail.
    pub failure: Option<Failure>,
    /// True once a person said to go on beside marks that do not verify.
    pub beside_foreign: bool,
    /// What was looked for in the events that were read.
    pub terms: Terms,
    /// How many marks did not verify when the calendar was first read.
    pub foreign_marks: u32,
    /// What its canary showed, once there was one.
    pub canary: Option<Canary>,
    /// How many mirrors whole reads found otherwise than the changes had told, a row for each day of late.
    pub repairs: Vec<Repairs>,
}

/// Mirrors that a whole read found missing, changed or doubled, though no change had told of it.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Repairs {
    /// When the first of the day was found.
    pub at: DateTime<Utc>,
    /// How many.
    pub count: u64,
}

impl Repairs {
    /// How long they are remembered: what goes wrong once a week shows, and what was mended long ago does not.
    pub const REMEMBERED: TimeDelta = TimeDelta::days(7);
}

impl Read {
    /// Counts what a whole read found at `now`.
    pub fn count_repairs(&mut self, now: DateTime<Utc>, count: u64) {
        self.repairs.retain(|repairs| now - repairs.at < Repairs::REMEMBERED);
        if count == 0 {
            return;
        }
        match self.repairs.last_mut().filter(|last| last.at.date_naive() == now.date_naive()) {
            Some(today) => today.count += count,
            None => self.repairs.push(Repairs { at: now, count }),
        }
    }

    /// How many were found of late.
    pub fn repairs_lately(&self, now: DateTime<Utc>) -> u64 {
        let late = self.repairs.iter().filter(|repairs| now - repairs.at < Repairs::REMEMBERED);
        late.map(|repairs| repairs.count).sum()
    }
}

/// What came back of the canary that was placed in a calendar before anything else.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Canary {
    /// Of which kind of trial this is the answer: after a change in how mirrors are written there is another.
    pub version: u32,
    /// When.
    pub at: DateTime<Utc>,
    /// True when a listing showed it.
    pub listed: bool,
    /// True when the changes told of it; `None` where the calendar tells no changes.
    pub told: Option<bool>,
    /// True when its mark came back.
    pub mark_kept: bool,
    /// True when its time, its label or another part came back otherwise.
    pub altered: bool,
    /// The calendar in which it stood too: the two are one.
    pub same_as: Option<CalendarId>,
}

/// A read that said that everything is gone.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Suspicion {
    /// When it was first said.
    pub since: DateTime<Utc>,
    /// True when the calendar answered that it is not there, false when it was listed as empty: one does
    /// not confirm the other.
    #[serde(default)]
    pub gone: bool,
}

/// Reads that fail.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Failure {
    /// Since when.
    pub since: DateTime<Utc>,
    /// How often in a row.
    pub attempts: u32,
    /// What the provider said, in words without content.
    pub message: String,
    /// True when only a person can help.
    pub needs_person: bool,
}

impl Changes {
    /// Writes a calendar.
    pub fn put_calendar(&mut self, calendar: &Calendar) {
        let parent = key(&[calendar.account.as_str()]);
        self.push(Change::Put(
            Table::Calendars,
            row(key(&[calendar.id.as_str()]), parent, Vec::new(), 0, calendar),
        ));
    }

    /// Removes a calendar and everything that was read of it or remembered in it.
    pub fn delete_calendar(&mut self, id: &CalendarId) {
        let key = key(&[id.as_str()]);
        self.push(Change::Delete(Table::Calendars, key.clone()));
        self.push(Change::Delete(Table::Reads, key.clone()));
        self.push(Change::Delete(Table::Dirty, key.clone()));
        for table in [Table::Items, Table::Mirrors, Table::Intents, Table::Wedges, Table::Links] {
            self.push(Change::DeleteParent(table, key.clone()));
        }
    }

    /// Writes how far a calendar was read.
    pub fn put_read(&mut self, calendar: &CalendarId, read: &Read) {
        self.push(Change::Put(Table::Reads, row(key(&[calendar.as_str()]), Vec::new(), Vec::new(), 0, read)));
    }

    /// Remembers that a calendar may have changed.
    pub fn put_dirty(&mut self, calendar: &CalendarId, since: DateTime<Utc>) {
        let at = since.timestamp_millis();
        let row = row(key(&[calendar.as_str()]), Vec::new(), Vec::new(), at, calendar);
        self.push(Change::Put(Table::Dirty, row));
    }

    /// Forgets that a calendar may have changed.
    pub fn delete_dirty(&mut self, calendar: &CalendarId) {
        self.push(Change::Delete(Table::Dirty, key(&[calendar.as_str()])));
    }
}

impl State {
    /// All calendars, by account and then by name.
    pub async fn calendars(&self) -> Result<Vec<Calendar>, StoreError> {
        let mut calendars: Vec<Calendar> = self.select(Table::Calendars, Select::All).await?;
        calendars.sort_by(|a, b| {
            (&a.account, &a.remote.display_name, &a.remote.name).cmp(&(
                &b.account,
                &b.remote.display_name,
                &b.remote.name,
            ))
        });
        Ok(calendars)
    }

    /// One calendar.
    pub async fn calendar(&self, id: &CalendarId) -> Result<Option<Calendar>, StoreError> {
        self.get(Table::Calendars, &key(&[id.as_str()])).await
    }

    /// How far a calendar was read; not at all by default.
    pub async fn read(&self, calendar: &CalendarId) -> Result<Read, StoreError> {
        Ok(self.get(Table::Reads, &key(&[calendar.as_str()])).await?.unwrap_or_default())
    }

    /// The calendars that may have changed, longest waiting first.
    pub async fn dirty(&self) -> Result<Vec<CalendarId>, StoreError> {
        self.select(Table::Dirty, Select::All).await
    }
}
