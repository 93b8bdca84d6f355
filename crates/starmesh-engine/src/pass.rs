//! The journey step by step, for a person who watches: plan, place, settle.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use futures::future::BoxFuture;
use futures::{FutureExt, StreamExt, stream};
use starmesh_core::ids::{CalendarId, LinkId};
use starmesh_core::mirror::MeetingId;
use starmesh_core::reconcile::{LinkState, TargetPlan};
use starmesh_core::topology;
use starmesh_provider::ErrorKind;
use starmesh_store::StoreError;
use starmesh_store::state::{Calendar, Changes, Link};
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::{EngineError, Trouble};
use crate::place::PlaceReport;
use crate::progress::EngineEvent;
use crate::pull::{Extent, PullError, Pulled, read_gap};
use crate::reconcile::Scope;
use crate::schedule::{GONE_PATIENCE, WHOLE_READ_INTERVAL, backoff};
use crate::signal::Origin;
use crate::standstill::Standstill;

/// How many calendars are read, or targets written, at once; each account has its own, tighter bound.
pub(crate) const CALENDARS_AT_ONCE: usize = 32;
/// How often a plan reads sources again to judge mirrors that no record knows.
const RECHECKS_MAX: usize = 2;
/// How many passes [`Engine::settle`] makes before it gives up.
const PASSES_MAX: u32 = 12;
/// How often [`Engine::settle`] waits for troubles that pass by themselves.
const PATIENCE_MAX: u32 = 3;

/// When a calendar is read whole, besides once a day.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Verify {
    /// Not at all.
    Daily,
    /// When it was not read for long.
    AfterGap,
    /// Now.
    Now,
}

/// How a plan is made.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PlanOptions {
    /// Show, or carry out, what a narrower window removes.
    pub narrowing: bool,
    /// How many removals a person allows on each link that the brake would hold.
    pub allow_removals: u64,
    /// Try operations again that stand still.
    pub retry_wedged: bool,
    /// Only these links; all when `None`.
    pub links: Option<BTreeSet<LinkId>>,
    /// Pauses of calendars and of everything hold nothing back: what a person takes away goes all the same.
    pub despite_pauses: bool,
}

/// What has to be done.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The plan of each target, also of those in which nothing is to be done.
    pub targets: Vec<TargetPlan>,
    /// Calendars that could not be read; their links stand still.
    pub troubles: Vec<Trouble>,
    /// What only a person can answer; the calendars in question are not written.
    pub questions: Vec<Question>,
    origin: Origin,
}

impl Plan {
    /// True when nothing is to be written.
    pub fn is_quiet(&self) -> bool {
        self.targets.iter().all(TargetPlan::is_quiet)
    }

    /// Leaves calendars out of what is carried out.
    pub fn leave_out(&mut self, calendars: &BTreeSet<CalendarId>) {
        self.targets.retain(|target| !calendars.contains(&target.target));
    }

    /// How many writes there are.
    pub fn operations(&self) -> usize {
        self.targets.iter().map(|target| target.operations.len()).sum()
    }
}

/// What only a person can answer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Question {
    /// On the first read of a calendar SYNC-FB marks were found that do not verify: the key is lost, or
    /// another installation works here. Answered by `Read::beside_foreign`, or by importing the key.
    ForeignMarks {
        /// Where.
        calendar: CalendarId,
        /// How many.
        count: u32,
    },
    /// What was placed in one calendar stood in the other too: they are one under two names, and blocks would
    /// answer blocks. Answered by taking the two apart.
    SameCalendar {
        /// One name.
        calendar: CalendarId,
        /// The other.
        other: CalendarId,
    },
}

/// What settling took.
#[derive(Clone, Debug)]
pub struct SettleReport {
    /// How many passes were made.
    pub passes: u32,
    /// Everything that was written.
    pub total: PlaceReport,
    /// The last plan: quiet, unless something stands in the way.
    pub last: Plan,
}

