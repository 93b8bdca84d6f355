//! `clean --scan`: every busy block that stands in some calendars goes, whether or not its link is known here.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::CalendarId;
use starmesh_core::reconcile::{LeftReason, LinkState, SweptKind};
use starmesh_engine::{SweepOptions, SweepPlan, SweptCalendar, Trouble};
use starmesh_store::state::State;

use crate::dto::{DaysDto, LinkRef, SweepDto, SweptCalendarDto};
use crate::error::{AppError, ErrorCode, Result};
use crate::names::Directory;
use crate::open::Starmesh;
use crate::plan::trouble_dto;
use crate::progress::{Listener, follow};

/// How often what is left of an approved sweep is tried again: a block that its service touched meanwhile is read
/// anew before it goes.
const SWEEP_PASSES_MAX: u32 = 4;

/// What is to be swept.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SweepRequest {
    /// These calendars; all that can be written when there are none.
    pub calendars: Vec<String>,
    /// Also busy blocks made with another key.
    pub foreign: bool,
}

/// A sweep that waits for approval; nothing was changed yet.
pub struct PreparedSweep {
    /// What it found.
    pub dto: SweepDto,
    plan: SweepPlan,
    options: SweepOptions,
}

impl Starmesh {
    /// Looks for every busy block that stands in the calendars, also beyond the window and of links unknown here.
    pub async fn prepare_sweep(
        &self,
        request: &SweepRequest,
        listener: Listener<'_>,
    ) -> Result<PreparedSweep> {
        let directory = Directory::load(&self.state).await?;
        let options =
            SweepOptions { calendars: chosen(&directory, &request.calendars)?, foreign: request.foreign };
        let engine = self.engine(self.state.clone());
        let mut events = engine.subscribe();
        let plan = follow(&mut events, &directory, listener, engine.plan_sweep(&options)).await?;
        let dto = sweep_dto(&self.state, &directory, &plan).await?;
        Ok(PreparedSweep { dto, plan, options })
    }

    /// Removes exactly what was shown, and looks again whether it is gone.
    pub async fn sweep(&self, prepared: PreparedSweep, listener: Listener<'_>) -> Result<SweepDto> {
        let PreparedSweep { mut dto, plan: shown, options } = prepared;
        let directory = Directory::load(&self.state).await?;
        let engine = self.engine(self.state.clone());
        let mut events = engine.subscribe();
        let mut left = shown.clone();
        let mut troubles: Vec<Trouble>;
        let mut pass = 1;
        loop {
            let placed = follow(&mut events, &directory, listener, engine.sweep(&left)).await?;
            let again = follow(&mut events, &directory, listener, engine.plan_sweep(&options)).await?;
            engine.recount_foreign(&again).await?;
            troubles = again.troubles.iter().cloned().chain(placed.troubles).collect();
            let before = std::mem::replace(&mut left, again.within(&shown));
            // What stands in a calendar that cannot be read any more is as it was when it could.
            let unread = before.calendars.into_iter().filter(|of| is_unread(&left, &of.calendar));
            let unread: Vec<SweptCalendar> = unread.collect();
            left.calendars.extend(unread);
            let is_done = left.calendars.iter().all(|of| of.found.is_empty());
            if is_done || placed.removed == 0 || pass >= SWEEP_PASSES_MAX {
                break;
            }
            pass += 1;
        }
        for of in &mut dto.calendars {
            let standing = left.calendars.iter().find(|left| left.calendar.as_str() == of.calendar.id);
            of.standing = standing.map_or(0, |left| left.found.len() as u64);
        }
        dto.removed = true;
        for trouble in &troubles {
            let told = trouble_dto(&directory, trouble);
            if dto.troubles.iter().all(|known| known.calendar != told.calendar) {
                dto.troubles.push(told);
            }
        }
        Ok(dto)
    }
}

fn is_unread(plan: &SweepPlan, calendar: &CalendarId) -> bool {
    plan.calendars.iter().all(|of| of.calendar != *calendar)
}

/// The calendars of these names; all that can be written where nobody named any.
fn chosen(directory: &Directory, names: &[String]) -> Result<BTreeSet<CalendarId>> {
    if names.is_empty() {
        let writable = directory.calendars().filter(|it| !it.remote.read_only && !it.missing);
        return Ok(writable.map(|calendar| calendar.id.clone()).collect());
    }
    let mut ids = BTreeSet::new();
    for name in names {
        let calendar = directory.find_calendar(name)?;
        if calendar.remote.read_only {
            let message = format!("“{name}” can only be read, so that no busy block can be removed from it");
            return Err(AppError::new(ErrorCode::InvalidValue, message));
        }
        ids.insert(calendar.id.clone());
    }
    Ok(ids)
}

async fn sweep_dto(state: &State, directory: &Directory, plan: &SweepPlan) -> Result<SweepDto> {
    let mut links: Vec<LinkRef> = Vec::new();
    for id in plan.links() {
        let link = state.link(&id).await?;
        if link.is_some_and(|link| link.state != LinkState::Retiring) {
            links.push(directory.link(&id));
        }
    }
    links.sort();
    let mut calendars: Vec<SweptCalendarDto> =
        plan.calendars.iter().map(|of| calendar_dto(directory, of)).collect();
    calendars.sort_by(|a, b| (&a.calendar.name, &a.calendar.path).cmp(&(&b.calendar.name, &b.calendar.path)));
    let troubles = plan.troubles.iter().map(|trouble| trouble_dto(directory, trouble)).collect();
    Ok(SweepDto { removed: false, calendars, links, troubles })
}

fn calendar_dto(directory: &Directory, of: &SweptCalendar) -> SweptCalendarDto {
    let mut found: BTreeMap<String, u64> = BTreeMap::new();
    for swept in &of.found {
        *found.entry(kind_name(swept.kind).to_owned()).or_default() += 1;
    }
    let mut left: BTreeMap<String, u64> = BTreeMap::new();
    for stray in &of.left {
        *left.entry(reason_name(stray.reason).to_owned()).or_default() += 1;
    }
    let days = of.range.map(|range| DaysDto {
        from: range.lo.date_naive().to_string(),
        to: range.hi.date_naive().to_string(),
    });
    SweptCalendarDto { calendar: directory.reference(&of.calendar), days, found, left, standing: 0 }
}

fn kind_name(kind: SweptKind) -> &'static str {
    match kind {
        SweptKind::OfLink => "of_link",
        SweptKind::UnknownLink => "unknown_link",
        SweptKind::Canary => "canary",
        SweptKind::Foreign => "foreign",
    }
}

fn reason_name(reason: LeftReason) -> &'static str {
    match reason {
        LeftReason::Copied => "copied",
        LeftReason::HasAttendees => "has_attendees",
        LeftReason::Foreign => "foreign",
        LeftReason::Altered => "altered",
        LeftReason::MarkStripped => "mark_stripped",
    }
}
