//! Step 5: a plan is carried out.
//!
//! Each write has an intent on disk before the request and its outcome on disk after it. A create uses a
//! deterministic identity, a change and a removal a precondition, so that repeating any of them after a
//! lost answer is harmless; an intent left over from a crash is looked up by that identity, never repeated
//! blindly. That is why only the last outcome of those under way waits for the disk: what a loss of power takes
//! back of the others leaves their intents behind.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use starmesh_core::ids::EventId;
use starmesh_core::mirror::{MeetingId, MirrorKey};
use starmesh_core::reconcile::{Operation, TargetPlan};
use starmesh_provider::{CalendarProvider, ErrorKind, ProviderError};
use starmesh_store::StoreError;
use starmesh_store::state::{ActionKind, Calendar, Changes, Intent};
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::{EngineError, Trouble};
use crate::progress::EngineEvent;
use crate::signal::Origin;
use crate::write::Outcome;

/// How many operations have their intents on disk before their requests go out.
const INTENTS_AT_ONCE: usize = 64;

/// What was done with a plan.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PlaceReport {
    /// Mirrors placed.
    pub placed: u64,
    /// Mirrors changed in place.
    pub updated: u64,
    /// Mirrors removed.
    pub removed: u64,
    /// Mirrors found standing and remembered; no write.
    pub adopted: u64,
    /// Operations left for a later pass: something changed underneath, or the provider did not answer.
    pub deferred: u64,
    /// Operations that stand still until something changes.
    pub wedged: u64,
    /// What stopped a whole target.
    pub troubles: Vec<Trouble>,
}

impl PlaceReport {
    pub(crate) fn add(&mut self, other: Self) {
        self.placed += other.placed;
        self.updated += other.updated;
        self.removed += other.removed;
        self.adopted += other.adopted;
        self.deferred += other.deferred;
        self.wedged += other.wedged;
        self.troubles.extend(other.troubles);
    }

    /// How many real writes there were.
    pub fn writes(&self) -> u64 {
        self.placed + self.updated + self.removed
    }
}

/// What has to follow once a target's plan was carried out.
#[derive(Default)]
pub(crate) struct Placing {
    pub report: PlaceReport,
    /// The target changed underneath: it has to be read again.
    pub reread: bool,
    /// Meetings to be planned again.
    pub replan: BTreeSet<MeetingId>,
    /// True when something has to be planned again that no meeting names.
    pub replan_whole: bool,
    /// The error that stopped the rest.
    pub stopped: Option<ProviderError>,
}

impl Placing {
    /// The rest of the target is left for later.
    pub(crate) fn stop(&mut self, target: &Calendar, error: ProviderError) {
        self.report.troubles.push(Trouble::new(target, error.clone()));
        self.stopped = Some(error);
    }

    /// The delay a provider asked for, when that is what stopped the target.
    pub(crate) fn asked_delay(&self) -> Option<Duration> {
        match self.stopped.as_ref()?.kind {
            ErrorKind::Throttled { retry_after } => retry_after,
            _ => None,
        }
    }
}

