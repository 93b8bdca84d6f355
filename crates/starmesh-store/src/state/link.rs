//! Groups, and the links that follow from them.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use starmesh_core::ids::{CalendarId, GroupId, LinkId};
use starmesh_core::policy::Policy;
use starmesh_core::reconcile::LinkState;
use starmesh_core::topology::Group;

use super::{Changes, Pause, State, key, row};
use crate::{Change, Select, StoreError, Table};

/// A link, whether it runs, and what it mirrors.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Link {
    /// Its two ends.
    pub id: LinkId,
    /// Whether it runs.
    pub state: LinkState,
    /// When it runs again by itself, where it is paused.
    #[serde(default)]
    pub paused_until: Option<DateTime<Utc>>,
    /// What it mirrors.
    #[serde(default)]
    pub policy: Policy,
    /// What it mirrored before it was narrowed, with the approval of what goes.
    #[serde(default)]
    pub narrowed: Vec<Narrowing>,
}

/// A person let a link mirror less, and saw what goes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, Debug)]
pub struct Narrowing {
    /// What it mirrored before.
    pub from: Policy,
    /// When.
    pub at: DateTime<Utc>,
}

impl Narrowing {
    /// How long what was approved may take to be carried out: a target may be out of reach for days. What is still
    /// to go after that is held by the brake, and asked for again.
    pub const LASTS: TimeDelta = TimeDelta::days(7);

    /// True while the approval holds.
    pub fn holds(&self, now: DateTime<Utc>) -> bool {
        now - self.at < Self::LASTS
    }
}

impl Link {
    /// A link that runs, with the policy that links have unless told otherwise.
    pub fn new(id: LinkId) -> Self {
        Self {
            id,
            state: LinkState::Active,
            paused_until: None,
            policy: Policy::default(),
            narrowed: Vec::new(),
        }
    }

    /// The same link in another state, for as long as nobody changes it.
    #[must_use]
    pub fn in_state(self, state: LinkState) -> Self {
        Self { state, paused_until: None, ..self }
    }

    /// Its own pause, where it has one.
    pub fn pause(&self) -> Option<Pause> {
        (self.state == LinkState::Paused).then_some(Pause { until: self.paused_until })
    }
}

fn link_key(id: &LinkId) -> Vec<u8> {
    key(&[id.source.as_str(), id.target.as_str()])
}

impl Changes {
    /// Writes a link.
    pub fn put_link(&mut self, link: &Link) {
        let parent = key(&[link.id.target.as_str()]);
        self.push(Change::Put(Table::Links, row(link_key(&link.id), parent, Vec::new(), 0, link)));
    }

    /// Removes a link's row.
    pub fn delete_link(&mut self, id: &LinkId) {
        self.push(Change::Delete(Table::Links, link_key(id)));
    }

    /// Writes a group.
    pub fn put_group(&mut self, group: &Group) {
        self.push(Change::Put(
            Table::Groups,
            row(key(&[group.id.as_str()]), Vec::new(), Vec::new(), 0, group),
        ));
    }

    /// Removes a group's row.
    pub fn delete_group(&mut self, id: &GroupId) {
        self.push(Change::Delete(Table::Groups, key(&[id.as_str()])));
    }
}

impl State {
    /// All groups.
    pub async fn groups(&self) -> Result<Vec<Group>, StoreError> {
        self.select(Table::Groups, Select::All).await
    }

    /// All links.
    pub async fn links(&self) -> Result<Vec<Link>, StoreError> {
        let mut links: Vec<Link> = self.select(Table::Links, Select::All).await?;
        links.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(links)
    }

    /// The links into a target.
    pub async fn links_into(&self, target: &CalendarId) -> Result<Vec<Link>, StoreError> {
        let mut links: Vec<Link> =
            self.select(Table::Links, Select::Parent(&key(&[target.as_str()]))).await?;
        links.sort_by(|a, b| a.id.cmp(&b.id));
        Ok(links)
    }

    /// The links out of a source.
    pub async fn links_out_of(&self, source: &CalendarId) -> Result<Vec<Link>, StoreError> {
        Ok(self.links().await?.into_iter().filter(|link| link.id.source == *source).collect())
    }

    /// One link.
    pub async fn link(&self, id: &LinkId) -> Result<Option<Link>, StoreError> {
        self.get(Table::Links, &link_key(id)).await
    }
}
