//! Somebody who books, moves and cancels by hand, as people do with their own programs.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use starmesh_app::AppError;
use starmesh_sim::dice::Dice;
use starmesh_sim::microsoft::world::{Item, ItemNo};

use super::cast::{Cast, Place, failed};
use super::line::Deed;

/// A word in every title: where it shows up, a title got out.
pub(super) const SECRET: &str = "Quetzalcoatl";

/// How long everything takes that is booked.
const LENGTH: TimeDelta = TimeDelta::hours(1);
/// How often the one series happens, once a week.
const SERIES_COUNT: u32 = 3;

/// Days from today on which something is booked at random: beyond everything of the story, well within
/// the window.
const RANDOM_DAYS: (u64, u64) = (30, 150);
/// Hours of the day, UTC, at which something begins at random.
const RANDOM_HOURS: (u64, u64) = (6, 18);
/// How many events there are at most before one is moved or cancelled in place of a new one.
const DIARY_MAX: usize = 40;
/// How many events of one calendar are cancelled at random at most: many more within a day and the brake
/// rightly holds the removals and asks.
const CANCELS_MAX: usize = 8;

/// From an instant to another one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Span {
    pub(super) start: DateTime<Utc>,
    pub(super) end: DateTime<Utc>,
}

impl Span {
    /// An hour that begins at `hour` o'clock, UTC, `days` days from `today`.
    fn at(today: DateTime<Utc>, days: u64, hour: u64) -> Self {
        let midnight = today.date_naive().and_time(chrono::NaiveTime::MIN).and_utc();
        let whole = |number: u64| i64::try_from(number).unwrap_or(0);
        let start = midnight + TimeDelta::days(whole(days)) + TimeDelta::hours(whole(hour));
        Self { start, end: start + LENGTH }
    }

    fn weeks_later(self, weeks: i64) -> Self {
        let later = TimeDelta::weeks(weeks);
        Self { start: self.start + later, end: self.end + later }
    }
}

/// The name of an event at its provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum EventName {
    Google(String),
    Microsoft(ItemNo),
}

/// An event as its provider stores it.
#[derive(Clone, PartialEq, Debug)]
enum Stored {
    Google(Box<Value>),
    Microsoft(Box<Item>),
}

/// An event that the person booked.
pub(super) struct Entry {
    pub(super) place: Place,
    pub(super) name: EventName,
    /// When it blocks time: once, several times, or never.
    pub(super) spans: Vec<Span>,
    /// True for one that is moved and cancelled at random.
    loose: bool,
    /// How the person left it.
    stored: Stored,
}

/// Something that the person just did.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done {
    pub(super) deed: Deed,
    pub(super) place: Place,
    pub(super) span: Span,
    /// When, to the millisecond, as everything is told.
    pub(super) at: DateTime<Utc>,
}

/// The person, with everything booked.
pub(super) struct Person<'a> {
    cast: &'a Cast,
    today: DateTime<Utc>,
    dice: Dice,
    pub(super) diary: Vec<Entry>,
    cancels: Vec<Place>,
}

impl<'a> Person<'a> {
    /// Somebody with a usual week in every calendar.
    pub(super) fn new(cast: &'a Cast, today: DateTime<Utc>, seed: u64) -> Result<Self, AppError> {
        /// The stream of chance that is the person's own.
        const PURPOSE: u64 = 0x0AD4;
        let mut person =
            Self { cast, today, dice: Dice::new(seed, PURPOSE), diary: Vec::new(), cancels: Vec::new() };
        for (hour, place) in (8..).step_by(2).zip(Place::ALL) {
            for day in [2, 3] {
                let span = Span::at(today, day, hour);
                person.write(place, span, Kind::Busy)?;
            }
        }
        person.write(Place::Club, Span::at(today, 5, 17), Kind::Series)?;
        person.write(Place::Work, Span::at(today, 5, 12), Kind::Free)?;
        Ok(person)
    }

