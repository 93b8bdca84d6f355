//! Writing mirrors: create, update and remove, each with its precondition.
//!
//! A precondition is a strong etag wherever there is one. Where there is none, the resource is read first
//! and the write happens only if it is what we know; a change of somebody else in the moment between can
//! then be overwritten, but only one to a mirror.

use http::header::LOCATION;
use starmesh_core::event::SourceItem;
use starmesh_core::ids::{RemoteId, Version};
use starmesh_core::mirror::{MirrorSpec, PlacedMirror, ProviderId};
use starmesh_http::Response;
use starmesh_provider::{ErrorKind, Fetched, MirrorWrite, ProviderError, Result, Written};
use url::Url;

use crate::client::{CaldavProvider, mirror_id};
use crate::errors::{calendar_gone, from_wire, host, refused_write};
use crate::href::{resource_id, resource_url};
use crate::print::print_mirror;
use crate::requests::{DeleteEvent, Precondition, PutEvent, is_strong};
use crate::wire::{WireError, is_web_page, preconditions};

impl CaldavProvider {
    pub(crate) async fn write_one(&self, collection: &Url, write: &MirrorWrite) -> Result<Written> {
        match write {
            MirrorWrite::Create(mirror) => self.create(collection, mirror).await,
            MirrorWrite::Update(placed, mirror) => self.update(collection, placed, mirror).await,
            MirrorWrite::Remove(placed) => self.remove(collection, placed).await,
        }
    }

    async fn create(&self, collection: &Url, mirror: &MirrorSpec) -> Result<Written> {
        let id = mirror_id(collection, mirror.provider_id());
        let url = resource_url(collection, &id);
        let text = print_mirror(mirror, self.clock.now());
        let response =
            self.turns.send(&self.connection, PutEvent::prepare(&url, Precondition::Absent, text)).await?;
        match response.status().as_u16() {
            // Somebody on the way answered, not the server: nobody knows what became of the write.
            200..=299 if is_web_page(&response) => Err(from_wire(&url, WireError::WebPage)),
            200..=299 => self.written(collection, id, mirror, &response).await,
            412 => Err(identity_taken(&url)),
            404 | 410 => Err(calendar_gone(&url, &response)),
            // Cyrus says so of a missing calendar, others of one that may only be read.
            403 if preconditions(&response).is_empty() => {
                let _state = self.state_of(collection).await?;
                Err(refused_write(&url, &response))
            }
            409 if preconditions(&response).is_empty() => {
                // SOGo and Nextcloud mean a taken UID, WebDAV a missing collection (RFC 4918, 9.7.1).
                let _state = self.state_of(collection).await?;
                Err(identity_taken(&url))
            }
            400 if names_taken_uid(&response) => Err(identity_taken(&url)),
            _ => Err(refused_write(&url, &response)),
        }
    }

    async fn update(&self, collection: &Url, placed: &PlacedMirror, mirror: &MirrorSpec) -> Result<Written> {
        let id = placed.remote_id().clone();
        let url = resource_url(collection, &id);
        let mark = mirror.mark().to_string();
        let seen = self.seen(collection, placed, |item| {
            item.events.iter().any(|event| event.marked.as_ref().is_some_and(|marked| marked.mark == mark))
        });
        let seen = seen.await?;
        let text = print_mirror(mirror, self.clock.now());
        let response =
            self.turns.send(&self.connection, PutEvent::prepare(&url, seen.precondition(), text)).await?;
        match response.status().as_u16() {
            // Somebody on the way answered, not the server: nobody knows what became of the write.
            200..=299 if is_web_page(&response) => Err(from_wire(&url, WireError::WebPage)),
            200..=299 => self.written(collection, id, mirror, &response).await,
            404 | 410 => Err(gone(&url)),
            412 => Err(self.changed_or_gone(collection, &id).await?),
            _ => Err(refused_write(&url, &response)),
        }
    }

