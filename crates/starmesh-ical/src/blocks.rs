//! A file cut into its events, by its content lines alone: nothing that stands in one event, however broken, can
//! reach into another.

use std::collections::HashMap;

use crate::lines::{split, unfold};

/// A file, cut.
#[derive(Default)]
pub(crate) struct Blocks {
    /// Its VCALENDARs.
    pub(crate) calendars: Vec<CalendarBlock>,
    /// True when each component that begins ends.
    pub(crate) is_whole: bool,
}

/// A VCALENDAR, cut.
#[derive(Default)]
pub(crate) struct CalendarBlock {
    /// Its own properties and its zones, as an iCalendar text.
    pub(crate) head: String,
    /// Its VEVENTs.
    events: Vec<EventBlock>,
}

#[derive(Default)]
struct EventBlock {
    uid: Option<String>,
    lines: String,
}

/// The lines around what stands in a calendar.
const BEGIN: &str = "BEGIN:VCALENDAR\r\n";
const END: &str = "END:VCALENDAR\r\n";

impl CalendarBlock {
    /// The events with one UID together, each as an iCalendar text, in the order of the first of each. One
    /// without a UID stands alone: nothing says that it belongs to another.
    pub(crate) fn by_uid(&self) -> impl Iterator<Item = (Option<&str>, String)> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut groups: Vec<(Option<&str>, Vec<&str>)> = Vec::new();
        for event in &self.events {
            let uid = event.uid.as_deref();
            if let Some(place) = uid.and_then(|uid| places.get(uid)) {
                groups[*place].1.push(&event.lines);
            } else {
                places.extend(uid.map(|uid| (uid, groups.len())));
                groups.push((uid, vec![&event.lines]));
            }
        }
        groups.into_iter().map(|(uid, events)| (uid, format!("{BEGIN}{}{END}", events.concat())))
    }
}

/// Cuts `text`.
pub(crate) fn blocks(text: &str) -> Blocks {
    let mut blocks = Blocks::default();
    let mut open: Vec<String> = Vec::new();
    let mut is_balanced = true;
    for line in unfold(text) {
        let (name, value) = split(&line).unwrap_or_default();
        let is_begin = name.eq_ignore_ascii_case("BEGIN");
        let is_end = name.eq_ignore_ascii_case("END");
        if is_begin {
            open.push(value.trim().to_ascii_uppercase());
        }
        let within: Vec<&str> = open.iter().map(String::as_str).collect();
        match within[..] {
            ["VCALENDAR"] if is_begin => {
                blocks.calendars.push(CalendarBlock { head: BEGIN.to_owned(), events: Vec::new() });
            }
            ["VCALENDAR"] | ["VCALENDAR", "VTIMEZONE", ..] => blocks.add_to_head(&line),
            ["VCALENDAR", "VEVENT", ..] => blocks.add_to_event(&line, is_begin && within.len() == 2),
            _ => {}
        }
        if let (["VCALENDAR", "VEVENT"], true) = (&within[..], name.eq_ignore_ascii_case("UID")) {
            blocks.set_uid(value.trim());
        }
        if is_end {
            is_balanced &= open.pop().is_some_and(|begun| begun.eq_ignore_ascii_case(value.trim()));
        }
    }
    blocks.is_whole = is_balanced && open.is_empty();
    blocks
}

impl Blocks {
    fn add_to_head(&mut self, line: &str) {
        if let Some(calendar) = self.calendars.last_mut() {
            push_line(&mut calendar.head, line);
        }
    }

    fn add_to_event(&mut self, line: &str, begins: bool) {
        let Some(calendar) = self.calendars.last_mut() else { return };
        if begins {
            calendar.events.push(EventBlock::default());
        }
        if let Some(event) = calendar.events.last_mut() {
            push_line(&mut event.lines, line);
        }
    }

    fn set_uid(&mut self, uid: &str) {
        let event = self.calendars.last_mut().and_then(|calendar| calendar.events.last_mut());
        if let Some(event) = event.filter(|event| event.uid.is_none() && !uid.is_empty()) {
            event.uid = Some(uid.to_owned());
        }
    }
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push_str("\r\n");
}
