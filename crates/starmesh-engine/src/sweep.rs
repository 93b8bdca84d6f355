//! Sweeping: every mirror that stands in some calendars, whether or not its link is known here, found by its mark
//! and removed because a person asked for it.
//!
//! A pass looks at the window and at what links want; a sweep looks at everything. It removes exactly what it
//! showed, by the same way as any other write: an intent before, the version as precondition, the journal after.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use starmesh_core::ids::{CalendarId, LastingName, LinkId, RemoteId};
use starmesh_core::reconcile::{
    Left, LeftReason, LinkState, Sweep, SweepInput, Swept, SweptKind, TargetPlan, sweep,
};
use starmesh_core::time::TimeRange;
use starmesh_provider::{ErrorKind, ProviderError};
use starmesh_store::StoreError;
use starmesh_store::state::{Calendar, Changes};
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::{EngineError, Trouble};
use crate::pass::CALENDARS_AT_ONCE;
use crate::place::PlaceReport;
use crate::pull::{PullError, Sight};
use crate::signal::Origin;

/// Which mirrors are looked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SweepOptions {
    /// In which calendars.
    pub calendars: BTreeSet<CalendarId>,
    /// Also those made with another key.
    pub foreign: bool,
}

/// What a sweep found; nothing was removed yet.
#[derive(Clone, Debug)]
pub struct SweepPlan {
    /// What stands in each calendar that could be read.
    pub calendars: Vec<SweptCalendar>,
    /// Calendars that could not.
    pub troubles: Vec<Trouble>,
}

/// What stands in one calendar.
#[derive(Clone, Debug)]
pub struct SweptCalendar {
    /// Which.
    pub calendar: CalendarId,
    /// Which time was looked through; all of it when `None`.
    pub range: Option<TimeRange>,
    /// What can go.
    pub found: Vec<Swept>,
    /// What is left alone.
    pub left: Vec<Left>,
}

impl SweptCalendar {
    /// How many of a kind can go.
    pub fn count(&self, kind: SweptKind) -> u64 {
        self.found.iter().filter(|swept| swept.kind == kind).count() as u64
    }

    /// How many are left alone for a reason.
    pub fn left_for(&self, reason: LeftReason) -> u64 {
        self.left.iter().filter(|left| left.reason == reason).count() as u64
    }
}

impl SweepPlan {
    /// Leaves away whatever `shown` did not have: nobody has approved it.
    #[must_use]
    pub fn within(mut self, shown: &Self) -> Self {
        let approved: BTreeSet<(&CalendarId, SweptKind, &RemoteId)> = shown
            .calendars
            .iter()
            .flat_map(|of| of.found.iter().map(|swept| (&of.calendar, swept.kind, swept.remote_id())))
            .collect();
        for of in &mut self.calendars {
            let calendar = of.calendar.clone();
            of.found.retain(|swept| approved.contains(&(&calendar, swept.kind, swept.remote_id())));
        }
        self
    }

    /// The links of which mirrors were found, that would place them again.
    pub fn links(&self) -> BTreeSet<LinkId> {
        let found = self.calendars.iter().flat_map(|of| &of.found);
        found.map(|swept| swept.removal.link.clone()).filter(|link| !link.is_none()).collect()
    }
}

impl Engine {
    /// Looks through calendars for mirrors. Nothing is kept and nothing is written.
    pub async fn plan_sweep(&self, options: &SweepOptions) -> Result<SweepPlan, EngineError> {
        let calendars = self.state.calendars().await?.into_iter();
        let calendars: Vec<Calendar> =
            calendars.filter(|calendar| options.calendars.contains(&calendar.id)).collect();
        let looks: Vec<BoxFuture<'_, _>> = calendars
            .iter()
            .map(|calendar| async move { (calendar, self.look_through(calendar).await) }.boxed())
            .collect();
        let mut answers = stream::iter(looks).buffer_unordered(CALENDARS_AT_ONCE);
        let mut plan = SweepPlan { calendars: Vec::new(), troubles: Vec::new() };
        while let Some((calendar, answer)) = answers.next().await {
            match answer {
                Ok(sight) => plan.calendars.push(self.judge_sight(calendar, sight, options.foreign).await?),
                Err(PullError::Store(error)) => return Err(error.into()),
                Err(PullError::Provider(error) | PullError::Suspicious(error)) => {
                    plan.troubles.push(Trouble::new(calendar, error));
                }
            }
        }
        plan.calendars.sort_by(|a, b| a.calendar.cmp(&b.calendar));
        plan.troubles.sort_by(|a, b| a.calendar.cmp(&b.calendar));
        Ok(plan)
    }

