//! Everything the simulated service stores.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::calendar::{Calendar, Role};
use super::met::COUNTABLE;
use super::push::Channel;
use super::quota::Quota;
use crate::dice::Dice;
use crate::web::Met;

/// Which stream of a seed the service draws from.
const PURPOSE: u64 = 0x47_4f_4f_47;

pub(super) struct World {
    /// Mail address and zone of each person.
    pub(super) people: BTreeMap<String, String>,
    pub(super) calendars: BTreeMap<String, Calendar>,
    /// Each person's list of calendars.
    pub(super) lists: BTreeMap<String, CalendarList>,
    /// By channel id: ids are unique in a project, and one simulator is one project per client.
    pub(super) channels: BTreeMap<(String, String), Channel>,
    pub(super) quota: Quota,
    pub(super) dice: Dice,
    pub(super) met: Met,
    /// Counts everything that needs a number.
    serial: u64,
}

/// A person's list of calendars.
#[derive(Default)]
pub(super) struct CalendarList {
    pub(super) entries: BTreeMap<String, Entry>,
    pub(super) change: u64,
    pub(super) epoch: u64,
}

/// How a calendar stands in a person's list.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) summary_override: Option<String>,
    pub(super) color: u32,
    pub(super) colors: Option<(String, String)>,
    pub(super) hidden: bool,
    pub(super) selected: bool,
    pub(super) reminders: Vec<Value>,
    pub(super) deleted: bool,
    pub(super) change: u64,
    pub(super) etag: i64,
}

impl World {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            people: BTreeMap::new(),
            calendars: BTreeMap::new(),
            lists: BTreeMap::new(),
            channels: BTreeMap::new(),
            quota: Quota::default(),
            dice: Dice::new(seed, PURPOSE),
            met: Met::of(COUNTABLE),
            serial: 0,
        }
    }

    pub(super) fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// An id of the kind the service makes: lower-case letters and digits.
    pub(super) fn draw_id(&mut self, length: usize) -> String {
        const LETTERS: &[u8] = b"0123456789abcdefghijklmnopqrstuv";
        (0..length).map(|_| char::from(LETTERS[self.dice.index(LETTERS.len())])).collect()
    }

    /// Adds a person with a primary calendar that bears their address.
    pub(super) fn add_person(&mut self, mail: &str, zone: &str, now: DateTime<Utc>) {
        self.people.insert(mail.to_owned(), zone.to_owned());
        let mut calendar = new_calendar(mail, mail, zone, mail);
        calendar.is_primary = true;
        calendar.tick(now);
        self.add_calendar(calendar, now);
    }

    /// Adds a calendar and lists it for its owner.
    pub(super) fn add_calendar(&mut self, mut calendar: Calendar, now: DateTime<Utc>) {
        let (id, owner) = (calendar.id.clone(), calendar.data_owner.clone());
        calendar.etag = calendar.tick(now) * 2_000;
        calendar.rights.insert(owner.clone(), Role::Owner);
        let reminders =
            if calendar.is_primary { vec![json!({ "method": "popup", "minutes": 30 })] } else { Vec::new() };
        self.calendars.insert(id.clone(), calendar);
        self.list(&owner, &id, reminders);
    }

    /// Puts a calendar into a person's list, or shows a removed one again.
    pub(super) fn list(&mut self, person: &str, calendar: &str, reminders: Vec<Value>) {
        const COLORS: u64 = 24;
        let color = u32::try_from(self.dice.below(COLORS)).unwrap_or(0) + 1;
        let etag = i64::try_from(self.next()).unwrap_or(0);
        let list = self.lists.entry(person.to_owned()).or_default();
        list.change += 1;
        let entry = Entry {
            summary_override: None,
            color,
            colors: None,
            hidden: false,
            selected: true,
            reminders,
            deleted: false,
            change: list.change,
            etag,
        };
        list.entries.insert(calendar.to_owned(), entry);
    }

    /// Changes an entry of a person's list; false when there is none.
    pub(super) fn change_entry(
        &mut self,
        person: &str,
        calendar: &str,
        change: impl FnOnce(&mut Entry),
    ) -> bool {
        let etag = i64::try_from(self.next()).unwrap_or(0);
        let Some(list) = self.lists.get_mut(person) else { return false };
        let Some(entry) = list.entries.get_mut(calendar) else { return false };
        change(entry);
        list.change += 1;
        entry.change = list.change;
        entry.etag = etag;
        true
    }

    /// Everyone whose list has the calendar.
    pub(super) fn listing(&self, calendar: &str) -> Vec<String> {
        let lists = self.lists.iter();
        lists.filter(|(_, list)| list.entries.contains_key(calendar)).map(|(who, _)| who.clone()).collect()
    }

    /// Removes a calendar for everyone.
    pub(super) fn remove_calendar(&mut self, calendar: &str) -> bool {
        if self.calendars.remove(calendar).is_none() {
            return false;
        }
        for person in self.listing(calendar) {
            self.change_entry(&person, calendar, |entry| entry.deleted = true);
        }
        true
    }

    pub(super) fn role(&self, person: &str, calendar: &str) -> Option<Role> {
        self.calendars.get(calendar)?.rights.get(person).copied()
    }
}

/// The calendar that `name` means for `person`: `primary` is a keyword.
pub(super) fn resolve(person: &str, name: &str) -> String {
    if name == "primary" { person.to_owned() } else { name.to_owned() }
}

/// A calendar without events and rights.
pub(super) fn new_calendar(id: &str, summary: &str, zone: &str, owner: &str) -> Calendar {
    Calendar {
        id: id.to_owned(),
        summary: summary.to_owned(),
        description: None,
        location: None,
        zone: zone.to_owned(),
        is_primary: false,
        can_push: true,
        data_owner: owner.to_owned(),
        made_by: None,
        rights: BTreeMap::new(),
        events: BTreeMap::new(),
        by_change: BTreeSet::new(),
        change: 0,
        epoch: 0,
        rights_epoch: 0,
        updated_ms: 0,
        etag: 0,
    }
}
