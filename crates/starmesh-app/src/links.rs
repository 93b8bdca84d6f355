//! Links: which there are, and which of them are meant.

use std::collections::BTreeSet;

use starmesh_core::ids::LinkId;
use starmesh_core::reconcile::LinkState;
use starmesh_engine::Standstill;
use starmesh_store::state::Link;

use crate::dto::{LinkDto, LinkStateDto, PolicyDto};
use crate::error::Result;
use crate::groups::find_group;
use crate::names::Directory;
use crate::open::Starmesh;
use crate::wanted::Wanted;
use crate::when::written;

/// Which links are meant.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum LinkScope {
    /// These, each written `SOURCE->TARGET`.
    Named(Vec<String>),
    /// Those into and out of the calendars of an account.
    Account(String),
    /// Those into a calendar.
    Into(String),
    /// Those out of a calendar.
    OutOf(String),
    /// Those that a group makes.
    Group(String),
    /// All.
    All,
}

impl Starmesh {
    /// All links, by name.
    pub async fn links(&self) -> Result<Vec<LinkDto>> {
        let directory = Directory::load(&self.state).await?;
        let wanted = Wanted::load(&self.state).await?.asked_by();
        let mut links = Vec::new();
        let now = self.world.clock.now();
        let still = Standstill::load(&self.state, now).await?;
        for link in self.state.links().await? {
            let running = still.applied(link.clone());
            links.push(LinkDto {
                link: directory.link(&link.id),
                state: match running.state {
                    LinkState::Active => LinkStateDto::Active,
                    LinkState::Paused => LinkStateDto::Paused,
                    LinkState::Retiring => LinkStateDto::Retiring,
                },
                paused_until: still.of(&link).and_then(|pause| pause.until).map(written),
                paused_itself: link.pause().is_some_and(|pause| pause.holds(now)),
                policy: PolicyDto::from(&link.policy),
                mirrors: self.state.mirror_count(&link.id).await?,
                groups: wanted.get(&link.id).into_iter().flatten().map(ToString::to_string).collect(),
            });
        }
        links.sort_by(|a, b| a.link.cmp(&b.link));
        Ok(links)
    }

    /// The links of a scope.
    pub(crate) async fn choose_links(&self, directory: &Directory, scope: &LinkScope) -> Result<Vec<Link>> {
        let links = self.state.links().await?;
        let chosen: BTreeSet<LinkId> = match scope {
            LinkScope::All => return Ok(links),
            LinkScope::Account(name) => {
                let account = directory.find_account(name)?;
                let of_account =
                    |id| directory.calendar(id).is_some_and(|calendar| calendar.account == account.id);
                let touching =
                    links.iter().filter(|link| of_account(&link.id.source) || of_account(&link.id.target));
                touching.map(|link| link.id.clone()).collect()
            }
            LinkScope::Into(name) => {
                let calendar = directory.find_calendar(name)?;
                links
                    .iter()
                    .filter(|link| link.id.target == calendar.id)
                    .map(|link| link.id.clone())
                    .collect()
            }
            LinkScope::OutOf(name) => {
                let calendar = directory.find_calendar(name)?;
                links
                    .iter()
                    .filter(|link| link.id.source == calendar.id)
                    .map(|link| link.id.clone())
                    .collect()
            }
            LinkScope::Group(name) => {
                let wanted = Wanted::load(&self.state).await?;
                let group = find_group(&wanted.groups, name)?.id.clone();
                let asked = wanted.asked_by();
                asked.into_iter().filter(|(_, groups)| groups.contains(&group)).map(|(id, _)| id).collect()
            }
            LinkScope::Named(names) => {
                let ids: BTreeSet<LinkId> = links.iter().map(|link| link.id.clone()).collect();
                names.iter().map(|name| directory.find_link(name, &ids)).collect::<Result<_>>()?
            }
        };
        Ok(links.into_iter().filter(|link| chosen.contains(&link.id)).collect())
    }
}
