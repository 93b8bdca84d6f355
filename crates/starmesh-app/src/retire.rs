//! Removing the mirrors of links on request: what `clean` and the removal of an account share.

use std::collections::{BTreeMap, BTreeSet};

use starmesh_core::ids::LinkId;
use starmesh_core::reconcile::{Action, LinkState};
use starmesh_engine::{Engine, Plan, PlanOptions, Trouble};
use starmesh_store::state::{Changes, Link, State};

use crate::dto::Unreached;
use crate::error::Result;
use crate::names::Directory;
use crate::open::Starmesh;
use crate::progress::{Listener, follow};

/// How often the mirrors of links are removed until none is left or nothing moves any more.
const RETIRE_PASSES_MAX: u32 = 4;

/// What removing brought.
pub(crate) struct Retired {
    /// How many mirrors were removed.
    pub removed: u64,
    /// Mirrors that still stand.
    pub unreached: Vec<Unreached>,
}

/// Lets links retire: from now on their mirrors are only removed.
pub(crate) async fn retiring_links(state: &State, links: &BTreeSet<LinkId>) -> Result<Changes> {
    links_in_state(state, links, LinkState::Retiring).await
}

/// Writes the state of links.
pub(crate) async fn put_in_state<'a>(
    state: &State,
    links: impl IntoIterator<Item = &'a LinkId>,
    link_state: LinkState,
) -> Result<()> {
    Ok(state.commit(links_in_state(state, links, link_state).await?).await?)
}

async fn links_in_state<'a>(
    state: &State,
    links: impl IntoIterator<Item = &'a LinkId>,
    link_state: LinkState,
) -> Result<Changes> {
    let mut changes = Changes::new();
    for id in links {
        let link = state.link(id).await?.unwrap_or_else(|| Link::new(id.clone()));
        changes.put_link(&link.in_state(link_state));
    }
    Ok(changes)
}

/// A plan of retiring links alone.
pub(crate) fn retiring(links: &BTreeSet<LinkId>) -> PlanOptions {
    PlanOptions {
        retry_wedged: true,
        links: Some(links.clone()),
        despite_pauses: true,
        ..PlanOptions::default()
    }
}

/// How many mirrors of each link a plan removes.
pub(crate) fn removals(plan: &Plan) -> BTreeMap<LinkId, u64> {
    let mut counts = BTreeMap::new();
    for operation in plan.targets.iter().flat_map(|target| &target.operations) {
        if matches!(operation.action, Action::Remove { .. }) {
            *counts.entry(operation.link.clone()).or_default() += 1;
        }
    }
    counts
}

impl Starmesh {
    /// Removes the mirrors of retiring links, as far as their calendars can be reached.
    pub(crate) async fn retire(
        &self,
        directory: &Directory,
        links: &BTreeSet<LinkId>,
        listener: Listener<'_>,
    ) -> Result<Retired> {
        let engine: Engine = self.engine(self.state.clone());
        let mut events = engine.subscribe();
        let options = retiring(links);
        let mut removed = 0;
        let mut troubles: Vec<Trouble>;
        let mut planned;
        let mut pass = 1;
        loop {
            let plan = follow(&mut events, directory, listener, engine.plan(&options)).await?;
            let placed = follow(&mut events, directory, listener, engine.place(&plan)).await?;
            removed += placed.removed;
            troubles = plan.troubles;
            troubles.extend(placed.troubles);
            planned = plan.targets.iter().map(|target| target.target.clone()).collect::<BTreeSet<_>>();
            if placed.removed == 0 || pass >= RETIRE_PASSES_MAX {
                break;
            }
            pass += 1;
        }
        let mut unreached = Vec::new();
        for id in links {
            let mirrors = self.state.mirror_count(id).await?;
            if mirrors == 0 && (planned.contains(&id.target) || self.is_known_empty(id).await?) {
                continue;
            }
            let trouble = troubles.iter().find(|trouble| trouble.calendar == id.target);
            let reason = match trouble {
                Some(trouble) => trouble.message.clone(),
                None if mirrors == 0 => continue,
                None => "they cannot be removed; `starmesh status` says why".to_owned(),
            };
            unreached.push(Unreached { link: directory.link(id), mirrors, reason });
        }
        Ok(Retired { removed, unreached })
    }

    /// True when a link that has no mirror on record surely has none. A target that was never read may hold
    /// some of another device or from before the database was lost, and a write may have gone unanswered.
    async fn is_known_empty(&self, id: &LinkId) -> Result<bool> {
        let was_read = self.state.read(&id.target).await?.read_at.is_some();
        let intents = self.state.intents_in(&id.target).await?;
        Ok(was_read && intents.iter().all(|intent| intent.link != *id))
    }
}
