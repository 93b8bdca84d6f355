//! Writing mirrors: create, update and remove, each with its precondition.
//!
//! A create names its id, so that a second one under it is refused; an update or removal carries the etag
//! that was seen, and where none is known the event is looked at first. Repeating any of them does no harm.

use starmesh_core::event::MarkedEvent;
use starmesh_core::ids::{LastingName, RemoteId, Version};
use starmesh_core::mirror::{MirrorSpec, PlacedMirror, ProviderId};
use starmesh_core::policy::Terms;
use starmesh_http::{Request, Response};
use starmesh_provider::{ErrorKind, MirrorWrite, Result, Written};

use crate::client::GoogleClient;
use crate::errors::{Asked, changed, from_wire, gone, identity_taken, refused};
use crate::privacy::Privacy;
use crate::requests::{DeleteEvent, Depth, GetEvent, InsertEvent, UpdateEvent};
use crate::wire::{EventRow, Row, WireError};

impl GoogleClient {
    pub(crate) async fn write_all(
        &self,
        calendar: &LastingName,
        writes: &[MirrorWrite],
    ) -> Vec<Result<Written>> {
        let _turn = self.turns.wait(calendar).await;
        let privacy = match self.privacy(calendar).await {
            Ok(privacy) => privacy,
            Err(error) => return writes.iter().map(|_| Err(error.clone())).collect(),
        };
        let mut outcomes: Vec<Option<Result<Written>>> = Vec::with_capacity(writes.len());
        let mut sent = Vec::new();
        let mut requests = Vec::new();
        for (number, write) in writes.iter().enumerate() {
            match self.prepare(calendar, write, privacy).await {
                Ok(Step::Send(request)) => {
                    sent.push(number);
                    requests.push(*request);
                    outcomes.push(None);
                }
                Ok(Step::Done(written)) => outcomes.push(Some(Ok(written))),
                Err(error) => outcomes.push(Some(Err(error))),
            }
        }
        let answers = self.connection.send_all(&requests).await;
        for (number, answer) in sent.into_iter().zip(answers) {
            let outcome = match answer {
                Ok(response) => self.judge(calendar, &writes[number], &response, privacy).await,
                Err(error) => Err(error),
            };
            outcomes[number] = Some(outcome);
        }
        let unanswered = || Err(changed(&self.connection.host()));
        outcomes.into_iter().map(|outcome| outcome.unwrap_or_else(unanswered)).collect()
    }

    /// The request of a write, with its precondition: the version that was seen, or that of a look just now
    /// where none is known.
    async fn prepare(&self, calendar: &LastingName, write: &MirrorWrite, privacy: Privacy) -> Result<Step> {
        let endpoints = &self.connection.endpoints;
        let request = match write {
            MirrorWrite::Create(mirror) => {
                let id = mirror.provider_id().as_str();
                if self.details.is_deleted(calendar, id) {
                    match self.revive(calendar, mirror, privacy).await? {
                        Revival::Done(written) => return Ok(Step::Done(written)),
                        Revival::Refused => return Err(identity_taken(&self.connection.host())),
                        Revival::Absent => {}
                    }
                }
                InsertEvent::prepare(endpoints, calendar, mirror, privacy)
            }
            MirrorWrite::Update(placed, mirror) => {
                let mark = mirror.mark().to_string();
                let version = self.version(calendar, placed, |row| row.mark() == Some(&mark)).await?;
                let id = placed.remote_id().as_str();
                UpdateEvent::prepare(endpoints, calendar, id, &version, mirror, privacy)
            }
            MirrorWrite::Remove(placed) => {
                // Here is no mark to compare with: a marked event under an id of our shape is a mirror.
                let is_ours = |row: &EventRow| row.mark().is_some() && ProviderId::has_shape(&row.id);
                let version = self.version(calendar, placed, is_ours).await?;
                DeleteEvent::prepare(endpoints, calendar, placed.remote_id().as_str(), &version)
            }
        };
        Ok(Step::Send(Box::new(request)))
    }

    async fn version(
        &self,
        calendar: &LastingName,
        placed: &PlacedMirror,
        is_ours: impl FnOnce(&EventRow) -> bool,
    ) -> Result<Version> {
        if let Some(version) = placed.version() {
            return Ok(version.clone());
        }
        let host = self.connection.host();
        let row = self.mirror_row(calendar, placed.remote_id().as_str()).await?.ok_or_else(|| gone(&host))?;
        // What people are invited to is theirs now.
        if !is_ours(&row) || row.has_attendees() {
            return Err(changed(&host));
        }
        row.etag.map(Version::new).ok_or_else(|| changed(&host))
    }