impl Engine {
    /// Reads every calendar that a link touches and plans every target. What was read is kept; nothing is
    /// written at a provider.
    pub async fn plan(&self, options: &PlanOptions) -> Result<Plan, EngineError> {
        let signalled = self.clock.now();
        self.give_up_gone().await?;
        let calendars = self.linked_calendars(options.despite_pauses).await?;
        let mut troubles = self.pull_all(calendars.values()).await?;
        let origin = Origin { signalled, taken: signalled, pulled: self.clock.now() };
        let mut questions = Vec::new();
        let mut plans: BTreeMap<CalendarId, TargetPlan> = BTreeMap::new();
        let mut open: BTreeSet<CalendarId> =
            self.state.links().await?.into_iter().map(|link| link.id.target).collect();
        for round in 0..=RECHECKS_MAX {
            let mut recheck = BTreeSet::new();
            for target in std::mem::take(&mut open) {
                let Some(calendar) = calendars.get(&target) else { continue };
                let Some(plan) = self.plan_target(calendar, &Scope::Whole, options).await? else { continue };
                if !plan.recheck.is_empty() && round < RECHECKS_MAX {
                    recheck.extend(plan.recheck.clone());
                    open.insert(target.clone());
                }
                self.tell_planned(&plan);
                plans.insert(target, plan);
            }
            if recheck.is_empty() {
                break;
            }
            let again = recheck.iter().filter_map(|source| calendars.get(source));
            troubles.extend(self.pull_all(again).await?);
        }
        for calendar in calendars.values() {
            let read = self.state.read(&calendar.id).await?;
            if read.foreign_marks > 0 && !read.beside_foreign {
                let count = read.foreign_marks;
                questions.push(Question::ForeignMarks { calendar: calendar.id.clone(), count });
            }
            if let Some(other) = self.same_calendar(&calendar.id, &read).await? {
                questions.push(Question::SameCalendar { calendar: calendar.id.clone(), other });
            }
        }
        troubles.sort_by(|a, b| a.calendar.cmp(&b.calendar));
        troubles.dedup_by(|a, b| a.calendar == b.calendar);
        Ok(Plan { targets: plans.into_values().collect(), troubles, questions, origin })
    }

    /// Carries out exactly this plan, all targets at once.
    pub async fn place(&self, plan: &Plan) -> Result<PlaceReport, EngineError> {
        // What stands still is in no plan, unless a person took it away.
        let calendars = self.linked_calendars(true).await?;
        let stop = CancellationToken::new();
        let mut placings: Vec<BoxFuture<'_, _>> = Vec::new();
        for target in &plan.targets {
            if let Some(calendar) = calendars.get(&target.target) {
                placings.push(self.place_target(calendar, target, plan.origin, &stop).boxed());
            }
        }
        let mut answers = stream::iter(placings).buffer_unordered(CALENDARS_AT_ONCE);
        let mut report = PlaceReport::default();
        while let Some(placing) = answers.next().await {
            report.add(placing?.report);
        }
        Ok(report)
    }

    /// Passes until nothing is left to do. Troubles that pass by themselves are waited for a little; what
    /// remains stands in the report.
    pub async fn settle(&self, options: &PlanOptions) -> Result<SettleReport, EngineError> {
        let mut total = PlaceReport::default();
        let mut options = options.clone();
        let mut patience = 0;
        let mut passes = 0;
        loop {
            passes += 1;
            let plan = self.plan(&options).await?;
            let report = self.place(&plan).await?;
            // What a person allowed by number is spent once.
            options.allow_removals = 0;
            let troubles: Vec<_> = plan.troubles.iter().chain(&report.troubles).collect();
            let waits = troubles.iter().any(|trouble| trouble.kind.is_transient());
            let moved = report.writes() + report.adopted > 0;
            let quiet = plan.is_quiet() && report.deferred == 0;
            // A refused password is not tried again and again: some servers then lock the account.
            let a_person_must_act =
                !moved && !waits && !plan.is_quiet() && all_left_needs_a_person(&plan, &troubles);
            total.add(report);
            let out_of_patience = !moved && patience >= PATIENCE_MAX;
            if passes >= PASSES_MAX || (quiet && !waits) || a_person_must_act || out_of_patience {
                self.tell(EngineEvent::Quiet);
                return Ok(SettleReport { passes, total, last: plan });
            }
            if !moved {
                patience += 1;
                let asked = plan.troubles.iter().find_map(|trouble| match trouble.kind {
                    ErrorKind::Throttled { retry_after } => retry_after,
                    _ => None,
                });
                tokio::time::sleep(backoff(patience, self.entropy.fraction(), asked)).await;
            }
        }
    }

