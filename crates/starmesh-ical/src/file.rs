//! A file of many events, as feeds are: read event by event, so that a bad one spoils no other.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use data_encoding::BASE32HEX_NOPAD;
use sha2::{Digest, Sha256};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{EventId, ICalUid, RemoteId};
use starmesh_core::policy::Terms;

use crate::blocks::blocks;
use crate::facts::OwnAddresses;
use crate::item::item_in_zones;
use crate::zones::{FileHead, FileZones};

/// A whole file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CalendarFile {
    /// What it is called (X-WR-CALNAME, or NAME of RFC 7986).
    pub name: Option<String>,
    /// The IANA name of its zone (X-WR-TIMEZONE).
    pub zone: Option<String>,
    /// How long its publisher wants it left alone, in seconds (REFRESH-INTERVAL, or X-PUBLISHED-TTL).
    pub refresh_s: Option<u64>,
    /// One item for each UID, master and exceptions together, and one for each event without a UID. None has a
    /// version.
    pub items: Vec<SourceItem>,
}

/// Why a text is no file of events: fits after "answered with".
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum FileProblem {
    /// There is nothing in it.
    #[error("nothing at all")]
    Empty,
    /// It is something else.
    #[error("something that is not a calendar")]
    NotACalendar,
    /// What begins in it does not end.
    #[error("a calendar that is cut short")]
    CutShort,
}

/// What events without a UID are called, before a digest of when they happen.
const WITHOUT_UID: &str = "without-uid:";

/// Bytes of such a digest: as many as in a MAC of a mirror's identity.
const DIGEST_BYTES: usize = 20;

/// Reads a whole file, or nothing of it: what stands in a part of a file tells nothing of the rest.
///
/// Its events tell which of `terms` they hold; `addresses` are those of the owner. A file that is called by a mail address belongs to its owner, too.
pub fn calendar_file(text: &str, addresses: &[&str], terms: &Terms) -> Result<CalendarFile, FileProblem> {
    if text.trim_start_matches('\u{feff}').trim().is_empty() {
        return Err(FileProblem::Empty);
    }
    let blocks = blocks(text);
    if blocks.calendars.is_empty() {
        return Err(FileProblem::NotACalendar);
    }
    if !blocks.is_whole {
        return Err(FileProblem::CutShort);
    }
    let mut file = CalendarFile { name: None, zone: None, refresh_s: None, items: Vec::new() };
    let mut items = Items::default();
    for calendar in &blocks.calendars {
        let head = FileHead::of(&calendar.head);
        file.name = file.name.or(head.name);
        file.zone = file.zone.or(head.zone);
        file.refresh_s = file.refresh_s.or(head.refresh_s);
        let owner = file.name.as_deref().filter(|name| name.contains('@'));
        let own = OwnAddresses::new(addresses.iter().copied().chain(owner));
        for (uid, text) in calendar.by_uid() {
            items.add(uid, &text, (&head.zones, &own), terms);
        }
    }
    file.items = items.0.into_values().collect();
    Ok(file)
}

/// The items by their ids.
#[derive(Default)]
struct Items(BTreeMap<RemoteId, SourceItem>);

impl Items {
    fn add(
        &mut self,
        uid: Option<&str>,
        text: &str,
        (zones, own): (&FileZones, &OwnAddresses),
        terms: &Terms,
    ) {
        let id = RemoteId::new(uid.unwrap_or(WITHOUT_UID));
        let mut item = item_in_zones(id.clone(), text, own, terms, zones);
        if uid.is_none() {
            // What is looked for may change from read to read, and its name must not.
            self.name(&mut item, &item_in_zones(id, text, own, &Terms::default(), zones));
        }
        match self.0.entry(item.remote_id.clone()) {
            Entry::Vacant(place) => {
                place.insert(item);
            }
            // One UID in two calendars of one file.
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.events.append(&mut item.events);
                known.problem = known.problem.or(item.problem);
                if known.problem.is_some() {
                    known.events.clear();
                }
            }
        }
    }

    /// Names an event without a UID by what is known of it, the only thing that stays from read to read; twins
    /// by a number, since nothing tells them apart. A digest of nothing but facts tells no content.
    fn name(&self, item: &mut SourceItem, plain: &SourceItem) {
        let facts: Vec<_> = plain.events.iter().map(|event| &event.recurrence).collect();
        // Facts are plain values, which always have a JSON form; an event whose facts had none would share its
        // name with an unreadable one.
        let facts = serde_json::to_vec(&facts).unwrap_or_default();
        let digest = BASE32HEX_NOPAD.encode(&Sha256::digest(facts)[..DIGEST_BYTES]).to_ascii_lowercase();
        let mut name = format!("{WITHOUT_UID}{digest}");
        let mut number = 1_u32;
        while self.0.contains_key(&RemoteId::new(name.as_str())) {
            number += 1;
            name = format!("{WITHOUT_UID}{digest}#{number}");
        }
        item.remote_id = RemoteId::new(name.as_str());
        for event in &mut item.events {
            event.id = EventId::new(name.as_str());
            event.uid = ICalUid::new(name.as_str());
        }
    }
}

#[cfg(test)]
mod tests;