    async fn remove(&self, collection: &Url, placed: &PlacedMirror) -> Result<Written> {
        let id = placed.remote_id().clone();
        let url = resource_url(collection, &id);
        let seen = self.seen(collection, placed, |item| {
            // Here is no mark to compare with: a marked event under an id of our shape is a mirror.
            let [event] = item.events.as_slice() else { return false };
            event.marked.is_some() && ProviderId::has_shape(event.id.as_str())
        });
        let seen = seen.await?;
        let response =
            self.turns.send(&self.connection, DeleteEvent::prepare(&url, seen.precondition())).await?;
        match response.status().as_u16() {
            // Somebody on the way answered, not the server: nobody knows what became of the write.
            200..=299 if is_web_page(&response) => Err(from_wire(&url, WireError::WebPage)),
            200..=299 => Ok(Written { remote_id: id, version: None }),
            404 | 410 => Err(gone(&url)),
            412 => Err(self.changed_or_gone(collection, &id).await?),
            _ => Err(refused_write(&url, &response)),
        }
    }

    /// Settles the precondition of a write to `placed`.
    async fn seen(
        &self,
        collection: &Url,
        placed: &PlacedMirror,
        is_ours: impl FnOnce(&SourceItem) -> bool + Send,
    ) -> Result<Seen> {
        if let Some(version) = placed.version().filter(|version| is_strong(version)) {
            return Ok(Seen::Version(version.clone()));
        }
        let url = resource_url(collection, placed.remote_id());
        let Fetched::Found(item) = self.fetch_one(collection, placed.remote_id()).await? else {
            return Err(gone(&url));
        };
        let is_known_version = placed.version().is_none_or(|version| item.version.as_ref() == Some(version));
        // What people are invited to is theirs now.
        if !is_known_version || !is_ours(&item) || item.has_attendees() {
            return Err(changed(&url));
        }
        Ok(item.version.filter(is_strong).map_or(Seen::JustNow, Seen::Version))
    }

    /// Where `mirror` is after a write, and in which version.
    async fn written(
        &self,
        collection: &Url,
        id: RemoteId,
        mirror: &MirrorSpec,
        response: &Response,
    ) -> Result<Written> {
        let moved = response.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        let remote_id = moved.and_then(|location| resource_id(collection, location)).unwrap_or(id);
        if let Some(version) = PutEvent::strong_version(response) {
            return Ok(Written { remote_id, version: Some(version) });
        }
        // The server changed the text, or has weak etags: what counts is what it tells when it is read.
        let url = resource_url(collection, &remote_id);
        let Fetched::Found(item) = self.fetch_one(collection, &remote_id).await? else {
            return Err(gone(&url));
        };
        let is_ours = item.events.iter().any(|event| event.id.as_str() == mirror.provider_id().as_str());
        if !is_ours {
            return Err(changed(&url));
        }
        // The version of what somebody else has made of it meanwhile would hide their change for good.
        let version = item.version.clone().filter(|_| mirror.is_shown_by(&item));
        Ok(Written { remote_id, version })
    }

    /// A failed `If-Match` does not say whether the resource changed or is gone; its presence does.
    async fn changed_or_gone(&self, collection: &Url, id: &RemoteId) -> Result<ProviderError> {
        let url = resource_url(collection, id);
        match self.fetch_one(collection, id).await? {
            Fetched::Missing(_) => Ok(gone(&url)),
            Fetched::Found(_) => Ok(changed(&url)),
        }
    }
}

/// What is known of a resource about to be written.
enum Seen {
    /// Its strong etag.
    Version(Version),
    /// It was read a moment ago, and has no etag that could be a precondition.
    JustNow,
}

impl Seen {
    fn precondition(&self) -> Precondition<'_> {
        match self {
            Self::Version(version) => Precondition::Unchanged(version),
            Self::JustNow => Precondition::JustChecked,
        }
    }
}

/// Nextcloud tells of a taken UID with 400 and a sentence.
fn names_taken_uid(response: &Response) -> bool {
    let text = String::from_utf8_lossy(response.body()).to_ascii_lowercase();
    text.contains("uid") && (text.contains("already exist") || text.contains("exists"))
}

fn identity_taken(url: &Url) -> ProviderError {
    let message = format!("{} already has an event under this identity", host(url));
    ProviderError::new(ErrorKind::IdentityTaken, message)
}

fn changed(url: &Url) -> ProviderError {
    let message = format!("{} has the event in another version", host(url));
    ProviderError::new(ErrorKind::PreconditionFailed, message)
}

fn gone(url: &Url) -> ProviderError {
    ProviderError::new(ErrorKind::Gone, format!("{} no longer has the event", host(url)))
}
