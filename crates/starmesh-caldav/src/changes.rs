//! What changed in a collection, and what its resources say now.
//!
//! A cursor says how it was made: `sync:` and a token (RFC 6578), `first:` and a token inside the pages of
//! a first listing, or `ctag:` and a ctag where the server cannot report changes.

use std::sync::PoisonError;

use futures::future::try_join_all;
use starmesh_core::event::{ItemProblem, SourceItem};
use starmesh_core::ids::{LastingName, RemoteId, Version};
use starmesh_core::mirror::ProviderId;
use starmesh_http::HttpError;
use starmesh_ical::source_item;
use starmesh_provider::{ChangeSet, Changed, Coverage, Cursor, ErrorKind, Fetched, ProviderError, Result};
use url::Url;

use crate::client::{CaldavProvider, collection_of, read_success};
use crate::errors::{calendar_gone, from_status, from_wire, host, refused};
use crate::href::resource_url;
use crate::requests::{
    CollectionState, FindUid, GetCtag, GetEvent, ListMembers, Member, MultigetEvents, MultigetPart,
    SyncAnswer, SyncCollection, SyncPage,
};
use crate::wire::{WireError, is_web_page};

/// How a collection tells its changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum ChangeReports {
    /// By sync-collection.
    Sync,
    /// Only by a ctag and the etags of all members.
    Ctag,
}

