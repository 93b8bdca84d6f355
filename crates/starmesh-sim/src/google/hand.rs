//! The world by hand: what people and Google itself do, and what is stored, seen from outside the API.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use starmesh_provider::env::Clock as _;

use super::calendar::{Calendar, Role, Stroke};
use super::draft::{Draft, Place, patched};
use super::event::Event;
use super::met::COUNTABLE;
use super::moment::{Moment, known, rfc3339};
use super::problem::Problem;
use super::sim::GoogleSim;
use super::view::View;
use super::world::{World, new_calendar};
use super::write::{ID_LENGTH, find};
use crate::web::auth::{AUTH_COUNTABLE, User};
use crate::web::{HOOKS_COUNTABLE, Met, hold};

/// What cannot be done by hand.
#[derive(Clone, PartialEq, Eq, thiserror::Error, Debug)]
pub enum HandError {
    /// No such person.
    #[error("there is no such person")]
    NoPerson,
    /// No such calendar.
    #[error("there is no such calendar")]
    NoCalendar,
    /// No such event.
    #[error("there is no such event")]
    NoEvent,
    /// The zone is not in the IANA database.
    #[error("the time zone is not known")]
    NoZone,
    /// The service would refuse it, for this reason.
    #[error("the service refuses it: {0}")]
    Refused(String),
}

/// A calendar to be added.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewCalendar {
    /// Its id; secondary ones end in `@group.calendar.google.com`.
    pub id: String,
    /// Its title.
    pub summary: String,
    /// Its zone, from the IANA database.
    pub zone: String,
    /// Whose it is.
    pub owner: String,
    /// False for calendars of holidays and birthdays.
    pub can_push: bool,
}

impl GoogleSim {
    /// Adds a person, who can sign in from now on, with a primary calendar that bears their address.
    pub fn add_user(&self, mail: &str, zone: &str) -> Result<(), HandError> {
        known(zone).ok_or(HandError::NoZone)?;
        hold(&self.0.world).add_person(mail, zone, self.0.clock.now());
        self.0.auth.add_user(User(mail.to_owned()));
        Ok(())
    }

    /// Adds a calendar and lists it for its owner.
    pub fn add_calendar(&self, calendar: &NewCalendar) -> Result<(), HandError> {
        known(&calendar.zone).ok_or(HandError::NoZone)?;
        let mut world = hold(&self.0.world);
        if !world.people.contains_key(&calendar.owner) {
            return Err(HandError::NoPerson);
        }
        let mut made = new_calendar(&calendar.id, &calendar.summary, &calendar.zone, &calendar.owner);
        made.can_push = calendar.can_push;
        world.add_calendar(made, self.0.clock.now());
        self.tell_lists(&mut world, std::slice::from_ref(&calendar.owner));
        Ok(())
    }

    /// Changes what a person may do with a calendar, and lists it for them; `None` takes everything away.
    pub fn set_role(&self, calendar: &str, mail: &str, role: Option<Role>) -> Result<(), HandError> {
        let ends_tokens = self.switches().rights_change_ends_tokens;
        let mut world = hold(&self.0.world);
        let stored = world.calendars.get_mut(calendar).ok_or(HandError::NoCalendar)?;
        if ends_tokens {
            stored.end_tokens_for_rights();
        }
        if let Some(role) = role {
            stored.rights.insert(mail.to_owned(), role);
            let listed = world.lists.get(mail).and_then(|list| list.entries.get(calendar));
            // A change of rights alone is not told by the list.
            if listed.is_none_or(|entry| entry.deleted) {
                world.list(mail, calendar, Vec::new());
            }
        } else {
            stored.rights.remove(mail);
            world.change_entry(mail, calendar, |entry| entry.deleted = true);
        }
        self.tell_lists(&mut world, &[mail.to_owned()]);
        Ok(())
    }

    /// Deletes a calendar for everyone; its channels are told that it is no more.
    pub fn remove_calendar(&self, calendar: &str) -> Result<(), HandError> {
        let switches = self.switches();
        let mut world = hold(&self.0.world);
        let people = world.listing(calendar);
        if !world.remove_calendar(calendar) {
            return Err(HandError::NoCalendar);
        }
        let calls = world.vanished(calendar, self.0.clock.now(), &switches);
        calls.into_iter().for_each(|call| self.0.hooks.send(call, &switches.push.plan));
        self.tell_lists(&mut world, &people);
        Ok(())
    }

