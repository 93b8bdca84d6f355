//! How things stand, from what is known; no server is asked.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use starmesh_core::ids::CalendarId;
use starmesh_engine::Standstill;
use starmesh_store::state::{Calendar, Read, Wedge, WedgeReason};

use crate::dto::{CalendarStatusDto, CanaryDto, FailureDto, StatusDto, WedgeDto};
use crate::error::Result;
use crate::latency::{JOURNEYS_MAX, latencies};
use crate::names::Directory;
use crate::open::Starmesh;
use crate::progress::{wedge_hint, wedge_name};
use crate::when::written;

impl Starmesh {
    /// How things stand.
    pub async fn status(&self) -> Result<StatusDto> {
        let directory = Directory::load(&self.state).await?;
        let rows = self.state.links().await?;
        let linked: BTreeSet<&CalendarId> =
            rows.iter().flat_map(|link| [&link.id.source, &link.id.target]).collect();
        let mut mirrors: BTreeMap<&CalendarId, u64> = BTreeMap::new();
        for link in &rows {
            *mirrors.entry(&link.id.target).or_default() += self.state.mirror_count(&link.id).await?;
        }
        let held = self.folder.held()?;
        let wedges = self.state.wedges().await?;
        let now = self.world.clock.now();
        let mut calendars = Vec::new();
        for calendar in directory.calendars().filter(|calendar| linked.contains(&calendar.id)) {
            let read = self.state.read(&calendar.id).await?;
            let items = self.state.item_count(&calendar.id).await?;
            let wedged = wedges.iter().filter(|wedge| wedge.calendar == calendar.id).count() as u64;
            let mut dto = calendar_dto(&directory, calendar, &read, now);
            dto.items = items;
            dto.mirrors = mirrors.get(&calendar.id).copied().unwrap_or(0);
            dto.wedged = wedged;
            dto.held = held.get(&calendar.id).copied().unwrap_or(0);
            calendars.push(dto);
        }
        calendars.sort_by(|a, b| a.calendar.path.cmp(&b.calendar.path));
        // A broken event is named, and its owner may well leave it so.
        let standing = |calendar: &CalendarId| {
            let of_it = wedges.iter().filter(move |wedge| wedge.calendar == *calendar);
            of_it.into_iter().any(|wedge| !matches!(wedge.reason, WedgeReason::Broken(_)))
        };
        let stands_still = linked.iter().any(|calendar| standing(calendar));
        let still = Standstill::load(&self.state, now).await?;
        let running = rows.iter().any(|link| still.of(link).is_none());
        let needs_person = running
            && (stands_still
                || calendars.iter().any(|calendar| {
                    calendar.held > 0
                        || calendar.foreign_marks > 0
                        || calendar.failure.as_ref().is_some_and(|failure| failure.needs_person)
                }));
        let paused = still.everything();
        let holder = self.folder.holder();
        let daemon = self.folder.daemon_pid()?;
        let is_daemon = holder.is_some() && holder == daemon;
        Ok(StatusDto {
            daemon_pid: holder.filter(|_| is_daemon),
            worker_pid: holder.filter(|_| !is_daemon && holder != Some(std::process::id())),
            calendars,
            links: self.links().await?,
            paused: paused.is_some(),
            paused_until: paused.and_then(|pause| pause.until).map(written),
            latency: latencies(&directory, &self.state.activity(JOURNEYS_MAX).await?, now),
            wedges: wedges.iter().map(|wedge| wedge_dto(&directory, wedge)).collect(),
            waiting: self.state.dirty().await?.len() as u64,
            needs_person,
            damage: self.folder.damage_told()?,
        })
    }
}

fn calendar_dto(
    directory: &Directory,
    calendar: &Calendar,
    read: &Read,
    now: DateTime<Utc>,
) -> CalendarStatusDto {
    let age = |at: Option<DateTime<Utc>>| at.map(|at| (now - at).num_seconds());
    CalendarStatusDto {
        calendar: directory.reference(&calendar.id),
        read_at: read.read_at.map(written),
        read_age_s: age(read.read_at),
        due_at: due_at(read).map(written),
        verified_at: read.whole_at.map(written),
        verified_age_s: age(read.whole_at),
        repairs: read.repairs_lately(now),
        canary: read.canary.as_ref().map(|canary| CanaryDto {
            at: written(canary.at),
            listed: canary.listed,
            told: canary.told,
            mark_kept: canary.mark_kept,
            altered: canary.altered,
            same_as: canary.same_as.as_ref().map(|other| directory.reference(other)),
        }),
        items: 0,
        mirrors: 0,
        wedged: 0,
        held: 0,
        foreign_marks: if read.beside_foreign { 0 } else { read.foreign_marks },
        read_only: calendar.remote.read_only,
        missing: calendar.missing,
        failure: read.failure.as_ref().map(|failure| FailureDto {
            since: written(failure.since),
            attempts: failure.attempts,
            message: failure.message.clone(),
            needs_person: failure.needs_person,
        }),
    }
}

/// A feed that asks for it is left alone by polls for a while; `sync` reads it all the same.
fn due_at(read: &Read) -> Option<DateTime<Utc>> {
    Some(read.read_at? + TimeDelta::seconds(i64::from(read.rest_s?)))
}

fn wedge_dto(directory: &Directory, wedge: &Wedge) -> WedgeDto {
    WedgeDto {
        calendar: directory.reference(&wedge.calendar),
        link: wedge.link.as_ref().map(|link| directory.link(link).name),
        reason: wedge_name(wedge.reason),
        hint: wedge_hint(wedge.reason).to_owned(),
        message: wedge.message.clone(),
        since: written(wedge.since),
        event_at: wedge.event_at.map(written),
    }
}
