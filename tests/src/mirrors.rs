//! Mirrors as a stranger reads them: from raw iCalendar text, or from what Google or Microsoft stores.
//!
//! A resource's own text says which of the three it is: only JSON begins with a brace, and only Google's
//! says what kind of thing it is.

mod google;
mod microsoft;

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde_json::Value;

use crate::dav::Listing;
use crate::{Failure, Outcome};

/// The property that marks a mirror.
pub const MARK: &str = "X-SYNC-FB";

/// All that a mirror may say, besides the lines that begin and end it.
const ALLOWED: [&str; 11] =
    ["UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "CLASS", "TRANSP", "STATUS", "SEQUENCE", "COLOR", MARK];

/// The time that something blocks, as iCalendar writes it: two instants in UTC or two days.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Block {
    /// `20261201T100000Z` or `20261201`.
    pub start: String,
    /// The same, exclusive.
    pub end: String,
}

impl Block {
    /// From `start`, for `length`.
    pub fn timed(start: DateTime<Utc>, length: TimeDelta) -> Self {
        let text = |instant: DateTime<Utc>| instant.format("%Y%m%dT%H%M%SZ").to_string();
        Self { start: text(start), end: text(start + length) }
    }

    /// `days` whole days from `first`.
    pub fn days(first: NaiveDate, days: u64) -> Self {
        let text = |day: NaiveDate| day.format("%Y%m%d").to_string();
        Self { start: text(first), end: text(first + Days::new(days)) }
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}–{}", self.start, self.end)
    }
}

/// A mirror as found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mirror {
    /// Where it is.
    pub href: String,
    /// Its UID.
    pub uid: String,
    /// Its mark.
    pub mark: String,
    /// The time it blocks.
    pub block: Block,
    /// True when it shows an appointment that may yet fall through.
    pub tentative: bool,
    /// All that it says, sorted: the property lines of its VEVENT, unfolded, without DTSTAMP; of JSON the
    /// members, each on a line, without what the service itself issues or stamps.
    pub lines: Vec<String>,
}

/// The mirrors in a collection, by href.
pub fn mirrors(listing: &Listing) -> Outcome<Vec<Mirror>> {
    let marked = listing.iter().filter(|(_, resource)| is_marked(&resource.body));
    marked.map(|(href, resource)| mirror(href, &resource.body)).collect()
}

/// What is in a collection and is no mirror.
pub fn originals(listing: &Listing) -> Listing {
    let unmarked = listing.iter().filter(|(_, resource)| !is_marked(&resource.body));
    unmarked.map(|(href, resource)| (href.clone(), resource.clone())).collect()
}

/// The blocks of the mirrors in a collection, sorted; two at one time are listed twice.
pub fn blocks(listing: &Listing) -> Outcome<Vec<Block>> {
    let mut blocks: Vec<Block> = mirrors(listing)?.into_iter().map(|mirror| mirror.block).collect();
    blocks.sort();
    Ok(blocks)
}

/// True for what mirrors are called: the usual label, and the one that tests set.
fn is_label(text: &str) -> bool {
    ["Busy", "Away"].contains(&text)
}

fn is_marked(body: &str) -> bool {
    if let Some(json) = json(body) {
        return google::is_marked(&json) || microsoft::is_marked(&json);
    }
    unfold(body).iter().any(|line| name(line) == MARK)
}

/// Reads one mirror, and refuses one that says more, or otherwise, than a mirror may.
fn mirror(href: &str, body: &str) -> Outcome<Mirror> {
    match json(body) {
        Some(json) if google::is_googles(&json) => google::mirror(href, &json),
        Some(json) => microsoft::mirror(href, &json),
        None => ics_mirror(href, body),
    }
}

fn json(body: &str) -> Option<Value> {
    body.starts_with('{').then(|| serde_json::from_str(body).unwrap_or_default())
}

/// The members of an object, each on a line of its own, sorted; those `left_out` are not among them.
fn members(object: &Value, left_out: &[&str]) -> Vec<String> {
    let all = object.as_object().into_iter().flatten();
    let kept = all.filter(|(name, _)| !left_out.contains(&name.as_str()));
    let mut lines: Vec<String> = kept.map(|(name, value)| format!("{name}={value}")).collect();
    lines.sort();
    lines
}