    /// The plan of a target from what is known, without asking any server, with what rests in it; `None` when it
    /// was never read or is gone, or a question about it is open. Of these `meetings`, as after a change, or of all.
    pub async fn plan_known(
        &self,
        target: &CalendarId,
        meetings: Option<BTreeSet<MeetingId>>,
    ) -> Result<Option<TargetPlan>, EngineError> {
        let Some(calendar) = self.state.calendar(target).await? else { return Ok(None) };
        let options = PlanOptions { retry_wedged: true, ..PlanOptions::default() };
        let scope = meetings.map_or(Scope::Whole, Scope::Meetings);
        Ok(self.plan_target(&calendar, &scope, &options).await?)
    }

    /// The calendars that any link touches which does not stand still, or any link at all.
    pub(crate) async fn linked_calendars(
        &self,
        despite_pauses: bool,
    ) -> Result<BTreeMap<CalendarId, Calendar>, StoreError> {
        let still = Standstill::load(&self.state, self.clock.now()).await?;
        let mut links = self.state.links().await?;
        links.retain(|link| despite_pauses || still.of(link).is_none());
        let linked: BTreeSet<_> = links.iter().flat_map(|link| [&link.id.source, &link.id.target]).collect();
        let calendars = self.state.calendars().await?.into_iter();
        Ok(calendars
            .filter(|calendar| linked.contains(&calendar.id))
            .map(|calendar| (calendar.id.clone(), calendar))
            .collect())
    }

