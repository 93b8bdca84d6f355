//! Calendars in a mailbox of a simulated Microsoft.

use std::collections::BTreeMap;

use async_trait::async_trait;
use chrono::NaiveDate;
use serde_json::{Map, Value, json};
use starmesh_sim::microsoft::world::{CalendarNo, IdForm, Item, ItemNo, MailboxKind, Timing, Uid, World};

use super::{Home, Touch, made, notified};
use crate::cli::Starmesh;
use crate::dav::{Listing, Resource};
use crate::ics::Event;
use crate::microsoft_json::{self, on_clock};
use crate::web::{ADA, Microsoft};
use crate::{Failure, Outcome};

pub(crate) struct MicrosoftHome {
    service: Microsoft,
    calendars: BTreeMap<String, CalendarNo>,
}

impl MicrosoftHome {
    pub(crate) async fn start(kind: MailboxKind) -> Outcome<Self> {
        Ok(Self { service: Microsoft::start(kind).await?, calendars: BTreeMap::new() })
    }

    fn number(&self, calendar: &str) -> Outcome<CalendarNo> {
        let number = self.calendars.get(calendar).copied();
        number.ok_or_else(|| Failure::new(format!("there is no calendar {calendar}")))
    }

    /// What `find` finds among the events of a calendar.
    fn find(&self, calendar: &str, find: impl Fn(&World, &Item) -> bool) -> Outcome<Option<ItemNo>> {
        let number = self.number(calendar)?;
        let found = |world: &mut World| {
            let world = &*world;
            world.events(number).find(|item| find(world, item)).map(|item| item.no)
        };
        Ok(self.service.sim.with(found))
    }

    fn of_uid(&self, calendar: &str, uid: &str) -> Outcome<Option<ItemNo>> {
        self.find(calendar, |_, item| item.uid == Uid::Foreign(uid.to_owned()))
    }

    fn of_href(&self, calendar: &str, href: &str) -> Outcome<ItemNo> {
        let found = self.find(calendar, |world, item| id_of(world, item) == href)?;
        found.ok_or_else(|| Failure::new(format!("{href} is not there")))
    }

    fn change(&self, no: ItemNo, body: &Value) -> Outcome<()> {
        self.service.sim.with(|world| world.change_event(no, body)).map_err(Failure::new)
    }
}

#[async_trait]
impl Home for MicrosoftHome {
    async fn sign_in(&self, app: &Starmesh, account: &str) -> Outcome<()> {
        self.service.add_account(app, account, &[]).await?.expect(0)?;
        Ok(())
    }

    fn authority(&self) -> String {
        self.service.authority()
    }

    async fn add_calendar(&mut self, calendar: &str) -> Outcome<()> {
        let mailbox = self.service.ada;
        let number = self.service.sim.with(|world| world.add_calendar(mailbox, calendar));
        self.calendars.insert(calendar.to_owned(), number);
        Ok(())
    }

    /// A calendar answers to this name alone: its short name is made of its id.
    fn title(&self, calendar: &str) -> String {
        calendar.to_owned()
    }

    fn address(&self, _calendar: &str) -> String {
        ADA.to_owned()
    }

    async fn put(&self, calendar: &str, event: &Event) -> Outcome<()> {
        let (number, body) = (self.number(calendar)?, microsoft_json::body(event)?);
        let no = match self.of_uid(calendar, &event.uid)? {
            Some(no) => {
                self.change(no, &body)?;
                no
            }
            None => self.service.sim.with(|world| world.put_event(number, &body)).map_err(Failure::new)?,
        };
        let wanted = microsoft_json::exceptions(event)?;
        self.service.sim.with(|world| put_exceptions(world, no, &wanted))
    }

    async fn delete(&self, calendar: &str, uid: &str) -> Outcome<()> {
        let no = self.of_uid(calendar, uid)?.ok_or_else(|| Failure::new(format!("{uid} is not there")))?;
        self.service.sim.with(|world| world.delete_event(no));
        Ok(())
    }

    async fn list(&self, calendar: &str) -> Outcome<Listing> {
        let number = self.number(calendar)?;
        Ok(self.service.sim.with(|world| {
            let events = world.events(number);
            events.map(|item| (id_of(world, item), resource(&id_of(world, item), item))).collect()
        }))
    }