    /// Writes an event as a person: a new one, or in place of the one with this id. Takes the body of an
    /// insert, of any type. Returns the id.
    pub fn put_event(&self, calendar: &str, id: Option<&str>, body: &Value) -> Result<String, HandError> {
        self.edit(calendar, |sim, world, stroke| {
            let drawn = world.draw_id(ID_LENGTH);
            let stored = world.calendars.get_mut(calendar).ok_or(HandError::NoCalendar)?;
            let id = id.unwrap_or(&drawn);
            let fields = body.as_object().ok_or_else(|| HandError::Refused("not an object".to_owned()))?;
            let before = find(stored, id);
            let draft = sim.judge(stored, fields, before.as_ref(), &world.met)?;
            let uid = fields.get("iCalUID").and_then(Value::as_str);
            let uid = uid.map_or_else(|| format!("{id}@google.com"), ToOwned::to_owned);
            match before {
                Some(before) => stored.change_event(&before, draft, stroke),
                None => stored.create(id, &uid, draft, stroke),
            };
            if let Some(organizer) = fields.get("organizer").and_then(|it| it.get("email")?.as_str())
                && let Some(event) = stored.events.get_mut(id)
            {
                organizer.clone_into(&mut event.organizer);
            }
            Ok(id.to_owned())
        })
    }

    /// Changes an event or an instance of a series as a person: takes the body of a patch.
    pub fn patch_event(&self, calendar: &str, id: &str, patch: &Value) -> Result<(), HandError> {
        self.edit(calendar, |sim, world, stroke| {
            let stored = world.calendars.get_mut(calendar).ok_or(HandError::NoCalendar)?;
            let before = find(stored, id).ok_or(HandError::NoEvent)?;
            let patch = patch.as_object().ok_or_else(|| HandError::Refused("not an object".to_owned()))?;
            let body = patched(&before.body(&stored.zone), patch);
            let draft = sim.judge(stored, &body, Some(&before), &world.met)?;
            stored.change_event(&before, draft, stroke);
            Ok(())
        })
    }

    /// Deletes an event, an instance of a series or a whole series as a person.
    pub fn delete_event(&self, calendar: &str, id: &str) -> Result<(), HandError> {
        self.edit(calendar, |_, world, stroke| {
            let stored = world.calendars.get_mut(calendar).ok_or(HandError::NoCalendar)?;
            let before = find(stored, id).filter(|event| !stored.is_dead(event)).ok_or(HandError::NoEvent)?;
            stored.cancel(&before, stroke);
            Ok(())
        })
    }

    /// Changes "this and all following" instances: the series ends before the instance `id`, and a new one,
    /// named after it, begins there with `patch`. Returns the new series' id.
    pub fn split_series(&self, calendar: &str, id: &str, patch: &Value) -> Result<String, HandError> {
        self.edit(calendar, |sim, world, stroke| {
            let stored = world.calendars.get_mut(calendar).ok_or(HandError::NoCalendar)?;
            let (master, date) = stored.instance(id).ok_or(HandError::NoEvent)?;
            let (master, date) = (master.clone(), date.clone());
            let patch = patch.as_object().ok_or_else(|| HandError::Refused("not an object".to_owned()))?;
            let mut ended = master.body(&stored.zone);
            ended.insert("recurrence".to_owned(), ended_rule(&master.recurrence, &date.original));
            let ended = sim.judge(stored, &ended, Some(&master), &world.met)?;
            let mut onward = master.body(&stored.zone);
            let time = |moment: &Moment| moment.render(moment.zone().unwrap_or("UTC"), &stored.zone);
            onward.insert("start".to_owned(), time(&date.start));
            onward.insert("end".to_owned(), time(&date.end));
            let onward = sim.judge(stored, &patched(&onward, patch), None, &world.met)?;
            let new_id = format!("{}_R{}", master.id, date.original.suffix().trim_end_matches('Z'));
            stored.change_event(&master, ended, stroke);
            let uid = format!("{new_id}@google.com");
            stored.create(&new_id, &uid, onward, stroke);
            Ok(new_id)
        })
    }

    /// Everything stored in a calendar, cancelled rows included, as its owner would see each: masters and
    /// exceptions, not instances.
    pub fn stored_events(&self, calendar: &str) -> Result<Vec<Value>, HandError> {
        self.look(calendar, |view| view.calendar.events.values().map(|event| view.event(event)).collect())
    }

    /// The living events and instances that end after `lo` and start before `hi`, by start.
    pub fn events_between(
        &self,
        calendar: &str,
        lo: DateTime<Utc>,
        hi: DateTime<Utc>,
    ) -> Result<Vec<Value>, HandError> {
        self.look(calendar, |view| {
            let calendar = view.calendar;
            let mut rows = Vec::new();
            for event in calendar.events.values().filter(|event| !calendar.is_dead(event)) {
                if event.is_series() {
                    let free = event
                        .dates
                        .iter()
                        .filter(|date| !calendar.events.contains_key(&event.instance_id(&date.original)));
                    let row = |date: &super::series::Date| {
                        (calendar.extent(&date.start, &date.end), view.instance(event, date))
                    };
                    rows.extend(free.map(row));
                } else {
                    rows.push((calendar.extent(&event.start, &event.end), view.event(event)));
                }
            }
            rows.retain(|((start, end), _)| *end > lo && *start < hi);
            rows.sort_by_key(|(span, _)| *span);
            rows.into_iter().map(|(_, row)| row).collect()
        })
    }

