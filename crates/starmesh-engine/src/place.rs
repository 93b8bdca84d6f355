//! Step 5: a plan is carried out.
//!
//! Each write has an intent on disk before the request and its outcome on disk after it. A create uses a
//! deterministic identity, a change and a removal a precondition, so that repeating any of them after a
//! lost answer is harmless; an intent left over from a crash is looked up by that identity, never repeated
//! blindly.

use std::collections::BTreeSet;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use futures::{StreamExt, stream};
use starmesh_core::event::SourceItem;
use starmesh_core::ids::EventId;
use starmesh_core::mirror::{Incarnation, Mark, MeetingId, MirrorSpec};
use starmesh_core::reconcile::{Action, Operation, TargetPlan};
use starmesh_provider::{CalendarProvider, ErrorKind, Fetched, MirrorWrite, ProviderError, Written};
use starmesh_store::StoreError;
use starmesh_store::state::{ActionKind, Calendar, Changes, Intent};
use tokio_util::sync::CancellationToken;

use crate::engine::Engine;
use crate::error::{EngineError, Trouble};
use crate::progress::EngineEvent;
use crate::signal::Origin;

/// How often an identity is renewed within one placement before the operation is left for a later pass.
const INCARNATIONS_MAX: u32 = 8;
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

/// What became of one operation.
pub(crate) enum Outcome {
    /// It was written.
    Done(Written, Incarnation),
    /// What it would have removed is gone already.
    AlreadyGone,
    /// A mirror stands where it would have been placed: it is taken over, and planned again.
    Found(SourceItem, Incarnation),
    /// The target is not as it was: read it again.
    Changed,
    /// The provider said no.
    Failed(ProviderError),
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
        self.finish_retired(plan).await?;
        if plan.operations.is_empty() {
            return Ok(placing);
        }
        let provider = match self.open_for_writing(target).await {
            Ok(provider) => provider,
            Err(Stop::Store(error)) => return Err(error.into()),
            Err(Stop::Provider(error)) => {
                placing.report.deferred = plan.operations.len() as u64;
                placing.stop(target, error);
                return Ok(placing);
            }
        };
        let planned = self.clock.now();
        let mut unplaced: BTreeSet<EventId> = BTreeSet::new();
        let total = plan.operations.len() as u64;
        let mut done = 0;
        // What is placed or changed comes first in the plan; removals follow when all of it is through.
        let removals = plan.operations.partition_point(|operation| operation.body().is_some());
        let (writes, removals) = plan.operations.split_at(removals);
        for chunk in writes.chunks(INTENTS_AT_ONCE).chain(removals.chunks(INTENTS_AT_ONCE)) {
            let (ready, waiting): (Vec<Operation>, Vec<_>) = chunk.iter().cloned().partition(|operation| {
                // The old mirror of a series stays until the new one stands.
                let event = operation.event.as_ref().map(|event| &event.event);
                operation.body().is_some() || event.is_none_or(|event| !unplaced.contains(event))
            });
            placing.report.deferred += waiting.len() as u64;
            if placing.stopped.is_some() || stop.is_cancelled() {
                placing.report.deferred += ready.len() as u64;
                continue;
            }
            self.intend(&ready).await?;
            let batch = provider.capabilities().batch.max(1);
            let concurrency = provider.capabilities().concurrency.max(1);
            let batches: Vec<Vec<Operation>> = ready.chunks(batch).map(<[Operation]>::to_vec).collect();
            let answers = stream::iter(batches)
                .take_until(stop.cancelled())
                .map(|operations| self.write(&provider, target, operations))
                .buffer_unordered(concurrency);
            let mut answers = pin!(answers);
            let done_before = done;
            while let Some(outcomes) = answers.next().await {
                for (operation, outcome) in outcomes? {
                    let through =
                        matches!(outcome, Outcome::Done(..) | Outcome::AlreadyGone | Outcome::Found(..));
                    if let (false, Some(event)) = (through, &operation.event) {
                        unplaced.insert(event.event.clone());
                    }
                    self.settle_one(target, &operation, outcome, origin, planned, &mut placing).await?;
                    done += 1;
                }
                self.tell(EngineEvent::PlaceProgress { target: target.id.clone(), done, total });
                if placing.stopped.is_some() {
                    // Requests under way are dropped: their intents tell that their outcome is unknown.
                    placing.report.deferred += ready.len() as u64 - (done - done_before);
                    break;
                }
            }
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
        for key in &plan.forget {
            changes.delete_mirror(&target.id, key);
        }
        self.keep_stuck(target, plan, &mut changes).await?;
        self.state.commit(changes).await
    }

