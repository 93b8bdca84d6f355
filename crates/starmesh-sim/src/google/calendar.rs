//! A stored calendar and its log of changes.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use starmesh_core::zone::Zone;

use super::draft::{Draft, only_reminders_differ};
use super::event::{Event, Status};
use super::moment::{Moment, known, whole_second};
use super::series::Date;

/// What a user may do with a calendar, from least to most.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize, Debug)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Sees when the time is taken.
    FreeBusyReader,
    /// Sees events; private ones without details.
    Reader,
    /// Writes events; sees private ones without details.
    WriterWithoutPrivateAccess,
    /// Writes events and sees everything.
    Writer,
    /// The same, and manages the calendar.
    Owner,
}

impl Role {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::FreeBusyReader => "freeBusyReader",
            Self::Reader => "reader",
            Self::WriterWithoutPrivateAccess => "writerWithoutPrivateAccess",
            Self::Writer => "writer",
            Self::Owner => "owner",
        }
    }

    pub(super) fn parse(name: &str) -> Option<Self> {
        [Self::FreeBusyReader, Self::Reader, Self::WriterWithoutPrivateAccess, Self::Writer, Self::Owner]
            .into_iter()
            .find(|role| role.name() == name)
    }

    /// True when details of private events are seen.
    pub(super) fn sees_private(self) -> bool {
        self >= Self::Writer
    }
}

#[derive(Clone, Debug)]
pub(super) struct Calendar {
    pub(super) id: String,
    pub(super) summary: String,
    pub(super) description: Option<String>,
    pub(super) location: Option<String>,
    pub(super) zone: String,
    pub(super) is_primary: bool,
    /// False for holidays and birthdays.
    pub(super) can_push: bool,
    /// Who owns the data of a secondary calendar.
    pub(super) data_owner: String,
    /// The client that made it, for the scope that reaches such calendars only.
    pub(super) made_by: Option<String>,
    pub(super) rights: BTreeMap<String, Role>,
    pub(super) events: BTreeMap<String, Event>,
    /// The ids of events by the number of their newest change.
    pub(super) by_change: BTreeSet<(u64, String)>,
    /// The number of the newest change.
    pub(super) change: u64,
    /// Tokens of an older epoch are dead.
    pub(super) epoch: u64,
    /// The epoch that the last change of rights began.
    pub(super) rights_epoch: u64,
    /// The last `updated` that was given out, in milliseconds since 1970.
    pub(super) updated_ms: i64,
    pub(super) etag: i64,
}

/// How a change of an event came about.
pub(super) struct Stroke {
    pub(super) now: DateTime<Utc>,
    /// Whether what was before is kept for lists that lag.
    pub(super) keep_before: bool,
    /// Who acts.
    pub(super) actor: String,
}

impl Calendar {
    pub(super) fn zone(&self) -> Zone {
        known(&self.zone).unwrap_or(Zone::Utc)
    }

    /// `updated` for a change at `now`: no two changes of a calendar share one.
    pub(super) fn tick(&mut self, now: DateTime<Utc>) -> i64 {
        self.updated_ms = now.timestamp_millis().max(self.updated_ms + 1);
        self.updated_ms
    }

    /// A new event; its id must be free.
    pub(super) fn create(&mut self, id: &str, uid: &str, draft: Draft, stroke: &Stroke) -> &Event {
        let updated_ms = self.tick(stroke.now);
        let event = Event {
            id: id.to_owned(),
            uid: uid.to_owned(),
            status: draft.status,
            kind: draft.event_type,
            extent: self.extent(&draft.start, &draft.end),
            start: draft.start,
            end: draft.end,
            recurrence: draft.recurrence,
            dates: Arc::new(draft.dates),
            lost: BTreeMap::new(),
            of: None,
            fields: draft.fields,
            sequence: draft.sequence.unwrap_or(0),
            creator: stroke.actor.clone(),
            organizer: if self.is_primary { stroke.actor.clone() } else { self.id.clone() },
            created: whole_second(stroke.now),
            updated_ms,
            etag: updated_ms * 2_000,
            change: 0,
            written: stroke.now,
            before: None,
        };
        self.put(event, stroke)
    }

    /// Changes an event to what `draft` says.
    pub(super) fn change_event(&mut self, event: &Event, draft: Draft, stroke: &Stroke) -> &Event {
        let mut event = event.clone();
        if only_reminders_differ(&event, &draft) {
            event.etag += 1;
        } else {
            event.updated_ms = self.tick(stroke.now);
            event.etag = event.updated_ms * 2_000;
        }
        let retimed =
            (&event.start, &event.end) != (&draft.start, &draft.end) || event.recurrence != draft.recurrence;
        event.sequence = match draft.sequence {
            Some(given) if given > event.sequence => given,
            _ if retimed => event.sequence + 1,
            _ => event.sequence,
        };
        if !event.is_series() && event.of.is_none() && !draft.recurrence.is_empty() {
            // A list of instances showed the single event under its own id, and does so no more.
            let (original, end) = (event.start.clone(), event.end.clone());
            let date = Date { start: original.clone(), original, end };
            event.lost.insert(event.id.clone(), (self.change + 1, date));
        }
        if retimed && (event.is_series() || !draft.recurrence.is_empty()) {
            self.note_lost(&mut event, &draft.dates);
        }
        let extent = self.extent(&draft.start, &draft.end);
        event.extent = (event.extent.0.min(extent.0), event.extent.1.max(extent.1));
        event.status = draft.status;
        event.start = draft.start;
        event.end = draft.end;
        event.recurrence = draft.recurrence;
        event.dates = Arc::new(draft.dates);
        event.fields = draft.fields;
        self.put(event, stroke)
    }

