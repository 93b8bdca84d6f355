//! The world from outside: what people do with their own programs, and what the API cannot do.
//!
//! Edits here are no requests: they are in no ledger, use no budget and tell nobody. Delta and
//! notifications see them like every other change.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde_json::{Value, json};

use super::api::draft;
use super::refusal::Refusal;
use super::world::calendar::{Calendar, CalendarKind, Group, Mailbox, MailboxKind, Permission, Role};
use super::world::ids::{guid, read_calendar_id, read_event_id};
use super::world::{CalendarNo, Item, ItemNo, MailboxNo, Place, Uid, World};

/// The tenant of all personal accounts.
const CONSUMER_TENANT: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

/// Properties that only come from outside; a body may name them besides those of the API.
const FROM_OUTSIDE: [&str; 5] = ["isCancelled", "isDraft", "isOrganizer", "organizer", "responseStatus"];

impl World {
    /// A new mailbox with its default calendar. Accounts of work and shared mailboxes are in one
    /// organisation as long as the domains of their names are the same.
    pub fn add_mailbox(&mut self, kind: MailboxKind, upn: &str, name: &str) -> MailboxNo {
        let number = self.next();
        let no = MailboxNo(u32::try_from(number).unwrap_or(u32::MAX));
        let domain = upn.rsplit_once('@').map_or("", |(_, domain)| domain);
        let tenant = match kind {
            MailboxKind::Personal => CONSUMER_TENANT.into(),
            MailboxKind::Work | MailboxKind::Shared => guid(&format!("tenant {domain}"), 0),
        };
        let mailbox = Mailbox {
            no,
            oid: guid(&format!("user {upn}"), 0),
            upn: upn.into(),
            mail: Some(upn.into()),
            name: name.into(),
            kind,
            tenant,
            enabled: true,
            members: BTreeSet::new(),
            groups: vec![Group { no: 0, name: "My Calendars".into(), version: 1 }],
            default_calendar: CalendarNo(0),
            time_zone: "UTC".into(),
            transactions: std::collections::BTreeMap::new(),
            named_properties: BTreeSet::new(),
            delta_tokens: std::collections::VecDeque::new(),
        };
        self.mailboxes.insert(no, mailbox);
        let calendar = self.add_calendar(no, "Calendar");
        if let Some(mailbox) = self.mailboxes.get_mut(&no) {
            mailbox.default_calendar = calendar;
        }
        if let Some(found) = self.calendars.get_mut(&calendar) {
            found.removable = false;
            if kind != MailboxKind::Personal {
                found.permissions.push(Permission { no: 0, grantee: None, role: Role::FreeBusyRead });
            }
        }
        no
    }

    /// A mailbox, to read or to change what has no function of its own.
    pub fn mailbox(&mut self, no: MailboxNo) -> Option<&mut Mailbox> {
        self.mailboxes.get_mut(&no)
    }

    /// All mailboxes.
    pub fn mailboxes(&self) -> impl Iterator<Item = &Mailbox> {
        self.mailboxes.values()
    }

    /// A calendar, as it is stored.
    pub fn calendar(&self, no: CalendarNo) -> Option<&Calendar> {
        self.calendars.get(&no)
    }

    /// The calendars a mailbox lists, local copies among them.
    pub fn calendars_of(&self, mailbox: MailboxNo) -> impl Iterator<Item = &Calendar> {
        self.calendars.values().filter(move |calendar| calendar.mailbox == mailbox)
    }

    /// The events of a calendar, as they are stored.
    pub fn events(&self, calendar: CalendarNo) -> impl Iterator<Item = &Item> {
        let target = self.target(calendar);
        self.items.values().filter(move |item| item.calendar == target)
    }

    /// One event, as it is stored.
    pub fn event(&self, no: ItemNo) -> Option<&Item> {
        self.items.get(&no)
    }