    /// Books an hour by hand; it has index `diary.len() - 1` from then on.
    pub(super) fn book(&mut self, place: Place, days: u64, hour: u64) -> Result<Done, AppError> {
        let span = Span::at(self.today, days, hour);
        self.booked(place, span)
    }

    /// Moves the last one that was booked.
    pub(super) fn move_last(&mut self, days: u64, hour: u64) -> Result<Done, AppError> {
        let span = Span::at(self.today, days, hour);
        self.moved(self.diary.len().saturating_sub(1), span)
    }

    /// Cancels the last one that was booked.
    pub(super) fn cancel_last(&mut self) -> Result<Done, AppError> {
        self.cancelled(self.diary.len().saturating_sub(1))
    }

    /// Does something at random.
    pub(super) fn anything(&mut self) -> Result<Done, AppError> {
        let loose: Vec<usize> =
            (0..self.diary.len()).filter(|at| self.diary.get(*at).is_some_and(|entry| entry.loose)).collect();
        let span = self.free_span();
        let what = self.dice.below(3);
        match self.dice.pick(&loose) {
            Some(at) if what == 0 && self.may_cancel(at) => self.cancelled(at),
            Some(at) if what == 1 || loose.len() >= DIARY_MAX => self.moved(at, span),
            _ => {
                let place = self.dice.pick(&Place::ALL).unwrap_or(Place::Home);
                let done = self.booked(place, span)?;
                if let Some(entry) = self.diary.last_mut() {
                    entry.loose = true;
                }
                Ok(done)
            }
        }
    }

    /// A pause between two deeds: somebody in a hurry, and yet a person.
    pub(super) fn pause_ms(&mut self) -> u64 {
        150 + self.dice.below(500)
    }

    fn may_cancel(&self, at: usize) -> bool {
        let place = self.diary.get(at).map(|entry| entry.place);
        self.cancels.iter().filter(|cancelled| Some(**cancelled) == place).count() < CANCELS_MAX
    }

    /// A time at which nothing else begins, so that every journey can be told from every other.
    fn free_span(&mut self) -> Span {
        let within = |dice: &mut Dice, (lo, hi): (u64, u64)| lo + dice.below(hi - lo + 1);
        loop {
            let days = within(&mut self.dice, RANDOM_DAYS);
            let span = Span::at(self.today, days, within(&mut self.dice, RANDOM_HOURS));
            // There are some fifteen hundred hours and at most DIARY_MAX of them are taken.
            if self.diary.iter().all(|entry| !entry.spans.contains(&span)) {
                return span;
            }
        }
    }

    fn booked(&mut self, place: Place, span: Span) -> Result<Done, AppError> {
        let at = self.now();
        self.write(place, span, Kind::Busy)?;
        Ok(Done { deed: Deed::Booked, place, span, at })
    }

    fn moved(&mut self, number: usize, span: Span) -> Result<Done, AppError> {
        let at = self.now();
        let entry = self.diary.get_mut(number).ok_or_else(|| failed(&"no such event"))?;
        let (cast, place) = (self.cast, entry.place);
        match &entry.name {
            EventName::Google(id) => cast
                .google
                .patch_event(google(place)?, id, &google_times(span))
                .map_err(|problem| failed(&problem))?,
            EventName::Microsoft(no) => cast
                .microsoft
                .with(|world| world.change_event(*no, &microsoft_times(span)))
                .map_err(|problem| failed(&problem))?,
        }
        entry.stored = stored(cast, place, &entry.name)?;
        entry.spans = vec![span];
        Ok(Done { deed: Deed::Moved, place, span, at })
    }

    fn cancelled(&mut self, number: usize) -> Result<Done, AppError> {
        let at = self.now();
        if number >= self.diary.len() {
            return Err(failed(&"no such event"));
        }
        let Entry { place, name, spans, .. } = self.diary.remove(number);
        match name {
            EventName::Google(id) => {
                self.cast.google.delete_event(google(place)?, &id).map_err(|problem| failed(&problem))?;
            }
            EventName::Microsoft(no) => {
                if !self.cast.microsoft.with(|world| world.delete_event(no)) {
                    return Err(failed(&"no such event"));
                }
            }
        }
        self.cancels.push(place);
        let span = spans.first().copied().ok_or_else(|| failed(&"an event without a time"))?;
        Ok(Done { deed: Deed::Cancelled, place, span, at })
    }