    /// What the answer to a write means.
    async fn judge(
        &self,
        calendar: &LastingName,
        write: &MirrorWrite,
        response: &Response,
        privacy: Privacy,
    ) -> Result<Written> {
        let succeeded = response.status().is_success();
        match write {
            MirrorWrite::Create(mirror) => {
                let error = if succeeded {
                    match self.created(calendar, mirror, response).await {
                        // It tells of one that was deleted.
                        Err(error) if error.kind == ErrorKind::Gone => {
                            identity_taken(&self.connection.host())
                        }
                        created => return created,
                    }
                } else {
                    refused(&self.connection.host(), response, Asked::Create)
                };
                if error.kind != ErrorKind::IdentityTaken {
                    return Err(error);
                }
                match self.revive(calendar, mirror, privacy).await? {
                    Revival::Done(written) => Ok(written),
                    Revival::Refused | Revival::Absent => Err(error),
                }
            }
            MirrorWrite::Update(placed, mirror) if succeeded => self
                .written(calendar, placed.remote_id().as_str(), response)
                .await
                .map(|(written, found)| as_left(written, found.as_ref(), mirror)),
            // Google says nothing more. A page is of somebody on the way, and nobody knows what became of the write.
            MirrorWrite::Remove(_) if succeeded && !response.body().is_empty() => {
                Err(from_wire(&self.connection.host(), WireError::WebPage))
            }
            MirrorWrite::Remove(placed) if succeeded => {
                self.details.saw_deleted(calendar, placed.remote_id().as_str());
                Ok(Written { remote_id: placed.remote_id().clone(), version: None })
            }
            MirrorWrite::Update(placed, _) | MirrorWrite::Remove(placed) => {
                let error = refused(&self.connection.host(), response, Asked::Mirror);
                // A failed `If-Match` does not say whether the event changed or is gone, and nobody may
                // write to one that is deleted.
                let may_be_gone = matches!(
                    error.kind,
                    ErrorKind::PreconditionFailed | ErrorKind::ReadOnly | ErrorKind::Refused
                );
                if may_be_gone
                    && self.get_all(calendar, &[placed.remote_id().as_str()], Depth::Facts).await? == [None]
                {
                    return Err(gone(&self.connection.host()));
                }
                Err(error)
            }
        }
    }

    /// What a create left. That a taken id is noticed is not promised: a success that tells of another
    /// event is none.
    async fn created(
        &self,
        calendar: &LastingName,
        mirror: &MirrorSpec,
        response: &Response,
    ) -> Result<Written> {
        let (written, found) = self.written(calendar, mirror.provider_id().as_str(), response).await?;
        if mirror.is_shown_as(found.as_ref()) {
            Ok(written)
        } else {
            Err(identity_taken(&self.connection.host()))
        }
    }

    /// Where a mirror is after a write, in which version, and what it says. An answer that cannot be read
    /// is no reason to doubt the write: the event is read instead.
    async fn written(
        &self,
        calendar: &LastingName,
        id: &str,
        response: &Response,
    ) -> Result<(Written, Option<MarkedEvent>)> {
        let told = match GetEvent::parse(response, &Terms::default()) {
            Ok(Row::Event(row)) if row.id == id && row.etag.is_some() && !row.is_cancelled() => Some(row),
            _ => None,
        };
        let row = match told {
            Some(row) => row,
            None => self.mirror_row(calendar, id).await?.ok_or_else(|| gone(&self.connection.host()))?,
        };
        let marked = self.learn(calendar, &row);
        Ok((Written { remote_id: RemoteId::new(id), version: row.etag.map(Version::new) }, marked))
    }

    /// Google never forgets an id: where the mirror was deleted it is brought back, under the id that
    /// nobody but holders of our key can have chosen.
    async fn revive(&self, calendar: &LastingName, mirror: &MirrorSpec, privacy: Privacy) -> Result<Revival> {
        let revival = self.try_to_revive(calendar, mirror, privacy).await?;
        // What is refused now is refused again, and a create under its id may seem to get through.
        if !matches!(revival, Revival::Refused) {
            self.details.forget_deleted(calendar, mirror.provider_id().as_str());
        }
        Ok(revival)
    }

    async fn try_to_revive(
        &self,
        calendar: &LastingName,
        mirror: &MirrorSpec,
        privacy: Privacy,
    ) -> Result<Revival> {
        let endpoints = &self.connection.endpoints;
        let id = mirror.provider_id().as_str();
        let response = self
            .connection
            .send(&GetEvent::prepare(endpoints, calendar, id, Depth::Mirror, &Terms::default()))
            .await?;
        let row = match self
            .read(&response, Asked::Event, |response| GetEvent::parse(response, &Terms::default()))
        {
            Ok(Row::Event(row)) if row.is_cancelled() => row,
            Ok(_) => return Ok(Revival::Refused),
            Err(error) if error.kind == ErrorKind::Gone => return Ok(Revival::Absent),
            Err(error) => return Err(error),
        };
        let mark = mirror.mark().to_string();
        // A tombstone may have lost its properties; one that has them must be of this very mirror.
        let is_ours = row.mark().is_none_or(|found| found == mark) && !row.has_attendees();
        let Some(etag) = row.etag.filter(|_| is_ours) else { return Ok(Revival::Refused) };
        let update = UpdateEvent::prepare(endpoints, calendar, id, &Version::new(etag), mirror, privacy);
        let response = self.connection.send(&update).await?;
        if response.status().is_success() {
            let (written, found) = self.written(calendar, id, &response).await?;
            return Ok(Revival::Done(as_left(written, found.as_ref(), mirror)));
        }
        let error = refused(&self.connection.host(), &response, Asked::Mirror);
        match error.kind {
            ErrorKind::Gone
            | ErrorKind::PreconditionFailed
            | ErrorKind::ReadOnly
            | ErrorKind::IdentityTaken
            | ErrorKind::Refused => Ok(Revival::Refused),
            _ => Err(error),
        }
    }
}

/// A mirror as a write left it, where `found` is what was read afterwards: the version of what somebody else has
/// made of it meanwhile would hide their change for good.
fn as_left(written: Written, found: Option<&MarkedEvent>, mirror: &MirrorSpec) -> Written {
    let version = written.version.filter(|_| mirror.is_shown_as(found));
    Written { version, ..written }
}

/// What a write needs next.
enum Step {
    /// This request.
    Send(Box<Request>),
    /// Nothing: it is done.
    Done(Written),
}

/// What became of a mirror that was deleted.
enum Revival {
    /// It stands again.
    Done(Written),
    /// It cannot be brought back, or stands already: it is up to the caller to look, and to take the next
    /// incarnation.
    Refused,
    /// There is nothing under its id.
    Absent,
}

#[cfg(test)]
mod tests;
