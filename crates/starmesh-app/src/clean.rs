//! Clean: every busy block of some links is removed, and the links pause.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::LinkId;
use starmesh_core::reconcile::LinkState;
use starmesh_store::state::Deed;

use crate::dto::{CleanDto, CleanedLink, Unreached, WrittenDto};
use crate::error::Result;
use crate::links::LinkScope;
use crate::names::Directory;
use crate::open::Starmesh;
use crate::plan::trouble_dto;
use crate::progress::{Listener, follow};
use crate::retire::{put_in_state, removals, retiring, retiring_links};
use crate::wanted::Wanted;

/// A clean that waits for approval; nothing was changed yet.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PreparedClean {
    /// The links, each with the number of busy blocks that go.
    pub links: Vec<CleanedLink>,
    /// Links whose calendars cannot be reached now.
    pub unreached: Vec<Unreached>,
    ids: BTreeSet<LinkId>,
}

impl PreparedClean {
    /// How many busy blocks go.
    pub fn mirrors(&self) -> u64 {
        self.links.iter().map(|link| link.mirrors).sum()
    }
}

impl Starmesh {
    /// Counts what a clean would remove, on a copy of what is known.
    pub async fn prepare_clean(&self, scope: &LinkScope, listener: Listener<'_>) -> Result<PreparedClean> {
        let directory = Directory::load(&self.state).await?;
        let ids: BTreeSet<LinkId> =
            self.choose_links(&directory, scope).await?.into_iter().map(|link| link.id).collect();
        let copy = self.snapshot().await?;
        copy.commit(retiring_links(&copy, &ids).await?).await?;
        let engine = self.engine(copy);
        let mut events = engine.subscribe();
        let plan = follow(&mut events, &directory, listener, engine.plan(&retiring(&ids))).await?;
        let counts: BTreeMap<LinkId, u64> = removals(&plan);
        let mut links = Vec::new();
        let mut unreached = Vec::new();
        for id in &ids {
            let link = directory.link(id);
            let planned = counts.get(id).copied().unwrap_or(0);
            match plan.troubles.iter().find(|trouble| trouble.calendar == id.target) {
                Some(trouble) => {
                    let mirrors = self.state.mirror_count(id).await?;
                    let reason = trouble_dto(&directory, trouble).message;
                    unreached.push(Unreached { link, mirrors, reason });
                }
                None => links.push(CleanedLink { link, mirrors: planned }),
            }
        }
        links.sort_by(|a, b| a.link.cmp(&b.link));
        Ok(PreparedClean { links, unreached, ids })
    }

    /// Removes the busy blocks and lets the links pause, so that the next pass places nothing again.
    /// Accounts and groups stay.
    pub async fn clean(&self, prepared: PreparedClean, listener: Listener<'_>) -> Result<CleanDto> {
        let PreparedClean { mut links, unreached, ids } = prepared;
        links.extend(unreached.into_iter().map(|it| CleanedLink { link: it.link, mirrors: it.mirrors }));
        let directory = Directory::load(&self.state).await?;
        let turn = self.folder.turn()?;
        self.commit_own_deed(Deed::Cleaned, retiring_links(&self.state, &ids).await?).await?;
        drop(turn);
        let retired = self.retire(&directory, &ids, listener).await;
        // Also after a failure: what was asked for is that nothing is placed again.
        let wanted = Wanted::load(&self.state).await?.asked_by();
        let stay = ids.iter().filter(|id| wanted.contains_key(id));
        put_in_state(&self.state, stay, LinkState::Paused).await?;
        let removed = retired.as_ref().map_or(0, |retired| retired.removed);
        self.end_step(WrittenDto { removed, ..WrittenDto::default() }).await?;
        let retired = retired?;
        Ok(CleanDto { links, removed: retired.removed, unreached: retired.unreached })
    }
}