    /// Ends all sync tokens of a calendar.
    pub fn end_sync_tokens(&self, calendar: &str) -> Result<(), HandError> {
        let mut world = hold(&self.0.world);
        world.calendars.get_mut(calendar).ok_or(HandError::NoCalendar)?.end_tokens();
        Ok(())
    }

    /// Refuses every write of a person for `time`: the use limits of the account are exceeded.
    pub fn exhaust_quota(&self, mail: &str, time: TimeDelta) {
        hold(&self.0.world).quota.pause(mail, self.0.clock.now() + time);
    }

    /// How many requests were refused because a budget was spent.
    pub fn refused_for_budget(&self) -> u64 {
        hold(&self.0.world).quota.refused()
    }

    /// How often each fault was met, and each switch made a difference: `fault.cut_after`,
    /// `token_window.kept`.
    pub fn met(&self) -> BTreeMap<&'static str, u64> {
        let mut counts = hold(&self.0.world).met.counts();
        counts.extend(self.0.auth.met());
        counts.extend(self.0.hooks.met());
        counts
    }

    /// The names of everything that [`met`](Self::met) can count.
    pub fn countable() -> Vec<&'static str> {
        [COUNTABLE, AUTH_COUNTABLE, HOOKS_COUNTABLE].concat()
    }

    /// The calendars that exist.
    pub fn calendar_ids(&self) -> Vec<String> {
        hold(&self.0.world).calendars.keys().cloned().collect()
    }

    /// How many watch channels are alive.
    pub fn live_channels(&self) -> usize {
        let now = self.0.clock.now();
        hold(&self.0.world).channels.values().filter(|channel| channel.expires > now).count()
    }

    fn edit<T>(
        &self,
        calendar: &str,
        edit: impl FnOnce(&Self, &mut World, &Stroke) -> Result<T, HandError>,
    ) -> Result<T, HandError> {
        let switches = self.switches();
        let now = self.0.clock.now();
        let mut world = hold(&self.0.world);
        let actor = world.calendars.get(calendar).ok_or(HandError::NoCalendar)?.data_owner.clone();
        let stroke = Stroke { now, keep_before: switches.list_lag_ms > 0, actor };
        let newest = world.calendars.get(calendar).map_or(0, |it| it.change);
        let done = edit(self, &mut world, &stroke)?;
        let written = world.calendars.get(calendar).map(|it| it.written_since(newest)).unwrap_or_default();
        let mut told = vec![calendar.to_owned()];
        for event in written {
            told.extend(world.invite(calendar, &event, &stroke));
        }
        for calendar in told {
            let calls = world.changed(&calendar, now, &switches);
            calls.into_iter().for_each(|call| self.0.hooks.send(call, &switches.push.plan));
        }
        Ok(done)
    }

    fn judge(
        &self,
        calendar: &Calendar,
        body: &Map<String, Value>,
        known: Option<&Event>,
        met: &Met,
    ) -> Result<Draft, HandError> {
        let switches = self.switches();
        let place = Place {
            zone: &calendar.zone,
            is_primary: calendar.is_primary,
            switches: &switches,
            met,
            conference: true,
            attachments: true,
            is_instance: known.is_some_and(|event| event.of.is_some()),
            fixed_type: None,
            by_hand: true,
        };
        Draft::parse(body, &place).map_err(|problem: Problem| HandError::Refused(problem.reason().to_owned()))
    }

    fn look(
        &self,
        calendar: &str,
        look: impl FnOnce(&View<'_>) -> Vec<Value>,
    ) -> Result<Vec<Value>, HandError> {
        let switches = self.switches();
        let world = hold(&self.0.world);
        let calendar = world.calendars.get(calendar).ok_or(HandError::NoCalendar)?;
        let view = View {
            calendar,
            role: Role::Owner,
            me: &calendar.data_owner,
            shown_zone: &calendar.zone,
            attendees_max: None,
            switches: &switches,
            met: &world.met,
        };
        Ok(look(&view))
    }

    fn tell_lists(&self, world: &mut World, people: &[String]) {
        let switches = self.switches();
        let now = self.0.clock.now();
        for person in people {
            let calls = world.list_changed(person, now, &switches);
            calls.into_iter().for_each(|call| self.0.hooks.send(call, &switches.push.plan));
        }
    }
}

/// The lines of a series that ends right before `end`.
fn ended_rule(lines: &[String], end: &Moment) -> Value {
    let until = match end {
        Moment::Day(day) => day.pred_opt().unwrap_or(*day).format("%Y%m%d").to_string(),
        Moment::At { instant, .. } => {
            let before = *instant - TimeDelta::seconds(1);
            rfc3339(before, "UTC").replace(['-', ':'], "")
        }
    };
    let ended = lines.iter().map(|line| {
        if !line.to_ascii_uppercase().starts_with("RRULE") {
            return line.clone();
        }
        let kept = line.split(';').filter(|part| !part.starts_with("COUNT=") && !part.starts_with("UNTIL="));
        let kept: Vec<_> = kept.collect();
        format!("{};UNTIL={until}", kept.join(";"))
    });
    ended.collect()
}