    /// What is stored of an event or of a whole series, as the ledger shows it.
    pub fn event_facts(&self, no: ItemNo) -> Option<Value> {
        self.items.get(&no).map(|item| item.main.facts())
    }

    /// The event, and the date of its series, that an id on the wire means, of whatever form and mailbox.
    pub fn event_named(&self, id: &str) -> Option<(ItemNo, Option<NaiveDate>)> {
        read_event_id(id).filter(|name| self.items.contains_key(&name.item)).map(|name| (name.item, name.day))
    }

    /// The calendar that an id on the wire means: for a local copy the one it is a copy of.
    pub fn calendar_named(&self, id: &str) -> Option<CalendarNo> {
        let place = read_calendar_id(id)?;
        self.calendars.contains_key(&place.calendar).then(|| self.target(place.calendar))
    }

    /// The place of a calendar under its own mailbox.
    pub fn home(&self, calendar: CalendarNo) -> Option<Place> {
        self.calendars.get(&calendar).map(|found| Place { mailbox: found.mailbox, calendar })
    }

    /// A new, empty calendar.
    pub fn add_calendar(&mut self, mailbox: MailboxNo, name: &str) -> CalendarNo {
        self.list_calendar(mailbox, name, CalendarKind::Own)
    }

    /// A calendar that only the service fills, such as a subscribed feed.
    pub fn add_feed(&mut self, mailbox: MailboxNo, name: &str) -> CalendarNo {
        self.list_calendar(mailbox, name, CalendarKind::Feed)
    }

    fn list_calendar(&mut self, mailbox: MailboxNo, name: &str, kind: CalendarKind) -> CalendarNo {
        let no = CalendarNo(u32::try_from(self.next()).unwrap_or(u32::MAX));
        let calendar = Calendar {
            no,
            mailbox,
            name: name.into(),
            color: "auto".into(),
            version: 1,
            kind,
            group: 0,
            removable: true,
            permissions: Vec::new(),
            items: BTreeSet::new(),
        };
        self.calendars.insert(no, calendar);
        no
    }

    /// Deletes a calendar with its events, and every local copy of it.
    pub fn delete_calendar(&mut self, no: CalendarNo) {
        let copies = |calendar: &Calendar| calendar.no == no || calendar.kind == CalendarKind::Link(no);
        let items: Vec<_> =
            self.calendars.get(&no).into_iter().flat_map(|found| found.items.clone()).collect();
        for item in items {
            self.delete_event(item);
        }
        self.calendars.retain(|_, calendar| !copies(calendar));
    }

    /// Gives somebody rights to a calendar, in place of those they had.
    pub fn share(&mut self, calendar: CalendarNo, grantee: MailboxNo, role: Role) {
        let Some(calendar) = self.calendars.get_mut(&calendar) else { return };
        let no = calendar.permissions.iter().map(|entry| entry.no).max().unwrap_or(0) + 1;
        match calendar.permissions.iter_mut().find(|entry| entry.grantee == Some(grantee)) {
            Some(entry) => entry.role = role,
            None => calendar.permissions.push(Permission { no, grantee: Some(grantee), role }),
        }
    }

    /// Takes all rights to a calendar away: a local copy of it is listed no longer and answers 403.
    pub fn unshare(&mut self, calendar: CalendarNo, grantee: MailboxNo) {
        if let Some(calendar) = self.calendars.get_mut(&calendar) {
            calendar.permissions.retain(|entry| entry.grantee != Some(grantee));
        }
    }

    /// Somebody accepts a share: a local copy appears in their own list.
    pub fn accept(&mut self, grantee: MailboxNo, calendar: CalendarNo) -> CalendarNo {
        let name = self.calendars.get(&calendar).map(|found| found.name.clone()).unwrap_or_default();
        self.list_calendar(grantee, &name, CalendarKind::Link(calendar))
    }