impl Engine {
    /// Carries out the plan of one target.
    pub(crate) async fn place_target(
        &self,
        target: &Calendar,
        plan: &TargetPlan,
        origin: Origin,
        stop: &CancellationToken,
    ) -> Result<Placing, EngineError> {
        let mut placing = Placing::default();
        self.remember(target, plan, &mut placing).await?;
        self.finish_retired(plan, false).await?;
        // A write whose outcome is unknown is looked up even when nothing is to be written: what it left behind
        // would be in no plan, and its link could not retire.
        let intents = self.state.intents_in(&target.id).await?;
        if plan.operations.is_empty() && intents.is_empty() {
            return Ok(placing);
        }
        let (provider, unknown_before) = match self.open_for_writing(target, &intents).await {
            Ok(opened) => opened,
            Err(Stop::Store(error)) => return Err(error.into()),
            Err(Stop::Provider(error)) => {
                placing.report.deferred = plan.operations.len() as u64;
                placing.stop(target, error);
                return Ok(placing);
            }
        };
        // What an intent of before had left behind is in no plan yet.
        placing.reread |= unknown_before;
        placing.replan_whole |= unknown_before;
        if plan.operations.is_empty() {
            placing.report.deferred += intents.len() as u64;
        }
        let total = plan.operations.len() as u64;
        let planned = self.clock.now();
        let mut run = Run { engine: self, target, provider, origin, planned, stop, total, done: 0, placing };
        let mut unplaced: BTreeSet<EventId> = BTreeSet::new();
        // What is placed or changed comes first in the plan; removals follow when all of it is through.
        let removals = plan.operations.partition_point(|operation| operation.body().is_some());
        let (writes, removals) = plan.operations.split_at(removals);
        for chunk in writes.chunks(INTENTS_AT_ONCE) {
            run.carry_out(chunk.to_vec(), &mut unplaced).await?;
        }
        for chunk in removals.chunks(INTENTS_AT_ONCE) {
            // The old mirror of a series stays until the new one stands.
            let (ready, waiting): (Vec<_>, Vec<_>) = chunk.iter().cloned().partition(|operation| {
                operation.event.as_ref().is_none_or(|event| !unplaced.contains(&event.event))
            });
            run.placing.report.deferred += waiting.len() as u64;
            run.carry_out(ready, &mut unplaced).await?;
        }
        let placing = run.placing;
        let through = placing.stopped.is_none() && placing.report.deferred + placing.report.wedged == 0;
        if through && !unknown_before {
            self.finish_retired(plan, true).await?;
        }
        Ok(placing)
    }

    /// Commits what the plan found without a write.
    async fn remember(
        &self,
        target: &Calendar,
        plan: &TargetPlan,
        placing: &mut Placing,
    ) -> Result<(), StoreError> {
        let mut changes = Changes::new();
        for record in &plan.adopt {
            changes.put_mirror(record);
            placing.report.adopted += 1;
        }
        self.forget(target, plan, placing, &mut changes).await?;
        self.keep_stuck(target, plan, &mut changes).await?;
        self.state.commit(changes).await
    }

    /// The target's provider, once every write whose outcome is unknown has been looked up; and whether there
    /// were any.
    async fn open_for_writing(
        &self,
        target: &Calendar,
        intents: &[Intent],
    ) -> Result<(Arc<dyn CalendarProvider>, bool), Stop> {
        let provider = self.providers.provider(&target.account).await?;
        for intent in intents {
            let id = self.state.keys().provider_id(&intent.key, intent.incarnation);
            let found = provider.find_mirror(&target.remote.name, &id).await?;
            let mut changes = Changes::new();
            let now = self.clock.now();
            match found {
                Some(item) => changes.put_item(self.state.keys(), &target.id, &item, now),
                None => {
                    for record in self.state.mirrors_by_key(&target.id, [&intent.key]).await? {
                        changes.delete_item(&target.id, &record.remote_id);
                    }
                }
            }
            changes.delete_intent(&target.id, &intent.key);
            changes.put_dirty(&target.id, now);
            self.state.commit(changes).await?;
        }
        Ok((provider, !intents.is_empty()))
    }

    async fn intend(&self, operations: &[Operation]) -> Result<(), StoreError> {
        let mut changes = Changes::new();
        for operation in operations {
            changes.put_intent(&Intent {
                link: operation.link.clone(),
                key: operation.key,
                incarnation: operation.incarnation,
                action: ActionKind::of(operation),
            });
        }
        self.state.commit(changes).await
    }

    /// Keeps the outcome of one operation.
    async fn settle_one(
        &self,
        target: &Calendar,
        operation: &Operation,
        outcome: Outcome,
        times: Times,
        Settling { placing, is_last }: Settling<'_>,
    ) -> Result<(), StoreError> {
        match outcome {
            Outcome::Done(written, incarnation) => {
                match ActionKind::of(operation) {
                    ActionKind::Place => placing.report.placed += 1,
                    ActionKind::Update => placing.report.updated += 1,
                    ActionKind::Remove => placing.report.removed += 1,
                }
                if !self.keep_written(target, operation, (written, incarnation), times, is_last).await? {
                    placing.replan_whole |= operation.event.is_none();
                    placing.replan.extend(operation.event.as_ref().map(|event| event.meeting));
                }
                Ok(())
            }
            Outcome::AlreadyGone => {
                placing.report.removed += 1;
                self.keep_gone(target, operation, is_last).await
            }
            Outcome::Found(item, incarnation) => {
                placing.report.adopted += 1;
                placing.replan.extend(operation.event.as_ref().map(|event| event.meeting));
                self.keep_found(target, operation, (&item, incarnation), is_last).await
            }
            Outcome::Dismissed => self.keep_dismissed(target, operation).await,
            Outcome::Changed => {
                placing.report.deferred += 1;
                placing.reread = true;
                placing.replan_whole |= operation.event.is_none();
                placing.replan.extend(operation.event.as_ref().map(|event| event.meeting));
                let mut changes = Changes::new();
                changes.delete_intent(&target.id, &operation.key);
                changes.put_dirty(&target.id, self.clock.now());
                self.state.commit(changes).await
            }
            Outcome::Failed(error) => self.keep_failed(target, operation, error, placing).await,
        }
    }
}