    async fn judge_sight(
        &self,
        calendar: &Calendar,
        sight: Sight,
        foreign: bool,
    ) -> Result<SweptCalendar, StoreError> {
        let mut links: Vec<(LinkId, LastingName)> = Vec::new();
        for link in self.state.links_into(&calendar.id).await? {
            if let Some(source) = self.state.calendar(&link.id.source).await? {
                links.push((link.id, source.remote.name));
            }
        }
        let Sweep { found, left } = sweep(&SweepInput {
            keys: self.state.keys(),
            target: &calendar.id,
            name: &calendar.remote.name,
            links: &links,
            items: &sight.marked,
            foreign,
        });
        Ok(SweptCalendar { calendar: calendar.id.clone(), range: sight.range, found, left })
    }

    /// Removes exactly what a sweep found. Links of which mirrors go are paused first, or they would place them
    /// again.
    pub async fn sweep(&self, plan: &SweepPlan) -> Result<PlaceReport, EngineError> {
        let began = self.clock.now();
        self.pause_swept(&plan.links()).await?;
        let linked = self.linked_calendars(true).await?;
        let mut targets: Vec<(Calendar, TargetPlan)> = Vec::new();
        for of in plan.calendars.iter().filter(|of| !of.found.is_empty()) {
            if let Some(calendar) = self.state.calendar(&of.calendar).await? {
                let removals = of.found.iter().map(|swept| swept.removal.clone()).collect();
                targets.push((calendar, TargetPlan::of(of.calendar.clone(), removals)));
            }
        }
        let stop = &CancellationToken::new();
        let placings: Vec<BoxFuture<'_, _>> = targets
            .iter()
            .map(|(calendar, plan)| {
                async move { (calendar, self.place_target(calendar, plan, Origin::at(began), stop).await) }
                    .boxed()
            })
            .collect();
        let mut answers = stream::iter(placings).buffer_unordered(CALENDARS_AT_ONCE);
        let mut report = PlaceReport::default();
        while let Some((calendar, placing)) = answers.next().await {
            report.add(placing?.report);
            self.tidy_swept(calendar, began, linked.contains_key(&calendar.id), &mut report).await?;
        }
        Ok(report)
    }

    async fn pause_swept(&self, links: &BTreeSet<LinkId>) -> Result<(), StoreError> {
        let mut changes = Changes::new();
        for id in links {
            // One that retires removes the same, and goes on to do so; a pause that would end by itself does not.
            let link = self.state.link(id).await?.filter(|link| link.state != LinkState::Retiring);
            if let Some(link) = link {
                changes.put_link(&link.in_state(LinkState::Paused));
            }
        }
        self.state.commit(changes).await
    }

    /// What could not be removed is told to whoever asked, and stands in no list after that: of a mirror that
    /// nobody wants here no pass would ever take it out again. A calendar that no link touches is not read by
    /// any either.
    async fn tidy_swept(
        &self,
        calendar: &Calendar,
        began: DateTime<Utc>,
        is_linked: bool,
        report: &mut PlaceReport,
    ) -> Result<(), StoreError> {
        let mut changes = Changes::new();
        for wedge in self.state.wedges_in(&calendar.id).await? {
            let is_of_sweep = wedge.link.as_ref().is_some_and(LinkId::is_none);
            if is_of_sweep || (wedge.since >= began && !is_linked) {
                let message = wedge.message.unwrap_or_default();
                let is_told = report.troubles.iter().any(|trouble| trouble.calendar == calendar.id);
                if !is_told {
                    let error = ProviderError::new(ErrorKind::Refused, message);
                    report.troubles.push(Trouble::new(calendar, error));
                }
                changes.delete_wedge(&calendar.id, &wedge.subject);
            }
        }
        if !is_linked {
            changes.delete_dirty(&calendar.id);
        }
        self.state.commit(changes).await
    }

    /// Of marks that no sweep finds any more no question is asked.
    pub async fn recount_foreign(&self, plan: &SweepPlan) -> Result<(), EngineError> {
        let mut changes = Changes::new();
        for of in &plan.calendars {
            let mut read = self.state.read(&of.calendar).await?;
            let standing = of.count(SweptKind::Foreign) + of.left_for(LeftReason::Foreign);
            let standing = u32::try_from(standing).unwrap_or(u32::MAX);
            if read.foreign_marks > standing {
                read.foreign_marks = standing;
                changes.put_read(&of.calendar, &read);
            }
        }
        Ok(self.state.commit(changes).await?)
    }
}
