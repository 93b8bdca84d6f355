//! Events looked at one by one, by their ids.

use starmesh_core::event::SourceItem;
use starmesh_core::ids::RemoteId;
use starmesh_core::mirror::ProviderId;
use starmesh_provider::{ErrorKind, Fetched, Result};

use crate::call::{Answer, Call};
use crate::client::GraphClient;
use crate::convert::{mirror_item, single_item, unreadable};
use crate::errors::About;
use crate::place::Place;
use crate::requests::{FindMirror, GetEvent};
use crate::wire::{EventRow, Lenient};

/// The most pages of events that carry one identity; copies of one mirror are few.
const CANDIDATE_PAGES_MAX: usize = 20;

/// What stands under an id.
pub(crate) enum Looked {
    /// An event.
    Row(Box<EventRow>),
    /// Nothing that this account can see.
    Missing,
    /// Something that cannot be understood, or is kept from us.
    Unreadable,
}

impl GraphClient {
    /// Looks at events; the answers are in the order of `ids`.
    pub(crate) async fn look_up(&self, place: &Place, ids: &[RemoteId]) -> Result<Vec<Looked>> {
        let calls: Vec<Call> = ids.iter().map(|id| GetEvent::prepare(place, id)).collect();
        let answers = self.connection.send_all(&calls).await;
        answers.into_iter().map(|answer| self.looked(place, &answer?)).collect()
    }

    /// What one answer to a look tells. Trouble of the server's is an error: it tells nothing.
    pub(crate) fn looked(&self, place: &Place, answer: &Answer) -> Result<Looked> {
        if answer.is_success() {
            return match GetEvent::parse(answer, &place.terms) {
                Some(Lenient::Good(row)) => Ok(Looked::Row(Box::new(row))),
                Some(_) => Ok(Looked::Unreadable),
                // A page to log in would otherwise make every event unreadable, one by one.
                None => Err(self.connection.unexpected()),
            };
        }
        let error = self.connection.refusal(answer, About::Event);
        match (error.kind, answer.status) {
            (ErrorKind::Gone, _) => Ok(Looked::Missing),
            // One event that is kept from us, or whose id the service does not take, stops no other.
            (ErrorKind::Refused, 400 | 403) => Ok(Looked::Unreadable),
            _ => Err(error),
        }
    }

    /// Reads items by id: a series with its occurrences, a mirror with what tells whether it was edited.
    pub(crate) async fn fetch_items(&self, place: &Place, ids: &[RemoteId]) -> Result<Vec<Fetched>> {
        let looked = self.look_up(place, ids).await?;
        let mut fetched = Vec::with_capacity(ids.len());
        let mut mirrors = Vec::new();
        for (id, looked) in ids.iter().zip(looked) {
            match looked {
                Looked::Missing => fetched.push(Fetched::Missing(id.clone())),
                Looked::Unreadable => fetched.push(Fetched::Found(unreadable(id.clone()))),
                Looked::Row(row) if row.is_master() => {
                    fetched.push(self.fetch_series(place, id, &row).await?);
                }
                Looked::Row(row) if row.mark().is_some() => mirrors.push(id.clone()),
                Looked::Row(row) => fetched.push(Fetched::Found(single_item(id.clone(), &row))),
            }
        }
        fetched.extend(self.fetch_mirrors(place, &mirrors).await?);
        Ok(fetched)
    }

    /// Reads what is known to carry a mark.
    pub(crate) async fn fetch_mirrors(&self, place: &Place, ids: &[RemoteId]) -> Result<Vec<Fetched>> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let privacy = self.traits(place).await?.privacy;
        let calls: Vec<Call> = ids.iter().map(|id| GetEvent::prepare_mirror(place, id)).collect();
        let answers = self.connection.send_all(&calls).await;
        let mut fetched = Vec::with_capacity(ids.len());
        for (id, answer) in ids.iter().zip(answers) {
            let answer = answer?;
            fetched.push(match self.looked(place, &answer)? {
                Looked::Missing => Fetched::Missing(id.clone()),
                Looked::Unreadable => Fetched::Found(unreadable(id.clone())),
                Looked::Row(row) => {
                    let mirror = GetEvent::parse_mirror(&answer);
                    let mirror = mirror.and_then(|mirror| mirror_item(id.clone(), &mirror, privacy));
                    // Its mark went in this very moment: then it is whatever it is now.
                    Fetched::Found(mirror.unwrap_or_else(|| single_item(id.clone(), &row)))
                }
            });
        }
        Ok(fetched)
    }

    /// The mirror that was created under `identity`; of several the one with the lowest id.
    pub(crate) async fn find_by_identity(
        &self,
        place: &Place,
        identity: &ProviderId,
    ) -> Result<Option<SourceItem>> {
        let privacy = self.traits(place).await?.privacy;
        let mut call = FindMirror::prepare(place, identity);
        let mut found: Vec<SourceItem> = Vec::new();
        for _ in 0..CANDIDATE_PAGES_MAX {
            let answer = self.connection.send(&call).await?;
            if !answer.is_success() {
                return Err(self.connection.refusal(&answer, About::Calendar));
            }
            let page = FindMirror::parse(&answer, identity).ok_or_else(|| self.connection.unexpected())?;
            for mirror in &page.mirrors {
                let Some(id) = mirror.event.id.as_deref().map(RemoteId::new) else { continue };
                let item = mirror_item(id.clone(), mirror, privacy);
                found.push(item.unwrap_or_else(|| single_item(id, &mirror.event)));
            }
            match page.next {
                Some(next) => call = Call::follow(next),
                None => return Ok(found.into_iter().min_by(|a, b| a.remote_id.cmp(&b.remote_id))),
            }
        }
        Err(self.connection.unexpected())
    }
}
