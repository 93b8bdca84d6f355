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

/// One event, or a series with its exceptions.
#[derive(Clone)]
pub struct Event {
    /// Its UID, also the name of its file.
    pub uid: String,
    zoned: bool,
    times: Vec<String>,
    lines: Vec<String>,
    hidden: Option<String>,
    guests: Option<String>,
    exceptions: Vec<Vec<String>>,
}

impl Event {
    /// From `start` in UTC, for `length`.
    pub fn timed(uid: &str, start: DateTime<Utc>, length: TimeDelta) -> Self {
        let text = |at: DateTime<Utc>| format!(":{}Z", at.format("%Y%m%dT%H%M%S"));
        Self::new(uid, &text(start), &text(start + length))
    }

    /// From `start` on a clock in [`ZONE`], for `length` on that clock.
    pub fn zoned(uid: &str, start: NaiveDateTime, length: TimeDelta) -> Self {
        Self { zoned: true, ..Self::new(uid, &zoned(start), &zoned(start + length)) }
    }

    /// From `start` on the reader's clock, for `length`.
    pub fn floating(uid: &str, start: NaiveDateTime, length: TimeDelta) -> Self {
        Self::new(uid, &format!(":{}", local(start)), &format!(":{}", local(start + length)))
    }

    /// `days` whole days from `first`.
    pub fn all_day(uid: &str, first: NaiveDate, days: i64) -> Self {
        let text = |day: NaiveDate| format!(";VALUE=DATE:{}", day.format("%Y%m%d"));
        Self::new(uid, &text(first), &text(first + TimeDelta::days(days)))
    }

    /// An event with these DTSTART and DTEND, parameters included, for what no other way can write.
    pub fn new(uid: &str, start: &str, end: &str) -> Self {
        Self {
            uid: uid.to_owned(),
            zoned: false,
            times: vec![format!("DTSTART{start}"), format!("DTEND{end}")],
            lines: Vec::new(),
            hidden: Some("one".to_owned()),
            guests: None,
            exceptions: Vec::new(),
        }
    }

    /// With one more line.
    #[must_use]
    pub fn line(mut self, line: &str) -> Self {
        self.lines.push(line.to_owned());
        self
    }

    /// Repeating by this rule.
    #[must_use]
    pub fn rule(self, rule: &str) -> Self {
        self.line(&format!("RRULE:{rule}"))
    }

    /// Without the occurrence that starts at `start` on a clock in [`ZONE`].
    #[must_use]
    pub fn without(self, start: NaiveDateTime) -> Self {
        let value = zoned(start);
        self.line(&format!("EXDATE{value}"))
    }

    /// The occurrence that starts at `original` starts at `start` for `length` instead.
    #[must_use]
    pub fn moved(self, original: NaiveDateTime, start: NaiveDateTime, length: TimeDelta) -> Self {
        self.exception(&format!("RECURRENCE-ID{}", zoned(original)), start, length)
    }

    /// The occurrence that starts at `original`, and all after it, start as `start` is to it.
    #[must_use]
    pub fn moved_from(self, original: NaiveDateTime, start: NaiveDateTime, length: TimeDelta) -> Self {
        let id = format!("RECURRENCE-ID;RANGE=THISANDFUTURE{}", zoned(original));
        self.exception(&id, start, length)
    }

    fn exception(mut self, id: &str, start: NaiveDateTime, length: TimeDelta) -> Self {
        let times = [format!("DTSTART{}", zoned(start)), format!("DTEND{}", zoned(start + length))];
        self.exceptions.push([&[id.to_owned()], &times[..]].concat());
        self
    }

    /// Shown as free.
    #[must_use]
    pub fn transparent(self) -> Self {
        self.line("TRANSP:TRANSPARENT")
    }

    /// Called off.
    #[must_use]
    pub fn cancelled(self) -> Self {
        self.line("STATUS:CANCELLED")
    }

    /// An invitation from somebody, which the owner of `address` answered with `answer` (`DECLINED`, …).
    #[must_use]
    pub fn invitation(mut self, address: &str, answer: &str) -> Self {
        self.guests = Some(format!("ATTENDEE;CN={CANARY};PARTSTAT={answer}:mailto:{address}"));
        self
    }

    /// With other hidden words and the same time: a twin.
    #[must_use]
    pub fn hiding(mut self, word: &str) -> Self {
        self.hidden = Some(word.to_owned());
        self
    }

    /// The whole text.
    pub fn text(&self) -> String {
        let mut lines = vec!["BEGIN:VCALENDAR".to_owned(), "VERSION:2.0".to_owned()];
        lines.push("PRODID:-//Somebody//Calendar 1.0//EN".to_owned());
        if self.zoned {
            lines.extend(VTIMEZONE.lines().map(str::to_owned));
        }
        lines.extend(self.component(&[&self.times[..], &self.lines].concat()));
        for exception in &self.exceptions {
            lines.extend(self.component(exception));
        }
        lines.push("END:VCALENDAR".to_owned());
        lines.iter().map(|line| format!("{line}\r\n")).collect()
    }

    fn component(&self, own: &[String]) -> Vec<String> {
        let mut lines = vec!["BEGIN:VEVENT".to_owned(), format!("UID:{}", self.uid)];
        lines.push("DTSTAMP:20260101T000000Z".to_owned());
        lines.extend_from_slice(own);
        if let Some(word) = &self.hidden {
            lines.extend([
                format!("SUMMARY:{CANARY}-subject-{word}"),
                format!("DESCRIPTION:{CANARY}-body-{word}\\nsecond line"),
                format!("LOCATION:{CANARY}-place-{word}"),
                format!("CATEGORIES:{CANARY}-category-{word}"),
                format!("COMMENT:{CANARY}-comment-{word}"),
                format!("URL:https://{CANARY}-{word}.example/"),
                format!("X-CONFERENCE:https://meet.example/{CANARY}-{word}"),
            ]);
        }
        if let Some(guest) = &self.guests {
            lines.push(format!("ORGANIZER;CN={CANARY}:mailto:{CANARY}-boss@example.com"));
            lines.push(guest.clone());
            lines.push(format!("ATTENDEE;CN={CANARY}:mailto:{CANARY}-guest@example.com"));
        }
        if let Some(word) = &self.hidden {
            lines.extend(["BEGIN:VALARM", "ACTION:DISPLAY", "TRIGGER:-PT15M"].map(str::to_owned));
            lines.extend([format!("DESCRIPTION:{CANARY}-alarm-{word}"), "END:VALARM".to_owned()]);
        }
        lines.push("END:VEVENT".to_owned());
        lines
    }
}

fn local(at: NaiveDateTime) -> String {
    at.format("%Y%m%dT%H%M%S").to_string()
}

fn zoned(at: NaiveDateTime) -> String {
    format!(";TZID={ZONE}:{}", local(at))
}
