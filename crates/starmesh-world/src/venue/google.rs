//! A calendar of the simulated Google.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use starmesh_core::ids::RemoteId;
use starmesh_sim::google::{GoogleSim, HandError};

use super::google_words::{
    EventType, Setting, date_body, date_suffix, event_body, fit, marked_body, mirror_in,
};
use super::{Ability, Content, Placed, Refused, Standing, Venue};
use crate::event::{Event, Exception, Series, When};
use crate::memory::{MarkedItem, Owner};
use crate::span::Wall;

/// A calendar of the simulated Google.
pub(crate) struct GoogleVenue {
    sim: GoogleSim,
    calendar: String,
    home: Wall,
    content: Content,
    place: usize,
    placed: Placed,
    /// Only the calendar of a person itself has events of every type.
    is_primary: bool,
    /// Of which type persons' events are.
    types: Mutex<BTreeMap<RemoteId, EventType>>,
    /// Dates of series that were ever changed on their own, by the series.
    touched: Mutex<BTreeMap<RemoteId, BTreeSet<String>>>,
}

impl GoogleVenue {
    /// The calendar with this address, which is number `place` in the world.
    pub(crate) fn new(
        sim: GoogleSim,
        (calendar, is_primary): (String, bool),
        home: Wall,
        content: Content,
        (place, placed): (usize, Placed),
    ) -> Self {
        Self {
            sim,
            calendar,
            home,
            content,
            place,
            placed,
            is_primary,
            types: Mutex::default(),
            touched: Mutex::default(),
        }
    }

    fn setting(&self) -> Setting<'_> {
        Setting { calendar: &self.calendar, home: self.home, content: self.content }
    }

    fn touched(&self) -> MutexGuard<'_, BTreeMap<RemoteId, BTreeSet<String>>> {
        self.touched.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Everything that is alive, as its owner sees it.
    fn alive(&self) -> Vec<Value> {
        let mut rows = self.sim.stored_events(&self.calendar).unwrap_or_default();
        rows.retain(|row| row["status"] != "cancelled");
        let ids: BTreeSet<String> =
            rows.iter().filter_map(|row| row["id"].as_str()).map(str::to_owned).collect();
        // A changed date of a series that is gone is gone with it.
        rows.retain(|row| row["recurringEventId"].as_str().is_none_or(|series| ids.contains(series)));
        rows
    }

    /// Brings every date of a series to what the world knows of it.
    fn put_dates(&self, id: &RemoteId, event: &Event, series: &Series) -> Result<(), Refused> {
        let named = |number: u32| format!("{id}_{}", date_suffix(series, number, self.home));
        let touched = self.touched().get(id).cloned().unwrap_or_default();
        let last = series.count.unwrap_or(DATES_TOUCHED_MAX).min(DATES_TOUCHED_MAX);
        for number in 0..last {
            let date = named(number);
            let exception = series.exceptions.get(&number);
            if exception == Some(&Exception::Dropped) {
                match self.sim.delete_event(&self.calendar, &date) {
                    // It may have been taken out before.
                    Ok(()) | Err(HandError::NoEvent) => {}
                    Err(error) => return Err(error.to_string()),
                }
            } else if exception.is_some() || touched.contains(&date) {
                let body = date_body(event, series, number, exception, &self.setting());
                self.sim.patch_event(&self.calendar, &date, &body).map_err(|error| error.to_string())?;
            } else {
                continue;
            }
            self.touched().entry(id.clone()).or_default().insert(date);
        }
        Ok(())
    }
}

/// Exceptions are made of the first dates of a series only.
const DATES_TOUCHED_MAX: u32 = 20;

impl Venue for GoogleVenue {
    fn can(&self, ability: Ability) -> bool {
        ability == Ability::Bin
    }

    fn name(&self, stem: &str, number: u64) -> RemoteId {
        RemoteId::new(format!("{stem}{number}"))
    }

    fn fit(&self, id: &RemoteId, event: Event) -> Event {
        // An event of Google keeps its type for life, whatever the world's persons make of it later.
        let mut types = self.types.lock().unwrap_or_else(PoisonError::into_inner);
        let of_its_type = types
            .entry(id.clone())
            .or_insert_with(|| EventType::of(&fit(event.clone(), self.is_primary, self.home)));
        of_its_type.fit(event, self.home)
    }

    fn put_event(&self, id: &RemoteId, event: &Event) -> Result<(), Refused> {
        let body = event_body(event, &self.setting());
        self.sim.put_event(&self.calendar, Some(id.as_str()), &body).map_err(|error| error.to_string())?;
        match &event.when {
            When::Series(series) => self.put_dates(id, event, series),
            When::Once { .. } => Ok(()),
        }
    }

    fn put_marked(&self, id: &RemoteId, marked: &MarkedItem) -> Result<(), Refused> {
        let body = marked_body(marked, &self.setting());
        let put = self.sim.put_event(&self.calendar, Some(id.as_str()), &body);
        put.map(drop).map_err(|error| error.to_string())
    }

    fn remove(&self, id: &RemoteId) -> Result<(), Refused> {
        self.touched().remove(id);
        self.sim.delete_event(&self.calendar, id.as_str()).map_err(|error| error.to_string())
    }

    fn version(&self, id: &RemoteId) -> Option<String> {
        self.standing().into_iter().find(|standing| standing.id == *id).map(|standing| standing.version)
    }

    fn adopt(&self, id: &RemoteId) {
        self.placed.note(self.place, id.as_str());
    }

    fn standing(&self) -> Vec<Standing> {
        let rows = self.alive();
        let etag = |row: &Value| row["etag"].as_str().unwrap_or_default().to_owned();
        let mut found: BTreeMap<String, Standing> = BTreeMap::new();
        for row in rows.iter().filter(|row| row.get("recurringEventId").is_none()) {
            let id = row["id"].as_str().unwrap_or_default().to_owned();
            let owner = if self.placed.holds(self.place, &id) { Owner::Mirror } else { Owner::Other };
            let marked = mirror_in(row, owner);
            found.insert(id.clone(), Standing { id: RemoteId::new(id), version: etag(row), marked });
        }
        for row in &rows {
            let series = row["recurringEventId"].as_str().and_then(|series| found.get_mut(series));
            if let Some(series) = series {
                series.version = format!("{} {}", series.version, etag(row));
            }
        }
        found.into_values().collect()
    }
}