    async fn pull_all<'a>(
        &self,
        calendars: impl IntoIterator<Item = &'a Calendar>,
    ) -> Result<Vec<Trouble>, StoreError> {
        let pulls: Vec<BoxFuture<'_, _>> = calendars
            .into_iter()
            .map(|calendar| {
                let pull = self.pull_due(calendar, Verify::AfterGap);
                async move { (calendar, pull.await) }.boxed()
            })
            .collect();
        let mut answers = stream::iter(pulls).buffer_unordered(CALENDARS_AT_ONCE);
        let mut troubles = Vec::new();
        while let Some((calendar, answer)) = answers.next().await {
            match answer {
                Ok(pulled) => {
                    troubles.extend(pulled.unverified.map(|error| Trouble::new(calendar, error)));
                }
                Err(PullError::Store(error)) => return Err(error),
                Err(PullError::Provider(error) | PullError::Suspicious(error)) => {
                    troubles.push(Trouble::new(calendar, error));
                }
            }
        }
        Ok(troubles)
    }

    /// Reads a calendar: its changes, and then everything where that is due. So it shows what the changes had not
    /// told.
    pub(crate) async fn pull_due(&self, calendar: &Calendar, verify: Verify) -> Result<Pulled, PullError> {
        let read = self.state.read(&calendar.id).await?;
        let Some(whole_at) = read.whole_at.filter(|_| read.suspicion.is_none()) else {
            // Only a look at everything confirms that everything is gone, or does not.
            return self.pull(calendar, Extent::Whole).await;
        };
        let now = self.clock.now();
        let interval = TimeDelta::from_std(WHOLE_READ_INTERVAL).unwrap_or(TimeDelta::MAX);
        let gap = read_gap(self.state.settings().await?.poll_interval_s);
        let due = now - whole_at >= interval
            || match verify {
                Verify::Daily => false,
                Verify::AfterGap => read.read_at.is_none_or(|read_at| now - read_at > gap),
                Verify::Now => true,
            };
        let told = self.pull(calendar, Extent::Changes).await?;
        if !due || told.whole {
            return Ok(told);
        }
        match self.pull(calendar, Extent::Verify).await {
            Ok(found) => Ok(told.and(found)),
            Err(PullError::Store(error)) => Err(PullError::Store(error)),
            // What the changes told is kept, and its targets have to hear of it all the same.
            Err(PullError::Provider(error)) => Ok(Pulled { unverified: Some(error), ..told }),
            Err(PullError::Suspicious(error)) => {
                Ok(Pulled { unverified: Some(error), doubtful: true, ..told })
            }
        }
    }

    pub(crate) fn tell_planned(&self, plan: &TargetPlan) {
        self.tell(EngineEvent::Planned {
            target: plan.target.clone(),
            operations: plan.operations.len() as u64,
            held: plan.held.iter().map(|held| held.operations.len() as u64).sum(),
            whole: plan.whole,
        });
    }

    /// Ends the links of a target that no group generates any more and that have no mirror left which could go.
    /// Once the plan was `carried_out` its removals leave none; this is also the moment to end them, before
    /// another device, on which the link still runs, places its mirrors again.
    pub(crate) async fn finish_retired(
        &self,
        plan: &TargetPlan,
        carried_out: bool,
    ) -> Result<(), StoreError> {
        // A plan of some meetings cannot tell whether a mirror is left.
        if !plan.whole {
            return Ok(());
        }
        let links = self.state.links_into(&plan.target).await?;
        let retiring: Vec<Link> =
            links.into_iter().filter(|link| link.state == LinkState::Retiring).collect();
        if retiring.is_empty() {
            return Ok(());
        }
        let wanted = topology::links(&self.state.groups().await?, &BTreeSet::new());
        let unknown = self.state.intents_in(&plan.target).await?;
        let mut changes = Changes::new();
        for link in retiring {
            let to_do = plan.operations.iter().any(|operation| operation.link == link.id);
            let busy = (to_do && !carried_out)
                || plan.left_out.contains(&link.id)
                || unknown.iter().any(|intent| intent.link == link.id);
            // A mirror to which a person invited others stays, and nobody waits for it: it is a stray now.
            let left: Vec<_> = plan.stuck.iter().filter(|stuck| stuck.link == link.id).collect();
            let records = self.state.mirrors_of_link(&link.id).await?;
            let all_left = records.iter().all(|record| left.iter().any(|stuck| stuck.key == record.key));
            if !busy && all_left && !wanted.contains_key(&link.id) {
                records.iter().for_each(|record| changes.delete_mirror(&plan.target, &record.key));
                changes.delete_link(&link.id);
            }
        }
        self.state.commit(changes).await
    }

    /// Ends the retiring links into calendars that have been gone for longer than anybody waits for them.
    pub(crate) async fn give_up_gone(&self) -> Result<(), StoreError> {
        let now = self.clock.now();
        let patience = TimeDelta::from_std(GONE_PATIENCE).unwrap_or(TimeDelta::MAX);
        let mut changes = Changes::new();
        for link in self.state.links().await? {
            let read = self.state.read(&link.id.target).await?;
            let is_given_up = read.gone_since.is_some_and(|since| now - since >= patience);
            if link.state == LinkState::Retiring && is_given_up {
                let records = self.state.mirrors_of_link(&link.id).await?;
                records.iter().for_each(|record| changes.delete_mirror(&link.id.target, &record.key));
                changes.delete_link(&link.id);
            }
        }
        self.state.commit(changes).await
    }
}

/// True when every target in which something is left to do waits for a person.
fn all_left_needs_a_person(plan: &Plan, troubles: &[&Trouble]) -> bool {
    plan.targets.iter().filter(|target| !target.is_quiet()).all(|target| {
        troubles.iter().any(|trouble| trouble.calendar == target.target && trouble.kind.needs_person())
    })
}
