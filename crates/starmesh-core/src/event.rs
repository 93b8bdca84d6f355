//! The facts of an event that scheduling needs. There is no field for a subject, a body, a place or an
//! attendee: what cannot be held cannot leak.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::ids::{EventId, ICalUid, RemoteId, Version};
use crate::mirror::FoundColor;
use crate::policy::Found;
use crate::time::{EventTime, midnight};
use crate::tool::Tool;
use crate::zone::Zone;

/// One stored item of a calendar as a provider handed it over: a CalDAV resource, a Google or Graph event.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct SourceItem {
    /// The provider's id of the item.
    pub remote_id: RemoteId,
    /// Its version, when the provider gave one.
    pub version: Option<Version>,
    /// The events in it: one, or several where a file holds several UIDs. Empty when `problem` is set, or
    /// when the item holds no event at all (a task, a journal).
    pub events: Vec<SourceEvent>,
    /// Why the item could not be read, in words that name no content.
    pub problem: Option<ItemProblem>,
}

impl SourceItem {
    /// True when a person invited others to a busy block in it: from then on it is theirs, and no write of
    /// ours may reach it.
    pub fn has_attendees(&self) -> bool {
        self.events.iter().filter_map(|event| event.marked.as_ref()).any(|marked| marked.has_attendees)
    }

    /// Forgets which words its events hold: they were looked for in other terms.
    pub fn forget_words(&mut self) {
        for event in &mut self.events {
            match &mut event.recurrence {
                Recurrence::Single(instance) => instance.facts.found = Found::UNKNOWN,
                Recurrence::Set(RecurrenceSet { master, overrides }) => {
                    let dates = overrides.iter_mut().map(|date| &mut date.instance);
                    for instance in master.iter_mut().map(|master| &mut master.instance).chain(dates) {
                        instance.facts.found = Found::UNKNOWN;
                    }
                }
            }
        }
    }

    /// Keeps the dates that are `known` of its series from `end` on, where the read that brought the item
    /// speaks only of what happens before: they are neither gone nor changed as far as anybody knows.
    pub fn keep_dates_from(&mut self, known: &Self, end: DateTime<Utc>) {
        for event in &mut self.events {
            let Recurrence::Set(RecurrenceSet { master: None, overrides }) = &mut event.recurrence else {
                continue;
            };
            let before = known.events.iter().find(|before| before.id == event.id);
            let Some(Recurrence::Set(RecurrenceSet { master: None, overrides: before })) =
                before.map(|before| &before.recurrence)
            else {
                continue;
            };
            for date in before.iter().filter(|date| date.instance.start.instant() >= end) {
                if overrides.iter().all(|present| present.recurrence_id != date.recurrence_id) {
                    overrides.push(date.clone());
                }
            }
        }
    }
}

/// Why an item could not be read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum ItemProblem {
    /// The iCalendar text cannot be parsed.
    Malformed,
    /// The item is larger than we are willing to read.
    TooLarge,
    /// The event has no start.
    NoStart,
}

/// One event, or one series with its exceptions.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct SourceEvent {
    /// Identity inside the calendar. The UID; the remote id where there is none.
    pub id: EventId,
    /// Identity shared across servers, normalised. Equal to `id` where the item has no UID.
    pub uid: ICalUid,
    /// When it happens.
    pub recurrence: Recurrence,
    /// Set when the event carries a SYNC-FB mark, whoever wrote it.
    pub marked: Option<MarkedEvent>,
    /// The program that placed it, where it left a trace of its own beside its UID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tool: Option<Tool>,
}

/// Single or repeating.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Recurrence {
    /// Happens once.
    Single(Instance),
    /// Happens by rule, by list, or as lone exceptions of a series we do not see.
    Set(RecurrenceSet),
}

/// DTSTART + RRULE + RDATE - EXDATE, then overrides by RECURRENCE-ID (RFC 5545, 3.8.5).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct RecurrenceSet {
    /// The master component; `None` when only exceptions are present (invited to one occurrence).
    pub master: Option<Master>,
    /// The exceptions, in any order, possibly several for one recurrence id.
    pub overrides: Vec<Override>,
}

/// The master component of a series.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Master {
    /// The first instance.
    pub instance: Instance,
    /// RRULE values, as written, without the property name.
    pub rules: Vec<String>,
    /// EXRULE values (RFC 2445; still found), as written.
    pub exclusion_rules: Vec<String>,
    /// RDATE values.
    pub dates: Vec<ExtraDate>,
    /// EXDATE values.
    pub exclusions: Vec<CalendarTime>,
}

/// An RDATE value: a start, and its own length when it is a PERIOD.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct ExtraDate {
    /// When it starts.
    pub start: CalendarTime,
    /// `None` takes the master's length.
    pub length: Option<Length>,
}

/// An exception of a series.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Override {
    /// RECURRENCE-ID: the original start of the occurrence it replaces.
    pub recurrence_id: CalendarTime,
    /// RANGE=THISANDFUTURE: applies to the following occurrences too.
    pub and_future: bool,
    /// What happens instead.
    pub instance: Instance,
    /// SEQUENCE; the highest wins among several for one recurrence id.
    pub sequence: i64,
    /// DTSTAMP; breaks ties of `sequence`.
    pub stamp: Option<DateTime<Utc>>,
}

/// Start, length and facts of one component.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Instance {
    /// DTSTART.
    pub start: CalendarTime,
    /// DTEND, DURATION or neither.
    pub length: Length,
    /// What it says about the person's time.
    pub facts: Facts,
}