    /// Cancels an event or an exception.
    pub(super) fn cancel(&mut self, event: &Event, stroke: &Stroke) -> &Event {
        let mut event = event.clone();
        event.updated_ms = self.tick(stroke.now);
        event.etag = event.updated_ms * 2_000;
        event.status = Status::Cancelled;
        self.put(event, stroke)
    }

    /// Stores `event` as the newest change.
    pub(super) fn put(&mut self, mut event: Event, stroke: &Stroke) -> &Event {
        self.change += 1;
        event.change = self.change;
        event.written = stroke.now;
        let id = event.id.clone();
        let before = self.events.remove(&id);
        if let Some(before) = &before {
            self.by_change.remove(&(before.change, id.clone()));
        }
        self.by_change.insert((event.change, id.clone()));
        event.before = if stroke.keep_before { before.map(Box::new) } else { None };
        self.events.entry(id).or_insert(event)
    }

    /// Remembers the dates that a series loses and forgets those it has again; exceptions of lost dates are
    /// cancelled with them.
    fn note_lost(&mut self, event: &mut Event, dates: &[Date]) {
        let change = self.change + 1;
        for date in event.dates.iter() {
            event.lost.insert(event.instance_id(&date.original), (change, date.clone()));
        }
        for date in dates {
            event.lost.remove(&event.instance_id(&date.original));
        }
        for id in event.lost.keys() {
            if let Some(exception) = self.events.get_mut(id)
                && exception.status != Status::Cancelled
            {
                exception.status = Status::Cancelled;
                self.by_change.remove(&(exception.change, id.clone()));
                self.by_change.insert((change, id.clone()));
                exception.change = change;
            }
        }
    }

    pub(super) fn extent(&self, start: &Moment, end: &Moment) -> (DateTime<Utc>, DateTime<Utc>) {
        let zone = self.zone();
        (start.instant(&zone), end.instant(&zone))
    }

    /// An event or exception as it is stored.
    pub(super) fn stored(&self, id: &str) -> Option<&Event> {
        self.events.get(id)
    }

    /// The instance `id` of a series that has no exception for it.
    pub(super) fn instance(&self, id: &str) -> Option<(&Event, &Date)> {
        let (master, suffix) = id.rsplit_once('_')?;
        let master = self.events.get(master)?;
        let date = master.dates.iter().find(|date| date.original.suffix() == suffix)?;
        Some((master, date))
    }

    /// An exception for one date of a series, equal to what the series says.
    pub(super) fn exception(&self, master: &Event, date: &Date) -> Event {
        let mut exception = master.clone();
        exception.id = master.instance_id(&date.original);
        exception.of = Some((master.id.clone(), date.original.clone()));
        exception.start = date.start.clone();
        exception.end = date.end.clone();
        exception.extent = self.extent(&date.start, &date.end);
        exception.recurrence = Vec::new();
        exception.dates = Arc::default();
        exception.lost = BTreeMap::new();
        exception.before = None;
        exception
    }

    /// The living exceptions and cancelled dates of a series.
    pub(super) fn exceptions<'a>(&'a self, master: &'a str) -> impl Iterator<Item = &'a Event> {
        let of = move |event: &&Event| event.of.as_ref().is_some_and(|(id, _)| id == master);
        // Their ids begin with the master's, so they lie together.
        self.events
            .range(format!("{master}_")..)
            .take_while(move |(id, _)| id.starts_with(master))
            .map(|(_, event)| event)
            .filter(of)
    }

    /// True when the event is cancelled, or its series is.
    pub(super) fn is_dead(&self, event: &Event) -> bool {
        event.is_cancelled()
            || event
                .of
                .as_ref()
                .is_some_and(|(master, _)| self.events.get(master).is_some_and(Event::is_cancelled))
    }

    /// The events that changed after `change`.
    pub(super) fn written_since(&self, change: u64) -> Vec<Event> {
        let written = self.by_change.range((change + 1, String::new())..).map(|(_, id)| id.as_str());
        let written: BTreeSet<&str> = written.collect();
        written.into_iter().filter_map(|id| self.stored(id)).cloned().collect()
    }

    /// Ends all sync tokens.
    pub(super) fn end_tokens(&mut self) {
        self.epoch += 1;
    }

    /// Ends them because somebody's rights changed.
    pub(super) fn end_tokens_for_rights(&mut self) {
        self.end_tokens();
        self.rights_epoch = self.epoch;
    }

    /// The event with an iCalUID that is no exception.
    pub(super) fn by_uid(&self, uid: &str) -> Option<&Event> {
        self.events.values().find(|event| event.of.is_none() && event.uid == uid)
    }

    /// True when the reminders of `event` would reach the one whose default reminders are given.
    pub(super) fn reminds(event: &Event, defaults: &[Value]) -> bool {
        let Some(reminders) = event.fields.get("reminders") else { return !defaults.is_empty() };
        let by_default = reminders.get("useDefault").and_then(Value::as_bool).unwrap_or(false);
        let overrides = reminders.get("overrides").and_then(Value::as_array).is_some_and(|it| !it.is_empty());
        overrides || (by_default && !defaults.is_empty())
    }
}
