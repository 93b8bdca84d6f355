//! A person's events as iCalendar text, full of words that must never cross a link.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta, Utc};

/// In every field of a person's event that says more than time. No text that the program writes may hold
/// it.
pub const CANARY: &str = "kanarienvogel";

/// The zone of [`Event::zoned`].
pub const ZONE: &str = "Europe/Berlin";

/// Its rules since 1996, as calendars write them.
const VTIMEZONE: &str = "BEGIN:VTIMEZONE
TZID:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19810329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19961027T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE";

/// One event, or a series with its exceptions. What it says in other services' words is in
/// [`google_json`](crate::google_json) and [`microsoft_json`](crate::microsoft_json).
#[derive(Clone)]
pub struct Event {
    /// Its UID, also the name of its file.
    pub uid: String,
    pub(crate) times: Times,
    pub(crate) rule: Option<String>,
    /// Starts of occurrences that do not happen, on a clock in [`ZONE`].
    pub(crate) without: Vec<NaiveDateTime>,
    pub(crate) exceptions: Vec<Exception>,
    pub(crate) lines: Vec<String>,
    pub(crate) free: bool,
    pub(crate) cancelled: bool,
    pub(crate) hidden: String,
    pub(crate) invitation: Option<Invitation>,
}

/// When an event begins and ends.
#[derive(Clone)]
pub(crate) enum Times {
    Utc(DateTime<Utc>, DateTime<Utc>),
    /// On a clock in [`ZONE`].
    Zoned(NaiveDateTime, NaiveDateTime),
    Floating(NaiveDateTime, NaiveDateTime),
    Days(NaiveDate, NaiveDate),
    /// What follows the names of DTSTART and DTEND.
    Written(String, String),
}

/// An occurrence that starts at another time than its series says, on clocks in [`ZONE`].
#[derive(Clone)]
pub(crate) struct Exception {
    pub(crate) original: NaiveDateTime,
    pub(crate) and_future: bool,
    pub(crate) start: NaiveDateTime,
    pub(crate) end: NaiveDateTime,
}

/// An invitation from somebody.
#[derive(Clone)]
pub(crate) struct Invitation {
    /// Who is invited.
    pub(crate) address: String,
    /// What they answered, as iCalendar writes it.
    pub(crate) answer: String,
}

impl Event {
    /// From `start` in UTC, for `length`.
    pub fn timed(uid: &str, start: DateTime<Utc>, length: TimeDelta) -> Self {
        Self::at(uid, Times::Utc(start, start + length))
    }

    /// From `start` on a clock in [`ZONE`], for `length` on that clock.
    pub fn zoned(uid: &str, start: NaiveDateTime, length: TimeDelta) -> Self {
        Self::at(uid, Times::Zoned(start, start + length))
    }

    /// From `start` on the reader's clock, for `length`.
    pub fn floating(uid: &str, start: NaiveDateTime, length: TimeDelta) -> Self {
        Self::at(uid, Times::Floating(start, start + length))
    }

    /// `days` whole days from `first`.
    pub fn all_day(uid: &str, first: NaiveDate, days: i64) -> Self {
        Self::at(uid, Times::Days(first, first + TimeDelta::days(days)))
    }

    /// An event with these DTSTART and DTEND, parameters included, for what no other way can write.
    pub fn new(uid: &str, start: &str, end: &str) -> Self {
        Self::at(uid, Times::Written(start.to_owned(), end.to_owned()))
    }

    fn at(uid: &str, times: Times) -> Self {
        Self {
            uid: uid.to_owned(),
            times,
            rule: None,
            without: Vec::new(),
            exceptions: Vec::new(),
            lines: Vec::new(),
            free: false,
            cancelled: false,
            hidden: "one".to_owned(),
            invitation: None,
        }
    }

    /// With one more line, which only iCalendar can say.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// Repeating by this rule.
    #[must_use]
    pub fn rule(mut self, rule: &str) -> Self {
        self.rule = Some(rule.to_owned());
        self
    }

    /// Without the occurrence that starts at `start` on a clock in [`ZONE`].
    #[must_use]
    pub fn without(mut self, start: NaiveDateTime) -> Self {
        self.without.push(start);
        self
    }

    /// The occurrence that starts at `original` starts at `start` for `length` instead.
    #[must_use]
    pub fn moved(mut self, original: NaiveDateTime, start: NaiveDateTime, length: TimeDelta) -> Self {
        self.exceptions.push(Exception { original, and_future: false, start, end: start + length });
        self
    }

    /// The occurrence that starts at `original`, and all after it, start as `start` is to it.
    #[must_use]
    pub fn moved_from(mut self, original: NaiveDateTime, start: NaiveDateTime, length: TimeDelta) -> Self {
        self.exceptions.push(Exception { original, and_future: true, start, end: start + length });
        self
    }

    /// Shown as free.
    #[must_use]
    pub fn transparent(self) -> Self {
        Self { free: true, ..self }
    }

    /// Called off.
    #[must_use]
    pub fn cancelled(self) -> Self {
        Self { cancelled: true, ..self }
    }

    /// An invitation from somebody, which the owner of `address` answered with `answer` (`DECLINED`, …).
    #[must_use]
    pub fn invitation(mut self, address: &str, answer: &str) -> Self {
        self.invitation = Some(Invitation { address: address.to_owned(), answer: answer.to_owned() });
        self
    }

