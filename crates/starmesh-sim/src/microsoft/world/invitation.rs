//! The copies of a meeting in its guests' mailboxes.
//!
//! A copy has the iCalendar UID of the organizer's event and an id of its own. What the organizer changes,
//! every copy says; how a guest answers, the organizer's event says. Availability, reminder and categories are
//! the guest's own. A meeting that is called off stays with its guests, cancelled.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::ids::{ItemNo, MailboxNo};
use super::item::{Details, Item, Series};
use super::state::{NewItem, World};
use super::timing::write_instant;
use crate::microsoft::api::people::{attendees, is_organizer};

/// What a copy keeps of its own.
const OWN_PROPERTIES: [&str; 5] =
    ["categories", "isReminderOn", "reminderMinutesBeforeStart", "responseStatus", "showAs"];
/// What a copy has none of.
const ORGANIZERS_ALONE: [&str; 3] = ["categories", "isReminderOn", "reminderMinutesBeforeStart"];

impl World {
    /// Brings the copies of an event that was just written up to date.
    pub(crate) fn invite(&mut self, no: ItemNo) {
        let Some(item) = self.items.get(&no).filter(|item| is_organizer(&item.main)).cloned() else { return };
        let guests = self.guests_of(&item);
        let mut copies = self.copies.remove(&no).unwrap_or_default();
        copies.retain(|mailbox, copy| {
            let stays = guests.contains(mailbox) && self.items.contains_key(copy);
            if !guests.contains(mailbox) {
                self.cancel_copy(*copy);
            }
            stays
        });
        for mailbox in guests {
            match copies.get(&mailbox) {
                Some(copy) => self.follow(*copy, &item),
                None => {
                    copies.extend(self.copy(mailbox, &item).map(|copy| (mailbox, copy)));
                }
            }
        }
        if !copies.is_empty() {
            self.copies.insert(no, copies);
        }
    }

    /// Calls a meeting off that is gone from its organizer's calendar.
    pub(crate) fn call_off(&mut self, no: ItemNo) {
        for copy in self.copies.remove(&no).unwrap_or_default().into_values() {
            self.cancel_copy(copy);
        }
    }

    /// Lets the organizer's event say how a guest answered.
    pub(crate) fn answered(&mut self, copy: ItemNo, response: &str) {
        let meeting = self.copies.iter().find(|(_, copies)| copies.values().any(|other| *other == copy));
        let Some(meeting) = meeting.map(|(no, _)| *no) else { return };
        let owner = self.items.get(&copy).and_then(|item| self.calendars.get(&item.calendar));
        let Some(owner) = owner.and_then(|calendar| self.mailboxes.get(&calendar.mailbox)) else { return };
        let names = [Some(owner.upn.clone()), owner.mail.clone()];
        let time = write_instant(self.now());
        self.change(meeting, |item| {
            let list = item.main.props.get_mut("attendees").and_then(Value::as_array_mut);
            for attendee in list.into_iter().flatten() {
                let address = attendee["emailAddress"]["address"].as_str();
                let is_theirs = |name: &String| address.is_some_and(|it| it.eq_ignore_ascii_case(name));
                if names.iter().flatten().any(is_theirs) {
                    attendee["status"] = json!({"response": response, "time": time});
                }
            }
        });
    }

    /// The guests of a meeting who have mailboxes here.
    fn guests_of(&self, item: &Item) -> BTreeSet<MailboxNo> {
        let owner = self.calendars.get(&item.calendar).map(|calendar| calendar.mailbox);
        let invited = attendees(&item.main).into_iter().filter_map(|address| self.mailbox_named(&address));
        invited.filter(|mailbox| Some(*mailbox) != owner).collect()
    }

    fn copy(&mut self, mailbox: MailboxNo, item: &Item) -> Option<ItemNo> {
        let calendar = self.mailboxes.get(&mailbox)?.default_calendar;
        let mut own = Map::new();
        own.insert("showAs".to_owned(), json!("tentative"));
        own.insert(
            "responseStatus".to_owned(),
            json!({"response": "notResponded", "time": "0001-01-01T00:00:00Z"}),
        );
        let copied = NewItem {
            uid: Some(item.uid.copied(item.no)),
            transaction: None,
            zone_name: item.zone_name.clone(),
            main: self.for_guest(item, &item.main, &own),
            series: item.series.as_ref().map(|series| self.series_for_guest(item, series, &own)),
        };
        Some(self.insert(calendar, copied))
    }

    /// Lets a copy say what the organizer's event says.
    fn follow(&mut self, copy: ItemNo, item: &Item) {
        let Some(known) = self.items.get(&copy) else { return };
        let mut own: Map<String, Value> = known.main.props.clone();
        own.retain(|name, _| OWN_PROPERTIES.contains(&name.as_str()));
        let main = self.for_guest(item, &item.main, &own);
        let series = item.series.as_ref().map(|series| self.series_for_guest(item, series, &own));
        if known.main != main || known.series != series {
            self.change(copy, |known| {
                known.main = main;
                known.series = series;
            });
        }
    }

    fn cancel_copy(&mut self, copy: ItemNo) {
        self.change(copy, |copy| {
            copy.main.props.insert("isCancelled".to_owned(), json!(true));
            copy.main.props.insert("showAs".to_owned(), json!("free"));
        });
    }

    /// What guests are told of `details`, with what is their `own`.
    fn for_guest(&self, item: &Item, details: &Details, own: &Map<String, Value>) -> Details {
        let owner =
            self.calendars.get(&item.calendar).and_then(|calendar| self.mailboxes.get(&calendar.mailbox));
        let mut props = details.props.clone();
        props.retain(|name, _| !ORGANIZERS_ALONE.contains(&name.as_str()));
        props.insert("isOrganizer".to_owned(), json!(false));
        if let Some(owner) = owner {
            let address = owner.mail.as_deref().unwrap_or(&owner.upn);
            let organizer = json!({"emailAddress": {"name": owner.name, "address": address}});
            props.entry("organizer").or_insert(organizer);
        }
        props.extend(own.clone());
        Details {
            timing: details.timing.clone(),
            props,
            extended: BTreeMap::new(),
            extensions: BTreeMap::new(),
        }
    }

    fn series_for_guest(&self, item: &Item, series: &Series, own: &Map<String, Value>) -> Series {
        let told = series.exceptions.iter().map(|(day, details)| (*day, self.for_guest(item, details, own)));
        Series { exceptions: told.collect(), ..series.clone() }
    }
}
