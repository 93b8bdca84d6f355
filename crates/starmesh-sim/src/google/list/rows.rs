//! The rows of a list.

use std::borrow::Cow;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::super::event::Event;
use super::super::moment::Moment;
use super::super::series::Date;
use super::super::switches::{LeftWindow, PropertyFilter, Retimed, TokenWindow};
use super::super::tokens::SyncToken;
use super::super::view::View;
use super::query::{ListQuery, Order};
use crate::dice::Dice;

/// One row, before it is JSON.
pub(super) struct Row<'a> {
    /// Its place in the order; rows of one rank come by id.
    pub(super) rank: u64,
    pub(super) id: Cow<'a, str>,
    event: &'a Event,
    date: Option<&'a Date>,
    cancelled: bool,
}

impl Row<'_> {
    pub(super) fn render(&self, view: &View<'_>) -> Value {
        match (self.cancelled, self.date) {
            (true, date) => view.tombstone(self.event, &self.id, date),
            (false, Some(date)) => view.instance(self.event, date),
            (false, None) => view.event(self.event),
        }
    }
}

/// What a list shows.
pub(super) struct Rows<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) query: &'a ListQuery,
    pub(super) since: Option<&'a SyncToken>,
    pub(super) now: DateTime<Utc>,
}

impl<'a> Rows<'a> {
    /// Every row: a first list.
    pub(super) fn whole(&self) -> Vec<Row<'a>> {
        let mut rows = Vec::new();
        for event in self.seen() {
            let dead = self.view.calendar.is_dead(event);
            if event.is_series() && self.query.single {
                rows.extend(self.dates(event).map(|(id, date)| self.row(event, id, Some(date), dead)));
            } else {
                rows.push(self.row(event, Cow::Borrowed(event.id.as_str()), None, dead));
            }
        }
        let range = (self.query.lo, self.query.hi);
        rows.retain(|row| self.shows(row) && self.matches(row.event) && self.inside(row, range));
        for row in &mut rows {
            row.rank = self.rank(row);
        }
        rows
    }

    /// What changed since the token: each row once, in its newest form.
    pub(super) fn delta(&self, mut repeats: Dice) -> Vec<Row<'a>> {
        let Some(since) = self.since else { return Vec::new() };
        let mut rows = Vec::new();
        for event in self.seen() {
            let dead = self.view.calendar.is_dead(event);
            let master = event.of.as_ref().and_then(|(master, _)| self.view.calendar.stored(master));
            // Whoever reads instances sees each of them change with the series.
            let through = master.filter(|_| self.query.single).map_or(0, |master| master.change);
            let change = event.change.max(through);
            let known = change <= since.change;
            let again = known
                && event.is_cancelled()
                && repeats.chance(self.view.switches.repeat_tombstones_per_mille);
            if known && !again {
                continue;
            }
            if known {
                self.view.met.meet("repeat_tombstones");
            }
            let from = rows.len();
            if event.is_series() && self.query.single {
                rows.extend(self.dates(event).map(|(id, date)| self.row(event, id, Some(date), dead)));
                rows.extend(self.lost(event, since.change));
            } else {
                rows.push(self.row(event, Cow::Borrowed(event.id.as_str()), None, dead));
                rows.extend(self.lost(event, since.change));
            }
            rows[from..].iter_mut().for_each(|row| row.rank = change);
        }
        rows.retain(|row| self.of_type(row.event));
        match self.view.switches.token_window {
            TokenWindow::Kept => {
                rows.into_iter().filter_map(|row| self.in_window(row, since.window)).collect()
            }
            TokenWindow::Ignored => {
                if rows.iter().any(|row| !self.inside(row, since.window)) {
                    self.view.met.meet("token_window.ignored");
                }
                rows
            }
        }
    }

    /// The events as far as lists show them.
    fn seen(&self) -> impl Iterator<Item = &'a Event> + use<'a> {
        let lag_ms = self.view.switches.list_lag_ms;
        let seen = (lag_ms > 0).then(|| self.now - TimeDelta::milliseconds(lag_ms));
        let events = self.view.calendar.events.values();
        events.filter_map(move |event| seen.map_or(Some(event), |seen| event.as_of(seen)))
    }

    /// The dates of a series that have no exception.
    fn dates(&self, master: &'a Event) -> impl Iterator<Item = (Cow<'a, str>, &'a Date)> + use<'a> {
        let calendar = self.view.calendar;
        master.dates.iter().filter_map(move |date| {
            let id = master.instance_id(&date.original);
            (!calendar.events.contains_key(&id)).then_some((Cow::Owned(id), date))
        })
    }

    /// Rows that a list of instances had and has no more.
    fn lost(&self, event: &'a Event, since: u64) -> Vec<Row<'a>> {
        if !self.query.single || !event.lost.values().any(|(change, _)| *change > since) {
            return Vec::new();
        }
        if self.view.switches.retimed == Retimed::Silent {
            self.view.met.meet("retimed.silent");
            return Vec::new();
        }
        self.view.met.meet("retimed.cancelled");
        let calendar = self.view.calendar;
        let lost = event.lost.iter().filter(|(id, (change, _))| {
            *change > since && (!calendar.events.contains_key(*id) || **id == event.id)
        });
        lost.map(|(id, (_, date))| self.row(event, Cow::Borrowed(id.as_str()), Some(date), true)).collect()
    }

    fn row(&self, event: &'a Event, id: Cow<'a, str>, date: Option<&'a Date>, cancelled: bool) -> Row<'a> {
        let _ = self;
        Row { rank: 0, id, event, date, cancelled }
    }

    /// Whether a first list shows the row, as far as it is cancelled.
    fn shows(&self, row: &Row<'_>) -> bool {
        if !row.cancelled {
            return true;
        }
        let event = row.event;
        let alone = !event.is_cancelled();
        if event.of.is_some() && alone && !self.query.single {
            // Cancelled with its series, which says so itself.
            return false;
        }
        let life = TimeDelta::seconds(self.view.switches.tombstone_life_s);
        let forgotten = self.now - event.updated() > life;
        let series_lives = event.of.as_ref().is_some_and(|(master, _)| {
            self.view.calendar.stored(master).is_some_and(|master| !master.is_cancelled())
        });
        if series_lives {
            return self.query.show_deleted || !self.query.single;
        }
        let asked = self.query.show_deleted || self.query.updated_min.is_some();
        if asked && forgotten {
            self.view.met.meet("tombstone_life");
        }
        asked && !forgotten
    }

    fn matches(&self, event: &Event) -> bool {
        let query = self.query;
        let details = self.view.details(event);
        self.of_type(event)
            && query.updated_min.is_none_or(|min| event.updated() >= min)
            && query.uid.as_ref().is_none_or(|uid| event.uid == *uid)
            && query.text.as_ref().is_none_or(|text| details && says(event, text))
            && self.properties(event, details)
    }

    fn of_type(&self, event: &Event) -> bool {
        self.query.types.is_empty() || self.query.types.contains(&event.kind)
    }

    fn properties(&self, event: &Event, details: bool) -> bool {
        let has = |kind: &str, (key, value): &(String, String)| {
            let found = event.fields.get("extendedProperties").and_then(|it| it.get(kind)?.get(key));
            details && found.and_then(Value::as_str) == Some(value)
        };
        let private = self.query.private.iter().map(|it| has("private", it));
        let mut all = private.chain(self.query.shared.iter().map(|it| has("shared", it))).peekable();
        if all.peek().is_none() {
            return true;
        }
        let several = self.query.private.len() + self.query.shared.len() > 1;
        let met = |name| {
            if several {
                self.view.met.meet(name);
            }
        };
        match self.view.switches.properties {
            PropertyFilter::All => {
                met("properties.all");
                all.all(|it| it)
            }
            PropertyFilter::Any => {
                met("properties.any");
                all.any(|it| it)
            }
        }
    }

    fn span(&self, row: &Row<'_>) -> (DateTime<Utc>, DateTime<Utc>) {
        let (start, end) =
            row.date.map_or((&row.event.start, &row.event.end), |date| (&date.start, &date.end));
        self.view.calendar.extent(start, end)
    }

    /// Ends after `lo` and starts before `hi`. A series lies where any of its dates does.
    fn inside(&self, row: &Row<'_>, range: Range) -> bool {
        if row.date.is_none() && row.event.is_series() {
            let extent = |date: &Date| self.view.calendar.extent(&date.start, &date.end);
            return row.event.dates.iter().any(|date| overlaps(extent(date), range));
        }
        overlaps(self.span(row), range)
    }

    /// What a delta that keeps its window makes of a row.
    fn in_window(&self, mut row: Row<'a>, range: Range) -> Option<Row<'a>> {
        if self.inside(&row, range) {
            return Some(row);
        }
        self.view.met.meet("token_window.kept");
        let was_inside = row.date.is_none() && overlaps(row.event.extent, range);
        if !was_inside {
            return None;
        }
        match self.view.switches.left_window {
            LeftWindow::Cancelled => {
                self.view.met.meet("left_window.cancelled");
                row.cancelled = true;
            }
            LeftWindow::Whole => self.view.met.meet("left_window.whole"),
        }
        Some(row)
    }

    fn rank(&self, row: &Row<'_>) -> u64 {
        match self.query.order {
            Order::Stable => scattered(row.id.as_bytes()),
            Order::StartTime => ascending(self.span(row).0.timestamp()),
            Order::Updated => ascending(row.event.updated_ms),
        }
    }
}

type Range = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

fn overlaps((start, end): (DateTime<Utc>, DateTime<Utc>), (lo, hi): Range) -> bool {
    lo.is_none_or(|lo| end > lo) && hi.is_none_or(|hi| start < hi)
}

fn says(event: &Event, text: &str) -> bool {
    let fields = ["summary", "description", "location"];
    fields.iter().filter_map(|name| event.text(name)).any(|it| it.to_lowercase().contains(text))
}

/// A number that grows with a signed one.
fn ascending(number: i64) -> u64 {
    number.cast_unsigned() ^ (1 << 63)
}

/// An order that says nothing about time, so that exceptions may come before their series (FNV-1a).
fn scattered(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// The instant at which `moment` begins for a list in `view`.
pub(super) fn begins(view: &View<'_>, moment: &Moment) -> DateTime<Utc> {
    moment.instant(&view.calendar.zone())
}
