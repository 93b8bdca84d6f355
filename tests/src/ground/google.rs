//! Calendars at a simulated Google.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use async_trait::async_trait;
use chrono::{NaiveDateTime, SecondsFormat};
use chrono_tz::Europe::Berlin;
use serde_json::{Value, json};
use starmesh_sim::google::{HandError, NewCalendar};

use super::{Home, Touch, made, notified};
use crate::cli::Starmesh;
use crate::dav::{Listing, Resource};
use crate::ics::{Event, ZONE};
use crate::web::{ADA, Google};
use crate::world::{display_name, instant};
use crate::{Failure, Outcome, google_json};

/// How long the service works on a part of a batch, in milliseconds.
const PART_MS: u32 = 2;

pub(crate) struct GoogleHome {
    service: Google,
}

impl GoogleHome {
    pub(crate) async fn start() -> Outcome<Self> {
        let service = Google::start().await?;
        // As any service does, so that a batch can be seen half done.
        service.sim.switch(|switches| switches.service_ms = PART_MS);
        Ok(Self { service })
    }

    fn stored(&self, calendar: &str) -> Outcome<Vec<Value>> {
        self.service.sim.stored_events(&id_of(calendar)).map_err(by_hand)
    }

    fn patch(&self, calendar: &str, id: &str, patch: &Value) -> Outcome<()> {
        self.service.sim.patch_event(&id_of(calendar), id, patch).map_err(by_hand)
    }

    /// Lets the occurrences of a series differ from it as `event` says, and no others.
    fn put_exceptions(&self, calendar: &str, series: &str, event: &Event) -> Outcome<()> {
        let mut wanted = BTreeMap::new();
        for (original, patch) in google_json::exceptions(event)? {
            wanted.insert(instance_id(series, original)?, patch);
        }
        if event.rule.is_some() {
            for row in self.stored(calendar)?.iter().filter(|row| row["recurringEventId"] == series) {
                let id = row["id"].as_str().unwrap_or_default();
                if !wanted.contains_key(id) {
                    wanted.insert(id.to_owned(), as_its_series_says(row, event)?);
                }
            }
        }
        for (id, patch) in wanted {
            self.patch(calendar, &id, &patch)?;
        }
        Ok(())
    }
}

#[async_trait]
impl Home for GoogleHome {
    async fn sign_in(&self, app: &Starmesh, account: &str) -> Outcome<()> {
        self.service.add_account(app, account).await?.expect(0)?;
        Ok(())
    }

    fn authority(&self) -> String {
        self.service.authority()
    }

    async fn add_calendar(&mut self, calendar: &str) -> Outcome<()> {
        let new = NewCalendar {
            id: id_of(calendar),
            summary: self.title(calendar),
            zone: ZONE.to_owned(),
            owner: ADA.to_owned(),
            can_push: true,
        };
        self.service.sim.add_calendar(&new).map_err(by_hand)
    }

    fn title(&self, calendar: &str) -> String {
        display_name(calendar)
    }

    /// The calendar itself is the guest: its copy of an invitation is the one it shows.
    fn address(&self, calendar: &str) -> String {
        id_of(calendar)
    }

    async fn put(&self, calendar: &str, event: &Event) -> Outcome<()> {
        let id = event_id(&event.uid)?;
        let body = google_json::body(event)?;
        self.service.sim.put_event(&id_of(calendar), Some(&id), &body).map_err(by_hand)?;
        self.put_exceptions(calendar, &id, event)
    }

    async fn delete(&self, calendar: &str, uid: &str) -> Outcome<()> {
        self.remove(calendar, &event_id(uid)?).await
    }

    /// Exceptions and cancelled dates stand beside their series; what was deleted is not there.
    async fn list(&self, calendar: &str) -> Outcome<Listing> {
        let rows = self.stored(calendar)?;
        let gone = |row: &Value| row["status"] == "cancelled" && row["recurringEventId"].is_null();
        let dead: Vec<&Value> = rows.iter().filter(|row| gone(row)).map(|row| &row["id"]).collect();
        let is_alive =
            |row: &&Value| !dead.contains(&&row["id"]) && !dead.contains(&&row["recurringEventId"]);
        let living = rows.iter().filter(is_alive);
        living
            .map(|row| match (row["id"].as_str(), row["etag"].as_str()) {
                (Some(id), Some(etag)) => {
                    Ok((id.to_owned(), Resource { etag: etag.to_owned(), body: row.to_string() }))
                }
                _ => Err(Failure::new("an event without id or etag")),
            })
            .collect()
    }

    async fn remove(&self, calendar: &str, href: &str) -> Outcome<()> {
        self.service.sim.delete_event(&id_of(calendar), href).map_err(by_hand)
    }

    async fn touch(&self, calendar: &str, href: &str, touch: Touch<'_>) -> Outcome<()> {
        let patch = match touch {
            Touch::Until(end) => {
                let end = end.to_rfc3339_opts(SecondsFormat::Secs, true);
                json!({ "end": { "dateTime": end, "timeZone": "UTC" } })
            }
            Touch::Title(title) => json!({ "summary": title }),
            Touch::Guest(guest) => json!({ "attendees": [{ "email": guest }] }),
        };
        self.patch(calendar, href, &patch)
    }

    /// Under an id and a UID that Google draws, as its own "duplicate" does.
    async fn copy(&self, calendar: &str, href: &str) -> Outcome<String> {
        let rows = self.stored(calendar)?;
        let found = rows.into_iter().find(|row| row["id"] == href);
        let mut body = found.ok_or_else(|| Failure::new(format!("{href} is not there")))?;
        body["iCalUID"] = Value::Null;
        self.service.sim.put_event(&id_of(calendar), None, &body).map_err(by_hand)
    }

    fn made(&self) -> Outcome<usize> {
        Ok(made(self.service.sim.ledger()))
    }

    fn notified(&self) -> Vec<String> {
        notified(self.service.sim.ledger())
    }
}

fn id_of(calendar: &str) -> String {
    format!("{calendar}@group.calendar.google.com")
}

/// An id of the letters that Google's own ids have, by the event's name in the test.
fn event_id(uid: &str) -> Outcome<String> {
    let mut id = String::new();
    for byte in uid.bytes() {
        write!(id, "{byte:02x}")?;
    }
    Ok(id)
}

fn instance_id(series: &str, original: NaiveDateTime) -> Outcome<String> {
    Ok(format!("{series}_{}", instant(Berlin, original)?.format("%Y%m%dT%H%M%SZ")))
}

/// What makes an exception say again what its series says.
fn as_its_series_says(row: &Value, event: &Event) -> Outcome<Value> {
    let series = google_json::body(event)?;
    let time = |row: &Value, name: &str| {
        let text = row[name]["dateTime"].as_str().unwrap_or_default();
        chrono::DateTime::parse_from_rfc3339(text).map(|time| time.to_utc())
    };
    let local = |name: &str| series[name]["dateTime"].as_str().unwrap_or_default().parse::<NaiveDateTime>();
    let start = time(row, "originalStartTime")?;
    let end = start + (local("end")? - local("start")?);
    let at = |time: chrono::DateTime<chrono::Utc>| json!({ "dateTime": time.to_rfc3339_opts(SecondsFormat::Secs, true), "timeZone": ZONE });
    Ok(json!({ "status": "confirmed", "start": at(start), "end": at(end) }))
}

fn by_hand(error: HandError) -> Failure {
    Failure::from(error)
}