/// A time as a calendar file writes it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum CalendarTime {
    /// A day, wherever the reader is.
    Date(NaiveDate),
    /// A wall-clock time in a zone; UTC and floating are zones too.
    Local {
        /// What the clock on the wall shows.
        local: NaiveDateTime,
        /// Where the wall is.
        zone: Zone,
    },
}

impl CalendarTime {
    /// An instant.
    pub fn utc(instant: DateTime<Utc>) -> Self {
        Self::Local { local: instant.naive_utc(), zone: Zone::Utc }
    }

    /// The instant; a day starts at midnight UTC here, and a floating time hangs in UTC.
    fn instant(&self) -> DateTime<Utc> {
        match self {
            Self::Date(day) => midnight(*day),
            Self::Local { local, zone } => zone.to_utc(*local, &Zone::Utc),
        }
    }
}

/// How long an instance lasts.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub enum Length {
    /// DTEND.
    Until(CalendarTime),
    /// DURATION: days are nominal, seconds exact (RFC 5545, 3.3.6).
    Duration {
        /// Weeks and days, in days of the wall clock.
        days: i64,
        /// Hours, minutes and seconds, in exact seconds.
        seconds: i64,
    },
    /// Neither: one day for a date, no time at all for an instant.
    Unstated,
}

/// What an event says about the person's time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
pub struct Facts {
    /// How the time is shown to others.
    pub availability: Availability,
    /// What the owner of the calendar answered, when it is an invitation.
    pub response: Response,
    /// What sort of event it is, by the provider's event type.
    pub kind: EventKind,
    /// STATUS:CANCELLED and its like.
    pub cancelled: bool,
    /// Which of the words that links ask for are in it: all that is kept of a subject.
    #[serde(default, skip_serializing_if = "Found::is_none")]
    pub found: Found,
}

impl Facts {
    /// A plain, confirmed, opaque event of one's own.
    pub const BUSY: Self = Self {
        availability: Availability::Busy,
        response: Response::NotInvited,
        kind: EventKind::Default,
        cancelled: false,
        found: Found::NONE,
    };
}

/// How the time of an event is shown to others.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Availability {
    /// Blocks nothing (TRANSP:TRANSPARENT).
    Free,
    /// Perhaps busy.
    Tentative,
    /// Busy.
    Busy,
    /// Away.
    OutOfOffice,
}

/// The owner's answer to an invitation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum Response {
    /// The owner's own event, or the owner is the organiser.
    NotInvited,
    /// Not answered yet.
    NeedsAction,
    /// Perhaps.
    Tentative,
    /// Yes.
    Accepted,
    /// No.
    Declined,
}

/// The provider's type of an event.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// An appointment or meeting.
    Default,
    /// Says where the person works; blocks nothing.
    WorkingLocation,
    /// A birthday.
    Birthday,
}

/// What can be seen of an event that carries a SYNC-FB mark.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct MarkedEvent {
    /// The mark as found, unverified.
    pub mark: String,
    /// The identity under which a mirror of ours would have been written: for CalDAV the UID.
    pub provider_id: String,
    /// Its time, when it is one plain span in UTC or whole days.
    pub time: Option<EventTime>,
    /// The availability it shows.
    pub availability: Availability,
    /// Digest of its label.
    pub label: LabelDigest,
    /// Its colour.
    #[serde(default)]
    pub color: FoundColor,
    /// True when it holds nothing beyond what we write: private, no reminder, place, body or rule.
    pub plain: bool,
    /// True when a person added attendees: then it is never written or removed by us.
    pub has_attendees: bool,
}

impl MarkedEvent {
    /// The time it blocks; `None` when it is shown as free, or as no plain span.
    pub(crate) fn blocks(&self) -> Option<EventTime> {
        self.time.filter(|_| self.availability != Availability::Free)
    }
}

/// A short digest of a label, so that an edited label is noticed and never kept.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Debug)]
pub struct LabelDigest(pub [u8; 8]);

impl LabelDigest {
    /// The digest of `label`.
    pub fn of(label: &str) -> Self {
        let hash = Sha256::digest(label.as_bytes());
        let mut short = [0; 8];
        short.copy_from_slice(&hash[..8]);
        Self(short)
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    fn day(day: u32) -> DateTime<Utc> {
        Utc.with_ymd_and_hms(2026, 11, day, 9, 0, 0).unwrap()
    }

    fn series(days: &[u32]) -> SourceItem {
        let date = |number: &u32| Override {
            recurrence_id: CalendarTime::utc(day(*number)),
            and_future: false,
            instance: Instance {
                start: CalendarTime::utc(day(*number)),
                length: Length::Unstated,
                facts: Facts::BUSY,
            },
            sequence: 0,
            stamp: None,
        };
        let overrides = days.iter().map(date).collect();
        SourceItem {
            remote_id: RemoteId::new("r"),
            version: None,
            events: vec![SourceEvent {
                id: EventId::new("e"),
                uid: ICalUid::new("e"),
                recurrence: Recurrence::Set(RecurrenceSet { master: None, overrides }),
                marked: None,
                tool: None,
            }],
            problem: None,
        }
    }

    #[test]
    fn dates_beyond_what_a_read_speaks_of_are_kept() {
        let mut narrow = series(&[3, 5]);
        narrow.keep_dates_from(&series(&[1, 3, 4, 10, 17]), day(10));
        assert_eq!(narrow, series(&[3, 5, 10, 17]), "what lies before the end is as the read says");
        narrow.keep_dates_from(&series(&[10, 17]), day(10));
        assert_eq!(narrow, series(&[3, 5, 10, 17]));
    }
}