    /// Gives somebody full access to a mailbox.
    pub fn add_member(&mut self, mailbox: MailboxNo, member: MailboxNo) {
        if let Some(mailbox) = self.mailboxes.get_mut(&mailbox) {
            mailbox.members.insert(member);
        }
    }

    /// A new event, from a body as the API takes it; besides, it may name `iCalUId` (also null),
    /// `originalStartTimeZone`, and what an invitation brings: `isOrganizer`, `organizer`,
    /// `responseStatus`, `isCancelled`, `isDraft`. The error is the code the API would answer with.
    pub fn put_event(&mut self, calendar: CalendarNo, body: &Value) -> Result<ItemNo, String> {
        let (members, outside) = parted(body)?;
        let mut new = draft::new_item(&members).map_err(|refusal| code(&refusal))?;
        new.main.props.extend(outside);
        new.uid = match body.get("iCalUId") {
            None => None,
            Some(Value::String(uid)) => Some(Uid::Foreign(uid.clone())),
            Some(_) => Some(Uid::Missing),
        };
        new.zone_name = body.get("originalStartTimeZone").and_then(Value::as_str).map(ToOwned::to_owned);
        let calendar = self.target(calendar);
        let no = self.insert(calendar, new);
        self.invite(no);
        Ok(no)
    }

    /// Changes an event or a whole series; see [`World::put_event`].
    pub fn change_event(&mut self, no: ItemNo, body: &Value) -> Result<(), String> {
        let (members, outside) = parted(body)?;
        let item = self.items.get(&no).ok_or("ErrorItemNotFound")?;
        let (mut main, series) = draft::patch(item, &members).map_err(|refusal| code(&refusal))?;
        main.props.extend(outside);
        self.change(no, |item| {
            item.main = main;
            item.series = series;
        });
        self.invite(no);
        Ok(())
    }

    /// Changes one date of a series; see [`World::put_event`].
    pub fn change_occurrence(&mut self, no: ItemNo, day: NaiveDate, body: &Value) -> Result<(), String> {
        let (members, outside) = parted(body)?;
        let item = self.items.get(&no).ok_or("ErrorItemNotFound")?;
        let occurrence = item.occurrence(day).ok_or("ErrorItemNotFound")?;
        let mut details = match occurrence.exception {
            Some(details) => details.clone(),
            None => super::world::Details { timing: occurrence.timing, ..item.main.clone() },
        };
        draft::patch_details(&mut details, &members).map_err(|refusal| code(&refusal))?;
        details.props.extend(outside);
        self.change(no, |item| {
            if let Some(series) = &mut item.series {
                series.exceptions.insert(day, details);
            }
        });
        self.invite(no);
        Ok(())
    }

    /// Takes one date out of a series.
    pub fn cancel_occurrence(&mut self, no: ItemNo, day: NaiveDate) {
        self.change(no, |item| {
            if let Some(series) = &mut item.series {
                series.exceptions.remove(&day);
                series.cancelled.insert(day);
            }
        });
        self.invite(no);
    }

    /// A plain timed event in UTC, for those who need no more: `start` and `end` without offset.
    pub fn put_busy(&mut self, calendar: CalendarNo, start: &str, end: &str) -> Result<ItemNo, String> {
        let at = |time: &str| json!({"dateTime": time, "timeZone": "UTC"});
        self.put_event(
            calendar,
            &json!({"subject": "Busy", "start": at(start), "end": at(end), "isReminderOn": false}),
        )
    }
}

type Members = serde_json::Map<String, Value>;

/// What the API takes, and what only comes from outside.
fn parted(body: &Value) -> Result<(Members, Members), String> {
    let mut members = body.as_object().ok_or("the body is no object")?.clone();
    let mut outside = Members::new();
    for name in FROM_OUTSIDE {
        if let Some(value) = members.remove(name) {
            outside.insert(name.into(), value);
        }
    }
    Ok((members, outside))
}

fn code(refusal: &Refusal) -> String {
    format!("{}: {}", refusal.code, refusal.message)
}
