//! A mirror as iCalendar text: exactly one VEVENT with nothing in it but time, availability, a label and a colour.

use chrono::{DateTime, NaiveDate, Utc};
use starmesh_core::mirror::{MirrorAvailability, MirrorSpec};
use starmesh_core::planted::{Bug, planted};
use starmesh_core::time::EventTime;
use starmesh_ical::MARK_PROPERTY;

/// Who wrote it (RFC 5545, section 3.7.3): the same for everybody, so that it tells nothing.
const PRODID: &str = "-//Starmesh//Starmesh//EN";

/// The longest line in octets, without its end (RFC 5545, section 3.1).
const LINE_OCTETS_MAX: usize = 75;

/// The text of `mirror`, written at `now`.
///
/// Every property has its reason: iCloud and Cyrus refuse an event without DTEND, Bedework one without
/// SUMMARY; UTC needs no VTIMEZONE, which Yahoo cannot read; without ORGANIZER and ATTENDEE no server
/// sends mail (RFC 6638, section 3.1).
pub(crate) fn print_mirror(mirror: &MirrorSpec, now: DateTime<Utc>) -> String {
    let body = mirror.body();
    let (start, end) = times(&body.time);
    let status = match body.availability {
        MirrorAvailability::Tentative => "TENTATIVE",
        MirrorAvailability::Busy | MirrorAvailability::OutOfOffice => "CONFIRMED",
    };
    let mut lines = vec![
        "BEGIN:VCALENDAR".to_owned(),
        "VERSION:2.0".to_owned(),
        format!("PRODID:{PRODID}"),
        "BEGIN:VEVENT".to_owned(),
        format!("UID:{}", mirror.provider_id()),
        format!("DTSTAMP:{}", utc(now)),
        format!("DTSTART{start}"),
        format!("DTEND{end}"),
        format!("SUMMARY:{}", escape(body.label.as_str())),
        if planted(Bug::CaldavShowsMirrors) { "CLASS:PUBLIC" } else { "CLASS:PRIVATE" }.to_owned(),
        "TRANSP:OPAQUE".to_owned(),
        format!("STATUS:{status}"),
        "SEQUENCE:0".to_owned(),
        format!("{MARK_PROPERTY}:{}", mirror.mark()),
    ];
    if body.availability == MirrorAvailability::OutOfOffice {
        lines.push("X-MICROSOFT-CDO-BUSYSTATUS:OOF".to_owned());
    }
    lines.extend(body.color.map(|color| format!("COLOR:{color}")));
    lines.extend(["END:VEVENT".to_owned(), "END:VCALENDAR".to_owned()]);
    lines.iter().map(|line| fold(line)).collect()
}

fn times(time: &EventTime) -> (String, String) {
    match *time {
        EventTime::Timed { start, end } => (format!(":{}", utc(start)), format!(":{}", utc(end))),
        EventTime::AllDay { start, end } => (day(start), day(end)),
    }
}

fn utc(instant: DateTime<Utc>) -> String {
    instant.format("%Y%m%dT%H%M%SZ").to_string()
}

fn day(day: NaiveDate) -> String {
    format!(";VALUE=DATE:{}", day.format("%Y%m%d"))
}

/// A TEXT value (RFC 5545, section 3.3.11). A label has no line breaks.
fn escape(text: &str) -> String {
    text.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,")
}

/// A line with its end, folded without tearing a character apart.
fn fold(line: &str) -> String {
    let mut folded = String::with_capacity(line.len() + 2);
    let mut octets = 0;
    for character in line.chars() {
        if octets + character.len_utf8() > LINE_OCTETS_MAX {
            folded.push_str("\r\n ");
            octets = 1;
        }
        folded.push(character);
        octets += character.len_utf8();
    }
    folded.push_str("\r\n");
    folded
}

#[cfg(test)]
mod tests;