    /// With other hidden words and the same time: a twin.
    #[must_use]
    pub fn hiding(mut self, word: &str) -> Self {
        word.clone_into(&mut self.hidden);
        self
    }

    /// The whole text.
    pub fn text(&self) -> String {
        let mut lines = vec!["BEGIN:VCALENDAR".to_owned(), "VERSION:2.0".to_owned()];
        lines.push("PRODID:-//Somebody//Calendar 1.0//EN".to_owned());
        if matches!(self.times, Times::Zoned(..)) {
            lines.extend(VTIMEZONE.lines().map(str::to_owned));
        }
        lines.extend(self.component(&self.main_lines()));
        for exception in &self.exceptions {
            lines.extend(self.component(&exception.lines()));
        }
        lines.push("END:VCALENDAR".to_owned());
        lines.iter().map(|line| format!("{line}\r\n")).collect()
    }

    /// All of `events` in one file, as a calendar is published.
    pub fn feed(events: &[Self]) -> String {
        let mut lines = vec!["BEGIN:VCALENDAR".to_owned(), "VERSION:2.0".to_owned()];
        lines.push("PRODID:-//Somebody//Feeds 1.0//EN".to_owned());
        lines.push("X-WR-CALNAME:Club".to_owned());
        lines.extend(VTIMEZONE.lines().map(str::to_owned));
        for event in events {
            lines.extend(event.component(&event.main_lines()));
            lines.extend(event.exceptions.iter().flat_map(|exception| event.component(&exception.lines())));
        }
        lines.push("END:VCALENDAR".to_owned());
        lines.iter().map(|line| format!("{line}\r\n")).collect()
    }

    fn main_lines(&self) -> Vec<String> {
        let (start, end) = self.times.written();
        let mut lines = vec![format!("DTSTART{start}"), format!("DTEND{end}")];
        lines.extend(self.rule.iter().map(|rule| format!("RRULE:{rule}")));
        lines.extend(self.without.iter().map(|start| format!("EXDATE{}", zoned(*start))));
        if self.free {
            lines.push("TRANSP:TRANSPARENT".to_owned());
        }
        if self.cancelled {
            lines.push("STATUS:CANCELLED".to_owned());
        }
        lines.extend_from_slice(&self.lines);
        lines
    }

    fn component(&self, own: &[String]) -> Vec<String> {
        let word = &self.hidden;
        let mut lines = vec!["BEGIN:VEVENT".to_owned(), format!("UID:{}", self.uid)];
        lines.push("DTSTAMP:20260101T000000Z".to_owned());
        lines.extend_from_slice(own);
        lines.extend([
            format!("SUMMARY:{CANARY}-subject-{word}"),
            format!("DESCRIPTION:{CANARY}-body-{word}\\nsecond line"),
            format!("LOCATION:{CANARY}-place-{word}"),
            format!("CATEGORIES:{CANARY}-category-{word}"),
            format!("COMMENT:{CANARY}-comment-{word}"),
            format!("URL:https://{CANARY}-{word}.example/"),
            format!("X-CONFERENCE:https://meet.example/{CANARY}-{word}"),
        ]);
        if let Some(Invitation { address, answer }) = &self.invitation {
            lines.push(format!("ORGANIZER;CN={CANARY}:mailto:{CANARY}-boss@example.com"));
            lines.push(format!("ATTENDEE;CN={CANARY};PARTSTAT={answer}:mailto:{address}"));
            lines.push(format!("ATTENDEE;CN={CANARY}:mailto:{CANARY}-guest@example.com"));
        }
        lines.extend(["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M"].map(str::to_owned));
        lines.extend([format!("DESCRIPTION:{CANARY}-alarm-{word}"), "END:VALARM".to_owned()]);
        lines.push("END:VEVENT".to_owned());
        lines
    }
}

impl Times {
    /// What follows the names of DTSTART and DTEND.
    fn written(&self) -> (String, String) {
        let utc = |at: &DateTime<Utc>| format!(":{}Z", local(at.naive_utc()));
        let day = |day: &NaiveDate| format!(";VALUE=DATE:{}", day.format("%Y%m%d"));
        match self {
            Self::Utc(start, end) => (utc(start), utc(end)),
            Self::Zoned(start, end) => (zoned(*start), zoned(*end)),
            Self::Floating(start, end) => (format!(":{}", local(*start)), format!(":{}", local(*end))),
            Self::Days(first, end) => (day(first), day(end)),
            Self::Written(start, end) => (start.clone(), end.clone()),
        }
    }
}

impl Exception {
    fn lines(&self) -> [String; 3] {
        let range = if self.and_future { ";RANGE=THISANDFUTURE" } else { "" };
        let id = format!("RECURRENCE-ID{range}{}", zoned(self.original));
        [id, format!("DTSTART{}", zoned(self.start)), format!("DTEND{}", zoned(self.end))]
    }
}

fn local(at: NaiveDateTime) -> String {
    at.format("%Y%m%dT%H%M%S").to_string()
}

fn zoned(at: NaiveDateTime) -> String {
    format!(";TZID={ZONE}:{}", local(at))
}