/// What the outcome of one operation adds to.
struct Settling<'a> {
    placing: &'a mut Placing,
    /// True when no other of its chunk is under way any more.
    is_last: bool,
}

/// When the steps of a write were taken.
#[derive(Clone, Copy)]
pub(crate) struct Times {
    /// Those before the plan.
    pub origin: Origin,
    /// The plan was made.
    pub planned: DateTime<Utc>,
    /// The write was about to be sent.
    pub sent: DateTime<Utc>,
}

/// One plan under way at one target.
struct Run<'a> {
    engine: &'a Engine,
    target: &'a Calendar,
    provider: Arc<dyn CalendarProvider>,
    origin: Origin,
    planned: DateTime<Utc>,
    stop: &'a CancellationToken,
    total: u64,
    done: u64,
    placing: Placing,
}

impl Run<'_> {
    /// Carries out some operations at once, and remembers the events of those that did not get through.
    async fn carry_out(
        &mut self,
        operations: Vec<Operation>,
        unplaced: &mut BTreeSet<EventId>,
    ) -> Result<(), EngineError> {
        let (engine, target) = (self.engine, self.target);
        if self.placing.stopped.is_some() || self.stop.is_cancelled() {
            self.placing.report.deferred += operations.len() as u64;
            return Ok(());
        }
        engine.intend(&operations).await?;
        let capabilities = self.provider.capabilities();
        let batches: Vec<Vec<Operation>> =
            operations.chunks(capabilities.batch.max(1)).map(<[Operation]>::to_vec).collect();
        // Once something stands in the way no further request goes out; those under way are waited for.
        let halt = self.stop.child_token();
        let provider = Arc::clone(&self.provider);
        let answers = stream::iter(batches)
            .take_until(halt.cancelled())
            .map(async |operations| {
                let sent = engine.clock.now();
                (sent, engine.write(&provider, target, operations).await)
            })
            .buffer_unordered(capabilities.concurrency.max(1));
        let mut answers = pin!(answers);
        let mut unsent: BTreeSet<MirrorKey> = operations.iter().map(|operation| operation.key).collect();
        while let Some((sent, outcomes)) = answers.next().await {
            for (operation, outcome) in outcomes? {
                unsent.remove(&operation.key);
                let through = matches!(
                    outcome,
                    Outcome::Done(..) | Outcome::AlreadyGone | Outcome::Found(..) | Outcome::Dismissed
                );
                if let (false, Some(event)) = (through, &operation.event) {
                    unplaced.insert(event.event.clone());
                }
                let times = Times { origin: self.origin, planned: self.planned, sent };
                let settling = Settling { placing: &mut self.placing, is_last: unsent.is_empty() };
                engine.settle_one(target, &operation, outcome, times, settling).await?;
                self.done += 1;
            }
            let (done, total) = (self.done, self.total);
            engine.tell(EngineEvent::PlaceProgress { target: target.id.clone(), done, total });
            if self.placing.stopped.is_some() {
                halt.cancel();
            }
        }
        self.placing.report.deferred += unsent.len() as u64;
        let mut changes = Changes::new();
        for key in &unsent {
            changes.delete_intent(&target.id, key);
        }
        engine.state.commit(changes).await?;
        Ok(())
    }
}

/// Why a target cannot be written at all.
enum Stop {
    Store(StoreError),
    Provider(ProviderError),
}

impl From<StoreError> for Stop {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ProviderError> for Stop {
    fn from(error: ProviderError) -> Self {
        Self::Provider(error)
    }
}