/// A position, as a cursor holds it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Position<'a> {
    /// Nothing read yet.
    Start,
    /// Between the pages of a first listing.
    First(&'a str),
    /// After a whole read.
    Since(&'a str),
    /// After a listing, with the ctag from before it; empty where the server has none.
    Ctag(&'a str),
}

impl<'a> Position<'a> {
    fn of(cursor: Option<&'a Cursor>) -> Option<Self> {
        let Some(Cursor(cursor)) = cursor else { return Some(Self::Start) };
        let (kind, rest) = cursor.split_once(':')?;
        match kind {
            "first" => Some(Self::First(rest)),
            "sync" => Some(Self::Since(rest)),
            "ctag" => Some(Self::Ctag(rest)),
            _ => None,
        }
    }

    fn cursor(self) -> Option<Cursor> {
        match self {
            Self::Start => None,
            Self::First(token) => Some(Cursor(format!("first:{token}"))),
            Self::Since(token) => Some(Cursor(format!("sync:{token}"))),
            Self::Ctag(ctag) => Some(Cursor(format!("ctag:{ctag}"))),
        }
    }
}

impl CaldavProvider {
    pub(crate) async fn read_changes(
        &self,
        calendar: &LastingName,
        cursor: Option<&Cursor>,
    ) -> Result<ChangeSet> {
        let collection = collection_of(calendar)?;
        let position = Position::of(cursor).ok_or_else(|| token_expired(&collection))?;
        match (position, self.known_reports(calendar)) {
            (Position::Start, Some(ChangeReports::Ctag)) => self.list_all(&collection).await,
            (Position::Ctag(ctag), _) => self.changes_since_ctag(&collection, ctag).await,
            (Position::Start, _) => self.report(calendar, &collection, position, None).await,
            (Position::First(token) | Position::Since(token), _) => {
                self.report(calendar, &collection, position, Some(token)).await
            }
        }
    }

    async fn report(
        &self,
        calendar: &LastingName,
        collection: &Url,
        position: Position<'_>,
        token: Option<&str>,
    ) -> Result<ChangeSet> {
        let response = self.connection.send(SyncCollection::prepare(collection, token)).await?;
        let status = response.status().as_u16();
        if status == 404 {
            return Err(calendar_gone(collection, &response));
        }
        let answer =
            SyncCollection::parse(collection, &response).map_err(|error| from_wire(collection, error))?;
        match (answer, token) {
            (SyncAnswer::Page(page), _) => {
                self.remember_reports(calendar, ChangeReports::Sync);
                page_of_changes(collection, position, page)
            }
            (SyncAnswer::DeadToken, Some(_)) => Err(token_expired(collection)),
            // Without a token there is none to be dead: it is the calendar that has a problem.
            (SyncAnswer::DeadToken, None) if status == 410 => Err(calendar_gone(collection, &response)),
            (SyncAnswer::DeadToken, None) => Err(refused(collection, &response)),
            (SyncAnswer::Unsupported, None) => {
                self.remember_reports(calendar, ChangeReports::Ctag);
                self.list_all(collection).await
            }
            // It could, when it gave us the token: the next read without one finds out what it can now.
            (SyncAnswer::Unsupported, Some(_)) => {
                self.remember_reports(calendar, ChangeReports::Ctag);
                Err(token_expired(collection))
            }
            (SyncAnswer::Refused, None) => self.after_refusal(calendar, collection, &response).await,
            (SyncAnswer::Refused, Some(_)) => self.judge_token(collection, &response).await,
        }
    }

    /// A refusal without a reason: a server may mean that it cannot report changes.
    async fn after_refusal(
        &self,
        calendar: &LastingName,
        collection: &Url,
        response: &starmesh_http::Response,
    ) -> Result<ChangeSet> {
        if let Some(error) = from_status(collection, response) {
            return Err(error);
        }
        if self.state_of(collection).await?.reports_changes {
            return Err(refused(collection, response));
        }
        self.remember_reports(calendar, ChangeReports::Ctag);
        self.list_all(collection).await
    }

    /// A refusal without a reason to a request with a token. Old servers answer 400 or 500 to a token that
    /// they do not know, and would do so for ever: when the collection itself answers, it is the token.
    async fn judge_token(&self, collection: &Url, response: &starmesh_http::Response) -> Result<ChangeSet> {
        if matches!(response.status().as_u16(), 401 | 408 | 423 | 425 | 502..=504 | 507) {
            return Err(refused(collection, response));
        }
        let _state = self.state_of(collection).await?;
        Err(token_expired(collection))
    }

    /// Reads the ctag before the members: a change in between is then seen twice and never missed.
    async fn list_all(&self, collection: &Url) -> Result<ChangeSet> {
        let ctag = self.state_of(collection).await?.ctag.unwrap_or_default();
        let response = self.connection.send(ListMembers::prepare(collection)).await?;
        let members =
            read_success(collection, &response, |response| ListMembers::parse(collection, response))?;
        Ok(ChangeSet {
            changed: members.into_iter().map(listed).collect(),
            removed: Vec::new(),
            cursor: Position::Ctag(&ctag).cursor(),
            more: false,
            complete: true,
            coverage: Coverage::Everything,
        })
    }

    async fn changes_since_ctag(&self, collection: &Url, ctag: &str) -> Result<ChangeSet> {
        let now = self.state_of(collection).await?.ctag;
        if ctag.is_empty() || now.as_deref() != Some(ctag) {
            return self.list_all(collection).await;
        }
        Ok(ChangeSet {
            changed: Vec::new(),
            removed: Vec::new(),
            cursor: Position::Ctag(ctag).cursor(),
            more: false,
            complete: false,
            coverage: Coverage::Everything,
        })
    }

    pub(crate) async fn state_of(&self, collection: &Url) -> Result<CollectionState> {
        let response = self.connection.send(GetCtag::prepare(collection)).await?;
        read_success(collection, &response, |response| GetCtag::parse(collection, response))
    }

    fn known_reports(&self, calendar: &LastingName) -> Option<ChangeReports> {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).get(calendar).copied()
    }

    fn remember_reports(&self, calendar: &LastingName, reports: ChangeReports) {
        self.reports.lock().unwrap_or_else(PoisonError::into_inner).insert(calendar.clone(), reports);
    }

    /// Reads resources with one request; what the server leaves out, withholds or garbles is asked for one
    /// by one, so that a single bad resource hides no other.
    pub(crate) async fn fetch_batch(&self, collection: &Url, ids: &[RemoteId]) -> Result<Vec<Fetched>> {
        let response = match self.connection.exchange(MultigetEvents::prepare(collection, ids)).await {
            Ok(response) => response,
            Err(HttpError::TooLarge { .. }) => return self.fetch_singly(collection, ids).await,
            Err(error) => return Err(error.into()),
        };
        match response.status().as_u16() {
            // Old sabre/dav says so of the whole report when one of the resources is missing.
            404 | 410 => {
                let _state = self.state_of(collection).await?;
                return self.fetch_singly(collection, ids).await;
            }
            200..=299 => {}
            _ => return Err(refused(collection, &response)),
        }
        let mut parts = match MultigetEvents::parse(collection, &response) {
            Ok(parts) => parts,
            Err(WireError::Broken) => return self.fetch_singly(collection, ids).await,
            Err(error) => return Err(from_wire(collection, error)),
        };
        let mut fetched = Vec::with_capacity(ids.len());
        let mut left = Vec::new();
        for id in ids {
            match parts.remove(id) {
                Some(MultigetPart::Found { version, text }) => {
                    fetched.push(Fetched::Found(self.item(collection, id.clone(), version, &text)));
                }
                Some(MultigetPart::Missing) => fetched.push(Fetched::Missing(id.clone())),
                Some(MultigetPart::Withheld) | None => left.push(id.clone()),
            }
        }
        fetched.extend(self.fetch_singly(collection, &left).await?);
        Ok(fetched)
    }

    /// The mirror with this identity, whatever its resource is called. A server that does not understand the
    /// question has none that we could find.
    pub(crate) async fn find_by_uid(&self, collection: &Url, id: &ProviderId) -> Result<Option<SourceItem>> {
        let response = self.connection.send(FindUid::prepare(collection, id.as_str())).await?;
        match response.status().as_u16() {
            404 | 410 => return Err(calendar_gone(collection, &response)),
            200..=299 => {}
            _ => return from_status(collection, &response).map_or(Ok(None), Err),
        }
        let parts = FindUid::parse(collection, &response).map_err(|error| from_wire(collection, error))?;
        let mut found: Vec<SourceItem> = Vec::new();
        for (name, part) in parts {
            if let MultigetPart::Found { version, text } = part {
                found.push(self.item(collection, name, version, &text));
            }
        }
        found.retain(|item| item.events.iter().any(|event| event.id.as_str() == id.as_str()));
        found.sort_by(|one, other| one.remote_id.cmp(&other.remote_id));
        Ok(found.into_iter().next())
    }

    fn item(&self, collection: &Url, id: RemoteId, version: Option<Version>, text: &str) -> SourceItem {
        source_item(id, version, text, &self.own, &self.looked_for.of(collection.as_str()))
    }

    async fn fetch_singly(&self, collection: &Url, ids: &[RemoteId]) -> Result<Vec<Fetched>> {
        try_join_all(ids.iter().map(|id| self.fetch_one(collection, id))).await
    }

    /// Reads one resource. One that its server cannot or will not hand over is an item with a problem; a
    /// server that is in trouble altogether is an error.
    pub(crate) async fn fetch_one(&self, collection: &Url, id: &RemoteId) -> Result<Fetched> {
        let url = resource_url(collection, id);
        let unreadable = |problem| {
            Fetched::Found(SourceItem {
                remote_id: id.clone(),
                version: None,
                events: Vec::new(),
                problem: Some(problem),
            })
        };
        let response = match self.connection.exchange(GetEvent::prepare(&url)).await {
            Ok(response) => response,
            Err(HttpError::TooLarge { .. }) => return Ok(unreadable(ItemProblem::TooLarge)),
            Err(error) => return Err(error.into()),
        };
        match response.status().as_u16() {
            200..=299 => match GetEvent::parse(&response) {
                Some(stored) => {
                    Ok(Fetched::Found(self.item(collection, id.clone(), stored.version, &stored.text)))
                }
                // A page to log in would otherwise make every event unreadable, one by one.
                None if is_web_page(&response) => Err(from_wire(collection, WireError::WebPage)),
                None => Ok(unreadable(ItemProblem::Malformed)),
            },
            404 | 410 => Ok(Fetched::Missing(id.clone())),
            _ => match from_status(collection, &response) {
                Some(error) => Err(error),
                None => Ok(unreadable(ItemProblem::Malformed)),
            },
        }
    }
}

fn page_of_changes(collection: &Url, position: Position<'_>, page: SyncPage) -> Result<ChangeSet> {
    let is_first = matches!(position, Position::Start | Position::First(_));
    let next = match (is_first, page.is_truncated) {
        (true, true) => Position::First(&page.token),
        _ => Position::Since(&page.token),
    };
    let cursor = next.cursor();
    if page.is_truncated && cursor == position.cursor() {
        // The same page for ever: a server that does so cannot be read by tokens.
        let message = format!("{} repeats one page of changes again and again", host(collection));
        return Err(ProviderError::new(ErrorKind::InvalidData, message));
    }
    Ok(ChangeSet {
        changed: page.members.into_iter().map(listed).collect(),
        removed: page.removed,
        cursor,
        more: page.is_truncated,
        complete: is_first,
        coverage: Coverage::Everything,
    })
}

fn listed(member: Member) -> Changed {
    Changed::Listed { id: member.id, version: member.version }
}

fn token_expired(collection: &Url) -> ProviderError {
    let message = format!("{} no longer knows how far we have read", host(collection));
    ProviderError::new(ErrorKind::TokenExpired, message)
}