    async fn remove(&self, calendar: &str, href: &str) -> Outcome<()> {
        let no = self.of_href(calendar, href)?;
        self.service.sim.with(|world| world.delete_event(no));
        Ok(())
    }

    async fn touch(&self, calendar: &str, href: &str, touch: Touch<'_>) -> Outcome<()> {
        let body = match touch {
            Touch::Until(end) => json!({ "end": on_clock(end.naive_utc(), "UTC") }),
            Touch::Title(title) => json!({ "subject": title }),
            Touch::Guest(guest) => {
                json!({ "attendees": [{ "type": "required", "emailAddress": { "name": guest, "address": guest } }] })
            }
        };
        self.change(self.of_href(calendar, href)?, &body)
    }

    /// With everything but the transaction, which names a request and not an event.
    async fn copy(&self, calendar: &str, href: &str) -> Outcome<String> {
        let (number, no) = (self.number(calendar)?, self.of_href(calendar, href)?);
        self.service.sim.with(|world| {
            let item = world.event(no).ok_or_else(|| Failure::new("it is gone"))?;
            let mut body = Value::Object(item.main.props.clone());
            body["start"] = on_clock(item.main.timing.start.local, "UTC");
            body["end"] = on_clock(item.main.timing.end.local, "UTC");
            let extended = item.main.extended.values();
            body["singleValueExtendedProperties"] =
                extended.map(|(id, value)| json!({ "id": id, "value": value })).collect();
            let copy = world.put_event(number, &body).map_err(Failure::new)?;
            let copy = world.event(copy).ok_or_else(|| Failure::new("the copy is gone"))?;
            Ok(id_of(world, copy))
        })
    }

    fn made(&self) -> Outcome<usize> {
        Ok(made(self.service.sim.ledger()))
    }

    fn notified(&self) -> Vec<String> {
        notified(self.service.sim.ledger())
    }
}

/// What an event is called by whoever wants a name that lasts.
fn id_of(world: &World, item: &Item) -> String {
    let place = world.home(item.calendar);
    place.map_or_else(String::new, |place| world.event_id(IdForm::Immutable, place, item.no, None))
}

/// Everything that is stored of an event.
fn resource(id: &str, item: &Item) -> Resource {
    let etag = format!("W/\"{}\"", item.change_key());
    let Timing { start, end, all_day } = &item.main.timing;
    let extended = item.main.extended.values().map(|(id, value)| (id.clone(), json!(value)));
    let body = json!({
        "@odata.etag": etag,
        "id": id,
        "iCalUId": item.ical_uid(None),
        "transactionId": item.transaction,
        "start": on_clock(start.local, start.zone.name()),
        "end": on_clock(end.local, end.zone.name()),
        "isAllDay": all_day,
        "properties": item.main.props,
        "extended": extended.collect::<Map<_, _>>(),
        "extensions": item.main.extensions,
        "series": item.series.as_ref().map(|series| format!("{series:?}")),
    });
    Resource { etag, body: body.to_string() }
}

/// Lets the dates of a series differ from it as `wanted` says, and no others.
fn put_exceptions(world: &mut World, no: ItemNo, wanted: &BTreeMap<NaiveDate, Option<Value>>) -> Outcome<()> {
    let Some(item) = world.event(no).cloned() else { return Err(Failure::new("it is gone")) };
    let Some(series) = &item.series else { return Ok(()) };
    if let Some(day) = series.cancelled.iter().find(|day| wanted.get(*day) != Some(&None)) {
        return Err(Failure::new(format!("Microsoft does not bring {day} back")));
    }
    for day in series.exceptions.keys().filter(|day| !wanted.contains_key(*day)) {
        let Timing { start, end, .. } = &item.main.timing;
        let first = day.and_time(start.local.time());
        let times = json!({
            "start": on_clock(first, start.zone.name()),
            "end": on_clock(first + (end.local - start.local), end.zone.name()),
        });
        world.change_occurrence(no, *day, &times).map_err(Failure::new)?;
    }
    for (day, change) in wanted {
        match change {
            Some(times) => world.change_occurrence(no, *day, times).map_err(Failure::new)?,
            None if series.cancelled.contains(day) => {}
            None => world.cancel_occurrence(no, *day),
        }
    }
    Ok(())
}