fn ics_mirror(href: &str, body: &str) -> Outcome<Mirror> {
    let lines = unfold(body);
    let count = |line: &str| lines.iter().filter(|it| *it == line).count();
    if count("BEGIN:VEVENT") != 1 || lines.iter().filter(|line| line.starts_with("BEGIN:")).count() != 2 {
        return Err(Failure::new(format!("{href} is not one plain event")));
    }
    let mut own: Vec<String> = lines
        .into_iter()
        .skip_while(|line| line != "BEGIN:VEVENT")
        .skip(1)
        .take_while(|line| line != "END:VEVENT")
        .collect();
    if let Some(line) = own.iter().find(|line| !ALLOWED.contains(&name(line))) {
        return Err(Failure::new(format!("{href} says {}", name(line))));
    }
    own.retain(|line| name(line) != "DTSTAMP");
    own.sort();
    let values: BTreeMap<&str, &str> = own.iter().map(|line| (name(line), value(line))).collect();
    let get = |name: &str| {
        let found = values.get(name).map(|value| (*value).to_owned());
        found.ok_or_else(|| Failure::new(format!("{href} has no {name}")))
    };
    if !is_label(&get("SUMMARY")?) {
        return Err(Failure::new(format!("{href} has a label that nobody set")));
    }
    for (property, wanted) in [("CLASS", "PRIVATE"), ("TRANSP", "OPAQUE")] {
        if get(property)? != wanted {
            return Err(Failure::new(format!("{href}: {property} is not {wanted}")));
        }
    }
    let block = Block { start: get("DTSTART")?, end: get("DTEND")? };
    check_form(href, &own, &block)?;
    let tentative = own.iter().any(|line| line == "STATUS:TENTATIVE");
    let (href, uid, mark) = (href.to_owned(), get("UID")?, get(MARK)?);
    Ok(Mirror { href, uid, mark, block, tentative, lines: own })
}

/// UTC without parameters, or `VALUE=DATE`.
fn check_form(href: &str, lines: &[String], block: &Block) -> Outcome<()> {
    for (property, value) in [("DTSTART", &block.start), ("DTEND", &block.end)] {
        let utc = value.len() == 16 && value.ends_with('Z');
        let day = value.len() == 8 && value.bytes().all(|byte| byte.is_ascii_digit());
        let line = lines.iter().find(|line| name(line) == property).map_or("", String::as_str);
        let plain = (utc && line == format!("{property}:{value}"))
            || (day && line == format!("{property};VALUE=DATE:{value}"));
        if !plain {
            return Err(Failure::new(format!("{href} says {line}")));
        }
    }
    Ok(())
}

fn unfold(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        match (line.strip_prefix([' ', '\t']), lines.last_mut()) {
            (Some(rest), Some(last)) => last.push_str(rest),
            _ => lines.push(line.to_owned()),
        }
    }
    lines
}

fn name(line: &str) -> &str {
    line.split([':', ';']).next().unwrap_or(line)
}

fn value(line: &str) -> &str {
    line.split_once(':').map_or("", |(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dav::Resource;

    const MIRROR: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:a\r\nDTSTAMP:20260101T000000Z\r\n\
        DTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\nSUMMARY:Busy\r\nCLASS:PRIVATE\r\n\
        TRANSP:OPAQUE\r\nX-SYNC-FB:1.aa\r\n bb\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

    fn read(body: &str) -> Outcome<Vec<Mirror>> {
        let resource = Resource { etag: "\"1\"".to_owned(), body: body.to_owned() };
        mirrors(&Listing::from([("/a.ics".to_owned(), resource)]))
    }

    #[test]
    fn a_mirror_is_read_with_its_folded_mark() {
        let found = read(MIRROR).unwrap();
        assert_eq!(found[0].mark, "1.aabb");
        assert_eq!(format!("{:?}", found[0].block), "20261201T100000Z–20261201T110000Z");
    }

    #[test]
    fn a_mirror_that_says_too_much_is_refused() {
        for (from, to) in [
            ("SUMMARY:Busy", "SUMMARY:Dentist"),
            ("TRANSP:OPAQUE", "TRANSP:OPAQUE\r\nLOCATION:Rome"),
            ("DTSTART:20261201T100000Z", "DTSTART;TZID=Europe/Rome:20261201T100000"),
            ("CLASS:PRIVATE\r\n", ""),
            ("END:VEVENT", "BEGIN:VALARM\r\nEND:VALARM\r\nEND:VEVENT"),
        ] {
            assert!(read(&MIRROR.replace(from, to)).is_err(), "{to}");
        }
    }

    #[test]
    fn an_event_without_a_mark_is_an_original() {
        assert_eq!(read(&MIRROR.replace("X-SYNC-FB", "X-OTHER")).unwrap(), []);
    }
}