    fn write(&mut self, place: Place, span: Span, kind: Kind) -> Result<(), AppError> {
        let title = format!("{SECRET} {}", self.diary.len());
        let name = match self.cast.at_microsoft(place) {
            None => {
                let mut body = google_times(span);
                body["summary"] = json!(title);
                body["location"] = json!(SECRET);
                match kind {
                    Kind::Busy => {}
                    Kind::Free => body["transparency"] = json!("transparent"),
                    Kind::Series => {
                        body["recurrence"] = json!([format!("RRULE:FREQ=WEEKLY;COUNT={SERIES_COUNT}")]);
                    }
                }
                let put = self.cast.google.put_event(google(place)?, None, &body);
                EventName::Google(put.map_err(|problem| failed(&problem))?)
            }
            Some(calendar) => {
                let mut body = microsoft_times(span);
                body["subject"] = json!(title);
                body["location"] = json!({ "displayName": SECRET });
                body["showAs"] = json!(if kind == Kind::Free { "free" } else { "busy" });
                let put = self.cast.microsoft.with(|world| world.put_event(calendar, &body));
                EventName::Microsoft(put.map_err(|problem| failed(&problem))?)
            }
        };
        let spans = match kind {
            Kind::Busy => vec![span],
            Kind::Free => Vec::new(),
            Kind::Series => (0..i64::from(SERIES_COUNT)).map(|weeks| span.weeks_later(weeks)).collect(),
        };
        let stored = stored(self.cast, place, &name)?;
        self.diary.push(Entry { place, name, spans, loose: false, stored });
        Ok(())
    }

    /// Every event that the person did not leave as it is now.
    pub(super) fn touched(&self) -> usize {
        let same = |entry: &Entry| {
            stored(self.cast, entry.place, &entry.name).is_ok_and(|stored| stored == entry.stored)
        };
        self.diary.iter().filter(|entry| !same(entry)).count()
    }

    fn now(&self) -> DateTime<Utc> {
        use starmesh_app::Clock as _;
        let now = self.cast.google.clock().now();
        DateTime::from_timestamp_millis(now.timestamp_millis()).unwrap_or(now)
    }
}

/// What kind of event is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Busy,
    /// It blocks no time.
    Free,
    /// It happens every week. At Google only, which has the one of the story.
    Series,
}

fn google(place: Place) -> Result<&'static str, AppError> {
    Cast::at_google(place).ok_or_else(|| failed(&"not a calendar of Google"))
}

fn google_times(span: Span) -> Value {
    let at = |time: DateTime<Utc>| json!({ "dateTime": time.to_rfc3339_opts(SecondsFormat::Secs, true), "timeZone": "UTC" });
    json!({ "start": at(span.start), "end": at(span.end) })
}

fn microsoft_times(span: Span) -> Value {
    let at = |time: DateTime<Utc>| json!({ "dateTime": time.format("%Y-%m-%dT%H:%M:%S").to_string(), "timeZone": "UTC" });
    json!({ "start": at(span.start), "end": at(span.end) })
}

/// An event as it is stored at its provider, past the API.
fn stored(cast: &Cast, place: Place, name: &EventName) -> Result<Stored, AppError> {
    let found = match name {
        EventName::Google(id) => cast
            .google
            .stored_events(google(place)?)
            .map_err(|problem| failed(&problem))?
            .into_iter()
            .find(|row| row["id"] == **id)
            .map(|row| Stored::Google(Box::new(row))),
        EventName::Microsoft(no) => cast
            .microsoft
            .with(|world| world.event(*no).cloned())
            .map(|item| Stored::Microsoft(Box::new(item))),
    };
    found.ok_or_else(|| failed(&"an event that was just written is not there"))
}