    /// The target's provider, once every write whose outcome is unknown has been looked up.
    async fn open_for_writing(&self, target: &Calendar) -> Result<Arc<dyn CalendarProvider>, Stop> {
        let provider = self.providers.provider(&target.account).await?;
        for intent in self.state.intents_in(&target.id).await? {
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
        Ok(provider)
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

    /// Sends a batch of operations; what needs more than one request goes on by itself.
    async fn write(
        &self,
        provider: &Arc<dyn CalendarProvider>,
        target: &Calendar,
        operations: Vec<Operation>,
    ) -> Result<Vec<(Operation, Outcome)>, EngineError> {
        let mut outcomes = Vec::new();
        let mut sent = Vec::new();
        let mut writes = Vec::new();
        for operation in operations {
            if let Action::Place { previous: Some(previous), .. } = &operation.action {
                // Absence is no proof at a target either: it is looked for where it stood.
                match look(&**provider, target, &operation, previous.remote_id()).await {
                    Ok(None) => {}
                    Ok(Some(outcome)) => {
                        outcomes.push((operation, outcome));
                        continue;
                    }
                    Err(error) => {
                        outcomes.push((operation, Outcome::Failed(error)));
                        continue;
                    }
                }
            }
            let Some(write) = self.request(target, &operation, operation.incarnation).await? else {
                outcomes.push((operation, Outcome::Changed));
                continue;
            };
            sent.push(operation);
            writes.push(write);
        }
        if writes.is_empty() {
            return Ok(outcomes);
        }
        let count = writes.len();
        let answers = provider.write(&target.remote.name, writes).await;
        debug_assert_eq!(answers.len(), count, "one answer for each write");
        for (operation, answer) in sent.into_iter().zip(answers) {
            let outcome = match answer {
                Ok(written) => Outcome::Done(written, operation.incarnation),
                Err(error) => self.follow(&**provider, target, &operation, error).await?,
            };
            outcomes.push((operation, outcome));
        }
        Ok(outcomes)
    }

    /// The request of an operation; `None` when the link's source is gone meanwhile.
    async fn request(
        &self,
        target: &Calendar,
        operation: &Operation,
        incarnation: Incarnation,
    ) -> Result<Option<MirrorWrite>, StoreError> {
        if let Action::Remove { placed, .. } = &operation.action {
            return Ok(Some(MirrorWrite::Remove(placed.clone())));
        }
        let Some(source) = self.state.calendar(&operation.link.source).await? else { return Ok(None) };
        let Some(body) = operation.body() else { return Ok(None) };
        let spec = MirrorSpec::new(
            self.state.keys(),
            &target.remote.name,
            &source.remote.name,
            operation.key,
            incarnation,
            body.clone(),
        );
        Ok(Some(match &operation.action {
            Action::Update { placed, .. } => MirrorWrite::Update(placed.clone(), spec),
            _ => MirrorWrite::Create(spec),
        }))
    }

    /// What a refused write means.
    async fn follow(
        &self,
        provider: &dyn CalendarProvider,
        target: &Calendar,
        operation: &Operation,
        error: ProviderError,
    ) -> Result<Outcome, EngineError> {
        Ok(match (error.kind, &operation.action) {
            (ErrorKind::Gone, Action::Remove { .. }) => Outcome::AlreadyGone,
            (ErrorKind::PreconditionFailed | ErrorKind::Gone, _) => Outcome::Changed,
            (ErrorKind::IdentityTaken, Action::Place { .. }) => {
                self.take_over_or_renew(provider, target, operation).await?
            }
            _ => Outcome::Failed(error),
        })
    }

    /// The identity is taken: either the mirror stands already, or the provider remembers one that is
    /// gone, and it is placed under the next incarnation.
    async fn take_over_or_renew(
        &self,
        provider: &dyn CalendarProvider,
        target: &Calendar,
        operation: &Operation,
    ) -> Result<Outcome, EngineError> {
        let mut incarnation = operation.incarnation;
        for _ in 0..INCARNATIONS_MAX {
            let id = self.state.keys().provider_id(&operation.key, incarnation);
            match provider.find_mirror(&target.remote.name, &id).await {
                Ok(Some(item)) => return Ok(Outcome::Found(item, incarnation)),
                Ok(None) => {}
                Err(error) => return Ok(Outcome::Failed(error)),
            }
            incarnation = incarnation.next();
            let mut changes = Changes::new();
            changes.put_intent(&Intent {
                link: operation.link.clone(),
                key: operation.key,
                incarnation,
                action: ActionKind::Place,
            });
            self.state.commit(changes).await?;
            let Some(write) = self.request(target, operation, incarnation).await? else {
                return Ok(Outcome::Changed);
            };
            match provider.write(&target.remote.name, vec![write]).await.pop() {
                Some(Ok(written)) => return Ok(Outcome::Done(written, incarnation)),
                Some(Err(error)) if error.kind == ErrorKind::IdentityTaken => {}
                Some(Err(error)) => return Ok(Outcome::Failed(error)),
                None => {
                    let error = ProviderError::new(ErrorKind::InvalidData, "a write had no answer");
                    return Ok(Outcome::Failed(error));
                }
            }
        }
        Ok(Outcome::Failed(ProviderError::new(
            ErrorKind::Refused,
            format!("the calendar refused {INCARNATIONS_MAX} identities for one busy block"),
        )))
    }

    /// Keeps the outcome of one operation.
    async fn settle_one(
        &self,
        target: &Calendar,
        operation: &Operation,
        outcome: Outcome,
        origin: Origin,
        planned: DateTime<Utc>,
        placing: &mut Placing,
    ) -> Result<(), StoreError> {
        match outcome {
            Outcome::Done(written, incarnation) => {
                match ActionKind::of(operation) {
                    ActionKind::Place => placing.report.placed += 1,
                    ActionKind::Update => placing.report.updated += 1,
                    ActionKind::Remove => placing.report.removed += 1,
                }
                self.keep_written(target, operation, written, incarnation, origin, planned).await
            }
            Outcome::AlreadyGone => {
                placing.report.removed += 1;
                self.keep_gone(target, operation).await
            }
            Outcome::Found(item, incarnation) => {
                placing.report.adopted += 1;
                placing.replan.extend(operation.event.as_ref().map(|event| event.meeting));
                self.keep_found(target, operation, &item, incarnation).await
            }
            Outcome::Changed => {
                placing.report.deferred += 1;
                placing.reread = true;
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

/// Looks for a mirror where it stood; `Some` when that settles the placement.
async fn look(
    provider: &dyn CalendarProvider,
    target: &Calendar,
    operation: &Operation,
    id: &starmesh_core::ids::RemoteId,
) -> Result<Option<Outcome>, ProviderError> {
    let found = provider.fetch(&target.remote.name, std::slice::from_ref(id)).await?;
    Ok(found.into_iter().find_map(|fetched| match fetched {
        Fetched::Found(item) => {
            let mark = item.events.iter().find_map(|event| Mark::parse(&event.marked.as_ref()?.mark));
            // What stands there may be somebody else's by now: then the mirror is placed beside it.
            let mark = mark.filter(|mark| mark.key == operation.key)?;
            Some(Outcome::Found(item, mark.incarnation))
        }
        Fetched::Missing(_) => None,
    }))
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
