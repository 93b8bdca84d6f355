//! Writing mirrors: create, update and remove, together in one exchange, each with its precondition.
//!
//! A create is safe to repeat by its transaction id: the service answers the same content once more with
//! the event that stands already, and refuses other content. A change carries the version we saw; without
//! one the mirror is looked at first.

use starmesh_core::event::SourceItem;
use starmesh_core::ids::{RemoteId, Version};
use starmesh_core::mirror::{MirrorSpec, PlacedMirror, ProviderId};
use starmesh_provider::{ErrorKind, Fetched, MirrorWrite, ProviderError, Result, Written};

use crate::call::{Answer, Call};
use crate::client::GraphClient;
use crate::convert::Privacy;
use crate::errors::About;
use crate::place::Place;
use crate::requests::{CreateEvent, DeleteEvent, UpdateEvent};

impl GraphClient {
    pub(crate) async fn write_all(&self, place: &Place, writes: &[MirrorWrite]) -> Vec<Result<Written>> {
        let privacy = match self.traits(place).await {
            Ok(traits) => traits.privacy,
            Err(error) => return writes.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut outcomes: Vec<Option<Result<Written>>> = Vec::with_capacity(writes.len());
        let mut calls = Vec::new();
        let mut sent = Vec::new();
        for (position, write) in writes.iter().enumerate() {
            match self.prepare(place, write, privacy).await {
                Ok(call) => {
                    calls.push(call);
                    sent.push(position);
                    outcomes.push(None);
                }
                Err(error) => outcomes.push(Some(Err(error))),
            }
        }
        let answers = self.connection.send_all(&calls).await;
        for (position, answer) in sent.into_iter().zip(answers) {
            outcomes[position] = Some(match answer {
                Ok(answer) => self.settle(place, &writes[position], &answer).await,
                Err(error) => Err(error),
            });
        }
        outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|| Err(self.connection.unexpected())))
            .collect()
    }

    /// The request of one write, its precondition settled.
    async fn prepare(&self, place: &Place, write: &MirrorWrite, privacy: Privacy) -> Result<Call> {
        match write {
            MirrorWrite::Create(mirror) => Ok(CreateEvent::prepare(place, mirror, privacy)),
            MirrorWrite::Update(placed, mirror) => {
                let mark = mirror.mark().to_string();
                let is_it = |item: &SourceItem| {
                    let mut marked = item.events.iter().filter_map(|event| event.marked.as_ref());
                    marked.any(|marked| marked.mark == mark)
                };
                let version = self.version(place, placed, is_it).await?;
                Ok(UpdateEvent::prepare(place, placed.remote_id(), version.as_ref(), mirror, privacy))
            }
            MirrorWrite::Remove(placed) => {
                // Here is no mark to compare with: a marked event under an id of our shape is a mirror.
                let is_it = |item: &SourceItem| {
                    let [event] = item.events.as_slice() else { return false };
                    event.marked.is_some() && ProviderId::has_shape(event.id.as_str())
                };
                let version = self.version(place, placed, is_it).await?;
                Ok(DeleteEvent::prepare(place, placed.remote_id(), version.as_ref()))
            }
        }
    }

    /// The version that a write names as its precondition.
    async fn version(
        &self,
        place: &Place,
        placed: &PlacedMirror,
        is_it: impl FnOnce(&SourceItem) -> bool + Send,
    ) -> Result<Option<Version>> {
        if let Some(version) = placed.version() {
            return Ok(Some(version.clone()));
        }
        let item = self.standing(place, placed.remote_id()).await?;
        // What people are invited to is theirs now.
        if is_it(&item) && !item.has_attendees() {
            return Ok(item.version);
        }
        let message = format!("{} has another event there", self.connection.host());
        Err(ProviderError::new(ErrorKind::PreconditionFailed, message))
    }

    /// What stands under an id.
    async fn standing(&self, place: &Place, id: &RemoteId) -> Result<SourceItem> {
        match self.fetch_mirrors(place, std::slice::from_ref(id)).await?.pop() {
            Some(Fetched::Found(item)) => Ok(item),
            Some(Fetched::Missing(_)) | None => {
                let message = format!("{} no longer has the event", self.connection.host());
                Err(ProviderError::new(ErrorKind::Gone, message))
            }
        }
    }

    /// What one answer means for its write.
    async fn settle(&self, place: &Place, write: &MirrorWrite, answer: &Answer) -> Result<Written> {
        match write {
            MirrorWrite::Create(mirror) if answer.is_success() => {
                let left = CreateEvent::parse(answer).ok_or_else(|| self.connection.unexpected())?;
                // What was created first under this identity may have changed since.
                if !left.shows(mirror.body()) {
                    let message =
                        format!("{} already has an event under this identity", self.connection.host());
                    return Err(ProviderError::new(ErrorKind::IdentityTaken, message));
                }
                self.written(place, left.id, left.version, mirror).await
            }
            MirrorWrite::Create(_) => Err(self.connection.refusal(answer, About::Create)),
            MirrorWrite::Update(placed, mirror) if answer.is_success() => {
                self.updated(place, placed, mirror, answer).await
            }
            // Graph says nothing more. A page is of somebody on the way, and nobody knows what became of the write.
            MirrorWrite::Remove(_) if answer.is_success() && !answer.body.is_empty() => {
                Err(self.connection.unexpected())
            }
            MirrorWrite::Remove(placed) if answer.is_success() => {
                Ok(Written { remote_id: placed.remote_id().clone(), version: None })
            }
            MirrorWrite::Update(..) | MirrorWrite::Remove(_) => {
                Err(self.connection.refusal(answer, About::Change))
            }
        }
    }

    async fn updated(
        &self,
        place: &Place,
        placed: &PlacedMirror,
        mirror: &MirrorSpec,
        answer: &Answer,
    ) -> Result<Written> {
        let left = UpdateEvent::parse(answer).ok_or_else(|| self.connection.unexpected())?;
        if !left.repeats {
            return self.written(place, placed.remote_id().clone(), left.version, mirror).await;
        }
        // A person made it repeat: the rule goes with a request of its own, since most mirrors have none.
        tracing::info!("a busy block was made to repeat; its rule is taken away");
        let call = UpdateEvent::prepare_single(place, placed.remote_id(), left.version.as_ref());
        let answer = self.connection.send(&call).await?;
        if !answer.is_success() {
            return Err(self.connection.refusal(&answer, About::Change));
        }
        let left = UpdateEvent::parse(&answer).ok_or_else(|| self.connection.unexpected())?;
        self.written(place, placed.remote_id().clone(), left.version, mirror).await
    }

    /// A mirror as it stands, its version read back where the answer did not tell it.
    async fn written(
        &self,
        place: &Place,
        id: RemoteId,
        version: Option<Version>,
        mirror: &MirrorSpec,
    ) -> Result<Written> {
        if version.is_some() {
            return Ok(Written { remote_id: id, version });
        }
        let item = self.standing(place, &id).await?;
        // The version of what somebody else has made of it meanwhile would hide their change for good.
        let version = item.version.clone().filter(|_| mirror.is_shown_by(&item));
        Ok(Written { remote_id: id, version })
    }
}

#[cfg(test)]
mod tests;
