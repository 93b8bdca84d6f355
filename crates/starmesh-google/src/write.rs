//! Writing mirrors: create, update and remove, each with its precondition.
//!
//! A create names its id, so that a second one under it is refused; an update or removal carries the etag
//! that was seen, and where none is known the event is looked at first. Repeating any of them does no harm.

use starmesh_core::ids::{LastingName, RemoteId, Version};
use starmesh_core::mirror::{MirrorSpec, PlacedMirror, ProviderId};
use starmesh_http::{Request, Response};
use starmesh_provider::{ErrorKind, MirrorWrite, Result, Written};

use crate::client::GoogleClient;
use crate::errors::{Asked, changed, gone, refused};
use crate::requests::{DeleteEvent, Depth, GetEvent, InsertEvent, UpdateEvent};
use crate::wire::{EventRow, Row};

impl GoogleClient {
    pub(crate) async fn write_all(
        &self,
        calendar: &LastingName,
        writes: &[MirrorWrite],
    ) -> Vec<Result<Written>> {
        let _turn = self.turns.wait(calendar).await;
        let versions = self.versions(calendar, writes).await;
        let mut outcomes: Vec<Option<Result<Written>>> = Vec::with_capacity(writes.len());
        let mut sent = Vec::new();
        let mut requests = Vec::new();
        for (number, (write, version)) in writes.iter().zip(versions).enumerate() {
            match version.map(|version| self.request(calendar, write, version)) {
                Ok(request) => {
                    sent.push(number);
                    requests.push(request);
                    outcomes.push(None);
                }
                Err(error) => outcomes.push(Some(Err(error))),
            }
        }
        let answers = self.connection.send_all(&requests).await;
        for (number, answer) in sent.into_iter().zip(answers) {
            let outcome = match answer {
                Ok(response) => self.judge(calendar, &writes[number], &response).await,
                Err(error) => Err(error),
            };
            outcomes[number] = Some(outcome);
        }
        outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(|| Err(gone(&self.connection.host()))))
            .collect()
    }

    /// The versions on condition of which the writes happen: those that were seen, or those of a look just
    /// now where none is known. A create has none.
    async fn versions(&self, calendar: &LastingName, writes: &[MirrorWrite]) -> Vec<Result<Option<Version>>> {
        let mut versions = Vec::with_capacity(writes.len());
        for write in writes {
            versions.push(match write {
                MirrorWrite::Create(_) => Ok(None),
                MirrorWrite::Update(placed, mirror) => {
                    let mark = mirror.mark().to_string();
                    self.version(calendar, placed, |row| row.mark() == Some(&mark)).await.map(Some)
                }
                MirrorWrite::Remove(placed) => {
                    // Here is no mark to compare with: a marked event under an id of our shape is a mirror.
                    let is_ours = |row: &EventRow| row.mark().is_some() && ProviderId::has_shape(&row.id);
                    self.version(calendar, placed, is_ours).await.map(Some)
                }
            });
        }
        versions
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

    fn request(&self, calendar: &LastingName, write: &MirrorWrite, version: Option<Version>) -> Request {
        let endpoints = &self.connection.endpoints;
        // An etag that is not there matches nothing, as it must.
        let version = version.unwrap_or_else(|| Version::new("\"unknown\""));
        match write {
            MirrorWrite::Create(mirror) => InsertEvent::prepare(endpoints, calendar, mirror),
            MirrorWrite::Update(placed, mirror) => {
                UpdateEvent::prepare(endpoints, calendar, placed.remote_id().as_str(), &version, mirror)
            }
            MirrorWrite::Remove(placed) => {
                DeleteEvent::prepare(endpoints, calendar, placed.remote_id().as_str(), &version)
            }
        }
    }

    /// What the answer to a write means.
    async fn judge(
        &self,
        calendar: &LastingName,
        write: &MirrorWrite,
        response: &Response,
    ) -> Result<Written> {
        let succeeded = response.status().is_success();
        match write {
            MirrorWrite::Create(mirror) => {
                let id = mirror.provider_id().as_str();
                if succeeded {
                    return self.written(calendar, id, response).await;
                }
                let error = refused(&self.connection.host(), response, Asked::Create);
                match error.kind {
                    ErrorKind::IdentityTaken => self.revive(calendar, mirror).await?.ok_or(error),
                    _ => Err(error),
                }
            }
            MirrorWrite::Update(placed, _) if succeeded => {
                self.written(calendar, placed.remote_id().as_str(), response).await
            }
            MirrorWrite::Remove(placed) if succeeded => {
                Ok(Written { remote_id: placed.remote_id().clone(), version: None })
            }
            MirrorWrite::Update(placed, _) | MirrorWrite::Remove(placed) => {
                let error = refused(&self.connection.host(), response, Asked::Mirror);
                // A failed `If-Match` does not say whether the event changed or is gone.
                if error.kind == ErrorKind::PreconditionFailed
                    && self.get_all(calendar, &[placed.remote_id().as_str()], Depth::Facts).await? == [None]
                {
                    return Err(gone(&self.connection.host()));
                }
                Err(error)
            }
        }
    }

    /// Where a mirror is after a write, and in which version. An answer that cannot be read is no reason to
    /// doubt the write: the event is read instead.
    async fn written(&self, calendar: &LastingName, id: &str, response: &Response) -> Result<Written> {
        let told = match GetEvent::parse(response) {
            Ok(Row::Event(row)) if row.id == id && row.etag.is_some() => Some(row),
            _ => None,
        };
        let row = match told {
            Some(row) => row,
            None => self.mirror_row(calendar, id).await?.ok_or_else(|| gone(&self.connection.host()))?,
        };
        self.details.learn(calendar, &row);
        Ok(Written { remote_id: RemoteId::new(id), version: row.etag.map(Version::new) })
    }

    /// Google never forgets an id: where the mirror was deleted it is brought back, under the id that
    /// nobody but holders of our key can have chosen. `None` when it stands, or cannot be brought back;
    /// then it is up to the caller to look, or to take the next incarnation.
    async fn revive(&self, calendar: &LastingName, mirror: &MirrorSpec) -> Result<Option<Written>> {
        let endpoints = &self.connection.endpoints;
        let id = mirror.provider_id().as_str();
        let response =
            self.connection.send(&GetEvent::prepare(endpoints, calendar, id, Depth::Mirror)).await?;
        let row = match GetEvent::parse(&response) {
            Ok(Row::Event(row)) if response.status().is_success() && row.is_cancelled() => row,
            _ => return Ok(None),
        };
        let mark = mirror.mark().to_string();
        // A tombstone may have lost its properties; one that has them must be of this very mirror.
        let is_ours = row.mark().is_none_or(|found| found == mark) && !row.has_attendees();
        let Some(etag) = row.etag.filter(|_| is_ours) else { return Ok(None) };
        let update = UpdateEvent::prepare(endpoints, calendar, id, &Version::new(etag), mirror);
        let response = self.connection.send(&update).await?;
        if !response.status().is_success() {
            let error = refused(&self.connection.host(), &response, Asked::Mirror);
            return match error.kind {
                ErrorKind::Gone
                | ErrorKind::PreconditionFailed
                | ErrorKind::ReadOnly
                | ErrorKind::IdentityTaken
                | ErrorKind::Refused => Ok(None),
                _ => Err(error),
            };
        }
        self.written(calendar, id, &response).await.map(Some)
    }
}

#[cfg(test)]
mod tests;
