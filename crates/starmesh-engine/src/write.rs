//! One operation becomes one request, or a few: where the provider says no, what that means is found out.

use std::sync::Arc;

use starmesh_core::event::SourceItem;
use starmesh_core::ids::RemoteId;
use starmesh_core::mirror::{Incarnation, Mark, MirrorSpec};
use starmesh_core::reconcile::{Action, Operation};
use starmesh_provider::{CalendarProvider, ErrorKind, Fetched, MirrorWrite, ProviderError, Written};
use starmesh_store::StoreError;
use starmesh_store::state::{ActionKind, Calendar, Changes, Intent};

use crate::engine::Engine;
use crate::error::EngineError;

/// How often an identity is renewed within one placement before the operation is left for a later pass.
const INCARNATIONS_MAX: u32 = 8;

/// What became of one operation.
pub(crate) enum Outcome {
    /// It was written.
    Done(Written, Incarnation),
    /// What it would have removed is gone already.
    AlreadyGone,
    /// A mirror stands where it would have been placed: it is taken over, and planned again.
    Found(SourceItem, Incarnation),
    /// A person deleted the mirror, and the link respects that.
    Dismissed,
    /// The target is not as it was: read it again.
    Changed,
    /// The provider said no.
    Failed(ProviderError),
}

impl Engine {
    /// Sends a batch of operations; what needs more than one request goes on by itself.
    pub(crate) async fn write(
        &self,
        provider: &Arc<dyn CalendarProvider>,
        target: &Calendar,
        operations: Vec<Operation>,
    ) -> Result<Vec<(Operation, Outcome)>, EngineError> {
        let mut outcomes = Vec::new();
        let mut sent = Vec::new();
        let mut writes = Vec::new();
        for operation in operations {
            if let Some(outcome) = self.settled_before(&**provider, target, &operation).await? {
                outcomes.push((operation, outcome));
                continue;
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

    /// Looks whether an operation rests on what is so no longer; `Some` when that settles it without a write.
    async fn settled_before(
        &self,
        provider: &dyn CalendarProvider,
        target: &Calendar,
        operation: &Operation,
    ) -> Result<Option<Outcome>, StoreError> {
        match &operation.action {
            // Absence is no proof at a target either: it is looked for where it stood.
            Action::Place { previous: Some(previous), respected, .. } => {
                Ok(match look(provider, target, operation, previous.remote_id()).await {
                    Ok(Some((item, incarnation))) => Some(Outcome::Found(item, incarnation)),
                    Ok(None) => respected.then_some(Outcome::Dismissed),
                    Err(error) => Some(Outcome::Failed(error)),
                })
            }
            // Nor is presence: nobody may have told that it is gone.
            Action::Remove { twin: Some(twin), .. } => match look(provider, target, operation, twin).await {
                Ok(Some(_)) => Ok(None),
                Ok(None) => {
                    let looked = self.look_again(provider, target, twin).await?;
                    Ok(Some(looked.map_or_else(Outcome::Failed, |()| Outcome::Changed)))
                }
                Err(error) => Ok(Some(Outcome::Failed(error))),
            },
            _ => Ok(None),
        }
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
            (
                ErrorKind::PreconditionFailed,
                Action::Update { placed, .. } | Action::Remove { placed, .. },
            ) => match self.look_again(provider, target, placed.remote_id()).await? {
                Ok(()) => Outcome::Changed,
                Err(error) => Outcome::Failed(error),
            },
            (ErrorKind::PreconditionFailed | ErrorKind::Gone, _) => Outcome::Changed,
            (ErrorKind::IdentityTaken, Action::Place { .. }) => {
                self.take_over_or_renew(provider, target, operation).await?
            }
            _ => Outcome::Failed(error),
        })
    }

    /// Keeps how an item stands that is not in the version we know. The read that told of its newest version
    /// may have been overtaken by the answer to a write of ours, and then no later one tells of it again.
    async fn look_again(
        &self,
        provider: &dyn CalendarProvider,
        target: &Calendar,
        id: &RemoteId,
    ) -> Result<Result<(), ProviderError>, StoreError> {
        let found = match provider.fetch(&target.remote.name, std::slice::from_ref(id)).await {
            Ok(found) => found,
            Err(error) => return Ok(Err(error)),
        };
        let mut changes = Changes::new();
        for fetched in found {
            match fetched {
                // What cannot be read is neither gone nor changed as far as anybody knows.
                Fetched::Found(item) if item.problem.is_some() => {}
                Fetched::Found(item) => {
                    changes.put_item(self.state.keys(), &target.id, &item, self.clock.now());
                }
                Fetched::Missing(id) => changes.delete_item(&target.id, &id),
            }
        }
        self.state.commit(changes).await.map(Ok)
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
        // One that was taken and is free now was removed in between. Had the next one been taken instead,
        // another device could still place this one beside it.
        let mut renews = false;
        for _ in 0..INCARNATIONS_MAX {
            // The next one may stand there already too; and a provider that takes spent identities without a word,
            // and stores nothing, tells that one is spent only to who looks.
            let candidates = [incarnation, incarnation.next()].into_iter().take(if renews { 2 } else { 1 });
            for candidate in candidates {
                incarnation = candidate;
                match self.found(provider, target, operation, incarnation).await {
                    Ok(None) => {}
                    Ok(Some(found)) => return Ok(found),
                    Err(error) => return Ok(Outcome::Failed(error)),
                }
            }
            renews = true;
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

    /// What stands under one identity of an operation's mirror.
    async fn found(
        &self,
        provider: &dyn CalendarProvider,
        target: &Calendar,
        operation: &Operation,
        incarnation: Incarnation,
    ) -> Result<Option<Outcome>, ProviderError> {
        let id = self.state.keys().provider_id(&operation.key, incarnation);
        let item = provider.find_mirror(&target.remote.name, &id).await?;
        Ok(item.map(|item| Outcome::Found(item, incarnation)))
    }
}

/// Looks for an operation's mirror where it stood.
async fn look(
    provider: &dyn CalendarProvider,
    target: &Calendar,
    operation: &Operation,
    id: &RemoteId,
) -> Result<Option<(SourceItem, Incarnation)>, ProviderError> {
    let found = provider.fetch(&target.remote.name, std::slice::from_ref(id)).await?;
    Ok(found.into_iter().find_map(|fetched| match fetched {
        Fetched::Found(item) => {
            let mark = item.events.iter().find_map(|event| Mark::parse(&event.marked.as_ref()?.mark));
            // What stands there may be somebody else's by now: then the mirror is placed beside it.
            let mark = mark.filter(|mark| mark.key == operation.key)?;
            Some((item, mark.incarnation))
        }
        Fetched::Missing(_) => None,
    }))
}
